"""What XGBoost's estimators have in common here: training over ranks, lazy predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx._lazy import np, require
from phalanx.ml._given import kind_of
from phalanx.xgboost._given import features
from phalanx.xgboost._library import python_package
from phalanx.xgboost._matrix import DaskDMatrix, DaskQuantileDMatrix
from phalanx.xgboost._predict import ask
from phalanx.xgboost._train import train

__all__ = ["Estimator"]

require("sklearn")
_Model: Any = python_package().XGBModel

#: Methods whose ranks keep only quantiles.
_OF_QUANTILES = (None, "hist", "auto")


class Estimator(_Model):
    """XGBoost's parameters, and where trainings run.

    Parameters
    ----------
    ranks : int or "workers"
        Processes that train together.
    coll_cfg : optional
        Only None: ranks find each other by themselves.

    Notes
    -----
    On a cluster with credentials all ranks are on one host, unless ``PHALANX_PLAINTEXT_BETWEEN_HOSTS=1`` is set: see
    ``plaintext_between_hosts`` of :func:`phalanx.xgboost.train`.
    """

    _client: Any = None

    def __init__(self, *, ranks: int | str = 2, coll_cfg: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ranks = ranks
        self.coll_cfg = coll_cfg

    @property
    def client(self) -> Any:
        """The client that trainings and predictions run on; None for the current one."""
        return self._client

    @client.setter
    def client(self, client: Any) -> None:
        self._client = client

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_client"}

    def get_xgb_params(self) -> dict[str, Any]:
        """XGBoost's own parameters: without those of estimators."""
        params: dict[str, Any] = super().get_xgb_params()
        return {name: value for name, value in params.items() if name not in ("ranks", "coll_cfg", "allow_group_split")}

    def _matrix(self, X: Any, y: Any, reference: Any = None, **fields: Any) -> DaskDMatrix:
        """Rows to be trained on, or evaluated, as this estimator's method wants them."""
        common = {
            "missing": self.missing, "enable_categorical": self.enable_categorical,
            "feature_types": self.feature_types, **fields,
        }  # fmt: skip
        if self.tree_method in _OF_QUANTILES:
            return DaskQuantileDMatrix(self._client, X, y, max_bin=self.max_bin, ref=reference, **common)
        return DaskDMatrix(self._client, X, y, **common)

    def _train(
        self,
        X: Any,
        y: Any,
        params: dict[str, Any],
        *,
        fields: dict[str, Any],
        eval_set: Sequence[tuple[Any, Any]] | None,
        eval_fields: dict[str, Sequence[Any] | None],
        feature_weights: Any,
        verbose: bool | int | None,
        xgb_model: Any,
    ) -> None:
        """Trains, and keeps the booster and the history."""
        params = {**params, **self._metric()}
        if feature_weights is not None and getattr(self, "feature_weights", None) is not None:
            raise ValueError("2 different `feature_weights` are provided.  Use the one in constructor or `set_params` instead.")
        feature_weights = getattr(self, "feature_weights", None) if feature_weights is None else feature_weights
        dtrain = self._matrix(X, y, feature_weights=feature_weights, **fields)
        evals = self._evals(dtrain, X, y, fields, eval_set, eval_fields)
        output = train(
            self._client, params, dtrain, self.get_num_boosting_rounds(), evals=evals, verbose_eval=verbose or False,
            early_stopping_rounds=self.early_stopping_rounds, callbacks=self.callbacks, xgb_model=xgb_model,
            coll_cfg=self.coll_cfg, ranks=self.ranks,
        )  # fmt: skip
        self._Booster = output["booster"]
        self.restarts_ = output["restarts"]
        if output["history"]:
            self.evals_result_ = output["history"]
        elif hasattr(self, "evals_result_"):
            del self.evals_result_

    def _metric(self) -> dict[str, Any]:
        return {} if self.eval_metric is None else {"eval_metric": self.eval_metric}

    def _evals(
        self, dtrain: Any, X: Any, y: Any, fields: Any, eval_set: Any, eval_fields: dict[str, Sequence[Any] | None]
    ) -> list[tuple[DaskDMatrix, str]]:
        given = {name: values for name, values in eval_fields.items() if values is not None}
        if eval_set is None:
            if given:
                raise ValueError("`eval_set` is not set but one of the other evaluation meta info is not None.")
            return []
        for name, values in given.items():
            if len(values) != len(eval_set):
                raise ValueError(f"{name}'s length does not equal `eval_set`'s length, expecting {len(eval_set)}, got {len(values)}")
        evals = []
        for number, (each_x, each_y) in enumerate(eval_set):
            own = {name: values[number] for name, values in given.items()}
            is_same = each_x is X and each_y is y and all(own.get(name) is value for name, value in fields.items())
            matrix = dtrain if is_same else self._matrix(each_x, each_y, dtrain, **own)
            evals.append((matrix, f"validation_{number}"))
        return evals

    def _rounds(self, iteration_range: Any) -> tuple[int, int]:
        """Which rounds answer: those up to the best one, if nothing else is said."""
        if iteration_range is not None and iteration_range[1] != 0:
            return int(iteration_range[0]), int(iteration_range[1])
        best = self.get_booster().attr("best_iteration")
        return (0, 0) if best is None else (0, int(best) + 1)

    def _answers(
        self, X: Any, kind: str, validate: bool, base_margin: Any, iteration_range: Any, *, largest: bool = False
    ) -> Any:
        """The answers, lazy: a frame's of one number a row as a series, all others as an array or a frame."""
        question = (kind, self._rounds(iteration_range), False, self.missing)
        booster = self.get_booster()
        return ask(self._client, booster, X, question, validate=validate, base_margin=base_margin, largest=largest)

    def predict(
        self,
        X: Any,
        *,
        output_margin: bool = False,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: Any = None,
    ) -> Any:
        """Predictions: lazy where ``X`` is.

        Parameters
        ----------
        X : array or DataFrame
        output_margin : bool
            Before they are transformed.
        validate_features : bool
            Whether a frame's columns must be those of the training, in order.
        base_margin : optional
            Where predictions begin.
        iteration_range : tuple of two int, optional
            Which rounds answer; with early stopping those up to the best one by default.
        """
        kind = "margin" if output_margin else "value"
        return self._answers(X, kind, validate_features, base_margin, iteration_range)

    def apply(self, X: Any, iteration_range: Any = None) -> Any:
        """The leaf of each tree that each row comes to, as an array."""
        given = features(X)
        if given.kind == "frame":
            data: Any = DaskDMatrix(self._client, X, missing=self.missing, enable_categorical=self.enable_categorical)
        else:
            data = X
        question = ("leaf", self._rounds(iteration_range), False, self.missing)
        answer = ask(self._client, self.get_booster(), data, question, validate=True)
        return np.asarray(answer.compute()) if not given.lazy and hasattr(answer, "compute") else answer


def label_values(y: Any) -> Any:
    """The different labels, sorted."""
    kind = kind_of(y)
    if kind == "values":
        return np.unique(np.asarray(y))
    if kind == "array":
        from phalanx import array as da

        return np.asarray(da.unique(y).compute())
    if kind == "frame":
        return np.unique(np.concatenate([label_values(y[name]) for name in y.columns]))
    return np.sort(np.asarray(y.unique().compute()))
