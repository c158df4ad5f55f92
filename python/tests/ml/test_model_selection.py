"""Splits and searches against scikit-learn: the same rows, the same scores, the same best setting."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning import frame_of, given, on, plain, real
from sklearn import model_selection as theirs
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression as Judge
from sklearn.pipeline import Pipeline

import phalanx.array as da
from phalanx.ml import model_selection as ours
from phalanx.ml.linear_model import LogisticRegression, Ridge
from phalanx.ml.preprocessing import StandardScaler

SPLITS: dict[str, dict[str, Any]] = {
    "shuffled": {"random_state": 3},
    "by count": {"random_state": 3, "test_size": 20, "train_size": 50},
    "in order": {"shuffle": False, "test_size": 0.3},
    "stratified": {"random_state": 5, "test_size": 0.2, "stratify": "y"},
}


@pytest.mark.parametrize("name", SPLITS)
def test_rows_are_split_as_scikit_learn_splits_them(name: str) -> None:
    x, y = real("iris")
    options = {**SPLITS[name], **({"stratify": y} if "stratify" in SPLITS[name] else {})}
    expected = theirs.train_test_split(x, y, **options)
    for engine_name, form in (("local", "array one"), ("perturbed", "array uneven"), ("cluster", "array uneven")):
        with on(engine_name):
            lazy = {**options, **({"stratify": given(y, form)} if "stratify" in options else {})}
            parts = ours.train_test_split(given(x, form), given(y, form), **lazy)
            for part, judge in zip(parts, expected):
                assert part._phalanx_kind == "array"
                np.testing.assert_array_equal(plain(part), judge)
    for part, judge in zip(ours.train_test_split(x, y, **options), expected):
        np.testing.assert_array_equal(part, judge)


def test_rows_are_drawn_within_chunks() -> None:
    x, y = np.arange(2000.0).reshape(1000, 2), np.arange(1000)
    found = []
    for name in ("local", "perturbed", "cluster"):
        with on(name):
            lazy, labels = da.from_array(x, chunks=(100, 1)), da.from_array(y, chunks=150)
            options = {"test_size": 0.3, "random_state": 1, "blockwise": True}
            train, test, train_y, test_y = (plain(part) for part in ours.train_test_split(lazy, labels, **options))
            assert sorted([*train_y, *test_y]) == y.tolist() and len(test_y) == 300
            np.testing.assert_array_equal(train, x[train_y])
            np.testing.assert_array_equal(test, x[test_y])
            # Each chunk of the first array gives its share to both, in another order than it was in.
            assert (test_y // 100).tolist() == np.repeat(np.arange(10), 30).tolist()
            assert (train_y // 100).tolist() == np.repeat(np.arange(10), 70).tolist()
            assert not (np.diff(train_y[:70]) > 0).all()
            found.append([train_y.tolist(), test_y.tolist()])
            other, _ = ours.train_test_split(labels, test_size=300, train_size=1, random_state=2, blockwise=True)
            assert plain(other).tolist() != train_y[:1].tolist() and other.shape == (1,)
            with pytest.raises(NotImplementedError, match="blockwise"):
                ours.train_test_split(lazy, stratify=labels, blockwise=True)
            with pytest.raises(ValueError, match="test_size"):
                ours.train_test_split(lazy, test_size=1.5, blockwise=True)
    assert found[0] == found[1] == found[2]


def test_frames_are_split_by_draws() -> None:
    table = pd.DataFrame({"x": np.arange(1000), "y": np.arange(1000) % 7})
    found = []
    for name in ("local", "perturbed"):
        with on(name):
            lazy = frame_of(table, "empty")
            train, test, train_y, test_y = ours.train_test_split(lazy, lazy["y"], test_size=0.3, random_state=1)
            train, test = train.compute(), test.compute()
            assert sorted([*train["x"], *test["x"]]) == list(range(1000)) and 230 < len(test) < 370
            np.testing.assert_array_equal(plain(train_y), train["y"])
            np.testing.assert_array_equal(plain(test_y), test["y"])
            found.append(test["x"].tolist())
            with pytest.raises(NotImplementedError, match="arrays"):
                ours.train_test_split(lazy, shuffle=False)
    assert found[0] == found[1]


STRATA: dict[str, Any] = {
    "numbers": np.arange(500) % 7,
    "rare": np.where(np.arange(500) % 60 == 0, 1.5, -2.0),
    "text": np.array(["b", "a", "ü", "a"])[np.arange(500) % 4],
    "truth": np.arange(500) % 3 == 0,
}


@pytest.mark.parametrize("name", STRATA)
@pytest.mark.parametrize("sizes", [{"test_size": 0.3}, {}, {"test_size": 37, "train_size": 200}, {"train_size": 0.9}])
def test_frames_are_stratified_as_scikit_learn_does(name: str, sizes: dict[str, Any]) -> None:
    table = pd.DataFrame({"x": np.arange(500), "y": STRATA[name]})
    judge = theirs.train_test_split(table, stratify=table["y"], random_state=4, **sizes)
    shares = [part["y"].value_counts().to_dict() for part in judge]
    found = []
    for engine_name, borders in (("local", "one"), ("local", "empty"), ("perturbed", "uneven"), ("cluster", "uneven")):
        with on(engine_name):
            lazy = frame_of(table, borders)
            train, test, train_x, test_x = ours.train_test_split(lazy, lazy["x"], stratify=lazy["y"], random_state=4, **sizes)
            assert list(train.columns) == ["x", "y"]
            parts = [train.compute(), test.compute()]
            assert [part["y"].value_counts().to_dict() for part in parts] == shares
            rows = [part["x"].tolist() for part in parts]
            assert not set(rows[0]) & set(rows[1]) and all(each == sorted(each) for each in rows)
            for part in parts:
                pd.testing.assert_frame_equal(part.reset_index(drop=True), table.loc[part["x"]].reset_index(drop=True), check_dtype=False)
            assert [plain(train_x).tolist(), plain(test_x).tolist()] == rows
            found.append(rows)
    assert all(each == found[0] for each in found), "neither engines nor partitions change which rows are drawn"
    with on("local"):
        lazy = frame_of(table, "one")
        other = ours.train_test_split(lazy, stratify=lazy["y"], random_state=5, **sizes)[1].compute()
        assert other["x"].tolist() != found[0][1]
        # Drawn from everywhere: neither part is a stretch of the rows.
        assert np.ptp(found[0][1]) > 400 and np.ptp(found[0][0]) > 400


def test_strata_that_do_not_fit_are_refused() -> None:
    table = pd.DataFrame({"x": np.arange(20), "y": [0] * 19 + [1], "z": [None, *"ab" * 9, "a"], "k": np.arange(20) // 2})
    for judge in (lambda y, **o: theirs.train_test_split(table, stratify=y, **o),):
        with pytest.raises(ValueError, match="least populated"):
            judge(table["y"])
        with pytest.raises(ValueError, match="number of classes = 10"):
            judge(table["k"], test_size=3)
    with on("local"):
        lazy = frame_of(table, "uneven")
        with pytest.raises(ValueError, match="least populated"):
            ours.train_test_split(lazy, stratify=lazy["y"])
        with pytest.raises(ValueError, match="number of classes = 10"):
            ours.train_test_split(lazy, stratify=lazy["k"], test_size=3)
        with pytest.raises(ValueError, match="test_size"):
            ours.train_test_split(lazy, stratify=lazy["k"], test_size=1.5)
        with pytest.raises(ValueError, match="NaN"):
            ours.train_test_split(lazy, stratify=lazy["z"])
        with pytest.raises(NotImplementedError, match="2 columns"):
            ours.train_test_split(lazy, stratify=lazy[["y", "k"]])
        with pytest.raises(TypeError, match="one of their columns"):
            ours.train_test_split(lazy, stratify=table["y"])


def test_what_does_not_fit_is_refused() -> None:
    x = da.ones((10, 2), chunks=5)
    with pytest.raises(TypeError, match="convert_mixed_types"):
        ours.train_test_split(x, np.ones(10))
    assert len(ours.train_test_split(x, np.ones(10), convert_mixed_types=True)) == 4
    with pytest.raises(ValueError, match="inconsistent"):
        ours.train_test_split(x, da.ones(9, chunks=5))
    with pytest.raises(ValueError, match="At least one"):
        ours.train_test_split()
    with pytest.raises(NotImplementedError, match="array"):
        list(ours.KFold(2).split(frame_of(pd.DataFrame({"x": [1, 2, 3]}), "one")))


SPLITTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "KFold": ("KFold", {"n_splits": 4}),
    "KFold shuffled": ("KFold", {"n_splits": 3, "shuffle": True, "random_state": 2}),
    "StratifiedKFold": ("StratifiedKFold", {"n_splits": 5}),
    "ShuffleSplit": ("ShuffleSplit", {"n_splits": 3, "test_size": 0.2, "random_state": 1}),
}


@pytest.mark.parametrize("name", SPLITTERS)
def test_splitters(name: str) -> None:
    kind, options = SPLITTERS[name]
    x, y = real("iris")
    expected = list(getattr(theirs, kind)(**options).split(x, y))
    mine = getattr(ours, kind)(**options)
    for form in ("values", "array uneven"):
        with on("local"):
            found = list(mine.split(given(x, form), given(y, form)))
        for pair, judge in zip(found, expected, strict=True):
            np.testing.assert_array_equal(pair[0], judge[0])
            np.testing.assert_array_equal(pair[1], judge[1])
    assert ours.compute_n_splits(mine, x, y) == options["n_splits"]
    assert type(ours.check_cv(3, y, classifier=True)) is ours.StratifiedKFold
    assert type(ours.check_cv(3, y)) is ours.KFold


@pytest.mark.parametrize("form", ["values", "array uneven"])
def test_cross_validation(form: str) -> None:
    x, y = real("breast_cancer")
    judge = theirs.cross_validate(
        Judge(tol=1e-8, max_iter=1000), x, y, cv=4, scoring=["accuracy", "roc_auc"], return_train_score=True
    )
    with on("local"):
        found = ours.cross_validate(
            LogisticRegression(tol=1e-7, max_iter=1000), given(x, form), given(y, form), cv=4,
            scoring=["accuracy", "roc_auc"], return_train_score=True, return_estimator=True, return_indices=True,
        )  # fmt: skip
        scores = ours.cross_val_score(LogisticRegression(tol=1e-7, max_iter=1000), given(x, form), given(y, form), cv=4)
    for name in ("test_accuracy", "test_roc_auc", "train_accuracy"):
        np.testing.assert_allclose(found[name], judge[name], atol=1e-6, err_msg=name)
    np.testing.assert_allclose(scores, judge["test_accuracy"], atol=1e-6)
    assert len(found["estimator"]) == len(found["indices"]["train"]) == 4


GRID = {"C": [0.001, 0.1, 10.0], "fit_intercept": [True, False]}


@pytest.mark.parametrize("form", ["values", "array uneven"])
def test_searches(form: str) -> None:
    x, y = real("breast_cancer")
    grid = theirs.GridSearchCV(Judge(tol=1e-8, max_iter=2000), GRID, cv=3, return_train_score=True).fit(x, y)
    drawn = theirs.RandomizedSearchCV(Judge(tol=1e-8, max_iter=2000), GRID, n_iter=4, cv=3, random_state=1).fit(x, y)
    model = LogisticRegression(tol=1e-7, max_iter=2000)
    with on("local"):
        lazy_x, lazy_y = given(x, form), given(y, form)
        mine = ours.GridSearchCV(model, GRID, cv=3, return_train_score=True).fit(lazy_x, lazy_y)
        random = ours.RandomizedSearchCV(model, GRID, n_iter=4, cv=3, random_state=1).fit(lazy_x, lazy_y)
        np.testing.assert_array_equal(plain(mine.predict(lazy_x)), grid.predict(x))
        assert mine.score(lazy_x, lazy_y) == pytest.approx(grid.score(x, y))
    for found, judge in ((mine, grid), (random, drawn)):
        assert found.best_params_ == judge.best_params_ and found.n_splits_ == 3
        assert found.cv_results_["params"] == judge.cv_results_["params"]
        np.testing.assert_allclose(found.cv_results_["mean_test_score"], judge.cv_results_["mean_test_score"], atol=1e-6)
        np.testing.assert_array_equal(found.cv_results_["rank_test_score"], judge.cv_results_["rank_test_score"])
        np.testing.assert_allclose(found.best_estimator_.coef_, judge.best_estimator_.coef_, atol=1e-4)


def test_halving() -> None:
    x, y = real("breast_cancer")
    options: dict[str, Any] = {"cv": 3, "random_state": 0, "factor": 2}
    judge = theirs.HalvingGridSearchCV(Judge(tol=1e-8, max_iter=2000), GRID, **options).fit(x, y)
    drawn = theirs.HalvingRandomSearchCV(Judge(tol=1e-8, max_iter=2000), GRID, n_candidates=4, **options).fit(x, y)
    model = LogisticRegression(tol=1e-7, max_iter=2000)
    for form in ("values", "array uneven"):
        with on("local"):
            mine = ours.HalvingGridSearchCV(model, GRID, **options).fit(given(x, form), given(y, form))
            random = ours.HalvingRandomSearchCV(model, GRID, n_candidates=4, **options).fit(given(x, form), given(y, form))
        for found, other in ((mine, judge), (random, drawn)):
            assert found.n_resources_ == other.n_resources_ and found.n_candidates_ == other.n_candidates_
            np.testing.assert_allclose(found.cv_results_["mean_test_score"], other.cv_results_["mean_test_score"], atol=1e-6)
            assert found.best_params_ == other.best_params_
            assert found.best_score_ == pytest.approx(other.best_score_)
    with pytest.raises(ValueError, match="not supported by estimator"):
        ours.HalvingGridSearchCV(model, GRID, resource="trees", max_resources=9).fit(x, y)


class Slow(ClassifierMixin, BaseEstimator):
    """Counts how many fits run at the same time."""

    now, most = 0, 0
    lock = threading.Lock()

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def fit(self, X: Any, y: Any) -> Slow:
        self.classes_ = np.unique(y)
        with Slow.lock:
            Slow.now += 1
            Slow.most = max(Slow.most, Slow.now)
        time.sleep(0.05)
        with Slow.lock:
            Slow.now -= 1
        if self.size == 13:
            raise RuntimeError("13 brings bad luck")
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.classes_[0])


def test_trials_run_at_the_same_time() -> None:
    x, y = real("iris")
    Slow.most = 0
    ours.GridSearchCV(Slow(), {"size": [1, 2, 3, 4]}, cv=2, n_jobs=4).fit(x, y)
    assert Slow.most >= 2
    Slow.most = 0
    ours.GridSearchCV(Slow(), {"size": [1, 2]}, cv=2, n_jobs=1).fit(x, y)
    assert Slow.most == 1


def test_trials_that_fail_score_nothing() -> None:
    from sklearn.exceptions import FitFailedWarning

    x, y = real("iris")
    with pytest.warns(FitFailedWarning, match="13 brings bad luck"):
        found = ours.GridSearchCV(Slow(), {"size": [1, 13]}, cv=2).fit(x, y)
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [False, True]
    with pytest.raises(RuntimeError, match="bad luck"):
        ours.GridSearchCV(Slow(), {"size": [13]}, cv=2, error_score="raise").fit(x, y)
    with pytest.warns(FitFailedWarning), pytest.raises(ValueError, match="All the 2 fits failed"):
        ours.GridSearchCV(Slow(), {"size": [13]}, cv=2).fit(x, y)


class Counted(StandardScaler):
    """Counts its fits."""

    fits = 0

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Counted:
        Counted.fits += 1
        super().fit(X, y, sample_weight)
        return self


def test_what_pipelines_have_in_common_is_fitted_once() -> None:
    x, y = real("breast_cancer")
    pipe = Pipeline([("scale", Counted()), ("model", LogisticRegression())])
    Counted.fits = 0
    found = ours.GridSearchCV(pipe, {"model__C": [0.1, 1.0, 10.0]}, cv=2).fit(x, y)
    assert Counted.fits == 3  # a fold each, and the best of all rows
    Counted.fits = 0
    plain_search = ours.GridSearchCV(pipe, {"model__C": [0.1, 1.0, 10.0]}, cv=2, cache_cv=False).fit(x, y)
    assert Counted.fits == 7
    np.testing.assert_array_equal(found.cv_results_["mean_test_score"], plain_search.cv_results_["mean_test_score"])


def test_scikit_learns_searches_take_ours() -> None:
    x, y = real("diabetes")
    mine = theirs.GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=3).fit(x, y)
    from sklearn.linear_model import Ridge as JudgeRidge

    judge = theirs.GridSearchCV(JudgeRidge(), {"alpha": [0.1, 1.0]}, cv=3).fit(x, y)
    np.testing.assert_allclose(mine.cv_results_["mean_test_score"], judge.cv_results_["mean_test_score"], rtol=1e-8)


def test_scikit_learns_own_are_there() -> None:
    assert ours.ParameterGrid is theirs.ParameterGrid and ours.ParameterSampler is theirs.ParameterSampler
