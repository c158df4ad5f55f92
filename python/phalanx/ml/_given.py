"""What a caller gives as X, y and weights: values, lazy arrays or frames, checked and told apart once."""

from __future__ import annotations

import warnings
from typing import Any

from phalanx import _client
from phalanx._lazy import np, pd, require
from phalanx.ml._labels import distinct, numbered

__all__ = ["Given", "classes_and_codes", "codes_among", "column", "floats", "given", "is_lazy", "labels", "row_chunks"]

#: Numbers in a chunk of values that are handed to the engine: 4 MiB of float64, one task's work.
_CHUNK_NUMBERS = 1 << 19


def kind_of(value: Any) -> str:
    """``array``, ``frame``, ``series``, or ``values`` for whatever is no lazy object of ours."""
    kind = getattr(value, "_phalanx_kind", None)
    if kind == "array":
        return "array"
    if kind in ("frame", "series"):
        return "frame" if getattr(value, "ndim", 1) == 2 else "series"
    return "values"


def is_lazy(value: Any) -> bool:
    """Whether it is a lazy array, series or frame of ours."""
    return kind_of(value) != "values"


def row_chunks(rows: int, columns: int) -> tuple[int, ...]:
    """How rows of values are cut: by their shape alone, never by the machine."""
    size = max(1, _CHUNK_NUMBERS // max(1, columns))
    return tuple(min(size, rows - first) for first in range(0, rows, size)) or (0,)


def floats(values: Any) -> Any:
    """Values, of one or two axes, as a lazy array of float64."""
    from phalanx import array as da

    values = np.ascontiguousarray(values, dtype=np.float64)
    columns = values.shape[1] if values.ndim == 2 else 1
    chunks = (row_chunks(values.shape[0], columns), *((size,) for size in values.shape[1:]))
    return da.from_array(values, chunks=chunks)


class Given:
    """X: what it is, its rows as a lazy array, and the form in which answers go back."""

    def __init__(self, kind: str, x: Any, names: list[str] | None) -> None:
        self.kind, self.x, self.names = kind, x, names

    @property
    def lazy(self) -> bool:
        """Whether answers are lazy too."""
        return self.kind != "values"

    @property
    def width(self) -> int:
        """How many features."""
        return len(self.names) if self.kind == "frame" and self.names is not None else int(self.x.shape[1])

    def array(self) -> Any:
        """The rows as a lazy array of float64 in chunks of whole rows.

        A frame's rows are made first, and stay where they are made: its partitions' lengths are not known before.
        """
        if self.kind == "values":
            return floats(self.x)
        if self.kind == "frame":
            return frame_rows(self.x, self.names or [])
        return whole_rows(self.x)

    def answer(self, lazy: Any) -> Any:
        """An array as the caller gets it."""
        return lazy if self.lazy else np.asarray(lazy.compute())


def whole_rows(x: Any) -> Any:
    """A lazy matrix as float64 in chunks of whole rows."""
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    return x if x.numblocks[1] == 1 else x.rechunk({1: -1})


def frame_rows(frame: Any, names: list[str]) -> Any:
    """A frame's columns as a persisted array of float64, a chunk a partition."""
    from phalanx import _phalanx
    from phalanx.array._base import wrap

    native = _client.native()
    return wrap(_phalanx.Rows.of_frame(native, frame._native, names).to_array(native))


def given(
    estimator: Any, X: Any, y: Any = None, *, reset: bool, missing: bool = False, **options: Any
) -> tuple[Given, Any]:
    """Checks X (and values of y) as scikit-learn does; gives what X is, and y.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose ``n_features_in_`` and ``feature_names_in_`` are set, or compared by name and order.
    reset : bool
        Whether this is a fit.
    missing : bool
        Whether NaN may be among the features.
    """
    require("sklearn")
    from sklearn.utils.validation import _check_feature_names, _check_n_features, validate_data

    kind = kind_of(X)
    if kind == "values":
        if is_lazy(y):
            raise TypeError("y is lazy and X is not: give both lazy, or both as values")
        finite = "allow-nan" if missing else True
        extra = {} if y is None else {"y": y}
        if reset:
            estimator._named_by_lazy = False
        with warnings.catch_warnings():
            if getattr(estimator, "_named_by_lazy", False) and not hasattr(X, "columns"):
                # What comes before in a pipeline gives lazy frames with names, and values without, as scikit-learn's
                # does: to a model that was fitted on the first, the second are no surprise.
                warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            checked = validate_data(
                estimator, X, reset=reset, dtype=np.float64, ensure_all_finite=finite, **extra, **options
            )
        values, target = checked if y is not None else (checked, None)
        names = getattr(estimator, "feature_names_in_", None)
        return Given("values", values, None if names is None else list(names)), target
    if kind == "series":
        raise ValueError("Expected 2D array, got a series instead: X is a frame, as in frame[['x']]")
    if kind == "array":
        if X.ndim != 2:
            raise ValueError(f"Expected 2D array, got {X.ndim}D array instead: reshape(-1, 1) makes one feature")
        if X.dtype.kind == "c":
            raise ValueError("Complex data not supported: give real numbers")
        if any(np.isnan(length) for length in X.shape):
            X = X.compute_chunk_sizes()
        if X.shape[1] == 0:
            raise ValueError(f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
        _check_n_features(estimator, np.empty((0, X.shape[1])), reset=reset)
        return Given("array", X, None), y
    names = [str(name) for name in X.columns]
    meta = pd.DataFrame({name: np.empty(0) for name in names})
    _check_feature_names(estimator, meta, reset=reset)
    _check_n_features(estimator, meta, reset=reset)
    if reset:
        estimator._named_by_lazy = True
    return Given("frame", X, names), y


def column(value: Any, like: Any, what: str) -> Any:
    """One number a row beside the rows of ``like``: a lazy array of one axis, float64."""
    from phalanx import array as da

    kind = kind_of(value)
    if kind == "series":
        value = frame_rows(value.to_frame("column"), ["column"])[:, 0]
    elif kind == "frame":
        names = [str(name) for name in value.columns]
        if len(names) != 1:
            raise ValueError(f"{what} has {len(names)} columns: give one")
        value = frame_rows(value, names)[:, 0]
    elif kind == "values":
        values = np.asarray(value, dtype=np.float64)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim == 1 and values.shape[0] == like.shape[0]:
            return da.from_array(np.ascontiguousarray(values), chunks=(like.chunks[0],))
        value = values
    if value.ndim == 2 and value.shape[1] == 1:
        value = value[:, 0]
    if value.ndim != 1:
        raise ValueError(f"{what} should be a 1d array, got an array of shape {value.shape} instead.")
    if any(np.isnan(length) for length in value.shape):
        value = value.compute_chunk_sizes()
    if value.shape[0] != like.shape[0]:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: [{like.shape[0]}, {value.shape[0]}]"
        )
    return value.astype(np.float64).rechunk({0: like.chunks[0]})


def classes_and_codes(y: Any) -> tuple[Any, Any]:
    """The different labels, sorted, and each row's number among them, lazy where ``y`` is."""
    kind = kind_of(y)
    if kind == "values":
        from sklearn.utils import column_or_1d
        from sklearn.utils.multiclass import check_classification_targets

        y = column_or_1d(y, warn=True)
        if y.dtype.kind in "biuf" and len(y):
            # By a hash table, not by sorting all rows: the different labels alone are sorted, and checked.
            codes, classes = pd.factorize(y, sort=True)
            if (codes < 0).any():
                raise ValueError("Input y contains NaN.")
            check_classification_targets(classes)
            return classes, codes.astype(np.float64)
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        return classes, codes.astype(np.float64)
    if kind == "array":
        y = _one_axis(y)
        classes = _array_classes(y)
        return classes, _array_codes(y, classes, np.float64)
    if kind == "frame":
        names = list(y.columns)
        if len(names) != 1:
            raise ValueError(f"y has {len(names)} columns: give one")
        y = y[names[0]]
    return _series_codes(y)


def _one_axis(y: Any) -> Any:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
    return y


def _array_classes(y: Any) -> Any:
    from phalanx import array as da

    found = distinct(y)
    classes = np.asarray(da.unique(y).compute()) if found is None else found[0]
    if classes.dtype.kind == "f":
        if not np.isfinite(classes).all():
            raise ValueError("Input y contains NaN or infinity.")
        if (classes != np.round(classes)).any():
            raise ValueError(
                "Unknown label type: continuous. Maybe you are trying to fit a classifier, which expects discrete "
                "classes on a regression target with continuous values."
            )
    return classes


def _array_codes(y: Any, classes: Any, dtype: Any) -> Any:
    from phalanx import array as da

    codes = numbered(y, [classes], dtype)
    return da.searchsorted(da.asarray(classes), y).astype(dtype) if codes is None else codes


def _series_codes(y: Any) -> tuple[Any, Any]:
    found = y.unique().compute()
    if pd.isna(found).any():
        raise ValueError("Input y contains NaN.")
    classes = np.sort(np.asarray(found))
    codes = None
    for number, label in enumerate(classes.tolist()):
        one = (y == label).astype("float64") * float(number)
        codes = one if codes is None else codes + one
    return classes, codes


def codes_among(y: Any, classes: Any) -> Any:
    """Each row's number among classes that are known and sorted, as integers, lazy where ``y`` is.

    Raises
    ------
    ValueError
        A label is none of them; one pass over a lazy ``y`` finds that.
    """
    is_array = kind_of(y) == "array"
    codes: Any = None
    if is_array:
        y = _one_axis(y)
        found = _array_classes(y)
    else:
        found, codes = classes_and_codes(y)
    unknown = [label for label in found.tolist() if label not in classes.tolist()]
    if unknown:
        raise ValueError(f"y contains previously unseen labels: {unknown}")
    if is_array:
        return _array_codes(y, classes, np.int64)
    places = np.searchsorted(classes, found).astype(np.int64)
    if kind_of(codes) == "values":
        return places[codes.astype(np.intp)]
    return sum((codes == float(k)).astype("int64") * int(place) for k, place in enumerate(places))


def labels(given: Given, codes: Any, classes: Any) -> Any:
    """The label of each code: a lazy array where X is lazy."""
    from phalanx import array as da

    if not given.lazy:
        return classes[np.asarray(codes.compute(), dtype=np.intp)]
    if classes.dtype.kind not in "biuf":
        raise NotImplementedError(
            f"labels of type {classes.dtype} as a lazy array: arrays hold numbers. Give X as values, or fit with "
            "numbers as labels (LabelEncoder)"
        )
    return da.take(da.asarray(classes), codes.astype(np.int64))
