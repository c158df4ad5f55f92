"""Making arrays: from the caller's values, and constants."""

from __future__ import annotations

import operator
from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np
from phalanx.array._base import is_lazy, lazy, operand, wrap
from phalanx.array._chunks import normalize
from phalanx.array._files import from_source, is_source

__all__ = [
    "arange",
    "array",
    "asanyarray",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_array",
    "fromfunction",
    "full",
    "full_like",
    "identity",
    "indices",
    "linspace",
    "ones",
    "ones_like",
    "tri",
    "zeros",
    "zeros_like",
]

#: Values up to this size travel inside of plans; larger ones are handed to the engine at once.
EMBED_BYTES_MAX = 1 << 20


def from_array(x: Any, chunks: Any = "auto", *, asarray: bool | None = None, client: Any = None, **kwargs: Any) -> Any:
    """A lazy array of the values of ``x``.

    Values of more than 1 MiB are handed to the engine at once: in this process without a copy where the memory
    allows, on a cluster by sending them to its workers.

    Parameters
    ----------
    x : array_like
        NumPy's array, or what :func:`numpy.asarray` takes.
    chunks : int, tuple, str or dict
        A size for all axes, one for each axis, all sizes of each axis, ``-1`` for a whole axis, ``"auto"`` or a
        number of bytes such as ``"64MB"``.
    asarray : bool, optional
        Blocks are NumPy's arrays always, so False is for those alone.
    """
    _refuse(kwargs, "from_array")
    x = _of_frame(x)
    if asarray is False and not (is_lazy(x) or isinstance(x, np.ndarray)):
        raise NotImplementedError(f"asarray=False: blocks are NumPy's arrays, and can't be of {type(x).__name__}")
    if is_lazy(x):
        return x if chunks == "auto" else x.rechunk(chunks)
    if is_source(x):
        return from_source(x, chunks)
    if isinstance(x, (list, tuple)) and any(map(is_lazy, x)):
        from phalanx.array._joining import stack

        return from_array(stack([lazy(each) for each in x]), chunks)
    values = np.asarray(x)
    if values.dtype.names is not None:
        raise TypeError("a structured array has several types; give each field on its own: x['name']")
    if values.dtype.kind not in "biufc":
        raise TypeError(f"arrays hold numbers and truth values, not {values.dtype}; use phalanx.dataframe for it")
    values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False)).reshape(values.shape)
    flat = values.reshape(-1).view(np.uint8) if values.size else np.empty(0, np.uint8)
    name, shape = values.dtype.name, list(values.shape)
    sizes = normalize(chunks, values.shape, values.itemsize)
    if values.nbytes > EMBED_BYTES_MAX:
        return wrap(_client.native(client).scatter_array(flat, name, shape, sizes))
    return wrap(_phalanx.Array.embedded(flat, name, shape).rechunk(sizes))


def _of_frame(x: Any) -> Any:
    """The values of a lazy frame or series as an array, where their rows are; anything else as it is."""
    columns: Any = getattr(x, "_of", x) if getattr(x, "_phalanx_kind", None) == "frame" else None
    return columns.to_array() if hasattr(columns, "to_array") else x


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, chunks: Any = "auto",
    **kwargs: Any,
) -> Any:  # fmt: skip
    """``a`` as a lazy array; one that is lazy already stays as it is.

    Parameters
    ----------
    a : array_like
        Also an object that is read by slices: of Zarr, HDF5 and their like.
    dtype : dtype, optional
    copy : bool, optional
        True takes a copy of the values now, so that changing them later changes nothing here; False refuses if one
        would be needed.
    """
    _refuse({"order": order, "device": device, **kwargs}, "asarray")
    a = _of_frame(a)
    if not is_lazy(a) and not is_source(a) and not (isinstance(a, (list, tuple)) and any(map(is_lazy, a))):
        if copy is False and not hasattr(a, "__array_interface__") and not hasattr(a, "__buffer__"):
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        a = np.array(a, dtype=dtype, copy=copy) if copy is not None else np.asarray(a, dtype=dtype)
    array = from_array(a, chunks)
    if dtype is None or array.dtype == np.dtype(dtype):
        return array
    if copy is False:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return array.astype(dtype)


def _lengths(shape: Any) -> list[int]:
    if isinstance(shape, str):
        raise TypeError("'str' object cannot be interpreted as an integer")
    if not hasattr(shape, "__len__") and not hasattr(shape, "__index__"):
        raise TypeError(f"expected a sequence of integers or a single integer, got '{shape}'")
    lengths = [operator.index(n) for n in (shape if hasattr(shape, "__len__") else [shape])]
    if any(n < 0 for n in lengths):
        raise ValueError("negative dimensions are not allowed")
    return lengths


def full(shape: Any, fill_value: Any, dtype: Any = None, chunks: Any = "auto", **kwargs: Any) -> Any:
    """The same value everywhere."""
    _refuse(kwargs, "full")
    lengths = _lengths(shape)
    kind = np.dtype(dtype) if dtype is not None else np.asarray(fill_value).dtype
    if np.ndim(fill_value) != 0:
        raise ValueError(f"fill_value must be scalar. Received {type(fill_value).__name__} instead.")
    sizes = normalize(chunks, tuple(lengths), kind.itemsize)
    value = fill_value.item() if isinstance(fill_value, np.generic) else fill_value
    return wrap(_phalanx.Array.full_of(lengths, operand(value), kind.name, sizes))


def _refuse(kwargs: dict[str, Any], what: str) -> None:
    """Dask's and NumPy's arguments that change nothing here are taken; others are named."""
    harmless = {"name", "meta", "order", "subok", "device", "like", "lock", "fancy", "getitem", "inline_array"}
    if kwargs.get("device") not in (None, "cpu"):
        raise ValueError(f"arrays live on the device 'cpu', not {kwargs['device']!r}")
    others = sorted(set(kwargs) - harmless)
    if others:
        raise TypeError(f"{what}() got an unexpected keyword argument '{others[0]}'")
    if kwargs.get("order", "C") not in ("C", "K", "A", None):
        raise NotImplementedError("order='F': arrays are in C order")


def zeros(shape: Any, dtype: Any = float, chunks: Any = "auto", **kwargs: Any) -> Any:
    """Zeros."""
    return full(shape, 0, float if dtype is None else dtype, chunks, **kwargs)


def ones(shape: Any, dtype: Any = float, chunks: Any = "auto", **kwargs: Any) -> Any:
    """Ones."""
    return full(shape, 1, float if dtype is None else dtype, chunks, **kwargs)


def empty(shape: Any, dtype: Any = float, chunks: Any = "auto", **kwargs: Any) -> Any:
    """Zeros: memory that was not written to would not be the same everywhere."""
    return full(shape, 0, float if dtype is None else dtype, chunks, **kwargs)


def full_like(a: Any, fill_value: Any, dtype: Any = None, chunks: Any = None, shape: Any = None, **kwargs: Any) -> Any:
    """The same value everywhere, in the shape, type and chunks of ``a``."""
    a = asarray(a)
    lengths = a.shape if shape is None else tuple(_lengths(shape))
    if chunks is None:
        chunks = a.chunks if tuple(lengths) == a.shape else "auto"
    return full(lengths, fill_value, a.dtype if dtype is None else dtype, chunks, **kwargs)


def zeros_like(a: Any, dtype: Any = None, chunks: Any = None, shape: Any = None, **kwargs: Any) -> Any:
    """Zeros, in the shape, type and chunks of ``a``."""
    return full_like(a, 0, dtype, chunks, shape, **kwargs)


def ones_like(a: Any, dtype: Any = None, chunks: Any = None, shape: Any = None, **kwargs: Any) -> Any:
    """Ones, in the shape, type and chunks of ``a``."""
    return full_like(a, 1, dtype, chunks, shape, **kwargs)


def empty_like(a: Any, dtype: Any = None, chunks: Any = None, shape: Any = None, **kwargs: Any) -> Any:
    """Zeros, in the shape, type and chunks of ``a``."""
    return full_like(a, 0, dtype, chunks, shape, **kwargs)


def arange(
    start: Any = 0, stop: Any = None, step: Any = 1, /, chunks: Any = "auto", dtype: Any = None, **kwargs: Any
) -> Any:
    """Numbers from ``start`` (0 by default) up to, without, ``stop``."""
    start, stop = kwargs.pop("start", start), kwargs.pop("stop", stop)
    step = kwargs.pop("step", step)
    _refuse(kwargs, "arange")
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ZeroDivisionError("division by zero")
    given = np.result_type(start, stop, step)
    if given.kind not in "iufb":
        raise NotImplementedError(f"arange of {given}")
    kind = np.dtype(dtype) if dtype is not None else (np.dtype(np.int64) if given.kind == "b" else given)
    if given.kind != "f":
        start, stop, step = int(start), int(stop), int(step)
        length = max(0, -((start - stop) // step))
        native = _phalanx.Array.arange(start, stop, step, normalize(chunks, (length,), kind.itemsize))
    else:
        start, stop, step = float(start), float(stop), float(step)
        length = max(0, int(np.ceil((stop - start) / step)))
        native = _phalanx.Array.arange_float(start, stop, step, normalize(chunks, (length,), kind.itemsize))
    return wrap(native).astype(kind)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    chunks: Any = "auto",
    dtype: Any = None,
    **kwargs: Any,
) -> Any:
    """``num`` numbers from ``start`` to ``stop``, which is the last one or (without ``endpoint``) would be the next."""
    _refuse(kwargs, "linspace")
    num = num.__index__()
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    kind = np.dtype(float if dtype is None else dtype)
    sizes = normalize(chunks, (num,), kind.itemsize)
    values = wrap(_phalanx.Array.linspace(float(start), float(stop), num, bool(endpoint), sizes))
    if kind.kind in "iu":
        values = wrap(values._native.unary("floor"))
    parts = num - 1 if endpoint else num
    step = (stop - start) / parts if parts > 0 else np.nan
    values = values.astype(kind)
    return (values, step) if retstep else values


def eye(N: int, M: Any = None, k: int = 0, dtype: Any = float, chunks: Any = "auto", **kwargs: Any) -> Any:
    """Ones on a diagonal, zeros elsewhere."""
    _refuse(kwargs, "eye")
    rows, columns = _lengths((N, N if M is None else M))
    kind = np.dtype(float if dtype is None else dtype)
    sizes = normalize(chunks, (rows, columns), kind.itemsize)
    return wrap(_phalanx.Array.eye(rows, columns, int(k), kind.name, sizes))


def identity(n: int, dtype: Any = float, chunks: Any = "auto") -> Any:
    """Ones on the main diagonal of a square matrix."""
    return eye(n, dtype=dtype, chunks=chunks)


def tri(N: int, M: Any = None, k: int = 0, dtype: Any = float, chunks: Any = "auto", *, like: Any = None) -> Any:
    """Ones on and below a diagonal, zeros above."""
    rows, columns = _lengths((N, N if M is None else M))
    kind = np.dtype(dtype)
    sizes = normalize(chunks, (rows, columns), kind.itemsize)
    return wrap(_phalanx.Array.tri(rows, columns, int(k), kind.name, sizes))


def indices(dimensions: Any, dtype: Any = int, chunks: Any = "auto", sparse: bool = False) -> Any:
    """The indices of a grid: an array for each axis, stacked (or, if sparse, a tuple that broadcasts)."""
    from phalanx.array._joining import meshgrid, stack

    lengths = _lengths(dimensions)
    sizes = normalize(chunks, tuple(lengths), np.dtype(dtype).itemsize)
    axes = [arange(length, chunks=(tuple(size),), dtype=dtype) for length, size in zip(lengths, sizes)]
    grids = meshgrid(*axes, indexing="ij", sparse=sparse)
    if sparse:
        return grids
    return stack(grids) if grids else zeros((0,), dtype)


def fromfunction(func: Any, chunks: Any = "auto", shape: Any = None, dtype: Any = None, **kwargs: Any) -> Any:
    """What ``func`` makes of the coordinates of each element, which it is given as lazy arrays."""
    if shape is None:
        raise TypeError("fromfunction() missing the argument 'shape'")
    coordinates = indices(shape, float if dtype is None else dtype, chunks)
    result = func(*(coordinates[axis] for axis in range(len(_lengths(shape)))), **kwargs)
    if getattr(result, "_phalanx_kind", None) is None:
        result = full(shape, result, chunks=chunks)
    return result if dtype is None else result.astype(dtype)


def array(
    object: Any, dtype: Any = None, *, copy: bool | None = True, ndmin: int = 0, chunks: Any = "auto", **kwargs: Any
) -> Any:
    """A lazy array of values, with ``ndmin`` axes at least."""
    _refuse(kwargs, "array")
    result = asarray(object, dtype, copy=copy, chunks=chunks)
    missing = ndmin - result.ndim
    return result[(None,) * missing] if missing > 0 else result


def asanyarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """``a`` as a lazy array."""
    return asarray(a, dtype, **kwargs)
