"""Counting: histograms, and which bin a value falls into."""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.array._base import lazy, wrap

__all__ = [
    "bincount",
    "digitize",
    "histogram",
    "histogram2d",
    "histogramdd",
    "searchsorted",
]


def _no_normed(normed: Any) -> None:
    if normed is not None:
        raise ValueError("The normed= keyword argument has been deprecated. Please use density instead.")


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


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None, *, normed: Any = None
) -> Any:
    """How many elements fall into each bin, and the edges of the bins.

    Without ``range`` the bins go from the smallest to the largest element.
    """
    _no_normed(normed)
    given = None if weights is None else lazy(weights)._native.ravel()
    counts, edges = _phalanx.Array.histogram([lazy(a)._native.ravel()], [_bins(bins, range)], given, bool(density))
    return wrap(counts), wrap(edges[0])


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None, *,
    normed: Any = None,
) -> Any:  # fmt: skip
    """The histogram of points: a matrix with one a row, or a sequence of the arrays of their coordinates."""
    _no_normed(normed)
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
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None, *,
    normed: Any = None,
) -> Any:  # fmt: skip
    """The histogram of points in the plane, and the edges of both dimensions."""
    if not isinstance(bins, (list, tuple)) or len(bins) != 2:
        bins = [bins, bins]
    counts, edges = histogramdd((x, y), bins, range, density, weights, normed=normed)
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
        raise ValueError(f"object too deep for desired array: the sorted array has {a.ndim} axes")
    if sorter is not None:
        a = a[sorter]
    return wrap(v._native.search(a._native, side))
