//! Rows of several frames below each other, and rows made of rows.

use crate::functions::category::with_metadata_of;
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The rows of the inputs, one frame's partitions behind the other's.
#[derive(Debug)]
pub(crate) struct Stacked {
    /// Names and types of the result.
    pub columns: Vec<(String, DataType)>,
}

impl Relation for Stacked {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let fields = self.columns.iter().map(|(name, data_type)| {
            let nullable =
                inputs.iter().any(|input| input.field_with_name(name).map_or(true, |field| field.is_nullable()));
            let field = Field::new(name, data_type.clone(), nullable);
            match inputs.iter().find_map(|input| input.field_with_name(name).ok()) {
                Some(first) if first.data_type() == data_type => with_metadata_of(field, first),
                _ => field,
            }
        });
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.schema(&inputs.iter().map(|input| input.schema()).collect::<Vec<_>>())?;
        let conformed = inputs
            .into_iter()
            .map(|input| {
                let picks = schema.fields().iter().map(|field| input.schema().index_of(field.name()).ok()).collect();
                plan::operator(Conform { schema: SerializedSchema(Arc::clone(&schema)), picks }, vec![input])
            })
            .collect::<Result<Vec<_>>>()?;
        plan::union(conformed)
    }
}

/// Columns cast to a schema, null where there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Conform {
    schema: SerializedSchema,
    picks: Vec<Option<usize>>,
}

#[typetag::serde]
impl Operator for Conform {
    fn name(&self) -> &'static str {
        "conform"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let this = self.clone();
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let columns = this
                .picks
                .iter()
                .zip(this.schema.0.fields())
                .map(|(pick, field)| match pick {
                    Some(index) => Ok(cast(batch.column(*index), field.data_type())?),
                    None => Ok(new_null_array(field.data_type(), batch.num_rows())),
                })
                .collect::<Result<Vec<_>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(this.schema(), columns, &options)?)
        }))
    }
}

/// A row for each item of a column of lists; a missing or empty list gives one row without an item.
#[derive(Debug, Clone)]
pub(crate) struct Exploded {
    pub column: String,
}

impl Relation for Exploded {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let fields = inputs[0].fields().iter().map(|field| match field.data_type() {
            DataType::List(item) | DataType::LargeList(item) if *field.name() == self.column => {
                Field::new(field.name(), item.data_type().clone(), true)
            }
            _ => field.as_ref().clone(),
        });
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let schema = self.schema(&[input.schema()])?;
        let column = schema.index_of(&self.column)?;
        plan::operator(Explode { schema: SerializedSchema(schema), column }, vec![input])
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Explode {
    schema: SerializedSchema,
    column: usize,
}

#[typetag::serde]
impl Operator for Explode {
    fn name(&self) -> &'static str {
        "explode"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let this = self.clone();
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let lists = batch.column(this.column);
            let (values, offsets): (ArrayRef, Vec<usize>) = match lists.as_list_opt::<i32>() {
                Some(lists) => (Arc::clone(lists.values()), lists.offsets().iter().map(|at| *at as usize).collect()),
                None => {
                    let lists = lists.as_list_opt::<i64>().ok_or_else(|| internal("explode of what is no list"))?;
                    (Arc::clone(lists.values()), lists.offsets().iter().map(|at| *at as usize).collect())
                }
            };
            let (mut rows, mut items): (Vec<u32>, Vec<Option<u32>>) = (vec![], vec![]);
            for row in 0..batch.num_rows() {
                let items_here = if lists.is_valid(row) { offsets[row]..offsets[row + 1] } else { 0..0 };
                if items_here.is_empty() {
                    rows.push(row as u32);
                    items.push(None);
                }
                for item in items_here {
                    rows.push(row as u32);
                    items.push(Some(item as u32));
                }
            }
            let (rows, items) = (UInt32Array::from(rows), UInt32Array::from(items));
            let columns = batch
                .columns()
                .iter()
                .enumerate()
                .map(|(index, column)| match index == this.column {
                    true => Ok(take(&values, &items, None)?),
                    false => Ok(take(column, &rows, None)?),
                })
                .collect::<Result<Vec<_>>>()?;
            Ok(RecordBatch::try_new(this.schema(), columns)?)
        }))
    }
}
