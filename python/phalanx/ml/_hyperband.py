"""Hyperband: brackets of successive halving, from many models that learn little to few that learn much.

After Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter
Optimization", 2018. Numbers of models and calls, seeds and decisions are those of dask-ml.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from phalanx._lazy import np
from phalanx.ml._block_search import BlockSearch, History, best_of
from phalanx.ml._incremental import IncrementalSearchCV

__all__ = ["HyperbandSearchCV", "SuccessiveHalvingSearchCV"]


class SuccessiveHalvingSearchCV(IncrementalSearchCV):
    """Settings whose models learn block by block: one of ``aggressiveness`` goes on, for so many times the calls.

    Parameters
    ----------
    estimator : estimator
        With ``partial_fit``.
    parameters : dict
        Lists of values, or distributions to draw from.
    n_initial_parameters : int, default 10
        How many settings are drawn.
    n_initial_iter : int
        Calls of ``partial_fit`` before the first decision.
    max_iter : int, optional
        The most calls for a model.
    aggressiveness : float, default 3
    test_size, patience, tol, random_state, scoring, verbose, prefix
        As those of :class:`IncrementalSearchCV`.

    Attributes
    ----------
    cv_results_, best_estimator_, best_score_, best_params_, best_index_, history_, model_history_, scorer_, metadata_
    """

    def __init__(
        self,
        estimator: Any,
        parameters: Any,
        n_initial_parameters: int = 10,
        n_initial_iter: Any = None,
        max_iter: Any = None,
        aggressiveness: float = 3,
        test_size: Any = None,
        patience: Any = False,
        tol: Any = 1e-3,
        random_state: Any = None,
        scoring: Any = None,
        verbose: Any = False,
        prefix: str = "",
    ) -> None:
        super().__init__(
            estimator, parameters, n_initial_parameters=n_initial_parameters, max_iter=max_iter, test_size=test_size,
            patience=patience, tol=tol, random_state=random_state, scoring=scoring, verbose=verbose, prefix=prefix,
            decay_rate=None,
        )  # fmt: skip
        self.n_initial_iter = n_initial_iter
        self.aggressiveness = aggressiveness

    def _check_calls(self) -> None:
        super()._check_calls()
        if self.n_initial_iter is None or self.n_initial_iter < 1:
            raise ValueError(f"n_initial_iter={self.n_initial_iter}: give the calls of partial_fit before the first decision, 1 at least")
        if self.aggressiveness <= 1:
            raise ValueError(f"aggressiveness={self.aggressiveness}: one of so many models goes on, so it is more than 1")

    def _adapt(self, info: dict[Any, History]) -> dict[Any, int]:
        if all(records[-1]["partial_fit_calls"] == 1 for records in info.values()):
            # Each model has had a call already: where no more were asked for, that was the first step.
            self._steps = 1 if self.n_initial_iter == 1 else 0
        left = math.floor(self.n_initial_parameters * self.aggressiveness**-self._steps)
        target = int(np.round(self.n_initial_iter * self.aggressiveness**self._steps))
        best = best_of(left, info)
        self._steps += 1
        if not best:
            return dict.fromkeys(info, 0)
        return {model: target - info[model][-1]["partial_fit_calls"] for model in best}

    @property
    def metadata(self) -> dict[str, Any]:
        """How many models there will be, and how many calls, if none stops early."""
        calls = dict.fromkeys(range(self.n_initial_parameters), 0)
        step = 0
        while True:
            left = math.floor(self.n_initial_parameters * self.aggressiveness**-step)
            target = int(np.round(self.n_initial_iter * self.aggressiveness**step))
            calls.update(dict.fromkeys(range(left), target))
            if left <= 1 or (self.max_iter and target >= self.max_iter):
                break
            step += 1
        return {
            "partial_fit_calls": sum(calls.values()), "n_models": self.n_initial_parameters, "max_iter": max(calls.values()),
        }  # fmt: skip

    @property
    def metadata_(self) -> dict[str, Any]:
        """How many models there were, and how many calls."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "model_history_")
        calls = [records[-1]["partial_fit_calls"] for records in self.model_history_.values()]
        return {"partial_fit_calls": sum(calls), "n_models": self.n_initial_parameters, "max_iter": max(calls)}


def brackets_of(calls: int, aggressiveness: float) -> dict[int, tuple[int, int]]:
    """For each bracket its number of models, and of calls before the first decision."""
    last = math.floor(math.log(calls, aggressiveness))
    models = {s: math.ceil((last + 1) * aggressiveness**s / (s + 1)) for s in range(last, -1, -1)}
    return {s: (count, int(calls * aggressiveness**-s)) for s, count in models.items()}


class HyperbandSearchCV(BlockSearch):
    """Brackets of :class:`SuccessiveHalvingSearchCV`: the budget is spent on many models, and on long trainings, alike.

    Parameters
    ----------
    estimator : estimator
        With ``partial_fit``.
    parameters : dict
        Lists of values, or distributions to draw from.
    max_iter : int, default 81
        The most calls of ``partial_fit`` for a model; more of them are more models, too.
    aggressiveness : float, default 3
        One of so many models goes on.
    patience : bool or int, default False
        As that of :class:`IncrementalSearchCV`; True: ``max_iter // aggressiveness``.
    tol, test_size, random_state, scoring, verbose, prefix
        As those of :class:`IncrementalSearchCV`.

    Attributes
    ----------
    cv_results_, best_estimator_, best_score_, best_params_, best_index_, history_, model_history_, scorer_, metadata_
    """

    def __init__(
        self,
        estimator: Any,
        parameters: Any,
        max_iter: int = 81,
        aggressiveness: float = 3,
        patience: Any = False,
        tol: Any = 1e-3,
        test_size: Any = None,
        random_state: Any = None,
        scoring: Any = None,
        verbose: Any = False,
        prefix: str = "",
        predict_meta: Any = None,
        predict_proba_meta: Any = None,
        transform_meta: Any = None,
    ) -> None:
        super().__init__(estimator, scoring, predict_meta, predict_proba_meta, transform_meta)
        self.parameters = parameters
        self.max_iter = max_iter
        self.aggressiveness = aggressiveness
        self.patience = patience
        self.tol = tol
        self.test_size = test_size
        self.random_state = random_state
        self.verbose = verbose
        self.prefix = prefix

    def _patience(self) -> int:
        usual = max(int(self.max_iter // self.aggressiveness), 1)
        if isinstance(self.patience, bool):
            return usual if self.patience else 0
        if self.patience < usual and self.tol is not None and not np.isnan(self.tol):
            warnings.warn(
                f"Hyperband gives models up by itself: patience={self.patience} is for the few that remain, so let it be "
                f"True, or {usual} at least, or set tol=None",
                stacklevel=4,
            )
        return int(self.patience)

    def _searches(self) -> dict[int, SuccessiveHalvingSearchCV]:
        """A search for each bracket, the most models first."""
        from sklearn.utils import check_random_state

        seed = int(check_random_state(self.random_state).randint(2**31))
        patience = self._patience()
        return {
            bracket: SuccessiveHalvingSearchCV(
                self.estimator, self.parameters, n_initial_parameters=models, n_initial_iter=calls, max_iter=self.max_iter,
                aggressiveness=self.aggressiveness, patience=patience, tol=self.tol, test_size=self.test_size,
                random_state=seed + bracket if bracket else self.random_state, scoring=self.scoring, verbose=self.verbose,
                prefix=f"{self.prefix}, bracket={bracket}",
            )
            for bracket, (models, calls) in brackets_of(self.max_iter, self.aggressiveness).items()
        }  # fmt: skip

    def _search(self, X: Any, y: Any, options: dict[str, Any]) -> None:
        searches = {bracket: each.fit(X, y, **options) for bracket, each in self._searches().items()}
        histories: dict[Any, History] = {}
        history: History = []
        columns: dict[str, list[Any]] = {}
        for bracket, search in searches.items():
            for number, records in search.model_history_.items():
                name = f"bracket={bracket}-{number}"
                for record in records:
                    record.update(model_id=name, bracket=bracket)
                histories[name] = records
            history.extend(search.history_)
            table = dict(search.cv_results_)
            table["model_id"] = [f"bracket={bracket}-{number}" for number in table["model_id"]]
            table["bracket"] = [bracket] * len(table["model_id"])
            for column, values in table.items():
                columns.setdefault(column, []).extend(values)
        self.cv_results_ = {name: np.array(values) for name, values in columns.items()}
        self.model_history_ = histories
        self.history_ = sorted(history, key=lambda record: record["elapsed_wall_time"])
        bracket = max(searches, key=lambda each: searches[each].best_score_)
        best = searches[bracket]
        name = f"bracket={bracket}-{best.best_index_}"
        self.best_index_ = int(np.flatnonzero(self.cv_results_["model_id"] == name)[0])
        self.best_estimator_, self.best_score_, self.scorer_ = best.best_estimator_, best.best_score_, best.scorer_
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        self.n_splits_, self.multimetric_ = 1, False
        self.metadata_ = _met(searches)

    @property
    def metadata(self) -> dict[str, Any]:
        """How many models there will be, and how many calls, in all and in each bracket, if none stops early."""
        found = []
        for bracket, search in sorted(self._searches().items()):
            models, first = search.n_initial_parameters, search.n_initial_iter
            calls, decisions = dict.fromkeys(range(models), 0), []
            for step in range(bracket + 1):
                target = int(np.round(first * self.aggressiveness**step))
                kept = models if step == 0 else math.floor(math.floor(models * self.aggressiveness ** -(step - 1)) / self.aggressiveness)
                calls.update(dict.fromkeys(range(kept), target))
                decisions.append(target)
            found.append(_bracket(bracket, models, sum(calls.values()), decisions, search))
        return _whole(found)


def _met(searches: dict[int, SuccessiveHalvingSearchCV]) -> dict[str, Any]:
    """How many models and calls there were."""
    found = []
    for bracket, search in sorted(searches.items()):
        decisions = {record["partial_fit_calls"] for record in search.history_}
        if bracket != max(searches):
            decisions.discard(1)
        calls = [records[-1]["partial_fit_calls"] for records in search.model_history_.values()]
        found.append(_bracket(bracket, len(calls), sum(calls), sorted(decisions), search))
    return _whole(found)


def _bracket(
    bracket: int, models: int, calls: int, decisions: list[int], search: SuccessiveHalvingSearchCV
) -> dict[str, Any]:
    params = {name: value for name, value in search.get_params(deep=False).items() if name not in ("estimator", "parameters")}
    return {
        "bracket": bracket, "n_models": models, "partial_fit_calls": calls, "decisions": decisions,
        "SuccessiveHalvingSearchCV params": params,
    }  # fmt: skip


def _whole(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "partial_fit_calls": sum(each["partial_fit_calls"] for each in found),
        "n_models": sum(each["n_models"] for each in found),
        "brackets": found,
    }
