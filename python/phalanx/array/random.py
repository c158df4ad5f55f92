"""Random arrays. An element depends on the seed and its index alone, never on chunks or workers."""

from __future__ import annotations

import itertools
import secrets
from typing import Any

from phalanx import _phalanx
from phalanx.array._base import wrap
from phalanx.array._chunks import normalize

__all__ = ["RandomState", "random"]


class RandomState:
    """Makes random arrays from a seed: the n-th array that is asked for is stream n of the seed."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = secrets.randbits(63) if seed is None else int(seed)
        self._stream = itertools.count()

    def random(self, size: Any = None, chunks: Any = "auto") -> Any:
        """Uniform on [0, 1), as float64."""
        shape = () if size is None else tuple(size) if isinstance(size, (tuple, list)) else (size,)
        sizes = normalize(chunks, shape)
        return wrap(_phalanx.Array.random(self._seed, next(self._stream), list(shape), sizes))

    random_sample = random


_default = RandomState()


def random(size: Any = None, chunks: Any = "auto") -> Any:
    """Uniform on [0, 1), as float64."""
    return _default.random(size, chunks)
