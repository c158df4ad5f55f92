//! `GROUP BY`, and statistics of all rows.

use super::{column_name, expression, not_yet, typed};
use crate::expr::{Expr, lit, when};
use crate::sort::KeepRows;
use crate::{Aggregate, Frame, Statistic};
use datafusion::logical_expr::Aggregate as Node;
use phalanx_engine::Result;

/// One statistic of a query: of which values, or of rows.
struct Wanted {
    statistic: Statistic,
    ddof: u64,
    values: Expr,
}

/// The groups of `node` over `input`, the frame of its input.
pub(super) fn frame(input: &Frame, node: &Node) -> Result<Frame> {
    let schema = node.input.schema();
    if node.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_))) {
        return Err(not_yet("GROUPING SETS, ROLLUP or CUBE", "group once for each set, and UNION ALL the results"));
    }
    let keys = node.group_expr.len();
    let mut columns = vec![];
    for (index, key) in node.group_expr.iter().enumerate() {
        columns.push(expression::over(key, schema)?.alias(column_name(index)));
    }
    let mut aggregates = vec![];
    for (number, call) in node.aggr_expr.iter().enumerate() {
        let Wanted { statistic, ddof, values } = wanted(call)?;
        let name = column_name(keys + number);
        columns.push(expression::over(&values, schema)?.alias(&name));
        let aggregate = Aggregate::new(name.as_str(), statistic).named(name.as_str());
        aggregates.push(aggregate.with(|options| {
            options.ddof = ddof;
            // A sum of nothing is missing.
            options.min_count = usize::from(statistic == Statistic::Sum);
        }));
    }
    let wide = input.with_plan(input.builder().project(columns)?.build(), None)?;
    let names: Vec<String> = (0..keys).map(column_name).collect();
    let grouped = match (keys, aggregates.is_empty()) {
        (0, _) => wide.reduce(aggregates)?,
        (_, true) => wide.drop_duplicates(names, KeepRows::First)?,
        _ => wide.groupby(names)?.dropna(false).agg(aggregates)?,
    };
    let grouped = grouped.reset_index().select((0..keys + node.aggr_expr.len()).map(column_name))?;
    typed(&grouped, &node.schema)
}

fn wanted(call: &Expr) -> Result<Wanted> {
    let Expr::AggregateFunction(function) = call.clone().unalias() else {
        return Err(not_yet(&call.to_string(), "aggregate with a function"));
    };
    let (name, params) = (function.func.name().to_owned(), function.params);
    if !params.order_by.is_empty() {
        return Err(not_yet(
            &format!("{name}(… ORDER BY …)"),
            "sort_values first, and use groupby().first() or last()",
        ));
    }
    let (statistic, ddof) = match name.as_str() {
        "count" if params.distinct => (Statistic::DistinctCount, 1),
        "count" => (Statistic::Count, 1),
        "min" => (Statistic::Minimum, 1),
        "max" => (Statistic::Maximum, 1),
        _ if params.distinct => {
            return Err(not_yet(
                &format!("{name}(DISTINCT …)"),
                "drop_duplicates first, in a subquery: SELECT DISTINCT",
            ));
        }
        "sum" => (Statistic::Sum, 1),
        "avg" | "mean" => (Statistic::Mean, 1),
        "median" => (Statistic::Median, 1),
        "stddev" | "stddev_samp" => (Statistic::Deviation, 1),
        "stddev_pop" => (Statistic::Deviation, 0),
        "var" | "var_samp" | "var_sample" => (Statistic::Variance, 1),
        "var_pop" | "var_population" => (Statistic::Variance, 0),
        _ => {
            return Err(not_yet(
                &format!("the statistic {name}()"),
                "there are count, sum, avg, min, max, median, stddev, stddev_pop, var and var_pop; or use groupby().agg()",
            ));
        }
    };
    let [values] = params.args.as_slice() else {
        return Err(not_yet(&format!("{name}() of {} columns", params.args.len()), "aggregate one column"));
    };
    let mut values = values.clone();
    let rows = statistic == Statistic::Count && matches!(&values, Expr::Literal(value, _) if !value.is_null());
    if let Some(filter) = params.filter {
        values = when(*filter, values).end()?;
    } else if rows {
        return Ok(Wanted { statistic: Statistic::Size, ddof, values: lit(1_i64) });
    }
    Ok(Wanted { statistic, ddof, values })
}
