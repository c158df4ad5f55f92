"""Values of a row from the rows around it, with pandas' names."""

from __future__ import annotations

from typing import Any

from phalanx.dataframe._across import by_rows
from phalanx.dataframe._calls import dumps, window
from phalanx.dataframe._group_rows import literal, ranking
from phalanx.dataframe.categories import ordered_as_codes
from phalanx.dataframe.reductions import along_rows
from phalanx.dataframe.resampling import Resampler
from phalanx.dataframe.rolling import Expanding, Rolling

__all__ = ["Expanding", "FrameWindows", "Resampler", "Rolling"]


class FrameWindows:
    """What depends on the order of rows."""

    __slots__ = ()
    _native: Any

    def _every(self, made: Any) -> Any:
        return self._wrap(self._native.every_window(dumps(made)))  # type: ignore[attr-defined]

    def cumsum(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running sums."""
        return self._running("Sum", "cumsum", axis, skipna)

    def cumprod(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running products."""
        return self._running("Product", "cumprod", axis, skipna)

    def cummax(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running maxima."""
        return self._running("Maximum", "cummax", axis, skipna)

    def cummin(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running minima."""
        return self._running("Minimum", "cummin", axis, skipna)

    def _running(self, name: str, method: str, axis: Any, skipna: bool) -> Any:
        if along_rows(axis):
            return by_rows(self, method, skipna=skipna)
        run = self._every(name)
        if skipna:
            return run
        # Missing from the first missing value on.
        gone = self.isna().astype("int64")._every("Sum")  # type: ignore[attr-defined]
        return run.mask(gone > 0)

    def shift(self, periods: int = 1, freq: Any = None, axis: Any = 0, fill_value: Any = None) -> Any:
        """The values so many rows before (after, if negative); with ``freq``, the labels so much later."""
        if freq is not None:
            return self._later(periods, freq)
        if not along_rows(axis):
            return self._every(window("Shift", periods=periods, fill=literal(fill_value)))
        frame: Any = self
        value = float("nan") if fill_value is None else fill_value
        made = {
            name: frame._column(frame._names[at - periods]) if 0 <= at - periods < len(frame._names) else value
            for at, name in enumerate(frame._names)
        }
        columns = {name: column for name, column in made.items() if not isinstance(column, (float, int, str, bool))}
        shifted = frame._wrap(frame._native.assign([(name, column._native) for name, column in columns.items()])) if columns else frame
        for name in made:
            if name not in columns:
                shifted = shifted._wrap(shifted._native.assign_value(name, value))
        return shifted

    def _later(self, periods: int, freq: Any) -> Any:
        from phalanx._lazy import pd
        from phalanx.dataframe.series import Series

        name = self._native.index
        if name is None:
            raise TypeError("shift(freq=…) moves the labels, and this frame has none: set_index a column of times first")
        offset = pd.tseries.frequencies.to_offset(freq)
        if not isinstance(offset, (pd.offsets.Tick, pd.offsets.Day)):
            raise NotImplementedError(f"shift(freq={freq!r}): a length of time such as '2h' moves the labels")
        span = (pd.Timedelta(days=offset.n) if isinstance(offset, pd.offsets.Day) else pd.Timedelta(offset)) * periods
        index = Series._wrap(self._native.column(name)) + span
        return self._wrap(self._native.assign([(name, index._native)]))  # type: ignore[attr-defined]

    def diff(self, periods: int = 1, axis: Any = 0) -> Any:
        """Values less those so many rows (``axis=1``: columns) before."""
        if along_rows(axis):
            return self - self.shift(periods, axis=1)
        return self._every(window("Difference", periods=periods))

    def pct_change(self, periods: int = 1) -> Any:
        """Values over those so many rows before, less 1."""
        return self._every(window("PercentChange", periods=periods))

    def ffill(self, axis: Any = 0, limit: int | None = None) -> Any:
        """Missing values become the last value before them."""
        return by_rows(self, "ffill", limit=limit) if along_rows(axis) else self._every(window("Fill", forward=True, limit=limit))

    def bfill(self, axis: Any = 0, limit: int | None = None) -> Any:
        """Missing values become the next value behind them."""
        return by_rows(self, "bfill", limit=limit) if along_rows(axis) else self._every(window("Fill", forward=False, limit=limit))

    def rank(
        self,
        axis: Any = 0,
        method: str = "average",
        numeric_only: bool = False,
        na_option: str = "keep",
        ascending: bool = True,
        pct: bool = False,
    ) -> Any:
        """Ranks of values. All rows of a column are in one task; ranks in each row (``axis=1``) run in Python."""
        frame: Any = self[self._numbers()] if numeric_only else self  # type: ignore[attr-defined,index]
        if along_rows(axis):
            return by_rows(frame, "rank", method=method, na_option=na_option, ascending=ascending, pct=pct)
        return ordered_as_codes(frame)._every(ranking(method, ascending, na_option, pct))

    def rolling(
        self,
        window: Any,
        min_periods: int | None = None,
        center: bool = False,
        win_type: str | None = None,
        closed: str | None = None,
    ) -> Rolling:
        """Statistics of the rows around each row: a number of rows, or a span of time of the index.

        Parameters
        ----------
        window : int, str, timedelta or offset
            How many rows, or how much of the index's time.
        min_periods : int, optional
            How many values a window must have; all rows of it, or 1 of a span of time.
        center : bool, default False
            The row is in the middle of its window, and not its last.
        win_type : str, optional
            One of SciPy's window functions, which weighs the rows; the windows are then computed in Python.
        closed : {"right", "left", "both", "neither"}, optional
            Which ends belong to a window.
        """
        return Rolling(self, window, min_periods, center, win_type, closed)

    def expanding(self, min_periods: int = 1) -> Expanding:
        """Statistics of all rows up to each row. All rows are in one task."""
        return Expanding(self._every, min_periods)

    def resample(self, rule: Any, closed: str | None = None, label: str | None = None) -> Resampler:
        """Statistics of bins of the index's time.

        Parameters
        ----------
        rule : str or offset
            A length of time such as ``"5min"`` or ``"2D"``, or one of the calendar: ``W``, ``MS``, ``ME``, ``QS``,
            ``QE``, ``YS``, ``YE``.
        closed : {"left", "right"}, optional
            Which end of a bin belongs to it.
        label : {"left", "right"}, optional
            Which end it is called by.
        """
        return Resampler(self, rule, closed, label)
