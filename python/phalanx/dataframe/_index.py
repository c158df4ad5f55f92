"""The index of a frame: set, reset, renamed; and what goes by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx.dataframe._convert import INDEX
from phalanx.dataframe.series import Series

__all__ = ["FrameIndex"]

_UNSET: Any = object()


class FrameIndex:
    """What the labels of rows are."""

    __slots__ = ()
    _native: Any
    _names: Any

    def set_index(
        self,
        other: Any,
        drop: bool = True,
        sorted: bool = False,
        npartitions: int | str | None = None,
        divisions: Sequence[Any] | None = None,
        sort: bool = True,
        append: bool = False,
        shuffle_method: str | None = None,
        upsample: float = 1.0,
        partition_size: float = 128e6,
    ) -> Any:
        """With a column as the index, and the rows sorted by it, as Dask does.

        Parameters
        ----------
        other : str or Series
            The column.
        drop : bool, default True
            Whether the column goes from the columns.
        sorted : bool, default False
            The rows are sorted already, and stay where they are.
        npartitions : int, optional
            So many partitions; as many as before by default.
        divisions : sequence, optional
            The labels at which partitions begin, and the last label.
        sort : bool, default True
            Sort the rows, ties in their order; pandas does not, so ``sort=False`` is pandas' own.
        append : bool, default False
            Refused: an index has one level.
        shuffle_method, upsample, partition_size
            Taken as Dask takes them; they steer how Dask sorts.
        """
        if append:
            raise NotImplementedError("set_index(append=True): an index has one level; join the labels into one column")
        frame: Any = self
        if isinstance(other, list):
            if len(other) != 1:
                raise NotImplementedError(f"set_index of the columns {other}: an index has one level")
            other = other[0]
        if isinstance(other, Series):
            name = INDEX if other.name is None else str(other.name)
            if name in self._names and drop is False:
                raise ValueError(f"the index and a column would both be named {name!r}")
            frame = frame.assign(**{name: other})
        else:
            name = other
            if name == frame._native.index:
                return frame if sorted or not sort else frame.sort_index()
            if name not in self._names:
                raise KeyError(f"None of [{name!r}] are in the columns")
        if not drop:
            raise NotImplementedError(
                f"set_index({name!r}, drop=False): a name stands for one column; assign a copy under another name first"
            )
        old = frame._native.index
        native = frame._native.reset_index()
        frame = frame._wrap((native if old is None else native.drop_columns([old])).set_index(name))
        if sort and not sorted:
            frame = frame.sort_index()
        if divisions is not None:
            return frame.repartition(divisions=divisions)
        return frame if npartitions in (None, "auto") else frame.repartition(npartitions=npartitions)

    def reset_index(self, drop: bool = False) -> Any:
        """Without an index; unless dropped, it becomes the first column."""
        frame: Any = self
        name = frame._native.index
        if name is None:
            return frame if drop else frame._numbered_column()
        native = frame._native.reset_index()
        if drop:
            return frame._wrap(native.drop_columns([name]))
        native = native.select([name, *frame._names])
        return frame._wrap(native.rename([(INDEX, "index")]) if name == INDEX else native)

    def _numbered_column(self) -> Any:
        name = "level_0" if "index" in self._names else "index"
        return self._wrap(self._native.with_row_number(name).select([name, *self._names]))  # type: ignore[attr-defined]

    def rename_axis(self, mapper: Any = _UNSET, index: Any = _UNSET, columns: Any = _UNSET, axis: Any = 0) -> Any:
        """With another name for the index."""
        if mapper is not _UNSET:
            if axis in (1, "columns"):
                columns = mapper
            else:
                index = mapper
        if columns is not _UNSET:
            raise NotImplementedError("rename_axis of columns: they have no name; set it after computing")
        if index is _UNSET:
            raise TypeError("rename_axis needs a name")
        old = self._native.index
        if old is None:
            raise NotImplementedError("rename_axis of row numbers: reset_index gives them a column, set_index makes it the index")
        if callable(index):
            index = index(None if old == INDEX else old)
        new = INDEX if index is None else str(index)
        return self._wrap(self._native.rename([(old, new)]))  # type: ignore[attr-defined]

    def _relabelled(self, labels: Any) -> Any:
        """With labels changed by a dict."""
        name = self._native.index
        if callable(labels):
            raise NotImplementedError("rename of labels by a function: reset_index, map the column and set_index(sort=False)")
        if name is None:
            raise NotImplementedError("rename of row numbers: set_index a column first")
        changed = Series._wrap(self._native.column(name)).replace(labels)
        return self._wrap(self._native.assign([(name, changed._native)]))  # type: ignore[attr-defined]

    def shuffle(
        self,
        on: Any = None,
        ignore_index: bool = False,
        npartitions: int | None = None,
        shuffle_method: str | None = None,
        on_index: bool = False,
        force: bool = False,
    ) -> Any:
        """The same rows in partitions by the hash of columns: rows with equal values are in one.

        Parameters
        ----------
        on : str or list of str
            The columns; the index, if ``on_index``.
        ignore_index : bool, default False
            The result has no index.
        npartitions : int, optional
            As many as before by default.
        shuffle_method, force
            Taken as Dask takes them; rows are always moved, in one way.
        """
        if on_index == (on is not None):
            raise TypeError("pass the columns on, or on_index=True")
        frame: Any = self
        names = [frame._native.index] if on_index else [on] if isinstance(on, str) else list(on)
        if None in names:
            raise NotImplementedError("a shuffle by row numbers: repartition deals rows out by their numbers")
        frame._need(names)
        native = frame._native.shuffled(names, npartitions or frame.npartitions)
        return frame._wrap(native.reset_index().select(self._names) if ignore_index else native)
