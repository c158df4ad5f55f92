"""Any scikit-learn estimator beside lazy data, and joblib's loops on workers."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
import pytest
from learning import given, on, plain, real
from sklearn import linear_model, model_selection
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier

import phalanx.array as da
from phalanx.distributed import Client
from phalanx.ml import parallel
from phalanx.ml.wrappers import Incremental, ParallelPostFit


def test_an_estimator_is_applied_block_by_block() -> None:
    x, y = real("iris")
    judge = linear_model.LogisticRegression(max_iter=500).fit(x, y)
    model = ParallelPostFit(linear_model.LogisticRegression(max_iter=500)).fit(x, y)
    for name in ("local", "perturbed"):
        for form in ("array one", "array uneven", "frame uneven"):
            with on(name):
                lazy = given(x, form)
                for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
                    made = getattr(model, method)(lazy)
                    assert made._phalanx_kind == "array"
                    np.testing.assert_allclose(plain(made), getattr(judge, method)(x), rtol=1e-12, err_msg=method)
                assert model.score(lazy, given(y, "array one" if form == "array one" else "array uneven")) == judge.score(x, y)
    assert model.score(x, y) == judge.score(x, y) and model.coef_.tolist() == judge.coef_.tolist()
    with on("local"):
        fewer = ParallelPostFit(PCA(2)).fit(x).transform(given(x, "array uneven"))
        np.testing.assert_allclose(plain(fewer), PCA(2).fit_transform(x), atol=1e-10)
        scored = ParallelPostFit(judge, scoring="neg_log_loss")
        assert scored.score(x, y) < 0.0


def test_workers_apply_it(python_client: Client) -> None:
    x, y = real("iris")
    judge = linear_model.LogisticRegression(max_iter=500).fit(x, y)
    made = ParallelPostFit(judge).predict_proba(da.from_array(x, (40, 4)))
    np.testing.assert_allclose(plain(made), judge.predict_proba(x), rtol=1e-12)


def test_text_labels_say_what_to_do() -> None:
    x, y = real("iris")
    model = ParallelPostFit(linear_model.LogisticRegression(max_iter=500)).fit(x, np.array(["a", "b", "c"])[y])
    with on("local"), pytest.raises(NotImplementedError, match="numbers as labels"):
        model.predict(given(x, "array one"))


@pytest.mark.parametrize("shuffle", [False, True])
def test_blocks_one_after_the_other(shuffle: bool) -> None:
    x, y = real("digits")
    options: dict[str, Any] = {"random_state": 0, "max_iter": 5, "tol": None}
    with on("local"):
        lazy_x, lazy_y = da.from_array(x, (500, 64)), da.from_array(y, 500)
        model = Incremental(linear_model.SGDClassifier(**options), shuffle_blocks=shuffle, random_state=4).fit(lazy_x, lazy_y)
        score = model.score(lazy_x, lazy_y)
    judge = linear_model.SGDClassifier(**options)
    order = np.random.RandomState(4).permutation(4) if shuffle else range(4)
    for block in order:
        judge.partial_fit(x[block * 500 : block * 500 + 500], y[block * 500 : block * 500 + 500], classes=np.arange(10))
    np.testing.assert_array_equal(model.coef_, judge.coef_)
    assert score == judge.score(x, y)
    model.partial_fit(x[:10], y[:10])
    assert model.estimator_.t_ > judge.t_


def roots(numbers: Any) -> list[float]:
    return list(joblib.Parallel()(joblib.delayed(np.sqrt)(number) for number in numbers))


def test_joblib_in_this_process() -> None:
    with joblib.parallel_config(backend="phalanx"):
        assert roots(range(20)) == [float(np.sqrt(number)) for number in range(20)]


def test_joblib_on_workers(python_client: Client) -> None:
    import os

    parallel.register()
    x, y = real("iris")
    with joblib.parallel_config(backend="phalanx"):
        assert roots(range(9)) == [float(np.sqrt(number)) for number in range(9)]
        pids = set(joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(8)))
        search = model_selection.GridSearchCV(linear_model.LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=3).fit(x, y)
        forest = RandomForestClassifier(10, random_state=0, n_jobs=-1).fit(x, y)
    assert os.getpid() not in pids
    plain_search = model_selection.GridSearchCV(linear_model.LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=3).fit(x, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], plain_search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(forest.predict(x), RandomForestClassifier(10, random_state=0).fit(x, y).predict(x))


def test_an_exception_of_a_call_comes_back(python_client: Client) -> None:
    with joblib.parallel_config(backend="phalanx"), pytest.raises(ZeroDivisionError):
        joblib.Parallel()(joblib.delayed(divmod)(1, number) for number in (1, 0))
