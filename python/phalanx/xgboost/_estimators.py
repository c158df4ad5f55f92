"""Classifiers and regressors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin

from phalanx._lazy import np
from phalanx.ml._given import is_lazy, kind_of
from phalanx.xgboost._base import Estimator, label_values

__all__ = [
    "DaskXGBClassifier", "DaskXGBRFClassifier", "DaskXGBRFRegressor", "DaskXGBRegressor", "XGBClassifier",
    "XGBRFClassifier", "XGBRFRegressor", "XGBRegressor",
]  # fmt: skip


class _Supervised(Estimator):
    """Estimators that are fitted on features and labels."""

    def _params_for(self, _y: Any) -> dict[str, Any]:
        return self.get_xgb_params()

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        base_margin: Any = None,
        eval_set: Sequence[tuple[Any, Any]] | None = None,
        verbose: bool | int | None = True,
        xgb_model: Any = None,
        sample_weight_eval_set: Sequence[Any] | None = None,
        base_margin_eval_set: Sequence[Any] | None = None,
        feature_weights: Any = None,
    ) -> Any:
        """Trains the model.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, features)
            Lazy, or values.
        y : array, Series or DataFrame
            One label a row, or several.
        sample_weight, base_margin : optional
            How much each row counts, and where predictions begin.
        eval_set : list of (X, y), optional
            Rows that are evaluated after each round, as ``validation_0``, … .
        verbose : bool or int
            Whether, or after how many rounds, metrics are printed.
        xgb_model : Booster, estimator or path, optional
            A model to go on from.
        sample_weight_eval_set, base_margin_eval_set : list, optional
            Weights and margins of each of ``eval_set``.
        feature_weights : array, optional
            How likely each feature is to be drawn.
        """
        self._train(
            X, y, self._params_for(y), fields={"weight": sample_weight, "base_margin": base_margin}, eval_set=eval_set,
            eval_fields={"weight": sample_weight_eval_set, "base_margin": base_margin_eval_set},
            feature_weights=feature_weights, verbose=verbose, xgb_model=xgb_model,
        )  # fmt: skip
        return self


class XGBRegressor(RegressorMixin, _Supervised):
    """Regression, with the parameters of :class:`xgboost.XGBRegressor`.

    Parameters
    ----------
    ranks : int or "workers", default 2
        Processes that train together; equal ranks give equal models anywhere.
    objective, … :
        Those of :class:`xgboost.XGBRegressor`; ``n_jobs`` is the number of threads of each rank, 1 by default.
    """

    def __init__(self, *, objective: Any = "reg:squarederror", ranks: int | str = 2, coll_cfg: Any = None, **kwargs: Any) -> None:
        super().__init__(objective=objective, ranks=ranks, coll_cfg=coll_cfg, **kwargs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of the variance of ``y`` that is explained."""
        from phalanx.ml.metrics import r2_score

        return r2_score(y, self.predict(X), sample_weight=sample_weight)


class XGBClassifier(ClassifierMixin, _Supervised):
    """Classification of labels 0, 1, …, with the parameters of :class:`xgboost.XGBClassifier`.

    Parameters
    ----------
    ranks : int or "workers", default 2
        Processes that train together; equal ranks give equal models anywhere.
    objective, … :
        Those of :class:`xgboost.XGBClassifier`; ``n_jobs`` is the number of threads of each rank, 1 by default.
    """

    objective: Any
    n_classes_: int

    def __init__(self, *, objective: Any = "binary:logistic", ranks: int | str = 2, coll_cfg: Any = None, **kwargs: Any) -> None:
        super().__init__(objective=objective, ranks=ranks, coll_cfg=coll_cfg, **kwargs)

    @property
    def classes_(self) -> Any:
        """The labels."""
        return np.arange(self.n_classes_)

    def _params_for(self, y: Any) -> dict[str, Any]:
        found = label_values(y)
        self.n_classes_ = len(found)
        expected = np.arange(len(found))
        if found.dtype.kind not in "biuf" or not np.array_equal(found, expected):
            raise ValueError(f"Invalid classes inferred from unique values of `y`.  Expected: {expected}, got {found}")
        params = self.get_xgb_params()
        if self.n_classes_ > 2:
            if self.objective != "multi:softmax":
                self.objective = params["objective"] = "multi:softprob"
            params["num_class"] = self.n_classes_
        return params

    def predict(
        self,
        X: Any,
        *,
        output_margin: bool = False,
        validate_features: bool = True,
        base_margin: Any = None,
        iteration_range: Any = None,
    ) -> Any:
        """The label of each row; with ``output_margin`` its margin. See :meth:`XGBRegressor.predict`."""
        kind = "margin" if output_margin else "value"
        several = not output_margin and self.n_classes_ > 2 and self.objective != "multi:softmax"
        answer = self._answers(X, kind, validate_features, base_margin, iteration_range, largest=several)
        if output_margin or several:
            return answer
        if self.objective == "multi:softmax":
            return answer.astype("int64")
        return (answer > 0.5).astype("int64")  # also several labels a row

    def predict_proba(
        self, X: Any, validate_features: bool = True, base_margin: Any = None, iteration_range: Any = None
    ) -> Any:
        """The probability of each class: a column each."""
        if self.objective == "multi:softmax":
            raise ValueError("multi:softmax doesn't support `predict_proba`.  Switch to `multi:softproba` instead")
        answer = self._answers(X, "value", validate_features, base_margin, iteration_range)
        if answer.ndim == 2:
            return answer
        if kind_of(answer) == "series":
            frame = answer.to_frame("1")
            return frame.assign(**{"0": (1.0 - frame["1"]).astype("float32")})[["0", "1"]]
        if not is_lazy(answer):
            return np.column_stack([1.0 - answer, answer])
        from phalanx import array as da

        return da.stack([1.0 - answer, answer], axis=1)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose label is predicted."""
        from phalanx.ml.metrics import accuracy_score

        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)


class _Forest(Estimator):
    """Estimators of one round of many trees."""

    def get_xgb_params(self) -> dict[str, Any]:
        """XGBoost's own parameters."""
        return {**super().get_xgb_params(), "num_parallel_tree": super().get_num_boosting_rounds()}

    def get_num_boosting_rounds(self) -> int:
        """One round."""
        return 1

    def _check_forest(self) -> None:
        if self.early_stopping_rounds is not None or self.callbacks is not None:
            raise NotImplementedError("`early_stopping_rounds` and `callbacks` are not implemented for random forest.")


class XGBRFRegressor(_Forest, XGBRegressor):
    """A random forest for regression, with the parameters of :class:`xgboost.XGBRFRegressor`."""

    def __init__(
        self, *, learning_rate: float = 1.0, subsample: float = 0.8, colsample_bynode: float = 0.8,
        reg_lambda: float = 1e-5, ranks: int | str = 2, coll_cfg: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate=learning_rate, subsample=subsample, colsample_bynode=colsample_bynode, reg_lambda=reg_lambda,
            ranks=ranks, coll_cfg=coll_cfg, **kwargs,
        )  # fmt: skip
        self._check_forest()


class XGBRFClassifier(_Forest, XGBClassifier):
    """A random forest for classification, with the parameters of :class:`xgboost.XGBRFClassifier`."""

    def __init__(
        self, *, learning_rate: float = 1.0, subsample: float = 0.8, colsample_bynode: float = 0.8,
        reg_lambda: float = 1e-5, ranks: int | str = 2, coll_cfg: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate=learning_rate, subsample=subsample, colsample_bynode=colsample_bynode, reg_lambda=reg_lambda,
            ranks=ranks, coll_cfg=coll_cfg, **kwargs,
        )  # fmt: skip
        self._check_forest()


DaskXGBClassifier = XGBClassifier
DaskXGBRegressor = XGBRegressor
DaskXGBRFClassifier = XGBRFClassifier
DaskXGBRFRegressor = XGBRFRegressor
