"""The array-API standard, a line a name: what ``x.__array_namespace__()`` has, against NumPy's, on every engine."""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da

RNG = np.random.default_rng(8)
X = RNG.standard_normal((4, 5))
Y = RNG.standard_normal((4, 5))
UNIT = RNG.random((4, 5)) * 1.8 - 0.9
POSITIVE = RNG.random((4, 5)) + 0.1
INTEGERS = RNG.integers(-9, 9, (4, 5))
SMALL = RNG.integers(0, 6, (4, 5))
BOOLEANS = INTEGERS > 0
COMPLEX = X + 1j * Y
SPECIAL = np.array([0.0, -0.0, 1.5, -2.5, np.nan, np.inf, -np.inf, 2.0, 1.5, np.nan])
CUBE = RNG.standard_normal((3, 4, 5))
SORTED = np.sort(RNG.integers(0, 20, 12))
SPD = X @ X.T + np.eye(4)

#: The standard's name: (case, inputs). A second case of a name has something after a space.
CASES: dict[str, tuple[Any, ...]] = {
    # Elementwise functions of one array.
    "abs": (lambda xp, x: xp.abs(x), COMPLEX),
    "acos": (lambda xp, x: xp.acos(x), UNIT),
    "acosh": (lambda xp, x: xp.acosh(x), POSITIVE + 1),
    "asin": (lambda xp, x: xp.asin(x), UNIT),
    "asinh": (lambda xp, x: xp.asinh(x), X),
    "atan": (lambda xp, x: xp.atan(x), X),
    "atanh": (lambda xp, x: xp.atanh(x), UNIT),
    "bitwise_invert": (lambda xp, x: xp.bitwise_invert(x), INTEGERS),
    "ceil": (lambda xp, x: xp.ceil(x), SPECIAL),
    "conj": (lambda xp, x: xp.conj(x), COMPLEX),
    "cos": (lambda xp, x: xp.cos(x), X),
    "cosh": (lambda xp, x: xp.cosh(x), X),
    "exp": (lambda xp, x: xp.exp(x), SPECIAL),
    "expm1": (lambda xp, x: xp.expm1(x), SPECIAL),
    "floor": (lambda xp, x: xp.floor(x), SPECIAL),
    "imag": (lambda xp, x: xp.imag(x), COMPLEX),
    "isfinite": (lambda xp, x: xp.isfinite(x), SPECIAL),
    "isinf": (lambda xp, x: xp.isinf(x), SPECIAL),
    "isnan": (lambda xp, x: xp.isnan(x), SPECIAL),
    "log": (lambda xp, x: xp.log(x), POSITIVE),
    "log10": (lambda xp, x: xp.log10(x), POSITIVE),
    "log1p": (lambda xp, x: xp.log1p(x), POSITIVE),
    "log2": (lambda xp, x: xp.log2(x), POSITIVE),
    "logical_not": (lambda xp, x: xp.logical_not(x), BOOLEANS),
    "negative": (lambda xp, x: xp.negative(x), INTEGERS),
    "positive": (lambda xp, x: xp.positive(x), X),
    "real": (lambda xp, x: xp.real(x), COMPLEX),
    "reciprocal": (lambda xp, x: xp.reciprocal(x), X),
    "round": (lambda xp, x: xp.round(x), SPECIAL),
    "sign": (lambda xp, x: xp.sign(x), SPECIAL),
    "signbit": (lambda xp, x: xp.signbit(x), SPECIAL),
    "sin": (lambda xp, x: xp.sin(x), X),
    "sinh": (lambda xp, x: xp.sinh(x), X),
    "sqrt": (lambda xp, x: xp.sqrt(x), POSITIVE),
    "square": (lambda xp, x: xp.square(x), X),
    "tan": (lambda xp, x: xp.tan(x), X),
    "tanh": (lambda xp, x: xp.tanh(x), X),
    "trunc": (lambda xp, x: xp.trunc(x), SPECIAL),
    # Of two.
    "add": (lambda xp, x, y: xp.add(x, y), X, Y),
    "atan2": (lambda xp, x, y: xp.atan2(x, y), X, Y),
    "bitwise_and": (lambda xp, x, y: xp.bitwise_and(x, y), INTEGERS, SMALL),
    "bitwise_left_shift": (lambda xp, x, y: xp.bitwise_left_shift(x, y), INTEGERS, SMALL),
    "bitwise_or": (lambda xp, x, y: xp.bitwise_or(x, y), INTEGERS, SMALL),
    "bitwise_right_shift": (lambda xp, x, y: xp.bitwise_right_shift(x, y), INTEGERS, SMALL),
    "bitwise_xor": (lambda xp, x, y: xp.bitwise_xor(x, y), INTEGERS, SMALL),
    "clip": (lambda xp, x: xp.clip(x, -0.5, 0.5), X),
    "clip max": (lambda xp, x: xp.clip(x, max=3), INTEGERS),
    "copysign": (lambda xp, x, y: xp.copysign(x, y), X, Y),
    "divide": (lambda xp, x, y: xp.divide(x, y), X, Y),
    "equal": (lambda xp, x: xp.equal(x, x), SPECIAL),
    "floor_divide": (lambda xp, x, y: xp.floor_divide(x, y), INTEGERS, SMALL + 1),
    "greater": (lambda xp, x, y: xp.greater(x, y), X, Y),
    "greater_equal": (lambda xp, x, y: xp.greater_equal(x, y), INTEGERS, SMALL),
    "hypot": (lambda xp, x, y: xp.hypot(x, y), X, Y),
    "less": (lambda xp, x, y: xp.less(x, y), X, Y),
    "less_equal": (lambda xp, x, y: xp.less_equal(x, y), INTEGERS, SMALL),
    "logaddexp": (lambda xp, x, y: xp.logaddexp(x, y), X, Y),
    "logical_and": (lambda xp, x: xp.logical_and(x, ~x), BOOLEANS),
    "logical_or": (lambda xp, x: xp.logical_or(x, x), BOOLEANS),
    "logical_xor": (lambda xp, x: xp.logical_xor(x, ~x), BOOLEANS),
    "maximum": (lambda xp, x, y: xp.maximum(x, y), X, Y),
    "minimum": (lambda xp, x, y: xp.minimum(x, y), X, Y),
    "multiply": (lambda xp, x, y: xp.multiply(x, y), X, Y),
    "nextafter": (lambda xp, x, y: xp.nextafter(x, y), X, Y),
    "not_equal": (lambda xp, x: xp.not_equal(x, x), SPECIAL),
    "pow": (lambda xp, x: xp.pow(x, 3), X),
    "remainder": (lambda xp, x, y: xp.remainder(x, y), INTEGERS, SMALL + 1),
    "subtract": (lambda xp, x, y: xp.subtract(x, y), X, Y),
    # Making arrays.
    "arange": (lambda xp: xp.arange(3, 20, 4),),
    "asarray": (lambda xp: xp.asarray([[1, 2], [3, 4]], dtype=xp.float32),),
    "empty": (lambda xp: xp.empty((2, 3), dtype=xp.int32) * 0,),
    "empty_like": (lambda xp, x: xp.empty_like(x) * 0, INTEGERS),
    "eye": (lambda xp: xp.eye(3, 4, k=1),),
    "from_dlpack": (lambda xp: xp.from_dlpack(X),),
    "full": (lambda xp: xp.full((2, 3), 7),),
    "full_like": (lambda xp, x: xp.full_like(x, 7), X),
    "linspace": (lambda xp: xp.linspace(0, 1, 7, endpoint=False),),
    "meshgrid": (lambda xp: xp.meshgrid(xp.arange(3), xp.arange(4), indexing="ij")[1],),
    "ones": (lambda xp: xp.ones((2, 3), dtype=xp.complex64),),
    "ones_like": (lambda xp, x: xp.ones_like(x), BOOLEANS),
    "tril": (lambda xp, x: xp.tril(x, k=1), X),
    "triu": (lambda xp, x: xp.triu(x, k=-1), CUBE),
    "zeros": (lambda xp: xp.zeros((2, 0)),),
    "zeros_like": (lambda xp, x: xp.zeros_like(x), INTEGERS),
    # Types.
    "astype": (lambda xp, x: xp.astype(x, xp.int16), INTEGERS),
    # Indexing, searching, sets, sorting.
    "argmax": (lambda xp, x: xp.argmax(x, axis=1), X),
    "argmin": (lambda xp, x: xp.argmin(x), X),
    "argsort": (lambda xp, x: xp.argsort(x, axis=0, stable=True), INTEGERS),
    "count_nonzero": (lambda xp, x: xp.count_nonzero(x, axis=1, keepdims=True), SMALL),
    "isin": (lambda xp, x, y: xp.isin(x, y), SMALL, np.array([1, 4])),
    "isin invert": (lambda xp, x, y: xp.isin(x, y, invert=True), SMALL, np.array([1, 4])),
    "nonzero": (lambda xp, x: xp.nonzero(x)[1], SMALL),
    "searchsorted": (lambda xp, x, y: xp.searchsorted(x, y, side="right"), SORTED, SMALL),
    "sort": (lambda xp, x: xp.sort(x, axis=0, stable=True), INTEGERS),
    "take": (lambda xp, x, i: xp.take(x, i, axis=1), X, np.array([3, 0, 0])),
    "take_along_axis": (lambda xp, x, i: xp.take_along_axis(x, i, axis=0), X, SMALL % 4),
    "unique_all": (lambda xp, x: xp.unique_all(x).indices, SPECIAL),
    "unique_all inverse": (lambda xp, x: xp.unique_all(x).inverse_indices, SPECIAL),
    "unique_counts": (lambda xp, x: xp.unique_counts(x).counts, SMALL),
    "unique_counts nan": (lambda xp, x: xp.unique_counts(x).counts, SPECIAL),
    "unique_inverse": (lambda xp, x: xp.unique_inverse(x).inverse_indices, SMALL),
    "unique_values": (lambda xp, x: xp.sort(xp.unique_values(x)) if xp is np else xp.unique_values(x), SPECIAL),
    "where": (lambda xp, b, x: xp.where(b, x, 0.5), BOOLEANS, X),
    # Shapes.
    "broadcast_arrays": (lambda xp, x: xp.broadcast_arrays(x, x[0])[1], X),
    "broadcast_to": (lambda xp, x: xp.broadcast_to(x, (3, 4, 5)), X),
    "concat": (lambda xp, x, y: xp.concat([x, y], axis=1), X, INTEGERS),
    "concat flat": (lambda xp, x, y: xp.concat([x, y], axis=None), X, CUBE),
    "expand_dims": (lambda xp, x: xp.expand_dims(x, axis=1), X),
    "flip": (lambda xp, x: xp.flip(x, axis=(0, 1)), X),
    "matrix_transpose": (lambda xp, x: xp.matrix_transpose(x), CUBE),
    "moveaxis": (lambda xp, x: xp.moveaxis(x, 0, -1), CUBE),
    "permute_dims": (lambda xp, x: xp.permute_dims(x, (2, 0, 1)), CUBE),
    "repeat": (lambda xp, x: xp.repeat(x, 3, axis=1), X),
    "reshape": (lambda xp, x: xp.reshape(x, (2, -1)), X),
    "roll": (lambda xp, x: xp.roll(x, (1, -2), axis=(0, 1)), X),
    "squeeze": (lambda xp, x: xp.squeeze(x[:, :1], axis=1), X),
    "stack": (lambda xp, x, y: xp.stack([x, y], axis=-1), X, Y),
    "tile": (lambda xp, x: xp.tile(x, (2, 1, 2)), X),
    "unstack": (lambda xp, x: xp.unstack(x, axis=1)[2], CUBE),
    # Statistics, sums along axes.
    "all": (lambda xp, x: xp.all(x, axis=0), BOOLEANS),
    "any": (lambda xp, x: xp.any(x, axis=1, keepdims=True), BOOLEANS),
    "cumulative_prod": (lambda xp, x: xp.cumulative_prod(x, axis=0), X),
    "cumulative_prod initial": (lambda xp, x: xp.cumulative_prod(x, axis=1, include_initial=True), SMALL),
    "cumulative_sum": (lambda xp, x: xp.cumulative_sum(x, axis=1, include_initial=True), X),
    "cumulative_sum typed": (lambda xp, x: xp.cumulative_sum(x, axis=1, dtype=xp.float32), SMALL),
    "diff": (lambda xp, x, y: xp.diff(x, axis=1, n=2, prepend=y, append=y), X, Y),
    "max": (lambda xp, x: xp.max(x, axis=(0, 1)), X),
    "mean": (lambda xp, x: xp.mean(x, axis=0), X),
    "min": (lambda xp, x: xp.min(x, axis=1), INTEGERS),
    "prod": (lambda xp, x: xp.prod(x, axis=1), X),
    "std": (lambda xp, x: xp.std(x, axis=0, correction=1.0), X),
    "sum": (lambda xp, x: xp.sum(x, axis=1, dtype=xp.float64), INTEGERS),
    "var": (lambda xp, x: xp.var(x, correction=2.0), X),
    # Products.
    "matmul": (lambda xp, x, y: xp.matmul(x, xp.matrix_transpose(y)), X, Y),
    "tensordot": (lambda xp, x, y: xp.tensordot(x, y, axes=((0, 1), (0, 1))), X, Y),
    "vecdot": (lambda xp, x, y: xp.vecdot(x, y), COMPLEX, Y + 0j),
    "vecdot axis": (lambda xp, x, y: xp.vecdot(x, y, axis=0), X, Y),
    # linalg.
    "linalg.cholesky": (lambda xp, x: xp.linalg.cholesky(x), SPD),
    "linalg.cholesky upper": (lambda xp, x: xp.linalg.cholesky(x, upper=True), SPD),
    "linalg.cross": (lambda xp, x, y: xp.linalg.cross(x, y, axis=0), CUBE, CUBE[:, ::-1].copy()),
    "linalg.det": (lambda xp, x: xp.linalg.det(x), SPD),
    "linalg.diagonal": (lambda xp, x: xp.linalg.diagonal(x, offset=1), CUBE),
    "linalg.eigh": (lambda xp, x: xp.linalg.eigh(x).eigenvalues, SPD),
    "linalg.eigh vectors": (lambda xp, x: abs(xp.linalg.eigh(x).eigenvectors), SPD),
    "linalg.eigvalsh": (lambda xp, x: xp.linalg.eigvalsh(x), SPD),
    "linalg.inv": (lambda xp, x: xp.linalg.inv(x), SPD),
    "linalg.matmul": (lambda xp, x: xp.linalg.matmul(x, x), SPD),
    "linalg.matrix_norm": (lambda xp, x: xp.linalg.matrix_norm(x, ord=1), CUBE),
    "linalg.matrix_norm keepdims": (lambda xp, x: xp.linalg.matrix_norm(x, keepdims=True), CUBE),
    "linalg.matrix_norm nuclear": (lambda xp, x: xp.linalg.matrix_norm(x, ord="nuc"), X),
    "linalg.matrix_power": (lambda xp, x: xp.linalg.matrix_power(x, 3), SPD),
    "linalg.matrix_rank": (lambda xp, x: xp.linalg.matrix_rank(x, rtol=0.3), X),
    "linalg.matrix_transpose": (lambda xp, x: xp.linalg.matrix_transpose(x), CUBE),
    "linalg.outer": (lambda xp, x, y: xp.linalg.outer(x, y), SPECIAL, SORTED),
    "linalg.pinv": (lambda xp, x: xp.linalg.pinv(x), X),
    "linalg.pinv rtol": (lambda xp, x: xp.linalg.pinv(x, rtol=0.4), X),
    "linalg.qr": (lambda xp, x: abs(xp.linalg.qr(x).R), X.T.copy()),
    "linalg.qr complete": (lambda xp, x: abs(xp.linalg.qr(x, mode="complete").R), X.T.copy()),
    "linalg.slogdet": (lambda xp, x: xp.linalg.slogdet(-x).sign, SPD),
    "linalg.slogdet logarithm": (lambda xp, x: xp.linalg.slogdet(x).logabsdet, SPD),
    "linalg.solve": (lambda xp, x, y: xp.linalg.solve(x, y), SPD, X),
    "linalg.svd": (lambda xp, x: abs(xp.linalg.svd(x).U), X),
    "linalg.svd thin": (lambda xp, x: abs(xp.linalg.svd(x, full_matrices=False).Vh), X),
    "linalg.svd values": (lambda xp, x: xp.linalg.svd(x).S, X),
    "linalg.svdvals": (lambda xp, x: xp.linalg.svdvals(x), X),
    "linalg.tensordot": (lambda xp, x, y: xp.linalg.tensordot(x, y, axes=2), X, Y),
    "linalg.trace": (lambda xp, x: xp.linalg.trace(x, offset=1), CUBE),
    "linalg.trace typed": (lambda xp, x: xp.linalg.trace(x, dtype=xp.float32), SMALL),
    "linalg.vecdot": (lambda xp, x, y: xp.linalg.vecdot(x, y, axis=-1), X, Y),
    "linalg.vector_norm": (lambda xp, x: xp.linalg.vector_norm(x), CUBE),
    "linalg.vector_norm axes": (lambda xp, x: xp.linalg.vector_norm(x, axis=(0, 2), keepdims=True, ord=1), CUBE),
    "linalg.vector_norm axis": (lambda xp, x: xp.linalg.vector_norm(x, axis=1, ord=float("inf")), CUBE),
    # fft.
    **{
        f"fft.{name}": (lambda xp, x, name=name: getattr(xp.fft, name)(x, norm="ortho"), COMPLEX)
        for name in ("fft", "ifft", "fftn", "ifftn", "irfft", "irfftn", "hfft")
    },
    **{
        f"fft.{name}": (lambda xp, x, name=name: getattr(xp.fft, name)(x, norm="forward"), X)
        for name in ("rfft", "rfftn", "ihfft")
    },
    "fft.fftfreq": (lambda xp: xp.fft.fftfreq(9, d=0.5),),
    "fft.rfftfreq": (lambda xp: xp.fft.rfftfreq(9, d=0.5),),
    "fft.fftshift": (lambda xp, x: xp.fft.fftshift(x, axes=1), X),
    "fft.ifftshift": (lambda xp, x: xp.fft.ifftshift(x), X),
}  # fmt: skip
#: What is no function of arrays: tested below.
ABOUT = {
    "__array_api_version__", "__array_namespace_info__", "bool", "broadcast_shapes", "can_cast", "complex128",
    "complex64", "e", "fft", "finfo", "float32", "float64", "iinfo", "inf", "int16", "int32", "int64", "int8", "isdtype",
    "linalg", "nan", "newaxis", "pi", "result_type", "uint16", "uint32", "uint64", "uint8",
}  # fmt: skip
#: The peer's own.
STRICT = {
    "ArrayAPIStrictFlags", "Device", "__version__", "get_array_api_strict_flags", "reset_array_api_strict_flags",
    "set_array_api_strict_flags",
}  # fmt: skip


def standard(xp: Any) -> Any:
    """The namespace that the standard speaks of: NumPy's own, or what our arrays say is theirs."""
    return xp if xp is np else da.ones(1).__array_namespace__(api_version="2024.12")


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    case, *inputs = CASES[name]
    check_array(
        lambda xp, *given: case(standard(xp), *given), *inputs, rtol=1e-9, atol=1e-11,
        chunks=(-1, 2) if inputs else (-1,), cluster=name in ("linalg.qr", "unique_all", "cumulative_sum"),
    )  # fmt: skip


def test_every_name_of_the_standard_has_a_case() -> None:
    mine = {name.partition(" ")[0] for name in CASES}
    for area in ("", "linalg", "fft"):
        module = getattr(array_api_strict, area) if area else array_api_strict
        prefix = f"{area}." if area else ""
        names = {prefix + name for name in module.__all__} - STRICT - ABOUT
        assert names <= mine, names - mine


def test_types_and_constants() -> None:
    xp = standard(da)
    for name in [
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64",
        "complex128",
    ]:  # fmt: skip
        assert np.dtype(getattr(xp, name)) == np.dtype(name) and xp.zeros(1, dtype=getattr(xp, name)).dtype == name
    assert (xp.e, xp.pi, xp.inf, xp.newaxis, xp.euler_gamma) == (np.e, np.pi, np.inf, None, np.euler_gamma)
    assert np.isnan(xp.nan)
    x = da.zeros((2, 3), dtype="int8")
    assert x[xp.newaxis].shape == (1, 2, 3)
    for given in [(x, np.float32), (x, da.zeros(1, dtype="uint8")), (np.int32, np.uint32), (x, 1.0), (x, 3)]:
        expected = np.result_type(*(np.zeros(1, each.dtype) if isinstance(each, da.Array) else each for each in given))
        assert xp.result_type(*given) == expected
    assert xp.can_cast(x, xp.int16) and not xp.can_cast(xp.int16, x.dtype) and da.can_cast("i8", "i4", "same_kind")
    assert da.promote_types("int8", "uint8") == np.int16
    for dtype in ("float32", "complex128"):
        assert (xp.finfo(dtype).eps, xp.finfo(dtype).dtype) == (np.finfo(dtype).eps, np.finfo(dtype).dtype)
    assert xp.finfo(da.ones(1)).max == np.finfo(float).max and xp.iinfo(x).max == 127
    for kind in ["bool", "signed integer", "integral", "real floating", "numeric", ("bool", "complex floating"), np.int8]:
        for dtype in ("bool", "int8", "float32", "complex64"):
            assert xp.isdtype(np.dtype(dtype), kind) == np.isdtype(np.dtype(dtype), kind)
    assert xp.broadcast_shapes((3, 1), (4,), ()) == (3, 4)
    with pytest.raises(ValueError, match="shape mismatch"):
        xp.broadcast_shapes((3,), (4,))


def test_what_a_namespace_says_of_itself() -> None:
    xp = standard(da)
    assert xp is da.arange(3).__array_namespace__() and xp.__array_api_version__ == "2024.12"
    with pytest.raises(ValueError, match="Unrecognized array API version"):
        da.ones(1).__array_namespace__(api_version="1999.01")
    info, peer = xp.__array_namespace_info__(), np.__array_namespace_info__()
    assert info.default_device() == "cpu" and info.devices() == ["cpu"]
    assert info.default_dtypes(device="cpu") == peer.default_dtypes()
    for kind in (None, "bool", "integral", "numeric", ("unsigned integer", "complex floating")):
        assert info.dtypes(kind=kind) == peer.dtypes(kind=kind)
    assert info.capabilities()["boolean indexing"] and info.capabilities()["data-dependent shapes"]
    with pytest.raises(ValueError, match="unsupported kind"):
        info.dtypes(kind="text")
    with pytest.raises(ValueError, match="cpu"):
        info.dtypes(device="gpu")
    assert set(dir(xp)) >= set(array_api_strict.__all__) - STRICT
    assert da.fft.fftfreq(8, dtype="float32", device="cpu").dtype == da.fft.rfftfreq(8, dtype=np.float32).dtype == "float32"
    with pytest.raises(ValueError, match="floating-point"):
        da.fft.rfftfreq(8, dtype=int)
    with pytest.raises(ValueError, match="cpu"):
        da.fft.fftfreq(8, device="gpu")


#: Operators and methods of the array object.
OBJECT: dict[str, tuple[Any, ...]] = {
    "__abs__": (lambda x: abs(x), X),
    "__add__": (lambda x, y: x + y, X, Y),
    "__and__": (lambda x, y: x & y, INTEGERS, SMALL),
    "__eq__": (lambda x: x == x, SPECIAL),
    "__floordiv__": (lambda x, y: x // y, INTEGERS, SMALL + 1),
    "__ge__": (lambda x, y: x >= y, X, Y),
    "__getitem__": (lambda x: x[1:, ::-2], X),
    "__gt__": (lambda x, y: x > y, X, Y),
    "__invert__": (lambda x: ~x, INTEGERS),
    "__le__": (lambda x, y: x <= y, X, Y),
    "__lshift__": (lambda x, y: x << y, INTEGERS, SMALL),
    "__lt__": (lambda x, y: x < y, X, Y),
    "__matmul__": (lambda x, y: x @ y.T, X, Y),
    "__mod__": (lambda x, y: x % y, INTEGERS, SMALL + 1),
    "__mul__": (lambda x, y: x * y, X, Y),
    "__ne__": (lambda x: x != x, SPECIAL),
    "__neg__": (lambda x: -x, X),
    "__or__": (lambda x, y: x | y, INTEGERS, SMALL),
    "__pos__": (lambda x: +x, X),
    "__pow__": (lambda x: x**2.0, X),
    "__rshift__": (lambda x, y: x >> y, INTEGERS, SMALL),
    "__rrshift__": (lambda x: 1000 >> x, SMALL),
    "__rlshift__": (lambda x: 3 << x, SMALL),
    "__sub__": (lambda x, y: x - y, X, Y),
    "__truediv__": (lambda x, y: x / y, X, Y),
    "__xor__": (lambda x, y: x ^ y, INTEGERS, SMALL),
    "__rxor__": (lambda x: 5 ^ x, SMALL),
    "T": (lambda x: x.T, X),
    "mT": (lambda x: x.mT, CUBE),
    "to_device": (lambda x: x.to_device("cpu"), X),
}


@pytest.mark.parametrize("name", OBJECT)
def test_the_array_object(name: str) -> None:
    case, *inputs = OBJECT[name]
    check_array(lambda xp, *given: case(*given), *inputs, rtol=1e-14)


def test_the_array_object_as_pythons_numbers() -> None:
    assert complex(da.full((), 1 + 2j)) == 1 + 2j and float(da.full((1,), 2.5)[0]) == 2.5
    assert [0, 10, 20][da.full((), 2)] == 20 and da.full((), 2).__index__() == 2 and int(da.ones(())) == 1 and bool(da.ones(()))
    with pytest.raises(TypeError):
        [1][da.full((), 0.0)]
    x = da.from_array(X, 2)
    assert x.device == "cpu" and (x.size, x.ndim, x.shape, x.dtype) == (20, 2, (4, 5), np.float64)
    with pytest.raises(ValueError, match="cpu"):
        x.to_device("gpu")
    with pytest.raises(ValueError, match="2-dimensional"):
        da.ones(3).mT
    y = da.from_array(X, 2)
    y[1:3, 0] = 9.0
    expected = X.copy()
    expected[1:3, 0] = 9.0
    np.testing.assert_array_equal(y.compute(), expected)
    np.testing.assert_array_equal(np.from_dlpack(x), X)
    assert x.__dlpack_device__() == (1, 0)
