"""Masked arrays, which there are none of: what to use instead, by name.

NaN marks what is missing in floating point: reductions that skip it are the ``nan`` family, ``where(mask, nan, x)``
puts it in.
"""

from __future__ import annotations

from typing import Any

#: What the names of ``numpy.ma`` are used for, and what does that here.
_INSTEAD = {
    "average": "sum(x * w) / sum(w) of x and w that are 0 where masked",
    "count": "count_nonzero(~isnan(x))",
    "empty_like": "empty_like",
    "filled": "where(mask, fill_value, x), or nan_to_num(x, nan=fill_value)",
    "fix_invalid": "nan_to_num(x, nan=fill_value)",
    "getdata": "the array itself",
    "getmaskarray": "isnan(x)",
    "masked_array": "where(mask, nan, x), and the functions nansum, nanmean, …",
    "masked_equal": "where(x == value, nan, x)",
    "masked_greater": "where(x > value, nan, x)",
    "masked_greater_equal": "where(x >= value, nan, x)",
    "masked_inside": "where((x >= v1) & (x <= v2), nan, x)",
    "masked_invalid": "where(isfinite(x), x, nan)",
    "masked_less": "where(x < value, nan, x)",
    "masked_less_equal": "where(x <= value, nan, x)",
    "masked_not_equal": "where(x != value, nan, x)",
    "masked_outside": "where((x < v1) | (x > v2), nan, x)",
    "masked_values": "where(isclose(x, value), nan, x)",
    "masked_where": "where(condition, nan, x)",
    "nonzero": "nonzero(nan_to_num(x))",
    "normalize_masked_array": "the array itself",
    "ones_like": "ones_like",
    "set_fill_value": "nan_to_num(x, nan=fill_value), where the value is needed",
    "where": "where",
    "zeros_like": "zeros_like",
}

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    if name not in _INSTEAD:
        raise AttributeError(f"module 'phalanx.array.ma' has no attribute {name!r}")

    def refused(*_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError(f"ma.{name}: arrays have no masks; NaN marks what is missing: use {_INSTEAD[name]}")

    refused.__name__ = refused.__qualname__ = name
    return refused


def __dir__() -> list[str]:
    return sorted(_INSTEAD)
