//! Rows in the partitions that a column names, or that their keys' hash names; and the partitions' own numbers.

use super::canonical::Canonical;
use super::host::keys_in_front;
use super::ordinal::{ROW_BITS, number_rows};
use super::segment::with_route;
use super::{exchange, gather, project, sort_partitions};
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::route::routes;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Each row in another partition; within one, rows keep their order.
#[derive(Debug)]
pub(crate) enum Shuffled {
    /// Rows with equal keys in one of so many.
    ByKeys(Vec<String>, usize),
    /// In the one of so many that a column of integers names.
    ByNumber(String, usize),
}

impl Relation for Shuffled {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(inputs[0].fields().clone())))
    }
    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut needed = outputs.to_vec();
        let names = match self {
            Self::ByKeys(keys, _) => keys.as_slice(),
            Self::ByNumber(column, _) => std::slice::from_ref(column),
        };
        needed.extend(names.iter().filter_map(|name| inputs[0].index_of(name).ok()));
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let columns = input.schema().fields().len();
        let (first, placed) = match self {
            Self::ByKeys(keys, partitions) => {
                let range: Vec<usize> = (0..keys.len()).collect();
                let keyed = keys_in_front(input, keys)?;
                let keyed =
                    Canonical { compared: range.clone(), missing: range.clone(), required: vec![] }.over(keyed)?;
                let numbered = number_rows(keyed)?;
                let placed =
                    if *partitions == 1 { gather(numbered)? } else { exchange(numbered, &range, *partitions)? };
                (keys.len(), placed)
            }
            Self::ByNumber(column, partitions) => {
                let column = input.schema().index_of(column)?;
                let numbered = number_rows(input)?;
                let schema = SerializedSchema(with_route(&numbered.schema()));
                let routed = plan::operator(Route { schema, column, partitions: *partitions }, vec![numbered])?;
                let placed =
                    if *partitions == 1 { gather(routed)? } else { exchange(routed, &[columns + 1], *partitions)? };
                (0, placed)
            }
        };
        let sorted = sort_partitions(placed, &[(first + columns, false)], None)?;
        project(sorted, &(first..first + columns).collect::<Vec<_>>())
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Route {
    schema: SerializedSchema,
    column: usize,
    partitions: usize,
}

#[typetag::serde]
impl Operator for Route {
    fn name(&self) -> &'static str {
        "route"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, mut input: Vec<SendableRecordBatchStream>, _: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (schema, routes, column) = (self.schema(), routes(self.partitions), self.column);
        Ok(stream::map(Arc::clone(&schema), input.swap_remove(0), move |batch| {
            let numbers = batch.column(column).as_primitive::<Int64Type>();
            let last = routes.len().saturating_sub(1);
            let place = |number: Option<i64>| {
                routes[number.map_or(last, |number| usize::try_from(number).unwrap_or(0).min(last))]
            };
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(Int64Array::from_iter_values(numbers.iter().map(place))));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

/// Appends the number of the partition that a row is in.
#[derive(Debug)]
pub(crate) struct PartitionNumber(pub String);

impl Relation for PartitionNumber {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let mut fields = inputs[0].fields().to_vec();
        fields.push(Arc::new(Field::new(&self.0, DataType::Int64, false)));
        Ok(Arc::new(Schema::new(fields)))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = SerializedSchema(self.schema(&[inputs.first().ok_or_else(|| internal("one input"))?.schema()])?);
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        plan::operator(NameOfPartition { schema }, vec![number_rows(input)?])
    }
    fn keeps_rows(&self) -> bool {
        true
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct NameOfPartition {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for NameOfPartition {
    fn name(&self) -> &'static str {
        "partition_number"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, mut input: Vec<SendableRecordBatchStream>, _: &TaskContext) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        Ok(stream::map(Arc::clone(&schema), input.swap_remove(0), move |batch| {
            let mut columns = batch.columns().to_vec();
            let ordinals = columns.pop().ok_or_else(|| internal("rows without ordinals"))?;
            let ordinals = ordinals.as_primitive::<Int64Type>();
            columns.push(Arc::new(Int64Array::from_iter_values(ordinals.values().iter().map(|row| row >> ROW_BITS))));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}
