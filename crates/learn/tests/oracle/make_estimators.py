"""Writes estimators.json: what scikit-learn finds on the rows of data.csv.

    python -m venv venv && venv/bin/pip install numpy pandas scikit-learn && venv/bin/python make_estimators.py

Iterative fits have a tolerance that leaves rounding alone.
"""

import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import MinMaxScaler

here = pathlib.Path(__file__).parent
table = pd.read_csv(here / "data.csv")
x = table[["a", "b", "c"]].to_numpy()
hour, y, weight = table["hour"].to_numpy(), table["y"].to_numpy(), table["weight"].to_numpy()
scaled = MinMaxScaler((-1.0, 1.0)).fit(x)


def regression(model, features, sample_weight=None):
    model.fit(features, hour, sample_weight=sample_weight)
    return {
        "coefficients": model.coef_.tolist(),
        "intercept": float(model.intercept_),
        "score": float(model.score(features, hour, sample_weight=sample_weight)),
        "predictions": model.predict(features)[:5].tolist(),
    }


def classes(target, solver="newton-cholesky", sample_weight=None, **options):
    model = LogisticRegression(solver=solver, tol=1e-13, max_iter=1_000_000, **options)
    model.fit(z, target, sample_weight=sample_weight)
    return {
        "coefficients": model.coef_.ravel().tolist(),
        "intercepts": model.intercept_.tolist(),
        "score": float(model.score(z, target, sample_weight=sample_weight)),
        "probabilities": model.predict_proba(z)[:5].tolist(),
        "classes": model.predict(z)[:20].tolist(),
    }


z = scaled.transform(x)
third = (hour >= 8).astype(int) + (hour >= 16)
exact = {"tol": 1e-14, "max_iter": 1_000_000}
bayes = GaussianNB().fit(x, y)
priors = GaussianNB(priors=[0.3, 0.7], var_smoothing=1e-3).fit(x, y)
pca = PCA(svd_solver="full").fit(x)
white = PCA(n_components=2, whiten=True, svd_solver="full").fit(x)
svd = TruncatedSVD(n_components=2, algorithm="arpack", random_state=0).fit(x)
start = z[[0, 200, 400]]
lloyd = KMeans(n_clusters=3, init=start, n_init=1, algorithm="lloyd", tol=0.0).fit(z)
best = KMeans(n_clusters=3, n_init=20, random_state=0).fit(z)
expected = {
    "scikit_learn": sklearn.__version__,
    "min_max": {"scale": scaled.scale_.tolist(), "shift": scaled.min_.tolist(), "first": z[0].tolist()},
    "linear": regression(LinearRegression(), x),
    "linear_weighted": regression(LinearRegression(), x, weight),
    "linear_no_intercept": regression(LinearRegression(fit_intercept=False), x),
    "ridge": regression(Ridge(alpha=2.5), z),
    "lasso": regression(Lasso(alpha=0.2, **exact), z),
    "elastic_net": regression(ElasticNet(alpha=0.1, l1_ratio=0.3, **exact), z),
    "elastic_net_positive": regression(ElasticNet(alpha=0.01, l1_ratio=0.5, positive=True, **exact), z),
    "poisson": regression(PoissonRegressor(alpha=0.1, solver="newton-cholesky", tol=1e-12), z),
    "poisson_weighted": regression(PoissonRegressor(alpha=0.0, solver="newton-cholesky", tol=1e-12), z, weight),
    "logistic": {
        "three": classes(third),
        "three_weighted": classes(third, C=0.3, sample_weight=weight),
        "three_balanced": classes(third, C=20.0, class_weight="balanced", sample_weight=weight),
        "three_without_intercept": classes(third, fit_intercept=False),
        "l1": classes(y, "saga", l1_ratio=1.0, C=0.06),
        "elastic_net": classes(y, "saga", l1_ratio=0.4, C=0.2, sample_weight=weight),
        "three_elastic_net": classes(third, "saga", l1_ratio=0.5, C=0.2),
        "balanced": classes(y, class_weight="balanced"),
        "class_weight": classes(y, class_weight={0: 1.0, 1: 3.0}, sample_weight=weight),
    },
    "bayes": {
        "priors": bayes.class_prior_.tolist(),
        "means": bayes.theta_.ravel().tolist(),
        "variances": bayes.var_.ravel().tolist(),
        "score": float(bayes.score(x, y)),
        "first": bayes.predict_proba(x)[0].tolist(),
        "with_priors": priors.predict_proba(x)[0].tolist(),
    },
    "pca": {
        "mean": pca.mean_.tolist(),
        "components": np.abs(pca.components_).ravel().tolist(),
        "variances": pca.explained_variance_.tolist(),
        "first": np.abs(pca.transform(x)[0]).tolist(),
        "white": np.abs(white.transform(x)[0]).tolist(),
        "share": int(PCA(n_components=0.999, svd_solver="full").fit(x).n_components_),
    },
    "svd": {
        "components": np.abs(svd.components_).ravel().tolist(),
        "singular_values": svd.singular_values_.tolist(),
        "variances": svd.explained_variance_.tolist(),
        "first": np.abs(svd.transform(x)[0]).tolist(),
    },
    "kmeans": {
        "start": start.ravel().tolist(),
        "centers": lloyd.cluster_centers_.ravel().tolist(),
        "inertia": float(lloyd.inertia_),
        "labels": lloyd.labels_[:20].tolist(),
        "best": float(best.inertia_),
    },
}
(here / "estimators.json").write_text(json.dumps(expected, indent=1) + "\n")
