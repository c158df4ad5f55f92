//! Aggregate functions whose partial results merge in any order, over groups of equal keys: where the rows are, and again
//! behind an exchange.

use super::text_groups::TextGroups;
use super::text_views::text_views;
use super::{column, exchange, gather};
use crate::aggregate::Aggregate;
use crate::exact::{exact_moments, exact_sum, float_maximum, float_minimum};
use crate::functions::promote::is_decimal;
use crate::statistic::{Statistic, result_type};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{CastExpr, Literal};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::plan;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The aggregate function that a statistic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    Moments,
    ExactSum,
    IntegerSum,
    UnsignedSum,
    DecimalSum,
    Count,
    Size,
    First,
    Minimum,
    Maximum,
    FloatMinimum,
    FloatMaximum,
}

impl Source {
    /// The function over this column of an input.
    pub fn aggregate(self, schema: &SchemaRef, index: usize) -> Result<AggregateFunctionExpr> {
        let argument = || column(schema, index);
        let cast = |data_type| Arc::new(CastExpr::new(column(schema, index), data_type, None)) as _;
        let one = || Arc::new(Literal::new(ScalarValue::Int64(Some(1)))) as _;
        let (function, argument): (Arc<AggregateUDF>, Arc<dyn PhysicalExpr>) = match self {
            Self::Moments => (Arc::new(exact_moments()), cast(DataType::Float64)),
            Self::ExactSum => (Arc::new(exact_sum()), cast(DataType::Float64)),
            Self::IntegerSum => (sum_udaf(), cast(DataType::Int64)),
            Self::UnsignedSum => (sum_udaf(), cast(DataType::UInt64)),
            Self::DecimalSum => (sum_udaf(), cast(result_type(Statistic::Sum, schema.field(index).data_type()))),
            Self::Count => (count_udaf(), argument()),
            Self::Size => (count_udaf(), one()),
            Self::Minimum | Self::First => (min_udaf(), argument()),
            Self::Maximum => (max_udaf(), argument()),
            Self::FloatMinimum => (Arc::new(float_minimum()), argument()),
            Self::FloatMaximum => (Arc::new(float_maximum()), argument()),
        };
        let builder = AggregateExprBuilder::new(function, vec![argument]);
        builder.schema(Arc::clone(schema)).alias(format!("{self:?}({index})")).build()
    }
}

/// Where `aggregate` of a column of this type comes from. Statistics of one column share one function: the moments if
/// any of them is a variance.
pub fn main_source(aggregate: &Aggregate, all: &[Aggregate], data_type: &DataType) -> Source {
    use Statistic as S;
    let spread = |statistic| matches!(statistic, S::Variance | S::Deviation | S::StandardError);
    let moments = all.iter().any(|other| other.column == aggregate.column && spread(other.statistic));
    let exact = if moments { Source::Moments } else { Source::ExactSum };
    let float = matches!(data_type, DataType::Float32 | DataType::Float64);
    match aggregate.statistic {
        S::Size => Source::Size,
        S::Count => Source::Count,
        S::Sum if float => exact,
        S::Sum if data_type.is_unsigned_integer() => Source::UnsignedSum,
        S::Sum if is_decimal(data_type) => Source::DecimalSum,
        S::Sum => Source::IntegerSum,
        S::Minimum if float => Source::FloatMinimum,
        S::Maximum if float => Source::FloatMaximum,
        S::Minimum => Source::Minimum,
        S::Maximum => Source::Maximum,
        _ => exact,
    }
}

/// Groups by the first `keys` columns, in two steps with an exchange between.
pub fn aggregate_twice(
    input: Arc<dyn ExecutionPlan>,
    keys: usize,
    sources: Vec<(Source, usize)>,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let group_by = PhysicalGroupBy::new_single(
        (0..keys).map(|index| (column(&schema, index), schema.field(index).name().clone())).collect(),
    );
    let functions = sources.iter().map(|(source, index)| Ok(Arc::new(source.aggregate(&schema, *index)?)));
    let functions = functions.collect::<Result<Vec<_>>>()?;
    let filters = vec![None; functions.len()];
    let partial = Arc::new(AggregateExec::try_new(
        AggregateMode::Partial,
        group_by,
        functions.clone(),
        filters.clone(),
        Arc::clone(&input),
        Arc::clone(&schema),
    )?);
    let whole = partial.group_expr().as_final();
    let partial: Arc<dyn ExecutionPlan> = match keys == 1 && TextGroups::takes(schema.field(0).data_type()) {
        true => {
            let is_key_read = sources.iter().any(|(source, index)| *index == 0 && *source != Source::Size);
            let is_written_out = *schema.field(0).data_type() == DataType::Utf8;
            let views = if is_key_read || !is_written_out { None } else { text_views(&input, 0)? };
            let groups = TextGroups { sources, schema: SerializedSchema(partial.schema()) };
            plan::operator(groups, vec![views.unwrap_or(input)])?
        }
        false => partial,
    };
    let (exchanged, mode) = match keys {
        0 => (gather(partial)?, AggregateMode::Final),
        _ => (exchange(partial, &(0..keys).collect::<Vec<_>>(), partitions)?, AggregateMode::FinalPartitioned),
    };
    Ok(Arc::new(AggregateExec::try_new(mode, whole, functions, filters, exchanged, schema)?))
}
