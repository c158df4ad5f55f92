"""Trainings."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from phalanx import _phalanx
from phalanx.xgboost._given import check_client
from phalanx.xgboost._library import CATEGORIES, categories_of, python_package
from phalanx.xgboost._matrix import DaskDMatrix
from phalanx.xgboost._parameters import Listeners, number_of_ranks, parameters, threads

__all__ = ["train"]

_NO_PYTHON = "ranks run no Python: name one of XGBoost's own in the parameters"


def train(
    client: Any,
    params: Any,
    dtrain: DaskDMatrix,
    num_boost_round: int = 10,
    *,
    evals: Sequence[tuple[DaskDMatrix, str]] | None = None,
    obj: Any = None,
    early_stopping_rounds: int | None = None,
    xgb_model: Any = None,
    verbose_eval: int | bool = True,
    callbacks: Any = None,
    custom_metric: Any = None,
    coll_cfg: Any = None,
    ranks: int | str = 2,
    plaintext_between_hosts: bool | None = None,
) -> dict[str, Any]:
    """Trains a booster.

    Parameters
    ----------
    client : Client, optional
        None for the current one, or this process.
    params : dict
        XGBoost's. ``nthread`` is the number of threads of each rank, 1 by default.
    dtrain : DaskDMatrix
    num_boost_round : int
    evals : list of (DaskDMatrix, str), optional
        Rows that are evaluated after each round, and their names.
    obj, custom_metric : optional
        Only None: ranks run no Python.
    early_stopping_rounds : int, optional
        Ends the training when the last metric of the last of ``evals`` has not become better for so many rounds.
    xgb_model : Booster, path or bytes, optional
        A model to go on from.
    verbose_eval : bool or int
        Whether, or after how many rounds, metrics are printed.
    callbacks : list, optional
        ``EarlyStopping``, ``LearningRateScheduler``, ``EvaluationMonitor`` of :mod:`xgboost.callback`, others that do
        not look at the model, and functions of the round's number and the history so far: called after each round.
    coll_cfg : optional
        Only None: ranks find each other by themselves.
    ranks : int or "workers"
        Processes that train together. Equal ranks give equal models anywhere; another number, another model (in its last
        bits, or in its splits where features have more than 256 different values).
    plaintext_between_hosts : bool, optional
        XGBoost knows no encryption, and its ranks tell each other sums over rows. On a cluster with credentials all ranks
        of a training are therefore put on one host, where they talk over loopback, and a training that fits no host is
        refused. True allows ranks on several hosts: only where nobody else is on the network between them. None: what
        the environment variable ``PHALANX_PLAINTEXT_BETWEEN_HOSTS`` says (1 allows it), and False without it.

    Returns
    -------
    dict
        ``booster``, an :class:`xgboost.Booster`; ``history``, for each of ``evals`` the metrics of all rounds; ``ranks``,
        how many trained (fewer than asked for where there are not as many rows), and ``restarts``, how often they went
        on from a checkpoint after a loss.

    Notes
    -----
    The metrics ``auc`` and ``aucpr`` over several ranks are XGBoost's: the weighted mean of what each rank finds among
    its own rows, which is another number than that of all rows (in its fifth digit or so). A training that stops early
    by them may end in another round than one of one process; with ``ranks=1`` they are of all rows, as are
    ``phalanx.ml.metrics.roc_auc_score`` and ``average_precision_score`` of predictions.

    Raises
    ------
    ValueError
        What XGBoost refuses, in its words; ranks on several hosts of a cluster with credentials.
    NotImplementedError
        ``gblinear``, ``exact``, functions of Python.
    """
    native = check_client(client)
    if not isinstance(dtrain, DaskDMatrix):
        raise TypeError(f"dtrain is a DaskDMatrix, not {type(dtrain).__name__}")
    for name, value in (("obj", obj), ("custom_metric", custom_metric)):
        if value is not None:
            raise NotImplementedError(f"{name}: {_NO_PYTHON}")
    if not hasattr(num_boost_round, "__index__") or num_boost_round < 0:
        raise ValueError(f"the number of rounds (num_boost_round, n_estimators) is 0 or more, not {num_boost_round!r}")
    if coll_cfg is not None:
        raise NotImplementedError("coll_cfg: ranks find each other by themselves; leave it out")
    sets, named = _sets(dtrain, evals)
    asked = parameters(params, dtrain.feature_names)
    rate = float(next((text for name, text in reversed(asked) if name in ("learning_rate", "eta")), 0.3))
    listeners = Listeners(
        callbacks, early_stopping_rounds, verbose_eval, num_boost_round, evals=bool(named), learning_rate=rate
    )
    base = _base(xgb_model)
    categories = _categories(base, dtrain)
    given = {
        "parameters": asked,
        "evals": named,
        "rounds": int(num_boost_round),
        "learning_rates": listeners.learning_rates,
        "stopping": listeners.stopping,
        "attributes": [(CATEGORIES, json.dumps(categories))] if categories else [],
        "ranks": number_of_ranks(ranks, native),
        "threads": threads(params),
        "plaintext_between_hosts": None if plaintext_between_hosts is None else bool(plaintext_between_hosts),
    }
    listeners.begin()
    packed = [each._packed(categories) for each in sets]
    model, _, trained, restarts = _phalanx.boost_train(native, json.dumps(given), packed, base, listeners.heard)
    booster = python_package().Booster(model_file=bytearray(model))
    if listeners.save_best:
        booster = booster[: booster.best_iteration + 1]
    return {"booster": listeners.end(booster), "history": listeners.history, "ranks": trained, "restarts": restarts}


def _sets(dtrain: DaskDMatrix, evals: Any) -> tuple[list[DaskDMatrix], list[tuple[int, str]]]:
    """All rows, each once, and which of them are evaluated under which names."""
    sets, named = [dtrain], []
    for pair in evals or []:
        matrix, name = pair
        if not isinstance(matrix, DaskDMatrix) or not isinstance(name, str):
            raise TypeError("evals are pairs of a DaskDMatrix and a name")
        reference = getattr(matrix, "ref", dtrain)
        if matrix is not dtrain and matrix._quantiles is not None and reference is not dtrain:
            raise ValueError("Training dataset should be used as a reference when constructing the `QuantileDMatrix` for evaluation.")
        place = next((at for at, known in enumerate(sets) if known is matrix), None)
        if place is None:
            place = len(sets)
            sets.append(matrix)
        named.append((place, name))
    return sets, named


def _base(model: Any) -> bytes | None:
    """A model to go on from, as bytes."""
    if model is None:
        return None
    if isinstance(model, dict):
        model = model["booster"]
    if hasattr(model, "get_booster"):
        model = model.get_booster()
    if isinstance(model, (str, os.PathLike)):
        model = python_package().Booster(model_file=os.fspath(model))
    if isinstance(model, (bytes, bytearray)):
        return bytes(model)
    return bytes(model.save_raw("ubj"))


def _categories(base: bytes | None, dtrain: DaskDMatrix) -> dict[str, list[str]]:
    """The categories whose codes are trained on: those of the model that is gone on from, if it has any."""
    if base is None or not dtrain._categories:
        return dtrain._categories
    _phalanx.BoostModel(base)  # refuses what is damaged
    return {**dtrain._categories, **categories_of(python_package().Booster(model_file=bytearray(base)))}
