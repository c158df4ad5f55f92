"""Rows that are kept where they are computed, and the passes over them: each one job that sends only sums."""

from __future__ import annotations

from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np
from phalanx.ml._given import Given, column, floats, is_lazy, kind_of

__all__ = ["Rows"]


class Rows:
    """Features, with a target and a weight if there are any, persisted on the current engine."""

    def __init__(self, native: Any, client: Any) -> None:
        self._native, self._client = native, client

    @classmethod
    def of(cls, given: Given, target: Any = None, weight: Any = None) -> Rows:
        """The rows of X beside a target and weights: values or lazy, one number a row each."""
        client = _client.native()
        beside = [value for value in (target, weight) if value is not None]
        has = (target is not None, weight is not None)
        if given.kind == "values" and not any(is_lazy(value) for value in beside):
            table = floats(np.column_stack([given.x, *beside]) if beside else given.x)
        elif given.kind == "frame" and all(kind_of(value) == "series" for value in beside):
            return cls(_of_frame(given, target, weight, client), client)
        else:
            x = given.array()
            table = _beside(x, [column(value, x, name) for value, name in zip(beside, _names(has))])
        return cls(_phalanx.Rows.of_array(client, table._native, *has), client)

    @property
    def count(self) -> int:
        """How many rows."""
        return int(self._native.rows)

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

    def gram(self, center: Any = None, target_center: float = 0.0) -> dict[str, Any]:
        """Sums of products of features, the constant 1 and the target, about a center."""
        center = np.zeros(self.width) if center is None else np.asarray(center)
        return _values(self._native.gram(self._client, center.tolist(), float(target_center)))

    def glm(self, family: str, parameters: Any, hessian: bool = False) -> dict[str, Any]:
        """Loss, gradient and Hessian; a line of ``parameters`` is the coefficients and the intercept of a predictor."""
        return _values(self._native.glm(self._client, family, np.atleast_2d(parameters).tolist(), hessian))

    def clusters(self, centers: Any) -> dict[str, Any]:
        """Sums of the rows that are nearest to each center."""
        return _values(self._native.clusters(self._client, np.asarray(centers, dtype=np.float64).ravel().tolist()))

    def need_finite(self) -> None:
        """Refuses NaN and infinity among the features, by feature."""
        found = self.columns()
        bad = (found["count"][0] < found["rows"]) | (found["infinite"][0] > 0)
        if bad.any():
            where = ", ".join(str(number) for number in np.flatnonzero(bad)[:10])
            raise ValueError(f"Input X contains NaN or infinity, in feature {where}: impute or drop it (SimpleImputer)")


def _names(has: tuple[bool, bool]) -> list[str]:
    return [name for name, there in zip(("y", "sample_weight"), has) if there]


def _values(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, (int, float)) else np.asarray(value) for name, value in answer.items()}


def _beside(x: Any, columns: list[Any]) -> Any:
    from phalanx import array as da

    if not columns:
        return x
    table = da.concatenate([x, *(each.reshape(-1, 1) for each in columns)], axis=1)
    return table.rechunk({0: x.chunks[0], 1: -1})


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
