"""Trainings one after the other and side by side, whose ranks stay and keep their rows, beside processes of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from boosting import BINARY, booster_bytes, on, real

import phalanx.array as da
import phalanx.dataframe as dd
import phalanx.xgboost as pxgb
from phalanx.ml.model_selection import GridSearchCV, RandomizedSearchCV

ENGINES = ["local", "perturbed", "cluster"]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"max_depth": 6, "eta": 0.05},
    {"subsample": 0.5, "seed": 3, "verbosity": 2},
    {"max_bin": 8},
    {"tree_method": "approx", "subsample": 0.5},
    {"booster": "dart", "rate_drop": 0.5},
    {"max_bin": 8, "colsample_bynode": 0.5},
]
X, Y = real("breast_cancer")


def data_of(kind: str) -> tuple[Any, Any]:
    """Persisted data, as which trials are given it."""
    if kind == "array":
        return da.from_array(X, chunks=(100, 30)).persist(), da.from_array(Y, chunks=200).persist()
    frame = dd.from_pandas(pd.DataFrame(X, columns=[f"x{j}" for j in range(30)]).assign(y=Y), npartitions=4).persist()
    return frame[[f"x{j}" for j in range(30)]], frame["y"]


def trial(x: Any, y: Any, setting: dict[str, Any], kind: Any = pxgb.DaskDMatrix) -> tuple[bytes, Any]:
    matrix = kind(None, x, y)
    output = pxgb.train(None, {**BINARY, **setting}, matrix, 5, evals=[(matrix, "train")], verbose_eval=False)
    return booster_bytes(output["booster"]), output["history"]


def isolated(monkeypatch: pytest.MonkeyPatch, call: Any) -> Any:
    """What processes of their own give, which end."""
    with monkeypatch.context() as patch:
        patch.setenv("PHALANX_RANKS_IDLE_SECONDS", "0")
        return call()


@pytest.mark.parametrize("kind", ["array", "frame"])
@pytest.mark.parametrize("name", ENGINES)
def test_trials_are_isolated(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with on(name):
        x, y = data_of(kind)
        # Of quantiles alone XGBoost can't train by `approx`.
        kinds = [
            (pxgb.DaskDMatrix, SETTINGS),
            (pxgb.DaskQuantileDMatrix, [each for each in SETTINGS if each.get("tree_method") != "approx"]),
        ]
        expected = isolated(monkeypatch, lambda: [[trial(x, y, each, kind) for each in tried] for kind, tried in kinds])
        for _ in range(2):
            for (kind_of_rows, tried), models in zip(kinds, expected):
                assert [trial(x, y, each, kind_of_rows) for each in tried] == models
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(lambda each: trial(x, y, each), SETTINGS)) == expected[0]


@pytest.mark.parametrize("name", ENGINES)
def test_other_rows_are_told_apart(name: str) -> None:
    """Data that looks alike: other values, other views of the same data, other columns."""
    with on(name):
        x, y = data_of("array")
        views = [x, x[::-1], x[:, ::-1], x[1:], da.from_array(X + 1.0, chunks=(100, 30)).persist(), x * 1.0, x.rechunk((569, 30))]
        labels = [y, y, y, y[1:], y, y, y]
        values = [X, X[::-1], X[:, ::-1], X[1:], X + 1.0, X, X]
        for _ in range(2):
            for view, label, plain in zip(views, labels, values):
                found, _ = trial(view, label, {})
                assert found == trial(plain, Y[1:] if len(plain) < 569 else Y, {})[0]
        frame, label = data_of("frame")
        order = list(frame.columns)[::-1]
        assert trial(frame[order], label, {})[0] != trial(frame, label, {})[0]
        renamed = frame.rename(columns={"x0": "x1", "x1": "x0"})
        assert trial(renamed, label, {})[0] != trial(frame, label, {})[0]


@pytest.mark.parametrize("name", ENGINES)
def test_what_belongs_to_rows_is_told_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same features with other labels, weights, margins, names, missing values, ranks and threads."""
    with on(name):
        x, y = data_of("array")
        weight = da.from_array(np.linspace(0.5, 2.0, len(X)), chunks=100).persist()
        fields: list[dict[str, Any]] = [
            {}, {"weight": weight}, {"base_margin": weight}, {"missing": 0.0}, {"feature_names": [f"f{j}" for j in range(30)]},
            {"feature_weights": np.arange(30.0)}, {"group": [300, 269]},
        ]  # fmt: skip
        params = {"colsample_bytree": 0.5, "eval_metric": "logloss"}

        def trained(given: dict[str, Any], kind: Any, **how: Any) -> tuple[bytes, Any]:
            objective = {"objective": "rank:pairwise"} if "group" in given else {}
            matrix = kind(None, x, y, **given)
            threads = {"nthread": how.pop("threads", 1), "max_bin": how.pop("bins", 256)}
            output = pxgb.train(
                None, {**BINARY, **params, **objective, **threads}, matrix, 4, evals=[(matrix, "a"), (matrix, "b")], verbose_eval=False, **how
            )  # fmt: skip
            return booster_bytes(output["booster"]), output["history"]

        def all_of() -> list[Any]:
            found = [trained(given, kind) for given in fields for kind in (pxgb.DaskDMatrix, pxgb.DaskQuantileDMatrix)]
            found += [trained({}, pxgb.DaskDMatrix, ranks=1), trained({}, pxgb.DaskDMatrix, ranks=3, threads=2)]
            return [*found, trained({}, lambda *a: pxgb.DaskQuantileDMatrix(*a, max_bin=8), bins=8)]

        expected = isolated(monkeypatch, all_of)
        assert all_of() == expected and all_of() == expected
        assert len({model for model, _ in expected}) > len(fields)


def test_what_is_written_into_is_other_data() -> None:
    with on("local"):
        x, y = data_of("array")
        before, _ = trial(x, y, {})
        x[:, 0] = 0.0
        after, _ = trial(x, y, {})
        changed = X.copy()
        changed[:, 0] = 0.0
        assert after != before and after == trial(changed, Y, {})[0]


@pytest.mark.parametrize("name", ENGINES)
def test_searches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with on(name):
        x, y = data_of("array")

        def search() -> Any:
            grid = {"max_depth": [2, 4], "max_bin": [16, 256]}
            return GridSearchCV(pxgb.XGBClassifier(n_estimators=3, random_state=0), grid, cv=3, n_jobs=2).fit(x, y)

        expected, found = isolated(monkeypatch, search), search()
        np.testing.assert_array_equal(found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])
        assert found.best_params_ == expected.best_params_
        assert booster_bytes(found.best_estimator_.get_booster()) == booster_bytes(expected.best_estimator_.get_booster())
        alone = RandomizedSearchCV(pxgb.XGBClassifier(n_estimators=3, ranks=1), {"max_depth": [2, 3, 4]}, n_iter=2, cv=2, random_state=0)
        assert alone.fit(x, y).best_score_ > 0.9


def test_the_variable_is_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHALANX_RANKS_IDLE_SECONDS", "soon")
    with on("local"), pytest.raises(ValueError, match="PHALANX_RANKS_IDLE_SECONDS"):
        trial(X, Y, {})
