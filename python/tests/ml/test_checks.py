"""scikit-learn's own checks of estimators, for every one of ours."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from phalanx.ml import cluster, compose, decomposition, impute, linear_model, naive_bayes, preprocessing

#: What an estimator does otherwise, and why: name of the class, name of the check.
OTHERWISE: dict[str, dict[str, str]] = {
    "Ridge": {"check_non_transformer_estimators_n_iter": "it is solved at once: n_iter_ is None, as scikit-learn's by cholesky"},
}

ESTIMATORS = [
    linear_model.LinearRegression(),
    linear_model.Ridge(),
    linear_model.Lasso(),
    linear_model.ElasticNet(),
    linear_model.PoissonRegressor(),
    linear_model.GammaRegressor(),
    linear_model.LogisticRegression(),
    linear_model.LogisticRegression(solver="newton"),
    preprocessing.StandardScaler(),
    preprocessing.MinMaxScaler(),
    preprocessing.MaxAbsScaler(),
    preprocessing.RobustScaler(),
    preprocessing.QuantileTransformer(n_quantiles=10),
    preprocessing.PolynomialFeatures(),
    preprocessing.OneHotEncoder(handle_unknown="ignore"),
    preprocessing.OrdinalEncoder(),
    preprocessing.LabelEncoder(),
    impute.SimpleImputer(),
    cluster.KMeans(n_clusters=3),
    decomposition.PCA(),
    decomposition.IncrementalPCA(),
    decomposition.TruncatedSVD(n_components=2),
    naive_bayes.GaussianNB(),
]


def otherwise(estimator: Any) -> dict[str, str]:
    return OTHERWISE.get(type(estimator).__name__, {})


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=otherwise)
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_every_estimator_is_checked() -> None:
    checked = {type(estimator) for estimator in ESTIMATORS}
    modules = (cluster, decomposition, impute, linear_model, naive_bayes, preprocessing)
    for module in modules:
        for name in module.__all__:
            kind = getattr(module, name)
            if isinstance(kind, type) and kind not in checked:
                # Frames alone: scikit-learn's checks give arrays.
                assert name in ("Categorizer", "DummyEncoder"), name
    assert compose.ColumnTransformer.__mro__[1].__module__.startswith("sklearn")


def test_exceptions_are_of_estimators_that_are_checked() -> None:
    assert OTHERWISE.keys() <= {type(estimator).__name__ for estimator in ESTIMATORS}
