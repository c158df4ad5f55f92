"""Scalers, imputers and products of features against scikit-learn: a line a case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning import FORMS, check, frame_of, given, on, real, weights
from sklearn import impute as their_impute
from sklearn import preprocessing as theirs

import phalanx.array as da
from phalanx.ml import impute, preprocessing

#: Name: parameters, fitted attributes, whether what comes out goes back.
SCALERS: dict[str, tuple[str, dict[str, Any], tuple[str, ...], bool]] = {
    "standard": ("StandardScaler", {}, ("mean_", "var_", "scale_"), True),
    "standard without mean": ("StandardScaler", {"with_mean": False}, ("mean_", "scale_"), True),
    "standard without std": ("StandardScaler", {"with_std": False}, ("mean_",), True),
    "min and max": ("MinMaxScaler", {}, ("min_", "scale_", "data_min_", "data_max_", "data_range_"), True),
    "min and max of a range": ("MinMaxScaler", {"feature_range": (-2, 3), "clip": True}, ("min_", "scale_"), True),
    "largest": ("MaxAbsScaler", {}, ("scale_", "max_abs_"), True),
    "robust": ("RobustScaler", {}, ("center_", "scale_"), True),
    "robust of a range": ("RobustScaler", {"quantile_range": (10.0, 80.0), "unit_variance": True}, ("center_", "scale_"), True),
    "robust without centering": ("RobustScaler", {"with_centering": False}, ("scale_",), True),
    "robust without scaling": ("RobustScaler", {"with_scaling": False}, ("center_",), True),
    "quantiles": ("QuantileTransformer", {"n_quantiles": 50, "subsample": None}, ("quantiles_", "references_"), True),
}
CLUSTER = {"standard", "robust", "quantiles"}


@pytest.mark.parametrize("missing", [False, True], ids=["whole", "missing"])
@pytest.mark.parametrize("name", SCALERS)
def test_scalers(name: str, missing: bool) -> None:
    kind, parameters, attributes, back = SCALERS[name]
    x = real("wine")[0].copy()
    x[:, 3] = 2.5  # constant
    if missing:
        x[3:40, 1] = np.nan

    def case(module: Any, x: Any) -> dict[str, Any]:
        model = getattr(module, kind)(**parameters).fit(x)
        found = {each: getattr(model, each) for each in attributes}
        made = model.transform(x)
        return {**found, "transform": made, **({"back": model.inverse_transform(made)} if back else {})}

    # Frames have no interpolation between quantiles yet.
    forms = FORMS[:3] if kind == "QuantileTransformer" else FORMS
    # scikit-learn interpolates between quantiles that are equal as rounding has it.
    check(case, preprocessing, theirs, x, rtol=1e-9, atol=1e-9, forms=forms, cluster=name in CLUSTER)


def test_a_normal_distribution_of_values() -> None:
    x = real("wine")[0]
    options = {"n_quantiles": 50, "subsample": None, "output_distribution": "normal"}
    mine, judge = preprocessing.QuantileTransformer(**options).fit(x), theirs.QuantileTransformer(**options).fit(x)
    np.testing.assert_allclose(mine.transform(x), judge.transform(x), rtol=1e-9)
    np.testing.assert_allclose(mine.inverse_transform(mine.transform(x)), x, atol=1e-6)
    with pytest.raises(NotImplementedError, match="uniform"):
        mine.transform(da.from_array(x, 40))


def test_weights_of_rows() -> None:
    x, y = real("wine")

    def case(module: Any, x: Any, weight: Any) -> dict[str, Any]:
        model = module.StandardScaler().fit(x, sample_weight=weight)
        return {"mean": model.mean_, "var": model.var_, "seen": model.n_samples_seen_}

    check(case, preprocessing, theirs, x, weights(len(y)), rtol=1e-10)


POLYNOMIALS: dict[str, dict[str, Any]] = {
    "two": {},
    "three": {"degree": 3},
    "from two to three": {"degree": (2, 3)},
    "interactions": {"interaction_only": True},
    "without bias": {"include_bias": False},
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_products_of_features(name: str) -> None:
    def case(module: Any, x: Any) -> dict[str, Any]:
        model = module.PolynomialFeatures(**POLYNOMIALS[name]).fit(x)
        return {"powers": model.powers_, "count": model.n_output_features_, "transform": model.transform(x)}

    check(case, preprocessing, theirs, real("iris")[0], rtol=1e-14, cluster=name == "two")


def test_products_of_a_frame_are_a_frame() -> None:
    x = pd.DataFrame(real("iris")[0], columns=list("abcd"))
    with on("local"):
        made = preprocessing.PolynomialFeatures(preserve_dataframe=True).fit_transform(frame_of(x, "uneven")).compute()
    expected = theirs.PolynomialFeatures().set_output(transform="pandas").fit_transform(x)
    pd.testing.assert_frame_equal(made.reset_index(drop=True), expected, check_dtype=False)


IMPUTERS: dict[str, dict[str, Any]] = {
    "mean": {},
    "median": {"strategy": "median"},
    "most frequent": {"strategy": "most_frequent"},
    "constant": {"strategy": "constant", "fill_value": -1.5},
    "zero": {"strategy": "constant"},
}


@pytest.mark.parametrize("name", IMPUTERS)
def test_missing_values_filled_in(name: str) -> None:
    x = real("digits")[0][:300].copy()
    x[np.random.default_rng(3).random(x.shape) < 0.2] = np.nan
    x[:, 0] = 4.0

    def case(module: Any, x: Any) -> dict[str, Any]:
        model = module.SimpleImputer(**IMPUTERS[name]).fit(x)
        return {"statistics": model.statistics_, "transform": model.transform(x)}

    forms = ("values", "array uneven", "frame empty")
    check(case, impute, their_impute, x[:, :12] if name == "most frequent" else x, rtol=1e-12, forms=forms, cluster=name == "median")


def test_missing_text_filled_in() -> None:
    frame = pd.DataFrame({"kind": ["a", None, "b", "b", None, "c"], "other": ["x", "x", None, "y", "y", "y"]})
    with on("local"):
        lazy = frame_of(frame, "uneven")
        most = impute.SimpleImputer(strategy="most_frequent").fit(lazy)
        assert most.statistics_.tolist() == ["b", "y"]
        assert most.transform(lazy).compute()["kind"].tolist() == ["a", "b", "b", "b", "b", "c"]
        named = impute.SimpleImputer(strategy="constant", fill_value="none").fit(lazy)
        assert named.transform(lazy).compute()["other"].tolist() == ["x", "x", "none", "y", "y", "y"]


def test_an_empty_feature_is_refused() -> None:
    x = np.array([[1.0, np.nan], [2.0, np.nan]])
    for form in ("values", "array one"):
        with on("local"), pytest.raises(ValueError, match=r"features \[1\] have no value"):
            impute.SimpleImputer().fit(given(x, form))


def test_infinity_is_refused_by_feature() -> None:
    x = np.array([[1.0, 2.0], [np.inf, 3.0]])
    with on("local"), pytest.raises(ValueError, match="infinity.*feature 0"):
        preprocessing.StandardScaler().fit(given(x, "array one"))


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (preprocessing.QuantileTransformer(subsample=100), "all rows"),
        (preprocessing.QuantileTransformer(ignore_implicit_zeros=True), "sparse"),
        (preprocessing.PolynomialFeatures(order="F"), "C order"),
        (impute.SimpleImputer(missing_values=-1), "NaN"),
        (impute.SimpleImputer(add_indicator=True), "isna"),
    ],
)
def test_what_is_not_there_says_what_to_do(model: Any, hint: str) -> None:
    with pytest.raises(NotImplementedError, match=hint):
        model.fit(real("iris")[0])


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (preprocessing.MinMaxScaler(feature_range=(1, 1)), "range"),
        (preprocessing.RobustScaler(quantile_range=(80.0, 20.0)), "quantile range"),
        (preprocessing.QuantileTransformer(output_distribution="flat"), "uniform"),
        (impute.SimpleImputer(strategy="guess"), "strategy"),
    ],
)
def test_bad_parameters_are_refused(model: Any, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        model.fit(real("iris")[0])
