"""Python functions that run where the data is: packing, calling, and what they raise.

A packed function takes a list of native tables (objects with Arrow's C stream, one an input) and a text that says
where it runs; it returns an object with Arrow's C stream. The faces make such functions of the user's own.

Whoever unpacks runs code: only workers that were started with ``--allow-python`` do, and the caller's own process.
"""

from __future__ import annotations

import collections
import functools
import io
import pickle
import traceback
import types
from collections.abc import Callable
from typing import Any

from phalanx._lazy import pa, require

__all__ = ["call", "call_on_worker", "function_name", "pack", "pack_exception", "unpack_exception"]

#: Functions that were unpacked and may be called again.
_CACHE_SIZE = 128
#: Begins the note that says where an exception was raised.
_RAISED_IN = "raised in "


def function_name(function: Any) -> str:
    """What people call a function."""
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or type(function).__name__)


@functools.cache
def _pickler() -> Any:
    """cloudpickle's, but that code remembers its file: a traceback of a worker then has the lines of the source."""
    base = require("cloudpickle").CloudPickler
    reduce_code = base.dispatch_table[types.CodeType]

    def reduce(code: types.CodeType) -> tuple[Any, tuple[Any, ...]]:
        make, parts = reduce_code(code)
        return make, tuple(code.co_filename if part == "<dynamic-code>" else part for part in parts)

    class Pickler(base):  # type: ignore[misc, valid-type]
        dispatch_table = collections.ChainMap({types.CodeType: reduce}, base.dispatch_table)

    return Pickler


def pack(function: Callable[[list[Any], str], Any]) -> bytes:
    """A function as bytes, with everything that it refers to."""
    file = io.BytesIO()
    _pickler()(file).dump(function)
    return file.getvalue()


@functools.lru_cache(_CACHE_SIZE)
def _unpacked(payload: bytes) -> Callable[[list[Any], str], Any]:
    function: Callable[[list[Any], str], Any] = pickle.loads(payload)
    return function


def call(payload: bytes, tables: list[Any], context: str) -> Any:
    """Calls a packed function; the extension module does so in tasks. ``context`` says where, for messages."""
    try:
        return _unpacked(payload)(tables, context)
    except Exception as error:
        error.add_note(_RAISED_IN + context)
        raise


def pack_exception(error: BaseException) -> tuple[str, bytes]:
    """An exception as a message, and as bytes with where it was raised and the text of its traceback."""
    notes = getattr(error, "__notes__", [])
    context = notes.pop().removeprefix(_RAISED_IN) if notes and notes[-1].startswith(_RAISED_IN) else ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.endswith("_host.py")]
    text = "".join(traceback.format_list(own or frames))
    message = "".join(traceback.format_exception_only(error)).strip()
    try:
        packed = require("cloudpickle").dumps(error)
    except Exception:  # an exception may hold what can't be packed: a lock, a file, a socket
        packed = b""
    return message, pickle.dumps((packed, text, context))


def unpack_exception(payload: bytes, message: str, place: str | None) -> BaseException:
    """The exception that :func:`pack_exception` packed, with a note of where it was raised."""
    from phalanx.exceptions import PhalanxError

    packed, text, context = pickle.loads(payload) if payload else (b"", "", "")
    try:
        error: Any = pickle.loads(packed)
    except Exception:
        error = PhalanxError(message)
    if not isinstance(error, Exception):
        error = PhalanxError(message)
    where = f"{_RAISED_IN}{context or 'a task'}" + (f" ({place})" if place else "")
    raised: BaseException = error
    raised.add_note(f"{where}:\n{text}" if text else where)
    return raised


def _call_once(tables: list[Any], context: str, function: Any, args: Any, kwargs: Any) -> Any:
    value = function(*args, **kwargs)
    return pa.table({"value": pa.array([require("cloudpickle").dumps(value)], pa.large_binary())})


def call_on_worker(native: Any, function: Callable[..., Any], args: Any, kwargs: Any, token: Any = None) -> Any:
    """``function(*args, **kwargs)`` on a worker; the value comes back pickled."""
    from phalanx import _phalanx

    packed = pack(functools.partial(_call_once, function=function, args=args, kwargs=kwargs))
    schema = pa.schema([("value", pa.large_binary())])
    frame = _phalanx.Frame.call(packed, function_name(function), schema)
    (table,) = native.compute([], [frame], token)[1]
    return pickle.loads(pa.table(table)["value"][0].as_py())
