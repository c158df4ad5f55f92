//! From what aggregate functions give to the statistics that were asked for.

use crate::aggregate::Aggregate;
use crate::functions::promote::is_decimal;
use crate::kernel::moments::spread;
use crate::kernel::values::{internal, optional_floats};
use crate::statistic::Statistic;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array, UInt64Array,
};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, SchemaRef, UInt64Type};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One result, and the columns of aggregate functions that it comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Part {
    pub aggregate: Aggregate,
    pub main: usize,
    pub count: Option<usize>,
    pub size: Option<usize>,
}

/// From what the aggregate functions give to statistics.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Finish {
    pub schema: SerializedSchema,
    pub keys: usize,
    pub parts: Vec<Part>,
    pub first: Option<usize>,
}

#[typetag::serde]
impl Operator for Finish {
    fn name(&self) -> &'static str {
        "finish"
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
            let mut columns = batch.columns()[..this.keys].to_vec();
            for part in &this.parts {
                let field = this.schema.0.field(columns.len()).data_type().clone();
                columns.push(cast(&part.finish(&batch)?, &field)?);
            }
            columns.extend(this.first.map(|first| Arc::clone(batch.column(first))));
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(this.schema(), columns, &options)?)
        }))
    }
}

impl Part {
    fn finish(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let options = &self.aggregate.options;
        let main = batch.column(self.main);
        let field = |name: &str| {
            main.as_struct_opt()
                .and_then(|fields| fields.column_by_name(name))
                .cloned()
                .ok_or_else(|| internal("a sum has no such field"))
        };
        let result = match self.aggregate.statistic {
            Statistic::Sum if main.as_struct_opt().is_some() => field("sum")?,
            Statistic::Sum if *main.data_type() == DataType::UInt64 => {
                let sums = main.as_primitive::<UInt64Type>();
                Arc::new(sums.iter().map(|sum| Some(sum.unwrap_or(0))).collect::<UInt64Array>())
            }
            Statistic::Sum if is_decimal(main.data_type()) => {
                let sums = main.as_primitive::<Decimal128Type>();
                let sums: Decimal128Array = sums.iter().map(|sum| Some(sum.unwrap_or(0))).collect();
                Arc::new(sums.with_data_type(main.data_type().clone()))
            }
            Statistic::Sum => {
                let sums = main.as_primitive::<Int64Type>();
                Arc::new(sums.iter().map(|sum| Some(sum.unwrap_or(0))).collect::<Int64Array>())
            }
            Statistic::Mean => field("mean")?,
            Statistic::Variance | Statistic::Deviation | Statistic::StandardError => {
                let (counts, variances) = (field("count")?, field("var")?);
                let pairs = counts.as_primitive::<Int64Type>().iter().zip(variances.as_primitive::<Float64Type>());
                optional_floats(
                    pairs
                        .map(|(count, variance)| spread(&self.aggregate, variance, count.unwrap_or(0).cast_unsigned())),
                )
            }
            _ => Arc::clone(main),
        };
        let Some(count) = self.count else { return Ok(result) };
        let counts = batch.column(count).as_primitive::<Int64Type>();
        let sizes = self.size.map(|size| batch.column(size).as_primitive::<Int64Type>());
        let is_sum = self.aggregate.statistic == Statistic::Sum;
        let keep = |row: usize| {
            (!is_sum || counts.value(row) >= options.min_count as i64)
                && (matches!(self.aggregate.statistic, Statistic::Count | Statistic::Size)
                    || sizes.is_none_or(|sizes| sizes.value(row) == counts.value(row)))
        };
        let rows: UInt32Array = (0..batch.num_rows()).map(|row| keep(row).then_some(row as u32)).collect();
        Ok(take(&result, &rows, None)?)
    }
}
