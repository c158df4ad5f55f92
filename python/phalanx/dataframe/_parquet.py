"""Frames into folders of Parquet files, with what pandas reads an index from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from phalanx._lazy import pa
from phalanx.dataframe._export import described, file_names, refused, written
from phalanx.dataframe._storage import find

__all__ = ["to_parquet"]


def to_parquet(
    df: Any,
    path: Any,
    compression: str | None = "snappy",
    write_index: bool = True,
    append: bool = False,
    overwrite: bool = False,
    ignore_divisions: bool = False,
    partition_on: Any = None,
    storage_options: dict[str, Any] | None = None,
    custom_metadata: dict[Any, Any] | None = None,
    write_metadata_file: bool | None = None,
    compute: bool = True,
    compute_kwargs: dict[str, Any] | None = None,
    schema: Any = "infer",
    name_function: Callable[[int], str] | None = None,
    filesystem: Any = None,
    engine: str | None = None,
    **options: Any,
) -> Any:
    """Writes a Parquet file for each partition into the folder ``path``; None, or a lazy result.

    Parameters
    ----------
    path : str or path
        A folder of this machine, or a URL of a store; every worker must reach it.
    compression : {"snappy", "zstd", "lz4", "gzip", "brotli", None}
        How pages are compressed.
    write_index : bool, default True
        Whether the index becomes a column, which files name as the index.
    append : bool, default False
        Number files after those that are there, and keep them; the columns must be theirs.
    overwrite : bool, default False
        Remove the Parquet files of the folder first.
    ignore_divisions : bool, default False
        Taken as Dask takes it: nothing here needs divisions.
    partition_on : str or list of str, optional
        Rows go to folders named ``column=value`` by the values of these columns, which the files then do not have.
    storage_options : dict, optional
        As for :func:`~phalanx.dataframe.read_csv`.
    custom_metadata : dict, optional
        What the files say of themselves.
    write_metadata_file : bool, optional
        Must not be true: readers look at footers.
    compute : bool, default True
        Write now; else a lazy result that writes when it is computed.
    compute_kwargs : dict, optional
        Arguments of ``compute``.
    schema : "infer", pyarrow.Schema or dict
        Types of columns, to which they are cast first.
    name_function : callable, optional
        Names of files, from the partition's number; ``part.0.parquet`` and so on by default.
    filesystem, engine : str, optional
        ``"fsspec"``, ``"arrow"``, ``"auto"`` and ``"pyarrow"`` are taken as Dask takes them.
    """
    refused("to_parquet", write_metadata_file=write_metadata_file, **options)
    if filesystem not in (None, "fsspec", "arrow") or engine not in (None, "auto", "pyarrow"):
        raise NotImplementedError("to_parquet(filesystem=…, engine=…): give a URL and storage_options")
    if append and overwrite:
        raise ValueError("Cannot use both `overwrite=True` and `append=True`!")
    if ignore_divisions not in (True, False):
        raise ValueError("ignore_divisions is True or False")
    folder = os.fspath(path)
    if os.path.isfile(folder.removeprefix("file://")):
        raise FileExistsError(f"{folder} is a file, and a frame is written as a folder of files, one for each partition")
    frame = df._as_frame()
    if not isinstance(schema, str):
        frame = _cast(frame, schema)
    native, index = frame._native, frame._native.index
    if index is not None:
        native = native.reset_index()
        if not write_index:
            native, index = native.drop_columns([index]), None
    if not native.column_names:
        raise ValueError("a frame of no columns")
    by = [partition_on] if isinstance(partition_on, str) else list(partition_on or [])
    unknown = [name for name in by if name not in frame._names]
    if unknown:
        raise ValueError(f"Partitioning on non-existent column. partition_on={by} columns={frame._names}")
    call = described(folder, "parquet", storage_options) | {"compression": compression or "none", "by_folder": by}
    call["metadata"] = _metadata(frame, index, by, custom_metadata)
    if name_function is not None:
        call |= {"name": "*", "names": file_names(frame, name_function)}
    if append:
        call["first"] = _first_free(folder, storage_options, native, by)
    elif overwrite:
        _remove(folder, storage_options)
    return written(native, call, compute, compute_kwargs, lambda paths: None)


def _cast(frame: Any, schema: Any) -> Any:
    kinds = dict(schema) if isinstance(schema, dict) else {field.name: field.type for field in schema}
    kinds = {name: kind for name, kind in kinds.items() if name in frame._names and kind not in (None, "infer")}
    return frame.astype({name: kind if isinstance(kind, str) else _pandas_name(kind) for name, kind in kinds.items()})


def _pandas_name(kind: Any) -> Any:
    """pandas' type of one of Arrow's."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "str"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return f"datetime64[{kind.unit}{', ' + kind.tz if kind.tz else ''}]"
    return kind.to_pandas_dtype()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _metadata(frame: Any, index: str | None, by: list[str], custom: dict[Any, Any] | None) -> dict[str, str]:
    """What pandas and Phalanx read the index from, and what the caller says."""
    said = {_text(key): _text(value) for key, value in (custom or {}).items()}
    if "pandas" in said:
        raise ValueError("User-defined key/value metadata (custom_metadata) can not contain a b'pandas' key.")
    if index is not None:
        meta = frame._meta.drop(columns=by)
        inner = json.loads(pa.Table.from_pandas(meta, preserve_index=True).schema.metadata[b"pandas"])
        inner["index_columns"] = [index]
        said["pandas"] = json.dumps(inner)
    return said


def _first_free(folder: str, storage_options: Any, native: Any, by: list[str]) -> int:
    """The number behind those of the files that are there."""
    from phalanx.dataframe._column_files import read_parquet

    try:
        found = find([folder], storage_options, ("parquet", "parq", "pq"), deep=True)
    except FileNotFoundError:
        return 0
    there = set(read_parquet(folder, index=False, storage_options=storage_options)._native.column_names)
    if there != set(native.column_names):
        raise ValueError(
            f"Appended columns not the same: the files have {sorted(there)}, the frame {sorted(native.column_names)}"
            + (f" (partitioned on {by})" if by else "")
        )
    numbers = [int("".join(filter(str.isdigit, path.rpartition("/")[2])) or 0) for path in found]
    return max(numbers) + 1


def _remove(folder: str, storage_options: Any) -> None:
    if "://" in folder and not folder.startswith("file://"):
        raise NotImplementedError("to_parquet(overwrite=True) of a store: remove the files first, or write elsewhere")
    try:
        found = find([folder], storage_options, ("parquet", "parq", "pq"), deep=True)
    except FileNotFoundError:
        return
    for path in found:
        os.remove(path)
