"""Boosting on a cluster: trained, evaluated, asked and fitted as an estimator."""

import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster
from xgboost import dask as dxgb


def main():
    rng = np.random.default_rng(4)
    values = rng.integers(0, 40, (2000, 5)) / 8.0
    labels = (values[:, 0] + values[:, 1] * values[:, 2] > 9.0).astype("float64")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        x, y = da.from_array(values, chunks=(500, 5)), da.from_array(labels, chunks=500)
        dtrain = dxgb.DaskDMatrix(client, x, y)
        parameters = {"objective": "binary:logistic", "max_depth": 3, "eval_metric": "logloss"}
        output = dxgb.train(client, parameters, dtrain, num_boost_round=5, evals=[(dtrain, "train")], verbose_eval=False)
        print("rounds", output["booster"].num_boosted_rounds(), "features", dtrain.num_col())
        print("losses", [round(float(loss), 3) for loss in output["history"]["train"]["logloss"]])
        answers = dxgb.predict(client, output, x).compute()
        print("right", int(((answers > 0.5) == labels).sum()), "of", len(answers))
        print("leaves", dxgb.predict(client, output, dtrain, pred_leaf=True).compute().shape)
        model = dxgb.DaskXGBClassifier(n_estimators=4, max_depth=2)
        model.client = client
        model.fit(x, y, verbose=False)
        print("classes", list(map(int, model.classes_)), "right", int((model.predict(x).compute() == labels).sum()))


if __name__ == "__main__":
    main()
