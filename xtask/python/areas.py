"""What is compared: an area is a namespace of a peer's and ours, both looked at as they are installed."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import array_api_strict
import dask.array
import dask.dataframe
import numpy as np
import pandas as pd

__all__ = ["AREAS", "Area"]


@dataclass(frozen=True)
class Area:
    """A namespace of a peer's beside ours."""

    title: str
    group: str
    theirs: Any
    ours: Any
    names: tuple[str, ...]
    #: Where a function of the peer's that says ``*args, **kwargs`` has its parameters from.
    behind: Any = np


def _public(namespace: Any) -> tuple[str, ...]:
    names = getattr(namespace, "__all__", None) or dir(namespace)
    return tuple(sorted({name for name in names if not name.startswith("_")}))


def _functions(module: Any) -> tuple[str, ...]:
    """The public names of a module without ``__all__``: what is called and not a module's."""
    return tuple(name for name in _public(module) if callable(getattr(module, name, None)))


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _array_areas() -> Iterator[Area]:
    import phalanx.array as ours

    group, theirs = "dask.array", dask.array
    exported = tuple(name for name in _public(theirs) if not isinstance(getattr(theirs, name), type(np)))
    yield Area("dask.array", group, theirs, ours, exported)
    for name in ("fft", "linalg", "random", "ma", "stats"):
        module = importlib.import_module(f"dask.array.{name}")
        own = {each for each in _functions(module) if getattr(module, each).__module__ == module.__name__}
        named = tuple(sorted(own | set(getattr(module, "__all__", ()))))
        behind = np.random if name == "random" else np
        yield Area(f"dask.array.{name}", group, module, getattr(ours, name, None), named, behind)
    theirs, array = dask.array.ones((4, 4), chunks=2), ours.ones((4, 4), chunks=2)
    yield Area("dask.array.Array", group, type(theirs), type(array), _public(type(theirs)))
    for name in ("Generator", "RandomState"):
        kind = getattr(dask.array.random, name)
        yield Area(f"dask.array.random.{name}", group, kind, getattr(ours.random, name, None), _public(kind))


def _frame_areas() -> Iterator[Area]:
    import phalanx.dataframe as ours

    group, theirs = "dask.dataframe", dask.dataframe
    exported = tuple(name for name in _public(theirs) if not isinstance(getattr(theirs, name), type(np)))
    yield Area("dask.dataframe", group, theirs, ours, exported, pd)
    frame = pd.DataFrame(
        {
            "k": [1, 1, 2],
            "s": ["a", "b", "a"],
            "t": pd.date_range("2000", periods=3),
            "c": pd.Categorical(["a", "b", "a"]),
            "x": [1.0, 2.0, 3.0],
        },
        index=pd.Index(pd.date_range("2000", periods=3), name="at"),
    )
    peer, own = dask.dataframe.from_pandas(frame, npartitions=2), ours.from_pandas(frame, npartitions=2)
    objects: dict[str, Callable[[Any], Any]] = {
        "DataFrame": lambda f: f,
        "Series": lambda f: f["x"],
        "Index": lambda f: f.index,
        "Series.str": lambda f: f["s"].str,
        "Series.dt": lambda f: f["t"].dt,
        "Series.cat": lambda f: f["c"].cat,
        "DataFrame.groupby()": lambda f: f.groupby("k"),
        "DataFrame.groupby()[]": lambda f: f.groupby("k")["x"],
        "DataFrame.rolling()": lambda f: f[["x"]].rolling(2),
        "DataFrame.resample()": lambda f: f[["x"]].resample("2D"),
    }
    for title, make in objects.items():
        peers = make(peer)
        try:
            mine = type(make(own))
        except (AttributeError, NotImplementedError):
            mine = None
        # Columns are attributes too.
        names = tuple(name for name in _public(peers) if name not in frame.columns)
        yield Area(f"dask.dataframe: {title}", group, type(peers), mine, names, type(make(frame)))


def _standard_areas() -> Iterator[Area]:
    import phalanx.array as ours

    group, theirs = "The array-API standard", array_api_strict
    settings = {"ArrayAPIStrictFlags", "Device", "get_array_api_strict_flags", "reset_array_api_strict_flags",
                "set_array_api_strict_flags"}  # fmt: skip
    names = tuple(sorted(set(theirs.__all__) - settings - {"__version__"}))
    yield Area("array API", group, theirs, ours, names)
    for name in ("fft", "linalg"):
        module = getattr(theirs, name)
        yield Area(f"array API: {name}", group, module, getattr(ours, name), _public(module))
    kind = type(theirs.ones(2))
    methods = tuple(name for name in dir(kind) if name in _STANDARD_METHODS or not name.startswith("_"))
    yield Area("array API: the array object", group, kind, ours.Array, methods)


_STANDARD_METHODS = {
    f"__{name}__"
    for name in (
        "abs add and array_namespace bool complex dlpack dlpack_device eq float floordiv ge getitem gt index int invert "
        "le lshift lt matmul mod mul ne neg or pos pow rshift setitem sub truediv xor"
    ).split()
}


def _learning_areas() -> Iterator[Area]:
    ours = _module("phalanx.ml")
    _module("sklearn.experimental.enable_halving_search_cv")  # else two of its names can't be looked at
    for name in ("linear_model", "preprocessing", "metrics", "model_selection", "cluster", "decomposition",
                 "naive_bayes", "pipeline", "impute", "compose", "datasets"):  # fmt: skip
        module, own = _module(f"sklearn.{name}"), _module(f"phalanx.ml.{name}")
        if ours is not None and module is not None and own is not None:
            yield Area(f"sklearn.{name}", "scikit-learn", module, own, _public(module))


def _boosting_areas() -> Iterator[Area]:
    ours, theirs = _module("phalanx.xgboost"), _module("xgboost.dask")
    if ours is None or theirs is None:
        return
    yield Area("xgboost.dask", "xgboost.dask", theirs, ours, _public(theirs))
    for name in ("DaskDMatrix", "DaskXGBClassifier", "DaskXGBRanker"):
        kind = getattr(theirs, name)
        # What scikit-learn gives every estimator is no name of XGBoost's.
        names = tuple(each for each in _public(kind) if not each.endswith(("_request", "_routing")))
        yield Area(f"xgboost.dask.{name}", "xgboost.dask", kind, getattr(ours, name), names)


def _dask_ml_areas() -> Iterator[Area]:
    """dask-ml as ``record_dask_ml.py`` has written it down: it brings Numba and LLVM, which nothing else here needs."""
    recorded = json.loads(Path(__file__).with_name("dask_ml.json").read_text(encoding="utf-8"))
    for module, names in recorded["modules"].items():
        theirs = SimpleNamespace(**{name: _taking(parameters) for name, parameters in names.items()})
        ours = _module(f"phalanx.ml.{module}") or _module(f"phalanx.ml.{module.split('.')[0]}")
        yield Area(f"dask_ml.{module}", "dask_ml", theirs, ours, tuple(sorted(names)))


def _taking(parameters: list[str]) -> Callable[..., None]:
    """A function that takes these parameters: a kind's number, the name, and ``=`` if it has a default."""

    def taking() -> None:
        """Nothing: it is looked at."""

    taking.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                each[1:].rstrip("="), _KINDS[int(each[0])], default=None if each.endswith("=") else inspect.Parameter.empty
            )
            for each in parameters
        ]
    )
    return taking


_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)


AREAS: tuple[Callable[[], Iterator[Area]], ...] = (
    _array_areas, _frame_areas, _standard_areas, _learning_areas, _dask_ml_areas, _boosting_areas,
)  # fmt: skip
