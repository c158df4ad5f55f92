"""What is wrong is said, by name and with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from boosting import BINARY, few, given, trained

import phalanx.dataframe as dd
import phalanx.xgboost as pxgb

X, Y = few("breast_cancer")


def matrix(x: Any = X, y: Any = Y, **fields: Any) -> Any:
    return pxgb.DaskDMatrix(None, x, y, **fields)


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "labels are missing": (lambda: pxgb.train(None, BINARY, matrix(y=None), 2), ValueError, "no labels"),
    "a label is NaN": (lambda: pxgb.train(None, BINARY, matrix(y=np.where(Y > 0, np.nan, Y)), 2), ValueError, "NaN"),
    "a label is no class": (lambda: pxgb.train(None, BINARY, matrix(y=Y + 4.0), 2), ValueError, "logistic"),
    "labels are text": (lambda: matrix(y=np.where(Y > 0, "yes", "no")), ValueError, "label must be numbers"),
    "labels are too few": (lambda: matrix(y=Y[:-3]), ValueError, "label has 566 rows, and the features have 569"),
    "weights are too many": (lambda: matrix(weight=np.ones(570)), ValueError, "weight has 570 rows"),
    "three axes": (lambda: matrix(x=X.reshape(569, 5, 6)), ValueError, "2 dimensional"),
    "a series": (lambda: matrix(x=dd.from_pandas(pd.DataFrame({"a": [1.0]}))["a"], y=None), ValueError, "2 dimensional"),
    "infinity": (lambda: pxgb.train(None, BINARY, matrix(x=np.where(X > 0.9, np.inf, X)), 2), ValueError, "inf"),
    "text as a feature": (lambda: matrix(x=pd.DataFrame({"city": ["a", "b"]}), y=None), ValueError, "city"),
    "categories that nobody asked for": (
        lambda: matrix(x=pd.DataFrame({"c": pd.Categorical(["a"])}), y=None), ValueError, "enable_categorical",
    ),
    "an eval set of other columns": (
        lambda: pxgb.train(None, BINARY, matrix(), 2, evals=[(matrix(X[:, :5]), "test")]), ValueError, "5 features",
    ),
    "an eval set in another order": (
        lambda: pxgb.train(
            None, BINARY, matrix(X[:, :2], feature_names=["a", "b"]), 2,
            evals=[(matrix(X[:, :2], feature_names=["b", "a"]), "test")],
        ), ValueError, "same columns in the same order",
    ),
    "quantiles of others": (
        lambda: pxgb.train(None, BINARY, matrix(), 2, evals=[(pxgb.DaskQuantileDMatrix(None, X, Y), "test")]),
        ValueError, "reference",
    ),
    "stopping without rows": (lambda: pxgb.train(None, BINARY, matrix(), 2, early_stopping_rounds=1), ValueError, "evals"),
    "an unknown metric": (
        lambda: pxgb.train(None, {**BINARY, "eval_metric": "nonsense"}, matrix(), 2, evals=[(matrix(), "t")]),
        ValueError, "nonsense",
    ),
    "a wrong parameter": (lambda: pxgb.train(None, {**BINARY, "max_depth": "deep"}, matrix(), 2), ValueError, "max_depth"),
    "linear boosters": (lambda: pxgb.train(None, {"booster": "gblinear"}, matrix(), 2), NotImplementedError, "linear_model"),
    "the exact method": (lambda: pxgb.train(None, {"tree_method": "exact"}, matrix(), 2), NotImplementedError, "hist"),
    "functions": (lambda: pxgb.train(None, BINARY, matrix(), 2, obj=lambda p, d: (p, p)), NotImplementedError, "obj"),
    "metrics of Python": (
        lambda: pxgb.train(None, {**BINARY, "eval_metric": max}, matrix(), 2), NotImplementedError, "eval_metric",
    ),
    "a GPU by its number": (lambda: pxgb.train(None, {"device": "cuda:1"}, matrix(), 2), NotImplementedError, "device='cuda'"),
    "rounds below none": (lambda: pxgb.train(None, BINARY, matrix(), -1), ValueError, "rounds"),
    "trees below none": (lambda: pxgb.XGBRegressor(n_estimators=-5).fit(X, Y), ValueError, "n_estimators"),
    "half a round": (lambda: pxgb.train(None, BINARY, matrix(), 2.5), ValueError, "rounds"),
    "no ranks": (lambda: pxgb.train(None, BINARY, matrix(), 2, ranks=0), ValueError, "ranks=0"),
    "addresses": (lambda: pxgb.train(None, BINARY, matrix(), 2, coll_cfg=object()), NotImplementedError, "coll_cfg"),
    "features first": (lambda: pxgb.DaskDMatrix(X, Y), TypeError, "client"),
    "groups out of order": (lambda: matrix(qid=np.arange(569)[::-1]), ValueError, "sorted"),
    "groups twice": (lambda: matrix(qid=np.zeros(569), group=[569]), ValueError, "not both"),
    "groups of other rows": (lambda: matrix(group=[500]), ValueError, "500 rows"),
    "names of others": (lambda: matrix(feature_names=["a"]), ValueError, "expected 30, got 1"),
    "the communicator": (lambda: pxgb.CommunicatorContext(), NotImplementedError, "ranks"),
}  # fmt: skip


def test_without_a_gpu_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    on_gpu = {**BINARY, "device": "cuda"}
    monkeypatch.setenv("PHALANX_GPUS", "0")
    with pytest.raises(ValueError, match="no worker has any"):
        pxgb.train(None, on_gpu, matrix(), 2)
    monkeypatch.setenv("PHALANX_GPUS", "1")
    with pytest.raises(ValueError, match="2 ranks need a GPU each, and the workers have 1"):
        pxgb.train(None, on_gpu, matrix(), 2, ranks=2)
    if not xgb.build_info()["USE_CUDA"]:
        with pytest.raises(NotImplementedError, match="was given GPU 0, and XGBoost does not use it"):
            pxgb.train(None, on_gpu, matrix(), 2, ranks=1)


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str) -> None:
    call, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words):
        call()


def test_classes() -> None:
    one_class = pxgb.XGBClassifier(n_estimators=2).fit(X, np.zeros(569), verbose=False)
    theirs = xgb.XGBClassifier(n_estimators=2).fit(X, np.zeros(569))
    np.testing.assert_allclose(one_class.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    for labels in (np.where(Y > 0, 2, 1), np.where(Y > 0, "a", "b"), np.ones(569)):
        with pytest.raises(ValueError, match="Invalid classes inferred from unique values of `y`"):
            pxgb.XGBClassifier().fit(X, labels)


def test_features_of_others_are_refused_at_predict() -> None:
    names = [f"x{j}" for j in range(30)]
    booster = trained(X, Y, BINARY, 2, feature_names=names)
    frame = given(X, "frame one")
    assert pxgb.predict(None, booster, frame).ndim == 1
    with pytest.raises(ValueError, match="feature_names mismatch"):
        pxgb.predict(None, booster, frame[names[::-1]])
    with pytest.raises(ValueError, match="Feature shape mismatch, expected: 30, got 29"):
        pxgb.predict(None, booster, frame[names[:-1]])
    with pytest.raises(ValueError, match="did not contain feature names"):
        pxgb.predict(None, booster, X)
    assert pxgb.inplace_predict(None, booster, X).shape == (569,)
    assert pxgb.predict(None, booster, X, validate_features=False).shape == (569,)
    with pytest.raises(TypeError, match="Booster"):
        pxgb.predict(None, object(), X)


def test_damaged_models(tmp_path: Path) -> None:
    whole = bytes(trained(X, Y, BINARY, 2).save_raw("ubj"))
    for damaged in (whole[: len(whole) // 2], b"", b"binf", b"{}"):
        with pytest.raises(ValueError, match="no model"):
            pxgb.train(None, BINARY, matrix(), 2, xgb_model=damaged)
    later = pxgb.train(None, BINARY, matrix(), 2, xgb_model=whole)["booster"]
    later.save_model(tmp_path / "model.ubj")
    assert pxgb.train(None, BINARY, matrix(), 1, xgb_model=tmp_path / "model.ubj")["booster"].num_boosted_rounds() == 5


def test_the_library_is_found_or_said_to_be_absent(tmp_path: Path) -> None:
    found = pxgb.library()
    assert Path(found.path).is_file() and found.version == xgb.__version__
    (tmp_path / "broken.so").write_text("no library")
    program = "import phalanx.xgboost as p\ntry: p.library()\nexcept NotImplementedError as e: print(e)"
    environment = {**os.environ, "PHALANX_XGBOOST": str(tmp_path / "broken.so")}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert "can't be loaded as XGBoost" in said.stdout and "pip install 'phalanx[xgboost]'" in said.stdout
