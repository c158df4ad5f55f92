"""Logistic regression of two classes or more."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin

from phalanx._lazy import np
from phalanx.ml._given import classes_and_codes, given, is_lazy, kind_of, labels
from phalanx.ml._linear import check_weight, need_count, need_number, predictors, unsupported
from phalanx.ml._linear import warn_unless_converged
from phalanx.ml._rows import Rows, Solution

__all__ = ["LogisticRegression"]

_NEWTON = ("newton", "newton-cg", "newton-cholesky")
_SOLVERS = ("lbfgs", *_NEWTON, "admm", "proximal_grad", "gradient_descent")


class LogisticRegression(ClassifierMixin, BaseEstimator):
    """The logarithm of the odds is a linear function of the features.

    Minimises ``C Σ loss + l1_ratio |w|₁ + (1 - l1_ratio) |w|²/2``, the intercept free: scikit-learn's objective and
    parameters, with dask-ml's solvers.

    Parameters
    ----------
    penalty : {"l2", "l1", "elasticnet", None}, default "l2"
    C : float, default 1.0
        The inverse of the penalty's weight.
    l1_ratio : float, optional
        For ``"elasticnet"``; also alone, as scikit-learn ≥ 1.8 takes it.
    solver : str, default "lbfgs"
        ``"lbfgs"`` and ``"gradient_descent"`` for l2 or no penalty; ``"newton"`` (``"newton-cg"``,
        ``"newton-cholesky"``), ``"admm"`` and ``"proximal_grad"`` for any. The Hessian of k classes has
        (k · (features + 1))² entries.
    tol : float, default 1e-4
        What the largest component of the gradient of the mean objective may be.
    class_weight : dict, "balanced" or None
    solver_kwargs : dict, optional
        ``rho`` and ``over_relax`` of ``"admm"``.
    dual, intercept_scaling, multi_class, n_jobs, random_state, verbose, warm_start
        As scikit-learn's or dask-ml's; ``dual``, ``intercept_scaling``, ``verbose`` and ``warm_start`` must be at
        their defaults, ``multi_class`` one of ``"ovr"`` (for two classes), ``"auto"`` and ``"multinomial"``.

    Attributes
    ----------
    classes_, coef_, intercept_, n_iter_, converged_, gradient_norm_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        penalty: Any = "l2",
        dual: bool = False,
        tol: float = 1e-4,
        C: float = 1.0,
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        multi_class: str = "auto",
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: Any = None,
        solver_kwargs: Any = None,
        l1_ratio: float | None = None,
    ) -> None:
        self.penalty = penalty
        self.dual = dual
        self.tol = tol
        self.C = C
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.multi_class = multi_class
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.solver_kwargs = solver_kwargs
        self.l1_ratio = l1_ratio

    def _check(self) -> tuple[float, float]:
        """The weights of the l1 norm and of half the squared l2 norm."""
        need_number("C", self.C, open_low=True)
        need_number("tol", self.tol, open_low=True)
        need_count("max_iter", self.max_iter)
        unsupported(
            self,
            {
                "dual": (False, "the primal problem has the same solution"),
                "intercept_scaling": (1.0, "the intercept is not penalised"),
                "verbose": (0, "see n_iter_ and gradient_norm_"),
                "warm_start": (False, "make a new estimator"),
            },
        )
        if self.solver not in _SOLVERS:
            raise ValueError(f"The 'solver' parameter must be one of {', '.join(_SOLVERS)}. Got {self.solver!r} instead.")
        if self.penalty not in ("l1", "l2", "elasticnet", None, "none"):
            raise ValueError(f"The 'penalty' parameter must be 'l1', 'l2', 'elasticnet' or None. Got {self.penalty!r} instead.")
        if self.l1_ratio is not None:
            need_number("l1_ratio", self.l1_ratio, high=1.0)
        if self.penalty == "elasticnet" and self.l1_ratio is None:
            raise ValueError("l1_ratio must be specified when penalty is elasticnet.")
        if self.penalty in (None, "none") or np.isinf(self.C):
            return 0.0, 0.0
        ratio = 1.0 if self.penalty == "l1" else self.l1_ratio or 0.0
        return ratio, 1.0 - ratio

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> LogisticRegression:
        """Fits the model; each iteration is a pass over the rows."""
        l1, l2 = self._check()
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None: LogisticRegression is a classifier")
        x, y = given(self, X, y, reset=True)
        self.classes_, codes = classes_and_codes(y)
        count = len(self.classes_)
        if count < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one class: "
                f"{self.classes_.tolist()[0]!r}"
            )
        self._check_solver(count, l1)
        weight = self._weights(check_weight(sample_weight, x), codes, count)
        rows = Rows.of(x, codes, weight)
        solution = self._minimise(rows, count, l1, l2)
        self.coef_, self.intercept_ = solution.w[:, :-1].copy(), solution.w[:, -1].copy()
        if count > 2 and self.fit_intercept:
            self.intercept_ -= self.intercept_.mean()  # their differences are all that counts: as scikit-learn has them
        self.n_iter_ = np.array([solution.iterations], dtype=np.int32)
        warn_unless_converged(self, solution)
        return self

    def _check_solver(self, count: int, l1: float) -> None:
        if l1 and self.solver in ("lbfgs", "gradient_descent"):
            raise ValueError(
                f"Solver {self.solver} supports only 'l2' or None penalties, got an l1 one: take 'newton', 'admm' or "
                "'proximal_grad'"
            )
        if self.multi_class not in ("auto", "multinomial", "ovr"):
            raise ValueError(f"multi_class must be 'auto', 'multinomial' or 'ovr'. Got {self.multi_class!r}")
        if count > 2 and self.multi_class == "ovr":
            raise NotImplementedError("multi_class='ovr': take sklearn.multiclass.OneVsRestClassifier")

    def _weights(self, weight: Any, codes: Any, count: int) -> Any:
        """The rows' weights times those of their classes."""
        if self.class_weight is None:
            return weight
        lazy = is_lazy(codes)
        if self.class_weight == "balanced":
            # As scikit-learn: what rows weigh is what is balanced.
            one: Any = 1.0 if weight is None else weight
            parts = [(codes == float(k)).astype("float64") * one for k in range(count)]
            sums = [(part.to_frame("column") if kind_of(part) == "series" else part).sum() for part in parts]
            each = [float(np.ravel(total.compute() if lazy else total)[0]) for total in sums]
            factors = np.array([sum(each) / (count * n) for n in each])
        elif isinstance(self.class_weight, dict):
            factors = np.array([float(self.class_weight.get(label, 1.0)) for label in self.classes_.tolist()])
        else:
            raise ValueError(f"class_weight must be a dict, 'balanced' or None. Got {self.class_weight!r}")
        if not lazy:
            of_class = factors[codes.astype(np.intp)]
        elif hasattr(codes, "chunks"):
            from phalanx import array as da

            of_class = da.take(da.asarray(factors), codes.astype(np.int64))
        else:
            of_class = sum((codes == float(k)).astype("float64") * float(factors[k]) for k in range(count))
        return of_class if weight is None else weight * of_class

    def _minimise(self, rows: Rows, count: int, l1: float, l2: float) -> Solution:
        options = dict(self.solver_kwargs or {})
        if options and self.solver != "admm":
            raise ValueError(f"solver_kwargs {sorted(options)} are for solver='admm'")
        unknown = sorted(set(options) - {"rho", "over_relax"})
        if unknown:
            raise ValueError(f"solver_kwargs {unknown}: solver='admm' takes rho and over_relax")
        family, lines = ("binomial", 1) if count == 2 else ("multinomial", count)
        strength = 0.0 if np.isinf(self.C) else 1.0 / float(self.C)
        return rows.minimise(
            "LogisticRegression", family, lines, l1=l1 * strength, l2=l2 * strength, beside_sum=True,
            fit_intercept=bool(self.fit_intercept), solver="newton" if self.solver in _NEWTON else self.solver, tol=self.tol,
            max_iter=self.max_iter, **options,
        )  # fmt: skip

    def _scores(self, x: Any) -> Any:
        if len(self.classes_) == 2:
            return predictors(x.array(), self.coef_[0], self.intercept_[0])
        return predictors(x.array(), self.coef_, self.intercept_)

    def _given(self, X: Any) -> Any:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return given(self, X, reset=False)[0]

    def decision_function(self, X: Any) -> Any:
        """The linear predictors: one of two classes, else one a class."""
        x = self._given(X)
        return x.answer(self._scores(x))

    def predict(self, X: Any) -> Any:
        """The likeliest label of each row."""
        x = self._given(X)
        scores = self._scores(x)
        codes = (scores > 0.0) if scores.ndim == 1 else scores.argmax(axis=1)
        return labels(x, codes, self.classes_)

    def _probabilities(self, x: Any) -> Any:
        from phalanx import array as da

        scores = self._scores(x)
        if scores.ndim == 1:
            one = 1.0 / (1.0 + da.exp(-scores))
            return da.stack([1.0 - one, one], axis=1).rechunk({1: -1})
        grown = da.exp(scores - scores.max(axis=1, keepdims=True))
        return grown / grown.sum(axis=1, keepdims=True)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, in the order of ``classes_``."""
        x = self._given(X)
        return x.answer(self._probabilities(x))

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of :meth:`predict_proba`."""
        from phalanx import array as da

        x = self._given(X)
        return x.answer(da.log(self._probabilities(x)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose label is predicted."""
        from phalanx.ml.metrics import accuracy_score

        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)
