//! Row numbers of the whole frame: partitions tell each other how many rows they have.

use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use super::project;
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use phalanx_chunk::Span;
use phalanx_chunk::random::{Distribution, generate};
use phalanx_engine::typetag;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Appends the number of each row, from 0; or keeps only rows by their numbers.
#[derive(Debug)]
pub(crate) enum Positions {
    Number(String),
    /// From, to, every so many.
    Slice(i64, i64, i64),
    Tail(i64),
    /// Those whose random number (seed) is in `low..high`.
    Sample {
        seed: u64,
        low: f64,
        high: f64,
    },
}

impl Relation for Positions {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let mut fields = inputs[0].fields().to_vec();
        if let Self::Number(name) = self {
            fields.push(Arc::new(Field::new(name, DataType::Int64, false)));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let columns = inputs[0].fields().len();
        Some(vec![outputs.iter().copied().filter(|&index| index < columns).collect()])
    }

    fn keeps_rows(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("row numbers have one input"))?;
        let columns = input.schema().fields().len();
        let task = match self {
            Self::Number(name) => {
                let counted = gossip(&Counted { task: Task::Number(name.clone()) }, input, true)?;
                let order: Vec<usize> = (0..columns).chain([columns + 1]).collect();
                return project(counted, &order);
            }
            Self::Slice(from, to, step) => Task::Slice(*from, *to, *step),
            Self::Tail(rows) => Task::Tail(*rows),
            Self::Sample { seed, low, high } => Task::Sample { seed: *seed, low: *low, high: *high },
        };
        gossip(&Counted { task }, input, false)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Task {
    Number(String),
    Slice(i64, i64, i64),
    Tail(i64),
    Sample { seed: u64, low: f64, high: f64 },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counted {
    task: Task,
}

#[typetag::serde]
impl Gossip for Counted {
    fn name(&self) -> &'static str {
        "row_numbers"
    }
    fn schema(&self, input: &SchemaRef) -> SchemaRef {
        let mut fields = input.fields().to_vec();
        if let Task::Number(name) = &self.task {
            fields.push(Arc::new(Field::new(name, DataType::Int64, false)));
        }
        Arc::new(Schema::new(fields))
    }
    fn audience(&self) -> Audience {
        match self.task {
            Task::Tail(_) => Audience::All,
            _ => Audience::Later,
        }
    }
    fn whole(&self) -> bool {
        false
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, _input: &SchemaRef) -> Result<Box<dyn Teller>> {
        Ok(Box::new(Count(0)))
    }
    fn hear(&self, input: &SchemaRef, own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change> {
        let (mut next, mut all) = (0_i64, 0_i64);
        for (from, message) in messages {
            let rows = i64::from_le_bytes(message.try_into().map_err(|_| unreadable())?);
            all += rows;
            if from < own {
                next += rows;
            }
        }
        let (task, schema) = (self.task.clone(), self.schema(input));
        Ok(Box::new(move |batch| {
            let first = next;
            next += batch.num_rows() as i64;
            let numbers = first..next;
            let keep = |wanted: &dyn Fn(i64) -> bool| -> Result<RecordBatch> {
                Ok(filter_record_batch(&batch, &numbers.clone().map(|row| Some(wanted(row))).collect())?)
            };
            match task {
                Task::Number(_) => {
                    let mut columns = batch.columns().to_vec();
                    columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
                    Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
                }
                Task::Slice(from, to, step) => keep(&|row| row >= from && row < to && (row - from) % step == 0),
                Task::Sample { seed, low, high } => {
                    let (from, count) = (numbers.start as usize, batch.num_rows());
                    let uniform = Distribution::Uniform { low: 0.0, high: 1.0 };
                    let draws = generate(uniform, seed, 0, &[from + count], &[Span::range(from, count)])
                        .map_err(|error| phalanx_engine::Error::internal("random numbers").caused_by(&error))?;
                    let draws = draws
                        .values::<f64>()
                        .map_err(|error| phalanx_engine::Error::internal("random numbers").caused_by(&error))?;
                    keep(&|row| (low..high).contains(&draws[row as usize - from]))
                }
                Task::Tail(rows) => keep(&|row| row >= all - rows),
            }
        }))
    }
}

pub struct Count(pub i64);

impl Teller for Count {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.0 += batch.num_rows() as i64;
        Ok(())
    }
    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        Ok(self.0.to_le_bytes().to_vec())
    }
}
