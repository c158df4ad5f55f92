"""Pipelines that were fitted on lazy frames, given rows of pandas; names of features; features of text."""

from __future__ import annotations

import importlib
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import compose as theirs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression as TheirRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder as TheirEncoder
from sklearn.preprocessing import StandardScaler as TheirScaler

import phalanx.dataframe as dd
from phalanx.ml import persistence
from phalanx.ml.compose import ColumnTransformer
from phalanx.ml.linear_model import LinearRegression
from phalanx.ml.preprocessing import OneHotEncoder, StandardScaler
from phalanx.ml.wrappers import ParallelPostFit

ROWS = np.arange(90)
T = pd.DataFrame({"a": ROWS * 7 % 31 / 3.0, "b": ROWS * 5 % 17 - 8.0, "c": pd.Series(np.array(["x", "y", "z"])[ROWS % 3], dtype="str")})
Y = pd.Series(T.a * 2 - T.b + (T.c == "y") * 3, name="target")


def lazy() -> tuple[Any, Any]:
    frame = dd.from_pandas(T.assign(target=Y), npartitions=4)
    return frame[["a", "b", "c"]], frame.target


def transformers(scaler: Any, encoder: Any) -> list[Any]:
    return [("numbers", scaler, ["a", "b"]), ("texts", encoder(sparse_output=False, drop="first"), ["c"])]


def pipelines() -> tuple[Any, Any]:
    return (
        make_pipeline(ColumnTransformer(transformers(StandardScaler(), OneHotEncoder)), LinearRegression()),
        make_pipeline(theirs.ColumnTransformer(transformers(TheirScaler(), TheirEncoder)), TheirRegression()),
    )


def test_rows_of_pandas_are_no_surprise(tmp_path: Path) -> None:
    ours, peer = pipelines()
    X, y = lazy()
    ours.fit(X, y)
    peer.fit(T, Y)
    persistence.save(ours, tmp_path / "model.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model in (ours, pickle.loads(pickle.dumps(ours)), persistence.load(tmp_path / "model.json")):
            np.testing.assert_allclose(model.predict(T.head(7)), peer.predict(T.head(7)), rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(np.asarray(model.predict(X)), peer.predict(T), rtol=1e-9, atol=1e-9)


def test_names_are_still_held_against_each_other() -> None:
    X, y = lazy()
    model = LinearRegression().fit(X[["a", "b"]], y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(T[["b", "a"]])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[["b", "a"]])
    fitted = LinearRegression().fit(T[["a", "b"]], Y)
    with pytest.warns(UserWarning, match="valid feature names"):
        fitted.predict(T[["a", "b"]].to_numpy())
    assert LinearRegression().fit(X[["a", "b"]], y).fit(T[["a", "b"]], Y)._named_by_lazy is False


@pytest.mark.parametrize("verbose", [True, False])
@pytest.mark.parametrize("remainder", ["drop", "passthrough"])
def test_names_that_come_out_are_scikit_learns(verbose: bool, remainder: str) -> None:
    frame = T.assign(d=1.0)
    options: dict[str, Any] = {"verbose_feature_names_out": verbose, "remainder": remainder}
    ours = ColumnTransformer(transformers(StandardScaler(), OneHotEncoder), **options).fit(dd.from_pandas(frame, npartitions=3))
    peer = theirs.ColumnTransformer(transformers(TheirScaler(), TheirEncoder), **options).fit(frame)
    assert list(ours.get_feature_names_out()) == list(peer.get_feature_names_out())
    assert list(ours.get_feature_names_out(list(frame.columns))) == list(peer.get_feature_names_out())
    with pytest.raises(ValueError, match="input_features"):
        ours.get_feature_names_out(["x", "y", "z", "w"])


def test_blocks_of_a_frame_have_its_names() -> None:
    X, _ = lazy()
    labels = (Y > Y.median()).astype(int)
    forest = RandomForestClassifier(5, random_state=0).fit(T[["a", "b"]], labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = ParallelPostFit(forest).predict_proba(X[["a", "b"]])
        np.testing.assert_array_equal(np.asarray(made), forest.predict_proba(T[["a", "b"]]))


@pytest.mark.parametrize("name", ["CountVectorizer", "FeatureHasher", "HashingVectorizer"])
def test_features_of_text_say_what_to_do(name: str) -> None:
    module = importlib.import_module("phalanx.ml.feature_extraction.text")
    assert name in dir(module)
    with pytest.raises(NotImplementedError, match=rf"{name}.*map_partitions"):
        getattr(module, name)()
    with pytest.raises(AttributeError, match="TfidfVectorizer"):
        module.TfidfVectorizer  # noqa: B018
