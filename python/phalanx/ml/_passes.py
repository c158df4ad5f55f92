"""Passes over the rows, told to whoever looks at the cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from phalanx._lazy import np
from phalanx.distributed._performance import steps

__all__ = ["passes"]


@contextlib.contextmanager
def passes(name: str) -> Iterator[Callable[[Callable[..., Any]], Callable[..., Any]]]:
    """What wraps the objective of a minimiser, so that each pass over the rows is a step of the run ``name``: the value,
    and the largest component of its gradient.

    A pass is an evaluation: a minimiser that looks for the length of its steps makes several in one iteration.
    """
    with steps(name) as tell:
        count = 0

        def watched(objective: Callable[..., Any]) -> Callable[..., Any]:
            def told(w: Any) -> Any:
                nonlocal count
                found = objective(w)
                count += 1
                tell(count, {"loss": float(found[0]), "gradient": float(np.max(np.abs(found[1]), initial=0.0))})
                return found

            return told

        yield watched
