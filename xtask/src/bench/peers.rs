//! The programs that are measured, ours among them.

use crate::Outcome;
use crate::command;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What is installed from the Python package index.
const PACKAGES: &[&str] = &[
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "cloudpickle",
    "dask[complete]",
    "scikit-learn",
    "xgboost-cpu",
    "dask-ml",
];

/// Times by (program, work).
#[derive(Debug, Default)]
pub struct Seconds(BTreeMap<(String, String), Vec<f64>>);

impl Seconds {
    /// Adds times.
    pub fn add(&mut self, program: &str, work: &str, seconds: impl IntoIterator<Item = f64>) {
        self.0.entry((program.to_owned(), work.to_owned())).or_default().extend(seconds);
    }
    /// Median, smallest and largest time.
    pub fn spread(&self, program: &str, work: &str) -> Option<Spread> {
        Spread::of(self.0.get(&(program.to_owned(), work.to_owned()))?)
    }
    /// All that was measured, by program and work.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, Spread)> {
        self.0
            .iter()
            .filter_map(|((program, work), seconds)| Some((program.as_str(), work.as_str(), Spread::of(seconds)?)))
    }
}

/// Where times lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The one in the middle; the mean of both, if there are two.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// How many there are.
    pub count: usize,
}

impl Spread {
    fn of(seconds: &[f64]) -> Option<Self> {
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let median = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
        Some(Self { median, least, most, count: sorted.len() })
    }
}

/// A program that times works and prints an object for each.
pub struct Program {
    /// Its name in the results.
    pub name: &'static str,
    command: PathBuf,
    arguments: Vec<String>,
    /// Works of every round.
    works: Vec<&'static str>,
    /// Works of the first round alone: they take minutes.
    slow_works: &'static [&'static str],
    /// What goes before each work on the command line.
    work_option: Option<&'static str>,
    /// Where Python finds our package.
    package: PathBuf,
    /// Where works find their files, and write them the first time.
    data: PathBuf,
    /// The virtual environment with the peers.
    environment: PathBuf,
}

/// Names of programs.
pub const LOCAL: &str = "Phalanx";
pub const CLUSTER: &str = "Phalanx, two workers";
pub const PYTHON: &str = "Phalanx in Python";
pub const PYTHON_CLUSTER: &str = "Phalanx in Python, two workers";
pub const NUMPY: &str = "NumPy";
pub const PANDAS: &str = "pandas";
pub const POLARS: &str = "Polars";
pub const XGBOOST: &str = "XGBoost, two threads";
pub const DASK_THREADS: &str = "Dask, threads";
pub const DASK_DISTRIBUTED: &str = "Dask, two workers";
pub const SCIKIT_LEARN: &str = "scikit-learn";
pub const DASK_ML: &str = "dask-ml";

const OWN_WORKS: &[&str] = &[
    "job-two-stages",
    "job-three-stages",
    "array-svd",
    "array-tall-svd",
    "array-mean",
    "ten-thousand-chunks",
    "frame-unique",
    "frame-cumsum",
    "frame-groupby",
];
/// A model behind HTTP, in a process of its own: `crates/cli/src/bench/served.rs`.
const SERVED_WORKS: &[&str] = &["serve"];
const FRAME_WORKS: &[&str] = &["frame-unique", "frame-cumsum", "frame-groupby"];
const DASK_WORKS: &[&str] =
    &["job-two-stages", "array-svd", "array-tall-svd", "array-mean", "frame-unique", "frame-cumsum", "frame-groupby"];
/// Written once for Dask and for Phalanx: `benches/peers/lazy_works.py`.
const LAZY_WORKS: &[&str] = &[
    "py-scalar",
    "py-thousand-operations",
    "py-array-mean",
    "py-chain",
    "py-matmul",
    "py-uniform",
    "py-normal",
    "py-rechunk",
    "py-to-numpy",
    "py-csv-groupby",
    "py-parquet-groupby",
    "py-merge",
    "py-to-pandas",
    "py-boost",
    "py-boost-again",
    "py-boost-search",
];
/// Boosting over ranks: `benches/peers/boosting_works.py`.
const BOOSTING_WORKS: &[&str] = &["py-boost", "py-boost-again", "py-boost-search"];
const NUMPY_PYTHON_WORKS: &[&str] = &["py-array-mean", "py-chain", "py-matmul", "py-to-numpy"];
const DASK_LAZY_WORKS: &[&str] = &[
    "py-scalar",
    "py-thousand-operations",
    "py-array-mean",
    "py-chain",
    "py-matmul",
    "py-uniform",
    "py-normal",
    "py-rechunk",
    "py-csv-groupby",
    "py-parquet-groupby",
    "py-merge",
];
/// What is worth sending to processes of their own.
const LAZY_CLUSTER_WORKS: &[&str] = &["py-scalar", "py-rechunk", "py-parquet-groupby"];

/// Written once for scikit-learn, dask-ml and Phalanx: `benches/peers/learn_works.py`.
const LEARN_WORKS: &[&str] = &[
    "py-logistic-lbfgs",
    "py-logistic-newton",
    "py-logistic-admm",
    "py-linear-regression",
    "py-ridge",
    "py-pca",
    "py-standard-scaler",
    "py-kmeans",
    "py-train-test-split",
    "py-shuffled-split",
    "py-metrics",
    "py-label-encoder",
    "py-one-hot-encoder",
    "py-categorizer",
    "py-dummy-encoder",
    "py-ordinal-encoder",
];
/// scikit-learn has no ADMM, and no chunks to draw within.
const SCIKIT_LEARN_WORKS: &[&str] = &[
    "py-logistic-lbfgs",
    "py-logistic-newton",
    "py-linear-regression",
    "py-ridge",
    "py-pca",
    "py-standard-scaler",
    "py-kmeans",
    "py-shuffled-split",
    "py-metrics",
    "py-label-encoder",
    "py-one-hot-encoder",
];
/// dask-ml has no ridge, and does not draw from all chunks.
const DASK_ML_WORKS: &[&str] = &[
    "py-pca",
    "py-standard-scaler",
    "py-kmeans",
    "py-train-test-split",
    "py-metrics",
    "py-label-encoder",
    "py-one-hot-encoder",
    "py-categorizer",
    "py-dummy-encoder",
    "py-ordinal-encoder",
];
const DASK_ML_SLOW_WORKS: &[&str] =
    &["py-logistic-lbfgs", "py-logistic-newton", "py-logistic-admm", "py-linear-regression"];

/// All programs, in the order of a round.
pub fn programs(root: &Path, target: &Path, binary: &Path, environment: &Path) -> Vec<Program> {
    let python = python(environment);
    let (package, data) = (root.join("python"), target.join("bench-data"));
    let own = |name, arguments: &[&str], works: &[&[&'static str]]| Program {
        name,
        command: binary.to_owned(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        works: works.concat(),
        slow_works: &[],
        work_option: Some("--only"),
        package: package.clone(),
        data: data.clone(),
        environment: environment.to_owned(),
    };
    let script = |file: &str| root.join("benches").join("peers").join(file).display().to_string();
    let peer = |name, file: &str, works: &[&[&'static str]], slow_works: &'static [&'static str]| Program {
        name,
        command: python.clone(),
        arguments: vec![script(file)],
        works: works.concat(),
        slow_works,
        work_option: None,
        package: package.clone(),
        data: data.clone(),
        environment: environment.to_owned(),
    };
    let own_python = |name, options: &[&str], works: &[&'static str]| Program {
        name,
        command: python.clone(),
        arguments: [script("phalanx_peer.py")].into_iter().chain(options.iter().map(|&o| o.to_owned())).collect(),
        works: works.to_vec(),
        slow_works: &[],
        work_option: None,
        package: package.clone(),
        data: data.clone(),
        environment: environment.to_owned(),
    };
    vec![
        own(LOCAL, &["bench"], &[OWN_WORKS, SERVED_WORKS]),
        peer(NUMPY, "numpy_peer.py", &[&["array-svd", "array-tall-svd", "array-mean"], NUMPY_PYTHON_WORKS], &[]),
        peer(DASK_THREADS, "dask_threads_peer.py", &[DASK_WORKS, DASK_LAZY_WORKS], &["ten-thousand-chunks"]),
        own(CLUSTER, &["bench", "--workers", "2"], &[OWN_WORKS]),
        own_python(PYTHON, &[], &[LAZY_WORKS, LEARN_WORKS].concat()),
        peer(SCIKIT_LEARN, "scikit_learn_peer.py", &[SCIKIT_LEARN_WORKS], &[]),
        peer(DASK_ML, "dask_ml_peer.py", &[DASK_ML_WORKS], DASK_ML_SLOW_WORKS),
        peer(PANDAS, "pandas_peer.py", &[FRAME_WORKS, &["py-to-pandas"]], &[]),
        peer(POLARS, "polars_peer.py", &[&["py-csv-groupby", "py-parquet-groupby", "py-merge"]], &[]),
        peer(XGBOOST, "xgboost_peer.py", &[&["py-boost"]], &[]),
        own_python(PYTHON_CLUSTER, &["--workers", "2"], &[LAZY_CLUSTER_WORKS, BOOSTING_WORKS].concat()),
        peer(
            DASK_DISTRIBUTED,
            "dask_distributed_peer.py",
            &[DASK_WORKS, LAZY_CLUSTER_WORKS, BOOSTING_WORKS],
            &["ten-thousand-chunks"],
        ),
    ]
}

impl Program {
    /// Runs its works, with those that take minutes or without.
    pub fn run(&self, with_slow: bool, seconds: &mut Seconds) -> Outcome {
        let works = self.works.iter().chain(self.slow_works.iter().filter(|_| with_slow));
        let mut command = self.command();
        for work in works {
            command.args(self.work_option).arg(work);
        }
        eprintln!("{}", self.name);
        for line in command::output(command)?.lines() {
            let unknown = || format!("{} printed {line:?}", self.name);
            let object: Value = serde_json::from_str(line).map_err(|_| unknown())?;
            let work = object["work"].as_str().ok_or_else(unknown)?;
            let times = object["seconds"].as_array().ok_or_else(unknown)?;
            seconds.add(self.name, work, times.iter().filter_map(Value::as_f64));
        }
        Ok(())
    }

    /// `name version` of what a peer measures; ours needs none.
    pub fn versions(&self) -> Outcome<Vec<String>> {
        if [LOCAL, CLUSTER, PYTHON, PYTHON_CLUSTER].contains(&self.name) {
            return Ok(vec![]);
        }
        let mut command = self.command();
        command.arg("--versions");
        let text = command::output(command)?;
        let object: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", self.name))?;
        let versions = object.as_object().into_iter().flatten();
        Ok(versions.map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default())).collect())
    }

    /// As users run it: BLAS takes the threads that it takes.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.command);
        command.args(&self.arguments).env("PYTHONPATH", &self.package).env("BENCH_DATA", &self.data);
        // Where ranks look for XGBoost.
        command.env("VIRTUAL_ENV", &self.environment);
        let limits = ["OPENBLAS_", "OMP_", "MKL_", "GOTO_", "BLIS_"];
        for (name, _) in std::env::vars_os() {
            if limits.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
    }
}

/// From the start of the process to the first result: what somebody waits who types a command.
pub fn first_results(binary: &Path, scratch: &Path, seconds: &mut Seconds) -> Outcome {
    for (program, workers) in [(LOCAL, None), (CLUSTER, Some("2"))] {
        for _ in 0..5 {
            let mut command = Command::new(binary);
            command.args(["demo", "--json", "--only", "array-svd", "--out"]).arg(scratch);
            if let Some(workers) = workers {
                command.args(["--workers", workers]);
            }
            let start = Instant::now();
            let mut child = command
                .stdout(Stdio::piped())
                .spawn()
                .map_err(|error| format!("{} can't be started: {error}", binary.display()))?;
            let mut line = String::new();
            let mut output = BufReader::new(child.stdout.take().ok_or("a child without output")?);
            output.read_line(&mut line).map_err(|error| error.to_string())?;
            let time = start.elapsed().as_secs_f64();
            let rest = std::io::copy(&mut output, &mut std::io::sink());
            let status = child.wait().map_err(|error| error.to_string())?;
            if !status.success() || rest.is_err() || !line.contains("array-svd") {
                return Err(format!("{}: {status}, {line:?}", command::describe(&command)));
            }
            seconds.add(program, "first-result", [time]);
        }
    }
    Ok(())
}

fn python(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}

/// Makes `folder` a virtual environment with the peers.
pub fn install(folder: &Path) -> Outcome {
    let python = python(folder);
    if !python.exists() {
        let mut command = Command::new("python3");
        command.args(["-m", "venv"]).arg(folder);
        command::run(command)?;
    }
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    command::run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0, count: 3 }));
        assert_eq!(Spread::of(&[4.0, 1.0]), Some(Spread { median: 2.5, least: 1.0, most: 4.0, count: 2 }));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn times_of_rounds_are_put_together() {
        let mut seconds = Seconds::default();
        seconds.add(NUMPY, "svd", [1.0]);
        seconds.add(NUMPY, "svd", [3.0, 2.0]);
        assert_eq!(seconds.spread(NUMPY, "svd").map(|spread| (spread.median, spread.count)), Some((2.0, 3)));
        assert_eq!(seconds.spread(PANDAS, "svd"), None);
    }
}
