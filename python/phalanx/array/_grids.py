"""Grids of indices and sequences of numbers that functions are evaluated on."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy

__all__ = [
    "bartlett",
    "blackman",
    "diag_indices",
    "diag_indices_from",
    "geomspace",
    "hamming",
    "hanning",
    "ix_",
    "kaiser",
    "logspace",
    "mask_indices",
    "mgrid",
    "ogrid",
    "tril_indices",
    "tril_indices_from",
    "triu_indices",
    "triu_indices_from",
    "vander",
]


def _numpys(name: str, doc: str) -> Any:
    # What has as many elements as a side of a matrix is made by NumPy, when the expression is built.
    def function(*args: Any, chunks: Any = "auto", **kwargs: Any) -> Any:
        from phalanx.array._creation import from_array

        result = getattr(np, name)(*args, **kwargs)
        return tuple(from_array(each, chunks) for each in result) if type(result) is tuple else from_array(result, chunks)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


bartlett = _numpys("bartlett", "The triangular window of ``M`` points.")
blackman = _numpys("blackman", "The Blackman window of ``M`` points.")
diag_indices = _numpys("diag_indices", "The indices of the main diagonal of an array with ``ndim`` sides of ``n``.")
geomspace = _numpys("geomspace", "Numbers of a geometric progression, of which both ends are given.")
hamming = _numpys("hamming", "The Hamming window of ``M`` points.")
hanning = _numpys("hanning", "The Hann window of ``M`` points.")
kaiser = _numpys("kaiser", "The Kaiser window of ``M`` points.")
logspace = _numpys("logspace", "Numbers whose logarithms are equally spaced.")
mask_indices = _numpys("mask_indices", "The indices where ``mask_func`` of an ``n`` by ``n`` matrix is not 0.")


def _triangle(name: str, n: int, k: int, m: Any, chunks: Any) -> tuple[Any, ...]:
    import phalanx.array as da

    ones = da.ones((int(n), int(n if m is None else m)), dtype=bool, chunks=chunks)
    return tuple(da.nonzero(getattr(da, name)(ones, k)))


def tril_indices(n: int, k: int = 0, m: Any = None, chunks: Any = "auto") -> tuple[Any, ...]:
    """The indices of the lower triangle of an (n, m) matrix."""
    return _triangle("tril", n, k, m, chunks)


def triu_indices(n: int, k: int = 0, m: Any = None, chunks: Any = "auto") -> tuple[Any, ...]:
    """The indices of the upper triangle of an (n, m) matrix."""
    return _triangle("triu", n, k, m, chunks)


def _matrix(arr: Any) -> Any:
    arr = lazy(arr)
    if arr.ndim != 2:
        raise ValueError("input array must be 2-d")
    return arr


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """The indices of the lower triangle of a matrix."""
    arr = _matrix(arr)
    return _triangle("tril", arr.shape[0], k, arr.shape[1], arr.chunks)


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """The indices of the upper triangle of a matrix."""
    arr = _matrix(arr)
    return _triangle("triu", arr.shape[0], k, arr.shape[1], arr.chunks)


def diag_indices_from(arr: Any) -> tuple[Any, ...]:
    """The indices of the main diagonal."""
    arr = lazy(arr)
    if arr.ndim < 2:
        raise ValueError("input array must be at least 2-d")
    if len(set(arr.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    return tuple(diag_indices(arr.shape[0], arr.ndim))


def ix_(*args: Any) -> tuple[Any, ...]:
    """Vectors of indices, or masks, shaped so that together they index a grid."""
    grid = []
    for at, each in enumerate(args):
        vector = lazy(np.asarray(each, dtype=np.intp) if np.size(each) == 0 else each)
        if vector.ndim != 1:
            raise ValueError("Cross index must be 1 dimensional")
        if vector.dtype.kind == "b":
            vector = vector.nonzero()[0].compute_chunk_sizes()
        grid.append(vector.reshape([vector.shape[0] if axis == at else 1 for axis in range(len(args))]))
    return tuple(grid)


def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Powers of ``x``, a column each: from ``N - 1`` down to 0."""
    from phalanx.array._creation import arange

    x = lazy(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    count = x.shape[0] if N is None else int(N)
    powers = arange(count) if increasing else arange(count - 1, -1, -1)
    kind = np.promote_types(x.dtype, int)
    return x.astype(kind)[:, None] ** powers[None, :].astype(kind)


class _Grid:
    """``mgrid[0:5, 0:3]``: coordinates of a grid; a complex step is a number of points, both ends included."""

    def __init__(self, sparse: bool) -> None:
        self._sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        from phalanx.array._creation import from_array
        from phalanx.array._joining import meshgrid, stack

        parts = key if isinstance(key, tuple) else (key,)
        if any(part.stop is None for part in parts):
            raise ValueError("mgrid and ogrid take slices with an end")
        kind = np.result_type(*(np.ogrid[part].dtype for part in parts))
        axes = [from_array(np.ogrid[part].astype(kind)) for part in parts]
        if not isinstance(key, tuple):
            return axes[0]
        grids = meshgrid(*axes, indexing="ij", sparse=self._sparse)
        return tuple(grids) if self._sparse else stack(grids)


mgrid = _Grid(False)
ogrid = _Grid(True)
