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
DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64"]
RNG = np.random.Generator(np.random.PCG64(20240601))


def number(value):
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(int(value))


def array(value):
    value = np.asarray(value)
    return {"dtype": str(value.dtype), "shape": list(value.shape), "values": [number(v) for v in value.ravel()]}


UNARY = (
    "negative absolute sign sqrt square exp log log2 log10 log1p expm1 sin cos tan arcsin arccos arctan sinh cosh "
    "tanh floor ceil trunc rint isnan isfinite isinf logical_not reciprocal"
).split()
BINARY = (
    "add subtract multiply divide floor_divide remainder power maximum minimum arctan2 hypot equal not_equal less "
    "less_equal greater greater_equal logical_and logical_or logical_xor"
).split()
INF, NAN = float("inf"), float("nan")
EDGES = {
    "bool": [False, True],
    "uint8": [0, 1, 2, 3, 7, 128, 255],
    "int32": [0, 1, -1, 2, -2, 7, -7, 1000, 2**31 - 1, -(2**31)],
    "int64": [0, 1, -1, 3, -3, 7, -7, 10**12, 2**63 - 1, -(2**63)],
    "float32": [0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, -2.5, 3.25, -7.75, 1e-30, 1e30, 80, -80, INF, -INF, NAN],
    "float64": [
        0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, -0.3, 3.7, -7.9, 1e-300, 1e300, 1e-9, -1e-9, 700, -700,
        1e5, 1e22, INF, -INF, NAN,
    ],
}


def kind(function, *dtypes):
    """The dtype of the result, or "error"."""
    try:
        return str(function(*(np.ones(1, dtype) for dtype in dtypes)).dtype)
    except TypeError:
        return "error"


def ufuncs():
    dtypes, values = [], []
    for name in UNARY:
        function = getattr(np, name)
        for dtype in DTYPES:
            result = kind(function, dtype)
            dtypes.append([name, [dtype], result])
            # Results in float16 are not compared: the values are those of float32.
            if result not in ("error", "float16"):
                x = np.array(EDGES[dtype], dtype)
                values.append({"name": name, "inputs": [array(x)], "result": array(function(x))})
    for name in BINARY:
        function = getattr(np, name)
        for a, b in itertools.product(DTYPES, DTYPES):
            result = kind(function, a, b)
            dtypes.append([name, [a, b], result])
            if a == b and result not in ("error", "float16"):
                pairs = list(itertools.product(EDGES[a], EDGES[b]))
                if name == "power" and a.startswith("int"):
                    pairs = [(x, y) for x, y in pairs if y >= 0]
                # The sign of a zero among two zeros depends on NumPy's vector width.
                if name in ("maximum", "minimum"):
                    pairs = [(x, y) for x, y in pairs if not (x == 0 and y == 0)]
                x, y = (np.array(side, a) for side in zip(*pairs))
                values.append({"name": name, "inputs": [array(x), array(y)], "result": array(function(x, y))})
    promotions = [[a, b, str(np.promote_types(a, b))] for a, b in itertools.product(DTYPES, DTYPES)]
    return {"promotions": promotions, "dtypes": dtypes, "values": values}


def reductions():
    arrays = []
    for dtype in DTYPES:
        x = RNG.integers(-3, 100, (4, 6, 5)) if dtype != "bool" else RNG.random((4, 6, 5)) < 0.5
        arrays.append(x.astype(dtype))
    spread = RNG.normal(1e6, 3.0, (300, 3))
    arrays += [spread, spread.astype("float32"), RNG.normal(0, 1, (2, 515))]
    holes = RNG.normal(0, 1, (4, 5))
    holes[1, 2] = holes[3, 2] = holes[3, 0] = np.nan
    holes[0, 1] = np.inf
    arrays += [holes, np.array([[3, 1, 1], [1, 3, 3]]), np.zeros((3, 0)), np.array([[-0.0, 2.0]])]
    functions = {
        "sum": np.sum, "prod": np.prod, "mean": np.mean, "min": np.min, "max": np.max, "any": np.any, "all": np.all,
        "count_nonzero": np.count_nonzero, "argmin": np.argmin, "argmax": np.argmax,
        "var": np.var, "std": np.std, "var1": lambda x, **k: np.var(x, ddof=1, **k),
        "std9": lambda x, **k: np.std(x, ddof=9, **k),
    }
    cases = []
    for x in arrays:
        results = []
        axes = [c for r in range(1, x.ndim + 1) for c in itertools.combinations(range(x.ndim), r)]
        for name, function in functions.items():
            for axis in axes:
                argument = name.startswith("arg")
                if argument and 1 < len(axis) < x.ndim:
                    continue
                chosen = (None if len(axis) == x.ndim else axis[0]) if argument else axis
                # Phalanx sums float32 in float64 and rounds once.
                widened = x.dtype == np.float32 and name.startswith(("sum", "prod", "mean", "var", "std"))
                try:
                    result = function(x.astype("float64") if widened else x, axis=chosen, keepdims=True)
                    result = array(result.astype("float32") if widened else result)
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
        for shapes in [((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)), ((1, 1), (1, 5))]:
            a, b = (RNG.integers(0, 2 if dtype == "bool" else 90, shape).astype(dtype) for shape in shapes)
            cases["matmul"].append({"a": array(a), "b": array(b), "c": array(np.matmul(a, b))})
    return cases


def quantiles():
    u = np.array([2.0**-53, 1e-12, 1e-6, 0.001, 0.01, 0.07, 0.0749999, 0.0750001, 0.1, 0.25, 0.4, 0.5, 0.6, 0.93, 0.999])
    return {"u": array(u), "z": array(scipy.special.ndtri(u))}


def casts():
    x = np.array([0.0, -0.0, 0.4, 1.9, 2.5, 100.0, 200.7])
    return [{"x": array(x.astype(a)), "y": array(x.astype(a).astype(b))} for a in DTYPES for b in DTYPES]


versions = {"numpy": np.__version__, "scipy": scipy.__version__}
for name, make in {"ufunc": ufuncs, "reduce": reductions, "linalg": linalg, "random": quantiles, "cast": casts}.items():
    text = json.dumps({"versions": versions, "cases": make()}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace('{"name"', '\n{"name"').replace('{"input"', '\n{"input"') + "\n")
