"""Reductions."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, axes_of, wrap

__all__ = ["Reductions"]


class Reductions(Base):
    """Reductions over axes."""

    __slots__ = ()

    def _reduce(self, name: str, axis: Any, keepdims: bool, ddof: float = 0.0) -> Any:
        return wrap(self._native.reduce(name, axes_of(axis, self.ndim), keepdims, ddof))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The sum over axes."""
        return self._reduce("sum", axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The arithmetic mean over axes."""
        return self._reduce("mean", axis, keepdims)
