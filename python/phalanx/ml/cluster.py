"""k-means on rows that stay where they are."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin

from phalanx._lazy import np, require
from phalanx.ml._given import Given, given
from phalanx.ml._linear import check_weight, need_count, need_number
from phalanx.ml._rows import Rows
from phalanx.ml.metrics import euclidean_distances

__all__ = ["KMeans", "k_means"]


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """Lloyd's algorithm from k-means|| starts: a pass over the rows for each step.

    Parameters
    ----------
    n_clusters : int, default 8
    init : {"k-means||", "k-means++", "random"} or array, default "k-means||"
        ``"k-means++"`` means ``"k-means||"``, which is its like for rows that are not in one place.
    oversampling_factor : float, default 2
        Candidates a round, for each cluster.
    max_iter : int, default 300
    tol : float, default 1e-4
        It has converged when the centers' squared moves are below ``tol`` times the mean variance of the features.
    random_state : int, optional
        What starts are drawn with; 0 by default, so that a fit can be repeated.
    n_init : int or "auto", default 1
    precompute_distances, copy_x, n_jobs, algorithm, init_max_iter, verbose
        As dask-ml's or scikit-learn's; ``algorithm`` must be ``"full"``, ``"lloyd"`` or ``"auto"``, ``verbose`` 0.

    Attributes
    ----------
    cluster_centers_, labels_, inertia_, n_iter_, converged_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        n_clusters: int = 8,
        init: Any = "k-means||",
        oversampling_factor: float = 2,
        max_iter: int = 300,
        tol: float = 1e-4,
        precompute_distances: Any = "auto",
        random_state: Any = None,
        copy_x: bool = True,
        n_jobs: Any = 1,
        algorithm: str = "full",
        init_max_iter: int | None = None,
        n_init: Any = 1,
        verbose: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.oversampling_factor = oversampling_factor
        self.max_iter = max_iter
        self.tol = tol
        self.precompute_distances = precompute_distances
        self.random_state = random_state
        self.copy_x = copy_x
        self.n_jobs = n_jobs
        self.algorithm = algorithm
        self.init_max_iter = init_max_iter
        self.n_init = n_init
        self.verbose = verbose

    def _check(self) -> int:
        need_count("n_clusters", self.n_clusters)
        need_count("max_iter", self.max_iter)
        need_number("tol", self.tol)
        need_number("oversampling_factor", self.oversampling_factor, open_low=True)
        if self.algorithm not in ("full", "lloyd", "auto"):
            raise NotImplementedError(f"KMeans(algorithm={self.algorithm!r}): 'full' ('lloyd'), whose answer is the same")
        if self.verbose:
            raise NotImplementedError("KMeans(verbose=…): see n_iter_ and inertia_")
        if self.n_init == "auto":
            return 1
        need_count("n_init", self.n_init)
        return int(self.n_init)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Finds the centers."""
        starts = self._check()
        x, _ = given(self, X, reset=True)
        rows = Rows.of(x, None, check_weight(sample_weight, x))
        init, centers = self._start(rows.width)
        found = rows.kmeans(
            self.n_clusters, init, centers, float(self.oversampling_factor), self.init_max_iter, starts, self._seed(),
            self.max_iter, float(self.tol),
        )  # fmt: skip
        self.cluster_centers_, self.inertia_ = found["centers"].copy(), found["inertia"]
        self.n_iter_, self.converged_ = found["iterations"], found["converged"]
        self._n_features_out = len(self.cluster_centers_)
        self.labels_ = x.answer(_nearest(x, self.cluster_centers_).astype(np.int32))
        return self

    def _seed(self) -> int:
        if self.random_state is None:
            return 0
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(require("sklearn.utils").check_random_state(self.random_state).randint(2**31 - 1))

    def _start(self, width: int) -> tuple[str, list[float]]:
        """How starts are found, and the centers if they are given."""
        if hasattr(self.init, "__array__") or isinstance(self.init, (list, tuple)):
            centers = np.array(self.init, dtype=np.float64)
            if centers.shape != (self.n_clusters, width):
                raise ValueError(f"The shape of the initial centers {centers.shape} does not match (n_clusters, n_features) {(self.n_clusters, width)}.")
            return "given", centers.ravel().tolist()
        if self.init == "random":
            return "random", []
        if self.init not in ("k-means||", "k-means++"):
            raise ValueError(f"init must be 'k-means||', 'k-means++', 'random' or an array. Got {self.init!r}")
        return "parallel", []

    def _given(self, X: Any) -> Given:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return given(self, X, reset=False)[0]

    def predict(self, X: Any) -> Any:
        """The number of the nearest center."""
        x = self._given(X)
        return x.answer(_nearest(x, self.cluster_centers_).astype(np.int32))

    def transform(self, X: Any) -> Any:
        """The distances to the centers."""
        x = self._given(X)
        return x.answer(euclidean_distances(x.array(), self.cluster_centers_))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The negative sum of squared distances."""
        x = self._given(X)
        return -float(Rows.of(x, None, check_weight(sample_weight, x)).clusters(self.cluster_centers_)["inertia"])


def _squares(x: Any, centers: Any) -> Any:
    """Squared distances, as sums of squared differences: what a step of the algorithm has, digit by digit."""
    from phalanx import array as da

    columns = []
    for center in centers:
        away = x - center
        columns.append((away * away).sum(axis=1))
    return da.stack(columns, axis=1).rechunk({1: -1})


def _nearest(x: Given, centers: Any) -> Any:
    return _squares(x.array(), centers).argmin(axis=1)


def k_means(X: Any, n_clusters: int, **options: Any) -> tuple[Any, Any, float]:
    """Centers, labels and inertia of :class:`KMeans`."""
    model = KMeans(n_clusters, **options).fit(X)
    return model.cluster_centers_, model.labels_, model.inertia_
