"""Lazy chunked arrays with NumPy's names.

A function that NumPy has is here under the same name, with the same arguments, and lazy. NumPy's own functions work
on our arrays too (``np.sum(x)``, ``np.sin(x)``) and stay lazy. The whole array-API standard is here:
``x.__array_namespace__()`` is this module, with the standard's defaults where Dask's are others.

>>> import numpy as np
>>> import phalanx.array as da
>>> x = da.from_array(np.arange(12).reshape(3, 4), chunks=2)
>>> (x * 2).sum(axis=0).compute()
array([24, 30, 36, 42])
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from phalanx._compute import compute
from phalanx.array import _namespace
from phalanx.array._blocks import *  # noqa: F403
from phalanx.array._comparing import *  # noqa: F403
from phalanx.array._core import Array
from phalanx.array._counting import *  # noqa: F403
from phalanx.array._creation import *  # noqa: F403
from phalanx.array._edges import *  # noqa: F403
from phalanx.array._files import *  # noqa: F403
from phalanx.array._generalised import *  # noqa: F403
from phalanx.array._grids import *  # noqa: F403
from phalanx.array._indexing import *  # noqa: F403
from phalanx.array._joining import *  # noqa: F403
from phalanx.array._linear import *  # noqa: F403
from phalanx.array._manipulation import *  # noqa: F403
from phalanx.array._namespace import *  # noqa: F403
from phalanx.array._namespace import TYPES, __array_namespace_info__
from phalanx.array._overlap import *  # noqa: F403
from phalanx.array._products import *  # noqa: F403
from phalanx.array._quantiles import *  # noqa: F403
from phalanx.array._reductions import *  # noqa: F403
from phalanx.array._sets import *  # noqa: F403
from phalanx.array._sorting import *  # noqa: F403
from phalanx.array._splitting import *  # noqa: F403
from phalanx.array._storing import *  # noqa: F403
from phalanx.array._ufuncs import *  # noqa: F403

#: What is imported when it is first used.
_LATER = ("fft", "lib", "linalg", "ma", "random", "stats")

__array_api_version__ = "2024.12"
__all__ = ["Array", "__array_api_version__", "__array_namespace_info__", "compute", *_LATER, *TYPES]
#: What this file needs for itself, or names already.
_NAMED = frozenset({"Any", "TYPES", "annotations", "import_module", *__all__})
# The modules above say what they give; none of it begins with an underscore.
__all__ += [name for name in list(globals()) if not name.startswith("_") and name not in _NAMED]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return import_module(f"phalanx.array.{name}")
    if name in TYPES:  # not before one is asked for: NumPy is imported when it is used
        return getattr(_namespace, name)
    raise AttributeError(f"module 'phalanx.array' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
