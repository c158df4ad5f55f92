"""Shapes: the same elements, arranged otherwise."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import Base, wrap

__all__ = ["Manipulation"]


class Manipulation(Base):
    """Methods that arrange the same elements otherwise."""

    __slots__ = ()

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order."""
        return self.transpose()

    def transpose(self, *axes: Any) -> Any:
        """The array with its axes in another order (in reverse, if none is given)."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        if not order or order[0] is None:
            order = range(self.ndim)[::-1]
        return wrap(self._native.transpose(list(order)))

    def reshape(self, *shape: Any) -> Any:
        """The same elements in C order under another shape; one length may be -1."""
        lengths = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        lengths = [int(length) for length in lengths]
        if lengths.count(-1) > 1:
            raise ValueError("can only specify one unknown dimension")
        if -1 in lengths:
            known, size = 1, 1
            for length in lengths:
                known *= length if length != -1 else 1
            for length in self.shape:
                size *= length
            if known == 0 or size % known:
                raise ValueError(f"cannot reshape array of size {size} into shape {tuple(lengths)}")
            lengths[lengths.index(-1)] = size // known
        return wrap(self._native.reshape(lengths))
