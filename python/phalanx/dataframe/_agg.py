"""``agg`` of whole columns: statistics by their names, one or several, of all columns or of some."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import pd
from phalanx.dataframe._results import Several

__all__ = ["agg"]


def _one(frame: Any, name: Any, kwargs: dict[str, Any]) -> Any:
    if not isinstance(name, str):
        raise NotImplementedError("agg with a function: give the name of a statistic, or use reduction or map_partitions")
    method = None if name.startswith("_") else getattr(type(frame), name, None)
    if not callable(method):
        raise AttributeError(f"{name!r} is not a valid function for 'DataFrame' object")
    return method(frame, **kwargs)


def agg(frame: Any, func: Any, kwargs: dict[str, Any]) -> Any:
    """A lazy result: a value for each column for one statistic, a row for each of several."""
    if isinstance(func, dict):
        return _of_columns(frame, func, kwargs)
    if isinstance(func, (list, tuple)):
        labels = list(func)
        return Several([_one(frame, each, kwargs) for each in func], lambda rows: pd.DataFrame(dict(zip(labels, rows))).T)
    return _one(frame, func, kwargs)


def _of_columns(frame: Any, func: dict[str, Any], kwargs: dict[str, Any]) -> Any:
    missing = [name for name in func if name not in frame._names]
    if missing:
        raise KeyError(f"Label(s) {missing} do not exist")
    lists = {name: list(each) if isinstance(each, (list, tuple)) else [each] for name, each in func.items()}
    parts = [_one(frame[[name]], each, kwargs) for name, wanted in lists.items() for each in wanted]
    several = any(isinstance(each, (list, tuple)) for each in func.values())

    def joined(values: list[Any]) -> Any:
        rest = iter(values)
        found = {name: {each: next(rest)[name] for each in wanted} for name, wanted in lists.items()}
        if several:
            rows = list(dict.fromkeys(each for wanted in lists.values() for each in wanted))
            return pd.DataFrame({name: pd.Series(values) for name, values in found.items()}).reindex(rows)
        return pd.Series({name: next(iter(values.values())) for name, values in found.items()})

    return Several(parts, joined)
