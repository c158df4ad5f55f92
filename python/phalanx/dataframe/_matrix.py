"""Columns of numbers as an array."""

from __future__ import annotations

from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np

__all__ = ["matrix"]

#: Floats hold these integers exactly.
_EXACT = 32


def matrix(frame: Any, client: Any) -> Any:
    """The values of a frame as a lazy array, a chunk for each partition that has rows.

    The rows are computed now, and kept where they were computed: an array knows its shape.

    Raises
    ------
    TypeError
        A column holds neither numbers nor truth values.
    """
    if not frame._names:
        raise ValueError("a frame of no columns is no array")
    kinds = dict(frame.dtypes)
    for name, kind in kinds.items():
        if getattr(kind, "kind", "O") not in "biuf":
            raise TypeError(f"column {name!r} holds {kind}, which is no number: leave it out, or make it one")
    kind = np.result_type(*kinds.values())
    native = _client.native(client)
    if kind.kind not in "iu" or kind.itemsize * 8 <= _EXACT:
        return _exact(frame, native, kind)
    # A float holds 53 bits: whole numbers of 64 go as two halves.
    kept = frame.persist(client=native)
    high, low = _floats(kept // 2**_EXACT, native), _floats(kept % 2**_EXACT, native)
    if _has_missing(high, native):
        return _floats(kept, native)
    return high.astype(kind) * kind.type(2**_EXACT) + low.astype(kind)


def _floats(frame: Any, native: Any) -> Any:
    from phalanx.array._base import wrap

    return wrap(_phalanx.Rows.of_frame(native, frame._native, frame._names).to_array(native))


def _exact(frame: Any, native: Any, kind: Any) -> Any:
    values = _floats(frame, native)
    if kind.kind != "f" and _has_missing(values, native):
        return values  # as in pandas, where whole numbers among which some are missing are floats
    return values.astype(kind)


def _has_missing(values: Any, native: Any) -> bool:
    from phalanx.array import isnan

    return bool(isnan(values).any().compute(client=native))
