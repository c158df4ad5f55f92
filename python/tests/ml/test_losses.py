"""Fits and searches on two workers: one of them is killed, the user presses Ctrl-C, trials run side by side."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from learning import given, on, plain, real
from sklearn import model_selection as theirs
from sklearn.linear_model import LogisticRegression as Judge

import phalanx.array as da
from phalanx.distributed import Client, LocalCluster
from phalanx.ml import cluster, datasets, linear_model, model_selection

ROWS = 60_000


@contextmanager
def two_workers() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, memory_limit="1GiB") as workers, Client(workers):
        yield workers


def rows() -> tuple[Any, Any]:
    """Rows that any worker can make again."""
    return datasets.make_classification(ROWS, n_features=12, random_state=4, chunks=6_000)


def logistic() -> list[Any]:
    x, y = rows()
    model = linear_model.LogisticRegression(solver="gradient_descent", tol=1e-13, max_iter=150).fit(x, y)
    return [model.coef_, model.intercept_, model.n_iter_]


def newton() -> list[Any]:
    found = []
    for c in np.geomspace(1e-4, 1e2, 12):
        x, y = rows()
        model = linear_model.LogisticRegression(solver="newton", tol=1e-12, C=c).fit(x, y)
        found += [model.coef_, model.intercept_]
    return found


def kmeans() -> list[Any]:
    model = cluster.KMeans(n_clusters=9, tol=0.0, max_iter=100, random_state=1).fit(rows()[0])
    return [model.cluster_centers_, model.inertia_, model.n_iter_]


def search() -> list[Any]:
    x, y = rows()
    grid = {"C": np.geomspace(1e-4, 1.0, 5).tolist()}
    model = linear_model.LogisticRegression(solver="gradient_descent", tol=1e-10, max_iter=40)
    found = model_selection.GridSearchCV(model, grid, cv=2, n_jobs=2).fit(x, y)
    return [found.cv_results_["mean_test_score"], found.best_params_["C"], found.best_estimator_.coef_]


def _with_a_kill(fit: Callable[[], list[Any]], share: float) -> tuple[list[Any], list[Any], bool]:
    """What a fit finds, and one in whose course, after this share of the first's time, a worker is killed; whether it was."""
    with two_workers() as workers:
        begin = time.monotonic()
        undisturbed = fit()
        delay = share * (time.monotonic() - begin)
        victim = workers.workers[0]
        killed = []

        def kill() -> None:
            os.kill(victim, signal.SIGKILL)
            killed.append(time.monotonic())

        timer = threading.Timer(delay, kill)
        timer.start()
        try:
            found = fit()
            ended = time.monotonic()
        finally:
            timer.cancel()
        return undisturbed, found, bool(killed) and killed[0] < ended


@pytest.mark.parametrize("fit", [logistic, newton, kmeans, search], ids=lambda fit: fit.__name__)
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_worker_is_killed_during_a_fit(fit: Callable[[], list[Any]], share: float) -> None:
    with on("local"):
        expected = fit()
    # How long a fit takes is not known on a busy machine: a kill that came too late is tried again, earlier.
    for attempt in range(5):
        undisturbed, found, was_killed = _with_a_kill(fit, share / 2**attempt)
        if was_killed:
            break
    assert was_killed, "the worker outlived the fit"
    for name, values in (("undisturbed", undisturbed), ("after a kill", found)):
        for ours, theirs_ in zip(values, expected):
            assert np.asarray(ours).tobytes() == np.asarray(theirs_).tobytes(), name


class _Timed(linear_model.LogisticRegression):
    """A model that keeps when it was fitted."""

    spans: list[tuple[float, float]] = []

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        begin = time.monotonic()
        super().fit(X, y, sample_weight)
        self.spans.append((begin, time.monotonic()))
        return self


def test_trials_run_side_by_side_on_two_workers() -> None:
    x, y = real("breast_cancer")
    grid = {"C": [0.001, 0.01, 0.1, 1.0], "fit_intercept": [True, False]}
    judge = theirs.GridSearchCV(Judge(tol=1e-8, max_iter=10_000), grid, cv=3).fit(x, y)
    _Timed.spans.clear()
    with two_workers():
        mine = model_selection.GridSearchCV(_Timed(tol=1e-8, max_iter=10_000), grid, cv=3, n_jobs=4)
        mine.fit(da.from_array(x, (100, -1)), da.from_array(y, 100))
        predicted = plain(mine.predict(da.from_array(x, (100, -1))))
    spans = sorted(_Timed.spans)
    assert len(spans) == 8 * 3 + 1
    assert sum(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:])) > 8, spans
    np.testing.assert_allclose(mine.cv_results_["mean_test_score"], judge.cv_results_["mean_test_score"], atol=1e-9)
    assert mine.best_params_ == judge.best_params_
    np.testing.assert_array_equal(predicted, judge.predict(x))


@pytest.mark.alone
@pytest.mark.parametrize("where", ["local", "two workers"])
def test_ctrl_c_ends_a_search(where: str) -> None:
    pressed = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def long() -> None:
        x, y = rows()
        model = linear_model.LogisticRegression(solver="gradient_descent", tol=1e-300, max_iter=100_000)
        timer = threading.Timer(2.0, press)
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                model_selection.GridSearchCV(model, {"C": [0.1, 1.0, 10.0]}, cv=2, n_jobs=2).fit(x, y)
        finally:
            timer.cancel()
        assert pressed and time.monotonic() - pressed[0] < 1.0

    if where == "local":
        with on("local"):
            long()
    else:
        with two_workers():
            long()
            assert float(da.ones(1000, chunks=100).sum().compute()) == 1000.0  # and the workers are free again


def test_labels_of_other_partitions() -> None:
    """X and y whose partitions differ are one model; other numbers of rows are refused by both numbers."""
    x, y = real("iris")
    with on("cluster"):
        model = linear_model.LogisticRegression(solver="newton", tol=1e-10)
        same = model.fit(given(x, "frame uneven"), given(y, "frame uneven")).coef_
        mixed = model.fit(given(x, "array uneven"), da.from_array(y, 40)).coef_
        np.testing.assert_allclose(same, mixed, rtol=1e-6)
        with pytest.raises(ValueError, match="150, 140"):
            model.fit(given(x, "array uneven"), da.from_array(y[:140], 40))
