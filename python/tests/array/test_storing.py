"""Arrays into files and back: Zarr, HDF5, stacks of NumPy's files, and whatever takes slices."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import dask.array
import h5py
import numpy as np
import pytest
import zarr
from oracle import engine, same_bits

import phalanx.array as da
from phalanx.distributed import Client

RNG = np.random.default_rng(10)
VALUES = RNG.standard_normal((13, 9))
DTYPES = ["bool", "int8", "uint16", "int64", "uint64", "float32", "float64", "complex64", "complex128"]


def sample(dtype: str) -> np.ndarray:
    values = RNG.integers(0, 2 if dtype == "bool" else 100, (7, 5)).astype(dtype)
    return values * (1 + 1j) if np.dtype(dtype).kind == "c" else values


# Zarr.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("chunks", [3, -1, (4, 2)])
def test_zarr_and_back(tmp_path: Path, dtype: str, chunks: Any) -> None:
    values = sample(dtype)
    path = tmp_path / "x.zarr"
    assert da.to_zarr(da.from_array(values, chunks), path) is None
    stored = zarr.open_array(path)
    assert same_bits(stored[...], values) and stored.chunks == da.from_array(values, chunks).chunksize
    for given in (None, 2, "auto"):
        back = da.from_zarr(path, chunks=given)
        assert back.shape == values.shape and back.dtype == values.dtype
        assert same_bits(back.compute(), values)
        assert same_bits(back[1:6:2, ::-1].compute(client=engine("perturbed")), values[1:6:2, ::-1])
    assert same_bits(np.asarray(dask.array.from_zarr(str(path))), values)


def test_what_zarr_is_told(tmp_path: Path) -> None:
    path, x = str(tmp_path / "group"), da.from_array(VALUES, (4, 3))
    stored = x.to_zarr(path, component="a/b", return_stored=True)
    assert isinstance(stored, da.Array) and same_bits(stored.compute(), VALUES)
    assert same_bits(da.from_zarr(path, component="a/b").compute(), VALUES)
    lazy = (x + 1).to_zarr(path, component="later", compute=False)
    assert not (tmp_path / "group" / "later" / "c").exists()
    assert lazy.compute() == x.npartitions
    assert same_bits(da.from_zarr(path, component="later").compute(), VALUES + 1)
    with pytest.raises(zarr.errors.ContainsArrayError):
        x.to_zarr(path, component="a/b", mode="w-")
    with pytest.raises(zarr.errors.ContainsArrayError):
        x.to_zarr(path, component="a/b", overwrite=False)
    (x * 2).to_zarr(path, component="a/b", mode="w")
    assert same_bits(da.from_zarr(path, component="a/b").compute(), VALUES * 2)
    da.to_zarr(x, path, component="other", chunks=(5, 5))
    assert zarr.open_array(path, path="other").chunks == (5, 5)
    with pytest.raises(ValueError, match="chunks of one size"):
        x.rechunk(((2, 11), (9,))).to_zarr(path, component="uneven")
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        x[x > 0].to_zarr(path, component="unknown")
    with pytest.raises(ValueError, match="region"):
        x.to_zarr(path, region=(slice(2),))
    with pytest.raises(FileNotFoundError):
        da.from_zarr(str(tmp_path / "nothing.zarr"))


@pytest.mark.parametrize("own", [(4, 3), (5, 9), (13, 1)])
@pytest.mark.parametrize("chunks", [1, 2, 5, -1])
def test_open_zarr_arrays_are_written_by_their_own_chunks(tmp_path: Path, own: tuple[int, int], chunks: int) -> None:
    target = zarr.create_array(tmp_path / "t.zarr", shape=(13, 9), chunks=own, dtype="f8", fill_value=-1.0)
    x = da.from_array(VALUES, chunks)
    x.to_zarr(target)
    assert same_bits(target[...], VALUES)
    expected = VALUES.copy()
    expected[3:9, 2:] = VALUES[:6, :7] * 2
    (x * 2)[:6, :7].to_zarr(target, region=(slice(3, 9), slice(2, None)))
    assert same_bits(target[...], expected)
    assert same_bits(da.from_array(target, chunks=chunks).compute(), expected)
    with pytest.raises(ValueError, match="doesn't fit"):
        x.to_zarr(target, region=(slice(2), slice(2)))


def test_zarr_in_memory_and_without_axes() -> None:
    memory = zarr.create_array(zarr.storage.MemoryStore(), shape=(13, 9), chunks=(5, 4), dtype="f8")
    da.from_array(VALUES, 4).to_zarr(memory)
    assert same_bits(da.from_zarr(memory).compute(), VALUES)
    number = zarr.create_array(zarr.storage.MemoryStore(), shape=(), dtype="i4")
    number[...] = 7
    assert da.from_zarr(number).compute() == 7


def test_workers_write_and_read_zarr(tmp_path: Path, python_client: Client) -> None:
    x = da.random.default_rng(1).random((60, 50), chunks=(20, 25))
    x.to_zarr(tmp_path / "w.zarr")  # the current client is the cluster's
    expected = x.compute(client=engine("local"))
    assert same_bits(zarr.open_array(tmp_path / "w.zarr")[...], expected)
    back = da.from_zarr(tmp_path / "w.zarr")
    assert same_bits((back + back.T[:1, :1]).compute(client=python_client), expected + expected[0, 0])


# HDF5.


@pytest.mark.parametrize("dtype", DTYPES)
def test_hdf5_and_back(tmp_path: Path, dtype: str) -> None:
    values, path = sample(dtype), str(tmp_path / "x.h5")
    x = da.from_array(values, 3)
    da.to_hdf5(path, "/x", x)
    x.to_hdf5(path, "/deep/down", chunks=None)
    da.to_hdf5(path, {"/a": x, "/b": x[::2]}, compression="gzip")
    with h5py.File(path) as file:
        assert same_bits(file["/x"][...], values) and file["/x"].chunks == (3, 3)
        assert file["/deep/down"].chunks is None and file["/b"].compression == "gzip"
        for name in ("/x", "/deep/down", "/a"):
            back = da.from_array(file[name], chunks=2)
            assert same_bits(back.compute(), values)
            assert same_bits(back[2:, ::-1].compute(client=engine("perturbed")), values[2:, ::-1])
        assert same_bits(file["/b"][...], values[::2])


def test_what_hdf5_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dictionary"):
        da.to_hdf5(str(tmp_path / "x.h5"), da.ones(3))
    with h5py.File(tmp_path / "y.h5", "w") as file:
        target = file.create_dataset("y", shape=(13, 9), dtype="f4")
        da.from_array(VALUES, 5).store(target)
        np.testing.assert_array_equal(target[...], VALUES.astype("f4"))


# Stacks of NumPy's files.


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", DTYPES)
def test_npy_stacks_and_back(tmp_path: Path, dtype: str, axis: int) -> None:
    values = sample(dtype)
    da.to_npy_stack(tmp_path / "ours", da.from_array(values, 2), axis=axis)
    assert len(list((tmp_path / "ours").glob("*.npy"))) == -(-values.shape[axis] // 2)
    for mode in ("r", None):
        assert same_bits(da.from_npy_stack(tmp_path / "ours", mmap_mode=mode).compute(), values)
    # Dask reads ours, and we read Dask's.
    assert same_bits(np.asarray(dask.array.from_npy_stack(str(tmp_path / "ours"))), values)
    dask.array.to_npy_stack(str(tmp_path / "theirs"), dask.array.from_array(values, chunks=3), axis=axis)
    back = da.from_npy_stack(str(tmp_path / "theirs"))
    assert same_bits(back.compute(), values)
    assert same_bits(back[1:, -1].compute(client=engine("perturbed")), values[1:, -1])


class _Evil:
    def __reduce__(self) -> Any:
        return print, ("this ran",)


def test_the_description_of_a_stack_can_run_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "info").write_bytes(pickle.dumps({"chunks": ((1,),), "dtype": _Evil(), "axis": 0}))
    with pytest.raises(pickle.UnpicklingError, match="print"):
        da.from_npy_stack(tmp_path)
    assert not capsys.readouterr().out


# Whatever takes slices.


def test_store() -> None:
    x, y = da.from_array(VALUES, 4), da.arange(20, chunks=6)
    first, second = np.zeros((13, 9)), np.zeros(20, dtype=int)
    assert da.store([x, y], [first, second]) is None
    assert same_bits(first, VALUES) and same_bits(second, np.arange(20))
    # A part of a target; steps; later.
    target = np.zeros((30, 9))
    lazy = da.store(x * 2, target, regions=(slice(2, 28, 2), slice(None)), compute=False)
    assert not target.any()
    lazy.compute()
    expected = np.zeros((30, 9))
    expected[2:28:2] = VALUES * 2
    assert same_bits(target, expected)
    stored = da.store([x], [first], return_stored=True, lock=False, load_stored=False)
    assert same_bits(stored[0].sum().compute(), da.from_array(first, -1).sum().compute())
    regions = [(slice(13), slice(9)), (slice(13, 26), slice(9))]
    both = np.zeros((26, 9))
    x.store(both, regions=regions[0])
    later = da.store([x, x + 1], [both, both], regions=regions, compute=False)
    assert len(later) == 2
    da.compute(*later)
    assert same_bits(both, np.concatenate([VALUES, VALUES + 1]))


class Kept:
    """What has slices, and nothing else."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.values, self.dtype, self.shape = np.zeros(shape), np.dtype(float), shape
        self.writes: list[Any] = []

    def __setitem__(self, key: Any, value: Any) -> None:
        self.writes.append(key)
        self.values[key] = value

    def __getitem__(self, key: Any) -> Any:
        return self.values[key]


def test_what_has_slices_is_written_and_read() -> None:
    target = Kept((13, 9))
    da.from_array(VALUES, 5).store(target)
    assert same_bits(target.values, VALUES) and len(target.writes) == 6
    back = da.from_array(target, chunks=(4, 9))
    assert back.chunks == ((4, 4, 4, 1), (9,))
    assert same_bits(back[3].compute(), VALUES[3])
    number = Kept(())
    da.full((), 3.0).store(number)
    assert number.values == 3.0


def test_what_does_not_fit_is_refused() -> None:
    x = da.ones((4, 4), chunks=2)
    with pytest.raises(ValueError, match="Different number of sources"):
        da.store([x, x], [np.zeros((4, 4))])
    with pytest.raises(ValueError, match="regions"):
        da.store([x, x], [np.zeros((4, 4))] * 2, regions=[(slice(4),)])
    with pytest.raises(ValueError, match="doesn't fit"):
        da.store(x, np.zeros((4, 5)))
    with pytest.raises(NotImplementedError, match="negative steps"):
        da.store(x, np.zeros((4, 4)), regions=(slice(None, None, -1),))
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        da.to_npy_stack("nowhere", x[x > 0])
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        da.store(x[x > 0], np.zeros(16))
    with pytest.raises(TypeError, match="unexpected keyword"):
        x.store(np.zeros((4, 4)), how="well")
    for refused in (da.to_tiledb, da.Array.to_tiledb):
        with pytest.raises(NotImplementedError, match="store"):
            refused(x, "place")
    with pytest.raises(NotImplementedError, match="from_array"):
        da.from_tiledb("place")


# What is made by calls.


def test_from_delayed() -> None:
    calls = []

    def make() -> np.ndarray:
        calls.append(1)
        return VALUES

    x = da.from_delayed(make, VALUES.shape, dtype=float)
    assert not calls and x.chunks == ((13,), (9,))
    assert same_bits((x * 2).compute(), VALUES * 2)
    assert same_bits(da.from_delayed(dask.delayed(VALUES), VALUES.shape, meta=np.empty(0)).compute(), VALUES)
    with pytest.raises(ValueError, match="dtype"):
        da.from_delayed(make, VALUES.shape)
    with pytest.raises(TypeError, match="compute"):
        da.from_delayed(3, (), dtype=int)
