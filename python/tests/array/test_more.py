"""Names of Dask's that NumPy has not, or has otherwise: a line a case, on every engine."""

from __future__ import annotations

from typing import Any

import dask.array
import numpy as np
import pytest
import scipy.fft
import scipy.stats
from oracle import check_array, engine, same_bits

import phalanx.array as da

RNG = np.random.default_rng(12)
VALUES = RNG.standard_normal((7, 8))
CUBE = RNG.integers(0, 50, (4, 6, 5)).astype(float)
HOLES = np.where(RNG.random((7, 8)) < 0.4, np.nan, VALUES)

CASES: dict[str, tuple[Any, ...]] = {
    "allclose": (lambda xp, x: xp.allclose(x, x + 1e-12), VALUES),
    "allclose not": (lambda xp, x: xp.allclose(x, x + 1e-3, atol=1e-4), VALUES),
    "allclose nan": (lambda xp, x: xp.allclose(x, x, equal_nan=True), HOLES),
    "array_equal": (lambda xp, x: xp.array_equal(x, x), HOLES),
    "array_equal nan": (lambda xp, x: xp.array_equal(x, x, equal_nan=True), HOLES),
    "array_equal shapes": (lambda xp, x: xp.array_equal(x, x[:2]), VALUES),
    "array_equiv": (lambda xp, x: xp.array_equiv(x[:1] * 0, x * 0), VALUES),
    "array_equiv shapes": (lambda xp, x: xp.array_equiv(x, x[:, :3]), VALUES),
    "array ndmin": (lambda xp: xp.array([1, 2, 3], ndmin=3),),
    "asanyarray": (lambda xp: xp.asanyarray([[1, 2], [3, 4]], dtype="float32"),),
    "asarray": (lambda xp, x: xp.asarray(x, dtype="complex64"), VALUES),
    "atleast_1d": (lambda xp: xp.atleast_1d(5.0),),
    "atleast_1d matrix": (lambda xp, x: xp.atleast_1d(x), VALUES),
    "empty_like": (lambda xp, x: xp.empty_like(x, dtype="int16", shape=(2, 2)) * 0, VALUES),
    "histogram": (lambda xp, x: xp.histogram(x, bins=[-2, -1, 0.5, 3])[0], VALUES),
    "histogram2d": (lambda xp, x: xp.histogram2d(x[0], x[1], bins=3, range=[(-2, 2), (-2, 2)])[0], VALUES),
    "histogramdd": (lambda xp, x: xp.histogramdd(x[:, :2], bins=(2, 3), range=[(-2, 2), (-2, 2)])[0], VALUES),
    "nanquantile": (lambda xp, x: xp.nanquantile(x, [0.2, 0.7], axis=1), HOLES),
    "nanquantile lower": (lambda xp, x: xp.nanquantile(x, 0.4, axis=0, method="lower", keepdims=True), HOLES),
    "percentile": (lambda xp, x: xp.percentile(x, 30, axis=(0, 1)), VALUES),
    "tril_indices": (lambda xp: xp.tril_indices(5, 1, 7)[0],),
    "tril_indices columns": (lambda xp: xp.tril_indices(5, -1)[1],),
    "tril_indices_from": (lambda xp, x: xp.tril_indices_from(x, 2)[1], VALUES),
    "triu_indices": (lambda xp: xp.triu_indices(5, -1, 4)[1],),
    "triu_indices_from": (lambda xp, x: xp.triu_indices_from(x, -2)[0], VALUES),
    "result_type": (lambda xp, x: xp.zeros(2, dtype=xp.result_type(x, "float32")), CUBE.astype("int8")),
}


@pytest.mark.parametrize("name", CASES)
def test_numpys(name: str) -> None:
    case, *inputs = CASES[name]
    check_array(case, *inputs, rtol=1e-13, chunks=(-1, 3) if inputs else (-1,), cluster=name == "nanquantile")


#: (case, inputs): Dask is the judge.
DASKS: dict[str, tuple[Any, ...]] = {
    "isnull": (lambda xp, x: xp.isnull(x), HOLES),
    "notnull": (lambda xp, x: xp.notnull(x), HOLES),
    "moment": (lambda xp, x: xp.moment(x, 3, axis=0), VALUES),
    "reshape_blockwise": (lambda xp, x: xp.reshape_blockwise(x, (24, 5)), CUBE),
    "reshape_blockwise all": (lambda xp, x: xp.reshape_blockwise(x, (120,)), CUBE),
    "reshape_blockwise same": (lambda xp, x: xp.reshape_blockwise(x, (7, 8)), VALUES),
    "reshape_blockwise back": (
        lambda xp, x: xp.reshape_blockwise(xp.reshape_blockwise(x, (24, 5)), (4, 6, 5), chunks=x.chunks), CUBE,
    ),
    "gufunc": (
        lambda xp, x: xp.gufunc(lambda a: a.mean(axis=-1), signature="(i)->()", output_dtypes=float)(
            x.rechunk({1: -1})
        ),
        VALUES,
    ),
    "gufunc vectorized": (
        lambda xp, x: xp.gufunc(lambda a: a.max() - a[0], signature="(i)->()", vectorize=True, output_dtypes=float)(
            x, allow_rechunk=True
        ),
        VALUES,
    ),
    "as_gufunc": (
        lambda xp, x, y: xp.as_gufunc(signature="(i),(j)->(i,j)", output_dtypes=float, vectorize=True)(
            lambda a, b: np.outer(a, b)
        )(x.rechunk({1: -1}), y.rechunk({1: -1})),
        VALUES,
        CUBE[:, 0, :].copy().repeat(2, axis=0)[:7],
    ),
}


@pytest.mark.parametrize("name", DASKS)
@pytest.mark.parametrize("chunks", [-1, 2, 5])
def test_dasks(name: str, chunks: int) -> None:
    case, *inputs = DASKS[name]
    expected = case(dask.array, *(dask.array.from_array(x, chunks=chunks) for x in inputs))
    ours = case(da, *(da.from_array(x, chunks) for x in inputs))
    assert ours.shape == expected.shape and ours.dtype == expected.dtype
    values = ours.compute(client=engine("local"))
    np.testing.assert_allclose(values, expected.compute(scheduler="sync"), rtol=1e-12, atol=1e-13)
    assert same_bits(ours.compute(client=engine("perturbed")), values)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("n", [None, 1, 2])
def test_push(axis: int, n: int | None) -> None:
    def filled(line: np.ndarray) -> np.ndarray:
        out, since, last = line.copy(), 0, np.nan
        for at, value in enumerate(line):
            since, last = (0, value) if value == value else (since + 1, last)
            out[at] = last if n is None or since <= n else np.nan
        return out

    expected = np.apply_along_axis(filled, axis, HOLES)
    check_array(lambda xp, x: da.push(x, n, axis), HOLES, oracle=lambda xp, x: expected, chunks=(-1, 2))
    assert da.push(da.arange(3), n, 0).dtype == np.int64


def test_another_librarys_transforms() -> None:
    for kind in ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]:
        wrapped = da.fft.fft_wrap(getattr(scipy.fft, kind))
        assert wrapped.__name__ == kind
        for axis, n in [(-1, None), (0, 5)]:
            check_array(
                lambda xp, x: wrapped(x, n=n, axis=axis), VALUES, oracle=lambda xp, x: getattr(np.fft, kind)(x, n, axis),
                rtol=1e-12, atol=1e-12, chunks=(-1, 3),
            )  # fmt: skip
    for kind in ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"]:
        wrapped = da.fft.fft_wrap(getattr(np.fft, kind))
        for options in [{}, {"axes": (0, 2)}, {"s": (3, 4), "axes": (1, 2)}]:
            check_array(
                lambda xp, x: wrapped(x, **options), CUBE, oracle=lambda xp, x: getattr(np.fft, kind)(x, **options),
                rtol=1e-12, atol=1e-10, chunks=(-1, 3),
            )  # fmt: skip
    single = da.fft.fft_wrap(lambda block, axis: np.fft.fft(block, axis=axis), kind="fft", dtype="complex64")
    assert single(da.ones((3, 3))).dtype == np.complex64
    with pytest.raises(ValueError, match="unknown `kind`"):
        da.fft.fft_wrap(np.sin)


def test_ranges_of_matrices() -> None:
    low = RNG.standard_normal((60, 4)) @ RNG.standard_normal((4, 50))
    assert da.linalg.compression_level(100, 10) == dask.array.linalg.compression_level(100, 10) == 20
    assert da.linalg.compression_level(15, 10, n_oversamples=3, min_subspace_size=5) == 13
    for iterator, steps, compute in [("power", 0, False), ("QR", 2, True), ("power", 2, False)]:
        q = da.linalg.compression_matrix(
            da.from_array(low, 20), 4, iterator=iterator, n_power_iter=steps, n_oversamples=8, seed=1, compute=compute
        )
        assert q.shape == (20, 60)
        q = q.compute()
        np.testing.assert_allclose(q @ q.T, np.eye(20), atol=1e-12)
        np.testing.assert_allclose(q.T @ (q @ low), low, atol=1e-10)
    assert da.linalg.compression_matrix(da.ones((30, 30), dtype="f4"), 2, seed=da.random.RandomState(1)).dtype == "f4"
    with pytest.raises(ValueError, match="Iterator"):
        da.linalg.compression_matrix(da.ones((3, 3)), 1, iterator="other")


def test_names_that_other_versions_have() -> None:
    x = da.from_array(VALUES, 3)
    for name, q in [("quantile", 0.3), ("nanquantile", 0.3), ("percentile", 30), ("nanpercentile", 30)]:
        ours = getattr(da, name)(x, q, axis=1, interpolation="lower")
        np.testing.assert_array_equal(ours.compute(), getattr(np, name)(VALUES, q, axis=1, method="lower"))
        with pytest.raises(TypeError, match="interpolation"):
            getattr(da, name)(x, q, method="lower", interpolation="higher")
    for method in ("default", "dask", "tdigest"):
        assert da.percentile(x, 30, internal_method=method).compute() == pytest.approx(np.percentile(VALUES, 30))
    with pytest.raises(ValueError, match="internal_method"):
        da.percentile(x, 30, internal_method="other")
    for refused in (
        lambda: da.histogram(x, normed=True),
        lambda: da.histogram2d(x[0], x[1], normed=False),
        lambda: da.histogramdd(x, normed=True),
    ):
        with pytest.raises(ValueError, match="density"):
            refused()
    assert (da.e, da.pi, da.inf, da.euler_gamma, da.newaxis) == (np.e, np.pi, np.inf, np.euler_gamma, None)
    assert same_bits(da.from_array(VALUES, asarray=False).compute(), VALUES)
    with pytest.raises(NotImplementedError, match="asarray"):
        da.from_array([1, 2], asarray=False)


def test_what_is_made_of_what_is_there() -> None:
    x = da.from_array(VALUES, 3)
    assert da.asarray(x) is x and da.asanyarray(x) is x
    assert da.asarray([x, x]).shape == (2, 7, 8)
    kept = VALUES.copy()
    mine = da.asarray(kept, copy=True)
    kept[:] = 0
    assert same_bits(mine.compute(), VALUES)
    with pytest.raises(ValueError, match="copy"):
        da.asarray([1, 2], copy=False)
    with pytest.raises(ValueError, match="copy"):
        da.asarray(x, dtype="f4", copy=False)
    with pytest.raises(NotImplementedError, match="order"):
        da.asarray(VALUES, order="F")
    with pytest.raises(ValueError, match="cpu"):
        da.asarray(VALUES, device="gpu")


def test_different_elements_with_nan_apart() -> None:
    for values in (np.array([2.0, np.nan, 1.0, np.nan, 2.0]), np.array([[1 + 2j, np.nan], [np.nan, 1 + 2j]]), np.arange(4) // 2):
        for chunks in (-1, 2):
            x = da.from_array(values, chunks)
            ours = da.unique(x, True, True, True, equal_nan=False)
            theirs = np.unique(values, True, True, True, equal_nan=False)
            for part, expected in zip(ours, theirs):
                np.testing.assert_array_equal(part.compute(client=engine("perturbed")), expected)
    with pytest.raises(NotImplementedError, match="return_inverse"):
        da.unique(da.ones((2, 2)), axis=0)


def test_samples_without_replacement() -> None:
    colors, count = [20, 0, 15, 5], 30_000
    for maker in (da.random.default_rng, da.random.RandomState):
        drawn = maker(3).multivariate_hypergeometric(colors, 12, size=count, chunks=4000)
        values = drawn.compute()
        assert values.shape == (count, 4) and values.dtype == np.int64 and drawn.chunks[0] == (4000,) * 7 + (2000,)
        assert (values.sum(axis=1) == 12).all() and (values >= 0).all() and (values <= colors).all()
        law = scipy.stats.multivariate_hypergeom(colors, 12)
        np.testing.assert_allclose(values.mean(axis=0), law.mean(), atol=0.03)
        np.testing.assert_allclose(np.cov(values.T), law.cov(), atol=0.06)
        for at in (0, 2, 3):
            marginal = scipy.stats.hypergeom(40, colors[at], 12)
            seen = np.bincount(values[:, at], minlength=13)
            expected = marginal.pmf(np.arange(13)) * count
            used = expected > 5
            assert scipy.stats.chi2(used.sum() - 1).sf(((seen - expected)[used] ** 2 / expected[used]).sum()) > 1e-3
        assert same_bits(drawn[100:200:3].compute(client=engine("perturbed")), values[100:200:3])
    rng = da.random.default_rng(4)
    assert rng.multivariate_hypergeometric([3, 4], 7).compute().tolist() == [3, 4]
    assert rng.multivariate_hypergeometric([3], 2, size=(2, 2), method="count").compute().tolist() == [[[2], [2]]] * 2
    for wrong, text in [
        (lambda: rng.multivariate_hypergeometric([3, -1], 1), "negative"),
        (lambda: rng.multivariate_hypergeometric([3], 4), "nsample"),
        (lambda: rng.multivariate_hypergeometric([3], -1), "nsample"),
        (lambda: rng.multivariate_hypergeometric([3], 1, method="other"), "method"),
    ]:
        with pytest.raises(ValueError, match=text):
            wrong()


def test_the_classes_of_generators() -> None:
    assert isinstance(da.random.default_rng(1), da.random.Generator)
    assert same_bits(da.random.Generator(5).random(3).compute(), da.random.default_rng(5).random(3).compute())
    state = da.random.RandomState(5)
    values = state.random_sample((200, 50), chunks=40).compute()
    assert scipy.stats.kstest(values.ravel(), "uniform").pvalue > 1e-3
    assert da.random.random_sample(4).shape == (4,)
    largest = state.tomaxint(20_000).compute()
    assert largest.dtype == np.int64 and scipy.stats.kstest(largest / 2.0**63, "uniform").pvalue > 1e-3
    with pytest.raises(NotImplementedError, match="RandomState"):
        da.random.RandomState(1, RandomState=np.random.RandomState)
    with pytest.raises(NotImplementedError, match="out"):
        da.random.default_rng(1).random(3, out=np.empty(3))
    with pytest.raises(TypeError, match="Unsupported dtype"):
        da.random.default_rng(1).random(3, dtype=int)


@pytest.mark.parametrize("name", ["register_chunk_type", "frompyfunc", "from_tiledb", "to_tiledb"])
def test_refused_names_say_what_to_use(name: str) -> None:
    arguments = {"register_chunk_type": (list,), "frompyfunc": (abs, 1, 1), "from_tiledb": ("x",), "to_tiledb": (VALUES, "x")}
    with pytest.raises(NotImplementedError, match=f"{name}.*(use|convert|give|open)"):
        getattr(da, name)(*arguments[name])
