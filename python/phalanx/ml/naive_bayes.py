"""Naive Bayes: what is known of each class, from one pass."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin

from phalanx._lazy import np
from phalanx.ml._given import classes_and_codes, given, labels
from phalanx.ml._linear import check_weight, need_number
from phalanx.ml._rows import Rows

__all__ = ["GaussianNB"]


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

    def __init__(self, *, priors: Any = None, var_smoothing: float = 1e-9) -> None:
        self.priors = priors
        self.var_smoothing = var_smoothing

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianNB:
        """Finds means and variances; one pass."""
        need_number("var_smoothing", self.var_smoothing)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None: GaussianNB is a classifier")
        x, y = given(self, X, y, reset=True)
        self.classes_, codes = classes_and_codes(y)
        count = len(self.classes_)
        rows = Rows.of(x, codes, check_weight(sample_weight, x))
        found = rows.columns(count)
        if (found["count"].sum(axis=0) < found["rows"]).any() or found["infinite"].any():
            rows.need_finite()
        # Of all rows: the merge of the classes' moments.
        weight, mean = found["class_weight"], found["mean"]
        total = weight.sum()
        if not total > 0.0:
            raise ValueError(f"the weights of {found['rows']} rows sum to {total}")
        whole = weight @ mean / total
        spread = (found["deviation"].sum(axis=0) + weight @ (mean - whole) ** 2) / total
        if not hasattr(sample_weight, "__len__"):
            self.epsilon_ = float(self.var_smoothing * spread.max())
        else:
            plain = Rows.of(x).columns()
            self.epsilon_ = float(self.var_smoothing * (plain["deviation"][0] / plain["weight"][0]).max())
        self.class_count_ = weight
        self.theta_ = mean
        with np.errstate(invalid="ignore", divide="ignore"):
            self.var_ = found["deviation"] / weight[:, None] + self.epsilon_
        if self.priors is None:
            self.class_prior_ = weight / total
        else:
            priors = np.asarray(self.priors, dtype=np.float64)
            if len(priors) != count:
                raise ValueError("Number of priors must match number of classes.")
            if not np.isclose(priors.sum(), 1.0):
                raise ValueError("The sum of the priors should be 1.")
            if (priors < 0).any():
                raise ValueError("Priors must be non-negative.")
            self.class_prior_ = priors
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> GaussianNB:
        """Not here: a fit is one pass over rows of any number."""
        raise NotImplementedError("GaussianNB.partial_fit: fit takes rows of any number; give all of them, lazy")

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
