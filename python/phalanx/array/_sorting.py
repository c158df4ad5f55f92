"""Running sums, sorting, quantiles, histograms, sets."""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.array._base import Base, axes_of, lazy, one_axis, wrap

__all__ = [
    "Sorting",
    "argsort",
    "argtopk",
    "bincount",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "digitize",
    "histogram",
    "histogram2d",
    "histogramdd",
    "isin",
    "median",
    "nancumprod",
    "nancumsum",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "quantile",
    "searchsorted",
    "sort",
    "topk",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
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

    def sort(self, axis: int = -1, *, kind: Any = None) -> Any:
        """A sorted copy along ``axis``; the array itself stays as it is."""
        return sort(self, axis, kind=kind)

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


def _quantile(
    a: Any,
    q: Any,
    axis: Any,
    out: Any,
    method: str,
    keepdims: bool,
    skip_nan: bool,
    scale: float,
    weights: Any,
    what: str,
) -> Any:
    if out is not None:
        raise NotImplementedError(f"{what} with out=; use the result")
    if weights is not None:
        raise NotImplementedError(f"{what} with weights=")
    a, q = lazy(a), np.asarray(q, dtype=float)
    if q.ndim > 1:
        raise NotImplementedError(f"{what} with q of {q.ndim} dimensions; flatten it, and reshape the result")
    low, high = (0.0, 100.0) if scale != 1.0 else (0.0, 1.0)
    if not ((q >= low) & (q <= high)).all():
        text = "Percentiles must be in the range [0, 100]" if scale != 1.0 else "Quantiles must be in the range [0, 1]"
        raise ValueError(text)
    native = a._native.quantile(
        [float(value) / scale for value in np.atleast_1d(q)], axes_of(axis, a.ndim), method, bool(keepdims), skip_nan
    )
    result = wrap(native)
    return result if q.ndim else result[0]


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Quantiles over axes. A task has the whole lines."""
    return _quantile(a, q, axis, out, method, keepdims, False, 1.0, weights, "quantile")


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Quantiles over axes of what is not NaN."""
    return _quantile(a, q, axis, out, method, keepdims, True, 1.0, weights, "nanquantile")


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Percentiles over axes (Dask's is of one-dimensional arrays, and approximate; this is NumPy's)."""
    return _quantile(a, q, axis, out, method, keepdims, False, 100.0, weights, "percentile")


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Percentiles over axes of what is not NaN."""
    return _quantile(a, q, axis, out, method, keepdims, True, 100.0, weights, "nanpercentile")


def median(a: Any, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    """The median over axes."""
    if out is not None:
        raise NotImplementedError("median with out=; use the result")
    a = lazy(a)
    return wrap(a._native.median(axes_of(axis, a.ndim), bool(keepdims), False))


def nanmedian(a: Any, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    """The median over axes of what is not NaN."""
    if out is not None:
        raise NotImplementedError("nanmedian with out=; use the result")
    a = lazy(a)
    return wrap(a._native.median(axes_of(axis, a.ndim), bool(keepdims), True))


def _bins(bins: Any, range: Any) -> Any:
    if isinstance(bins, str):
        raise NotImplementedError(f"bins={bins!r}; give their number or their edges")
    if getattr(bins, "_phalanx_kind", None) is None and np.ndim(bins) == 0:
        if not hasattr(bins, "__index__"):
            raise TypeError("`bins` must be an integer, a string, or an array")
        if bins.__index__() < 1:
            raise ValueError("`bins` must be positive, when an integer")
        if range is not None and range[0] > range[1]:
            raise ValueError("max must be larger than min in range parameter.")
        return bins.__index__(), None if range is None else (float(range[0]), float(range[1]))
    edges = lazy(bins)
    if edges.ndim != 1:
        raise ValueError("`bins` must be 1d, when an array")
    return edges._native


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None) -> Any:
    """How many elements fall into each bin, and the edges of the bins.

    Without ``range`` the bins go from the smallest to the largest element.
    """
    given = None if weights is None else lazy(weights)._native.ravel()
    counts, edges = _phalanx.Array.histogram([lazy(a)._native.ravel()], [_bins(bins, range)], given, bool(density))
    return wrap(counts), wrap(edges[0])


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None
) -> Any:
    """The histogram of points: a matrix with one a row, or a sequence of the arrays of their coordinates."""
    if isinstance(sample, (list, tuple)):
        columns = [lazy(each) for each in sample]
    else:
        sample = lazy(sample)
        columns = [sample[:, at] for at in np.arange(sample.shape[1]).tolist()]
    count = len(columns)
    if getattr(bins, "_phalanx_kind", None) is None and np.ndim(bins) == 0:
        bins = [bins] * count
    if len(bins) != count:
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    ranges = [None] * count if range is None else list(range)
    each_bins = [_bins(each, between) for each, between in zip(bins, ranges)]
    given = None if weights is None else lazy(weights)._native.ravel()
    natives = [column._native.ravel() for column in columns]
    counts, edges = _phalanx.Array.histogram(natives, each_bins, given, bool(density))
    result = wrap(counts)
    return (result if density else result.astype(float)), [wrap(each) for each in edges]


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None
) -> Any:
    """The histogram of points in the plane, and the edges of both dimensions."""
    if not isinstance(bins, (list, tuple)) or len(bins) != 2:
        bins = [bins, bins]
    counts, edges = histogramdd((x, y), bins, range, density, weights)
    return counts, edges[0], edges[1]


def bincount(x: Any, weights: Any = None, minlength: int = 0, split_every: Any = None) -> Any:
    """How often each of 0, 1, … occurs, or what their weights add up to.

    How many counts there are depends on the data; :meth:`Array.compute_chunk_sizes` finds out.
    """
    x = lazy(x)
    if x.ndim != 1:
        raise ValueError("object too deep for desired array")
    if x.dtype.kind not in "iub":
        raise TypeError(f"Cannot cast array data from {x.dtype!r} to dtype('int64') according to the rule 'safe'")
    if minlength < 0:
        raise ValueError("'minlength' must not be negative")
    given = None if weights is None else lazy(weights)._native
    return wrap(x._native.bincount(given, int(minlength)))


def digitize(a: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin of each element."""
    edges = np.asarray(bins, dtype=float)
    if edges.ndim != 1:
        raise ValueError("object too deep for desired array")
    steps = np.diff(edges)
    if not ((steps >= 0).all() or (steps <= 0).all()):
        raise ValueError("bins must be monotonically increasing or decreasing")
    return wrap(lazy(a)._native.digitize(edges.tolist(), "left" if right else "right"))


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where values would be inserted into a sorted array."""
    a, v = lazy(a), lazy(v)
    if side not in ("left", "right"):
        raise ValueError(f"search side must be 'left' or 'right' (got '{side}')")
    if a.ndim != 1:
        raise ValueError("Input array a must be one dimensional")
    if sorter is not None:
        a = a[sorter]
    return wrap(v._native.search(a._native, side))


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Any:
    """Whether each element is one of the test elements."""
    found = wrap(lazy(element)._native.isin(lazy(test_elements)._native))
    return wrap(found._native.unary("logical_not")) if invert else found


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The different elements, ascending, and where they are.

    How many there are depends on the data; :meth:`Array.compute_chunk_sizes` finds out.
    """
    if axis is not None or not equal_nan:
        raise NotImplementedError("unique with axis= or equal_nan=False")
    ar = lazy(ar)
    values, index, inverse, counts = ar._native.unique()
    wanted = [values]
    wanted += [index] if return_index else []
    wanted += [inverse] if return_inverse else []
    wanted += [counts] if return_counts else []
    results = tuple(wrap(each) for each in wanted)
    return results[0] if len(results) == 1 else results


def unique_values(x: Any, /) -> Any:
    """The different elements."""
    return unique(x)


def unique_counts(x: Any, /) -> Any:
    """The different elements, and how often each occurs."""
    from collections import namedtuple

    return namedtuple("UniqueCountsResult", ["values", "counts"])(*unique(x, return_counts=True))


def unique_inverse(x: Any, /) -> Any:
    """The different elements, and which each element is."""
    from collections import namedtuple

    return namedtuple("UniqueInverseResult", ["values", "inverse_indices"])(*unique(x, return_inverse=True))


def unique_all(x: Any, /) -> Any:
    """The different elements, where each is first, which each element is, and how often each occurs."""
    from collections import namedtuple

    names = ["values", "indices", "inverse_indices", "counts"]
    return namedtuple("UniqueAllResult", names)(*unique(x, True, True, True))


def union1d(ar1: Any, ar2: Any) -> Any:
    """The different elements of both."""
    from phalanx.array._joining import concatenate

    return unique(concatenate([lazy(ar1).ravel(), lazy(ar2).ravel()]))
