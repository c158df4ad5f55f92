//! What we want to reach.

use super::peers::{
    CLUSTER, DASK_DISTRIBUTED, DASK_ML, DASK_THREADS, LOCAL, NUMPY, PANDAS, POLARS, PYTHON, PYTHON_CLUSTER,
    SCIKIT_LEARN, Seconds, XGBOOST,
};

/// A target.
pub struct Target {
    /// What people call the work.
    pub name: &'static str,
    /// The program and work that are measured.
    pub of: (&'static str, &'static str),
    /// What is wanted of it.
    pub goal: Goal,
}

/// What is wanted.
pub enum Goal {
    /// At most so many seconds.
    Seconds(f64),
    /// So many times faster than a peer at the same work.
    Times(f64, &'static str),
}

/// What became of a target.
pub struct Reached {
    /// What was wanted, for people.
    pub wanted: String,
    /// What was measured, for people.
    pub measured: String,
    /// Was it reached?
    pub hit: bool,
}

/// The table.
pub const TARGETS: &[Target] = &[
    target("a job of two stages, warm cluster", (CLUSTER, "job-two-stages"), Goal::Seconds(0.008)),
    target("a job of three stages, warm cluster", (CLUSTER, "job-three-stages"), Goal::Seconds(0.020)),
    target("a job of two stages, in process", (LOCAL, "job-two-stages"), Goal::Seconds(0.001)),
    target("process start to first result, in process", (LOCAL, "first-result"), Goal::Seconds(0.2)),
    target("process start to first result, two workers", (CLUSTER, "first-result"), Goal::Seconds(0.6)),
    target("`array-svd`, in process", (LOCAL, "array-svd"), Goal::Seconds(0.005)),
    target("`array-svd`, in process", (LOCAL, "array-svd"), Goal::Times(50.0, DASK_THREADS)),
    target("`array-svd`, in process", (LOCAL, "array-svd"), Goal::Times(100.0, DASK_DISTRIBUTED)),
    target("SVD of 1,000,000 × 100, in process", (LOCAL, "array-tall-svd"), Goal::Times(1.5, NUMPY)),
    target("SVD of 1,000,000 × 100, in process", (LOCAL, "array-tall-svd"), Goal::Times(3.0, DASK_DISTRIBUTED)),
    target("10,000 chunks of one element, in process", (LOCAL, "ten-thousand-chunks"), Goal::Seconds(0.050)),
    target("10,000 chunks of one element, two workers", (CLUSTER, "ten-thousand-chunks"), Goal::Seconds(0.2)),
    target("`frame-unique`, in process", (LOCAL, "frame-unique"), Goal::Times(10.0, DASK_THREADS)),
    target("`frame-cumsum`, in process", (LOCAL, "frame-cumsum"), Goal::Times(10.0, DASK_THREADS)),
    target("`frame-groupby`, in process", (LOCAL, "frame-groupby"), Goal::Times(10.0, DASK_THREADS)),
    target("SVD of 1,000,000 × 100, two workers of one core", (CLUSTER, "array-tall-svd"), Goal::Times(0.7, LOCAL)),
    target("`array-mean`, two workers of one core", (CLUSTER, "array-mean"), Goal::Times(0.7, LOCAL)),
    target("a served row at 1,000 requests a second, 99 of 100", (LOCAL, "serve-p99"), Goal::Seconds(0.005)),
    target("Python: a scalar, in process", (PYTHON, "py-scalar"), Goal::Seconds(0.001)),
    target("Python: a scalar, two workers", (PYTHON_CLUSTER, "py-scalar"), Goal::Seconds(0.020)),
    target("Python: an expression of 1,000 operations", (PYTHON, "py-thousand-operations"), Goal::Seconds(0.020)),
    target("Python: `(x + x.T).mean(0)`, 20,000²", (PYTHON, "py-array-mean"), Goal::Times(3.0, DASK_THREADS)),
    target("Python: `(sin(x)*2 + y**2).sum()`, 10⁸", (PYTHON, "py-chain"), Goal::Times(5.0, DASK_THREADS)),
    target("Python: `(sin(x)*2 + y**2).sum()`, 10⁸", (PYTHON, "py-chain"), Goal::Times(6.0, NUMPY)),
    target("Python: matrix product, 4000³", (PYTHON, "py-matmul"), Goal::Times(0.95, NUMPY)),
    target("Python: 10⁸ uniform numbers", (PYTHON, "py-uniform"), Goal::Times(3.0, DASK_THREADS)),
    target("Python: 10⁸ normal numbers", (PYTHON, "py-normal"), Goal::Times(3.0, DASK_THREADS)),
    target(
        "Python: rows to columns, 20,000², two workers",
        (PYTHON_CLUSTER, "py-rechunk"),
        Goal::Times(5.0, DASK_DISTRIBUTED),
    ),
    target("Python: 800 MB to NumPy", (PYTHON, "py-to-numpy"), Goal::Times(1.0 / 1.2, NUMPY)),
    target("Python: 10⁷ rows to pandas", (PYTHON, "py-to-pandas"), Goal::Times(1.0 / 1.2, PANDAS)),
    target("Python: CSV → group-by", (PYTHON, "py-csv-groupby"), Goal::Times(8.0, DASK_THREADS)),
    target("Python: CSV → group-by", (PYTHON, "py-csv-groupby"), Goal::Times(0.9, POLARS)),
    target("Python: Parquet → group-by", (PYTHON, "py-parquet-groupby"), Goal::Times(8.0, DASK_THREADS)),
    target("Python: Parquet → group-by", (PYTHON, "py-parquet-groupby"), Goal::Times(0.9, POLARS)),
    target("Python: merge of 26 M and 2.6 M rows", (PYTHON, "py-merge"), Goal::Times(8.0, DASK_THREADS)),
    target("Python: XGBoost, 1 M × 28, 50 rounds, in process", (PYTHON, "py-boost"), Goal::Times(0.9, XGBOOST)),
    target(
        "Python: XGBoost, 1 M × 28, 50 rounds, two workers",
        (PYTHON_CLUSTER, "py-boost"),
        Goal::Times(1.5, DASK_DISTRIBUTED),
    ),
    target(
        "Python: a search of 20 trainings, 66,000 × 29, 5 rounds, two workers",
        (PYTHON_CLUSTER, "py-boost-search"),
        Goal::Times(8.0, DASK_DISTRIBUTED),
    ),
    target("Python: LogisticRegression, lbfgs, 2 M × 20", (PYTHON, "py-logistic-lbfgs"), Goal::Times(10.0, DASK_ML)),
    target(
        "Python: LogisticRegression, lbfgs, 2 M × 20",
        (PYTHON, "py-logistic-lbfgs"),
        Goal::Times(2.0, SCIKIT_LEARN),
    ),
    target("Python: LogisticRegression, newton, 2 M × 20", (PYTHON, "py-logistic-newton"), Goal::Times(10.0, DASK_ML)),
    target(
        "Python: LogisticRegression, newton, 2 M × 20",
        (PYTHON, "py-logistic-newton"),
        Goal::Times(2.0, SCIKIT_LEARN),
    ),
    target("Python: LogisticRegression, admm, 2 M × 20", (PYTHON, "py-logistic-admm"), Goal::Times(10.0, DASK_ML)),
    target("Python: LinearRegression, 2 M × 50", (PYTHON, "py-linear-regression"), Goal::Times(10.0, DASK_ML)),
    target("Python: LinearRegression, 2 M × 50", (PYTHON, "py-linear-regression"), Goal::Times(2.0, SCIKIT_LEARN)),
    target("Python: Ridge, 2 M × 50", (PYTHON, "py-ridge"), Goal::Times(2.0, SCIKIT_LEARN)),
    target("Python: PCA, 2 M × 50", (PYTHON, "py-pca"), Goal::Times(10.0, DASK_ML)),
    target("Python: PCA, 2 M × 50", (PYTHON, "py-pca"), Goal::Times(2.0, SCIKIT_LEARN)),
    target("Python: StandardScaler, 2 M × 50", (PYTHON, "py-standard-scaler"), Goal::Times(10.0, DASK_ML)),
    target("Python: StandardScaler, 2 M × 50", (PYTHON, "py-standard-scaler"), Goal::Times(1.2, SCIKIT_LEARN)),
    target("Python: KMeans, ten steps, 2 M × 20", (PYTHON, "py-kmeans"), Goal::Times(5.0, DASK_ML)),
    target("Python: KMeans, ten steps, 2 M × 20", (PYTHON, "py-kmeans"), Goal::Times(1.5, SCIKIT_LEARN)),
    target(
        "Python: train_test_split within chunks, 2 M × 20",
        (PYTHON, "py-train-test-split"),
        Goal::Times(10.0, DASK_ML),
    ),
    target("Python: train_test_split, 2 M × 20", (PYTHON, "py-shuffled-split"), Goal::Times(1.0, SCIKIT_LEARN)),
    target("Python: metrics of 10 M rows", (PYTHON, "py-metrics"), Goal::Times(10.0, DASK_ML)),
    target("Python: LabelEncoder, 10 M rows", (PYTHON, "py-label-encoder"), Goal::Times(10.0, DASK_ML)),
    target("Python: OneHotEncoder, 2 M × 2, 50 each", (PYTHON, "py-one-hot-encoder"), Goal::Times(10.0, DASK_ML)),
    target("Python: Categorizer, 2 M × 2 texts", (PYTHON, "py-categorizer"), Goal::Times(10.0, DASK_ML)),
    target("Python: DummyEncoder, 2 M × 2 texts", (PYTHON, "py-dummy-encoder"), Goal::Times(10.0, DASK_ML)),
    target("Python: OrdinalEncoder, 2 M × 2 texts", (PYTHON, "py-ordinal-encoder"), Goal::Times(10.0, DASK_ML)),
];

const fn target(name: &'static str, of: (&'static str, &'static str), goal: Goal) -> Target {
    Target { name, of, goal }
}

impl Target {
    /// What became of it; `None` if something was not measured.
    pub fn reached(&self, seconds: &Seconds) -> Option<Reached> {
        let (program, work) = self.of;
        let ours = seconds.spread(program, work)?;
        Some(match self.goal {
            Goal::Seconds(most) => {
                Reached { wanted: format!("≤ {}", time(most)), measured: time(ours.median), hit: ours.median <= most }
            }
            Goal::Times(least, peer) => {
                let times = seconds.spread(peer, work)?.median / ours.median;
                Reached {
                    wanted: format!("≥ {} × {peer}", short(least)),
                    measured: format!("{} × ({})", ratio(times), time(ours.median)),
                    hit: times >= least,
                }
            }
        })
    }
}

/// `3`, `0.83`.
fn short(times: f64) -> String {
    format!("{times:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `12.3`, `1.23`, `123`.
fn ratio(times: f64) -> String {
    match times {
        ..10.0 => format!("{times:.2}"),
        ..100.0 => format!("{times:.1}"),
        _ => format!("{times:.0}"),
    }
}

/// `0.12 ms`, `12.3 ms`, `1.23 s`.
pub fn time(seconds: f64) -> String {
    let milliseconds = seconds * 1e3;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.2} ms"),
        ..100.0 => format!("{milliseconds:.1} ms"),
        ..1000.0 => format!("{milliseconds:.0} ms"),
        ..100_000.0 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds() -> Seconds {
        let mut seconds = Seconds::default();
        seconds.add(LOCAL, "array-svd", [0.004]);
        seconds.add(DASK_THREADS, "array-svd", [0.1]);
        seconds
    }

    #[test]
    fn a_time_is_compared_with_its_limit() {
        let reached = target("x", (LOCAL, "array-svd"), Goal::Seconds(0.005)).reached(&seconds()).unwrap();
        assert_eq!((reached.wanted.as_str(), reached.measured.as_str(), reached.hit), ("≤ 5.00 ms", "4.00 ms", true));
    }

    #[test]
    fn a_ratio_is_the_peers_time_over_ours() {
        let reached = target("x", (LOCAL, "array-svd"), Goal::Times(50.0, DASK_THREADS)).reached(&seconds()).unwrap();
        assert_eq!((reached.measured.as_str(), reached.hit), ("25.0 × (4.00 ms)", false));
    }

    #[test]
    fn what_was_not_measured_is_neither_hit_nor_missed() {
        assert!(target("x", (LOCAL, "array-svd"), Goal::Times(50.0, NUMPY)).reached(&seconds()).is_none());
    }
}
