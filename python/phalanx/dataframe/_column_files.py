"""Parquet, ORC and HDF5: files that hold columns."""

from __future__ import annotations

import io
import json
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import pd, require
from phalanx.dataframe._calls import dumps
from phalanx.dataframe._convert import INDEX
from phalanx.dataframe._core import DataFrame
from phalanx.dataframe._from_python import calls
from phalanx.dataframe._storage import bytes_of, find, located, options_of, paths_of, read_file
from phalanx.dataframe.series import Series

__all__ = ["read_hdf", "read_orc", "read_parquet"]


def read_parquet(
    path: Any,
    columns: Any = None,
    filters: Any = None,
    categories: Any = None,
    index: Any = None,
    storage_options: dict[str, Any] | None = None,
    dtype_backend: str | None = None,
    split_row_groups: bool | int | str = "infer",
    blocksize: int | str | None = "default",
    parquet_file_extension: Any = (".parq", ".parquet", ".pq"),
    filesystem: Any = None,
    engine: str | None = None,
    arrow_to_pandas: Any = None,
    **options: Any,
) -> Any:
    """A lazy frame of Parquet files, in the order of their names (numbers in names by value).

    Parameters
    ----------
    path : str, path, or list of them
        A file, a folder (with those below it; folders named ``year=2024`` give a column ``year``), or a name with
        ``*``, ``**``, ``?`` and ``[…]``; on this machine, or behind ``s3://``, ``gs://``, ``az://`` or ``https://``.
        Every worker must see it there.
    columns : str or list of str, optional
        Those that are read; a text gives a series.
    filters : list of tuples, or list of lists of them, optional
        ``(column, op, value)``, all of a list, or any of the lists. Files, row groups and rows that can't hold are not
        read, and rows that do not are filtered out.
    categories : list or dict, optional
        Columns that become categories.
    index : str or False, optional
        The column that becomes the index; by default what pandas or Phalanx wrote as one.
    storage_options : dict, optional
        As for :func:`~phalanx.dataframe.read_csv`.
    dtype_backend
        Must be None: columns have Arrow's types, and pandas' once computed.
    split_row_groups : "infer", "adaptive", bool or int
        A partition is a range of row groups of a file: about 64 in all, of 1 to 128 MiB (``"infer"``); of at least
        ``blocksize`` (``"adaptive"``); one (True) or so many row groups (a number); or the whole file (False).
    blocksize : int or str, optional
        Partitions of at least so many bytes, as they are before compression.
    parquet_file_extension : str or tuple of str
        Ends of the names of a folder's files that are read; None for all.
    filesystem : str, optional
        ``"fsspec"`` or ``"arrow"`` are taken as Dask takes them; neither is used.
    engine : str, optional
        ``"auto"`` or ``"pyarrow"`` are taken as Dask takes them; neither is used.
    arrow_to_pandas
        Must be None.

    Raises
    ------
    FileNotFoundError, DataError
        A file is not there, is no whole Parquet file, or has other columns than the first: it is named.
    """
    for name in ("calculate_divisions", "ignore_metadata_file", "metadata_task_size", "aggregate_files"):
        options.pop(name, None)  # how Dask plans; here footers are always read, and a file is never put to another
    if options:
        raise NotImplementedError(f"read_parquet({next(iter(options))}=…): leave it out")
    if dtype_backend is not None or arrow_to_pandas is not None:
        raise NotImplementedError("read_parquet(dtype_backend=…, arrow_to_pandas=…): use to_arrow() for Arrow's types")
    if filesystem not in (None, "fsspec", "arrow") or engine not in (None, "auto", "pyarrow"):
        raise NotImplementedError("read_parquet(filesystem=…, engine=…): give a URL and storage_options")
    paths = paths_of(path)
    cut, size = _cut(split_row_groups, blocksize)
    ends = [parquet_file_extension] if isinstance(parquet_file_extension, str) else list(parquet_file_extension or ())
    call = {"paths": paths, "extensions": ends, "options": options_of(paths[0], storage_options), "cut": cut, "size": size}
    with located(paths):
        native, pandas = _phalanx.Frame.read_parquet(dumps(call))
    frame = DataFrame._wrap(native)
    if filters:
        frame = frame[_filters(frame, filters)]
    if index is None:
        index = _written_index(pandas, frame._names)
    if isinstance(index, (list, tuple)):
        if len(index) > 1:
            raise NotImplementedError("an index of several columns: name one, or leave them as columns with index=False")
        index = index[0] if index else False
    if index and index not in frame._names:
        raise KeyError(f"{index!r} is no column that could be the index")
    if categories is not None:
        frame = frame.astype(dict.fromkeys(categories, "category"))
    if isinstance(columns, str):
        frame = frame[[columns, *([index] if index and index != columns else [])]]
        return (frame.set_index(index, sort=False) if index else frame)[columns]
    if columns is not None:
        names = list(columns)
        missing = [name for name in names if name not in frame._names]
        if missing:
            raise ValueError(f"The following columns were not found in the dataset {missing}; there are {frame._names}")
        frame = frame[names + [index] if index and index not in names else names]
    elif index is False and INDEX in frame._names:
        frame = frame.drop(columns=[INDEX])
    return frame.set_index(index, sort=False) if index else frame


def _cut(split_row_groups: Any, blocksize: Any) -> tuple[str, int]:
    size = bytes_of(blocksize)
    if isinstance(split_row_groups, bool):
        return ("groups", 1) if split_row_groups else ("never", 0)
    if isinstance(split_row_groups, int):
        return "groups", split_row_groups
    if split_row_groups not in ("infer", "adaptive", None):
        raise ValueError(f"split_row_groups={split_row_groups!r}: there are 'infer', 'adaptive', True, False and numbers")
    if size is not None or split_row_groups == "adaptive":
        return "bytes", size or 256 << 20
    return "even", 0


def _written_index(pandas: str | None, names: list[str]) -> str | None:
    """The index that the files' writer names."""
    if pandas:
        columns = [name for name in json.loads(pandas).get("index_columns", []) if isinstance(name, str)]
        if len(columns) == 1 and columns[0] in names:
            return columns[0]
    return INDEX if INDEX in names else None


def _filters(frame: Any, filters: Any) -> Series:
    groups = [filters] if isinstance(filters[0], tuple) else filters
    names = {"==": "eq", "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

    def one(triple: tuple[str, str, Any]) -> Series:
        column, op, value = triple
        if column not in frame._names:
            raise KeyError(f"filters name {column!r}, which is no column: there are {frame._names}")
        if op == "in":
            return frame[column].isin(list(value))
        if op == "not in":
            return ~frame[column].isin(list(value)) & frame[column].notna()
        if op in ("is", "is not") and value is None:
            return frame[column].isna() if op == "is" else frame[column].notna()
        if op not in names:
            raise ValueError(f'"{op}" is not a valid operator in predicates.')
        holds: Series = getattr(frame[column], names[op])(value)
        return holds & frame[column].notna() if op == "!=" else holds

    result: Any = None
    for group in groups:
        every: Any = None
        for triple in group:
            every = one(triple) if every is None else every & one(triple)
        result = every if result is None else result | every
    return result


class _OrcStripes:
    """Reads some stripes of an ORC file."""

    def __init__(self, columns: Any, index: Any, storage_options: Any) -> None:
        self.columns, self.index, self.storage_options = columns, index, storage_options

    def __call__(self, path: str, stripes: list[int] | None) -> Any:
        file = _orc(path, self.storage_options)
        names = None
        if self.columns is not None:
            names = list(self.columns) + ([self.index] if self.index and self.index not in self.columns else [])
        if stripes is None:
            table = file.read(columns=names)
        else:
            pa = require("pyarrow")
            parts = [file.read_stripe(stripe, columns=names) for stripe in stripes]
            table = pa.Table.from_batches(parts)
        frame = table.to_pandas()
        return frame.set_index(self.index) if self.index else frame


def _orc(path: str, storage_options: Any) -> Any:
    orc = require("pyarrow.orc")
    try:
        return orc.ORCFile(path if "://" not in path else io.BytesIO(read_file(path, storage_options)))
    except (OSError, ValueError) as error:  # pyarrow's own are of these
        if isinstance(error, FileNotFoundError):
            raise
        from phalanx.exceptions import DataError

        raise DataError(f"{path}: is not a whole ORC file", "check that it is ORC, and that writing it had ended", causes=(str(error),)) from None


def read_orc(
    path: Any,
    engine: str = "pyarrow",
    columns: Any = None,
    index: Any = None,
    split_stripes: bool | int = 1,
    aggregate_files: Any = None,
    storage_options: dict[str, Any] | None = None,
) -> Any:
    """A lazy frame of ORC files, which pyarrow reads in Python.

    Parameters
    ----------
    path, storage_options
        As for :func:`read_parquet`; a folder's files end in ``orc``.
    engine : str
        ``"pyarrow"``.
    columns : list of str, optional
        Those that are read.
    index : str, optional
        The column that becomes the index.
    split_stripes : int or False, default 1
        Stripes of a partition; False makes a file a partition.
    aggregate_files
        Must be None or False: a file's stripes are not put to another's.
    """
    if engine != "pyarrow":
        raise TypeError(f"engine={engine!r}: ORC is read with 'pyarrow'")
    if aggregate_files:
        raise NotImplementedError("read_orc(aggregate_files=True): repartition the frame")
    given: list[tuple[Any, ...]] = []
    for name in find(paths_of(path), storage_options, ("orc",)):
        if not split_stripes:
            given.append((name, None))
            continue
        count, step = _orc(name, storage_options).nstripes, int(split_stripes)
        given += [(name, list(range(at, min(at + step, count)))) for at in range(0, count, step)] or [(name, None)]
    return calls(_OrcStripes(columns, index, storage_options), given, {}, None, "read_orc")


def _read_hdf(path: str, key: str, start: int | None, stop: int | None, columns: Any, mode: str) -> Any:
    return pd.read_hdf(path, key, start=start, stop=stop, columns=columns, mode=mode)


def read_hdf(
    pattern: Any,
    key: str,
    start: int = 0,
    stop: int | None = None,
    columns: Any = None,
    chunksize: int = 1_000_000,
    sorted_index: bool = False,
    lock: bool = True,
    mode: str = "r",
) -> Any:
    """A lazy frame of HDF5 files that pandas has written, which it reads in Python. Needs ``tables``.

    Parameters
    ----------
    pattern : str, path, or list of them
        Files of this machine's file system.
    key : str
        The group in each file.
    start, stop : int, optional
        The rows of each file that are read.
    columns : list of str, optional
        Those that are read.
    chunksize : int, default 1_000_000
        Rows of a partition.
    sorted_index, lock
        Taken as Dask takes them: the index is taken as it is, and every read opens the file for itself.
    mode : str, default "r"
        How files are opened.
    """
    require("tables")
    if sorted_index not in (True, False):
        raise ValueError("sorted_index is True or False")
    given: list[tuple[Any, ...]] = []
    for path in find(paths_of(pattern), None, ("h5", "hdf", "hdf5")):
        with pd.HDFStore(path, mode="r") as store:
            if key not in store:
                raise KeyError(f"{path} has no group {key!r}: there are {store.keys()}")
            storer = store.get_storer(key)
            rows = storer.nrows if storer.is_table else None
        if rows is None:
            if start or stop is not None or columns is not None:
                raise TypeError("a group of fixed format is read as a whole: write it with format='table'")
            given.append((path, key, None, None, None, mode))
            continue
        end = rows if stop is None else min(stop, rows)
        steps = range(start, max(end, start + 1), chunksize)
        given += [(path, key, at, min(at + chunksize, end), columns, mode) for at in steps]
    return calls(_read_hdf, given, {}, None, "read_hdf")
