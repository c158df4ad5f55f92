"""Arrays as sets: the different elements, membership, unions."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import lazy, wrap

__all__ = [
    "isin",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


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
    if axis is not None:
        raise NotImplementedError("unique with axis=: number the slices by unique(…, return_inverse=True) first")
    ar = lazy(ar)
    if not equal_nan and ar.dtype.kind in "fc":
        parts = _nan_apart(ar)
    else:
        parts = tuple(wrap(each) for each in ar._native.unique())
    wanted = [True, return_index, return_inverse, return_counts]
    results = tuple(part for part, is_wanted in zip(parts, wanted) if is_wanted)
    return results[0] if len(results) == 1 else results


def _nan_apart(ar: Any) -> tuple[Any, ...]:
    """The parts of :func:`unique` where each NaN is an element of its own. One task sorts all elements."""
    from phalanx.array._counting import bincount
    from phalanx.array._creation import ones
    from phalanx.array._joining import concatenate
    from phalanx.array._sorting import argsort, cumsum

    flat = ar.ravel()
    order = argsort(flat)
    ordered = flat[order]
    # NaN differs from itself.
    first = concatenate([ones(min(1, flat.size), bool), ordered[1:] != ordered[:-1]])
    place = cumsum(first.astype("int64"), 0) - 1
    inverse = place[argsort(order)]
    return ordered[first], order[first], inverse.reshape(ar.shape), bincount(inverse)


# The standard's functions count each NaN by itself, as NumPy's of these names do.


def unique_values(x: Any, /) -> Any:
    """The different elements."""
    return unique(x, equal_nan=False)


def unique_counts(x: Any, /) -> Any:
    """The different elements, and how often each occurs."""
    from collections import namedtuple

    return namedtuple("UniqueCountsResult", ["values", "counts"])(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any, /) -> Any:
    """The different elements, and which each element is."""
    from collections import namedtuple

    return namedtuple("UniqueInverseResult", ["values", "inverse_indices"])(*unique(x, return_inverse=True, equal_nan=False))


def unique_all(x: Any, /) -> Any:
    """The different elements, where each is first, which each element is, and how often each occurs."""
    from collections import namedtuple

    names = ["values", "indices", "inverse_indices", "counts"]
    return namedtuple("UniqueAllResult", names)(*unique(x, True, True, True, equal_nan=False))


def union1d(ar1: Any, ar2: Any) -> Any:
    """The different elements of both."""
    from phalanx.array._joining import concatenate

    return unique(concatenate([lazy(ar1).ravel(), lazy(ar2).ravel()]))
