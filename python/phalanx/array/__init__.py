"""Lazy chunked arrays with NumPy's names.

A function that NumPy has is here under the same name, with the same arguments, and lazy. NumPy's own functions work
on our arrays too (``np.sum(x)``, ``np.sin(x)``) and stay lazy.
"""

from __future__ import annotations

from phalanx.array import random
from phalanx.array._core import Array
from phalanx.array._creation import asarray, empty, from_array, full, ones, zeros

__all__ = ["Array", "asarray", "empty", "from_array", "full", "ones", "random", "zeros"]
