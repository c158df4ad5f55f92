"""Small lazy results: a number, or a pandas object with one value for each column, group or bin.

They are computed as frames of few rows, brought here and made into what pandas gives. So pandas itself does whatever
is asked of them further: its methods, attributes and operators are noted down, and are done once the rows are here. What
only lazy frames do (merging with one, partitions, files) is done by the same result as a lazy frame.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from phalanx import _client
from phalanx._collection import Collection
from phalanx._lazy import np, pd
from phalanx.dataframe._convert import to_pandas

__all__ = ["Deferred", "Result", "Several", "first_row", "first_value"]


@functools.cache
def _known() -> frozenset[str]:
    """The names that pandas' objects and their accessors have."""
    series = pd.Series(["a"], dtype="str")
    times = pd.Series(pd.to_datetime(["2000-01-01"]))
    found: set[str] = set()
    for kind in (pd.Series, pd.DataFrame, pd.Index, pd.MultiIndex, type(series.str), type(times.dt)):
        found.update(name for name in dir(kind) if not name.startswith("_"))
    return frozenset(found | {"item"})


@functools.cache
def _of_frames() -> frozenset[str]:
    """The names that our frames and series have and pandas' have not."""
    from phalanx.dataframe import DataFrame, Series

    return frozenset(name for kind in (DataFrame, Series) for name in dir(kind) if not name.startswith("_")) - _known()


class Deferred(Collection):
    """What pandas does to results once they are here."""

    __slots__ = ()

    def _then(self, function: Callable[..., Any], *others: Any) -> Deferred:
        """``function`` of the value, and of the values of lazy results among ``others``."""
        lazy = [other for other in others if isinstance(other, Deferred)]
        if not lazy:
            return self._after(lambda value: function(value, *others))

        def joined(values: list[Any]) -> Any:
            rest = iter(values[1:])
            return function(values[0], *(next(rest) if isinstance(other, Deferred) else other for other in others))

        return Several([self, *lazy], joined)

    def _after(self, function: Callable[[Any], Any]) -> Deferred:
        raise NotImplementedError

    def _lazily(self) -> Any:
        """The same as a lazy frame or series: computed now, unless it is known how to have it without."""
        from phalanx.dataframe.io import from_pandas

        value = self.compute()
        if not isinstance(value, (pd.DataFrame, pd.Series)):
            raise TypeError(f"a {type(value).__name__} is neither a frame nor a series")
        return from_pandas(value, npartitions=1)

    def _knows(self, name: str) -> bool:
        """Whether it is known, before anything is computed, that this is a column."""
        return False

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if name in _known():
                return self._then(lambda value: getattr(value, name))
            if self._knows(name):
                return self[name]
            if name in _of_frames():
                return getattr(self._lazily(), name)
        raise AttributeError(f"a lazy result has no attribute {name!r}; for a column of that name use [{name!r}]")

    def __call__(self, *args: Any, **kwargs: Any) -> Deferred:
        """The call of a method that was named before; the types that Dask is told (``meta``) are not needed."""
        kwargs.pop("meta", None)
        names = list(kwargs)

        def call(value: Any, *given: Any) -> Any:
            at = len(given) - len(names)
            return value(*given[:at], **dict(zip(names, given[at:])))

        return self._then(call, *args, *kwargs.values())

    def __getitem__(self, key: Any) -> Deferred:
        return self._then(lambda value, key: value[key], key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._replace(lambda frame: frame.assign(**{key: value.compute() if isinstance(value, Deferred) else value}))

    def _replace(self, function: Callable[[Any], Any]) -> None:
        """Stand for ``function`` of the value from here on."""
        made = self._after(function)
        parts: tuple[str, ...] = type(self).__slots__
        for part in parts:
            setattr(self, part, getattr(made, part))

    def _beside(self, name: str, other: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(other, Collection) and not isinstance(other, Deferred):
            return getattr(self._lazily(), name)(other, *args, **kwargs)
        return self._then(lambda value, other: getattr(value, name)(other, *args, **kwargs), other)

    def merge(self, right: Any, *args: Any, **kwargs: Any) -> Any:
        """pandas' merge; with a lazy frame a lazy frame."""
        return self._beside("merge", right, *args, **kwargs)

    def join(self, other: Any, *args: Any, **kwargs: Any) -> Any:
        """pandas' join; with a lazy frame a lazy frame."""
        return self._beside("join", other, *args, **kwargs)

    def _written(self, name: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        if path is None:
            return self._then(lambda value: getattr(value, name)(*args, **kwargs))
        return getattr(self._lazily(), name)(path, *args, **kwargs)

    def to_csv(self, path_or_buf: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Files as of a lazy frame, of one partition; pandas' text, later, if there is no path."""
        return self._written("to_csv", path_or_buf, *args, **kwargs)

    def to_json(self, path_or_buf: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Files as of a lazy frame, of one partition; pandas' text, later, if there is no path."""
        return self._written("to_json", path_or_buf, *args, **kwargs)

    def to_parquet(self, path: Any, *args: Any, **kwargs: Any) -> Any:
        """Files as of a lazy frame, of one partition."""
        return self._lazily().to_parquet(path, *args, **kwargs)

    def to_sql(self, *args: Any, **kwargs: Any) -> Any:
        """A table of a database, as of a lazy frame."""
        return self._lazily().to_sql(*args, **kwargs)

    def head(self, n: int = 5, npartitions: int = 1, compute: bool = True) -> Any:
        """The first rows, computed unless told otherwise."""
        first = self._then(lambda value: value.head(n))
        return first.compute() if compute else first

    def tail(self, n: int = 5, compute: bool = True) -> Any:
        """The last rows, computed unless told otherwise."""
        last = self._then(lambda value: value.tail(n))
        return last.compute() if compute else last

    @property
    def plot(self) -> Any:
        """pandas' plots of the value, which is computed now: ``plot()``, ``plot.bar()``, …"""
        return self.compute().plot

    def hist(self, *args: Any, **kwargs: Any) -> Any:
        """pandas' histogram of the value, which is computed now."""
        return self.compute().hist(*args, **kwargs)

    def __len__(self) -> int:
        return len(self.compute())

    def __iter__(self) -> Any:
        return iter(self.compute())

    def __contains__(self, item: Any) -> bool:
        return item in self.compute()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or any(isinstance(each, Collection) and not isinstance(each, Deferred) for each in inputs):
            return NotImplemented
        places = [at for at, each in enumerate(inputs) if isinstance(each, Deferred)]

        def call(*values: Any) -> Any:
            given = list(inputs)
            for at, value in zip(places, values):
                given[at] = value
            return ufunc(*given, **kwargs)

        return inputs[places[0]]._then(call, *(inputs[at] for at in places[1:]))

    def __float__(self) -> float:
        return float(self.compute())

    def __int__(self) -> int:
        return int(self.compute())

    def __format__(self, spec: str) -> str:
        # A number is shown as a number, which computes it; without a format it is what it is.
        return format(self.compute(), spec) if spec else repr(self)

    def __round__(self, ndigits: int | None = None) -> Deferred:
        return self._then(lambda value: round(value, ndigits))

    def __bool__(self) -> bool:
        raise TypeError("whether a lazy result is true is known when it is computed: call .compute() first")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.compute(), dtype)

    def __neg__(self) -> Deferred:
        return self._then(operator.neg)

    def __invert__(self) -> Deferred:
        return self._then(operator.invert)

    def __abs__(self) -> Deferred:
        return self._then(abs)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "<lazy result: call .compute()>"


def _operator(function: Callable[[Any, Any], Any], backwards: bool) -> Callable[[Deferred, Any], Any]:
    def method(self: Deferred, other: Any) -> Any:
        if isinstance(other, Collection) and not isinstance(other, Deferred):
            return NotImplemented  # columns know what to do with a result
        return self._then((lambda value, other: function(other, value)) if backwards else function, other)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor"):
    _function, _bare = getattr(operator, _name), _name.rstrip("_")
    setattr(Deferred, f"__{_bare}__", _operator(_function, False))
    setattr(Deferred, f"__r{_bare}__", _operator(_function, True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Deferred, f"__{_name}__", _operator(getattr(operator, _name), False))


class Result(Deferred):
    """A lazy result that is computed as a frame of few rows and given as something smaller.

    ``lazily`` gives the same as a lazy frame or series, where that is known without computing it.
    """

    __slots__ = ("_as_frame", "_make", "_native")
    _phalanx_kind = "frame"

    def __init__(self, native: Any, make: Callable[[Any], Any], lazily: Callable[[], Any] | None = None) -> None:
        self._native = native
        self._make = make
        self._as_frame = lazily

    def _after(self, function: Callable[[Any], Any]) -> Result:
        make = self._make
        return Result(self._native, lambda frame: function(make(frame)))

    def _both(self, function: Callable[[Any], Any]) -> Any:
        """What ``function`` makes of the value, and as a lazy frame of the lazy frame."""
        made, lazily = self._after(function), self._as_frame
        if lazily is not None:
            made._as_frame = lambda: function(lazily())
        return made

    def _lazily(self) -> Any:
        return super()._lazily() if self._as_frame is None else self._as_frame()

    def __getattr__(self, name: str) -> Any:
        if name in ("columns", "dtype", "dtypes", "name") and self._as_frame is not None:
            return getattr(self._as_frame(), name)
        return super().__getattr__(name)

    def _knows(self, name: str) -> bool:
        return self._as_frame is not None and name in getattr(self._as_frame(), "_names", ())

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and self._knows(key) or isinstance(key, list) and all(map(self._knows, key)):
            return self._both(lambda value: value[key])
        return super().__getitem__(key)

    def reset_index(self, drop: bool = False, **options: Any) -> Any:
        """pandas' ``reset_index``."""
        return self._both(lambda value: value.reset_index(drop=drop, **options))

    def to_frame(self, *name: Any, **names: Any) -> Any:
        """pandas' ``to_frame``."""
        return self._both(lambda value: value.to_frame(*name, **names))

    def rename(self, *names: Any, **options: Any) -> Any:
        """pandas' ``rename``."""
        return self._both(lambda value: value.rename(*names, **options))

    def groupby(self, *args: Any, **kwargs: Any) -> Any:
        """Groups of the lazy frame; pandas' where that is not known before the result is computed."""
        if self._as_frame is not None:
            return self._as_frame().groupby(*args, **kwargs)
        return self._then(lambda value: value.groupby(*args, **kwargs))

    def _prepared(self, native: Any) -> Any:
        return self._native

    def _finish(self, table: Any) -> Any:
        return self._make(to_pandas(table, None))

    def persist(self, *, client: Any = None, **_: Any) -> Result:
        """The same, computed and kept where it was computed."""
        return Result(_client.native(client).persist_frame(self._native), self._make)


class Several(Deferred):
    """A lazy result of other lazy things, which are computed together."""

    __slots__ = ("_function", "_parts")
    _phalanx_kind = "several"

    def __init__(self, parts: list[Any], function: Callable[[list[Any]], Any]) -> None:
        self._parts = parts
        self._function = function

    def _after(self, function: Callable[[Any], Any]) -> Several:
        inner = self._function
        return Several(self._parts, lambda values: function(inner(values)))

    def _joined(self, values: list[Any]) -> Any:
        """The value, of those of the parts."""
        return self._function(values)

    def persist(self, *, client: Any = None, **_: Any) -> Several:
        """The same, computed and kept where it was computed."""
        return Several([part.persist(client=client) for part in self._parts], self._function)

    def explain(self, *, client: Any = None) -> str:
        """What would run, as text, a part behind the other."""
        return "\n\n".join(part.explain(client=client) for part in self._parts)

    def visualize(self, filename: Any = None, *, client: Any = None, **options: Any) -> Any:
        """A drawing of the stages that would run, as SVG."""
        from phalanx._stages import drawing

        return drawing(self._parts, filename, client, options)


def first_row(frame: Any) -> Any:
    """The only row as a series of the columns' values."""
    row = frame.iloc[0]
    row.name = None
    return row


def first_value(frame: Any) -> Any:
    """The only value."""
    return frame.iloc[0, 0]
