"""Elementwise functions and operators."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, operand, wrap

__all__ = ["Elementwise"]


def _forward(name: str) -> Any:
    def method(self: Any, other: Any) -> Any:
        return wrap(self._native.binary(name, operand(other)))

    return method


def _backward(name: str) -> Any:
    def method(self: Any, other: Any) -> Any:
        from phalanx.array._creation import asarray

        return wrap(asarray(other, like=self)._native.binary(name, self._native))

    return method


class Elementwise(Base):
    """Operators."""

    __slots__ = ()

    __add__ = _forward("add")
    __sub__ = _forward("subtract")
    __mul__ = _forward("multiply")
    __truediv__ = _forward("divide")
    __radd__ = _backward("add")
    __rsub__ = _backward("subtract")
    __rmul__ = _backward("multiply")
    __rtruediv__ = _backward("divide")

    def astype(self, dtype: Any) -> Any:
        """The same elements as another type."""
        from phalanx._lazy import np

        return wrap(self._native.astype(np.dtype(dtype).name))
