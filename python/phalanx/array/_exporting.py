"""Methods that hand an array to something else: files, Python's numbers and lists, another type or library."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import Base, wrap

__all__ = ["Exporting"]


class _Viewed:
    __name__ = "view"

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def __call__(self, block: Any) -> Any:
        return np.ascontiguousarray(block).view(self.dtype)


class Exporting(Base):
    """An array as something else."""

    __slots__ = ()

    @property
    def device(self) -> str:
        """Where the elements live: ``"cpu"``."""
        return "cpu"

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """The array itself: there is one device."""
        if device != "cpu" or stream is not None:
            raise ValueError(f"arrays live on the device 'cpu', without streams, not on {device!r}")
        return self

    @property
    def A(self) -> Any:
        """The array itself."""
        return self

    @property
    def partitions(self) -> Any:
        """The chunks by number: see :attr:`blocks`."""
        return self.blocks  # type: ignore[attr-defined]

    def copy(self) -> Any:
        """The same array, of which ``copy[...] = v`` changes nothing here."""
        return wrap(self._native)

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Any:
        return wrap(self._native)

    def item(self, *args: Any) -> Any:
        """An element as a Python number: the only one, or the one of a flat index or of an index for each axis."""
        array: Any = self
        if len(args) == 1 and isinstance(args[0], tuple):
            args = args[0]
        if len(args) == 1:
            array = array.ravel()[args[0]]
        elif args:
            array = array[args]
        elif array.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return np.asarray(array.compute()).item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return np.asarray(self.compute()).tolist()  # type: ignore[attr-defined]

    def view(self, dtype: Any = None, order: str = "C") -> Any:
        """The same bits as another type; the last axis grows or shrinks as the type's size does."""
        from phalanx.array._blocks import map_blocks

        if order != "C":
            raise NotImplementedError("order='F': transpose, view, and transpose again")
        array: Any = self
        if dtype is None or np.dtype(dtype) == array.dtype:
            return self.copy()
        new = np.dtype(dtype)
        if new.itemsize == array.itemsize:
            return map_blocks(_Viewed(new), array, dtype=new)
        if not array.ndim:
            raise ValueError("Changing the dtype of a 0d array is only supported if the itemsize is unchanged")
        if any(size * array.itemsize % new.itemsize for size in array.chunks[-1]):
            raise ValueError(
                "When changing to a larger dtype, its size must be a divisor of the total size in bytes of the last "
                "axis of each chunk"
            )
        last = tuple(size * array.itemsize // new.itemsize for size in array.chunks[-1])
        return map_blocks(_Viewed(new), array, dtype=new, chunks=(*array.chunks[:-1], last))

    def moment(
        self, order: int, axis: Any = None, dtype: Any = None, keepdims: bool = False, ddof: int = 0,
        split_every: Any = None, out: Any = None,
    ) -> Any:  # fmt: skip
        """The central moment of an order over axes."""
        from phalanx.array._reductions import moment

        return moment(self, order, axis, dtype, keepdims, ddof, split_every, out)

    def store(
        self, target: Any, lock: Any = True, regions: Any = None, compute: bool = True, return_stored: bool = False,
        load_stored: Any = None, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """Writes the array into an object that takes slices: see :func:`store`."""
        from phalanx.array._storing import store

        return store(self, target, lock, regions, compute, return_stored, load_stored, **kwargs)

    def to_zarr(self, *args: Any, **kwargs: Any) -> Any:
        """Writes the array into a Zarr store: see :func:`to_zarr`."""
        from phalanx.array._storing import to_zarr

        return to_zarr(self, *args, **kwargs)

    def to_hdf5(self, filename: Any, datapath: str, **kwargs: Any) -> None:
        """Writes the array into an HDF5 file: see :func:`to_hdf5`."""
        from phalanx.array._storing import to_hdf5

        to_hdf5(filename, datapath, self, **kwargs)

    def to_tiledb(self, uri: Any, *args: Any, **kwargs: Any) -> Any:
        """Not supported: see :func:`to_tiledb`."""
        from phalanx.array._storing import to_tiledb

        return to_tiledb(self, uri, *args, **kwargs)

    def to_svg(self, size: float = 500) -> str:
        """A sketch of the grid of chunks, as SVG."""
        from phalanx.array._html import sketch

        drawing = sketch(self, float(size))
        if not drawing:
            raise NotImplementedError(f"a sketch of shape {self.shape}: there is nothing to draw without elements or axes")
        return drawing

    def to_backend(self, backend: str | None = None, **kwargs: Any) -> Any:
        """The array itself: blocks are NumPy's arrays for functions on blocks."""
        if kwargs:
            raise TypeError(f"to_backend() got unexpected arguments: {', '.join(kwargs)}")
        if backend not in (None, "numpy"):
            raise NotImplementedError(f"blocks are NumPy's arrays, not those of {backend!r}: convert in map_blocks")
        return self

    def to_delayed(self, optimize_graph: bool = True) -> Any:
        """The chunks as lazy arrays, in a NumPy array of objects that has the shape of the grid of chunks."""
        array: Any = self
        parts = np.empty(array.numblocks, dtype=object)
        for at in np.ndindex(*array.numblocks):
            parts[at] = array.blocks[at]
        return parts

    def to_dask_dataframe(self, columns: Any = None, index: Any = None, meta: Any = None) -> Any:
        """A lazy frame (or series) of this matrix (or vector): :func:`phalanx.dataframe.from_dask_array`."""
        from importlib import import_module

        return import_module("phalanx.dataframe").from_dask_array(self, columns=columns, index=index, meta=meta)
