"""Values of each row of a group: from the rows around it, or from the whole group; and some rows of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx.dataframe._calls import aggregate, capital, dumps, statistic_name, window
from phalanx.dataframe._groups import is_named
from phalanx.dataframe._declared import no_meta

__all__ = ["GroupRows", "literal", "ranking"]

_METHODS = ("average", "min", "max", "first", "dense")


class GroupRows:
    """What has a row for each row, or for some."""

    __slots__ = ()
    _frame: Any
    _native: Any
    _keys: list[str]
    _options: Any
    _columns: list[str] | None
    _one: bool
    _values: Any
    _fitting: Any
    _transformed: Any

    def _windows(self, made: Any, names: Sequence[str] | None = None) -> Any:
        """A value for each row."""
        names = list(self._values() if names is None else names)
        items = dumps([(name, made, name) for name in names])
        return self._rows(self._native.group_windows(self._keys, self._options.dropna, items), names)

    def _rows(self, native: Any, names: list[str]) -> Any:
        """These columns of a native frame of rows."""
        if self._one:
            return self._series(native, names[0])
        return self._frame._wrap(native.select(names))

    @staticmethod
    def _series(native: Any, name: str) -> Any:
        from phalanx.dataframe.series import Series

        return Series._wrap(native.column(name))

    def transform(self, func: Any, *args: Any, meta: Any = no_meta, shuffle_method: Any = None, **kwargs: Any) -> Any:
        """A statistic of the group, or a running value, for each row; or what ``func`` of a group's values gives.

        Parameters
        ----------
        func : str or callable
            The name of a statistic; or a function of pandas' series, called in Python for each group and column, that
            returns a value or as many as there are.
        meta : optional
            What comes of it, as for ``map_partitions``.
        shuffle_method
            Taken as Dask takes it.
        """
        if not (isinstance(func, str) or is_named(func)):
            return self._transformed(func, args, kwargs, meta)
        name = statistic_name(func)
        if name in {"cumsum", "cumprod", "cummax", "cummin", "ffill", "bfill", "shift", "diff", "rank", "pct_change", "cumcount"}:
            return getattr(self, name)(*args, **kwargs)
        if args:
            raise TypeError(f"transform({name!r}): give its options by name")
        names = self._values() if name == "size" else self._fitting(name, bool(kwargs.pop("numeric_only", False)))
        items = [(column, {"Whole": aggregate(column, name, **kwargs)}, column) for column in names]
        return self._rows(self._native.group_windows(self._keys, self._options.dropna, dumps(items)), names)

    def cumsum(self, numeric_only: bool = False) -> Any:
        """Running sums."""
        return self._windows("Sum", self._numbers(numeric_only))

    def cumprod(self, numeric_only: bool = False) -> Any:
        """Running products."""
        return self._windows("Product", self._numbers(numeric_only))

    def _numbers(self, numeric_only: bool) -> list[str]:
        numbers = self._frame._numbers() if numeric_only else []
        return [name for name in self._values() if not numeric_only or name in numbers]

    def cummax(self) -> Any:
        """Running maxima."""
        return self._windows("Maximum")

    def cummin(self) -> Any:
        """Running minima."""
        return self._windows("Minimum")

    def cumcount(self, ascending: bool = True) -> Any:
        """How many rows of the group come before (or after) each row."""
        name = "__count"
        items = dumps([(self._keys[0], window("Count", ascending=ascending), name)])
        return self._series(self._native.group_windows(self._keys, self._options.dropna, items), name).rename(None)

    def shift(self, periods: int = 1, fill_value: Any = None, meta: Any = None, shuffle_method: Any = None) -> Any:
        """The values so many rows before, in the group."""
        return self._windows(window("Shift", periods=periods, fill=literal(fill_value)))

    def diff(self, periods: int = 1) -> Any:
        """Values less those so many rows before, in the group."""
        return self._windows(window("Difference", periods=periods))

    def pct_change(self, periods: int = 1) -> Any:
        """Values over those so many rows before, less 1."""
        return self._windows(window("PercentChange", periods=periods))

    def rank(
        self, method: str = "average", ascending: bool = True, na_option: str = "keep", pct: bool = False
    ) -> Any:
        """Ranks in the group."""
        return self._windows(ranking(method, ascending, na_option, pct))

    def ffill(self, limit: int | None = None, shuffle_method: Any = None) -> Any:
        """Missing values become the last value before them, in the group."""
        return self._windows(window("Fill", forward=True, limit=limit))

    def bfill(self, limit: int | None = None, shuffle_method: Any = None) -> Any:
        """Missing values become the next value behind them, in the group."""
        return self._windows(window("Fill", forward=False, limit=limit))

    def _some(self, which: str, rows: list[int]) -> Any:
        native = self._native.group_rows(self._keys, self._options.dropna, which, rows)
        names = self._columns
        if names is None:
            names = [name for name in self._frame._names if not name.startswith("__key_")]
        return self._rows(native, names)

    def head(self, n: int = 5) -> Any:
        """The first rows of each group, in the frame's order."""
        return self._some("head", [n])

    def tail(self, n: int = 5) -> Any:
        """The last rows of each group, in the frame's order."""
        return self._some("tail", [n])

    def nth(self, n: int | Sequence[int]) -> Any:
        """These rows of each group, in the frame's order."""
        return self._some("nth", [n] if isinstance(n, int) else list(n))

    def fillna(self, value: Any) -> Any:
        """With ``value`` where values are missing: the same in every group."""
        names = self._values()
        filled = self._frame[names].fillna(value)
        return filled[names[0]] if self._one else filled

    def rolling(
        self,
        window: Any,
        min_periods: int | None = None,
        center: bool = False,
        win_type: str | None = None,
        axis: Any = 0,
        closed: str | None = None,
    ) -> Any:
        """Statistics of the rows around each row, in the group. Rows stay in the frame's order."""
        from phalanx.dataframe.rolling import Rolling

        if win_type is not None or axis not in (0, "index"):
            raise NotImplementedError("groupby().rolling() with win_type or along columns: use apply")
        return Rolling(_Windowed(self), window, min_periods, center, None, closed)


class _Windowed:
    """Groups as rolling windows see them."""

    __slots__ = ("_groups",)

    def __init__(self, groups: Any) -> None:
        self._groups = groups

    @property
    def _names(self) -> list[str]:
        return self._groups._values()

    def _every(self, made: Any) -> Any:
        return self._groups._windows(made)

    def _numbers(self) -> list[str]:
        return self._groups._numbers(True)

    def __getitem__(self, names: list[str]) -> _Windowed:
        return _Windowed(self._groups[names])

    def _prepared(self, native: Any) -> Any:
        raise NotImplementedError("a function of the windows of groups: use groupby(…).apply with pandas' rolling")


def literal(value: Any) -> Any:
    """A value in the form in which plans travel."""
    if value is None:
        return None
    if isinstance(value, bool):
        return {"Boolean": value}
    if isinstance(value, int):
        return {"Integer": value}
    if isinstance(value, float):
        return {"Float": value}
    if isinstance(value, str):
        return {"Text": value}
    raise NotImplementedError(f"a fill value of type {type(value).__name__}: give a truth value, a number or a text")


def ranking(method: str, ascending: bool, na_option: str, pct: bool) -> Any:
    """A ranking in the form in which plans travel."""
    return window(
        "Rank",
        method=capital(method, _METHODS, "method"),
        descending=not ascending,
        percent=bool(pct),
        missing=capital(na_option, ("keep", "top", "bottom"), "na_option"),
    )
