//! `SELECT` over frames.
//!
//! DataFusion parses the query, resolves its names and types, and takes subqueries apart; what is left are joins,
//! groups, sorts and projections, which become the operations of frames, node by node. So a query obeys the
//! determinism law and runs on both engines, as every other frame does; what frames can't do is refused by name.
//!
//! Three things are as in frames, not as in SQL's standard: NaN is a missing value, sums of floats are exact, and names
//! are taken as they are written, capital letters too.
//!
//! | module | what it translates |
//! |---|---|
//! | [`expression`] | what is computed row by row |
//! | [`aggregate`] | `GROUP BY` and statistics |
//! | [`join`] | joins of all kinds, and what `IN`, `EXISTS` and `EXCEPT` become |

mod aggregate;
mod expression;
mod join;

use crate::Frame;
use crate::expr::{cast, col, lit};
use crate::frame::Direction;
use crate::reshape::{Join as Columns, concat};
use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::logical_plan::{EmptyRelation, Limit, Projection, Sort, Union, Values};
use datafusion::logical_expr::{Expr, FetchType, LogicalPlan, SkipType, TableType};
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::replace_distinct_aggregate::ReplaceDistinctWithAggregate;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;
use datafusion::optimizer::single_distinct_to_groupby::SingleDistinctToGroupBy;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SQLOptions, SessionContext};
use phalanx_engine::{Error, Result, Settings};
use std::sync::Arc;

/// The frame of a `SELECT` over `tables`, each a name and a frame. Its rows have an order only if the query ends with
/// `ORDER BY` (ties and all other rows may come in any order, which is the same each time); it has no index.
///
/// A table's columns are the frame's, its index among them if that has a name.
///
/// # Errors
/// `Input`: the query can't be parsed, names what there is not, or has types that do not fit. `Unsupported`, by name:
/// what is no `SELECT`, window functions, grouping sets, functions of chance, and statistics that frames do not have.
pub fn sql(query: &str, tables: &[(&str, Frame)]) -> Result<Frame> {
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
        Arc::new(SimplifyExpressions::new()),
        Arc::new(ReplaceDistinctWithAggregate::new()),
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(ScalarSubqueryToJoin::new()),
        Arc::new(DecorrelateLateralJoin::new()),
        Arc::new(ExtractEquijoinPredicate::new()),
        Arc::new(EliminateCrossJoin::new()),
        Arc::new(PushDownFilter::new()),
        Arc::new(SingleDistinctToGroupBy::new()),
    ];
    let mut config = Settings::default().config()?;
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let state =
        SessionStateBuilder::new().with_config(config).with_default_features().with_optimizer_rules(rules).build();
    let context = SessionContext::new_with_state(state);
    for (number, (name, frame)) in tables.iter().enumerate() {
        let frame = plain(frame)?;
        let table = SqlTable { schema: frame.schema(), number };
        context.register_table(datafusion::common::TableReference::bare(*name), Arc::new(table))?;
    }
    let names = || tables.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let parsed = futures::executor::block_on(context.state().create_logical_plan(query)).map_err(|error| {
        let hint = match &error {
            DataFusionError::SQL(..) => String::from("check the query"),
            _ => format!("names are taken as they are written; the tables are {}", names()),
        };
        Error::input("the query can't be understood").caused_by(&error).with_hint(hint)
    })?;
    let only_select = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_select.verify_plan(&parsed).map_err(|error| {
        Error::unsupported("a statement that is no SELECT")
            .caused_by(&error)
            .with_hint("frames are read by SELECT; write them with to_parquet and its like")
    })?;
    let plan = context.state().optimize(&parsed).map_err(|error| {
        Error::input("the query can't be understood").caused_by(&error).with_hint("check its types")
    })?;
    let frames: Vec<Frame> = tables.iter().map(|(_, frame)| plain(frame)).collect::<Result<_>>()?;
    let translated = Translation { frames }.frame(&plan)?;
    let names: Vec<String> = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    crate::error::need_distinct(&names).map_err(|error| error.with_hint("name the columns apart, with AS"))?;
    let own: Vec<(String, String)> =
        names.into_iter().enumerate().map(|(index, name)| (column_name(index), name)).collect();
    let result = translated.rename(own.iter().map(|(old, new)| (old.as_str(), new.as_str())))?;
    Ok(result.labelled("sql"))
}

/// A frame as a table: without its index if that has no name.
fn plain(frame: &Frame) -> Result<Frame> {
    match frame.index() {
        Some(index) if index.starts_with("__index_level_") => frame.drop([index.to_owned()]),
        _ => Ok(frame.reset_index()),
    }
}

/// A frame's place in a query.
#[derive(Debug)]
struct SqlTable {
    schema: SchemaRef,
    number: usize,
}

#[async_trait]
impl TableProvider for SqlTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _session: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Err(DataFusionError::Internal(String::from("a query over frames is translated, not scanned")))
    }
}

/// What frames call the column at this place while a query is translated.
fn column_name(index: usize) -> String {
    format!("#{index}")
}

fn not_yet(what: &str, hint: &str) -> Error {
    Error::unsupported(format!("{what} in a query")).with_hint(hint)
}

/// From plans to frames. The frame of a plan has its columns, by place and under [`column_name`]s, and no index.
struct Translation {
    frames: Vec<Frame>,
}

impl Translation {
    fn frame(&self, plan: &LogicalPlan) -> Result<Frame> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(plan, scan),
            LogicalPlan::SubqueryAlias(alias) => self.frame(&alias.input),
            LogicalPlan::Projection(Projection { expr, input, .. }) => {
                let frame = self.frame(input)?;
                project(&frame, expr, input.schema())
            }
            LogicalPlan::Filter(filter) => {
                let frame = self.frame(&filter.input)?;
                let condition = expression::over(&filter.predicate, filter.input.schema())?;
                frame.filter(condition)
            }
            LogicalPlan::Aggregate(aggregate) => aggregate::frame(&self.frame(&aggregate.input)?, aggregate),
            LogicalPlan::Join(join) => join::frame(&self.frame(&join.left)?, &self.frame(&join.right)?, join),
            LogicalPlan::Sort(node) => sort(&self.frame(&node.input)?, node),
            LogicalPlan::Limit(node) => limit(&self.frame(&node.input)?, node),
            LogicalPlan::Union(Union { inputs, schema }) => {
                let parts = inputs.iter().map(|input| self.frame(input)).collect::<Result<Vec<_>>>()?;
                typed(&concat(&parts, Columns::Outer)?, schema)
            }
            LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row, schema }) => nothing(*produce_one_row, schema),
            LogicalPlan::Values(Values { schema, values }) => {
                let one = nothing(true, schema)?;
                let rows = values.iter().map(|row| project(&one, row, schema)).collect::<Result<Vec<_>>>()?;
                typed(&concat(&rows, Columns::Outer)?, schema)
            }
            LogicalPlan::Window(_) => Err(not_yet(
                "a window function",
                "compute the column first: frame.groupby(…).cumsum(), .rank(), .shift() and their like",
            )),
            LogicalPlan::Distinct(_) => Err(not_yet("DISTINCT ON", "use drop_duplicates(subset=…)")),
            LogicalPlan::Unnest(_) => Err(not_yet("UNNEST", "use explode")),
            LogicalPlan::RecursiveQuery(_) => {
                Err(not_yet("WITH RECURSIVE", "loop in the program, over persisted frames"))
            }
            other => Err(not_yet(&other.display().to_string(), "write it with the frames' own operations")),
        }
    }

    fn scan(&self, plan: &LogicalPlan, scan: &datafusion::logical_expr::TableScan) -> Result<Frame> {
        let provider = source_as_provider(&scan.source)?;
        let table = (provider.as_ref() as &dyn std::any::Any).downcast_ref::<SqlTable>();
        let frame = table.and_then(|table| self.frames.get(table.number));
        let frame = frame.ok_or_else(|| Error::internal("a table that is no frame"))?;
        let names = plan.schema().fields().iter().enumerate();
        let columns = names.map(|(index, field)| col(field.name().as_str()).alias(column_name(index)));
        let mut frame = frame.with_plan(frame.builder().project(columns)?.build(), None)?;
        for filter in &scan.filters {
            frame = frame.filter(expression::over(filter, plan.schema())?)?;
        }
        match scan.fetch {
            Some(rows) => frame.head(rows),
            None => Ok(frame),
        }
    }
}

/// These expressions, under the names of their places.
fn project(frame: &Frame, expressions: &[Expr], schema: &DFSchema) -> Result<Frame> {
    let columns = expressions
        .iter()
        .enumerate()
        .map(|(index, expression)| Ok(expression::over(expression, schema)?.alias(column_name(index))))
        .collect::<Result<Vec<_>>>()?;
    frame.with_plan(frame.builder().project(columns)?.build(), None)
}

/// The columns in the types that the query says.
fn typed(frame: &Frame, schema: &DFSchema) -> Result<Frame> {
    let found = frame.schema();
    let columns: Vec<Expr> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let name = column_name(index);
            match found.field(index).data_type() == field.data_type() {
                true => col(name.as_str()),
                false => cast(col(name.as_str()), field.data_type().clone()).alias(name),
            }
        })
        .collect();
    frame.with_plan(frame.builder().project(columns)?.build(), None)
}

/// No row, or one, of missing values.
fn nothing(one_row: bool, schema: &DFSchema) -> Result<Frame> {
    let field = Field::new("row", DataType::Int64, true);
    let values: ArrayRef = Arc::new(Int64Array::from(if one_row { vec![Some(0)] } else { vec![] }));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![values])?;
    let frame = crate::source::from_batches(batch.schema(), vec![vec![batch]])?;
    if schema.fields().is_empty() {
        return frame.rename([("row", column_name(0).as_str())]);
    }
    let columns = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let null = datafusion::common::ScalarValue::try_from(field.data_type())?;
            Ok(lit(null).alias(column_name(index)))
        })
        .collect::<Result<Vec<_>>>()?;
    frame.with_plan(frame.builder().project(columns)?.build(), None)
}

fn sort(frame: &Frame, node: &Sort) -> Result<Frame> {
    let mut columns: Vec<Expr> = frame.column_names().iter().map(|name| col(name.as_str())).collect();
    let own = columns.len();
    let mut keys: Vec<(String, Direction)> = vec![];
    for (number, key) in node.expr.iter().enumerate() {
        let values = expression::over(&key.expr, node.input.schema())?;
        columns.push(values.alias(format!("key {number}")));
        keys.push((
            format!("missing {number}"),
            if key.nulls_first { Direction::Descending } else { Direction::Ascending },
        ));
        keys.push((format!("key {number}"), if key.asc { Direction::Ascending } else { Direction::Descending }));
    }
    let mut wide = frame.with_plan(frame.builder().project(columns)?.build(), None)?;
    for number in 0..node.expr.len() {
        let missing = wide.column(&format!("key {number}"))?.isna()?.expression()?.clone();
        wide = wide.assign([(format!("missing {number}").as_str(), cast(missing, DataType::Int8))])?;
    }
    let sorted = wide.sort_by(keys.iter().map(|(name, direction)| (name.as_str(), *direction)), false)?;
    let plain = sorted.select((0..own).map(column_name))?;
    match node.fetch {
        Some(rows) => plain.head(rows),
        None => Ok(plain),
    }
}

fn limit(frame: &Frame, node: &Limit) -> Result<Frame> {
    let unknown = || not_yet("LIMIT or OFFSET of what is no number", "write numbers");
    let SkipType::Literal(skip) = node.get_skip_type()? else { return Err(unknown()) };
    let FetchType::Literal(fetch) = node.get_fetch_type()? else { return Err(unknown()) };
    let rows = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    match (skip, fetch) {
        (0, None) => Ok(frame.clone()),
        (0, Some(fetch)) => frame.head(fetch),
        (skip, None) => frame.slice_rows(rows(skip), i64::MAX, 1),
        (skip, Some(fetch)) => frame.slice_rows(rows(skip), rows(skip.saturating_add(fetch)), 1),
    }
}
