"""How a frame is looked at: its parts one after the other, its size, its rows as text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from phalanx import _client
from phalanx._collection import Collection
from phalanx._lazy import pd
from phalanx.dataframe._results import Result

__all__ = ["FrameInspection"]


class FrameInspection:
    """What a frame is, and its rows as something else than a frame."""

    __slots__ = ()
    _native: Any
    _names: Any

    @property
    def axes(self) -> list[Any]:
        """The index and the columns."""
        return [self.index, self.columns]  # type: ignore[attr-defined]

    @property
    def size(self) -> Result:
        """How many values there are, lazily."""
        width = len(self._names)
        return self._count()._then(lambda rows: rows * width)  # type: ignore[attr-defined]

    @property
    def shape(self) -> tuple[Any, int]:
        """The number of rows, lazily, and the number of columns."""
        return self._count(), len(self._names)  # type: ignore[attr-defined]

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and columns, one after the other."""
        return ((name, self._column(name)) for name in self._names)  # type: ignore[attr-defined]

    def iterrows(self) -> Iterator[tuple[Any, Any]]:
        """Labels and rows as pandas' series; partitions are computed one after the other."""
        for part in self._each_partition():  # type: ignore[attr-defined]
            yield from part.iterrows()

    def itertuples(self, index: bool = True, name: str | None = "Pandas") -> Iterator[Any]:
        """Rows as named tuples; partitions are computed one after the other."""
        for part in self._each_partition():  # type: ignore[attr-defined]
            yield from part.itertuples(index=index, name=name)

    def squeeze(self, axis: Any = None) -> Any:
        """The only column as a series; the frame itself if there are several."""
        if axis in (0, "index"):
            raise NotImplementedError("squeeze of a frame of one row: how many rows there are is known after computing")
        if axis not in (None, 1, "columns"):
            raise ValueError(f"No axis {axis} for object type DataFrame")
        return self._column(self._names[0]) if len(self._names) == 1 else self  # type: ignore[attr-defined]

    def memory_usage(self, deep: bool = False, index: bool = True) -> Result:
        """The bytes of each column, as pandas holds it; partitions are measured where they are, in Python."""
        found: Result = self.reduction(_usage, _totals, chunk_kwargs={"deep": deep, "index": index}, meta=self._usage_meta(index))  # type: ignore[attr-defined]
        return found

    def _usage_meta(self, index: bool) -> Any:
        names = [*(["Index"] if index else []), *self._names]
        return pd.DataFrame({name: pd.Series([], dtype="int64") for name in names})

    def info(self, buf: Any = None, verbose: bool = False, memory_usage: bool = False) -> None:
        """Prints what the frame is.

        Parameters
        ----------
        buf : file, optional
            Where it is printed.
        verbose : bool, default False
            Also how many rows there are and how many values of each column, which is computed.
        memory_usage : bool, default False
            Also how much memory pandas would need, which is computed.
        """
        lines = ["<class 'phalanx.dataframe.DataFrame'>"]
        kinds = {name: str(kind) for name, kind in self.dtypes.items()}  # type: ignore[attr-defined]
        if verbose:
            counts = self.count().compute()  # type: ignore[attr-defined]
            rows = len(self)  # type: ignore[arg-type]
            lines += [f"{rows} rows in {self.npartitions} partitions", f"Data columns (total {len(self._names)} columns):"]  # type: ignore[attr-defined]
            table = pd.DataFrame(
                {"Column": list(kinds), "Non-Null Count": [f"{counts[name]} non-null" for name in kinds], "Dtype": list(kinds.values())}
            )
            lines.append(table.to_string())
        elif self._names:
            lines.append(f"Columns: {len(self._names)} entries, {self._names[0]} to {self._names[-1]}")
        each = pd.Series(list(kinds.values()), dtype=object).value_counts().sort_index()
        lines.append("dtypes: " + ", ".join(f"{kind}({count})" for kind, count in each.items()))
        if memory_usage:
            lines.append(f"memory usage: {int(self.memory_usage(deep=True).compute().sum())} bytes")
        print("\n".join(lines), file=buf or sys.stdout)

    def to_string(self, max_rows: int | None = 5, **options: Any) -> str:
        """The first and last rows as text, as pandas writes them; ``max_rows=None`` writes all. They are computed."""
        return str(self._shown(max_rows).to_string(max_rows=max_rows, **options))

    def to_html(self, max_rows: int | None = 5, **options: Any) -> str:
        """The first and last rows as a table of HTML, as pandas writes it. They are computed."""
        return str(self._shown(max_rows).to_html(max_rows=max_rows, **options))

    def _shown(self, max_rows: int | None) -> Any:
        """Rows that pandas shows as it would show all."""
        frame: Any = self
        if max_rows is None:
            return frame.compute()
        first, last, rows = frame.head(max_rows), frame.tail(max_rows), len(frame)
        if rows <= max_rows:
            return first
        if self._native.index is None:
            last.index = pd.RangeIndex(rows - len(last), rows)
        return pd.concat([first, last])

    def to_records(self, index: bool = False, lengths: Any = None) -> Any:
        """The rows as NumPy's records, lazily.

        Parameters
        ----------
        index : bool, default False
            Whether the index is among the fields.
        lengths : optional
            Taken as Dask takes it; the records are one array.
        """
        return _Made(self, lambda frame: frame.to_records(index=index))

    def to_dict(self, *args: Any, **kwargs: Any) -> Any:
        """pandas' ``to_dict`` of the computed frame."""
        return self.compute().to_dict(*args, **kwargs)  # type: ignore[attr-defined]

    def to_bag(self, index: bool = False, format: str = "tuple") -> list[Any]:
        """A delayed list of tuples (or of dicts) for each partition: there are no bags here."""
        if format not in ("tuple", "dict"):
            raise ValueError(f'format must be either "tuple" or "dict", not {format!r}')
        from phalanx._delayed import delayed

        parts = [self.get_partition(number) for number in range(self.npartitions)]  # type: ignore[attr-defined]
        return [delayed(_listed)(part, index, format) for part in parts]

    def to_timestamp(self, freq: Any = None, how: str = "start") -> Any:
        """Refused: there are no periods here."""
        raise NotImplementedError("to_timestamp: an index of periods is one of times here; resample gives the start of bins")

    def to_backend(self, backend: str | None = None, **options: Any) -> Any:
        """The frame: there is one backend, pandas."""
        if backend not in (None, "pandas") or options:
            raise NotImplementedError(f"to_backend({backend!r}): results are pandas frames, or Arrow tables with to_arrow()")
        return self


def _usage(part: Any, deep: bool, index: bool) -> Any:
    return part.memory_usage(index=index, deep=deep)


def _totals(parts: Any) -> Any:
    return parts.sum().astype("int64")


def _listed(part: Any, index: bool, format: str) -> list[Any]:
    frame = part.compute() if hasattr(part, "compute") else part
    if format == "dict":
        return list((frame.reset_index() if index else frame).to_dict(orient="records"))
    return list(frame.itertuples(index=index, name=None))


class _Made(Collection):
    """Something that is made of the computed frame."""

    __slots__ = ("_function", "_of")
    _phalanx_kind = "frame"

    def __init__(self, of: Any, function: Any) -> None:
        self._of = of
        self._function = function

    def _prepared(self, native: Any) -> Any:
        return self._of._prepared(native)

    def _finish(self, table: Any) -> Any:
        return self._function(self._of._finish(table))

    def persist(self, *, client: Any = None) -> Any:
        """The same of rows that are computed and kept where they were computed."""
        return _Made(self._of.persist(client=_client.native(client)), self._function)

    def __repr__(self) -> str:
        return f"<made of {self._of!r}>"
