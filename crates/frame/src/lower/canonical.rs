//! What pandas takes for equal or for missing, made so before values are grouped: −0.0 is 0.0, all NaNs are one, and
//! where asked NaN is missing and rows with a missing key are dropped.

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, RecordBatch,
};
use datafusion::arrow::compute::{and, filter_record_batch, is_not_null};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is done to which columns of the input.
#[derive(Debug, Default)]
pub struct Canonical {
    /// Floats that are compared: −0.0 becomes 0.0, and every NaN the same.
    pub compared: Vec<usize>,
    /// Floats whose NaNs become null.
    pub missing: Vec<usize>,
    /// Rows with a null here are dropped.
    pub required: Vec<usize>,
}

impl Canonical {
    /// The operator over `input`, or `input` itself if it would change nothing.
    pub fn over(mut self, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = input.schema();
        let is_float = |index: &usize| schema.field(*index).data_type().is_floating();
        self.compared.retain(is_float);
        self.missing.retain(is_float);
        self.required.retain(|index| schema.field(*index).is_nullable() || self.missing.contains(index));
        if self.compared.is_empty() && self.missing.is_empty() && self.required.is_empty() {
            return Ok(input);
        }
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| {
                if self.missing.contains(&index) {
                    Arc::new(field.as_ref().clone().with_nullable(true))
                } else {
                    Arc::clone(field)
                }
            })
            .collect();
        let operator = Canonicalise {
            schema: SerializedSchema(Arc::new(Schema::new(fields))),
            compared: self.compared,
            missing: self.missing,
            required: self.required,
        };
        plan::operator(operator, vec![input])
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Canonicalise {
    schema: SerializedSchema,
    compared: Vec<usize>,
    missing: Vec<usize>,
    required: Vec<usize>,
}

impl Canonicalise {
    /// The same for other types of columns that it leaves as they are.
    pub fn with_schema(&self, schema: SchemaRef) -> Self {
        Self { schema: SerializedSchema(schema), ..self.clone() }
    }
}

#[typetag::serde]
impl Operator for Canonicalise {
    fn name(&self) -> &'static str {
        "canonicalise"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let (compared, missing, required) = (self.compared.clone(), self.missing.clone(), self.required.clone());
        let output = Arc::clone(&schema);
        Ok(stream::map(output, input.swap_remove(0), move |batch| {
            let mut columns = batch.columns().to_vec();
            for (index, values) in columns.iter_mut().enumerate() {
                let (compared, missing) = (compared.contains(&index), missing.contains(&index));
                if compared || missing {
                    *values = canonical(values, compared, missing);
                }
            }
            let mut keep: Option<BooleanArray> = None;
            for index in required.iter().filter(|index| columns[**index].null_count() > 0) {
                let present = is_not_null(&columns[*index])?;
                keep = Some(match keep {
                    None => present,
                    Some(others) => and(&others, &present)?,
                });
            }
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
            Ok(match keep {
                None => batch,
                Some(keep) => filter_record_batch(&batch, &keep)?,
            })
        }))
    }
}

pub fn canonical(values: &ArrayRef, compared: bool, missing: bool) -> ArrayRef {
    match values.data_type() {
        DataType::Float64 => rewrite::<Float64Type>(values, compared, missing, |v| v.is_nan(), f64::NAN, |v| v + 0.0),
        DataType::Float32 => rewrite::<Float32Type>(values, compared, missing, |v| v.is_nan(), f32::NAN, |v| v + 0.0),
        _ => Arc::clone(values),
    }
}

fn rewrite<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    compared: bool,
    missing: bool,
    is_nan: impl Fn(T::Native) -> bool,
    nan: T::Native,
    positive_zero: impl Fn(T::Native) -> T::Native,
) -> ArrayRef {
    let values = values.as_primitive::<T>();
    let values = match compared {
        true => values.unary::<_, T>(|value| if is_nan(value) { nan } else { positive_zero(value) }),
        false => values.clone(),
    };
    if missing && values.values().iter().any(|&value| is_nan(value)) {
        let missing: PrimitiveArray<T> = values.unary_opt(|value| (!is_nan(value)).then_some(value));
        return Arc::new(missing);
    }
    Arc::new(values)
}
