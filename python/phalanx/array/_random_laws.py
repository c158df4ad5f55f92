"""The laws that random numbers follow, with NumPy's names and parameters."""

from __future__ import annotations

from typing import Any

__all__ = ["Laws"]


class Laws:
    """Methods that ask for an array of one law each; who has them makes it in ``_law``."""

    def _law(self, name: str, parameters: tuple[Any, ...], size: Any, chunks: Any, dtype: Any = None) -> Any:
        raise NotImplementedError

    def beta(self, a: Any, b: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Beta numbers on (0, 1)."""
        return self._law("beta", (a, b), size, chunks)

    def binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Successes of ``n`` trials."""
        return self._law("binomial", (n, p), size, chunks)

    def chisquare(self, df: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Chi-square numbers."""
        return self._law("chisquare", (df,), size, chunks)

    def exponential(self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Exponential numbers."""
        return self._law("exponential", (scale,), size, chunks)

    def f(self, dfnum: Any, dfden: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Fisher's F."""
        return self._law("f", (dfnum, dfden), size, chunks)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Gamma numbers."""
        return self._law("gamma", (shape, scale), size, chunks)

    def geometric(self, p: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Trials up to the first success."""
        return self._law("geometric", (p,), size, chunks)

    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Gumbel numbers."""
        return self._law("gumbel", (loc, scale), size, chunks)

    def hypergeometric(self, ngood: Any, nbad: Any, nsample: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Good ones in a sample without replacement."""
        return self._law("hypergeometric", (ngood, nbad, nsample), size, chunks)

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Laplace (double exponential) numbers."""
        return self._law("laplace", (loc, scale), size, chunks)

    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Logistic numbers."""
        return self._law("logistic", (loc, scale), size, chunks)

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Exponentials of normal numbers."""
        return self._law("lognormal", (mean, sigma), size, chunks)

    def logseries(self, p: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Numbers of the logarithmic series."""
        return self._law("logseries", (p,), size, chunks)

    def negative_binomial(self, n: Any, p: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Failures before the n-th success."""
        return self._law("negative_binomial", (n, p), size, chunks)

    def noncentral_chisquare(self, df: Any, nonc: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Non-central chi-square numbers."""
        return self._law("noncentral_chisquare", (df, nonc), size, chunks)

    def noncentral_f(self, dfnum: Any, dfden: Any, nonc: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Non-central F."""
        return self._law("noncentral_f", (dfnum, dfden, nonc), size, chunks)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Normal numbers, with this mean and standard deviation."""
        return self._law("normal", (loc, scale), size, chunks)

    def pareto(self, a: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Pareto II (Lomax) numbers."""
        return self._law("pareto", (a,), size, chunks)

    def poisson(self, lam: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Poisson numbers."""
        return self._law("poisson", (lam,), size, chunks)

    def power(self, a: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Numbers of [0, 1] with a density like ``x**(a - 1)``."""
        return self._law("power", (a,), size, chunks)

    def rayleigh(self, scale: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Rayleigh numbers."""
        return self._law("rayleigh", (scale,), size, chunks)

    def standard_cauchy(self, size: Any = None, chunks: Any = "auto") -> Any:
        """Cauchy numbers."""
        return self._law("standard_cauchy", (), size, chunks)

    def standard_t(self, df: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Student's t."""
        return self._law("standard_t", (df,), size, chunks)

    def triangular(self, left: Any, mode: Any, right: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Numbers of a triangular density."""
        return self._law("triangular", (left, mode, right), size, chunks)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None, chunks: Any = "auto") -> Any:
        """Uniform on [low, high)."""
        return self._law("uniform", (low, high), size, chunks)

    def vonmises(self, mu: Any, kappa: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Von Mises numbers on [-π, π]."""
        return self._law("vonmises", (mu, kappa), size, chunks)

    def wald(self, mean: Any, scale: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Wald (inverse Gaussian) numbers."""
        return self._law("wald", (mean, scale), size, chunks)

    def weibull(self, a: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Weibull numbers of scale 1."""
        return self._law("weibull", (a,), size, chunks)

    def zipf(self, a: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Zipf (zeta) numbers."""
        return self._law("zipf", (a,), size, chunks)
