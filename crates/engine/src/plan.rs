//! Building blocks of plans. A stage's vocabulary is small on purpose: leaves that both engines restrict to a
//! task's partitions, [operators](crate::Operator), exchanges and unions.

use crate::operator::{Operator, OperatorExec};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, replace_children_if_necessary};
use std::sync::Arc;

/// A small table that travels inside the plan: one inner vector a partition. The only leaf that we make
/// ourselves; large data is scattered or read from files.
///
/// # Errors
/// A batch does not have `schema`.
pub fn table(schema: SchemaRef, partitions: &[Vec<RecordBatch>]) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(DataSourceExec::from_data_source(MemorySourceConfig::try_new(partitions, schema, None)?))
}

/// `operator` on top of `inputs`.
///
/// # Errors
/// There is no input, or the inputs differ in their number of partitions.
pub fn operator(
    operator: impl Operator + 'static,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(Arc::new(OperatorExec::try_new(Arc::new(operator), inputs)?))
}

/// Sends every row to the partition that the integer in its column `route` (see [`route::routes`](crate::route::routes)) names.
/// Rows of one input partition keep their order; between input partitions there is none.
///
/// # Errors
/// There is no such column.
pub fn exchange(
    input: Arc<dyn ExecutionPlan>,
    route_column: &str,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let index = input.schema().index_of(route_column)?;
    let key: Arc<dyn PhysicalExpr> = Arc::new(Column::new(route_column, index));
    Ok(Arc::new(RepartitionExec::try_new(input, Partitioning::Hash(vec![key], partitions))?))
}

/// The partitions of the inputs, one after the other.
///
/// # Errors
/// The schemas differ.
pub fn union(inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    UnionExec::try_new(inputs)
}

/// `root` with an empty table under each node that has partitions, where its input has none: an exchange of no
/// partitions is a stage of no tasks, which nobody would ever call done, and a merge of none is an error.
///
/// # Errors
/// A node does not take its new input, which is a bug of ours.
pub fn inhabited(root: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let inhabited = root.transform_up(|node| {
        let is_empty = |input: &&Arc<dyn ExecutionPlan>| partition_count(input) == 0;
        if node.is::<UnionExec>() || partition_count(&node) == 0 || !node.children().iter().any(is_empty) {
            return Ok(Transformed::no(node));
        }
        let inputs = node.children().into_iter().map(|input| match is_empty(&input) {
            true => table(input.schema(), &[vec![]]),
            false => Ok(Arc::clone(input)),
        });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        Ok(Transformed::yes(replace_children_if_necessary(node, inputs)?))
    })?;
    Ok(inhabited.data)
}

/// The number of partitions of `plan`'s output.
pub fn partition_count(plan: &Arc<dyn ExecutionPlan>) -> usize {
    plan.properties().output_partitioning().partition_count()
}
