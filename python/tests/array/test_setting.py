"""Setting elements, and NumPy's protocols: what programs written for NumPy do in place, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da

CUBE = np.arange(2 * 3 * 4.0).reshape(2, 3, 4)
BYTES = np.arange(6, dtype="uint8")
EVERY = slice(None)

#: An index and a value. Several arrays in one index name points, as in NumPy, and not all that their axes span.
SET: dict[str, tuple[Any, Any]] = {
    "points": (([0, 1], [1, 2]), 5),
    "points of all axes": (([0, 1], [1, 2], [3, 0]), np.array([8.0, 9.0])),
    "points last": ((EVERY, [0, 1], [1, 2]), np.arange(4.0).reshape(2, 2) * 9),
    "points apart": (([0, 1], EVERY, [1, 2]), np.arange(6.0).reshape(2, 3) * 10),
    "points apart, one value": (([0, 1], EVERY, [1, 2]), 5),
    "points and a number": ((0, EVERY, [1, 2]), np.arange(6.0).reshape(2, 3) * 10),
    "points and a number beside": (([0, 1], 1), np.arange(8.0).reshape(2, 4)),
    "points that broadcast": (([[0], [1]], [0, 1]), 3),
    "points from behind": ((..., [0, -1], [1, -1]), 3),
    "points twice": (([0, 0], [1, 1], [2, 2]), np.array([5.0, 6.0])),
    "points of masks": ((np.array([True, False]), [0]), 3),
    "points of two masks": ((np.array([True, True]), np.array([True, False, True])), 3),
    "a value for all points": (([0, 1], [1, 2]), np.arange(4.0) * 100),
    "points and a step": (([1, 0], slice(None, None, 2), [0, 3]), np.arange(4.0).reshape(2, 2)),
    "no points": (([], []), 5),
    "one list": ((EVERY, EVERY, [1, -1]), 4),
    "mask": (CUBE > 5, 1),
    "backwards": (slice(None, None, -1), CUBE * 3),
}


def _set(index: Any, value: Any) -> Callable[[Any, Any], Any]:
    def case(_: Any, x: Any) -> Any:
        changed = x.copy()
        changed[index] = value
        return changed

    return case


@pytest.mark.parametrize("name", SET)
def test_setting_is_numpys(name: str) -> None:
    check_array(_set(*SET[name]), CUBE, chunks=(-1, 2, (1, 3, 1)), cluster=name == "points apart")


#: Indices of which one is a mask, read.
READ: dict[str, Any] = {
    "a mask and a list": (np.array([True, True]), [0, 1]),
    "two masks": (np.array([True, False]), np.array([True, False, True])),
    "a mask, a list, all": (np.array([True, True]), EVERY, [0, 3]),
}


@pytest.mark.parametrize("name", READ)
def test_masks_among_arrays_are_points(name: str) -> None:
    check_array(lambda xp, x: x[READ[name]], CUBE)


@pytest.mark.parametrize("value", [300, -1, np.nan, np.inf, 1j, 2**70, 1.5, True, np.float64(2.5)])
def test_values_of_a_type_are_numpys(value: Any) -> None:
    theirs, ours = BYTES.copy(), da.from_array(BYTES, 4)
    try:
        theirs[0] = value
    except (OverflowError, ValueError, TypeError) as error:
        with pytest.raises(type(error)):
            ours[0] = value
    else:
        check_array(_set(0, value), BYTES)


@pytest.mark.parametrize(
    ("index", "value"), [(([0, 5], [1, 1]), 1), (([0, 1], [1, 1, 1]), 1), (([0, 1], [0, 1]), np.ones(3)), (([0.5], [1]), 1)]
)
def test_points_that_do_not_fit(index: Any, value: Any) -> None:
    for x in (CUBE.copy(), da.from_array(CUBE, 2)):
        with pytest.raises((IndexError, ValueError), match=r"out of bounds|shape mismatch|broadcast|integer"):
            x[index] = value


def test_points_that_are_lazy_are_refused() -> None:
    x = da.from_array(CUBE, 2)
    with pytest.raises(NotImplementedError, match="compute"):
        x[da.from_array(np.array([0, 1]), 1), [1, 2]] = 1


#: NumPy's functions and methods of ufuncs on lazy arrays.
PROTOCOLS: dict[str, Callable[[Any, Any], Any]] = {
    "reduce": lambda xp, x: np.add.reduce(x),
    "reduce axis": lambda xp, x: np.maximum.reduce(x, axis=1),
    "reduce all": lambda xp, x: np.multiply.reduce(x, axis=None, keepdims=True),
    "reduce at": lambda xp, x: np.logical_or.reduce(x, 2),
    "reduce typed": lambda xp, x: np.add.reduce(x, axis=-1, dtype="float32"),
    "accumulate": lambda xp, x: np.add.accumulate(x),
    "accumulate axis": lambda xp, x: np.multiply.accumulate(x, axis=2),
    "outer": lambda xp, x: np.subtract.outer(x[0], x[1, 0]),
    "outer of values": lambda xp, x: np.multiply.outer(np.arange(3.0), x),
    "reshape F": lambda xp, x: np.reshape(x, (4, 6), order="F"),
    "reshape F unknown": lambda xp, x: x.reshape(3, -1, order="F"),
    "ravel F": lambda xp, x: np.ravel(x, order="F"),
    "flatten F": lambda xp, x: x.flatten("F"),
    "equal to none": lambda xp, x: x == None,  # noqa: E711
    "unequal to none": lambda xp, x: x != None,  # noqa: E711
    "equal to text": lambda xp, x: x == "a",
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocols_are_numpys(name: str) -> None:
    check_array(PROTOCOLS[name], CUBE % 7 + 0.5, rtol=1e-6)


#: Windows that slide, and what NumPy makes of them.
WINDOWS: dict[str, tuple[Any, ...]] = {
    "of one axis": (3, 0),
    "of the last axis": (2, -1),
    "of all axes": ((2, 1, 3), None),
    "of two axes": ((2, 2), (2, 1)),
    "of one axis twice": ((2, 3), (2, 2)),
    "of one element": (1, 1),
    "as long as the axis": (4, 2),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_are_numpys(name: str) -> None:
    windows = np.lib.stride_tricks.sliding_window_view
    values = np.arange(5 * 3 * 4.0).reshape(5, 3, 4) ** 2
    shape, axis = WINDOWS[name]
    check_array(lambda xp, x: windows(x, shape, axis=axis), values, cluster=name == "of two axes")
    check_array(lambda xp, x: xp.lib.stride_tricks.sliding_window_view(x, shape, axis).mean(axis=-1), values, rtol=1e-14)


@pytest.mark.parametrize(("shape", "axis"), [(6, 0), ((2, 2), None), ((2, 2), 0), (-1, 0), (2, 3)])
def test_windows_that_do_not_fit(shape: Any, axis: Any) -> None:
    for x in (CUBE, da.from_array(CUBE, 2)):
        with pytest.raises(ValueError, match=r"window|axis"):
            np.lib.stride_tricks.sliding_window_view(x, shape, axis=axis)
    with pytest.raises(NotImplementedError, match="no elements"):
        da.lib.stride_tricks.sliding_window_view(CUBE, 0, axis=0)


def test_sorting_in_place() -> None:
    values = np.random.default_rng(3).standard_normal((6, 7))
    for axis in (0, -1):
        ours, theirs = da.from_array(values, 3), values.copy()
        kept = ours[:]
        assert ours.sort(axis) is None and theirs.sort(axis) is None
        np.testing.assert_array_equal(ours.compute(), theirs)
        np.testing.assert_array_equal(kept.compute(), values)


def test_questions_about_values() -> None:
    x = da.from_array(CUBE, 2)
    assert 3.0 in x and 99 not in x and None not in x
    assert f"{x.mean():.3f}" == f"{CUBE.mean():.3f}"
    assert f"{x}" == repr(x)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.save("unwritten.npy", x), r"numpy\.save takes no lazy arrays.*compute"),
        (lambda x: np.linalg.cond(x[0]), r"numpy\.linalg\.cond"),
        (lambda x: np.maximum.accumulate(x), r"numpy\.maximum\.accumulate.*compute"),
        (lambda x: np.add.at(x, [0], 1), r"numpy\.add\.at"),
        (lambda x: np.add(x, 1, out=x), "assign the result"),
        (lambda x: x.reshape(4, 6, order="A"), "layout"),
    ],
)
def test_what_lazy_arrays_do_not_take_says_what_to_do(call: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(NotImplementedError, match=words):
        call(da.from_array(CUBE, 2))


@pytest.mark.parametrize(("name", "words"), [("flat", "ravel"), ("fill", "value"), ("tobytes", "compute"), ("tofile", "to_zarr")])
def test_attributes_that_numpys_arrays_have(name: str, words: str) -> None:
    x = da.from_array(CUBE, 2)
    assert not hasattr(x, name)
    with pytest.raises(AttributeError, match=rf"which NumPy's has: .*{words}"):
        getattr(x, name)
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        x.colour  # noqa: B018
