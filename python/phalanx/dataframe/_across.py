"""Statistics along rows: of the columns of each row."""

from __future__ import annotations

import functools
from typing import Any

from phalanx._lazy import np
from phalanx.dataframe._python import call_partitions

__all__ = ["across", "by_rows"]

#: Those that are expressions over columns; the others run in Python.
_NATIVE = frozenset({"sum", "prod", "mean", "var", "std", "sem", "min", "max", "count", "any", "all"})


def across(frame: Any, statistic: str, numeric_only: bool = False, bool_only: bool = False, **options: Any) -> Any:
    """A series of a statistic of each row's values."""
    if bool_only or numeric_only:
        frame = frame[list(frame._meta.select_dtypes("bool" if bool_only else ["number", "bool"]).columns)]
    kinds = dict(frame.dtypes)
    if not frame._names:
        raise ValueError(f"{statistic} along rows of a frame without a column that it fits")
    if statistic in _NATIVE:
        other = [name for name, kind in kinds.items() if getattr(kind, "kind", "O") not in "biuf"]
        if other and statistic != "count":
            raise TypeError(
                f"{statistic} along rows over column {other[0]!r}, which is of type {kinds[other[0]]}: pass "
                "numeric_only=True, or select columns first"
            )
        return globals()[f"_{statistic}"]([_number(frame._column(name), kinds[name]) for name in frame._names], **options)
    return by_rows(frame, statistic, **options)


def by_rows(frame: Any, name: str, /, **options: Any) -> Any:
    """pandas' method of this name along rows, called for each partition."""
    function = functools.partial(_method, name=name, options=options)
    return call_partitions(frame, function, row_by_row=True, label=f"{name}(axis=1)")


def _method(part: Any, name: str, options: Any) -> Any:
    return getattr(part, name)(axis=1, **options)


def _number(column: Any, kind: Any) -> Any:
    return column.astype("int64") if getattr(kind, "kind", "O") == "b" else column


def _total(terms: list[Any]) -> Any:
    """Left to right, as NumPy adds the few columns of a row."""
    return functools.reduce(lambda total, term: total + term, terms).rename(None)


def _count(columns: list[Any]) -> Any:
    return _total([column.notna().astype("int64") for column in columns])


def _missing(columns: list[Any]) -> Any:
    return functools.reduce(lambda total, term: total | term, [column.isna() for column in columns])


def _checked(result: Any, columns: list[Any], skipna: bool, least: int) -> Any:
    if not skipna:
        result = result.mask(_missing(columns), None)
    return result.mask(_count(columns) < least, None) if least > 0 else result


def _sum(columns: list[Any], skipna: bool = True, min_count: int = 0) -> Any:
    return _checked(_total([_filled(column, 0) for column in columns]), columns, skipna, min_count)


def _prod(columns: list[Any], skipna: bool = True, min_count: int = 0) -> Any:
    product = functools.reduce(lambda total, term: total * term, [_filled(column, 1) for column in columns])
    return _checked(product.rename(None), columns, skipna, min_count)


def _filled(column: Any, value: int) -> Any:
    return column.fillna(float(value)) if column.dtype.kind == "f" else column.fillna(value)


def _mean(columns: list[Any], skipna: bool = True) -> Any:
    return _sum(columns, skipna) / _count(columns)


def _var(columns: list[Any], skipna: bool = True, ddof: int = 1) -> Any:
    mean, count = _mean(columns), _count(columns)
    squares = _total([((column - mean) * (column - mean)).mask(column.isna(), 0.0) for column in columns])
    return _checked(squares / (count - ddof).astype("float64"), columns, skipna, 0).mask(count <= ddof, None)


def _std(columns: list[Any], skipna: bool = True, ddof: int = 1) -> Any:
    return np.sqrt(_var(columns, skipna, ddof))


def _sem(columns: list[Any], skipna: bool = True, ddof: int = 1) -> Any:
    return _std(columns, skipna, ddof) / np.sqrt(_count(columns).astype("float64"))


def _extreme(columns: list[Any], skipna: bool, name: str) -> Any:
    best = columns[0]
    for column in columns[1:]:
        keep = getattr(best, f"__{name}__")(column) | column.isna()
        best = best.where(keep, column)
    best = best.rename(None)
    return best if skipna else best.mask(_missing(columns), None)


def _min(columns: list[Any], skipna: bool = True) -> Any:
    return _extreme(columns, skipna, "le")


def _max(columns: list[Any], skipna: bool = True) -> Any:
    return _extreme(columns, skipna, "ge")


def _any(columns: list[Any], skipna: bool = True) -> Any:
    # Without skipping, NaN counts as true.
    terms = [(column != 0) & column.notna() if skipna else column != 0 for column in columns]
    return functools.reduce(lambda total, term: total | term, terms).rename(None)


def _all(columns: list[Any], **_: bool) -> Any:
    # A missing value is no false one, skipped or not.
    terms = [(column != 0) | column.isna() for column in columns]
    return functools.reduce(lambda total, term: total & term, terms).rename(None)
