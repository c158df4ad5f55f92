"""What frames and series do with their rows and partitions, whatever the columns are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from phalanx import _client
from phalanx._lazy import np, pd
from phalanx.dataframe._calls import aggregate, dumps
from phalanx.dataframe._declared import no_meta
from phalanx.dataframe._python import call_overlapping, call_partitions
from phalanx.dataframe._results import Result, first_value
from phalanx.dataframe._storage import bytes_of

__all__ = ["Rows"]

#: A column that is put beside the others for a moment.
_PLACE = "__place"


class Rows:
    """Parts of the rows, other partitions, and Python's functions of partitions.

    Who has these has ``_via(function)``, the same with ``function`` applied to its native frame, and ``_prepared``.
    """

    __slots__ = ()

    def _via(self, function: Callable[[Any], Any]) -> Any:
        raise NotImplementedError

    @property
    def _rows(self) -> Any:
        """The native frame."""
        return self._prepared(None)  # type: ignore[attr-defined]

    # How many there are.

    def _count(self) -> Result:
        native = self._rows
        return Result(native.reduce(dumps([aggregate(native.column_names[0], "size", "size")])), lambda frame: int(first_value(frame)))

    def __len__(self) -> int:
        """The number of rows, which is computed."""
        return int(self._count().compute())

    @property
    def empty(self) -> bool:
        """Whether there is no row, which is computed."""
        return len(self._via(lambda native: native.head(1)).compute()) == 0

    @property
    def npartitions(self) -> int:
        """The number of partitions."""
        return int(self._rows.partition_count(_client.native()))

    # Some of them.

    def head(self, n: int = 5, npartitions: int = -1, compute: bool = True) -> Any:
        """The first ``n`` rows, computed unless told otherwise; all but the last ``-n`` where ``n`` is negative, for which
        rows are counted now. Of the first ``npartitions`` only, if that is positive.
        """
        rows = self if npartitions < 1 else self.partitions[:npartitions]
        count = rows._how_many(n)
        first = rows._via(lambda native: native.head(count))
        return first.compute() if compute else first

    def tail(self, n: int = 5, compute: bool = True) -> Any:
        """The last ``n`` rows of all, computed unless told otherwise; all but the first ``-n`` where ``n`` is negative, for
        which rows are counted now.
        """
        count = self._how_many(n)
        last = self._via(lambda native: native.last_rows(count))
        return last.compute() if compute else last

    def _how_many(self, n: int) -> int:
        return n if n >= 0 else max(len(self) + n, 0)

    @property
    def loc(self) -> Any:
        """Rows by their labels: ``loc[label]``, ``loc[[labels]]``, ``loc[from:to]``, ``loc[condition, columns]``."""
        from phalanx.dataframe._labels import Loc

        return Loc(self)

    def get_partition(self, n: int) -> Any:
        """One partition."""
        count = self.npartitions
        if not 0 <= n < count:
            raise ValueError(f"n must be 0 <= n < {count}")
        return self._via(lambda native: native.chosen_partitions([n]))

    @property
    def partitions(self) -> Any:
        """Parts: ``partitions[0]``, ``partitions[:3]``."""
        return _Partitions(self)

    def sample(self, n: Any = None, frac: float | None = None, replace: bool = False, random_state: Any = None) -> Any:
        """About this share of the rows, in their order; a row is drawn or not by the seed and its number alone."""
        if n is not None or frac is None:
            raise NotImplementedError("sample of a number of rows: pass frac, a share")
        if replace:
            raise NotImplementedError("sample(replace=True): rows are drawn once")
        return self._via(lambda native: native.sampled(float(frac), _seed(random_state)))

    def random_split(self, frac: Sequence[float], random_state: Any = None, shuffle: bool = False) -> list[Any]:
        """Several of about these shares of the rows."""
        if shuffle:
            raise NotImplementedError("random_split(shuffle=True): rows keep their order")
        shares, seed = [float(share) for share in frac], _seed(random_state)

        def part(place: int) -> Any:
            return self._via(lambda native: native.split_at_random(shares, seed)[place])

        return [part(place) for place in range(len(shares))]

    # Other partitions.

    def repartition(
        self,
        divisions: Sequence[Any] | None = None,
        npartitions: int | None = None,
        partition_size: int | str | None = None,
        freq: Any = None,
        force: bool = False,
    ) -> Any:
        """The same rows in other partitions, in their order.

        Parameters
        ----------
        divisions : sequence, optional
            Where the index is cut: partition ``i`` has the labels from ``divisions[i]`` to below ``divisions[i + 1]``,
            the last also the last. The index must be sorted.
        npartitions : int, optional
            So many partitions, of as many rows each.
        partition_size : int or str, optional
            Partitions of about so many bytes, as pandas counts them; they are measured now.
        freq : str or offset, optional
            Partitions of so much time of the index each, whose first and last times are computed now.
        force : bool, default False
            Divisions may reach beyond the index; they always may.
        """
        given = [each is not None for each in (divisions, npartitions, partition_size, freq)]
        if sum(given) != 1:
            raise ValueError(
                "Please provide exactly one of ``npartitions=``, ``freq=``, ``divisions=`` or ``partition_size=``"
            )
        if npartitions is not None:
            return self._via(lambda native: native.repartitioned(int(npartitions)))
        if partition_size is not None:
            size = bytes_of(partition_size) or 1
            held = int(self.memory_usage_per_partition(deep=True).compute().sum())
            return self._via(lambda native: native.repartitioned(max(1, -(-held // size))))
        if freq is not None:
            divisions = self._times(freq)
        return self._cut(list(divisions or []))

    def _times(self, freq: Any) -> list[Any]:
        native = self._rows
        if native.index is None:
            raise TypeError("Can only repartition on frequency for timeseries")
        first, last = self._ends()
        if not isinstance(first, pd.Timestamp):
            raise TypeError("Can only repartition on frequency for timeseries")
        borders = pd.date_range(first.floor("D"), last, freq=freq)
        borders = [border for border in borders if first < border < last]
        return [first, *borders, last]

    def _ends(self) -> tuple[Any, Any]:
        """The smallest and the largest label."""
        native = self._rows
        ends = native.reduce(dumps([aggregate(native.index, "min", "first"), aggregate(native.index, "max", "last")]))
        row = Result(ends, lambda frame: frame).compute()
        return row["first"].iloc[0], row["last"].iloc[0]

    def _cut(self, divisions: list[Any]) -> Any:
        if len(divisions) < 2 or list(divisions) != sorted(divisions):
            raise ValueError("New division must be sorted, and at least two")
        from phalanx.dataframe.series import Series

        def cut(native: Any) -> Any:
            if native.index is None:
                raise NotImplementedError("divisions of row numbers: repartition(npartitions=…), or set_index first")
            index = Series._wrap(native.column(native.index))
            place = None
            for border in divisions[1:-1]:
                one = (index >= border).astype("int64")
                place = one if place is None else place + one
            if place is None:
                return native.repartitioned(1)
            placed = native.assign([(_PLACE, place._native)]).placed_by(_PLACE, len(divisions) - 1)
            return placed.drop_columns([_PLACE])

        return self._via(cut)

    @property
    def divisions(self) -> tuple[Any, ...]:
        """The labels at which partitions begin, and the last label: found by a job if there is an index.

        They are None where the index is not sorted by partitions.
        """
        unknown = (None,) * (self.npartitions + 1)
        native = self._rows
        if native.index is None:
            return unknown
        index = native.index
        numbered = native.with_partition_number(_PLACE)
        calls = [aggregate(index, "min", "first"), aggregate(index, "max", "last")]
        parts = Result(numbered.group_agg([_PLACE], True, True, dumps(calls)), lambda frame: frame).compute()
        if len(parts) != len(unknown) - 1 or parts.isna().any(axis=None):
            return unknown
        firsts, lasts = list(parts["first"]), list(parts["last"])
        if any(last > first for last, first in zip(lasts, firsts[1:])) or firsts != sorted(firsts):
            return unknown
        return (*firsts, lasts[-1])

    @property
    def known_divisions(self) -> bool:
        """Whether partitions hold successive ranges of the index, which a job finds out."""
        return self.divisions[0] is not None

    # Python.

    def map_partitions(
        self,
        func: Callable[..., Any],
        *args: Any,
        meta: Any = no_meta,
        enforce_metadata: bool = True,
        transform_divisions: bool = True,
        clear_divisions: bool = False,
        align_dataframes: bool = False,
        parent_meta: Any = None,
        required_columns: Any = None,
        **kwargs: Any,
    ) -> Any:
        """``func`` of each partition, as pandas has it; empty ones too.

        Parameters
        ----------
        func : callable
            Takes a pandas object, and the same partitions of lazy objects among the arguments; returns a frame, a
            series or a value. Workers run it only if they were started to (``--allow-python``).
        meta : optional
            What it returns: an empty frame or series, a dict of names and types, or ``(name, type)``. By default the
            function is tried with made-up rows.
        enforce_metadata, transform_divisions, clear_divisions, align_dataframes, parent_meta, required_columns
            Taken as Dask takes them: what is declared is always enforced, and partitions meet by their numbers.

        Examples
        --------
        >>> import pandas as pd, phalanx.dataframe as dd
        >>> frame = dd.from_pandas(pd.DataFrame({"x": [1, 2, 3]}), npartitions=2)
        >>> frame.map_partitions(lambda part: part.assign(y=part.x + 1)).y.compute().tolist()
        [2, 3, 4]
        """
        return call_partitions(self, func, args, kwargs, meta=meta)

    def map_overlap(
        self,
        func: Callable[..., Any],
        before: Any,
        after: Any,
        *args: Any,
        meta: Any = no_meta,
        enforce_metadata: bool = True,
        transform_divisions: bool = True,
        clear_divisions: bool = False,
        align_dataframes: bool = False,
        **kwargs: Any,
    ) -> Any:
        """``func`` of each partition with rows of its neighbours; of what it returns only the partition's own stays.

        Parameters
        ----------
        func : callable
            As for :meth:`map_partitions`; returns a row (or as many) for each row.
        before, after : int or timedelta
            How many rows of the partitions before and after, or how much of the index's time.
        """
        return call_overlapping(self, func, before, after, args, kwargs, meta=meta)

    def reduction(
        self,
        chunk: Callable[..., Any],
        aggregate: Callable[..., Any] | None = None,
        combine: Callable[..., Any] | None = None,
        meta: Any = no_meta,
        token: str | None = None,
        split_every: Any = None,
        chunk_kwargs: dict[str, Any] | None = None,
        aggregate_kwargs: dict[str, Any] | None = None,
        combine_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """``aggregate`` of what ``chunk`` gives for each partition.

        ``chunk`` runs where the rows are, ``combine`` and ``aggregate`` here, over a frame with a row for each
        partition (a series, if ``chunk`` gives values). ``meta`` says what ``chunk`` gives; the rest steers Dask.
        """
        given, wanted = {**kwargs, **(chunk_kwargs or {})}, {**kwargs, **(aggregate_kwargs or {})}
        parts = call_partitions(self, _Chunk(chunk), (), given, meta=meta, row_by_row=False)
        last, between = aggregate or chunk, {**kwargs, **(combine_kwargs or {})}
        is_series = not hasattr(parts, "_names")

        def finish(frame: Any) -> Any:
            found = parts._finish(frame)
            found = pd.Series(found.to_numpy()) if is_series else found
            if combine is not None:
                found = combine(found, **between)
            return last(found, **wanted)

        from phalanx._lazy import pa

        return Result(parts._rows, lambda frame: finish(pa.Table.from_pandas(frame, preserve_index=False)))

    def to_delayed(self, optimize_graph: bool = True) -> list[Any]:
        """A delayed call for each partition, which computes it; plans are always optimized."""
        from phalanx._delayed import delayed

        return [delayed(_compute)(self.get_partition(n)) for n in range(self.npartitions)]

    def _each_partition(self) -> Iterator[Any]:
        """The computed partitions, one after the other; row numbers go on."""
        first, numbered = 0, self._rows.index is None
        for number in range(self.npartitions):
            part = self.get_partition(number).compute()
            if numbered:
                part.index = pd.RangeIndex(first, first + len(part))
            first += len(part)
            yield part

    # Memory.

    def memory_usage_per_partition(self, index: bool = True, deep: bool = False) -> Any:
        """The bytes of each partition as pandas holds it."""
        return call_partitions(self, _Bytes(index, deep), meta=np.int64(0), row_by_row=False)

    @property
    def nbytes(self) -> Result:
        """The bytes of all values, as pandas holds them."""
        return Result(self.memory_usage_per_partition(index=False)._rows, lambda frame: int(frame.iloc[:, 0].sum()))


def _compute(part: Any) -> Any:
    return part.compute() if hasattr(part, "compute") else part


class _Chunk:
    """``chunk`` of a partition; a series becomes a row."""

    def __init__(self, chunk: Callable[..., Any]) -> None:
        self._chunk = chunk

    @property
    def __name__(self) -> str:
        return getattr(self._chunk, "__name__", "chunk")

    def __call__(self, part: Any, **kwargs: Any) -> Any:
        found = self._chunk(part, **kwargs)
        return found.to_frame().T.reset_index(drop=True).infer_objects() if isinstance(found, pd.Series) else found


class _Bytes:
    """The bytes of a partition."""

    __name__ = "memory_usage"

    def __init__(self, index: bool, deep: bool) -> None:
        self._index, self._deep = index, deep

    def __call__(self, part: Any) -> Any:
        used = part.memory_usage(index=self._index, deep=self._deep)
        return np.int64(used.sum() if isinstance(used, pd.Series) else used)


class _Partitions:
    """``partitions``."""

    __slots__ = ("_of",)

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getitem__(self, which: int | slice | list[int]) -> Any:
        count = self._of.npartitions
        if isinstance(which, slice):
            numbers = list(range(count))[which]
        else:
            wanted = which if isinstance(which, list) else [which]
            numbers = [number + count if number < 0 else number for number in wanted]
        for number in numbers:
            if not 0 <= number < count:
                raise IndexError(f"there is no partition {number}: there are {count}")
        return self._of._via(lambda native: native.chosen_partitions(numbers))

    def __len__(self) -> int:
        return int(self._of.npartitions)


def _seed(random_state: Any) -> int:
    if random_state is None:
        import secrets

        return secrets.randbits(63)
    if hasattr(random_state, "integers"):  # NumPy's generator
        return int(random_state.integers(2**63))
    if hasattr(random_state, "randint"):
        return int(random_state.randint(2**31))
    return int(random_state)
