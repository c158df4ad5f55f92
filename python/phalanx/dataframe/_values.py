"""Python's values as the native half takes them."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np, pd

__all__ = ["dtype_name", "native_value", "numpy_dtype", "refuse_values"]


def native_value(value: Any) -> Any:
    """``value`` as None, bool, int, float, str or ``(type, value)``; TypeError for anything else.

    A lazy result is computed.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value)
    if getattr(value, "_phalanx_kind", None) in ("frame", "several") and not hasattr(value, "_names"):
        # A lazy result that meets a column is computed now: a column's expression holds values.
        from phalanx.dataframe._results import Deferred

        if isinstance(value, Deferred):
            return native_value(value.compute())
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        if value.dtype.kind in "mM":
            return None if np.isnat(value) else native_value(
                pd.Timestamp(value) if value.dtype.kind == "M" else pd.Timedelta(value)
            )
        item = value.item()
        if value.dtype.name in ("int64", "float64", "bool") or not isinstance(item, (bool, int, float)):
            return item
        return (value.dtype.name, item)
    kind = type(value).__module__.partition(".")[0]
    if kind in ("pandas", "datetime"):
        import datetime

        if isinstance(value, datetime.datetime):
            moment = pd.Timestamp(value)
            zone = "" if moment.tz is None else f", {moment.tz}"
            # From one zone to another the moment stays; without a zone, a number would be a time of the wall's clock.
            known = f"datetime64[{moment.unit}{', UTC' if zone else ''}]"
            return (f"datetime64[{moment.unit}{zone}]", (known, moment._value))
        if isinstance(value, datetime.timedelta):
            span = pd.Timedelta(value)
            return (f"timedelta64[{span.unit}]", span._value)
        if isinstance(value, datetime.date):
            return ("date", value.isoformat())
    import decimal

    if isinstance(value, decimal.Decimal):
        places = max(0, -int(value.as_tuple().exponent))
        return (f"decimal(38, {places})", str(value))
    if isinstance(value, (list, tuple)) or hasattr(value, "__array__"):
        raise TypeError(
            f"a {type(value).__name__} can't meet a lazy column, whose partitions share the rows out: put it into the frame "
            "before from_pandas, or make a frame of it with the key of its rows and merge"
        )
    raise TypeError(f"a value of type {type(value).__name__} can't meet a lazy column")


def refuse_values(condition: Any) -> None:
    """Refuses truth values that are here as a choice of rows, which are in partitions."""
    truths = getattr(condition, "dtype", None) == bool or (
        isinstance(condition, (list, tuple)) and bool(condition) and all(isinstance(each, (bool, np.bool_)) for each in condition)
    )
    if truths:
        raise TypeError(
            f"a {type(condition).__name__} of truth values can't choose rows that are lazy, whose partitions share them out: "
            "take a lazy condition, as frame[frame.x > 0], or put the values into the frame before from_pandas"
        )


def dtype_name(dtype: Any) -> str:
    """pandas' name of whatever pandas takes for a type."""
    if isinstance(dtype, str) and dtype.startswith("decimal("):
        return dtype
    plain = {int: "int64", float: "float64", str: "str", bool: "bool", object: "object"}
    try:
        if dtype in plain:
            return plain[dtype]
    except TypeError:
        pass
    known = pd.api.types.pandas_dtype(dtype)
    name = known.name if hasattr(known, "name") else str(known)
    return {"string": "str", "datetime64": "datetime64[ns]", "timedelta64": "timedelta64[ns]"}.get(name, name)


def numpy_dtype(name: str) -> Any:
    """pandas' type of this name."""
    if name in ("date", "object") or name.startswith("decimal"):
        return np.dtype(object)
    if name == "str":
        return pd.StringDtype(na_value=np.nan)
    try:
        return pd.api.types.pandas_dtype(name)
    except TypeError:
        return np.dtype(object)
