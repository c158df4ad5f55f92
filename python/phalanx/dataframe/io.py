"""Frames out of the caller's memory."""

from __future__ import annotations

from typing import Any

from phalanx import _client
from phalanx._lazy import np, pa, pd
from phalanx.dataframe._convert import arrow_table
from phalanx.dataframe._core import DataFrame

__all__ = ["from_array", "from_arrow", "from_dask_array", "from_dict", "from_pandas"]


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


def from_dict(
    data: dict[str, Any],
    npartitions: int = 1,
    orient: str = "columns",
    dtype: Any = None,
    columns: Any = None,
    constructor: Any = None,
    *,
    client: Any = None,
) -> DataFrame:
    """A lazy frame of a dict.

    Parameters
    ----------
    data : dict
        Of columns; with ``orient="index"``, of rows.
    npartitions : int
        Parts of as many rows each.
    orient, dtype, columns
        As pandas' ``DataFrame.from_dict`` takes them.
    constructor : type, optional
        The class whose ``from_dict`` makes the frame; pandas' ``DataFrame`` by default.
    """
    made = (constructor or pd.DataFrame).from_dict(data, orient=orient, dtype=dtype, columns=columns)
    frame: DataFrame = from_pandas(made, npartitions, client=client)
    return frame


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


def from_array(
    arr: Any, chunksize: int = 50_000, columns: Any = None, meta: Any = None, *, client: Any = None
) -> Any:
    """A lazy frame of a matrix, or a lazy series of a vector, in parts of ``chunksize`` rows.

    Parameters
    ----------
    arr : array_like
        Of one or two dimensions, or records, each of whose fields is a column. A lazy array: see
        :func:`from_dask_array`.
    chunksize : int
        Rows of a partition.
    columns : str or list of str, optional
        The names of the columns (``0``, ``1``, … by default), or of the series.
    meta
        Taken as Dask takes it: the array tells its types.
    """
    if getattr(arr, "_phalanx_kind", None) == "array":
        return from_dask_array(arr, columns, client=client)
    values = np.asarray(arr)
    if values.ndim > 2:
        raise ValueError("array must be 1- or 2-dimensional")
    return from_pandas(_as_pandas(values, columns), chunksize=chunksize, client=client)


def _as_pandas(values: Any, columns: Any) -> Any:
    if values.ndim == 1 and values.dtype.names is None:
        return pd.Series(values, name=columns)
    if columns is not None and values.dtype.names is None and len(columns) != values.shape[1]:
        raise ValueError(f"array has {values.shape[1]} columns, and columns names {len(columns)}")
    return pd.DataFrame(values, columns=columns)


#: Rows of a lazy array that come by way of this process at once.
_ROWS_BYTES = 64 << 20


def from_dask_array(x: Any, columns: Any = None, index: Any = None, meta: Any = None, *, client: Any = None) -> Any:
    """A lazy frame (or series) of a lazy matrix (or vector), a partition for each chunk of rows; without an index.

    It is computed now, chunks of at most 64 MiB or one chunk at a time, by way of this process.

    Parameters
    ----------
    x : Array
        Of one or two dimensions.
    columns : str or list of str, optional
        The names of the columns (``0``, ``1``, … by default), or of the series.
    index
        Must be None: assign a column, and set_index it.
    meta
        Taken as Dask takes it: the array tells its types.
    """
    if index is not None:
        raise NotImplementedError("from_dask_array(index=…): assign the labels as a column, and set_index it")
    if x.ndim > 2:
        raise ValueError(f"from_array does not input more than 2D array, got array with shape {x.shape!r}")
    if any(length != length for length in x.shape):
        raise ValueError("an array of unknown length: compute_chunk_sizes() first")
    native = _client.native(client)
    names = columns if x.ndim == 1 else [str(name) for name in (range(x.shape[1]) if columns is None else columns)]
    width = max(1, x.dtype.itemsize * (x.shape[1] if x.ndim == 2 else 1))
    frames, start, sizes = [], 0, [int(size) for size in x.chunks[0]] or [0]
    while sizes:
        taken = [sizes.pop(0)]
        while sizes and (sum(taken) + sizes[0]) * width <= _ROWS_BYTES:
            taken.append(sizes.pop(0))
        rows = np.asarray(x[start : start + sum(taken)].compute(client=native))
        start += sum(taken)
        part = _as_pandas(rows, names)
        if x.ndim == 1:
            part = part.to_frame("0" if names is None else names)
        table, label = arrow_table(part)
        borders = [0, *np.cumsum(taken).tolist()]
        frames.append(_scatter(table.drop_columns([label]), borders, None, client)._native)
    whole = DataFrame._wrap(frames[0] if len(frames) == 1 else type(frames[0]).stacked(frames, False))
    return whole[whole._names[0]].rename(names) if x.ndim == 1 else whole
