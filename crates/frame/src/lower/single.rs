//! Operations on frames of one partition that are small: results of reductions.

use super::gather;
use super::ordinal::two;
use crate::kernel::values::{floats, internal};
use crate::relation::Relation;
use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::{cast, concat, concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Two results of one row side by side.
#[derive(Debug)]
pub(crate) struct Beside;

impl Relation for Beside {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let fields: Vec<_> = inputs.iter().flat_map(|schema| schema.fields().iter().cloned()).collect();
        Ok(Arc::new(Schema::new(fields)))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = SerializedSchema(self.schema(&inputs.iter().map(|input| input.schema()).collect::<Vec<_>>())?);
        let (left, right) = two(inputs)?;
        plan::operator(SideBySide { schema }, vec![gather(left)?, gather(right)?])
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct SideBySide {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for SideBySide {
    fn name(&self) -> &'static str {
        "side_by_side"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let schemas: Vec<SchemaRef> = input.iter().map(|input| input.schema()).collect();
        let output = self.schema();
        Ok(stream::gather(self.schema(), input, move |inputs| {
            let mut columns = vec![];
            for (schema, batches) in schemas.iter().zip(&inputs) {
                columns.extend_from_slice(concat_batches(schema, batches)?.columns());
            }
            Ok(vec![RecordBatch::try_new(output, columns)?])
        }))
    }
}

/// What becomes of the whole of a small frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Small {
    /// One row becomes several: for each output column the columns that its values come from.
    Unfold { index: String, labels: Vec<String>, columns: Vec<(String, Vec<Option<String>>)> },
    /// A column of counts becomes one of shares.
    Share { column: String },
    /// The rows with the largest value of a column, which goes.
    Largest { column: String },
}

impl Relation for Small {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let input = &inputs[0];
        Ok(Arc::new(match self {
            Self::Unfold { index, columns, .. } => {
                let mut fields = vec![Field::new(index, DataType::Utf8, false)];
                for (name, sources) in columns {
                    let mut data_type: Option<DataType> = None;
                    for source in sources.iter().flatten() {
                        let other = input.field_with_name(source)?.data_type();
                        data_type = Some(match &data_type {
                            None => other.clone(),
                            Some(known) => crate::merge::common(known, other).unwrap_or(DataType::Utf8),
                        });
                    }
                    fields.push(Field::new(name, data_type.unwrap_or(DataType::Float64), true));
                }
                Schema::new(fields)
            }
            Self::Share { column } => Schema::new(
                input
                    .fields()
                    .iter()
                    .map(|field| match field.name() == column {
                        true => Field::new(column, DataType::Float64, true),
                        false => field.as_ref().clone(),
                    })
                    .collect::<Vec<_>>(),
            ),
            Self::Largest { column } => {
                Schema::new(input.fields().iter().filter(|field| field.name() != column).cloned().collect::<Vec<_>>())
            }
        }))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let schema = SerializedSchema(self.schema(&[input.schema()])?);
        plan::operator(OfSmall { task: self.clone(), schema }, vec![gather(input)?])
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OfSmall {
    task: Small,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for OfSmall {
    fn name(&self) -> &'static str {
        match self.task {
            Small::Unfold { .. } => "unfold",
            Small::Share { .. } => "shares",
            Small::Largest { .. } => "largest",
        }
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let this = self.clone();
        let schema = input[0].schema();
        Ok(stream::gather(self.schema(), input, move |inputs| {
            let batch = concat_batches(&schema, inputs.iter().flatten())?;
            Ok(vec![this.change(&batch)?])
        }))
    }
}

impl OfSmall {
    fn change(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let column = |name: &String| batch.column_by_name(name).ok_or_else(|| internal("a column is not there"));
        let columns = match &self.task {
            Small::Unfold { labels, columns, .. } => {
                let mut output: Vec<ArrayRef> = vec![Arc::new(StringArray::from_iter_values(labels))];
                for (index, (_, sources)) in columns.iter().enumerate() {
                    let data_type = self.schema.0.field(index + 1).data_type();
                    let values = sources
                        .iter()
                        .map(|source| match source {
                            None => Ok(new_null_array(data_type, 1)),
                            Some(source) => Ok(cast(column(source)?, data_type)?),
                        })
                        .collect::<Result<Vec<_>>>()?;
                    output.push(concat(&values.iter().map(AsRef::as_ref).collect::<Vec<_>>())?);
                }
                output
            }
            Small::Share { column: name } => {
                let counts = floats(column(name)?)?;
                let total: f64 = counts.iter().sum();
                let shares: ArrayRef =
                    Arc::new(counts.iter().map(|count| Some(count / total)).collect::<Float64Array>());
                let at = batch.schema().index_of(name)?;
                let mut columns = batch.columns().to_vec();
                columns[at] = shares;
                columns
            }
            Small::Largest { column: name } => {
                let counts = column(name)?.as_primitive::<Int64Type>();
                let most = counts.iter().max().flatten();
                let kept = filter_record_batch(batch, &counts.iter().map(|count| Some(count == most)).collect())?;
                let at = batch.schema().index_of(name)?;
                let mut columns = kept.columns().to_vec();
                columns.remove(at);
                columns
            }
        };
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}
