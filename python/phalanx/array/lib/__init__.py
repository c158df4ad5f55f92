"""Where NumPy and Dask have what few programs need: :mod:`phalanx.array.lib.stride_tricks`."""

from __future__ import annotations

from phalanx.array.lib import stride_tricks

__all__ = ["stride_tricks"]
