"""Works of learning: one text for scikit-learn, dask-ml and Phalanx, which differ in what they import and in whether
rows are lazy. Rows are made, and where they are lazy persisted, before the time starts.

`BENCH_LEARN_ROWS` makes them fewer, to see that the works run: their times are then no results.
"""

import os

import numpy as np

ROWS = int(os.environ.get("BENCH_LEARN_ROWS", "2000000"))
CHUNK = max(ROWS // 16, 1)
STEPS = 10


def learn_works(ml, ready, frame=None):
    """`ml(name)`: the module of this name, as `linear_model`. `ready(values)`: what models are given for an array;
    `frame(columns)`: what they are given for columns of text."""

    def rows(features, seed=0):
        return np.random.default_rng(seed).standard_normal((ROWS, features))

    def classes(x):
        rng = np.random.default_rng(1)
        odds = x @ rng.standard_normal(x.shape[1])
        return (rng.random(len(x)) < 1 / (1 + np.exp(-odds))).astype(np.int64)

    def logistic(solver, **options):
        def prepare():
            x = rows(20)
            x, y = ready(x), ready(classes(x))
            model = ml("linear_model").LogisticRegression
            return lambda: model(solver=solver, tol=1e-4, **options).fit(x, y)

        return prepare

    def least_squares(name):
        def prepare():
            x = rows(50)
            rng = np.random.default_rng(1)
            y = x @ rng.standard_normal(50) + rng.standard_normal(ROWS)
            x, y = ready(x), ready(y)
            model = getattr(ml("linear_model"), name)
            return lambda: model().fit(x, y)

        return prepare

    def pca():
        x = ready(rows(50))
        model = ml("decomposition").PCA
        return lambda: model(n_components=10).fit(x)

    def scaler():
        x = ready(rows(50))
        model = ml("preprocessing").StandardScaler
        return lambda: model().fit(x)

    def kmeans():
        values = rows(20)
        start, x = values[:8].copy(), ready(values)
        model = ml("cluster").KMeans
        # As many steps whatever the rows; the time is that of all of them.
        return lambda: model(n_clusters=8, init=start, max_iter=STEPS, tol=0.0, n_init=1).fit(x)

    def split(**options):
        def prepare():
            x = rows(20)
            x, y = ready(x), ready(classes(x))
            train_test_split = ml("model_selection").train_test_split
            # dask-ml draws within chunks, unless it is told not to.
            lazy = options if hasattr(x, "compute") else {}

            def work():
                for part in train_test_split(x, y, test_size=0.2, random_state=0, shuffle=True, **lazy):
                    part.sum().compute() if hasattr(part, "compute") else part.sum()

            return work

        return prepare

    def metrics():
        rng = np.random.default_rng(2)
        truth = rng.integers(0, 2, 5 * ROWS)
        guess = np.where(rng.random(5 * ROWS) < 0.8, truth, 1 - truth)
        numbers = rng.standard_normal(5 * ROWS)
        near = ready(numbers + rng.standard_normal(5 * ROWS))
        truth, guess, numbers = ready(truth), ready(guess), ready(numbers)

        module = ml("metrics")

        def work():
            module.accuracy_score(truth, guess)
            module.mean_squared_error(numbers, near)
            module.mean_absolute_error(numbers, near)

        return work

    def encoder():
        labels = ready(np.random.default_rng(3).integers(0, 50, 5 * ROWS))

        model = ml("preprocessing").LabelEncoder

        def work():
            made = model().fit(labels).transform(labels)
            made.sum().compute() if hasattr(made, "compute") else made.sum()

        return work

    def categories():
        """Numbers of two columns, each one of fifty: dask-ml has no text in arrays."""
        return np.random.default_rng(4).integers(0, 50, (ROWS, 2)).astype(np.float64)

    def one_hot():
        x = ready(categories())
        # Fifty columns for each: dask-ml's are sparse, and counted as such.
        model = ml("preprocessing").OneHotEncoder(sparse_output=False)

        def work():
            made = model.fit(x).transform(x)
            made.sum().compute() if hasattr(made, "compute") else made.sum()

        return work

    def of_frame(name, *before):
        """An encoder of a frame of text, behind those that its peer needs."""

        def prepare():
            rng = np.random.default_rng(5)
            words = np.array([f"word {number}" for number in range(50)], dtype=object)
            x = frame({"a": words[rng.integers(0, 50, ROWS)], "b": words[rng.integers(0, 50, ROWS)]})

            def work():
                made = x
                for each in (*before, name):
                    made = getattr(ml("preprocessing"), each)().fit(made).transform(made)
                made.count().compute() if hasattr(made, "compute") else made.count()

            return work

        return prepare

    return {
        "py-logistic-lbfgs": (0, 2, logistic("lbfgs")),
        "py-logistic-newton": (0, 2, logistic("newton")),
        # At most so many turns: to the end, dask-ml takes a quarter of an hour and more.
        "py-logistic-admm": (0, 1, logistic("admm", max_iter=20)),
        "py-linear-regression": (0, 2, least_squares("LinearRegression")),
        "py-ridge": (0, 2, least_squares("Ridge")),
        "py-pca": (0, 2, pca),
        "py-standard-scaler": (0, 2, scaler),
        "py-kmeans": (0, 1, kmeans),
        "py-train-test-split": (0, 2, split(blockwise=True)),
        "py-shuffled-split": (0, 2, split(blockwise=False)),
        "py-metrics": (0, 2, metrics),
        "py-label-encoder": (0, 2, encoder),
        "py-one-hot-encoder": (0, 2, one_hot),
        "py-categorizer": (0, 2, of_frame("Categorizer")),
        "py-dummy-encoder": (0, 2, of_frame("DummyEncoder", "Categorizer")),
        "py-ordinal-encoder": (0, 2, of_frame("OrdinalEncoder", "Categorizer")),
    }
