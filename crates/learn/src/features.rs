//! Features made of features: shifted and scaled ones, and directions.

use crate::matrix::Matrix;
use crate::rows::Layout;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_engine::{Operator, Plan, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How features come from features.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// `x · factor + shift`, by feature; between the bounds, if there are some.
    Stretch { factor: Vec<f64>, shift: Vec<f64>, bounds: Option<(f64, f64)> },
    /// `(x - center) · lineᵀ`, for each of the lines.
    Project { center: Vec<f64>, lines: Vec<f64> },
}

impl Change {
    fn apply(&self, features: &[f64], width: usize) -> Vec<f64> {
        match self {
            Self::Stretch { factor, shift, bounds } => {
                let mut made = features.to_vec();
                for row in made.chunks_exact_mut(width) {
                    for ((value, factor), shift) in row.iter_mut().zip(factor).zip(shift) {
                        *value = *value * factor + shift;
                        if let Some((low, high)) = bounds {
                            *value = if *value < *low {
                                *low
                            } else if *value > *high {
                                *high
                            } else {
                                *value
                            };
                        }
                    }
                }
                made
            }
            Self::Project { center, lines } => {
                let mut made = Vec::with_capacity(features.len() / width * (lines.len() / width));
                for row in features.chunks_exact(width) {
                    let away: Vec<f64> = row.iter().zip(center).map(|(value, center)| value - center).collect();
                    made.extend(lines.chunks_exact(width).map(|line| crate::dense::dot(&away, line)));
                }
                made
            }
        }
    }

    /// The matrix of the changed features, called `names`; lazy. Targets and weights stay.
    pub fn of(self, label: &str, matrix: &Matrix, names: Vec<String>) -> Result<Matrix> {
        let rows = matrix.plan();
        let made = Layout { width: names.len(), ..matrix.layout() };
        let operator = Changed { layout: matrix.layout(), made, change: self };
        let root = plan::operator(operator, vec![Arc::clone(rows.root())])?;
        let plan = Plan::new(label, root).reading(rows.inputs().iter().cloned()).projecting(rows.task_bytes());
        Matrix::from_plan(names, plan)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    layout: Layout,
    made: Layout,
    change: Change,
}

#[typetag::serde(name = "learn_features")]
impl Operator for Changed {
    fn name(&self) -> &'static str {
        "features"
    }
    fn schema(&self) -> SchemaRef {
        self.made.schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, made, change) = (self.layout, self.made, self.change.clone());
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let features = change.apply(layout.view(&batch)?.features(), layout.width);
            let others: Vec<ArrayRef> = batch.columns()[1..].to_vec();
            let weight = others.get(usize::from(layout.target)).cloned();
            made.batch(features, others.into_iter().next().filter(|_| layout.target), weight)
        }))
    }
}
