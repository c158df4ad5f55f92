"""Rows where they are, and the passes over them: each one job that sends only sums."""

from __future__ import annotations

from typing import Any, NamedTuple

from phalanx import _client, _phalanx
from phalanx._lazy import np
from phalanx.exceptions import DataError
from phalanx.ml._given import Given, column, kind_of

__all__ = ["Rows", "Solution"]


class Solution(NamedTuple):
    """Where a minimiser ended."""

    w: Any
    iterations: int
    converged: bool
    #: The largest component of the smallest subgradient.
    gradient: float


class Rows:
    """Features, with a target and a weight if there are any: persisted by what passes over them more than once."""

    def __init__(self, native: Any, client: Any) -> None:
        self._native, self._client = native, client

    @classmethod
    def of(cls, given: Given, target: Any = None, weight: Any = None) -> Rows:
        """The rows of X beside a target and weights: values or lazy, one number a row each."""
        client = _client.native()
        if given.kind == "frame" and all(value is None or kind_of(value) == "series" for value in (target, weight)):
            return cls(_of_frame(given, target, weight, client), client)
        x = given.array()
        beside = [
            None if value is None else column(value, x, name)._native
            for value, name in ((target, "y"), (weight, "sample_weight"))
        ]
        return cls(_phalanx.Rows.of_array(client, x._native, *beside), client)

    @property
    def width(self) -> int:
        """How many features."""
        return int(self._native.width)

    def array(self) -> Any:
        """The features, as a persisted array."""
        from phalanx.array._base import wrap

        return wrap(self._native.to_array(self._client))

    def columns(self, classes: int = 0) -> dict[str, Any]:
        """Of every feature (of every class): weight, count, mean, sum of squared deviations, extremes. NaN is left out."""
        return _values(self._native.columns(self._client, classes))

    def minimise(self, estimator: str, family: str, predictors: int, **options: Any) -> Solution:
        """The minimum of a generalized linear model's mean loss plus penalties; each iteration is a pass."""
        found = self._fit("minimise", estimator, family, predictors, **options)
        return Solution(found["parameters"], found["iterations"], found["converged"], found["gradient"])

    def least_squares(self, fit_intercept: bool, alpha: float | None = None) -> dict[str, Any]:
        """Coefficients, intercept and rank of ordinary least squares, or with ``alpha`` of a ridge; one pass."""
        return self._fit("least_squares", fit_intercept, alpha)

    def elastic_net(self, fit_intercept: bool, *options: Any) -> dict[str, Any]:
        """Least squares with an l1 and an l2 penalty; one pass."""
        return self._fit("elastic_net", fit_intercept, *options)

    def kmeans(self, clusters: int, *options: Any) -> dict[str, Any]:
        """Centers and inertia of k-means; each step is a pass."""
        return self._fit("kmeans", clusters, *options)

    def spread(self, centered: bool) -> dict[str, Any]:
        """Means, and sums of products about them or about 0; one pass."""
        return self._fit("spread", centered)

    def clusters(self, centers: Any) -> dict[str, Any]:
        """Sums of the rows that are nearest to each center."""
        return _values(self._native.clusters(self._client, np.asarray(centers, dtype=np.float64).ravel().tolist()))

    def _fit(self, name: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            return _values(getattr(self._native, name)(self._client, *arguments, **options))
        except DataError:
            self.need_finite()  # says the features by their numbers
            raise

    def need_finite(self) -> None:
        """Refuses NaN and infinity among the features, by feature."""
        found = self.columns()
        bad = (found["count"][0] < found["rows"]) | (found["infinite"][0] > 0)
        if bad.any():
            where = ", ".join(str(number) for number in np.flatnonzero(bad)[:10])
            raise ValueError(f"Input X contains NaN or infinity, in feature {where}: impute or drop it (SimpleImputer)")


def _values(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, (int, float)) else np.asarray(value) for name, value in answer.items()}


def _of_frame(given: Given, target: Any, weight: Any, client: Any) -> Any:
    frame, names = given.x, list(given.names or [])
    free = _free_names(names)
    extra = {name: value for name, value in zip(free, (target, weight)) if value is not None}
    frame = frame.assign(**extra) if extra else frame
    picked = [name if name in extra else None for name in free]
    return _phalanx.Rows.of_frame(client, frame._native, names, *picked)


def _free_names(taken: list[str]) -> tuple[str, str]:
    suffix = ""
    while f"target{suffix}" in taken or f"weight{suffix}" in taken:
        suffix += "_"
    return f"target{suffix}", f"weight{suffix}"
