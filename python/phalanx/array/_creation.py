"""Making arrays: from the caller's values, and constants."""

from __future__ import annotations

from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np
from phalanx.array._base import wrap
from phalanx.array._chunks import normalize

__all__ = ["asarray", "empty", "from_array", "full", "ones", "zeros"]

#: Values up to this size travel inside of plans; larger ones are handed to the engine at once.
EMBED_BYTES_MAX = 1 << 20


def from_array(x: Any, chunks: Any = "auto", *, client: Any = None) -> Any:
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
    """
    if getattr(x, "_phalanx_kind", None) == "array":
        return x if chunks == "auto" else x.rechunk(chunks)
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


def asarray(x: Any, dtype: Any = None, chunks: Any = "auto", *, like: Any = None) -> Any:
    """``x`` as a lazy array; one that is lazy already stays as it is.

    ``like`` is an array beside which a Python number is to stand: it takes that array's type where it fits.
    """
    if like is not None and type(x) in (bool, int, float):
        kind = like.dtype.kind
        if type(x) is float and kind not in "fc":
            dtype = np.float64
        elif type(x) is int and kind == "b":
            dtype = np.int64
        elif type(x) is not bool:
            dtype = like.dtype
    array = from_array(np.asarray(x, dtype=dtype) if getattr(x, "_phalanx_kind", None) is None else x, chunks)
    return array if dtype is None else array.astype(dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None, chunks: Any = "auto") -> Any:
    """The same value everywhere."""
    lengths = [int(n) for n in shape] if isinstance(shape, (tuple, list)) else [int(shape)]
    if any(n < 0 for n in lengths):
        raise ValueError("negative dimensions are not allowed")
    kind = np.dtype(dtype) if dtype is not None else np.asarray(fill_value).dtype
    sizes = normalize(chunks, tuple(lengths), kind.itemsize)
    return wrap(_phalanx.Array.full(lengths, fill_value, kind.name, sizes))


def zeros(shape: Any, dtype: Any = float, chunks: Any = "auto") -> Any:
    """Zeros."""
    return full(shape, 0, dtype, chunks)


def ones(shape: Any, dtype: Any = float, chunks: Any = "auto") -> Any:
    """Ones."""
    return full(shape, 1, dtype, chunks)


def empty(shape: Any, dtype: Any = float, chunks: Any = "auto") -> Any:
    """Zeros: memory that was not written to would not be the same everywhere."""
    return full(shape, 0, dtype, chunks)
