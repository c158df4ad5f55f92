"""Python functions over blocks: run in this process, or on workers that were started with ``--allow-python``."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np, pa
from phalanx.array._base import Base, axes_of, is_lazy, lazy, one_axis, wrap

__all__ = [
    "Blocks",
    "apply_along_axis",
    "apply_gufunc",
    "apply_over_axes",
    "as_gufunc",
    "blockwise",
    "map_blocks",
    "map_overlap",
    "piecewise",
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
        raise NotImplementedError("map_blocks without an array: begin with zeros(shape, chunks=...) and ignore them")
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
    from phalanx.array._manipulation import pad

    widths = [(before, after) if at == axis else (0, 0) for at in range(array.ndim)]
    modes = {"reflect": "symmetric", "periodic": "wrap", "nearest": "edge"}
    if isinstance(kind, str):
        if kind not in modes:
            raise ValueError(f"boundary {kind!r} is not one of reflect, periodic, nearest, none, or a number")
        return pad(array, widths, modes[kind])
    return pad(array, widths, "constant", constant_values=kind)


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


def apply_along_axis(
    func1d: Any, axis: int, arr: Any, *args: Any, dtype: Any = None, shape: Any = None, **kwargs: Any
) -> Any:
    """``func1d`` of each line along ``axis``.

    Without ``dtype`` and ``shape`` the function is tried with a line of ones.
    """
    arr = lazy(arr)
    along = one_axis(axis, arr.ndim)
    if dtype is None or shape is None:
        sample = np.asarray(func1d(np.ones(arr.shape[along], arr.dtype), *args, **kwargs))
        dtype, shape = sample.dtype if dtype is None else dtype, sample.shape if shape is None else shape
    shape = tuple(shape)
    arr = arr.rechunk({along: -1})
    call = _AlongAxis(func1d, along, args, kwargs)
    sizes = [list(each) for each in arr.chunks]
    out = sizes[:along] + [[n] for n in shape] + sizes[along + 1 :]
    shift = len(shape) - 1
    axes: list[Any] = [
        None if at == along else (at if at < along else at + shift, 0, 0) for at in range(arr.ndim)
    ]
    inputs = [(arr, axes, [None] * arr.ndim)]
    return _call(call, [("block", 0)], {}, dtype, inputs, [sum(each) for each in out], out)


class _AlongAxis:
    def __init__(self, function: Any, axis: int, args: Any, kwargs: Any) -> None:
        self.function, self.axis, self.args, self.kwargs = function, axis, args, kwargs
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, block: Any) -> Any:
        return np.apply_along_axis(self.function, self.axis, block, *self.args, **self.kwargs)


def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """``func(a, axis)`` of lazy arrays, over one axis after the other; axes stay with length 1."""
    a = lazy(a)
    for axis in axes_of(axes, a.ndim) or []:
        result = func(a, axis)
        if result.ndim != a.ndim:
            from phalanx.array._manipulation import expand_dims

            result = expand_dims(result, axis)
        if result.ndim != a.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        a = result
    return a


def _signature(signature: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    sides = signature.replace(" ", "").split("->")
    if len(sides) != 2:
        raise ValueError(f"Not a valid gufunc signature: {signature}")

    def cores(side: str) -> list[tuple[str, ...]]:
        found = []
        for part in side.replace("),", ")|").split("|"):
            if not (part.startswith("(") and part.endswith(")")):
                raise ValueError(f"Not a valid gufunc signature: {signature}")
            found.append(tuple(name for name in part[1:-1].split(",") if name))
        return found

    return cores(sides[0]), cores(sides[1])


def apply_gufunc(
    func: Any,
    signature: str,
    *args: Any,
    axes: Any = None,
    axis: Any = None,
    keepdims: bool = False,
    output_dtypes: Any = None,
    output_sizes: Any = None,
    vectorize: bool = False,
    allow_rechunk: bool = False,
    meta: Any = None,
    **kwargs: Any,
) -> Any:
    """A generalised function: of the last, core, axes of the arguments, block by block over the others.

    Signatures such as ``"(i)->()"`` or ``"(i,j),(j)->(i)"``; functions with one result.
    """
    ins, outs = _signature(signature)
    if axes is not None or axis is not None or keepdims:
        raise NotImplementedError("apply_gufunc with axes, axis or keepdims; move the core axes to the end")
    if len(outs) != 1:
        raise NotImplementedError("apply_gufunc with several results; call it for each")
    if len(ins) != len(args):
        raise ValueError(f"According to `signature`, `func` requires {len(ins)} arguments, but {len(args)} were given")
    arrays = [lazy(argument) for argument in args]
    lengths: dict[str, int] = dict(output_sizes or {})
    for array, core in zip(arrays, ins):
        if array.ndim < len(core):
            raise ValueError(f"an argument of {array.ndim} dimension(s) for the core dimensions {core}")
        for name, length, sizes in zip(core[::-1], array.shape[::-1], array.chunks[::-1]):
            if lengths.setdefault(name, length) != length:
                raise ValueError(f"Dimension `'{name}'` with different lengths in arrays")
            if len(sizes) > 1 and not allow_rechunk:
                raise ValueError(
                    f"Core dimension `'{name}'` consists of multiple chunks. To fix, rechunk into a single chunk along "
                    "this dimension or set `allow_rechunk=True`, but beware that this may increase memory usage "
                    "significantly."
                )
    arrays = [
        array.rechunk(dict.fromkeys(range(array.ndim - len(core), array.ndim), -1)) if core else array
        for array, core in zip(arrays, ins)
    ]
    missing = [name for name in outs[0] if name not in lengths]
    if missing:
        raise ValueError(f"output_sizes has no length for the core dimension {missing[0]!r}")
    function = np.vectorize(func, signature=signature) if vectorize else func
    loops = max(array.ndim - len(core) for array, core in zip(arrays, ins))
    names = tuple(f"__loop{at}" for at in range(loops))
    pairs: list[Any] = []
    for array, core in zip(arrays, ins):
        own = array.ndim - len(core)
        pairs += [array, names[loops - own :] + core]
    dtype = output_dtypes[0] if isinstance(output_dtypes, (tuple, list)) else output_dtypes
    if dtype is None and meta is not None:
        dtype = meta.dtype
    if dtype is None:
        probes = [np.ones([1] * (a.ndim - len(c)) + [lengths[n] for n in c], a.dtype) for a, c in zip(arrays, ins)]
        dtype = np.asarray(function(*probes, **kwargs)).dtype
    new = {name: lengths[name] for name in outs[0] if not any(name in core for core in ins)}
    return blockwise(
        function, names + outs[0], *pairs, dtype=dtype, new_axes=new, concatenate=True, **kwargs
    )


def as_gufunc(signature: Any = None, **options: Any) -> Any:
    """A decorator that makes a function a generalised one: see :func:`apply_gufunc`."""

    def decorate(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            return apply_gufunc(function, signature, *args, **options, **kwargs)

        call.__name__, call.__doc__ = getattr(function, "__name__", "gufunc"), function.__doc__
        return call

    return decorate


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Functions (or numbers) of the elements where conditions hold."""
    x = lazy(x)
    conditions = [lazy(condition) for condition in (condlist if isinstance(condlist, (list, tuple)) else [condlist])]
    plan, arrays = _plan([x, *conditions])
    return _call_piecewise(plan, arrays, list(funclist), args, kw)


class _Piecewise:
    __name__ = "piecewise"

    def __init__(self, functions: Any, args: Any, kwargs: Any) -> None:
        self.functions, self.args, self.kwargs = functions, args, kwargs

    def __call__(self, x: Any, *conditions: Any) -> Any:
        return np.piecewise(x, list(conditions), self.functions, *self.args, **self.kwargs)


def _call_piecewise(plan: Any, arrays: list[Any], functions: Any, args: Any, kwargs: Any) -> Any:
    return map_blocks(_Piecewise(functions, args, kwargs), *arrays, dtype=arrays[0].dtype)


class Blocks(Base):
    """Methods that call Python functions on blocks."""

    __slots__ = ()

    def map_blocks(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """``func`` of each block: see :func:`map_blocks`."""
        return map_blocks(func, self, *args, **kwargs)

    def map_overlap(self, func: Any, depth: Any, boundary: Any = None, trim: bool = True, **kwargs: Any) -> Any:
        """``func`` of each block with its surroundings: see :func:`map_overlap`."""
        return map_overlap(func, self, depth=depth, boundary=boundary, trim=trim, **kwargs)
