"""The lazy index: the labels of rows."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import pd
from phalanx.dataframe._convert import INDEX
from phalanx.dataframe.series import _NO_DEFAULT, Series

__all__ = ["Index", "index_of"]


def index_of(native: Any) -> Index:
    """The labels of a native frame's rows: its index, or the numbers of its rows."""
    if native.index is None:
        native = native.with_row_number(INDEX).set_index(INDEX)
    name = native.index
    return Index._wrap(native.column(name).rename(None if name == INDEX else name))


def _part(name: str) -> Any:
    def part(self: Index) -> Any:
        return getattr(self.dt, name)

    return property(part, doc=f"The field ``{name}`` of each time, as an index.")


class Index(Series):
    """Lazy labels of rows. It computes to pandas' index; else it is like the series of its values.

    Functions of values give an index again; answers (``isna``, ``==``) give a series, for ``[]`` of the frame.
    """

    __slots__ = ()

    # How it is computed: without labels of its own.

    @property
    def _column(self) -> str:
        return "0" if self.name is None else self.name

    def _alone(self) -> Any:
        from phalanx.dataframe._core import DataFrame

        inner = "labels (values)"
        frame = self._native.rename(inner).to_frame().reset_index().select([inner])
        return DataFrame._wrap(frame.rename([(inner, self._column)]))

    def _finish(self, table: Any) -> Any:
        from phalanx.dataframe._convert import to_pandas

        return pd.Index(to_pandas(table, None).iloc[:, 0]).rename(self.name)

    @property
    def index(self) -> Index:
        """The index itself."""
        return self

    @property
    def is_unique(self) -> Any:
        """Whether no label is there twice, as a lazy value."""
        this: Any = self
        return this.nunique(dropna=False) == this.size

    year, month, day = _part("year"), _part("month"), _part("day")
    hour, minute, second = _part("hour"), _part("minute"), _part("second")
    microsecond, millisecond, nanosecond = _part("microsecond"), _part("millisecond"), _part("nanosecond")
    dayofweek, weekday, day_of_week = _part("dayofweek"), _part("weekday"), _part("day_of_week")
    dayofyear, day_of_year, quarter = _part("dayofyear"), _part("day_of_year"), _part("quarter")
    week, weekofyear = _part("week"), _part("weekofyear")

    # Shapes.

    def to_series(self, index: Any = None, name: Any = _NO_DEFAULT) -> Any:
        """A series of the labels, labelled by themselves."""
        if index is not None:
            raise NotImplementedError("to_series(index=…): assign the labels to the frame that has that index")
        return Series._wrap(self._native if name is _NO_DEFAULT else self._native.rename(None if name is None else str(name)))

    def to_frame(self, index: bool = True, name: Any = _NO_DEFAULT) -> Any:  # type: ignore[override]
        """A frame of the labels, labelled by themselves or, without ``index``, by row numbers.

        The labels have no name if the column has theirs.
        """
        from phalanx.dataframe._core import DataFrame

        column = self._column if name is _NO_DEFAULT or name is None else str(name)
        frame = self._alone()._native.rename([(self._column, column)])
        if not index:
            return DataFrame._wrap(frame)
        label = INDEX if self.name in (None, column) else self.name
        own = frame.column(column).rename(label)
        return DataFrame._wrap(DataFrame._of_series([own, frame.column(column)])._native.set_index(label))

    def map(self, arg: Any, na_action: str | None = None, meta: Any = _NO_DEFAULT, is_monotonic: bool = False) -> Any:
        """For each label what the mapping has for it; ``is_monotonic`` promises that the order stays, and is not needed."""
        if is_monotonic not in (True, False):
            raise TypeError(f"map(is_monotonic={is_monotonic!r})")
        return super().map(arg, na_action, meta)

    def shift(self, periods: int = 1, freq: Any = None) -> Any:
        """The times moved by so many times ``freq``."""
        if freq is None:
            raise NotImplementedError("shift of an index without freq: to_series().shift() moves the labels along rows")
        from phalanx.dataframe._calls import nanoseconds

        return self + pd.Timedelta(periods * nanoseconds(freq), unit="ns")

    def rename(self, index: Any = None, sorted_index: bool = False) -> Any:
        """The same labels under another name."""
        return super().rename(index, sorted_index)
