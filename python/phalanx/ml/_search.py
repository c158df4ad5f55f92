"""Searches over parameters: trials run at the same time, and what pipelines have in common is fitted once."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

from sklearn import model_selection as theirs
from sklearn.base import clone, is_classifier

from phalanx._lazy import np
from phalanx.ml._splits import check_cv
from phalanx.ml._validate import Folds, run, scorers_of, trial

__all__ = ["GridSearchCV", "RandomizedSearchCV"]


class _Prefixes:
    """Transformers at the front of pipelines, fitted once for each fold and each setting of them and those before."""

    def __init__(self) -> None:
        self._made: dict[Any, Any] = {}
        self._locks: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def fit(self, number: int) -> Callable[[Any, Any, Any, dict[str, Any]], Any]:
        """How a pipeline is fitted on the rows of a fold."""

        def fitted(pipeline: Any, x: Any, y: Any, options: dict[str, Any]) -> Any:
            settings: tuple[Any, ...] = (number,)
            *before, (last_name, last) = pipeline.steps
            steps = []
            for name, step in before:
                if step is None or step == "passthrough":
                    steps.append((name, step))
                    continue
                settings = (*settings, (name, type(step), repr(sorted(step.get_params().items(), key=lambda p: p[0]))))
                step, x = self._once(settings, functools.partial(_transformed, step, x, y))
                steps.append((name, step))
            options = {key.partition("__")[2]: value for key, value in options.items() if key.startswith(f"{last_name}__")}
            if not (last is None or last == "passthrough"):
                last = last.fit(x, y, **options)
            pipeline.steps = [*steps, (last_name, last)]
            return pipeline

        return fitted

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]


def _transformed(step: Any, x: Any, y: Any) -> tuple[Any, Any]:
    step = clone(step)
    made = step.fit_transform(x, y) if hasattr(step, "fit_transform") else step.fit(x, y).transform(x)
    return step, made.persist() if hasattr(made, "persist") else made


class _Trials:
    """What both searches share: scikit-learn's search with trials of ours."""

    estimator: Any
    scoring: Any
    cv: Any
    refit: Any
    error_score: Any
    return_train_score: bool
    n_jobs: Any
    cache_cv: bool
    scorer_: Any

    def fit(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Runs all trials, side by side, and fits the best setting on all rows."""
        from sklearn.pipeline import Pipeline

        scorers = scorers_of(self.estimator, self.scoring)  # type: ignore[has-type]
        self.multimetric_ = list(scorers) != ["score"]
        self._check_refit(scorers)
        folds = Folds(X, y, check_cv(self.cv, y, classifier=is_classifier(self.estimator)))  # type: ignore[has-type]
        folds.prepare()
        self.n_splits_ = len(folds.pairs)
        prefixes = _Prefixes() if isinstance(self.estimator, Pipeline) and self.cache_cv else None
        settings: list[Any] = []
        results: list[Any] = []
        beside: dict[str, list[Any]] = {}

        def evaluate(candidates: Any, splitter: Any = None, more: dict[str, Any] | None = None) -> Any:
            candidates = list(candidates)
            parts = folds
            if splitter is not None:
                parts = Folds(X, y, splitter)
                parts.prepare()
            steps = prefixes if splitter is None else None if prefixes is None else _Prefixes()
            if not candidates:
                raise ValueError("No fits were performed. Was the CV iterator empty? Were there no candidates?")

            def call(setting: Any, number: int) -> Callable[[], Any]:
                def work() -> Any:
                    estimator = clone(self.estimator).set_params(**clone(setting, safe=False))
                    result = trial(
                        estimator, parts, number, scorers, fit_params=params, error_score=self.error_score,
                        train_score=self.return_train_score, fit=None if steps is None else steps.fit(number),
                    )  # fmt: skip
                    del result["estimator"]
                    return result

                return work

            calls = [call(setting, number) for setting in candidates for number in range(self.n_splits_)]
            results.extend(_plain(each, self.multimetric_) for each in run(calls, self.n_jobs))
            settings.extend(candidates)
            if all(each["fit_error"] is not None for each in results):
                raise ValueError(f"All the {len(results)} fits failed. The first one: {results[0]['fit_error']}")
            for name, values in (more or {}).items():
                beside.setdefault(name, []).extend(values)
            return self._format_results(settings, self.n_splits_, results, beside)  # type: ignore[attr-defined]

        self.cv_results_ = self._schedule(evaluate, X, y)
        self.scorer_ = scorers if self.multimetric_ else scorers["score"]
        self._refit_best(X, y, params)
        return self

    def _candidates(self) -> Any:
        """The settings that are tried."""
        raise NotImplementedError

    def _schedule(self, evaluate: Callable[..., Any], X: Any, y: Any) -> Any:
        """Which settings are tried on which rows: all on all."""
        return evaluate(self._candidates())

    def _best(self, metric: Any) -> int:
        return int(np.argmin(self.cv_results_[f"rank_test_{metric}"]))

    def _check_refit(self, scorers: dict[str, Any]) -> None:
        if self.multimetric_ and self.refit is not False and not callable(self.refit) and self.refit not in scorers:
            raise ValueError(
                f"For multi-metric scoring, the parameter refit must be set to a scorer key or a callable. refit={self.refit!r}"
            )

    def _refit_best(self, X: Any, y: Any, params: dict[str, Any]) -> None:
        metric = self.refit if self.multimetric_ else "score"
        if self.refit or not self.multimetric_:
            self.best_index_ = int(
                self.refit(self.cv_results_) if callable(self.refit) else self._best(metric)
            )
            if not callable(self.refit):
                self.best_score_ = float(self.cv_results_[f"mean_test_{metric}"][self.best_index_])
            self.best_params_ = self.cv_results_["params"][self.best_index_]
        if self.refit:
            best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
            begin = time.perf_counter()
            self.best_estimator_ = best.fit(X, **params) if y is None else best.fit(X, y, **params)
            self.refit_time_ = time.perf_counter() - begin
            if hasattr(self.best_estimator_, "feature_names_in_"):
                self.feature_names_in_ = self.best_estimator_.feature_names_in_

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """The score of the best estimator."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "best_estimator_")
        scorer = self.scorer_[self.refit] if self.multimetric_ else self.scorer_
        return float(scorer(self.best_estimator_, X, y, **params))


def _plain(result: dict[str, Any], many: bool) -> dict[str, Any]:
    """A trial as scikit-learn's tables take it."""
    if many:
        return result
    scores: dict[str, Any] = {name: result[name]["score"] for name in ("test_scores", "train_scores") if name in result}
    return {**result, **scores}


_DOC = """

    Parameters
    ----------
    As scikit-learn's, and dask-ml's:
    n_jobs : int, default -1
        How many trials run at the same time; as many as there are cores.
    cache_cv : bool, default True
        Whether pipelines share what they have in common: transformers in front that are set alike are fitted once a
        fold.
    scheduler : None
        The current client runs the trials.
    """


class GridSearchCV(_Trials, theirs.GridSearchCV):
    __doc__ = "All combinations of parameters, side by side." + _DOC

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        scheduler: Any = None,
        n_jobs: Any = -1,
        cache_cv: bool = True,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator, param_grid, scoring=scoring, n_jobs=n_jobs, refit=refit, cv=cv, verbose=verbose,
            error_score=error_score, return_train_score=return_train_score,
        )  # fmt: skip
        self.scheduler = scheduler
        self.cache_cv = cache_cv

    def _candidates(self) -> Any:
        return theirs.ParameterGrid(self.param_grid)


class RandomizedSearchCV(_Trials, theirs.RandomizedSearchCV):
    __doc__ = "Parameters that are drawn, side by side; scikit-learn draws the same with the same seed." + _DOC

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        n_iter: int = 10,
        random_state: Any = None,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        scheduler: Any = None,
        n_jobs: Any = -1,
        cache_cv: bool = True,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator, param_distributions, n_iter=n_iter, scoring=scoring, n_jobs=n_jobs, refit=refit, cv=cv,
            verbose=verbose, random_state=random_state, error_score=error_score, return_train_score=return_train_score,
        )  # fmt: skip
        self.scheduler = scheduler
        self.cache_cv = cache_cv

    def _candidates(self) -> Any:
        return theirs.ParameterSampler(self.param_distributions, self.n_iter, random_state=self.random_state)
