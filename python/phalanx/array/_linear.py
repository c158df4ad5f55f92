"""Linear algebra as methods and operators."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, operand, wrap

__all__ = ["LinearAlgebra"]


class LinearAlgebra(Base):
    """Products."""

    __slots__ = ()

    def __matmul__(self, other: Any) -> Any:
        return wrap(self._native.matmul(operand(other)))
