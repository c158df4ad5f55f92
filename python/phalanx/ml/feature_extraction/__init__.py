"""Features of text: see :mod:`phalanx.ml.feature_extraction.text`."""

from __future__ import annotations

from phalanx.ml.feature_extraction import text

__all__ = ["text"]
