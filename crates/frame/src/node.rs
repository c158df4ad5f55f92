//! The one logical node that DataFusion does not have: an operation whose result depends on the order of rows, or
//! whose result's order is ours to give.

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// What an [`Ordered`] node computes. Columns go by name, since the optimizer may remove others from the input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub(crate) enum Operation {
    /// The distinct values of the only column, in order of first appearance.
    Unique,
    /// The distinct values of the only column with their counts: most frequent first, then by first appearance.
    ValueCounts,
    /// The first rows.
    Head { rows: usize },
    /// The input with these columns replaced by their running values.
    Cumulative { function: Cumulative, columns: Vec<String> },
}

/// What a running value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, serde::Serialize, serde::Deserialize)]
pub(crate) enum Cumulative {
    Sum,
    Product,
    Maximum,
    Minimum,
}

impl Cumulative {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "cumsum",
            Self::Product => "cumprod",
            Self::Maximum => "cummax",
            Self::Minimum => "cummin",
        }
    }
}

/// An [`Operation`] on top of its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ordered {
    pub operation: Operation,
    inputs: Vec<LogicalPlan>,
    schema: DFSchemaRef,
}

impl Ordered {
    /// The logical plan of `operation` over `input`.
    pub fn plan(operation: Operation, input: LogicalPlan) -> Result<LogicalPlan> {
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(Self::try_new(operation, vec![input])?) }))
    }

    fn try_new(operation: Operation, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let schema = match inputs.as_slice() {
            [input] => operation.schema(input.schema().inner()),
            _ => return Err(DataFusionError::Internal(format!("an operation over {} inputs", inputs.len()))),
        };
        Ok(Self { operation, inputs, schema: Arc::new(DFSchema::try_from(schema)?) })
    }
}

impl Operation {
    /// The output's schema for an input of this schema.
    fn schema(&self, input: &SchemaRef) -> SchemaRef {
        match self {
            Self::ValueCounts => {
                let mut fields = input.fields().to_vec();
                fields.push(Arc::new(Field::new("count", DataType::Int64, false)));
                Arc::new(Schema::new(fields))
            }
            _ => Arc::new(Schema::new(input.fields().clone())),
        }
    }

    /// Whether the output has the input's rows, one by one and in their partitions.
    pub fn keeps_rows(&self) -> bool {
        matches!(self, Self::Cumulative { .. })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unique => write!(f, "Unique"),
            Self::ValueCounts => write!(f, "ValueCounts"),
            Self::Head { rows } => write!(f, "Head: {rows}"),
            Self::Cumulative { function, columns } => write!(f, "{}: {}", function.name(), columns.join(", ")),
        }
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.operation.partial_cmp(&other.operation) {
            Some(Ordering::Equal) => self.inputs.partial_cmp(&other.inputs),
            unequal => unequal,
        }
    }
}

impl UserDefinedLogicalNodeCore for Ordered {
    fn name(&self) -> &str {
        "Ordered"
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
        write!(f, "{}", self.operation)
    }
    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::try_new(self.operation.clone(), inputs)
    }
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        match self.operation {
            Operation::Head { .. } | Operation::Cumulative { .. } => Some(vec![output_columns.to_vec()]),
            _ => None,
        }
    }
}
