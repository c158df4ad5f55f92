"""Frames of what Python functions make: a call for each partition."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from typing import Any

from phalanx import _host, _phalanx
from phalanx._lazy import np, pa, pd, require
from phalanx.dataframe._declared import Declared, meta_of, no_meta

__all__ = ["calls", "from_delayed", "from_map"]


def _run(tables: list[Any], context: str, *, function: Any, kwargs: Any, returns: Declared) -> Any:
    arguments = pickle.loads(pa.table(tables[0])["argument"][0].as_py())
    return returns.table(function(*arguments, **kwargs))


def calls(function: Callable[..., Any], arguments: list[tuple[Any, ...]], kwargs: dict[str, Any], meta: Any, label: str) -> Any:
    """The lazy frame, series or values whose partition ``i`` is ``function(*arguments[i], **kwargs)``.

    Without ``meta`` the first call is made now, to find out what it returns.
    """
    if not arguments:
        raise ValueError("no partitions: there must be something to call the function with")
    if meta is no_meta or meta is None:
        first = function(*arguments[0], **kwargs)
        returns = Declared(_empty(first), True)
    else:
        returns = Declared(meta_of(meta, pd.RangeIndex(0)), True)
    packed = _host.pack(functools.partial(_run, function=function, kwargs=kwargs, returns=returns))
    dumped = [require("cloudpickle").dumps(each) for each in arguments]
    native = _phalanx.Frame.call_each(packed, label, dumped, returns.schema)
    return returns.wrap(native if returns.index is None else native.set_index(returns.index))


def _empty(value: Any) -> Any:
    """What says the types of ``value``: a row is enough, and tells what objects hold."""
    if isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        return value
    if isinstance(value, (list, np.ndarray)):
        raise TypeError(f"a function of partitions that returns a {type(value).__name__}: return a frame or a series")
    return value


def from_map(
    func: Callable[..., Any],
    *iterables: Any,
    args: Any = None,
    meta: Any = no_meta,
    divisions: Any = None,
    label: str | None = None,
    enforce_metadata: bool = False,
    **kwargs: Any,
) -> Any:
    """A lazy frame whose partitions are ``func`` of one item of each of the iterables.

    Parameters
    ----------
    func : callable
        Returns a pandas frame or series. Workers run it only if they were started to (``--allow-python``).
    *iterables : iterable
        As long as each other: an item of each for a partition.
    args : tuple, optional
        More positional arguments, behind the items.
    meta : optional
        What it returns: an empty frame or series, a dict of names and types, or ``(name, type)``. By default the
        first call is made now as well.
    divisions : tuple, optional
        Where the index is cut; must then be true of the rows. Nothing here needs it, so only its length is looked at.
    label : str, optional
        What the call is named in drawings and errors.
    enforce_metadata : bool, default False
        Taken as Dask takes it: what is declared is always enforced.
    **kwargs
        More arguments of ``func``.

    Examples
    --------
    >>> import pandas as pd, phalanx.dataframe as dd
    >>> frame = dd.from_map(lambda n, scale: pd.DataFrame({"x": [n * scale]}), [1, 2, 3], scale=10)
    >>> frame.x.compute().tolist()
    [10, 20, 30]
    """
    if not callable(func):
        raise ValueError("`func` argument must be `callable`")
    if not iterables:
        raise ValueError("`from_map` requires at least one Iterable input")
    columns = []
    for each in iterables:
        if not hasattr(each, "__iter__"):
            raise ValueError(f"All elements of `iterables` must be Iterable, got {type(each)}")
        columns.append(list(each))
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise ValueError(f"All `iterables` must have the same length, got {[len(column) for column in columns]}")
    if divisions is not None and len(divisions) != len(columns[0]) + 1:
        raise ValueError(f"{len(divisions)} divisions of {len(columns[0])} partitions: there is one more than partitions")
    if enforce_metadata not in (True, False):
        raise ValueError("enforce_metadata is True or False")
    given = [(*items, *(args or ())) for items in zip(*columns)]
    return calls(func, given, kwargs, meta, label or _host.function_name(func))


def _evaluated(lazy: Any) -> Any:
    """The value of delayed calls, made here one after the other."""
    from phalanx._delayed import Delayed, _filled, _ordered

    values: dict[int, Any] = {}
    for node in _ordered([lazy]):
        if not isinstance(node, Delayed):
            raise TypeError(f"{type(node).__name__} among the arguments of a delayed call: compute it first")
        values[id(node)] = node._function(*(_filled(each, values) for each in node._args), **_filled(node._kwargs, values))
    return values[id(lazy)]




def from_delayed(
    dfs: Any,
    meta: Any = None,
    divisions: Any = None,
    prefix: str | None = None,
    verify_meta: bool = True,
) -> Any:
    """A lazy frame whose partitions are what delayed calls return: pandas frames, or series.

    Parameters
    ----------
    dfs : Delayed, Future, or list of them
        Each is a partition. What several of them need is computed by each; futures are waited for now.
    meta : optional
        As for :func:`from_map`; by default the first one is computed now.
    divisions : tuple, optional
        As for :func:`from_map`.
    prefix : str, optional
        What the partitions are named in drawings and errors.
    verify_meta : bool, default True
        Taken as Dask takes it: what is declared is always verified.
    """
    from phalanx._delayed import Delayed

    parts = [dfs] if isinstance(dfs, Delayed) or hasattr(dfs, "result") else list(dfs)
    if not parts:
        raise TypeError("Must supply at least one delayed object")
    if divisions is not None and len(divisions) != len(parts) + 1:
        raise ValueError("divisions should be a tuple of len(dfs) + 1")
    if verify_meta not in (True, False):
        raise ValueError("verify_meta is True or False")
    given: list[tuple[Any, ...]] = []
    for part in parts:
        if isinstance(part, Delayed):
            given.append((_Later(part),))
        elif hasattr(part, "result"):
            given.append((part.result(),))
        else:
            raise TypeError(f"Expected Delayed object, got {type(part).__name__}")
    return calls(_value, given, {}, meta, prefix or "from_delayed")


class _Later:
    """A delayed call on its way to where it is made."""

    def __init__(self, lazy: Any) -> None:
        from phalanx._delayed import Delayed, _needs, _ordered

        for node in _ordered([lazy]):
            for need in _needs([*node._args, node._kwargs]):
                if not isinstance(need, Delayed):
                    raise NotImplementedError(
                        f"a delayed call of a lazy {type(need).__name__} as a partition: compute that first, or use "
                        "map_partitions"
                    )
        self.lazy = lazy


def _value(part: Any) -> Any:
    return _evaluated(part.lazy) if isinstance(part, _Later) else part
