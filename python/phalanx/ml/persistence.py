"""Fitted models as files: JSON of names, numbers and text, with a version. Nothing in a file runs.

``to_sklearn`` makes the scikit-learn object of the same name, for whoever has no Phalanx.
"""

from __future__ import annotations

import base64
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from phalanx._lazy import np, pd
from phalanx.exceptions import DataError

__all__ = ["dumps", "load", "loads", "save", "to_sklearn"]

_FORMAT = "phalanx-model"
_VERSION = 1
#: Which classes a file may name, by module: all are of this package, or scikit-learn's ways to put them together.
_CLASSES = {
    "phalanx.ml.cluster": ("KMeans",),
    "phalanx.ml.compose": ("ColumnTransformer",),
    "phalanx.ml.decomposition": ("PCA", "IncrementalPCA", "TruncatedSVD"),
    "phalanx.ml.impute": ("SimpleImputer",),
    "phalanx.ml.linear_model": (
        "ElasticNet", "GammaRegressor", "Lasso", "LinearRegression", "LogisticRegression", "PoissonRegressor", "Ridge",
    ),
    "phalanx.ml.naive_bayes": ("GaussianNB",),
    "phalanx.ml.preprocessing": (
        "Categorizer", "DummyEncoder", "LabelEncoder", "MaxAbsScaler", "MinMaxScaler", "OneHotEncoder", "OrdinalEncoder",
        "PolynomialFeatures", "QuantileTransformer", "RobustScaler", "StandardScaler",
    ),
    "sklearn.pipeline": ("Pipeline",),
}  # fmt: skip
_HOMES = {name: module for module, names in _CLASSES.items() for name in names}
#: What is not kept: what was made of the rows that a model was fitted on.
_LEFT_OUT = ("labels_", "_model", "_lazy_names")


def dumps(model: Any) -> str:
    """A fitted model as text."""
    return json.dumps({"format": _FORMAT, "version": _VERSION, "model": _packed(model)}, indent=1, allow_nan=False)


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Writes a fitted model into a file, whole or not at all."""
    text, path = dumps(model), Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def loads(text: str) -> Any:
    """The model that :func:`dumps` has written."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DataError(f"this is no model: {error}", "a file that phalanx.ml.persistence.save has written is JSON") from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise DataError(f"this is no model: its format is not {_FORMAT!r}", "save it with phalanx.ml.persistence.save")
    if document.get("version") != _VERSION:
        raise DataError(
            f"this model is of version {document.get('version')!r}, and version {_VERSION} is read here",
            "read it with the Phalanx that has written it",
        )
    try:
        return _unpacked(document["model"])
    except DataError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"this model is damaged: {type(error).__name__}: {error}", "save it once more") from None


def load(path: str | os.PathLike[str]) -> Any:
    """The model in a file that :func:`save` has written."""
    return loads(Path(path).read_text(encoding="utf-8"))


def _packed(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.ndarray):
        return _packed_array(value)
    if isinstance(value, np.generic):
        return {"scalar": _packed_array(np.asarray(value))}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, type) and issubclass(value, np.generic):
        return {"dtype": np.dtype(value).name}
    if isinstance(value, np.dtype):
        return {"dtype": value.name}
    if isinstance(value, (list, tuple)):
        return {"list" if isinstance(value, list) else "tuple": [_packed(each) for each in value]}
    if isinstance(value, dict):
        return {"dict": [[_packed(key), _packed(each)] for key, each in value.items()]}
    if isinstance(value, pd.Index):
        return {"index": _packed(value.to_numpy())}
    if isinstance(value, pd.CategoricalDtype):
        return {"categories": _packed(value.categories.to_numpy()), "ordered": bool(value.ordered)}
    name = type(value).__name__
    if type(value).__module__.startswith(("phalanx.ml", "sklearn.pipeline")) and name in _HOMES:
        names = value._get_param_names()
        state = {key: each for key, each in vars(value).items() if key not in names and key not in _LEFT_OUT}
        return {
            "class": name,
            "parameters": {key: _packed(getattr(value, key)) for key in names},
            "state": {key: _packed(each) for key, each in state.items()},
        }
    raise NotImplementedError(f"a model with a {type(value).__module__}.{name} can't be saved: only Phalanx's own estimators can")


def _packed_array(array: Any) -> Any:
    if array.dtype.kind in "biufc":
        data = base64.b64encode(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).tobytes()).decode()
        return {"array": data, "dtype": array.dtype.name, "shape": list(array.shape)}
    if array.dtype.kind in "OU":
        kind = "object" if array.dtype.kind == "O" else "str"
        return {"values": [_packed(each) for each in array.ravel().tolist()], "kind": kind, "shape": list(array.shape)}
    raise NotImplementedError(f"an array of {array.dtype} in a model")


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "class" in value:
        return _unpacked_model(value)
    if "array" in value:
        raw = base64.b64decode(value["array"], validate=True)
        kind = np.dtype(value["dtype"])
        if kind.kind not in "biufc":
            raise ValueError(f"an array of {kind}")
        return np.frombuffer(raw, kind.newbyteorder("<")).reshape(value["shape"]).astype(kind)
    if "values" in value:
        values = [_unpacked(each) for each in value["values"]]
        if value["kind"] == "str":
            return np.array(values, dtype=str).reshape(value["shape"])
        made = np.empty(len(values), dtype=object)
        made[:] = values
        return made.reshape(value["shape"])
    if "scalar" in value:
        return _unpacked(value["scalar"])[()]
    if "float" in value:
        return float.fromhex(value["float"])
    if "dtype" in value:
        return np.dtype(value["dtype"]).type
    if "list" in value:
        return [_unpacked(each) for each in value["list"]]
    if "tuple" in value:
        return tuple(_unpacked(each) for each in value["tuple"])
    if "dict" in value:
        return {_unpacked(key): _unpacked(each) for key, each in value["dict"]}
    if "index" in value:
        return pd.Index(_unpacked(value["index"]))
    if "categories" in value:
        return pd.CategoricalDtype(_unpacked(value["categories"]), ordered=bool(value["ordered"]))
    raise ValueError(f"nothing is known of {sorted(value)}")


def _unpacked_model(value: dict[str, Any]) -> Any:
    name = value["class"]
    if name not in _HOMES:
        raise DataError(f"this model is a {name!r}, which is not known here", "read it with the Phalanx that has written it")
    kind = getattr(import_module(_HOMES[name]), name)
    model = kind.__new__(kind)
    parameters = {key: _unpacked(each) for key, each in value["parameters"].items()}
    unknown = sorted(set(parameters) ^ set(kind._get_param_names()))
    if unknown:
        raise DataError(f"this {name} has other parameters than are known here: {unknown}", "read it with the Phalanx that has written it")
    for key, each in parameters.items():
        object.__setattr__(model, key, each)
    for key, each in value["state"].items():
        if key.startswith("__") or not key.isidentifier():
            raise ValueError(f"a field {key!r}")
        object.__setattr__(model, key, _unpacked(each))
    if hasattr(model, "_restore"):
        model._restore()
    return model


def to_sklearn(model: Any) -> Any:
    """The scikit-learn object of the same name, with the same parameters and fitted attributes."""
    import inspect

    name = type(model).__name__
    if name == "Pipeline":
        from sklearn.pipeline import Pipeline

        made = Pipeline([(label, step if isinstance(step, str) or step is None else to_sklearn(step)) for label, step in model.steps])
        for _, step in made.steps[1:]:  # is given arrays by the step before, where ours gives frames with names
            if hasattr(step, "feature_names_in_"):
                del step.feature_names_in_
        return made
    home = {"ColumnTransformer": None, "Categorizer": None, "DummyEncoder": None}.get(name, _HOMES.get(name))
    if home is None or not type(model).__module__.startswith("phalanx.ml"):
        raise NotImplementedError(f"scikit-learn has no {name} that a fitted one could become")
    kind = getattr(import_module(home.replace("phalanx.ml", "sklearn")), name)
    known = inspect.signature(kind).parameters
    parameters = {key: each for key, each in model.get_params(deep=False).items() if key in known}
    parameters.update(_THEIRS.get(name, lambda model: {})(model))
    made = kind(**parameters)
    for key, each in vars(model).items():
        if key.endswith("_") and key not in ("converged_", "gradient_norm_") and not hasattr(kind, key):
            setattr(made, key, each)
    return _FINISH.get(name, lambda made, model: made)(made, model)


#: Parameters that scikit-learn spells otherwise.
_THEIRS: dict[str, Any] = {
    "KMeans": lambda model: {"init": "k-means++" if model.init == "k-means||" else model.init, "algorithm": "lloyd"},
    "LogisticRegression": lambda model: {
        "solver": {"newton": "newton-cholesky"}.get(model.solver, "lbfgs" if model.solver in ("lbfgs", "gradient_descent") else "saga"),
        "l1_ratio": model.l1_ratio or 0.0,
    },
    "PCA": lambda model: {"svd_solver": "auto" if model.svd_solver == "tsqr" else model.svd_solver},
    "TruncatedSVD": lambda model: {"algorithm": "randomized" if model.algorithm == "tsqr" else model.algorithm},
    "PoissonRegressor": lambda model: {"solver": "newton-cholesky" if model.solver == "newton" else model.solver},
    "GammaRegressor": lambda model: {"solver": "newton-cholesky" if model.solver == "newton" else model.solver},
}


def _finish_kmeans(made: Any, model: Any) -> Any:
    made._n_threads = 1
    if hasattr(model, "labels_"):  # files do not have them
        made.labels_ = np.asarray(model.labels_.compute()) if hasattr(model.labels_, "compute") else model.labels_
    return made


def _finish_imputer(made: Any, model: Any) -> Any:
    made._fit_dtype = np.asarray(model.statistics_).dtype
    made.indicator_ = None
    made._fill_dtype = made._fit_dtype
    return made


def _finish_encoder(made: Any, model: Any) -> Any:
    width = max(len(each) for each in model.categories_)
    rows = np.empty((width, len(model.categories_)), dtype=object)
    for j, each in enumerate(model.categories_):
        rows[:, j] = [each[i % len(each)] for i in range(width)]
    if all(each.dtype.kind in "biuf" for each in model.categories_):
        rows = rows.astype(np.float64)
    names = getattr(model, "feature_names_in_", None)
    made.set_params(categories=list(model.categories_))
    made.fit(rows if names is None else pd.DataFrame(rows, columns=names))
    return made


def _finish_polynomial(made: Any, model: Any) -> Any:
    return made.fit(np.zeros((1, model.n_features_in_)))


def _finish_glm(made: Any, _model: Any) -> Any:
    made._base_loss = made._get_loss()
    return made


_FINISH: dict[str, Any] = {
    "KMeans": _finish_kmeans,
    "SimpleImputer": _finish_imputer,
    "OneHotEncoder": _finish_encoder,
    "OrdinalEncoder": _finish_encoder,
    "PolynomialFeatures": _finish_polynomial,
    "PoissonRegressor": _finish_glm,
    "GammaRegressor": _finish_glm,
}
