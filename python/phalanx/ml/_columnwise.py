"""Functions of features that look at one value at a time: over values, lazy arrays and frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx._lazy import np
from phalanx.ml._given import Given, whole_rows

__all__ = ["Columnwise", "by_column"]


def by_column(given: Given, function: Callable[..., Any], *parameters: Any) -> Any:
    """``function(x, *parameters)``, elementwise; each parameter has a number a feature.

    Values give values, arrays a lazy array, frames a lazy frame with the same columns.
    """
    if given.kind == "values":
        return function(given.x, *(np.asarray(each) for each in parameters))
    if given.kind == "array":
        return function(whole_rows(given.x), *(np.asarray(each) for each in parameters))
    made = {
        name: function(given.x[name], *(float(each[number]) for each in parameters))
        for number, name in enumerate(given.names or [])
    }
    return given.x.assign(**made)


class Columnwise:
    """A transformer that gives one feature for each: what it fits and computes is in :meth:`fit` and ``_forward``."""

    feature_names_in_: Any
    n_features_in_: int

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the features that come out: those that came in."""
        from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

        check_is_fitted(self, "n_features_in_")
        return _check_feature_names_in(self, input_features)
