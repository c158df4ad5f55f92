"""``dask.utils``: sizes as text."""

from __future__ import annotations

from phalanx.array._chunks import parse_bytes
from phalanx.array._html import readable_bytes as format_bytes

__all__ = ["format_bytes", "parse_bytes"]
