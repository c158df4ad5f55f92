"""Ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx.xgboost._base import Estimator

__all__ = ["DaskXGBRanker", "XGBRanker"]


class XGBRanker(Estimator):
    """Ranking of the rows of each group, with the parameters of :class:`xgboost.XGBRanker`.

    Parameters
    ----------
    objective : str
        One that begins with ``rank:``.
    allow_group_split : bool
        Groups are never split: ranks get whole ones, whichever is said.
    ranks : int or "workers", default 2
        Processes that train together; equal ranks give equal models anywhere.
    """

    def __init__(
        self,
        *,
        objective: str = "rank:ndcg",
        allow_group_split: bool = False,
        ranks: int | str = 2,
        coll_cfg: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(objective=objective, ranks=ranks, coll_cfg=coll_cfg, **kwargs)
        if callable(objective):
            raise ValueError("custom objective function not supported by XGBRanker")
        if "rank:" not in objective:
            raise ValueError("please use XGBRanker for ranking task")
        self.allow_group_split = allow_group_split

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        group: Any = None,
        qid: Any = None,
        sample_weight: Any = None,
        base_margin: Any = None,
        eval_set: Sequence[tuple[Any, Any]] | None = None,
        eval_group: Sequence[Any] | None = None,
        eval_qid: Sequence[Any] | None = None,
        verbose: bool | int | None = False,
        xgb_model: Any = None,
        sample_weight_eval_set: Sequence[Any] | None = None,
        base_margin_eval_set: Sequence[Any] | None = None,
        feature_weights: Any = None,
    ) -> XGBRanker:
        """Trains the model.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, features)
            Lazy, or values; the rows of a group lie together.
        y : array or Series
            How good each row is.
        group : array, optional
            How many rows each group has.
        qid : array or Series, optional
            The group of each row, in rising order.
        sample_weight : array, optional
            How much each group counts.
        base_margin : optional
            Where predictions begin.
        eval_set : list of (X, y), optional
            Rows that are evaluated after each round.
        eval_group, eval_qid : list, optional
            The groups of each of ``eval_set``.
        verbose : bool or int
            Whether, or after how many rounds, metrics are printed.
        xgb_model : Booster, estimator or path, optional
            A model to go on from.
        sample_weight_eval_set, base_margin_eval_set : list, optional
            Weights and margins of each of ``eval_set``.
        feature_weights : array, optional
            How likely each feature is to be drawn.
        """
        if group is None and qid is None:
            raise ValueError("Either `group` or `qid` is required for ranking task")
        if eval_set is not None and eval_group is None and eval_qid is None:
            raise ValueError("Either `eval_group` or `eval_qid` is required if `eval_set` is not None.")
        fields = {"group": group, "qid": qid, "weight": sample_weight, "base_margin": base_margin}
        eval_fields = {
            "group": eval_group, "qid": eval_qid, "weight": sample_weight_eval_set, "base_margin": base_margin_eval_set,
        }  # fmt: skip
        self._train(
            X, y, self.get_xgb_params(), fields=fields, eval_set=eval_set, eval_fields=eval_fields,
            feature_weights=feature_weights, verbose=verbose, xgb_model=xgb_model,
        )  # fmt: skip
        return self


DaskXGBRanker = XGBRanker
