"""Python functions over blocks: run in this process, or on workers that were started with ``--allow-python``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np, pa
from phalanx.array._base import Base, axes_of, is_lazy, lazy, wrap

__all__ = [
    "Blocks",
    "blockwise",
    "map_blocks",
    "reduction",
]


class _Call:
    """A user's function as the engine calls it: blocks come in as rows, and one goes out."""

    def __init__(self, function: Callable[..., Any], plan: Any, kwargs: Any, dtype: Any, wants: Any) -> None:
        self.function, self.plan, self.kwargs, self.dtype, self.wants = function, plan, kwargs, dtype, wants

    def __call__(self, tables: list[Any], context: str) -> Any:
        blocks, starts, number = [], [], ()
        for table in tables:
            row = pa.table(table)
            shape = row["shape"][0].as_py()
            data = row["data"].chunk(0).buffers()[2]
            kind = np.dtype(row["dtype"][0].as_py())
            count = int(np.prod(shape, dtype=np.int64))
            offset = np.frombuffer(row["data"].chunk(0).buffers()[1], np.int64)[row["data"].chunk(0).offset]
            values = np.frombuffer(data, kind, count, int(offset)) if count else np.empty(0, kind)
            block = values.reshape(shape)
            blocks.append(block)
            starts.append(row["start"][0].as_py())
            number = tuple(row["block"][0].as_py())
        arguments = [blocks[item] if kind == "block" else item for kind, item in self.plan]
        kwargs = dict(self.kwargs)
        if "block_id" in self.wants:
            kwargs["block_id"] = number
        if "block_info" in self.wants:
            info: dict[Any, Any] = {
                at: {
                    "shape": None,
                    "chunk-location": number,
                    "array-location": [(a, a + n) for a, n in zip(start, block.shape)],
                    "chunk-shape": block.shape,
                    "dtype": block.dtype,
                }
                for at, (start, block) in enumerate(zip(starts, blocks))
            }
            info[None] = {"chunk-location": number, "dtype": self.dtype}
            kwargs["block_info"] = info
        return packed(self.function(*arguments, **kwargs), self.dtype)


def packed(result: Any, dtype: Any) -> Any:
    """A block as the row that the engine reads."""
    values = np.ascontiguousarray(np.asarray(result).astype(dtype, copy=False)).reshape(np.shape(result))
    # The array's own memory, as one binary value.
    borders = pa.py_buffer(np.array([0, values.nbytes], np.int64))
    data = pa.py_buffer(values.reshape(-1).view(np.uint8)) if values.nbytes else pa.py_buffer(b"")
    return pa.table(
        {
            "data": pa.Array.from_buffers(pa.large_binary(), 1, [None, borders, data]),
            "dtype": pa.array([values.dtype.name], pa.string()),
            "shape": pa.array([list(values.shape)], pa.list_(pa.int64())),
        }
    )


def _is_array(value: Any) -> bool:
    return is_lazy(value) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _wanted(function: Any) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
    return tuple(name for name in ("block_id", "block_info") if name in parameters)


def _guess(function: Any, arrays: list[Any], plan: Any, kwargs: Any, what: str) -> Any:
    """What the function makes of blocks of one element, for its type; ``None`` if it can't be told."""
    probes = [np.ones((1,) * array.ndim, array.dtype) for array in arrays]
    arguments = [probes[item] if kind == "block" else item for kind, item in plan]
    extra = {name: (0,) * max((a.ndim for a in arrays), default=0) for name in _wanted(function) if name == "block_id"}
    if "block_info" in _wanted(function):
        raise ValueError(f"{what} can't tell the type of the result of a function that takes block_info: give dtype=")
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(*arguments, **kwargs, **extra))
    except Exception as error:
        raise ValueError(
            f"{what} called {getattr(function, '__name__', function)!r} with blocks of one element to find out the "
            f"type of its result, which raised {type(error).__name__}: {error}. Give dtype=."
        ) from error


def _call(
    function: Any, plan: Any, kwargs: Any, dtype: Any, inputs: Any, shape: Any, chunks: Any, wants: Any = ()
) -> Any:
    """The array whose blocks the function makes."""
    from phalanx._host import function_name, pack

    kind = np.dtype(dtype)
    payload = pack(_Call(function, plan, kwargs, kind, wants))
    described = [(array._native, axes, borders) for array, axes, borders in inputs]
    sizes = [[int(size) for size in axis] for axis in chunks]
    return wrap(
        _phalanx.Array.blockwise(
            payload, function_name(function), described, [int(n) for n in shape], sizes, kind.name
        )
    )


def map_blocks(
    func: Any,
    *args: Any,
    name: Any = None,
    token: Any = None,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: Any = None,
    new_axis: Any = None,
    enforce_ndim: bool = False,
    meta: Any = None,
    **kwargs: Any,
) -> Any:
    """``func`` of each block, and of the blocks at the same place of other arrays.

    Arrays broadcast block by block, counted from the last axis. ``chunks`` says the sizes of what ``func`` returns,
    if they differ: a size for each axis or all sizes. Without ``dtype`` (or ``meta``) the function is tried with
    blocks of one element. It must return the same for the same block.
    """
    if dtype is None and meta is not None:
        dtype = meta.dtype
    plan, arrays = _plan(args)
    if not arrays:
        return _from_nothing(func, plan, kwargs, dtype, chunks)
    ndim = max(array.ndim for array in arrays)
    drop = sorted(axes_of([] if drop_axis is None else drop_axis, ndim) or [])
    new = [] if new_axis is None else sorted([new_axis] if hasattr(new_axis, "__index__") else new_axis)
    if dtype is None:
        dtype = _guess(func, arrays, plan, kwargs, "map_blocks").dtype
    # The axes of the blocks, then without those that go, then with those that come.
    sizes = [_common(arrays, axis, ndim) for axis in range(ndim)]
    dropped = [axis for axis in drop if len(sizes[axis]) > 1]
    kept = [axis for axis in range(ndim) if axis not in drop]
    place = {axis: at for at, axis in enumerate(kept)}
    out_sizes = [list(sizes[axis]) for axis in kept]
    for axis in new:
        at = axis % (len(out_sizes) + 1) if axis < 0 else axis
        out_sizes.insert(at, [1])
        place = {axis: where + (where >= at) for axis, where in place.items()}
    if chunks is not None:
        out_sizes = _declared(chunks, out_sizes)
    inputs = []
    for array in arrays:
        skip = ndim - array.ndim
        axes: list[Any] = []
        for axis in range(array.ndim):
            along = axis + skip
            whole = array.shape[axis] == 1 and sum(sizes[along]) != 1 or along in dropped
            cut = not whole and along in place
            if cut and len(array.chunks[axis]) != len(sizes[along]):
                array = array.rechunk({axis: tuple(sizes[along])})
            axes.append((place[along], 0, 0) if cut else None)
        inputs.append((array, axes, [None] * array.ndim))
    shape = [sum(axis) for axis in out_sizes]
    return _call(func, plan, kwargs, dtype, inputs, shape, out_sizes, _wanted(func))


class _WithoutBlock:
    """A function that takes no block, called with the one that tells its number."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, _place: Any, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _from_nothing(func: Any, plan: Any, kwargs: Any, dtype: Any, chunks: Any) -> Any:
    """The array whose blocks a function makes of their numbers."""
    from phalanx.array._creation import zeros

    if chunks is None or dtype is None:
        raise ValueError("map_blocks without an array can't know sizes and type: give chunks= and dtype=")
    sizes = [[int(size) for size in axis] if isinstance(axis, (tuple, list)) else [int(axis)] for axis in chunks]
    grid = tuple(len(axis) for axis in sizes)
    places = zeros(grid, dtype=np.uint8, chunks=tuple((1,) * count for count in grid))
    inputs = [(places, [(axis, 0, 0) for axis in range(len(grid))], [None] * len(grid))]
    shape = [sum(axis) for axis in sizes]
    return _call(_WithoutBlock(func), [("block", 0), *plan], kwargs, dtype, inputs, shape, sizes, _wanted(func))


def _plan(args: Any) -> tuple[list[Any], list[Any]]:
    """Which arguments are blocks of which array, and which go as they are."""
    plan: list[Any] = []
    arrays: list[Any] = []
    for argument in args:
        if _is_array(argument):
            plan.append(("block", len(arrays)))
            arrays.append(lazy(argument))
        else:
            plan.append(("value", argument))
    return plan, arrays


def _common(arrays: list[Any], axis: int, ndim: int) -> list[int]:
    """The sizes of blocks along an axis: of the array that has the most there."""
    best: list[int] = [1]
    for array in arrays:
        own = axis - (ndim - array.ndim)
        if own >= 0:
            sizes = list(array.chunks[own])
            if any(size != size for size in sizes):
                raise ValueError("the chunk sizes of an array are unknown: call compute_chunk_sizes() on it first")
            if sum(sizes) != 1 and sum(best) not in (1, sum(sizes)):
                raise ValueError(f"arrays of lengths {sum(best)} and {sum(sizes)} along an axis don't go block by block")
            if sum(best) == 1 or len(sizes) > len(best):
                best = sizes
    return best


def _declared(chunks: Any, sizes: list[list[int]]) -> list[list[int]]:
    if not isinstance(chunks, (tuple, list)):
        chunks = (chunks,)
    if len(chunks) != len(sizes):
        raise ValueError(f"Provided chunks have {len(chunks)} dims; expected {len(sizes)} dims")
    declared = []
    for given, own in zip(chunks, sizes):
        each = [int(given)] * len(own) if hasattr(given, "__index__") else [int(size) for size in given]
        if len(each) == 1 and len(own) > 1:
            each *= len(own)
        if len(each) != len(own):
            raise ValueError(f"chunks {given!r} are {len(each)} blocks along an axis that has {len(own)}")
        declared.append(each)
    return declared


def blockwise(
    func: Any,
    out_ind: Any,
    *args: Any,
    name: Any = None,
    token: Any = None,
    dtype: Any = None,
    adjust_chunks: Any = None,
    new_axes: Any = None,
    align_arrays: bool = True,
    concatenate: Any = None,
    meta: Any = None,
    **kwargs: Any,
) -> Any:
    """``func`` of blocks that indices put together: ``blockwise(np.add, "ij", x, "ij", y, "ji")``.

    An index that the result lacks is whole in the blocks of the arrays that have it (``concatenate=True``).
    """
    out = tuple(out_ind)
    plan: list[Any] = []
    arrays: list[Any] = []
    indices: list[tuple[Any, ...]] = []
    for argument, index in zip(args[::2], args[1::2]):
        if index is None:
            plan.append(("value", argument))
        else:
            plan.append(("block", len(arrays)))
            arrays.append(lazy(argument))
            indices.append(tuple(index))
    contracted = {each for index in indices for each in index} - set(out)
    if contracted and not concatenate:
        raise NotImplementedError("blockwise with contracted indices as lists of blocks; give concatenate=True")
    if dtype is None:
        dtype = meta.dtype if meta is not None else _guess(func, arrays, plan, kwargs, "blockwise").dtype
    from phalanx.array._joining import unify_chunks

    flat = [each for pair in zip(arrays, indices) for each in pair]
    known, arrays = unify_chunks(*flat) if align_arrays else ({}, arrays)
    for array, index in zip(arrays, indices):
        for sizes, each in zip(array.chunks, index):
            if each not in known or sum(known[each]) == 1:
                known[each] = sizes
    for each, length in (new_axes or {}).items():
        known[each] = tuple(length) if isinstance(length, (tuple, list)) else (int(length),)
    chunks = []
    for each in out:
        sizes = known[each]
        adjust = (adjust_chunks or {}).get(each)
        if callable(adjust):
            sizes = [int(adjust(size)) for size in sizes]
        elif adjust is not None:
            sizes = [int(adjust)] * len(sizes) if hasattr(adjust, "__index__") else [int(size) for size in adjust]
        chunks.append(list(sizes))
    inputs = []
    for array, index in zip(arrays, indices):
        cut = [
            (out.index(each), 0, 0) if each in out and len(sizes) == len(known[each]) else None
            for each, sizes in zip(index, array.chunks)
        ]
        inputs.append((array, cut, [None] * array.ndim))
    shape = [sum(axis) for axis in chunks]
    return _call(func, plan, kwargs, dtype, inputs, shape, chunks, ())


class _Keeping:
    """A reduction's function with the axes that it reduces kept."""

    def __init__(self, function: Any, axes: tuple[int, ...]) -> None:
        self.function, self.axes = function, axes
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, block: Any, **kwargs: Any) -> Any:
        return self.function(block, axis=self.axes, keepdims=True, **kwargs)


def reduction(
    x: Any,
    chunk: Any,
    aggregate: Any,
    axis: Any = None,
    keepdims: bool = False,
    dtype: Any = None,
    split_every: Any = None,
    combine: Any = None,
    name: Any = None,
    out: Any = None,
    concatenate: bool = True,
    output_size: int = 1,
    meta: Any = None,
    weights: Any = None,
) -> Any:
    """A reduction by functions: ``chunk`` of each block, ``aggregate`` of what these gave, next to each other.

    Both are called with ``axis=`` and ``keepdims=True``, and return arrays.
    """
    if weights is not None or out is not None or not concatenate or output_size != 1:
        raise NotImplementedError("reduction with weights, out, concatenate=False or output_size")
    x = lazy(x)
    axes = tuple(axes_of(axis, x.ndim) or []) if axis is not None else tuple(range(x.ndim))
    ones = {axis: 1 for axis in axes}
    sizes = [[ones.get(axis, size) for size in x.chunks[axis]] for axis in range(x.ndim)]
    partial = map_blocks(_Keeping(chunk, axes), x, chunks=sizes)
    whole = partial.rechunk(dict.fromkeys(axes, -1))
    sizes = [[1] if axis in ones else list(whole.chunks[axis]) for axis in range(x.ndim)]
    kind = dtype if dtype is not None else (meta.dtype if meta is not None else None)
    result = map_blocks(_Keeping(aggregate, axes), whole, chunks=sizes, dtype=kind)
    return result if keepdims else result.squeeze(axis=axes)


class Blocks(Base):
    """Methods that call Python functions on blocks."""

    __slots__ = ()

    def map_blocks(
        self, func: Any, *args: Any, name: Any = None, token: Any = None, dtype: Any = None, chunks: Any = None,
        drop_axis: Any = None, new_axis: Any = None, enforce_ndim: bool = False, meta: Any = None, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """``func`` of each block: see :func:`map_blocks`."""
        return map_blocks(
            func, self, *args, name=name, token=token, dtype=dtype, chunks=chunks, drop_axis=drop_axis,
            new_axis=new_axis, enforce_ndim=enforce_ndim, meta=meta, **kwargs,
        )  # fmt: skip

    def map_overlap(self, func: Any, depth: Any, boundary: Any = None, trim: bool = True, **kwargs: Any) -> Any:
        """``func`` of each block with its surroundings: see :func:`map_overlap`."""
        from phalanx.array._overlap import map_overlap

        return map_overlap(func, self, depth=depth, boundary=boundary, trim=trim, **kwargs)
