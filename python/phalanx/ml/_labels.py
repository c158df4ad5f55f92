"""The different values of lazy arrays and their numbers: the keys by which Rust knows values."""

from __future__ import annotations

from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np, pd

__all__ = ["distinct", "numbered", "numbers_of_texts", "one_hot"]


def distinct(x: Any) -> list[Any] | None:
    """Of each column of a lazy array of one or two axes the different values, sorted, NaN last; None, if they are many."""
    if x.ndim not in (1, 2) or any(np.isnan(length) for length in x.shape) or x.dtype.kind not in "biuf":
        return None
    found = _phalanx.distinct_keys(_client.native(), x._native)
    if found is None:
        return None
    columns = [np.array(keys, dtype=np.int64) for keys in found]
    return [np.unique((keys.view(np.float64) if x.dtype.kind == "f" else keys).astype(x.dtype)) for keys in columns]


def _keys(values: Any, dtype: Any, is_float: bool) -> list[int] | None:
    """The keys of categories in data of this type; None, if there are none that say exactly the same."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        return None
    if is_float:
        as_there = values.astype(dtype) if dtype.kind == "f" else values
        floats = as_there.astype(np.float64) + 0.0
        if values.dtype.kind in "iu" and (floats.astype(values.dtype) != values).any():
            return None
        floats[np.isnan(floats)] = np.nan
        return list(floats.view(np.int64).tolist())
    if np.uint64 in (values.dtype, dtype) and values.dtype != dtype and values.size and values.min() < 0:
        return None
    return list(values.astype(np.int64).tolist())


def _all_keys(x: Any, categories: list[Any]) -> tuple[list[list[int]], bool] | None:
    if x.dtype.kind not in "biuf" or any(np.isnan(length) for length in x.shape):
        return None
    kinds = {np.asarray(each).dtype.kind for each in categories}
    is_float = x.dtype.kind == "f" or "f" in kinds
    if is_float and x.dtype.kind in "iu" and x.dtype.itemsize == 8:
        return None  # not every integer is a float
    keys = [_keys(each, x.dtype, is_float) for each in categories]
    return None if any(each is None for each in keys) else (keys, is_float)  # type: ignore[return-value]


def numbered(x: Any, categories: list[Any], dtype: Any, unknown: float | None = None, missing: float = float("nan")) -> Any:
    """For each value of a lazy array its number among the categories of its column; None, if keys can't tell them."""
    from phalanx.array._base import wrap

    found = _all_keys(x, categories)
    if found is None:
        return None
    return wrap(_phalanx.category_codes(x._native, *found, unknown, missing, np.dtype(dtype).name))


def one_hot(x: Any, categories: list[Any], left_out: list[int | None], dtype: Any) -> Any:
    """A column of 0 and 1 for each category of each column of a lazy array; None, if keys can't tell them."""
    from phalanx.array._base import wrap

    found = _all_keys(x, categories)
    if found is None:
        return None
    keys, is_float = found
    return wrap(_phalanx.category_columns(x._native, keys, left_out, is_float, np.dtype(dtype).name))


def numbers_of_texts(frame: Any, categories: dict[str, Any], unknown: float, missing: float) -> Any:
    """The frame with one more column for each of these, and the new columns' names: the number of each text among the
    categories, as float64. Columns that are no text, or whose categories are not, are left out."""
    is_object_dtype, is_string_dtype = pd.api.types.is_object_dtype, pd.api.types.is_string_dtype
    dtypes = frame._meta.dtypes
    columns, names = [], {}
    for name, known in categories.items():
        dtype = dtypes[name]
        if isinstance(dtype, pd.CategoricalDtype):
            dtype = dtype.categories.dtype
        texts = [value for value in known if not pd.isna(value)]
        are_first = not any(pd.isna(value) for value in list(known)[: len(texts)])
        if are_first and (is_string_dtype(dtype) or is_object_dtype(dtype)) and all(isinstance(each, str) for each in texts):
            names[name] = f"__number_of_{name}__"
            columns.append((name, names[name], texts))
    return (frame._wrap(_phalanx.text_numbers(frame._native, columns, unknown, missing)) if columns else frame), names
