"""What the module ``dask`` itself has."""

from __future__ import annotations

from phalanx._compute import compute, persist

__all__ = ["compute", "persist"]
