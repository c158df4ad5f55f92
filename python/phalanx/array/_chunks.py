"""What callers give as ``chunks=``, as the sizes of all chunks of each axis."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["AUTO_BYTES", "normalize", "parse_bytes"]

#: What a chunk has that the library chooses.
AUTO_BYTES = 8 << 20

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


def parse_bytes(text: str) -> int:
    """``"64MB"`` or ``"1 GiB"`` as a number of bytes."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([a-z]*)\s*", text.lower())
    if not match or match[2] not in _UNITS:
        raise ValueError(f"{text!r} is no size: write it as '64MB' or '1GiB'")
    return int(float(match[1]) * _UNITS[match[2]])


def normalize(chunks: Any, shape: tuple[int, ...], itemsize: int = 8) -> list[list[int]]:
    """The sizes of all chunks of each axis.

    Parameters
    ----------
    chunks : int, str, None, tuple or dict
        A size for all axes, one for each axis, all sizes of each axis; ``-1`` or ``None`` for a whole axis;
        ``"auto"`` or a number of bytes (``"64MB"``) to let the library choose; a dict by axis, the others whole.
    shape : tuple of int
    itemsize : int
        Bytes of one element, for ``"auto"``.
    """
    ndim = len(shape)
    if any(isinstance(length, float) for length in shape):
        raise ValueError(f"chunks of the shape {shape}, whose sizes are unknown: call compute_chunk_sizes() on the array first")
    if isinstance(chunks, dict):
        wrong = [axis for axis in chunks if not -ndim <= axis < ndim]
        if wrong:
            raise ValueError(f"chunks names axis {wrong[0]}, and the array has {ndim} axes")
        by_axis = {axis % ndim: size for axis, size in chunks.items()}
        chunks = tuple(by_axis.get(axis, -1) for axis in range(ndim))
    if chunks is None or isinstance(chunks, (int, str)) or not isinstance(chunks, Sequence):
        chunks = (chunks,) * ndim
    if ndim and len(chunks) != ndim:
        if ndim == 1:
            chunks = (tuple(chunks),)  # Dask: the sizes along the one axis
        else:
            raise ValueError(f"chunks {chunks!r} is for {len(chunks)} axes, and the shape {shape} has {ndim}")
    sizes: list[list[int] | None] = []
    limit = AUTO_BYTES
    for size, length in zip(chunks, shape):
        if isinstance(size, str):
            if size != "auto":
                limit = parse_bytes(size)
            sizes.append(None)
        elif size is None or (isinstance(size, int) and size == -1):
            sizes.append([length])
        elif hasattr(size, "__index__"):
            sizes.append(_cut(length, int(size), shape))
        else:
            sizes.append(_given([int(each) for each in size], length, shape))
    return _choose(sizes, shape, max(1, limit // max(1, itemsize)))


def _cut(length: int, size: int, shape: tuple[int, ...]) -> list[int]:
    if size <= 0 and length > 0:
        raise ValueError(f"a chunk size of {size} for the shape {shape}: sizes are at least 1")
    if length == 0:
        return [0]
    whole, rest = divmod(length, size)
    return [size] * whole + ([rest] if rest else [])


def _given(sizes: list[int], length: int, shape: tuple[int, ...]) -> list[int]:
    if sum(sizes) != length or any(size < 0 for size in sizes):
        raise ValueError(f"the chunk sizes {tuple(sizes)} do not add up to the axis of length {length} of {shape}")
    return sizes


def _choose(sizes: list[list[int] | None], shape: tuple[int, ...], elements: int) -> list[list[int]]:
    """Fills in the axes that are the library's to choose: as equal as they can be, `elements` a chunk at most."""
    free = [axis for axis, size in enumerate(sizes) if size is None]
    left = max(1, elements // max(1, math.prod(max(size) for size in sizes if size)))
    chosen = {}
    # Short axes first: what they leave is shared by the longer ones.
    for number, axis in enumerate(sorted(free, key=lambda axis: shape[axis])):
        share = max(1, int(left ** (1 / (len(free) - number))))
        size = max(1, min(shape[axis], share))
        chosen[axis] = _cut(shape[axis], size, shape)
        left = max(1, left // size)
    return [size if size is not None else chosen[axis] for axis, size in enumerate(sizes)]
