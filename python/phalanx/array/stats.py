"""Statistics and tests with the names of ``scipy.stats``, as Dask has them: statistics over an axis are lazy, and so are
their probabilities, which SciPy's distributions give.
"""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

from phalanx._lazy import np, require
from phalanx.array._base import lazy, one_axis
from phalanx.array._blocks import map_blocks
from phalanx.array._reductions import moment as _central
from phalanx.array._ufuncs import where

__all__ = [
    "chisquare", "f_oneway", "kurtosis", "kurtosistest", "moment", "normaltest", "power_divergence", "skew", "skewtest",
    "ttest_1samp", "ttest_ind", "ttest_rel",
]  # fmt: skip

F_onewayResult = namedtuple("F_onewayResult", ["statistic", "pvalue"])
KurtosistestResult = namedtuple("KurtosistestResult", ["statistic", "pvalue"])
NormaltestResult = namedtuple("NormaltestResult", ["statistic", "pvalue"])
Power_divergenceResult = namedtuple("Power_divergenceResult", ["statistic", "pvalue"])
SkewtestResult = namedtuple("SkewtestResult", ["statistic", "pvalue"])
Ttest_1sampResult = namedtuple("Ttest_1sampResult", ["statistic", "pvalue"])
Ttest_indResult = namedtuple("Ttest_indResult", ["statistic", "pvalue"])
Ttest_relResult = namedtuple("Ttest_relResult", ["statistic", "pvalue"])


class _Tail:
    """The probability beyond a statistic, one- or two-sided, by a distribution of SciPy."""

    def __init__(self, distribution: str, two_sided: bool) -> None:
        self.distribution, self.two_sided = distribution, two_sided
        self.__name__ = f"{distribution}.sf"

    def __call__(self, statistic: Any, *parameters: Any) -> Any:
        law = getattr(require("scipy.stats"), self.distribution)
        return 2 * law.sf(np.abs(statistic), *parameters) if self.two_sided else law.sf(statistic, *parameters)


def _probability(distribution: str, two_sided: bool, statistic: Any, *parameters: Any) -> Any:
    return map_blocks(_Tail(distribution, two_sided), statistic, *parameters, dtype=np.float64)


def _sample(a: Any, axis: Any, nan_policy: str) -> tuple[Any, int, int]:
    """The array, the axis and how many there are along it; over all elements if ``axis`` is None."""
    if nan_policy != "propagate":
        raise NotImplementedError(f"nan_policy={nan_policy!r}: 'propagate' alone; drop NaN before")
    a = lazy(a)
    if axis is None:
        a, axis = a.ravel(), 0
    axis = one_axis(axis, a.ndim)
    if a.dtype.kind in "biu":
        a = a.astype(np.float64)
    return a, axis, a.shape[axis]


def moment(a: Any, moment: int = 1, axis: Any = 0, nan_policy: str = "propagate") -> Any:
    """The central moment of an order."""
    a, axis, _ = _sample(a, axis, nan_policy)
    return _central(a, moment, axis)


def skew(a: Any, axis: Any = 0, bias: bool = True, nan_policy: str = "propagate") -> Any:
    """The skewness: the third central moment over the 1.5th power of the second."""
    a, axis, n = _sample(a, axis, nan_policy)
    second, third = _central(a, 2, axis), _central(a, 3, axis)
    # SciPy's: the third moment of what is constant is noise over noise.
    flat = second <= (np.finfo(a.dtype).resolution * a.mean(axis)) ** 2
    value = where(flat, np.nan, third / second**1.5)
    if bias or n <= 2:
        return value
    return where(flat, np.nan, math.sqrt((n - 1.0) * n) / (n - 2.0) * third / second**1.5)


def kurtosis(a: Any, axis: Any = 0, fisher: bool = True, bias: bool = True, nan_policy: str = "propagate") -> Any:
    """The kurtosis: the fourth central moment over the square of the second, less 3 by Fisher's definition."""
    a, axis, n = _sample(a, axis, nan_policy)
    second, fourth = _central(a, 2, axis), _central(a, 4, axis)
    flat = second <= (np.finfo(a.dtype).resolution * a.mean(axis)) ** 2
    value = fourth / second**2.0
    if not bias and n > 3:
        value = 1.0 / (n - 2) / (n - 3) * ((n**2 - 1.0) * value - 3 * (n - 1) ** 2.0) + 3.0
    value = where(flat, np.nan, value)
    return value - 3 if fisher else value


def skewtest(a: Any, axis: Any = 0, nan_policy: str = "propagate") -> Any:
    """Whether the skewness differs from that of the normal distribution (D'Agostino)."""
    a, axis, n = _sample(a, axis, nan_policy)
    if n < 8:
        raise ValueError(f"skewtest is not valid with less than 8 samples; {n} samples were given.")
    y = skew(a, axis) * math.sqrt(((n + 1) * (n + 3)) / (6.0 * (n - 2)))
    beta2 = 3.0 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2.0) * (n + 5) * (n + 7) * (n + 9))
    w2 = -1 + math.sqrt(2 * (beta2 - 1))
    delta = 1 / math.sqrt(0.5 * math.log(w2))
    alpha = math.sqrt(2.0 / (w2 - 1))
    y = where(y == 0, 1, y)
    z = delta * np.log(y / alpha + np.sqrt((y / alpha) ** 2 + 1))
    return SkewtestResult(z, _probability("norm", True, z))


def kurtosistest(a: Any, axis: Any = 0, nan_policy: str = "propagate") -> Any:
    """Whether the kurtosis differs from that of the normal distribution (Anscombe and Glynn)."""
    a, axis, n = _sample(a, axis, nan_policy)
    if n < 5:
        raise ValueError(f"kurtosistest requires at least 5 observations; only {n} observations were given.")
    b2 = kurtosis(a, axis, fisher=False)
    expected = 3.0 * (n - 1) / (n + 1)
    variance = 24.0 * n * (n - 2) * (n - 3) / ((n + 1) * (n + 1.0) * (n + 3) * (n + 5))
    x = (b2 - expected) / math.sqrt(variance)
    beta1 = 6.0 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * math.sqrt((6.0 * (n + 3) * (n + 5)) / (n * (n - 2) * (n - 3)))
    a_ = 6.0 + 8.0 / beta1 * (2.0 / beta1 + math.sqrt(1 + 4.0 / beta1**2))
    term1 = 1 - 2 / (9.0 * a_)
    denominator = 1 + x * math.sqrt(2 / (a_ - 4.0))
    term2 = np.sign(denominator) * where(
        denominator == 0.0, np.nan, ((1 - 2.0 / a_) / abs(denominator)) ** (1 / 3.0)
    )
    z = (term1 - term2) / math.sqrt(2 / (9.0 * a_))
    return KurtosistestResult(z, _probability("norm", True, z))


def normaltest(a: Any, axis: Any = 0, nan_policy: str = "propagate") -> Any:
    """Whether a sample differs from a normal distribution (D'Agostino and Pearson)."""
    s, k = skewtest(a, axis, nan_policy).statistic, kurtosistest(a, axis, nan_policy).statistic
    k2 = s * s + k * k
    return NormaltestResult(k2, _probability("chi2", False, k2, 2))


def ttest_1samp(a: Any, popmean: Any, axis: Any = 0, nan_policy: str = "propagate") -> Any:
    """Whether the mean is ``popmean``."""
    a, axis, n = _sample(a, axis, nan_policy)
    t = (a.mean(axis) - popmean) / np.sqrt(a.var(axis, ddof=1) / float(n))
    return Ttest_1sampResult(t, _probability("t", True, t, n - 1))


def ttest_rel(a: Any, b: Any, axis: Any = 0, nan_policy: str = "propagate") -> Any:
    """Whether the means of two related samples are equal."""
    a, axis, n = _sample(a, axis, nan_policy)
    b, _, m = _sample(b, axis, nan_policy)
    if n != m:
        raise ValueError("unequal length arrays")
    d = a - b
    t = d.mean(axis) / np.sqrt(d.var(axis, ddof=1) / float(n))
    return Ttest_relResult(t, _probability("t", True, t, n - 1))


def ttest_ind(a: Any, b: Any, axis: Any = 0, equal_var: bool = True) -> Any:
    """Whether the means of two independent samples are equal; without ``equal_var`` by Welch's test."""
    a, along, n1 = _sample(a, axis, "propagate")
    b, _, n2 = _sample(b, axis, "propagate")
    v1, v2 = a.var(along, ddof=1), b.var(along, ddof=1)
    freedom: Any
    if equal_var:
        freedom = n1 + n2 - 2
        error = np.sqrt(((n1 - 1) * v1 + (n2 - 1) * v2) / freedom * (1.0 / n1 + 1.0 / n2))
    else:
        one, two = v1 / n1, v2 / n2
        freedom = (one + two) ** 2 / (one**2 / (n1 - 1) + two**2 / (n2 - 1))
        freedom = where(np.isnan(freedom), 1, freedom)
        error = np.sqrt(one + two)
    t = (a.mean(along) - b.mean(along)) / error
    return Ttest_indResult(t, _probability("t", True, t, freedom))


_POWERS = {
    "pearson": 1.0, "log-likelihood": 0.0, "freeman-tukey": -0.5, "mod-log-likelihood": -1.0, "neyman": -2.0,
    "cressie-read": 2 / 3,
}  # fmt: skip


def power_divergence(f_obs: Any, f_exp: Any = None, ddof: int = 0, axis: Any = 0, lambda_: Any = None) -> Any:
    """Cressie and Read's statistics of how observed frequencies differ from expected ones (equal ones by default)."""
    if isinstance(lambda_, str):
        if lambda_ not in _POWERS:
            raise ValueError(f"invalid string for lambda_: {lambda_!r}. Valid strings are {sorted(_POWERS)}")
        lambda_ = _POWERS[lambda_]
    power = 1.0 if lambda_ is None else float(lambda_)
    seen, axis, n = _sample(f_obs, axis, "propagate")
    expected = seen.mean(axis, keepdims=True) if f_exp is None else lazy(f_exp).astype(np.float64)
    if power == 1:
        terms = (seen - expected) ** 2 / expected
    elif power == 0:
        terms = 2.0 * where(seen == 0, 0.0, seen * np.log(where(seen == 0, 1.0, seen) / expected))
    elif power == -1:
        terms = 2.0 * where(expected == 0, 0.0, expected * np.log(where(expected == 0, 1.0, expected) / seen))
    else:
        terms = seen * ((seen / expected) ** power - 1) / (0.5 * power * (power + 1))
    statistic = terms.sum(axis)
    return Power_divergenceResult(statistic, _probability("chi2", False, statistic, n - 1 - ddof))


def chisquare(f_obs: Any, f_exp: Any = None, ddof: int = 0, axis: Any = 0) -> Any:
    """Pearson's χ² of observed and expected frequencies."""
    return power_divergence(f_obs, f_exp, ddof, axis, "pearson")


def f_oneway(*args: Any) -> Any:
    """Whether the means of several samples are equal: one-way analysis of variance."""
    if len(args) < 2:
        raise TypeError(f"at least two inputs are required; got {len(args)}")
    from phalanx.array._joining import concatenate

    samples = [_sample(each, None, "propagate")[0] for each in args]
    groups, n = len(samples), sum(each.shape[0] for each in samples)
    everything = concatenate(samples)
    # Sums of squares about the mean of all: an offset would cost digits.
    middle = everything.mean()
    total = ((everything - middle) ** 2).sum()
    between = sum(((each - middle).sum() ** 2 / each.shape[0] for each in samples), start=0.0)
    between = between - (everything - middle).sum() ** 2 / n
    f = (between / (groups - 1)) / ((total - between) / (n - groups))
    return F_onewayResult(f, _probability("f", False, f, groups - 1, n - groups))
