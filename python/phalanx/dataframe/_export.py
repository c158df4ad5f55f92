"""Frames and series into files and databases."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from phalanx._lazy import pa, require
from phalanx.dataframe._calls import dumps
from phalanx.dataframe._convert import INDEX
from phalanx.dataframe._results import Result
from phalanx.dataframe._storage import options_of

__all__ = ["Exports", "described", "file_names", "refused", "written"]


def written(native: Any, call: dict[str, Any], compute: bool, options: dict[str, Any] | None, give: Callable[[list[str]], Any]) -> Any:
    """Writes, or gives a lazy result that writes when it is computed."""
    result = Result(native.write_files(dumps(call)), lambda frame: give(list(frame["path"])))
    return result.compute(**(options or {})) if compute else result


def described(folder: str, format: str, storage_options: Any) -> dict[str, Any]:
    return {
        "folder": folder, "format": format, "compression": "none", "header": True, "separator": 44, "name": None,
        "names": [], "first": 0, "by_folder": [], "metadata": {}, "options": options_of(folder, storage_options),
    }  # fmt: skip


def _folder_and_name(path: str) -> tuple[str, str | None]:
    """``folder/part-*.csv`` as folder and names; a path without ``*`` is a folder."""
    if "*" not in path:
        return path, None
    folder, _, name = path.rpartition("/")
    if "*" in folder or name.count("*") != 1:
        raise ValueError(f"{path!r}: one * in the name of the files stands for the partition")
    return folder or ".", name


def refused(name: str, **given: Any) -> None:
    """Refuses what is given and not supported."""
    for option, value in given.items():
        if value:
            raise NotImplementedError(f"{name}({option}={value!r}) is not supported: leave it out")


def _gzip(name: str, compression: Any) -> str:
    if compression in (None, "infer"):
        return "none"
    if compression != "gzip":
        raise NotImplementedError(f"{name}(compression={compression!r}): text is written plain, or with 'gzip'")
    return "gzip"


class Exports:
    """What writes rows to files and databases, partition by partition where they are computed."""

    __slots__ = ()

    def _as_frame(self) -> Any:
        return self if hasattr(self, "_names") else self.to_frame()  # type: ignore[attr-defined]

    def _texts(self, format: str, index: bool) -> Any:
        """The native frame whose columns, the index in front or away, are the file's."""
        frame = self._as_frame()
        native, name = frame._native, frame._native.index
        if name is None:
            return native
        native = native.reset_index()
        if not index:
            return native.drop_columns([name])
        native = native.select([name, *frame._names])
        return native.rename([(INDEX, "Unnamed: 0")]) if name == INDEX and format == "csv" else native

    def to_csv(
        self,
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
        *,
        sep: str = ",",
        header: bool = True,
        index: bool = True,
        **options: Any,
    ) -> Any:
        """Writes a CSV file for each partition; their paths.

        Parameters
        ----------
        filename : str or path
            A folder (of ``part.0.csv``, ``part.1.csv``, …), or a name in which ``*`` stands for the partition; on this
            machine or behind a URL of a store. With ``single_file``, the file.
        single_file : bool, default False
            All rows go to one file, in one task.
        name_function : callable, optional
            What stands for ``*``, from the partition's number.
        compression : {None, "gzip"}
            How files are compressed.
        compute : bool, default True
            Write now; else a lazy result that writes when it is computed.
        storage_options : dict, optional
            As for :func:`~phalanx.dataframe.read_csv`.
        header_first_partition_only : bool, optional
            Whether only the first file names the columns; so it is with ``single_file`` alone.
        sep, header, index
            As pandas takes them. Missing values are empty, times are ISO 8601, floats as many digits as they need.
        """
        refused("to_csv", **options)
        if encoding.lower().replace("-", "") != "utf8" or mode not in ("w", "wt"):
            raise NotImplementedError(f"to_csv(encoding={encoding!r}, mode={mode!r}): files are written anew, in UTF-8")
        if header_first_partition_only and not single_file:
            raise NotImplementedError("to_csv(header_first_partition_only=True): use single_file=True")
        if len(sep.encode()) != 1:
            raise TypeError('"delimiter" must be a 1-character string')
        path = os.fspath(filename)
        native = self._texts("csv", index)
        if single_file:
            folder, _, name = path.rpartition("/")
            call = described(folder or ".", "csv", storage_options) | {"name": name}
            native = native.repartitioned(1)
        else:
            folder, pattern = _folder_and_name(path)
            call = described(folder, "csv", storage_options) | {"name": pattern, "names": file_names(self, name_function)}
        call |= {"compression": _gzip("to_csv", compression), "header": bool(header), "separator": ord(sep)}
        return written(native, call, compute, _with_scheduler(compute_kwargs, scheduler), list)

    def to_json(
        self,
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
        **options: Any,
    ) -> Any:
        """Writes a file of JSON lines for each partition, an object a row, without the index; their paths.

        ``url_path`` is a folder, or a name with ``*``; else as :meth:`to_csv`.
        """
        refused("to_json", **options)
        if orient != "records" or lines is False:
            raise NotImplementedError("to_json writes lines of records: orient='records', lines=True")
        if encoding.lower().replace("-", "") != "utf8" or errors != "strict":
            raise NotImplementedError("to_json(encoding=…, errors=…): files are written in UTF-8")
        folder, pattern = _folder_and_name(os.fspath(url_path))
        call = described(folder, "json", storage_options) | {"name": pattern, "names": file_names(self, name_function)}
        call["compression"] = _gzip("to_json", compression)
        return written(self._texts("json", False), call, compute, compute_kwargs, list)

    def to_sql(
        self,
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
        """Writes the rows to a table of a database, partition by partition by way of this process, all or none.

        Parameters
        ----------
        name, schema, if_exists, index, index_label, chunksize, dtype, method
            As pandas takes them.
        uri : str
            A URL of SQLAlchemy's; ``sqlite:///path`` works without it.
        compute : bool, default True
            Write now; else a delayed call that writes.
        parallel : bool, default False
            Must be False: rows keep their order.
        engine_kwargs : dict, optional
            Arguments of SQLAlchemy's ``create_engine``.
        """
        from phalanx.dataframe._databases import write_sql

        if not isinstance(uri, str):
            raise ValueError(f"Expected URI to be a string, got {type(uri)}.")
        if parallel:
            raise NotImplementedError("to_sql(parallel=True): rows are written in their order, leave it out")
        options = {
            "schema": schema, "index": index, "index_label": index_label, "chunksize": chunksize, "dtype": dtype,
            "method": method,
        }  # fmt: skip

        def write() -> None:
            write_sql(self._each_partition(), name, uri, if_exists, engine_kwargs, **options)  # type: ignore[attr-defined]

        if compute:
            return write()
        from phalanx._delayed import delayed

        return delayed(write)()

    def to_hdf(
        self,
        path: Any,
        key: str,
        mode: str = "a",
        append: bool = False,
        scheduler: Any = None,
        name_function: Callable[[int], str] | None = None,
        compute: bool = True,
        lock: Any = None,
        dask_kwargs: Any = None,
        **options: Any,
    ) -> Any:
        """Writes the rows to an HDF5 file with pandas, by way of this process. Needs ``tables``.

        ``*`` in ``path`` or in ``key`` stands for the partition; else all partitions go to one group. Options go to
        pandas' ``to_hdf``; ``scheduler``, ``lock`` and ``dask_kwargs`` mean nothing here.
        """
        require("tables")
        refused("to_hdf", scheduler=scheduler, lock=lock, dask_kwargs=dask_kwargs, compute_later=not compute)
        named = name_function or str
        written: list[tuple[str, str]] = []
        path = os.fspath(path)
        for number, part in enumerate(self._each_partition()):  # type: ignore[attr-defined]
            target, group = path.replace("*", named(number)), key.replace("*", named(number))
            again = (target, group) in written
            fresh = mode if target not in [each for each, _ in written] else "a"
            part.to_hdf(target, key=group, mode=fresh, append=append or again, format="table", **options)
            written.append((target, group))
        return [target for target, _ in written]

    def to_orc(
        self,
        path: Any,
        engine: str = "pyarrow",
        write_index: bool = True,
        storage_options: dict[str, Any] | None = None,
        compute: bool = True,
        compute_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Writes an ORC file for each partition with pyarrow, in Python, into the folder ``path``, which every worker
        must see under this path; their paths.
        """
        from phalanx.dataframe._python import call_partitions

        if engine != "pyarrow":
            raise TypeError(f"engine={engine!r}: ORC is written with 'pyarrow'")
        if storage_options or "://" in os.fspath(path):
            raise NotImplementedError("to_orc writes to a folder of this machine's file system; to_parquet to stores")
        folder = os.path.abspath(os.fspath(path))
        os.makedirs(folder, exist_ok=True)
        numbers = call_partitions(self._numbered(), _WriteOrc(folder, write_index), meta=("0", "str"), row_by_row=False)
        result = Result(numbers._rows, lambda frame: list(frame.iloc[:, 0].dropna()))
        return result.compute(**(compute_kwargs or {})) if compute else result

    def _numbered(self) -> Any:
        from phalanx.dataframe._core import DataFrame

        return DataFrame._wrap(self._as_frame()._native.with_partition_number("__partition"))


class _WriteOrc:
    """Writes a partition to a file of its number."""

    def __init__(self, folder: str, index: bool) -> None:
        self.folder, self.index = folder, index

    def __call__(self, part: Any) -> Any:
        import uuid

        from phalanx._lazy import pd

        if not len(part):
            return pd.Series([], dtype="str", name="0")
        number = int(part.pop("__partition").iloc[0])
        path = os.path.join(self.folder, f"part.{number}.orc")
        table = pa.Table.from_pandas(part, preserve_index=self.index)
        draft = os.path.join(self.folder, f".part.{number}.{uuid.uuid4().hex}")
        require("pyarrow.orc").write_table(table.replace_schema_metadata(None), draft)
        os.replace(draft, path)
        return pd.Series([path], name="0")


def file_names(lazy: Any, name_function: Callable[[int], str] | None) -> list[str]:
    """The partitions' names, if a function makes them."""
    if name_function is None:
        return []
    names = [str(name_function(number)) for number in range(lazy.npartitions)]
    if len(set(names)) < len(names):
        raise ValueError("name_function gives a name twice")
    return names


def _with_scheduler(compute_kwargs: dict[str, Any] | None, scheduler: Any) -> dict[str, Any]:
    return {**(compute_kwargs or {}), **({} if scheduler is None else {"scheduler": scheduler})}
