"""XGBoost's parameters and callbacks as a training takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from phalanx.xgboost._library import python_package

__all__ = ["Listeners", "number_of_ranks", "parameters", "threads"]

_THREADS = ("nthread", "n_jobs")


def parameters(params: Any, names: list[str] | None) -> list[tuple[str, str]]:
    """Names and texts, in order; metrics one by one.

    Raises
    ------
    NotImplementedError
        A function: ranks run no Python; or a device by its number.
    ValueError
        A constraint names an unknown feature.
    """
    given = list(params.items()) if isinstance(params, Mapping) else list(params or [])
    found: list[tuple[str, str]] = []
    for name, value in given:
        if value is None or name in _THREADS:
            continue
        if name == "eval_metric" and not isinstance(value, str) and isinstance(value, Sequence):
            found += [(name, _text(name, metric)) for metric in value]
        elif name == "monotone_constraints" and not isinstance(value, str):
            found.append((name, _monotone(value, names)))
        elif name == "interaction_constraints" and not isinstance(value, str):
            found.append((name, _interaction(value, names)))
        elif name == "device" and value not in ("cpu", "sycl:cpu", "cuda", "gpu"):
            raise NotImplementedError(f"device={value!r}: say device='cuda', and each rank is given a GPU of its worker")
        else:
            found.append((name, _text(name, value)))
    return found


def _text(name: str, value: Any) -> str:
    if callable(value):
        raise NotImplementedError(f"{name} is a function, and ranks run no Python: name one of XGBoost's own")
    return str(value)


def _monotone(value: Any, names: list[str] | None) -> str:
    if isinstance(value, Mapping):
        unknown = [name for name in value if name not in (names or [])]
        if unknown:
            raise ValueError(f"Constrained features are not a subset of training data feature names: {unknown}")
        value = [value.get(name, 0) for name in names or []]
    return "(" + ",".join(str(int(each)) for each in value) + ")"


def _interaction(value: Any, names: list[str] | None) -> str:
    places = {name: place for place, name in enumerate(names or [])}
    try:
        return json.dumps([[each if isinstance(each, int) else places[each] for each in group] for group in value])
    except KeyError as error:
        raise ValueError(f"Constrained features are not a subset of training data feature names: {error}") from None


def threads(params: Any) -> int:
    """How many threads each rank has: one, unless the parameters say otherwise."""
    given = dict(params or {})
    wanted = [int(given[name]) for name in _THREADS if given.get(name) is not None]
    return max(1, wanted[-1]) if wanted else 1


def number_of_ranks(ranks: Any, native: Any) -> int:
    """How many ranks there are; ``"workers"`` means as many as there are workers.

    Raises
    ------
    ValueError
        Not a positive number.
    """
    if ranks == "workers":
        return max(1, len(json.loads(native.describe())["workers"]))
    if isinstance(ranks, bool) or not isinstance(ranks, int) or ranks < 1:
        raise ValueError(f"ranks={ranks!r}: a number from 1 on, or 'workers'")
    return int(ranks)


class _NoModel:
    """What callbacks are given for the model, which is where the ranks are."""

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"a callback asks the model for {name!r}, which is with the ranks while they train")


class Listeners:
    """Callbacks: what ranks do of it, and what is called here after each round.

    Raises
    ------
    NotImplementedError
        A callback needs the model of each round.
    """

    def __init__(
        self, callbacks: Any, early_stopping_rounds: int | None, verbose_eval: Any, rounds: int, *, evals: bool,
        learning_rate: float,
    ) -> None:  # fmt: skip
        callback = python_package().callback
        self.stopping: dict[str, Any] | None = None
        self.save_best = False
        self.learning_rates: list[float] = []
        self._called: list[Any] = []
        self.history: dict[str, dict[str, list[float]]] = {}
        for each in callbacks or []:
            if isinstance(each, callback.EarlyStopping):
                self._stop(each.rounds, each.data, each.metric_name, each.maximize, float(getattr(each, "_min_delta", 0.0)))
                self.save_best = bool(each.save_best)
            elif isinstance(each, callback.LearningRateScheduler):
                # XGBoost asks after a round, for the next one.
                self.learning_rates = [learning_rate, *(float(each.learning_rates(round)) for round in range(rounds - 1))]
            elif isinstance(each, callback.TrainingCheckPoint):
                raise NotImplementedError("TrainingCheckPoint: a training keeps its own, and goes on from them by itself")
            elif isinstance(each, callback.TrainingCallback):
                self._called.append(each)
            elif callable(each):
                self._called.append(_Function(each))
            else:
                raise TypeError("callback must be an instance of `TrainingCallback`.")
        if early_stopping_rounds:
            self._stop(int(early_stopping_rounds), None, None, None, 0.0)
        if verbose_eval and evals:
            self._called.append(callback.EvaluationMonitor(period=1 if verbose_eval is True else int(verbose_eval)))

    def _stop(self, rounds: int, data: Any, metric: Any, maximize: bool | None, min_delta: float) -> None:
        if self.stopping is not None:
            raise ValueError("early stopping is asked for twice: by early_stopping_rounds and a callback")
        self.stopping = {"rounds": rounds, "data": data, "metric": metric, "maximize": maximize, "min_delta": min_delta}

    def heard(self, round: int, scores: list[tuple[str, float]]) -> None:
        """Notes the metrics of a round, and calls what waits for them."""
        for name, score in scores:
            data, _, metric = name.partition("-")
            self.history.setdefault(data, {}).setdefault(metric, []).append(score)
        for each in self._called:
            if each.after_iteration(_NoModel(), round, self.history):
                raise NotImplementedError(f"{type(each).__name__} ends the training: take xgboost.callback.EarlyStopping")

    def begin(self) -> None:
        """Before the first round."""
        for each in self._called:
            if type(each).__name__ != "EvaluationMonitor" and hasattr(each, "before_training"):
                each.before_training(_NoModel())

    def end(self, booster: Any) -> Any:
        """After the last round; the model may be replaced."""
        for each in self._called:
            if hasattr(each, "after_training"):
                booster = each.after_training(booster)
        return booster


class _Function:
    """A function of the round's number and the history so far."""

    def __init__(self, function: Callable[[int, Any], Any]) -> None:
        self._function = function

    def after_iteration(self, _model: Any, epoch: int, evals_log: Any) -> bool:
        """Calls it; what it returns is not looked at."""
        self._function(epoch, evals_log)
        return False
