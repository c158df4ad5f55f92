"""Trainings over ranks beside one process of the library."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from boosting import BINARY, alone, booster_bytes, few, given, on, plain, real, trained

import phalanx.dataframe as dd
import phalanx.xgboost as pxgb

#: Data set, parameters.
TASKS: dict[str, dict[str, Any]] = {
    "breast_cancer": BINARY,
    "wine": {"objective": "multi:softprob", "num_class": 3, "max_depth": 3},
    "digits": {"objective": "multi:softprob", "num_class": 10, "max_depth": 3},
    "iris": {"objective": "multi:softmax", "num_class": 3, "max_depth": 2},
    "diabetes": {"objective": "reg:squarederror", "max_depth": 3},
}
ROUNDS = 6


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("name", TASKS)
def test_any_number_of_ranks_says_what_one_process_says(name: str, ranks: int) -> None:
    x, y = few(name)
    expected = alone(x, y, TASKS[name], ROUNDS).predict(xgb.DMatrix(x))
    found = trained(x, y, TASKS[name], ROUNDS, ranks=ranks).predict(xgb.DMatrix(x))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=3e-5)


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes"])
def test_one_rank_is_one_process(name: str) -> None:
    x, y = real(name)
    assert booster_bytes(trained(x, y, TASKS[name], ROUNDS, ranks=1)) == booster_bytes(alone(x, y, TASKS[name], ROUNDS))


@pytest.mark.parametrize("ranks", [2, 3])
def test_features_of_many_values_score_as_well(ranks: int) -> None:
    # The library's own sketches of two ranks differ from those of one by this much: plain signals bear it.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 6))
    y = (x[:, 0] + 0.5 * x[:, 1] + rng.normal(size=20_000) > 0).astype(float)

    def score(booster: Any) -> float:
        probability = np.clip(booster.predict(xgb.DMatrix(x)), 1e-7, 1 - 1e-7)
        return float(-np.mean(y * np.log(probability) + (1 - y) * np.log(1 - probability)))

    assert score(trained(x, y, BINARY, 30, ranks=ranks)) == pytest.approx(score(alone(x, y, BINARY, 30)), abs=0.002)


def test_equal_ranks_give_equal_models_anywhere() -> None:
    x, y = real("breast_cancer")
    params = {**BINARY, "subsample": 0.7, "colsample_bytree": 0.5, "seed": 3}
    models = set()
    for engine in ("local", "perturbed", "cluster"):
        with on(engine):
            for form in ("values", "array uneven", "frame empty"):
                columns = {"feature_names": [f"x{j}" for j in range(x.shape[1])], "feature_types": ["float"] * x.shape[1]}
                models.add(booster_bytes(trained(given(x, form), given(y, form), params, 4, **columns)))
    assert len(models) == 1


def test_flights(real_data: Path) -> None:
    flights = pd.read_parquet(real_data / "flights.parquet").head(20_000)
    numbers = flights.select_dtypes("number").iloc[:, :8]
    label = (numbers.iloc[:, 0].rank(pct=True) > 0.7).astype("float64")
    features = numbers.iloc[:, 1:].astype("float64")
    lazy = dd.from_pandas(features.reset_index(drop=True), npartitions=3)
    score = {}
    for ranks in (1, 2):
        output = pxgb.train(
            None, BINARY, pxgb.DaskDMatrix(None, lazy, label.to_numpy()), 10, ranks=ranks, verbose_eval=False,
            evals=[(pxgb.DaskDMatrix(None, lazy, label.to_numpy()), "all")],
        )  # fmt: skip
        score[ranks] = output["history"]["all"]["logloss"][-1]
    plain: dict[str, Any] = {}
    matrix = xgb.DMatrix(features, label)
    xgb.train(BINARY, matrix, 10, evals=[(matrix, "all")], evals_result=plain, verbose_eval=False)
    for found in score.values():
        assert found == pytest.approx(plain["all"]["logloss"][-1], abs=0.002)


def test_quantiles_evaluation_and_history() -> None:
    x, y = few("breast_cancer")
    params = {**BINARY, "eval_metric": ["logloss", "error"]}  # over ranks, XGBoost's AUC is a mean of theirs
    dtrain = pxgb.DaskQuantileDMatrix(None, x[:400], y[:400], max_bin=256)
    test = pxgb.DaskQuantileDMatrix(None, x[400:], y[400:], ref=dtrain, max_bin=256)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        output = pxgb.train(None, params, dtrain, 5, evals=[(dtrain, "train"), (test, "test")], verbose_eval=2)
    expected: dict[str, Any] = {}
    one = xgb.QuantileDMatrix(x[:400], y[:400])
    two = xgb.QuantileDMatrix(x[400:], y[400:], ref=one)
    xgb.train(params, one, 5, evals=[(one, "train"), (two, "test")], evals_result=expected, verbose_eval=False)
    assert output["history"].keys() == expected.keys()
    for data, metrics in expected.items():
        for metric, values in metrics.items():
            np.testing.assert_allclose(output["history"][data][metric], values, rtol=1e-4, atol=1e-5)
    assert printed.getvalue().count("train-logloss") == 3


def test_early_stopping_as_the_library_stops() -> None:
    x, y = few("breast_cancer")
    noisy = np.where(np.arange(len(y)) % 5 == 0, 1 - y, y)
    pairs = (x[:300], noisy[:300]), (x[300:], noisy[300:])
    params = {**BINARY, "eta": 1.0}
    matrices = [pxgb.DaskDMatrix(None, *pair) for pair in pairs]
    output = pxgb.train(None, params, matrices[0], 60, evals=[(matrices[1], "test")], early_stopping_rounds=3, verbose_eval=False)
    one = [xgb.DMatrix(*pair) for pair in pairs]
    expected = xgb.train(params, one[0], 60, evals=[(one[1], "test")], early_stopping_rounds=3, verbose_eval=False)
    booster = output["booster"]
    assert booster.best_iteration == expected.best_iteration
    assert booster.best_score == pytest.approx(expected.best_score, abs=1e-5)
    assert booster.num_boosted_rounds() == expected.num_boosted_rounds() < 60
    stop = xgb.callback.EarlyStopping(rounds=3, metric_name="logloss", data_name="test", save_best=True)
    best = pxgb.train(None, params, matrices[0], 60, evals=[(matrices[1], "test")], callbacks=[stop], verbose_eval=False)
    assert best["booster"].num_boosted_rounds() == expected.best_iteration + 1


def test_continuing_and_learning_rates() -> None:
    x, y = few("breast_cancer")
    matrix, one = pxgb.DaskDMatrix(None, x, y), xgb.DMatrix(x, y)
    first = pxgb.train(None, BINARY, matrix, 3)
    rest = pxgb.train(None, BINARY, matrix, 3, xgb_model=first["booster"])
    assert rest["booster"].num_boosted_rounds() == 6
    expected = xgb.train(BINARY, one, 6)
    np.testing.assert_allclose(rest["booster"].predict(one), expected.predict(one), atol=3e-5)
    rates = [0.5, 0.3, 0.1, 0.05]
    ours = pxgb.train(None, BINARY, matrix, 4, callbacks=[xgb.callback.LearningRateScheduler(rates)])
    theirs = xgb.train(BINARY, one, 4, callbacks=[xgb.callback.LearningRateScheduler(rates)])
    np.testing.assert_allclose(ours["booster"].predict(one), theirs.predict(one), atol=3e-5)


def test_who_listens_hears_each_round_as_it_ends() -> None:
    x, y = few("breast_cancer")
    matrix = pxgb.DaskDMatrix(None, x, y)
    heard: list[tuple[int, float]] = []
    output = pxgb.train(
        None, BINARY, matrix, 4, evals=[(matrix, "train")], verbose_eval=False,
        callbacks=[lambda round, history: heard.append((round, history["train"]["logloss"][-1]))],
    )  # fmt: skip
    assert heard == list(enumerate(output["history"]["train"]["logloss"]))

    def enough(round: int, _history: Any) -> None:
        if round == 2:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        pxgb.train(None, BINARY, matrix, 10_000, callbacks=[enough])


FIELDS: dict[str, Any] = {
    "weight": lambda x, y: {"weight": np.arange(len(y)) % 4 + 1.0},
    "base_margin": lambda x, y: {"base_margin": np.where(x[:, 0] > 0.5, 0.7, -0.3)},
    "feature_weights": lambda x, y: {"feature_weights": np.arange(x.shape[1]) + 1.0},
    "feature_names": lambda x, y: {"feature_names": [f"name {j}" for j in range(x.shape[1])]},
}


@pytest.mark.parametrize("form", ["values", "array uneven", "frame one"])
@pytest.mark.parametrize("field", FIELDS)
def test_what_belongs_to_rows(field: str, form: str) -> None:
    x, y = few("breast_cancer")
    fields = FIELDS[field](x, y)
    expected = alone(x, y, BINARY, 4, **fields)
    lazy = {name: given(value, form) if name in ("weight", "base_margin") else value for name, value in fields.items()}
    names = fields.get("feature_names") or ([f"x{j}" for j in range(x.shape[1])] if form.startswith("frame") else None)
    found = trained(given(x, form), given(y, form), BINARY, 4, **lazy)
    assert found.feature_names == names
    rows = xgb.DMatrix(x, feature_names=names)
    margin = {"base_margin": fields["base_margin"]} if "base_margin" in fields else {}
    other = xgb.DMatrix(x, feature_names=expected.feature_names)
    rows.set_info(**margin)
    other.set_info(**margin)
    np.testing.assert_allclose(found.predict(rows), expected.predict(other), atol=3e-5)


def test_missing_values_and_labels_as_ranges() -> None:
    x, y = few("breast_cancer")
    holes = np.where(np.random.default_rng(1).random(x.shape) < 0.2, -1.0, x)
    expected = xgb.train(BINARY, xgb.DMatrix(holes, y, missing=-1.0), 4)
    found = trained(holes, y, BINARY, 4, missing=-1.0)
    rows = xgb.DMatrix(holes, missing=-1.0)
    np.testing.assert_allclose(found.predict(rows), expected.predict(rows), atol=3e-5)
    nans = np.where(holes == -1.0, np.nan, holes)
    np.testing.assert_allclose(trained(nans, y, BINARY, 4).predict(rows), expected.predict(rows), atol=3e-5)
    survival = {"objective": "survival:aft", "max_depth": 3}
    ends = {"label_lower_bound": x[:, 0] + 1.0, "label_upper_bound": np.where(y > 0, x[:, 0] + 2.0, np.inf)}
    one = xgb.DMatrix(x)
    one.set_info(**ends)
    expected = xgb.train(survival, one, 4)
    np.testing.assert_allclose(trained(x, None, survival, 4, **ends).predict(one), expected.predict(one), rtol=1e-3)


def test_groups_are_kept_whole() -> None:
    x, _ = few("diabetes")
    relevance = np.digitize(real("diabetes")[1], [90, 140, 200]).astype(float)
    qid = np.repeat(np.arange(30), 15)[: len(x)]
    params = {"objective": "rank:ndcg", "eval_metric": "ndcg", "max_depth": 3, "lambdarank_pair_method": "topk"}
    one = xgb.DMatrix(x, relevance, qid=qid)
    expected: dict[str, Any] = {}
    xgb.train(params, one, 8, evals=[(one, "train")], evals_result=expected, verbose_eval=False)
    for fields in ({"qid": qid}, {"group": np.unique(qid, return_counts=True)[1]}):
        for ranks in (1, 3):
            matrix = pxgb.DaskDMatrix(None, x, relevance, **fields)
            output = pxgb.train(None, params, matrix, 8, evals=[(matrix, "train")], verbose_eval=False, ranks=ranks)
            found, wanted = output["history"]["train"]["ndcg"], expected["train"]["ndcg"]
            np.testing.assert_allclose(found, wanted, atol=1e-6 if ranks == 1 else 0.02)


def test_categories_differ_between_partitions() -> None:
    colours = np.array(["red", "green", "blue", "violet"])[np.random.default_rng(2).integers(0, 4, 500)]
    frame = pd.DataFrame({"colour": pd.Categorical(colours), "x": np.arange(500) % 7 / 7.0})
    y = frame["colour"].map({"red": 3.0, "green": -2.0, "blue": 0.5, "violet": 9.0}).astype(float) + frame["x"]
    params = {"objective": "reg:squarederror", "eta": 1.0, "max_depth": 6, "lambda": 0.0}
    lazy = dd.from_pandas(frame.astype({"colour": str}), npartitions=4).astype({"colour": "category"})
    output = pxgb.train(None, params, pxgb.DaskDMatrix(None, lazy, y.to_numpy(), enable_categorical=True), 5)
    booster = output["booster"]
    assert booster.feature_types == ["c", "float"]
    found = pxgb.predict(None, booster, lazy).compute()
    assert np.abs(found.to_numpy() - y.to_numpy()).max() < 1e-3
    # A frame whose own categories have another order is coded as the training was.
    other = frame.assign(colour=frame["colour"].cat.reorder_categories(["violet", "red", "blue", "green"])).head(50)
    np.testing.assert_array_equal(pxgb.predict(None, booster, other), found.to_numpy()[:50])
    rows = dd.from_pandas(other, npartitions=2)
    np.testing.assert_array_equal(pxgb.predict(None, booster, rows).compute(), found.to_numpy()[:50])
    matrix = pxgb.DaskDMatrix(None, rows, enable_categorical=True)
    np.testing.assert_array_equal(pxgb.predict(None, booster, matrix).compute(), found.to_numpy()[:50])
    # Evaluated rows too.
    evaluated = pxgb.train(
        None, params, pxgb.DaskDMatrix(None, lazy, y.to_numpy(), enable_categorical=True), 5, verbose_eval=False,
        evals=[(pxgb.DaskDMatrix(None, rows, y.to_numpy()[:50], enable_categorical=True), "other")],
    )  # fmt: skip
    assert evaluated["history"]["other"]["rmse"][-1] < 1e-3
    with pytest.raises(ValueError, match="pink"):
        pxgb.predict(None, booster, pd.DataFrame({"colour": pd.Categorical(["pink"]), "x": [0.0]}))


def test_categories_of_models_that_the_library_trained() -> None:
    colours = np.array(["red", "green", "blue"])[np.random.default_rng(2).integers(0, 3, 300)]
    kind = pd.CategoricalDtype(["red", "green", "blue"])
    frame = pd.DataFrame({"colour": pd.Categorical(colours, dtype=kind), "x": np.arange(300) % 7 / 7.0})
    y = frame["colour"].map({"red": 3.0, "green": -2.0, "blue": 0.5}).astype(float) + frame["x"]
    params = {"objective": "reg:squarederror", "eta": 0.5, "lambda": 0.0}
    rows = xgb.DMatrix(frame, y, enable_categorical=True)
    booster = xgb.train(params, rows, 4)
    expected = booster.predict(rows)
    other = frame.assign(colour=frame["colour"].cat.reorder_categories(["blue", "red", "green"]))
    if not hasattr(booster, "get_categories"):  # before 3.1 a model knew no categories: those of a frame are meant
        other = frame
    lazy = dd.from_pandas(other, npartitions=3)
    for data in (other, lazy, pxgb.DaskDMatrix(None, lazy, enable_categorical=True)):
        np.testing.assert_array_equal(plain(pxgb.predict(None, booster, data)), expected)
    # Who goes on from a model goes on with its codes.
    first = trained(frame, y, params, 4, enable_categorical=True)
    more = pxgb.train(None, params, pxgb.DaskDMatrix(None, other, y, enable_categorical=True), 4, xgb_model=first)
    assert np.abs(pxgb.predict(None, more["booster"], lazy).compute().to_numpy() - y).max() < 0.1


def test_constraints_and_threads() -> None:
    x, y = few("diabetes")
    names = [f"f{j}" for j in range(x.shape[1])]
    params = {
        "objective": "reg:squarederror", "monotone_constraints": {"f2": 1, "f3": -1},
        "interaction_constraints": [["f0", "f2"], ["f3", "f8"]], "nthread": 2,
    }  # fmt: skip
    expected = alone(x, y, params, 5, feature_names=names)
    found = trained(x, y, params, 5, feature_names=names)
    rows = xgb.DMatrix(x, feature_names=names)
    np.testing.assert_allclose(found.predict(rows), expected.predict(rows), rtol=1e-4)


def test_ranks_may_be_as_many_as_workers() -> None:
    x, y = few("wine")
    with on("cluster"):
        output = pxgb.train(None, TASKS["wine"], pxgb.DaskDMatrix(None, x, y), 2, ranks="workers")
    assert output["ranks"] == 2
    small = pxgb.train(None, BINARY, pxgb.DaskDMatrix(None, x[:1], [0.0]), 2, ranks=3)
    assert small["ranks"] == 1
