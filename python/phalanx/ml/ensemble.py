"""Ensembles of estimators that are each fitted on one block of the rows, and vote."""

from __future__ import annotations

import functools
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, RegressorMixin, clone

from phalanx._lazy import np
from phalanx.ml._given import frame_rows, is_lazy, kind_of
from phalanx.ml._validate import run

__all__ = ["BlockwiseVotingClassifier", "BlockwiseVotingRegressor"]


def _rows(X: Any) -> tuple[Any, list[str] | None]:
    """X as values or as an array of whole rows, and the names of its columns."""
    kind = kind_of(X)
    if kind == "values":
        return X, [str(name) for name in X.columns] if hasattr(X, "columns") else None
    if kind == "array":
        if X.ndim != 2:
            raise ValueError(f"Expected 2D array, got {X.ndim} axes: reshape it, rows first")
        return (X if X.numblocks[1] == 1 else X.rechunk({1: -1})), None
    if kind != "frame":
        raise TypeError(f"X is an array or a frame, not {type(X).__name__}")
    names = [str(name) for name in X.columns]
    return frame_rows(X, names), names


class _Blockwise(MetaEstimatorMixin, BaseEstimator):
    """What both have in common."""

    estimator: Any

    def _fit(self, X: Any, y: Any, options: dict[str, Any]) -> None:
        """Fits a clone of the estimator on each block that has rows, as many at a time as there are cores."""
        from phalanx._compute import compute

        x, names = _rows(X)
        if kind_of(x) == "values":
            pieces: list[Any] = [slice(None)]
            y = y.compute() if is_lazy(y) else y
        else:
            if kind_of(y) == "frame":
                raise ValueError("y is a series or an array of one axis, not a frame: give one of its columns")
            pieces = _pieces(x, X.npartitions if kind_of(X) == "frame" else x.numblocks[0], y)
            y = y.to_dask_array(lengths=True) if kind_of(y) == "series" else y

        def fitted(piece: Any) -> Any:
            block, labels = (x, y) if kind_of(x) == "values" else compute(x[piece], y[piece])
            return clone(self.estimator).fit(block, labels, **options)

        self.estimators_ = run([functools.partial(fitted, piece) for piece in pieces], -1)
        self.n_features_in_ = int(x.shape[1])
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _apply(self, X: Any, call: Any, width: int | None) -> Any:
        """What `call` makes of each block: numbers, or rows of `width` numbers."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "estimators_")
        x, names = _rows(X)
        known = getattr(self, "feature_names_in_", None)
        if known is not None and names is not None and list(known) != names:
            raise ValueError(f"The feature names should match those that were passed during fit: {list(known)}, not {names}")
        if int(x.shape[1]) != self.n_features_in_:
            raise ValueError(f"X has {x.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} features as input")
        if kind_of(x) == "values":
            return call(x)
        if width is None:
            return x.map_blocks(call, dtype=call.dtype, drop_axis=1)
        return x.map_blocks(call, dtype=call.dtype, chunks=(x.chunks[0], (width,)))


def _pieces(x: Any, blocks: int, y: Any) -> list[slice]:
    """The rows of each block of x that has any, of so many blocks."""
    theirs = y.numblocks[0] if kind_of(y) == "array" else y.npartitions if kind_of(y) == "series" else None
    if theirs is not None and theirs != blocks:
        raise ValueError(f"The number of blocks in X and y must match. {blocks} != {theirs}")
    if any(np.isnan(rows) for rows in x.chunks[0]):
        x = x.compute_chunk_sizes()
    ends = np.cumsum(x.chunks[0]).astype(int).tolist()
    if theirs is None and len(y) != ends[-1]:
        raise ValueError(f"X has {ends[-1]} rows, and y {len(y)}")
    return [slice(start, end) for start, end in zip([0, *ends], ends) if end > start]


class _Answers:
    """What several estimators say of a block together."""

    dtype: Any = np.dtype("float64")

    def __init__(self, estimators: list[Any], classes: Any = None) -> None:
        self.estimators, self.classes = estimators, classes
        self.__name__ = type(self).__name__.strip("_")

    def __call__(self, block: Any) -> Any:
        if len(block):
            return self.of(block)
        return self.of(np.zeros((1, block.shape[1]), block.dtype))[:0]  # estimators refuse blocks without rows

    def of(self, block: Any) -> Any:
        """Of a block with rows."""
        raise NotImplementedError


class _Mean(_Answers):
    def of(self, block: Any) -> Any:
        return np.mean([each.predict(block) for each in self.estimators], axis=0)


class _Probabilities(_Answers):
    def of(self, block: Any) -> Any:
        return np.mean([each.predict_proba(block) for each in self.estimators], axis=0)


class _Likeliest(_Probabilities):
    @property
    def dtype(self) -> Any:  # type: ignore[override]
        return self.classes.dtype

    def of(self, block: Any) -> Any:
        return self.classes[np.argmax(super().of(block), axis=1)]


class _Votes(_Answers):
    """The label that most estimators give; of several the smallest."""

    @property
    def dtype(self) -> Any:  # type: ignore[override]
        return self.classes.dtype

    def of(self, block: Any) -> Any:
        known = np.sort(self.classes)
        votes = np.zeros((len(block), len(known)), dtype=np.int64)
        for each in self.estimators:
            votes[np.arange(len(block)), np.searchsorted(known, each.predict(block))] += 1
        return known[np.argmax(votes, axis=1)]


class BlockwiseVotingClassifier(ClassifierMixin, _Blockwise):
    """A classifier for each block of the rows; together they vote.

    Blocks come here to be fitted on. Answers to lazy arrays and frames are lazy, made where the blocks are: workers run
    the estimators' code, so they must allow Python; in this process nothing is needed. Rows should be shuffled: what a
    block does not have its classifier does not know.

    Parameters
    ----------
    estimator : estimator
        Fitted on each block, a clone each.
    voting : {"hard", "soft"}, default "hard"
        The label that most give, or that of the largest mean probability.
    classes : list of numbers, optional
        The labels that ``y`` can have; here, or as ``classes=`` of :meth:`fit`. With ``"soft"`` in the order of the
        estimators' own.

    Attributes
    ----------
    estimators_ : list
        A fitted clone for each block that has rows.
    classes_ : array
    """

    def __init__(self, estimator: Any, voting: str = "hard", classes: Any = None) -> None:
        self.estimator = estimator
        self.voting = voting
        self.classes = classes

    def fit(self, X: Any, y: Any, **kwargs: Any) -> BlockwiseVotingClassifier:
        """Fits a classifier on each block.

        Raises
        ------
        ValueError
            No classes, or X and y have other numbers of blocks.
        """
        if self.voting not in ("hard", "soft"):
            raise ValueError(f"Voting must be 'soft' or 'hard'; got (voting={self.voting!r})")
        classes = kwargs.get("classes") if self.classes is None else self.classes
        if classes is None:
            raise ValueError("Must provide the classes of `y`.")
        labels = np.asarray(classes)
        if labels.dtype.kind not in "biuf":
            raise NotImplementedError(f"labels are {labels.dtype}, and arrays hold numbers: encode them (LabelEncoder)")
        self._fit(X, y, kwargs)
        self.classes_ = labels
        return self

    def predict(self, X: Any) -> Any:
        """The label that the classifiers vote for, lazy where X is."""
        kind = _Likeliest if self.voting == "soft" else _Votes
        return self._apply(X, kind(getattr(self, "estimators_", []), getattr(self, "classes_", None)), None)

    @property
    def predict_proba(self) -> Any:
        """The mean of the classifiers' probabilities, a column each label; only with ``voting="soft"``."""
        if self.voting == "hard":
            raise AttributeError(f"predict_proba is not available when voting={self.voting!r}")
        return self._probabilities

    def _probabilities(self, X: Any) -> Any:
        return self._apply(X, _Probabilities(getattr(self, "estimators_", [])), len(getattr(self, "classes_", [])))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of labels that are right."""
        from phalanx.ml.metrics import accuracy_score

        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))


class BlockwiseVotingRegressor(RegressorMixin, _Blockwise):
    """A regressor for each block of the rows; their mean is the answer.

    As :class:`BlockwiseVotingClassifier`.

    Parameters
    ----------
    estimator : estimator
        Fitted on each block, a clone each.

    Attributes
    ----------
    estimators_ : list
        A fitted clone for each block that has rows.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, **kwargs: Any) -> BlockwiseVotingRegressor:
        """Fits a regressor on each block.

        Raises
        ------
        ValueError
            X and y have other numbers of blocks.
        """
        self._fit(X, y, kwargs)
        return self

    def predict(self, X: Any) -> Any:
        """The mean of what the regressors predict, lazy where X is."""
        return self._apply(X, _Mean(getattr(self, "estimators_", [])), None)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of the variance of ``y`` that is explained."""
        from phalanx.ml.metrics import r2_score

        return float(r2_score(y, self.predict(X), sample_weight=sample_weight))
