"""What a column does as a frame of it alone: each method of the frame, once more.

The words below name the frame's methods whose results, a value or a column, are the series'. A method
takes what the frame's takes, but for what only means something of several columns.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._core import DataFrame
from phalanx.dataframe._results import Deferred
from phalanx.dataframe.series import Series

__all__ = ["COLUMNS", "VALUES", "WHOLE", "only"]

#: Methods whose results have one value for each column.
VALUES = """
    all any sum prod product mean var std sem min max median skew kurt kurtosis count nunique idxmin idxmax quantile
    describe median_approximate
""".split()
#: Methods that give a frame of the same columns.
COLUMNS = """
    cumsum cumprod cummax cummin shift diff pct_change ffill bfill rank mode drop_duplicates nlargest nsmallest
    sort_values sort_index explode rename_axis
""".split()
#: Methods whose results are the same of a frame and of its only column.
WHOLE = """
    to_csv to_json to_parquet to_hdf to_orc to_sql
""".split()
#: Parameters that choose among columns: the only one is chosen. In `rename_axis` they are something else.
CHOICE = {"columns", "subset", "by", "column"}
NO_CHOICE = {"rename_axis"}


def only(result: Any, series: Series) -> Any:
    """The only column, or its only value, of what a frame's method gave."""
    if isinstance(result, DataFrame):
        return series._of_alone(result)
    if isinstance(result, Deferred):
        name = series.name
        return result._then(lambda value: _only(value, name))
    return result


def _only(value: Any, name: str | None) -> Any:
    """The same of a computed result."""
    if getattr(value, "ndim", 0) == 2:
        return value.iloc[:, 0].rename(name)
    return value.iloc[0] if getattr(value, "ndim", 0) == 1 else value


def without_numpys(kwargs: dict[str, Any]) -> dict[str, Any]:
    """What NumPy's functions pass on to methods of their name, ``np.sum(series)``, less what is not given."""
    return {key: value for key, value in kwargs.items() if not (key in ("out", "dtype") and value is None)}


def _for_numpy(method: Any) -> Any:
    """A method that NumPy's function of its name may call."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **without_numpys(kwargs))

    return call


def _delegated(name: str, finish: Callable[[Any, Series], Any]) -> Any:
    of_frame = inspect.getattr_static(DataFrame, name)
    if isinstance(of_frame, property):

        def read(self: Series) -> Any:
            return finish(getattr(self._alone(), name), self)

        return property(read, doc=of_frame.__doc__)
    signature = inspect.signature(of_frame)
    chosen = [each for each in signature.parameters if each in CHOICE and name not in NO_CHOICE]
    kept = [each for each in signature.parameters.values() if each.name not in chosen]
    own = signature.replace(parameters=kept)

    @functools.wraps(of_frame)
    def call(self: Series, *args: Any, **kwargs: Any) -> Any:
        given = own.bind(self, *args, **without_numpys(kwargs))
        if chosen:  # by name, for the column stands between the others
            more = {each: given.arguments.pop(each.name, {}) for each in kept if each.kind is each.VAR_KEYWORD}
            given.arguments.pop("self")
            options = {**given.arguments, **{k: v for each in more.values() for k, v in each.items()}}
            options |= {each: self._column for each in chosen}
            return finish(getattr(self._alone(), name)(**options), self)
        return finish(getattr(self._alone(), name)(*given.args[1:], **given.kwargs), self)

    call.__signature__ = own  # type: ignore[attr-defined]
    call.__qualname__ = f"Series.{name}"
    return call


def _timed(name: str, of_numbers: Any) -> Any:
    """A statistic that times and spans of time have too: that of their ticks, as a time again."""

    @functools.wraps(of_numbers)
    def call(self: Series, *args: Any, **kwargs: Any) -> Any:
        kind = self.dtype
        if getattr(kind, "kind", "O") not in "mM":
            return of_numbers(self, *args, **kwargs)
        if name == "sum" and kind.kind == "M":
            raise TypeError(f"'DatetimeArray' with dtype {kind} does not support operation 'sum'")
        unit, zone = self.dt.unit, self.dt.tz

        def again(ticks: Any) -> Any:
            if pd.isna(ticks):
                return pd.NaT
            ticks = np.int64(ticks)
            if kind.kind == "m":
                return pd.Timedelta(ticks, unit=unit).as_unit(unit)
            return pd.Timestamp(ticks, unit=unit, tz=zone).as_unit(unit)

        return of_numbers(self.astype("int64"), *args, **kwargs)._then(again)

    return call


def _same(result: Any, _series: Series) -> Any:
    return result


for _names, _finish in ((VALUES, only), (COLUMNS, only), (WHOLE, _same)):
    for _name in _names:
        if hasattr(DataFrame, _name) and not hasattr(Series, _name):
            setattr(Series, _name, _delegated(_name, _finish))
for _name in ("clip", "round"):
    setattr(Series, _name, _for_numpy(getattr(Series, _name)))
for _name in ("all", "any", "cumprod", "cumsum", "max", "mean", "min", "prod", "round", "std", "sum", "var"):
    setattr(DataFrame, _name, _for_numpy(getattr(DataFrame, _name)))
for _name in ("sum", "mean", "median"):
    setattr(Series, _name, _timed(_name, getattr(Series, _name)))
