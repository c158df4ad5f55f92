//! Partitions that tell each other what they need to know of each other, with the input computed once.
//!
//! ```text
//! input ─ numbered ─ tell ─ exchange(N) ─ hear
//! ```
//!
//! Each partition sends its own rows to itself, and behind them one message to the partitions that want it: a total,
//! its last rows, a sample. A partition holds its rows until the exchange ends, for then it has heard everything; too
//! many of them wait on disk. The rows of the partitions that are not at work wait in the exchange, which spills. A
//! partition without rows says nothing. Rows and messages arrive in any order; their ordinals tell which are which.

use super::buckets::{Space, Waiting};
use super::ordinal::{ROW_BITS, number_rows};
use super::settled::{by_ordinals, task_context};
use super::{exchange, project};
use crate::kernel::values::internal;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, RecordBatch, new_null_array,
};
use datafusion::arrow::compute::{concat_batches, filter_record_batch, is_null};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::route::routes;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What partitions tell each other, and what they do then. All of it works on the input's columns and, behind them, the
/// rows' ordinals.
#[typetag::serde]
pub trait Gossip: fmt::Debug + Send + Sync {
    /// What plans call it.
    fn name(&self) -> &'static str;
    /// The schema of the output over an input of this schema.
    fn schema(&self, input: &SchemaRef) -> SchemaRef;
    /// Who wants to hear a partition.
    fn audience(&self) -> Audience;
    /// Takes in the rows of a partition.
    fn teller(&self, input: &SchemaRef) -> Result<Box<dyn Teller>>;
    /// Is a partition wanted as one batch?
    fn whole(&self) -> bool;
    /// Does the order of the rows matter?
    fn ordered(&self) -> bool {
        true
    }
    /// What becomes of a partition's batches, once all messages from other partitions are there, in their order.
    fn hear(&self, input: &SchemaRef, own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change>;
    /// Another box of the same.
    fn boxed(&self) -> Box<dyn Gossip>;
}

/// What becomes of a batch.
pub type Change = Box<dyn FnMut(RecordBatch) -> Result<RecordBatch> + Send>;

/// What a partition tells.
pub trait Teller: Send {
    /// Takes in rows.
    fn add(&mut self, batch: &RecordBatch) -> Result<()>;
    /// The message.
    fn finish(self: Box<Self>) -> Result<Vec<u8>>;
}

/// Who wants to hear a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// The partitions behind it.
    Later,
    /// All others.
    Others,
    /// All, itself too.
    All,
}

/// `gossip` over `input`; with `keep`, the ordinals stay as the last column.
pub fn gossip(gossip: &dyn Gossip, input: Arc<dyn ExecutionPlan>, keep: bool) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions = plan::partition_count(&input);
    let input = number_rows(input)?;
    let schema = input.schema();
    let output = gossip.schema(&schema);
    let told = if partitions == 1 && gossip.audience() != Audience::All {
        input
    } else {
        let tell = Tell { gossip: gossip.boxed(), partitions, input: SerializedSchema(Arc::clone(&schema)) };
        let told = plan::operator(tell, vec![input])?;
        let route = told.schema().fields().len() - 1;
        if partitions == 1 { told } else { exchange(told, &[route], partitions)? }
    };
    let columns = output.fields().len();
    let hear = Hear { gossip: gossip.boxed(), input: SerializedSchema(schema), schema: SerializedSchema(output) };
    let heard = plan::operator(hear, vec![told])?;
    if keep { Ok(heard) } else { project(heard, &(0..columns - 1).collect::<Vec<_>>()) }
}

#[derive(Debug, Serialize, Deserialize)]
struct Tell {
    gossip: Box<dyn Gossip>,
    partitions: usize,
    input: SerializedSchema,
}

impl Tell {
    fn hearers(&self, own: i64) -> Vec<i64> {
        let routes = routes(self.partitions);
        let wants = |other: usize| match self.gossip.audience() {
            Audience::Later => other as i64 > own,
            Audience::Others => other as i64 != own,
            Audience::All => true,
        };
        (0..self.partitions).filter(|other| wants(*other)).map(|other| routes[other]).collect()
    }
}

#[typetag::serde]
impl Operator for Tell {
    fn name(&self) -> &'static str {
        "tell"
    }
    fn describe(&self) -> String {
        format!("tell for {}", self.gossip.name())
    }
    fn schema(&self) -> SchemaRef {
        let columns = self.input.0.fields().iter();
        let mut fields: Vec<Field> = columns.map(|field| field.as_ref().clone().with_nullable(true)).collect();
        fields.push(Field::new("message", DataType::Binary, true));
        fields.push(Field::new("route", DataType::Int64, false));
        Arc::new(Schema::new(fields))
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let output = Arc::clone(&schema);
        let mut teller = Some(self.gossip.teller(&self.input.0)?);
        let this = Self { gossip: self.gossip.boxed(), partitions: self.partitions, input: self.input.clone() };
        let routes = routes(self.partitions);
        let mut own: Option<i64> = None;
        // One item behind the last batch: the message.
        let items = input.swap_remove(0).map(Some).chain(futures::stream::iter([None]));
        let batches = items.map(move |item| match item {
            Some(batch) => {
                let batch = batch?;
                if batch.num_rows() == 0 {
                    return Ok(RecordBatch::new_empty(Arc::clone(&schema)));
                }
                let number = partition_of(&batch, batch.num_columns() - 1);
                own = Some(number);
                if let Some(teller) = &mut teller {
                    teller.add(&batch)?;
                }
                let rows = batch.num_rows();
                let route = routes[number as usize];
                let mut columns = batch.columns().to_vec();
                columns.push(new_null_array(&DataType::Binary, rows));
                columns.push(Arc::new(Int64Array::from_value(route, rows)));
                Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
            }
            None => {
                let (Some(own), Some(teller)) = (own, teller.take()) else {
                    return Ok(RecordBatch::new_empty(Arc::clone(&schema)));
                };
                let hearers = this.hearers(own);
                let message = teller.finish()?;
                let fields = this.input.0.fields();
                let mut columns: Vec<ArrayRef> = fields[..fields.len() - 1]
                    .iter()
                    .map(|field| new_null_array(field.data_type(), hearers.len()))
                    .collect();
                columns.push(Arc::new(Int64Array::from_value(own << ROW_BITS, hearers.len())));
                columns.push(Arc::new(BinaryArray::from_iter_values(hearers.iter().map(|_| &message))));
                columns.push(Arc::new(Int64Array::from(hearers)));
                Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
            }
        });
        Ok(stream::with_schema(output, batches))
    }
}

fn partition_of(batch: &RecordBatch, ordinal: usize) -> i64 {
    batch.column(ordinal).as_primitive::<Int64Type>().value(0) >> ROW_BITS
}

#[derive(Debug, Serialize, Deserialize)]
struct Hear {
    gossip: Box<dyn Gossip>,
    input: SerializedSchema,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Hear {
    fn name(&self) -> &'static str {
        self.gossip.name()
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let mut told = input.swap_remove(0);
        let (schema, output) = (Arc::clone(&self.input.0), self.schema());
        let gossip = self.gossip.boxed();
        let alone = told.schema().fields().len() == schema.fields().len();
        if alone && !gossip.whole() {
            return Ok(stream::map(output, told, gossip.hear(&schema, 0, vec![])?));
        }
        let mut held = Waiting::new(Space::of(context, "hear", 1), Arc::clone(&schema));
        let own_context = task_context(context);
        let heard = async move {
            let ordinal = schema.fields().len() - 1;
            let (mut messages, mut own, mut last, mut sorted) = (vec![], None, i64::MIN, true);
            while let Some(batch) = told.try_next().await? {
                let rows = if alone { Some(batch) } else { split(&schema, &batch, &mut messages)? };
                let Some(rows) = rows.filter(|rows| rows.num_rows() > 0) else { continue };
                own = own.or_else(|| Some(partition_of(&rows, ordinal)));
                for &value in rows.column(ordinal).as_primitive::<Int64Type>().values() {
                    sorted &= value > last;
                    last = value;
                }
                held.add(rows)?;
            }
            let Some(own) = own else { return Ok(stream::with_schema(output, futures::stream::empty())) };
            messages.sort_unstable_by_key(|(from, _)| *from);
            let change = gossip.hear(&schema, own, messages)?;
            let mut rows = stream::with_schema(Arc::clone(&schema), futures::stream::iter(held.finish()?));
            if !sorted && gossip.ordered() {
                rows = by_ordinals(rows, vec![ordinal], &own_context);
            }
            if gossip.whole() {
                let batches: Vec<RecordBatch> = rows.try_collect().await?;
                let whole = concat_batches(&schema, &batches)?;
                rows = stream::with_schema(schema, futures::stream::iter([Ok(whole)]));
            }
            Ok::<_, DataFusionError>(stream::map(output, rows, change))
        };
        Ok(stream::with_schema(self.schema(), futures::stream::once(heard).try_flatten()))
    }
}

/// Messages, each with the partition that it comes from.
type Messages = Vec<(i64, Vec<u8>)>;

/// The rows of a batch; messages go to `messages`.
fn split(schema: &SchemaRef, batch: &RecordBatch, messages: &mut Messages) -> Result<Option<RecordBatch>> {
    let columns: Vec<usize> = (0..schema.fields().len()).collect();
    let told = batch.column(columns.len()).as_binary::<i32>();
    let rows = match told.null_count() {
        nulls if nulls == batch.num_rows() => batch.project(&columns)?,
        nulls => {
            let ordinals = batch.column(columns.len() - 1).as_primitive::<Int64Type>();
            for row in (0..batch.num_rows()).filter(|row| told.is_valid(*row)) {
                messages.push((ordinals.value(row) >> ROW_BITS, told.value(row).to_vec()));
            }
            if nulls == 0 {
                return Ok(None);
            }
            let is_data: BooleanArray = is_null(told)?;
            filter_record_batch(batch, &is_data)?.project(&columns)?
        }
    };
    Ok(Some(RecordBatch::try_new(Arc::clone(schema), rows.columns().to_vec())?))
}

/// The messages and their partitions, as they came through the exchange, must be read: what can't be is a bug of ours.
pub fn unreadable() -> DataFusionError {
    internal("a partition's message can't be read")
}
