//! Features between two bounds.

use crate::columns::Columns;
use crate::features::Change;
use crate::file::{self, ModelFile};
use crate::matrix::Matrix;
use crate::statistic;
use phalanx_engine::{Engine, Error, Result};
use serde_json::json;
use std::path::Path;

/// Features shifted and scaled so that the smallest value of each becomes one bound and the largest the other, as
/// scikit-learn's `MinMaxScaler` does it. NaN stays NaN and is not counted; a constant feature becomes the lower bound.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{MinMaxScaler, columns::Columns, datasets, statistic};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(5_000, 3).build()?;
/// let scaler = MinMaxScaler::fit(&engine, &data, (0.0, 1.0))?;
/// let found = statistic::compute(&engine, &Columns { classes: 0 }, &scaler.transform(&data)?)?;
/// assert!(found.min.iter().all(|least| least.abs() < 1e-12));
/// assert!(found.max.iter().all(|most| (most - 1.0).abs() < 1e-12));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MinMaxScaler {
    names: Vec<String>,
    bounds: (f64, f64),
    clip: bool,
    least: Vec<f64>,
    most: Vec<f64>,
    rows: u64,
}

impl MinMaxScaler {
    /// The extremes of all rows of `data`, in one pass.
    ///
    /// # Errors
    /// `Input`: the lower bound is not below the upper one. `Data`: there are no rows; a feature is infinite, or NaN in
    /// all rows.
    pub fn fit(engine: &dyn Engine, data: impl AsRef<Matrix>, bounds: (f64, f64)) -> Result<Self> {
        if !(bounds.0.is_finite() && bounds.1.is_finite() && bounds.0 < bounds.1) {
            return Err(Error::input(format!("features between {} and {}", bounds.0, bounds.1))
                .with_hint("the first bound is the smaller one"));
        }
        let matrix = data.as_ref();
        let found = statistic::compute(engine, &Columns { classes: 0 }, matrix)?;
        let bad = (0..matrix.names().len()).find(|at| found.infinite[*at] > 0 || found.count[*at] == 0);
        if let Some(bad) = bad {
            return Err(Error::data(format!("feature {:?} is infinite, or nowhere a number", matrix.names()[bad]))
                .with_hint("filter those rows, or leave the feature out"));
        }
        let names = matrix.names().to_vec();
        Ok(Self { names, bounds, clip: false, least: found.min, most: found.max, rows: found.rows })
    }
    /// The same, but that values beyond the extremes become the bounds.
    #[must_use]
    pub fn clip(mut self) -> Self {
        self.clip = true;
        self
    }
    /// The names of the features that it scales.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// Of each feature the smallest value that was seen.
    pub fn least(&self) -> &[f64] {
        &self.least
    }
    /// Of each feature the largest value that was seen.
    pub fn most(&self) -> &[f64] {
        &self.most
    }
    /// What each feature is multiplied with.
    pub fn scale(&self) -> Vec<f64> {
        let ranges = self.least.iter().zip(&self.most).map(|(least, most)| most - least);
        let (low, high) = self.bounds;
        ranges.map(|range| (high - low) / if range < 10.0 * f64::EPSILON { 1.0 } else { range }).collect()
    }
    /// What is added to each feature after that.
    pub fn shift(&self) -> Vec<f64> {
        self.least.iter().zip(self.scale()).map(|(least, scale)| self.bounds.0 - least * scale).collect()
    }
    /// The rows, scaled; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the scaler has seen.
    pub fn transform(&self, data: impl AsRef<Matrix>) -> Result<Matrix> {
        let matrix = data.as_ref();
        matrix.need_features("the scaler", &self.names)?;
        let bounds = self.clip.then_some(self.bounds);
        let change = Change::Stretch { factor: self.scale(), shift: self.shift(), bounds };
        change.of("scale", matrix, self.names.clone())
    }
    /// The scaler as the JSON that `phalanx.ml.persistence` reads: see [`ModelFile`].
    pub fn to_json(&self) -> String {
        self.file().to_json()
    }
    /// Writes the file of [`to_json`](MinMaxScaler::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file().save(path.as_ref())
    }
    /// Reads a file of [`save`](MinMaxScaler::save), or of Python.
    ///
    /// # Errors
    /// `Data`: it can't be read, or is no such scaler. `Unsupported`: it is of another version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let file = ModelFile::load(path.as_ref(), &["MinMaxScaler"])?;
        let names = file.names()?;
        let bounds = file.given("feature_range").and_then(|range| range["tuple"].as_array().cloned());
        let bounds: Option<Vec<f64>> = bounds.map(|each| each.iter().filter_map(file::read_number).collect());
        let Some([low, high]) = bounds.as_deref() else {
            return Err(Error::data("this MinMaxScaler is damaged: it has no bounds").with_hint("save it once more"));
        };
        Ok(Self {
            bounds: (*low, *high),
            clip: file.flag("clip")?,
            least: file.floats_of("data_min_", names.len())?,
            most: file.floats_of("data_max_", names.len())?,
            rows: file.count("n_samples_seen_")?,
            names,
        })
    }

    fn file(&self) -> ModelFile {
        let range: Vec<f64> = self.least.iter().zip(&self.most).map(|(least, most)| most - least).collect();
        ModelFile::new("MinMaxScaler")
            .parameter("feature_range", json!({"tuple": [file::number(self.bounds.0), file::number(self.bounds.1)]}))
            .parameter("copy", json!(true))
            .parameter("clip", json!(self.clip))
            .features(&self.names)
            .state("data_min_", file::vector(&self.least))
            .state("data_max_", file::vector(&self.most))
            .state("data_range_", file::vector(&range))
            .state("scale_", file::vector(&self.scale()))
            .state("min_", file::vector(&self.shift()))
            .state("n_samples_seen_", json!(self.rows))
    }
}
