"""``.dt`` of lazy columns."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import pd
from phalanx.dataframe._results import Several
from phalanx.dataframe.accessors import Accessor

__all__ = ["DatetimeMethods"]

_TWICE = {True: "earlier", False: "later", "raise": "raise", "NaT": "NaT"}
_NEVER = {"raise": "raise", "NaT": "NaT", "shift_forward": "later", "shift_backward": "earlier"}


def _part(name: str) -> Any:
    def method(self: DatetimeMethods) -> Any:
        return self._like(self._native.clock_part(name))

    return property(method, doc=f"The field ``{name}``.")


def _doubts(ambiguous: Any, nonexistent: Any) -> tuple[str, str]:
    """What becomes of a time that a clock shows twice or never, in the native half's words."""
    if not isinstance(ambiguous, (bool, str)) or ambiguous not in _TWICE:
        raise NotImplementedError(f"ambiguous={ambiguous!r}: say True (daylight saving), False, 'NaT' or 'raise'")
    if not isinstance(nonexistent, str) or nonexistent not in _NEVER:
        raise NotImplementedError(
            f"nonexistent={nonexistent!r}: say 'shift_forward', 'shift_backward', 'NaT' or 'raise'"
        )
    return _TWICE[ambiguous], _NEVER[nonexistent]


def _refused(what: str) -> NotImplementedError:
    return NotImplementedError(f"dt.{what}: there are no columns of periods; keep times, as .dt.floor('D') or .dt.strftime")


class DatetimeMethods(Accessor):
    """pandas' functions of times; fields of a time with a zone are those of its local clock."""

    __slots__ = ()
    year, month, day = _part("year"), _part("month"), _part("day")
    hour, minute, second = _part("hour"), _part("minute"), _part("second")
    microsecond, nanosecond = _part("microsecond"), _part("nanosecond")
    dayofweek = weekday = day_of_week = _part("dayofweek")
    dayofyear = day_of_year = _part("dayofyear")
    quarter = _part("quarter")
    days_in_month = daysinmonth = _part("days_in_month")
    is_leap_year = _part("is_leap_year")
    is_month_start, is_month_end = _part("is_month_start"), _part("is_month_end")
    is_quarter_start, is_quarter_end = _part("is_quarter_start"), _part("is_quarter_end")
    is_year_start, is_year_end = _part("is_year_start"), _part("is_year_end")
    days, seconds = _part("days"), _part("seconds")
    microseconds, nanoseconds = _part("microseconds"), _part("nanoseconds")
    week = weekofyear = _part("isoweek")

    @property
    def millisecond(self) -> Any:
        """The thousandths of the second."""
        return self.microsecond // 1000

    @property
    def tz(self) -> Any:
        """The zone of the times; None if they have none."""
        kind = self._series.dtype
        return kind.tz if isinstance(kind, pd.DatetimeTZDtype) else None

    @property
    def unit(self) -> str:
        """The unit of the times' ticks: ``s``, ``ms``, ``us`` or ``ns``."""
        return str(self._native.dtype).partition("[")[2].strip("]").partition(",")[0]

    def isocalendar(self) -> Any:
        """Year, week and day of ISO 8601, as columns."""
        from phalanx.dataframe._core import DataFrame

        fields = {"year": "isoyear", "week": "isoweek", "day": "isoday"}
        return DataFrame._of_series([self._native.clock_part(part).rename(name) for name, part in fields.items()])

    @property
    def components(self) -> Any:
        """Days, hours and so on of spans of time, as columns."""
        from phalanx.dataframe._core import DataFrame

        seconds, micros = self.seconds, self.microseconds
        fields = {
            "days": self.days,
            "hours": seconds // 3600,
            "minutes": seconds % 3600 // 60,
            "seconds": seconds % 60,
            "milliseconds": micros // 1000,
            "microseconds": micros % 1000,
            "nanoseconds": self.nanoseconds,
        }
        return DataFrame._of_series([field._native.rename(name) for name, field in fields.items()])

    def total_seconds(self) -> Any:
        """The span in seconds."""
        return self._like(self._native.clock_part("total_seconds"))

    @property
    def date(self) -> Any:
        """The dates."""
        return self._like(self._native.clock("date"))

    @property
    def time(self) -> Any:
        """The time of the day on the local clock, to the microsecond."""
        return self._like(self._native.clock("time"))

    @property
    def timetz(self) -> Any:
        """The time of the day with its zone, as Python's objects once computed."""
        return self._objects(lambda values: values.dt.timetz)

    def to_pydatetime(self) -> Any:
        """The times as Python's objects, once computed."""
        return self._objects(lambda values: values.dt.to_pydatetime())

    def to_pytimedelta(self) -> Any:
        """The spans of time as an array of Python's objects, once computed."""
        return self._objects(lambda values: pd.TimedeltaIndex(values).to_pytimedelta())

    def _objects(self, make: Any) -> Several:
        return Several([self._series], lambda values: make(values[0]))

    def normalize(self) -> Any:
        """The midnight before."""
        return self._like(self._native.clock("normalize"))

    def day_name(self, locale: str | None = None) -> Any:
        """Monday, Tuesday …"""
        return self._named("day_name", locale)

    def month_name(self, locale: str | None = None) -> Any:
        """January, February …"""
        return self._named("month_name", locale)

    def _named(self, what: str, locale: str | None) -> Any:
        if locale is not None and not locale.startswith(("en", "C")):
            raise NotImplementedError(f"{what}(locale={locale!r}): names are English; map them with a dict")
        return self._like(self._native.clock(what))

    def _rounded(self, how: str, freq: Any, ambiguous: Any, nonexistent: Any) -> Any:
        freq = getattr(freq, "freqstr", freq)
        return self._like(self._native.clock_round(how, freq, *_doubts(ambiguous, nonexistent)))

    def floor(self, freq: Any, ambiguous: Any = "raise", nonexistent: Any = "raise") -> Any:
        """Down to a multiple of ``freq``, on the local clock."""
        return self._rounded("floor", freq, ambiguous, nonexistent)

    def ceil(self, freq: Any, ambiguous: Any = "raise", nonexistent: Any = "raise") -> Any:
        """Up to a multiple of ``freq``, on the local clock."""
        return self._rounded("ceil", freq, ambiguous, nonexistent)

    def round(self, freq: Any, ambiguous: Any = "raise", nonexistent: Any = "raise") -> Any:
        """To the nearest multiple of ``freq``, on the local clock."""
        return self._rounded("round", freq, ambiguous, nonexistent)

    def tz_localize(self, tz: Any, ambiguous: Any = "raise", nonexistent: Any = "raise") -> Any:
        """Says in which zone the times are."""
        if tz is not None and self.tz is not None:
            raise TypeError("Already tz-aware, use tz_convert to convert.")
        zone = None if tz is None else str(tz)
        return self._like(self._native.clock_localize(zone, *_doubts(ambiguous, nonexistent)))

    def tz_convert(self, tz: Any) -> Any:
        """The same moments on the clock of another zone."""
        return self._like(self._native.clock_convert(None if tz is None else str(tz)))

    def strftime(self, date_format: str) -> Any:
        """The times as text, in a format of Python's; ``%Z`` is the zone's offset (``+01:00``), not its name."""
        return self._like(self._native.clock_format(date_format))

    def as_unit(self, unit: str) -> Any:
        """The same times in ticks of another unit."""
        return self._like(self._native.clock_unit(unit))

    # Periods, which are not there.

    @property
    def freq(self) -> Any:
        """Is not there: a column of times has no frequency."""
        raise NotImplementedError("dt.freq: a column of times has no frequency; look at .diff()")

    @property
    def qyear(self) -> Any:
        """Is not there: it is a field of periods."""
        raise _refused("qyear")

    @property
    def start_time(self) -> Any:
        """Is not there: it is a field of periods."""
        raise _refused("start_time")

    @property
    def end_time(self) -> Any:
        """Is not there: it is a field of periods."""
        raise _refused("end_time")

    def to_period(self, freq: Any = None) -> Any:
        """Is not there: columns hold no periods."""
        raise NotImplementedError("dt.to_period: columns hold no periods; .dt.floor('D'), .dt.strftime('%Y-%m'), or compute first")

    def to_timestamp(self, freq: Any = None, how: str = "start") -> Any:
        """Is not there: columns hold no periods."""
        raise NotImplementedError("dt.to_timestamp: columns hold no periods, so there are only times")
