"""pandas' memory in and out."""

from __future__ import annotations

from typing import Any

from phalanx._collection import Collection
from phalanx._lazy import np, pa, pd

__all__ = ["INDEX", "Values", "arrow_table", "to_pandas"]

#: The column of an index without a name, as pyarrow calls it.
INDEX = "__index_level_0__"


def arrow_table(frame: Any) -> tuple[Any, str | None]:
    """A pandas frame as an Arrow table without metadata, and the name of its index column."""
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise ValueError(f"column {repeated[0]!r} is there twice: give each column its own name")
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise NotImplementedError("columns of several levels: join their names first")
    if frame.index.nlevels > 1:
        raise NotImplementedError("an index of several levels: reset_index() first")
    names = [name if isinstance(name, str) else str(name) for name in frame.columns]
    columns, fields = [], []
    for name, (_, column) in zip(names, frame.items()):
        columns.append(_arrow_column(name, column))
        fields.append(_field(name, column, columns[-1]))
    index = INDEX if frame.index.name is None else str(frame.index.name)
    if index in names:
        raise ValueError(f"the index and a column are both named {index!r}: rename one of them")
    labels = frame.index.to_series()
    columns.append(_arrow_column(index, labels))
    fields.append(_field(index, labels, columns[-1]))
    return pa.table(columns, schema=pa.schema(fields)), index


def _field(name: str, column: Any, values: Any) -> Any:
    """The field of a column; of categories it says which there are, and whether they have an order."""
    field = pa.field(name, values.type)
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return field
    from phalanx.dataframe.categories import field_metadata

    return field.with_metadata(field_metadata(column.dtype))


def _arrow_column(name: str, column: Any) -> Any:
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, (pd.PeriodDtype, pd.IntervalDtype)) or (
        isinstance(column.dtype, pd.CategoricalDtype) and isinstance(column.dtype.categories, (pd.IntervalIndex, pd.PeriodIndex))
    ):
        what = column.dtype.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
        raise NotImplementedError(
            f"column {name!r} holds values of type {what}: astype(str), or give names to the bins (pd.cut(…, labels=…))"
        )
    if kind == "c":
        raise NotImplementedError(f"column {name!r} holds complex numbers: split it into two columns of floats")
    if kind == "V":
        raise NotImplementedError(f"column {name!r} is a structured array: give a column for each field")
    if kind == "O" and not isinstance(column.dtype, (pd.CategoricalDtype, pd.StringDtype)):
        sample = column.dropna()
        if len(sample) and not sample.map(lambda value: isinstance(value, str)).all():
            try:
                array = pa.Array.from_pandas(column)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise TypeError(
                    f"column {name!r} holds Python objects that are no strings ({error}): astype(str) or drop it first"
                ) from None
            if not (pa.types.is_decimal(array.type) or pa.types.is_date(array.type) or pa.types.is_boolean(array.type)):
                raise TypeError(f"column {name!r} holds Python objects that are no strings: astype first, or drop it")
            return array
        return pa.Array.from_pandas(column, type=pa.string())
    array = pa.array(column, from_pandas=kind != "f")
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        values = array.dictionary
        if pa.types.is_null(values.type) or pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
            values = values.cast(pa.string())
        return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), values)
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        return array.cast(pa.string())
    return array


def to_pandas(table: Any, index: str | None) -> Any:
    """A computed table as pandas has it, with its index."""
    arrow = pa.table(table)
    frame = arrow.to_pandas(types_mapper=None) if not _dictionaries(arrow) else _with_categories(arrow)
    if index is None or index not in frame.columns:
        return frame
    frame = frame.set_index(index)
    if index == INDEX:
        frame.index.name = None
    return frame


def _dictionaries(table: Any) -> list[int]:
    return [place for place, field in enumerate(table.schema) if pa.types.is_dictionary(field.type)]


def _with_categories(table: Any) -> Any:
    """The table as a pandas frame, its dictionaries as the categories that their fields name."""
    from phalanx.dataframe.categories import categorical

    places = _dictionaries(table)
    plain = table
    for place in places:
        plain = plain.set_column(place, table.schema.names[place], pa.nulls(table.num_rows, pa.int8()))
    frame = plain.to_pandas(types_mapper=None)
    for place in places:
        frame[table.schema.names[place]] = categorical(table.column(place), table.schema.field(place))
    return frame


class Values(Collection):
    """The values of a lazy series or frame, as NumPy's array once computed."""

    __slots__ = ("_of",)
    _phalanx_kind = "frame"

    def __init__(self, of: Any) -> None:
        self._of = of

    def _prepared(self, native: Any) -> Any:
        return self._of._prepared(native)

    def _finish(self, table: Any) -> Any:
        values = self._of._finish(table)
        array = values.to_numpy()
        if array.dtype == np.dtype(object) or not isinstance(array, np.ndarray):
            return np.asarray(array, dtype=object)
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.compute(), dtype)

    def __repr__(self) -> str:
        return f"<values of {self._of!r}>"
