"""Estimators beside XGBoost's own of the same name."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from boosting import booster_bytes, few, given, on, plain
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import cross_val_score

import phalanx.xgboost as pxgb

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "binary": ("XGBClassifier", "breast_cancer", {"n_estimators": 5, "max_depth": 3}),
    "classes": ("XGBClassifier", "wine", {"n_estimators": 4, "max_depth": 2}),
    "softmax": ("XGBClassifier", "iris", {"n_estimators": 4, "objective": "multi:softmax"}),
    "regression": ("XGBRegressor", "diabetes", {"n_estimators": 6, "max_depth": 3}),
    "approx": ("XGBRegressor", "diabetes", {"n_estimators": 4, "tree_method": "approx", "max_depth": 3}),
    "poisson": ("XGBRegressor", "diabetes", {"n_estimators": 4, "objective": "count:poisson"}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", ["values", "array uneven", "frame empty"])
def test_estimators_say_what_the_librarys_say(case: str, form: str) -> None:
    kind, name, options = CASES[case]
    x, y = few(name)
    theirs = getattr(xgb, kind)(n_jobs=1, **options).fit(x, y)
    with on("perturbed" if form == "array uneven" else "local"):
        ours = getattr(pxgb, kind)(**options)
        ours.fit(given(x, form), given(y, form), verbose=False)
        lazy = given(x, form)
        exact = {"rtol": 1e-4, "atol": 3e-5}
        np.testing.assert_allclose(plain(ours.predict(lazy)), theirs.predict(x), **exact)
        np.testing.assert_allclose(plain(ours.predict(lazy, output_margin=True)), theirs.predict(x, output_margin=True), **exact)
        np.testing.assert_array_equal(plain(ours.apply(lazy)), theirs.apply(x))
        score = ours.score(lazy, given(y, form))
    assert score == pytest.approx(theirs.score(x, y), abs=1e-4)
    assert ours.n_features_in_ == x.shape[1]
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, atol=1e-3)
    if kind == "XGBClassifier":
        assert plain(ours.predict(lazy)).dtype.kind == "i" and is_classifier(ours)
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        if case != "softmax":
            np.testing.assert_allclose(plain(ours.predict_proba(lazy)), theirs.predict_proba(x), **exact)
    else:
        assert is_regressor(ours)


def test_names_parameters_and_copies(tmp_path: Path) -> None:
    assert pxgb.DaskXGBClassifier is pxgb.XGBClassifier and pxgb.DaskXGBRegressor is pxgb.XGBRegressor
    assert pxgb.DaskXGBRFClassifier is pxgb.XGBRFClassifier and pxgb.DaskXGBRanker is pxgb.XGBRanker
    assert pxgb.DMatrix is pxgb.DaskDMatrix and pxgb.QuantileDMatrix is pxgb.DaskQuantileDMatrix
    assert pxgb.DaskXGBRFRegressor is pxgb.XGBRFRegressor
    model = pxgb.XGBClassifier(max_depth=3, n_estimators=2, ranks=3, gamma=0.1)
    assert model.get_params()["ranks"] == 3 and model.get_params()["max_depth"] == 3
    assert "ranks" not in model.get_xgb_params()
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(ranks=1).ranks == 1
    x, y = few("breast_cancer")
    model.fit(x, y, verbose=False)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    model.save_model(tmp_path / "model.json")
    read = xgb.XGBClassifier()
    read.load_model(tmp_path / "model.json")
    np.testing.assert_array_equal(read.predict(x), model.predict(x))
    assert isinstance(model.get_booster(), xgb.Booster)


def test_models_are_those_of_one_rank_in_one_process() -> None:
    x, y = few("diabetes")
    ours = pxgb.XGBRegressor(n_estimators=4, ranks=1).fit(x, y, verbose=False)
    theirs = xgb.XGBRegressor(n_estimators=4, n_jobs=1).fit(x, y)
    assert booster_bytes(ours.get_booster()) == booster_bytes(theirs.get_booster())


def test_evaluation_weights_and_stopping() -> None:
    x, y = few("breast_cancer")
    noisy = np.where(np.arange(len(y)) % 5 == 0, 1 - y, y)
    weight = 1.0 + np.arange(len(y)) % 3
    options = {"n_estimators": 40, "learning_rate": 1.0, "eval_metric": ["error", "logloss"], "early_stopping_rounds": 3}
    parts = {"eval_set": [(x[:300], noisy[:300]), (x[300:], noisy[300:])], "sample_weight_eval_set": [weight[:300], weight[300:]]}
    fitted = [
        kind(**options).fit(x[:300], noisy[:300], sample_weight=weight[:300], verbose=False, **parts)
        for kind in (pxgb.XGBClassifier, xgb.XGBClassifier)
    ]
    ours, theirs = fitted
    assert ours.best_iteration == theirs.best_iteration and ours.restarts_ == 0
    assert ours.evals_result().keys() == theirs.evals_result().keys() == {"validation_0", "validation_1"}
    found, expected = ours.evals_result()["validation_1"]["logloss"], theirs.evals_result()["validation_1"]["logloss"]
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=1e-3)
    more = pxgb.XGBClassifier(n_estimators=2).fit(x, y, verbose=False, xgb_model=ours)
    assert more.get_booster().num_boosted_rounds() == ours.get_booster().num_boosted_rounds() + 2


@pytest.mark.parametrize("kind", ["XGBRFClassifier", "XGBRFRegressor"])
def test_forests(kind: str) -> None:
    x, y = few("breast_cancer" if kind == "XGBRFClassifier" else "diabetes")
    ours = getattr(pxgb, kind)(n_estimators=20, max_depth=4, random_state=5).fit(x, y, verbose=False)
    theirs = getattr(xgb, kind)(n_estimators=20, max_depth=4, random_state=5).fit(x, y)
    assert ours.get_num_boosting_rounds() == 1
    assert len(ours.get_booster().get_dump()) == 20
    # Rows and features are drawn by ranks on their own: trees differ, what they say together hardly does.
    assert ours.score(x, y) == pytest.approx(theirs.score(x, y), abs=0.05)
    again = getattr(pxgb, kind)(n_estimators=20, max_depth=4, random_state=5).fit(x, y, verbose=False)
    assert booster_bytes(again.get_booster()) == booster_bytes(ours.get_booster())
    with pytest.raises(NotImplementedError, match="random forest"):
        getattr(pxgb, kind)(early_stopping_rounds=2)


@pytest.mark.parametrize("form", ["values", "frame uneven"])
def test_ranking(form: str) -> None:
    x, target = few("diabetes")
    y = np.digitize(target, [90, 140, 200]).astype(float)
    qid = np.repeat(np.arange(30), 15)[: len(x)]
    options = {"n_estimators": 6, "max_depth": 3, "lambdarank_pair_method": "topk"}
    theirs = xgb.XGBRanker(n_jobs=1, **options).fit(x, y, qid=qid)
    ours = pxgb.XGBRanker(ranks=1, allow_group_split=True, **options)
    ours.fit(given(x, form), given(y, form), qid=given(qid, form), eval_set=[(given(x, form), y)], eval_qid=[qid])
    np.testing.assert_allclose(plain(ours.predict(given(x, form))), theirs.predict(x), atol=1e-5)
    assert [len(values) for values in ours.evals_result()["validation_0"].values()] == [6]
    grouped = pxgb.XGBRanker(ranks=1, **options).fit(x, y, group=np.unique(qid, return_counts=True)[1])
    np.testing.assert_allclose(grouped.predict(x), theirs.predict(x), atol=1e-5)
    for wrong in ({}, {"qid": qid[::-1]}):
        with pytest.raises(ValueError, match="required|sorted"):
            pxgb.XGBRanker(**options).fit(x, y, **wrong)
    with pytest.raises(ValueError, match="ranking"):
        pxgb.XGBRanker(objective="reg:squarederror")


def test_tables_of_pandas_and_scikit_learns_tools() -> None:
    x, y = few("breast_cancer")
    table = pd.DataFrame(x, columns=[f"column {j}" for j in range(x.shape[1])])
    model = pxgb.XGBClassifier(n_estimators=3).fit(table, pd.Series(y), verbose=False)
    assert list(model.feature_names_in_) == list(table.columns)
    assert isinstance(model.predict_proba(table), np.ndarray)
    with pytest.raises(ValueError, match="feature_names mismatch"):
        model.predict(table[table.columns[::-1]])
    scores = cross_val_score(pxgb.XGBClassifier(n_estimators=3, ranks=1), x, y, cv=3)
    expected = cross_val_score(xgb.XGBClassifier(n_estimators=3, n_jobs=1), x, y, cv=3)
    np.testing.assert_allclose(scores, expected, atol=1e-9)


def test_on_workers() -> None:
    x, y = few("wine")
    local = pxgb.XGBClassifier(n_estimators=3).fit(x, y, verbose=False)
    with on("cluster") as client:
        model = pxgb.XGBClassifier(n_estimators=3)
        model.client = client
        model.fit(given(x, "frame uneven"), given(y, "frame uneven"), verbose=False)
        assert model.client is client
        lazy = model.predict(given(x, "frame uneven"))
        np.testing.assert_array_equal(plain(lazy), local.predict(x))
    rows = xgb.DMatrix(x, feature_names=model.get_booster().feature_names)
    np.testing.assert_array_equal(model.get_booster().predict(rows), local.get_booster().predict(xgb.DMatrix(x)))
