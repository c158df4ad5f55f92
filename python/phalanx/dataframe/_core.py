"""The lazy frame: what it is, how it is computed and shown."""

from __future__ import annotations

from typing import Any

from phalanx import _client
from phalanx._lazy import pa
from phalanx.dataframe.groupby import FrameGroups
from phalanx.dataframe.reductions import FrameReductions
from phalanx.dataframe.reshape import FrameShape
from phalanx.dataframe.windows import FrameWindows

__all__ = ["DataFrame"]


class DataFrame(FrameReductions, FrameGroups, FrameWindows, FrameShape):
    """A lazy, partitioned, ordered table."""

    __slots__ = ("_native",)
    _phalanx_kind = "frame"

    def __init__(self, *_: Any) -> None:
        raise TypeError("a DataFrame is made by functions: phalanx.dataframe.from_pandas, read_parquet, …")

    @classmethod
    def _wrap(cls, native: Any) -> DataFrame:
        frame = object.__new__(cls)
        frame._native = native
        return frame

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [name for name in self._native.column_names if name != self._native.index]

    def _prepared(self, native: Any) -> Any:
        """What the native client is given."""
        return self._native

    def _finish(self, table: Any) -> Any:
        """What the caller gets: pandas' frame."""
        frame = pa.table(table).to_pandas()
        index = self._native.index
        return frame if index is None else frame.set_index(index)

    def compute(self, *, client: Any = None, verify: bool = False) -> Any:
        """The rows, as a pandas frame."""
        from phalanx._compute import compute

        return compute(self, client=client, verify=verify)[0]

    def persist(self, *, client: Any = None) -> DataFrame:
        """The same frame, computed and kept where it was computed."""
        return self._wrap(_client.native(client).persist_frame(self._native))

    def explain(self, *, client: Any = None) -> str:
        """What would run: stages and the physical plan."""
        return _client.native(client).explain_frame(self._native)
