"""One trial: an estimator fitted on a part of the rows and scored on another; and many at the same time."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sklearn.base import clone, is_classifier

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.exceptions import CancelledError
from phalanx.ml._given import is_lazy
from phalanx.ml._scorers import check_scoring, get_scorer
from phalanx.ml._splits import check_cv, rows_of

__all__ = ["Folds", "compute_n_splits", "cross_val_score", "cross_validate", "run", "scorers_of", "trial"]


def threads(n_jobs: Any) -> int:
    """How many trials run at the same time: of a cluster, its cores."""
    if n_jobs is not None and n_jobs > 0:
        return int(n_jobs)
    from phalanx import _client

    client = _client.current()
    cores = sum(client.ncores().values()) if client is not None and hasattr(client, "ncores") else 0
    return max(1, int(cores) or os.cpu_count() or 1)


def run(calls: Sequence[Callable[[], Any]], n_jobs: Any) -> list[Any]:
    """The results of the calls, in order; the first exception (also Ctrl-C) ends all others, whose jobs are cancelled."""
    if len(calls) == 1 or threads(n_jobs) == 1:
        return [call() for call in calls]
    token = _phalanx.CancelToken()
    with ThreadPoolExecutor(threads(n_jobs), initializer=token.adopt) as pool:
        futures = [pool.submit(call) for call in calls]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            token.cancel()
            raise


def scorers_of(estimator: Any, scoring: Any) -> dict[str, Any]:
    """Scorers by name; the only one of a single score is ``score``."""
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return {"score": check_scoring(estimator, scoring)}
    if isinstance(scoring, dict):
        return {name: get_scorer(each) for name, each in scoring.items()}
    return {name: get_scorer(name) for name in scoring}


class Folds:
    """The parts of X and y, each made once: of lazy arrays persisted, so that all trials read them where they are."""

    def __init__(self, X: Any, y: Any, cv: Any, groups: Any = None) -> None:
        self.pairs = list(cv.split(X, y, groups) if groups is not None else cv.split(X, y))
        self._x, self._y = X, y
        self._parts: dict[tuple[int, int], tuple[Any, Any]] = {}

    def part(self, number: int, which: int) -> tuple[Any, Any]:
        """X and y of a fold: its rows to train (0) or to test on (1)."""
        key = (number, which)
        if key not in self._parts:
            rows = self.pairs[number][which]
            x, y = rows_of(self._x, rows), rows_of(self._y, rows)
            self._parts[key] = (x.persist() if is_lazy(x) else x, y.persist() if is_lazy(y) else y)
        return self._parts[key]

    def prepare(self) -> None:
        """Makes all parts, before trials run side by side."""
        for number in range(len(self.pairs)):
            self.part(number, 0)
            self.part(number, 1)

    def options(self, given: dict[str, Any] | None, number: int, which: int) -> dict[str, Any]:
        """Arguments of ``fit``: those with one entry a row are cut too."""
        count = sum(len(rows) for rows in self.pairs[number])
        rows = self.pairs[number][which]
        length = lambda value: value.shape[0] if hasattr(value, "shape") and len(value.shape) else -1  # noqa: E731
        return {name: rows_of(v, rows) if length(v) >= count else v for name, v in (given or {}).items()}


def trial(
    estimator: Any,
    folds: Folds,
    number: int,
    scorers: dict[str, Any],
    *,
    fit_params: dict[str, Any] | None = None,
    error_score: Any = np.nan,
    train_score: bool = False,
    fit: Callable[[Any, Any, Any, dict[str, Any]], Any] | None = None,
) -> dict[str, Any]:
    """Fits and scores; a fit that fails scores ``error_score``, unless that is ``"raise"``."""
    from sklearn.exceptions import FitFailedWarning

    (x, y), (test_x, test_y) = folds.part(number, 0), folds.part(number, 1)
    options = folds.options(fit_params, number, 0)
    result: dict[str, Any] = {"n_test_samples": len(folds.pairs[number][1]), "fit_error": None}
    begin = time.perf_counter()
    try:
        fitted = fit(estimator, x, y, options) if fit is not None else _fit(estimator, x, y, options)
        between = time.perf_counter()
        result["test_scores"] = {name: float(scorer(fitted, test_x, test_y)) for name, scorer in scorers.items()}
        end = time.perf_counter()
        if train_score:
            result["train_scores"] = {name: float(scorer(fitted, x, y)) for name, scorer in scorers.items()}
        result["estimator"] = fitted
    except CancelledError:
        raise  # another trial, or Ctrl-C, has ended the search: this one has no score
    except Exception as error:
        if error_score == "raise":
            raise
        between = end = time.perf_counter()
        result["fit_error"] = f"{type(error).__name__}: {error}"
        result["test_scores"] = dict.fromkeys(scorers, float(error_score))
        if train_score:
            result["train_scores"] = dict.fromkeys(scorers, float(error_score))
        result["estimator"] = estimator
        warnings.warn(f"Estimator fit failed, its score is {error_score}: {result['fit_error']}", FitFailedWarning, stacklevel=2)
    result["fit_time"], result["score_time"] = between - begin, end - between
    return result


def _fit(estimator: Any, x: Any, y: Any, options: dict[str, Any]) -> Any:
    return estimator.fit(x, **options) if y is None else estimator.fit(x, y, **options)


def cross_validate(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    n_jobs: Any = None,
    fit_params: dict[str, Any] | None = None,
    params: dict[str, Any] | None = None,
    return_train_score: bool = False,
    return_estimator: bool = False,
    return_indices: bool = False,
    error_score: Any = np.nan,
) -> dict[str, Any]:
    """Fits and scores on each fold, all folds at the same time."""
    folds = Folds(X, y, check_cv(cv, y, classifier=is_classifier(estimator)), groups)
    folds.prepare()
    scorers = scorers_of(estimator, scoring)

    def call(number: int) -> Callable[[], Any]:
        fresh = clone(estimator)
        options = params if fit_params is None else fit_params
        return lambda: trial(
            fresh, folds, number, scorers, fit_params=options, error_score=error_score, train_score=return_train_score
        )

    results = run([call(number) for number in range(len(folds.pairs))], n_jobs)
    found: dict[str, Any] = {name: np.array([each[name] for each in results]) for name in ("fit_time", "score_time")}
    if return_estimator:
        found["estimator"] = [each["estimator"] for each in results]
    if return_indices:
        found["indices"] = {"train": [a for a, _ in folds.pairs], "test": [b for _, b in folds.pairs]}
    for name in scorers:
        found[f"test_{name}"] = np.array([each["test_scores"][name] for each in results])
        if return_train_score:
            found[f"train_{name}"] = np.array([each["train_scores"][name] for each in results])
    return found


def cross_val_score(estimator: Any, X: Any, y: Any = None, *, scoring: Any = None, **options: Any) -> Any:
    """The score of each fold."""
    if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
        raise ValueError("cross_val_score takes one score; cross_validate takes several")
    return cross_validate(estimator, X, y, scoring=scoring, **options)["test_score"]


def compute_n_splits(cv: Any, X: Any, y: Any = None, groups: Any = None) -> int:
    """How many folds."""
    return int(check_cv(cv, y).get_n_splits(X, y, groups))
