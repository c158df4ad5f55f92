"""The package ``cml`` of Cloudera AI, where it is not: it has the module ``workers_v1`` alone."""

from __future__ import annotations

from phalanx import workers as workers_v1

__all__ = ["workers_v1"]
