"""Writes ``dask_ml.json``: the public names of dask-ml and the parameters that they take.

    python -m venv venv && venv/bin/pip install dask-ml && venv/bin/python xtask/python/record_dask_ml.py

The coverage report reads that file: dask-ml brings Numba and LLVM, which nothing else of the suites needs. A public
name is one of ``__all__``, or without it what a module defines or takes from another of dask-ml's.
"""

from __future__ import annotations

import importlib
import inspect
import json
from importlib.metadata import version
from pathlib import Path

MODULES = (
    "cluster", "compose", "datasets", "decomposition", "ensemble", "feature_extraction.text", "impute", "linear_model",
    "metrics", "metrics.pairwise", "model_selection", "naive_bayes", "preprocessing", "wrappers",
)  # fmt: skip
#: What the modules have beside what is documented.
HELPERS = {
    "fit", "copy_learned_attributes", "random_date", "vocabulary_length", "get_client", "derived_from", "delayed", "wait",
    "build_array", "check_array", "check_pairwise_arrays", "row_norms", "logsumexp", "is_frame_base",
}  # fmt: skip


def recorded(module: str) -> dict[str, list[str]]:
    """The names of a module, and of each the parameters: a kind's number, the name, and ``=`` if it has a default."""
    space = importlib.import_module(f"dask_ml.{module}")
    found = {}
    for name in getattr(space, "__all__", None) or dir(space):
        value = getattr(space, name)
        own = str(getattr(value, "__module__", "")).startswith("dask_ml")
        if name.startswith("_") or name in HELPERS or inspect.ismodule(value) or not callable(value) or not own:
            continue
        parameters = inspect.signature(value).parameters.values()
        found[name] = [
            f"{int(each.kind)}{each.name}{'' if each.default is each.empty else '='}" for each in parameters
        ]
    return found


if __name__ == "__main__":
    names = {module: recorded(module) for module in MODULES}
    text = json.dumps({"source": f"dask-ml {version('dask-ml')}", "modules": names}, indent=1)
    Path(__file__).with_name("dask_ml.json").write_text(text + "\n", encoding="utf-8")
