"""Products of vectors, polynomials and signals; integrals and interpolation along an axis."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy, one_axis

__all__ = ["convolve", "correlate", "cross", "interp", "matvec", "polyval", "trapezoid", "unwrap", "vecdot", "vecmat"]


def _ends(a: Any, axis: int, start: Any, stop: Any) -> Any:
    return a[(slice(None),) * axis + (slice(start, stop),)]


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The sums of products along an axis, the first conjugated; the other axes broadcast."""
    x1, x2 = lazy(x1), lazy(x2)
    if not x1.ndim or not x2.ndim:
        raise ValueError("vecdot takes arrays of at least one dimension")
    # An axis of the smaller, counted from the end, is the same axis of both.
    axis = one_axis(axis, min(x1.ndim, x2.ndim)) - min(x1.ndim, x2.ndim)
    if x1.shape[axis] != x2.shape[axis]:
        raise ValueError(f"vecdot: lengths {x1.shape[axis]} and {x2.shape[axis]} of the axis {axis} differ")
    return (x1.conj() * x2).sum(axis=axis, dtype=np.result_type(x1.dtype, x2.dtype))


def matvec(x1: Any, x2: Any, /) -> Any:
    """The product of matrices with vectors, both of which may be stacked."""
    x1, x2 = lazy(x1), lazy(x2)
    return (x1 @ x2[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Any:
    """The product of vectors, conjugated, with matrices, both of which may be stacked."""
    x1, x2 = lazy(x1), lazy(x2)
    return (x1.conj()[..., None, :] @ x2)[..., 0, :]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors of three elements along an axis."""
    from phalanx.array._joining import stack

    x1, x2 = lazy(x1), lazy(x2)
    # The axis is one of the result's.
    axis = one_axis(axis, max(x1.ndim, x2.ndim)) - max(x1.ndim, x2.ndim)
    if x1.ndim < -axis or x2.ndim < -axis or x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError("incompatible dimensions for cross product: both must have 3 elements along the axis")
    a = [x1[(..., at) + (slice(None),) * (-axis - 1)] for at in range(3)]
    b = [x2[(..., at) + (slice(None),) * (-axis - 1)] for at in range(3)]
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return stack(parts, axis=axis)


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """The cross-correlation of two sequences: sums of ``a[n + k] * conj(v[n])``."""
    v = lazy(v)
    return convolve(a, v[::-1].conj(), mode) if v.ndim == 1 else convolve(a, v, mode)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The convolution of two sequences. The work is the product of their lengths, in tasks by the longer one's chunks;
    for two long ones multiply their transforms: ``irfft(rfft(a, n) * rfft(v, n), n)``.
    """
    from phalanx.array._edges import pad

    a, v = lazy(a), lazy(v)
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError("object too deep for desired array")
    if a.shape[0] == 0 or v.shape[0] == 0:
        raise ValueError(f"{'a' if a.shape[0] == 0 else 'v'} cannot be empty")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got '{mode}')")
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, k = a.shape[0], v.shape[0]
    if k > _TAPS_MAX:
        raise NotImplementedError(
            f"convolve of sequences of {n} and {k} elements: the shorter may have {_TAPS_MAX}. Multiply transforms: "
            "fft.irfft(fft.rfft(a, n) * fft.rfft(v, n), n)"
        )
    kind = np.result_type(a.dtype, v.dtype)
    wide, taps = pad(a.astype(kind), (k - 1, k - 1)), v.astype(kind)
    # One shifted view of the sequence for each element of the shorter one.
    total = None
    for at in range(k):
        term = wide[k - 1 - at : k - 1 - at + n + k - 1] * taps[at : at + 1]
        total = term if total is None else total + term
    first = {"full": 0, "same": (k - 1) // 2, "valid": k - 1}[mode]
    count = {"full": n + k - 1, "same": n, "valid": n - k + 1}[mode]
    return total[first : first + count]  # type: ignore[index]


#: Elements of the shorter sequence of a convolution: each is a view of the longer one in the expression.
_TAPS_MAX = 512


def polyval(p: Any, x: Any) -> Any:
    """A polynomial's values, by Horner's rule; the first coefficient is that of the highest power."""
    coefficients = np.asarray(p.compute() if hasattr(p, "compute") else p)
    x = lazy(x)
    value = x * 0
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral along an axis by the trapezoidal rule."""
    from phalanx.array._edges import diff

    y = lazy(y)
    along = one_axis(axis, y.ndim)
    steps: Any = dx
    if x is not None:
        x = lazy(x)
        if x.ndim == 1:
            steps = diff(x).reshape([-1 if at == along else 1 for at in range(y.ndim)])
        else:
            steps = diff(x, axis=along)
    return (steps * (_ends(y, along, 1, None) + _ends(y, along, None, -1)) / 2.0).sum(along)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Values between given points ``xp``, ascending, linearly; the points and their values are gathered."""
    from phalanx.array._blocks import map_blocks

    known = [np.asarray(each.compute() if hasattr(each, "compute") else each) for each in (xp, fp)]
    if known[0].size == 0:
        raise ValueError("array of sample points is empty")
    kind = np.complex128 if known[1].dtype.kind == "c" else np.float64
    x = lazy(x)
    return map_blocks(_Interpolated(known[0], known[1], left, right, period), x, dtype=kind)


class _Interpolated:
    __name__ = "interp"

    def __init__(self, xp: Any, fp: Any, left: Any, right: Any, period: Any) -> None:
        self.given = xp, fp, left, right, period

    def __call__(self, x: Any) -> Any:
        xp, fp, left, right, period = self.given
        return np.interp(x, xp, fp, left, right, period)


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2 * 3.141592653589793) -> Any:
    """Jumps of more than half a period along an axis replaced by their complements."""
    from phalanx.array._edges import diff
    from phalanx.array._joining import concatenate
    from phalanx.array._sorting import cumsum
    from phalanx.array._ufuncs import where

    p = lazy(p)
    along = one_axis(axis, p.ndim)
    steps = diff(p, axis=along)
    kind = np.result_type(p.dtype, period)
    discont = period / 2 if discont is None else max(discont, period / 2)
    whole = kind.kind in "iu"
    high, rest = divmod(period, 2) if whole else (period / 2, 0)
    inside = (steps + high) % period - high
    if not whole or rest == 0:
        inside = where((inside == -high) & (steps > 0), high, inside)
    correction = where(abs(steps) < discont, 0, inside - steps)
    moved = _ends(p, along, 1, None) + cumsum(correction, along)
    return concatenate([_ends(p, along, None, 1).astype(kind), moved.astype(kind)], along)
