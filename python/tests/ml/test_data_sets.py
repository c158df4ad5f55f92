"""Generated data sets: what they are made of, and that no value depends on chunks or engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learning import on, plain

from phalanx.ml import datasets
from phalanx.ml.linear_model import LinearRegression, LogisticRegression, PoissonRegressor

MAKERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "classification": (datasets.make_classification, {"n_samples": 500, "n_features": 6, "n_classes": 3, "flip_y": 0.1}),
    "regression": (datasets.make_regression, {"n_samples": 500, "n_features": 6, "n_informative": 3, "noise": 1.0, "bias": 2.0}),
    "counts": (datasets.make_counts, {"n_samples": 500, "n_features": 6}),
    "blobs": (datasets.make_blobs, {"n_samples": 500, "n_features": 3, "centers": 4}),
    "blobs in turns": (datasets.make_blobs, {"n_samples": 500, "shuffle": False, "cluster_std": [0.1, 0.2, 0.3]}),
}


@pytest.mark.parametrize("name", MAKERS)
def test_values_depend_on_seed_and_row_alone(name: str) -> None:
    maker, options = MAKERS[name]
    bits = set()
    for engine_name, chunks in (("local", None), ("local", 77), ("perturbed", 160), ("cluster", 250)):
        with on(engine_name):
            x, y = maker(random_state=3, chunks=chunks, **options)[:2]
            assert x.shape[0] == 500 and y.shape == (500,)
            bits.add((plain(x).tobytes(), plain(y).tobytes()))
    assert len(bits) == 1
    with on("local"):
        assert plain(maker(random_state=4, **options)[0]).tobytes() != bits.pop()[0]


def test_models_find_what_data_was_made_with() -> None:
    with on("local"):
        x, y, weights = datasets.make_classification(20_000, 5, 3, random_state=1, return_coef=True)
        np.testing.assert_allclose(LogisticRegression(penalty=None).fit(x, y).coef_, weights, atol=0.12)
        x, y, coefficients = datasets.make_regression(5_000, 5, 3, noise=0.1, bias=7.0, coef=True, random_state=1)
        model = LinearRegression().fit(x, y)
        np.testing.assert_allclose(model.coef_, coefficients, atol=0.01)
        assert model.intercept_ == pytest.approx(7.0, abs=0.01)
        x, y = datasets.make_counts(5_000, 4, 2, random_state=1, chunks=1_000)
        assert PoissonRegressor(alpha=0.0).fit(x, y).score(x, y) > 0.0
        x, y, centers = datasets.make_blobs(3_000, 2, random_state=1, return_centers=True, cluster_std=0.5)
        for number, center in enumerate(centers):
            np.testing.assert_allclose(plain(x)[plain(y) == number].mean(axis=0), center, atol=0.1)


def test_several_targets() -> None:
    with on("local"):
        x, y, coefficients = datasets.make_regression(100, 5, 5, n_targets=2, coef=True, random_state=0)
        np.testing.assert_allclose(plain(y), plain(x) @ coefficients, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: datasets.make_classification(0), ValueError),
        (lambda: datasets.make_classification(10, 5, 6), ValueError),
        (lambda: datasets.make_classification(10, n_redundant=1), NotImplementedError),
        (lambda: datasets.make_regression(10, effective_rank=2), NotImplementedError),
        (lambda: datasets.make_blobs(10, cluster_std=[1.0, 2.0]), ValueError),
    ],
)
def test_what_can_not_be_made_is_refused(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()
