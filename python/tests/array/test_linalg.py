"""Linear algebra against NumPy and SciPy, over shapes and chunkings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
from oracle import check_array, engine

import phalanx.array as da
from phalanx.exceptions import DataError

RNG = np.random.default_rng(5)
TALL = RNG.standard_normal((23, 6))
WIDE = TALL.T.copy()
SQUARE = RNG.standard_normal((12, 12))
POSITIVE = SQUARE @ SQUARE.T + np.eye(12)
CUBE = RNG.standard_normal((4, 6, 5))
STACK = RNG.standard_normal((3, 1, 5, 7))
VECTOR = RNG.standard_normal(6)
INTEGERS = RNG.integers(-9, 9, (6, 6))
SINGLE = TALL.astype(np.float32)
CHUNKS = (-1, 4, 7)

#: name: (function of the namespace and the inputs, inputs)
PRODUCTS = {
    "matmul": (lambda xp, a, b: a @ b, TALL, WIDE),
    "matmul integers": (lambda xp, a: xp.matmul(a, a), INTEGERS),
    "matmul booleans": (lambda xp, a: xp.matmul(a.astype(bool), a.astype(bool)), INTEGERS // 4),
    "matmul single": (lambda xp, a: a @ a.T, SINGLE),
    "matmul mixed": (lambda xp, a, b: a @ b, SINGLE, INTEGERS),
    "matmul stacks": (lambda xp, a, b: a @ b, CUBE, STACK),
    "matmul vector left": (lambda xp, a, b: a @ b, VECTOR, CUBE),
    "matmul vector right": (lambda xp, a, b: a @ b, TALL, VECTOR),
    "matmul vectors": (lambda xp, a: a @ a, VECTOR),
    "dot matrices": (lambda xp, a, b: xp.dot(a, b), TALL, WIDE),
    "dot cubes": (lambda xp, a, b: xp.dot(a, b), CUBE, RNG.standard_normal((2, 5, 3))),
    "dot number": (lambda xp, a: xp.dot(a, 3), TALL),
    "vdot": (lambda xp, a: xp.vdot(a, a + 1), TALL),
    "inner": (lambda xp, a, b: xp.inner(a, b), CUBE, RNG.standard_normal((3, 5))),
    "outer": (lambda xp, a, b: xp.outer(a, b), VECTOR, TALL),
    "kron": (lambda xp, a, b: xp.kron(a, b), TALL, INTEGERS),
    "kron vectors": (lambda xp, a, b: xp.kron(a, b), VECTOR, INTEGERS),
    "tensordot 2": (lambda xp, a, b: xp.tensordot(a, b), CUBE, RNG.standard_normal((6, 5, 3))),
    "tensordot 0": (lambda xp, a, b: xp.tensordot(a, b, axes=0), VECTOR, TALL),
    "tensordot axes": (lambda xp, a: xp.tensordot(a, a, axes=([0, 2], [0, 2])), CUBE),
    "tensordot one axis": (lambda xp, a, b: xp.tensordot(a, b, axes=(1, 0)), TALL, VECTOR),
    "einsum product": (lambda xp, a, b: xp.einsum("ij,jk", a, b), TALL, WIDE),
    "einsum transposed": (lambda xp, a: xp.einsum("ji", a), TALL),
    "einsum trace": (lambda xp, a: xp.einsum("ii", a), INTEGERS),
    "einsum diagonal": (lambda xp, a: xp.einsum("ii->i", a), INTEGERS),
    "einsum sum": (lambda xp, a: xp.einsum("ijk->", a), CUBE),
    "einsum rows": (lambda xp, a: xp.einsum("ij,ij->i", a, a), TALL),
    "einsum outer": (lambda xp, a, b: xp.einsum("i,jk->kji", a, b), VECTOR, TALL),
    "einsum ellipsis": (lambda xp, a, b: xp.einsum("...ij,...jk->...ik", a, b), CUBE, STACK),
    "einsum implicit ellipsis": (lambda xp, a: xp.einsum("...i,...i", a, a), CUBE),
    "einsum three": (lambda xp, a, b, c: xp.einsum("ij,jk,kl->il", a, b, c), TALL, WIDE, TALL),
    "einsum bilinear": (lambda xp, a, b, c: xp.einsum("ni,ijk,nk->nj", a, b, c), TALL, RNG.standard_normal((6, 2, 4)), RNG.standard_normal((23, 4))),
    "einsum broadcast": (lambda xp, a, b: xp.einsum("ij,ij->ij", a, b), TALL, TALL[:1]),
    "einsum integers": (lambda xp, a: xp.einsum("ij,kj->ik", a, a), INTEGERS.astype(np.int32)),
    "einsum unused": (lambda xp, a, b: xp.einsum("ij,k->j", a, b), TALL, VECTOR),
    "norm": (lambda xp, a: xp.linalg.norm(a), CUBE),
    "norm integers": (lambda xp, a: xp.linalg.norm(a), INTEGERS),
    "norm single": (lambda xp, a: xp.linalg.norm(a, axis=0), SINGLE),
    "norm keepdims": (lambda xp, a: xp.linalg.norm(a, axis=1, keepdims=True), CUBE),
    "norm matrices": (lambda xp, a: xp.linalg.norm(a, ord=1, axis=(2, 0)), CUBE),
    "norm matrices inf": (lambda xp, a: xp.linalg.norm(a, ord=-np.inf, axis=(0, 1), keepdims=True), CUBE),
    "cov": (lambda xp, a: xp.cov(a), WIDE),
    "cov columns": (lambda xp, a: xp.cov(a, rowvar=False, ddof=0), TALL),
    "cov two": (lambda xp, a: xp.cov(a, a * 2 + 1, bias=True), WIDE),
    "cov vector": (lambda xp, a: xp.cov(a), VECTOR),
    "corrcoef": (lambda xp, a: xp.corrcoef(a), WIDE),
    "corrcoef two": (lambda xp, a: xp.corrcoef(a, a[::-1], rowvar=False), TALL),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str) -> None:
    case, *inputs = PRODUCTS[name]
    single = any(x.dtype == np.float32 for x in inputs)
    check_array(case, *inputs, chunks=CHUNKS, rtol=2e-5 if single else 1e-12, atol=1e-5 if single else 1e-12,
                cluster=name in ("matmul stacks", "einsum three", "corrcoef"))


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 2.5, -1, -2, np.inf, -np.inf])
def test_norms_of_vectors(order: float | None) -> None:
    check_array(lambda xp, x: xp.linalg.norm(x, ord=order), VECTOR, chunks=CHUNKS, rtol=1e-13)
    check_array(lambda xp, x: xp.linalg.norm(x, ord=order, axis=-1), CUBE, chunks=CHUNKS, rtol=1e-13)


@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norms_of_matrices(order: float | str | None) -> None:
    for matrix in (TALL, WIDE, SQUARE):
        check_array(lambda xp, x: xp.linalg.norm(x, ord=order), matrix, chunks=CHUNKS, rtol=1e-11)
    with pytest.raises(ValueError):
        da.linalg.norm(da.from_array(TALL), ord="nil")


def magnitude(x: da.Array) -> da.Array:
    """The absolute values: what is left of vectors whose signs are free."""
    return da.linalg.wrap(x._native.unary("absolute"))


#: What is unique: ours against NumPy's or SciPy's.
FACTORS = {
    "cholesky": (lambda a: da.linalg.cholesky(a, lower=True), np.linalg.cholesky, POSITIVE),
    "cholesky upper": (da.linalg.cholesky, scipy.linalg.cholesky, POSITIVE),
    "lu": (lambda a: da.linalg.lu(a)[0] @ da.linalg.lu(a)[1], lambda a: np.matmul(*scipy.linalg.lu(a)[:2]), SQUARE),
    "lu u": (lambda a: da.linalg.lu(a)[2], lambda a: scipy.linalg.lu(a)[2], TALL),
    "lu p": (lambda a: da.linalg.lu(a)[0], lambda a: scipy.linalg.lu(a)[0], WIDE),
    "inv": (da.linalg.inv, np.linalg.inv, SQUARE),
    "inv integers": (da.linalg.inv, np.linalg.inv, INTEGERS + 20 * np.eye(6, dtype=int)),
    "pinv": (da.linalg.pinv, np.linalg.pinv, TALL),
    "pinv wide": (da.linalg.pinv, np.linalg.pinv, WIDE),
    "det": (da.linalg.det, np.linalg.det, SQUARE),
    "slogdet": (lambda a: da.linalg.slogdet(a)[1], lambda a: np.linalg.slogdet(a)[1], SQUARE),
    "slogdet sign": (lambda a: da.linalg.slogdet(a)[0], lambda a: np.linalg.slogdet(a)[0], -SQUARE),
    "eigvalsh": (da.linalg.eigvalsh, np.linalg.eigvalsh, POSITIVE),
    "eigvalsh upper": (lambda a: da.linalg.eigvalsh(a, "U"), lambda a: np.linalg.eigvalsh(a, "U"), SQUARE),
    "eigh": (lambda a: magnitude(da.linalg.eigh(a)[1]), lambda a: abs(np.linalg.eigh(a)[1]), POSITIVE),
    "singular values": (lambda a: da.linalg.svd(a)[1], lambda a: np.linalg.svd(a)[1], TALL),
    "svdvals": (da.linalg.svdvals, lambda a: np.linalg.svd(a, compute_uv=False), WIDE),
    "svd": (lambda a: magnitude(da.linalg.svd(a)[0]), lambda a: abs(np.linalg.svd(a, full_matrices=False)[0]), TALL),
    "svd wide": (lambda a: magnitude(da.linalg.svd(a)[2]), lambda a: abs(np.linalg.svd(a, full_matrices=False)[2]), WIDE),
    "qr": (lambda a: magnitude(da.linalg.qr(a)[0]), lambda a: abs(np.linalg.qr(a)[0]), TALL),
    "qr square": (lambda a: magnitude(da.linalg.qr(a)[1]), lambda a: abs(np.linalg.qr(a)[1]), SQUARE),
    "tsqr": (lambda a: magnitude(da.linalg.tsqr(a)[1]), lambda a: abs(np.linalg.qr(a)[1]), TALL),
    "sfqr": (lambda a: magnitude(da.linalg.sfqr(a)[1]), lambda a: abs(np.linalg.qr(a)[1]), WIDE),
    "rank": (da.linalg.matrix_rank, np.linalg.matrix_rank, TALL @ WIDE),
    "rank by tolerance": (lambda a: da.linalg.matrix_rank(a, 4.0), lambda a: np.linalg.matrix_rank(a, 4.0), SQUARE),
    "power": (lambda a: da.linalg.matrix_power(a, 5), lambda a: np.linalg.matrix_power(a, 5), SQUARE),
    "power 0": (lambda a: da.linalg.matrix_power(a, 0), lambda a: np.linalg.matrix_power(a, 0), INTEGERS),
    "power negative": (lambda a: da.linalg.matrix_power(a, -2), lambda a: np.linalg.matrix_power(a, -2), SQUARE),
    "solve": (lambda a: da.linalg.solve(a, a[:, :2]), lambda a: np.linalg.solve(a, a[:, :2]), SQUARE),
    "solve vector": (lambda a: da.linalg.solve(a, a[:, 1]), lambda a: np.linalg.solve(a, a[:, 1]), SQUARE),
    "solve positive": (
        lambda a: da.linalg.solve(a, a[:, 1] + 1, assume_a="pos"),
        lambda a: np.linalg.solve(a, a[:, 1] + 1),
        POSITIVE,
    ),
    "solve triangular": (
        lambda a: da.linalg.solve_triangular(a, a[:, :3], lower=True),
        lambda a: scipy.linalg.solve_triangular(a, a[:, :3], lower=True),
        POSITIVE,
    ),
    "solve triangular transposed": (
        lambda a: da.linalg.solve_triangular(a, a[0], trans="T", unit_diagonal=True),
        lambda a: scipy.linalg.solve_triangular(a, a[0], trans="T", unit_diagonal=True),
        np.triu(SQUARE) / 5,
    ),
    "lstsq": (lambda a: da.linalg.lstsq(a, a[:, 0] + 1)[0], lambda a: np.linalg.lstsq(a, a[:, 0] + 1)[0], TALL),
    "lstsq residuals": (lambda a: da.linalg.lstsq(a, a[:, :2] + 1)[1], lambda a: np.linalg.lstsq(a, a[:, :2] + 1)[1], TALL),
    "lstsq wide": (lambda a: da.linalg.lstsq(a, a[:, :2])[0], lambda a: np.linalg.lstsq(a, a[:, :2])[0], WIDE),
    "lstsq rank": (lambda a: da.linalg.lstsq(a, a[:, 0])[2], lambda a: np.linalg.lstsq(a, a[:, 0])[2], TALL @ WIDE),
}


@pytest.mark.parametrize("name", FACTORS)
def test_factors(name: str) -> None:
    ours, numpys, matrix = FACTORS[name]
    check_array(
        lambda xp, x: ours(x),
        matrix,
        oracle=lambda xp, x: np.asarray(numpys(x), dtype=np.int64) if "rank" in name else numpys(x),
        chunks=CHUNKS,
        rtol=1e-8,
        atol=1e-9,
        cluster=name in ("lu p", "solve", "svd", "lstsq"),
    )


@pytest.mark.parametrize("shape", [(40, 3), (3, 40), (17, 17), (1, 5), (5, 1), (1, 1)])
@pytest.mark.parametrize("chunks", [-1, 2, (3, -1), (-1, 2)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_decompositions_multiply_to_the_matrix(shape: tuple[int, int], chunks: object, dtype: str) -> None:
    matrix = np.random.default_rng(1).integers(-20, 20, shape).astype(dtype)
    x = da.from_array(matrix, chunks)
    tolerance = 1e-3 if dtype == "float32" else 1e-11
    u, s, vt = da.linalg.svd(x)
    q, r = da.linalg.qr(x)
    assert u.dtype == s.dtype == q.dtype == ("float32" if dtype == "float32" else "float64")
    for product in ((u * s) @ vt, q @ r):
        np.testing.assert_allclose(product.compute(), matrix, atol=tolerance)
    k = min(shape)
    assert (u.shape, s.shape, vt.shape) == ((shape[0], k), (k,), (k, shape[1]))
    np.testing.assert_allclose((q.T @ q).compute(), np.eye(k), atol=tolerance)


def test_compressed_singular_values() -> None:
    rank = RNG.standard_normal((300, 4)) @ RNG.standard_normal((4, 200))
    u, s, vt = da.linalg.svd_compressed(da.from_array(rank, (70, 60)), 4, n_power_iter=1, seed=3)
    np.testing.assert_allclose(s.compute(), np.linalg.svd(rank)[1][:4], rtol=1e-10)
    np.testing.assert_allclose(((u * s) @ vt).compute(), rank, atol=1e-9)


@pytest.mark.parametrize("shape", [(40, 3000), (3000, 40)])
@pytest.mark.parametrize("kind", ["float64", "float32", "complex128"])
def test_compressed_singular_values_of_long_sides(shape: tuple[int, int], kind: str) -> None:
    rank = RNG.standard_normal((shape[0], 3)) @ RNG.standard_normal((3, shape[1]))
    if kind == "complex128":
        rank = rank + 1j * RNG.standard_normal((shape[0], 3)) @ RNG.standard_normal((3, shape[1]))
    rank, tolerance = rank.astype(kind), 1e-3 if kind == "float32" else 1e-10
    for chunks in ((13, 500), (40, 40), -1):
        u, s, vt = da.linalg.svd_compressed(da.from_array(rank, chunks), 8, n_power_iter=1, seed=3)
        assert (u.shape, s.shape, vt.shape) == ((shape[0], 8), (8,), (8, shape[1])) and u.dtype == rank.dtype
        expected = np.linalg.svd(rank, compute_uv=False)[:8]
        np.testing.assert_allclose(s.compute(), expected, rtol=tolerance, atol=tolerance * expected[0])
        np.testing.assert_allclose(((u * s) @ vt).compute(), rank, atol=tolerance * expected[0])


def test_what_does_not_fit_is_refused_when_it_is_written() -> None:
    x = da.from_array(TALL, 4)
    for wrong in (
        lambda: x @ x,
        lambda: da.linalg.inv(x),
        lambda: da.linalg.cholesky(x),
        lambda: da.linalg.solve(da.from_array(SQUARE), x),
        lambda: da.einsum("ij,jk", x, x),
        lambda: da.einsum("ij", x, x),
        lambda: da.linalg.norm(da.from_array(CUBE), ord=1),
        lambda: da.linalg.norm(x, ord=3, axis=(0, 1)),
        lambda: da.tensordot(x, x, axes=1),
    ):
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(NotImplementedError):
        da.linalg.solve(x, x, assume_a="her")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (da.linalg.inv, np.linalg.inv),
        (lambda x: da.linalg.solve(x, x), lambda x: np.linalg.solve(x, x)),
        (da.linalg.cholesky, np.linalg.cholesky),
    ],
    ids=["inv", "solve", "cholesky"],
)
@pytest.mark.parametrize("name", ["local", "cluster"])
def test_what_has_no_answer(ours: Callable[..., da.Array], theirs: Callable[..., object], name: str) -> None:
    singular = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 0.0]])
    with pytest.raises(np.linalg.LinAlgError):
        theirs(singular)
    with pytest.raises(np.linalg.LinAlgError) as caught:
        ours(da.from_array(singular)).compute(client=engine(name))
    assert isinstance(caught.value, DataError) and caught.value.hint
