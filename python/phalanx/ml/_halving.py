"""Successive halving: all settings on few rows, the better part of them on more, and so on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sklearn.base import is_classifier
from sklearn.model_selection import ParameterGrid, ParameterSampler

from phalanx._lazy import np
from phalanx.ml._search import GridSearchCV
from phalanx.ml._splits import check_cv, values_of

__all__ = ["HalvingGridSearchCV", "HalvingRandomSearchCV"]


class _Halving(GridSearchCV):
    """What both have in common; settings and rows are those that scikit-learn takes with the same seed."""

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        factor: float = 3,
        resource: str = "n_samples",
        max_resources: Any = "auto",
        min_resources: Any = "exhaust",
        aggressive_elimination: bool = False,
        cv: Any = 5,
        scoring: Any = None,
        refit: Any = True,
        error_score: Any = np.nan,
        return_train_score: bool = True,
        random_state: Any = None,
        n_jobs: Any = -1,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator, param_grid, scoring=scoring, refit=refit, cv=cv, error_score=error_score,
            return_train_score=return_train_score, n_jobs=n_jobs, verbose=verbose,
        )  # fmt: skip
        self.factor = factor
        self.resource = resource
        self.max_resources = max_resources
        self.min_resources = min_resources
        self.aggressive_elimination = aggressive_elimination
        self.random_state = random_state

    def _resources(self, X: Any, y: Any) -> tuple[int, int]:
        """The least and the most that a setting is tried on."""
        rows = int(X.shape[0]) if hasattr(X, "shape") else len(X)
        if self.resource != "n_samples" and self.resource not in self.estimator.get_params():
            raise ValueError(f"Cannot use resource={self.resource} which is not supported by estimator {type(self.estimator).__name__}")
        least = self.min_resources
        if least in ("smallest", "exhaust"):
            least = 1
            if self.resource == "n_samples":
                least = 2 * self.n_splits_ * (len(np.unique(values_of(y))) if is_classifier(self.estimator) else 1)
        most = self.max_resources
        if most == "auto":
            if self.resource != "n_samples":
                raise ValueError("resource can only be 'n_samples' when max_resources='auto'")
            most = rows
        if least > most:
            raise ValueError(f"min_resources_={least} is greater than max_resources_={most}.")
        return int(least), int(most)

    def _schedule(self, evaluate: Callable[..., Any], X: Any, y: Any) -> Any:
        from sklearn.model_selection._search_successive_halving import _SubsampleMetaSplitter, _top_k

        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        rows = int(X.shape[0]) if hasattr(X, "shape") else len(X)
        least, most = self._resources(X, y)
        settings = list(self._settings(least, most))
        if self.resource != "n_samples" and any(self.resource in setting for setting in settings):
            raise ValueError(f"Cannot use parameter {self.resource} as the resource since it is part of the searched parameters.")
        required = 1 + math.floor(math.log(len(settings), self.factor))
        if self.min_resources == "exhaust":
            least = max(least, int(most // self.factor ** (required - 1)))
        possible = 1 + math.floor(math.log(most // least, self.factor))
        rounds = required if self.aggressive_elimination else min(possible, required)
        self.n_resources_, self.n_candidates_ = [], []
        found: Any = None
        for number in range(rounds):
            power = max(0, number - required + possible) if self.aggressive_elimination else number
            amount = min(int(self.factor**power * least), most)
            self.n_resources_.append(amount)
            self.n_candidates_.append(len(settings))
            parts = splitter
            if self.resource == "n_samples":
                parts = _SubsampleMetaSplitter(
                    base_cv=splitter, fraction=amount / rows, subsample_test=True, random_state=self.random_state
                )
            else:
                settings = [{**setting, self.resource: amount} for setting in settings]
            more = {"iter": [number] * len(settings), "n_resources": [amount] * len(settings)}
            found = evaluate(settings, parts, more)
            settings = list(_top_k(found, math.ceil(len(settings) / self.factor), number))
        self.min_resources_, self.max_resources_, self.n_iterations_ = least, most, rounds
        self.n_required_iterations_, self.n_possible_iterations_ = required, possible
        self.n_remaining_candidates_ = len(settings)
        return found

    def _settings(self, least: int, most: int) -> Any:
        raise NotImplementedError

    def _best(self, metric: Any) -> int:
        """The best of the last round."""
        last = np.flatnonzero(self.cv_results_["iter"] == np.max(self.cv_results_["iter"]))
        scores = self.cv_results_[f"mean_test_{metric}"][last]
        return int(last[0 if np.isnan(scores).all() else np.nanargmax(scores)])


_DOC = """

    Parameters
    ----------
    estimator, param_grid, scoring, refit, cv, error_score, return_train_score, n_jobs
        As those of :class:`GridSearchCV`.
    factor : float, default 3
        One of so many settings goes on, with so many times the rows.
    resource : str, default "n_samples"
        Rows, or a parameter of the estimator that grows in their place.
    max_resources, min_resources, aggressive_elimination, random_state
        As scikit-learn's.

    Attributes
    ----------
    best_params_, best_score_, best_estimator_, cv_results_, n_resources_, n_candidates_, n_iterations_
    """


class HalvingGridSearchCV(_Halving):
    __doc__ = "All combinations of parameters, on more and more rows; the trials of a round run side by side." + _DOC

    def _settings(self, least: int, most: int) -> Any:
        return ParameterGrid(self.param_grid)


class HalvingRandomSearchCV(_Halving):
    __doc__ = (
        "Parameters that are drawn, on more and more rows; the trials of a round run side by side." + _DOC
    )

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: Any = "exhaust",
        factor: float = 3,
        resource: str = "n_samples",
        max_resources: Any = "auto",
        min_resources: Any = "smallest",
        aggressive_elimination: bool = False,
        cv: Any = 5,
        scoring: Any = None,
        refit: Any = True,
        error_score: Any = np.nan,
        return_train_score: bool = True,
        random_state: Any = None,
        n_jobs: Any = -1,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator, None, factor=factor, resource=resource, max_resources=max_resources, min_resources=min_resources,
            aggressive_elimination=aggressive_elimination, cv=cv, scoring=scoring, refit=refit, error_score=error_score,
            return_train_score=return_train_score, random_state=random_state, n_jobs=n_jobs, verbose=verbose,
        )  # fmt: skip
        self.param_distributions = param_distributions
        self.n_candidates = n_candidates

    def _settings(self, least: int, most: int) -> Any:
        count = most // least if self.n_candidates == "exhaust" else self.n_candidates
        return ParameterSampler(self.param_distributions, count, random_state=self.random_state)
