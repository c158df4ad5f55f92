//! Standardised features: mean 0 and standard deviation 1.

use crate::columns::Columns;
use crate::file::{self, ModelFile};
use crate::matrix::Matrix;
use crate::rows::{Layout, Rows};
use crate::statistic::{self, Statistic};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_engine::{Engine, Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Mean and sum of squared deviations of every feature, weighted if rows have weights.
///
/// A block's moments are computed in two passes over it, and moments are merged by the formula of Chan, Golub and
/// LeVeque, "Algorithms for computing the sample variance" (The American Statistician 37, 1983): no large sums of
/// squares are ever subtracted, so features far from zero keep their digits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moments;

/// What [`Moments`] knows of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MomentsState {
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' weights.
    pub weight: f64,
    /// Of each feature the mean.
    pub mean: Vec<f64>,
    /// Of each feature the sum of weighted squared deviations from the mean.
    pub deviation: Vec<f64>,
    /// Of each feature the values that are NaN or infinite.
    pub not_finite: Vec<u64>,
}

impl Statistic for Moments {
    type State = MomentsState;

    fn of(&self, rows: &Rows<'_>) -> MomentsState {
        let width = rows.width();
        let mut weight = 0.0;
        let mut mean = vec![0.0; width];
        let mut not_finite = vec![0; width];
        for (row, values) in rows.features().chunks_exact(width).enumerate() {
            let w = rows.weight(row);
            weight += w;
            mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += w * value);
            not_finite.iter_mut().zip(values).for_each(|(count, value)| *count += u64::from(!value.is_finite()));
        }
        if weight > 0.0 {
            mean.iter_mut().for_each(|mean| *mean /= weight);
        }
        let mut deviation = vec![0.0; width];
        for (row, values) in rows.features().chunks_exact(width).enumerate() {
            let w = rows.weight(row);
            for ((deviation, value), mean) in deviation.iter_mut().zip(values).zip(&mean) {
                *deviation += w * (value - mean) * (value - mean);
            }
        }
        MomentsState { rows: rows.count() as u64, weight, mean, deviation, not_finite }
    }

    fn merge(mut left: MomentsState, right: MomentsState) -> MomentsState {
        let weight = left.weight + right.weight;
        let share = if weight > 0.0 { right.weight / weight } else { 0.0 };
        for column in 0..left.mean.len().min(right.mean.len()) {
            let shift = right.mean[column] - left.mean[column];
            left.mean[column] += shift * share;
            left.deviation[column] += right.deviation[column] + shift * shift * left.weight * share;
            left.not_finite[column] += right.not_finite[column];
        }
        left.weight = weight;
        left.rows += right.rows;
        left
    }
}

crate::statistic!(Moments, "moments");

/// Features shifted and scaled to mean 0 and standard deviation 1, as scikit-learn's `StandardScaler` does it (the
/// deviation of the population, divisor n). A feature that is constant stays unscaled, so it becomes 0.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{Moments, Scaler, datasets, statistic};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(10_000, 3).build()?;
/// let scaler = Scaler::fit(&engine, &data)?;
/// let moments = statistic::compute(&engine, &Moments, &scaler.transform(&data)?)?;
/// assert!(moments.mean.iter().all(|mean| mean.abs() < 1e-12));
/// assert!(moments.deviation.iter().all(|sum| (sum / 10_000.0 - 1.0).abs() < 1e-12));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    names: Vec<String>,
    mean: Vec<f64>,
    variance: Vec<f64>,
    scale: Vec<f64>,
    rows: u64,
}

impl Scaler {
    /// Means and deviations of all rows of `data`, in one pass.
    ///
    /// # Errors
    /// `Data`: there are no rows, weights that sum to nothing, or a feature with NaN or infinite values.
    pub fn fit(engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<Self> {
        let matrix = data.as_ref();
        let moments = statistic::compute(engine, &Columns { classes: 0 }, matrix)?;
        moments.need_finite(matrix.names())?;
        let weight = moments.class_weight[0];
        if weight.is_nan() || weight <= 0.0 {
            return Err(Error::data(format!("the weights of {} rows sum to {weight}", moments.rows))
                .with_hint("weights are positive numbers"));
        }
        let count = moments.rows as f64;
        let variance: Vec<f64> = moments.deviation.iter().map(|deviation| deviation / weight).collect();
        let scale = moments.mean.iter().zip(&variance).map(|(mean, &variance)| {
            // What rounding alone may leave of a constant feature: scikit-learn's bound.
            let rounding = count * f64::EPSILON * variance + (count * mean * f64::EPSILON).powi(2);
            if variance <= rounding { 1.0 } else { variance.sqrt() }
        });
        let (names, scale, rows) = (matrix.names().to_vec(), scale.collect(), moments.rows);
        Ok(Self { names, scale, mean: moments.mean, variance, rows })
    }
    /// The names of the features that it scales.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// What is subtracted from each feature.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }
    /// What each feature is divided by.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }
    /// The rows, scaled; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the scaler has seen.
    pub fn transform(&self, data: impl AsRef<Matrix>) -> Result<Matrix> {
        let matrix = data.as_ref();
        matrix.need_features("the scaler", &self.names)?;
        let operator = Scale { layout: matrix.layout(), mean: self.mean.clone(), scale: self.scale.clone() };
        matrix.under("scale", plan::operator(operator, vec![Arc::clone(matrix.plan().root())])?)
    }
    /// The scaler as the JSON that `phalanx.ml.persistence` reads, a `StandardScaler`: see [`ModelFile`].
    pub fn to_json(&self) -> String {
        self.file().to_json()
    }
    /// The scaler that [`to_json`](Scaler::to_json), or Python, has written.
    ///
    /// # Errors
    /// `Data`: the text is no such scaler. `Unsupported`: it is of another version, or does not shift or scale.
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_file(&ModelFile::from_json(text, &["StandardScaler"])?)
    }
    /// Writes the file of [`to_json`](Scaler::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file().save(path.as_ref())
    }
    /// Reads a file of [`save`](Scaler::save), or of Python.
    ///
    /// # Errors
    /// `Data`: it can't be read; else as [`from_json`](Scaler::from_json).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file(&ModelFile::load(path.as_ref(), &["StandardScaler"])?)
    }

    fn file(&self) -> ModelFile {
        ModelFile::new("StandardScaler")
            .parameter("copy", json!(true))
            .parameter("with_mean", json!(true))
            .parameter("with_std", json!(true))
            .features(&self.names)
            .state("n_samples_seen_", json!(self.rows))
            .state("mean_", file::vector(&self.mean))
            .state("var_", file::vector(&self.variance))
            .state("scale_", file::vector(&self.scale))
    }

    fn from_file(file: &ModelFile) -> Result<Self> {
        if !(file.flag("with_mean")? && file.flag("with_std")?) {
            return Err(Error::unsupported("a StandardScaler that does not both shift and scale")
                .with_hint("fit one with with_mean and with_std"));
        }
        let names = file.names()?;
        Ok(Self {
            mean: file.floats_of("mean_", names.len())?,
            variance: file.floats_of("var_", names.len())?,
            scale: file.floats_of("scale_", names.len())?,
            rows: file.count("n_samples_seen_")?,
            names,
        })
    }
}

/// Refuses features with values that are not finite.
pub(crate) fn need_finite(names: &[String], not_finite: &[u64]) -> Result<()> {
    let Some((name, count)) = names.iter().zip(not_finite).find(|(_, count)| **count > 0) else {
        return Ok(());
    };
    Err(Error::data(format!("feature {name:?} is NaN or infinite in {count} rows"))
        .with_hint("filter those rows, or fill in their values, before you fit"))
}

#[derive(Debug, Serialize, Deserialize)]
struct Scale {
    layout: Layout,
    mean: Vec<f64>,
    scale: Vec<f64>,
}

#[typetag::serde(name = "scale_features")]
impl Operator for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }
    fn schema(&self) -> SchemaRef {
        self.layout.schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, mean, scale) = (self.layout, self.mean.clone(), self.scale.clone());
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let mut features = layout.view(&batch)?.features().to_vec();
            for row in features.chunks_exact_mut(layout.width) {
                for ((value, mean), scale) in row.iter_mut().zip(&mean).zip(&scale) {
                    *value = (*value - mean) / scale;
                }
            }
            let others: Vec<ArrayRef> = batch.columns()[1..].to_vec();
            let weight = others.get(usize::from(layout.target)).cloned();
            layout.batch(features, others.into_iter().next().filter(|_| layout.target), weight)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64], weights: &[f64]) -> MomentsState {
        Moments.of(&Rows::new(1, values, &[], weights).unwrap())
    }

    #[test]
    fn merged_moments_are_those_of_all_rows() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i * i % 97)).collect();
        let weights: Vec<f64> = (0..1000).map(|i| 1.0 + f64::from(i % 3)).collect();
        for weights in [&weights[..], &[]] {
            let part = |from: usize, to: usize| moments(&values[from..to], weights.get(from..to).unwrap_or_default());
            let merged = Moments::merge(Moments::merge(part(0, 10), part(10, 600)), part(600, 1000));
            let whole = part(0, 1000);
            assert_eq!((merged.rows, merged.weight), (whole.rows, whole.weight));
            assert!((merged.mean[0] - whole.mean[0]).abs() < 1e-6);
            assert!((merged.deviation[0] / whole.deviation[0] - 1.0).abs() < 1e-9, "{merged:?} {whole:?}");
        }
    }

    #[test]
    fn what_is_not_finite_is_counted() {
        let state = moments(&[1.0, f64::NAN, f64::INFINITY], &[]);
        assert_eq!(state.not_finite, [2]);
        let error = need_finite(&[String::from("x")], &state.not_finite).unwrap_err();
        assert_eq!(error.message(), "feature \"x\" is NaN or infinite in 2 rows");
    }
}
