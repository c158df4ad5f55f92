"""Random expressions of some depth against NumPy, and what must not change anything: chunks, slices, persisting."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import engine, same_bits

import phalanx.array as da

SHAPE = st.tuples(st.integers(1, 7), st.integers(1, 7))
CHUNKS = st.one_of(st.integers(1, 7), st.just(-1), st.tuples(st.integers(1, 4), st.integers(1, 4)))

#: Functions of one matrix that give one of the same shape.
ONE: dict[str, Any] = {
    "negative": lambda xp, x: -x,
    "absolute": lambda xp, x: abs(x),
    "sine": lambda xp, x: xp.sin(x),
    "bounded": lambda xp, x: xp.clip(x, -2, 3),
    "rounded": lambda xp, x: xp.round(x, 1),
    "flipped": lambda xp, x: xp.flip(x, 0),
    "rolled": lambda xp, x: xp.roll(x, 2, axis=1),
    "sorted": lambda xp, x: xp.sort(x, axis=0),
    "running": lambda xp, x: xp.cumsum(x, axis=1),
    "less its mean": lambda xp, x: x - xp.mean(x, axis=0),
    "over its largest": lambda xp, x: x / (xp.max(abs(x), axis=1, keepdims=True) + 1),
    "without the small": lambda xp, x: xp.where(x > 0, x, 0.5),
    "row by its number": lambda xp, x: x[np.arange(x.shape[0])[::-1]],
    "there and back": lambda xp, x: xp.reshape(xp.reshape(x, (-1,)), x.shape),
    "turned twice": lambda xp, x: x.T.T,
    "cast": lambda xp, x: x.astype(np.float32).astype(np.float64),
    "spread": lambda xp, x: x + xp.sum(x),
}
#: Of two of the same shape.
TWO: dict[str, Any] = {
    "sum": lambda xp, x, y: x + y,
    "product": lambda xp, x, y: x * y,
    "quotient": lambda xp, x, y: x / (y * y + 1),
    "larger": lambda xp, x, y: xp.maximum(x, y),
    "chosen": lambda xp, x, y: xp.where(x < y, x, y),
    "angle": lambda xp, x, y: xp.arctan2(x, y),
    "weighted": lambda xp, x, y: x @ (y.T @ y) / 50,
    "half of each": lambda xp, x, y: xp.concatenate([x, y], axis=0)[::2][: x.shape[0]],
}


def expression(data: Any, leaves: list[tuple[np.ndarray, Any]], depth: int) -> tuple[np.ndarray, Any]:
    """An expression of at most this depth, and what NumPy makes of it."""
    kind = data.draw(st.sampled_from(["leaf", "one", "one", "two"])) if depth else "leaf"
    if kind == "leaf":
        return data.draw(st.sampled_from(leaves))
    x, lazy_x = expression(data, leaves, depth - 1)
    if kind == "one":
        case = ONE[data.draw(st.sampled_from(sorted(ONE)))]
        return case(np, x), case(da, lazy_x)
    y, lazy_y = expression(data, leaves, depth - 1)
    case = TWO[data.draw(st.sampled_from(sorted(TWO)))]
    return case(np, x, y), case(da, lazy_x, lazy_y)


def leaves(data: Any, shape: tuple[int, int]) -> list[tuple[np.ndarray, Any]]:
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    matrices = [rng.normal(size=shape), rng.integers(-3, 4, shape).astype(float)]
    return [(matrix, da.from_array(matrix, data.draw(CHUNKS))) for matrix in matrices]


@settings(max_examples=150, deadline=None)
@given(st.data(), SHAPE)
def test_expressions_are_numpys(data: Any, shape: tuple[int, int]) -> None:
    expected, lazy = expression(data, leaves(data, shape), 6)
    assert lazy.shape == expected.shape and lazy.dtype == expected.dtype
    values = lazy.compute(client=engine("local"))
    # Rounding to a digit may go to either side of a tie that is one only nearly.
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=0.11 if near_ties(lazy) else 1e-9)
    assert same_bits(lazy.compute(client=engine("perturbed")), values)


def near_ties(lazy: Any) -> bool:
    return "round" in lazy.explain(client=engine("local")) or "float32" in lazy.explain(client=engine("local"))


@settings(max_examples=60, deadline=None)
@given(st.data(), SHAPE)
def test_slicing_before_is_slicing_after(data: Any, shape: tuple[int, int]) -> None:
    """A slice of an expression has the bits that the same slice of its values has."""
    _, lazy = expression(data, leaves(data, shape), 5)
    index = tuple(
        slice(data.draw(st.integers(-7, 7)), data.draw(st.one_of(st.none(), st.integers(-7, 7))), data.draw(st.sampled_from([1, 2, -1, -3])))
        for _ in range(2)
    )
    whole = lazy.compute(client=engine("local"))
    assert same_bits(lazy[index].compute(client=engine("local")), whole[index])
    assert same_bits(lazy[index][:1].T.compute(client=engine("perturbed")), whole[index][:1].T)


@settings(max_examples=40, deadline=None)
@given(st.data(), SHAPE)
def test_persisting_changes_nothing(data: Any, shape: tuple[int, int]) -> None:
    known = leaves(data, shape)
    seed = data.draw(st.integers(0, 1 << 40))
    which = data.draw(st.sampled_from(["local", "perturbed"]))
    steps = [(kind, data.draw(st.sampled_from(sorted(kind)))) for kind in (ONE, TWO, ONE) for _ in range(2)]

    def result(keep: bool) -> Any:
        lazy = known[seed % 2][1]
        for kind, name in steps:
            lazy = kind[name](da, lazy) if kind is ONE else kind[name](da, lazy, known[1][1])
            lazy = lazy.persist(client=engine(which)) if keep else lazy
        return lazy.compute(client=engine(which))

    assert same_bits(result(True), result(False))


LAWS: dict[str, tuple[Any, ...]] = {
    "random": (), "normal": (1.0, 2.0), "uniform": (-1.0, 4.0), "exponential": (2.0,), "gamma": (0.6,), "beta": (0.5, 2.0),
    "poisson": (30.0,), "binomial": (20, 0.3), "standard_normal": (), "hypergeometric": (9, 8, 7), "zipf": (2.5,),
    "integers": (5,),
}  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(LAWS)), SHAPE, CHUNKS, CHUNKS, st.integers(0, 1 << 63))
def test_any_chunks_give_the_same_random_numbers(name: str, shape: tuple[int, int], one: Any, two: Any, seed: int) -> None:
    def values(chunks: Any) -> Any:
        return getattr(da.random.default_rng(seed), name)(*LAWS[name], size=shape, chunks=chunks)

    first = values(one).compute(client=engine("local"))
    assert same_bits(values(two).compute(client=engine("perturbed")), first)
    assert same_bits(values(two).rechunk(one)[::-1, :3].compute(client=engine("local")), first[::-1, :3])


@settings(max_examples=80, deadline=None)
@given(st.data(), SHAPE)
def test_masks_are_numpys(data: Any, shape: tuple[int, int]) -> None:
    matrix, lazy = leaves(data, shape)[1]
    level = data.draw(st.integers(-4, 4))
    for case in [
        lambda x: x[x > level],
        lambda x: x[x[:, 0] > level],
        lambda x: x[:, x[0] > level],
        lambda x: (x[x > level] * 2).sum(),
        lambda x: x[(x > level).any(axis=1)].sum(axis=0),
    ]:
        np.testing.assert_array_equal(case(lazy).compute(client=engine("perturbed")), case(matrix))
