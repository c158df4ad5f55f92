"""Python functions over blocks, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phalanx.array as da

pytest.importorskip("phalanx._host")

M = np.arange(56, dtype=np.float64).reshape(7, 8)


@pytest.fixture(params=[(7, 8), (3, 4), (2, 3)], ids=str)
def x(request: Any) -> Any:
    return da.from_array(M, chunks=request.param)


def test_map_blocks(x: Any) -> None:
    np.testing.assert_array_equal(x.map_blocks(np.sqrt).compute(), np.sqrt(M))
    np.testing.assert_array_equal(da.map_blocks(np.add, x, x[0]).compute(), M + M[0])
    np.testing.assert_array_equal(da.map_blocks(lambda a, k: a * k, x, k=3, dtype=float).compute(), M * 3)
    sums = x.map_blocks(lambda a: a.sum(1), drop_axis=1, dtype=float).compute() if x.numblocks[1] == 1 else None
    assert sums is None or (sums == M.sum(1)).all()
    wide = x.map_blocks(lambda a: a[:, None], new_axis=1)
    assert wide.shape == (7, 1, 8)
    np.testing.assert_array_equal(wide.compute(), M[:, None])
    double = x.map_blocks(lambda a: np.repeat(a, 2, 0), chunks=(tuple(2 * n for n in x.chunks[0]), x.chunks[1]))
    np.testing.assert_array_equal(double.compute(), np.repeat(M, 2, 0))
    number = x.map_blocks(lambda a, block_id: np.full_like(a, sum(block_id)), dtype=float).compute()
    assert number[0, 0] == 0 and number[-1, -1] == sum(x.numblocks) - 2


def test_a_block_of_another_shape_is_refused_by_name(x: Any) -> None:
    def shrunk(block: Any) -> Any:
        return block[1:]

    with pytest.raises(ValueError, match="shrunk"):
        x.map_blocks(shrunk, dtype=float).compute()


def test_what_a_function_raises_comes_back(x: Any) -> None:
    def failing(block: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    with pytest.raises(Exception, match="on purpose"):
        x.map_blocks(failing, dtype=float).compute()


@pytest.mark.parametrize("boundary", ["reflect", "periodic", "nearest", 9.0, "none"])
def test_map_overlap(x: Any, boundary: Any) -> None:
    def smoothed(block: Any) -> Any:
        return sum(np.roll(block, (a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1))

    modes = {"reflect": "symmetric", "periodic": "wrap", "nearest": "edge"}
    if boundary == "none":
        got = da.map_overlap(smoothed, x, depth=1, boundary="none").compute()[1:-1, 1:-1]
        np.testing.assert_allclose(got, smoothed(M)[1:-1, 1:-1])
        return
    padded = np.pad(M, 1, modes[boundary]) if boundary in modes else np.pad(M, 1, constant_values=boundary)
    got = x.map_overlap(smoothed, depth=1, boundary=boundary).compute()
    np.testing.assert_allclose(got, smoothed(padded)[1:-1, 1:-1])


def test_blockwise_and_reduction(x: Any) -> None:
    outer = da.blockwise(np.multiply.outer, "ij", x[:, 0], "i", x[0], "j", dtype=float)
    np.testing.assert_array_equal(outer.compute(), np.multiply.outer(M[:, 0], M[0]))
    product = da.blockwise(np.dot, "ik", x, "ij", x.T, "jk", dtype=float, concatenate=True)
    np.testing.assert_allclose(product.compute(), M @ M.T)
    spread = da.reduction(x, np.max, np.max, axis=1, dtype=float)
    np.testing.assert_array_equal(spread.compute(), M.max(1))
    assert da.reduction(x, np.sum, np.sum, dtype=float).compute() == M.sum()


def test_apply(x: Any) -> None:
    np.testing.assert_array_equal(da.apply_along_axis(np.ptp, 0, x).compute(), np.ptp(M, 0))
    np.testing.assert_array_equal(da.apply_along_axis(lambda v: v[:2], 1, x).compute(), M[:, :2])
    np.testing.assert_array_equal(da.apply_over_axes(lambda a, axis: a.sum(axis), x, [0, 1]).compute(), [[M.sum()]])
    got = da.apply_gufunc(lambda a: a.mean(-1), "(i)->()", x, allow_rechunk=True)
    np.testing.assert_array_equal(got.compute(), M.mean(-1))
    got = da.apply_gufunc(lambda a, b: a @ b, "(i,j),(j,k)->(i,k)", x, x.T, allow_rechunk=True, output_dtypes=float)
    np.testing.assert_allclose(got.compute(), M @ M.T)
    with pytest.raises(ValueError, match="multiple chunks"):
        da.apply_gufunc(lambda a: a.mean(-1), "(i)->()", x.rechunk(2))
    got = da.piecewise(x, [x < 10, x > 40], [-1, lambda v: v * 2, 0])
    np.testing.assert_array_equal(got.compute(), np.piecewise(M, [M < 10, M > 40], [-1, lambda v: v * 2, 0]))
