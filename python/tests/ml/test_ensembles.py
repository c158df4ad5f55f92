"""Ensembles of estimators that are fitted on a block each, beside scikit-learn's voting of the same estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learning import ends, given, on, plain, real
from sklearn import ensemble, linear_model, tree
from sklearn.base import clone
from sklearn.preprocessing import LabelEncoder

import phalanx.array as da
from phalanx.distributed import Client
from phalanx.ml.ensemble import BlockwiseVotingClassifier, BlockwiseVotingRegressor

SHUFFLED = np.random.default_rng(5).permutation(150)
FORMS = ("values", "array one", "array uneven", "array empty", "frame uneven", "frame empty")
#: Estimators that depend on their rows so much that their votes differ.
CLASSIFIERS: list[Any] = [tree.DecisionTreeClassifier(max_depth=2, random_state=0), linear_model.LogisticRegression(max_iter=300)]
REGRESSORS: list[Any] = [tree.DecisionTreeRegressor(max_depth=3, random_state=0), linear_model.Ridge()]


def blocks(rows: int, form: str) -> list[slice]:
    places = ends(rows, "one" if form == "values" else form.split()[1])
    return [slice(start, end) for start, end in zip(places, places[1:]) if end > start]


def iris() -> tuple[Any, Any]:
    x, y = real("iris")
    return x[SHUFFLED], y[SHUFFLED]


def judge_of(kind: Any, estimator: Any, x: Any, y: Any, form: str, **options: Any) -> Any:
    """Scikit-learn's own ensemble, of estimators fitted on the same blocks."""
    fitted = [clone(estimator).fit(x[piece], y[piece]) for piece in blocks(len(x), form)]
    judge = kind([(str(number), each) for number, each in enumerate(fitted)], **options)
    judge.estimators_, judge.le_ = fitted, LabelEncoder().fit(np.unique(y))
    judge.classes_ = judge.le_.classes_
    return judge


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["local", "perturbed"])
def test_classifiers_vote(name: str, form: str) -> None:
    x, y = iris()
    with on(name):
        lazy, labels = given(x, form), given(y, form)
        for estimator in CLASSIFIERS:
            for voting in ("hard", "soft"):
                model = BlockwiseVotingClassifier(estimator, voting=voting, classes=[0, 1, 2]).fit(lazy, labels)
                judge = judge_of(ensemble.VotingClassifier, estimator, x, y, form, voting=voting)
                assert len(model.estimators_) == len(judge.estimators_)
                np.testing.assert_array_equal(plain(model.predict(lazy)), judge.predict(x))
                assert model.score(lazy, labels) == judge.score(x, y)
                if voting == "soft":
                    np.testing.assert_allclose(plain(model.predict_proba(lazy)), judge.predict_proba(x), rtol=1e-12)
                else:
                    with pytest.raises(AttributeError, match="voting='hard'"):
                        model.predict_proba  # noqa: B018


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["local", "perturbed"])
def test_regressors_have_a_mean(name: str, form: str) -> None:
    x, y = real("diabetes")
    with on(name):
        lazy, labels = given(x, form), given(y, form)
        for estimator in REGRESSORS:
            model = BlockwiseVotingRegressor(estimator).fit(lazy, labels)
            judge = judge_of(ensemble.VotingRegressor, estimator, x, y, form)
            np.testing.assert_allclose(plain(model.predict(lazy)), judge.predict(x), rtol=1e-12)
            np.testing.assert_allclose(model.score(lazy, labels), judge.score(x, y), rtol=1e-10)


def test_workers_apply_them(python_client: Client) -> None:
    x, y = iris()
    lazy, labels = da.from_array(x, (40, 4)), da.from_array(y, 40)
    model = BlockwiseVotingClassifier(CLASSIFIERS[0], voting="soft", classes=[0, 1, 2]).fit(lazy, labels)
    pieces = [slice(start, start + 40) for start in range(0, 150, 40)]
    fitted = [clone(CLASSIFIERS[0]).fit(x[piece], y[piece]) for piece in pieces]
    expected = np.mean([each.predict_proba(x) for each in fitted], axis=0)
    np.testing.assert_allclose(plain(model.predict_proba(lazy)), expected, rtol=1e-12)
    np.testing.assert_array_equal(plain(model.predict(lazy)), expected.argmax(axis=1))


def test_labels_are_what_they_are_and_options_reach_each_fit() -> None:
    x, y = iris()
    named = np.array([3, 7, -2])[y]
    with on("local"):
        lazy, labels = given(x, "array uneven"), given(named, "array uneven")
        model = BlockwiseVotingClassifier(CLASSIFIERS[0], classes=[-2, 3, 7]).fit(lazy, labels)
        found = plain(model.predict(lazy))
        assert set(found.tolist()) == {-2, 3, 7} and (found == named).mean() > 0.8
        heavy = BlockwiseVotingRegressor(linear_model.Ridge()).fit(lazy, labels, sample_weight=2.0)
        light = BlockwiseVotingRegressor(linear_model.Ridge()).fit(lazy, labels)
        assert abs(plain(heavy.predict(lazy)) - plain(light.predict(lazy))).max() > 0.0


def test_what_is_wrong_is_said() -> None:
    x, y = iris()
    tree_of = CLASSIFIERS[0]
    with on("local"):
        lazy, labels = given(x, "array uneven"), given(y, "array uneven")
        with pytest.raises(ValueError, match="Must provide the classes"):
            BlockwiseVotingClassifier(tree_of).fit(lazy, labels)
        with pytest.raises(ValueError, match="number of blocks in X and y must match. 4 != 1"):
            BlockwiseVotingRegressor(REGRESSORS[0]).fit(lazy, given(y, "array one"))
        with pytest.raises(ValueError, match="Voting must be"):
            BlockwiseVotingClassifier(tree_of, voting="loud", classes=[0, 1, 2]).fit(lazy, labels)
        with pytest.raises(NotImplementedError, match="LabelEncoder"):
            BlockwiseVotingClassifier(tree_of, classes=["a", "b"]).fit(lazy, labels)
        model = BlockwiseVotingClassifier(tree_of, classes=[0, 1, 2]).fit(lazy, labels)
        with pytest.raises(ValueError, match="X has 3 features, but BlockwiseVotingClassifier is expecting 4"):
            model.predict(lazy[:, :3])
        framed = BlockwiseVotingClassifier(tree_of, classes=[0, 1, 2]).fit(given(x, "frame one"), given(y, "frame one"))
        frame = given(x, "frame one")
        with pytest.raises(ValueError, match="feature names should match"):
            framed.predict(frame[list(frame.columns)[::-1]])
        from sklearn.exceptions import NotFittedError

        with pytest.raises(NotFittedError):
            BlockwiseVotingClassifier(tree_of, classes=[0, 1]).predict(lazy)
