"""NumPy's elementwise functions, lazy. One line of a table is one function."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy, operand, wrap

#: Functions of one argument: NumPy's name, and the extension's where it differs.
_UNARY = {
    "abs": "absolute", "absolute": "absolute", "acos": "arccos", "acosh": "arccosh", "arccos": "arccos",
    "arccosh": "arccosh", "arcsin": "arcsin", "arcsinh": "arcsinh", "arctan": "arctan", "arctanh": "arctanh",
    "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atanh": "arctanh", "bitwise_count": "bitwise_count",
    "bitwise_invert": "invert", "bitwise_not": "invert", "cbrt": "cbrt", "ceil": "ceil", "conj": "conjugate",
    "conjugate": "conjugate", "cos": "cos", "cosh": "cosh", "deg2rad": "deg2rad", "degrees": "rad2deg", "exp": "exp",
    "exp2": "exp2", "expm1": "expm1", "fabs": "fabs", "floor": "floor", "i0": "i0", "imag": "imag",
    "invert": "invert", "isfinite": "isfinite", "isinf": "isinf", "isnan": "isnan", "log": "log", "log10": "log10",
    "log1p": "log1p", "log2": "log2", "logical_not": "logical_not", "negative": "negative", "positive": "positive",
    "rad2deg": "rad2deg", "radians": "deg2rad", "real": "real", "reciprocal": "reciprocal", "rint": "rint",
    "sign": "sign", "signbit": "signbit", "sin": "sin", "sinc": "sinc", "sinh": "sinh", "spacing": "spacing",
    "sqrt": "sqrt", "square": "square", "tan": "tan", "tanh": "tanh", "trunc": "trunc", "fix": "trunc",
}  # fmt: skip

#: Functions of two arguments.
_BINARY = {
    "add": "add", "arctan2": "arctan2", "atan2": "arctan2", "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or",
    "bitwise_xor": "bitwise_xor", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
    "copysign": "copysign", "divide": "divide", "equal": "equal", "float_power": "float_power",
    "floor_divide": "floor_divide", "fmax": "fmax", "fmin": "fmin", "fmod": "fmod", "gcd": "gcd",
    "greater": "greater", "greater_equal": "greater_equal", "heaviside": "heaviside", "hypot": "hypot", "lcm": "lcm",
    "ldexp": "ldexp", "left_shift": "left_shift", "less": "less", "less_equal": "less_equal",
    "logaddexp": "logaddexp", "logaddexp2": "logaddexp2", "logical_and": "logical_and", "logical_or": "logical_or",
    "logical_xor": "logical_xor", "maximum": "maximum", "minimum": "minimum", "mod": "remainder",
    "multiply": "multiply", "nextafter": "nextafter", "not_equal": "not_equal", "pow": "power", "power": "power",
    "remainder": "remainder", "right_shift": "right_shift", "subtract": "subtract", "true_divide": "divide",
}  # fmt: skip

_COMPOSED = [
    "angle", "around", "clip", "divmod", "frexp", "isclose", "iscomplex", "isneginf", "isposinf", "isreal", "modf",
    "nan_to_num", "round", "where",
]  # fmt: skip

__all__ = [*_UNARY, *_BINARY, *_COMPOSED]  # noqa: PLE0604, RUF022


def _refuse(name: str, options: dict[str, Any]) -> None:
    """Refuses what ufuncs of NumPy take and lazy ones do not, unless it is the default."""
    defaults = {"out": (None, (None,)), "where": (True,), "casting": ("same_kind",), "order": ("K",), "subok": (True,)}
    for option, value in options.items():
        if option not in defaults:
            raise TypeError(f"{name}() got an unexpected keyword argument '{option}'")
        plain = value is None or isinstance(value, (bool, str, tuple))  # an array would answer element by element
        if not plain or value not in defaults[option]:
            instead = {"out": "assign the result", "where": "use where(condition, result, otherwise)"}
            hint = instead.get(option, "leave it out, and use astype")
            raise NotImplementedError(f"{name}: {option}= is not supported for lazy arrays: {hint}")


def unary(name: str, x: Any, dtype: Any = None) -> Any:
    """The function of this name, in the loop of type ``dtype``."""
    x = lazy(x)
    if dtype is not None:
        x = x.astype(dtype)
    return wrap(x._native.unary(name))


def binary(name: str, x1: Any, x2: Any, dtype: Any = None) -> Any:
    """The function of this name, in the loop of type ``dtype``."""
    from phalanx import _phalanx

    if dtype is not None:
        x1, x2 = lazy(x1).astype(dtype), lazy(x2).astype(dtype)
    return wrap(_phalanx.Array.binary_of(name, operand(x1), operand(x2)))


def _make_unary(public: str, name: str) -> Any:
    def function(x: Any, /, *, dtype: Any = None, **options: Any) -> Any:
        _refuse(public, options)
        return unary(name, x, dtype)

    function.__name__ = function.__qualname__ = public
    function.__doc__ = f"NumPy's ``{public}``, element by element, lazy."
    return function


def _make_binary(public: str, name: str) -> Any:
    def function(x1: Any, x2: Any, /, *, dtype: Any = None, **options: Any) -> Any:
        _refuse(public, options)
        return binary(name, x1, x2, dtype)

    function.__name__ = function.__qualname__ = public
    function.__doc__ = f"NumPy's ``{public}``, of each pair of elements, broadcast, lazy."
    return function


for _public, _name in _UNARY.items():
    globals()[_public] = _make_unary(_public, _name)
for _public, _name in _BINARY.items():
    globals()[_public] = _make_binary(_public, _name)


def angle(z: Any, deg: bool = False) -> Any:
    """The argument of complex numbers, in radians, or in degrees."""
    radians = unary("angle", z)
    return radians * (180 / np.pi) if deg else radians


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None, **options: Any) -> Any:  # noqa: A002
    """Elements below ``a_min`` become ``a_min``, those above ``a_max`` become ``a_max``."""
    _refuse("clip", options)
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    a = lazy(a)
    if low is not None:
        a = binary("maximum", a, low)
    return a if high is None else binary("minimum", a, high)


def divmod(x1: Any, x2: Any, /, **options: Any) -> tuple[Any, Any]:  # noqa: A001
    """What division rounded down gives, and what it leaves."""
    _refuse("divmod", options)
    return binary("floor_divide", x1, x2), binary("remainder", x1, x2)


def modf(x: Any, /, **options: Any) -> tuple[Any, Any]:
    """The fraction and the integer part, both with the number's sign."""
    _refuse("modf", options)
    return unary("modf_fraction", x), unary("modf_whole", x)


def frexp(x: Any, /, **options: Any) -> tuple[Any, Any]:
    """Mantissa and exponent: ``x = m * 2**e`` with ``0.5 <= abs(m) < 1``."""
    _refuse("frexp", options)
    return unary("frexp_mantissa", x), unary("frexp_exponent", x)


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether elements are equal within a tolerance: ``abs(a - b) <= atol + rtol * abs(b)``."""
    return wrap(lazy(a)._native.isclose(operand(b), float(rtol), float(atol), bool(equal_nan)))


def isposinf(x: Any) -> Any:
    """Whether elements are plus infinity."""
    return binary("equal", x, np.inf)


def isneginf(x: Any) -> Any:
    """Whether elements are minus infinity."""
    return binary("equal", x, -np.inf)


def iscomplex(x: Any) -> Any:
    """Whether the imaginary part of elements is not 0."""
    return binary("not_equal", unary("imag", x), 0)


def isreal(x: Any) -> Any:
    """Whether the imaginary part of elements is 0."""
    return binary("equal", unary("imag", x), 0)


def nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Finite numbers in place of NaN and infinities."""
    if not copy:
        raise NotImplementedError("nan_to_num: lazy arrays are never changed in place: assign the result")
    return wrap(lazy(x)._native.nan_to_num(float(nan), posinf, neginf))


def round(a: Any, decimals: int = 0, **options: Any) -> Any:  # noqa: A001
    """Rounded to ``decimals`` places, ties to even."""
    _refuse("round", options)
    return wrap(lazy(a)._native.round(decimals))


around = round


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """Elements of ``x`` where ``condition``, else of ``y``."""
    if x is None and y is None:
        import phalanx.array

        return phalanx.array.nonzero(condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    return wrap(lazy(condition)._native.where_of(operand(x), operand(y)))
