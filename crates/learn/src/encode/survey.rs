//! One pass over the columns before they become features: categories, and what is missing. Sets and counts do not
//! depend on the order of rows.

use super::{ColumnRole, Role};
use crate::statistic::{state_batch, state_schema, states};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use futures::TryStreamExt;
use phalanx_engine::{Engine, Error, Operator, Plan, Result, plan, stream, typetag};
use phalanx_frame::Frame;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most categories of one column. More are likely a key, such as a flight's number, and no category.
pub const CATEGORIES_MAX: usize = 10_000;

/// What a pass found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Surveyed {
    /// All rows.
    pub rows: u64,
    /// Rows with a missing value.
    pub rows_missing: u64,
    pub columns: Vec<SurveyedColumn>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SurveyedColumn {
    pub missing: u64,
    pub infinite: u64,
    pub categories: Categories,
}

/// The values of a categorical column: integers sort as numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Categories {
    integers: BTreeSet<i64>,
    texts: BTreeSet<String>,
}

impl Categories {
    /// The values as text, sorted.
    pub fn into_sorted(self) -> Vec<String> {
        self.integers.iter().map(i64::to_string).chain(self.texts).collect()
    }
    fn len(&self) -> usize {
        self.integers.len() + self.texts.len()
    }
}

/// Surveys the rows of `frame`, whose columns are `columns`.
pub(super) fn run(engine: &dyn Engine, frame: &Frame, columns: &[ColumnRole], drop_missing: bool) -> Result<Surveyed> {
    let rows = frame.plan(engine.settings())?;
    let survey = Survey { columns: columns.to_vec(), drop_missing };
    let root = plan::operator(survey, vec![Arc::clone(rows.root())])?;
    let plan = Plan::new("survey", root).reading(rows.inputs().iter().cloned()).projecting(rows.task_bytes());
    let partitions = engine.submit(plan).wait()?;
    let surveyed: Surveyed =
        states(&partitions)?.into_iter().reduce(Surveyed::merge).unwrap_or_else(|| Surveyed::of(columns.len()));
    surveyed.check(columns, drop_missing)?;
    Ok(surveyed)
}

impl Surveyed {
    fn of(columns: usize) -> Self {
        Self { columns: (0..columns).map(|_| SurveyedColumn::default()).collect(), ..Self::default() }
    }

    fn merge(mut self, other: Self) -> Self {
        self.rows += other.rows;
        self.rows_missing += other.rows_missing;
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.missing += other.missing;
            column.infinite += other.infinite;
            column.categories.integers.extend(other.categories.integers);
            column.categories.texts.extend(other.categories.texts);
        }
        self
    }

    fn check(&self, columns: &[ColumnRole], drop_missing: bool) -> Result<()> {
        if self.rows == 0 {
            return Err(Error::data("there are no rows").with_hint("look at the filters that the rows went through"));
        }
        for (column, found) in columns.iter().zip(&self.columns) {
            if found.missing > 0 && !drop_missing {
                return Err(missing(column, found.missing, self.rows));
            }
            if found.infinite > 0 {
                return Err(Error::data(format!("{} is infinite in {} rows", column.describe(), found.infinite))
                    .with_hint("filter those rows or fill in their values"));
            }
            if found.categories.len() > CATEGORIES_MAX {
                return Err(too_many(column));
            }
        }
        if self.rows_missing == self.rows {
            return Err(Error::data(format!("all {} rows have a missing value", self.rows))
                .with_hint("leave out the columns that are missing most"));
        }
        Ok(())
    }

    fn add(&mut self, batch: &RecordBatch, columns: &[ColumnRole], drop_missing: bool) -> DataFusionResult<()> {
        self.rows += batch.num_rows() as u64;
        for (found, values) in self.columns.iter_mut().zip(batch.columns()) {
            found.missing += missing_values(values).map_or(0, |missing| missing.true_count() as u64);
        }
        let present = match present_rows(batch) {
            None => batch.clone(),
            Some(present) => {
                self.rows_missing += (batch.num_rows() - present.true_count()) as u64;
                if drop_missing { filter_record_batch(batch, &present)? } else { batch.clone() }
            }
        };
        for ((column, found), values) in columns.iter().zip(&mut self.columns).zip(present.columns()) {
            if column.role != Role::Categorical {
                let infinite = values.as_primitive::<Float64Type>().iter().flatten().filter(|v| v.is_infinite());
                found.infinite += infinite.count() as u64;
            } else {
                found.categories.add(values)?;
                if found.categories.len() > CATEGORIES_MAX {
                    return Err(too_many(column).into()); // before the set has eaten the memory
                }
            }
        }
        Ok(())
    }
}

impl Categories {
    fn add(&mut self, values: &ArrayRef) -> DataFusionResult<()> {
        if values.data_type().is_integer() {
            self.integers.extend(cast(values, &DataType::Int64)?.as_primitive::<Int64Type>().iter().flatten());
        } else {
            for text in cast(values, &DataType::Utf8)?.as_string::<i32>().iter().flatten() {
                if !self.texts.contains(text) {
                    self.texts.insert(text.to_owned());
                }
            }
        }
        Ok(())
    }
}

/// Refuses missing values.
pub(super) fn missing(column: &ColumnRole, count: u64, rows: u64) -> Error {
    Error::data(format!("{} is missing in {count} of {rows} rows", column.describe()))
        .with_hint("leave those rows out with Encoder::drop_missing, or fill in the values")
}

fn too_many(column: &ColumnRole) -> Error {
    Error::data(format!("{} has more than {CATEGORIES_MAX} categories", column.describe()))
        .with_hint("take it as numeric, or make fewer categories of it first")
}

/// Where a value is null or NaN; nothing if none is.
pub(super) fn missing_values(values: &ArrayRef) -> Option<BooleanArray> {
    let floats = values.as_primitive_opt::<Float64Type>();
    let is_nan = |row: usize| floats.is_some_and(|floats| floats.value(row).is_nan());
    let any_nan = floats.is_some_and(|floats| floats.values().iter().any(|value| value.is_nan()));
    if values.null_count() == 0 && !any_nan {
        return None;
    }
    Some((0..values.len()).map(|row| Some(values.is_null(row) || is_nan(row))).collect())
}

/// Which rows have every value; nothing if all have.
pub(super) fn present_rows(batch: &RecordBatch) -> Option<BooleanArray> {
    let missing: Vec<BooleanArray> = batch.columns().iter().filter_map(missing_values).collect();
    if missing.is_empty() {
        return None;
    }
    Some((0..batch.num_rows()).map(|row| Some(!missing.iter().any(|column| column.value(row)))).collect())
}

/// Reads all rows of a partition, and gives what it found as one row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Survey {
    pub columns: Vec<ColumnRole>,
    pub drop_missing: bool,
}

#[typetag::serde(name = "survey_columns")]
impl Operator for Survey {
    fn name(&self) -> &'static str {
        "survey"
    }
    fn schema(&self) -> SchemaRef {
        state_schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (columns, drop_missing) = (self.columns.clone(), self.drop_missing);
        let mut batches = input.swap_remove(0);
        let output = async move {
            let mut surveyed = Surveyed::of(columns.len());
            while let Some(batch) = batches.try_next().await? {
                surveyed.add(&batch, &columns, drop_missing)?;
            }
            state_batch(&surveyed)
        };
        Ok(stream::with_schema(self.schema(), futures::stream::once(output)))
    }
}
