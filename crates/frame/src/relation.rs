//! A node of the query that holds its own schema and lowering: a new operation on frames is one type that says both.

use crate::Frame;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_plan::ExecutionPlan;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An operation on frames that DataFusion does not have. Columns go by name, since the optimizer may remove others
/// from the inputs where [`needs`](Relation::needs) allows it. Two relations are equal if they print equally.
pub(crate) trait Relation: fmt::Debug + Send + Sync + 'static {
    /// The schema of the result over inputs of these schemas.
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef>;
    /// The physical plan over these inputs.
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>>;
    /// Which columns of each input the columns `outputs` of the result need; `None`: all.
    fn needs(&self, _inputs: &[SchemaRef], _outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        None
    }
    /// Whether the result has the rows of the first input, one by one and in their partitions: its columns can then
    /// stand beside those of that input.
    fn keeps_rows(&self) -> bool {
        false
    }
    /// Whether it only keeps optimizers from moving expressions across it.
    fn is_border(&self) -> bool {
        false
    }
}

/// A [`Relation`] on top of its inputs.
#[derive(Debug, Clone)]
pub(crate) struct Related {
    pub relation: Arc<dyn Relation>,
    text: String,
    inputs: Vec<LogicalPlan>,
    schema: DFSchemaRef,
}

impl Related {
    fn try_new(relation: Arc<dyn Relation>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let schemas: Vec<SchemaRef> = inputs.iter().map(|input| Arc::clone(input.schema().inner())).collect();
        let schema = Arc::new(DFSchema::try_from(relation.schema(&schemas)?)?);
        Ok(Self { text: format!("{relation:?}"), relation, inputs, schema })
    }
}

/// The logical plan of `relation` over `inputs`.
pub(crate) fn relate(relation: impl Relation, inputs: Vec<LogicalPlan>) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(Related::try_new(Arc::new(relation), inputs)?) }))
}

impl Frame {
    /// The frame of `relation` over this frame alone.
    pub(crate) fn related(&self, relation: impl Relation, label: &str) -> phalanx_engine::Result<Self> {
        let plan = relate(relation, vec![self.logical().clone()])?;
        let has = |index: &&str| plan.schema().fields().iter().any(|field| field.name() == index);
        let index = self.index().filter(has).map(str::to_owned);
        Ok(self.with_plan(Ok(plan), index)?.labelled(label))
    }
}

impl PartialEq for Related {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.inputs == other.inputs && self.schema == other.schema
    }
}

impl Eq for Related {}

impl Hash for Related {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.inputs.hash(state);
    }
}

impl PartialOrd for Related {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.text.cmp(&other.text) {
            Ordering::Equal => self.inputs.partial_cmp(&other.inputs),
            unequal => Some(unequal),
        }
    }
}

impl UserDefinedLogicalNodeCore for Related {
    fn name(&self) -> &str {
        "Related"
    }
    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }
    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }
    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }
    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::try_new(Arc::clone(&self.relation), inputs)
    }
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let schemas: Vec<SchemaRef> = self.inputs.iter().map(|input| Arc::clone(input.schema().inner())).collect();
        self.relation.needs(&schemas, output_columns)
    }
}
