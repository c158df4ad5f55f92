"""Regressions whose target has another distribution than the normal, by Newton's method or L-BFGS."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import BaseEstimator, RegressorMixin

from phalanx.ml._given import given
from phalanx.ml._linear import check_weight, need_count, need_number, predictors, target_values, unsupported
from phalanx.ml._linear import warn_unless_converged
from phalanx.ml._rows import Rows

__all__ = ["GammaRegressor", "PoissonRegressor"]


class _LogLinear(RegressorMixin, BaseEstimator):
    """A model of the logarithm of the target's mean, with half of ``alpha`` times the squared norm beside the mean loss."""

    _family: ClassVar[str]

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fits the model; each iteration is a pass over the rows."""
        need_number("alpha", self.alpha)
        need_number("tol", self.tol, open_low=True)
        need_count("max_iter", self.max_iter)
        if self.solver not in ("lbfgs", "newton", "newton-cholesky"):
            raise ValueError(f"The 'solver' parameter must be 'lbfgs', 'newton' or 'newton-cholesky'. Got {self.solver!r}")
        unsupported(self, {"warm_start": (False, "make a new estimator"), "verbose": (0, "see n_iter_ and gradient_norm_")})
        if y is None:
            raise ValueError(f"requires y to be passed, but the target y is None: {type(self).__name__} is a regressor")
        x, y = given(self, X, y, reset=True, y_numeric=True)
        rows = Rows.of(x, target_values(y), check_weight(sample_weight, x))
        solution = rows.minimise(
            type(self).__name__, self._family, 1, l1=0.0, l2=float(self.alpha), beside_sum=False,
            fit_intercept=bool(self.fit_intercept), solver="lbfgs" if self.solver == "lbfgs" else "newton", tol=self.tol,
            max_iter=self.max_iter,
        )  # fmt: skip
        self.coef_, self.intercept_ = solution.w[0, :-1].copy(), float(solution.w[0, -1])
        self.n_iter_ = solution.iterations
        warn_unless_converged(self, solution)
        return self

    def predict(self, X: Any) -> Any:
        """The means: lazy, if X is."""
        from sklearn.utils.validation import check_is_fitted

        from phalanx import array as da

        check_is_fitted(self)
        x, _ = given(self, X, reset=False)
        return x.answer(da.exp(predictors(x.array(), self.coef_, self.intercept_)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of the deviance that is explained, D²."""
        from phalanx.ml.metrics import d2_of_deviance

        return d2_of_deviance(self._family, y, self.predict(X), sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags


class PoissonRegressor(_LogLinear):
    """Counts, whose mean is the exponential of a linear predictor.

    Parameters
    ----------
    alpha, fit_intercept, max_iter, tol
        As scikit-learn's.
    solver : {"lbfgs", "newton", "newton-cholesky"}, default "lbfgs"
    warm_start, verbose
        Must be at their defaults.

    Attributes
    ----------
    coef_, intercept_, n_iter_, converged_, gradient_norm_, n_features_in_, feature_names_in_
    """

    _family = "poisson"


class GammaRegressor(_LogLinear):
    """Positive numbers, whose mean is the exponential of a linear predictor. Parameters: :class:`PoissonRegressor`."""

    _family = "gamma"
