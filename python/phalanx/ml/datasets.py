"""Generated data sets: lazy, with values that depend on the seed and the row alone, never on the chunks."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.ml._given import row_chunks
from phalanx.ml._linear import need_count

__all__ = ["make_blobs", "make_classification", "make_counts", "make_regression"]


def _seed(random_state: Any) -> int:
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    if hasattr(random_state, "randint"):
        return int(random_state.randint(2**31 - 1))
    if hasattr(random_state, "integers"):
        return int(random_state.integers(2**31 - 1))
    raise ValueError(f"{random_state!r} cannot be used as a seed")


def _generators(random_state: Any) -> tuple[Any, Any]:
    """One for rows, lazy, and one for the few numbers that all rows share."""
    from phalanx import array as da

    seed = _seed(random_state)
    return da.random.default_rng(seed), np.random.default_rng(seed)


def _chunks(chunks: Any, rows: int, columns: int) -> tuple[Any, Any]:
    """Chunks of the matrix and of what has one number a row."""
    from phalanx.array._chunks import normalize

    if chunks is None or chunks == "auto":
        chunks = (row_chunks(rows, columns), (columns,))
    elif isinstance(chunks, (int, np.integer)):
        chunks = (int(chunks), columns)
    sizes = normalize(chunks, (rows, columns), 8)
    return tuple(tuple(axis) for axis in sizes), (tuple(sizes[0]),)


def _need(n_samples: int, n_features: int, n_informative: int) -> None:
    need_count("n_samples", n_samples)
    need_count("n_features", n_features)
    if not 0 <= n_informative <= n_features:
        raise ValueError(f"n_informative={n_informative} must be between 0 and n_features={n_features}")


def make_classification(
    n_samples: int = 100,
    n_features: int = 20,
    n_informative: int = 2,
    n_redundant: int = 0,
    n_repeated: int = 0,
    n_classes: int = 2,
    flip_y: float = 0.0,
    scale: float = 1.0,
    shift: float = 0.0,
    random_state: Any = None,
    chunks: Any = None,
    return_coef: bool = False,
) -> tuple[Any, ...]:
    """Normal features and labels that are drawn from a (multinomial) logistic model of the first of them.

    Parameters
    ----------
    n_informative : int
        How many features have weights.
    flip_y : float
        The share of labels that are drawn anew, all alike.
    scale, shift
        Of the features.
    chunks : optional
        Rows of a chunk, or chunks of both axes.

    Returns
    -------
    X, y
        Lazy arrays; with ``return_coef`` also the weights, a line for each class but the first.
    """
    from phalanx import array as da

    _need(n_samples, n_features, n_informative)
    need_count("n_classes", n_classes, 2)
    if n_redundant or n_repeated:
        raise NotImplementedError("n_redundant and n_repeated: add combinations of the columns yourself")
    lazy, few = _generators(random_state)
    matrix, vector = _chunks(chunks, n_samples, n_features)
    x = lazy.standard_normal((n_samples, n_features), chunks=matrix)
    weights = np.zeros((n_classes - 1, n_features))
    weights[:, :n_informative] = few.standard_normal((n_classes - 1, n_informative))
    scores = da.matmul(x.rechunk({1: -1}), np.ascontiguousarray(weights.T))
    draws = lazy.random(n_samples, chunks=vector)
    # Classes in turns: the odds of class k against all before it.
    grown = da.exp(scores)
    total = 1.0 + grown.sum(axis=1)
    y = da.zeros(n_samples, dtype=np.int64, chunks=vector)
    below = 1.0 / total
    for k in range(n_classes - 1):
        y = y + (draws >= below).astype(np.int64)
        below = below + grown[:, k] / total
    if flip_y:
        other = lazy.integers(0, n_classes, size=n_samples, chunks=vector)
        y = da.where(lazy.random(n_samples, chunks=vector) < flip_y, other, y)
    x = x if scale == 1.0 and shift == 0.0 else x * float(scale) + float(shift)
    return (x, y, weights) if return_coef else (x, y)


def make_regression(
    n_samples: int = 100,
    n_features: int = 100,
    n_informative: int = 10,
    n_targets: int = 1,
    bias: float = 0.0,
    effective_rank: Any = None,
    tail_strength: float = 0.5,
    noise: float = 0.0,
    shuffle: bool = True,
    coef: bool = False,
    random_state: Any = None,
    chunks: Any = None,
) -> tuple[Any, ...]:
    """Normal features, and a target that is a linear function of some of them, with noise.

    ``effective_rank`` must be None; ``shuffle`` says whether the informative features are any, or the first.

    Returns
    -------
    X, y
        Lazy arrays; with ``coef`` also the coefficients.
    """
    from phalanx import array as da

    n_informative = min(n_informative, n_features)
    _need(n_samples, n_features, n_informative)
    need_count("n_targets", n_targets)
    if effective_rank is not None:
        what = f"make_regression(effective_rank={effective_rank!r}, tail_strength={tail_strength!r})"
        raise NotImplementedError(f"{what}: multiply X by a matrix of that rank")
    lazy, few = _generators(random_state)
    matrix, vector = _chunks(chunks, n_samples, n_features)
    x = lazy.standard_normal((n_samples, n_features), chunks=matrix)
    weights = np.zeros((n_features, n_targets))
    places = few.permutation(n_features)[:n_informative] if shuffle else np.arange(n_informative)
    weights[places] = 100 * few.random((n_informative, n_targets))
    y = da.matmul(x.rechunk({1: -1}), weights) + float(bias)
    if noise > 0.0:
        y = y + float(noise) * lazy.standard_normal((n_samples, n_targets), chunks=(vector[0], (n_targets,)))
    y = y[:, 0] if n_targets == 1 else y
    return (x, y, weights[:, 0] if n_targets == 1 else weights) if coef else (x, y)


def make_counts(
    n_samples: int = 1000, n_features: int = 100, n_informative: int = 2, scale: float = 1.0, random_state: Any = None, chunks: Any = 100
) -> tuple[Any, Any]:
    """Normal features, and Poisson counts whose mean is the exponential of a linear function of some of them."""
    from phalanx import array as da

    _need(n_samples, n_features, n_informative)
    lazy, few = _generators(random_state)
    matrix, vector = _chunks(chunks, n_samples, n_features)
    x = lazy.standard_normal((n_samples, n_features), chunks=matrix)
    weights = np.zeros(n_features)
    weights[few.permutation(n_features)[:n_informative]] = (few.random(n_informative) - 0.5) * scale
    mean = da.exp(da.matmul(x.rechunk({1: -1}), weights))
    return x, lazy.poisson(mean, size=n_samples, chunks=vector)


def make_blobs(
    n_samples: int = 100,
    n_features: int = 2,
    centers: Any = None,
    cluster_std: Any = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    random_state: Any = None,
    chunks: Any = None,
    return_centers: bool = False,
) -> tuple[Any, ...]:
    """Rows that are normal about centers, and which center each has.

    Parameters
    ----------
    centers : int or array, optional
        3 by default.
    shuffle : bool
        Whether centers are drawn for each row; else rows take them in turns.
    """
    from phalanx import array as da

    need_count("n_samples", n_samples)
    lazy, few = _generators(random_state)
    if centers is None:
        centers = 3
    if isinstance(centers, (int, np.integer)):
        need_count("n_features", n_features)
        centers = few.uniform(*center_box, size=(int(centers), n_features))
    centers = np.asarray(centers, dtype=np.float64)
    count, width = centers.shape
    std = np.asarray(cluster_std, dtype=np.float64)
    if std.ndim and len(std) != count:
        raise ValueError(f"Length of `clusters_std` not consistent with number of centers. Got centers = {count} and cluster_std = {len(std)}")
    matrix, vector = _chunks(chunks, n_samples, width)
    if shuffle:
        y = lazy.integers(0, count, size=n_samples, chunks=vector)
    else:
        y = da.arange(n_samples, chunks=vector) % count
    noise = lazy.standard_normal((n_samples, width), chunks=matrix)
    noise = noise * (float(std) if std.ndim == 0 else da.take(da.asarray(std), y).reshape(-1, 1))
    x = da.take(da.asarray(centers), y, axis=0) + noise
    return (x, y, centers) if return_centers else (x, y)
