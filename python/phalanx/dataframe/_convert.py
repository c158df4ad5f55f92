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
    columns = []
    for name, (_, column) in zip(names, frame.items()):
        columns.append(_arrow_column(name, column))
    index = INDEX if frame.index.name is None else str(frame.index.name)
    if index in names:
        raise ValueError(f"the index and a column are both named {index!r}: rename one of them")
    columns.append(_arrow_column(index, frame.index.to_series()))
    return pa.table(columns, names=[*names, index]), index


def _arrow_column(name: str, column: Any) -> Any:
    kind = getattr(column.dtype, "kind", "O")
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
        return array.cast(pa.dictionary(pa.int32(), pa.string()))
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        return array.cast(pa.string())
    return array


def to_pandas(table: Any, index: str | None) -> Any:
    """A computed table as pandas has it, with its index."""
    arrow = pa.table(table)
    frame = arrow.to_pandas(types_mapper=None)
    if index is None or index not in frame.columns:
        return frame
    frame = frame.set_index(index)
    if index == INDEX:
        frame.index.name = None
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

    def __repr__(self) -> str:
        return f"<values of {self._of!r}>"
