//! `groupby().agg()`: partial groups where the rows are, an exchange by key, whole groups, sorted by key.

use super::canonical::Canonical;
use super::unpack::{Pick, unpack};
use super::{column, exchange, sort_partitions};
use crate::exact::{exact_moments, exact_sum, float_maximum, float_minimum};
use crate::groupby::{self, Aggregate, Source};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateExprBuilder;
use datafusion::physical_expr::expressions::CastExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use std::sync::Arc;

/// An aggregate function, its argument and the name of its result.
pub type Function = (Arc<AggregateUDF>, Arc<dyn PhysicalExpr>, String);

/// One row for each group of rows with equal keys, sorted by key, in one partition. Rows with a missing key are
/// dropped.
pub fn lower(
    input: Arc<dyn ExecutionPlan>,
    keys: &[String],
    aggregates: &[Aggregate],
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let output = groupby::schema(&input.schema(), keys, aggregates)?;
    // Keys first: positions 0..keys.len() from here on.
    let names = groupby::columns_read(keys, aggregates);
    let schema = input.schema();
    let order = names.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>()?;
    let input = super::project(input, &order)?;
    let key_range: Vec<usize> = (0..keys.len()).collect();
    let input =
        Canonical { compared: key_range.clone(), missing: (0..names.len()).collect(), required: key_range.clone() }
            .over(input)?;

    let schema = input.schema();
    let mut functions: Vec<Function> = vec![];
    let mut sources: Vec<(String, Source)> = vec![];
    let mut picks: Vec<Pick> = key_range.iter().map(|&index| (index, None)).collect();
    for aggregate in aggregates {
        let index = schema.index_of(&aggregate.column)?;
        let (source, field) = groupby::source(aggregate, aggregates, schema.field(index).data_type());
        let known = sources.iter().position(|known| *known == (aggregate.column.clone(), source));
        let place = known.unwrap_or_else(|| {
            let cast = |data_type| Arc::new(CastExpr::new(column(&schema, index), data_type, None)) as _;
            let (function, argument) = match source {
                Source::Moments => (Arc::new(exact_moments()), cast(DataType::Float64)),
                Source::ExactSum => (Arc::new(exact_sum()), cast(DataType::Float64)),
                Source::IntegerSum => (sum_udaf(), cast(DataType::Int64)),
                Source::UnsignedSum => (sum_udaf(), cast(DataType::UInt64)),
                Source::Count => (count_udaf(), column(&schema, index)),
                Source::Minimum => (min_udaf(), column(&schema, index)),
                Source::Maximum => (max_udaf(), column(&schema, index)),
                Source::FloatMinimum => (Arc::new(float_minimum()), column(&schema, index)),
                Source::FloatMaximum => (Arc::new(float_maximum()), column(&schema, index)),
            };
            functions.push((function, argument, format!("{source:?}({})", aggregate.column)));
            sources.push((aggregate.column.clone(), source));
            sources.len() - 1
        });
        picks.push((keys.len() + place, field.map(str::to_owned)));
    }
    let grouped = aggregate_twice(input, keys.len(), functions, partitions)?;
    let by: Vec<(usize, bool)> = key_range.iter().map(|&index| (index, false)).collect();
    let sorted = sort_partitions(exchange(grouped, &key_range, 1)?, &by, None)?;
    unpack(sorted, output, picks)
}

/// Groups by the first `keys` columns, in two steps with an exchange between.
pub fn aggregate_twice(
    input: Arc<dyn ExecutionPlan>,
    keys: usize,
    functions: Vec<Function>,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let group_by = PhysicalGroupBy::new_single(
        (0..keys).map(|index| (column(&schema, index), schema.field(index).name().clone())).collect(),
    );
    let functions = functions
        .into_iter()
        .map(|(function, argument, name)| {
            let builder = AggregateExprBuilder::new(function, vec![argument]);
            Ok(Arc::new(builder.schema(Arc::clone(&schema)).alias(name).build()?))
        })
        .collect::<Result<Vec<_>>>()?;
    let filters = vec![None; functions.len()];
    let partial = Arc::new(AggregateExec::try_new(
        AggregateMode::Partial,
        group_by,
        functions.clone(),
        filters.clone(),
        input,
        Arc::clone(&schema),
    )?);
    let whole = partial.group_expr().as_final();
    let exchanged = exchange(partial, &(0..keys).collect::<Vec<_>>(), partitions)?;
    let mode = AggregateMode::FinalPartitioned;
    Ok(Arc::new(AggregateExec::try_new(mode, whole, functions, filters, exchanged, schema)?))
}
