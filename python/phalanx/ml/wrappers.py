"""Any scikit-learn estimator beside lazy data: applied block by block, or trained block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone

from phalanx._lazy import np, pd
from phalanx.ml._given import is_lazy, kind_of

__all__ = ["Incremental", "ParallelPostFit"]


def _blocks(X: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """The rows block by block, as values."""
    from phalanx._compute import compute

    if kind_of(X) != "array":
        yield (X.compute() if is_lazy(X) else X), (y.compute() if is_lazy(y) else y)
        return
    first = 0
    for rows in X.chunks[0]:
        piece = slice(first, first + rows)
        first += rows
        if rows:
            yield compute(X[piece], None if y is None else y[piece])


class ParallelPostFit(MetaEstimatorMixin, BaseEstimator):
    """An estimator that is fitted on values, and applied to lazy arrays block by block, where the blocks are.

    Workers run the estimator's code, so they must allow Python; in this process nothing is needed.

    Parameters
    ----------
    estimator : estimator
    scoring : str or callable, optional
        What ``score`` is; the estimator's own by default.
    predict_meta, predict_proba_meta, transform_meta : array, optional
        An empty result, whose type and columns results have; found by applying the estimator to one row of zeros.
    """

    def __init__(
        self,
        estimator: Any = None,
        scoring: Any = None,
        predict_meta: Any = None,
        predict_proba_meta: Any = None,
        transform_meta: Any = None,
    ) -> None:
        self.estimator = estimator
        self.scoring = scoring
        self.predict_meta = predict_meta
        self.predict_proba_meta = predict_proba_meta
        self.transform_meta = transform_meta

    @property
    def _fitted(self) -> Any:
        return getattr(self, "estimator_", self.estimator)

    @property
    def classes_(self) -> Any:
        """The estimator's labels."""
        return self._fitted.classes_

    def fit(self, X: Any, y: Any = None, **options: Any) -> ParallelPostFit:
        """Fits the estimator on values; lazy data is computed first."""
        X = X.compute() if is_lazy(X) else X
        y = y.compute() if is_lazy(y) else y
        self.estimator_ = clone(self.estimator).fit(X, y, **options)
        self._copy()
        return self

    def partial_fit(self, X: Any, y: Any = None, **options: Any) -> ParallelPostFit:
        """Goes on with the estimator on values."""
        X = X.compute() if is_lazy(X) else X
        y = y.compute() if is_lazy(y) else y
        if not hasattr(self, "estimator_"):
            self.estimator_ = clone(self.estimator)
        self.estimator_.partial_fit(X, y, **options)
        self._copy()
        return self

    def _copy(self) -> None:
        for name, value in vars(self.estimator_).items():
            if name.endswith("_") and not name.startswith("_") and name not in ("estimator_", "classes_"):
                setattr(self, name, value)

    def _apply(self, method: str, X: Any, meta: Any) -> Any:
        fitted = self._fitted
        function = getattr(fitted, method)
        kind = kind_of(X)
        if kind == "values":
            return function(X)
        known = None
        if kind != "array":
            from phalanx.ml._given import frame_rows

            names = [str(name) for name in X.columns]
            known = getattr(fitted, "feature_names_in_", None)
            if known is not None and list(known) != names:
                raise ValueError(f"The feature names should match those that were passed during fit: {list(known)}, not {names}")
            X = frame_rows(X, names)
        X = X if X.numblocks[1] == 1 else X.rechunk({1: -1})
        if meta is None:
            meta = np.asarray(function(_named(np.zeros((1, X.shape[1]), dtype=X.dtype), known)))[:0]
        meta = np.asarray(meta)
        if meta.dtype.kind not in "biuf":
            raise NotImplementedError(f"{method} gives {meta.dtype}, and arrays hold numbers: fit with numbers as labels")
        call = _Call(fitted, method, known)
        if meta.ndim == 1:
            return X.map_blocks(call, dtype=meta.dtype, drop_axis=1)
        return X.map_blocks(call, dtype=meta.dtype, chunks=(X.chunks[0], (meta.shape[1],)))

    def predict(self, X: Any) -> Any:
        """The estimator's predictions."""
        return self._apply("predict", X, self.predict_meta)

    def predict_proba(self, X: Any) -> Any:
        """The estimator's probabilities."""
        return self._apply("predict_proba", X, self.predict_proba_meta)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the estimator's probabilities."""
        return self._apply("predict_log_proba", X, self.predict_proba_meta)

    def decision_function(self, X: Any) -> Any:
        """The estimator's scores."""
        return self._apply("decision_function", X, None)

    def transform(self, X: Any) -> Any:
        """What the estimator makes of the rows."""
        return self._apply("transform", X, self.transform_meta)

    def score(self, X: Any, y: Any, compute: bool = True) -> Any:
        """The score, by ``scoring`` or as the estimator's kind has it."""
        from sklearn.base import is_classifier

        from phalanx.ml.metrics import accuracy_score, get_scorer, r2_score

        if not compute:
            raise NotImplementedError("score(compute=False): take a metric of phalanx.ml.metrics with compute=False")
        if self.scoring is not None:
            return get_scorer(self.scoring)(self, X, y)
        if not is_lazy(X) and not is_lazy(y):
            return self._fitted.score(X, y)
        return (accuracy_score if is_classifier(self._fitted) else r2_score)(y, self.predict(X))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        return get_tags(self.estimator)


def _named(block: Any, names: Any) -> Any:
    """A block of a frame's rows as the frame that an estimator was fitted on, which knows columns by name."""
    return block if names is None else pd.DataFrame(block, columns=names)


class _Call:
    """A method of an estimator, as a function of a block; ``names`` are those of a frame's columns."""

    def __init__(self, estimator: Any, method: str, names: Any = None) -> None:
        self.estimator, self.method, self.names = estimator, method, names
        self.__name__ = method

    def __call__(self, block: Any) -> Any:
        function = getattr(self.estimator, self.method)
        if len(block):
            return np.asarray(function(_named(block, self.names)))
        # Estimators refuse blocks without rows.
        return np.asarray(function(_named(np.zeros((1, block.shape[1]), block.dtype), self.names)))[:0]


class Incremental(ParallelPostFit):
    """An estimator with ``partial_fit`` that is trained on lazy arrays block by block, one after the other.

    Blocks come here. Their order is that of the rows, or drawn with ``random_state`` if ``shuffle_blocks``.

    Parameters
    ----------
    estimator : estimator
    scoring : str or callable, optional
    shuffle_blocks : bool, default True
    random_state : int, optional
    assume_equal_chunks : bool, default True
        Changes nothing: X and y are cut alike.
    """

    def __init__(
        self,
        estimator: Any = None,
        scoring: Any = None,
        shuffle_blocks: bool = True,
        random_state: Any = None,
        assume_equal_chunks: bool = True,
        predict_meta: Any = None,
        predict_proba_meta: Any = None,
        transform_meta: Any = None,
    ) -> None:
        self.shuffle_blocks = shuffle_blocks
        self.random_state = random_state
        self.assume_equal_chunks = assume_equal_chunks
        super().__init__(estimator, scoring, predict_meta, predict_proba_meta, transform_meta)

    def fit(self, X: Any, y: Any = None, **options: Any) -> Incremental:
        """Trains a fresh estimator on all blocks; a classifier needs ``classes=`` unless y is small enough to look at."""
        self.estimator_ = clone(self.estimator)
        return self.partial_fit(X, y, **options)

    def partial_fit(self, X: Any, y: Any = None, **options: Any) -> Incremental:
        """Goes on with the estimator on all blocks."""
        from sklearn.base import is_classifier

        if not hasattr(self, "estimator_"):
            self.estimator_ = clone(self.estimator)
        if is_classifier(self.estimator_) and "classes" not in options and y is not None:
            from phalanx.ml._given import classes_and_codes

            options["classes"] = classes_and_codes(y)[0]
        if kind_of(X) == "array" and y is not None and not is_lazy(y):
            y = np.asarray(y)
        if kind_of(X) == "array" and self.shuffle_blocks:
            for block_x, block_y in _shuffled(X, y, self.random_state):
                self.estimator_.partial_fit(block_x, block_y, **options)
        else:
            for block_x, block_y in _blocks(X, y):
                self.estimator_.partial_fit(block_x, block_y, **options)
        self._copy()
        return self


def _shuffled(X: Any, y: Any, random_state: Any) -> Iterator[tuple[Any, Any]]:
    from sklearn.utils import check_random_state

    from phalanx._compute import compute

    borders = np.concatenate([[0], np.cumsum(X.chunks[0])]).tolist()
    for number in check_random_state(random_state).permutation(len(borders) - 1).tolist():
        piece = slice(borders[number], borders[number + 1])
        if borders[number + 1] > borders[number]:
            yield compute(X[piece], None if y is None else y[piece])
