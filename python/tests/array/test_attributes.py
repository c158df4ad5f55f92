"""What an array has beside its arithmetic: sizes, views, chunks, other forms; against NumPy and Dask."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ElementTree
from typing import Any

import dask.array
import numpy as np
import pandas as pd
import pytest
from oracle import check_array, engine, same_bits

import phalanx.array as da

RNG = np.random.default_rng(11)
VALUES = RNG.standard_normal((13, 9))
CUBE = RNG.integers(-50, 50, (4, 5, 6))


@pytest.mark.parametrize("dtype", ["bool", "int8", "float32", "complex128"])
@pytest.mark.parametrize("shape, chunks", [((13, 9), (4, 9)), ((7,), 2), ((), ()), ((0, 3), 2), ((3, 4, 5), 3)])
def test_sizes_are_dasks(shape: tuple[int, ...], chunks: Any, dtype: str) -> None:
    values = np.ones(shape, dtype)
    ours, theirs = da.from_array(values, chunks), dask.array.from_array(values, chunks=chunks)
    for name in ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "chunks", "chunksize", "numblocks", "npartitions"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert (ours.blocks.shape, ours.blocks.size) == (theirs.blocks.shape, theirs.blocks.size)
    if shape:
        assert len(ours) == len(theirs)
    else:
        with pytest.raises(TypeError, match="unsized"):
            len(ours)


#: Methods that NumPy has: a line each.
METHODS: dict[str, tuple[Any, ...]] = {
    "flatten": (lambda x: x.flatten(), CUBE),
    "ravel": (lambda x: x.ravel(), CUBE),
    "view integers": (lambda x: x.view("int64"), VALUES),
    "view none": (lambda x: x.view(), VALUES),
    "view smaller": (lambda x: x.view(np.float32), VALUES),
    "trace": (lambda x: x.trace(1, 1, 2), CUBE),
    "trace typed": (lambda x: x.trace(dtype="float32"), CUBE),
    "copy": (lambda x: x.copy(), VALUES),
    "conj": (lambda x: x.conj(), VALUES + 1j * VALUES),
    "swapaxes": (lambda x: x.swapaxes(0, 2), CUBE),
    "nonzero": (lambda x: x.nonzero()[2], CUBE // 30),
    "searchsorted": (lambda x: x.searchsorted(3.0), np.arange(9.0)),
    "round": (lambda x: x.round(1), VALUES),
    "divmod": (lambda x: divmod(x, 7)[1], CUBE),
    "rdivmod": (lambda x: divmod(700, x)[0], abs(CUBE) + 1),
    "ptp": (lambda x: x.max(axis=0) - x.min(axis=0), VALUES),
    "item": (lambda x: np.asarray(x.item(3, 2)), VALUES),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_numpys(name: str) -> None:
    case, values = METHODS[name]
    if name == "item":
        assert da.from_array(values, 4).item(3, 2) == values.item(3, 2) == da.from_array(values, 4).item((3, 2))
        assert da.from_array(values, 4).item(40) == values.item(40) and da.full((1, 1), 5).item() == 5
        return
    check_array(lambda xp, x: case(x), values, rtol=1e-6 if name == "trace typed" else 1e-15)


def test_views_of_a_larger_type() -> None:
    pairs = RNG.standard_normal((5, 8))
    check_array(lambda xp, x: x.view(complex), pairs, chunks=(-1, (2, 4)))
    with pytest.raises(ValueError, match="divisor"):
        da.from_array(pairs, 3).view(complex)
    with pytest.raises(ValueError, match="0d array"):
        da.full((), 1.0).view("int32")
    with pytest.raises(NotImplementedError, match="order"):
        da.ones((2, 2)).view("int64", order="F")


#: Pointwise indices, which Dask has; the points are the first axes.
POINTS: dict[str, Any] = {
    "all": lambda x: x.vindex[[0, 3, -1], [1, 1, 4], [5, 0, 2]],
    "slice between": lambda x: x.vindex[[0, 3], :, [1, 5]],
    "slice before": lambda x: x.vindex[:, [4, 0, 0], [1, 5, 2]],
    "broadcast": lambda x: x.vindex[[[0], [2]], [1, 3]],
    "number": lambda x: x.vindex[2, [1, 3]],
    "ellipsis": lambda x: x.vindex[..., [1, 3]],
    "whole": lambda x: x.vindex[:, :],
}


@pytest.mark.parametrize("name", POINTS)
def test_vindex_is_dasks(name: str) -> None:
    case = POINTS[name]
    check_array(
        lambda xp, x: case(x), CUBE, oracle=lambda xp, x: case(dask.array.from_array(x, chunks=3)).compute(), chunks=(-1, 2)
    )


def test_vindex_refuses_what_it_does_not_mean() -> None:
    x = da.from_array(CUBE, 2)
    with pytest.raises(IndexError, match="None"):
        x.vindex[None, [1]]
    with pytest.raises(IndexError, match="too many indices"):
        x.vindex[[1], [1], [1], [1]]
    with pytest.raises(IndexError, match="out of bounds"):
        x.vindex[[7], [0]]


def test_chunks_by_number() -> None:
    ours, theirs = da.from_array(VALUES, (4, 3)), dask.array.from_array(VALUES, chunks=(4, 3))
    for index in [0, (slice(None), 1), (-1, slice(None, 2)), ([0, 2], ...), (slice(1, 3), [2, 0])]:
        for which in ("blocks", "partitions"):
            part, peer = getattr(ours, which)[index], getattr(theirs, which)[index]
            assert part.chunks == peer.chunks and same_bits(part.compute(), peer.compute())
    with pytest.raises(ValueError, match="newaxis"):
        ours.blocks[None]
    delayed = ours.to_delayed()
    assert delayed.shape == ours.numblocks
    for at in np.ndindex(*delayed.shape):
        assert same_bits(delayed[at].compute(), theirs.to_delayed()[at].compute())


def test_other_forms() -> None:
    x = da.from_array(VALUES, 4)
    assert x.tolist() == VALUES.tolist() and da.ones(()).tolist() == 1.0
    assert x.to_backend() is x and x.to_backend("numpy") is x and x.A is x
    with pytest.raises(NotImplementedError, match="cupy"):
        x.to_backend("cupy")
    with pytest.raises(TypeError, match="unexpected"):
        x.to_backend("numpy", lib=1)
    for other in (copy.copy(x), copy.deepcopy(x), x.copy()):
        other[0] = 0.0
        assert same_bits(x.compute(), VALUES)
    columns = list("abcdefghi")
    frame = x.to_dask_dataframe(columns=columns)
    pd.testing.assert_frame_equal(frame.compute(), pd.DataFrame(VALUES, columns=columns))
    pd.testing.assert_series_equal(x[0].to_dask_dataframe("row").compute(), pd.Series(VALUES[0], name="row"))
    with pytest.raises(ValueError, match="size 1"):
        x.item()
    with pytest.raises(TypeError, match="from_array"):
        da.Array()


def test_the_sketch_has_the_grid_of_chunks() -> None:
    for shape, chunks in [((100,), 10), ((50, 80), (10, 40)), ((4, 50, 80), (2, 10, 40))]:
        drawing = ElementTree.fromstring(da.ones(shape, chunks=chunks).to_svg(size=200))
        assert drawing.tag.endswith("svg") and max(float(drawing.get(side)) for side in ("width", "height")) <= 400
    small, large = (da.ones((50, 80), chunks=10).to_svg(size) for size in (100, 300))
    assert small != large
    with pytest.raises(NotImplementedError, match="nothing to draw"):
        da.ones(()).to_svg()


def test_map_blocks_of_an_array() -> None:
    x = da.from_array(VALUES, (4, 9))
    sums = x.map_blocks(lambda block: block.sum(axis=1), dtype=float, drop_axis=1)
    np.testing.assert_allclose(sums.compute(), VALUES.sum(axis=1))
    wide = x.map_blocks(lambda block: block[..., None], new_axis=2, dtype=float, name="wide", token="w", enforce_ndim=True)
    assert same_bits(wide.compute(client=engine("perturbed")), VALUES[..., None])
    twice = x.map_blocks(lambda block: np.repeat(block, 2, axis=1), chunks=((4, 4, 4, 1), (18,)), meta=np.empty((0, 0)))
    assert same_bits(twice.compute(), np.repeat(VALUES, 2, axis=1))


def test_groups_of_slices() -> None:
    groups = [[3, 1, 0], [2, 2], [12]]
    theirs = dask.array.from_array(VALUES, chunks=4).shuffle(groups, axis=0)
    ours = da.from_array(VALUES, 4).shuffle(groups, axis=0, chunks="auto")
    assert same_bits(ours.compute(), theirs.compute())
    with pytest.raises(NotImplementedError, match="rechunk"):
        da.ones((3, 3)).shuffle([[0]], 0, chunks=2)
