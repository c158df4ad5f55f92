"""Least squares and generalized linear models against scikit-learn: a line a case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from learning import check, real, weights
from sklearn import linear_model as theirs

from phalanx.ml import linear_model as ours

FITTED = ("coef_", "intercept_")
#: Name: class, parameters, data, and parameters that scikit-learn alone needs to be as exact.
CASES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "least squares": ("LinearRegression", {}, "diabetes", {}),
    "least squares without intercept": ("LinearRegression", {"fit_intercept": False}, "diabetes", {}),
    "least squares of wine": ("LinearRegression", {}, "wine", {}),
    "ridge": ("Ridge", {"alpha": 0.5}, "diabetes", {}),
    "ridge without intercept": ("Ridge", {"alpha": 2.0, "fit_intercept": False}, "wine", {}),
    "ridge without penalty": ("Ridge", {"alpha": 0.0}, "diabetes", {"solver": "svd"}),
    "ridge by cholesky": ("Ridge", {"solver": "cholesky"}, "breast_cancer", {}),
    "lasso": ("Lasso", {"alpha": 0.1, "tol": 1e-10}, "diabetes", {"max_iter": 100_000}),
    "lasso positive": ("Lasso", {"alpha": 0.05, "positive": True, "tol": 1e-10}, "diabetes", {"max_iter": 100_000}),
    "lasso without intercept": ("Lasso", {"alpha": 0.02, "fit_intercept": False, "tol": 1e-10}, "wine", {"max_iter": 100_000}),
    "elastic net": ("ElasticNet", {"alpha": 0.01, "l1_ratio": 0.3, "tol": 1e-10}, "diabetes", {"max_iter": 100_000}),
    "elastic net with little l1": ("ElasticNet", {"alpha": 0.1, "l1_ratio": 0.05, "tol": 1e-10}, "breast_cancer", {"max_iter": 100_000}),
    "poisson": ("PoissonRegressor", {"alpha": 0.1, "tol": 1e-8}, "diabetes", {"max_iter": 10_000}),
    "poisson newton": ("PoissonRegressor", {"alpha": 1e-3, "solver": "newton-cholesky", "tol": 1e-9}, "diabetes", {}),
    "poisson without intercept": ("PoissonRegressor", {"alpha": 1.0, "fit_intercept": False, "tol": 1e-8}, "wine", {}),
    "gamma": ("GammaRegressor", {"alpha": 0.1, "tol": 1e-8}, "diabetes", {"max_iter": 10_000}),
    "gamma newton": ("GammaRegressor", {"alpha": 1e-3, "solver": "newton-cholesky", "tol": 1e-9}, "diabetes", {}),
}
CLUSTER = {"least squares", "elastic net", "poisson"}


def fitted(model: Any, x: Any, y: Any, weight: Any) -> dict[str, Any]:
    model.fit(x, y, sample_weight=weight)
    found = {name: getattr(model, name) for name in FITTED}
    return {**found, "predict": model.predict(x), "score": model.score(x, y, sample_weight=weight)}


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", CASES)
def test_models_are_those_of_scikit_learn(name: str, weighted: bool) -> None:
    kind, parameters, data, exact = CASES[name]
    x, y = real(data)
    y = y.astype(np.float64)
    weight = weights(len(y)) if weighted else None
    iterative = kind not in ("LinearRegression", "Ridge")
    check(
        fitted,
        getattr(ours, kind)(**parameters),
        getattr(theirs, kind)(**{**parameters, **exact}),
        x,
        y,
        weight,
        rtol=1e-5 if iterative else 1e-8,
        atol=1e-5 if iterative else 1e-9,
        cluster=name in CLUSTER,
    )


def test_what_a_fit_says_of_itself() -> None:
    x, y = real("diabetes")
    lasso = ours.Lasso(alpha=0.1).fit(x, y)
    assert lasso.converged_ and lasso.n_iter_ > 1 and lasso.gradient_norm_ < 1e-3 and lasso.dual_gap_ < 1e-2
    assert lasso.sparse_coef_.nnz == np.count_nonzero(lasso.coef_) < 10
    least = ours.LinearRegression().fit(x, y)
    assert least.rank_ == 10 and least.n_features_in_ == 10
    ridge = ours.Ridge().fit(x, y)
    assert ridge.n_iter_ is None and ridge.solver_ == "cholesky"


def test_more_features_than_rows() -> None:
    x, y = real("digits")
    x, y = x[:40], y[:40].astype(np.float64)
    mine, judge = ours.LinearRegression().fit(x, y), theirs.LinearRegression().fit(x, y)
    assert mine.rank_ < 40
    # Of all solutions the shortest.
    np.testing.assert_allclose(mine.coef_, judge.coef_, atol=1e-7)
    np.testing.assert_allclose(mine.predict(x), y, atol=1e-6)
    np.testing.assert_allclose(ours.Ridge(alpha=1e-3).fit(x, y).coef_, theirs.Ridge(alpha=1e-3).fit(x, y).coef_, atol=1e-7)


def test_a_constant_column_has_no_weight() -> None:
    x, y = real("diabetes")
    x = np.column_stack([x, np.full(len(x), 3.7)])
    for kind in ("LinearRegression", "Ridge", "Lasso"):
        model = getattr(ours, kind)().fit(x, y)
        assert abs(model.coef_[-1]) < 1e-9, kind
        np.testing.assert_allclose(model.predict(x), getattr(theirs, kind)().fit(x, y).predict(x), rtol=1e-3)


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (ours.LinearRegression(positive=True), "Lasso"),
        (ours.Ridge(solver="saga"), "cholesky"),
        (ours.Ridge(positive=True), "ElasticNet"),
        (ours.Ridge(alpha=np.array([1.0, 2.0])), "each column"),
        (ours.Lasso(warm_start=True), "one pass"),
        (ours.ElasticNet(selection="random"), "order"),
        (ours.PoissonRegressor(warm_start=True), "new estimator"),
    ],
)
def test_what_is_not_there_says_what_to_do(model: Any, hint: str) -> None:
    x, y = real("diabetes")
    with pytest.raises(NotImplementedError, match=hint):
        model.fit(x, y)


@pytest.mark.parametrize("model", [ours.Ridge(alpha=-1.0), ours.Lasso(alpha=-1.0), ours.ElasticNet(l1_ratio=1.5), ours.PoissonRegressor(alpha=-0.1), ours.Lasso(max_iter=0)])
def test_bad_parameters_are_refused(model: Any) -> None:
    x, y = real("diabetes")
    with pytest.raises(ValueError, match="parameter must be"):
        model.fit(x, y)
