"""Evaluating several lazy objects together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from phalanx import _client

__all__ = ["compute", "persist"]

#: Make the contexts in which computations run, for those who show progress.
watchers: list[Callable[[], contextlib.AbstractContextManager[None]]] = []


def _is_array(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "array"


def _is_frame(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "frame"


def _is_delayed(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "delayed"


def _is_several(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "several"


def _is_lazy(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) is not None


def _collect(value: Any, arrays: list[Any], frames: list[Any], delayed: list[Any]) -> None:
    if _is_array(value):
        arrays.append(value)
    elif _is_frame(value):
        frames.append(value)
    elif _is_delayed(value):
        delayed.append(value)
    elif _is_several(value):
        for part in value._parts:
            _collect(part, arrays, frames, delayed)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _collect(item, arrays, frames, delayed)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, arrays, frames, delayed)


def _replace(value: Any, results: dict[int, Any]) -> Any:
    if _is_several(value):
        return value._joined([_replace(part, results) for part in value._parts])
    if _is_lazy(value):
        return results[id(value)]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_replace(item, results) for item in value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value)(_replace(item, results) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, results) for key, item in value.items()}
    return value


def compute(
    *lazy: Any,
    client: Any = None,
    verify: bool = False,
    traverse: bool = True,
    scheduler: Any = None,
    optimize_graph: bool = True,
    token: Any = None,
) -> tuple[Any, ...]:
    """Evaluates several lazy arrays, frames, series and delayed calls together.

    What arrays share is computed once. Lazy objects inside of lists, tuples, sets and dicts are found and replaced
    by their values; everything else comes back as it is.

    Parameters
    ----------
    *lazy : object
        Arrays, frames, series, or collections of them.
    client : Client, optional
        Where to run; by default the current client, or this process.
    verify : bool, default False
        Run once more on an adverse engine of this process and compare the bits.
    traverse : bool, default True
        Look for lazy objects inside of collections.
    scheduler : str or Client, optional
        As Dask's: ``"threads"``, ``"sync"`` and ``"processes"`` mean this process, ``"distributed"`` the current client.
    optimize_graph : bool, default True
        Taken as Dask takes it: plans are always optimized.
    token : CancelToken, optional
        Ends the work when it is told to.

    Returns
    -------
    tuple
        One value for each argument.
    """
    if scheduler is not None:
        client = _client.of_scheduler(scheduler, client)
    arrays: list[Any] = []
    frames: list[Any] = []
    delayed: list[Any] = []
    for value in lazy:
        if traverse or _is_lazy(value):
            _collect(value, arrays, frames, delayed)
    native = _client.native(client)
    with contextlib.ExitStack() as stack:
        for watcher in watchers:
            stack.enter_context(watcher())
        results = _evaluate(native, arrays, frames, token)
        if delayed:
            from phalanx._delayed import evaluate

            results.update(evaluate(delayed, native, token))
    if verify:
        _verify(arrays, frames, results)
    return tuple(_replace(value, results) if traverse or _is_lazy(value) else value for value in lazy)


def _evaluate(native: Any, arrays: list[Any], frames: list[Any], token: Any = None) -> dict[int, Any]:
    if not arrays and not frames:
        return {}
    arrays, frames = list({id(a): a for a in arrays}.values()), list({id(f): f for f in frames}.values())
    inputs = [lazy._prepared(native) for lazy in arrays], [lazy._prepared(native) for lazy in frames]
    blocks, tables = native.compute(*inputs, token)
    results = {id(a): a._finish(block) for a, block in zip(arrays, blocks)}
    results.update((id(f), f._finish(table)) for f, table in zip(frames, tables))
    return results


def _verify(arrays: list[Any], frames: list[Any], results: dict[int, Any]) -> None:
    from phalanx import _phalanx
    from phalanx._lazy import np
    from phalanx.exceptions import InternalError

    adverse = _phalanx.Client.perturbed(0)
    again = _evaluate(adverse, arrays, frames)
    for lazy in arrays:
        one, two = np.asarray(results[id(lazy)]), np.asarray(again[id(lazy)])
        if one.tobytes() != two.tobytes():
            raise InternalError(f"two engines gave different bits for {lazy!r}", "please report this")
    for lazy in frames:
        if not _same(results[id(lazy)], again[id(lazy)]):
            raise InternalError(f"two engines gave different values for {lazy!r}", "please report this")


def _same(one: Any, two: Any) -> bool:
    if hasattr(one, "equals"):
        return bool(one.equals(two))
    return bool(one == two or (one != one and two != two))


def persist(*lazy: Any, client: Any = None) -> tuple[Any, ...]:
    """Computes lazy objects and keeps them where they were computed; returns lazy objects that read them there."""
    return tuple(value.persist(client=client) if _is_lazy(value) else value for value in lazy)
