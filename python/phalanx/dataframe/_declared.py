"""What Python's functions over frames return: declared by the caller, or found out with a few made-up rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from phalanx._lazy import np, pa, pd
from phalanx.dataframe._convert import INDEX, _arrow_column, arrow_table, to_pandas
from phalanx.dataframe._values import numpy_dtype

__all__ = ["Declared", "declared", "meta_of", "no_meta", "sample"]

#: Stands for no meta at all.
no_meta: Any = object()


def sample(native: Any, pairs: int = 1) -> Any:
    """Made-up rows of a native frame's types, as pandas has them: two values of each column in turn, labels that rise."""
    schema = pa.table(native.empty()).schema
    rows = 2 * pairs
    columns = []
    for field in schema:
        kind = field.type
        numbers = list(range(rows)) if field.name == native.index else [1, 2] * pairs
        if pa.types.is_dictionary(kind):
            columns.append(_categories(field, pairs))
        elif pa.types.is_boolean(kind):
            columns.append(pa.array([True, False] * pairs))
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            columns.append(pa.array([f"a{n}" for n in numbers] if field.name == native.index else ["a", "b"] * pairs, kind))
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
            columns.append(pa.array([[], []] * pairs, kind))
        elif pa.types.is_date32(kind) or pa.types.is_decimal(kind):
            columns.append(pa.array(numbers, pa.int32()).cast(kind))
        elif pa.types.is_temporal(kind) or pa.types.is_integer(kind):
            columns.append(pa.array(numbers, pa.int64()).cast(kind))
        elif pa.types.is_floating(kind):
            columns.append(pa.array([float(n) for n in numbers], kind))
        else:
            columns.append(pa.nulls(rows, kind))
    return to_pandas(pa.table(columns, schema=schema), native.index)


def _categories(field: Any, pairs: int) -> Any:
    """Two categories in turn: the first that are known, or made-up ones of their type."""
    from phalanx.dataframe.categories import field_dtype

    kind = field_dtype(field)
    if kind.categories is not None and len(kind.categories):
        known = pa.array(kind.categories, field.type.value_type)
        return pa.DictionaryArray.from_arrays(pa.array([0, min(1, len(known) - 1)] * pairs, field.type.index_type), known)
    values = ["a", "b"] if pa.types.is_string(field.type.value_type) else [1, 2]
    return pa.array(values * pairs).cast(field.type.value_type).dictionary_encode().cast(field.type)


class Declared:
    """What a function returns: its kind, its Arrow schema and the column of its index.

    Of a column of categories the schema says which there are, if ``meta`` does and ``steady`` does not deny it.
    """

    __slots__ = ("index", "kind", "meta", "name", "schema")

    def __init__(self, meta: Any, indexed: bool, steady: Callable[[str, Any], bool] = lambda name, kind: True) -> None:
        self.meta = meta
        self.name = None
        if isinstance(meta, pd.DataFrame):
            self.kind, frame = "frame", meta
        elif isinstance(meta, pd.Series):
            self.kind, self.name = "series", meta.name
            frame = meta.to_frame("0" if meta.name is None else str(meta.name))
        elif isinstance(meta, pd.Index):
            self.kind, self.name, indexed = "index", meta.name, False
            frame = pd.DataFrame({"0" if meta.name is None else str(meta.name): meta})
        elif pd.api.types.is_scalar(meta):
            self.kind, frame, indexed = "scalar", pd.DataFrame({"0": [meta]}), False
        else:
            raise TypeError(f"a function of frames that returns a {type(meta).__name__}: return a frame, a series or a value")
        table, index = arrow_table(frame)
        unnamed = index == INDEX
        if not indexed and (unnamed and pd.api.types.is_integer_dtype(frame.index) or self.kind != "frame"):
            table, index = table.drop_columns([index]), None
        self.index = index
        # What is all missing in a sample has no type of its own.
        fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in table.schema]
        known = {
            name: column.dtype
            for name, (_, column) in zip((str(name) for name in frame.columns), frame.items())
            if isinstance(column.dtype, pd.CategoricalDtype) and len(column.dtype.categories) and steady(name, column.dtype)
        }
        self.schema = pa.schema([
            field if field.name in known else pa.field(field.name, field.type) for field in fields
        ])  # fmt: skip

    def table(self, result: Any) -> Any:
        """What the function has returned as an Arrow table of the declared schema."""
        if isinstance(result, (pd.DataFrame, pd.Series)) and not len(result):
            return self.schema.empty_table()  # pandas' types and columns of nothing are often others
        if isinstance(result, pd.Series) and self.kind == "frame":
            result = result.to_frame()
        names = [name for name in self.schema.names if name != self.index]
        if isinstance(result, pd.Series):
            frame = result.to_frame(names[0])
        elif isinstance(result, pd.Index):
            frame = pd.DataFrame({names[0]: result})
        elif isinstance(result, pd.DataFrame):
            frame = result
        else:
            frame = pd.DataFrame({names[0]: [result]})
        found = [str(name) for name in frame.columns]
        if sorted(found) != sorted(names):
            raise ValueError(
                f"the function returned the columns {found}, and {names} were declared: pass meta, an empty frame of "
                "what it returns"
            )
        arrays = []
        for field in self.schema:
            column = frame.index.to_series() if field.name == self.index else frame.iloc[:, found.index(field.name)]
            if field.metadata:
                column = _as_declared(field, column)
            array = _arrow_column(field.name, column)
            if isinstance(array, pa.ChunkedArray):
                array = array.combine_chunks()
            if array.type != field.type:
                array = _cast(array, field)
            arrays.append(array)
        return pa.table(arrays, schema=self.schema)

    def wrap(self, native: Any) -> Any:
        """The lazy object of a native frame of this schema."""
        from phalanx.dataframe._core import DataFrame
        from phalanx.dataframe.series import Series

        if self.kind == "frame":
            return DataFrame._wrap(native)
        column = next(name for name in self.schema.names if name != self.index)
        return Series._wrap(native.column(column).rename(None if self.name is None else str(self.name)))


def _as_declared(field: Any, column: Any) -> Any:
    """A column in the categories that were declared."""
    from phalanx.dataframe.categories import field_dtype

    kind = field_dtype(field)
    if column.dtype == kind:
        return column
    if not column.dropna().isin(kind.categories).all():
        raise ValueError(
            f"column {field.name!r} was declared with the categories {list(kind.categories)}, and the function returned "
            "others: pass meta, an empty frame of what it returns"
        )
    return column.astype(kind)


def _cast(array: Any, field: Any) -> Any:
    try:
        if pa.types.is_floating(array.type) and pa.types.is_integer(field.type):
            # NaN is a missing integer.
            array = pa.array(array.to_numpy(zero_copy_only=False), from_pandas=True)
        return array.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(
            f"column {field.name!r} was declared as {field.type}, and the function returned {array.type} ({error}): "
            "pass meta, an empty frame of what it returns"
        ) from None


def _steady(meta: Any, again: Callable[[], Any] | None) -> Callable[[str, Any], bool]:
    """Whether a function gives a column the same categories for no rows as for made-up ones: then they are its own."""
    if again is None or not _has_categories(meta):
        return lambda name, kind: False
    try:
        other = again()
    except Exception:
        return lambda name, kind: False
    columns = {str(other.name): other} if isinstance(other, pd.Series) else {str(name): other[name] for name in other}
    return lambda name, kind: getattr(columns.get("None" if name == "0" else name), "dtype", None) == kind


def _has_categories(meta: Any) -> bool:
    kinds = meta.dtypes if isinstance(meta, pd.DataFrame) else [getattr(meta, "dtype", None)]
    return any(isinstance(kind, pd.CategoricalDtype) for kind in kinds)


def declared(
    meta: Any, native: Any, emulate: Callable[[], Any], what: str, again: Callable[[], Any] | None = None
) -> Declared:
    """What a function over ``native`` returns: ``meta`` as Dask takes it, or what it returns for made-up rows.

    ``again`` is what it returns for no rows.
    """
    indexed = native.index is not None
    if meta is no_meta or meta is None:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                meta = emulate()
            except Exception as error:
                raise ValueError(
                    f"what {what} returns could not be found out with made-up rows: pass meta, an empty frame (or "
                    f"series, or a dict of names and types) of what it returns. It raised {type(error).__name__}: {error}"
                ) from error
            return Declared(meta, indexed, _steady(meta, again))
    return Declared(meta_of(meta, to_pandas(native.empty(), native.index).index), indexed)


def meta_of(meta: Any, index: Any) -> Any:
    if hasattr(meta, "_meta"):
        return meta._meta
    if isinstance(meta, (pd.DataFrame, pd.Series, pd.Index)):
        return meta
    if isinstance(meta, tuple) and len(meta) == 2 and not isinstance(meta[0], tuple):
        return pd.Series([], dtype=_dtype(meta[1]), name=meta[0], index=index[:0])
    if isinstance(meta, dict) or (isinstance(meta, Iterable) and not isinstance(meta, str)):
        pairs = dict(meta)
        return pd.DataFrame({name: pd.Series([], dtype=_dtype(kind), index=index[:0]) for name, kind in pairs.items()}, index=index[:0])
    if isinstance(meta, (str, type, np.dtype)):
        return pd.Series([], dtype=_dtype(meta), index=index[:0])
    return meta


def _dtype(kind: Any) -> Any:
    return numpy_dtype(kind) if isinstance(kind, str) else kind
