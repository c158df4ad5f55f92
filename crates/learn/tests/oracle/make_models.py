"""Writes models/python_*.json: what `phalanx.ml.persistence` writes, for Rust to read.

    python crates/learn/tests/oracle/make_models.py    # with the package installed
"""

import pathlib

import numpy as np
import pandas as pd

from sklearn.preprocessing import MinMaxScaler

from phalanx.ml import cluster, decomposition, linear_model, naive_bayes, persistence, preprocessing

here = pathlib.Path(__file__).parent
table = pd.read_csv(here / "data.csv")
x, y, hour = table[["a", "b", "c"]], table["y"].to_numpy(), table["hour"].to_numpy().astype(np.float64)
z = pd.DataFrame(MinMaxScaler((-1.0, 1.0)).fit_transform(x), columns=list("abc"))
third = (hour >= 8).astype(int) + (hour >= 16)
exact = {"tol": 1e-10, "max_iter": 1000}
for model in (
    linear_model.LogisticRegression("elasticnet", C=0.5, l1_ratio=0.5, solver="newton", **exact).fit(x, y),
    linear_model.LinearRegression().fit(x, hour),
    linear_model.Ridge(alpha=2.5).fit(x, hour),
    linear_model.Lasso(alpha=0.2).fit(x, hour),
    linear_model.ElasticNet(alpha=0.2).fit(x, hour),
    linear_model.PoissonRegressor(alpha=0.1, solver="newton-cholesky").fit(x, hour),
    cluster.KMeans(n_clusters=3, random_state=0).fit(x),
    decomposition.PCA(n_components=2, whiten=True).fit(x),
    decomposition.TruncatedSVD(n_components=2).fit(x),
    naive_bayes.GaussianNB().fit(x, y),
    preprocessing.MinMaxScaler((-1.0, 1.0)).fit(x),
    preprocessing.StandardScaler().fit(x),
):
    persistence.save(model, here / "models" / f"python_{type(model).__name__}.json")
persistence.save(
    linear_model.LogisticRegression(**exact).fit(z, third), here / "models" / "python_LogisticRegression_of_three.json"
)
