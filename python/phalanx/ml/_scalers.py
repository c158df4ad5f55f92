"""Features shifted and scaled by their moments or extremes: one pass to fit, none to transform."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from phalanx._lazy import np
from phalanx.ml._columnwise import by_column
from phalanx.ml._given import Given, given
from phalanx.ml._linear import check_weight
from phalanx.ml._rows import Rows

__all__ = ["MaxAbsScaler", "MinMaxScaler", "StandardScaler", "nonzero_scale"]


def nonzero_scale(scale: Any, constant: Any = None) -> Any:
    """What to divide by: 1 where there is nothing to scale."""
    scale = np.array(scale, dtype=np.float64)
    if constant is None:
        constant = scale < 10 * np.finfo(np.float64).eps
    scale[constant] = 1.0
    return scale


class _Scaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """One number in, one number out; NaN stays NaN and is not counted."""

    def _columns(self, X: Any, sample_weight: Any = None) -> dict[str, Any]:
        x, _ = given(self, X, reset=True, missing=True)
        found = Rows.of(x, None, check_weight(sample_weight, x)).columns()
        if found["infinite"][0].any():
            where = ", ".join(str(number) for number in np.flatnonzero(found["infinite"][0])[:10])
            raise ValueError(f"Input X contains infinity or a value too large for dtype('float64'), in feature {where}")
        for name in ("mean", "min", "max"):
            found[name][found["count"] == 0] = np.nan
        return found

    def _given(self, X: Any) -> Given:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return given(self, X, reset=False, missing=True)[0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class StandardScaler(_Scaler):
    """Mean 0 and standard deviation 1 (of the population). A constant feature is only shifted.

    Parameters
    ----------
    copy : bool
        Changes nothing: X is never written to.
    with_mean, with_std : bool, default True

    Attributes
    ----------
    mean_, var_, scale_, n_samples_seen_, n_features_in_, feature_names_in_
    """

    def __init__(self, *, copy: bool = True, with_mean: bool = True, with_std: bool = True) -> None:
        self.copy = copy
        self.with_mean = with_mean
        self.with_std = with_std

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> StandardScaler:
        """Finds means and deviations; one pass."""
        found = self._columns(X, sample_weight)
        weight, mean = found["weight"][0], found["mean"][0]
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = found["deviation"][0] / weight
        count = found["count"][0]
        seen = weight if sample_weight is not None else count
        self.n_samples_seen_ = seen if (count < found["rows"]).any() else seen[0]
        self.mean_ = mean if self.with_mean or self.with_std else None
        self.var_ = self.scale_ = None
        if self.with_std:
            self.var_ = variance
            # What rounding alone may leave of a constant feature: scikit-learn's bound.
            eps = np.finfo(np.float64).eps
            bound = seen * eps * variance + (seen * mean * eps) ** 2
            self.scale_ = nonzero_scale(np.sqrt(variance), variance <= bound)
        return self

    def _parameters(self) -> tuple[Any, Any]:
        width = self.n_features_in_
        return (
            self.mean_ if self.with_mean else np.zeros(width),
            self.scale_ if self.with_std else np.ones(width),
        )

    def transform(self, X: Any, copy: Any = None) -> Any:
        """The features, shifted and scaled."""
        return by_column(self._given(X), lambda x, mean, scale: (x - mean) / scale, *self._parameters())

    def inverse_transform(self, X: Any, copy: Any = None) -> Any:
        """What :meth:`transform` was given."""
        return by_column(self._given(X), lambda x, mean, scale: x * scale + mean, *self._parameters())


class MinMaxScaler(_Scaler):
    """The smallest value of each feature becomes ``feature_range[0]``, the largest ``feature_range[1]``.

    Attributes
    ----------
    min_, scale_, data_min_, data_max_, data_range_, n_samples_seen_, n_features_in_, feature_names_in_
    """

    def __init__(self, feature_range: tuple[float, float] = (0, 1), *, copy: bool = True, clip: bool = False) -> None:
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> MinMaxScaler:
        """Finds the extremes; one pass."""
        low, high = self.feature_range
        if low >= high:
            raise ValueError(f"Minimum of desired feature range must be smaller than maximum. Got {self.feature_range!s}.")
        found = self._columns(X)
        self.data_min_, self.data_max_ = found["min"][0], found["max"][0]
        self.data_range_ = self.data_max_ - self.data_min_
        self.scale_ = (high - low) / nonzero_scale(self.data_range_)
        self.min_ = low - self.data_min_ * self.scale_
        self.n_samples_seen_ = int(found["rows"])
        return self

    def transform(self, X: Any) -> Any:
        """The features, scaled."""
        low, high = (float(each) for each in self.feature_range)

        def forward(x: Any, scale: Any, least: Any) -> Any:
            scaled = x * scale + least
            return scaled.clip(low, high) if self.clip else scaled

        return by_column(self._given(X), forward, self.scale_, self.min_)

    def inverse_transform(self, X: Any) -> Any:
        """What :meth:`transform` was given."""
        return by_column(self._given(X), lambda x, scale, least: (x - least) / scale, self.scale_, self.min_)


class MaxAbsScaler(_Scaler):
    """Each feature divided by its largest absolute value.

    Attributes
    ----------
    scale_, max_abs_, n_samples_seen_, n_features_in_, feature_names_in_
    """

    def __init__(self, *, copy: bool = True) -> None:
        self.copy = copy

    def fit(self, X: Any, y: Any = None) -> MaxAbsScaler:
        """Finds the extremes; one pass."""
        found = self._columns(X)
        self.max_abs_ = np.maximum(np.abs(found["min"][0]), np.abs(found["max"][0]))
        self.scale_ = nonzero_scale(self.max_abs_)
        self.n_samples_seen_ = int(found["rows"])
        return self

    def transform(self, X: Any) -> Any:
        """The features, scaled."""
        return by_column(self._given(X), lambda x, scale: x / scale, self.scale_)

    def inverse_transform(self, X: Any) -> Any:
        """What :meth:`transform` was given."""
        return by_column(self._given(X), lambda x, scale: x * scale, self.scale_)
