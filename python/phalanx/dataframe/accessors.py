"""``.str`` and ``.dt`` of lazy columns."""

from __future__ import annotations

import re
from typing import Any

from phalanx.dataframe.series import Series

__all__ = ["DatetimeMethods", "StringMethods"]


def _pattern(pat: Any, case: bool = True, flags: int = 0) -> str:
    if isinstance(pat, re.Pattern):
        pat, flags = pat.pattern, pat.flags & ~re.UNICODE
    known = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}
    letters = {letter for flag, letter in known.items() if flags & flag}
    if not case:
        letters.add("i")
    return f"(?{''.join(sorted(letters))}){pat}" if letters else pat


class _Accessor:
    """Holds the series whose values the functions take."""

    __slots__ = ("_native",)

    def __init__(self, series: Series) -> None:
        self._native = series._native


def _plain(name: str) -> Any:
    def method(self: StringMethods) -> Series:
        return Series._wrap(self._native.text(name))

    method.__name__ = name
    method.__doc__ = f"``str.{name}`` of each text."
    return method


class StringMethods(_Accessor):
    """pandas' functions of text. A missing text stays missing; as an answer to a question it is False."""

    __slots__ = ()
    lower, upper, title, capitalize = _plain("lower"), _plain("upper"), _plain("title"), _plain("capitalize")
    swapcase, casefold, len = _plain("swapcase"), _plain("casefold"), _plain("len")
    isalnum, isalpha, isascii, isdecimal = _plain("isalnum"), _plain("isalpha"), _plain("isascii"), _plain("isdecimal")
    isdigit, islower, isnumeric = _plain("isdigit"), _plain("islower"), _plain("isnumeric")
    isspace, istitle, isupper = _plain("isspace"), _plain("istitle"), _plain("isupper")

    def _of(self, method: str, *arguments: Any) -> Series:
        return Series._wrap(getattr(self._native, method)(*arguments))

    def strip(self, to_strip: str | None = None) -> Series:
        """Without spaces, or these characters, at both ends."""
        return self._of("text_strip", "both", to_strip)

    def lstrip(self, to_strip: str | None = None) -> Series:
        """Without spaces, or these characters, at the beginning."""
        return self._of("text_strip", "left", to_strip)

    def rstrip(self, to_strip: str | None = None) -> Series:
        """Without spaces, or these characters, at the end."""
        return self._of("text_strip", "right", to_strip)

    def ljust(self, width: int, fillchar: str = " ") -> Series:
        """Filled up on the right."""
        return self._of("text_pad", "left", width, fillchar)

    def rjust(self, width: int, fillchar: str = " ") -> Series:
        """Filled up on the left."""
        return self._of("text_pad", "right", width, fillchar)

    def center(self, width: int, fillchar: str = " ") -> Series:
        """Filled up on both sides."""
        return self._of("text_pad", "both", width, fillchar)

    def pad(self, width: int, side: str = "left", fillchar: str = " ") -> Series:
        """Filled up on a side, or both."""
        return {"left": self.rjust, "right": self.ljust, "both": self.center}[side](width, fillchar)

    def zfill(self, width: int) -> Series:
        """Filled up with zeros, behind a sign."""
        return self._of("text_zfill", width)

    def slice(self, start: int | None = None, stop: int | None = None, step: int | None = None) -> Series:
        """A slice of each text."""
        return self._of("text_slice", start, stop, step)

    def slice_replace(self, start: int | None = None, stop: int | None = None, repl: str | None = None) -> Series:
        """Something else in place of a slice."""
        return self._of("text_slice_replace", start, stop, repl or "")

    def get(self, i: int) -> Series:
        """A character of each text, or an element of each list."""
        return self._of("text_get", i)

    def __getitem__(self, key: Any) -> Series:
        return self.slice(key.start, key.stop, key.step) if isinstance(key, slice) else self.get(key)

    def replace(
        self, pat: Any, repl: Any = None, n: int = -1, case: bool | None = None, flags: int = 0, regex: bool = False
    ) -> Series:
        """Something else in place of what ``pat`` is or finds."""
        if callable(repl):
            raise NotImplementedError("replace with a function: use map_partitions")
        pattern = regex or isinstance(pat, re.Pattern) or case is False or bool(flags)
        if pattern:
            pat = _pattern(pat if regex or isinstance(pat, re.Pattern) else re.escape(pat), case is not False, flags)
        return self._of("text_replace", pat, repl, None if n < 0 else n, pattern)

    def removeprefix(self, prefix: str) -> Series:
        """Without ``prefix`` at the beginning."""
        return self._of("text_remove", prefix, False)

    def removesuffix(self, suffix: str) -> Series:
        """Without ``suffix`` at the end."""
        return self._of("text_remove", suffix, True)

    def repeat(self, repeats: int) -> Series:
        """Several times in a row."""
        return self._of("text_repeat", repeats)

    def _split(self, pat: str | None, n: int, expand: bool, from_end: bool, regex: bool) -> Any:
        most = None if n <= 0 else n
        if not expand:
            return self._of("text_split", pat, regex, most, from_end)
        if most is None:
            raise NotImplementedError("split(expand=True) needs n=: how many columns there are must be known")
        from phalanx.dataframe._core import DataFrame

        parts = self._native.text_split(pat, regex, most, from_end)
        return DataFrame._of_series([parts.text_get(at).rename(str(at)) for at in range(most + 1)])

    def split(self, pat: str | None = None, *, n: int = -1, expand: bool = False, regex: bool | None = None) -> Any:
        """The parts between separators, as lists or columns."""
        return self._split(pat, n, expand, False, bool(regex) or (regex is None and pat is not None and len_(pat) > 1))

    def rsplit(self, pat: str | None = None, *, n: int = -1, expand: bool = False) -> Any:
        """As :meth:`split`, from the end."""
        return self._split(pat, n, expand, True, False)

    def extract(self, pat: str, flags: int = 0, expand: bool = True) -> Any:
        """The groups of what ``pat`` finds first: a column each, or a series of the only one."""
        compiled = re.compile(pat, flags)
        if compiled.groups == 0:
            raise ValueError("pattern contains no capture groups")
        names = {number: name for name, number in compiled.groupindex.items()}
        parts = [self._native.text_extract(_pattern(pat, flags=flags), at + 1) for at in range(compiled.groups)]
        if not expand and compiled.groups == 1:
            return Series._wrap(parts[0].rename(names.get(1, self._native.name)))
        from phalanx.dataframe._core import DataFrame

        return DataFrame._of_series([part.rename(names.get(at + 1, str(at))) for at, part in enumerate(parts)])

    def findall(self, pat: str, flags: int = 0) -> Series:
        """All that ``pat`` finds, as lists."""
        if re.compile(pat, flags).groups > 1:
            raise NotImplementedError("findall with several groups: use extract, or map_partitions")
        return self._of("text_findall", _pattern(pat, flags=flags))

    def contains(self, pat: Any, case: bool = True, flags: int = 0, na: Any = False, regex: bool = True) -> Series:
        """Whether ``pat`` is in each text, or finds something there."""
        if na is not False:
            raise NotImplementedError("contains(na=…): only na=False; use fillna first")
        if not regex and case:
            return self._of("text_contains", pat, False)
        return self._of("text_contains", _pattern(pat if regex else re.escape(pat), case, flags), True)

    def match(self, pat: str, case: bool = True, flags: int = 0) -> Series:
        """Whether ``pat`` finds something at the beginning."""
        return self._of("text_contains", rf"\A(?:{_pattern(pat, case, flags)})", True)

    def fullmatch(self, pat: str, case: bool = True, flags: int = 0) -> Series:
        """Whether ``pat`` is all of each text."""
        return self._of("text_contains", rf"\A(?:{_pattern(pat, case, flags)})\z", True)

    def startswith(self, pat: Any) -> Series:
        """Whether texts begin with ``pat``, or with one of several."""
        return self._of("text_starts", [pat] if isinstance(pat, str) else list(pat))

    def endswith(self, pat: Any) -> Series:
        """Whether texts end with ``pat``, or with one of several."""
        return self._of("text_ends", [pat] if isinstance(pat, str) else list(pat))

    def find(self, sub: str, start: int | None = 0, end: int | None = None) -> Series:
        """Where ``sub`` begins first; −1 if it is not there."""
        return self._of("text_find", sub, start, end, False)

    def rfind(self, sub: str, start: int | None = 0, end: int | None = None) -> Series:
        """Where ``sub`` begins last; −1 if it is not there."""
        return self._of("text_find", sub, start, end, True)

    def count(self, pat: str, flags: int = 0) -> Series:
        """How often ``pat`` finds something."""
        return self._of("text_count", _pattern(pat, flags=flags))

    def cat(self, others: Any = None, sep: str | None = None) -> Series:
        """Each text followed by another column's, or by a fixed one."""
        if others is None:
            raise NotImplementedError("cat() of a whole column into one text: compute it first")
        first = Series._wrap(self._native)
        return first + (sep or "") + others if sep else first + others


len_ = len


def _part(name: str) -> Any:
    def method(self: DatetimeMethods) -> Series:
        return Series._wrap(self._native.clock_part(name))

    return property(method, doc=f"The field ``{name}``.")


class DatetimeMethods(_Accessor):
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

    def isocalendar(self) -> Any:
        """Year, week and day of ISO 8601, as columns."""
        from phalanx.dataframe._core import DataFrame

        fields = {"year": "isoyear", "week": "isoweek", "day": "isoday"}
        return DataFrame._of_series([self._native.clock_part(part).rename(name) for name, part in fields.items()])

    def total_seconds(self) -> Series:
        """The span in seconds."""
        return Series._wrap(self._native.clock_part("total_seconds"))

    @property
    def date(self) -> Series:
        """The dates."""
        return Series._wrap(self._native.clock("date"))

    def normalize(self) -> Series:
        """The midnight before."""
        return Series._wrap(self._native.clock("normalize"))

    def day_name(self) -> Series:
        """Monday, Tuesday …"""
        return Series._wrap(self._native.clock("day_name"))

    def month_name(self) -> Series:
        """January, February …"""
        return Series._wrap(self._native.clock("month_name"))

    def floor(self, freq: str) -> Series:
        """Down to a multiple of ``freq``."""
        return Series._wrap(self._native.clock_round("floor", freq))

    def ceil(self, freq: str) -> Series:
        """Up to a multiple of ``freq``."""
        return Series._wrap(self._native.clock_round("ceil", freq))

    def round(self, freq: str) -> Series:
        """To the nearest multiple of ``freq``."""
        return Series._wrap(self._native.clock_round("round", freq))

    def tz_localize(self, tz: Any, ambiguous: Any = "raise", nonexistent: str = "raise") -> Series:
        """Says in which zone the times are."""
        twice = {True: "earlier", False: "later", "raise": "raise", "NaT": "NaT"}
        never = {"raise": "raise", "NaT": "NaT", "shift_forward": "later", "shift_backward": "earlier"}
        if ambiguous not in twice or nonexistent not in never:
            raise NotImplementedError("tz_localize takes ambiguous=bool, 'NaT' or 'raise', nonexistent='shift_forward', …")
        zone = None if tz is None else str(tz)
        return Series._wrap(self._native.clock_localize(zone, twice[ambiguous], never[nonexistent]))

    def tz_convert(self, tz: Any) -> Series:
        """The same moments on the clock of another zone."""
        return Series._wrap(self._native.clock_convert(None if tz is None else str(tz)))

    def strftime(self, date_format: str) -> Series:
        """The times as text."""
        return Series._wrap(self._native.clock_format(date_format))

    def as_unit(self, unit: str) -> Series:
        """The same times in ticks of another unit."""
        return Series._wrap(self._native.clock_unit(unit))
