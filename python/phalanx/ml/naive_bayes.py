"""Naive Bayes: what is known of each class, from one pass."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.base import BaseEstimator, ClassifierMixin

from phalanx._lazy import np
from phalanx.ml._given import classes_and_codes, codes_among, given, labels
from phalanx.ml._linear import check_weight, need_number
from phalanx.ml._rows import Rows

__all__ = ["GaussianNB"]


class _Moments(NamedTuple):
    """Of each class: its weight, and the features' means and sums of squared deviations."""

    weight: Any
    mean: Any
    deviation: Any

    def and_then(self, other: _Moments) -> _Moments:
        """Of these rows and those of ``other`` (Chan, Golub and LeVeque 1983)."""
        weight = self.weight + other.weight
        share = np.divide(other.weight, weight, out=np.zeros_like(weight), where=weight > 0.0)[:, None]
        shift = other.mean - self.mean
        spread = shift**2 * self.weight[:, None] * share
        return _Moments(weight, self.mean + shift * share, self.deviation + other.deviation + spread)

    def together(self) -> _Moments:
        """Of the rows of all classes."""
        total = self.weight.sum()
        mean = self.weight @ self.mean / (total if total > 0.0 else 1.0)
        spread = self.deviation.sum(axis=0) + self.weight @ (self.mean - mean) ** 2
        return _Moments(np.array([total]), mean[None, :], spread[None, :])


class GaussianNB(ClassifierMixin, BaseEstimator):
    """Features that are normal and independent within each class.

    Parameters
    ----------
    priors : array, optional
        The probability of each class; its share of the rows by default.
    var_smoothing : float, default 1e-9
        The share of the largest variance that all variances are raised by.

    Attributes
    ----------
    classes_, class_count_, class_prior_, theta_, var_, epsilon_, n_features_in_, feature_names_in_
    """

    #: The moments of each class, and those of all rows.
    _known: tuple[_Moments, _Moments]

    def __init__(self, *, priors: Any = None, var_smoothing: float = 1e-9) -> None:
        self.priors = priors
        self.var_smoothing = var_smoothing

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianNB:
        """Finds means and variances; one pass."""
        need_number("var_smoothing", self.var_smoothing)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None: GaussianNB is a classifier")
        return self._take(X, y, None, sample_weight, reset=True)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> GaussianNB:
        """The model of these rows and of all before them; one pass over these.

        The first call names all ``classes``, or they are those that it sees.
        """
        return self._take(X, y, classes, sample_weight, reset=not hasattr(self, "_known"))

    def _take(self, X: Any, y: Any, classes: Any, sample_weight: Any, *, reset: bool) -> GaussianNB:
        x, y = given(self, X, y, reset=reset)
        if reset and classes is None:
            self.classes_, codes = classes_and_codes(y)
        else:
            if reset:
                self.classes_ = np.unique(classes)
            elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}")
            codes = codes_among(y, self.classes_)
        count = len(self.classes_)
        rows = Rows.of(x, codes, check_weight(sample_weight, x))
        found = rows.columns(count)
        if (found["count"].sum(axis=0) < found["rows"]).any() or found["infinite"].any():
            rows.need_finite()
        seen = _Moments(found["class_weight"], found["mean"], found["deviation"])
        if sample_weight is None:
            whole = seen.together()
        else:
            plain = Rows.of(x).columns()  # what variances are raised by knows no weights
            whole = _Moments(plain["weight"][0, :1], plain["mean"], plain["deviation"])
        if not reset:
            seen, whole = self._known[0].and_then(seen), self._known[1].and_then(whole)
        self._known = (seen, whole)
        self._keep(*self._known, found["rows"])
        return self

    def _restore(self) -> None:
        """After it was read from a file."""
        seen, whole = self._known
        self._known = (_Moments(*seen), _Moments(*whole))

    def _keep(self, seen: _Moments, whole: _Moments, rows: int) -> None:
        weight, count = seen.weight, len(seen.weight)
        total = weight.sum()
        if not total > 0.0:
            raise ValueError(f"the weights of {rows} rows sum to {total}")
        self.epsilon_ = float(self.var_smoothing * (whole.deviation[0] / whole.weight[0]).max())
        self.class_count_ = weight
        self.theta_ = seen.mean
        with np.errstate(invalid="ignore", divide="ignore"):
            self.var_ = seen.deviation / weight[:, None] + self.epsilon_
        if self.priors is None:
            self.class_prior_ = weight / total
            return
        priors = np.asarray(self.priors, dtype=np.float64)
        if len(priors) != count:
            raise ValueError("Number of priors must match number of classes.")
        if not np.isclose(priors.sum(), 1.0):
            raise ValueError("The sum of the priors should be 1.")
        if (priors < 0).any():
            raise ValueError("Priors must be non-negative.")
        self.class_prior_ = priors

    def _joint(self, x: Any) -> Any:
        from phalanx import array as da

        lazy = x.array()
        columns = []
        with np.errstate(divide="ignore"):
            priors = np.log(self.class_prior_)
        for number in range(len(self.classes_)):
            mean, variance = self.theta_[number], self.var_[number]
            fixed = float(priors[number] - 0.5 * np.log(2.0 * np.pi * variance).sum())
            away = lazy - mean
            columns.append(fixed - 0.5 * (away * away / variance).sum(axis=1))
        return da.stack(columns, axis=1).rechunk({1: -1})

    def _given(self, X: Any) -> Any:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return given(self, X, reset=False)[0]

    def predict_joint_log_proba(self, X: Any) -> Any:
        """The logarithms of the joint probabilities of class and row."""
        x = self._given(X)
        return x.answer(self._joint(x))

    def predict(self, X: Any) -> Any:
        """The likeliest label of each row."""
        x = self._given(X)
        return labels(x, self._joint(x).argmax(axis=1), self.classes_)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of :meth:`predict_proba`."""
        from phalanx import array as da

        x = self._given(X)
        joint = self._joint(x)
        largest = joint.max(axis=1, keepdims=True)
        return x.answer(joint - (largest + da.log(da.exp(joint - largest).sum(axis=1, keepdims=True))))

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, in the order of ``classes_``."""
        from phalanx import array as da

        x = self._given(X)
        joint = self._joint(x)
        grown = da.exp(joint - joint.max(axis=1, keepdims=True))
        return x.answer(grown / grown.sum(axis=1, keepdims=True))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose label is predicted."""
        from phalanx.ml.metrics import accuracy_score

        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)
