"""The different values of each column of X, whatever X is, and which value each row has."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np, pd
from phalanx.ml._given import kind_of
from phalanx.ml._labels import distinct, numbers_of_texts

__all__ = ["Table"]


class Table:
    """X by column, for estimators that take values of any type: values, a lazy array, or a lazy frame."""

    def __init__(self, estimator: Any, X: Any, *, reset: bool) -> None:
        from sklearn.utils.validation import _check_feature_names, _check_n_features, check_array

        self.kind, self.x = kind_of(X), X
        self._found: list[Any] | None = None
        if self.kind == "series":
            raise ValueError("Expected 2D array, got a series instead: X is a frame, as in frame[['x']]")
        if self.kind == "frame":
            self.names = [str(name) for name in X.columns]
            meta: Any = pd.DataFrame({name: np.empty(0) for name in self.names})
        elif self.kind == "array":
            if X.ndim != 2:
                raise ValueError(f"Expected 2D array, got {X.ndim}D array instead")
            self.names = [f"x{j}" for j in range(X.shape[1])]
            meta = np.empty((0, X.shape[1]))
        else:
            meta = X
            if hasattr(X, "columns") and hasattr(X, "iloc"):
                self.names = [str(name) for name in X.columns]
                self.x = X
            else:
                values = check_array(X, dtype=None, ensure_all_finite=False)
                self.names = [f"x{j}" for j in range(values.shape[1])]
                self.x = meta = values
        _check_feature_names(estimator, meta, reset=reset)
        _check_n_features(estimator, meta, reset=reset)

    @property
    def width(self) -> int:
        """How many columns."""
        return len(self.names)

    def column(self, number: int) -> Any:
        """A column: an array of values, a lazy array, or a series."""
        if self.kind == "frame":
            return self.x[self.names[number]]
        if self.kind == "array":
            return self.x[:, number]
        return np.asarray(self.x.iloc[:, number]) if hasattr(self.x, "iloc") else self.x[:, number]

    def different(self, number: int) -> Any:
        """The different values of a column, sorted; a missing value comes last."""
        if self.kind == "array" and self._found is None:
            self._found = distinct(self.x) or []  # of all columns, in one pass
        if self._found:
            return self._found[number]
        column = self.column(number)
        if self.kind == "values":
            return _sorted(column)
        if self.kind == "array":
            from phalanx import array as da

            return _sorted(da.unique(column).compute())
        return _sorted(np.asarray(column.unique().compute()))

    def matches(self, number: int, value: Any) -> Any:
        """Which rows have this value."""
        column = self.column(number)
        if value is None or value != value:
            return pd.isna(column) if self.kind == "values" else column != column if self.kind == "array" else column.isna()
        return column == value

    def hits(self, categories: list[Any]) -> tuple[Any, Any]:
        """Of a lazy frame: the frame to assign to, and a function of a column's number and a value that says which rows
        have it. Texts are looked up once, whatever the number of values."""
        self.x, numbers = numbers_of_texts(self.x, dict(zip(self.names, categories)), -1.0, -2.0)
        places: list[dict[Any, int]] = [{} for _ in categories]
        for place, known in zip(places, categories):
            for number, value in enumerate(known.tolist()):
                place.setdefault(None if _missing(value) else value, number)

        def hit(number: int, value: Any) -> Any:
            name = self.names[number]
            if name not in numbers:
                return self.matches(number, value)
            return self.x[numbers[name]] == (-2.0 if _missing(value) else float(places[number][value]))

        return self.x, hit

    def need_known(self, number: int, categories: Any) -> None:
        """Refuses values that are none of the categories; one pass over a column that is lazy."""
        unknown = [value for value in self.different(number).tolist() if not _among(value, categories.tolist())]
        if unknown:
            raise ValueError(f"Found unknown categories {unknown} in column {number} during transform")


def _missing(value: Any) -> bool:
    return value is None or bool(value != value)


def _among(value: Any, categories: list[Any]) -> bool:
    return any(_missing(known) for known in categories) if _missing(value) else value in categories


def _sorted(values: Any) -> Any:
    values = np.asarray(values)
    missing = np.asarray(pd.isna(values))
    there = values[~missing]
    try:
        there = np.unique(there)
    except TypeError:
        kinds = sorted({type(value).__qualname__ for value in there.tolist()})
        raise TypeError(f"Encoders require their input argument must be uniformly strings or numbers. Got {kinds}") from None
    if missing.any():
        last = np.array([np.nan if values.dtype.kind == "f" else None], dtype=values.dtype)
        there = np.concatenate([there, last])
    return there
