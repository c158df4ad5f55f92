"""Functions of blocks with their surroundings (ghost cells)."""

from __future__ import annotations

import itertools
from typing import Any

from phalanx._lazy import np
from phalanx.array._blocks import _call, _guess, _is_array, _plan, _wanted

__all__ = [
    "map_overlap",
]


def _depths(depth: Any, ndim: int) -> list[tuple[int, int]]:
    if hasattr(depth, "__index__"):
        depth = dict.fromkeys(range(ndim), depth)
    elif not isinstance(depth, dict):
        depth = dict(enumerate(depth))
    depth = {axis % ndim if ndim else axis: value for axis, value in depth.items()}
    pairs = []
    for axis in range(ndim):
        value = depth.get(axis, 0)
        pair = (int(value), int(value)) if hasattr(value, "__index__") else (int(value[0]), int(value[1]))
        if min(pair) < 0:
            raise ValueError("depth must not be negative")
        pairs.append(pair)
    return pairs


class _Trimmed:
    """A function, and what it returns without the surroundings of the block."""

    def __init__(self, function: Any, depths: list[tuple[int, int]], padded: list[bool], counts: list[int]) -> None:
        self.function, self.depths, self.padded, self.counts = function, depths, padded, counts
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Any, block_id: tuple[int, ...], **kwargs: Any) -> Any:
        if "block_id" in _wanted(self.function):
            kwargs["block_id"] = block_id
        result = np.asarray(self.function(*args, **kwargs))
        parts = []
        for (before, after), padded, count, at, length in zip(
            self.depths, self.padded, self.counts, block_id, result.shape
        ):
            start = before if padded or at > 0 else 0
            stop = length - (after if padded or at < count - 1 else 0)
            parts.append(slice(start, stop))
        return result[tuple(parts)]


def map_overlap(
    func: Any,
    *args: Any,
    depth: Any = None,
    boundary: Any = None,
    trim: bool = True,
    align_arrays: bool = True,
    allow_rechunk: bool = True,
    dtype: Any = None,
    meta: Any = None,
    **kwargs: Any,
) -> Any:
    """``func`` of each block with ``depth`` elements around it, of which what it returns is freed again.

    Parameters
    ----------
    depth : int, tuple or dict
        How many elements around a block, for all axes or each; pairs for before and after.
    boundary : str, number or dict
        What lies around the array: ``"reflect"``, ``"periodic"``, ``"nearest"``, ``"none"`` or a constant.
    trim : bool
        Whether ``func`` returns the surroundings too, which are then cut off.
    """
    plan, arrays = _plan(args)
    if not arrays and _is_array(func):
        return map_overlap(args[0], func, *args[1:], depth=depth, boundary=boundary, trim=trim, dtype=dtype, **kwargs)
    if len(arrays) > 1 and any(array.shape != arrays[0].shape for array in arrays):
        raise NotImplementedError("map_overlap of arrays of several shapes; broadcast them first")
    ndim = arrays[0].ndim
    if isinstance(depth, list):
        raise NotImplementedError("another depth for each array")
    depths = _depths(0 if depth is None else depth, ndim)
    kinds = boundary if isinstance(boundary, dict) else dict.fromkeys(range(ndim), boundary)
    kinds = {axis % ndim: kind for axis, kind in kinds.items()}
    if dtype is None:
        dtype = meta.dtype if meta is not None else _guess(func, arrays, plan, kwargs, "map_overlap").dtype
    chunks = arrays[0].chunks
    padded = [kinds.get(axis) not in (None, "none") and max(depths[axis]) > 0 for axis in range(ndim)]
    inputs = []
    for array in arrays:
        array = array if array.chunks == chunks else array.rechunk(chunks)
        axes, borders = [], []
        for axis in range(ndim):
            before, after = depths[axis]
            ends = [0, *itertools.accumulate(chunks[axis])]
            if padded[axis]:
                array = _surrounded(array, axis, before, after, kinds[axis])
                # The array has `before` more elements in front, which are the surroundings of its first block.
                axes.append((axis, 0, before + after))
            else:
                axes.append((axis, before, after))
            borders.append(ends)
        inputs.append((array, axes, borders))
    if trim:
        function: Any = _Trimmed(func, depths, padded, [len(axis) for axis in chunks])
        return _call(function, plan, kwargs, dtype, inputs, arrays[0].shape, chunks, ("block_id",))
    # The function has cut the surroundings off itself.
    return _call(func, plan, kwargs, dtype, inputs, arrays[0].shape, chunks, _wanted(func))


def _surrounded(array: Any, axis: int, before: int, after: int, kind: Any) -> Any:
    from phalanx.array._edges import pad

    widths = [(before, after) if at == axis else (0, 0) for at in range(array.ndim)]
    modes = {"reflect": "symmetric", "periodic": "wrap", "nearest": "edge"}
    if isinstance(kind, str):
        if kind not in modes:
            raise ValueError(f"boundary {kind!r} is not one of reflect, periodic, nearest, none, or a number")
        return pad(array, widths, modes[kind])
    return pad(array, widths, "constant", constant_values=kind)
