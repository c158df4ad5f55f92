"""Whether arrays are equal, and where values are missing."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy

__all__ = ["allclose", "array_equal", "array_equiv", "isnull", "notnull"]


def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are equal within a tolerance."""
    from phalanx.array._ufuncs import isclose

    return isclose(a, b, rtol, atol, equal_nan).all()


def _equal(a: Any, b: Any, equal_nan: bool) -> Any:
    same = a == b
    if equal_nan and a.dtype.kind in "fc" and b.dtype.kind in "fc":
        same = same | ((a != a) & (b != b))
    return same.all()


def _constant(value: bool) -> Any:
    return lazy(np.array(value))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have the same shape and the same elements."""
    a1, a2 = lazy(a1), lazy(a2)
    return _equal(a1, a2, equal_nan) if a1.shape == a2.shape else _constant(False)


def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether two arrays, broadcast, have the same elements."""
    a1, a2 = lazy(a1), lazy(a2)
    try:
        np.broadcast_shapes(a1.shape, a2.shape)
    except ValueError:
        return _constant(False)
    return _equal(a1, a2, False)


def isnull(values: Any) -> Any:
    """Where elements are missing: NaN."""
    from phalanx.array._ufuncs import unary

    return unary("isnan", values)


def notnull(values: Any) -> Any:
    """Where elements are not missing."""
    return ~isnull(values)
