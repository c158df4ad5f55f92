"""Categories as numbers."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from phalanx._lazy import np, pd, require
from phalanx.ml._categories import Table
from phalanx.ml._given import classes_and_codes, codes_among, kind_of
from phalanx.ml._labels import numbered, numbers_of_texts, one_hot

__all__ = ["LabelEncoder", "OneHotEncoder", "OrdinalEncoder"]


class _Encoder(TransformerMixin, BaseEstimator):
    """An encoder of columns by their categories."""

    categories: Any
    handle_unknown: str

    def _fit_categories(self, X: Any, ways: tuple[str, ...]) -> None:
        if self.handle_unknown not in ways:
            known = {"error", "ignore", "use_encoded_value", "infrequent_if_exist", "warn"}
            kind = NotImplementedError if self.handle_unknown in known else ValueError
            raise kind(f"handle_unknown={self.handle_unknown!r}: take one of {', '.join(map(repr, ways))}")
        table = Table(self, X, reset=True)
        if isinstance(self.categories, str):
            if self.categories != "auto":
                raise ValueError(f"categories must be 'auto' or a list. Got {self.categories!r}")
            self.categories_ = [table.different(j) for j in range(table.width)]
            return
        if len(self.categories) != table.width:
            raise ValueError("Shape mismatch: if categories is an array, it has to be of shape (n_features,).")
        self.categories_ = [np.asarray(each) for each in self.categories]
        if self.handle_unknown == "error":
            for j, known in enumerate(self.categories_):
                _need_fit(table, j, known)

    def _table(self, X: Any) -> Table:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        table = Table(self, X, reset=False)
        if self.handle_unknown == "error":
            for j, categories in enumerate(self.categories_):
                table.need_known(j, categories)
        return table

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.allow_nan = tags.input_tags.string = True
        return tags


def _need_fit(table: Table, number: int, categories: Any) -> None:
    try:
        table.need_known(number, categories)
    except ValueError as error:
        raise ValueError(str(error).replace("transform", "fit")) from None


class OneHotEncoder(_Encoder):
    """One column of 0 and 1 for each category of each column.

    Parameters
    ----------
    categories : "auto" or list
    drop : {None, "first", "if_binary"}, default None
    sparse_output : bool, default True
        Values give a sparse matrix, as in scikit-learn. What is lazy is dense: a lazy array, or frame.
    dtype : type, default float64
    handle_unknown : {"error", "ignore"}, default "error"
        Lazy data is looked through when it is transformed.
    min_frequency, max_categories, feature_name_combiner
        Must be at their defaults.

    Attributes
    ----------
    categories_, drop_idx_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        *,
        categories: Any = "auto",
        drop: Any = None,
        sparse_output: bool = True,
        dtype: Any = np.float64,
        handle_unknown: str = "error",
        min_frequency: Any = None,
        max_categories: Any = None,
        feature_name_combiner: Any = "concat",
    ) -> None:
        self.categories = categories
        self.drop = drop
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.feature_name_combiner = feature_name_combiner

    def fit(self, X: Any, y: Any = None) -> OneHotEncoder:
        """Finds the categories."""
        if self.min_frequency is not None or self.max_categories is not None:
            raise NotImplementedError("rare categories (min_frequency, max_categories): name the categories that are kept")
        if self.feature_name_combiner != "concat":
            raise NotImplementedError("feature_name_combiner: rename the columns that come out")
        if not (self.drop is None or (isinstance(self.drop, str) and self.drop in ("first", "if_binary"))):
            raise NotImplementedError(f"OneHotEncoder(drop={self.drop!r}): None, 'first' or 'if_binary'")
        self._fit_categories(X, ("error", "ignore"))
        self.drop_idx_ = None
        if self.drop is not None:
            binary = self.drop == "if_binary"
            self.drop_idx_ = np.array(
                [None if binary and len(each) != 2 else 0 for each in self.categories_], dtype=object
            )
        return self

    def _kept(self, number: int) -> list[Any]:
        categories = list(self.categories_[number].tolist())
        if self.drop_idx_ is not None and self.drop_idx_[number] is not None:
            del categories[self.drop_idx_[number]]
        return categories

    def transform(self, X: Any) -> Any:
        """The columns of 0 and 1."""
        table = self._table(X)
        wanted = [(j, value) for j in range(table.width) for value in self._kept(j)]
        if table.kind == "frame":
            names = self.get_feature_names_out().tolist()
            x, hits = table.hits(self.categories_)
            made = {name: hits(j, value).astype(np.dtype(self.dtype).name) for name, (j, value) in zip(names, wanted)}
            return x.assign(**made)[names]
        if table.kind == "array":
            without = [None if self.drop_idx_ is None else self.drop_idx_[j] for j in range(table.width)]
            made = one_hot(table.x, self.categories_, without, self.dtype)
            if made is not None:
                return made
        columns = [table.matches(j, value) for j, value in wanted]
        if table.kind == "array":
            from phalanx import array as da

            if not columns:
                return da.zeros((table.x.shape[0], 0), dtype=self.dtype)
            return da.stack(columns, axis=1).astype(self.dtype).rechunk({1: -1})
        rows = len(table.x)
        dense = np.stack(columns, axis=1).astype(self.dtype) if columns else np.zeros((rows, 0), dtype=self.dtype)
        return require("scipy.sparse").csr_matrix(dense) if self.sparse_output else dense

    def inverse_transform(self, X: Any) -> Any:
        """The categories of values that :meth:`transform` has given."""
        from sklearn import preprocessing
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        if kind_of(X) != "values":
            raise NotImplementedError("inverse_transform of lazy data: compute it first")
        model = preprocessing.OneHotEncoder(categories=self.categories_, drop=self.drop, handle_unknown=self.handle_unknown)
        first = max(len(each) for each in self.categories_)
        sample = np.empty((first, len(self.categories_)), dtype=object)
        for j, each in enumerate(self.categories_):
            sample[:, j] = [each[i % len(each)] for i in range(first)]
        return model.fit(sample).inverse_transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """``column_category`` for each column that comes out."""
        from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array([f"{name}_{value}" for j, name in enumerate(names) for value in self._kept(j)], dtype=object)


class OrdinalEncoder(OneToOneFeatureMixin, _Encoder):
    """The number of each value among the categories of its column.

    Parameters
    ----------
    categories : "auto" or list
    dtype : type, default float64
    handle_unknown : {"error", "use_encoded_value"}, default "error"
        Lazy data is looked through when it is transformed, if unknown categories are errors.
    unknown_value : number, optional
    encoded_missing_value : number, default NaN
    min_frequency, max_categories
        Must be None.

    Attributes
    ----------
    categories_, n_features_in_, feature_names_in_
    """

    def __init__(
        self,
        *,
        categories: Any = "auto",
        dtype: Any = np.float64,
        handle_unknown: str = "error",
        unknown_value: Any = None,
        encoded_missing_value: Any = np.nan,
        min_frequency: Any = None,
        max_categories: Any = None,
    ) -> None:
        self.categories = categories
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.unknown_value = unknown_value
        self.encoded_missing_value = encoded_missing_value
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def fit(self, X: Any, y: Any = None) -> OrdinalEncoder:
        """Finds the categories."""
        if self.min_frequency is not None or self.max_categories is not None:
            raise NotImplementedError("rare categories (min_frequency, max_categories): name the categories that are kept")
        if self.handle_unknown == "use_encoded_value":
            if self.unknown_value is None:
                raise TypeError("unknown_value should be an integer or np.nan when handle_unknown is 'use_encoded_value', got None.")
        elif self.unknown_value is not None:
            raise TypeError(f"unknown_value should only be set when handle_unknown is 'use_encoded_value', got {self.unknown_value}.")
        self._fit_categories(X, ("error", "use_encoded_value"))
        return self

    def transform(self, X: Any) -> Any:
        """The numbers."""
        table = self._table(X)
        unknown = np.nan if self.unknown_value is None else float(self.unknown_value)
        if table.kind == "array":
            made = numbered(table.x, self.categories_, self.dtype, unknown, float(self.encoded_missing_value))
            if made is not None:
                return made
        kind = np.dtype(self.dtype)
        if table.kind == "frame":
            return self._of_frame(table, unknown, kind)
        columns = [self._codes(table, j, unknown) for j in range(table.width)]
        if table.kind == "array":
            from phalanx import array as da

            return da.stack(columns, axis=1).astype(kind).rechunk({1: -1})
        return np.stack(columns, axis=1).astype(kind)

    def _of_frame(self, table: Table, unknown: float, kind: Any) -> Any:
        names: dict[str, str] = {}
        for has_missing in (False, True):
            # Where a missing value is no category, it is as unknown as others.
            known = zip(table.names, self.categories_)
            columns = {name: each for name, each in known if bool(pd.isna(each).any()) == has_missing}
            missing = float(self.encoded_missing_value) if has_missing else unknown
            table.x, numbers = numbers_of_texts(table.x, columns, unknown, missing)
            names |= numbers
        made = {
            name: table.x[names[name]] if name in names else self._codes(table, j, unknown)
            for j, name in enumerate(table.names)
        }
        return table.x.assign(**{name: column.astype(kind.name) for name, column in made.items()})[table.names]

    def _codes(self, table: Table, j: int, unknown: float) -> Any:
        from phalanx import array as da

        made: Any = None
        for number, value in enumerate(self.categories_[j].tolist()):
            missing = value is None or value != value
            code = float(self.encoded_missing_value) if missing else float(number)
            hit = table.matches(j, value)
            if table.kind == "frame":
                made = (hit.astype("float64") * 0.0 + unknown if made is None else made).mask(hit, code)
            elif table.kind == "array":
                made = da.where(hit, code, unknown if made is None else made)
            else:
                made = np.where(hit, code, unknown if made is None else made)
        return made

    def inverse_transform(self, X: Any) -> Any:
        """The categories of values that :meth:`transform` has given."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        if kind_of(X) != "values":
            raise NotImplementedError("inverse_transform of lazy data: compute it first")
        codes = np.asarray(X)
        columns = [each[codes[:, j].astype(np.intp)] for j, each in enumerate(self.categories_)]
        return np.stack(columns, axis=1) if len({c.dtype for c in columns}) == 1 else np.stack([c.astype(object) for c in columns], axis=1)


class LabelEncoder(TransformerMixin, BaseEstimator):
    """Labels as numbers from 0, in their order.

    Parameters
    ----------
    use_categorical : bool, default True
        As dask-ml's; changes nothing: categories of a series are its different values.

    Attributes
    ----------
    classes_
    """

    def __init__(self, use_categorical: bool = True) -> None:
        self.use_categorical = use_categorical

    def fit(self, y: Any) -> LabelEncoder:
        """Finds the labels."""
        self.classes_, _ = classes_and_codes(y)
        return self

    def fit_transform(self, y: Any) -> Any:
        """The number of each label."""
        self.classes_, codes = classes_and_codes(y)
        return codes.astype("int64" if kind_of(codes) == "series" else np.int64)

    def transform(self, y: Any) -> Any:
        """The number of each label."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return codes_among(y, self.classes_)

    def inverse_transform(self, y: Any) -> Any:
        """The labels of numbers."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        kind = kind_of(y)
        if kind == "array":
            from phalanx import array as da

            if self.classes_.dtype.kind not in "biuf":
                raise NotImplementedError(f"labels of type {self.classes_.dtype} as a lazy array: compute y first")
            return da.take(da.asarray(self.classes_), y.astype(np.int64))
        if kind != "values":
            raise NotImplementedError("inverse_transform of a series: compute it first, or series.map(dict(enumerate(classes_)))")
        numbers = np.asarray(y)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= len(self.classes_)):
            raise ValueError(f"y contains previously unseen labels: {np.setdiff1d(numbers, np.arange(len(self.classes_)))}")
        return self.classes_[numbers.astype(np.intp)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.target_tags.one_d_labels = False, True
        return tags
