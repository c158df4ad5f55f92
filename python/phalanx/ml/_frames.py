"""dask-ml's transformers of frames: columns of text as categories, and as columns of 0 and 1."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin

from phalanx._lazy import np, pd
from phalanx.ml._categories import Table
from phalanx.ml._given import kind_of
from phalanx.ml._labels import numbers_of_texts

__all__ = ["Categorizer", "DummyEncoder"]


def _text_columns(X: Any) -> list[str]:
    meta = X._meta if kind_of(X) == "frame" else X
    text = (pd.api.types.is_object_dtype, pd.api.types.is_string_dtype)
    plain: Any = lambda dtype: isinstance(dtype, pd.CategoricalDtype) or any(test(dtype) for test in text)  # noqa: E731
    return [str(name) for name in meta.columns if plain(meta[name].dtype)]


def _need_frame(estimator: Any, X: Any) -> None:
    if kind_of(X) != "frame" and not isinstance(X, pd.DataFrame):
        raise TypeError(f"{type(estimator).__name__} takes a frame, not {type(X).__name__}")


class Categorizer(TransformerMixin, BaseEstimator):
    """Columns of text become categorical, with the categories that were there at the fit.

    Values that are no category become missing.

    Parameters
    ----------
    categories : dict, optional
        Column to categories or :class:`pandas.CategoricalDtype`; those of the others are found.
    columns : list, optional
        Which columns; all columns of text by default.

    Attributes
    ----------
    columns_, categories_
    """

    def __init__(self, categories: Any = None, columns: Any = None) -> None:
        self.categories = categories
        self.columns = columns

    def fit(self, X: Any, y: Any = None) -> Categorizer:
        """Finds the categories."""
        _need_frame(self, X)
        names = _text_columns(X) if self.columns is None else [str(name) for name in self.columns]
        table = Table(self, X, reset=True)
        given = self.categories or {}
        self.columns_ = pd.Index(names)
        self.categories_ = {}
        for name in names:
            known = given.get(name)
            if isinstance(known, pd.CategoricalDtype):
                self.categories_[name] = known
                continue
            found = table.different(table.names.index(name)) if known is None else known
            self.categories_[name] = pd.CategoricalDtype([value for value in found if not pd.isna(value)])
        return self

    def transform(self, X: Any, y: Any = None) -> Any:
        """The frame with categorical columns."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        _need_frame(self, X)
        return X.assign(**{name: X[name].astype(kind) for name, kind in self.categories_.items()})


class DummyEncoder(TransformerMixin, BaseEstimator):
    """Columns of text become columns of 0 and 1, one a category, behind the others.

    Parameters
    ----------
    columns : list, optional
        Which columns; all columns of text or categories by default.
    drop_first : bool, default False
        Without the first category of each.

    Attributes
    ----------
    columns_, transformed_columns_, categorical_columns_, non_categorical_columns_, categories_
    """

    def __init__(self, columns: Any = None, drop_first: bool = False) -> None:
        self.columns = columns
        self.drop_first = drop_first

    def fit(self, X: Any, y: Any = None) -> DummyEncoder:
        """Finds the categories."""
        _need_frame(self, X)
        table = Table(self, X, reset=True)
        names = _text_columns(X) if self.columns is None else [str(name) for name in self.columns]
        self.columns_ = pd.Index(table.names)
        self.categorical_columns_ = pd.Index(names)
        self.non_categorical_columns_ = self.columns_.drop(names)
        self.categories_ = {}
        for name in names:
            dtype = X[name].dtype
            if isinstance(dtype, pd.CategoricalDtype) and dtype.categories is not None:
                found = dtype.categories.tolist()
            else:
                found = [value for value in table.different(table.names.index(name)).tolist() if not pd.isna(value)]
            self.categories_[name] = np.array(found, dtype=object)
        made = [f"{name}_{value}" for name in names for value in self._kept(name)]
        self.transformed_columns_ = pd.Index([*self.non_categorical_columns_, *made])
        return self

    def _kept(self, name: str) -> list[Any]:
        return self.categories_[name].tolist()[1 if self.drop_first else 0 :]

    def transform(self, X: Any, y: Any = None) -> Any:
        """The frame with columns of 0 and 1 in place of the categories."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        _need_frame(self, X)
        columns = [str(name) for name in X.columns]
        if columns != list(self.columns_):
            raise ValueError(f"Columns of 'X' do not match the training columns. Got {columns!r}, expected {list(self.columns_)!r}")
        # Missing text, and such as was not there at the fit, is of no category.
        if kind_of(X) == "frame":
            X, numbers = numbers_of_texts(X, self.categories_, -1.0, -2.0)
        else:
            numbers = {}
        made = {}
        for name in self.categorical_columns_:
            first = 1 if self.drop_first else 0
            for number, value in enumerate(self._kept(name), first):
                if name in numbers:
                    made[f"{name}_{value}"] = X[numbers[name]] == float(number)
                else:
                    made[f"{name}_{value}"] = (X[name] == value).fillna(False).astype(bool)
        return X.assign(**made)[list(self.transformed_columns_)]
