"""Every elementwise function, for every dtype, against NumPy: the same dtype, the same values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da
from phalanx.array._ufuncs import _BINARY, _UNARY

DTYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
#: Where NumPy answers float16, we answer float32.
HALF = {"bool", "int8", "uint8"}
INF, NAN = np.inf, np.nan
VALUES: dict[str, list[Any]] = {
    "b": [False, True, True, False, True],
    "i": [0, 1, -1, 2, -3, 7, 100, -100],
    "u": [0, 1, 2, 3, 7, 100, 200],
    "f": [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.25, 1e-9, 20.0, INF, -INF, NAN],
    "c": [0, 1, -1, 1j, -1j, 0.5 + 2j, 3 - 0.25j, -2.5 - 1.5j],
}
#: Functions that are exact by definition.
EXACT = set(
    "abs absolute fabs sign square reciprocal sqrt floor ceil trunc fix rint isnan isfinite isinf signbit logical_not "
    "invert bitwise_invert bitwise_not bitwise_count conj conjugate real imag negative positive deg2rad radians "
    "rad2deg degrees spacing add subtract multiply divide true_divide floor_divide remainder mod fmod maximum minimum "
    "fmax fmin copysign nextafter heaviside ldexp gcd lcm bitwise_and bitwise_or bitwise_xor bitwise_left_shift "
    "bitwise_right_shift left_shift right_shift equal not_equal less less_equal greater greater_equal logical_and "
    "logical_or logical_xor".split()
)


def values_of(dtype: str) -> np.ndarray:
    """Edges and ordinary numbers of a type."""
    values = np.array(VALUES[np.dtype(dtype).kind]).astype(dtype)
    kind = np.dtype(dtype).kind
    if kind in "iu":
        info = np.iinfo(dtype)
        values = np.append(values, np.array([info.max, info.min], dtype))
    return values


def ulps(dtype: Any) -> float:
    """Two units in the last place, relative."""
    return 2.1 * float(np.finfo(dtype).eps)


def outcome(function: Any, *inputs: np.ndarray) -> Any:
    """NumPy's answer, or None where it has none."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(*inputs))
    except TypeError:
        return None


def same(got: np.ndarray, expected: np.ndarray, exact: bool, half: bool, complex_input: bool) -> str | None:
    """What differs, if anything."""
    wanted = np.dtype(np.float32) if half else expected.dtype
    if got.dtype != wanted:
        return f"dtype {got.dtype}, not {wanted}"
    if half:
        # Values in float16 are those of float32, rounded.
        close = np.isclose(got, expected.astype(np.float32), rtol=2e-3, atol=1e-3, equal_nan=True)
        return None if close.all() or np.abs(got[~close]).max() > 60000 else f"{got}, not {expected}"
    if got.dtype.kind == "c":
        finite = np.isfinite(expected)
        bound = np.maximum(np.abs(expected[finite]), 1e-30) * (1e-4 if got.dtype == np.complex64 else 1e-12)
        return None if (np.abs(got[finite] - expected[finite]) <= bound).all() else f"{got}, not {expected}"
    if got.dtype.kind != "f" or (exact and not complex_input):
        return None if np.array_equal(got, expected, equal_nan=got.dtype.kind == "f") else f"{got}, not {expected}"
    close = np.isclose(got, expected, rtol=ulps(got.dtype), atol=1e-300, equal_nan=True)
    return None if close.all() else f"{got[~close]}, not {expected[~close]}"


def compare(name: str, *inputs: np.ndarray) -> str | None:
    """Our answer against NumPy's."""
    expected = outcome(getattr(np, name), *inputs)
    lazy = [da.from_array(x, chunks=5) for x in inputs]
    if expected is None:
        with pytest.raises((TypeError, ValueError)):
            getattr(da, name)(*lazy)
        return None
    half = expected.dtype == np.float16
    if half and name == "spacing":
        return None  # that of float32 is another one
    # A complex zero to a power, and what overflows, is the C library's affair.
    return same(np.asarray(getattr(da, name)(*lazy).compute()), expected, name in EXACT, half, inputs[0].dtype.kind == "c")


@pytest.mark.parametrize("name", sorted(_UNARY))
def test_unary(name: str) -> None:
    wrong = []
    for dtype in DTYPES:
        if name in ("sinc", "i0") and dtype.startswith("complex"):
            continue  # refused, with a hint
        if name == "fix" and np.dtype(dtype).kind == "c":
            continue
        difference = compare(name, values_of(dtype))
        if difference:
            wrong.append(f"{dtype}: {difference}")
    assert not wrong, "\n".join(wrong)


def exponents(name: str, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs without those that NumPy refuses, or for which C leaves the answer open."""
    kinds = a.dtype.kind + b.dtype.kind
    keep = np.ones(a.shape, bool)
    if name in ("power", "pow") and "c" not in kinds and "f" not in kinds:
        keep = b >= 0
    elif name in ("power", "pow", "float_power") and "c" in kinds:
        # NumPy's large powers of complex64 have few correct digits.
        keep = (a != 0) & (np.abs(a.astype(complex)) < 9) & (np.abs(b.astype(complex)) < 9)
    elif name == "ldexp":
        keep = np.abs(b.astype(complex)) < 1000
    elif name in ("divide", "true_divide") and "c" in kinds:
        keep = (b != 0) & np.isfinite(a) & np.isfinite(b)
    elif name in ("multiply", "add", "subtract") and "c" in kinds:
        keep = np.isfinite(a) & np.isfinite(b)
    elif name in ("maximum", "minimum", "fmax", "fmin"):
        keep = ~((a == 0) & (b == 0))  # the sign of a zero depends on NumPy's vector width
    return a[keep], b[keep]


@pytest.mark.parametrize("name", sorted(_BINARY))
def test_binary(name: str) -> None:
    wrong = []
    for first in DTYPES:
        for second in DTYPES:
            a, b = (side.ravel() for side in np.meshgrid(values_of(first), values_of(second)))
            if first != second:
                a, b = a[::5], b[::5]
            difference = compare(name, *exponents(name, a, b))
            if difference:
                wrong.append(f"{first} and {second}: {difference}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("first", DTYPES)
def test_casts(first: str) -> None:
    for second in DTYPES:
        x = np.array([0, 1, 1, 0, 100] if first != "bool" else [0, 1, 1, 0, 1]).astype(first)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an imaginary part is lost
            got, expected = da.from_array(x, 2).astype(second).compute(), x.astype(second)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


WEAK = {
    "int": lambda xp, x: x + 1,
    "int before": lambda xp, x: 7 - x,
    "float": lambda xp, x: x * 2.5,
    "float before": lambda xp, x: 0.5 + x,
    "complex": lambda xp, x: x + 1j,
    "bool": lambda xp, x: x + True,
    "floor": lambda xp, x: x // 2,
    "rest": lambda xp, x: x % 3,
    "square": lambda xp, x: x**2,
    "where": lambda xp, x: xp.where(x > 1, x, 3),
    "where float": lambda xp, x: xp.where(x > 1, 0.5, x),
    "clip": lambda xp, x: xp.clip(x, 1, 5),
    "less": lambda xp, x: x < 2,
    "less than anything": lambda xp, x: x < 10**6,
    "not equal": lambda xp, x: x != 1.5,
}


@pytest.mark.parametrize("name", WEAK)
@pytest.mark.parametrize("dtype", DTYPES)
def test_python_numbers_are_weak(name: str, dtype: str) -> None:
    x = np.array([0, 1, 2, 3, 7, 100, 1] if dtype != "bool" else [0, 1, 1, 0, 1, 0, 0]).astype(dtype)
    try:
        WEAK[name](np, x)
    except TypeError as error:
        with pytest.raises((TypeError, ValueError)):
            WEAK[name](da, da.from_array(x, 3))
        assert error
        return
    check_array(WEAK[name], x, rtol=1e-6 if dtype in ("float32", "complex64") else 1e-14)


def test_an_integer_that_does_not_fit_is_an_overflow() -> None:
    x = da.from_array(np.zeros(3, np.uint8), 2)
    for refused in (lambda: x + 300, lambda: x * -1, lambda: -1 - x):
        with pytest.raises(OverflowError, match="out of bounds for uint8"):
            refused()
    with pytest.raises(ValueError, match="negative integer powers"):
        (da.from_array(np.arange(3), 2) ** -1).compute()


MIXED = np.linspace(-3, 9, 60).reshape(6, 10)
HOLES = np.where(np.arange(60).reshape(6, 10) % 7 == 3, np.nan, MIXED)
HOLES[2, 3], HOLES[4, 4] = np.inf, -np.inf

COMPOSED = {
    "round": lambda xp, x: xp.round(x, 1),
    "round to tens": lambda xp, x: xp.round(x * 10, -1),
    "around": lambda xp, x: xp.around(x),
    "method": lambda xp, x: x.round(2).clip(0, 5),
    "isclose": lambda xp, x: xp.isclose(x, x + 1e-9),
    "isclose nan": lambda xp, x: xp.isclose(x, x, equal_nan=True),
    "nan_to_num": lambda xp, x: xp.nan_to_num(x),
    "nan_to_num given": lambda xp, x: xp.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0),
    "modf": lambda xp, x: xp.modf(x)[0],
    "modf whole": lambda xp, x: xp.modf(x)[1],
    "frexp": lambda xp, x: xp.frexp(x)[0],
    "frexp exponent": lambda xp, x: xp.frexp(x)[1],
    "divmod": lambda xp, x: divmod(x, 0.7)[0],
    "divmod rest": lambda xp, x: divmod(x, 0.7)[1],
    "angle": lambda xp, x: xp.angle(x, deg=True),
    "isposinf": lambda xp, x: xp.isposinf(x),
    "isneginf": lambda xp, x: xp.isneginf(x),
    "isreal": lambda xp, x: xp.isreal(x),
    "iscomplex": lambda xp, x: xp.iscomplex(x),
    "operators": lambda xp, x: abs(-x) + (+x) * 2,
    "comparison": lambda xp, x: (x > 0) & ~(x > 4) | (x == -3.0),
    "numpy's own": lambda xp, x: np.sin(x),
    "numpy's own operator": lambda xp, x: np.float64(2) * x,
    "chain": lambda xp, x: (xp.sin(x) * 2 + x**2).sum(),
    "broadcast": lambda xp, x: x + x[:, :1] - x[0],
}


@pytest.mark.parametrize("name", COMPOSED)
@pytest.mark.parametrize("x", [MIXED, HOLES], ids=["finite", "holes"])
def test_composed(name: str, x: np.ndarray) -> None:
    check_array(COMPOSED[name], x, chunks=(-1, (4, 3)), rtol=1e-14, cluster=name in ("round", "chain"))


def test_rounding_integers() -> None:
    x = np.array([5, 15, 25, -15, 149], np.int32)
    for decimals in (0, 2, -1, -2):
        check_array(lambda xp, x, d=decimals: xp.round(x, d), x)


def test_what_is_not_supported_says_so() -> None:
    x = da.from_array(MIXED, 4)
    with pytest.raises(NotImplementedError, match="where="):
        da.add(x, x, where=x > 0)
    with pytest.raises(TypeError, match="unexpected"):
        da.add(x, x, whatever=1)
    with pytest.raises(TypeError):
        da.from_array(MIXED > 0, 4) - da.from_array(MIXED > 0, 4)
    with pytest.raises(ValueError, match="broadcast"):
        x + np.zeros(7)
