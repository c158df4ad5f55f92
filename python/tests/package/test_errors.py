"""Exceptions: Python's own classes, one below ``PhalanxError`` for each kind, with what to do next."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import phalanx.array as da
import phalanx.dataframe as pf
from phalanx import exceptions

KINDS = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(kind, exceptions.PhalanxError) and kind is not exceptions.PhalanxError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_travels(kind: type[exceptions.PhalanxError]) -> None:
    place = exceptions.Place(1, 2, "w3")
    error = kind("what happened", "what to do", place, ("why",))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error)
    assert (again.message, again.hint, again.place, again.causes) == ("what happened", "what to do", place, ("why",))
    for part in ("what happened", "hint: what to do", "stage 1, partition 2, worker w3", "because: why"):
        assert part in str(error)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (exceptions.InputError, ValueError),
        (exceptions.LabelError, KeyError),
        (exceptions.DTypeError, TypeError),
        (exceptions.UnsupportedError, NotImplementedError),
        (exceptions.DataError, ValueError),
        (exceptions.ResourcesError, MemoryError),
        (exceptions.ClusterError, ConnectionError),
        (exceptions.InternalError, RuntimeError),
    ],
)
def test_a_kind_is_one_of_pythons(kind: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(kind, builtin) and issubclass(kind, exceptions.PhalanxError)


def test_every_kind_of_the_engine_has_a_class() -> None:
    for name, kind in exceptions._CLASSES.items():
        error = exceptions.from_native(name, "m", "h", (0, 1, "w"), ["c"])
        assert type(error) is kind and isinstance(error, exceptions.PhalanxError) and error.place == (0, 1, "w")


X = np.arange(12.0).reshape(3, 4)
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


def array() -> Any:
    return da.from_array(X, chunks=2)


def frame() -> Any:
    return pf.from_pandas(FRAME, npartitions=2)


#: What is wrong in the call is said where the expression is built, in the class that NumPy or pandas raises.
WRONG: dict[str, tuple[type[Exception], Callable[[], Any], Callable[[], Any]]] = {
    "shapes": (ValueError, lambda: array() + np.ones(5), lambda: X + np.ones(5)),
    "axis": (ValueError, lambda: array().sum(axis=2), lambda: X.sum(axis=2)),
    "matmul": (ValueError, lambda: array() @ array(), lambda: X @ X),
    "index": (IndexError, lambda: array()[3], lambda: X[3]),
    "indices": (IndexError, lambda: array()[0, 0, 0], lambda: X[0, 0, 0]),
    "dtype": (TypeError, lambda: array() & 1, lambda: X & 1),
    "not a dtype": (TypeError, lambda: array().astype("quux"), lambda: X.astype("quux")),
    "reshape": (ValueError, lambda: array().reshape(5, 5), lambda: X.reshape(5, 5)),
    "argument": (TypeError, lambda: array().sum(axes=1), lambda: X.sum(axes=1)),
    "transpose": (ValueError, lambda: array().transpose(0, 0), lambda: X.transpose(0, 0)),
    "concatenate": (ValueError, lambda: da.concatenate([array(), da.ones((2, 2))]), lambda: np.concatenate([X, np.ones((2, 2))])),
    "ambiguous": (ValueError, lambda: bool(array()), lambda: bool(X)),
    "structured": (TypeError, lambda: da.from_array(np.zeros(2, [("a", "i4")])), lambda: X.astype([("a", "quux")])),
    "column": (KeyError, lambda: frame()["nope"], lambda: FRAME["nope"]),
    "columns": (KeyError, lambda: frame()[["a", "nope"]], lambda: FRAME[["a", "nope"]]),
    "drop": (KeyError, lambda: frame().drop(columns=["nope"]), lambda: FRAME.drop(columns=["nope"])),
    "group": (KeyError, lambda: frame().groupby("nope").sum(), lambda: FRAME.groupby("nope").sum()),
    "merge": (KeyError, lambda: frame().merge(frame(), on="nope"), lambda: FRAME.merge(FRAME, on="nope")),
    "attribute": (AttributeError, lambda: frame().nope, lambda: FRAME.nope),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_as_numpy_and_pandas_say_it(name: str) -> None:
    kind, ours, theirs = WRONG[name]
    with pytest.raises(kind):
        theirs()
    with pytest.raises(kind) as raised:
        ours()
    assert str(raised.value)
