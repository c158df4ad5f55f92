"""Lazy dataframes with pandas' names, row order and semantics."""

from __future__ import annotations

from phalanx.dataframe._core import DataFrame

__all__ = ["DataFrame"]
