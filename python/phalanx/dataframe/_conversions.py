"""Times, spans of time and numbers out of text and numbers: pandas' functions of columns."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import pd

__all__ = ["isna", "to_datetime", "to_numeric", "to_timedelta"]


#: Units of Arrow's times and spans.
_UNITS = ("s", "ms", "us", "ns")


def _is_lazy(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "frame"


def to_datetime(
    arg: Any,
    errors: str = "raise",
    dayfirst: bool = False,
    yearfirst: bool = False,
    utc: bool = False,
    format: str | None = None,
    exact: bool = True,
    unit: str | None = None,
    origin: Any = "unix",
    cache: bool = True,
    meta: Any = None,
) -> Any:
    """Times out of text (ISO 8601, or in a ``format``) or numbers (of ``unit`` since ``origin``).

    What is no lazy series goes to pandas. ``dayfirst``, ``yearfirst``, ``exact=False`` and text without a format that
    is not ISO 8601 need pandas' guess of a format, which each partition makes for itself in Python.

    Raises
    ------
    ValueError
        A value is no time, and ``errors`` is ``"raise"``; with ``"coerce"`` it is missing.
    """
    options = {"errors": errors, "dayfirst": dayfirst, "yearfirst": yearfirst, "utc": utc, "format": format,
               "unit": unit, "origin": origin, "cache": cache}  # fmt: skip
    if not exact:
        options["exact"] = False
    if not _is_lazy(arg):
        return pd.to_datetime(arg, **options)
    if errors not in ("raise", "coerce"):
        raise ValueError(f"invalid error value specified: {errors}")
    if hasattr(arg, "_names"):
        return _call(pd.to_datetime, arg, options, meta)
    if dayfirst or yearfirst or not exact or origin != "unix" or meta is not None or unit not in (None, *_UNITS):
        return _call(pd.to_datetime, arg, options, meta)
    plain = None if format in ("ISO8601", "mixed") else format
    return type(arg)._wrap(arg._native.to_datetime(plain, unit or "ns", utc, errors == "coerce"))


def to_timedelta(arg: Any, unit: str | None = None, errors: str = "raise") -> Any:
    """Spans of time out of text or numbers (of ``unit``). What is no lazy series goes to pandas."""
    if not _is_lazy(arg):
        return pd.to_timedelta(arg, unit=unit, errors=errors)
    if errors not in ("raise", "coerce"):
        raise ValueError("errors must be one of 'raise', or 'coerce'.")
    if arg._native.dtype == "str" or (arg._native.dtype.startswith(("int", "uint")) and unit in (None, *_UNITS)):
        return type(arg)._wrap(arg._native.to_timedelta(unit or "ns", errors == "coerce"))
    # Parts of a unit are there to the nanosecond.
    spans = arg * int(pd.Timedelta(1, unit or "ns").as_unit("ns").value)
    return type(arg)._wrap(spans.round()._native.to_timedelta("ns", errors == "coerce"))


def to_numeric(arg: Any, errors: str = "raise", downcast: str | None = None, meta: Any = None) -> Any:
    """Numbers out of text: floats, since whether all are whole is known only after computing.

    What is no lazy series goes to pandas. ``downcast`` makes numbers of a smaller type, which must be said by ``meta``
    (``("name", "int32")``): values tell pandas which type that is.
    """
    if not _is_lazy(arg):
        return pd.to_numeric(arg, errors=errors, downcast=downcast)
    if errors not in ("raise", "coerce"):
        raise ValueError("invalid error value specified")
    if downcast is not None:
        if meta is None:
            raise NotImplementedError("to_numeric(downcast=…) without meta: the values tell the type; use astype")
        made = to_numeric(arg, errors)
        return made.astype(meta[1] if isinstance(meta, tuple) else meta.dtype)
    if arg._native.dtype != "str":
        return arg
    return type(arg)._wrap(arg._native.astype("float64", errors == "coerce"))


def isna(arg: Any) -> Any:
    """Which values are missing. What is not lazy goes to pandas."""
    return arg.isna() if _is_lazy(arg) else pd.isna(arg)


def _call(function: Any, arg: Any, options: dict[str, Any], meta: Any) -> Any:
    from phalanx.dataframe._python import call_partitions

    if meta is None and hasattr(arg, "_names"):
        meta = pd.Series([], dtype="datetime64[us]")
    if meta is None:
        # Made-up text is no time: the answer's type is asked for with a time.
        first = "2000-01-01" if arg._native.dtype == "str" else 1
        kind = function(pd.Series([first]), utc=options["utc"], unit=options["unit"], origin=options["origin"])
        meta = pd.Series([], dtype=kind.dtype, name=arg.name)
    return call_partitions(arg, _Conversion(function, options), meta=meta, row_by_row=True)


class _Conversion:
    """A function of pandas with its options."""

    __name__ = "to_datetime"

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        self.function, self.options = function, options

    def __call__(self, part: Any) -> Any:
        return self.function(part, **self.options)
