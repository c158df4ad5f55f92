//! Takes fields out of the structs that the exact sums give.

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A column of the input, or the field of a struct in it.
pub type Pick = (usize, Option<String>);

/// `picks` of `input`, as a table of schema `schema`.
pub fn unpack(input: Arc<dyn ExecutionPlan>, schema: SchemaRef, picks: Vec<Pick>) -> Result<Arc<dyn ExecutionPlan>> {
    plan::operator(Unpack { schema: SerializedSchema(schema), picks }, vec![input])
}

#[derive(Debug, Serialize, Deserialize)]
struct Unpack {
    schema: SerializedSchema,
    picks: Vec<Pick>,
}

#[typetag::serde]
impl Operator for Unpack {
    fn name(&self) -> &'static str {
        "unpack"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (schema, picks) = (self.schema(), self.picks.clone());
        let output = Arc::clone(&schema);
        Ok(stream::map(output, input.swap_remove(0), move |batch| {
            let columns: Result<Vec<ArrayRef>> = picks
                .iter()
                .map(|(index, field)| {
                    let column = batch.columns().get(*index);
                    let picked = match field {
                        None => column,
                        Some(name) => column
                            .and_then(|column| column.as_struct_opt())
                            .and_then(|fields| fields.column_by_name(name)),
                    };
                    picked
                        .cloned()
                        .ok_or_else(|| DataFusionError::Internal(format!("column {index} has no field {field:?}")))
                })
                .collect();
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns?)?)
        }))
    }
}
