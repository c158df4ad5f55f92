"""Random arrays, chunkings, slices, indices, masks and chains of them against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import engine

import phalanx.array as da

Pair = tuple[np.ndarray, Any]


def _slice(data: Any, length: int) -> slice:
    border = st.one_of(st.none(), st.integers(-length - 2, length + 2))
    step = data.draw(st.sampled_from([None, 1, 2, 3, -1, -2]))
    return slice(data.draw(border), data.draw(border), step)


def _index(data: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    parts: list[Any] = []
    for length in shape:
        kind = data.draw(st.sampled_from(["slice", "slice", "at", "new"]))
        if kind == "new":
            parts.append(None)
        if kind == "at" and length:
            parts.append(data.draw(st.integers(-length, length - 1)))
        else:
            parts.append(_slice(data, length))
    return tuple(parts)


def _axis(data: Any, x: np.ndarray) -> int:
    return data.draw(st.integers(0, x.ndim - 1))


def _step(data: Any, x: np.ndarray, y: Any) -> Pair:
    """One operation, on both."""
    if x.ndim == 0 or x.size > 3000:
        return x + 1, y + 1
    axis = _axis(data, x)
    length = x.shape[axis]
    name = data.draw(st.sampled_from(list(STEPS)))
    if name == "index":
        index = _index(data, x.shape)
        return x[index], y[index]
    if name == "list":
        numbers = data.draw(st.lists(st.integers(-length, length - 1), max_size=6)) if length else []
        index = (slice(None),) * axis + (np.array(numbers, dtype=int),)
        return x[index], y[index]
    if name == "mask":
        mask = np.array(data.draw(st.lists(st.booleans(), min_size=length, max_size=length)), dtype=bool)
        index = (slice(None),) * axis + (mask,)
        return x[index], y[index]
    if name == "set":
        index = tuple(_slice(data, n) for n in x.shape)
        changed = x.copy()
        changed[index] = 5
        return changed, y.with_item(index, 5)
    if name == "rechunk":
        return x, y.rechunk(data.draw(st.integers(1, 5)))
    if name == "roll":
        by = data.draw(st.integers(-9, 9))
        return np.roll(x, by, axis), da.roll(y, by, axis)
    function = STEPS[name]
    return function(np, x, axis), function(da, y, axis)


STEPS: dict[str, Any] = {
    **dict.fromkeys(["index", "list", "mask", "set", "rechunk", "roll"]),
    "transpose": lambda xp, x, axis: xp.moveaxis(x, axis, 0),
    "flip": lambda xp, x, axis: xp.flip(x, axis),
    "sort": lambda xp, x, axis: xp.sort(x, axis=axis),
    "cumsum": lambda xp, x, axis: xp.cumsum(x, axis=axis),
    "twice": lambda xp, x, axis: xp.concatenate([x, x + 1], axis=axis),
    "stack": lambda xp, x, axis: xp.stack([x, x * 2], axis=axis),
    "tile": lambda xp, x, axis: xp.tile(x, 2),
    "repeat": lambda xp, x, axis: xp.repeat(x, 2, axis=axis),
    "ravel": lambda xp, x, axis: xp.ravel(x),
    "pad": lambda xp, x, axis: xp.pad(x, 1),
    "sum": lambda xp, x, axis: x.sum(axis=axis),
    "add": lambda xp, x, axis: x + x * 3,
}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_chains_of_operations_are_numpys(data: Any) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=3)))
    x = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape) * 7919 % 101 - 50
    y = da.from_array(x, chunks=data.draw(st.integers(1, 4)))
    for _ in range(data.draw(st.integers(1, 6))):
        x, y = _step(data, x, y)
    assert y.shape == x.shape
    np.testing.assert_array_equal(y.compute(client=engine("local")), x)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_slicing_before_is_slicing_after(data: Any) -> None:
    shape = (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)))
    x = np.arange(shape[0] * shape[1], dtype=np.float64).reshape(shape)
    y = da.from_array(x, chunks=data.draw(st.integers(1, 4)))
    index = tuple(_slice(data, n) for n in shape)
    before = ((y + 1) * y)[index].compute(client=engine("local"))
    after = ((y[index] + 1) * y[index]).compute(client=engine("local"))
    kept = ((y + 1) * y).persist(client=engine("local"))[index].compute(client=engine("local"))
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(before, kept)
