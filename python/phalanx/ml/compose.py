"""Transformers of some columns each, side by side."""

from __future__ import annotations

from typing import Any

from sklearn import compose as theirs
from sklearn.base import clone

from phalanx._lazy import np
from phalanx.ml._given import is_lazy, kind_of

__all__ = ["ColumnTransformer", "make_column_transformer"]


class ColumnTransformer(theirs.ColumnTransformer):
    """scikit-learn's, which also takes lazy arrays and frames.

    Of a lazy frame what comes out is a lazy frame if all transformers give frames, else a lazy array; of a lazy array
    a lazy array.

    Parameters
    ----------
    As scikit-learn's, and dask-ml's ``preserve_dataframe``:
    preserve_dataframe : bool, default True
        Whether a frame may come out as a frame.
    """

    def __init__(
        self,
        transformers: Any,
        remainder: Any = "drop",
        sparse_threshold: float = 0.3,
        n_jobs: Any = 1,
        transformer_weights: Any = None,
        preserve_dataframe: bool = True,
        *,
        verbose: bool = False,
        verbose_feature_names_out: bool = True,
    ) -> None:
        super().__init__(
            transformers, remainder=remainder, sparse_threshold=sparse_threshold, n_jobs=n_jobs,
            transformer_weights=transformer_weights, verbose=verbose, verbose_feature_names_out=verbose_feature_names_out,
        )  # fmt: skip
        self.preserve_dataframe = preserve_dataframe

    def fit(self, X: Any, y: Any = None, **params: Any) -> ColumnTransformer:
        """Fits all transformers."""
        if not is_lazy(X):
            super().fit(X, y, **params)
            return self
        self.fit_transform(X, y, **params)
        return self

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fits all transformers, and gives what they make side by side."""
        if not is_lazy(X):
            return super().fit_transform(X, y, **params)
        if params:
            raise NotImplementedError(f"ColumnTransformer of lazy data takes no {sorted(params)}")
        names = self._names(X)
        self.n_features_in_ = len(names)
        self._lazy_names = names if kind_of(X) == "frame" else None
        if kind_of(X) == "frame":
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.transformers_ = []
        seen: set[str] = set()
        for name, transformer, columns in self.transformers:
            picked = self._columns(X, columns)
            seen.update(picked)
            if transformer not in ("drop", "passthrough"):
                transformer = clone(transformer).fit(_part(X, names, picked), y)
            self.transformers_.append((name, transformer, picked))
        rest = [name for name in names if name not in seen]
        if rest:
            remainder = self.remainder
            if remainder not in ("drop", "passthrough"):
                remainder = clone(remainder).fit(_part(X, names, rest), y)
            self.transformers_.append(("remainder", remainder, rest))
        self._is_lazy = True
        return self.transform(X)

    def transform(self, X: Any, **params: Any) -> Any:
        """What the transformers make, side by side."""
        if not is_lazy(X):
            return super().transform(X, **params) if not getattr(self, "_is_lazy", False) else self._of_values(X)
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "transformers_")
        names = self._names(X)
        known = list(getattr(self, "feature_names_in_", names))
        if kind_of(X) == "frame" and names != known:
            raise ValueError(f"The feature names should match those that were passed during fit: {known}, not {names}")
        if len(names) != self.n_features_in_:
            raise ValueError(f"X has {len(names)} features, but ColumnTransformer is expecting {self.n_features_in_} features as input.")
        parts = []
        for name, transformer, columns in self.transformers_:
            picked = self._columns(X, columns) if len(columns) else []
            if not picked or transformer == "drop":
                continue
            part = _part(X, names, picked)
            made = part if transformer == "passthrough" else transformer.transform(part)
            factor = (self.transformer_weights or {}).get(name)
            parts.append((name, made if factor is None else made * factor))
        return self._beside(X, parts)

    def _of_values(self, X: Any) -> Any:
        """Values after a fit on lazy data."""
        parts = []
        for _, transformer, columns in self.transformers_:
            if transformer == "drop":
                continue
            part = X[columns] if hasattr(X, "columns") else np.asarray(X)[:, [int(c[1:]) for c in columns]]
            made = part if transformer == "passthrough" else transformer.transform(part)
            parts.append(made.toarray() if hasattr(made, "toarray") else np.asarray(made))
        return np.hstack(parts)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the columns that come out: as scikit-learn's, also after a fit on lazy data."""
        if not getattr(self, "_is_lazy", False):
            return super().get_feature_names_out(input_features)
        from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

        check_is_fitted(self, "transformers_")
        _check_feature_names_in(self, input_features)
        found: list[str] = []
        for name, transformer, columns in self.transformers_:
            if transformer == "drop" or not len(columns):
                continue
            picked = np.asarray(columns, dtype=object)
            own = picked if transformer == "passthrough" else transformer.get_feature_names_out(picked)
            found += [f"{name}__{each}" if self.verbose_feature_names_out else str(each) for each in own]
        if len(set(found)) != len(found):
            raise ValueError("Output feature names are not unique: set verbose_feature_names_out=True")
        return np.array(found, dtype=object)

    def _names(self, X: Any) -> list[str]:
        return [str(name) for name in X.columns] if kind_of(X) == "frame" else [f"x{j}" for j in range(X.shape[1])]

    def _columns(self, X: Any, columns: Any) -> list[str]:
        names = self._names(X)
        if callable(columns):
            if kind_of(X) != "frame":
                raise NotImplementedError("a function that picks columns of a lazy array: give their numbers")
            columns = columns(X._meta)
        if isinstance(columns, (str, int, np.integer)):
            columns = [columns]
        if isinstance(columns, slice):
            return names[columns]
        columns = list(columns)
        if columns and all(isinstance(each, (bool, np.bool_)) for each in columns):
            return [name for name, wanted in zip(names, columns) if wanted]
        picked = [each if isinstance(each, str) else names[each] for each in columns]
        missing = [each for each in picked if each not in names]
        if missing:
            raise ValueError(f"A given column is not a column of the dataframe: {missing}")
        return picked

    def _beside(self, X: Any, parts: list[tuple[str, Any]]) -> Any:
        from phalanx import array as da
        from phalanx.ml._given import frame_rows, whole_rows

        made = [each for _, each in parts]
        if not made:
            raise ValueError("no column is left: all transformers drop theirs")
        if kind_of(X) == "frame" and self.preserve_dataframe and all(kind_of(each) == "frame" for each in made):
            columns: dict[str, Any] = {}
            for name, each in parts:
                for column in each.columns:
                    label = f"{name}__{column}" if self.verbose_feature_names_out else str(column)
                    if label in columns:
                        raise ValueError(f"Output feature names {label!r} are not unique: set verbose_feature_names_out=True")
                    columns[label] = each[column]
            return X.assign(**columns)[list(columns)]
        arrays = [frame_rows(e, [str(n) for n in e.columns]) if kind_of(e) == "frame" else whole_rows(e) for e in made]
        first = arrays[0]
        return da.concatenate([each.rechunk({0: first.chunks[0]}) for each in arrays], axis=1).rechunk({1: -1})


def _part(X: Any, names: list[str], picked: list[str]) -> Any:
    """Some columns of a lazy frame or array."""
    if kind_of(X) == "frame":
        return X[picked]
    from phalanx import array as da

    places = [names.index(name) for name in picked]
    return da.take(X, da.asarray(np.array(places)), axis=1)


def make_column_transformer(*transformers: Any, **options: Any) -> ColumnTransformer:
    """A :class:`ColumnTransformer` whose steps are named by their classes."""
    made = theirs.make_column_transformer(*transformers)
    return ColumnTransformer(made.transformers, **options)
