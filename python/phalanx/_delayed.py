"""Python calls that run later: ``delayed(function)(...)`` builds a graph of them, ``compute`` runs it.

For what is neither an array nor a frame: reading odd files, many small models. In this process calls run in threads;
with a client of a cluster on workers that allow Python. Values between calls go by way of this process.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

from phalanx._collection import Collection

__all__ = ["Delayed", "delayed"]

_numbers = itertools.count()
_LATER: Any = object()


def delayed(obj: Any = _LATER, name: str | None = None, pure: bool | None = None, nout: int | None = None, traverse: bool = True) -> Any:
    """``obj``, later: a function becomes one whose calls are lazy, anything else a lazy value.

    Parameters
    ----------
    obj : object
        A function, or a value; lazy objects inside of collections are found and replaced by their values. Without it
        the result is a decorator: ``@delayed(nout=2)``.
    name : str, optional
        What it is called in drawings and errors.
    pure : bool, optional
        Taken as Dask takes it: every call is made once, whatever its arguments.
    nout : int, optional
        How many values a call returns, so that it can be unpacked: ``a, b = f(x)``.
    traverse : bool, default True
        Look for lazy objects inside of collections.

    Examples
    --------
    >>> from phalanx import delayed
    >>> double = delayed(lambda x: 2 * x)
    >>> (double(1) + double(2)).compute()
    6
    """
    if obj is _LATER:
        return functools.partial(delayed, name=name, pure=pure, nout=nout, traverse=traverse)
    if isinstance(obj, Delayed):
        return obj
    if callable(obj) and not isinstance(obj, Collection):
        return DelayedFunction(obj, name, nout)
    if isinstance(obj, Collection) or (traverse and _needs(obj)):
        return Delayed(_itself, (obj,), {}, name or type(obj).__name__, None)
    return Delayed(_itself, (_Constant(obj),), {}, name or type(obj).__name__, None)


def _itself(value: Any) -> Any:
    return value


class _Constant:
    """A value that is not looked into."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class DelayedFunction:
    """A function whose calls are lazy."""

    def __init__(self, function: Callable[..., Any], name: str | None, nout: int | None) -> None:
        from phalanx._host import function_name

        self._function, self._nout = function, nout
        self._name = name or function_name(function)
        self.__name__ = self._name
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, dask_key_name: str | None = None, pure: bool | None = None, **kwargs: Any) -> Delayed:
        return Delayed(self._function, args, kwargs, dask_key_name or self._name, self._nout)

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __repr__(self) -> str:
        return f"delayed({self._name})"


class Delayed(Collection):
    """A lazy call, or a lazy value. Operators, attributes and methods of it are lazy calls too."""

    __slots__ = ("_args", "_function", "_kwargs", "_name", "_nout", "key")
    _phalanx_kind = "delayed"

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any, name: str, nout: int | None) -> None:
        self._function, self._args, self._kwargs, self._name, self._nout = function, args, kwargs, name, nout
        self.key = f"{name}-{next(_numbers)}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Calls are sent to workers as they are.
        return object.__reduce_ex__(self, protocol)

    def persist(self, *, client: Any = None) -> Delayed:
        """The same with its value computed, and kept in this process."""
        return Delayed(_itself, (_Constant(self.compute(client=client)),), {}, self._name, self._nout)

    def explain(self, *, client: Any = None) -> str:
        """The calls that would run, in an order in which they can."""
        return "".join(f"{node.key}({', '.join(need.key for need in _parents(node))})\n" for node in _ordered([self]))

    def _draw(self, graph: Any) -> None:
        boxes: dict[int, int] = {}
        for node in _ordered([self]):
            boxes[id(node)] = graph.add(node._name, [])
            graph.arrows += [(boxes[id(parent)], boxes[id(node)], "") for parent in _parents(node)]

    def __getattr__(self, name: str) -> Delayed:
        if name.startswith("_"):
            raise AttributeError(f"Attribute {name} not found")
        return Delayed(getattr, (self, name), {}, name, None)

    def __call__(self, *args: Any, **kwargs: Any) -> Delayed:
        return Delayed(_called, (self, *args), kwargs, f"{self._name}()", None)

    def __getitem__(self, item: Any) -> Delayed:
        return Delayed(operator.getitem, (self, item), {}, "getitem", None)

    def __iter__(self) -> Iterator[Delayed]:
        if self._nout is None:
            raise TypeError("Delayed objects of unspecified length are not iterable: delayed(function, nout=2)")
        return (self[at] for at in range(self._nout))

    def __len__(self) -> int:
        if self._nout is None:
            raise TypeError("Delayed objects of unspecified length have no len(): delayed(function, nout=2)")
        return self._nout

    def __bool__(self) -> bool:
        raise TypeError("Truth of Delayed objects is not supported: compute() them")

    def __setitem__(self, item: Any, value: Any) -> None:
        raise TypeError("Delayed objects are immutable: call a function that returns the changed value")

    def __repr__(self) -> str:
        return f"Delayed({self.key!r})"

    __hash__ = object.__hash__


def _called(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _binary(name: str, reversed_: bool) -> Callable[[Delayed, Any], Delayed]:
    function = getattr(operator, name if name not in ("and", "or") else f"{name}_")

    def method(self: Delayed, other: Any) -> Delayed:
        return Delayed(function, (other, self) if reversed_ else (self, other), {}, name, None)

    return method


def _unary(name: str) -> Callable[[Delayed], Delayed]:
    function = abs if name == "abs" else getattr(operator, name)
    return lambda self: Delayed(function, (self,), {}, name, None)


for _name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift"):
    setattr(Delayed, f"__{_name}__", _binary(_name, False))
    setattr(Delayed, f"__r{_name}__", _binary(_name, True))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Delayed, f"__{_name}__", _binary(_name, False))
for _name in ("neg", "pos", "invert", "abs"):
    setattr(Delayed, f"__{_name}__", _unary(_name))


# Running a graph.


def _needs(value: Any) -> list[Any]:
    """The lazy objects inside of an argument."""
    if isinstance(value, Collection):
        return [value]
    if isinstance(value, dict):
        return [need for item in value.values() for need in _needs(item)]
    if type(value) in (list, tuple, set, frozenset):
        return [need for item in value for need in _needs(item)]
    return []


def _parents(node: Delayed) -> list[Delayed]:
    return [need for need in _needs([*node._args, node._kwargs]) if isinstance(need, Delayed)]


def _ordered(targets: list[Delayed]) -> list[Delayed]:
    """All calls that the targets need, each after those that it needs."""
    order: list[Delayed] = []
    seen: set[int] = set()
    stack: list[tuple[Delayed, bool]] = [(target, False) for target in reversed(targets)]
    while stack:
        node, is_ready = stack.pop()
        if is_ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(parent, False) for parent in reversed(_parents(node))]
    return order


def _filled(value: Any, values: dict[int, Any]) -> Any:
    """An argument with values in place of lazy objects."""
    if isinstance(value, _Constant):
        return value.value
    if isinstance(value, Collection):
        return values[id(value)]
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_filled(item, values) for item in value)
    return value


def evaluate(targets: list[Delayed], native: Any, token: Any = None) -> dict[int, Any]:
    """The values of lazy calls, by the ids of their objects."""
    import json

    from phalanx._compute import compute
    from phalanx._host import call_on_worker
    from phalanx.distributed._futures import wait_briefly
    from phalanx.distributed._threads import JobThreads
    from phalanx.exceptions import CancelledError

    order = _ordered(targets)
    lazy = {id(need): need for node in order for need in _needs([*node._args, node._kwargs]) if not isinstance(need, Delayed)}
    values: dict[int, Any] = dict(zip(lazy, compute(*lazy.values(), client=native, token=token)))
    is_cluster = json.loads(native.describe())["kind"] == "cluster"
    threads = JobThreads(False)
    futures: dict[int, Any] = {}

    def work_of(node: Delayed, parents: list[Delayed]) -> Callable[[Any], Any]:
        def work(own: Any) -> Any:
            found = {**values, **{id(parent): futures[id(parent)].result() for parent in parents}}
            args, kwargs = [_filled(value, found) for value in node._args], _filled(node._kwargs, found)
            # What only hands values on needs no worker.
            if is_cluster and node._function not in (_itself, getattr, operator.getitem):
                return call_on_worker(native, node._function, args, kwargs, own)
            return node._function(*args, **kwargs)

        return work

    try:
        for node in order:
            parents = _parents(node)
            needs = [futures[id(parent)] for parent in parents]
            futures[id(node)] = threads.start(work_of(node, parents), node.key, needs)
        wanted = [futures[id(target)] for target in targets]
        while token is not None and not all(future.done() for future in wanted):
            if token.cancelled:
                raise CancelledError("the job was cancelled")
            wait_briefly(wanted)
        return {id(target): future.result() for target, future in zip(targets, wanted)}
    finally:
        threads.close()
