"""Indexing."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, wrap

__all__ = ["Indexing"]


class Indexing(Base):
    """Slices and indices."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        return wrap(self._native.slice(parts))
