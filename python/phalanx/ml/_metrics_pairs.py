"""Distances and kernels between each row of X and each row of Y, lazy where X is."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np, require
from phalanx.ml._given import frame_rows, kind_of, whole_rows

__all__ = [
    "euclidean_distances",
    "linear_kernel",
    "pairwise_distances",
    "pairwise_distances_argmin_min",
    "pairwise_kernels",
    "polynomial_kernel",
    "rbf_kernel",
    "sigmoid_kernel",
]


def _rows(X: Any) -> Any:
    kind = kind_of(X)
    if kind == "frame":
        return frame_rows(X, [str(name) for name in X.columns])
    return whole_rows(X) if kind == "array" else np.asarray(X, dtype=np.float64)


def _pair(X: Any, Y: Any) -> tuple[Any, Any, bool]:
    x = _rows(X)
    y = x if Y is None else _rows(Y)
    lazy = any(kind_of(each) == "array" for each in (x, y))
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"Incompatible dimension for X and Y matrices: X.shape[1] == {x.shape[1]} while Y.shape[1] == {y.shape[1]}")
    if lazy:
        from phalanx import array as da

        x, y = da.asarray(x), da.asarray(y)
    return x, y, lazy


def _sklearn(name: str) -> Any:
    return getattr(require("sklearn.metrics.pairwise"), name)


def linear_kernel(X: Any, Y: Any = None) -> Any:
    """The products of the rows."""
    x, y, lazy = _pair(X, Y)
    return x @ y.T if lazy else _sklearn("linear_kernel")(x, y)


def euclidean_distances(X: Any, Y: Any = None, *, squared: bool = False) -> Any:
    """The distances of the rows."""
    from phalanx import array as da

    x, y, lazy = _pair(X, Y)
    if not lazy:
        return _sklearn("euclidean_distances")(x, y, squared=squared)
    squares = (x * x).sum(axis=1).reshape(-1, 1) - 2.0 * (x @ y.T) + (y * y).sum(axis=1).reshape(1, -1)
    squares = da.maximum(squares, 0.0)
    return squares if squared else da.sqrt(squares)


def rbf_kernel(X: Any, Y: Any = None, gamma: float | None = None) -> Any:
    """``exp(-gamma · distance²)``."""
    from phalanx import array as da

    x, y, lazy = _pair(X, Y)
    gamma = 1.0 / x.shape[1] if gamma is None else gamma
    if not lazy:
        return _sklearn("rbf_kernel")(x, y, gamma=gamma)
    return da.exp(-gamma * euclidean_distances(x, y, squared=True))


def polynomial_kernel(X: Any, Y: Any = None, degree: float = 3, gamma: float | None = None, coef0: float = 1) -> Any:
    """``(gamma · product + coef0) ** degree``."""
    x, y, lazy = _pair(X, Y)
    gamma = 1.0 / x.shape[1] if gamma is None else gamma
    return (gamma * (x @ y.T) + coef0) ** degree if lazy else _sklearn("polynomial_kernel")(x, y, degree, gamma, coef0)


def sigmoid_kernel(X: Any, Y: Any = None, gamma: float | None = None, coef0: float = 1) -> Any:
    """``tanh(gamma · product + coef0)``."""
    from phalanx import array as da

    x, y, lazy = _pair(X, Y)
    gamma = 1.0 / x.shape[1] if gamma is None else gamma
    return da.tanh(gamma * (x @ y.T) + coef0) if lazy else _sklearn("sigmoid_kernel")(x, y, gamma, coef0)


_KERNELS = {
    "linear": linear_kernel,
    "poly": polynomial_kernel,
    "polynomial": polynomial_kernel,
    "rbf": rbf_kernel,
    "sigmoid": sigmoid_kernel,
}


def pairwise_kernels(X: Any, Y: Any = None, metric: Any = "linear", *, filter_params: bool = False, n_jobs: Any = None, **kwds: Any) -> Any:
    """A kernel by its name."""
    if metric not in _KERNELS:
        raise NotImplementedError(f"pairwise_kernels(metric={metric!r}): one of {', '.join(_KERNELS)}")
    if filter_params:
        raise NotImplementedError("filter_params=True: give only what the kernel takes")
    return _KERNELS[metric](X, Y, **kwds)


def pairwise_distances(X: Any, Y: Any = None, metric: Any = "euclidean", n_jobs: Any = None, **kwargs: Any) -> Any:
    """The distances of the rows by a metric's name: of lazy arrays euclidean ones, squared or not, and manhattan."""
    from phalanx import array as da

    x, y, lazy = _pair(X, Y)
    if not lazy:
        return _sklearn("pairwise_distances")(x, y, metric=metric, **kwargs)
    if kwargs:
        raise TypeError(f"pairwise_distances of lazy arrays takes no {sorted(kwargs)}")
    if metric in ("euclidean", "sqeuclidean"):
        return euclidean_distances(x, y, squared=metric == "sqeuclidean")
    if metric in ("manhattan", "cityblock", "l1"):
        return da.abs(x.reshape(x.shape[0], 1, x.shape[1]) - y.reshape(1, *y.shape)).sum(axis=2)
    raise NotImplementedError(f"pairwise_distances(metric={metric!r}) of lazy arrays: 'euclidean', 'sqeuclidean' or 'manhattan'")


def pairwise_distances_argmin_min(X: Any, Y: Any, axis: int = 1, metric: Any = "euclidean", **kwargs: Any) -> Any:
    """The nearest row of Y of each row of X, and its distance."""
    x, y, lazy = _pair(X, Y)
    if not lazy:
        return _sklearn("pairwise_distances_argmin_min")(x, y, axis=axis, metric=metric, **kwargs)
    distances = pairwise_distances(x, y, metric, **kwargs).rechunk({axis: -1})
    return distances.argmin(axis=axis), distances.min(axis=axis)
