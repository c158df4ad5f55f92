"""Reductions: methods of arrays, and functions."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, axes_of, lazy, wrap
from phalanx.array._selected import moment_of, selected, started

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "max", "mean", "min", "moment",
    "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "prod", "ptp",
    "std", "sum", "var",
]  # fmt: skip


def _reduce(
    name: str, x: Any, axis: Any, dtype: Any, keepdims: bool, ddof: float = 0.0, *,
    out: Any = None, initial: Any = None, where: Any = None, mean: Any = None,
) -> Any:  # fmt: skip
    """The reduction of this name; ``dtype`` is what elements are cast to, and the result is."""
    from phalanx._lazy import np

    if out is not None:
        raise NotImplementedError(f"{name}: out= is not supported for lazy arrays: assign the result")
    x, where = lazy(x), None if where is True else where
    if dtype is not None:
        target = np.dtype(dtype)
        # Integers are averaged in float64 and cast at the end, as NumPy's accumulators are of that type.
        x = x.astype(target)
    if name.endswith(("mean", "var", "std")) and (where is not None or mean is not None):
        result = moment_of(name, x, axis, bool(keepdims), float(ddof), where, mean)
    else:

        def reduce(name: str, x: Any) -> Any:
            return wrap(x._native.reduce(name, axes_of(axis, x.ndim), bool(keepdims), float(ddof)))

        x = selected(name, x, where, initial)
        result = reduce(name, x) if initial is None else started(name, x, reduce, initial)
    return result if dtype is None or result.dtype == target else result.astype(target)


class Reductions(Base):
    """Reductions over axes. ``axis`` is an integer, a tuple of integers, or None for all axes.

    Of elements for which ``where`` (broadcast to the array) is false, nothing is read; ``initial`` is one element more.
    Variances and deviations are those about ``mean``, if it is given in the shape that it has with ``keepdims``.
    """

    __slots__ = ()

    def sum(
        self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
        where: Any = None,
    ) -> Any:  # fmt: skip
        """The sum over axes; of integers in 64 bits."""
        return _reduce("sum", self, axis, dtype, keepdims, out=out, initial=initial, where=where)

    def prod(
        self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
        where: Any = None,
    ) -> Any:  # fmt: skip
        """The product over axes; of integers in 64 bits."""
        return _reduce("prod", self, axis, dtype, keepdims, out=out, initial=initial, where=where)

    def mean(
        self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
    ) -> Any:
        """The arithmetic mean over axes."""
        return _reduce("mean", self, axis, dtype, keepdims, out=out, where=where)

    def var(
        self, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = None, mean: Any = None, correction: float | None = None,
    ) -> Any:  # fmt: skip
        """The variance over axes; the divisor is the number of elements less ``ddof``."""
        ddof = ddof if correction is None else correction
        return _reduce("var", self, axis, dtype, keepdims, ddof, out=out, where=where, mean=mean)

    def std(
        self, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = None, mean: Any = None, correction: float | None = None,
    ) -> Any:  # fmt: skip
        """The standard deviation over axes; the divisor is the number of elements less ``ddof``."""
        ddof = ddof if correction is None else correction
        return _reduce("std", self, axis, dtype, keepdims, ddof, out=out, where=where, mean=mean)

    def min(
        self, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Any:
        """The smallest element over axes; NaN if there is one."""
        return _reduce("min", self, axis, None, keepdims, out=out, initial=initial, where=where)

    def max(
        self, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Any:
        """The largest element over axes; NaN if there is one."""
        return _reduce("max", self, axis, None, keepdims, out=out, initial=initial, where=where)

    def any(self, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None) -> Any:
        """Whether any element over axes is not 0."""
        return _reduce("any", self, axis, None, keepdims, out=out, where=where)

    def all(self, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None) -> Any:
        """Whether all elements over axes are not 0."""
        return _reduce("all", self, axis, None, keepdims, out=out, where=where)

    def argmin(self, axis: Any = None, out: None = None, *, keepdims: bool = False) -> Any:
        """The index of the first smallest element: along an axis, or in C order over all."""
        return _reduce("argmin", self, axis, None, keepdims, out=out)

    def argmax(self, axis: Any = None, out: None = None, *, keepdims: bool = False) -> Any:
        """The index of the first largest element: along an axis, or in C order over all."""
        return _reduce("argmax", self, axis, None, keepdims, out=out)

    def ptp(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        """The largest less the smallest element over axes."""
        return self.max(axis, out, keepdims) - self.min(axis, out, keepdims)


def _function(name: str) -> Any:
    method = getattr(Reductions, name)

    def function(a: Any, *args: Any, **kwargs: Any) -> Any:

        kwargs = {key: value for key, value in kwargs.items() if repr(value) != "<no value>"}  # NumPy's "not given"
        return method(lazy(a), *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    function.__wrapped__ = method  # type: ignore[attr-defined]  # `inspect` shows its parameters
    return function


def _plain(name: str, doc: str) -> Any:
    def function(
        a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Any:
        absent = [None if repr(value) == "<no value>" else value for value in (initial, where)]
        keep = keepdims if isinstance(keepdims, bool) else False
        return _reduce(name, a, axis, None, keep, out=out, initial=absent[0], where=absent[1])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _typed(name: str, doc: str) -> Any:
    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
        where: Any = None,
    ) -> Any:  # fmt: skip
        absent = [None if repr(value) == "<no value>" else value for value in (initial, where)]
        keep = keepdims if isinstance(keepdims, bool) else False
        return _reduce(name, a, axis, dtype, keep, out=out, initial=absent[0], where=absent[1])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _deviation(name: str, doc: str) -> Any:
    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = None, mean: Any = None, correction: Any = None,
    ) -> Any:  # fmt: skip
        absent = [None if repr(value) == "<no value>" else value for value in (where, mean, correction)]
        keep = keepdims if isinstance(keepdims, bool) else False
        ddof = ddof if absent[2] is None else absent[2]
        return _reduce(name, a, axis, dtype, keep, ddof, out=out, where=absent[0], mean=absent[1])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


nansum = _typed("nansum", "The sum over axes of what is not NaN.")
nanprod = _typed("nanprod", "The product over axes of what is not NaN.")
nanmean = _typed("nanmean", "The mean over axes of what is not NaN.")
nanmin = _plain("nanmin", "The smallest element over axes that is not NaN.")
nanmax = _plain("nanmax", "The largest element over axes that is not NaN.")
nanvar = _deviation("nanvar", "The variance over axes of what is not NaN.")
nanstd = _deviation("nanstd", "The standard deviation over axes of what is not NaN.")


def nanargmin(a: Any, axis: Any = None, out: None = None, *, keepdims: bool = False) -> Any:
    """The index of the first smallest element that is not NaN."""
    return _reduce("nanargmin", a, axis, None, keepdims is True, out=out)


def nanargmax(a: Any, axis: Any = None, out: None = None, *, keepdims: bool = False) -> Any:
    """The index of the first largest element that is not NaN."""
    return _reduce("nanargmax", a, axis, None, keepdims is True, out=out)


def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """How many elements over axes are not 0."""
    return _reduce("count_nonzero", a, axis, None, keepdims)


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    """The weighted mean over axes.

    Parameters
    ----------
    weights : array_like, optional
        Of the shape of ``a``, or of one axis if ``axis`` is one; by default all 1.
    returned : bool
        Whether the sum of weights is returned too.
    """
    from phalanx._lazy import np

    a, keep = lazy(a), keepdims is True
    if weights is None:
        mean = a.mean(axis, keepdims=keep)
        if not returned:
            return mean
        axes = axes_of(axis, a.ndim)
        count = 1
        for each in range(a.ndim) if axes is None else axes:
            count *= a.shape[each]
        return mean, mean * 0 + count
    weights = lazy(weights)
    kind = np.result_type(a.dtype, weights.dtype)
    if not np.issubdtype(kind, np.inexact):
        kind = np.dtype(np.float64)
    if weights.shape != a.shape:
        if axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        axes = axes_of(axis, a.ndim) or []
        if weights.shape != tuple(a.shape[each] for each in axes):
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
        order = sorted(range(len(axes)), key=lambda at: axes[at])
        shape = [1] * a.ndim
        for at in order:
            shape[axes[at]] = a.shape[axes[at]]
        weights = weights.transpose(order).reshape(shape) * (a * 0 + 1)
    total = weights.sum(axis, dtype=kind, keepdims=keep)
    mean = (a * weights).sum(axis, dtype=kind, keepdims=keep) / total
    return (mean, total) if returned else mean


for _name in ("sum", "prod", "mean", "var", "std", "min", "max", "any", "all", "argmin", "argmax", "ptp"):
    globals()[_name] = _function(_name)
amin, amax = globals()["min"], globals()["max"]


def moment(
    a: Any, order: int, axis: Any = None, dtype: Any = None, keepdims: bool = False, ddof: int = 0,
    split_every: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """The central moment of an order over axes: the mean of ``(a - mean)**order``, with ``ddof`` taken off the count."""
    from phalanx._lazy import np

    if out is not None:
        raise NotImplementedError("moment with out=; assign the result")
    if not hasattr(order, "__index__") or order < 0:
        raise ValueError("Order must be an integer >= 0")
    a = lazy(a)
    kind = np.dtype(dtype) if dtype is not None else np.dtype(np.float64 if a.dtype.kind in "biu" else a.dtype)
    a = a.astype(kind)
    axes = range(a.ndim) if axis is None else axes_of(axis, a.ndim) or []
    count = 1
    for at in axes:
        count *= a.shape[at]
    centred = (a - a.mean(axis, keepdims=True)) ** int(order)
    return centred.sum(axis, keepdims=keepdims) / (count - ddof)
