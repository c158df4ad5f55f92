//! Running values. Up to [`GOSSIP_MAX`] partitions tell each other their totals, and the input is computed once. Beyond,
//! where so many messages would cost more than the rows, there are two passes over the input: totals of the partitions, their exclusive prefix in one small task,
//! and the pass of each partition, which starts at its prefix.
//!
//! ```text
//! input ─ totals ─ exchange(1) ─ starts ─ exchange(N) ─┐
//! input ───────────────────────────────────────────── pass
//! ```
//!
//! A partition of a sum of floats starts at the exact
//! sum of all rows before it, rounded once, and adds row by row from there. So one partition gives NumPy's bits; with
//! more, the error does not grow from partition to partition, and bits depend on the partitions' borders.

use super::exchange;
use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use super::ordinal::{one_row, partition_number, partition_numbers, two};
use super::ranges::{read, write};
use super::running::{Start, Total};
use crate::node::Cumulative;
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::TryStreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::route::routes;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Partitions up to which each tells its total to all behind it.
const GOSSIP_MAX: usize = 128;

/// `input` with `columns` (float64 or int64) replaced by their running values.
pub fn lower(
    input: Arc<dyn ExecutionPlan>,
    function: Cumulative,
    columns: &[String],
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    // The optimizer may have removed columns that nobody reads.
    let indices: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let fields: Vec<Field> = indices.iter().map(|&index| schema.field(index).clone().with_nullable(true)).collect();
    let partitions = plan::partition_count(&input);
    if partitions <= GOSSIP_MAX {
        return gossip(&Running { function, indices }, input, false);
    }
    let passed = super::project(Arc::clone(&input), &indices)?;
    let totals = Totals { function, columns: fields.len() };
    let totals = plan::operator(totals, vec![passed, partition_numbers(partitions)?])?;
    let gathered = exchange(totals, &[0], 1)?;
    let columns_schema = Arc::new(Schema::new(fields));
    let starts = Starts { function, partitions, columns: SerializedSchema(columns_schema) };
    let starts = exchange(plan::operator(starts, vec![gathered])?, &[0], partitions)?;
    plan::operator(Pass { function, indices, schema: SerializedSchema(schema) }, vec![input, starts])
}

/// Tells the totals of a partition's columns, and goes on from those of the partitions before.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    function: Cumulative,
    indices: Vec<usize>,
}

impl Running {
    fn totals(&self, input: &SchemaRef) -> Result<Vec<Total>> {
        self.indices.iter().map(|&index| Total::new(self.function, input.field(index).data_type())).collect()
    }
}

#[typetag::serde]
impl Gossip for Running {
    fn name(&self) -> &'static str {
        self.function.name()
    }
    fn schema(&self, input: &SchemaRef) -> SchemaRef {
        Arc::clone(input)
    }
    fn audience(&self) -> Audience {
        Audience::Later
    }
    fn whole(&self) -> bool {
        false
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, input: &SchemaRef) -> Result<Box<dyn Teller>> {
        Ok(Box::new(Told { running: self.clone(), totals: self.totals(input)? }))
    }
    fn hear(&self, input: &SchemaRef, own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change> {
        let mut totals = self.totals(input)?;
        for (_, message) in messages.into_iter().filter(|(from, _)| *from < own) {
            let parts: Vec<Vec<u8>> = read(&message)?;
            for (total, bytes) in totals.iter_mut().zip(parts) {
                total.merge(self.function, &bytes).ok_or_else(unreadable)?;
            }
        }
        let function = self.function;
        let mut running: Vec<(usize, Start)> =
            self.indices.iter().copied().zip(totals.iter().map(Total::start)).collect();
        Ok(Box::new(move |batch| {
            let mut columns = batch.columns().to_vec();
            for (index, start) in &mut running {
                columns[*index] = start.pass(function, &columns[*index]);
            }
            Ok(RecordBatch::try_new(batch.schema(), columns)?)
        }))
    }
}

struct Told {
    running: Running,
    totals: Vec<Total>,
}

impl Teller for Told {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        for (total, &index) in self.totals.iter_mut().zip(&self.running.indices) {
            total.add(self.running.function, batch.column(index));
        }
        Ok(())
    }
    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        write(&self.totals.into_iter().map(Total::write).collect::<Vec<_>>())
    }
}

/// One row a partition: its number, and the totals of its columns.
#[derive(Debug, Serialize, Deserialize)]
struct Totals {
    function: Cumulative,
    columns: usize,
}

#[typetag::serde]
impl Operator for Totals {
    fn name(&self) -> &'static str {
        "totals"
    }
    fn describe(&self) -> String {
        format!("totals for {}", self.function.name())
    }
    fn schema(&self) -> SchemaRef {
        let mut fields = vec![Field::new("partition", DataType::Int64, false)];
        fields.extend((0..self.columns).map(|index| Field::new(format!("total{index}"), DataType::Binary, false)));
        Arc::new(Schema::new(fields))
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (mut data, numbers) = two(input)?;
        let (function, schema) = (self.function, self.schema());
        let output = Arc::clone(&schema);
        let total = async move {
            let partition = partition_number(numbers).await?;
            let mut totals = data
                .schema()
                .fields()
                .iter()
                .map(|field| Total::new(function, field.data_type()))
                .collect::<Result<Vec<_>>>()?;
            while let Some(batch) = data.try_next().await? {
                totals.iter_mut().zip(batch.columns()).for_each(|(total, values)| total.add(function, values));
            }
            let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![partition]))];
            for total in totals {
                columns.push(Arc::new(BinaryArray::from_vec(vec![&total.write()])));
            }
            Ok(RecordBatch::try_new(schema, columns)?)
        };
        Ok(stream::with_schema(output, futures::stream::once(total)))
    }
}

/// From the totals of all partitions, in any order, to one row a partition: its route, and where its columns start.
#[derive(Debug, Serialize, Deserialize)]
struct Starts {
    function: Cumulative,
    partitions: usize,
    columns: SerializedSchema,
}

#[typetag::serde]
impl Operator for Starts {
    fn name(&self) -> &'static str {
        "starts"
    }
    fn schema(&self) -> SchemaRef {
        let mut fields = vec![Arc::new(Field::new("route", DataType::Int64, false))];
        fields.extend(self.columns.0.fields().iter().map(Arc::clone));
        Arc::new(Schema::new(fields))
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (function, partitions, columns) = (self.function, self.partitions, Arc::clone(&self.columns.0));
        let schema = self.schema();
        let output = Arc::clone(&schema);
        Ok(stream::gather(output, input, move |inputs| {
            let mut rows: Vec<(i64, RecordBatch)> = vec![];
            for batch in inputs.into_iter().flatten() {
                let numbers = batch.column(0).as_primitive::<Int64Type>().clone();
                rows.extend((0..batch.num_rows()).map(|row| (numbers.value(row), batch.slice(row, 1))));
            }
            rows.sort_by_key(|(partition, _)| *partition);
            if rows.len() != partitions {
                return Err(DataFusionError::Internal(format!("{} totals of {partitions} partitions", rows.len())));
            }
            let mut totals = columns
                .fields()
                .iter()
                .map(|field| Total::new(function, field.data_type()))
                .collect::<Result<Vec<_>>>()?;
            let mut starts: Vec<Vec<ArrayRef>> = vec![vec![]; totals.len()];
            for (_, row) in &rows {
                for (index, total) in totals.iter_mut().enumerate() {
                    starts[index].push(total.start().to_array());
                    let bytes = row.column(index + 1).as_binary::<i32>().value(0);
                    total.merge(function, bytes).ok_or_else(|| {
                        DataFusionError::Internal(String::from("the total of a partition can't be read"))
                    })?;
                }
            }
            let mut output: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(routes(partitions).to_vec()))];
            for column in starts {
                output.push(concat(&column.iter().map(AsRef::as_ref).collect::<Vec<_>>())?);
            }
            Ok(vec![RecordBatch::try_new(schema, output)?])
        }))
    }
}

/// The second pass: running values that go on from the partition's start.
#[derive(Debug, Serialize, Deserialize)]
struct Pass {
    function: Cumulative,
    indices: Vec<usize>,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Pass {
    fn name(&self) -> &'static str {
        self.function.name()
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (data, starts) = two(input)?;
        let (function, indices, schema) = (self.function, self.indices.clone(), self.schema());
        let output = Arc::clone(&schema);
        let passing = async move {
            let starts = one_row(starts).await?;
            let starts = starts.columns().iter().skip(1).map(Start::from_array).collect::<Result<Vec<_>>>()?;
            let mut running: Vec<(usize, Start)> = indices.into_iter().zip(starts).collect();
            Ok::<_, DataFusionError>(stream::map(Arc::clone(&schema), data, move |batch| {
                let mut columns = batch.columns().to_vec();
                for (index, start) in &mut running {
                    columns[*index] = start.pass(function, &columns[*index]);
                }
                Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
            }))
        };
        Ok(stream::with_schema(output, futures::stream::once(passing).try_flatten()))
    }
}
