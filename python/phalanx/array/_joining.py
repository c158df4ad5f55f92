"""Several arrays as one, and arrays made to agree."""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx.array._base import lazy, one_axis, wrap

__all__ = [
    "append",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block",
    "broadcast_arrays",
    "column_stack",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "meshgrid",
    "stack",
    "unify_chunks",
    "vstack",
]


def _natives(arrays: Any) -> list[Any]:
    natives = [lazy(array)._native for array in arrays]
    if not natives:
        raise ValueError("need at least one array to concatenate")
    return natives


def concatenate(seq: Any, axis: Any = 0, allow_unknown_chunksizes: bool = False) -> Any:
    """Arrays one after the other along ``axis``; flattened, if it is None."""
    natives = _natives(seq)
    if axis is None:
        natives, axis = [native.ravel() for native in natives], 0
    axis = one_axis(axis, len(natives[0].shape))
    return wrap(_phalanx.Array.concatenate(natives, axis))


def concat(arrays: Any, /, *, axis: Any = 0) -> Any:
    """Arrays one after the other along ``axis``."""
    return concatenate(arrays, axis)


def stack(seq: Any, axis: int = 0, allow_unknown_chunksizes: bool = False) -> Any:
    """Arrays of one shape along a new axis."""
    natives = _natives(seq)
    if any(native.shape != natives[0].shape for native in natives):
        raise ValueError("all input arrays must have the same shape")
    axis = one_axis(axis, len(natives[0].shape) + 1)
    return wrap(_phalanx.Array.stack(natives, axis))


def vstack(tup: Any, allow_unknown_chunksizes: bool = False) -> Any:
    """Arrays below each other."""
    return wrap(_phalanx.Array.vstack(_natives(tup)))


def hstack(tup: Any, allow_unknown_chunksizes: bool = False) -> Any:
    """Arrays beside each other."""
    return wrap(_phalanx.Array.hstack(_natives(tup)))


def dstack(tup: Any, allow_unknown_chunksizes: bool = False) -> Any:
    """Arrays behind each other."""
    return wrap(_phalanx.Array.dstack(_natives(tup)))


def column_stack(tup: Any) -> Any:
    """Vectors as the columns of a matrix."""
    return wrap(_phalanx.Array.column_stack(_natives(tup)))


def block(arrays: Any, allow_unknown_chunksizes: bool = False) -> Any:
    """An array from nested lists of blocks."""

    def native(value: Any) -> Any:
        if isinstance(value, tuple):
            raise TypeError("arrays is a tuple. Only lists can be used to arrange blocks.")
        return [native(each) for each in value] if isinstance(value, list) else lazy(value)._native

    return wrap(_phalanx.Array.block(native(arrays)))


def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """``values`` after ``arr``."""
    return concatenate([arr, values], axis)


def _atleast(arrays: Any, ndim: int) -> Any:
    results = [wrap(lazy(array)._native.atleast(ndim)) for array in arrays]
    return results[0] if len(results) == 1 else tuple(results)


def atleast_1d(*arys: Any) -> Any:
    """Arrays with at least one axis."""
    return _atleast(arys, 1)


def atleast_2d(*arys: Any) -> Any:
    """Arrays with at least two axes."""
    return _atleast(arys, 2)


def atleast_3d(*arys: Any) -> Any:
    """Arrays with at least three axes."""
    return _atleast(arys, 3)


def meshgrid(*xi: Any, sparse: bool = False, indexing: str = "xy", copy: bool = True) -> tuple[Any, ...]:
    """The coordinates of a grid from those of its axes."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    natives = [lazy(x)._native for x in xi]
    return tuple(wrap(each) for each in _phalanx.Array.meshgrid(natives, indexing == "xy", bool(sparse)))


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """The arrays in the one shape that they have together."""
    natives = [lazy(arg)._native for arg in args]
    return tuple(wrap(each) for each in _phalanx.Array.broadcast_arrays(natives))


def unify_chunks(*args: Any) -> Any:
    """Arrays in common chunks: pairs of an array and its indices, as Dask has it, or arrays alone."""
    if args and any(isinstance(arg, (str, tuple, list)) or arg is None for arg in args[1::2]):
        arrays, indices = list(args[::2]), [tuple(index or ()) for index in args[1::2]]
        borders: dict[Any, set[int]] = {}
        for array, index in zip(arrays, indices):
            for sizes, name in zip(array.chunks, index):
                if sum(sizes) != 1 or name not in borders:
                    ends, end = borders.setdefault(name, set()), 0
                    for size in sizes:
                        end += size
                        ends.add(end)
        chunks = {}
        for name, ends in borders.items():
            ordered = [0, *sorted(ends - {0})]
            chunks[name] = tuple(b - a for a, b in zip(ordered, ordered[1:])) or (0,)
        unified = [
            array.rechunk(tuple(chunks[name] if length > 1 else (length,) for name, length in zip(index, array.shape)))
            for array, index in zip(arrays, indices)
        ]
        return chunks, unified
    return tuple(wrap(each) for each in _phalanx.Array.unify_chunks([lazy(arg)._native for arg in args]))
