"""Functions of values, column by column, and which columns there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._results import Deferred
from phalanx.dataframe.series import Series

__all__ = ["FrameColumns"]

#: NaN, as pandas' signatures have it.
_MISSING: Any = float("nan")


class FrameColumns:
    """Values in place of values, and columns in place of columns."""

    __slots__ = ()
    _native: Any
    _names: Any

    def _each(self, function: Callable[[Any], Any], names: Iterable[str] | None = None) -> Any:
        columns = [(name, function(self._column(name))._native) for name in (self._names if names is None else names)]  # type: ignore[attr-defined]
        return self._wrap(self._native.assign(columns)) if columns else self  # type: ignore[attr-defined]

    def _numbers(self) -> list[str]:
        return list(self._meta.select_dtypes(["number"]).columns)  # type: ignore[attr-defined]

    def _finite(self) -> Any:
        """With what is infinite missing, as pandas' correlations have it."""
        kinds = dict(self.dtypes)  # type: ignore[attr-defined]
        floats = [name for name in self._names if getattr(kinds[name], "kind", "O") == "f"]
        return self._each(lambda column: column.mask((column == float("inf")) | (column == float("-inf")), None), floats)

    # Which columns.

    def drop(self, labels: Any = None, axis: Any = 0, columns: Any = None, errors: str = "raise") -> Any:
        """Without these columns."""
        if columns is None:
            if axis not in (1, "columns"):
                raise NotImplementedError("drop of rows by label: filter them with a condition")
            columns = labels
        names = [columns] if isinstance(columns, str) else list(columns)
        missing = [name for name in names if name not in self._names]
        if missing and errors == "raise":
            raise KeyError(f"{missing} not found in axis")
        return self._wrap(self._native.drop_columns([name for name in names if name in self._names]))  # type: ignore[attr-defined]

    def pop(self, item: str) -> Series:
        """A column, which the frame then has not."""
        column: Series = self[item]  # type: ignore[index]
        del self[item]  # type: ignore[attr-defined]
        return column

    def rename(self, mapper: Any = None, index: Any = None, columns: Any = None, axis: Any = None) -> Any:
        """With columns renamed, by a dict or a function; with labels renamed, by a dict."""
        if mapper is not None:
            if columns is not None or index is not None:
                raise TypeError("Cannot specify both 'mapper' and any of 'index' or 'columns'")
            columns, index = (mapper, None) if axis in (1, "columns") else (None, mapper)
        if columns is None and index is None:
            raise TypeError("must pass an index to rename")
        frame: Any = self
        if index is not None:
            frame = frame._relabelled(index)
        if columns is None:
            return frame
        if callable(columns):
            pairs = [(name, str(columns(name))) for name in self._names]
        else:
            pairs = [(old, str(new)) for old, new in columns.items() if old in self._names]
        return frame._wrap(frame._native.rename(pairs))

    def add_prefix(self, prefix: str, axis: Any = None) -> Any:
        """With ``prefix`` before all names."""
        _only_columns(axis, "add_prefix")
        return self.rename(columns=lambda name: f"{prefix}{name}")

    def add_suffix(self, suffix: str, axis: Any = None) -> Any:
        """With ``suffix`` behind all names."""
        _only_columns(axis, "add_suffix")
        return self.rename(columns=lambda name: f"{name}{suffix}")

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> Any:
        """Only columns of some types."""
        return self[list(self._meta.select_dtypes(include, exclude).columns)]  # type: ignore[index,attr-defined]

    def filter(self, items: Any = None, like: str | None = None, regex: str | None = None, axis: Any = None) -> Any:
        """Only columns whose names are among ``items``, contain ``like``, or match ``regex``."""
        _only_columns(axis, "filter")
        return self[list(self._meta.filter(items, like, regex, axis=1).columns)]  # type: ignore[index,attr-defined]

    # Types.

    def astype(self, dtypes: Any, errors: str = "raise") -> Any:
        """With columns of other types: one for all, or a dict."""
        if isinstance(dtypes, dict):
            missing = [name for name in dtypes if name not in self._names]
            if missing:
                raise KeyError(f"Only a column name can be used for the key in a dtype mappings argument. {missing[0]!r} not found in columns.")
            return self._each(lambda column: column.astype(dtypes[column.name], errors), dtypes)
        return self._each(lambda column: column.astype(dtypes, errors))

    def categorize(self, columns: Any = None, index: Any = None, split_every: Any = None) -> Any:
        """With columns of text (by default all that are) as categories: those that are there, which are computed now."""
        if index:
            raise NotImplementedError("categorize of the index: make it a column first")
        if columns is None:
            columns = list(self._meta.select_dtypes(["object", "string", "category"]).columns)  # type: ignore[attr-defined]
        names = [columns] if isinstance(columns, str) else list(columns)
        made = self.astype(dict.fromkeys(names, "category"))
        return made.assign(**{name: made[name].cat.as_known() for name in names})

    # Missing values.

    def isna(self) -> Any:
        """Which values are missing."""
        return self._each(lambda column: column.isna())

    def notna(self) -> Any:
        """Which values are there."""
        return self._each(lambda column: column.notna())

    isnull, notnull = isna, notna

    def fillna(self, value: Any = None, axis: Any = None) -> Any:
        """With ``value`` where values are missing: for all, for each column (a dict, or pandas' series), or another
        frame's."""
        if value is None:
            raise ValueError("Must specify a fill value")
        if axis not in (None, 0, 1, "index", "columns"):
            raise ValueError(f"No axis named {axis} for object type DataFrame")
        if isinstance(value, Deferred):
            value = value.compute()
        if isinstance(value, pd.Series):
            value = {str(name): item for name, item in value.items()}
        if isinstance(value, dict):
            known = [name for name in value if name in self._names]
            return self._each(lambda column: column.fillna(value[column.name]), known)
        if hasattr(value, "_names"):
            shared = [name for name in self._names if name in value._names]
            return self._each(lambda column: column.fillna(value._column(column.name)), shared)
        fits = [name for name in self._names if _can_hold(self._column(name), value)]  # type: ignore[attr-defined]
        return self._each(lambda column: column.fillna(value), fits)

    def dropna(self, how: str | None = None, subset: Any = None, thresh: int | None = None, axis: Any = 0) -> Any:
        """Only rows with enough values."""
        if axis not in (0, "index"):
            raise NotImplementedError("dropna of columns: which go is known only after computing; use drop(columns=…)")
        if how is not None and thresh is not None:
            raise TypeError("You cannot set both the how and thresh arguments at the same time.")
        if how not in (None, "any", "all"):
            raise ValueError(f"invalid how option: {how}")
        names = [subset] if isinstance(subset, str) else None if subset is None else list(subset)
        missing = [name for name in names or [] if name not in self._names]
        if missing:
            raise KeyError(missing)
        native = self._native.dropna(names, "least", thresh) if thresh is not None else self._native.dropna(names, how or "any", 0)
        return self._wrap(native)  # type: ignore[attr-defined]

    # Other values.

    def replace(self, to_replace: Any = None, value: Any = None, regex: bool = False) -> Any:
        """With other values in place of some; a dict of dicts says it for each column, a dict and a value what of each
        column becomes the value."""
        if isinstance(to_replace, dict) and to_replace:
            if all(isinstance(inner, dict) for inner in to_replace.values()):
                return self._each(lambda column: column.replace(to_replace[column.name], regex=regex), to_replace)
            if value is not None:
                new = value if isinstance(value, dict) else dict.fromkeys(to_replace, value)
                return self._each(
                    lambda column: column.replace(to_replace[column.name], new[column.name], regex=regex), to_replace
                )
        if isinstance(to_replace, dict):
            pairs = list(to_replace.items())
        elif isinstance(to_replace, (list, tuple)):
            pairs = list(zip(to_replace, value if isinstance(value, (list, tuple)) else [value] * len(to_replace)))
        else:
            pairs = [(to_replace, value)]
        frame: Any = self
        for name in self._names:
            # A column that can't hold a value has it nowhere.
            column = self._column(name)  # type: ignore[attr-defined]
            fits = {old: new for old, new in pairs if _can_hold(column, old)}
            if fits:
                frame = frame._each(lambda column, fits=fits: column.replace(fits, regex=regex), [name])
        return frame

    def _chosen(self, cond: Any, other: Any, method: str) -> Any:
        if callable(cond) and not hasattr(cond, "_phalanx_kind"):
            cond = cond(self)

        def one(column: Any) -> Any:
            if hasattr(cond, "_names"):
                if column.name not in cond._names:
                    raise KeyError(f"the condition has no column {column.name!r}")
                condition = cond._column(column.name)
            else:
                condition = cond
            value = other._column(column.name) if hasattr(other, "_names") else other
            return getattr(column, method)(condition, value)

        return self._each(one)

    def where(self, cond: Any, other: Any = _MISSING) -> Any:
        """The values where ``cond`` is true, ``other`` elsewhere."""
        return self._chosen(cond, None if isinstance(other, float) and other != other else other, "where")

    def mask(self, cond: Any, other: Any = _MISSING) -> Any:
        """The values where ``cond`` is not true, ``other`` elsewhere."""
        return self._chosen(cond, None if isinstance(other, float) and other != other else other, "mask")

    def isin(self, values: Any) -> Any:
        """Which values are among ``values``; a dict says it for each column."""
        if isinstance(values, Deferred):
            values = values.compute()
        if isinstance(values, dict):
            return self._each(lambda column: column.isin(values.get(column.name, [])))
        return self._each(lambda column: column.isin(values))

    def clip(self, lower: Any = None, upper: Any = None, axis: Any = None) -> Any:
        """No smaller than ``lower`` and no larger than ``upper``: one for all, a lazy column (``axis=0``), or one for
        each column (a list or pandas' series, ``axis=1``)."""

        def bound(given: Any) -> Callable[[str], Any]:
            if isinstance(given, Deferred):
                given = given.compute()
            if isinstance(given, (list, tuple, np.ndarray, pd.Series)):
                if axis not in (1, "columns"):
                    raise ValueError("Must specify axis=0 or 1: a bound for each column takes axis=1")
                values = given if isinstance(given, pd.Series) else pd.Series(given, index=self._names)
                each = {str(name): value for name, value in values.items()}
                return lambda name: None if each.get(name) is None or each[name] != each[name] else each[name]
            return lambda name: given

        low, high = bound(lower), bound(upper)
        return self._each(lambda column: column.clip(low(column.name), high(column.name)))

    def round(self, decimals: Any = 0) -> Any:
        """Rounded to so many digits; a dict says it for each column."""
        if isinstance(decimals, (dict, pd.Series)):
            digits = {str(name): int(count) for name, count in decimals.items()}
            return self._each(lambda column: column.round(digits[column.name]), [n for n in digits if n in self._names])
        return self._each(lambda column: column.round(decimals), self._numbers())


def _only_columns(axis: Any, what: str) -> None:
    if axis not in (None, 1, "columns"):
        raise NotImplementedError(f"{what} of labels of rows: reset_index, and change the column")


def _can_hold(column: Any, value: Any) -> bool:
    """Whether a value can stand in a column; pandas would make others of type object."""
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(value, str):
        return kind == "O"
    if isinstance(value, (bool, int, float, np.number)):
        return kind in "biuf"
    return True
