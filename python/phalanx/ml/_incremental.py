"""Searches over models that learn block by block: those that do badly are given up early."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from sklearn.model_selection import ParameterGrid, ParameterSampler

from phalanx.ml._block_search import BlockSearch, History, best_of

__all__ = ["IncrementalSearchCV", "InverseDecaySearchCV"]

_NO_DEFAULT: Any = "no default"


_DOC = """

    Parameters
    ----------
    estimator : estimator
        With ``partial_fit``.
    parameters : dict
        Lists of values, or distributions to draw from.
    n_initial_parameters : int or "grid", default 10
        How many settings are drawn; all combinations.
    test_size : float, optional
        The share of the rows that models are scored on; a block's, and 0.2 at most, by default.
    patience : int, default False
        A model stops that has not become better by ``tol`` for so many calls.
    tol : float, default 0.001
    fits_per_score : int, default 1
        Calls between two scores.
    max_iter : int, default 100
        The most calls of ``partial_fit`` for a model.
    random_state : int, optional
    scoring : str or callable, optional
    verbose : bool or float, default False
        Whether the best score is printed after each round.
    prefix : str
        Put in front of what is printed.

    Attributes
    ----------
    cv_results_, best_estimator_, best_score_, best_params_, best_index_, history_, model_history_, scorer_

    Notes
    -----
    Models are trained in this process, as many at a time as there are cores.
    """


class IncrementalSearchCV(BlockSearch):
    __doc__ = "Settings whose models learn block by block, until they do not become better." + _DOC

    n_initial_parameters: Any
    _decays = False

    def __init__(
        self,
        estimator: Any,
        parameters: Any,
        n_initial_parameters: int | str = 10,
        decay_rate: Any = _NO_DEFAULT,
        test_size: Any = None,
        patience: Any = False,
        tol: Any = 0.001,
        fits_per_score: int = 1,
        max_iter: Any = 100,
        random_state: Any = None,
        scoring: Any = None,
        verbose: Any = False,
        prefix: str = "",
        scores_per_fit: Any = None,
        predict_meta: Any = None,
        predict_proba_meta: Any = None,
        transform_meta: Any = None,
    ) -> None:
        super().__init__(estimator, scoring, predict_meta, predict_proba_meta, transform_meta)
        self.parameters = parameters
        self.n_initial_parameters = n_initial_parameters
        self.decay_rate = decay_rate
        self.test_size = test_size
        self.patience = patience
        self.tol = tol
        self.fits_per_score = fits_per_score
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose
        self.prefix = prefix
        self.scores_per_fit = scores_per_fit

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        self._check_calls()
        return super().fit(X, y, **fit_params)

    fit.__doc__ = BlockSearch.fit.__doc__

    def _check_calls(self) -> None:
        if not self._decays and self.decay_rate not in (None, _NO_DEFAULT):
            warnings.warn("decay_rate changes nothing here: take InverseDecaySearchCV", FutureWarning, stacklevel=3)
        if self.scores_per_fit is not None and self.fits_per_score != 1:
            raise ValueError("Specify fits_per_score, not scores_per_fit")
        if isinstance(self.patience, bool) and self.patience:
            raise ValueError("patience=True would always detect a plateau: give a number of calls, 2 at least")
        if not isinstance(self.patience, int):
            raise ValueError(f"patience must be an integer, not patience={self.patience} of type {type(self.patience)}")
        if self.patience == 1 or self.patience < 0:
            raise ValueError(f"patience={self.patience}<=1 will always detect a plateau: set patience >= 2")

    @property
    def _calls(self) -> int:
        return int(self.scores_per_fit or self.fits_per_score)

    def _models(self) -> Iterable[dict[str, Any]]:
        if self.n_initial_parameters == "grid":
            return ParameterGrid(self.parameters)
        return list(ParameterSampler(self.parameters, self.n_initial_parameters, random_state=self.random_state))

    def _additional_calls(self, info: dict[Any, History]) -> dict[Any, int]:
        calls = {model: records[-1]["partial_fit_calls"] for model, records in info.items()}
        if self.patience and max(calls.values()) > 1:
            # What was decided for a model may be more than `patience` calls: it is looked at in between.
            decided = {
                model: [each["partial_fit_calls"] + each["_adapt"] for each in records if "_adapt" in each][-1]
                for model, records in info.items()
            }
            left = {model: decided[model] - calls[model] for model in info}
            if sum(left.values()) > 0:
                return {model: min(steps, int(self.patience)) for model, steps in self._until_plateau(left, info).items()}
        out = self._until_plateau(self._adapt(info), info)
        if self.patience:
            # None for a model that stops here, or the others would wait for it for ever, as they do in dask-ml.
            for model, steps in out.items():
                info[model][-1]["_adapt"] = steps
        return {model: min(steps, int(self.patience)) for model, steps in out.items()} if self.patience else out

    def _adapt(self, info: dict[Any, History]) -> dict[Any, int]:
        return dict.fromkeys(info, self._calls)

    def _until_plateau(self, decisions: dict[Any, int], info: dict[Any, History]) -> dict[Any, int]:
        """The same, but none for models that have had all calls or do not become better."""
        out = {}
        for model, steps in decisions.items():
            records = info[model]
            calls = records[-1]["partial_fit_calls"]
            out[model] = steps
            if self.max_iter and calls >= self.max_iter:
                out[model] = 0
            elif self.patience and calls >= self.patience:
                scores = [each["score"] for each in records if calls - each["partial_fit_calls"] <= self.patience]
                gains = [score - scores[0] for score in scores[1:]]
                if self.tol is not None and gains and max(gains) <= self.tol:
                    out[model] = 0
        return out


class InverseDecaySearchCV(IncrementalSearchCV):
    __doc__ = (
        "As :class:`IncrementalSearchCV`; after ``k`` calls one of ``(k + 1) ** decay_rate`` models is left." + _DOC
    )

    _decays = True

    def __init__(
        self,
        estimator: Any,
        parameters: Any,
        n_initial_parameters: int | str = 10,
        test_size: Any = None,
        patience: Any = False,
        tol: Any = 0.001,
        fits_per_score: int = 1,
        max_iter: Any = 100,
        random_state: Any = None,
        scoring: Any = None,
        verbose: Any = False,
        prefix: str = "",
        decay_rate: float = 1.0,
    ) -> None:
        super().__init__(
            estimator, parameters, n_initial_parameters=n_initial_parameters, test_size=test_size, patience=patience,
            tol=tol, fits_per_score=fits_per_score, max_iter=max_iter, random_state=random_state, scoring=scoring,
            verbose=verbose, prefix=prefix, decay_rate=decay_rate,
        )  # fmt: skip

    def _adapt(self, info: dict[Any, History]) -> dict[Any, int]:
        if len(info) == 1:
            return dict.fromkeys(info, 0)
        start: Any = self.n_initial_parameters
        start = len(ParameterGrid(self.parameters)) if start == "grid" else start
        left: Callable[[int], int] = lambda calls: int(start / (1 + calls) ** self.decay_rate)  # noqa: E731
        now = next(iter(info.values()))[-1]["partial_fit_calls"] + 1
        after = 1 if left(now) == 0 else now
        while left(now) == left(after) and (
            (self.decay_rate and not self.patience) or after - now < self._calls
        ):
            after += 1
        best = best_of(max(1, left(after)), info)
        return {best[0]: 0} if len(best) == 1 else dict.fromkeys(best, after - now)
