"""Predictions beside the library's own, from values, arrays, frames and matrices, on every engine."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from boosting import BINARY, alone, few, given, on, plain, real

import phalanx.array as da
import phalanx.xgboost as pxgb

QUESTIONS: dict[str, dict[str, Any]] = {
    "value": {},
    "margin": {"output_margin": True},
    "leaf": {"pred_leaf": True},
    "contributions": {"pred_contribs": True},
    "approximate": {"pred_contribs": True, "approx_contribs": True},
    "interactions": {"pred_interactions": True},
    "rounds": {"iteration_range": (1, 3)},
    "strict": {"strict_shape": True},
}
CLASSES = {"objective": "multi:softprob", "num_class": 3, "max_depth": 2}


@functools.cache
def booster(name: str) -> Any:
    x, y = few(name)
    names = [f"x{j}" for j in range(x.shape[1])]
    return alone(x, y, BINARY if name == "breast_cancer" else CLASSES, 4, feature_names=names)


@pytest.mark.parametrize("name", ["breast_cancer", "iris"])
@pytest.mark.parametrize("asked", QUESTIONS)
def test_answers_are_the_librarys(asked: str, name: str) -> None:
    x, _ = few(name)
    names = [f"x{j}" for j in range(x.shape[1])]
    options = QUESTIONS[asked]
    expected = booster(name).predict(xgb.DMatrix(x, feature_names=names), **options)
    for engine in ("local", "perturbed", "cluster"):
        with on(engine):
            for form in ("values", "array uneven", "frame empty", "matrix"):
                if form.startswith("frame") and expected.ndim > 2:
                    with pytest.raises(ValueError, match="more than 2 dimensions"):
                        pxgb.predict(None, booster(name), given(x, form), **options)
                    continue
                if form == "matrix":
                    data: Any = pxgb.DaskDMatrix(None, given(x, "frame uneven"))
                else:
                    data = given(x, form) if form.startswith("frame") else pd.DataFrame(x, columns=names)
                    if form.startswith("array"):
                        data = pxgb.DaskDMatrix(None, given(x, form), feature_names=names)
                found = pxgb.predict(None, booster(name), data, **options)
                assert isinstance(found, np.ndarray) == (form == "values")
                found = plain(found)
                assert found.dtype == np.float32 and found.shape == expected.shape
                np.testing.assert_array_equal(found, expected, err_msg=f"{form} on {engine}")


@pytest.mark.parametrize("form", ["values", "array one", "array uneven", "frame uneven"])
def test_in_place_with_margins(form: str) -> None:
    x, _ = few("breast_cancer")
    margin = np.where(x[:, 0] > 0.5, 0.9, -0.4)
    one = booster("breast_cancer")
    for kind in ("value", "margin"):
        expected = one.inplace_predict(x, predict_type=kind, base_margin=margin, validate_features=False)
        lazy = given(x, form)
        beside = given(margin, form)
        if form.startswith("frame"):
            beside = (lazy["x0"] > 0.5).astype("float64") * 1.3 - 0.4
        found = plain(pxgb.inplace_predict(None, one, lazy, predict_type=kind, base_margin=beside))
        np.testing.assert_array_equal(found, expected)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(x.shape[1])])
    found = pxgb.inplace_predict(None, one, frame, base_margin=margin)
    np.testing.assert_array_equal(found, one.inplace_predict(x, base_margin=margin, validate_features=False))


def test_frames_keep_their_index_and_names() -> None:
    x, _ = few("iris")
    frame = given(x, "frame uneven")
    frame = frame.assign(key=frame["x0"] * 0 + 1).set_index("key")
    answer = pxgb.predict(None, booster("iris"), frame)
    assert list(answer.columns) == ["0", "1", "2"]
    computed = answer.compute()
    assert computed.index.name == "key" and (computed.index == 1.0).all()
    one = pxgb.predict(None, booster("breast_cancer"), given(few("breast_cancer")[0], "frame one"))
    assert one.name is None and one.ndim == 1
    beside = given(few("breast_cancer")[0], "frame one")
    scored = beside.assign(score=pxgb.predict(None, booster("breast_cancer"), beside))
    assert (scored["score"] > 0.5).mean().compute() == pytest.approx(0.63, abs=0.02)


def test_a_model_of_any_size() -> None:
    x, y = real("digits")
    params = {"objective": "multi:softprob", "num_class": 10, "max_depth": 8, "min_child_weight": 0, "lambda": 0}
    big = alone(x, y, params, 60)
    assert len(big.save_raw("ubj")) > 1 << 20
    expected = big.predict(xgb.DMatrix(x))
    for engine in ("local", "cluster"):
        with on(engine):
            np.testing.assert_array_equal(pxgb.predict(None, big, da.from_array(x, chunks=(500, -1))).compute(), expected)


def test_lazy_means_lazy() -> None:
    x, _ = few("iris")
    answer = pxgb.predict(None, booster("iris"), given(x, "array one"), validate_features=False)
    assert answer.shape == (150, 3) and answer.chunks == ((150,), (3,))
    assert float(answer[:5].sum(axis=1).compute().mean()) == pytest.approx(1.0, abs=1e-5)
