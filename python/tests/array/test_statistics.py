"""Statistics and tests over an axis against SciPy's, on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
from oracle import check_array, engine, same_bits

import phalanx.array as da
from phalanx.distributed import Client

RNG = np.random.default_rng(9)
A = RNG.gamma(2.0, size=(40, 6))
B = RNG.normal(2.0, 1.5, size=(40, 6))
LONG = RNG.normal(size=123)
COUNTS = RNG.integers(5, 60, (8, 3))
EXPECTED = COUNTS[::-1].astype(float)
WHOLE = RNG.integers(-20, 20, (30, 4))
LINE = np.full((9, 2), 3.5)

#: A function of this name is in `scipy.stats` and in `da.stats`; results of two parts are (part, …) each.
CASES: dict[str, tuple[Any, ...]] = {
    "skew": (lambda s, x: s.skew(x), A),
    "skew axis": (lambda s, x: s.skew(x, axis=1, bias=False), A),
    "skew all": (lambda s, x: s.skew(x, axis=None), A),
    "skew integers": (lambda s, x: s.skew(x), WHOLE),
    "kurtosis": (lambda s, x: s.kurtosis(x), A),
    "kurtosis pearson": (lambda s, x: s.kurtosis(x, axis=-1, fisher=False), A),
    "kurtosis unbiased": (lambda s, x: s.kurtosis(x, bias=False), A),
    "moment": (lambda s, x: s.moment(x, 3), A),
    "moment axis": (lambda s, x: s.moment(x, 4, axis=1), A),
    "skewtest": (lambda s, x: s.skewtest(x), A),
    "skewtest axis": (lambda s, x: s.skewtest(x, axis=1), A.T.copy()),
    "kurtosistest": (lambda s, x: s.kurtosistest(x), A),
    "normaltest": (lambda s, x: s.normaltest(x), A),
    "normaltest vector": (lambda s, x: s.normaltest(x), LONG),
    "ttest_1samp": (lambda s, x: s.ttest_1samp(x, 2.0), A),
    "ttest_1samp axis": (lambda s, x: s.ttest_1samp(x, 1.5, axis=1), A),
    "ttest_ind": (lambda s, x, y: s.ttest_ind(x, y), A, B),
    "ttest_ind welch": (lambda s, x, y: s.ttest_ind(x, y, equal_var=False), A, B[:25]),
    "ttest_ind all": (lambda s, x, y: s.ttest_ind(x, y, axis=None), A, B),
    "ttest_rel": (lambda s, x, y: s.ttest_rel(x, y), A, B),
    "ttest_rel axis": (lambda s, x, y: s.ttest_rel(x, y, axis=1), A, B),
    "chisquare": (lambda s, x: s.chisquare(x), COUNTS),
    "chisquare expected": (lambda s, x, e: s.chisquare(x, f_exp=e, ddof=1), COUNTS, EXPECTED),
    "power_divergence": (lambda s, x: s.power_divergence(x, lambda_="log-likelihood"), COUNTS),
    "power_divergence freeman-tukey": (lambda s, x: s.power_divergence(x, lambda_="freeman-tukey", axis=1), COUNTS),
    "power_divergence neyman": (lambda s, x: s.power_divergence(x, lambda_="neyman"), COUNTS),
    "power_divergence mod": (lambda s, x: s.power_divergence(x, lambda_="mod-log-likelihood"), COUNTS),
    "power_divergence cressie": (lambda s, x, e: s.power_divergence(x, e, lambda_="cressie-read"), COUNTS, EXPECTED),
    "power_divergence number": (lambda s, x: s.power_divergence(x, lambda_=0.3), COUNTS),
    "f_oneway": (lambda s, x, y: s.f_oneway(x, y, y + 1), LONG, B[:, 0].copy()),
}


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    case, *inputs = CASES[name]
    results = case(scipy.stats, *inputs)
    parts = ("statistic", "pvalue") if hasattr(results, "pvalue") else (None,)
    for part in parts:
        check_array(
            lambda xp, *given: case(da.stats, *given) if part is None else getattr(case(da.stats, *given), part),
            *inputs,
            oracle=lambda xp, *given: results if part is None else getattr(results, part),
            rtol=1e-9, atol=1e-12, chunks=(-1, 7), cluster=part == "statistic" and name in ("skewtest", "ttest_ind welch"),
        )  # fmt: skip


def test_probabilities_are_found_by_workers(python_client: Client) -> None:
    found = da.stats.ttest_ind(da.from_array(A, 7), da.from_array(B, 9), equal_var=False).pvalue
    expected = found.compute(client=engine("local"))
    assert same_bits(found.compute(client=python_client), expected)


#: Statistics of the main namespace that NumPy has not: against what they are by definition.
def test_central_moments() -> None:
    for axis, keepdims, ddof in [(None, False, 0), (0, False, 1), ((0, 1), True, 0), (-1, True, 2)]:
        for order in (0, 1, 2, 3, 4):
            count = A.size if axis in (None, (0, 1)) else A.shape[axis]
            centred = (A - A.mean(axis=axis, keepdims=True)) ** order
            expected = centred.sum(axis=axis, keepdims=keepdims) / (count - ddof)
            for moment in (da.moment, da.Array.moment):
                check_array(
                    lambda xp, x: moment(x, order, axis=axis, keepdims=keepdims, ddof=ddof), A,
                    oracle=lambda xp, x: expected, rtol=1e-11, atol=1e-12, chunks=(-1, 7),
                )  # fmt: skip
    assert da.moment(da.ones(3), 2, dtype="float32").dtype == np.float32


def test_what_does_not_fit_is_refused() -> None:
    stats, x = da.stats, da.ones((6, 2), chunks=3)
    with pytest.raises(ValueError, match="less than 8 samples"):
        stats.skewtest(x)
    with pytest.raises(ValueError, match="at least 5 observations"):
        stats.kurtosistest(x[:3])
    with pytest.raises(ValueError, match="unequal length"):
        stats.ttest_rel(x, x[:4])
    with pytest.raises(ValueError, match="invalid string for lambda_"):
        stats.power_divergence(x, lambda_="other")
    with pytest.raises(TypeError, match="at least two inputs"):
        stats.f_oneway(x)
    with pytest.raises(ValueError, match="Order must be"):
        da.moment(x, -1)
    with pytest.raises(np.exceptions.AxisError):
        stats.kurtosis(x, axis=2)
    for name in ("skew", "kurtosis", "moment", "skewtest", "kurtosistest", "normaltest"):
        with pytest.raises(NotImplementedError, match="propagate"):
            getattr(stats, name)(da.ones((9, 2)), nan_policy="omit")
    # What is constant has no shape: SciPy's warning is ours, NaN.
    assert np.isnan(stats.skew(da.from_array(LINE)).compute()).all()
    assert np.isnan(stats.kurtosis(da.from_array(LINE)).compute()).all()
