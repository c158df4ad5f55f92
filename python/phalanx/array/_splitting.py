"""An array as several."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy, one_axis, wrap

__all__ = [
    "array_split",
    "dsplit",
    "hsplit",
    "split",
    "unstack",
    "vsplit",
]


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along ``axis``, which need not be equally long."""
    ary = lazy(ary)
    along = one_axis(axis, ary.ndim)
    if np.ndim(indices_or_sections):
        borders = [int(at) for at in indices_or_sections]
        return [wrap(part) for part in ary._native.split_at(borders, along)]
    if int(indices_or_sections) <= 0:
        raise ValueError("number sections must be larger than 0.")
    return [wrap(part) for part in ary._native.array_split(int(indices_or_sections), along)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along ``axis``, equally long if their number is given."""
    ary = lazy(ary)
    along = one_axis(axis, ary.ndim)
    if not np.ndim(indices_or_sections) and ary.shape[along] % int(indices_or_sections):
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, along)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts along the first axis."""
    if lazy(ary).ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts along the second axis (of vectors, the first)."""
    ndim = lazy(ary).ndim
    if ndim == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if ndim > 1 else 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Parts along the third axis."""
    if lazy(ary).ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The slices along an axis, without it."""
    x = lazy(x)
    along = one_axis(axis, x.ndim)
    return tuple(x[(slice(None),) * along + (at,)] for at in range(x.shape[along]))
