"""``explain()`` says how many elements of each source are evaluated; what runs evaluates as many."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracle import engine

import phalanx.array as da


def sources(array: da.Array) -> dict[str, int]:
    """Elements evaluated of each random source, by the number of its stream; of what is read, by the word "read"."""
    text = array.explain(client=engine("local"))
    found: dict[str, int] = {}
    for line in text.partition("sources\n")[2].partition("physical plan")[0].splitlines():
        random = re.search(r"random .*stream (\d+).*: (\d+) elements of \d+ evaluated", line)
        read = re.search(r"persisted .*: (\d+) elements of \d+ read", line)
        if random:
            found[random[1]] = int(random[2])
        elif read:
            found["read"] = found.get("read", 0) + int(read[1])
    return found


def numbers(shape: tuple[int, ...], chunks: Any, seed: int = 1) -> Any:
    return da.random.default_rng(seed).random(shape, chunks=chunks)


def two() -> tuple[Any, Any]:
    rng = da.random.default_rng(2)
    return rng.random((1000, 100), chunks=100), rng.normal(size=(100,), chunks=50)


X = ((1000, 100), 100)


def mixed(make: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    return lambda: make(*two())


def one(make: Callable[[Any], Any], shape: tuple[int, ...] = X[0], chunks: Any = X[1]) -> Callable[[], Any]:
    return lambda: make(numbers(shape, chunks))


#: (expression, elements evaluated by stream). The arithmetic of each number is beside it.
CASES: dict[str, tuple[Callable[[], Any], dict[str, int]]] = {
    "the blog's slice of a reshaped transpose": (
        one(lambda x: x.reshape(10000, 100000).T[:10, :1000], (10000, 10, 10000), 1000), {"0": 10 * 1000},
    ),
    "a slice of a function": (one(lambda x: da.sin(x * 2 + 1)[3, ::7]), {"0": 15}),
    "an element of a sum of a row": (one(lambda x: x.sum(axis=1)[5]), {"0": 100}),
    "rows of a mean": (one(lambda x: x.mean(axis=0)[:3]), {"0": 3 * 1000}),
    "everything": (one(lambda x: (x + 1).std()), {"0": 1000 * 100}),
    "a matrix and a row": (mixed(lambda x, y: (x * y)[:5]), {"0": 5 * 100, "1": 100}),
    "one of two, each needed in part": (mixed(lambda x, y: x[7, :10] + y[-10:]), {"0": 10, "1": 10}),
    "what is shared is evaluated once": (one(lambda x: (x + x * x)[:2]), {"0": 2 * 100}),
    "its transpose is other elements": (one(lambda x: (x + x.T)[0], (100, 100), 30), {"0": 100 + 100}),
    "what mirrors itself in a fold is evaluated once": (
        one(lambda x: (x + x.T).mean(axis=0), (900, 900), 600), {"0": 900 * 900},
    ),
    "over all axes too": (one(lambda x: (x * x.T).sum(), (900, 900), 600), {"0": 900 * 900}),
    "an index is that of the first": (one(lambda x: (x + x.T).argmin(), (900, 900), 600), {"0": 2 * 900 * 900}),
    "a diagonal": (one(lambda x: da.diagonal(x)), {"0": 100}),
    "rows by number": (one(lambda x: x[[7, 900, 7]] * 2), {"0": 2 * 100}),
    "a branch that is cut off": (mixed(lambda x, y: da.concatenate([x, y[None]])[-1]), {"0": 0, "1": 100}),
    "stacked": (mixed(lambda x, y: da.stack([x[0], y], axis=1)[:4, 1]), {"0": 0, "1": 4}),
    "a median of rows": (one(lambda x: da.median(x, axis=1)[:3]), {"0": 3 * 100}),
    "sorted along rows": (one(lambda x: da.sort(x, axis=1)[2, :3]), {"0": 100}),
    "running sums, from the start to where they are wanted": (one(lambda x: da.cumsum(x, axis=1)[:, :50][0]), {"0": 50}),
    "a roll": (one(lambda x: da.roll(x, 10, axis=0)[5:15, 0]), {"0": 10}),
    "padding": (one(lambda x: da.pad(x, 1)[:2, :3]), {"0": 2}),
    "tiles": (one(lambda x: da.tile(x, (2, 1))[999:1001, 0]), {"0": 2}),
    "a product of a row": (one(lambda x: (x @ x.T)[0, 0], (40, 30), 40), {"0": 30}),
    "other chunks": (one(lambda x: x.rechunk(7)[:9, :9].sum()), {"0": 81}),
    "neighbours": (one(lambda x: da.diff(x, axis=1)[0, :5]), {"0": 5 + 5}),
    "a reversed slice of a flip": (one(lambda x: da.flip(x, 0)[::-500, 1]), {"0": 2}),
    "coarser": (one(lambda x: da.coarsen(np.mean, x, {0: 10})[0, 0]), {"0": 10}),
    "where both sides are wanted": (mixed(lambda x, y: da.where(x > 0.5, x, y)[:2]), {"0": 2 * 100, "1": 100}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_is_needed_is_evaluated(name: str) -> None:
    make, expected = CASES[name]
    array = make()
    told = sources(array)
    assert {stream: count for stream, count in told.items() if count} == {s: n for s, n in expected.items() if n}
    # What ran says the same.
    for which in ("local", "perturbed"):
        assert engine(which).evaluated([array._native]) == sum(expected.values())


def test_what_is_kept_is_read_and_not_evaluated() -> None:
    x = numbers(*X).persist(client=engine("local"))
    assert sources((x + 1)[:5, ::2]) == {"read": 5 * 50}
    assert engine("local").evaluated([(x + 1)._native]) == 0


def test_what_several_stages_evaluate_is_added_up() -> None:
    x = numbers((300, 400), (64, 90))
    for array in [x.cumsum(axis=0), x.rechunk((300, 50)).sum(axis=0), (x + x[0]).std(), da.linalg.svd(x)[1], x @ x.T]:
        assert sum(sources(array).values()) == engine("local").evaluated([array._native]) >= x.size


def test_what_would_take_too_long_is_not_counted() -> None:
    text = numbers((1 << 20, 1 << 20), 1 << 18).sum().explain(client=engine("local"))
    assert "not counted, there are too many" in text
