"""Indexing, manipulation, creation, scans, sorting, counting: a line a case, against NumPy, on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da

RNG = np.random.default_rng(5)
M = np.arange(56, dtype=np.float64).reshape(7, 8) / 7
I = RNG.integers(-9, 9, (6, 5))
CUBE = RNG.integers(0, 50, (3, 4, 5)).astype(np.float64)
V = np.array([3.0, -0.0, np.nan, np.inf, 0.0, -np.inf, 3.0, 1e300, -2.5])
BIG = np.array([2**53 + 1, -(2**53) - 3, 2**62, 7, 7])
EMPTY = np.zeros((0, 3))
ONE = np.array([[4.0]])
B = np.array([True, False, True, True, False, False])

# name: (case, inputs)
CASES: dict[str, tuple[Any, ...]] = {
    # Basic indexing.
    "negative_step": (lambda xp, x: x[::-1, ::-2], M),
    "int_and_slice": (lambda xp, x: x[-2, 1:-1:3], M),
    "new_axes": (lambda xp, x: x[None, :, None, 2], M),
    "ellipsis": (lambda xp, x: x[..., 1, None], CUBE),
    "ellipsis_middle": (lambda xp, x: x[0, ..., -1], CUBE),
    "nothing": (lambda xp, x: x[5:2], M),
    "of_empty": (lambda xp, x: x[:, ::-1], EMPTY),
    # Arrays of integers and masks.
    "list": (lambda xp, x: x[[3, 1, 1]], M),
    "list_last": (lambda xp, x: x[:, [0, -1, 2]], M),
    "list_and_slice": (lambda xp, x: x[::2, [4, 4, 0], :], CUBE[:, :, ::-1].copy().reshape(3, 5, 4)),
    "list_2d": (lambda xp, x: x[np.array([[0, 1], [2, 0]])], M),
    "list_and_int": (lambda xp, x: x[1, :, [0, 2]], CUBE),
    "points": (lambda xp, x: x[[0, 2, 2], [1, 3, 0]], CUBE),
    "points_apart": (lambda xp, x: x[[0, 2], :, [1, 3]], CUBE),
    "points_broadcast": (lambda xp, x: x[:, np.array([[0], [3]]), [1, 4]], CUBE),
    "many": (lambda xp, x: x[np.arange(300) * 7 % 56], M.ravel()),
    "empty_list": (lambda xp, x: x[[]], M),
    "mask": (lambda xp, x: x[np.array([True, False] * 3 + [True])], M),
    "mask_axis": (lambda xp, x: x[:, B], RNG.random((4, 6))),
    "mask_full": (lambda xp, x: x[x > 3], M),
    "mask_lazy_axis": (lambda xp, x, m: x[m], RNG.random((6, 3)), B),
    "mask_none": (lambda xp, x: x[x > 1e9], M),
    "mask_3d_part": (lambda xp, x: x[x[:, :, 0] > 20], CUBE),
    "mask_sum": (lambda xp, x: (x[x > 3] * 2).sum(), M),
    "mask_mean_axis": (lambda xp, x, m: x[m].mean(axis=0), RNG.random((6, 3)), B),
    "lazy_index": (lambda xp, x, i: x[i], M, np.array([4, 0, -1])),
    "lazy_index_axis": (lambda xp, x, i: x[:, i], M, np.array([[4, 0], [-1, 1]])),
    "take": (lambda xp, x: xp.take(x, [1, -1], axis=1), M),
    "take_flat": (lambda xp, x: xp.take(x, [10, 3]), M),
    "take_along_axis": (lambda xp, x: xp.take_along_axis(x, xp.argsort(x, axis=1), axis=1), I),
    "compress": (lambda xp, x: xp.compress(np.array([False, True, True]), x, axis=1), M),
    "extract": (lambda xp, x: xp.extract(x > 2, x), M),
    "choose": (lambda xp, i, a: xp.choose(i, [a, a * 2, a - 1]), np.array([0, 2, 1, 0]), np.arange(4.0)),
    "select": (lambda xp, x: xp.select([x > 5, x > 2], [x, -x], 7.0), M),
    "flatnonzero": (lambda xp, x: xp.flatnonzero(x), I),
    "argwhere": (lambda xp, x: xp.argwhere(x > 3), I),
    "nonzero": (lambda xp, x: xp.nonzero(x)[1], I),
    "unravel_index": (lambda xp, x: xp.unravel_index(x, (7, 8))[0], np.array([0, 55, 13])),
    "ravel_multi_index": (lambda xp, a, b: xp.ravel_multi_index((a, b), (7, 8)), np.array([0, 6]), np.array([7, 2])),
    # Manipulation.
    "flip": (lambda xp, x: xp.flip(x), CUBE),
    "flip_axis": (lambda xp, x: xp.flip(x, (0, 2)), CUBE),
    "flipud": (lambda xp, x: xp.flipud(x), M),
    "fliplr": (lambda xp, x: xp.fliplr(x), M),
    "rot90": (lambda xp, x: xp.rot90(x), M),
    "rot90_3": (lambda xp, x: xp.rot90(x, 3, (1, 2)), CUBE),
    "rot90_2": (lambda xp, x: xp.rot90(x, -2), M),
    "roll": (lambda xp, x: xp.roll(x, 3), M),
    "roll_axis": (lambda xp, x: xp.roll(x, (1, -2), (0, 1)), M),
    "roll_empty": (lambda xp, x: xp.roll(x, 2, 0), EMPTY),
    "moveaxis": (lambda xp, x: xp.moveaxis(x, [0, 1], [-1, 0]), CUBE),
    "rollaxis": (lambda xp, x: xp.rollaxis(x, 2), CUBE),
    "rollaxis_start": (lambda xp, x: xp.rollaxis(x, 0, 3), CUBE),
    "swapaxes": (lambda xp, x: xp.swapaxes(x, 0, -1), CUBE),
    "squeeze": (lambda xp, x: xp.squeeze(x[None, :, :1]), M),
    "squeeze_axis": (lambda xp, x: xp.squeeze(x[None, :, :1], axis=0), M),
    "expand_dims": (lambda xp, x: xp.expand_dims(x, (0, -1)), M),
    "ravel": (lambda xp, x: xp.ravel(x), CUBE),
    "reshape": (lambda xp, x: xp.reshape(x, (4, -1)), M),
    "concatenate": (lambda xp, x: xp.concatenate([x, x[:2] + 1]), M),
    "concatenate_int": (lambda xp, x, i: xp.concatenate([x, i[:, :3]], axis=0), EMPTY, I),
    "concatenate_flat": (lambda xp, x: xp.concatenate([x, x.T], axis=None), M),
    "stack": (lambda xp, x: xp.stack([x, x * 2], axis=-1), M),
    "vstack": (lambda xp, x: xp.vstack([x, x]), np.arange(5)),
    "hstack": (lambda xp, x: xp.hstack([x, x[:2]]), np.arange(5)),
    "hstack_2d": (lambda xp, x: xp.hstack([x, x]), M),
    "dstack": (lambda xp, x: xp.dstack([x, x]), M),
    "column_stack": (lambda xp, x: xp.column_stack([x, x * 2]), np.arange(5)),
    "block": (lambda xp, x: xp.block([[x, x[:, :1]], [x[:1], x[:1, :1]]]), M),
    "block_1d": (lambda xp, x: xp.block([x, x]), np.arange(4)),
    "append": (lambda xp, x: xp.append(x, x[:1], axis=0), M),
    "atleast_2d": (lambda xp, x: xp.atleast_2d(x), np.arange(4)),
    "atleast_3d": (lambda xp, x: xp.atleast_3d(x), M),
    "tile": (lambda xp, x: xp.tile(x, (2, 1, 3)), M),
    "tile_0": (lambda xp, x: xp.tile(x, 0), np.arange(4)),
    "repeat": (lambda xp, x: xp.repeat(x, 3, axis=1), M),
    "repeat_flat": (lambda xp, x: xp.repeat(x, 2), M),
    "repeat_each": (lambda xp, x: xp.repeat(x, [1, 0, 2, 0, 0, 1], axis=0), I),
    "broadcast_to": (lambda xp, x: xp.broadcast_to(x, (3, 7, 8)), M),
    "broadcast_arrays": (lambda xp, x: xp.broadcast_arrays(x, np.ones((2, 1, 1)))[0], M),
    "diff": (lambda xp, x: xp.diff(x, axis=0), I),
    "diff_2": (lambda xp, x: xp.diff(x, 2, prepend=0, append=I[:, :2]), I),
    "diff_bool": (lambda xp, x: xp.diff(x), B),
    "ediff1d": (lambda xp, x: xp.ediff1d(x, to_begin=[-1], to_end=[9, 9]), I),
    "gradient": (lambda xp, x: xp.gradient(x, 0.5, axis=1), M * M),
    "gradient_int": (lambda xp, x: xp.gradient(x)[0], I),
    "tril": (lambda xp, x: xp.tril(x, -1), M),
    "triu": (lambda xp, x: xp.triu(x, 2), CUBE),
    "diag_vector": (lambda xp, x: xp.diag(x, -2), V),
    "diag_matrix": (lambda xp, x: xp.diag(x, 1), M),
    "diagonal": (lambda xp, x: xp.diagonal(x, -1, 2, 0), CUBE),
    "trace": (lambda xp, x: xp.trace(x, 1), I),
    "insert": (lambda xp, x: xp.insert(x, 2, 99.0, axis=1), M),
    "insert_several": (lambda xp, x: xp.insert(x, [3, 1, 1], [7, 8, 9]), np.arange(5)),
    "insert_row": (lambda xp, x: xp.insert(x, 1, np.arange(8.0), axis=0), M),
    "delete": (lambda xp, x: xp.delete(x, [0, -2], axis=1), M),
    "delete_slice": (lambda xp, x: xp.delete(x, slice(1, 6, 2), axis=0), M),
    "delete_flat": (lambda xp, x: xp.delete(x, 3), M),
    "array_split": (lambda xp, x: xp.array_split(x, 3, axis=1)[1], M),
    "split_at": (lambda xp, x: xp.split(x, [2, 5, 99])[1], M),
    "hsplit": (lambda xp, x: xp.hsplit(x, 4)[3], M),
    "vsplit": (lambda xp, x: xp.vsplit(x, 7)[2], M),
    "dsplit": (lambda xp, x: xp.dsplit(x, 5)[2], CUBE),
    "meshgrid": (lambda xp, x, y: xp.meshgrid(x, y)[0], np.arange(3), np.arange(4.0)),
    "meshgrid_ij": (lambda xp, x, y: xp.meshgrid(x, y, indexing="ij")[1], np.arange(3), np.arange(4.0)),
    "pad": (lambda xp, x: xp.pad(x, 2), M),
    "pad_constant": (lambda xp, x: xp.pad(x, ((1, 2), (0, 3)), constant_values=((5, 6), (7, 8))), I),
    "pad_edge": (lambda xp, x: xp.pad(x, ((2, 1), (1, 0)), mode="edge"), M),
    "pad_reflect": (lambda xp, x: xp.pad(x, (3, 9), mode="reflect"), np.arange(4)),
    "pad_symmetric": (lambda xp, x: xp.pad(x, ((5, 9), (1, 1)), mode="symmetric"), I),
    "pad_wrap": (lambda xp, x: xp.pad(x, ((4, 7), (1, 1)), mode="wrap"), I),
    "pad_ramp": (lambda xp, x: xp.pad(x, ((3, 2), (1, 4)), mode="linear_ramp", end_values=(-4, 9)), M),
    "pad_ramp_int": (lambda xp, x: xp.pad(x, (3, 2), mode="linear_ramp", end_values=(-4, 9)), np.arange(5)),
    "pad_max": (lambda xp, x: xp.pad(x, 2, mode="maximum", stat_length=2), M),
    "pad_min": (lambda xp, x: xp.pad(x, 1, mode="minimum"), M),
    "pad_mean": (lambda xp, x: xp.pad(x, 1, mode="mean"), I),
    "pad_median": (lambda xp, x: xp.pad(x, 2, mode="median"), M),
    # Scans.
    "cumsum": (lambda xp, x: xp.cumsum(x, axis=0), I),
    "cumsum_flat": (lambda xp, x: xp.cumsum(x), I),
    "cumsum_bool": (lambda xp, x: xp.cumsum(x), B),
    "cumsum_float": (lambda xp, x: xp.cumsum(x, axis=1), M),
    "cumprod": (lambda xp, x: xp.cumprod(x, axis=1), CUBE[0] / 20),
    "cumsum_nan": (lambda xp, x: xp.cumsum(x), V),
    "nancumsum": (lambda xp, x: xp.nancumsum(x), V[:4]),
    "nancumprod": (lambda xp, x: xp.nancumprod(x), V[:3]),
    "cumsum_dtype": (lambda xp, x: xp.cumsum(x, axis=1, dtype=np.float64), I),
    "cumulative_sum": (lambda xp, x: xp.cumulative_sum(x, axis=1, include_initial=True), I),
    "cumsum_empty": (lambda xp, x: xp.cumsum(x, axis=0), EMPTY),
    # Sorting.
    "sort": (lambda xp, x: xp.sort(x, axis=0), I),
    "sort_nan": (lambda xp, x: xp.sort(x), V),
    "sort_flat": (lambda xp, x: xp.sort(x, axis=None), CUBE),
    "sort_big": (lambda xp, x: xp.sort(x), BIG),
    "argsort": (lambda xp, x: xp.argsort(x, axis=1, kind="stable"), I),
    "argsort_nan": (lambda xp, x: xp.argsort(x, kind="stable"), V),
    "median": (lambda xp, x: xp.median(x), I),
    "median_axis": (lambda xp, x: xp.median(x, axis=(0, 2), keepdims=True), CUBE),
    "median_nan": (lambda xp, x: xp.median(x), V),
    "nanmedian": (lambda xp, x: xp.nanmedian(x, axis=0), np.where(M > 5, np.nan, M)),
    "quantile": (lambda xp, x: xp.quantile(x, [0.1, 0.5, 0.99], axis=1), M),
    "quantile_all": (lambda xp, x: xp.quantile(x, 0.3), CUBE),
    "quantile_int_lower": (lambda xp, x: xp.quantile(x, 0.4, axis=0, method="lower"), I),
    "percentile": (lambda xp, x: xp.percentile(x, [25, 75], axis=0, keepdims=True), M),
    "nanpercentile": (lambda xp, x: xp.nanpercentile(x, 40, axis=1), np.where(M > 5, np.nan, M)),
    "searchsorted": (lambda xp, a, v: xp.searchsorted(a, v, side="right"), np.array([1, 2, 2, 5]), I),
    "digitize": (lambda xp, x: xp.digitize(x, [0, 2.5, 6]), M),
    "digitize_down": (lambda xp, x: xp.digitize(x, [6, 2, 0], right=True), M),
    "isin": (lambda xp, x: xp.isin(x, [3, -2, 100]), I),
    "isin_not": (lambda xp, x: xp.isin(x, [3.0, np.nan], invert=True), V),
    "unique": (lambda xp, x: xp.unique(x), I),
    "unique_nan": (lambda xp, x: xp.unique(x), V),
    "unique_empty": (lambda xp, x: xp.unique(x), EMPTY),
    "unique_index": (lambda xp, x: xp.unique(x, return_index=True)[1], I),
    "unique_inverse": (lambda xp, x: xp.unique(x, return_inverse=True)[1], I),
    "unique_counts": (lambda xp, x: xp.unique(x, return_counts=True)[1], I),
    "union1d": (lambda xp, x, y: xp.union1d(x, y), I, BIG),
    "histogram": (lambda xp, x: xp.histogram(x, 7)[0], M),
    "histogram_edges": (lambda xp, x: xp.histogram(x, 7)[1], M),
    "histogram_range": (lambda xp, x: xp.histogram(x, 5, (-3, 4))[0], I),
    "histogram_bins": (lambda xp, x: xp.histogram(x, [-9, -1, 0, 7])[0], I),
    "histogram_density": (lambda xp, x: xp.histogram(x, 4, density=True)[0], M),
    "histogram_weights": (lambda xp, x, w: xp.histogram(x, 4, weights=w)[0], M, M * 2),
    "histogram2d": (lambda xp, x, y: xp.histogram2d(x, y, (3, 4))[0], M.ravel(), (M * M % 3).ravel()),
    "histogramdd": (lambda xp, x: xp.histogramdd(x, (3, 2), ((0, 4), (0, 9)))[0], M[:, :2]),
    "bincount": (lambda xp, x: xp.bincount(x), np.array([3, 0, 3, 5])),
    "bincount_weights": (lambda xp, x, w: xp.bincount(x, w, 8), np.array([3, 0, 3, 5]), np.arange(4.0)),
    # Creation.
    "arange": (lambda xp: xp.arange(10, -3, -4),),
    "arange_float": (lambda xp: xp.arange(0.5, 3.2, 0.3),),
    "arange_dtype": (lambda xp: xp.arange(7, dtype="float32"),),
    "linspace": (lambda xp: xp.linspace(-1, 2, 8),),
    "linspace_open": (lambda xp: xp.linspace(0, 1, 5, endpoint=False),),
    "linspace_int": (lambda xp: xp.linspace(0, 9, 4, dtype=int),),
    "full": (lambda xp: xp.full((2, 3), 2**62 + 1),),
    "zeros_like": (lambda xp, x: xp.zeros_like(x), I),
    "ones_like": (lambda xp, x: xp.ones_like(x, dtype=bool), M),
    "full_like": (lambda xp, x: xp.full_like(x, 7.0), M),
    "eye": (lambda xp: xp.eye(3, 5, 1, dtype=int),),
    "tri": (lambda xp: xp.tri(3, 5, -1),),
    "indices": (lambda xp: xp.indices((2, 3)),),
    "fromfunction": (lambda xp: xp.fromfunction(lambda i, j: i * 10 + j, shape=(3, 4), dtype=float),),
}

#: Also on two workers.
ON_CLUSTER = {"list", "mask_full", "mask_sum", "cumsum", "sort", "unique_counts", "histogram", "pad_reflect", "roll_axis"}


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    case, *inputs = CASES[name]
    check_array(case, *inputs, chunks=(-1, 2, 3), rtol=1e-13, atol=1e-13, cluster=name in ON_CLUSTER)


METHODS = [
    *("linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf"),
    *("closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased"),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_quantile_methods(method: str, dtype: str) -> None:
    x = RNG.integers(-50, 50, (9, 4)).astype(dtype)
    q = [0.0, 0.1, 0.25, 0.5, 0.61, 1.0]
    check_array(lambda xp, x: xp.quantile(x, q, axis=0, method=method), x, rtol=1e-5, dtype=dtype != "float32")


def assigned(x: Any, index: Any, value: Any) -> Any:
    x = x.copy() if isinstance(x, np.ndarray) else x.with_item(slice(0), 0)
    x[index] = value
    return x


ASSIGNMENTS: dict[str, tuple[Any, Any]] = {
    "one": ((2, 3), -1.0),
    "row": (1, np.arange(8.0)),
    "slice": ((slice(1, 6, 2), slice(None, None, -3)), 5),
    "broadcast": ((slice(None), slice(2, 4)), np.array([[1.0], [2], [3], [4], [5], [6], [7]])),
    "new_axis": ((None, 1), np.ones((1, 8))),
    "list": ((slice(None), [1, 4, 1]), np.array([7.0, 8, 9])),
    "mask_rows": ((np.array([True, False] * 3 + [True]),), 0.0),
    "ellipsis": (..., 3.0),
    "empty": (slice(3, 3), 9.0),
}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_assignment(name: str) -> None:
    index, value = ASSIGNMENTS[name]
    check_array(lambda xp, x: assigned(x, index, value), M)


def test_assignment_under_a_mask() -> None:
    x = da.from_array(M, chunks=3)
    y = x
    y = y.with_item(x > 4, -1)
    np.testing.assert_array_equal(y.compute(), np.where(M > 4, -1, M))
    np.testing.assert_array_equal(x.compute(), M)


def test_topk() -> None:
    for chunks in (-1, 2, 4):
        x = da.from_array(I, chunks=chunks)
        for k in (2, 4, 99):
            np.testing.assert_array_equal(da.topk(x, k, axis=0).compute(), -np.sort(-I, axis=0)[:k])
            np.testing.assert_array_equal(x.topk(-k, axis=1).compute(), np.sort(I, axis=1)[:, :k])
            places = x.argtopk(k, axis=1).compute()
            np.testing.assert_array_equal(np.take_along_axis(I, places, 1), -np.sort(-I, axis=1)[:, :k])


def test_sizes_that_depend_on_the_data() -> None:
    x = da.from_array(np.arange(10.0), chunks=3)
    y = x[x > 4]
    assert np.isnan(y.shape[0]) and y.ndim == 1 and y.dtype == float
    assert np.isnan(y.chunks[0][0])
    assert (y + 1).sum().compute() == 40.0
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        y.reshape(5, 1)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        y[:2]
    assert y.compute_chunk_sizes().shape == (5,)
    np.testing.assert_array_equal(y[::-1].compute(), [9, 8, 7, 6, 5])


def test_errors_are_numpys() -> None:
    x = da.from_array(M, chunks=3)
    for exception, text, call in [
        (IndexError, "out of bounds|out of range", lambda: x[7]),
        (IndexError, "out of bounds", lambda: x[[9]]),
        (IndexError, "too many indices", lambda: x[0, 0, 0]),
        (IndexError, "integer", lambda: x[[0.5]]),
        (IndexError, "boolean", lambda: x[np.array([True])]),
        (ValueError, "broadcast", lambda: x.with_item(0, np.ones(3))),
        (ValueError, "not equal to one", lambda: da.squeeze(x, 0)),
        (np.exceptions.AxisError, "out of bounds", lambda: da.flip(x, 3)),
        (ValueError, "equal division", lambda: da.split(x, 3)),
        (ValueError, "differ|agree|match", lambda: da.concatenate([x, x.T])),
        (ValueError, "same shape", lambda: da.stack([x, x.T])),
        (ValueError, "range", lambda: da.quantile(x, 1.5)),
        (ValueError, "positive", lambda: da.histogram(x, 0)),
        (ValueError, "negative", lambda: da.zeros((-1,))),
        (TypeError, "dtype", lambda: da.bincount(x[0])),
        (ValueError, "unsupported keyword", lambda: da.pad(x, 1, mode="edge", constant_values=1)),
    ]:
        with pytest.raises(exception, match=text):
            call()


def test_rechunk_and_blocks() -> None:
    x = da.from_array(M, chunks=(3, 4))
    assert x.rechunk({1: -1}).chunks == ((3, 3, 1), (8,))
    assert x.rechunk((2, (1, 7))).chunks == ((2, 2, 2, 1), (1, 7))
    assert x.rechunk("100B").chunks and x.rechunk(-1).npartitions == 1
    np.testing.assert_array_equal(x.blocks[1, 0].compute(), M[3:6, :4])
    np.testing.assert_array_equal(x.blocks[[2, 0]].compute(), M[[6, 0, 1, 2]])
    a, b = da.unify_chunks(x, da.from_array(M, chunks=(7, 3)))
    assert a.chunks == b.chunks == ((3, 3, 1), (3, 1, 2, 2))
    np.testing.assert_allclose(da.coarsen(np.mean, x[:6], {0: 2, 1: 4}).compute(), M[:6].reshape(3, 2, 2, 4).mean((1, 3)))
    np.testing.assert_array_equal(x.shuffle([[3, 1], [6], [0]], 0).compute(), M[[3, 1, 6, 0]])
