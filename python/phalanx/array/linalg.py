"""Linear algebra with the names of ``numpy.linalg``, ``scipy.linalg`` and ``dask.array.linalg``.

Products, norms, QR and singular values of tall and wide matrices are computed chunk by chunk. LU, Cholesky,
eigenvalues and what solves systems gather the matrix into one task, whose memory is projected before it runs: one that
is too large is refused.
"""

from __future__ import annotations

import secrets
from collections import namedtuple
from typing import Any

from phalanx._lazy import np
from phalanx.array import _manipulation
from phalanx.array._base import lazy, native_of, wrap
from phalanx.array._linear import matmul, outer, tensordot
from phalanx.array._norms import matrix_norm, norm, vector_norm
from phalanx.array._products import cross, vecdot

__all__ = [
    "cholesky",
    "compression_level",
    "compression_matrix",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "lu",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "norm",
    "outer",
    "pinv",
    "qr",
    "sfqr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svd_compressed",
    "svdvals",
    "tensordot",
    "trace",
    "tsqr",
    "vecdot",
    "vector_norm",
]

QRResult = namedtuple("QRResult", ["Q", "R"])
SVDResult = namedtuple("SVDResult", ["U", "S", "Vh"])
EighResult = namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
SlogdetResult = namedtuple("SlogdetResult", ["sign", "logabsdet"])


def _matrices(a: Any) -> Any:
    """The native array of matrices, or NumPy's error."""
    native = native_of(a)
    if len(native.shape) < 2:
        raise np.linalg.LinAlgError(
            f"{len(native.shape)}-dimensional array given. Array must be at least two-dimensional"
        )
    return native


def _square(a: Any) -> Any:
    """The native array of square matrices, or NumPy's error."""
    native = _matrices(a)
    rows, columns = native.shape[-2:]
    if rows != columns:
        raise np.linalg.LinAlgError(f"Last 2 dimensions of the array must be square, and are ({rows}, {columns})")
    return native


def matrix_transpose(x: Any, /) -> Any:
    """Rows and columns exchanged, of the last two axes."""
    return _manipulation.matrix_transpose(x)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """A diagonal of matrices, which the last two axes are, as the last axis."""
    return _manipulation.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum along a diagonal of matrices, which the last two axes are."""
    return _manipulation.trace(x, offset, -2, -1, dtype)


def qr(a: Any, mode: str = "reduced") -> Any:
    """The QR decomposition ``(q, r)`` of any matrix, or of a stack of them.

    Parameters
    ----------
    a : (..., m, n) array_like
    mode : {"reduced", "complete", "r"}
        ``"reduced"``: (m, k) and (k, n) with k = min(m, n), in blocks of rows. ``"complete"``: (m, m) and (m, n), in
        one task a matrix. ``"r"``: r alone.
    """
    if mode == "r":
        return wrap(_matrices(a).qr()[1])
    if mode not in ("reduced", "complete"):
        raise NotImplementedError(f"qr has the modes 'reduced', 'complete' and 'r', not {mode!r}")
    q, r = _matrices(a).qr() if mode == "reduced" else _matrices(a).qr_complete()
    return QRResult(wrap(q), wrap(r))


def tsqr(data: Any, compute_svd: bool = False) -> Any:
    """The QR decomposition of a tall matrix by its blocks of rows; with ``compute_svd``, :func:`svd`."""
    if compute_svd:
        return svd(data)
    q, r = native_of(data).tsqr()
    return wrap(q), wrap(r)


def sfqr(data: Any) -> Any:
    """The QR decomposition of a short and wide matrix: that of its first columns, and the others times Qᵀ."""
    q, r = native_of(data).sfqr()
    return wrap(q), wrap(r)


def svd(a: Any, full_matrices: bool = False, compute_uv: bool = True, coerce_signs: bool = True) -> Any:
    """The singular value decomposition ``(u, s, vh)``: (m, k), (k) descending, (k, n) with k = min(m, n).

    For any aspect ratio and any chunks. Signs are fixed: the first largest entry of each row of ``vh`` is positive (of
    a wide matrix in several chunks, that of each column of ``u``), whatever ``coerce_signs`` says.

    Parameters
    ----------
    a : array_like
    full_matrices : bool
        Whether ``u`` and ``vh`` are square: filled up, in one task, with vectors that are orthogonal to the others.
        (As in Dask the thin decomposition is the default; in NumPy it is not.)
    compute_uv : bool
        Without: the singular values alone.
    """
    if not compute_uv:
        return svdvals(a)
    u, s, vh = (wrap(part) for part in _matrices(a).svd())
    if full_matrices:
        u, vh = _filled_up(u), _manipulation.matrix_transpose(_filled_up(_manipulation.matrix_transpose(vh).conj()).conj())
    return SVDResult(u, s, vh)


def _filled_up(vectors: Any) -> Any:
    """Orthonormal columns, and those that make a square matrix of them."""
    from phalanx.array._joining import concatenate

    rows, columns = vectors.shape[-2:]
    if rows == columns:
        return vectors
    return concatenate([vectors, qr(vectors, "complete").Q[..., columns:]], axis=-1)


def svdvals(x: Any, /) -> Any:
    """The singular values, descending."""
    return wrap(_matrices(x).svdvals())


def svd_compressed(
    a: Any,
    k: int,
    iterator: str = "power",
    n_power_iter: int = 0,
    n_oversamples: int = 10,
    seed: Any = None,
    compute: bool = False,
    coerce_signs: bool = True,
) -> Any:
    """The ``k`` largest singular values and vectors, approximately, by a randomized range finder (Halko, Martinsson,
    Tropp 2011). For matrices whose sides are both long, in any chunks.

    Parameters
    ----------
    a : array_like
    k : int
    iterator : {'power', 'QR'}
        Iterations are orthogonalised in either.
    n_power_iter : int
        Iterations: more are more accurate where singular values decay slowly.
    n_oversamples : int
        Columns beyond ``k``.
    seed : int, optional
        Of the random matrix.
    compute : bool
        Whether ``a`` is persisted first, so that iterations do not compute it again.
    """
    if iterator not in ("power", "QR"):
        raise ValueError(f"Iterator {iterator!r} not valid, must be 'power' or 'QR'")
    native = native_of(a)
    if compute:
        native = wrap(native).persist()._native
    chosen = secrets.randbits(63) if seed is None else int(seed)
    u, s, vh = native.svd_compressed(int(k), int(n_power_iter), int(n_oversamples), chosen)
    return wrap(u), wrap(s), wrap(vh)


def compression_level(n: int, q: int, n_oversamples: int = 10, min_subspace_size: int = 20) -> int:
    """How many random vectors :func:`compression_matrix` takes for ``q`` vectors of a space of ``n``."""
    return min(max(min_subspace_size, q + n_oversamples), n)


def compression_matrix(
    data: Any, q: int, iterator: str = "power", n_power_iter: int = 0, n_oversamples: int = 10, seed: Any = None,
    compute: bool = False,
) -> Any:  # fmt: skip
    """A matrix with orthonormal rows whose products with ``data`` keep its largest singular values, approximately.

    Parameters
    ----------
    data : (m, n) array_like
    q : int
        How many: there are ``compression_level(min(m, n), q)`` rows.
    iterator, n_power_iter, n_oversamples, seed, compute
        As :func:`svd_compressed` has them.
    """
    from phalanx.array.random import RandomState, default_rng

    if iterator not in ("power", "QR"):
        raise ValueError(f"Iterator {iterator!r} not valid, must be 'power' or 'QR'")
    data = lazy(data)
    m, n = data.shape
    level = compression_level(min(m, n), q, n_oversamples)
    source = seed if isinstance(seed, RandomState) else default_rng(seed)
    omega = source.standard_normal(size=(n, level), chunks=(data.chunks[1], -1))
    kind = np.dtype(np.float32 if data.dtype.name in ("float32", "complex64") else np.float64)

    def kept(x: Any) -> Any:
        return x.persist() if compute else x

    found = qr(kept(data @ omega.astype(kind))).Q
    # Orthogonalised in between, in either way: powers of singular values lose digits.
    for _ in range(n_power_iter):
        found = qr(kept(data @ kept(qr(data.conj().T @ found).Q))).Q
    return found.conj().T


def cholesky(a: Any, lower: bool = False, *, upper: bool | None = None) -> Any:
    """The Cholesky factor of a symmetric positive definite matrix: U with ``a = Uᵀ U``, or L with ``a = L Lᵀ``.

    Only that triangle of ``a`` is read. (As in Dask and SciPy the upper factor is the default; NumPy and the array-API
    standard say ``upper``, and theirs is the lower.)
    """
    return wrap(_square(a).cholesky(bool(lower) if upper is None else not upper))


def lu(a: Any) -> Any:
    """``(p, l, u)`` with ``a = p @ l @ u``, as :func:`scipy.linalg.lu` has them."""
    p, lower, upper = native_of(a).lu()
    return wrap(p), wrap(lower), wrap(upper)


_ASSUMED = {"gen": False, "general": False, "pos": True, "positive definite": True}


def solve(a: Any, b: Any, sym_pos: bool | None = None, assume_a: str = "gen") -> Any:
    """X with ``a @ x = b``.

    Parameters
    ----------
    a : (n, n) array_like
    b : (n,) or (n, k) array_like
    sym_pos : bool, optional
        The old name of ``assume_a="pos"``.
    assume_a : {'gen', 'pos'}
        ``"pos"``: symmetric and positive definite, of which the lower triangle is read.
    """
    if sym_pos:
        assume_a = "pos"
    if assume_a not in _ASSUMED:
        raise NotImplementedError(f"solve assumes 'gen' or 'pos', not {assume_a!r}: 'gen' takes every matrix")
    return wrap(_square(a).solve(native_of(b), _ASSUMED[assume_a]))


def solve_triangular(a: Any, b: Any, lower: bool = False, trans: Any = 0, unit_diagonal: bool = False) -> Any:
    """X with ``t @ x = b`` for one triangle ``t`` of ``a``, or with its transposed (``trans="T"``)."""
    native = native_of(a)
    if trans in (1, "T"):
        native, lower = wrap(native).T._native, not lower
    elif trans not in (0, "N"):
        raise NotImplementedError(f"solve_triangular has trans 'N' and 'T', not {trans!r}")
    return wrap(native.solve_triangular(native_of(b), lower, unit_diagonal))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """``(x, residuals, rank, s)`` with the smallest x that minimises ``‖a @ x - b‖``.

    ``residuals`` has a value for each column of ``b`` if ``a`` has more rows than columns, also if its rank is lower:
    that is not known before it runs.
    """
    matrix, right = _matrices(a), native_of(b)
    if not right.shape or matrix.shape[0] != right.shape[0]:
        raise np.linalg.LinAlgError(f"Incompatible dimensions: {tuple(matrix.shape)} and {tuple(right.shape)}")
    parts = matrix.lstsq(right, None if rcond is None else float(rcond))
    return tuple(wrap(part) for part in parts)


def inv(a: Any) -> Any:
    """The inverse of a square matrix."""
    return wrap(_square(a).inv())


def pinv(a: Any, rcond: float | None = None, hermitian: bool = False, *, rtol: float | None = None) -> Any:
    """The Moore–Penrose pseudo-inverse; singular values up to ``rcond`` (1e-15) times the largest count as 0."""
    if rcond is not None and rtol is not None:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    del hermitian  # a symmetric matrix has the same pseudo-inverse by its singular values
    cutoff = 1e-15 if rcond is None and rtol is None else float(rtol if rcond is None else rcond)  # type: ignore[arg-type]
    return wrap(_matrices(a).pinv(cutoff))


def matrix_rank(A: Any, tol: float | None = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values are above ``tol``, or above ``rtol`` times the largest; by default that times max(m, n)
    times the precision."""
    del hermitian
    if rtol is not None:
        if tol is not None:
            raise ValueError("`tol` and `rtol` can't be both set.")
        values = svdvals(A)
        relative = rtol if np.ndim(rtol) == 0 else lazy(rtol)[..., None]
        return (values > values.max(axis=-1, keepdims=True) * relative).sum(axis=-1)
    return wrap(native_of(A).matrix_rank(None if tol is None else float(tol)))


def matrix_power(a: Any, n: int) -> Any:
    """The product of ``n`` copies of a square matrix, of its inverse if ``n`` is negative."""
    return wrap(_square(a).matrix_power(int(n)))


def det(a: Any) -> Any:
    """The determinant."""
    return wrap(_square(a).det())


def slogdet(a: Any) -> Any:
    """The sign of the determinant, and the logarithm of its absolute value."""
    sign, logarithm = _square(a).slogdet()
    return SlogdetResult(wrap(sign), wrap(logarithm))


def _lower(uplo: str) -> bool:
    if uplo.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return uplo.upper() == "L"


def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues, ascending, and eigenvectors, in columns, of a symmetric matrix, of which one triangle is read.

    The first largest entry of each vector is positive.
    """
    values, vectors = _square(a).eigh(_lower(UPLO))
    return EighResult(wrap(values), wrap(vectors))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of :func:`eigh` alone."""
    return wrap(_square(a).eigvalsh(_lower(UPLO)))
