"""Masked arrays: every name of ``dask.array.ma`` says what to use instead, and what it says is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array
import numpy as np
import pytest

import phalanx.array as da

VALUES = np.array([[1.0, -2.0, 3.0], [4.0, np.inf, 2.0]])
MASK = VALUES > 2.5
MASKED = np.ma.masked_array(VALUES, MASK)

#: What the refusals name, beside NumPy's masked arrays filled with NaN: (theirs, ours).
INSTEAD: dict[str, tuple[Callable[[], Any], Callable[[Any, Any], Any]]] = {
    "average": (
        lambda: np.ma.average(MASKED, weights=VALUES * 0 + 2),
        lambda x, m: da.where(m, 0, x * 2).sum() / da.where(m, 0, x * 0 + 2).sum(),
    ),
    "count": (lambda: MASKED.count(), lambda x, m: da.count_nonzero(~da.isnan(da.where(m, np.nan, x)))),
    "filled": (lambda: MASKED.filled(7.0), lambda x, m: da.where(m, 7.0, x)),
    "fix_invalid": (
        lambda: np.ma.fix_invalid(np.array([1.0, np.nan]), fill_value=5.0).filled(5.0),
        lambda x, m: da.nan_to_num(da.from_array(np.array([1.0, np.nan])), nan=5.0),
    ),
    "getdata": (lambda: np.ma.getdata(MASKED), lambda x, m: x),
    "getmaskarray": (lambda: np.ma.getmaskarray(MASKED), lambda x, m: da.isnan(da.where(m, np.nan, x))),
    "masked_array": (lambda: MASKED.filled(np.nan), lambda x, m: da.where(m, np.nan, x)),
    "masked_equal": (lambda: np.ma.masked_equal(VALUES, 3.0).filled(np.nan), lambda x, m: da.where(x == 3.0, np.nan, x)),
    "masked_greater": (lambda: np.ma.masked_greater(VALUES, 2).filled(np.nan), lambda x, m: da.where(x > 2, np.nan, x)),
    "masked_inside": (
        lambda: np.ma.masked_inside(VALUES, 1, 3).filled(np.nan), lambda x, m: da.where((x >= 1) & (x <= 3), np.nan, x),
    ),
    "masked_invalid": (
        lambda: np.ma.masked_invalid(VALUES).filled(np.nan), lambda x, m: da.where(da.isfinite(x), x, np.nan),
    ),
    "masked_outside": (
        lambda: np.ma.masked_outside(VALUES, 1, 3).filled(np.nan), lambda x, m: da.where((x < 1) | (x > 3), np.nan, x),
    ),
    "masked_values": (
        lambda: np.ma.masked_values(VALUES, 4.0).filled(np.nan), lambda x, m: da.where(da.isclose(x, 4.0), np.nan, x),
    ),
    "masked_where": (lambda: np.ma.masked_where(MASK, VALUES).filled(np.nan), lambda x, m: da.where(m, np.nan, x)),
    "nonzero": (
        lambda: np.ma.masked_equal([0.0, 2.0, 3.0], 2.0).nonzero()[0],
        lambda x, m: da.nonzero(da.nan_to_num(da.from_array(np.array([0.0, np.nan, 3.0]))))[0],
    ),
    "ones_like": (lambda: np.ma.ones_like(MASKED).data, lambda x, m: da.ones_like(x)),
    "zeros_like": (lambda: np.ma.zeros_like(MASKED).data, lambda x, m: da.zeros_like(x)),
    "where": (lambda: np.ma.where(MASK, VALUES, 0.0).data, lambda x, m: da.where(m, x, 0.0)),
}  # fmt: skip


def names() -> list[str]:
    module = dask.array.ma
    own = (name for name in vars(module) if getattr(vars(module)[name], "__module__", "") == module.__name__)
    return sorted(name for name in own if not name.startswith("_"))


@pytest.mark.parametrize("name", names())
def test_every_name_is_refused_with_what_to_use(name: str) -> None:
    with pytest.raises(NotImplementedError, match=f"^ma.{name}: .* use "):
        getattr(da.ma, name)(VALUES)


def test_nothing_else_is_there() -> None:
    assert set(names()) <= set(dir(da.ma))
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        da.ma.other  # noqa: B018


@pytest.mark.parametrize("name", INSTEAD)
def test_what_is_named_does_the_same(name: str) -> None:
    theirs, ours = INSTEAD[name]
    x, mask = da.from_array(VALUES, 2), da.from_array(MASK, 2)
    np.testing.assert_allclose(ours(x, mask).compute(), np.asarray(theirs()))
