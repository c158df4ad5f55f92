"""Least squares, plain and penalised: one pass over the rows, and small problems on the client."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin

from phalanx._lazy import np, require
from phalanx.ml._given import given
from phalanx.ml._linear import check_weight, need_count, need_number, predictors, target_values, unsupported
from phalanx.ml._linear import warn_unless_converged
from phalanx.ml._rows import Rows, Solution

__all__ = ["ElasticNet", "Lasso", "LinearRegression", "Ridge"]

_ONE_MODEL = "fit a model for each column of y"


class _LeastSquares(RegressorMixin, BaseEstimator):
    """A linear predictor of a number."""

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> Rows:
        if y is None:
            raise ValueError(
                f"requires y to be passed, but the target y is None: {type(self).__name__} is a regressor"
            )
        x, y = given(self, X, y, reset=True, y_numeric=True)
        weight = check_weight(sample_weight, x)
        return Rows.of(x, target_values(y), weight)

    def _keep(self, found: dict[str, Any]) -> None:
        self.coef_ = found["coefficients"].copy()
        self.intercept_ = float(found["intercept"]) if self.fit_intercept else 0.0

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
        """Fits the model; one pass over the rows."""
        unsupported(self, {"positive": (False, "take Lasso(positive=True) with a small alpha")})
        found = self._rows(X, y, sample_weight).least_squares(bool(self.fit_intercept))
        self.rank_ = int(found["rank"])
        self._keep(found)
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
        """Fits the model; one pass over the rows."""
        if np.ndim(self.alpha):
            raise NotImplementedError(f"Ridge(alpha={self.alpha!r}): one number; {_ONE_MODEL}")
        need_number("alpha", self.alpha)
        unsupported(self, {"positive": (False, "take ElasticNet(positive=True)")})
        if self.solver not in ("auto", "cholesky"):
            raise NotImplementedError(f"Ridge(solver={self.solver!r}): take 'cholesky', which is exact")
        self._keep(self._rows(X, y, sample_weight).least_squares(bool(self.fit_intercept), float(self.alpha)))
        self.n_iter_, self.solver_ = None, "cholesky"
        return self


class ElasticNet(_LeastSquares):
    """Least squares with an l1 and an l2 penalty: ``|y - Xw|²/2n + alpha (l1_ratio |w|₁ + (1 - l1_ratio) |w|²/2)``.

    One pass over the rows whatever ``alpha``: coordinate descent runs on the sums of products.

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
        """Fits the model; one pass over the rows."""
        need_number("alpha", self.alpha)
        need_number("l1_ratio", self.l1_ratio, high=1.0)
        need_number("tol", self.tol)
        need_count("max_iter", self.max_iter)
        unsupported(
            self,
            {"warm_start": (False, "a fit costs one pass anyway"), "selection": ("cyclic", "the order changes no result")},
        )
        found = self._rows(X, y, sample_weight).elastic_net(
            bool(self.fit_intercept), float(self.alpha), float(self.l1_ratio), bool(self.positive), float(self.tol),
            int(self.max_iter),
        )  # fmt: skip
        self._keep(found)
        self.n_iter_, self.dual_gap_ = found["iterations"], found["gap"]
        warn_unless_converged(self, Solution(self.coef_, found["iterations"], found["converged"], found["gradient"]))
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
