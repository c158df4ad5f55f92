"""Functions that write frames or hand them over: the methods of their names, called as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["to_bag", "to_csv", "to_hdf", "to_json", "to_orc", "to_records", "to_sql"]


def to_csv(
    df: Any,
    filename: Any,
    single_file: bool = False,
    encoding: str = "utf-8",
    mode: str = "wt",
    name_function: Callable[[int], str] | None = None,
    compression: str | None = None,
    compute: bool = True,
    scheduler: Any = None,
    storage_options: dict[str, Any] | None = None,
    header_first_partition_only: bool | None = None,
    compute_kwargs: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Writes a CSV file for each partition: :meth:`DataFrame.to_csv`."""
    return df.to_csv(
        filename, single_file, encoding, mode, name_function, compression, compute, scheduler, storage_options,
        header_first_partition_only, compute_kwargs, **kwargs,
    )  # fmt: skip


def to_json(
    df: Any,
    url_path: Any,
    orient: str = "records",
    lines: bool | None = None,
    storage_options: dict[str, Any] | None = None,
    compute: bool = True,
    encoding: str = "utf-8",
    errors: str = "strict",
    compression: str | None = None,
    compute_kwargs: dict[str, Any] | None = None,
    name_function: Callable[[int], str] | None = None,
    **kwargs: Any,
) -> Any:
    """Writes a file of JSON lines for each partition: :meth:`DataFrame.to_json`."""
    return df.to_json(
        url_path, orient, lines, storage_options, compute, encoding, errors, compression, compute_kwargs, name_function,
        **kwargs,
    )  # fmt: skip


def to_orc(
    df: Any,
    path: Any,
    engine: str = "pyarrow",
    write_index: bool = True,
    storage_options: dict[str, Any] | None = None,
    compute: bool = True,
    compute_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Writes an ORC file for each partition: :meth:`DataFrame.to_orc`."""
    return df.to_orc(path, engine, write_index, storage_options, compute, compute_kwargs)


def to_hdf(
    df: Any,
    path: Any,
    key: str,
    mode: str = "a",
    append: bool = False,
    scheduler: Any = None,
    name_function: Callable[[int], str] | None = None,
    compute: bool = True,
    lock: Any = None,
    dask_kwargs: Any = None,
    **kwargs: Any,
) -> Any:
    """Writes the rows to an HDF5 file: :meth:`DataFrame.to_hdf`."""
    return df.to_hdf(path, key, mode, append, scheduler, name_function, compute, lock, dask_kwargs, **kwargs)


def to_sql(
    df: Any,
    name: str,
    uri: str,
    schema: str | None = None,
    if_exists: str = "fail",
    index: bool = True,
    index_label: Any = None,
    chunksize: int | None = None,
    dtype: Any = None,
    method: Any = None,
    compute: bool = True,
    parallel: bool = False,
    engine_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Writes the rows to a database's table: :meth:`DataFrame.to_sql`."""
    return df.to_sql(
        name, uri, schema, if_exists, index, index_label, chunksize, dtype, method, compute, parallel, engine_kwargs
    )


def to_records(df: Any) -> Any:
    """The rows as NumPy's records, lazily: :meth:`DataFrame.to_records`."""
    return df.to_records()


def to_bag(df: Any, index: bool = False, format: str = "tuple") -> Any:
    """The rows as tuples (or dicts), a delayed list a partition: :meth:`DataFrame.to_bag`."""
    return df.to_bag(index, format)
