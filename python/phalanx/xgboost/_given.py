"""What a caller gives as features, labels and the rest: values or lazy, told apart once."""

from __future__ import annotations

import json
from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np, pd
from phalanx.ml._given import kind_of, row_chunks

__all__ = ["Features", "check_client", "codes_and_types", "features", "one_column", "rows_of", "small_values"]

_KINDS = "must be int, float, bool or category. When categorical type is supplied, the parameter `enable_categorical` must be set to `True`."


def check_client(client: Any) -> _phalanx.Client:
    """The native client of what was given as ``client``.

    Raises
    ------
    TypeError
        It is no client: the features were given first, perhaps.
    """
    if client is not None and not isinstance(client, _phalanx.Client) and not hasattr(client, "_native"):
        raise TypeError(f"the first argument is a client, or None for the current one, not {type(client).__name__}")
    if kind_of(client) != "values":
        raise TypeError("the first argument is a client, or None for the current one; then come the features")
    return _client.native(client)


class Features:
    """Features: a lazy array or frame, and whether they were values."""

    def __init__(self, data: Any, kind: str, *, lazy: bool) -> None:
        self.data, self.kind, self.lazy = data, kind, lazy

    @property
    def width(self) -> int:
        """How many features."""
        return len(self.data.columns) if self.kind == "frame" else int(self.data.shape[1])

    @property
    def names(self) -> list[str] | None:
        """The names of a frame's columns."""
        return [str(name) for name in self.data.columns] if self.kind == "frame" else None

    def answer(self, lazy: Any) -> Any:
        """A lazy array as the caller gets it."""
        return lazy if self.lazy else np.asarray(lazy.compute())


def features(data: Any) -> Features:
    """Tells what ``data`` is; values become lazy.

    Raises
    ------
    TypeError
        Neither an array nor a frame.
    ValueError
        Not two axes.
    """
    kind = kind_of(data)
    if kind == "series" or (kind == "values" and isinstance(data, pd.Series)):
        raise ValueError("Expecting 2 dimensional input, got a series: give a frame, as in frame[['x']]")
    if kind == "frame":
        return Features(data, "frame", lazy=True)
    if kind == "array":
        if data.ndim != 2:
            raise ValueError(f"Expecting 2 dimensional input, got: {data.shape}")
        if any(np.isnan(length) for length in data.shape):
            data = data.compute_chunk_sizes()
        return Features(data, "array", lazy=True)
    if isinstance(data, pd.DataFrame):
        from phalanx.dataframe import from_pandas

        pieces = len(row_chunks(len(data), data.shape[1]))
        data = data.rename(columns=str) if any(not isinstance(name, str) for name in data.columns) else data
        return Features(from_pandas(data.reset_index(drop=True), npartitions=pieces), "frame", lazy=False)
    if hasattr(data, "tocsr"):
        raise TypeError("sparse matrices are not covered: give a dense array (x.toarray()), whose NaN are missing values")
    from phalanx import array as da

    values = np.asarray(data)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"features are numbers, not {values.dtype}: give a frame for columns of categories")
    if values.ndim != 2:
        raise ValueError(f"Expecting 2 dimensional input, got: {values.shape}")
    values = values.astype(np.float32) if values.dtype == np.float16 else np.ascontiguousarray(values)
    chunks = (row_chunks(*values.shape), (values.shape[1],))
    return Features(da.from_array(values, chunks=chunks), "array", lazy=False)


def codes_and_types(frame: Any, enable_categorical: bool) -> tuple[dict[str, list[str]], list[str]]:
    """The texts of the categories of each column that has any, and XGBoost's names of the types of all.

    Raises
    ------
    ValueError
        A column holds neither numbers nor truth values, and no categories, or these were not asked for.
    """
    from phalanx.dataframe.categories import category_dtype

    categories: dict[str, list[str]] = {}
    types, bad = [], []
    for name, dtype in zip(frame.columns, frame.dtypes):
        name, numpy_kind = str(name), getattr(dtype, "kind", "O")
        if isinstance(dtype, pd.CategoricalDtype) or str(dtype) == "category":
            types.append("c")
            if not enable_categorical:
                bad.append(name)
                continue
            known = category_dtype(frame[name].cat.as_known())
            categories[name] = _texts(known.categories, name)
        elif numpy_kind in "biuf":
            types.append({"b": "i", "f": "float"}.get(numpy_kind, "int"))
        else:
            bad.append(name)
    if bad:
        raise ValueError(f"DataFrame.dtypes for data {_KINDS} Invalid columns: {', '.join(bad)}")
    return categories, types


def _texts(categories: Any, name: str) -> list[str]:
    from phalanx.dataframe.categories import field_metadata

    if categories.dtype.kind not in "OiuUbT" and not pd.api.types.is_string_dtype(categories.dtype):
        raise NotImplementedError(f"column {name!r} has categories of {categories.dtype}: make them text or integers")
    return [str(text) for text in json.loads(next(iter(field_metadata(pd.CategoricalDtype(categories)).values())))]


def rows_of(native: _phalanx.Client, value: Any, what: str, rows: int) -> _phalanx.BoostRows:
    """One number a row, or several, as rows that ranks are fed.

    Raises
    ------
    ValueError
        It has not as many rows.
    """
    kind = kind_of(value)
    if kind == "series":
        made = _phalanx.BoostRows.of_frame(native, value.to_frame("column")._native, ["column"], {})
    elif kind == "frame":
        made = _phalanx.BoostRows.of_frame(native, value._native, [str(name) for name in value.columns], {})
    else:
        made = _phalanx.BoostRows.of_array(native, one_column(value, what)._native)
    if made.rows != rows:
        raise ValueError(f"{what} has {made.rows} rows, and the features have {rows}")
    return made


def one_column(value: Any, what: str) -> Any:
    """Values, or an array, of one or two axes as a lazy array of two."""
    from phalanx import array as da

    if kind_of(value) == "values":
        values = np.asarray(value)
        if values.dtype.kind not in "biuf":
            try:
                values = values.astype(np.float64)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{what} must be numbers, not {values.dtype}") from error
        value = da.from_array(values, chunks=-1)
    if value.ndim not in (1, 2):
        raise ValueError(f"{what} has {value.ndim} axes: give one number a row, or one for each output")
    if any(np.isnan(length) for length in value.shape):
        value = value.compute_chunk_sizes()
    return value.reshape(-1, 1) if value.ndim == 1 else value


def small_values(value: Any) -> Any:
    """What is needed here, as values of one axis: groups, and weights of features."""
    return np.asarray(value.compute() if kind_of(value) != "values" else value).reshape(-1)
