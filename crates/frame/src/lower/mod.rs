//! From a logical plan to a physical one that obeys the determinism law.
//!
//! DataFusion's logical optimizer runs whole. Of its physical rules only those run that keep every row where it is:
//! what needs an exchange is lowered here, by hand, so no rule has to add one. [`check`] refuses whatever could still
//! make a result depend on the order of arrival.
//!
//! | module | what it lowers |
//! |---|---|
//! | `rows` | `head`, `sort_values`, `nlargest`: operations on whole rows |
//! | `found` | rows of labels, all of which must be there |
//! | `picked` | `drop_duplicates`, `groupby().head()`: some rows of each group |
//! | `host`, `shuffle` | functions of partitions and groups; rows by their keys |
//! | `positions`, `scatter` | row numbers, samples; rows in other partitions |
//! | `asof`, `bins` | `merge_asof`, `resample` |
//! | `single`, `combine` | small results; rows of several frames |
//! | `distinct` | `unique`, `value_counts` |
//! | `groupby`, `finish` | `groupby().agg()`; its statistics, from aggregate functions |
//! | `aggregates`, `text_groups`, `text_views` | aggregate functions in two steps; the first where the key is text, and that text as views |
//! | `cumulative` | `cumsum`, `cumprod`, `cummax`, `cummin`, in two passes |
//! | `merge`, `join` | `merge`; the join of two hash partitions |
//! | `chains`, `keys`, `buckets` | one side of a join as a table; what rows are compared by; rows that wait on disk |
//! | `gossip` | partitions that tell each other what they need to know, with the input computed once |
//! | `segment` | groups as ranges of rows, and the way back to the input's order |
//! | `ranges` | all rows in order, in several partitions |
//! | `windows`, `halo` | a value for each row from the rows around it: shifts, fills, rolling windows; rows of neighbouring partitions |
//! | `unordered` | rows whose order nobody reads |
//! | `ordinal`, `canonical`, `settled` | the small operators that these share |

mod aggregates;
pub(crate) mod asof;
pub(crate) mod bins;
mod buckets;
pub(crate) mod canonical;
mod chains;
pub(crate) mod combine;
mod cumulative;
mod distinct;
mod finish;
pub(crate) mod found;
pub(crate) mod gossip;
pub(crate) mod groupby;
pub(crate) mod halo;
pub(crate) mod host;
mod join;
mod keys;
pub(crate) mod merge;
pub(crate) mod ordinal;
pub(crate) mod picked;
pub(crate) mod positions;
pub(crate) mod ranges;
pub(crate) mod rows;
pub(crate) mod running;
pub(crate) mod scatter;
pub(crate) mod segment;
mod settled;
pub(crate) mod shuffle;
pub(crate) mod single;
mod text_groups;
mod text_views;
mod unordered;
pub(crate) mod windows;

use crate::node::{Operation, Ordered};
use crate::relation::Related;
use async_trait::async_trait;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_optimizer::projection_pushdown::ProjectionPushdown;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use phalanx_engine::{Settings, plan};
use std::sync::Arc;

/// An optimized logical plan and the physical plan made from it.
pub(crate) struct Lowered {
    pub logical: LogicalPlan,
    pub physical: Arc<dyn ExecutionPlan>,
}

/// Lowers `plan` for a session with these settings.
pub(crate) async fn lower(plan: &LogicalPlan, settings: &Settings) -> phalanx_engine::Result<Lowered> {
    let state = session(settings)?;
    let logical = state.optimize(plan)?;
    let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(FramePlanner)]);
    // Nothing in it waits: tables list their files when the frame is made, not here.
    let physical = planner.create_physical_plan(&logical, &state).await?;
    let physical = without_empty_leaves(physical)?;
    check(&physical)?;
    Ok(Lowered { logical, physical })
}

fn session(settings: &Settings) -> phalanx_engine::Result<SessionState> {
    let rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> =
        vec![Arc::new(FilterPushdown::new()), Arc::new(ProjectionPushdown::new())];
    Ok(SessionStateBuilder::new().with_config(settings.config()?).with_physical_optimizer_rules(rules).build())
}

struct FramePlanner;

#[async_trait]
impl ExtensionPlanner for FramePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _context: &datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let partitions = session.config_options().execution.target_partitions.max(1);
        if let Some(node) = node.as_any().downcast_ref::<Related>() {
            return node.relation.lower(physical_inputs.to_vec(), partitions).map(Some);
        }
        let Some(node) = node.as_any().downcast_ref::<Ordered>() else { return Ok(None) };
        let [input] = physical_inputs else { return Ok(None) };
        let input = Arc::clone(input);
        let lowered = match &node.operation {
            Operation::Unique => distinct::unique(input, partitions)?,
            Operation::ValueCounts => distinct::value_counts(input, partitions)?,
            Operation::Head { rows } => rows::head(input, *rows)?,
            Operation::Cumulative { function, columns } => cumulative::lower(input, *function, columns)?,
        };
        Ok(Some(lowered))
    }
}

/// Nodes that make rows out of nothing become empty tables, the one leaf that both engines restrict to a task.
fn without_empty_leaves(root: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let transformed = root.transform_up(|node| match node.downcast_ref::<EmptyExec>() {
        Some(empty) => Ok(Transformed::yes(plan::table(empty.schema(), &[vec![]])?)),
        None => Ok(Transformed::no(node)),
    })?;
    Ok(transformed.data)
}

/// Refuses a plan that breaks the determinism law: results in the order of arrival, rows dealt out by turns, leaves
/// that an engine can't restrict to a task.
///
/// # Errors
/// Internal: lowering made such a plan, which is a bug of ours.
pub fn check(root: &Arc<dyn ExecutionPlan>) -> Result<()> {
    root.apply(|node| {
        let broken = if node.downcast_ref::<CoalescePartitionsExec>().is_some() {
            "gives rows in the order of arrival"
        } else if node.downcast_ref::<PlaceholderRowExec>().is_some() {
            "makes rows out of nothing"
        } else if node
            .downcast_ref::<RepartitionExec>()
            .is_some_and(|exchange| !matches!(exchange.partitioning(), Partitioning::Hash(..)))
        {
            "deals rows out by turns"
        } else if node.children().is_empty() && node.downcast_ref::<DataSourceExec>().is_none() {
            "is a leaf that can't be restricted to a task"
        } else if node.children().len() > 1 && node.name() == "CrossJoinExec" {
            "collects a whole input in every task"
        } else {
            return Ok(TreeNodeRecursion::Continue);
        };
        Err(DataFusionError::Internal(format!("{} {broken}", node.name())))
    })?;
    Ok(())
}

/// The column at `index` as an expression.
pub(crate) fn column(schema: &SchemaRef, index: usize) -> Arc<dyn PhysicalExpr> {
    Arc::new(Column::new(schema.field(index).name(), index))
}

/// Only these columns, in this order.
pub(crate) fn project(input: Arc<dyn ExecutionPlan>, columns: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let expressions: Vec<_> =
        columns.iter().map(|&index| (column(&schema, index), schema.field(index).name().clone())).collect();
    Ok(Arc::new(ProjectionExec::try_new(expressions, input)?))
}

/// All rows in one partition, in any order.
pub(crate) fn gather(input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    if plan::partition_count(&input) == 1 {
        return Ok(input);
    }
    let one = Arc::new(Literal::new(ScalarValue::Int64(Some(0))));
    Ok(Arc::new(RepartitionExec::try_new(input, Partitioning::Hash(vec![one], 1))?))
}

/// Hash partitions by these columns.
pub(crate) fn exchange(
    input: Arc<dyn ExecutionPlan>,
    columns: &[usize],
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let keys = columns.iter().map(|&index| column(&schema, index)).collect();
    Ok(Arc::new(RepartitionExec::try_new(input, Partitioning::Hash(keys, partitions))?))
}

/// Sorts each partition by (column, descending); missing values come last. `fetch`: only the first so many rows.
pub(crate) fn sort_partitions(
    input: Arc<dyn ExecutionPlan>,
    by: &[(usize, bool)],
    fetch: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let by: Vec<(usize, SortOptions)> =
        by.iter().map(|&(index, descending)| (index, SortOptions { descending, nulls_first: false })).collect();
    sort_partitions_by(input, &by, fetch)
}

/// The same with missing values where each key says.
pub(crate) fn sort_partitions_by(
    input: Arc<dyn ExecutionPlan>,
    by: &[(usize, SortOptions)],
    fetch: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let keys = by.iter().map(|&(index, options)| PhysicalSortExpr { expr: column(&schema, index), options });
    let ordering =
        LexOrdering::new(keys).ok_or_else(|| DataFusionError::Internal(String::from("nothing to sort by")))?;
    let several = plan::partition_count(&input) > 1;
    let input = if input.is::<RepartitionExec>() { input } else { settled::alone(input)? };
    ordinal::in_order(Arc::new(SortExec::new(ordering, input).with_preserve_partitioning(several).with_fetch(fetch)))
}
