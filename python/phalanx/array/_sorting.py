"""Running sums, sorting, quantiles, histograms, sets."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, lazy, one_axis, wrap

__all__ = [
    "Sorting",
    "argsort",
    "argtopk",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "nancumprod",
    "nancumsum",
    "sort",
    "topk",
]


class Sorting(Base):
    """Methods for running sums, sorting and selecting."""

    __slots__ = ()

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None, *, method: str = "sequential") -> Any:
        """Running sums along ``axis``."""
        return cumsum(self, axis, dtype, out, method)

    def cumprod(self, axis: Any = None, dtype: Any = None, out: Any = None, *, method: str = "sequential") -> Any:
        """Running products along ``axis``."""
        return cumprod(self, axis, dtype, out, method)

    def sort(self, axis: int = -1, *, kind: Any = None, stable: Any = None) -> None:
        """Sorts along ``axis``: as NumPy's, it changes what this array stands for, and returns nothing.

        :func:`sort` gives a sorted array and leaves this one as it is. Sorting is always stable.
        """
        self._native = sort(self, axis, kind=kind, stable=stable)._native

    def argsort(self, axis: int = -1, *, kind: Any = None, stable: Any = None) -> Any:
        """Where the elements of the sorted array come from; equal ones in their order."""
        return argsort(self, axis, kind=kind, stable=stable)

    def topk(self, k: int, axis: int = -1, split_every: Any = None) -> Any:
        """The ``k`` largest along ``axis``, descending; for a negative ``k`` the smallest, ascending."""
        return topk(self, k, axis)

    def argtopk(self, k: int, axis: int = -1, split_every: Any = None) -> Any:
        """Where those are."""
        return argtopk(self, k, axis)

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Any:
        """Where values would be inserted into this sorted array."""
        from phalanx.array._counting import searchsorted

        return searchsorted(self, v, side, sorter)


def _scan(name: str, x: Any, axis: Any, dtype: Any, out: Any, method: str) -> Any:
    if out is not None:
        raise NotImplementedError(f"{name} with out=; use the result")
    if method not in ("sequential", "blelloch"):
        raise ValueError(f'Invalid method for {name}. Must be one of "sequential" or "blelloch"')
    x = lazy(x)
    if dtype is not None:
        x = x.astype(dtype)
    if axis is None:
        x, axis = x.ravel(), 0
    result = wrap(x._native.scan(name, one_axis(axis, x.ndim)))
    return result if dtype is None else result.astype(dtype)


def cumsum(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, method: str = "sequential") -> Any:
    """Running sums along ``axis``, or of the flattened array.

    Two passes over the chunks, whatever ``method`` says: what each comes to, and each from where those before it end.
    """
    return _scan("cumsum", x, axis, dtype, out, method)


def cumprod(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, method: str = "sequential") -> Any:
    """Running products along ``axis``, or of the flattened array."""
    return _scan("cumprod", x, axis, dtype, out, method)


def nancumsum(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, *, method: str = "sequential") -> Any:
    """Running sums, NaN counting as 0."""
    return _scan("nancumsum", x, axis, dtype, out, method)


def nancumprod(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, *, method: str = "sequential") -> Any:
    """Running products, NaN counting as 1."""
    return _scan("nancumprod", x, axis, dtype, out, method)


def _cumulative(name: str, start: int, x: Any, axis: Any, dtype: Any, include_initial: bool) -> Any:
    from phalanx.array._creation import full
    from phalanx.array._joining import concatenate

    x = lazy(x)
    if axis is None:
        if x.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0
    along = one_axis(axis, x.ndim)
    result = _scan(name, x, along, dtype, None, "sequential")
    if not include_initial:
        return result
    shape = [1 if at == along else length for at, length in enumerate(x.shape)]
    return concatenate([full(shape, start, result.dtype), result], along)


def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Running sums, as the array API has them."""
    if out is not None:
        raise NotImplementedError("cumulative_sum with out=; use the result")
    return _cumulative("cumsum", 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Running products, as the array API has them."""
    if out is not None:
        raise NotImplementedError("cumulative_prod with out=; use the result")
    return _cumulative("cumprod", 1, x, axis, dtype, include_initial)


def sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None, descending: bool = False) -> Any:
    """Ascending along ``axis`` (always stable), NaN last."""
    a = lazy(a)
    if axis is None:
        a, axis = a.ravel(), 0
    along = one_axis(axis, a.ndim)
    ascending = wrap(a._native.sort(along))
    if not descending:
        return ascending
    from phalanx.array._manipulation import flip

    return flip(ascending, along)


def argsort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None, descending: bool = False) -> Any:
    """Where the elements of the sorted array come from; equal ones in their order."""
    a = lazy(a)
    if axis is None:
        a, axis = a.ravel(), 0
    along = one_axis(axis, a.ndim)
    if not descending:
        return wrap(a._native.argsort(along))
    from phalanx.array._manipulation import flip

    # Sorted backwards from the end, equal elements are in their order.
    return a.shape[along] - 1 - flip(wrap(flip(a, along)._native.argsort(along)), along)


def topk(a: Any, k: int, axis: int = -1, split_every: Any = None) -> Any:
    """The ``k`` largest along ``axis``, descending; for a negative ``k`` the smallest, ascending."""
    a = lazy(a)
    return wrap(a._native.topk(int(k), one_axis(axis, a.ndim)))


def argtopk(a: Any, k: int, axis: int = -1, split_every: Any = None) -> Any:
    """Where the largest, or smallest, are."""
    a = lazy(a)
    return wrap(a._native.argtopk(int(k), one_axis(axis, a.ndim)))


