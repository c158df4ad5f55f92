"""Linear algebra with the names of ``numpy.linalg``, ``scipy.linalg`` and ``dask.array.linalg``.

Products, norms, QR and singular values of tall and wide matrices are computed chunk by chunk. LU, Cholesky,
eigenvalues and what solves systems gather the matrix into one task, whose memory is projected before it runs: one that
is too large is refused.
"""

from __future__ import annotations

import secrets
from typing import Any

from phalanx._lazy import np
from phalanx.array._base import axes_of, native_of, wrap
from phalanx.array._linear import matmul, outer, tensordot

__all__ = [
    "cholesky",
    "det",
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
    "tsqr",
    "vector_norm",
]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors or matrices.

    Parameters
    ----------
    x : array_like
    ord : {None, int, float, inf, -inf, 'fro', 'nuc'}
        Which norm; by default the 2-norm of all elements.
    axis : int or 2-tuple of ints, optional
        One axis: norms of vectors. Two: of matrices. By default the whole array.
    keepdims : bool
        Whether the axes stay, with length 1.
    """
    native = native_of(x)
    return wrap(native.norm(ord, _axes(axis, len(native.shape)), keepdims))


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of vectors along axes; by default of all elements."""
    native = native_of(x)
    ndim = len(native.shape)
    axes = _axes(axis, ndim)
    if axes is not None and len(axes) == 1:
        return wrap(native.norm(ord, axes, keepdims))
    if axes is not None and len(axes) != ndim:
        raise NotImplementedError("vector_norm takes one axis or all of them: reshape the axes into one first")
    flat = native.reshape([int(np.prod(native.shape, dtype=np.int64))]).norm(ord, [0], False)
    return wrap(flat.reshape([1] * ndim) if keepdims else flat)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of matrices, of the last two axes."""
    native = native_of(x)
    return wrap(native.norm(ord, _axes((-2, -1), len(native.shape)), keepdims))


def matrix_transpose(x: Any, /) -> Any:
    """Rows and columns exchanged, of the last two axes."""
    native = native_of(x)
    axes = list(range(len(native.shape)))
    if len(axes) < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {len(axes)}")
    axes[-2:] = axes[:-3:-1]
    return wrap(native.transpose(axes))


def _axes(axis: Any, ndim: int) -> list[int] | None:
    """Axes in the caller's order, which matters for the norms of matrices."""
    if axis is None or hasattr(axis, "__index__"):
        return axes_of(axis, ndim)
    return [axes_of(each, ndim)[0] for each in axis]  # type: ignore[index]


def _reduced(mode: str) -> None:
    if mode != "reduced":
        raise NotImplementedError(f"qr has the mode 'reduced', not {mode!r}")


def qr(a: Any, mode: str = "reduced") -> Any:
    """The QR decomposition ``(q, r)`` of any matrix: (m, k) and (k, n) with k = min(m, n)."""
    if mode == "r":
        return wrap(native_of(a).qr()[1])
    _reduced(mode)
    q, r = native_of(a).qr()
    return wrap(q), wrap(r)


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
    """The thin singular value decomposition ``(u, s, vh)``: (m, k), (k) descending, (k, n) with k = min(m, n).

    For any aspect ratio and any chunks. Signs are fixed: the first largest entry of each row of ``vh`` is positive (of
    a wide matrix in several chunks, that of each column of ``u``), whatever ``coerce_signs`` says.

    Parameters
    ----------
    a : array_like
    full_matrices : bool
        Only False.
    compute_uv : bool
        Without: the singular values alone.
    """
    if full_matrices:
        raise NotImplementedError("svd gives the thin decomposition: full_matrices=False")
    if not compute_uv:
        return svdvals(a)
    u, s, vh = native_of(a).svd()
    return wrap(u), wrap(s), wrap(vh)


def svdvals(x: Any, /) -> Any:
    """The singular values, descending."""
    return wrap(native_of(x).svdvals())


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


def cholesky(a: Any, lower: bool = False) -> Any:
    """The Cholesky factor of a symmetric positive definite matrix: U with ``a = Uᵀ U``, or L with ``a = L Lᵀ``.

    Only that triangle of ``a`` is read. (As in Dask and SciPy the upper factor is the default; NumPy's is the lower.)
    """
    return wrap(native_of(a).cholesky(lower))


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
    return wrap(native_of(a).solve(native_of(b), _ASSUMED[assume_a]))


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
    parts = native_of(a).lstsq(native_of(b), None if rcond is None else float(rcond))
    return tuple(wrap(part) for part in parts)


def inv(a: Any) -> Any:
    """The inverse of a square matrix."""
    return wrap(native_of(a).inv())


def pinv(a: Any, rcond: float | None = None, hermitian: bool = False, *, rtol: float | None = None) -> Any:
    """The Moore–Penrose pseudo-inverse; singular values up to ``rcond`` (1e-15) times the largest count as 0."""
    if rcond is not None and rtol is not None:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    del hermitian  # a symmetric matrix has the same pseudo-inverse by its singular values
    cutoff = 1e-15 if rcond is None and rtol is None else float(rtol if rcond is None else rcond)  # type: ignore[arg-type]
    return wrap(native_of(a).pinv(cutoff))


def matrix_rank(A: Any, tol: float | None = None, hermitian: bool = False) -> Any:
    """How many singular values are above ``tol``; by default the largest times max(m, n) times the precision."""
    del hermitian
    return wrap(native_of(A).matrix_rank(None if tol is None else float(tol)))


def matrix_power(a: Any, n: int) -> Any:
    """The product of ``n`` copies of a square matrix, of its inverse if ``n`` is negative."""
    return wrap(native_of(a).matrix_power(int(n)))


def det(a: Any) -> Any:
    """The determinant."""
    return wrap(native_of(a).det())


def slogdet(a: Any) -> Any:
    """The sign of the determinant, and the logarithm of its absolute value."""
    sign, logarithm = native_of(a).slogdet()
    return wrap(sign), wrap(logarithm)


def _lower(uplo: str) -> bool:
    if uplo.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return uplo.upper() == "L"


def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues, ascending, and eigenvectors, in columns, of a symmetric matrix, of which one triangle is read.

    The first largest entry of each vector is positive.
    """
    values, vectors = native_of(a).eigh(_lower(UPLO))
    return wrap(values), wrap(vectors)


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of :func:`eigh` alone."""
    return wrap(native_of(a).eigvalsh(_lower(UPLO)))
