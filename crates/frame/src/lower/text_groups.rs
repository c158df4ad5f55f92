//! The first of the two steps of a group-by whose only key is text: groups of the rows of one task.

use super::aggregates::Source;
use crate::kernel::values::internal;
use crate::texts::Texts;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::TryStreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Groups are passed on when they have so many bytes, and counted anew: a second step puts them together anyway.
const BYTES_MAX: usize = 16 << 20;

/// The groups of the first column: the key, and the states of these functions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextGroups {
    pub sources: Vec<(Source, usize)>,
    pub schema: SerializedSchema,
}

impl TextGroups {
    /// Does this take keys of this type?
    pub fn takes(key: &DataType) -> bool {
        match key {
            DataType::Utf8 => true,
            DataType::Dictionary(places, values) => **places == DataType::Int32 && **values == DataType::Utf8,
            _ => false,
        }
    }
}

#[typetag::serde]
impl Operator for TextGroups {
    fn name(&self) -> &'static str {
        "text_groups"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let input = input.swap_remove(0);
        let functions = self.sources.iter().map(|(source, index)| Function::new(*source, *index, &input.schema()));
        let open = Open {
            functions: functions.collect::<Result<_>>()?,
            keys: Texts::default(),
            schema: self.schema(),
            reservation: MemoryConsumer::new("groups of text").register(context.memory_pool()),
            input: Some(input),
        };
        let groups =
            futures::stream::try_unfold(open, async |mut open| Ok(open.next().await?.map(|batch| (batch, open))));
        Ok(stream::with_schema(self.schema(), groups))
    }
}

/// An aggregate function at work.
struct Function {
    argument: Arc<dyn PhysicalExpr>,
    groups: Box<dyn GroupsAccumulator>,
}

impl Function {
    fn new(source: Source, index: usize, schema: &SchemaRef) -> Result<Self> {
        let function = source.aggregate(schema, index)?;
        let [argument] = function.expressions().try_into().map_err(|_| internal("a function has one argument"))?;
        Ok(Self { argument, groups: function.create_groups_accumulator()? })
    }
}

struct Open {
    /// `None` at its end.
    input: Option<SendableRecordBatchStream>,
    keys: Texts,
    functions: Vec<Function>,
    schema: SchemaRef,
    reservation: MemoryReservation,
}

impl Open {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut groups = vec![];
        while let Some(input) = &mut self.input {
            let Some(batch) = input.try_next().await? else {
                self.input = None;
                break;
            };
            self.add(&batch, &mut groups)?;
            let bytes = self.bytes();
            if bytes > BYTES_MAX || self.reservation.try_resize(bytes).is_err() {
                return self.take().map(Some);
            }
        }
        if self.keys.is_empty() { Ok(None) } else { self.take().map(Some) }
    }

    fn add(&mut self, batch: &RecordBatch, groups: &mut Vec<usize>) -> Result<()> {
        self.keys.meet(batch.column(0), groups)?;
        for function in &mut self.functions {
            let values = function.argument.evaluate(batch)?.into_array(batch.num_rows())?;
            function.groups.update_batch(&[values], groups, None, self.keys.len())?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.functions.iter().map(|function| function.groups.size()).sum::<usize>() + self.keys.bytes()
    }

    /// All groups so far, which are then forgotten.
    fn take(&mut self) -> Result<RecordBatch> {
        let keys = ArrayRef::from(std::mem::take(&mut self.keys));
        let mut columns = vec![cast(&keys, self.schema.field(0).data_type())?];
        for function in &mut self.functions {
            columns.extend(function.groups.state(EmitTo::All)?);
        }
        self.reservation.free();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}
