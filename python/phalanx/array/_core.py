"""The lazy array: what it is, how it is computed and shown, and NumPy's protocols.

Methods by area are in files of their own (``_elementwise``, ``_reductions``, …), each a base class of :class:`Array`.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from phalanx import _client
from phalanx._collection import Collection
from phalanx._lazy import np
from phalanx.array._blocks import Blocks
from phalanx.array._chunks import normalize
from phalanx.array._elementwise import Elementwise
from phalanx.array._exporting import Exporting
from phalanx.array._indexing import Indexing
from phalanx.array._linear import LinearAlgebra
from phalanx.array._manipulation import Manipulation
from phalanx.array._reductions import Reductions
from phalanx.array._sorting import Sorting

__all__ = ["Array"]


class Array(
    Elementwise, Reductions, Indexing, Manipulation, Sorting, Blocks, LinearAlgebra, Exporting, Collection
):
    """A lazy chunked array.

    Made by :func:`from_array`, :func:`zeros`, :mod:`phalanx.array.random` and their like, and by computing with
    other arrays. Nothing runs until :meth:`compute` or :meth:`persist`.
    """

    __slots__ = ("_native",)
    _phalanx_kind = "array"
    __array_priority__ = 11

    def __init__(self, *_: Any) -> None:
        raise TypeError("an Array is made by functions: phalanx.array.from_array, zeros, random.random, …")

    @classmethod
    def _wrap(cls, native: Any) -> Array:
        array = object.__new__(cls)
        array._native = native
        return array

    # What it is.

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The lengths of the axes; NaN where one depends on the data (see :meth:`compute_chunk_sizes`)."""
        return tuple(math.nan if length is None else length for length in self._native.shape)  # type: ignore[misc]

    @property
    def dtype(self) -> Any:
        """The type of the elements, a :class:`numpy.dtype`."""
        return np.dtype(self._native.dtype)

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """The sizes of the chunks, axis by axis; NaN where they depend on the data."""
        return tuple(
            tuple(math.nan if size is None else size for size in axis)  # type: ignore[misc]
            for axis in self._native.chunks
        )

    @property
    def chunksize(self) -> tuple[int, ...]:
        """The largest size of a chunk, axis by axis."""
        return tuple(max(axis) for axis in self.chunks)

    @property
    def numblocks(self) -> tuple[int, ...]:
        """The number of chunks, axis by axis."""
        return tuple(len(axis) for axis in self.chunks)

    @property
    def npartitions(self) -> int:
        """The number of chunks."""
        count = 1
        for blocks in self.numblocks:
            count *= blocks
        return count

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """The number of axes."""
        return len(self._native.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        if isinstance(self.shape[0], float):
            raise ValueError("the length of an axis of unknown size: call compute_chunk_sizes() on the array first")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        if self.shape[0] != self.shape[0]:
            raise TypeError("iteration over an axis of unknown length: call compute_chunk_sizes() on the array first")
        return (self[at] for at in range(self.shape[0]))

    # How it is computed.

    def _prepared(self, native: Any) -> Any:
        """What the native client is given."""
        return self._native

    def _finish(self, block: Any) -> Any:
        """What the caller gets: NumPy's array over the block's memory, or a scalar."""
        values = np.asarray(block)
        return values[()] if values.ndim == 0 else values

    def persist(self, *, client: Any = None) -> Array:
        """The same array, computed and kept where it was computed, until the last array that reads it is gone."""
        return self._wrap(_client.native(client).persist_array(self._native))

    # NumPy's protocols.

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        values = np.asarray(self.compute())
        return values.astype(dtype) if dtype is not None and values.dtype != dtype else values

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from phalanx.array._standard import VERSIONS, namespace

        if api_version is not None and api_version not in VERSIONS:
            raise ValueError(f"Unrecognized array API version: {api_version!r}; these are here: {', '.join(VERSIONS)}")
        return namespace()

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from phalanx.array._protocols import call_function

        return call_function(func, types, args, kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from phalanx.array._protocols import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __getattr__(self, name: str) -> Any:
        from phalanx.array._protocols import no_attribute

        raise no_attribute(name)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Any = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """DLPack: computes, and gives the values, which lie in the processor's memory."""
        if stream is not None:
            raise ValueError("stream must be None: the values lie in the processor's memory")
        if dl_device not in (None, (1, 0)):
            raise BufferError("the values lie in the processor's memory, and another device was asked for")
        return np.asarray(self.compute()).__dlpack__(max_version=max_version, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __contains__(self, value: Any) -> bool:
        # Without it Python would compute one element after the other.
        return bool((self == value).any().compute())

    def __format__(self, spec: str) -> str:
        # A number is shown as a number, which computes it; anything else as what it is.
        return format(self.compute(), spec) if spec and not self.shape else format(repr(self), spec)

    def __bool__(self) -> bool:
        if self.size > 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
            )
        return bool(self.compute())

    def __int__(self) -> int:
        return int(self.compute())

    def __float__(self) -> float:
        return float(self.compute())

    def __complex__(self) -> complex:
        return complex(self.compute())

    def __index__(self) -> int:
        return operator.index(self.compute())

    # How it is shown.

    def __repr__(self) -> str:
        return f"phalanx.array<shape={self.shape}, dtype={self.dtype}, chunksize={self.chunksize}>"

    def _repr_html_(self) -> str:
        from phalanx.array._html import of_array

        return of_array(self)

    def rechunk(self, chunks: Any = "auto") -> Array:
        """The same array, cut into other chunks: see ``chunks`` of :func:`from_array`."""
        if isinstance(chunks, dict):
            own = self.chunks
            chunks = {axis % self.ndim: size for axis, size in chunks.items()}
            chunks = tuple(chunks.get(axis, own[axis]) for axis in range(self.ndim))
        return self._wrap(self._native.rechunk(normalize(chunks, self.shape, self.itemsize)))
