"""Trains the model that the application serves: boosted trees that find frauds, on a cluster of this project's sessions."""

import phalanx.array as da
import phalanx.xgboost as pxgb
from phalanx.workers import CloudCluster

with CloudCluster(n_workers=1, worker_cpu=2, worker_memory=2) as cluster, cluster.get_client() as client:
    draw = da.random.default_rng(1)
    rows = draw.normal(size=(50_000, 20), chunks=(10_000, 20))
    chance = 1 / (1 + da.exp(6 - 1.5 * rows[:, :4].sum(axis=1)))
    fraud = (draw.random(50_000, chunks=10_000) < chance).astype("int64")
    names = [f"V{number}" for number in range(1, 21)]
    trained = pxgb.train(
        client,
        {"objective": "binary:logistic", "max_depth": 4, "eta": 0.2},
        pxgb.DaskDMatrix(client, rows, fraud, feature_names=names),
        num_boost_round=40,
        verbose_eval=False,
    )
    trained["booster"].save_model("fraud.ubj")
    print("rounds:", trained["booster"].num_boosted_rounds())
