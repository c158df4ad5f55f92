"""Arrays, dataframes and learning for data and models too large for one machine.

Write what you know: :mod:`phalanx.array` is NumPy, :mod:`phalanx.dataframe` is pandas, :mod:`phalanx.ml` is
scikit-learn; everything is lazy until ``.compute()``. Without a client it runs in this process; with
:class:`phalanx.distributed.Client` on a cluster, with the same bits.

>>> import phalanx.array as da
>>> x = da.random.random((1000, 1000), chunks=250)
>>> (x + x.T).mean(axis=0).compute().shape
(1000,)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from phalanx._phalanx import __version__

if TYPE_CHECKING:
    from phalanx import array, dataframe, datasets, distributed, exceptions, ml, workers
    from phalanx._compute import compute, persist
    from phalanx._delayed import delayed
    from phalanx._stages import visualize
    from phalanx.distributed import Client, LocalCluster

_MODULES = ("array", "compat", "dataframe", "datasets", "distributed", "exceptions", "ml", "workers")
_NAMES = {
    "Client": "phalanx.distributed",
    "LocalCluster": "phalanx.distributed",
    "compute": "phalanx._compute",
    "delayed": "phalanx._delayed",
    "persist": "phalanx._compute",
    "visualize": "phalanx._stages",
}

__all__ = ["__version__", *_MODULES, *_NAMES]


def __getattr__(name: str) -> Any:
    # Modules are imported when they are first used, so that `import phalanx` is quick.
    if name in _MODULES:
        return importlib.import_module(f"phalanx.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'phalanx' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
