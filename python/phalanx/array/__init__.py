"""Lazy chunked arrays with NumPy's names.

A function that NumPy has is here under the same name, with the same arguments, and lazy. NumPy's own functions work
on our arrays too (``np.sum(x)``, ``np.sin(x)``) and stay lazy.
"""

from __future__ import annotations

from phalanx.array import _blocks, _creation, _indexing, _joining, _linear, _manipulation, _reductions, _sorting, _ufuncs, fft, linalg, random
from phalanx.array._blocks import *  # noqa: F403
from phalanx.array._core import Array
from phalanx.array._creation import *  # noqa: F403
from phalanx.array._indexing import *  # noqa: F403
from phalanx.array._joining import *  # noqa: F403
from phalanx.array._linear import *  # noqa: F403
from phalanx.array._manipulation import *  # noqa: F403
from phalanx.array._reductions import *  # noqa: F403
from phalanx.array._sorting import *  # noqa: F403
from phalanx.array._ufuncs import *  # noqa: F403

__all__ = ["Array", "fft", "linalg", "random"]
for _area in (_blocks, _creation, _indexing, _joining, _linear, _manipulation, _reductions, _sorting, _ufuncs):
    __all__ += _area.__all__
