"""k-means, principal components, singular vectors and naive Bayes against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learning import FORMS, check, given, on, plain, real, weights
from sklearn import cluster as their_cluster
from sklearn import decomposition as their_decomposition
from sklearn import metrics as their_metrics
from sklearn import naive_bayes as their_bayes

from phalanx.ml import cluster, decomposition, naive_bayes

PCAS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "all": ({}, {}, "wine"),
    "three": ({"n_components": 3}, {}, "wine"),
    "by their share": ({"n_components": 0.9, "svd_solver": "full"}, {}, "breast_cancer"),
    "mle": ({"n_components": "mle", "svd_solver": "full"}, {}, "wine"),
    "whitened": ({"n_components": 4, "whiten": True}, {}, "diabetes"),
    "by covariance": ({"n_components": 2, "svd_solver": "covariance_eigh"}, {}, "iris"),
    "tsqr": ({"n_components": 2, "svd_solver": "tsqr"}, {"svd_solver": "full"}, "iris"),
}
KNOWN = (
    "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_", "n_components_", "noise_variance_",
    "components_",
)  # fmt: skip


def signed(lines: Any) -> Any:
    """Lines up to their signs."""
    return np.abs(plain(lines))


@pytest.mark.parametrize("name", PCAS)
def test_principal_components(name: str) -> None:
    parameters, exact, data = PCAS[name]

    def case(kind: Any, x: Any) -> dict[str, Any]:
        model = kind.fit(x)
        found = {each: getattr(model, each) for each in KNOWN if each != "components_"}
        made = model.transform(x)
        found |= {"components": signed(model.components_), "made": signed(made), "back": model.inverse_transform(made)}
        if not model.whiten:  # scikit-learn scales the components once more there
            found |= {"covariance": model.get_covariance(), "precision": model.get_precision(), "score": model.score(x)}
            found["scores"] = model.score_samples(x)
        return found

    mine = decomposition.PCA(**parameters)
    judge = their_decomposition.PCA(**{**parameters, **exact})
    check(case, mine, judge, real(data)[0], rtol=1e-7, atol=1e-7, cluster=name in {"three", "by their share"})


def test_singular_vectors() -> None:
    def case(kind: Any, x: Any) -> dict[str, Any]:
        model = kind.fit(x)
        made = model.transform(x)
        return {
            "values": model.singular_values_, "variance": model.explained_variance_,
            "ratio": model.explained_variance_ratio_, "components": signed(model.components_), "made": signed(made),
            "back": model.inverse_transform(made),
        }  # fmt: skip

    x = real("digits")[0]
    mine = decomposition.TruncatedSVD(n_components=5)
    judge = their_decomposition.TruncatedSVD(n_components=5, algorithm="arpack", random_state=0)
    check(case, mine, judge, x, rtol=1e-7, atol=1e-7, cluster=True)


def test_components_in_steps_are_those_of_all_rows() -> None:
    x = real("digits")[0]
    steps = decomposition.IncrementalPCA(n_components=6, batch_size=100).fit(x)
    whole = their_decomposition.PCA(n_components=6, svd_solver="full").fit(x)
    np.testing.assert_allclose(steps.explained_variance_, whole.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(signed(steps.components_), signed(whole.components_), atol=1e-7)
    by_hand = decomposition.IncrementalPCA(n_components=6)
    for start in range(0, len(x), 500):
        by_hand.partial_fit(x[start : start + 500])
    np.testing.assert_allclose(by_hand.explained_variance_, whole.explained_variance_, rtol=1e-8)


BAYES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "iris": ({}, "iris", False),
    "wine with priors": ({"priors": [0.2, 0.5, 0.3]}, "wine", False),
    "digits smoothed": ({"var_smoothing": 1e-3}, "digits", False),
    "weighted": ({}, "breast_cancer", True),
}


@pytest.mark.parametrize("name", BAYES)
def test_naive_bayes(name: str) -> None:
    parameters, data, weighted = BAYES[name]
    x, y = real(data)

    def case(module: Any, x: Any, y: Any, weight: Any) -> dict[str, Any]:
        model = module.GaussianNB(**parameters).fit(x, y, sample_weight=weight)
        return {
            "count": model.class_count_, "prior": model.class_prior_, "theta": model.theta_, "var": model.var_,
            "epsilon": model.epsilon_, "predict": model.predict(x), "probability": model.predict_proba(x),
            "joint": model.predict_joint_log_proba(x), "log": model.predict_log_proba(x), "score": model.score(x, y),
        }  # fmt: skip

    check(
        case, naive_bayes, their_bayes, x, y, weights(len(y)) if weighted else None, rtol=1e-6, atol=1e-9,
        cluster=name == "iris",
    )  # fmt: skip


def test_bad_priors_are_refused() -> None:
    x, y = real("iris")
    for priors, word in (([0.5, 0.5], "Number"), ([0.5, 0.5, 0.5], "sum"), ([1.5, -0.3, -0.2], "non-negative")):
        with pytest.raises(ValueError, match=word):
            naive_bayes.GaussianNB(priors=priors).fit(x, y)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_k_means_from_given_centers(weighted: bool) -> None:
    x, y = real("iris")
    start = x[[0, 60, 120]]

    def case(kind: Any, x: Any, weight: Any) -> dict[str, Any]:
        model = kind.fit(x, sample_weight=weight)
        return {
            "centers": model.cluster_centers_, "inertia": model.inertia_, "labels": model.labels_,
            "steps": model.n_iter_, "predict": model.predict(x), "transform": model.transform(x), "score": model.score(x),
        }  # fmt: skip

    options = {"n_clusters": 3, "init": start, "tol": 0.0}
    judge = their_cluster.KMeans(n_init=1, algorithm="lloyd", **options)
    check(case, cluster.KMeans(**options), judge, x, weights(150) if weighted else None, rtol=1e-9, atol=1e-6, cluster=not weighted, kept=("steps",))


@pytest.mark.parametrize("init", ["k-means||", "k-means++", "random"])
@pytest.mark.parametrize("form", FORMS[1:])
def test_k_means_finds_what_scikit_learn_finds(init: str, form: str) -> None:
    x, _ = real("wine")
    judge = their_cluster.KMeans(n_clusters=3, n_init=20, random_state=0).fit(x)
    bits = []
    for name in ("local", "perturbed"):
        with on(name):
            model = cluster.KMeans(n_clusters=3, init=init, n_init=6, random_state=5).fit(given(x, form))
            bits.append((model.cluster_centers_.tobytes(), plain(model.labels_).tobytes()))
            assert model.converged_
            labels = plain(model.labels_)
    assert bits[0] == bits[1]
    assert model.inertia_ <= judge.inertia_ * 1.005
    assert their_metrics.adjusted_rand_score(judge.labels_, labels) > 0.93


def test_k_means_of_few_different_rows() -> None:
    x = np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0)
    model = cluster.KMeans(n_clusters=2).fit(x)
    assert sorted(model.cluster_centers_[:, 0]) == [0.0, 1.0] and model.inertia_ == 0.0
    with pytest.raises(ValueError, match="n_samples=10 should be >= n_clusters=11"):
        cluster.KMeans(n_clusters=11).fit(x)
    centers, labels, inertia = cluster.k_means(x, 2)
    assert centers.shape == (2, 2) and len(set(labels)) == 2 and inertia == 0.0


@pytest.mark.parametrize(
    ("parameters", "error", "hint"),
    [
        ({"n_clusters": 0}, ValueError, "n_clusters"),
        ({"init": "guess"}, ValueError, "init must be"),
        ({"init": [[0.0]]}, ValueError, "initial centers"),
        ({"algorithm": "elkan"}, NotImplementedError, "lloyd"),
        ({"verbose": 1}, NotImplementedError, "inertia_"),
        ({"tol": -1.0}, ValueError, "'tol'"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, Any], error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        cluster.KMeans(**parameters).fit(real("iris")[0])
