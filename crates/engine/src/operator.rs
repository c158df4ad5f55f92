//! Our one kind of plan node: an [`Operator`] under DataFusion's `ExecutionPlan`.

use crate::cancel::until_cancelled;
use crate::measured::Measure;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
    SendableRecordBatchStream,
};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A step of a plan that turns the partitions at one index of its inputs into one output partition.
///
/// DataFusion's `ExecutionPlan` has dozens of methods and needs a codec; this is what is left when both are
/// written once. A new operator is one file: its data, `run`, and a round-trip test.
///
/// * An operator always has an input. A generated block is a small in-memory table of identities under an
///   operator that makes the blocks, because Ballista restricts a task's plan by rewriting only the leaves
///   that it knows; any other leaf would run every partition in every task.
/// * `run` is not told a partition number: a task's restricted plan counts from 0 again. What needs an
///   identity carries it as data.
/// * Results may not depend on where the input's batches are cut, nor on timing.
/// * The name of the type must be its own among the operators of all crates: it is the tag on the wire.
/// * Errors of the inputs are passed on unchanged, or the scheduler can't tell a lost worker from a failure.
#[typetag::serde]
pub trait Operator: Any + fmt::Debug + Send + Sync {
    /// What plans and progress bars call it.
    fn name(&self) -> &'static str;
    /// The schema of the output.
    fn schema(&self) -> SchemaRef;
    /// Turns one partition of each input into the output's partition.
    ///
    /// # Errors
    /// Only for what can be known before the first batch; everything else is an error in the stream.
    fn run(&self, input: Vec<SendableRecordBatchStream>, context: &TaskContext) -> Result<SendableRecordBatchStream>;
    /// As [`Operator::run`], for operators whose *messages* name the partition: it is the plan's own number in process,
    /// and counts from 0 in each task on a cluster. No result may depend on it.
    ///
    /// # Errors
    /// As [`Operator::run`].
    fn run_at(
        &self,
        partition: usize,
        input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let _only_for_messages = partition;
        self.run(input, context)
    }
    /// One line for `explain`; the name, unless there is more to say.
    fn describe(&self) -> String {
        self.name().to_owned()
    }
}

/// The plan node around an [`Operator`]. All inputs have the same number of partitions, and so has the output.
#[derive(Debug, Clone)]
pub struct OperatorExec {
    operator: Arc<dyn Operator>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl OperatorExec {
    /// Puts `operator` on top of `inputs`.
    ///
    /// # Errors
    /// There is no input, or the inputs differ in their number of partitions.
    pub fn try_new(operator: Arc<dyn Operator>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Self> {
        let counts: Vec<usize> =
            inputs.iter().map(|input| input.properties().output_partitioning().partition_count()).collect();
        let Some(&count) = counts.first() else {
            return Err(DataFusionError::Plan(format!("operator {} has no input", operator.name())));
        };
        if counts.iter().any(|other| *other != count) {
            return Err(DataFusionError::Plan(format!(
                "the inputs of operator {} have {counts:?} partitions, not the same number",
                operator.name()
            )));
        }
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(operator.schema()),
            Partitioning::UnknownPartitioning(count),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Ok(Self { operator, inputs, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    /// The operator inside.
    pub fn operator(&self) -> &Arc<dyn Operator> {
        &self.operator
    }

    /// The operator inside, if it is a `T`.
    pub fn downcast<T: Operator>(&self) -> Option<&T> {
        (self.operator.as_ref() as &dyn Any).downcast_ref()
    }
}

impl DisplayAs for OperatorExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorExec: {}", self.operator.describe())
    }
}

impl ExecutionPlan for OperatorExec {
    fn name(&self) -> &str {
        "OperatorExec"
    }
    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }
    /// The order that its inputs have: lowering sorts where an operator needs it, and a sort that nobody requires is
    /// taken out by passes that run after lowering (Ballista's do, on every stage).
    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.inputs.iter().map(|input| input.output_ordering().cloned().map(OrderingRequirements::from)).collect()
    }
    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(Arc::clone(&self.operator), children)?))
    }
    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let measure = Measure::new(&self.metrics, partition);
        let streams = self
            .inputs
            .iter()
            .map(|input| Ok(measure.input(input.execute(partition, Arc::clone(&context))?)))
            .collect::<Result<Vec<_>>>()?;
        let output = measure.output(self.operator.run_at(partition, streams, &context)?);
        Ok(until_cancelled(output, &context))
    }
    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
