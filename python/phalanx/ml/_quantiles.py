"""Features scaled by their quantiles. Quantiles are exact: the values of a feature come into one task."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from phalanx._lazy import np, require
from phalanx.ml._columnwise import by_column
from phalanx.ml._given import Given, given
from phalanx.ml._linear import need_count
from phalanx.ml._scalers import _Scaler, nonzero_scale

__all__ = ["QuantileTransformer", "RobustScaler", "quantiles"]


def quantiles(given: Given, percents: Any) -> Any:
    """Percentiles of each feature without NaN: a line for each."""
    from phalanx import array as da

    return np.asarray(da.nanpercentile(given.array(), np.asarray(percents, dtype=np.float64), axis=0).compute())


class RobustScaler(_Scaler):
    """Median 0, and the range between two percentiles 1.

    Parameters
    ----------
    with_centering, with_scaling, quantile_range, unit_variance
        As scikit-learn's; ``copy`` changes nothing.

    Attributes
    ----------
    center_, scale_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        *,
        with_centering: bool = True,
        with_scaling: bool = True,
        quantile_range: tuple[float, float] = (25.0, 75.0),
        copy: bool = True,
        unit_variance: bool = False,
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range
        self.copy = copy
        self.unit_variance = unit_variance

    def fit(self, X: Any, y: Any = None) -> RobustScaler:
        """Finds the quantiles."""
        low, high = self.quantile_range
        if not 0 <= low <= high <= 100:
            raise ValueError(f"Invalid quantile range: {self.quantile_range!s}")
        x, _ = given(self, X, reset=True, missing=True)
        least, middle, most = quantiles(x, [low, 50.0, high])
        self.center_ = middle if self.with_centering else None
        self.scale_ = None
        if self.with_scaling:
            self.scale_ = nonzero_scale(most - least)
            if self.unit_variance:
                norm = require("scipy.stats").norm
                self.scale_ = self.scale_ / (norm.ppf(high / 100.0) - norm.ppf(low / 100.0))
        return self

    def _parameters(self) -> tuple[Any, Any]:
        width = self.n_features_in_
        return (
            self.center_ if self.with_centering else np.zeros(width),
            self.scale_ if self.with_scaling else np.ones(width),
        )

    def transform(self, X: Any) -> Any:
        """The features, shifted and scaled."""
        return by_column(self._given(X), lambda x, center, scale: (x - center) / scale, *self._parameters())

    def inverse_transform(self, X: Any) -> Any:
        """What :meth:`transform` was given."""
        return by_column(self._given(X), lambda x, center, scale: x * scale + center, *self._parameters())


class QuantileTransformer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Each feature by its share of smaller values: uniform, or normal.

    Parameters
    ----------
    n_quantiles, output_distribution
        As scikit-learn's.
    subsample : None
        All rows are used.
    ignore_implicit_zeros, random_state, copy
        ``ignore_implicit_zeros`` must be False; the others change nothing.

    Attributes
    ----------
    n_quantiles_, quantiles_, references_, n_features_in_, feature_names_in_
    """

    #: What a normal variable is kept from: as scikit-learn's.
    _BOUND = 1e-7

    def __init__(
        self,
        *,
        n_quantiles: int = 1000,
        output_distribution: str = "uniform",
        ignore_implicit_zeros: bool = False,
        subsample: Any = None,
        random_state: Any = None,
        copy: bool = True,
    ) -> None:
        self.n_quantiles = n_quantiles
        self.output_distribution = output_distribution
        self.ignore_implicit_zeros = ignore_implicit_zeros
        self.subsample = subsample
        self.random_state = random_state
        self.copy = copy

    def fit(self, X: Any, y: Any = None) -> QuantileTransformer:
        """Finds the quantiles."""
        need_count("n_quantiles", self.n_quantiles)
        if self.output_distribution not in ("uniform", "normal"):
            raise ValueError(f"output_distribution must be 'uniform' or 'normal'. Got {self.output_distribution!r}")
        if self.subsample is not None:
            raise NotImplementedError(f"QuantileTransformer(subsample={self.subsample!r}): all rows are used; take None")
        if self.ignore_implicit_zeros:
            raise NotImplementedError("ignore_implicit_zeros=True is for sparse matrices, which are not taken")
        x, _ = given(self, X, reset=True, missing=True)
        lazy = x.array()
        self.n_quantiles_ = max(1, min(self.n_quantiles, lazy.shape[0]))
        self.references_ = np.linspace(0, 1, self.n_quantiles_)
        self.quantiles_ = np.maximum.accumulate(quantiles(x, self.references_ * 100))
        return self

    def _map(self, X: Any, inverse: bool) -> Any:
        from sklearn.utils.validation import check_is_fitted

        from phalanx import array as da

        check_is_fitted(self)
        x, _ = given(self, X, reset=False, missing=True)
        if x.kind == "values":
            columns = [self._one(np, x.x[:, j], self.quantiles_[:, j], inverse) for j in range(x.width)]
            return np.stack(columns, axis=1)
        if x.kind == "frame":
            raise NotImplementedError("QuantileTransformer of a lazy frame: give its rows as an array, frame.to_dask_array(lengths=True)")
        lazy = x.array()
        columns = [self._one(da, lazy[:, j], self.quantiles_[:, j], inverse) for j in range(x.width)]
        return da.stack(columns, axis=1).rechunk({1: -1})

    def _one(self, xp: Any, x: Any, known: Any, inverse: bool) -> Any:
        normal = self.output_distribution == "normal"
        if inverse:
            share = _normal_cdf(xp, x) if normal else x
            made = _interpolated(xp, share, self.references_, known)
            if normal:
                made = xp.where(share - self._BOUND < 0.0, known[0], made)
                return xp.where(share + self._BOUND > 1.0, known[-1], made)
            return xp.where(x == 0.0, known[0], xp.where(x == 1.0, known[-1], made))
        # A value that is several quantiles takes the middle of their places.
        up = _interpolated(xp, x, known, self.references_)
        down = _interpolated(xp, -x, -known[::-1], -self.references_[::-1])
        made = 0.5 * (up - down)
        if normal:
            low, high = x - self._BOUND < known[0], x + self._BOUND > known[-1]
        else:
            low, high = x == known[0], x == known[-1]
        made = xp.where(high, 1.0, made)
        made = xp.where(low, 0.0, made)
        made = xp.where(xp.isnan(x), xp.nan, made)
        if not normal:
            return made
        norm = require("scipy.stats").norm
        least = float(norm.ppf(self._BOUND - np.spacing(1)))
        most = float(norm.ppf(1 - (self._BOUND - np.spacing(1))))
        return xp.clip(_normal_quantile(xp, made), least, most)

    def transform(self, X: Any) -> Any:
        """The features, by their shares."""
        return self._map(X, inverse=False)

    def inverse_transform(self, X: Any) -> Any:
        """What :meth:`transform` was given, as far as the quantiles tell."""
        return self._map(X, inverse=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _interpolated(xp: Any, x: Any, known: Any, values: Any) -> Any:
    """NumPy's ``interp``; of lazy arrays from what workers have, in the same order of operations."""
    if xp is np or len(known) < 2:
        return np.interp(x, known, values) if xp is np else x * 0.0 + float(values[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.diff(values) / np.diff(known)
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    place = xp.searchsorted(xp.asarray(np.ascontiguousarray(known)), x, side="right") - 1
    place = xp.clip(place, 0, len(known) - 2)

    def of(table: Any) -> Any:
        return xp.take(xp.asarray(np.ascontiguousarray(table)), place)

    made = of(slopes) * (x - of(known[:-1])) + of(values[:-1])
    made = xp.where(x <= float(known[0]), float(values[0]), made)
    made = xp.where(x >= float(known[-1]), float(values[-1]), made)
    return xp.where(xp.isnan(x), np.nan, made)


def _normal_cdf(xp: Any, x: Any) -> Any:
    if xp is np:
        return require("scipy.stats").norm.cdf(x)
    raise NotImplementedError("inverse_transform to a normal distribution of a lazy array: compute it first")


def _normal_quantile(xp: Any, share: Any) -> Any:
    if xp is np:
        return require("scipy.stats").norm.ppf(share)
    raise NotImplementedError("output_distribution='normal' of a lazy array: compute it first, or take 'uniform'")
