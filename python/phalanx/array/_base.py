"""What the areas of :class:`phalanx.array.Array` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phalanx.array._core import Array

__all__ = ["Base", "axes_of", "is_lazy", "lazy", "native_of", "one_axis", "operand", "wrap"]


class Base:
    """The part of an array that every area uses."""

    __slots__ = ()
    _native: Any
    shape: tuple[int, ...]
    ndim: int


def wrap(native: Any) -> Array:
    """The array over a native one."""
    from phalanx.array._core import Array

    return Array._wrap(native)


def is_lazy(value: Any) -> bool:
    """Whether it is an array of ours."""
    return getattr(value, "_phalanx_kind", None) == "array"


def lazy(value: Any) -> Any:
    """Anything that is an array as one of ours."""
    if is_lazy(value):
        return value
    from phalanx.array._creation import asarray

    return asarray(value)


def native_of(value: Any) -> Any:
    """The native array of anything that is an array."""
    return lazy(value)._native


def operand(value: Any) -> Any:
    """One side of a function, as the extension module takes it: a native array, or a Python number.

    This is where numbers are told apart: Python's own are weak, they take the type of what they stand beside; NumPy's
    have a type.
    """
    return value if type(value) in (bool, int, float, complex) else native_of(value)


def one_axis(axis: Any, ndim: int) -> int:
    """One axis, counted from the front; NumPy's error for one that is out of range."""
    (counted,) = axes_of([axis], ndim) or [0]
    return counted


def axes_of(axis: Any, ndim: int) -> list[int] | None:
    """``axis=`` as a list of axes, or None for all; NumPy's error for one that is out of range."""
    if axis is None:
        return None
    axes = list(axis) if isinstance(axis, (tuple, list)) else [axis]
    counted = []
    for each in axes:
        if not hasattr(each, "__index__"):
            raise TypeError(f"'{type(each).__name__}' object cannot be interpreted as an integer")
        number = each.__index__()
        if not -ndim <= number < ndim:
            from numpy.exceptions import AxisError

            raise AxisError(number, ndim)
        counted.append(number % ndim)
    if len(set(counted)) != len(counted):
        raise ValueError("duplicate value in 'axis'")
    return counted
