"""Writes the answers of NumPy and SciPy that the tests of `phalanx-chunk` compare with.

    python3 -m venv venv && venv/bin/pip install numpy scipy && venv/bin/python make.py

Numbers are written as text: Python's shortest representation reads back to the same bits, also NaN and infinities.
The files are kept beside this script and name the versions that made them.
"""

import itertools
import json
import pathlib
import warnings

import numpy as np
import scipy.special

warnings.simplefilter("ignore")
np.seterr(all="ignore")
HERE = pathlib.Path(__file__).parent
DTYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "complex64",
    "complex128",
]
RNG = np.random.Generator(np.random.PCG64(20240601))


def number(value):
    if isinstance(value, (complex, np.complexfloating)):
        return f"{float(value.real)!r} {float(value.imag)!r}"
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(int(value))


def array(value):
    value = np.asarray(value)
    return {"dtype": str(value.dtype), "shape": list(value.shape), "values": [number(v) for v in value.ravel()]}


def first(function):
    return lambda *arguments: function(*arguments)[0]


def second(function):
    return lambda *arguments: function(*arguments)[1]


UNARY = {
    name: getattr(np, name)
    for name in (
        "negative positive absolute fabs sign sqrt cbrt square reciprocal exp exp2 expm1 log log2 log10 log1p sin cos "
        "tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg sinc i0 floor ceil trunc rint "
        "spacing isnan isfinite isinf signbit logical_not invert bitwise_count conjugate real imag angle"
    ).split()
}
UNARY |= {
    "modf_fraction": first(np.modf), "modf_whole": second(np.modf), "frexp_mantissa": first(np.frexp),
    "frexp_exponent": second(np.frexp),
}
BINARY = {
    name: getattr(np, name)
    for name in (
        "add subtract multiply divide floor_divide remainder fmod power float_power maximum minimum fmax fmin arctan2 "
        "hypot copysign nextafter heaviside logaddexp logaddexp2 ldexp gcd lcm bitwise_and bitwise_or bitwise_xor "
        "left_shift right_shift equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor"
    ).split()
}
INF, NAN = float("inf"), float("nan")
EDGES = {
    "bool": [False, True],
    "int8": [0, 1, -1, 2, -2, 7, -7, 127, -128],
    "uint8": [0, 1, 2, 3, 7, 128, 255],
    "int16": [0, 1, -1, 3, -7, 300, 2**15 - 1, -(2**15)],
    "uint16": [0, 1, 2, 7, 300, 2**16 - 1],
    "int32": [0, 1, -1, 2, -2, 7, -7, 1000, 2**31 - 1, -(2**31)],
    "uint32": [0, 1, 2, 7, 1000, 2**32 - 1],
    "int64": [0, 1, -1, 3, -3, 7, -7, 10**12, 2**63 - 1, -(2**63)],
    "uint64": [0, 1, 3, 7, 10**12, 2**63, 2**64 - 1],
    "float32": [0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, -2.5, 3.25, -7.75, 1e-30, 1e30, 80, -80, INF, -INF, NAN],
    "float64": [
        0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, -0.3, 3.7, -7.9, 1e-300, 1e300, 1e-9, -1e-9, 700, -700,
        1e5, 1e22, INF, -INF, NAN,
    ],
    "complex64": [0, 1, -1, 1j, -1j, 1 + 1j, -0.5 + 2j, 3 - 0.25j, -2.5 - 1.5j, 20 + 3j],
    "complex128": [0, 1, -1, 1j, -1j, 1 + 1j, -0.5 + 2j, 3 - 0.25j, -2.5 - 1.5j, 0.1 + 0.001j, 20 + 3j, -9 - 8j],
}


def kind(function, *dtypes):
    """The dtype of the result, or "error"."""
    try:
        return str(function(*(np.ones(1, dtype) for dtype in dtypes)).dtype)
    except (TypeError, ValueError):
        return "error"


def ufuncs():
    dtypes, values = [], []
    for name, function in UNARY.items():
        for dtype in DTYPES:
            result = kind(function, dtype)
            if name in ("sinc", "i0") and dtype.startswith("complex"):
                continue  # not taken by Phalanx
            if name == "angle" and dtype == "bool":
                continue  # float64 in NumPy, since it is not a ufunc
            dtypes.append([name, [dtype], result])
            # Results in float16 are not compared: the values are those of float32.
            if result not in ("error", "float16"):
                x = np.array(EDGES[dtype], dtype)
                values.append({"name": name, "inputs": [array(x)], "result": array(function(x))})
    for name, function in BINARY.items():
        for a, b in itertools.product(DTYPES, DTYPES):
            result = kind(function, a, b)
            dtypes.append([name, [a, b], result])
            if a == b and result not in ("error", "float16"):
                pairs = list(itertools.product(EDGES[a], EDGES[b]))
                if name == "ldexp" and a == "uint64":
                    continue
                if name == "power" and a.startswith("int"):
                    pairs = [(x, y) for x, y in pairs if y >= 0]
                # Powers of 0 and overflows are the C library's; here the finite ones count.
                if name in ("power", "float_power") and a.startswith("complex"):
                    pairs = [(x, y) for x, y in pairs if x != 0]
                # The sign of a zero among two zeros depends on NumPy's vector width.
                if name in ("maximum", "minimum", "fmax", "fmin"):
                    pairs = [(x, y) for x, y in pairs if not (x == 0 and y == 0)]
                x, y = (np.array(side, a) for side in zip(*pairs))
                values.append({"name": name, "inputs": [array(x), array(y)], "result": array(function(x, y))})
    promotions = [[a, b, str(np.promote_types(a, b))] for a, b in itertools.product(DTYPES, DTYPES)]
    return {"promotions": promotions, "dtypes": dtypes, "values": values}


def reductions():
    arrays = []
    for dtype in DTYPES:
        x = RNG.integers(-3 if dtype[0] != "u" else 0, 100, (4, 6, 5)) if dtype != "bool" else RNG.random((4, 6, 5)) < 0.5
        x = x + 1j * RNG.integers(-9, 9, (4, 6, 5)) if dtype.startswith("complex") else x
        arrays.append(x.astype(dtype)[:, :3] if dtype in ("int8", "int16", "uint16", "uint32", "complex64") else x.astype(dtype))
    spread = RNG.normal(1e6, 3.0, (300, 3))
    arrays += [spread, spread.astype("float32"), RNG.normal(0, 1, (2, 515))]
    holes = RNG.normal(0, 1, (4, 5))
    holes[1, 2] = holes[3, 2] = holes[3, 0] = np.nan
    holes[0, 1] = np.inf
    gap = holes + 1j * np.roll(holes, 1)
    lonely = np.array([[np.nan, 1.0], [np.nan, -2.0]])
    arrays += [holes, holes.astype("float32"), gap, lonely, np.array([[3, 1, 1], [1, 3, 3]]), np.zeros((3, 0)), np.array([[-0.0, 2.0]])]
    functions = {
        "sum": np.sum, "prod": np.prod, "mean": np.mean, "min": np.min, "max": np.max, "any": np.any, "all": np.all,
        "count_nonzero": np.count_nonzero, "argmin": np.argmin, "argmax": np.argmax,
        "var": np.var, "std": np.std, "var1": lambda x, **k: np.var(x, ddof=1, **k),
        "std9": lambda x, **k: np.std(x, ddof=9, **k), "nansum": np.nansum, "nanprod": np.nanprod,
        "nanmean": np.nanmean, "nanmin": np.nanmin, "nanmax": np.nanmax, "nanvar": np.nanvar, "nanstd": np.nanstd,
        "nanvar1": lambda x, **k: np.nanvar(x, ddof=1, **k), "nanargmin": np.nanargmin, "nanargmax": np.nanargmax,
    }
    cases = []
    for x in arrays:
        results = []
        axes = [c for r in range(1, x.ndim + 1) for c in itertools.combinations(range(x.ndim), r)]
        for name, function in functions.items():
            for axis in axes:
                argument = "arg" in name
                if argument and 1 < len(axis) < x.ndim:
                    continue
                chosen = (None if len(axis) == x.ndim else axis[0]) if argument else axis
                # Phalanx sums float32 in float64 and rounds once.
                narrow = {"float32": "float64", "complex64": "complex128"}.get(str(x.dtype))
                widened = narrow and name.removeprefix("nan").startswith(("sum", "prod", "mean", "var", "std"))
                try:
                    result = function(x.astype(narrow) if widened else x, axis=chosen, keepdims=True)
                    result = array(result.astype("complex64" if result.dtype.kind == "c" else "float32") if widened else result)
                except ValueError:
                    result = "error"
                results.append([name, list(axis), result])
        cases.append({"input": array(x), "results": results})
    return cases


def linalg():
    svd = []
    for shape in [(1, 1), (4, 4), (9, 4), (4, 9), (60, 7), (5, 1), (1, 5)]:
        a = RNG.normal(0, 1, shape)
        svd.append(a)
    low = RNG.normal(0, 1, (12, 2)) @ RNG.normal(0, 1, (2, 6))
    svd += [low, np.zeros((3, 2)), np.vander(np.linspace(0, 1, 9), 7)]
    cases = {"svd": [], "solve": [], "symmetric": [], "matmul": []}
    for a in svd:
        cases["svd"].append({"a": array(a), "s": array(np.linalg.svd(a, compute_uv=False)), "norm": array(np.linalg.norm(a))})
    for n, k in [(1, 1), (5, 2), (30, 3)]:
        a, b = RNG.normal(0, 1, (n, n)), RNG.normal(0, 1, (n, k))
        cases["solve"].append({"a": array(a), "b": array(b), "x": array(np.linalg.solve(a, b))})
        s = a @ a.T + np.eye(n)
        cases["symmetric"].append(
            {"a": array(s), "eigenvalues": array(np.linalg.eigvalsh(s)), "cholesky": array(np.linalg.cholesky(s))}
        )
    for dtype in DTYPES:
        if dtype.startswith("complex"):
            continue
        for shapes in [((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)), ((1, 1), (1, 5))]:
            a, b = (RNG.integers(0, 2 if dtype == "bool" else 90, shape).astype(dtype) for shape in shapes)
            cases["matmul"].append({"a": array(a), "b": array(b), "c": array(np.matmul(a, b))})
    return cases


def quantiles():
    u = np.array([2.0**-53, 1e-12, 1e-6, 0.001, 0.01, 0.07, 0.0749999, 0.0750001, 0.1, 0.25, 0.4, 0.5, 0.6, 0.93, 0.999])
    return {"u": array(u), "z": array(scipy.special.ndtri(u))}


def casts():
    x = np.array([0.0, -0.0, 0.4, 1.9, 2.5, 100.0, 200.7])
    x = {a: x.astype(a) if a != "int8" else np.array([0, 1, -1, 100, -128], "int8") for a in DTYPES}
    return [{"x": array(x[a]), "y": array(x[a].astype(b))} for a in DTYPES for b in DTYPES]


versions = {"numpy": np.__version__, "scipy": scipy.__version__}
for name, make in {"ufunc": ufuncs, "reduce": reductions, "linalg": linalg, "random": quantiles, "cast": casts}.items():
    text = json.dumps({"versions": versions, "cases": make()}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace('{"name"', '\n{"name"').replace('{"input"', '\n{"input"') + "\n")
