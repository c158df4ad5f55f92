"""Arrays into files and into what takes slices: Zarr, HDF5, NumPy's files. Blocks are written where they are computed."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path
from typing import Any

from phalanx._lazy import np, require
from phalanx.array._base import lazy
from phalanx.array._files import Handle

__all__ = ["store", "to_hdf5", "to_npy_stack", "to_tiledb", "to_zarr"]

#: Held by each write to a target that is not known to take several at once.
_writing = threading.Lock()


class _Write:
    """Writes a block into its part of a target."""

    def __init__(self, target: Any, offsets: list[int], steps: list[int], locked: bool) -> None:
        self.target, self.offsets, self.steps, self.locked = Handle(target), offsets, steps, locked
        self.__name__ = f"write {type(target).__name__}"

    def __call__(self, block: Any, *, block_info: Any) -> Any:
        where = block_info[0]["array-location"]
        part = tuple(
            slice(offset + start * step, offset + stop * step, step)
            for (start, stop), offset, step in zip(where, self.offsets, self.steps)
        )
        if self.locked:
            with _writing:
                self.target.target[part if part else ()] = block
        else:
            self.target.target[part if part else ()] = block
        return np.ones((1,) * block.ndim, np.int64)


def _known(source: Any) -> Any:
    if any(length != length for length in source.shape):
        raise ValueError("the chunk sizes of an array are unknown: call compute_chunk_sizes() on it first")
    return source


def _written(source: Any, target: Any, region: Any, locked: bool) -> Any:
    """The number of blocks, which are written when it is computed."""
    from phalanx.array._blocks import map_blocks

    shape = tuple(target.shape)
    source = _known(source)
    region = (slice(None),) * len(shape) if region is None else region if isinstance(region, tuple) else (region,)
    region += (slice(None),) * (len(shape) - len(region))
    spans = [part.indices(length) for part, length in zip(region, shape)]
    if any(step <= 0 for _, _, step in spans):
        raise NotImplementedError("a region with negative steps; flip the array, and write it forwards")
    lengths = tuple(len(range(*span)) for span in spans)
    if lengths != source.shape:
        raise ValueError(f"an array of shape {source.shape} doesn't fit into a region of shape {lengths}")
    call = _Write(target, [span[0] for span in spans], [span[2] for span in spans], locked)
    sizes = tuple((1,) * blocks for blocks in source.numblocks)
    return map_blocks(call, source, chunks=sizes, dtype=np.int64).sum()


def store(
    sources: Any,
    targets: Any,
    lock: Any = True,
    regions: Any = None,
    compute: bool = True,
    return_stored: bool = False,
    load_stored: Any = None,
    **kwargs: Any,
) -> Any:
    """Writes arrays into objects that take slices (NumPy's arrays, HDF5's data sets, Zarr's arrays).

    Objects that can't be packed are written by this process alone; workers write Zarr arrays in folders that they see.

    Parameters
    ----------
    sources, targets : array or list of arrays, and what they are written to
    lock : bool
        Whether one block is written at a time, in each process.
    regions : tuple of slices, or list of them
        Which part of a target is written.
    compute : bool
        Without: a lazy number of blocks for each source, which writes when it is computed.
    return_stored : bool
        Gives lazy arrays that read the targets.
    """
    from phalanx._compute import compute as evaluate
    from phalanx.array._files import from_source

    if kwargs.keys() - {"scheduler", "optimize_graph"}:
        raise TypeError(f"store() got an unexpected keyword argument {sorted(kwargs)[0]!r}")
    several = isinstance(sources, (list, tuple))
    arrays = [lazy(each) for each in (sources if several else [sources])]
    places = list(targets) if several else [targets]
    if len(arrays) != len(places):
        raise ValueError(f"Different number of sources [{len(arrays)}] and targets [{len(places)}]")
    parts = list(regions) if several and regions is not None else [regions] * len(arrays)
    if len(parts) != len(arrays):
        raise ValueError(f"Different number of sources [{len(arrays)}] and regions [{len(parts)}]")
    written = [_written(*each, bool(lock)) for each in zip(arrays, places, parts)]
    if not compute:
        return written if several else written[0]
    evaluate(*written)
    if not return_stored:
        return None
    stored = [from_source(target)[part if part is not None else ...] for target, part in zip(places, parts)]
    return stored if several else stored[0]


def _regular(array: Any, what: str) -> tuple[int, ...]:
    """The size of chunks, if they are all of one size but the last along an axis."""
    for sizes in array.chunks:
        if len(set(sizes[:-1])) > 1 or sizes[-1] > sizes[0]:
            raise ValueError(
                f"{what} takes chunks of one size, but the last along an axis; these are {array.chunks}. Call rechunk()"
            )
    return tuple(max(1, sizes[0]) for sizes in array.chunks)


def to_zarr(
    arr: Any,
    url: Any,
    component: Any = None,
    storage_options: Any = None,
    region: Any = None,
    compute: bool = True,
    return_stored: bool = False,
    mode: str = "a",
    overwrite: Any = None,
    **kwargs: Any,
) -> Any:
    """Writes an array into a Zarr store, a chunk of the store for each chunk of the array.

    Parameters
    ----------
    arr : array
    url : str, path, store or zarr.Array
        An open array is written into; the array is rechunked so that no chunk of it is written by two tasks.
    component : str, optional
        Where in the store.
    region : tuple of slices, optional
        Which part of an open array.
    compute : bool
        Without: a lazy number of chunks, which writes when it is computed.
    return_stored : bool
        Gives the lazy array that reads the store.
    mode : str
        As Zarr's: ``"w-"`` refuses a store that is there, ``"w"`` and ``"a"`` write over it.
    """
    zarr = require("zarr")
    from phalanx.array._files import from_zarr

    arr = _known(lazy(arr))
    if isinstance(url, zarr.Array):
        if component is not None:
            raise ValueError("an open array has no components: give its group's store")
        target = url
        own = getattr(target, "shards", None) or target.chunks
        starts = [0] * arr.ndim
        if region is not None:
            region = region if isinstance(region, tuple) else (region,)
            starts = [part.indices(length)[0] for part, length in zip(region, target.shape)]
            starts += [0] * (arr.ndim - len(starts))
        # Borders of tasks where the store's chunks end.
        arr = arr.rechunk(tuple(_aligned(*each) for each in zip(arr.shape, starts, own, arr.chunksize)))
    else:
        if region is not None:
            raise ValueError("Cannot use `region` keyword when url is not a `zarr.Array`.")
        sizes = _regular(arr, "to_zarr")
        place = os.fspath(url) if isinstance(url, os.PathLike) else url
        fresh = overwrite if overwrite is not None else mode in ("w", "a")
        target = zarr.create_array(
            store=place, name=component, shape=arr.shape, chunks=kwargs.pop("chunks", sizes), dtype=arr.dtype,
            storage_options=storage_options, overwrite=fresh, **kwargs,
        )  # fmt: skip
    done = _written(arr, target, region, False)
    if not compute:
        return done
    done.compute()
    return from_zarr(target) if return_stored else None


def _aligned(length: int, start: int, own: int, size: int) -> tuple[int, ...]:
    step = max(own, size // own * own)
    sizes, at = [], 0
    while at < length:
        end = min(length, (start + at + step) // own * own - start)
        sizes.append(end - at)
        at = end
    return tuple(sizes) or (0,)


def to_hdf5(filename: Any, *args: Any, chunks: Any = True, **kwargs: Any) -> None:
    """Writes arrays into an HDF5 file, from this process: ``to_hdf5(name, "/x", x)`` or ``to_hdf5(name, {"/x": x})``.

    Parameters
    ----------
    filename : path
    chunks : bool or tuple of int
        Of the data set; True for the array's own.
    **kwargs
        Of h5py's ``create_dataset``.
    """
    if len(args) == 1 and isinstance(args[0], dict):
        data = args[0]
    elif len(args) == 2 and isinstance(args[0], str):
        data = {args[0]: args[1]}
    else:
        raise ValueError("Please provide {'/data/path': array} dictionary")
    with require("h5py").File(filename, mode="a") as file:
        arrays = {path: lazy(array) for path, array in data.items()}
        given: dict[str, Any] = {}
        for path, array in arrays.items():
            own = tuple(max(1, size) for size in array.chunksize) or None
            given[path] = file.require_dataset(
                path, shape=array.shape, dtype=array.dtype, chunks=own if chunks is True else chunks or None, **kwargs
            )
        store(list(arrays.values()), list(given.values()))


class _Save:
    __name__ = "write npy"

    def __init__(self, folder: str, axis: int) -> None:
        self.folder, self.axis = folder, axis

    def __call__(self, block: Any, *, block_id: tuple[int, ...]) -> Any:
        np.save(Path(self.folder) / f"{block_id[self.axis]}.npy", block)
        return np.ones((1,) * block.ndim, np.int64)


def to_npy_stack(dirname: Any, x: Any, axis: int = 0) -> None:
    """Writes a folder of NumPy's files, one for each chunk along ``axis``, as Dask does; :func:`from_npy_stack` reads it."""
    from phalanx.array._blocks import map_blocks

    x = _known(lazy(x))
    x = x.rechunk({at: -1 for at in range(x.ndim) if at != axis})
    folder = Path(dirname)
    folder.mkdir(parents=True, exist_ok=True)
    info = {"chunks": x.chunks, "dtype": x.dtype, "axis": axis}
    (folder / "info").write_bytes(pickle.dumps(info))
    sizes = tuple((1,) * blocks for blocks in x.numblocks)
    map_blocks(_Save(os.fspath(folder.absolute()), axis), x, chunks=sizes, dtype=np.int64).sum().compute()


def to_tiledb(darray: Any, uri: Any, *args: Any, **kwargs: Any) -> Any:
    """Not supported: :func:`store` writes into open TileDB arrays."""
    raise NotImplementedError("to_tiledb: open the array with tiledb in mode 'w', and give it to store()")
