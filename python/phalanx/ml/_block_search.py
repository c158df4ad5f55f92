"""What searches block by block have in common: the blocks, the rounds in which models learn, and what is kept of them.

The order of blocks, the settings that are drawn and the decisions are those of dask-ml, which take a seed and scores.
"""

from __future__ import annotations

import copy
import functools
import heapq
import logging
import time
from collections.abc import Iterable
from typing import Any

from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from phalanx._lazy import np
from phalanx.ml._given import frame_rows, is_lazy, kind_of
from phalanx.ml._scorers import check_scoring
from phalanx.ml._splits import train_test_split
from phalanx.ml._validate import run
from phalanx.ml.wrappers import ParallelPostFit

__all__ = ["BlockSearch", "History", "best_of"]

_LOGGER = logging.getLogger(__name__)

History = list[dict[str, Any]]


def best_of(count: int, info: dict[Any, History]) -> list[Any]:
    """The models with the highest last scores, the best first; of equals the first."""
    return heapq.nlargest(count, info, key=lambda model: info[model][-1]["score"])


class _Blocks:
    """Blocks of the rows to train on, drawn in the order of the calls, the last of them kept."""

    def __init__(self, x: Any, y: Any, random: Any) -> None:
        self._x, self._y, self._random = x, y, random
        self._order: list[int] = []
        lengths = [int(x.shape[0])] if kind_of(x) == "values" else [int(rows) for rows in x.chunks[0]]
        ends = np.cumsum(lengths).tolist()
        self._pieces = [slice(start, end) for start, end in zip([0, *ends], ends)]
        self._block = functools.lru_cache(maxsize=4)(self._read)

    def of_call(self, number: int) -> tuple[Any, Any]:
        """The block of the call of this number: each block comes once before one comes again."""
        while number >= len(self._order):
            places = list(range(len(self._pieces)))
            self._random.shuffle(places)
            self._order.extend(places)
        return self._block(self._order[number])

    def _read(self, place: int) -> tuple[Any, Any]:
        from phalanx._compute import compute

        piece = self._pieces[place]
        x, y = self._x[piece], None if self._y is None else self._y[piece]
        lazy = [each for each in (x, y) if each is not None and is_lazy(each)]
        values = iter(compute(*lazy) if lazy else ())
        return (next(values) if is_lazy(x) else x), (next(values) if y is not None and is_lazy(y) else y)


def _as_array(values: Any) -> Any:
    """A frame or a series as an array, whose chunks are known."""
    kind = kind_of(values)
    if kind == "frame":
        return frame_rows(values, [str(name) for name in values.columns])
    if kind == "series":
        return values.to_dask_array(lengths=True)
    if kind == "array" and any(np.isnan(rows) for rows in values.shape):
        return values.compute_chunk_sizes()
    return values


class BlockSearch(ParallelPostFit):
    """What all have in common: models that learn in rounds, and which of them go on for how long."""

    parameters: Any
    random_state: Any

    def _models(self) -> Iterable[dict[str, Any]]:
        """The settings that are tried."""
        return ParameterGrid(self.parameters)

    def _additional_calls(self, info: dict[Any, History]) -> dict[Any, int]:
        """How many more blocks each model learns from, by its history; models that are not named are given up."""
        raise NotImplementedError

    @property
    def _fitted(self) -> Any:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    def _split(self, X: Any, y: Any) -> list[Any]:
        """Rows to train on and rows to test on."""
        if self.max_iter is not None and self.max_iter < 1:
            raise ValueError(f"Received max_iter={self.max_iter}. max_iter < 1 is not supported")
        if not 0 <= self.verbose <= 1:
            raise ValueError(f"verbose={self.verbose} does not satisfy 0 <= verbose <= 1")
        given = [_as_array(each) for each in (X, y) if each is not None]
        blocks = 1 if kind_of(given[0]) == "values" else given[0].numblocks[0]
        size = min(0.2, 1 / blocks) if self.test_size is None else self.test_size
        blockwise = True if all(kind_of(each) == "array" for each in given) else None
        parts = train_test_split(*given, test_size=size, random_state=self.random_state, shuffle=True, blockwise=blockwise)
        parts = [each.persist() if is_lazy(each) else each for each in parts]
        return parts if y is not None else [*parts, None, None]

    def _search(self, X: Any, y: Any, options: dict[str, Any]) -> None:
        """Fits models until no more calls are asked for, and keeps what came of it."""
        from sklearn.utils import check_random_state

        scorer = check_scoring(self.estimator, self.scoring)
        x_train, x_test, y_train, y_test = self._split(X, y)
        x_test, y_test = (each.compute() if each is not None and is_lazy(each) else each for each in (x_test, y_test))
        blocks = _Blocks(x_train, y_train, check_random_state(self.random_state))
        models = {number: clone(self.estimator).set_params(**params) for number, params in enumerate(self._models())}
        params = dict(enumerate(self._models()))
        info: dict[int, History] = {number: [] for number in models}
        begin, history = time.perf_counter(), []
        instructions = dict.fromkeys(models, 1)
        everything = {number: info[number] for number in info}

        def learn(number: int, calls: int) -> dict[str, Any]:
            start = info[number][-1]["partial_fit_calls"] if info[number] else 0
            model, began = models[number], time.perf_counter()
            for call in range(start, start + calls):
                block_x, block_y = pieces[call]
                if len(block_x):
                    model.partial_fit(block_x, block_y, **options)
            between = time.perf_counter()
            score = float(scorer(model, x_test, y_test))
            return {
                "model_id": number, "params": params[number], "partial_fit_calls": start + calls,
                "partial_fit_time": between - began, "score": score, "score_time": time.perf_counter() - between,
            }  # fmt: skip

        while any(instructions.values()):
            asked = {number: calls for number, calls in instructions.items() if calls}
            first = min(info[number][-1]["partial_fit_calls"] if info[number] else 0 for number in asked)
            last = max((info[number][-1]["partial_fit_calls"] if info[number] else 0) + calls for number, calls in asked.items())
            pieces = {call: blocks.of_call(call) for call in range(first, last)}
            for record in run([functools.partial(learn, number, calls) for number, calls in asked.items()], -1):
                record["elapsed_wall_time"] = time.perf_counter() - begin
                info[record["model_id"]].append(record)
                history.append(record)
            top = max(records[-1]["score"] for records in info.values())
            _LOGGER.info("%sthe best of %d models scores %.4f", self.prefix, len(info), top)
            if self.verbose:
                print(f"[CV{self.prefix}] validation score of {top:.4f}, {len(info)} models", flush=True)
            instructions = self._additional_calls(info)
            info = {number: info[number] for number in instructions}
        for record in history:
            record.pop("_adapt", None)
        best = max(info, key=lambda number: info[number][-1]["score"])
        self._keep(everything, history, best, models[best], scorer)

    def _keep(self, histories: dict[int, History], history: History, best: int, model: Any, scorer: Any) -> None:
        self.cv_results_ = _table(histories)
        self.history_, self.model_history_ = history, histories
        self.best_estimator_, self.best_index_ = copy.deepcopy(model), best
        self.best_score_ = self.cv_results_["test_score"][best]
        self.best_params_ = self.cv_results_["params"][best]
        self.scorer_, self.n_splits_, self.multimetric_ = scorer, 1, False

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Trains and chooses.

        Parameters
        ----------
        X, y : array, frame or values
            Lazy ones in blocks, one of which a model learns from at a time; blocks come here.
        **fit_params
            More for ``partial_fit``, as ``classes=`` of a classifier.
        """
        self._search(X, y, fit_params)
        return self

    def partial_fit(self, X: Any, y: Any = None, **options: Any) -> Any:
        """Goes on with the best model on values."""
        self._fitted.partial_fit(X.compute() if is_lazy(X) else X, y.compute() if y is not None and is_lazy(y) else y, **options)
        return self

    def inverse_transform(self, Xt: Any) -> Any:
        """What the best model's rows come from."""
        return self._fitted.inverse_transform(Xt)

    def score(self, X: Any, y: Any = None, compute: bool = True) -> float:
        """The score of the best model."""
        if not compute:
            raise NotImplementedError("score(compute=False): take a metric of phalanx.ml.metrics with compute=False")
        model = self._fitted
        X, y = (each.compute() if each is not None and is_lazy(each) else each for each in (X, y))
        return float(self.scorer_(model, X, y))


def _table(histories: dict[int, History]) -> dict[str, Any]:
    """What became of each model, as arrays."""
    rows = [
        {
            "mean_partial_fit_time": np.mean([each["partial_fit_time"] for each in records]),
            "mean_score_time": np.mean([each["score_time"] for each in records]),
            "std_partial_fit_time": np.std([each["partial_fit_time"] for each in records]),
            "std_score_time": np.std([each["score_time"] for each in records]),
            "test_score": records[-1]["score"],
            "model_id": number,
            "params": records[0]["params"],
            "partial_fit_calls": records[-1]["partial_fit_calls"],
        }
        for number, records in histories.items()
    ]
    columns: dict[str, Any] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    for name in rows[0]["params"]:
        columns[f"param_{name}"] = np.array([row["params"][name] for row in rows])
    scores = columns["test_score"]
    columns["rank_test_score"] = np.array([1 + int((scores > score).sum()) for score in scores])
    return columns
