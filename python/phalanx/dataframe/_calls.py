"""How calls with many options reach the native half: as JSON, in the form in which plans travel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["aggregate", "as_list", "bins", "dumps", "from_pandas_partitions", "rolling", "statistic_name", "window"]


def dumps(value: Any) -> str:
    """``value`` as JSON."""
    return json.dumps(value, allow_nan=False)


def as_list(value: Any) -> list[str]:
    """One name or several as a list."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value]


def statistic_name(function: Any) -> str:
    """The name of a statistic that is given by name or as NumPy's or Python's function."""
    if isinstance(function, str):
        return function
    name = getattr(function, "__name__", "")
    known = {"sum", "prod", "mean", "median", "var", "std", "min", "max", "any", "all", "amin", "amax", "size"}
    if name in known and getattr(function, "__module__", "").partition(".")[0] in {"numpy", "builtins"}:
        return {"amin": "min", "amax": "max"}.get(name, name)
    raise NotImplementedError(
        f"an aggregation by the function {function!r}: name a statistic, such as 'sum' or 'nunique', or use apply"
    )


def aggregate(column: str, statistic: str, name: str | None = None, **options: Any) -> dict[str, Any]:
    """A statistic of a column, and the name of its result."""
    if "interpolation" in options:
        options["interpolation"] = capital(options["interpolation"], _INTERPOLATIONS, "interpolation")
    statistic = "kurt" if statistic == "kurtosis" else statistic
    if statistic not in STATISTICS:
        raise AttributeError(f"there is no statistic {statistic!r}; there are {', '.join(sorted(STATISTICS))}")
    return {"column": column, "statistic": statistic, "name": column if name is None else name, "options": options}


#: What can be computed of a column.
STATISTICS = frozenset(
    "count size sum prod mean var std sem min max nunique first last nth median quantile idxmin idxmax any all skew "
    "kurt mode cov corr".split()
)
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def capital(value: str, known: Iterable[str], what: str) -> str:
    """The native name of one of pandas' words."""
    known = tuple(known)
    if value not in known:
        raise ValueError(f"{what}={value!r}: there are {', '.join(known)}")
    return value.capitalize()


def window(name: str, **options: Any) -> Any:
    """A window: its native name, or that with options."""
    return {name: options} if options else name


def rolling(
    span: int | str | Any, min_periods: int | None, center: bool, closed: str | None, call: dict[str, Any]
) -> Any:
    """A rolling window with a statistic."""
    if isinstance(span, int):
        reach: Any = {"Rows": span}
        least = span if min_periods is None else min_periods
        if span < 0:
            raise ValueError("window must be an integer 0 or greater")
    else:
        reach = {"Time": nanoseconds(span)}
        least = 1 if min_periods is None else min_periods
    return window(
        "Rolling",
        span=reach,
        min_periods=least,
        center=bool(center),
        closed=capital(closed or "right", ("right", "left", "both", "neither"), "closed"),
        aggregate=call,
    )


def nanoseconds(span: Any) -> int:
    """A span of time as nanoseconds."""
    from phalanx._lazy import pd

    if isinstance(span, str):
        span = pd.tseries.frequencies.to_offset(span)
    if isinstance(span, pd.offsets.Day):  # a day of the calendar since pandas 3; here 24 hours
        span = pd.Timedelta(days=span.n)
    if isinstance(span, pd.offsets.BaseOffset) and not hasattr(span, "nanos"):
        raise ValueError(f"passed window {span} is not compatible with a datetimelike index")
    value = int(pd.Timedelta(span).as_unit("ns").value)
    if value <= 0:
        raise ValueError(f"a span of {span!r}")
    return value


_CALENDAR = {
    "W": "Weeks",
    "W-SUN": "Weeks",
    "MS": {"Months": [1, False]},
    "ME": {"Months": [1, True]},
    "QS": {"Months": [3, False]},
    "QS-JAN": {"Months": [3, False]},
    "QE": {"Months": [3, True]},
    "QE-DEC": {"Months": [3, True]},
    "YS": {"Months": [12, False]},
    "YS-JAN": {"Months": [12, False]},
    "YE": {"Months": [12, True]},
    "YE-DEC": {"Months": [12, True]},
}


def bins(rule: Any) -> Any:
    """Bins of time."""
    from phalanx._lazy import pd

    name = rule if isinstance(rule, str) else getattr(rule, "freqstr", None)
    if name in _CALENDAR:
        return _CALENDAR[name]
    offset = pd.tseries.frequencies.to_offset(rule)
    if not isinstance(offset, (pd.offsets.Day, pd.offsets.Tick)):
        raise NotImplementedError(
            f"resample by {rule!r}: there are lengths such as '5min' and '2D', and W, MS, ME, QS, QE, YS, YE"
        )
    return {"Fixed": nanoseconds(offset)}


def from_pandas_partitions(frames: Sequence[Any], client: Any = None) -> Any:
    """The native frame of pandas frames, one a partition; their index comes along if it has a name."""
    from phalanx import _client, _phalanx
    from phalanx._lazy import pa

    native = _client.native(client)
    index = frames[0].index.name
    tables = [pa.Table.from_pandas(frame, preserve_index=index is not None) for frame in frames]
    schema = pa.unify_schemas([table.schema for table in tables]).remove_metadata()
    made = _phalanx.Frame.of_arrow(native, [table.cast(schema) for table in tables])
    return made if index is None else made.with_index(index)
