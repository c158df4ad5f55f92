//! Expressions that have grown large are computed once, and go on as a column: so none is nested deeper than engines can
//! read, and a series that each of many steps uses twice is not written out twice in each of them.

use crate::Frame;
use crate::relation::{Related, Relation, relate};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::prelude::ident as col;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, Operator, Result, plan, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many nodes, and how many below each other, an expression may have.
const NODES_MAX: usize = 64;
const DEPTH_MAX: usize = 12;
/// How many projections may follow each other: the optimizer makes one expression of theirs.
const PROJECTIONS_MAX: usize = 8;
/// How many borders a query may have below each other.
const BORDERS_MAX: usize = 200;

/// The columns of its input: a border that optimizers move no expression across.
#[derive(Debug)]
pub(crate) struct Computed;

impl Relation for Computed {
    fn schema(&self, inputs: &[SchemaRef]) -> DataFusionResult<SchemaRef> {
        Ok(Arc::clone(&inputs[0]))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _: usize) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        plan::operator(Border { schema: SerializedSchema(inputs[0].schema()) }, inputs)
    }
    fn needs(&self, _inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        // A column stays, so that rows can be counted.
        Some(vec![if outputs.is_empty() { vec![0] } else { outputs.to_vec() }])
    }
    fn keeps_rows(&self) -> bool {
        true
    }
    fn is_border(&self) -> bool {
        true
    }
}

/// What [`Computed`] is while it runs: nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Border {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Border {
    fn name(&self) -> &'static str {
        "computed"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        input.pop().ok_or_else(|| Error::internal("computed columns have an input").into())
    }
}

/// Whether this node is such a border.
pub(crate) fn is_border(plan: &LogicalPlan) -> bool {
    let LogicalPlan::Extension(extension) = plan else { return false };
    extension.node.as_any().downcast_ref::<Related>().is_some_and(|related| related.relation.is_border())
}

/// A border above `plan`.
pub(crate) fn border(plan: LogicalPlan) -> DataFusionResult<LogicalPlan> {
    relate(Computed, vec![plan])
}

/// `plan`, with a border above it if many projections follow each other.
///
/// # Errors
/// `Unsupported`: there are too many borders.
pub(crate) fn bordered(plan: LogicalPlan) -> Result<LogicalPlan> {
    let (mut projections, mut borders, mut at) = (0, 0, &plan);
    loop {
        match at {
            LogicalPlan::Projection(projection) => {
                projections += usize::from(borders == 0);
                at = &projection.input;
            }
            _ if is_border(at) => {
                borders += 1;
                let Some(input) = at.inputs().first().copied() else { break };
                at = input;
            }
            _ => break,
        }
    }
    if borders > BORDERS_MAX {
        return Err(Error::unsupported(format!("columns that took more than {} steps", BORDERS_MAX * PROJECTIONS_MAX))
            .with_hint("persist the frame now and then, or make a loop over rows a function of a partition"));
    }
    Ok(if projections > PROJECTIONS_MAX { border(plan)? } else { plan })
}

/// How many nodes an expression has, and how many below each other.
fn measure(expression: &Expr) -> DataFusionResult<(usize, usize)> {
    let (mut nodes, mut depth) = (1, 0);
    expression.apply_children(|child| {
        let (below, deep) = measure(child)?;
        nodes += below;
        depth = depth.max(deep);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok((nodes, depth + 1))
}

impl Frame {
    /// `expression`, or if it is large a column with its values, of a frame that has this one's columns and that.
    pub(crate) fn computed(&self, expression: Expr) -> Result<(Self, Expr)> {
        let (nodes, depth) = measure(&expression)?;
        if nodes <= NODES_MAX && depth <= DEPTH_MAX {
            return Ok((self.clone(), expression));
        }
        let own = self.column_names();
        let name =
            (0..).map(|number| format!("__computed_{number}")).find(|name| !own.contains(name)).unwrap_or_default();
        let columns = own.iter().map(|name| col(name.as_str())).chain([expression.alias(&name)]);
        let plan = border(self.builder().project(columns)?.build()?);
        Ok((self.with_plan(plan, self.index().map(str::to_owned))?, col(name)))
    }
}
