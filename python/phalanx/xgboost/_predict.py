"""Predictions: lazy, and computed where the rows are."""

from __future__ import annotations

import json
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np, pd
from phalanx.ml._given import kind_of
from phalanx.xgboost._given import Features, check_client, codes_and_types, features, one_column
from phalanx.xgboost._library import CATEGORIES, categories_of, python_package
from phalanx.xgboost._matrix import DaskDMatrix

__all__ = ["ask", "booster_of", "inplace_predict", "predict"]


def booster_of(model: Any) -> Any:
    """The booster of what :func:`~phalanx.xgboost.train` returns, of an estimator, or itself.

    Raises
    ------
    TypeError
        It has none.
    """
    if isinstance(model, dict):
        model = model.get("booster")
    if hasattr(model, "get_booster"):
        model = model.get_booster()
    if not isinstance(model, python_package().Booster):
        raise TypeError(f"Expecting a Booster, or what train() returns. Got {type(model)}")
    return model


def predict(
    client: Any,
    model: Any,
    data: Any,
    *,
    output_margin: bool = False,
    missing: float = float("nan"),
    pred_leaf: bool = False,
    pred_contribs: bool = False,
    approx_contribs: bool = False,
    pred_interactions: bool = False,
    validate_features: bool = True,
    iteration_range: tuple[int, int] = (0, 0),
    strict_shape: bool = False,
) -> Any:
    """A model's answers to rows.

    Parameters
    ----------
    client : Client, optional
        None for the current one, or this process.
    model : Booster or dict
        Of any size for arrays; for frames up to 16 MiB (compressed).
    data : DaskDMatrix, array or DataFrame
        Lazy rows are answered lazily, values by values.
    output_margin, pred_leaf, pred_contribs, approx_contribs, pred_interactions : bool
        What the answers are: margins, leaves, SHAP values and those of pairs of features.
    missing : float
        The value that stands for a missing one, besides NaN; that of a DaskDMatrix is its own.
    validate_features : bool
        Whether names of features must be those of the training, in order.
    iteration_range : tuple of two int
        The rounds that answer, from the first up to the second; (0, 0) for all.
    strict_shape : bool
        Always all axes.

    Returns
    -------
    array, Series or DataFrame
        Of ``float32``. For a frame a series, or a frame with the columns "0", "1", … .

    Raises
    ------
    ValueError
        Features are missing, or named otherwise; answers of more axes than a frame has.
    """
    kinds = [
        (pred_leaf, "leaf"),
        (pred_interactions, "approx_interactions" if approx_contribs else "interactions"),
        (pred_contribs, "approx_contribs" if approx_contribs else "contribs"),
        (output_margin, "margin"),
    ]
    kind = next((kind for asked, kind in kinds if asked), "value")
    question = (kind, (int(iteration_range[0]), int(iteration_range[1])), bool(strict_shape), missing)
    return ask(client, model, data, question, validate=validate_features, names_needed=True)


def inplace_predict(
    client: Any,
    model: Any,
    data: Any,
    *,
    iteration_range: tuple[int, int] = (0, 0),
    predict_type: str = "value",
    missing: float = float("nan"),
    validate_features: bool = True,
    base_margin: Any = None,
    strict_shape: bool = False,
) -> Any:
    """As :func:`predict`, of rows that are no DaskDMatrix, with a margin where predictions begin.

    Parameters
    ----------
    predict_type : {"value", "margin"}
    base_margin : array or Series, optional
        One number a row, or one for each output: an array beside an array, a series or a frame beside a frame.
    """
    if predict_type not in ("value", "margin"):
        raise ValueError(f"predict_type={predict_type!r}: 'value' or 'margin'")
    if isinstance(data, DaskDMatrix):
        raise TypeError("inplace_predict takes an array or a frame: predict() takes a DaskDMatrix")
    question = (predict_type, (int(iteration_range[0]), int(iteration_range[1])), bool(strict_shape), missing)
    return ask(client, model, data, question, validate=validate_features, base_margin=base_margin)


Question = tuple[str, tuple[int, int], bool, float]


def ask(
    client: Any,
    model: Any,
    data: Any,
    question: Question,
    *,
    validate: bool,
    base_margin: Any = None,
    names_needed: bool = False,
    largest: bool = False,
) -> Any:
    """The answers of a model: lazy ones to lazy rows, values to values; ``largest`` asks where each answer is largest."""
    native, booster = check_client(client), booster_of(model)
    kind, rounds, strict, missing = question
    if isinstance(data, DaskDMatrix):
        given, missing, names = data._given, data.missing, data.feature_names
    else:
        given = features(data)
        names = given.names
    if validate:
        _check_names(booster, names, given.width, needed=names_needed)
    frame = given.data if given.kind == "frame" else None
    packed = _phalanx.BoostModel(_bytes(booster, frame))
    asked = (kind, rounds, strict, None if missing is None or np.isnan(missing) else float(missing))
    if isinstance(data, DaskDMatrix):
        return _of_matrix(native, packed, data, booster, asked)
    if isinstance(data, pd.DataFrame) and (base_margin is not None or len(packed.shape(asked)) > 1):
        matrix = DaskDMatrix(client, data, base_margin=base_margin, missing=missing, enable_categorical=True)
        answer = _of_matrix(native, packed, matrix, booster, asked)
        return np.asarray((answer.argmax(axis=1) if largest else answer).compute())
    if given.kind == "array":
        margin = None if base_margin is None else _margin_array(base_margin)
        answer = _array(packed.of_array(native, given.data._native, margin, asked))
        return given.answer(answer.argmax(axis=1) if largest else answer)
    return _of_frame(packed, given, base_margin, asked, largest=largest)


def _array(native: Any) -> Any:
    from phalanx.array._base import wrap

    return wrap(native)


def _margin_array(base_margin: Any) -> Any:
    if kind_of(base_margin) in ("series", "frame"):
        raise TypeError("base_margin is a series beside an array: give an array")
    return one_column(base_margin, "base_margin")._native


def _of_matrix(native: Any, packed: Any, matrix: DaskDMatrix, booster: Any, asked: Any) -> Any:
    """The answers to the rows of a matrix, as a lazy array."""
    if matrix._given.kind == "frame":
        known = categories_of(booster)
        categories = {name: known.get(name, own) for name, own in matrix._categories.items()}
        rows = matrix._features(categories).to_array(native)
    else:
        rows = matrix._given.data._native
    margin = matrix._fields.get("base_margin")
    return _array(packed.of_array(native, rows, None if margin is None else margin.to_array(native), asked))


def _of_frame(packed: Any, given: Features, base_margin: Any, asked: Any, *, largest: bool) -> Any:
    from phalanx.dataframe import DataFrame, Series

    shape = packed.shape(asked)
    if len(shape) > 1:
        raise ValueError("Use an array or a `DaskDMatrix` when output has more than 2 dimensions.")
    frame, names = given.data, given.names or []
    margins: list[str] = []
    if base_margin is not None:
        frame, margins = _beside(frame, base_margin, names)
    if largest:
        answer = Series._wrap(packed.largest_of_frame(frame._native, names, margins, asked))
    elif not shape:
        answer = Series._wrap(packed.column_of_frame(frame._native, names, margins, asked))
    else:
        answer = DataFrame._wrap(packed.columns_of_frame(frame._native, names, margins, asked))
    return answer if given.lazy else answer.compute().to_numpy()


def _beside(frame: Any, base_margin: Any, names: list[str]) -> tuple[Any, list[str]]:
    """The frame with the margins as columns, and their names."""
    if kind_of(base_margin) not in ("series", "frame"):
        raise TypeError("base_margin beside a lazy frame is a series, or a frame of its columns")
    columns = [base_margin] if kind_of(base_margin) == "series" else [base_margin[name] for name in base_margin.columns]
    prefix = "margin"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    margins = {f"{prefix}{place}": column for place, column in enumerate(columns)}
    return frame.assign(**margins), list(margins)


def _check_names(booster: Any, names: list[str] | None, width: int, *, needed: bool) -> None:
    """Refuses features that are not those of the training."""
    if booster.num_features() != width:
        raise ValueError(f"Feature shape mismatch, expected: {booster.num_features()}, got {width}")
    known = booster.feature_names
    if known is None or list(known) == names:
        return
    if names is None:
        if needed:
            raise ValueError("data did not contain feature names, but the following fields are expected: " + ", ".join(known))
        return
    absent, new = [name for name in known if name not in names], [name for name in names if name not in known]
    message = f"feature_names mismatch: {list(known)} {names}"
    if absent:
        message += f"\nexpected {', '.join(absent)} in input data"
    if new:
        message += f"\ntraining data did not have the following fields: {', '.join(new)}"
    raise ValueError(message)


def _bytes(booster: Any, frame: Any) -> bytes:
    """The model, which knows the categories of its features beside a frame that has some."""
    if frame is None or booster.attr(CATEGORIES) is not None or "c" not in (booster.feature_types or []):
        return bytes(booster.save_raw("ubj"))
    # Trained by XGBoost alone: newer versions keep the categories themselves, with older ones a frame's own are meant.
    categories = categories_of(booster) or codes_and_types(frame, True)[0]
    copy = booster.copy()
    copy.set_attr(**{CATEGORIES: json.dumps(categories)})
    return bytes(copy.save_raw("ubj"))
