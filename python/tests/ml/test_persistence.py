"""Models as files, as scikit-learn's objects, and applied to lazy data of any size."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning import frame_of, given, on, plain, real
from sklearn.pipeline import Pipeline

from phalanx import dataframe as dd
from phalanx.exceptions import DataError
from phalanx.ml import cluster, decomposition, impute, linear_model, naive_bayes, persistence, preprocessing

MODELS: dict[str, tuple[Any, str, str]] = {
    "LinearRegression": (linear_model.LinearRegression(), "diabetes", "predict"),
    "Ridge": (linear_model.Ridge(alpha=0.1), "diabetes", "predict"),
    "Lasso": (linear_model.Lasso(alpha=0.1), "diabetes", "predict"),
    "ElasticNet": (linear_model.ElasticNet(alpha=0.1), "diabetes", "predict"),
    "PoissonRegressor": (linear_model.PoissonRegressor(), "diabetes", "predict"),
    "GammaRegressor": (linear_model.GammaRegressor(solver="newton"), "diabetes", "predict"),
    "LogisticRegression": (linear_model.LogisticRegression(solver="newton"), "breast_cancer", "predict_proba"),
    "LogisticRegression of three": (linear_model.LogisticRegression(), "wine", "predict_proba"),
    "GaussianNB": (naive_bayes.GaussianNB(), "iris", "predict_proba"),
    "KMeans": (cluster.KMeans(n_clusters=3), "iris", "predict"),
    "PCA": (decomposition.PCA(n_components=2, whiten=True), "iris", "transform"),
    "IncrementalPCA": (decomposition.IncrementalPCA(n_components=2), "iris", "transform"),
    "TruncatedSVD": (decomposition.TruncatedSVD(n_components=2), "iris", "transform"),
    "StandardScaler": (preprocessing.StandardScaler(), "wine", "transform"),
    "MinMaxScaler": (preprocessing.MinMaxScaler(), "wine", "transform"),
    "MaxAbsScaler": (preprocessing.MaxAbsScaler(), "wine", "transform"),
    "RobustScaler": (preprocessing.RobustScaler(), "wine", "transform"),
    "QuantileTransformer": (preprocessing.QuantileTransformer(n_quantiles=20), "wine", "transform"),
    "PolynomialFeatures": (preprocessing.PolynomialFeatures(), "iris", "transform"),
    "OneHotEncoder": (preprocessing.OneHotEncoder(sparse_output=False), "iris", "transform"),
    "OrdinalEncoder": (preprocessing.OrdinalEncoder(), "iris", "transform"),
    "SimpleImputer": (impute.SimpleImputer(), "iris", "transform"),
}


@pytest.mark.parametrize("name", MODELS)
def test_files_and_scikit_learns_objects(name: str, tmp_path: Path) -> None:
    model, data, method = MODELS[name]
    x, y = real(data)
    model.fit(x, y)
    said = plain(getattr(model, method)(x))
    path = tmp_path / "model.json"
    persistence.save(model, path)
    document = json.loads(path.read_text())
    assert (document["format"], document["version"]) == ("phalanx-model", 1)
    assert list(tmp_path.iterdir()) == [path]
    loaded = persistence.load(path)
    assert type(loaded) is type(model) and repr(loaded.get_params()) == repr(model.get_params())
    assert plain(getattr(loaded, method)(x)).tobytes() == said.tobytes()
    judge = persistence.to_sklearn(loaded)
    assert type(judge).__module__.startswith("sklearn.") and type(judge).__name__ == type(model).__name__
    np.testing.assert_allclose(plain(getattr(judge, method)(x)), said, rtol=1e-9, atol=1e-9)
    with on("local"):  # lazily
        lazy = getattr(loaded, method)(given(x, "array uneven"))
        assert lazy._phalanx_kind == "array"
        np.testing.assert_allclose(plain(lazy), said, rtol=1e-7, atol=1e-7)


def test_labels_and_pipelines(tmp_path: Path) -> None:
    x, y = real("wine")
    names = np.array(["a", "b", "c"])[y]
    pipe = Pipeline([("scale", preprocessing.StandardScaler()), ("model", linear_model.LogisticRegression())]).fit(x, names)
    persistence.save(pipe, tmp_path / "pipe.json")
    loaded = persistence.load(tmp_path / "pipe.json")
    assert loaded.predict(x).tolist() == pipe.predict(x).tolist()
    assert persistence.to_sklearn(loaded).predict(x).tolist() == pipe.predict(x).tolist()
    frame = pd.DataFrame(x).add_prefix("f")
    judge = persistence.to_sklearn(pipe.fit(dd.from_pandas(frame, npartitions=3), dd.from_pandas(pd.Series(y), npartitions=3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of names that a step of scikit-learn does not pass on
        found = judge.predict(frame)
    assert found.tolist() == plain(pipe.predict(dd.from_pandas(frame, npartitions=2))).tolist()
    encoder = persistence.loads(persistence.dumps(preprocessing.LabelEncoder().fit(names)))
    assert encoder.classes_.tolist() == ["a", "b", "c"]
    text = pd.DataFrame({"kind": ["x", "y", "x"], "n": [1, 2, 3]}).astype({"kind": object})
    for kind in (preprocessing.Categorizer(), preprocessing.DummyEncoder()):
        loaded = persistence.loads(persistence.dumps(kind.fit(text)))
        pd.testing.assert_frame_equal(loaded.transform(text), kind.transform(text))
        with pytest.raises(NotImplementedError, match="scikit-learn has no"):
            persistence.to_sklearn(loaded)


def test_a_model_goes_on_after_it_was_read() -> None:
    x, y = real("iris")
    whole = naive_bayes.GaussianNB().fit(x, y)
    half = naive_bayes.GaussianNB().partial_fit(x[::2], y[::2], classes=[0, 1, 2])
    half = persistence.loads(persistence.dumps(half)).partial_fit(x[1::2], y[1::2])
    np.testing.assert_allclose(half.theta_, whole.theta_, rtol=1e-12)
    np.testing.assert_allclose(half.var_, whole.var_, rtol=1e-9)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda text: text[: len(text) // 2], "no model"),
        (lambda text: "[]", "format"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "version 2"),
        (lambda text: text.replace('"Ridge"', '"os.system"'), "not known"),
        (lambda text: text.replace('"alpha"', '"alfa"'), "other parameters"),
        (lambda text: text.replace('"array": "', '"array": "!'), "damaged"),
        (lambda text: text.replace('"coef_"', '"__class__"'), "damaged"),
        (lambda text: text.replace('"dtype": "float64"', '"dtype": "object"'), "damaged"),
    ],
)
def test_damaged_files_and_other_versions_are_refused(spoil: Any, word: str) -> None:
    x, y = real("diabetes")
    text = persistence.dumps(linear_model.Ridge().fit(x, y))
    assert spoil(text) != text
    with pytest.raises(DataError, match=word):
        persistence.loads(spoil(text))


def test_only_our_own_models_are_saved() -> None:
    from sklearn.linear_model import Ridge

    with pytest.raises(NotImplementedError, match="own estimators"):
        persistence.dumps(Ridge())


def test_feature_names_are_checked_by_name_and_order() -> None:
    x, y = real("iris")
    table = pd.DataFrame(x, columns=list("abcd"))
    with on("local"):
        lazy = frame_of(table, "uneven")
        model = linear_model.LogisticRegression().fit(lazy, given(y, "frame uneven"))
        assert model.feature_names_in_.tolist() == list("abcd")
        expected = plain(model.predict(lazy))
        np.testing.assert_array_equal(model.predict(table), expected)
        for wrong in (lazy[list("bacd")], table[list("bacd")], lazy.rename(columns={"a": "e"})):
            with pytest.raises(ValueError, match="feature names should match"):
                model.predict(wrong)
        with pytest.raises(ValueError, match="4 features|missing|feature names"):
            model.predict(lazy[list("abc")])


RUST = Path(__file__).resolve().parents[3] / "crates" / "learn" / "tests" / "oracle"


def test_models_of_rust_are_read() -> None:
    """Models that Rust has written say what scikit-learn says; ``files_are_those_of_python`` keeps them as they are."""
    from sklearn.naive_bayes import GaussianNB

    table = pd.read_csv(RUST / "data.csv")
    x, hour = table[["a", "b", "c"]], table["hour"].to_numpy()
    expected = json.loads((RUST / "estimators.json").read_text())
    models = {path.stem: persistence.load(path) for path in (RUST / "models").glob("[A-Z]*.json")}
    assert len(models) == 13
    np.testing.assert_allclose(models["LinearRegression"].predict(x)[:5], expected["linear"]["predictions"], rtol=1e-8)
    for name in ("Ridge", "Lasso", "ElasticNet", "PoissonRegressor"):
        mine = getattr(linear_model, name)(**models[name].get_params()).fit(x, hour)
        np.testing.assert_allclose(models[name].predict(x), mine.predict(x), rtol=1e-8)
        assert models[name].feature_names_in_.tolist() == ["a", "b", "c"]
        judge = persistence.to_sklearn(models[name])
        np.testing.assert_allclose(judge.predict(x), models[name].predict(x), rtol=1e-9)
    z = pd.DataFrame(models["MinMaxScaler"].transform(x), columns=list(x.columns))
    third = (hour >= 8).astype(int) + (hour >= 16)
    for name, features, target in (("LogisticRegression", x, table["y"]), ("LogisticRegression_of_three", z, third)):
        model = models[name]
        mine = linear_model.LogisticRegression(**model.get_params()).fit(features, target)
        np.testing.assert_allclose(model.predict_proba(features), mine.predict_proba(features), atol=1e-6)
        assert model.predict(features).tolist() == mine.predict(features).tolist()
        assert (model.converged_, model.classes_.tolist()) == (True, sorted(set(target)))
        judge = persistence.to_sklearn(model)
        np.testing.assert_allclose(judge.predict_proba(features), model.predict_proba(features), atol=1e-12)
    bayes, judge = models["GaussianNB"], GaussianNB().fit(x, table["y"])
    np.testing.assert_allclose(bayes.predict_proba(x), judge.predict_proba(x), atol=1e-9)
    bayes.partial_fit(x, table["y"])
    np.testing.assert_allclose(bayes.theta_, judge.theta_, rtol=1e-9)
    np.testing.assert_allclose(bayes.var_, judge.var_, rtol=1e-6)
    whole = models["PCA"].inverse_transform(models["PCA"].transform(x))
    assert np.abs(whole - x.to_numpy()).max(axis=0)[2] < 0.1  # the widest feature is the first component
    assert np.abs(models["TruncatedSVD"].transform(x)).shape == (600, 2)
    scaled = models["MinMaxScaler"].transform(x)
    np.testing.assert_allclose((scaled.min(), scaled.max()), (-1.0, 1.0))
    standard = models["StandardScaler"].transform(x)
    np.testing.assert_allclose((standard.mean(), standard.std()), (0.0, 1.0), atol=1e-9)
    clusters = models["KMeans"]
    np.testing.assert_allclose(-clusters.score(x), clusters.inertia_, rtol=1e-9)
