//! Blocks of rows: what a statistic sees, and how rows travel.
//!
//! A matrix travels as Arrow batches: `features`, a list of fixed size with one row of the matrix in row-major order;
//! `target`, if it has one; `weight`, if rows have weights. All are `float64` without nulls. Where batches are cut has
//! no meaning: [`Blocks`] cuts every partition anew, into blocks of [`BLOCK_ROWS`] from its start, so sums over a
//! block have the same order on every engine.

use datafusion::arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float64Array, RecordBatch};
use datafusion::arrow::buffer::ScalarBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of a block, counted from the start of the partition; the last block of a partition may have fewer.
pub const BLOCK_ROWS: usize = 4096;

/// The most features a matrix may have: the list size of an Arrow column is 32 bits, and a Newton step over so many
/// would need 32 GiB for its Hessian.
pub const FEATURES_MAX: usize = 1 << 16;

/// Consecutive rows of a matrix, at most [`BLOCK_ROWS`] of them.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    width: usize,
    features: &'a [f64],
    targets: &'a [f64],
    weights: &'a [f64],
}

impl<'a> Rows<'a> {
    /// Rows of `width` features in row-major order, with their targets and weights; those are empty if there are none.
    ///
    /// # Errors
    /// `Input`: the lengths do not fit.
    pub fn new(width: usize, features: &'a [f64], targets: &'a [f64], weights: &'a [f64]) -> Result<Self> {
        let count = features.len().checked_div(width).unwrap_or(0);
        let fits = |values: &[f64]| values.is_empty() || values.len() == count;
        if width == 0 || count * width != features.len() || !fits(targets) || !fits(weights) {
            return Err(Error::input(format!(
                "{} values of {width} features, {} targets and {} weights do not make rows",
                features.len(),
                targets.len(),
                weights.len()
            )));
        }
        Ok(Self { width, features, targets, weights })
    }
    /// How many rows.
    pub fn count(&self) -> usize {
        self.features.len() / self.width
    }
    /// How many features a row has; at least one.
    pub fn width(&self) -> usize {
        self.width
    }
    /// All features, row by row.
    pub fn features(&self) -> &'a [f64] {
        self.features
    }
    /// The targets, or nothing if the matrix has none.
    pub fn targets(&self) -> &'a [f64] {
        self.targets
    }
    /// At most `count` of these rows, from the row `first`.
    pub(crate) fn part(&self, first: usize, count: usize) -> Rows<'a> {
        let end = (first + count).min(self.count());
        let of = |values: &'a [f64]| values.get(first..end).unwrap_or_default();
        let features = self.features.get(first * self.width..end * self.width).unwrap_or_default();
        Rows { width: self.width, features, targets: of(self.targets), weights: of(self.weights) }
    }
    /// The weights, or nothing if rows have none.
    pub(crate) fn weights(&self) -> &'a [f64] {
        self.weights
    }
    /// The weight of a row; 1 if rows have none.
    #[inline]
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }
}

/// Which columns the rows of a matrix have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Features of a row.
    pub width: usize,
    /// Whether rows have a target.
    pub target: bool,
    /// Whether rows have a weight.
    pub weight: bool,
}

impl Layout {
    /// The Arrow schema of the rows.
    pub fn schema(&self) -> SchemaRef {
        let number = |name: &str| Field::new(name, DataType::Float64, false);
        let features = DataType::FixedSizeList(Arc::new(number("item")), self.width as i32);
        let mut fields = vec![Field::new("features", features, false)];
        fields.extend(self.target.then(|| number("target")));
        fields.extend(self.weight.then(|| number("weight")));
        Arc::new(Schema::new(fields))
    }
    /// The layout of rows with this schema.
    ///
    /// # Errors
    /// `Input`: they are no rows of a matrix.
    pub fn from_schema(schema: &Schema) -> Result<Self> {
        let width = match schema.fields().first().map(|field| field.data_type()) {
            Some(DataType::FixedSizeList(_, width)) => usize::try_from(*width).unwrap_or(0),
            _ => 0,
        };
        let has = |name: &str| schema.field_with_name(name).is_ok();
        let layout = Self { width, target: has("target"), weight: has("weight") };
        if width == 0 || width > FEATURES_MAX || *layout.schema() != *schema {
            return Err(Error::input(format!("rows of a matrix can't have the schema {schema}"))
                .with_hint("make a matrix from a frame with an Encoder"));
        }
        Ok(layout)
    }

    /// A batch of rows. `targets` and `weights` are used if the layout has them.
    pub(crate) fn batch(
        &self,
        features: impl Into<ScalarBuffer<f64>>,
        targets: Option<ArrayRef>,
        weights: Option<ArrayRef>,
    ) -> DataFusionResult<RecordBatch> {
        let schema = self.schema();
        let DataType::FixedSizeList(item, size) = schema.field(0).data_type() else {
            return Err(DataFusionError::Internal(String::from("features are a list")));
        };
        let values = Arc::new(Float64Array::new(features.into(), None));
        let list = FixedSizeListArray::try_new(Arc::clone(item), *size, values, None)?;
        let mut columns: Vec<ArrayRef> = vec![Arc::new(list)];
        columns.extend(targets.filter(|_| self.target));
        columns.extend(weights.filter(|_| self.weight));
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    /// The rows of a batch, however many.
    pub(crate) fn view<'a>(&self, batch: &'a RecordBatch) -> DataFusionResult<Rows<'a>> {
        let list = batch.column(0).as_fixed_size_list_opt();
        let features = list.and_then(|list| list.values().as_primitive_opt::<Float64Type>());
        let number = |index: usize| batch.column(index).as_primitive::<Float64Type>().values().as_ref();
        let targets: &[f64] = if self.target { number(1) } else { &[] };
        let weights: &[f64] = if self.weight { number(1 + usize::from(self.target)) } else { &[] };
        let features: &[f64] = features.map_or(&[], |values| values.values());
        Ok(Rows::new(self.width, features, targets, weights)?)
    }
}

/// Cuts the rows of a partition into blocks, wherever its batches end.
#[derive(Debug)]
pub(crate) struct Blocks {
    layout: Layout,
    features: Vec<f64>,
    targets: Vec<f64>,
    weights: Vec<f64>,
}

impl Blocks {
    pub fn new(layout: Layout) -> Self {
        Self { layout, features: vec![], targets: vec![], weights: vec![] }
    }

    /// Takes the rows of `batch`; hands every block that is full to `see`. A block that lies whole in a batch is not
    /// copied.
    pub fn push(&mut self, batch: &RecordBatch, mut see: impl FnMut(Rows<'_>)) -> DataFusionResult<()> {
        let width = self.layout.width;
        let rows = self.layout.view(batch)?;
        let mut done = 0;
        while done < rows.count() {
            let waiting = self.features.len() / width;
            let taken = (BLOCK_ROWS - waiting).min(rows.count() - done);
            let features = &rows.features[done * width..(done + taken) * width];
            let targets = rows.targets.get(done..done + taken).unwrap_or_default();
            let weights = rows.weights.get(done..done + taken).unwrap_or_default();
            if taken == BLOCK_ROWS {
                see(Rows { width, features, targets, weights });
            } else {
                self.features.extend_from_slice(features);
                self.targets.extend_from_slice(targets);
                self.weights.extend_from_slice(weights);
                if waiting + taken == BLOCK_ROWS {
                    self.finish(&mut see);
                }
            }
            done += taken;
        }
        Ok(())
    }

    /// Hands what is left to `see`.
    pub fn finish(&mut self, mut see: impl FnMut(Rows<'_>)) {
        if !self.features.is_empty() {
            see(Rows {
                width: self.layout.width,
                features: &self.features,
                targets: &self.targets,
                weights: &self.weights,
            });
        }
        self.features.clear();
        self.targets.clear();
        self.weights.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(layout: Layout, first: usize, rows: usize) -> RecordBatch {
        let numbers = |from: usize, count: usize| (from..from + count).map(|value| value as f64).collect::<Vec<_>>();
        let column = |values: Vec<f64>| Some(Arc::new(Float64Array::from(values)) as ArrayRef);
        let targets = column(numbers(first, rows));
        layout.batch(numbers(first * layout.width, rows * layout.width), targets, None).unwrap()
    }

    #[test]
    fn blocks_do_not_depend_on_where_batches_end() {
        let layout = Layout { width: 3, target: true, weight: false };
        let total = 3 * BLOCK_ROWS + 77;
        for pieces in
            [vec![total], vec![1, total - 1], vec![4095, 2, 4096, total - 8193], vec![0, 5000, 0, total - 5000]]
        {
            let mut blocks = Blocks::new(layout);
            let mut seen = vec![];
            let mut see = |rows: Rows<'_>| seen.push((rows.features().to_vec(), rows.targets().to_vec()));
            let whole = batch(layout, 0, total);
            let mut first = 0;
            for rows in pieces {
                blocks.push(&whole.slice(first, rows), &mut see).unwrap();
                first += rows;
            }
            blocks.finish(&mut see);
            let lengths: Vec<usize> = seen.iter().map(|(_, targets)| targets.len()).collect();
            assert_eq!(lengths, [BLOCK_ROWS, BLOCK_ROWS, BLOCK_ROWS, 77]);
            for (block, (features, targets)) in seen.iter().enumerate() {
                assert_eq!(targets[0], (block * BLOCK_ROWS) as f64);
                assert_eq!(features.last(), Some(&(targets.last().unwrap() * 3.0 + 2.0)));
            }
        }
    }

    #[test]
    fn a_layout_is_read_back_from_its_schema() {
        for (target, weight) in [(false, false), (true, false), (false, true), (true, true)] {
            let layout = Layout { width: 7, target, weight };
            assert_eq!(Layout::from_schema(&layout.schema()).unwrap(), layout);
        }
        let other = Schema::new(vec![Field::new("x", DataType::Float64, false)]);
        assert!(Layout::from_schema(&other).unwrap_err().hint().is_some());
    }
}
