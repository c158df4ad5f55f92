"""Where files are: paths, URLs, and how stores are opened."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterable, Iterator
from typing import Any

from phalanx import _phalanx
from phalanx.dataframe._calls import dumps

__all__ = ["bytes_of", "compression_name", "find", "located", "location", "options_of", "paths_of", "read_file"]

#: What fsspec's file systems call their options, and what the crate ``object_store`` calls them.
_S3 = {"key": "access_key_id", "secret": "secret_access_key", "token": "session_token", "endpoint_url": "endpoint",
       "region_name": "region"}  # fmt: skip
_AZURE = {"connection_string": None, "account_host": "endpoint", "credential": "account_key"}


def paths_of(urlpath: Any) -> list[str]:
    """One path or several, as text."""
    if isinstance(urlpath, (str, os.PathLike)):
        return [os.fspath(urlpath)]
    if isinstance(urlpath, Iterable):
        paths = [os.fspath(path) for path in urlpath]
        if not paths:
            raise ValueError("no paths: give a path, a pattern, or a list of them")
        return paths
    raise TypeError(f"url type not understood: {urlpath!r}")


def options_of(path: str, storage_options: Any) -> dict[str, str]:
    """``storage_options`` of fsspec, or of the crate ``object_store``, as the native half takes them."""
    scheme = path.partition("://")[0].lower() if "://" in path else "file"
    given = dict(storage_options or {})
    if scheme == "file":
        given.pop("auto_mkdir", None)
        if given:
            raise ValueError(f"files of this machine have no storage options, and {next(iter(given))!r} is one")
        return {}
    found: dict[str, str] = {}
    nested = {**given.pop("client_kwargs", {}), **given.pop("config_kwargs", {})}
    for name, value in {**given, **nested}.items():
        if value is None:
            continue
        if name == "anon":
            found["skip_signature"] = _text(value)
            continue
        if scheme in ("s3", "s3a"):
            if name == "use_ssl":
                continue  # the endpoint's scheme says it
            name = _S3.get(name, name)
        elif scheme in ("az", "abfs", "abfss", "adl", "azure"):
            name = _AZURE.get(name, name)
            if name is None:
                raise NotImplementedError("a connection string: give account_name and account_key")
        elif scheme in ("gs", "gcs") and name == "token":
            if value == "anon":
                name, value = "skip_signature", True
            else:
                name = "service_account"
        found[name] = _text(value)
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def location(paths: list[str], storage_options: Any, extensions: Iterable[str] = (), deep: bool = False) -> dict[str, Any]:
    """Files, as the native half looks for them."""
    options = options_of(paths[0], storage_options)
    return {"paths": paths, "extensions": list(extensions), "deep": deep, "options": options}


@contextlib.contextmanager
def located(paths: list[str]) -> Iterator[None]:
    """Python's own error if what is wrong with files is that one is not there."""
    from phalanx.exceptions import DataError, MissingFileError

    try:
        yield
    except DataError as error:
        plain = [path.removeprefix("file://") for path in paths]
        absent = [path for path in plain if "://" not in path and not glob.glob(path, recursive=True)]
        if not absent:
            raise
        raise MissingFileError(error.message, error.hint, error.place, error.causes) from None


def find(paths: list[str], storage_options: Any, extensions: Iterable[str] = (), deep: bool = False) -> list[str]:
    """The files that paths and patterns mean, in order."""
    with located(paths):
        return [path for path, _ in _phalanx.Frame.find_files(dumps(location(paths, storage_options, extensions, deep)))]


def read_file(path: str, storage_options: Any = None, compression: str = "none") -> bytes:
    """All bytes of a file, of this machine or behind a URL, as they are before compression."""
    with located([path]):
        return bytes(_phalanx.Frame.read_file(dumps(location([path], storage_options)), compression))


def compression_name(compression: Any) -> str:
    """The native name of a compression."""
    if compression is None:
        return "none"
    if isinstance(compression, dict):
        compression = compression.get("method", "infer")
    return str(compression)


def bytes_of(size: Any) -> int | None:
    """A number of bytes that may be written ``"64 MiB"``; None for the default."""
    if size is None or size == "default":
        return None
    if not isinstance(size, str):
        return int(size)
    number = size.rstrip("BbIiKkMmGgTt ")
    unit = size[len(number):].strip().lower().removesuffix("b")
    scale = {"": 1, "k": 10**3, "ki": 2**10, "m": 10**6, "mi": 2**20, "g": 10**9, "gi": 2**30, "t": 10**12, "ti": 2**40}
    try:
        return int(float(number or 1) * scale[unit])
    except (KeyError, ValueError):
        raise ValueError(f"{size!r} is no number of bytes: write 64_000_000 or '64 MB'") from None
