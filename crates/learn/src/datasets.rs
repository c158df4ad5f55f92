//! Generated data sets: the same for the same seed, on any engine, whatever the partitions.

use crate::matrix::Matrix;
use crate::rows::{FEATURES_MAX, Layout};
use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_chunk::Span;
use phalanx_chunk::random::{Distribution, generate};
use phalanx_engine::{Error, Operator, Plan, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// Streams of random numbers: one for each thing that is drawn.
mod draw {
    pub const FEATURES: u64 = 0;
    pub const LABELS: u64 = 1;
    pub const WEIGHTS: u64 = 2;
    pub const SCALES: u64 = 3;
}

/// Rows that are made at once: little enough for a cache.
const PIECE_ROWS: usize = 4096;

/// Two classes and `features` features that say something, or nothing, about them.
///
/// Features are normal and independent, each with a mean (in [-5, 5]) and a standard deviation (in [0.5, 10]) of its
/// own; they are called `x0`, `x1`, … The first [`informative`](Classification::informative) of them have weights, of
/// which the logarithm of the odds of class 1 is the sum: the labels are drawn from a logistic model, so its maximum
/// likelihood fit finds the weights again and no model can be right always. A value depends on the seed and the row
/// alone.
///
/// ```
/// let matrix = phalanx_learn::datasets::make_classification(1_000_000, 20).seed(7).build()?;
/// assert_eq!(matrix.names()[..2], ["x0", "x1"]);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
pub fn make_classification(rows: usize, features: usize) -> Classification {
    Classification { rows, features, informative: features.div_ceil(2), partition_rows: 1 << 16, seed: 0 }
}

/// What [`make_classification`] is to generate.
#[derive(Debug, Clone)]
#[must_use]
pub struct Classification {
    rows: usize,
    features: usize,
    informative: usize,
    partition_rows: usize,
    seed: u64,
}

impl Classification {
    /// What values are drawn with; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// How many features, the first ones, the classes depend on; half of them by default, rounded up.
    pub fn informative(mut self, informative: usize) -> Self {
        self.informative = informative;
        self
    }
    /// Rows of a partition; 65,536 by default. It changes no value.
    pub fn partition_rows(mut self, rows: usize) -> Self {
        self.partition_rows = rows;
        self
    }

    /// The weights of the standardised features in the logarithm of the odds; 0 beyond the informative ones. The
    /// intercept is 0.
    ///
    /// # Errors
    /// As [`Classification::build`].
    pub fn weights(&self) -> Result<Vec<f64>> {
        self.check()?;
        let mut weights = self.column(Distribution::Normal { mean: 0.0, std: 1.0 }, draw::WEIGHTS)?;
        // The odds' standard deviation is 2, however many features are informative.
        let norm = weights.iter().take(self.informative).map(|weight| weight * weight).sum::<f64>().sqrt();
        for (feature, weight) in weights.iter_mut().enumerate() {
            *weight = if feature < self.informative && norm > 0.0 { 2.0 * *weight / norm } else { 0.0 };
        }
        Ok(weights)
    }

    /// The matrix, whose targets are 0 and 1; lazy.
    ///
    /// # Errors
    /// `Input`: no rows or features, more informative features than features, partitions without rows.
    pub fn build(&self) -> Result<Matrix> {
        let weights = self.weights()?;
        let means = self.column(Distribution::Uniform { low: -5.0, high: 5.0 }, draw::SCALES)?;
        let scales = self.column(Distribution::Uniform { low: 0.5, high: 10.0 }, draw::SCALES + 1)?;
        let partitions: Result<Vec<Vec<RecordBatch>>> = (0..self.rows)
            .step_by(self.partition_rows)
            .map(|first| {
                let number = |value: usize| Arc::new(Int64Array::from(vec![value as i64])) as ArrayRef;
                let rows = self.partition_rows.min(self.rows - first);
                Ok(vec![RecordBatch::try_new(Arc::clone(&RANGE), vec![number(first), number(rows)])?])
            })
            .collect();
        let operator = MakeClassification { seed: self.seed, weights, means, scales };
        let root = plan::operator(operator, vec![plan::table(Arc::clone(&RANGE), &partitions?)?])?;
        let piece_bytes = (PIECE_ROWS * (self.features + 1) * 8 * 3) as u64;
        let plan = Plan::new("make_classification", root).projecting(piece_bytes);
        Matrix::from_plan((0..self.features).map(|feature| format!("x{feature}")), plan)
    }

    fn check(&self) -> Result<()> {
        let refuse = |what: String, hint: &str| Err(Error::input(what).with_hint(hint));
        if self.rows == 0 || self.features == 0 {
            return refuse(format!("{} rows of {} features", self.rows, self.features), "take at least one of both");
        }
        if self.features > FEATURES_MAX {
            return refuse(format!("{} features", self.features), "65,536 are the most");
        }
        if self.informative > self.features {
            let what = format!("{} informative features of {}", self.informative, self.features);
            return refuse(what, "take at most as many as there are features");
        }
        if self.partition_rows == 0 || self.rows.div_ceil(self.partition_rows) > 1 << 20 {
            let what = format!("partitions of {} rows for {} rows", self.partition_rows, self.rows);
            return refuse(what, "take between one and a million partitions");
        }
        match self.rows.checked_mul(self.features) {
            Some(values) if i64::try_from(values).is_ok() => Ok(()),
            _ => refuse(format!("{} rows of {} features", self.rows, self.features), "take fewer rows"),
        }
    }

    /// One draw for each feature.
    fn column(&self, distribution: Distribution, stream: u64) -> Result<Vec<f64>> {
        let draws = generate(distribution, self.seed, stream, &[self.features], &[Span::all(self.features)]);
        draws.and_then(|draws| Ok(draws.values::<f64>()?.to_vec())).map_err(|error| wrong(&error))
    }
}

static RANGE: LazyLock<SchemaRef> = LazyLock::new(|| {
    let number = |name| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![number("first"), number("rows")]))
});

/// Makes the rows of the ranges that its input names.
#[derive(Debug, Serialize, Deserialize)]
struct MakeClassification {
    seed: u64,
    weights: Vec<f64>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

#[typetag::serde(name = "make_classification")]
impl Operator for MakeClassification {
    fn name(&self) -> &'static str {
        "make_classification"
    }
    fn schema(&self) -> SchemaRef {
        self.layout().schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let made = Arc::new(Self {
            seed: self.seed,
            weights: self.weights.clone(),
            means: self.means.clone(),
            scales: self.scales.clone(),
        });
        Ok(stream::flat_map(self.schema(), input.swap_remove(0), move |ranges| {
            let number =
                |column: usize, row: usize| ranges.column(column).as_primitive::<Int64Type>().value(row) as usize;
            let ranges: Vec<(usize, usize)> =
                (0..ranges.num_rows()).map(|row| (number(0, row), number(1, row))).collect();
            let made = Arc::clone(&made);
            let pieces = ranges.into_iter().flat_map(|(first, rows)| {
                (0..rows).step_by(PIECE_ROWS).map(move |done| (first + done, PIECE_ROWS.min(rows - done)))
            });
            Ok(pieces.map(move |(first, rows)| made.rows(first, rows)))
        }))
    }
}

impl MakeClassification {
    fn layout(&self) -> Layout {
        Layout { width: self.weights.len(), target: true, weight: false }
    }

    fn rows(&self, first: usize, rows: usize) -> DataFusionResult<RecordBatch> {
        let width = self.weights.len();
        let end = first + rows;
        let normal = Distribution::Normal { mean: 0.0, std: 1.0 };
        let region = [Span::range(first, rows), Span::all(width)];
        let standard = generate(normal, self.seed, draw::FEATURES, &[end, width], &region).map_err(|e| wrong(&e))?;
        let labels = generate(Distribution::Random, self.seed, draw::LABELS, &[end], &[Span::range(first, rows)]);
        let labels = labels.map_err(|e| wrong(&e))?;
        let mut features = standard.values::<f64>().map_err(|e| wrong(&e))?.to_vec();
        let mut targets = Vec::with_capacity(rows);
        for (row, draw) in features.chunks_exact_mut(width).zip(labels.values::<f64>().map_err(|e| wrong(&e))?) {
            let odds = row.iter().zip(&self.weights).fold(0.0, |sum, (value, weight)| sum + value * weight);
            targets.push(f64::from(u8::from(*draw < 1.0 / (1.0 + libm::exp(-odds)))));
            for ((value, mean), scale) in row.iter_mut().zip(&self.means).zip(&self.scales) {
                *value = mean + scale * *value;
            }
        }
        self.layout().batch(features, Some(Arc::new(Float64Array::from(targets))), None)
    }
}

fn wrong(error: &phalanx_chunk::Error) -> Error {
    Error::internal("rows can't be generated").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_depends_on_its_number_alone() {
        let make = |seed| MakeClassification {
            seed,
            weights: vec![1.0, 0.0, -1.0],
            means: vec![0.0, 1.0, 2.0],
            scales: vec![1.0, 2.0, 3.0],
        };
        let all = make(5).rows(0, 100).unwrap();
        assert_eq!(make(5).rows(30, 40).unwrap(), all.slice(30, 40));
        assert_ne!(make(6).rows(30, 40).unwrap(), all.slice(30, 40));
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in [
            make_classification(0, 3),
            make_classification(3, 0),
            make_classification(3, 3).informative(4),
            make_classification(3, 3).partition_rows(0),
            make_classification(usize::MAX, 3).partition_rows(usize::MAX),
            make_classification(3, FEATURES_MAX + 1),
        ] {
            assert!(nonsense.build().unwrap_err().hint().is_some(), "{nonsense:?}");
        }
    }
}
