"""Frames out of memory and files, and into files."""

from __future__ import annotations

import os
from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import pa, pd
from phalanx.dataframe._convert import INDEX, arrow_table
from phalanx.dataframe._core import DataFrame
from phalanx.dataframe.series import Series

__all__ = ["from_arrow", "from_dict", "from_pandas", "read_csv", "read_parquet", "to_datetime", "to_numeric", "to_timedelta"]


def _bounds(rows: int, npartitions: int | None, chunksize: int | None) -> list[int]:
    if npartitions is not None and chunksize is not None:
        raise ValueError("Exactly one of npartitions and chunksize must be specified.")
    if chunksize is not None:
        npartitions = max(1, -(-rows // chunksize))
        return [min(rows, at * chunksize) for at in range(npartitions + 1)]
    npartitions = 1 if npartitions is None else int(npartitions)
    if npartitions < 1:
        raise ValueError("npartitions must be at least 1")
    return [rows * at // npartitions for at in range(npartitions + 1)]


def _scatter(table: Any, bounds: list[int], index: str | None, client: Any) -> DataFrame:
    parts = [table.slice(start, end - start) for start, end in zip(bounds, bounds[1:])]
    native = _client.native(client).scatter_frame(parts)
    return DataFrame._wrap(native if index is None else native.set_index(index))


def from_pandas(
    data: Any, npartitions: int | None = None, *, chunksize: int | None = None, sort: bool = False, client: Any = None
) -> Any:
    """A lazy frame (or series) of a pandas one, in ``npartitions`` parts or parts of ``chunksize`` rows.

    The rows keep their order. Column names become text. Object columns must hold strings, decimals or dates.
    """
    if sort:
        data = data.sort_index()
    if isinstance(data, pd.Series):
        name = "0" if data.name is None else str(data.name)
        frame = from_pandas(data.to_frame(name), npartitions, chunksize=chunksize, client=client)
        return frame[name].rename(None if data.name is None else name)
    if not isinstance(data, pd.DataFrame):
        raise TypeError("Input must be a pandas DataFrame or Series.")
    table, index = arrow_table(data)
    return _scatter(table, _bounds(len(data), npartitions, chunksize), index, client)


def from_dict(data: dict[str, Any], npartitions: int = 1, *, client: Any = None) -> DataFrame:
    """A lazy frame of a dict of columns."""
    return from_pandas(pd.DataFrame(data), npartitions, client=client)


def from_arrow(data: Any, npartitions: int | None = None, *, chunksize: int | None = None, client: Any = None) -> DataFrame:
    """A lazy frame of a pyarrow table, or of anything with Arrow's C stream; without an index."""
    table = pa.table(data).replace_schema_metadata(None)
    repeated = [name for name in table.column_names if table.column_names.count(name) > 1]
    if repeated:
        raise ValueError(f"column {repeated[0]!r} is there twice: give each column its own name")
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        elif pa.types.is_dictionary(kind):
            kind = pa.dictionary(pa.int32(), pa.string())
        fields.append(pa.field(field.name, kind, field.nullable))
    table = table.cast(pa.schema(fields))
    return _scatter(table, _bounds(len(table), npartitions, chunksize), None, client)


def read_parquet(path: Any, columns: Any = None, filters: Any = None, index: Any = None, **options: Any) -> DataFrame:
    """A lazy frame of Parquet files: a file, a folder, or a name with ``*``.

    ``filters`` are ``(column, op, value)`` triples, or a list of lists of them (or of ands); rows are filtered too.
    """
    _no_options("read_parquet", options)
    frame = DataFrame._wrap(_phalanx.Frame.read_parquet(os.fspath(path)))
    if filters:
        frame = frame[_filters(frame, filters)]
    if index is None and INDEX in frame._names:
        index = INDEX
    if isinstance(columns, str):
        return frame[[columns]][columns]
    if columns is not None:
        columns = list(columns)
        frame = frame[columns + [index] if index and index not in columns else columns]
    return frame.set_index(index, sort=False) if index else frame


def _filters(frame: DataFrame, filters: Any) -> Series:
    groups = [filters] if isinstance(filters[0], tuple) else filters
    names = {"==": "eq", "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

    def one(triple: tuple[str, str, Any]) -> Series:
        column, op, value = triple
        if op == "in":
            return frame[column].isin(value)
        if op == "not in":
            return ~frame[column].isin(value) & frame[column].notna()
        if op not in names:
            raise ValueError(f"{op!r} is not a valid operator in predicates.")
        holds = getattr(frame[column], names[op])(value)
        return holds & frame[column].notna() if op == "!=" else holds

    result: Any = None
    for group in groups:
        every: Any = None
        for triple in group:
            every = one(triple) if every is None else every & one(triple)
        result = every if result is None else result | every
    return result


def read_csv(
    path: Any,
    *,
    sep: str = ",",
    delimiter: str | None = None,
    usecols: Any = None,
    dtype: Any = None,
    parse_dates: Any = None,
    blocksize: int | str | None = None,
    sample_rows: int = 100_000,
    **options: Any,
) -> DataFrame:
    """A lazy frame of CSV files with a header: a file, a folder, or a name with ``*``.

    With ``blocksize``, files are cut into partitions of about so many bytes at line breaks, which must then not be
    inside of quoted values.
    """
    _no_options("read_csv", options)
    separator = delimiter or sep
    if len(separator.encode()) != 1:
        raise NotImplementedError("read_csv takes a separator of one byte")
    bytes_ = _bytes(blocksize) if isinstance(blocksize, str) else blocksize
    native = _phalanx.Frame.read_csv(os.fspath(path), ord(separator), sample_rows, bytes_)
    frame = DataFrame._wrap(native)
    if usecols is not None:
        wanted = [name for name in frame._names if usecols(name)] if callable(usecols) else list(usecols)
        frame = frame[[name for name in frame._names if name in wanted]] if set(wanted) <= set(frame._names) else frame[wanted]
    if parse_dates:
        for name in [parse_dates] if isinstance(parse_dates, str) else parse_dates:
            if frame[name].dtype.kind != "M":
                frame[name] = to_datetime(frame[name])
    if dtype is not None:
        frame = frame.astype(dtype)
    return frame


def _bytes(text: str) -> int:
    number = text.rstrip("BbIiKkMmGg ")
    unit = text[len(number):].strip().lower().removesuffix("b")
    scale = {"": 1, "k": 10**3, "ki": 2**10, "m": 10**6, "mi": 2**20, "g": 10**9, "gi": 2**30}
    return int(float(number) * scale[unit])


def _no_options(name: str, options: dict[str, Any]) -> None:
    if options:
        raise NotImplementedError(f"{name}({next(iter(options))}=…) is not supported: leave it out")


def write(
    frame: DataFrame,
    path: Any,
    format: str,
    *,
    compression: str = "snappy",
    write_index: bool = True,
    sep: str = ",",
    header: bool = True,
    **options: Any,
) -> list[str]:
    """Writes a file for each partition; their paths."""
    _no_options(f"to_{format}", options)
    native, index = frame._native, frame._native.index
    if index is not None:
        native = native.reset_index()
        if not write_index:
            native = native.drop_columns([index])
        elif format == "csv":
            native = native.select([index, *frame._names])
            if index == INDEX:
                native = native.rename([(INDEX, "Unnamed: 0")])
    elif format == "parquet" and not native.column_names:
        raise ValueError("a frame of no columns")
    written = native.write_files(os.fspath(path), format, compression, header, ord(sep))
    return list(DataFrame._wrap(written).compute()["path"])


def to_datetime(
    arg: Any, errors: str = "raise", utc: bool = False, format: str | None = None, unit: str | None = None
) -> Series:
    """Times out of text (ISO 8601, or in a format) or numbers (of ``unit`` since 1970)."""
    if errors not in ("raise", "coerce"):
        raise ValueError(f"invalid error value specified: {errors}")
    plain = None if format in ("ISO8601", "mixed") else format
    return Series._wrap(arg._native.to_datetime(plain, unit or "ns", utc, errors == "coerce"))


def to_timedelta(arg: Any, unit: str | None = None, errors: str = "raise") -> Series:
    """Spans of time out of text or numbers (of ``unit``)."""
    return Series._wrap(arg._native.to_timedelta(unit or "ns", errors == "coerce"))


def to_numeric(arg: Any, errors: str = "raise") -> Series:
    """Floats out of text; what is no number is missing with ``errors="coerce"``."""
    if arg._native.dtype != "str":
        return arg
    return Series._wrap(arg._native.astype("float64", errors == "coerce"))
