"""Small lazy results: a number, or a pandas Series with one value for each column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx import _client
from phalanx._collection import Collection
from phalanx._lazy import pa

__all__ = ["Result"]


class Result(Collection):
    """A lazy result that is computed as a frame of few rows and given as something smaller."""

    __slots__ = ("_make", "_native")
    _phalanx_kind = "frame"

    def __init__(self, native: Any, make: Callable[[Any], Any]) -> None:
        self._native = native
        self._make = make

    def _prepared(self, native: Any) -> Any:
        return self._native

    def _finish(self, table: Any) -> Any:
        return self._make(pa.table(table).to_pandas())

    def persist(self, *, client: Any = None) -> Result:
        """The same, computed and kept where it was computed."""
        return Result(_client.native(client).persist_frame(self._native), self._make)

    def __repr__(self) -> str:
        return "<lazy result: call .compute()>"


def first_row(frame: Any) -> Any:
    """The only row as a series of the columns' values."""
    row = frame.iloc[0]
    row.name = None
    return row


def first_value(frame: Any) -> Any:
    """The only value."""
    return frame.iloc[0, 0]
