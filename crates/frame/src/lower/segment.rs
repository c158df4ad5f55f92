//! Groups as ranges of rows: an exchange by key, a sort by key and ordinal, and a task over whole groups. Without a key all rows
//! are the group, and only their batches are put in order.
//!
//! The sort spills, and a task holds no more than a batch of groups, or one group if that is larger.

use super::canonical::Canonical;
use super::ordinal::{ROW_BITS, number_rows, put_in_order};
use super::{exchange, gather, project, sort_partitions};
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{concat_batches, partition};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::StreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::route::routes;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What is done with groups: each is a range of rows of a batch.
#[typetag::serde]
pub trait Segments: fmt::Debug + Send + Sync {
    /// What plans call it.
    fn name(&self) -> &'static str;
    /// What becomes of these groups.
    fn run(&self, batch: &RecordBatch, groups: &[Range<usize>]) -> Result<RecordBatch>;
    /// Another box of the same.
    fn boxed(&self) -> Box<dyn Segments>;
}

/// `task` over the groups of `input` by its first `keys` columns, in hash partitions; the last column is the ordinal
/// of the row. Rows with a missing key are dropped if `dropna`. Without keys all rows are one group, in one partition.
pub fn segments(
    input: Arc<dyn ExecutionPlan>,
    keys: usize,
    dropna: bool,
    partitions: usize,
    schema: impl FnOnce(&SchemaRef) -> Result<SchemaRef>,
    task: Box<dyn Segments>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let range: Vec<usize> = (0..keys).collect();
    let required = if dropna { range.clone() } else { vec![] };
    let input = Canonical { compared: range.clone(), missing: range.clone(), required }.over(input)?;
    let numbered = number_rows(input)?;
    let sorted = if keys == 0 {
        put_in_order(gather(numbered)?)?
    } else {
        let ordinal = numbered.schema().fields().len() - 1;
        let by: Vec<(usize, bool)> = range.iter().chain([&ordinal]).map(|&key| (key, false)).collect();
        sort_partitions(exchange(numbered, &range, partitions)?, &by, None)?
    };
    let schema = schema(&sorted.schema())?;
    over_sorted(sorted, keys, schema, task)
}

/// `task` over the groups of an input whose partitions are sorted by the first `keys` columns, and hold whole groups.
pub fn over_sorted(
    sorted: Arc<dyn ExecutionPlan>,
    keys: usize,
    schema: SchemaRef,
    task: Box<dyn Segments>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan::operator(OverSegments { keys, task, schema: SerializedSchema(schema) }, vec![sorted])
}

/// Rows whose last column is their ordinal, back in `partitions` partitions and in order; without the ordinal.
pub fn restore(input: Arc<dyn ExecutionPlan>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let ordinal = input.schema().fields().len() - 1;
    let placed = if partitions == 1 {
        gather(input)?
    } else {
        let routed = plan::operator(
            RouteHome { schema: SerializedSchema(with_route(&input.schema())), partitions },
            vec![input],
        )?;
        exchange(routed, &[ordinal + 1], partitions)?
    };
    project(sort_partitions(placed, &[(ordinal, false)], None)?, &(0..ordinal).collect::<Vec<_>>())
}

/// A schema with a route behind.
pub fn with_route(schema: &SchemaRef) -> SchemaRef {
    let mut fields = schema.fields().to_vec();
    fields.push(Arc::new(Field::new("route", DataType::Int64, false)));
    Arc::new(Schema::new(fields))
}

/// Sends rows to the partition that their ordinal, the last column, names.
#[derive(Debug, Serialize, Deserialize)]
pub struct RouteHome {
    pub schema: SerializedSchema,
    pub partitions: usize,
}

#[typetag::serde]
impl Operator for RouteHome {
    fn name(&self) -> &'static str {
        "route_home"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (schema, routes) = (self.schema(), routes(self.partitions));
        Ok(stream::map(Arc::clone(&schema), input.swap_remove(0), move |batch| {
            let ordinals = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>();
            let home = ordinals.values().iter().map(|ordinal| routes[(ordinal >> ROW_BITS) as usize % routes.len()]);
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(Int64Array::from_iter_values(home)));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct OverSegments {
    keys: usize,
    task: Box<dyn Segments>,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for OverSegments {
    fn name(&self) -> &'static str {
        "segments"
    }
    fn describe(&self) -> String {
        format!("segments: {}", self.task.name())
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (task, keys, input) = (self.task.boxed(), self.keys, input.swap_remove(0));
        let mut open = Open { schema: input.schema(), keys, batches: vec![] };
        let items = input.map(Some).chain(futures::stream::iter([None]));
        let batches = items.filter_map(move |item| {
            let output = match item {
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(batch)) => open.add(batch).transpose(),
                None => open.finish().transpose(),
            };
            let output = output.map(|groups| groups.and_then(|(batch, groups)| task.run(&batch, &groups)));
            futures::future::ready(output)
        });
        Ok(stream::with_schema(self.schema(), batches))
    }
}

/// The rows of the last group so far.
struct Open {
    schema: SchemaRef,
    keys: usize,
    batches: Vec<RecordBatch>,
}

type Groups = (RecordBatch, Vec<Range<usize>>);

impl Open {
    fn keys_of(&self, batch: &RecordBatch) -> Vec<datafusion::arrow::array::ArrayRef> {
        batch.columns()[..self.keys].to_vec()
    }

    /// Takes in rows; gives the groups that are whole now.
    fn add(&mut self, batch: RecordBatch) -> Result<Option<Groups>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        if self.keys == 0 {
            self.batches.push(batch);
            return Ok(None);
        }
        if let Some(known) = self.batches.last() {
            let ends = concat_batches(&self.schema, [&known.slice(0, 1), &batch.slice(batch.num_rows() - 1, 1)])?;
            if partition(&self.keys_of(&ends))?.len() == 1 {
                self.batches.push(batch);
                return Ok(None);
            }
        }
        self.batches.push(batch);
        let whole = concat_batches(&self.schema, &self.batches)?;
        let mut groups = partition(&self.keys_of(&whole))?.ranges();
        let Some(last) = groups.pop() else { return Ok(None) };
        self.batches = vec![whole.slice(last.start, last.len())];
        Ok((!groups.is_empty()).then(|| (whole.slice(0, last.start), groups)))
    }

    /// The last group; without keys there is always one.
    fn finish(&mut self) -> Result<Option<Groups>> {
        if self.batches.is_empty() && self.keys > 0 {
            return Ok(None);
        }
        let whole = concat_batches(&self.schema, &std::mem::take(&mut self.batches))?;
        let rows = whole.num_rows();
        Ok(Some((whole, std::iter::once(0..rows).collect())))
    }
}
