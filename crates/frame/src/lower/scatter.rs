//! Rows in other partitions: `repartition`, `partitions[…]`.

use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use super::ordinal::{ROW_BITS, number_rows};
use super::segment::with_route;
use super::{exchange, gather, project, sort_partitions};
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::route::routes;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The same rows in other partitions.
#[derive(Debug)]
pub(crate) enum Placed {
    /// In so many, of as many rows each.
    Even(usize),
    /// Only these partitions.
    Only(Vec<usize>),
}

impl Relation for Placed {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(inputs[0].fields().clone())))
    }
    fn needs(&self, _inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![outputs.to_vec()])
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let ordinal = input.schema().fields().len();
        let placed = match self {
            Self::Even(1) => gather(number_rows(input)?)?,
            Self::Even(partitions) => {
                let routed = gossip(&Evenly { partitions: *partitions }, input, true)?;
                exchange(routed, &[ordinal + 1], *partitions)?
            }
            Self::Only(numbers) => {
                let count = plan::partition_count(&input);
                if let Some(number) = numbers.iter().find(|number| **number >= count) {
                    return Err(phalanx_engine::Error::input(format!(
                        "there is no partition {number}: the frame has {count}"
                    ))
                    .into());
                }
                let numbered = number_rows(input)?;
                let schema = SerializedSchema(with_route(&numbered.schema()));
                let chosen = plan::operator(Chosen { schema, numbers: numbers.clone() }, vec![numbered])?;
                match numbers.len() {
                    0 | 1 => gather(chosen)?,
                    several => exchange(chosen, &[ordinal + 1], several)?,
                }
            }
        };
        project(sort_partitions(placed, &[(ordinal, false)], None)?, &(0..ordinal).collect::<Vec<_>>())
    }
}

/// Routes each row by its place among all rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Evenly {
    partitions: usize,
}

#[typetag::serde]
impl Gossip for Evenly {
    fn name(&self) -> &'static str {
        "evenly"
    }
    fn schema(&self, input: &SchemaRef) -> SchemaRef {
        with_route(input)
    }
    fn audience(&self) -> Audience {
        Audience::All
    }
    fn whole(&self) -> bool {
        false
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, _input: &SchemaRef) -> Result<Box<dyn Teller>> {
        Ok(Box::new(super::positions::Count(0)))
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
        let (schema, routes) = (with_route(input), routes(self.partitions));
        let each = (all + self.partitions as i64 - 1) / self.partitions as i64;
        Ok(Box::new(move |batch| {
            let first = next;
            next += batch.num_rows() as i64;
            let mut columns = batch.columns().to_vec();
            let places = (first..next).map(|row| routes[(row / each.max(1)) as usize]);
            columns.push(Arc::new(Int64Array::from_iter_values(places)));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

/// The rows of these partitions, each with the route of its new one.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Chosen {
    schema: SerializedSchema,
    numbers: Vec<usize>,
}

#[typetag::serde]
impl Operator for Chosen {
    fn name(&self) -> &'static str {
        "chosen"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (this, routes) = (self.clone(), routes(self.numbers.len().max(1)));
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let ordinals = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>();
            let place = |ordinal: i64| this.numbers.iter().position(|number| *number as i64 == ordinal >> ROW_BITS);
            let places: Vec<Option<usize>> = ordinals.values().iter().map(|ordinal| place(*ordinal)).collect();
            let route = Int64Array::from_iter_values(places.iter().map(|place| place.map_or(0, |place| routes[place])));
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(route));
            let batch = RecordBatch::try_new(this.schema(), columns)?;
            Ok(filter_record_batch(&batch, &places.iter().map(|place| Some(place.is_some())).collect())?)
        }))
    }
}
