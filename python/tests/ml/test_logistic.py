"""Logistic regression: every solver and penalty, of two classes and more, against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from learning import check, real, weights
from sklearn.linear_model import LogisticRegression as Theirs

from phalanx.ml.linear_model import LogisticRegression

SMOOTH = ("lbfgs", "newton", "admm", "proximal_grad", "gradient_descent")
SPARSE = ("newton", "admm", "proximal_grad")
#: Penalty: our parameters, scikit-learn's (≥ 1.8 says all of them with l1_ratio and C).
PENALTIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "l2": ({"C": 0.5}, {"C": 0.5}),
    "none": ({"penalty": None}, {"C": np.inf}),
    "l1": ({"penalty": "l1", "C": 0.3}, {"C": 0.3, "l1_ratio": 1.0}),
    "elasticnet": ({"penalty": "elasticnet", "C": 0.4, "l1_ratio": 0.5}, {"C": 0.4, "l1_ratio": 0.5}),
}
CASES = [
    (data, solver, penalty)
    for data in ("breast_cancer", "iris")
    for penalty in PENALTIES
    for solver in (SMOOTH if penalty in ("l2", "none") else SPARSE)
]
CLUSTER = {("iris", "lbfgs", "l2"), ("breast_cancer", "newton", "l1"), ("breast_cancer", "admm", "l2")}


def rows(data: str) -> tuple[Any, Any]:
    x, y = real(data)
    if data == "breast_cancer":
        return x[:, [1, 4, 8, 9, 11, 14]], y  # no plane separates these, so without a penalty there is a model
    # Some labels are wrong, for the same reason.
    return x - x.mean(axis=0), np.where(np.arange(len(y)) % 6 == 0, (y + 1) % 3, y)


def said(model: Any, x: Any, y: Any, weight: Any) -> dict[str, Any]:
    model.fit(x, y, sample_weight=weight)
    return {
        "classes": model.classes_,
        "coef": model.coef_,
        "intercept": model.intercept_,
        "decision": model.decision_function(x),
        "probability": model.predict_proba(x),
        "score": model.score(x, y, sample_weight=weight),
    }


def judge(penalty: str, **options: Any) -> Any:
    """scikit-learn's model, as exact as it gets."""
    solver = "newton-cholesky" if penalty in ("l2", "none") else "saga"
    return Theirs(solver=solver, tol=1e-9, max_iter=100_000, **{**PENALTIES[penalty][1], **options})


@pytest.mark.parametrize(("data", "solver", "penalty"), CASES, ids=["-".join(case) for case in CASES])
def test_solvers_and_penalties(data: str, solver: str, penalty: str) -> None:
    x, y = rows(data)
    mine = LogisticRegression(solver=solver, tol=1e-7, max_iter=3_000, **PENALTIES[penalty][0])
    picked = (data, solver, penalty) in CLUSTER
    forms = ("values", "array uneven", "frame empty") if picked else ("values", "array uneven")
    check(said, mine, judge(penalty), x, y, None, rtol=2e-4, atol=2e-4, forms=forms, cluster=picked)


@pytest.mark.parametrize("data", ["breast_cancer", "iris"])
@pytest.mark.parametrize("penalty", ["l2", "elasticnet"])
@pytest.mark.parametrize("class_weight", [None, "balanced", "named"])
def test_weights_of_rows_and_classes(data: str, penalty: str, class_weight: Any) -> None:
    x, y = rows(data)
    kinds = {0: 2.0, 1: 0.7} if class_weight == "named" else class_weight
    mine = LogisticRegression(solver="newton", tol=1e-9, class_weight=kinds, **PENALTIES[penalty][0])
    check(
        said, mine, judge(penalty, class_weight=kinds), x, y, weights(len(y)),
        rtol=2e-4, atol=2e-4, forms=("values", "array uneven", "frame empty"),
    )  # fmt: skip


@pytest.mark.parametrize("solver", SMOOTH)
def test_without_intercept(solver: str) -> None:
    for data in ("breast_cancer", "iris"):
        x, y = rows(data)
        mine = LogisticRegression(solver=solver, tol=1e-8, max_iter=3_000, fit_intercept=False, C=0.5)
        check(said, mine, judge("l2", fit_intercept=False), x, y, None, rtol=1e-4, atol=1e-4, forms=("values", "array uneven"))


def test_digits_of_ten_classes() -> None:
    x, y = real("digits")
    x = x / 16.0
    mine, theirs = LogisticRegression(C=0.1, tol=1e-7, max_iter=500), Theirs(C=0.1, tol=1e-8, max_iter=5_000)
    check(said, mine, theirs, x, y, None, rtol=5e-3, atol=1e-3, forms=("array uneven", "frame empty"))


def test_text_labels() -> None:
    x, y = rows("iris")
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = LogisticRegression().fit(x, names)
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert set(model.predict(x)) == {"setosa", "versicolor", "virginica"}
    assert model.score(x, names) > 0.75
    assert model.predict_log_proba(x).shape == (150, 3)


def test_what_a_fit_says_of_itself() -> None:
    x, y = rows("breast_cancer")
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match=r"did not converge in 2 iterations.*gradient is 0\.0"):
        model = LogisticRegression(max_iter=2).fit(x, y)
    assert not model.converged_ and model.gradient_norm_ > 1e-4 and model.n_iter_.tolist() == [2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticRegression(solver="newton").fit(x, y)
    assert model.converged_ and model.gradient_norm_ <= 1e-4


def test_separable_classes_have_no_model_without_a_penalty() -> None:
    from sklearn.exceptions import ConvergenceWarning

    x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    y = np.array([0, 0, 1, 1])
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        LogisticRegression(penalty=None, solver="newton", tol=1e-12, max_iter=20).fit(x, y)
    np.testing.assert_allclose(
        LogisticRegression(tol=1e-9).fit(x, y).coef_, Theirs(tol=1e-9).fit(x, y).coef_, rtol=1e-5
    )


def test_options_of_admm() -> None:
    x, y = rows("breast_cancer")
    plain = LogisticRegression(solver="admm", penalty="l1", tol=1e-7, max_iter=1000).fit(x, y)
    other = LogisticRegression(solver="admm", penalty="l1", tol=1e-7, max_iter=1000, solver_kwargs={"rho": 0.1, "over_relax": 1.0})
    np.testing.assert_allclose(other.fit(x, y).coef_, plain.coef_, atol=1e-4)
    with pytest.raises(ValueError, match="rho"):
        LogisticRegression(solver_kwargs={"rho": 0.1}).fit(x, y)


@pytest.mark.parametrize(
    ("parameters", "error", "hint"),
    [
        ({"solver": "saga"}, ValueError, "solver"),
        ({"penalty": "l3"}, ValueError, "penalty"),
        ({"penalty": "l1"}, ValueError, "newton"),
        ({"penalty": "elasticnet"}, ValueError, "l1_ratio"),
        ({"C": 0.0}, ValueError, "'C'"),
        ({"tol": -1.0}, ValueError, "'tol'"),
        ({"max_iter": 0}, ValueError, "'max_iter'"),
        ({"dual": True}, NotImplementedError, "primal"),
        ({"warm_start": True}, NotImplementedError, "new estimator"),
        ({"multi_class": "ovr"}, NotImplementedError, "OneVsRest"),
        ({"class_weight": "heavy"}, ValueError, "class_weight"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, Any], error: type[Exception], hint: str) -> None:
    x, y = rows("iris")
    with pytest.raises(error, match=hint):
        LogisticRegression(**parameters).fit(x, y)


def test_one_class_is_refused() -> None:
    for form in ("values", "lazy"):
        import phalanx.array as da

        x, y = np.ones((4, 2)), np.array([3, 3, 3, 3])
        x, y = (x, y) if form == "values" else (da.from_array(x, 2), da.from_array(y, 2))
        with pytest.raises(ValueError, match="only one class: 3"):
            LogisticRegression().fit(x, y)
