"""Writes expected.json: what scikit-learn finds on the data of data.csv, which this writes as well.

    python -m venv venv && venv/bin/pip install numpy scikit-learn && venv/bin/python make.py

The data are exact decimals, so that both sides read the same bits. Models are fitted on standardised features with a
tolerance that leaves rounding alone.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(20130101)
rows = 600
x = np.column_stack([
    rng.normal(100.0, 3.0, rows),
    rng.normal(-2.0, 0.1, rows),
    rng.exponential(50.0, rows),
    rng.integers(0, 24, rows),
]).round(3)
kind = rng.choice(["EWR", "JFK", "LGA"], rows, p=[0.5, 0.3, 0.2])
odds = 0.4 * (x[:, 0] - 100) / 3 - 0.8 * (x[:, 1] + 2) / 0.1 + 0.01 * x[:, 2] - 0.5 + 0.7 * (kind == "JFK")
y = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
weight = rng.choice([0.5, 1.0, 2.0, 3.0], rows)

with open(here / "data.csv", "w") as file:
    file.write("a,b,c,hour,kind,y,weight\n")
    for row in range(rows):
        values = ",".join(repr(float(value)) for value in x[row])
        file.write(f"{values},{kind[row]},{y[row]},{float(weight[row])!r}\n")

features = np.column_stack([x, kind == "JFK", kind == "LGA"]).astype(float)
scaler = StandardScaler().fit(features)
scaled = scaler.transform(features)
weighted_scaler = StandardScaler().fit(features, sample_weight=weight)


def fit(name, c, intercept=True, sample_weight=None):
    model = LogisticRegression(
        C=c, fit_intercept=intercept, solver="newton-cholesky", tol=1e-14, max_iter=200
    ).fit(scaled, y, sample_weight=sample_weight)
    probability = model.predict_proba(scaled)[:, 1]
    return {
        "name": name,
        "coefficients": model.coef_[0].tolist(),
        "intercept": float(model.intercept_[0]) if intercept else 0.0,
        "log_loss": float(log_loss(y, probability, sample_weight=sample_weight)),
        "accuracy": float(accuracy_score(y, probability > 0.5, sample_weight=sample_weight)),
        "auc": float(roc_auc_score(y, model.decision_function(scaled), sample_weight=sample_weight)),
    }


expected = {
    "scikit_learn": sklearn.__version__,
    "numpy": np.__version__,
    "mean": scaler.mean_.tolist(),
    "scale": scaler.scale_.tolist(),
    "weighted_mean": weighted_scaler.mean_.tolist(),
    "weighted_scale": weighted_scaler.scale_.tolist(),
    "base_rate": float(max(y.mean(), 1 - y.mean())),
    "tied_auc": float(roc_auc_score(y, np.round(x[:, 0]))),
    "weighted_tied_auc": float(roc_auc_score(y, np.round(x[:, 0]), sample_weight=weight)),
    "models": [
        fit("l2_1", 1.0),
        fit("l2_0.01", 0.01),
        fit("none", np.inf),
        fit("no_intercept", 1.0, intercept=False),
        fit("weighted", 0.5, sample_weight=weight),
    ],
}
(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
