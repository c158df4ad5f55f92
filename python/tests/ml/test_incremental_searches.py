"""Searches over models that learn block by block, beside scikit-learn's models that are given the same blocks by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learning import given, on, plain, real
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.model_selection import ParameterSampler
from sklearn.model_selection import train_test_split as their_split

import phalanx.array as da
from phalanx.ml.model_selection import (
    HyperbandSearchCV,
    IncrementalSearchCV,
    InverseDecaySearchCV,
    SuccessiveHalvingSearchCV,
    train_test_split,
)

PARAMETERS = {"alpha": np.logspace(-6, 0, 30), "average": [False, True]}
MODEL = SGDClassifier(random_state=0, tol=None)
CLASSES = np.arange(10)
SEED = 3


def digits() -> tuple[Any, Any]:
    x, y = real("digits")
    order = np.random.default_rng(1).permutation(len(x))
    return x[order] / 16.0, y[order]


def parts_of(x: Any, y: Any, form: str) -> tuple[list[tuple[Any, Any]], Any, Any]:
    """The blocks to train on and the rows to test on, as a search with this seed takes them."""
    if form == "values":
        x_train, x_test, y_train, y_test = their_split(x, y, test_size=0.2, random_state=SEED)
        return [(x_train, y_train)], x_test, y_test
    blocks = x.numblocks[0]
    split = train_test_split(x, y, test_size=min(0.2, 1 / blocks), random_state=SEED, blockwise=True)
    x_train, x_test, y_train, y_test = split
    ends = np.cumsum(x_train.chunks[0]).tolist()
    pieces = [slice(start, end) for start, end in zip([0, *ends], ends)]
    return [(plain(x_train[each]), plain(y_train[each])) for each in pieces], plain(x_test), plain(y_test)


class Judge:
    """One model after so many calls, by hand."""

    def __init__(self, parts: Any, seed: int = SEED) -> None:
        self.blocks, self.x_test, self.y_test = parts
        random, self.order = np.random.RandomState(seed), []
        for _ in range(100):
            places = list(range(len(self.blocks)))
            random.shuffle(places)
            self.order += places

    def model(self, params: dict[str, Any], calls: int) -> Any:
        model = clone(MODEL).set_params(**params)
        for call in range(calls):
            x, y = self.blocks[self.order[call]]
            if len(x):
                model.partial_fit(x, y, classes=CLASSES)
        return model

    def check(self, search: Any) -> None:
        """Every score of every model, and the best model."""
        for records in search.model_history_.values():
            for record in records:
                model = self.model(record["params"], record["partial_fit_calls"])
                assert record["score"] == model.score(self.x_test, self.y_test)
        calls = search.cv_results_["partial_fit_calls"][search.best_index_]
        np.testing.assert_array_equal(search.best_estimator_.coef_, self.model(search.best_params_, calls).coef_)


FORMS = ["values", "array one", "array uneven"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["local", "perturbed", "cluster"])
def test_models_learn_what_they_would_by_hand(name: str, form: str) -> None:
    x, y = digits()
    with on(name):
        lazy, labels = given(x, form), given(y, form)
        judge = Judge(parts_of(lazy, labels, form))
        settings = list(ParameterSampler(PARAMETERS, 5, random_state=SEED))
        common: dict[str, Any] = {"n_initial_parameters": 5, "random_state": SEED}
        searches = [
            IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, max_iter=4, **common),
            InverseDecaySearchCV(MODEL, PARAMETERS, max_iter=9, **common),
            SuccessiveHalvingSearchCV(MODEL, PARAMETERS, n_initial_iter=2, max_iter=8, **common),
        ]
        for search in searches:
            found = search.fit(lazy, labels, classes=CLASSES)
            assert [found.model_history_[number][0]["params"] for number in range(5)] == settings
            judge.check(found)
            # Of the models that were left the best: nobody of the last round scores more.
            last = max(found.cv_results_["partial_fit_calls"])
            rest = found.cv_results_["test_score"][found.cv_results_["partial_fit_calls"] == last]
            assert found.best_score_ == rest.max()
            np.testing.assert_array_equal(plain(found.predict(x)), found.best_estimator_.predict(x))
            assert found.score(lazy, labels) == found.best_estimator_.score(x, y)


def test_lazy_answers_of_the_best() -> None:
    x, y = digits()
    with on("local"):
        lazy = da.from_array(x, (500, 64))
        search = IncrementalSearchCV(MODEL, {"alpha": [1e-4, 1e-2]}, "grid", decay_rate=None, max_iter=3, random_state=0)
        search.fit(lazy, da.from_array(y, 500), classes=CLASSES)
        answers = search.predict(lazy)
        assert answers._phalanx_kind == "array" and len(search.cv_results_["params"]) == 2
        np.testing.assert_array_equal(plain(answers), search.best_estimator_.predict(x))
        assert search.cv_results_["rank_test_score"].min() == 1
        assert search.partial_fit(x[:50], y[:50]).best_estimator_.t_ > 50


def test_how_many_models_are_left() -> None:
    x, y = digits()
    with on("local"):
        lazy, labels = da.from_array(x, (200, 64)), da.from_array(y, 200)
        halving = SuccessiveHalvingSearchCV(
            MODEL, PARAMETERS, n_initial_parameters=9, n_initial_iter=1, aggressiveness=3, random_state=0
        )
        expected = halving.metadata
        halving.fit(lazy, labels, classes=CLASSES)
        assert sorted(halving.cv_results_["partial_fit_calls"]) == [1] * 6 + [3, 3, 9]
        assert halving.metadata_ == expected == {"partial_fit_calls": 21, "n_models": 9, "max_iter": 9}
        decay = InverseDecaySearchCV(MODEL, PARAMETERS, n_initial_parameters=8, random_state=0).fit(lazy, labels, classes=CLASSES)
        calls = decay.cv_results_["partial_fit_calls"]
        # After k calls 8 / (k + 1) models are left.
        assert all((calls > k).sum() <= max(1, 8 // (k + 1)) for k in range(1, 8))


def test_a_model_that_learns_no_more_stops() -> None:
    x, y = digits()
    with on("local"):
        lazy, labels = da.from_array(x, (200, 64)), da.from_array(y, 200)
        patient = IncrementalSearchCV(
            MODEL, PARAMETERS, n_initial_parameters=4, decay_rate=None, patience=3, tol=0.05, max_iter=60, random_state=0
        ).fit(lazy, labels, classes=CLASSES)
        for records in patient.model_history_.values():
            calls, scores = records[-1]["partial_fit_calls"], {each["partial_fit_calls"]: each["score"] for each in records}
            window = [score for call, score in scores.items() if calls - call <= 3]
            assert calls < 60 and max(window[1:]) - window[0] <= 0.05


@pytest.mark.parametrize("form", FORMS)
def test_hyperband(form: str) -> None:
    x, y = digits()
    with on("local"):
        lazy, labels = given(x, form), given(y, form)
        search = HyperbandSearchCV(MODEL, PARAMETERS, max_iter=9, random_state=SEED).fit(lazy, labels, classes=CLASSES)
        assert search.metadata_ == search.metadata
        # The paper's table for 9 calls: 9 models from 1 call on, 5 from 3, 3 for all 9.
        brackets = {each["bracket"]: each for each in search.metadata["brackets"]}
        found = {bracket: (each["n_models"], each["decisions"], each["partial_fit_calls"]) for bracket, each in brackets.items()}
        assert found == {0: (3, [9], 27), 1: (5, [3, 9], 21), 2: (9, [1, 3, 9], 21)}
        assert search.best_score_ == max(search.cv_results_["test_score"][search.cv_results_["partial_fit_calls"] == 9])
        assert search.cv_results_["model_id"][search.best_index_].startswith("bracket=")
        assert len(search.cv_results_["test_score"]) == 17 and search.score(x, y) > 0.7
        # Bracket 0 has the search's own seed.
        judge = Judge(parts_of(lazy, labels, form))
        for name, records in search.model_history_.items():
            if name.startswith("bracket=0"):
                model = judge.model(records[-1]["params"], records[-1]["partial_fit_calls"])
                assert records[-1]["score"] == model.score(judge.x_test, judge.y_test)


def test_the_papers_table() -> None:
    search = HyperbandSearchCV(MODEL, PARAMETERS, max_iter=81)
    brackets = [(each["n_models"], each["decisions"]) for each in search.metadata["brackets"]]
    assert brackets == [(5, [81]), (8, [27, 81]), (15, [9, 27, 81]), (34, [3, 9, 27, 81]), (81, [1, 3, 9, 27, 81])]


def test_regressors_and_frames() -> None:
    x, y = real("diabetes")
    with on("local"):
        lazy, target = given(x, "frame uneven"), given(y / 100.0, "frame uneven")
        search = IncrementalSearchCV(
            SGDRegressor(random_state=0), {"alpha": [1e-5, 1.0]}, "grid", decay_rate=None, max_iter=30, random_state=0,
            scoring="neg_mean_squared_error", test_size=0.25,
        ).fit(lazy, target)  # fmt: skip
        assert search.best_params_ == {"alpha": 1e-5} and -1.0 < search.best_score_ < 0.0


def test_what_is_wrong_is_said() -> None:
    x, y = digits()
    refused: list[tuple[Any, str]] = [
        (IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, max_iter=0), "max_iter < 1"),
        (IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, patience=1), "plateau"),
        (IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, patience=True), "plateau"),
        (IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, patience=2.5), "integer"),
        (IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, fits_per_score=2, scores_per_fit=3), "fits_per_score"),
        (IncrementalSearchCV(MODEL, PARAMETERS, decay_rate=None, verbose=2.0), "verbose"),
        (SuccessiveHalvingSearchCV(MODEL, PARAMETERS), "n_initial_iter"),
        (SuccessiveHalvingSearchCV(MODEL, PARAMETERS, n_initial_iter=1, aggressiveness=1), "aggressiveness"),
    ]
    with on("local"):
        for search, words in refused:
            with pytest.raises(ValueError, match=words):
                search.fit(x, y, classes=CLASSES)
        with pytest.warns(FutureWarning, match="InverseDecaySearchCV"):
            IncrementalSearchCV(MODEL, PARAMETERS, 2, decay_rate=1.0, max_iter=1).fit(x, y, classes=CLASSES)
        with pytest.warns(UserWarning, match="patience"):
            HyperbandSearchCV(MODEL, PARAMETERS, max_iter=9, patience=2).fit(x, y, classes=CLASSES)
        from sklearn.exceptions import NotFittedError

        with pytest.raises(NotFittedError):
            HyperbandSearchCV(MODEL, PARAMETERS).predict(x)
