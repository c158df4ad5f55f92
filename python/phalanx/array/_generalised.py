"""Functions of lines, and generalised functions: of core axes, block by block over the others."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import axes_of, lazy, one_axis
from phalanx.array._blocks import _call, _plan, blockwise, map_blocks

__all__ = [
    "apply_along_axis",
    "apply_gufunc",
    "apply_over_axes",
    "as_gufunc",
    "frompyfunc",
    "gufunc",
    "piecewise",
    "push",
    "vectorize",
]


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


class gufunc:
    """A generalised function made of one of Python's: ``gufunc(f, signature="(i)->()")(x)``."""

    def __init__(
        self, pyfunc: Any, *, signature: Any = None, vectorize: bool = False, axes: Any = None, axis: Any = None,
        keepdims: bool = False, output_sizes: Any = None, output_dtypes: Any = None, allow_rechunk: bool = False,
        meta: Any = None,
    ) -> None:  # fmt: skip
        self.pyfunc, self.signature = pyfunc, signature
        self.options = {
            "vectorize": vectorize, "axes": axes, "axis": axis, "keepdims": keepdims, "output_sizes": output_sizes,
            "output_dtypes": output_dtypes, "allow_rechunk": allow_rechunk, "meta": meta,
        }  # fmt: skip
        self.__doc__ = getattr(pyfunc, "__doc__", None)

    def __call__(self, *args: Any, allow_rechunk: Any = None, **kwargs: Any) -> Any:
        options = dict(self.options)
        if allow_rechunk is not None:
            options["allow_rechunk"] = allow_rechunk
        return apply_gufunc(self.pyfunc, self.signature, *args, **options, **kwargs)


class vectorize:
    """A function of numbers as one of arrays, element by element, through Python: see :class:`numpy.vectorize`."""

    def __init__(self, pyfunc: Any, otypes: Any = None, doc: Any = None, excluded: Any = None, signature: Any = None) -> None:
        if excluded:
            raise NotImplementedError("vectorize with excluded arguments: bind them with functools.partial")
        self.pyfunc, self.otypes, self.signature = pyfunc, otypes, signature
        self.__doc__ = doc if doc is not None else getattr(pyfunc, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kind = None if self.otypes is None else np.dtype(self.otypes[0])
        if self.signature is not None:
            return apply_gufunc(
                self.pyfunc, self.signature, *args, vectorize=True, output_dtypes=kind, allow_rechunk=True, **kwargs
            )
        each = np.vectorize(self.pyfunc, otypes=None if kind is None else [kind])
        return map_blocks(each, *(a if np.ndim(a) == 0 else lazy(a) for a in args), dtype=kind, **kwargs)


def frompyfunc(func: Any, nin: int, nout: int) -> Any:
    """Not supported: NumPy's answers are arrays of objects, which arrays here can't hold."""
    raise NotImplementedError("frompyfunc makes arrays of objects: use vectorize(func, otypes=[float]) or map_blocks")


class _Push:
    __name__ = "push"

    def __init__(self, n: Any, axis: int) -> None:
        self.n, self.axis = n, axis

    def __call__(self, block: Any) -> Any:
        lines = np.moveaxis(block, self.axis, -1)
        places = np.where(np.isnan(lines), 0, np.arange(lines.shape[-1]))
        last = np.maximum.accumulate(places, axis=-1)
        filled = np.take_along_axis(lines, last, axis=-1)
        if self.n is not None:
            far = np.arange(lines.shape[-1]) - last > self.n
            filled = np.where(far, np.nan, filled)
        return np.moveaxis(filled, -1, self.axis)


def push(array: Any, n: Any, axis: int) -> Any:
    """NaN replaced by the last element before it along an axis that is not NaN, at most ``n`` in a row."""
    array = lazy(array)
    along = one_axis(axis, array.ndim)
    if array.dtype.kind != "f":
        return array
    return map_blocks(_Push(n, along), array.rechunk({along: -1}), dtype=array.dtype)
