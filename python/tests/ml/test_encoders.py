"""Encoders of categories, and columns put side by side, against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning import FORMS, check, frame_of, given, on, plain, real
from sklearn import compose as their_compose
from sklearn import pipeline
from sklearn import preprocessing as theirs

import phalanx.array as da
from phalanx.ml import compose, preprocessing

K = 7919 * np.arange(90) % 1009
FEW = np.stack([K % 4, K * K % 3 + 10.0, K % 2 * 2.5], axis=1)
TEXT = pd.DataFrame(
    {"carrier": np.array(["UA", "AA", "B6"])[K % 3], "origin": np.array(["JFK", "LGA"])[K % 2], "hour": K % 5}
)

ONE_HOT: dict[str, dict[str, Any]] = {
    "all": {},
    "without the first": {"drop": "first"},
    "without one of two": {"drop": "if_binary"},
    "ignoring": {"handle_unknown": "ignore", "categories": [[0.0, 1.0], [10.0, 11.0], [2.5]]},
    "named": {"categories": [[0.0, 1.0, 2.0, 3.0, 9.0], [10.0, 11.0, 12.0], [0.0, 2.5]]},
    "floats": {"dtype": np.float32},
}


@pytest.mark.parametrize("name", ONE_HOT)
def test_columns_of_0_and_1(name: str) -> None:
    def case(module: Any, x: Any) -> dict[str, Any]:
        model = module.OneHotEncoder(**ONE_HOT[name]).fit(x)
        return {**{f"categories {j}": each for j, each in enumerate(model.categories_)}, "transform": model.transform(x)}

    check(case, preprocessing, theirs, FEW, cluster=name == "all")


ORDINAL: dict[str, dict[str, Any]] = {
    "all": {},
    "unknown": {"handle_unknown": "use_encoded_value", "unknown_value": -1, "categories": [[0.0, 2.0], [10.0], [2.5]]},
    "unknown as NaN": {"handle_unknown": "use_encoded_value", "unknown_value": np.nan, "categories": [[0.0, 2.0], [10.0], [2.5]]},
    "integers": {"dtype": np.int64},
}


@pytest.mark.parametrize("name", ORDINAL)
def test_numbers_of_categories(name: str) -> None:
    def case(module: Any, x: Any) -> dict[str, Any]:
        return {"transform": module.OrdinalEncoder(**ORDINAL[name]).fit(x).transform(x)}

    check(case, preprocessing, theirs, FEW, cluster=name == "all")


def test_missing_values_are_a_category() -> None:
    x = FEW.copy()
    x[::7, 0] = np.nan

    def case(module: Any, x: Any) -> dict[str, Any]:
        ordinal = module.OrdinalEncoder(encoded_missing_value=-7.0).fit(x)
        return {"one": module.OneHotEncoder().fit(x).transform(x), "ordinal": ordinal.transform(x)}

    check(case, preprocessing, theirs, x, forms=FORMS[:3])


def test_text_of_frames() -> None:
    for borders in ("one", "uneven", "empty"):
        with on("local"):
            lazy = frame_of(TEXT, borders)
            one = preprocessing.OneHotEncoder(sparse_output=False)
            made = one.fit(lazy).transform(lazy).compute()
            judge = theirs.OneHotEncoder(sparse_output=False).fit(TEXT)
            assert made.columns.tolist() == judge.get_feature_names_out().tolist()
            np.testing.assert_array_equal(made.to_numpy(), judge.transform(TEXT))
            np.testing.assert_array_equal(one.transform(TEXT), judge.transform(TEXT))
            np.testing.assert_array_equal(one.inverse_transform(judge.transform(TEXT)), judge.inverse_transform(judge.transform(TEXT)))
            ordinal = preprocessing.OrdinalEncoder().fit(lazy)
            codes = theirs.OrdinalEncoder().fit_transform(TEXT)
            np.testing.assert_array_equal(ordinal.transform(lazy).compute().to_numpy(), codes)
            np.testing.assert_array_equal(ordinal.inverse_transform(codes), TEXT.to_numpy(dtype=object))


def test_unknown_categories_are_refused() -> None:
    other = TEXT.assign(origin="EWR")
    with on("local"):
        for model in (preprocessing.OneHotEncoder(), preprocessing.OrdinalEncoder()):
            model.fit(frame_of(TEXT, "uneven"))
            for bad in (other, frame_of(other, "uneven")):
                with pytest.raises(ValueError, match=r"unknown categories \['EWR'\] in column 1"):
                    model.transform(bad)


LABELS = {"numbers": K % 5 * 3, "floats": (K % 3).astype(float), "text": np.array(["b", "a", "ü"])[K % 3]}


@pytest.mark.parametrize("name", LABELS)
def test_labels_as_numbers(name: str) -> None:
    y = LABELS[name]

    def case(module: Any, y: Any) -> dict[str, Any]:
        model = module.LabelEncoder()
        made = model.fit_transform(y)
        return {"classes": model.classes_, "made": made, "transform": module.LabelEncoder().fit(y).transform(y)}

    forms = ("values", "frame one", "frame empty") if name == "text" else FORMS
    check(case, preprocessing, theirs, y, forms=forms)
    model = preprocessing.LabelEncoder().fit(y)
    codes = model.transform(y)
    assert model.inverse_transform(codes).tolist() == y.tolist()
    with pytest.raises(ValueError, match="unseen"):
        model.transform(y[:1].astype(object) if name == "text" else y[:1] + 100) if name != "text" else model.transform(["zz"])
    if name != "text":
        assert plain(model.inverse_transform(da.from_array(codes, 20))).tolist() == y.tolist()


def test_categories_of_frames() -> None:
    text = TEXT[["carrier", "origin"]].astype(object).assign(hour=TEXT["hour"])
    with on("local"):
        lazy = frame_of(text, "uneven")
        model = preprocessing.Categorizer().fit(lazy)
        assert list(model.columns_) == ["carrier", "origin"]
        made = model.transform(lazy).compute()
        assert str(made["carrier"].dtype) == "category" and made["carrier"].tolist() == text["carrier"].tolist()
        plain_made = model.transform(text)
        assert plain_made["origin"].cat.categories.tolist() == ["JFK", "LGA"]
        picked = preprocessing.Categorizer(categories={"carrier": ["AA", "UA"]}, columns=["carrier"]).fit(lazy)
        assert picked.transform(lazy).compute()["carrier"].isna().sum() == (text["carrier"] == "B6").sum()
        with pytest.raises(TypeError, match="frame"):
            model.transform(FEW)


@pytest.mark.parametrize("drop_first", [False, True])
def test_dummies_of_frames(drop_first: bool) -> None:
    text = TEXT.astype({"carrier": object, "origin": object})
    expected = pd.get_dummies(text, drop_first=drop_first)
    with on("local"):
        for borders in ("one", "empty"):
            lazy = frame_of(text, borders)
            model = preprocessing.DummyEncoder(drop_first=drop_first).fit(lazy)
            made = model.transform(lazy).compute().reset_index(drop=True)
            pd.testing.assert_frame_equal(made, expected, check_dtype=False)
            assert list(model.transformed_columns_) == expected.columns.tolist()
            assert list(model.non_categorical_columns_) == ["hour"]
        with pytest.raises(ValueError, match="do not match"):
            model.transform(lazy[["hour", "origin", "carrier"]])
    pd.testing.assert_frame_equal(model.transform(text), expected, check_dtype=False)


def steps(module: Any, scalers: Any) -> list[Any]:
    return [
        ("scaled", scalers.StandardScaler(), [0, 2]),
        ("least", scalers.MinMaxScaler(), [3]),
    ]


@pytest.mark.parametrize("remainder", ["drop", "passthrough"])
def test_columns_side_by_side(remainder: str) -> None:
    x = real("iris")[0]

    def case(modules: Any, x: Any) -> dict[str, Any]:
        made, scalers = modules
        model = made.ColumnTransformer(steps(made, scalers), remainder=remainder)
        return {"made": model.fit_transform(x), "again": model.transform(x)}

    check(case, (compose, preprocessing), (their_compose, theirs), x, forms=("values", "array one", "array uneven"), cluster=True)


def test_columns_of_a_frame_side_by_side() -> None:
    def model(module: Any, scalers: Any) -> Any:
        return module.make_column_transformer(
            (scalers.OneHotEncoder(sparse_output=False), ["carrier", "origin"]), (scalers.StandardScaler(), ["hour"])
        )

    expected = model(their_compose, theirs).set_output(transform="pandas").fit_transform(TEXT)
    with on("local"):
        for borders in ("one", "uneven"):
            lazy = frame_of(TEXT, borders)
            mine = model(compose, preprocessing).fit(lazy)
            made = mine.transform(lazy)
            if made._phalanx_kind == "frame":
                assert made.columns.tolist() == expected.columns.tolist()
            np.testing.assert_allclose(plain(made), expected.to_numpy(), atol=1e-12)
            np.testing.assert_allclose(mine.transform(TEXT), expected.to_numpy(), atol=1e-12)
        with pytest.raises(ValueError, match="feature names"):
            mine.transform(lazy[["hour", "origin", "carrier"]])


def test_scikit_learns_own_take_ours() -> None:
    x, y = real("breast_cancer")
    from phalanx.ml.linear_model import LogisticRegression

    pipe = pipeline.make_pipeline(preprocessing.StandardScaler(), LogisticRegression())
    judge = pipeline.make_pipeline(theirs.StandardScaler(), LogisticRegression())
    np.testing.assert_allclose(pipe.fit(x, y).predict_proba(x), judge.fit(x, y).predict_proba(x), rtol=1e-9)
    with on("local"):
        lazy = pipe.fit(given(x, "array uneven"), given(y, "array uneven"))
        np.testing.assert_allclose(plain(lazy.predict_proba(given(x, "array one"))), judge.predict_proba(x), rtol=1e-6)
    columns = their_compose.ColumnTransformer(steps(their_compose, preprocessing), remainder="passthrough")
    both = their_compose.ColumnTransformer(steps(their_compose, theirs), remainder="passthrough")
    np.testing.assert_allclose(columns.fit_transform(x), both.fit_transform(x), atol=1e-12)


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (preprocessing.OneHotEncoder(min_frequency=2), "rare"),
        (preprocessing.OneHotEncoder(drop=np.array([0, 1, 2])), "if_binary"),
        (preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist"), "ignore"),
        (preprocessing.OneHotEncoder(feature_name_combiner=str), "rename"),
        (preprocessing.OrdinalEncoder(max_categories=3), "rare"),
    ],
)
def test_what_is_not_there_says_what_to_do(model: Any, hint: str) -> None:
    with pytest.raises(NotImplementedError, match=hint):
        model.fit(FEW)
