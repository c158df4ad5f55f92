"""Arrays that are read when they are computed: Zarr, HDF5, stacks of NumPy's files, and what has ``shape``, ``dtype`` and
slices.
"""

from __future__ import annotations

import itertools
import os
import pickle
import secrets
import weakref
from pathlib import Path
from typing import Any

from phalanx._lazy import np, require
from phalanx.array._chunks import normalize

__all__ = ["from_delayed", "from_npy_stack", "from_tiledb", "from_zarr"]

#: Says whether what was packed is unpacked in the same process.
_HERE = secrets.token_hex(8)
#: What this process reads and writes, found again by number.
_alive: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
#: What is read, can't be opened again, and so stays until the process ends.
_kept: dict[int, Any] = {}


class Handle:
    """An object that functions on blocks read from or write to. In this process it is the object itself; elsewhere it is
    unpacked, or HDF5's opened again.
    """

    def __init__(self, target: Any, keep: bool = False) -> None:
        self.target, self.keep = target, keep

    def __reduce__(self) -> Any:
        target, key = self.target, id(self.target)
        payload, file, name = b"", "", type(target).__name__
        if type(target).__module__.startswith("h5py"):
            file, name = str(target.file.filename), str(target.name)
        elif not isinstance(target, np.ndarray) and not _in_memory(target):
            try:
                payload = require("cloudpickle").dumps(target)
            except Exception:  # a lock, an open file
                payload = b""
        try:
            _alive[key] = target
        except TypeError:  # an object without weak references
            _kept[key] = target
        if self.keep and not payload and not file:
            _kept[key] = target
        return _found, (key, _HERE, payload, file, name)


def _in_memory(target: Any) -> bool:
    """Whether packing it would copy all that it holds."""
    return type(getattr(target, "store", None)).__name__ == "MemoryStore"


def _found(key: int, process: str, payload: bytes, file: str, name: str) -> Handle:
    here = _kept.get(key, _alive.get(key)) if process == _HERE else None
    if here is not None:
        return Handle(here)
    if payload:
        return Handle(pickle.loads(payload))
    if file:
        return Handle(require("h5py").File(file, "r")[name])
    raise NotImplementedError(
        f"a {name} lives in the client's process, and workers can't reach it: use a Zarr array in a folder that all see"
    )


class _Read:
    """The part of a source that belongs to a block."""

    def __init__(self, source: Any, ends: list[list[int]], dtype: Any) -> None:
        self.source, self.ends, self.dtype = Handle(source, keep=True), ends, dtype
        self.__name__ = f"read {type(source).__name__}"

    def __call__(self, *, block_id: tuple[int, ...]) -> Any:
        part = tuple(slice(ends[at], ends[at + 1]) for ends, at in zip(self.ends, block_id))
        return np.asarray(self.source.target[part]).astype(self.dtype, copy=False)


def is_source(x: Any) -> bool:
    """Whether it is read by slices rather than turned into an array at once."""
    own = hasattr(x, "shape") and hasattr(x, "dtype") and hasattr(x, "__getitem__")
    return own and not hasattr(x, "__array_interface__") and not hasattr(x, "__array_namespace__") and x.shape != ()


def from_source(x: Any, chunks: Any = "auto") -> Any:
    """A lazy array over anything that has ``shape``, ``dtype`` and slices; chunks by the library follow the source's.

    It is read where blocks are computed: in this process, or on workers that were started with ``--allow-python`` and
    see the same files.
    """
    from phalanx.array._blocks import map_blocks

    shape = tuple(int(n) for n in x.shape)
    dtype = np.dtype(x.dtype)
    if dtype.kind not in "biufc":
        raise TypeError(f"arrays hold numbers and truth values, not {dtype}; use phalanx.dataframe for it")
    sizes = normalize(_along_own(chunks, x, shape, dtype.itemsize), shape, dtype.itemsize)
    ends = [[0, *itertools.accumulate(axis)] for axis in sizes]
    native = dtype.newbyteorder("=")
    return map_blocks(_Read(x, ends, native), chunks=tuple(map(tuple, sizes)), dtype=native)


def _along_own(chunks: Any, x: Any, shape: tuple[int, ...], itemsize: int) -> Any:
    """For "auto": as many of the source's own chunks as a chunk of ours should have, so that none is read twice."""
    own = getattr(x, "shards", None) or getattr(x, "chunks", None)
    if not isinstance(chunks, str) or not own or len(own) != len(shape):
        return chunks
    wanted = normalize(chunks, shape, itemsize)
    return tuple(
        -1 if length == 0 else min(length, max(1, max(axis) // each) * each)
        for axis, each, length in zip(wanted, own, shape)
    )


def from_zarr(
    url: Any,
    component: Any = None,
    storage_options: Any = None,
    chunks: Any = None,
    name: Any = None,
    inline_array: bool = False,
    **kwargs: Any,
) -> Any:
    """An array of a Zarr store: a path, a URL, a store, or an open array.

    Parameters
    ----------
    url : str, path, store or zarr.Array
    component : str, optional
        Where in the store.
    storage_options : dict, optional
        Of the file system.
    chunks : optional
        See ``chunks`` of :func:`from_array`; by default as many of the store's as fit into 8 MiB.
    """
    zarr = require("zarr")
    opened = url
    if not isinstance(url, zarr.Array):
        place = os.fspath(url) if isinstance(url, os.PathLike) else url
        opened = zarr.open_array(store=place, path=component, mode="r", storage_options=storage_options, **kwargs)
    elif component is not None:
        raise ValueError("an open array has no components: give its group's store")
    if opened.shape == ():
        from phalanx.array._creation import from_array

        return from_array(np.asarray(opened[()]))
    return from_source(opened, "auto" if chunks is None else chunks)


class _Info(pickle.Unpickler):
    """What ``to_npy_stack`` writes about a stack, and nothing else that a pickle may hold."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "numpy" and name in ("dtype", "_reconstruct", "scalar"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"the description of a stack of files names {module}.{name}")


class _NpyFile:
    """The files of a stack."""

    def __init__(self, folder: str, axis: int, mmap_mode: Any) -> None:
        self.folder, self.axis, self.mmap_mode = folder, axis, mmap_mode
        self.__name__ = "read npy"

    def __call__(self, *, block_id: tuple[int, ...]) -> Any:
        return np.load(Path(self.folder) / f"{block_id[self.axis]}.npy", mmap_mode=self.mmap_mode)


def from_npy_stack(dirname: Any, mmap_mode: Any = "r") -> Any:
    """An array of a folder of NumPy's files, which :func:`to_npy_stack` (ours or Dask's) wrote."""
    from phalanx.array._blocks import map_blocks

    with open(Path(dirname) / "info", "rb") as file:
        info = _Info(file).load()
    chunks = tuple(tuple(int(size) for size in axis) for axis in info["chunks"])
    return map_blocks(_NpyFile(os.fspath(dirname), int(info["axis"]), mmap_mode), chunks=chunks, dtype=info["dtype"])


class _Once:
    """A value that is made by a call."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.__name__ = getattr(value, "__name__", type(value).__name__)

    def __call__(self, *, block_id: tuple[int, ...]) -> Any:
        for way in ("compute", "result"):
            if hasattr(self.value, way):
                return np.asarray(getattr(self.value, way)())
        return np.asarray(self.value())


def from_delayed(value: Any, shape: Any, dtype: Any = None, meta: Any = None, name: Any = None) -> Any:
    """An array in one chunk of what a call makes: of a function without arguments, or of an object with ``compute()`` or
    ``result()``. It is called where the chunk is computed, and must give the same each time.
    """
    from phalanx.array._blocks import map_blocks

    if dtype is None and meta is None:
        raise ValueError("from_delayed can't know the type before the call: give dtype=")
    if not any(hasattr(value, way) for way in ("compute", "result", "__call__")):
        raise TypeError(f"a {type(value).__name__} has neither compute() nor result(), and is no function")
    kind = np.dtype(dtype) if dtype is not None else meta.dtype
    return map_blocks(_Once(value), chunks=tuple((int(n),) for n in shape), dtype=kind)


def from_tiledb(uri: Any, *args: Any, **kwargs: Any) -> Any:
    """Not supported: TileDB's arrays are read through :func:`from_array`."""
    raise NotImplementedError("from_tiledb: open it with tiledb and give it to from_array, which reads it by slices")
