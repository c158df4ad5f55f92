"""Operators, and elementwise functions as methods."""

from __future__ import annotations

from typing import Any

from phalanx.array import _ufuncs
from phalanx.array._base import Base, wrap

__all__ = ["Elementwise"]


def _known(value: Any) -> bool:
    """Whether NumPy's operators would take this as an operand."""
    if isinstance(value, (bool, int, float, complex)) or hasattr(value, "_native"):
        return True
    return hasattr(value, "__array__") or isinstance(value, (list, tuple))


def _forward(name: str) -> Any:
    def method(self: Any, other: Any) -> Any:
        return _ufuncs.binary(name, self, other) if _known(other) else NotImplemented

    return method


def _backward(name: str) -> Any:
    def method(self: Any, other: Any) -> Any:
        return _ufuncs.binary(name, other, self) if _known(other) else NotImplemented

    return method


def _equality(name: str, otherwise: bool) -> Any:
    def method(self: Any, other: Any) -> Any:
        if other is None or isinstance(other, str):  # no number equals it: NumPy answers so, element by element
            from phalanx.array._creation import full_like

            return full_like(self, otherwise, dtype=bool)
        return _ufuncs.binary(name, self, other) if _known(other) else NotImplemented

    return method


class Elementwise(Base):
    """Operators and elementwise methods."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    __add__, __radd__ = _forward("add"), _backward("add")
    __sub__, __rsub__ = _forward("subtract"), _backward("subtract")
    __mul__, __rmul__ = _forward("multiply"), _backward("multiply")
    __truediv__, __rtruediv__ = _forward("divide"), _backward("divide")
    __floordiv__, __rfloordiv__ = _forward("floor_divide"), _backward("floor_divide")
    __mod__, __rmod__ = _forward("remainder"), _backward("remainder")
    __rpow__ = _backward("power")
    __and__, __rand__ = _forward("bitwise_and"), _backward("bitwise_and")
    __or__, __ror__ = _forward("bitwise_or"), _backward("bitwise_or")
    __xor__, __rxor__ = _forward("bitwise_xor"), _backward("bitwise_xor")
    __lshift__, __rlshift__ = _forward("left_shift"), _backward("left_shift")
    __rshift__, __rrshift__ = _forward("right_shift"), _backward("right_shift")
    __eq__ = _equality("equal", False)
    __ne__ = _equality("not_equal", True)
    __lt__ = _forward("less")
    __le__ = _forward("less_equal")
    __gt__ = _forward("greater")
    __ge__ = _forward("greater_equal")

    def __pow__(self, other: Any) -> Any:
        if type(other) is int and other == 2:
            return _ufuncs.unary("square", self)  # NumPy's short cut, which makes int8 of bool
        return _ufuncs.binary("power", self, other) if _known(other) else NotImplemented

    def __divmod__(self, other: Any) -> Any:
        return _ufuncs.divmod(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return _ufuncs.divmod(other, self)

    def __neg__(self) -> Any:
        return _ufuncs.unary("negative", self)

    def __pos__(self) -> Any:
        return _ufuncs.unary("positive", self)

    def __abs__(self) -> Any:
        return _ufuncs.unary("absolute", self)

    def __invert__(self) -> Any:
        return _ufuncs.unary("invert", self)

    def __round__(self, ndigits: int | None = None) -> Any:
        return _ufuncs.round(self, ndigits or 0)

    def astype(self, dtype: Any, *, casting: str = "unsafe", copy: bool = True) -> Any:
        """The same elements as another type.

        Parameters
        ----------
        dtype : dtype_like
        casting : {"no", "equiv", "safe", "same_kind", "unsafe"}
            Which casts are allowed; by default all.
        copy : bool
            Has no meaning here: lazy arrays are never changed in place.
        """
        from phalanx._lazy import np

        target = np.dtype(dtype)
        own = np.dtype(self._native.dtype)
        if not np.can_cast(own, target, casting):
            raise TypeError(f"Cannot cast array data from {own!r} to {target!r} according to the rule {casting!r}")
        return wrap(self._native.astype(target.name))

    @property
    def real(self) -> Any:
        """The real parts."""
        return _ufuncs.unary("real", self)

    @property
    def imag(self) -> Any:
        """The imaginary parts."""
        return _ufuncs.unary("imag", self)

    def conj(self) -> Any:
        """The complex conjugates."""
        return _ufuncs.unary("conjugate", self)

    conjugate = conj

    def clip(self, min: Any = None, max: Any = None) -> Any:  # noqa: A002
        """Elements below ``min`` become ``min``, those above ``max`` become ``max``."""
        return _ufuncs.clip(self, min, max)

    def round(self, decimals: int = 0) -> Any:
        """Rounded to ``decimals`` places, ties to even."""
        return _ufuncs.round(self, decimals)
