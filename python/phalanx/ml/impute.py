"""Missing values filled in."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin

from phalanx._lazy import np
from phalanx.ml._categories import Table
from phalanx.ml._columnwise import by_column
from phalanx.ml._given import given, kind_of
from phalanx.ml._quantiles import quantiles
from phalanx.ml._rows import Rows

__all__ = ["SimpleImputer"]


class SimpleImputer(TransformerMixin, BaseEstimator):
    """Missing values become the mean, the median, the most frequent value or a constant of their feature.

    Parameters
    ----------
    missing_values : NaN
        NaN (and null in frames) alone.
    strategy : {"mean", "median", "most_frequent", "constant"}, default "mean"
    fill_value : object, optional
        For ``"constant"``; 0 by default.
    copy
        Changes nothing.
    add_indicator, keep_empty_features
        Must be False.

    Attributes
    ----------
    statistics_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        *,
        missing_values: Any = np.nan,
        strategy: str = "mean",
        fill_value: Any = None,
        copy: bool = True,
        add_indicator: bool = False,
        keep_empty_features: bool = False,
    ) -> None:
        self.missing_values = missing_values
        self.strategy = strategy
        self.fill_value = fill_value
        self.copy = copy
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features

    def fit(self, X: Any, y: Any = None) -> SimpleImputer:
        """Finds what to fill in."""
        if not (isinstance(self.missing_values, float) and np.isnan(self.missing_values)):
            raise NotImplementedError(f"SimpleImputer(missing_values={self.missing_values!r}): replace it by NaN first")
        if self.add_indicator or self.keep_empty_features:
            raise NotImplementedError("add_indicator and keep_empty_features: add isna() of the columns yourself")
        if self.strategy not in ("mean", "median", "most_frequent", "constant"):
            raise ValueError(f"strategy must be 'mean', 'median', 'most_frequent' or 'constant'. Got {self.strategy!r}")
        if self.strategy == "most_frequent" and kind_of(X) == "frame":
            self.statistics_ = self._modes(X)
            return self
        if self.strategy == "constant" and kind_of(X) == "frame":
            table = Table(self, X, reset=True)
            fill = 0 if self.fill_value is None else self.fill_value
            self.statistics_ = np.array([fill] * table.width, dtype=None if isinstance(fill, (int, float)) else object)
            return self
        x, _ = given(self, X, reset=True, missing=True)
        if self.strategy == "mean":
            found = Rows.of(x).columns()
            self.statistics_ = np.where(found["count"][0] > 0, found["mean"][0], np.nan)
        elif self.strategy == "median":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                self.statistics_ = quantiles(x, [50.0])[0]
        elif self.strategy == "constant":
            self.statistics_ = np.full(x.width, 0.0 if self.fill_value is None else float(self.fill_value))
        else:
            lazy = x.array()
            self.statistics_ = np.array([_mode(lazy[:, j]) for j in range(x.width)])
        empty = np.isnan(self.statistics_)
        if empty.any():
            raise ValueError(f"features {np.flatnonzero(empty).tolist()} have no value at all: leave them out")
        return self

    def _modes(self, X: Any) -> Any:
        table = Table(self, X, reset=True)
        modes = []
        for name in table.names:
            counts = X.value_counts(name).compute()
            best = counts[counts == counts.max()]
            modes.append(sorted(best.index)[0])
        kinds = {type(mode) for mode in modes}
        return np.array(modes, dtype=object if str in kinds else None)

    def transform(self, X: Any) -> Any:
        """The features, filled in."""
        from sklearn.utils.validation import check_is_fitted

        from phalanx import array as da

        check_is_fitted(self)
        if kind_of(X) == "frame":
            table = Table(self, X, reset=False)
            fills = self.statistics_.tolist()
            return X.assign(**{name: X[name].fillna(fill) for name, fill in zip(table.names, fills)})
        x, _ = given(self, X, reset=False, missing=True)
        xp: Any = da if x.lazy else np
        return by_column(x, lambda values, fill: xp.where(xp.isnan(values), fill, values), self.statistics_)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names that came in."""
        from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

        check_is_fitted(self)
        return _check_feature_names_in(self, input_features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _mode(column: Any) -> float:
    """The most frequent value, of several the smallest; NaN if there is none."""
    from phalanx import array as da
    from phalanx._compute import compute

    values, counts = compute(*da.unique(column, return_counts=True))
    counts = np.where(np.isnan(values), 0, counts)
    return float(values[int(np.argmax(counts))]) if counts.any() else np.nan
