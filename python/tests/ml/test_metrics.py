"""Metrics against scikit-learn, of values, lazy arrays and series: a line a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from learning import FORMS, check, given, on, plain, weights
from sklearn import metrics as theirs
from sklearn.metrics import pairwise as their_pairwise

from phalanx.ml import metrics as ours

ROWS = 240
RNG = np.random.default_rng(17)
LABELS = RNG.integers(0, 3, ROWS)
GUESSES = np.where(RNG.random(ROWS) < 0.7, LABELS, RNG.integers(0, 3, ROWS))
BINARY = (LABELS > 0).astype(int)
BINARY_GUESSES = (GUESSES > 0).astype(int)
PROBABILITY = np.round(np.clip(0.5 * BINARY + 0.6 * RNG.random(ROWS), 0.01, 0.99), 2)
PROBABILITIES = RNG.dirichlet([1.0, 2.0, 1.5], ROWS)
NUMBERS = RNG.gamma(2.0, 3.0, ROWS)
PREDICTED = NUMBERS * np.exp(RNG.normal(0.0, 0.3, ROWS)) + 0.1
TWO = np.stack([NUMBERS, NUMBERS[::-1]], axis=1)
TWO_PREDICTED = np.stack([PREDICTED, PREDICTED[::-1] + 1.0], axis=1)

Case = Callable[..., Any]
#: What a metric is given, and how it is called.
CASES: dict[str, tuple[Any, Any, Case]] = {
    "accuracy_score": (LABELS, GUESSES, lambda m, t, p, w: m.accuracy_score(t, p, sample_weight=w)),
    "accuracy_score counted": (LABELS, GUESSES, lambda m, t, p, w: m.accuracy_score(t, p, normalize=False, sample_weight=w)),
    "balanced_accuracy_score": (LABELS, GUESSES, lambda m, t, p, w: m.balanced_accuracy_score(t, p, sample_weight=w)),
    "balanced_accuracy_score adjusted": (LABELS, GUESSES, lambda m, t, p, w: m.balanced_accuracy_score(t, p, sample_weight=w, adjusted=True)),
    "confusion_matrix": (LABELS, GUESSES, lambda m, t, p, w: m.confusion_matrix(t, p, sample_weight=w)),
    "confusion_matrix of labels": (LABELS, GUESSES, lambda m, t, p, w: m.confusion_matrix(t, p, labels=[2, 0], sample_weight=w)),
    "confusion_matrix by truth": (LABELS, GUESSES, lambda m, t, p, w: m.confusion_matrix(t, p, normalize="true", sample_weight=w)),
    "precision_score": (BINARY, BINARY_GUESSES, lambda m, t, p, w: m.precision_score(t, p, sample_weight=w)),
    "precision_score each": (LABELS, GUESSES, lambda m, t, p, w: m.precision_score(t, p, average=None, sample_weight=w)),
    "recall_score": (BINARY, BINARY_GUESSES, lambda m, t, p, w: m.recall_score(t, p, sample_weight=w)),
    "recall_score macro": (LABELS, GUESSES, lambda m, t, p, w: m.recall_score(t, p, average="macro", sample_weight=w)),
    "f1_score": (BINARY, BINARY_GUESSES, lambda m, t, p, w: m.f1_score(t, p, sample_weight=w)),
    "f1_score weighted": (LABELS, GUESSES, lambda m, t, p, w: m.f1_score(t, p, average="weighted", sample_weight=w)),
    "f1_score of zero": (BINARY, BINARY_GUESSES, lambda m, t, p, w: m.f1_score(t, p, pos_label=0, sample_weight=w)),
    "fbeta_score": (LABELS, GUESSES, lambda m, t, p, w: m.fbeta_score(t, p, beta=2.0, average="micro", sample_weight=w)),
    "precision_recall_fscore_support": (LABELS, GUESSES, lambda m, t, p, w: np.stack(m.precision_recall_fscore_support(t, p, sample_weight=w))),
    "log_loss": (BINARY, PROBABILITY, lambda m, t, p, w: m.log_loss(t, p, sample_weight=w)),
    "log_loss of three": (LABELS, PROBABILITIES, lambda m, t, p, w: m.log_loss(t, p, sample_weight=w)),
    "log_loss summed": (LABELS, PROBABILITIES, lambda m, t, p, w: m.log_loss(t, p, normalize=False, sample_weight=w, labels=[0, 1, 2])),
    "brier_score_loss": (BINARY, PROBABILITY, lambda m, t, p, w: m.brier_score_loss(t, p, sample_weight=w)),
    "roc_auc_score": (BINARY, PROBABILITY, lambda m, t, p, w: m.roc_auc_score(t, p, sample_weight=w)),
    "roc_auc_score partial": (BINARY, PROBABILITY, lambda m, t, p, w: m.roc_auc_score(t, p, max_fpr=0.3, sample_weight=w)),
    "average_precision_score": (BINARY, PROBABILITY, lambda m, t, p, w: m.average_precision_score(t, p, sample_weight=w)),
    "roc_curve": (BINARY, PROBABILITY, lambda m, t, p, w: np.concatenate(m.roc_curve(t, p, sample_weight=w)[:2])),
    "precision_recall_curve": (BINARY, PROBABILITY, lambda m, t, p, w: np.concatenate(m.precision_recall_curve(t, p, sample_weight=w))),
    "det_curve": (BINARY, PROBABILITY, lambda m, t, p, w: np.concatenate(m.det_curve(t, p, sample_weight=w)[:2])),
    "mean_squared_error": (NUMBERS, PREDICTED, lambda m, t, p, w: m.mean_squared_error(t, p, sample_weight=w)),
    "mean_squared_error of two": (TWO, TWO_PREDICTED, lambda m, t, p, w: m.mean_squared_error(t, p, sample_weight=w, multioutput="raw_values")),
    "root_mean_squared_error": (NUMBERS, PREDICTED, lambda m, t, p, w: m.root_mean_squared_error(t, p, sample_weight=w)),
    "root_mean_squared_error of two": (TWO, TWO_PREDICTED, lambda m, t, p, w: m.root_mean_squared_error(t, p, sample_weight=w)),
    "mean_absolute_error": (NUMBERS, PREDICTED, lambda m, t, p, w: m.mean_absolute_error(t, p, sample_weight=w)),
    "mean_absolute_percentage_error": (NUMBERS, PREDICTED, lambda m, t, p, w: m.mean_absolute_percentage_error(t, p, sample_weight=w)),
    "mean_squared_log_error": (NUMBERS, PREDICTED, lambda m, t, p, w: m.mean_squared_log_error(t, p, sample_weight=w)),
    "median_absolute_error": (NUMBERS, PREDICTED, lambda m, t, p, w: m.median_absolute_error(t, p)),
    "r2_score": (NUMBERS, PREDICTED, lambda m, t, p, w: m.r2_score(t, p, sample_weight=w)),
    "r2_score of two": (TWO, TWO_PREDICTED, lambda m, t, p, w: m.r2_score(t, p, sample_weight=w, multioutput="variance_weighted")),
    "explained_variance_score": (NUMBERS, PREDICTED, lambda m, t, p, w: m.explained_variance_score(t, p, sample_weight=w)),
    "mean_poisson_deviance": (NUMBERS, PREDICTED, lambda m, t, p, w: m.mean_poisson_deviance(t, p, sample_weight=w)),
    "mean_gamma_deviance": (NUMBERS, PREDICTED, lambda m, t, p, w: m.mean_gamma_deviance(t, p, sample_weight=w)),
}  # fmt: skip
CLUSTER = {"accuracy_score", "confusion_matrix", "log_loss of three", "r2_score", "roc_auc_score"}


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", CASES)
def test_metrics(name: str, weighted: bool) -> None:
    true, predicted, call = CASES[name]

    def case(module: Any, t: Any, p: Any, w: Any) -> dict[str, Any]:
        return {"score": call(module, t, p, w)}

    check(
        case, ours, theirs, true, predicted, weights(ROWS) if weighted else None, rtol=1e-10,
        cluster=name in CLUSTER and not weighted,
    )  # fmt: skip


X, Y = RNG.normal(size=(60, 4)), RNG.normal(size=(7, 4))
PAIRS: dict[str, Case] = {
    "euclidean_distances": lambda m, x, y: m.euclidean_distances(x, y),
    "euclidean_distances squared": lambda m, x, y: m.euclidean_distances(x, y, squared=True),
    "linear_kernel": lambda m, x, y: m.linear_kernel(x, y),
    "rbf_kernel": lambda m, x, y: m.rbf_kernel(x, y, gamma=0.3),
    "polynomial_kernel": lambda m, x, y: m.polynomial_kernel(x, y, degree=2),
    "sigmoid_kernel": lambda m, x, y: m.sigmoid_kernel(x, y),
    "pairwise_kernels": lambda m, x, y: m.pairwise_kernels(x, y, metric="rbf"),
    "pairwise_distances": lambda m, x, y: m.pairwise_distances(x, y),
    "pairwise_distances manhattan": lambda m, x, y: m.pairwise_distances(x, y, metric="manhattan"),
    "pairwise_distances_argmin_min": lambda m, x, y: np.stack([plain(each) for each in m.pairwise_distances_argmin_min(x, y)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name: str) -> None:
    def case(module: Any, x: Any) -> dict[str, Any]:
        return {"made": PAIRS[name](module, x, Y)}

    check(case, ours, their_pairwise, X, rtol=1e-10, atol=1e-10, cluster=name == "rbf_kernel")
    assert plain(PAIRS[name](ours, X, Y)).shape == plain(PAIRS[name](their_pairwise, X, Y)).shape


def test_area_under_a_curve() -> None:
    x = np.linspace(0, 1, 11)
    assert ours.auc(x, x**2) == theirs.auc(x, x**2)
    with on("local"):
        assert ours.auc(given(x, "array one"), given(x**2, "array one")) == theirs.auc(x, x**2)


def test_d2() -> None:
    assert ours.d2_of_deviance("poisson", NUMBERS, PREDICTED) == pytest.approx(theirs.d2_tweedie_score(NUMBERS, PREDICTED, power=1))
    assert ours.d2_of_deviance("gamma", NUMBERS, PREDICTED) == pytest.approx(theirs.d2_tweedie_score(NUMBERS, PREDICTED, power=2))


def test_dask_mls_options() -> None:
    with on("local"):
        t, p = given(LABELS, "array uneven"), given(GUESSES, "array uneven")
        lazy = ours.accuracy_score(t, p, compute=False)
        assert float(lazy.compute()) == theirs.accuracy_score(LABELS, GUESSES)
        n, q = given(NUMBERS, "array uneven"), given(PREDICTED, "array uneven")
        assert ours.mean_squared_error(n, q, squared=False) == pytest.approx(theirs.root_mean_squared_error(NUMBERS, PREDICTED))


@pytest.mark.parametrize("name", sorted(ours.SCORERS))
def test_scorers_are_scikit_learns(name: str) -> None:
    from learning import real
    from sklearn import linear_model

    numbers = name.startswith(("r2", "explained")) or ("neg_" in name and "log_loss" not in name and "brier" not in name)
    x, y = real("diabetes" if numbers else "breast_cancer")
    model = (linear_model.PoissonRegressor() if numbers else linear_model.LogisticRegression()).fit(x, y)
    assert ours.get_scorer(name)(model, x, y) == pytest.approx(theirs.get_scorer(name)(model, x, y), rel=1e-12)
    assert ours.check_scoring(model, name) is ours.SCORERS[name]


def test_what_does_not_fit_is_refused() -> None:
    with on("local"):
        short, long = given(LABELS[:-1], "array one"), given(GUESSES, "array one")
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            ours.accuracy_score(short, long)
        with pytest.raises(ValueError, match="only one label"):
            ours.log_loss(given(np.ones(9), "array one"), given(np.ones(9) * 0.5, "array one"))
        with pytest.raises(NotImplementedError, match="manhattan"):
            ours.pairwise_distances(given(X, "array one"), Y, metric="cosine")
    with pytest.raises(NotImplementedError, match="rbf"):
        ours.pairwise_kernels(X, Y, metric="chi2")
    with pytest.raises(ValueError, match="not a valid scoring"):
        ours.get_scorer("guess")
    assert FORMS
