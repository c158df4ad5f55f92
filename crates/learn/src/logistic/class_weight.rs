//! Rows that weigh what their class does.

use crate::columns::Columns;
use crate::matrix::Matrix;
use crate::rows::Layout;
use crate::statistic;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_engine::{Engine, Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the rows of a class weigh, beside their own weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ClassWeight {
    /// All the same.
    #[default]
    Equal,
    /// So much that all classes weigh the same, and all rows together what they weigh by themselves; one pass finds it.
    Balanced,
    /// So much, by class: positive numbers.
    Each(Vec<f64>),
}

impl ClassWeight {
    pub(super) fn check(&self, classes: usize) -> Result<()> {
        let Self::Each(factors) = self else { return Ok(()) };
        let right = factors.len() == classes && factors.iter().all(|factor| factor.is_finite() && *factor > 0.0);
        match right {
            true => Ok(()),
            false => Err(Error::input(format!("the weights {factors:?} of {classes} classes"))
                .with_hint("give a positive number for each class")),
        }
    }

    /// The rows with these weights.
    pub(super) fn of(&self, engine: &dyn Engine, matrix: &Matrix, classes: usize) -> Result<Matrix> {
        let factors = match self {
            Self::Equal => return Ok(matrix.clone()),
            Self::Each(factors) => factors.clone(),
            Self::Balanced => {
                let found = statistic::compute(engine, &Columns { classes }, matrix)?.class_weight;
                let total: f64 = found.iter().sum();
                // A class without rows is refused where the model is fitted.
                found.iter().map(|own| if *own > 0.0 { total / (classes as f64 * own) } else { 1.0 }).collect()
            }
        };
        let operator = Weigh { layout: matrix.layout(), factors };
        matrix.under("weigh", plan::operator(operator, vec![Arc::clone(matrix.plan().root())])?)
    }
}

/// Multiplies the weight of each row by that of its class; a row of no class keeps its own.
#[derive(Debug, Serialize, Deserialize)]
struct Weigh {
    layout: Layout,
    factors: Vec<f64>,
}

#[typetag::serde(name = "learn_weigh")]
impl Operator for Weigh {
    fn name(&self) -> &'static str {
        "weigh"
    }
    fn schema(&self) -> SchemaRef {
        Layout { weight: true, ..self.layout }.schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, factors, schema) = (self.layout, self.factors.clone(), self.schema());
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let rows = layout.view(&batch)?;
            let factor = |target: f64| match target as usize {
                class if class as f64 == target => factors.get(class).copied().unwrap_or(1.0),
                _ => 1.0,
            };
            let targets = rows.targets().iter().enumerate();
            let weights = targets.map(|(row, target)| rows.weight(row) * factor(*target));
            let weights: ArrayRef = Arc::new(Float64Array::from_iter_values(weights));
            let mut columns = batch.columns()[..2].to_vec(); // features and target
            columns.push(weights);
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}
