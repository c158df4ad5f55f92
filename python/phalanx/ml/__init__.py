"""Learning on arrays and frames, with scikit-learn's names.

Estimators are scikit-learn's own kind: ``get_params``, ``clone``, pipelines and searches take them. They train on lazy
arrays and frames where the data is, one small job a pass, and on NumPy's arrays and pandas' frames. What is given lazy
is answered lazy; what is given as values, as values. A model's bits depend on the data, its chunks and the parameters,
never on the number of workers.

Modules have dask-ml's names.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = (
    "cluster", "compose", "datasets", "decomposition", "ensemble", "feature_extraction", "impute", "linear_model", "metrics", "model_selection",
    "naive_bayes", "parallel", "persistence", "preprocessing", "wrappers",
)  # fmt: skip

__all__ = list(_MODULES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"phalanx.ml.{name}")
    raise AttributeError(f"module 'phalanx.ml' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
