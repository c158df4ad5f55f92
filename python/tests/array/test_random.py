"""Random arrays against the distributions of SciPy: Kolmogorov-Smirnov, chi-square and moments at a fixed seed."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import engine, same_bits
from scipy import stats

import phalanx.array as da

COUNT = 40_000

#: name: (arguments, SciPy's distribution)
CONTINUOUS = {
    "random": ((), stats.uniform()),
    "uniform": ((-2.0, 3.0), stats.uniform(-2, 5)),
    "normal": ((1.0, 2.0), stats.norm(1, 2)),
    "standard_normal": ((), stats.norm()),
    "exponential": ((2.0,), stats.expon(scale=2)),
    "standard_exponential": ((), stats.expon()),
    "gamma": ((0.4, 2.0), stats.gamma(0.4, scale=2)),
    "standard_gamma": ((6.5,), stats.gamma(6.5)),
    "beta": ((0.4, 0.7), stats.beta(0.4, 0.7)),
    "chisquare": ((3.5,), stats.chi2(3.5)),
    "noncentral_chisquare": ((2.5, 3.0), stats.ncx2(2.5, 3.0)),
    "f": ((4.0, 9.0), stats.f(4, 9)),
    "noncentral_f": ((4.0, 9.0, 1.5), stats.ncf(4, 9, 1.5)),
    "logistic": ((1.0, 2.0), stats.logistic(1, 2)),
    "laplace": ((1.0, 2.0), stats.laplace(1, 2)),
    "gumbel": ((1.0, 2.0), stats.gumbel_r(1, 2)),
    "lognormal": ((0.5, 0.8), stats.lognorm(0.8, scale=np.exp(0.5))),
    "pareto": ((2.5,), stats.lomax(2.5)),
    "power": ((2.5,), stats.powerlaw(2.5)),
    "rayleigh": ((2.0,), stats.rayleigh(scale=2)),
    "standard_cauchy": ((), stats.cauchy()),
    "standard_t": ((3.0,), stats.t(3)),
    "triangular": ((-1.0, 0.5, 2.0), stats.triang(0.5, -1, 3)),
    "vonmises": ((0.0, 3.0), stats.vonmises(3.0)),
    "wald": ((2.0, 3.0), stats.invgauss(2 / 3, scale=3)),
    "weibull": ((1.7,), stats.weibull_min(1.7)),
}

DISCRETE = {
    "poisson": ((3.5,), stats.poisson(3.5)),
    "binomial": ((12, 0.3), stats.binom(12, 0.3)),
    "negative_binomial": ((3.5, 0.4), stats.nbinom(3.5, 0.4)),
    "geometric": ((0.35,), stats.geom(0.35)),
    "hypergeometric": ((15, 25, 12), stats.hypergeom(40, 15, 12)),
    "logseries": ((0.7,), stats.logser(0.7)),
    "zipf": ((3.0,), stats.zipf(3.0)),
}

LARGE = {
    "poisson": ((300.0,), stats.poisson(300.0)),
    "binomial": ((1000, 0.35), stats.binom(1000, 0.35)),
    "hypergeometric": ((500, 700, 300), stats.hypergeom(1200, 500, 300)),
}

MAKERS = {"generator": da.random.default_rng, "state": da.random.RandomState}


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("maker", MAKERS)
def test_continuous_laws(name: str, maker: str) -> None:
    arguments, law = CONTINUOUS[name]
    values = getattr(MAKERS[maker](11), name)(*arguments, size=COUNT, chunks=7_000).compute()
    assert values.dtype == np.float64 and values.shape == (COUNT,)
    assert stats.kstest(values, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", DISCRETE)
@pytest.mark.parametrize("maker", MAKERS)
def test_discrete_laws(name: str, maker: str) -> None:
    arguments, law = DISCRETE[name]
    values = getattr(MAKERS[maker](12), name)(*arguments, size=COUNT, chunks=7_000).compute()
    assert values.dtype == np.int64
    # Values with at least ten expected, and the two tails.
    numbers = np.arange(int(law.support()[0]), int(law.ppf(1 - 1e-9)) + 1)
    numbers = numbers[law.pmf(numbers) * COUNT >= 10]
    seen = [np.count_nonzero(values < numbers[0]), *(np.count_nonzero(values == k) for k in numbers)]
    seen.append(np.count_nonzero(values > numbers[-1]))
    expected = np.array([law.cdf(numbers[0] - 1), *law.pmf(numbers), law.sf(numbers[-1])]) * COUNT
    used = expected > 1
    assert np.asarray(seen)[~used].sum() <= 10
    chi = ((np.asarray(seen)[used] - expected[used]) ** 2 / expected[used]).sum()
    assert stats.chi2(used.sum() - 1).sf(chi) > 1e-3


@pytest.mark.parametrize("name", LARGE)
def test_laws_of_large_counts(name: str) -> None:
    arguments, law = LARGE[name]
    values = getattr(da.random.default_rng(13), name)(*arguments, size=COUNT).compute()
    # Spread over the steps of the distribution, the values are uniform.
    noise = np.random.default_rng(1).random(COUNT)
    assert stats.kstest(law.cdf(values - 1) + noise * law.pmf(values), "uniform").pvalue > 1e-3


def test_integers_choices_and_counts() -> None:
    rng = da.random.default_rng(14)
    for low, high, dtype in [(0, 6, "int64"), (-128, 128, "int8"), (0, 1 << 64, "uint64"), (5, 9, "uint8")]:
        values = rng.integers(low, high, size=COUNT, dtype=dtype).compute()
        assert values.dtype == dtype and values.min() >= low and values.max() < high
        if high - low < 300:
            counts = np.bincount(values.astype(np.int64) - low, minlength=high - low)
            assert stats.chisquare(counts).pvalue > 1e-3
    assert set(rng.integers(3, endpoint=True, size=500).compute()) == {0, 1, 2, 3}
    drawn = rng.choice([2.0, 3.0, 5.0], size=(200, 100), p=[0.2, 0.3, 0.5], chunks=30).compute()
    counts = [np.count_nonzero(drawn == value) for value in (2.0, 3.0, 5.0)]
    assert stats.chisquare(counts, np.array([0.2, 0.3, 0.5]) * 20_000).pvalue > 1e-3
    unique = rng.choice(1_000_000, size=5_000, replace=False).compute()
    assert len(set(unique)) == 5_000 and unique.min() >= 0 and unique.max() < 1_000_000
    weighted = [tuple(da.random.default_rng(seed).choice(3, 2, replace=False, p=[0.5, 0.5, 0.0]).compute()) for seed in range(60)]
    assert set(weighted) == {(0, 1), (1, 0)}
    counts = rng.multinomial(30, [0.2, 0.3, 0.5], size=(40, 25), chunks=11).compute()
    assert counts.shape == (40, 25, 3) and (counts.sum(axis=-1) == 30).all()
    np.testing.assert_allclose(counts.mean(axis=(0, 1)), [6, 9, 15], rtol=0.05)


def test_permutations() -> None:
    rng = da.random.default_rng(15)
    for n in (1, 10, 100_000):
        assert sorted(rng.permutation(n).compute()) == list(range(n))
    rows = np.arange(40).reshape(20, 2)
    shuffled = rng.permutation(da.from_array(rows, 3)).compute()
    assert not (shuffled == rows).all()
    np.testing.assert_array_equal(shuffled[shuffled[:, 0].argsort()], rows)


def test_parameters_that_are_arrays() -> None:
    means = np.array([[0.0], [10.0], [1000.0]])
    rng = da.random.default_rng(16)
    values = rng.poisson(means, size=(3, 5_000), chunks=(2, 700)).compute()
    np.testing.assert_allclose(values.mean(axis=1), means[:, 0], rtol=0.02)
    assert rng.normal(da.from_array(means, 2), 1.0).shape == (3, 1)
    same = [da.random.default_rng(1).gamma(shape, 2.0, size=7).compute() for shape in (0.5, np.full(7, 0.5))]
    assert same_bits(*same)
    with pytest.raises(Exception, match="lam must be"):
        rng.poisson(np.array([1.0, -1.0])).compute()
    with pytest.raises(ValueError):
        rng.normal(np.zeros(3), 1.0, size=(3, 2))


def test_values_do_not_depend_on_chunks_slices_or_engines() -> None:
    def values(chunks: object) -> da.Array:
        return da.random.default_rng(17).gamma(0.7, size=(50, 40), chunks=chunks)

    whole = values(-1).compute()
    for chunks in (7, (50, 1), (3, 40)):
        assert same_bits(values(chunks).compute(), whole)
    assert same_bits(values(9)[5:40:3, ::-7].compute(), whole[5:40:3, ::-7])
    for name in ("perturbed", "cluster"):
        assert same_bits(values(9).compute(client=engine(name)), whole)


def test_the_older_names() -> None:
    state = da.random.RandomState(3)
    assert state.random((4, 5), chunks=2).shape == (4, 5)
    assert state.rand(3, 2).shape == state.randn(3, 2).shape == (3, 2)
    assert state.randint(5, size=3).dtype == np.int64
    assert 1 <= state.random_integers(6).compute() <= 6
    assert da.random.random(5).shape == (5,)
    da.random.seed(1)
    first = da.random.normal(size=3).compute()
    da.random.seed(1)
    assert same_bits(da.random.normal(size=3).compute(), first)
    with pytest.raises(ValueError):
        da.random.default_rng(-1)
    with pytest.raises(ValueError, match="df must be"):
        state.chisquare(-1.0, size=3)
