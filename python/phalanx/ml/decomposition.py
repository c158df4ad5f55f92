"""Principal components and singular vectors: from sums of products, one pass over the rows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from phalanx import _phalanx
from phalanx._lazy import np, require
from phalanx.ml._given import Given, given
from phalanx.ml._linear import need_count
from phalanx.ml._rows import Rows

__all__ = ["PCA", "IncrementalPCA", "TruncatedSVD"]


_SOLVERS = ("auto", "full", "covariance_eigh", "tsqr", "randomized")


class _Components(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Directions in the space of the features."""

    components_: Any

    @property
    def _n_features_out(self) -> int:
        return int(self.components_.shape[0])

    def _given(self, X: Any) -> Given:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return given(self, X, reset=False)[0]

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fits, and gives the rows in the new directions."""
        return self.fit(X).transform(X)  # type: ignore[attr-defined]


def _directions(products: Any) -> tuple[Any, Any]:
    """Eigenvalues, the largest first, and eigenvectors as lines, whose largest entry is positive."""
    found = _phalanx.directions(len(products), products.ravel().tolist())
    return np.asarray(found["values"]).clip(min=0.0), np.asarray(found["lines"])


class PCA(_Components):
    """Principal components, from the covariance of the features (scikit-learn's ``"covariance_eigh"``).

    Components whose variance is below 1e-15 of the largest are rounding.

    Parameters
    ----------
    n_components : int, float, "mle" or None
        ``"mle"`` is scikit-learn's own.
    whiten : bool, default False
    svd_solver : {"auto", "full", "covariance_eigh", "tsqr", "randomized"}, default "auto"
        All of them are exact here, and the same.
    copy, tol, iterated_power, n_oversamples, power_iteration_normalizer, random_state
        Change nothing.

    Attributes
    ----------
    components_, explained_variance_, explained_variance_ratio_, singular_values_, mean_, n_components_, n_samples_,
    noise_variance_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        n_components: Any = None,
        *,
        copy: bool = True,
        whiten: bool = False,
        svd_solver: str = "auto",
        tol: float = 0.0,
        iterated_power: Any = "auto",
        n_oversamples: int = 10,
        power_iteration_normalizer: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.copy = copy
        self.whiten = whiten
        self.svd_solver = svd_solver
        self.tol = tol
        self.iterated_power = iterated_power
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> PCA:
        """Finds the components; one pass."""
        if self.svd_solver not in _SOLVERS:
            raise ValueError(f"Unrecognized svd_solver={self.svd_solver!r}")
        n, mean, products = self._sums(X, reset=True)
        if n < 2:
            raise ValueError(f"Found array with {n} sample(s) while a minimum of 2 is required by PCA.")
        self._keep(n, mean, products)
        return self

    def _sums(self, X: Any, *, reset: bool) -> tuple[int, Any, Any]:
        """How many rows, their mean, and the sums of products about it; one pass."""
        x, _ = given(self, X, reset=reset, ensure_min_samples=2 if reset else 1)
        found = Rows.of(x).spread(True)
        return found["rows"], found["mean"], found["products"]

    def _keep(self, n: int, mean: Any, products: Any) -> None:
        self.mean_ = mean
        variances, lines = _directions(products)
        variances /= n - 1
        most = min(n, len(mean))
        kept = self._count(variances, n, most)
        total = float(variances[:most].sum())
        self.n_samples_, self.n_components_ = n, kept
        self.components_ = lines[:kept]
        self.explained_variance_ = variances[:kept]
        with np.errstate(invalid="ignore", divide="ignore"):
            self.explained_variance_ratio_ = self.explained_variance_ / total
        self.singular_values_ = np.sqrt(self.explained_variance_ * (n - 1))
        self.noise_variance_ = float(variances[kept:most].mean()) if kept < most else 0.0

    def _count(self, variances: Any, n: int, most: int) -> int:
        wanted = self.n_components
        if wanted is None:
            return most
        if isinstance(wanted, str):
            if wanted != "mle":
                raise ValueError(f"n_components={wanted!r} must be a number, 'mle' or None")
            from sklearn.decomposition._pca import _infer_dimension

            return int(_infer_dimension(variances, n))
        if isinstance(wanted, Integral) and not isinstance(wanted, bool):
            if not 0 <= int(wanted) <= most:
                raise ValueError(f"n_components={wanted} must be between 0 and min(n_samples, n_features)={most}")
            return int(wanted)
        if isinstance(wanted, Real) and 0.0 < float(wanted) < 1.0:
            shares = np.cumsum(variances[:most]) / variances[:most].sum()
            return int(np.searchsorted(shares, float(wanted), side="right") + 1)
        raise ValueError(f"n_components={wanted!r} must be an integer, a share below 1, 'mle' or None")

    def transform(self, X: Any) -> Any:
        """The rows along the components."""
        from phalanx import array as da

        x = self._given(X)
        lines = self.components_
        if self.whiten:
            scale = np.sqrt(self.explained_variance_)
            scale[scale < np.finfo(np.float64).eps] = np.finfo(np.float64).eps
            lines = lines / scale[:, None]
        return x.answer(da.matmul(x.array() - self.mean_, np.ascontiguousarray(lines.T)))

    def inverse_transform(self, X: Any) -> Any:
        """The rows of what :meth:`transform` has given."""
        from sklearn.utils.validation import check_is_fitted

        from phalanx import array as da
        from phalanx.ml._given import kind_of

        check_is_fitted(self)
        lines = self.components_
        if self.whiten:
            lines = np.sqrt(self.explained_variance_)[:, None] * lines
        if kind_of(X) == "values":
            return np.asarray(X) @ lines + self.mean_
        return da.matmul(X, lines) + self.mean_

    def get_covariance(self) -> Any:
        """The covariance that the components and the noise make."""
        above = np.maximum(self.explained_variance_ - self.noise_variance_, 0.0)
        return (self.components_.T * above) @ self.components_ + self.noise_variance_ * np.eye(self.components_.shape[1])

    def get_precision(self) -> Any:
        """The inverse of the covariance."""
        return require("scipy.linalg").inv(self.get_covariance())

    def _likelihoods(self, X: Any) -> Any:
        x = self._given(X)
        precision = self.get_precision()
        sign, logarithm = np.linalg.slogdet(precision)
        fixed = len(precision) * np.log(2.0 * np.pi) - (logarithm if sign > 0 else -np.inf)
        away = x.array() - self.mean_
        return x, -0.5 * (away * (away @ precision)).sum(axis=1) - 0.5 * float(fixed)

    def score_samples(self, X: Any) -> Any:
        """The logarithm of each row's likelihood under the model: lazy, if X is."""
        x, likelihoods = self._likelihoods(X)
        return x.answer(likelihoods)

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of the logarithms of the rows' likelihoods."""
        return float(self._likelihoods(X)[1].mean().compute())


class IncrementalPCA(PCA):
    """:class:`PCA`, under the name for rows that do not fit: they need not fit here either.

    Parameters
    ----------
    n_components, whiten, copy
        As those of :class:`PCA`.
    batch_size : int, optional
        Changes nothing: sums of products are those of all rows, however they come.

    Attributes
    ----------
    As :class:`PCA`, and ``var_``, ``n_samples_seen_``.
    """

    def __init__(
        self,
        n_components: Any = None,
        *,
        whiten: bool = False,
        copy: bool = True,
        batch_size: int | None = None,
        svd_solver: str = "auto",
        iterated_power: Any = 0,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            n_components, copy=copy, whiten=whiten, svd_solver=svd_solver, iterated_power=iterated_power, random_state=random_state
        )
        self.batch_size = batch_size

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return ["batch_size", "copy", "iterated_power", "n_components", "random_state", "svd_solver", "whiten"]

    def fit(self, X: Any, y: Any = None) -> IncrementalPCA:
        """Finds the components; one pass over all rows."""
        self._products = None
        return self._take(X, reset=True)

    def partial_fit(self, X: Any, y: Any = None, check_input: bool = True) -> IncrementalPCA:
        """The components of these rows and of all before them; one pass over these.

        ``check_input`` is scikit-learn's; rows are always checked.
        """
        return self._take(X, reset=getattr(self, "_products", None) is None)

    def _take(self, X: Any, *, reset: bool) -> IncrementalPCA:
        known = None if reset else self._products
        if self.svd_solver not in _SOLVERS:
            raise ValueError(f"Unrecognized svd_solver={self.svd_solver!r}")
        n, mean, products = self._sums(X, reset=reset)
        if known is not None:
            # Chan, Golub and LeVeque (1983), for products.
            before, shift = self.n_samples_seen_, mean - self.mean_
            products = known + products + np.outer(shift, shift) * (before * n / (before + n))
            mean, n = self.mean_ + shift * (n / (before + n)), before + n
        self._products = products
        if n < 2:
            raise ValueError(f"Found array with {n} sample(s) while a minimum of 2 is required by IncrementalPCA.")
        self._keep(n, mean, products)
        self.n_samples_seen_ = n
        self.var_ = np.diagonal(products) / n
        return self


class TruncatedSVD(_Components):
    """The first singular vectors, without centering: from sums of products, exact for all algorithms.

    Parameters
    ----------
    n_components : int, default 2
    algorithm : {"tsqr", "randomized", "arpack"}, default "tsqr"
        All of them are exact here, and the same.
    n_iter, n_oversamples, power_iteration_normalizer, random_state, tol, compute
        Change nothing.

    Attributes
    ----------
    components_, explained_variance_, explained_variance_ratio_, singular_values_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        n_components: int = 2,
        algorithm: str = "tsqr",
        n_iter: int = 5,
        random_state: Any = None,
        tol: float = 0.0,
        compute: bool = True,
        n_oversamples: int = 10,
        power_iteration_normalizer: str = "auto",
    ) -> None:
        self.n_components = n_components
        self.algorithm = algorithm
        self.n_iter = n_iter
        self.random_state = random_state
        self.tol = tol
        self.compute = compute
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer

    def fit(self, X: Any, y: Any = None) -> TruncatedSVD:
        """Finds the vectors; one pass."""
        need_count("n_components", self.n_components)
        if self.algorithm not in ("tsqr", "randomized", "arpack"):
            raise ValueError(f"algorithm must be 'tsqr', 'randomized' or 'arpack'. Got {self.algorithm!r}")
        x, _ = given(self, X, reset=True, ensure_min_features=2)
        rows = Rows.of(x)
        if self.n_components > rows.width:
            raise ValueError(f"n_components({self.n_components}) must be <= n_features({rows.width}).")
        found = rows.spread(False)
        n = found["rows"]
        squares, lines = _directions(found["products"])
        self.components_ = lines[: self.n_components]
        self.singular_values_ = np.sqrt(squares[: self.n_components])
        # The variance along a direction: the mean square less the squared mean.
        along = self.components_ @ found["mean"]
        self.explained_variance_ = np.maximum(squares[: self.n_components] / n - along**2, 0.0)
        total = float((found["deviation"] / n).sum())
        with np.errstate(invalid="ignore", divide="ignore"):
            self.explained_variance_ratio_ = self.explained_variance_ / total
        return self

    def transform(self, X: Any) -> Any:
        """The rows along the vectors."""
        from phalanx import array as da

        x = self._given(X)
        return x.answer(da.matmul(x.array(), np.ascontiguousarray(self.components_.T)))

    def inverse_transform(self, X: Any) -> Any:
        """The rows of what :meth:`transform` has given."""
        from phalanx import array as da
        from phalanx.ml._given import kind_of

        return np.asarray(X) @ self.components_ if kind_of(X) == "values" else da.matmul(X, self.components_)
