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
