"""Products of features."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin

from phalanx._lazy import np
from phalanx.ml._given import given

__all__ = ["PolynomialFeatures"]


class PolynomialFeatures(TransformerMixin, BaseEstimator):
    """All products of features up to a degree, in scikit-learn's order.

    Parameters
    ----------
    degree : int or (int, int), default 2
    interaction_only, include_bias
        As scikit-learn's.
    order : "C"
    preserve_dataframe : bool, default False
        A lazy frame gives a lazy frame, as in dask-ml; else an array.

    Attributes
    ----------
    powers_, n_output_features_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        degree: Any = 2,
        *,
        interaction_only: bool = False,
        include_bias: bool = True,
        order: str = "C",
        preserve_dataframe: bool = False,
    ) -> None:
        self.degree = degree
        self.interaction_only = interaction_only
        self.include_bias = include_bias
        self.order = order
        self.preserve_dataframe = preserve_dataframe

    def fit(self, X: Any, y: Any = None) -> PolynomialFeatures:
        """Counts the products; no pass over the rows."""
        given(self, X, reset=True)
        if self.order != "C":
            raise NotImplementedError("PolynomialFeatures(order='F'): arrays are in C order")
        self._restore()
        self.n_output_features_ = self._model.n_output_features_
        return self

    def _restore(self) -> None:
        """What names and exponents are asked of: it follows from the parameters and the number of features."""
        from sklearn import preprocessing

        self._model = preprocessing.PolynomialFeatures(
            self.degree, interaction_only=self.interaction_only, include_bias=self.include_bias
        ).fit(np.zeros((1, self.n_features_in_)))

    @property
    def powers_(self) -> Any:
        """The exponent of each feature in each product."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self._model.powers_

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the products."""
        from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

        check_is_fitted(self)
        return self._model.get_feature_names_out(_check_feature_names_in(self, input_features))

    def transform(self, X: Any) -> Any:
        """The products: lazy, if X is."""
        from sklearn.utils.validation import check_is_fitted

        from phalanx import array as da

        check_is_fitted(self)
        x, _ = given(self, X, reset=False)
        if x.kind == "values":
            return self._model.transform(x.x)
        if x.kind == "frame" and self.preserve_dataframe:
            return self._frame(x)
        lazy = x.array()
        columns: dict[tuple[int, ...], Any] = {(): da.ones_like(lazy[:, 0])}
        columns.update({(j,): lazy[:, j] for j in range(x.width)})
        made = [self._product(columns, _factors(line)) for line in self.powers_]
        return da.stack(made, axis=1).rechunk({1: -1})

    def _frame(self, x: Any) -> Any:
        columns: dict[tuple[int, ...], Any] = {(j,): x.x[name] for j, name in enumerate(x.names)}
        columns[()] = x.x[x.names[0]] * 0.0 + 1.0
        names = list(self.get_feature_names_out())
        made = {name: self._product(columns, _factors(line)) for name, line in zip(names, self.powers_)}
        return x.x.assign(**made)[names]

    def _product(self, columns: dict[tuple[int, ...], Any], factors: tuple[int, ...]) -> Any:
        """A product is one more factor times a product that is known: scikit-learn's order of multiplications."""
        if factors not in columns:
            columns[factors] = columns[factors[:1]] * self._product(columns, factors[1:])
        return columns[factors]


def _factors(powers: Any) -> tuple[int, ...]:
    return tuple(j for j, power in enumerate(powers.tolist()) for _ in range(power))
