"""What can be wrong with data: each says what, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning import frame_of, given, on, real

import phalanx.array as da
from phalanx.ml import cluster, decomposition, linear_model, naive_bayes, preprocessing

MODELS = [
    linear_model.LinearRegression(),
    linear_model.Lasso(),
    linear_model.PoissonRegressor(),
    linear_model.LogisticRegression(),
    linear_model.LogisticRegression(solver="newton"),
    naive_bayes.GaussianNB(),
    cluster.KMeans(n_clusters=2),
    decomposition.PCA(),
    decomposition.TruncatedSVD(),
]


@pytest.mark.parametrize("form", ["values", "array uneven", "frame uneven"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_nan_and_infinity_among_the_features(model: Any, bad: float, form: str) -> None:
    x = real("iris")[0].copy()
    y = (np.arange(150) % 2).astype(float)
    x[77, 2] = bad
    with on("local"), pytest.raises(ValueError, match="NaN|infinity") as refused:
        model.fit(given(x, form), given(y, form))
    if form != "values":
        assert "feature 2" in str(refused.value)


@pytest.mark.parametrize("form", ["array uneven", "frame uneven"])
def test_nan_among_the_targets(form: str) -> None:
    x = real("iris")[0]
    y = (np.arange(150) % 2).astype(float)
    y[3] = np.nan
    for model in (linear_model.LinearRegression(), linear_model.LogisticRegression(), naive_bayes.GaussianNB()):
        with on("local"), pytest.raises(ValueError, match="y contains NaN"):
            model.fit(given(x, form), given(y, form))
    with on("local"), pytest.raises(ValueError, match="targets are not"):
        linear_model.PoissonRegressor().fit(given(x, form), given(-np.ones(150), form))


def test_x_and_y_of_other_lengths() -> None:
    x, y = real("iris")
    with on("local"):
        for kind in (linear_model.LinearRegression(), linear_model.LogisticRegression(), naive_bayes.GaussianNB()):
            with pytest.raises(ValueError, match="inconsistent numbers of samples"):
                kind.fit(given(x, "array one"), given(y[:-1], "array one"))
            with pytest.raises(ValueError, match="inconsistent numbers of samples"):
                kind.fit(x, y[:-1])
        with pytest.raises(TypeError, match="lazy"):
            linear_model.LinearRegression().fit(x, given(y, "array one"))


def test_x_and_y_in_other_chunks_are_one_model() -> None:
    x, y = real("iris")
    with on("local"):
        same = linear_model.LogisticRegression().fit(given(x, "array uneven"), given(y, "array uneven"))
        other = linear_model.LogisticRegression().fit(given(x, "array uneven"), da.from_array(y, 11))
        mixed = linear_model.LogisticRegression().fit(given(x, "array uneven"), y)
    assert same.coef_.tobytes() == other.coef_.tobytes() == mixed.coef_.tobytes()


def test_labels_of_a_new_type() -> None:
    x, y = real("iris")
    model = linear_model.LogisticRegression().fit(x, y)
    with pytest.raises((ValueError, TypeError)):
        model.score(x, np.array(["a", "b", "c"])[y])
    with on("local"):
        text = linear_model.LogisticRegression().fit(x, np.array(["a", "b", "c"])[y])
        with pytest.raises(NotImplementedError, match="LabelEncoder"):
            text.predict(given(x, "array one"))
    with pytest.raises(ValueError, match="continuous"):
        linear_model.LogisticRegression().fit(x, x[:, 0])
    with on("local"), pytest.raises(ValueError, match="continuous"):
        linear_model.LogisticRegression().fit(given(x, "array one"), given(x[:, 0], "array one"))


def test_constant_columns() -> None:
    x, y = real("iris")
    x = np.column_stack([x, np.full(150, 5.0)])
    made = preprocessing.StandardScaler().fit_transform(x)
    assert not made[:, 4].any()
    for model in (linear_model.LogisticRegression(), naive_bayes.GaussianNB(), decomposition.PCA()):
        model.fit(x, y)
    assert np.abs(decomposition.PCA().fit(x).explained_variance_[-1]) < 1e-12


def test_shapes_that_are_no_table() -> None:
    with on("local"):
        series = frame_of(pd.DataFrame({"x": [1.0, 2.0]}), "one")["x"]
        for bad in (given(np.ones(4), "array one"), given(np.ones((2, 2, 2)), "array one"), series):
            with pytest.raises(ValueError, match="Expected 2D array"):
                preprocessing.StandardScaler().fit(bad)
        text = frame_of(pd.DataFrame({"x": ["a", "b"]}), "one")
        with pytest.raises((ValueError, TypeError), match="'x'|\"x\"|number"):
            preprocessing.StandardScaler().fit(text)
        with pytest.raises(ValueError, match="Complex"):
            preprocessing.StandardScaler().fit(given(np.ones((2, 2), dtype=complex), "array one"))


def test_weights_that_are_nothing() -> None:
    x, y = real("iris")
    with on("local"), pytest.raises(ValueError, match="sum to 0"):
        linear_model.LinearRegression().fit(given(x, "array one"), given(y, "array one"), np.zeros(150))


def test_flights(real_data: Any) -> None:
    """The flights, from a file to models that scikit-learn finds too."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.preprocessing import StandardScaler

    import phalanx.dataframe as dd

    names = ["distance", "hour", "month", "dep_delay"]
    columns = [*names, "arr_delay"]
    table = pd.read_parquet(real_data / "flights.parquet", columns=columns).dropna()
    late = (table["arr_delay"] > 15).astype(int).to_numpy()
    scaled = StandardScaler().fit_transform(table[names])
    judge = LinearRegression().fit(scaled, table["arr_delay"])
    odds = LogisticRegression(tol=1e-8).fit(scaled, late)
    found = []
    for name in ("local", "perturbed", "cluster"):
        with on(name):
            rows = dd.read_parquet(str(real_data / "flights.parquet"))[columns].dropna()
            scaler = preprocessing.StandardScaler().fit(rows[names])
            x = scaler.transform(rows[names])
            least = linear_model.LinearRegression().fit(x, rows["arr_delay"])
            late_model = linear_model.LogisticRegression(solver="newton", tol=1e-8).fit(x, (rows["arr_delay"] > 15).astype("int64"))
        np.testing.assert_allclose(scaler.mean_, table[names].mean(), rtol=1e-9)
        np.testing.assert_allclose(least.coef_, judge.coef_, rtol=1e-6)
        np.testing.assert_allclose(late_model.coef_, odds.coef_, rtol=1e-3, atol=1e-4)
        found.append((least.coef_.tobytes(), late_model.coef_.tobytes()))
    assert found[0] == found[1] == found[2]
