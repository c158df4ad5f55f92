//! k-means on rows that stay where they are.

use crate::clusters::Clusters;
use crate::columns::Columns;
use crate::file::{self, ModelFile};
use crate::matrix::{Data, Matrix};
use crate::pick::{Candidates, draw, uniform};
use crate::report::Fit;
use crate::rule::Rule;
use crate::statistic;
use phalanx_engine::{Engine, Error, Plan, Result};
use serde_json::{Value, json};
use std::path::Path;

/// The most rounds of k-means||: "Scalable k-means++" (Bahmani et al., 2012) says that five do.
const ROUNDS_MAX: u64 = 8;

/// Where centers are at first.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// k-means||.
    Parallel {
        /// Candidates a round, for each cluster.
        oversampling: f64,
        /// Rounds; by default as many as the logarithm of the first inertia, and at most eight.
        rounds: Option<u64>,
    },
    /// Rows that are drawn by their weights.
    Random,
    /// These, one after the other.
    Centers(Vec<f64>),
}

/// Lloyd's algorithm: each step is a pass over the rows.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{KMeans, datasets};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(5_000, 2).build()?.persist(&engine)?;
/// let model = KMeans::new(3).fit(&engine, &data)?;
/// assert_eq!(model.centers().len(), 3 * 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct KMeans {
    clusters: usize,
    start: Start,
    starts: u64,
    seed: u64,
    iterations_max: u64,
    tolerance: f64,
}

impl KMeans {
    /// So many clusters, from one k-means|| start with the seed 0, at most 300 steps, tolerance 1e-4.
    pub fn new(clusters: usize) -> Self {
        let start = Start::Parallel { oversampling: 2.0, rounds: None };
        Self { clusters, start, starts: 1, seed: 0, iterations_max: 300, tolerance: 1e-4 }
    }
    /// Where centers are at first.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }
    /// From how many starts; the model with the smallest inertia is kept, of several the first.
    pub fn starts(mut self, starts: u64) -> Self {
        self.starts = starts;
        self
    }
    /// What starts are drawn with.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// The most steps; at least one.
    pub fn max_iter(mut self, iterations: u64) -> Self {
        self.iterations_max = iterations;
        self
    }
    /// It has converged when the centers' squared moves are not above this share of the mean variance of the features.
    pub fn tol(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Finds the centers. Blocks until it is done.
    ///
    /// # Errors
    /// `Input`: a parameter is out of its range, or there are fewer rows than clusters. `Data`: NaN or infinite features.
    pub fn fit(&self, engine: &dyn Engine, data: &Data) -> Result<KMeansModel> {
        futures::executor::block_on(self.fit_async(engine, data))
    }

    /// As [`KMeans::fit`], for async code.
    ///
    /// # Errors
    /// As [`KMeans::fit`].
    pub async fn fit_async(&self, engine: &dyn Engine, data: &Data) -> Result<KMeansModel> {
        self.check(data)?;
        let matrix = data.matrix();
        let found = statistic::compute_async(engine, &Columns { classes: 0 }, matrix).await?;
        let width = matrix.layout().width;
        found.need_finite(matrix.names())?;
        let variances = found.deviation.iter().zip(&found.weight).map(|(sum, weight)| sum / weight);
        let enough = self.tolerance * variances.sum::<f64>() / width as f64;
        let mut best: Option<KMeansModel> = None;
        for start in 0..self.starts {
            let centers = self.first_centers(engine, data, self.seed.wrapping_add(start)).await?;
            let model = self.lloyd(engine, matrix, centers, enough).await?;
            if best.as_ref().is_none_or(|best| model.inertia < best.inertia) {
                best = Some(model);
            }
        }
        best.ok_or_else(|| Error::internal("k-means began nowhere"))
    }

    fn check(&self, data: &Data) -> Result<()> {
        let (width, rows) = (data.names().len(), data.rows());
        if self.clusters == 0 || self.starts == 0 || self.iterations_max == 0 {
            return Err(Error::input("0 clusters, starts or iterations").with_hint("take at least one"));
        }
        if !(self.tolerance.is_finite() && self.tolerance >= 0.0) {
            return Err(Error::input(format!("a tolerance of {}", self.tolerance)).with_hint("take a small number"));
        }
        if rows < self.clusters as u64 {
            return Err(Error::input(format!("n_samples={rows} should be >= n_clusters={}.", self.clusters))
                .with_hint("ask for fewer clusters"));
        }
        match &self.start {
            Start::Centers(centers) if centers.len() != self.clusters * width => Err(Error::input(format!(
                "{} numbers for {} centers of {width} features",
                centers.len(),
                self.clusters
            ))
            .with_hint("give the centers one after the other")),
            Start::Parallel { oversampling, .. } if !(oversampling.is_finite() && *oversampling > 0.0) => {
                Err(Error::input(format!("oversampling by {oversampling}"))
                    .with_hint("2 candidates a round and cluster"))
            }
            _ => Ok(()),
        }
    }

    async fn first_centers(&self, engine: &dyn Engine, data: &Data, seed: u64) -> Result<Vec<f64>> {
        match &self.start {
            Start::Centers(centers) => Ok(centers.clone()),
            Start::Random => draw(engine, data, seed, self.clusters).await,
            Start::Parallel { oversampling, rounds } => self.parallel(engine, data, seed, *oversampling, *rounds).await,
        }
    }

    /// k-means||: rounds that draw each row with a probability that grows with its weight and its distance; then
    /// k-means++ among the candidates, which weigh what they are nearest to.
    async fn parallel(
        &self,
        engine: &dyn Engine,
        data: &Data,
        seed: u64,
        oversampling: f64,
        rounds: Option<u64>,
    ) -> Result<Vec<f64>> {
        let (matrix, width) = (data.matrix(), data.names().len());
        let mut centers = draw(engine, data, seed, 1).await?;
        let mut state = statistic::compute_async(engine, &Clusters { centers: centers.clone() }, matrix).await?;
        let by_default = (libm::ceil(libm::log(state.inertia.max(1.0))) as u64).min(ROUNDS_MAX);
        for round in 1..=rounds.unwrap_or(by_default).max(1) {
            if state.inertia <= 0.0 {
                break;
            }
            let factor = oversampling * self.clusters as f64 / state.inertia;
            let new = Candidates { seed, round, factor, centers: centers.clone() }.of(engine, data).await?;
            if !new.is_empty() {
                centers = different(centers.into_iter().chain(new).collect(), width);
                state = statistic::compute_async(engine, &Clusters { centers: centers.clone() }, matrix).await?;
            }
        }
        if centers.len() < self.clusters * width {
            centers.extend(draw(engine, data, seed.wrapping_add(7919), self.clusters).await?);
            centers.truncate(self.clusters * width);
            return Ok(centers);
        }
        Ok(plus_plus(&centers, &state.weight, width, self.clusters, seed))
    }

    async fn lloyd(
        &self,
        engine: &dyn Engine,
        matrix: &Matrix,
        mut centers: Vec<f64>,
        enough: f64,
    ) -> Result<KMeansModel> {
        let (width, mut iterations, mut converged) = (matrix.layout().width, 0, false);
        let told = Fit::of(engine, "KMeans", None, self.iterations_max);
        while iterations < self.iterations_max && !converged {
            let state = statistic::compute_async(engine, &Clusters { centers: centers.clone() }, matrix).await?;
            iterations += 1;
            told.iterated(iterations, &[("inertia", state.inertia)]);
            let mut new = centers.clone();
            for (center, weight) in state.weight.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                let of = center * width..(center + 1) * width;
                new[of.clone()].iter_mut().zip(&state.sums[of]).for_each(|(new, sum)| *new = sum / weight);
            }
            let empty = state.weight.iter().position(|weight| weight.is_nan() || *weight <= 0.0);
            if let (Some(empty), false) = (empty, state.farthest.1.is_empty()) {
                // One empty cluster a step moves to the row that is farthest from its center.
                new[empty * width..(empty + 1) * width].copy_from_slice(&state.farthest.1);
            }
            let moved: f64 = new.iter().zip(&centers).map(|(new, old)| (new - old) * (new - old)).sum();
            centers = new;
            converged = moved <= enough;
        }
        let state = statistic::compute_async(engine, &Clusters { centers: centers.clone() }, matrix).await?;
        let names = matrix.names().to_vec();
        let parameters = KMeans { start: Start::Random, ..self.clone() };
        Ok(KMeansModel { names, centers, inertia: state.inertia, iterations, converged, parameters })
    }
}

/// The lines that differ, sorted.
fn different(values: Vec<f64>, width: usize) -> Vec<f64> {
    let mut lines: Vec<&[f64]> = values.chunks_exact(width).collect();
    let order = |a: &&[f64], b: &&[f64]| {
        a.iter().zip(*b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    };
    lines.sort_by(order);
    lines.dedup();
    lines.concat()
}

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + (a - b) * (a - b))
}

/// k-means++ (Arthur and Vassilvitskii, 2007) among weighted candidates; each center is the best of a few that are drawn,
/// as in scikit-learn.
fn plus_plus(candidates: &[f64], weights: &[f64], width: usize, clusters: usize, seed: u64) -> Vec<f64> {
    let lines: Vec<&[f64]> = candidates.chunks_exact(width).collect();
    let mut draw = 0;
    let mut drawn = |shares: &[f64]| {
        draw += 1;
        let mut left = uniform(seed, draw) * shares.iter().sum::<f64>();
        let found = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.or_else(|| shares.iter().rposition(|share| *share > 0.0)).unwrap_or(0)
    };
    let first = drawn(weights);
    let mut centers = lines[first].to_vec();
    let mut nearest: Vec<f64> = lines.iter().map(|line| square(line, lines[first])).collect();
    let tries = 2 + libm::log(clusters as f64) as usize;
    for _ in 1..clusters {
        let shares: Vec<f64> = nearest.iter().zip(weights).map(|(distance, weight)| distance * weight).collect();
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..tries {
            let candidate = drawn(&shares);
            let nearer: Vec<f64> =
                nearest.iter().zip(&lines).map(|(near, line)| near.min(square(line, lines[candidate]))).collect();
            let inertia = nearer.iter().zip(weights).fold(0.0, |sum, (near, weight)| sum + near * weight);
            if best.as_ref().is_none_or(|best| inertia < best.0) {
                best = Some((inertia, candidate, nearer));
            }
        }
        if let Some((_, candidate, nearer)) = best {
            centers.extend_from_slice(lines[candidate]);
            nearest = nearer;
        }
    }
    centers
}

/// Centers that were found.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansModel {
    names: Vec<String>,
    centers: Vec<f64>,
    inertia: f64,
    iterations: u64,
    converged: bool,
    parameters: KMeans,
}

impl KMeansModel {
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// The centers, one after the other.
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }
    /// The weighted sum of squared distances to the nearest center.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }
    /// Steps.
    pub fn iterations(&self) -> u64 {
        self.iterations
    }
    /// Whether the centers came to rest.
    pub fn converged(&self) -> bool {
        self.converged
    }
    /// The number of each row's nearest center, as column `cluster`, in the order of the rows, followed by their `target`
    /// if they have one; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the model was fitted to.
    pub fn predict(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        data.as_ref().need_features("the model", &self.names)?;
        Rule::Cluster { centers: self.centers.clone() }.apply(data.as_ref())
    }
    /// The negative sum of squared distances.
    ///
    /// # Errors
    /// As [`predict`](KMeansModel::predict), or the job's own.
    pub fn score(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<f64> {
        let matrix = data.as_ref();
        matrix.need_features("the model", &self.names)?;
        Ok(-statistic::compute(engine, &Clusters { centers: self.centers.clone() }, matrix)?.inertia)
    }

    /// The model as the JSON that `phalanx.ml.persistence` reads: see [`ModelFile`].
    pub fn to_json(&self) -> String {
        self.file().to_json()
    }
    /// Writes the file of [`to_json`](KMeansModel::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file().save(path.as_ref())
    }
    /// Reads a file of [`save`](KMeansModel::save), or of Python.
    ///
    /// # Errors
    /// `Data`: it can't be read, or is no such model. `Unsupported`: it is of another version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let file = ModelFile::load(path.as_ref(), &["KMeans"])?;
        let names = file.names()?;
        let centers = file.floats("cluster_centers_")?;
        if centers.is_empty() || centers.len() % names.len().max(1) != 0 {
            return Err(Error::data("this KMeans is damaged: its centers are no table").with_hint("save it once more"));
        }
        let parameters = KMeans {
            start: Start::Random,
            tolerance: file.number("tol")?,
            iterations_max: file.number("max_iter")? as u64,
            starts: file.number("n_init").unwrap_or(1.0) as u64,
            seed: file.number("random_state").unwrap_or(0.0) as u64,
            clusters: centers.len() / names.len().max(1),
        };
        let (inertia, iterations) = (file.float("inertia_")?, file.count("n_iter_")?);
        Ok(Self { converged: file.truth("converged_")?, names, centers, inertia, iterations, parameters })
    }

    fn file(&self) -> ModelFile {
        let KMeans { clusters, starts, seed, iterations_max, tolerance, .. } = self.parameters;
        ModelFile::new("KMeans")
            .parameter("n_clusters", json!(clusters))
            .parameter("init", json!("k-means||"))
            .parameter("oversampling_factor", json!(2))
            .parameter("max_iter", json!(iterations_max))
            .parameter("tol", file::number(tolerance))
            .parameter("precompute_distances", json!("auto"))
            .parameter("random_state", json!(seed))
            .parameter("copy_x", json!(true))
            .parameter("n_jobs", json!(1))
            .parameter("algorithm", json!("full"))
            .parameter("init_max_iter", Value::Null)
            .parameter("n_init", json!(starts))
            .parameter("verbose", json!(0))
            .features(&self.names)
            .state("cluster_centers_", file::array(&[clusters, self.names.len()], &self.centers))
            .state("inertia_", file::number(self.inertia))
            .state("n_iter_", json!(self.iterations))
            .state("converged_", json!(self.converged))
            .state("_n_features_out", json!(clusters))
    }
}
