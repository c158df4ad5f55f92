"""Evaluating several lazy objects together."""

from __future__ import annotations

from typing import Any

from phalanx import _client

__all__ = ["compute", "persist"]


def _is_array(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "array"


def _is_frame(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "frame"


def _collect(value: Any, arrays: list[Any], frames: list[Any]) -> None:
    if _is_array(value):
        arrays.append(value)
    elif _is_frame(value):
        frames.append(value)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _collect(item, arrays, frames)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, arrays, frames)


def _replace(value: Any, results: dict[int, Any]) -> Any:
    if _is_array(value) or _is_frame(value):
        return results[id(value)]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_replace(item, results) for item in value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value)(_replace(item, results) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, results) for key, item in value.items()}
    return value


def compute(
    *lazy: Any, client: Any = None, verify: bool = False, traverse: bool = True, token: Any = None
) -> tuple[Any, ...]:
    """Evaluates several lazy arrays, frames and series together.

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
    token : CancelToken, optional
        Ends the work when it is told to.

    Returns
    -------
    tuple
        One value for each argument.
    """
    arrays: list[Any] = []
    frames: list[Any] = []
    for value in lazy:
        if traverse or _is_array(value) or _is_frame(value):
            _collect(value, arrays, frames)
    results = _evaluate(_client.native(client), arrays, frames, token)
    if verify:
        _verify(arrays, frames, results)
    return tuple(_replace(value, results) if traverse else results.get(id(value), value) for value in lazy)


def _evaluate(native: Any, arrays: list[Any], frames: list[Any], token: Any = None) -> dict[int, Any]:
    if not arrays and not frames:
        return {}
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
        if not results[id(lazy)].equals(again[id(lazy)]):
            raise InternalError(f"two engines gave different values for {lazy!r}", "please report this")


def persist(*lazy: Any, client: Any = None) -> tuple[Any, ...]:
    """Computes lazy objects and keeps them where they were computed; returns lazy objects that read them there."""
    return tuple(value.persist(client=client) if _is_array(value) or _is_frame(value) else value for value in lazy)
