//! The one logical node that DataFusion does not have: an operation whose result depends on the order of rows, or
//! whose result's order is ours to give.

use crate::merge::{self, Keep};
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
    /// All rows, by these columns; ties keep their order.
    Sort { by: Vec<SortKey> },
    /// The input with these columns replaced by their running values.
    Cumulative { function: Cumulative, columns: Vec<String> },
    /// The pairs of rows of the two inputs with equal keys, by the first's row, then by the second's.
    Merge { on: Vec<String>, keep: Keep },
}

/// A column to sort by. Missing values come last, as in pandas.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub(crate) struct SortKey {
    pub column: String,
    pub descending: bool,
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

    /// The same for an operation with two inputs.
    pub fn merge(operation: Operation, left: LogicalPlan, right: LogicalPlan) -> Result<LogicalPlan> {
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(Self::try_new(operation, vec![left, right])?) }))
    }

    fn try_new(operation: Operation, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let schema = match inputs.as_slice() {
            [input] => operation.schema(input.schema().inner(), None)?,
            [left, right] => operation.schema(left.schema().inner(), Some(right.schema().inner()))?,
            _ => return Err(DataFusionError::Internal(format!("an operation over {} inputs", inputs.len()))),
        };
        Ok(Self { operation, inputs, schema: Arc::new(DFSchema::try_from(schema)?) })
    }
}

impl Operation {
    /// The output's schema for inputs of these schemas.
    fn schema(&self, input: &SchemaRef, second: Option<&SchemaRef>) -> Result<SchemaRef> {
        Ok(match self {
            Self::Merge { on, keep } => {
                let right = second.ok_or_else(|| DataFusionError::Internal(String::from("merge has two inputs")))?;
                merge::schema(input, right, on, *keep)
            }
            Self::ValueCounts => {
                let mut fields = input.fields().to_vec();
                fields.push(Arc::new(Field::new("count", DataType::Int64, false)));
                Arc::new(Schema::new(fields))
            }
            _ => Arc::new(Schema::new(input.fields().clone())),
        })
    }

    /// Whether the output has the input's rows, one by one and in their partitions.
    pub fn keeps_rows(&self) -> bool {
        matches!(self, Self::Cumulative { .. })
    }

    fn columns_read(&self) -> Vec<&str> {
        match self {
            Self::Sort { by } => by.iter().map(|key| key.column.as_str()).collect(),
            _ => vec![],
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unique => write!(f, "Unique"),
            Self::ValueCounts => write!(f, "ValueCounts"),
            Self::Head { rows } => write!(f, "Head: {rows}"),
            Self::Sort { by } => {
                let keys: Vec<String> = by
                    .iter()
                    .map(|key| format!("{}{}", key.column, if key.descending { " descending" } else { "" }))
                    .collect();
                write!(f, "Sort: {}", keys.join(", "))
            }
            Self::Cumulative { function, columns } => write!(f, "{}: {}", function.name(), columns.join(", ")),
            Self::Merge { on, keep } => write!(f, "Merge: {keep:?} on {}", on.join(", ")),
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
            Operation::Head { .. } | Operation::Sort { .. } | Operation::Cumulative { .. } => {
                let read = self.operation.columns_read();
                let mut needed: Vec<usize> = output_columns.to_vec();
                needed.extend(
                    self.schema
                        .fields()
                        .iter()
                        .enumerate()
                        .filter(|(_, field)| read.contains(&field.name().as_str()))
                        .map(|(index, _)| index),
                );
                needed.sort_unstable();
                needed.dedup();
                Some(vec![needed])
            }
            _ => None,
        }
    }
}
