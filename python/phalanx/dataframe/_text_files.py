"""CSV, fixed-width text and JSON. What the native readers know goes to them; the rest to pandas, a file a partition."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import pd
from phalanx.dataframe._calls import dumps
from phalanx.dataframe._core import DataFrame
from phalanx.dataframe._from_python import calls
from phalanx.dataframe._storage import bytes_of, compression_name, find, located, options_of, paths_of, read_file
from phalanx.dataframe._values import dtype_name
from phalanx.dataframe._zones import with_zone, zones

__all__ = ["read_csv", "read_fwf", "read_json", "read_table"]

#: Rows that types are inferred from.
_ROWS = 100_000


def read_csv(
    urlpath: Any,
    blocksize: int | str | None = "default",
    lineterminator: str | None = None,
    compression: str | None = "infer",
    sample: int | None = None,
    sample_rows: int = _ROWS,
    assume_missing: bool = False,
    storage_options: dict[str, Any] | None = None,
    include_path_column: bool | str = False,
    *,
    sep: str = ",",
    delimiter: str | None = None,
    header: Any = "infer",
    names: Any = None,
    usecols: Any = None,
    dtype: Any = None,
    parse_dates: Any = None,
    index_col: Any = None,
    quotechar: str = '"',
    **kwargs: Any,
) -> Any:
    """A lazy frame of CSV files, in the order of their names (numbers in names by value).

    Parameters
    ----------
    urlpath : str, path, or list of them
        A file, a folder (its ``*.csv``), or a name with ``*``, ``**``, ``?`` and ``[…]``; on this machine, or behind
        ``s3://``, ``gs://``, ``az://``, ``http://`` or ``https://``. Every worker must see it there.
    blocksize : int, str or None
        Cuts files into partitions of about so many bytes at line breaks, which must then not be inside of quoted
        values. By default, and if it is compressed, a file is a partition.
    compression : str or None
        ``"infer"`` (by the files' names), ``"gzip"``, ``"bz2"``, ``"xz"``, ``"zstd"``, None.
    sample : int, optional
        Types are inferred from so many bytes, taken to be of rows of 16, if ``sample_rows`` are fewer.
    sample_rows : int, default 100_000
        Rows of the first file that types are inferred from; say types with ``dtype`` where later rows differ.
    assume_missing : bool, default False
        Columns of integers that are not in ``dtype`` become floats.
    storage_options : dict, optional
        How stores are opened: as for fsspec (``key``, ``secret``, ``anon``, ``client_kwargs``), or the options of the
        crate ``object_store`` (``access_key_id``, ``endpoint``, …). What is left open comes from each process's
        environment (``AWS_…``, ``GOOGLE_…``, ``AZURE_…``).
    include_path_column : bool or str
        Whether (and under which name, else ``path``) a column says which file a row comes from.
    sep, delimiter, header, names, usecols, dtype, parse_dates, index_col, quotechar
        As pandas takes them.
    **kwargs
        Other arguments of pandas' ``read_csv``: pandas then reads each file, as a partition, in Python.

    Raises
    ------
    FileNotFoundError, DataError
        A file is not there, or not what it should be: file, row and column are named.
    """
    separator = delimiter or sep
    _known(kwargs, "read_csv", ("skipfooter", "nrows", "chunksize", "iterator"))
    plain = (
        not kwargs
        and lineterminator in (None, "\n")
        and isinstance(separator, str)
        and len(separator.encode()) == len(quotechar.encode()) == 1
        and header in ("infer", 0, None)
        and (parse_dates in (None, False) or isinstance(parse_dates, list) and all(isinstance(n, str) for n in parse_dates))
        and (dtype is None or _is_plain(dtype))
    )  # fmt: skip
    paths = paths_of(urlpath)
    if not plain:
        options = {
            "sep": separator, "header": header, "names": names, "usecols": usecols, "dtype": dtype, "quotechar": quotechar,
            "parse_dates": bool(parse_dates) if parse_dates in (None, False, True) else parse_dates,
            "index_col": index_col, "lineterminator": lineterminator, **kwargs,
        }  # fmt: skip
        return _through_pandas(
            pd.read_csv, paths, options, blocksize, compression, storage_options, include_path_column, ("csv",), None
        )
    named = names is not None
    rows = min(sample_rows, max(1, sample // 16)) if sample else sample_rows
    call: dict[str, Any] = {
        "text": _text_call(paths, dtype, rows, blocksize, compression, storage_options, include_path_column),
        "separator": ord(separator),
        "quote": ord(quotechar),
        "header": header == 0 if named else header is not None,
        "names": [str(name) for name in names] if named else None,
    }
    types = call["text"]["types"]
    native = _located(_phalanx.Frame.read_csv, call, paths) if not types or isinstance(dtype, dict) else None
    if types and not isinstance(dtype, dict):
        call["text"]["types"] = []  # one type for all columns, whose names are not known yet
        known = DataFrame._wrap(_located(_phalanx.Frame.read_csv, call, paths))._names
        path = call["text"]["path_column"]
        call["text"]["types"] = [(name, types[0][1]) for name in known if name != path]
        native = _phalanx.Frame.read_csv(dumps(call))
    frame = DataFrame._wrap(native)
    frame = _chosen(frame, usecols, call["text"]["path_column"])
    if assume_missing:
        given = set(dtype) if isinstance(dtype, dict) else set(frame._names) if dtype is not None else set()
        whole = [name for name, kind in frame.dtypes.items() if getattr(kind, "kind", "O") in "iu" and name not in given]
        frame = frame.astype(dict.fromkeys(whole, "float64")) if whole else frame
    dated = [name for name in parse_dates or [] if name in frame._names]
    return _finished(frame, dtype, parse_dates, index_col, zones(call, dated) if dated else {})


def read_table(
    urlpath: Any,
    blocksize: int | str | None = "default",
    lineterminator: str | None = None,
    compression: str | None = "infer",
    sample: int | None = None,
    sample_rows: int = _ROWS,
    assume_missing: bool = False,
    storage_options: dict[str, Any] | None = None,
    include_path_column: bool | str = False,
    *,
    sep: str = "\t",
    **kwargs: Any,
) -> Any:
    """:func:`read_csv` with tabs between values."""
    return read_csv(
        urlpath, blocksize, lineterminator, compression, sample, sample_rows, assume_missing, storage_options,
        include_path_column, sep=sep, **kwargs,
    )  # fmt: skip


def read_fwf(
    urlpath: Any,
    blocksize: int | str | None = "default",
    lineterminator: str | None = None,
    compression: str | None = "infer",
    sample: int | None = None,
    sample_rows: int = 10,
    assume_missing: bool = False,
    storage_options: dict[str, Any] | None = None,
    include_path_column: bool | str = False,
    **kwargs: Any,
) -> Any:
    """A lazy frame of files of columns of fixed widths, which pandas reads in Python: a file is a partition.

    Parameters
    ----------
    urlpath, compression, storage_options, include_path_column
        As for :func:`read_csv`.
    blocksize
        Must be the default, or None: files are not cut.
    sample_rows, sample
        Types are found out by reading the first file; so many rows of it, or bytes, tell widths (``infer_nrows``).
    assume_missing : bool, default False
        Columns of integers that are not in ``dtype`` become floats.
    **kwargs
        Arguments of pandas' ``read_fwf``: ``colspecs``, ``widths``, ``names``, ``dtype``, …
    """
    if lineterminator is not None:
        raise NotImplementedError("read_fwf(lineterminator=…): lines end with a line feed")
    _known(kwargs, "read_fwf", ("skipfooter", "nrows", "chunksize", "iterator"))
    kwargs.setdefault("infer_nrows", max(100, sample_rows, (sample or 0) // 64))
    dtype = kwargs.get("dtype")
    frame = _through_pandas(
        pd.read_fwf, paths_of(urlpath), kwargs, blocksize, compression, storage_options, include_path_column,
        ("txt", "fwf", "dat"), None,
    )  # fmt: skip
    if assume_missing:
        given = set(dtype) if isinstance(dtype, dict) else set()
        whole = [name for name, kind in frame.dtypes.items() if getattr(kind, "kind", "O") in "iu" and name not in given]
        frame = frame.astype(dict.fromkeys(whole, "float64")) if whole else frame
    return frame


def read_json(
    url_path: Any,
    orient: str = "records",
    lines: bool | None = None,
    storage_options: dict[str, Any] | None = None,
    blocksize: int | str | None = None,
    sample: int = 2**20,
    encoding: str = "utf-8",
    errors: str = "strict",
    compression: str | None = "infer",
    meta: Any = None,
    engine: Any = None,
    include_path_column: bool | str = False,
    path_converter: Callable[[str], Any] | None = None,
    **kwargs: Any,
) -> Any:
    """A lazy frame of JSON files: of lines with an object each, or of anything else that pandas reads.

    Parameters
    ----------
    url_path, compression, storage_options, include_path_column
        As for :func:`read_csv`; a folder's files end in ``json``, ``jsonl`` or ``ndjson``.
    orient, lines
        As pandas takes them. Lines of records (the default) are read natively, their columns in the order in which
        keys first appear; other JSON is read by pandas in Python, a file a partition.
    blocksize : int, str, optional
        Cuts files of lines into partitions of about so many bytes.
    sample : int, default 1 MiB
        Types are inferred from about so many bytes of each file, taken to be of lines of 100.
    encoding, errors
        What files that are not UTF-8 are read with, by pandas.
    meta : DataFrame, optional
        An empty frame whose types are those of the columns.
    engine : callable, optional
        In place of pandas' ``read_json``.
    path_converter : callable, optional
        Makes the values of the column of paths of the paths.
    **kwargs
        Other arguments of pandas' ``read_json``.
    """
    if lines is None:
        lines = orient == "records"
    if orient != "records" and lines:
        raise ValueError("Line-delimited JSON is only available with orient='records'.")
    if blocksize and (orient != "records" or not lines):
        raise ValueError("JSON file chunking only allowed for JSON-lines input (orient='records', lines=True).")
    _known(kwargs, "read_json", ("nrows", "chunksize"))
    paths = paths_of(url_path)
    converted = None if path_converter is None else _Converted(path_converter)
    if not lines or kwargs or engine is not None or errors != "strict" or encoding.lower().replace("-", "") != "utf8":
        options = {"orient": orient, "lines": lines, "encoding": encoding, "encoding_errors": errors, **kwargs}
        return _through_pandas(
            engine or pd.read_json, paths, options, blocksize, compression, storage_options, include_path_column,
            ("json", "jsonl", "ndjson"), meta, converted,
        )  # fmt: skip
    types = None if meta is None else dict(meta.dtypes)
    rows = max(1, sample // 100)
    call = _text_call(paths, types, rows, blocksize, compression, storage_options, include_path_column)
    frame = DataFrame._wrap(_located(_phalanx.Frame.read_json, call, paths))
    if meta is not None:
        frame = frame[[*(str(name) for name in meta.columns), *([call["path_column"]] if call["path_column"] else [])]]
    if converted is not None and call["path_column"]:
        column = call["path_column"]
        names = {path: str(converted(path)) for path in find(paths, storage_options, ("json", "jsonl", "ndjson"))}
        frame[column] = frame[column].astype("str").map(names).astype("category")
    return _finished(frame, types, None, None, {})


def _located(read: Callable[[str], Any], call: dict[str, Any], paths: list[str]) -> Any:
    with located(paths):
        return read(dumps(call))


def _known(kwargs: dict[str, Any], name: str, refused: tuple[str, ...]) -> None:
    """Refuses what means a whole file, not a part of one; takes what changes nothing."""
    for each in refused:
        if kwargs.get(each):
            raise NotImplementedError(f"{name}({each}=…) means rows of one file: use head(), tail() or a condition")
        kwargs.pop(each, None)
    kwargs.pop("enforce", None)  # columns that differ between files are always refused
    if kwargs.get("engine", "c") in ("c", "pyarrow", None):
        kwargs.pop("engine", None)
    if kwargs.get("low_memory") is not None:
        kwargs.pop("low_memory")


def _is_plain(dtype: Any) -> bool:
    """Whether the native reader can read these types, or text of which they can be made."""
    kinds = list(dtype.values()) if isinstance(dtype, dict) else [dtype]
    try:
        return all(dtype_name(kind) for kind in kinds)
    except (TypeError, NotImplementedError):
        return False


def _read_as(kind: Any) -> str:
    """As what a column of this type is read: ids with leading zeros stay what they are as text."""
    name = dtype_name(kind)
    plain = ("bool", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    return name.lower() if name.lower() in plain else "str"


def _text_call(
    paths: list[str], dtype: Any, rows: int, blocksize: Any, compression: Any, storage_options: Any, path_column: Any
) -> dict[str, Any]:
    pairs = dtype.items() if isinstance(dtype, dict) else [] if dtype is None else [("", dtype)]
    return {
        "paths": paths,
        "options": options_of(paths[0], storage_options),
        "types": [(str(name), _read_as(kind)) for name, kind in pairs],
        "infer_rows": int(rows),
        "partition_bytes": bytes_of(blocksize),
        "compression": compression_name(compression),
        "path_column": _path_name(path_column),
    }


def _path_name(include_path_column: Any) -> str | None:
    return "path" if include_path_column is True else include_path_column or None


def _chosen(frame: Any, usecols: Any, path: str | None) -> Any:
    if usecols is None:
        return frame
    names = [name for name in frame._names if name != path]
    if callable(usecols):
        wanted = [name for name in names if usecols(name)]
    else:
        wanted = [names[name] if isinstance(name, int) else str(name) for name in usecols]
        missing = [name for name in wanted if name not in names]
        if missing:
            raise ValueError(f"Usecols do not match columns, columns expected but not found: {missing}")
    return frame[[name for name in names if name in wanted] + ([path] if path else [])]


def _finished(frame: Any, dtype: Any, parse_dates: Any, index_col: Any, zones: dict[str, str]) -> Any:
    """Types that are made of text, and the index."""
    if dtype is not None:
        names = frame._names
        pairs = dtype.items() if isinstance(dtype, dict) else ((name, dtype) for name in names)
        made = {str(name): kind for name, kind in pairs if str(name) in names and dtype_name(kind) != _read_as(kind)}
        frame = frame.astype(made) if made else frame
    if parse_dates:
        from phalanx.dataframe._conversions import to_datetime

        for name in [parse_dates] if isinstance(parse_dates, str) else parse_dates:
            if name not in frame._names:
                raise ValueError(f"Missing column provided to 'parse_dates': '{name}'")
            frame[name] = with_zone(to_datetime(frame[name]), zones.get(name))
    if index_col is not None and index_col is not False:
        return frame.set_index(frame._names[index_col] if isinstance(index_col, int) else index_col, sort=False)
    return frame


class _Converted:
    """The values that a function makes of paths."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        self.function = function

    def __call__(self, path: str) -> Any:
        return self.function(path)


class _PandasFile:
    """Reads a file with a function of pandas."""

    def __init__(self, function: Any, options: Any, compression: str, storage_options: Any, column: Any, values: Any) -> None:
        self.function, self.options, self.compression = function, options, compression
        self.storage_options, self.column, self.values = storage_options, column, values

    def __call__(self, path: str) -> Any:
        data = io.BytesIO(read_file(path, self.storage_options, self.compression))
        try:
            frame = self.function(data, **self.options)
        except Exception as error:
            error.add_note(f"while reading {path}")
            raise
        if self.column is not None:
            frame[self.column] = pd.Categorical.from_codes([0] * len(frame), [str(self.values(path))])
        return frame


def _through_pandas(
    function: Any,
    paths: list[str],
    options: dict[str, Any],
    blocksize: Any,
    compression: Any,
    storage_options: Any,
    path_column: Any,
    extensions: tuple[str, ...],
    meta: Any,
    converted: Any = None,
) -> Any:
    if bytes_of(blocksize) is not None:
        raise NotImplementedError(
            f"blocksize={blocksize!r} of files that pandas reads in Python: a file is a partition, leave it out"
        )
    files = find(paths, storage_options, extensions)
    reader = _PandasFile(
        function, options, compression_name(compression), storage_options, _path_name(path_column),
        converted or _Converted(str),
    )  # fmt: skip
    return calls(reader, [(path,) for path in files], {}, meta, f"read with pandas' {function.__name__}")
