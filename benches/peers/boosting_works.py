"""Works for boosting: one text for XGBoost's module for Dask and for Phalanx, which differ in what they import."""

ROWS, FEATURES, ROUNDS = 1_000_000, 28, 50
#: Trainings that are timed.
TIMES = 3
PARAMETERS = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 6, "eta": 0.1}
#: A search: so many trainings of a small table.
TRIALS, TRIAL_ROWS, TRIAL_FEATURES, TRIAL_ROUNDS = 20, 66_000, 29, 5


def table(rows, features):
    """Features, and a label that two of them and chance decide."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, features), dtype=np.float32)
    return x, (x[:, 0] + x[:, 1] * x[:, 2] + rng.standard_normal(rows) > 0).astype(np.float32)


def trials():
    """What a random search draws."""
    import numpy as np

    rng = np.random.default_rng(1)
    for _ in range(TRIALS):
        yield {
            **PARAMETERS,
            "max_depth": int(rng.integers(2, 8)),
            "eta": float(rng.uniform(0.02, 0.6)),
            "subsample": float(rng.uniform(0.5, 1.0)),
            "colsample_bytree": float(rng.uniform(0.5, 1.0)),
        }


def boosting_works(da, dxgb, wait, side_by_side):
    """`da`, `dxgb`: modules of arrays and of boosting. `wait`: waits for what was persisted. `side_by_side(calls)`: makes
    calls, as many at once as make sense."""

    def lazy(rows, features):
        x, y = table(rows, features)
        x, y = da.from_array(x, chunks=(rows // 4, features)).persist(), da.from_array(y, chunks=rows // 4).persist()
        wait([x, y])
        return x, y

    def train(x, y):
        dtrain = dxgb.DaskQuantileDMatrix(None, x, y)
        return dxgb.train(None, PARAMETERS, dtrain, num_boost_round=ROUNDS)

    def boost():
        # Rows of its own for each training: what was made of the last one's is of no use.
        tables = [lazy(ROWS, FEATURES) for _ in range(TIMES)]
        return lambda: train(*tables.pop())

    def boost_again():
        rows = lazy(ROWS, FEATURES)
        return lambda: train(*rows)

    def search():
        x, y = lazy(TRIAL_ROWS, TRIAL_FEATURES)

        def trial(parameters):
            dtrain = dxgb.DaskDMatrix(None, x, y)
            output = dxgb.train(
                None, parameters, dtrain, num_boost_round=TRIAL_ROUNDS, evals=[(dtrain, "train")], verbose_eval=False
            )
            return output["history"]["train"]["logloss"][-1]

        return lambda: min(side_by_side(lambda each=each: trial(each) for each in trials()))

    return {"py-boost": (0, TIMES, boost), "py-boost-again": (1, TIMES, boost_again), "py-boost-search": (0, 1, search)}


def alone():
    """XGBoost by itself, with two threads."""
    import xgboost

    def boost():
        x, y = table(ROWS, FEATURES)

        def work():
            dtrain = xgboost.QuantileDMatrix(x, y, nthread=2)
            return xgboost.train({**PARAMETERS, "nthread": 2}, dtrain, num_boost_round=ROUNDS)

        return work

    return {"py-boost": (0, TIMES, boost)}
