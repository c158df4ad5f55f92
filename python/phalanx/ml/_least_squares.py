"""Least squares, plain and penalised: two passes over the rows, and small problems on the client."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin

from phalanx._lazy import np, require
from phalanx.ml._given import given
from phalanx.ml._linear import check_weight, need_count, need_number, predictors, target_values, unsupported
from phalanx.ml._linear import warn_unless_converged
from phalanx.ml._rows import Rows
from phalanx.ml._solve import Solution, coordinate_descent

__all__ = ["ElasticNet", "Lasso", "LinearRegression", "Ridge"]

_ONE_MODEL = "fit a model for each column of y"


class _Sums:
    """Products about the means: ``quadratic`` = XᵀWX, ``linear`` = XᵀWy."""

    def __init__(self, rows: Rows, fit_intercept: bool) -> None:
        found = rows.columns()
        if (found["count"][0] < found["rows"]).any() or found["infinite"][0].any():
            rows.need_finite()
        width = rows.width
        self.mean, target_mean = np.zeros(width), 0.0
        if fit_intercept:
            self.mean = found["mean"][0]
        state = rows.gram(self.mean, target_mean)
        self.weight, self.rows = state["weight"], state["rows"]
        if not np.isfinite(state["target_square"]):
            raise ValueError("Input y contains NaN or infinity.")
        if not self.weight > 0.0:
            raise ValueError(f"the weights of {self.rows} rows sum to {self.weight}")
        ones = state["products"][width]
        self.quadratic = state["products"][:width, :width]
        self.linear = state["target"][:width]
        self.target_mean = state["target"][width] / self.weight if fit_intercept else 0.0
        self.square = state["target_square"]
        if fit_intercept:
            # What rounding has left of the sums about the mean.
            left = ones[:width]
            self.quadratic = self.quadratic - np.outer(left, left) / self.weight
            self.linear = self.linear - left * self.target_mean
            self.square -= self.weight * self.target_mean**2
        self.constant = found["deviation"][0] <= 0.0

    def intercept(self, coefficients: Any) -> float:
        return float(self.target_mean - self.mean @ coefficients)


class _LeastSquares(RegressorMixin, BaseEstimator):
    """A linear predictor of a number."""

    def _sums(self, X: Any, y: Any, sample_weight: Any) -> _Sums:
        if y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None: {type(self).__name__} is a regressor"
            )
        x, y = given(self, X, y, reset=True, y_numeric=True)
        weight = check_weight(sample_weight, x)
        return _Sums(Rows.of(x, target_values(y), weight), self.fit_intercept)

    def _keep(self, sums: _Sums, coefficients: Any) -> None:
        self.coef_ = coefficients
        self.intercept_ = sums.intercept(coefficients) if self.fit_intercept else 0.0

    def predict(self, X: Any) -> Any:
        """The predictions: lazy, if X is."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        x, _ = given(self, X, reset=False)
        return x.answer(predictors(x.array(), self.coef_, self.intercept_))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination, R²."""
        from phalanx.ml.metrics import r2_score

        return r2_score(y, self.predict(X), sample_weight=sample_weight)


class LinearRegression(_LeastSquares):
    """Ordinary least squares; of several solutions the shortest.

    From sums of products about the means, so relative errors grow with the square of the features' condition number.

    Parameters
    ----------
    fit_intercept : bool, default True
        Whether there is an intercept.
    copy_X, n_jobs, positive, tol
        As scikit-learn's; ``positive`` must be False, the others change nothing.

    Attributes
    ----------
    coef_, intercept_, rank_, n_features_in_, feature_names_in_
    """

    def __init__(
        self, *, fit_intercept: bool = True, copy_X: bool = True, tol: float = 1e-6, n_jobs: Any = None, positive: bool = False
    ) -> None:
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> LinearRegression:
        """Fits the model; two passes over the rows."""
        unsupported(self, {"positive": (False, "take Lasso(positive=True) with a small alpha")})
        sums = self._sums(X, y, sample_weight)
        scale = np.sqrt(np.maximum(np.diagonal(sums.quadratic), 0.0))
        scale[scale == 0.0] = 1.0
        # Columns of one length: the condition number is then about the smallest that a scaling gives.
        values, vectors = np.linalg.eigh(sums.quadratic / np.outer(scale, scale))
        kept = values > values.max(initial=0.0) * len(scale) * np.finfo(np.float64).eps * 8
        inner = vectors[:, kept] / np.sqrt(values[kept])
        self.rank_ = int(kept.sum())
        if kept.all():
            solved = inner @ (inner.T @ (sums.linear / scale)) / scale
        else:
            solved = np.linalg.pinv(sums.quadratic, rcond=1e-12, hermitian=True) @ sums.linear
        self._keep(sums, solved)
        return self


class Ridge(_LeastSquares):
    """Least squares with ``alpha`` times the squared norm of the coefficients; the intercept is free.

    Parameters
    ----------
    alpha : float, default 1.0
    fit_intercept : bool, default True
    copy_X, max_iter, tol, solver, positive, random_state
        As scikit-learn's. The solution is exact: only ``positive=False`` and the solvers ``"auto"`` and ``"cholesky"``
        are taken.

    Attributes
    ----------
    coef_, intercept_, n_iter_, solver_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Ridge:
        """Fits the model; two passes over the rows."""
        if np.ndim(self.alpha):
            raise NotImplementedError(f"Ridge(alpha={self.alpha!r}): one number; {_ONE_MODEL}")
        need_number("alpha", self.alpha)
        unsupported(self, {"positive": (False, "take ElasticNet(positive=True)")})
        if self.solver not in ("auto", "cholesky"):
            raise NotImplementedError(f"Ridge(solver={self.solver!r}): take 'cholesky', which is exact")
        sums = self._sums(X, y, sample_weight)
        system = sums.quadratic + self.alpha * np.eye(len(sums.linear))
        if self.alpha > 0.0:
            solved = require("scipy.linalg").solve(system, sums.linear, assume_a="pos")
        else:
            solved = np.linalg.lstsq(system, sums.linear, rcond=None)[0]
        self._keep(sums, solved)
        self.n_iter_, self.solver_ = None, "cholesky"
        return self


class ElasticNet(_LeastSquares):
    """Least squares with an l1 and an l2 penalty: ``|y - Xw|²/2n + alpha (l1_ratio |w|₁ + (1 - l1_ratio) |w|²/2)``.

    Two passes over the rows whatever ``alpha``: coordinate descent runs on the sums of products.

    Parameters
    ----------
    alpha, l1_ratio, fit_intercept, max_iter, tol, positive
        As scikit-learn's.
    precompute, copy_X, warm_start, random_state, selection
        Change nothing, but that ``warm_start`` must be False and ``selection`` be ``"cyclic"``.

    Attributes
    ----------
    coef_, sparse_coef_, intercept_, n_iter_, dual_gap_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> ElasticNet:
        """Fits the model; two passes over the rows."""
        need_number("alpha", self.alpha)
        need_number("l1_ratio", self.l1_ratio, high=1.0)
        need_number("tol", self.tol)
        need_count("max_iter", self.max_iter)
        unsupported(
            self,
            {"warm_start": (False, "a fit costs two passes anyway"), "selection": ("cyclic", "the order changes no result")},
        )
        sums = self._sums(X, y, sample_weight)
        n, width = sums.weight, len(sums.linear)
        quadratic = sums.quadratic / n + self.alpha * (1.0 - self.l1_ratio) * np.eye(width)
        l1 = np.full(width, self.alpha * self.l1_ratio)
        linear = sums.linear / n
        tol = self.tol * 1e-3 * float(np.max(np.abs(linear), initial=0.0))
        w, iterations = np.zeros(width), 0
        converged, size = False, np.inf
        while iterations < self.max_iter and not converged:
            w = coordinate_descent(quadratic, linear, l1, w, 0.0, 1, self.positive)
            iterations += 1
            slope = quadratic @ w - linear
            free = np.where(w != 0.0, slope + l1 * np.sign(w), np.sign(slope) * np.maximum(np.abs(slope) - l1, 0.0))
            if self.positive:
                free = np.where((w == 0.0) & (slope + l1 >= 0.0), 0.0, slope + l1)
            size = float(np.max(np.abs(np.where(np.diagonal(quadratic) > 0.0, free, 0.0)), initial=0.0))
            converged = size <= tol
        self._keep(sums, w)
        self.n_iter_ = iterations
        residual = sums.square / n - 2.0 * float(w @ (sums.linear / n)) + float(w @ (sums.quadratic / n) @ w)
        self.dual_gap_ = float(max(w @ slope + l1 @ np.abs(w), 0.0)) if np.isfinite(residual) else np.nan
        warn_unless_converged(self, Solution(w, iterations, converged, size))
        return self

    @property
    def sparse_coef_(self) -> Any:
        """The coefficients as a sparse matrix of one row."""
        return require("scipy.sparse").csr_matrix(self.coef_)


class Lasso(ElasticNet):
    """:class:`ElasticNet` with the l1 penalty alone."""

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        super().__init__(
            alpha=alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            copy_X=copy_X,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
        )
