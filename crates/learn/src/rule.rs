//! What a fitted model says of a row: a rule, the operator that applies it, and how right it is.

use crate::clusters::nearest;
use crate::linear::decisions;
use crate::matrix::Matrix;
use crate::rows::{Layout, Rows};
use crate::statistic::Statistic;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_engine::{Operator, Plan, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How columns come from the features of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Rule {
    /// A number: a linear predictor, or its exponential.
    Number { coefficients: Vec<f64>, intercept: f64, exponential: bool },
    /// Of one predictor, the odds of class 1; of several, by line, those of each class.
    Odds { coefficients: Vec<f64>, intercepts: Vec<f64>, output: Output },
    /// The number of the nearest of these centers.
    Cluster { centers: Vec<f64> },
    /// The number of the likeliest class, and with `probabilities` that of each class, of features that are normal and
    /// independent in a class: by class and feature their means and variances.
    Class { logarithms: Vec<f64>, means: Vec<f64>, variances: Vec<f64>, probabilities: bool },
}

/// What is made of the odds of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Output {
    /// Their logarithms.
    Decision,
    /// Probabilities.
    Probability,
    /// The number of the likeliest class.
    Class,
}

impl Rule {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Number { .. } => vec![String::from("prediction")],
            Self::Odds { output: Output::Class, .. } => vec![String::from("class")],
            Self::Odds { intercepts, output, .. } => {
                let name = if *output == Output::Decision { "decision" } else { "probability" };
                match intercepts.len() {
                    1 => vec![name.to_owned()],
                    classes => (0..classes).map(|class| format!("{name}_{class}")).collect(),
                }
            }
            Self::Cluster { .. } => vec![String::from("cluster")],
            Self::Class { probabilities: false, .. } => vec![String::from("class")],
            Self::Class { logarithms, .. } => {
                (0..logarithms.len()).map(|class| format!("probability_{class}")).collect()
            }
        }
    }

    fn columns(&self, rows: &Rows<'_>) -> Vec<Vec<f64>> {
        match self {
            Self::Number { coefficients, intercept, exponential } => {
                let mut out = vec![0.0; rows.count()];
                decisions(rows.features(), coefficients, *intercept, &mut out);
                if *exponential {
                    out.iter_mut().for_each(|value| *value = libm::exp(*value));
                }
                vec![out]
            }
            Self::Odds { coefficients, intercepts, output } => {
                let lines = intercepts.iter().zip(coefficients.chunks_exact(rows.width()));
                let mut odds: Vec<Vec<f64>> = lines
                    .map(|(intercept, line)| {
                        let mut out = vec![0.0; rows.count()];
                        decisions(rows.features(), line, *intercept, &mut out);
                        out
                    })
                    .collect();
                match output {
                    Output::Decision => {}
                    Output::Probability => probabilities(&mut odds),
                    Output::Class => odds = vec![classes(&odds)],
                }
                odds
            }
            Self::Cluster { centers } => {
                vec![nearest(rows, centers).into_iter().map(|(center, _)| center as f64).collect()]
            }
            Self::Class { logarithms, means, variances, probabilities } => {
                let mut columns = vec![vec![]; if *probabilities { logarithms.len() } else { 1 }];
                for row in rows.features().chunks_exact(rows.width()) {
                    let joint = joint_logarithms(row, logarithms, means, variances);
                    let (best, most) = joint.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (class, value)| {
                        if *value > best.1 { (class, *value) } else { best }
                    });
                    if *probabilities {
                        let grown: Vec<f64> = joint.iter().map(|value| libm::exp(value - most)).collect();
                        let sum: f64 = grown.iter().sum();
                        columns.iter_mut().zip(&grown).for_each(|(column, value)| column.push(value / sum));
                    } else {
                        columns[0].push(best as f64);
                    }
                }
                columns
            }
        }
    }

    /// The rule of each row as columns, in the order of the rows, followed by their `target` if they have one; lazy.
    pub fn apply(&self, matrix: &Matrix) -> Result<Plan> {
        let rows = matrix.plan();
        let operator = Apply { layout: matrix.layout(), rule: self.clone() };
        let root = plan::operator(operator, vec![Arc::clone(rows.root())])?;
        Ok(Plan::new("predict", root).reading(rows.inputs().iter().cloned()).projecting(rows.task_bytes()))
    }
}

/// Makes probabilities of the logarithms of odds, which are those of class 1 or those of each class.
fn probabilities(odds: &mut [Vec<f64>]) {
    if let [only] = odds {
        only.iter_mut().for_each(|value| *value = 1.0 / (1.0 + libm::exp(-*value)));
        return;
    }
    for row in 0..odds.first().map_or(0, Vec::len) {
        let most = odds.iter().fold(f64::NEG_INFINITY, |most, column| most.max(column[row]));
        let mut sum = 0.0;
        for column in odds.iter_mut() {
            column[row] = libm::exp(column[row] - most);
            sum += column[row];
        }
        odds.iter_mut().for_each(|column| column[row] /= sum);
    }
}

/// The number of each row's likeliest class, of several the first.
fn classes(odds: &[Vec<f64>]) -> Vec<f64> {
    if let [only] = odds {
        return only.iter().map(|value| f64::from(u8::from(*value > 0.0))).collect();
    }
    let best = |row: usize| {
        let each = odds.iter().map(|column| column[row]).enumerate();
        let first = (0, f64::NEG_INFINITY);
        each.fold(first, |best, (class, value)| if value > best.1 { (class, value) } else { best }).0 as f64
    };
    (0..odds.first().map_or(0, Vec::len)).map(best).collect()
}

/// The logarithms of the joint probabilities of row and class.
fn joint_logarithms(row: &[f64], logarithms: &[f64], means: &[f64], variances: &[f64]) -> Vec<f64> {
    let width = row.len();
    let of_class = |(class, fixed): (usize, &f64)| {
        let of = class * width..(class + 1) * width;
        let each = row.iter().zip(&means[of.clone()]).zip(&variances[of]);
        fixed - 0.5 * each.fold(0.0, |sum, ((value, mean), variance)| sum + (value - mean) * (value - mean) / variance)
    };
    logarithms.iter().enumerate().map(of_class).collect()
}

#[derive(Debug, Serialize, Deserialize)]
struct Apply {
    layout: Layout,
    rule: Rule,
}

#[typetag::serde(name = "learn_rule")]
impl Operator for Apply {
    fn name(&self) -> &'static str {
        "predict"
    }
    fn schema(&self) -> SchemaRef {
        let target = self.layout.target.then(|| String::from("target"));
        let fields = self.rule.names().into_iter().chain(target);
        Arc::new(Schema::new(fields.map(|name| Field::new(name, DataType::Float64, false)).collect::<Vec<_>>()))
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, rule, schema) = (self.layout, self.rule.clone(), self.schema());
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let columns = rule.columns(&layout.view(&batch)?);
            let mut columns: Vec<ArrayRef> =
                columns.into_iter().map(|column| Arc::new(Float64Array::from(column)) as ArrayRef).collect();
            columns.extend(layout.target.then(|| Arc::clone(batch.column(1))));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

/// How far predictions are from targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rightness {
    pub rule: Rule,
}

/// Weighted sums over rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RightnessState {
    pub weight: f64,
    /// Of the targets.
    pub mean: f64,
    /// Of the targets' squared deviations from their mean.
    pub deviation: f64,
    /// Of the squared differences of prediction and target.
    pub squares: f64,
    /// Of the rows whose prediction is their target.
    pub hits: f64,
    /// Of `y log y`, 0 where `y` is 0.
    pub target_logarithms: f64,
    /// Of `μ - y log μ`.
    pub losses: f64,
}

impl Statistic for Rightness {
    type State = RightnessState;

    fn of(&self, rows: &Rows<'_>) -> RightnessState {
        let predictions = self.rule.columns(rows).swap_remove(0);
        let targets = || rows.targets().iter().enumerate().map(|(row, target)| (rows.weight(row), *target));
        let weight: f64 = targets().map(|(weight, _)| weight).sum();
        let sum: f64 = targets().map(|(weight, target)| weight * target).sum();
        let mean = if weight > 0.0 { sum / weight } else { 0.0 };
        let mut state = RightnessState {
            weight,
            mean,
            deviation: 0.0,
            squares: 0.0,
            hits: 0.0,
            target_logarithms: 0.0,
            losses: 0.0,
        };
        for ((weight, target), prediction) in targets().zip(predictions) {
            state.deviation += weight * (target - mean) * (target - mean);
            state.squares += weight * (target - prediction) * (target - prediction);
            state.hits += if target == prediction { weight } else { 0.0 };
            if target > 0.0 {
                state.target_logarithms += weight * target * libm::log(target);
            }
            state.losses += weight * (prediction - target * libm::log(prediction));
        }
        state
    }

    fn merge(mut left: RightnessState, right: RightnessState) -> RightnessState {
        let weight = left.weight + right.weight;
        let share = if weight > 0.0 { right.weight / weight } else { 0.0 };
        let shift = right.mean - left.mean;
        left.deviation += right.deviation + shift * shift * left.weight * share;
        left.mean += shift * share;
        left.weight = weight;
        left.squares += right.squares;
        left.hits += right.hits;
        left.target_logarithms += right.target_logarithms;
        left.losses += right.losses;
        left
    }

    fn state_numbers(&self, _width: usize) -> u64 {
        7
    }
}

impl RightnessState {
    /// The coefficient of determination; 1 or 0 where all targets are equal, as scikit-learn has it.
    pub fn r2(&self) -> f64 {
        match self.deviation > 0.0 {
            true => 1.0 - self.squares / self.deviation,
            false => f64::from(u8::from(self.squares == 0.0)),
        }
    }

    /// The share of the Poisson deviance that is explained.
    pub fn d2(&self) -> f64 {
        let sum = self.weight * self.mean;
        let deviance = self.target_logarithms + self.losses - sum;
        let of_mean = self.target_logarithms - sum * libm::log(self.mean);
        if of_mean > 0.0 { 1.0 - deviance / of_mean } else { 0.0 }
    }
}

crate::statistic!(Rightness, "learn_rightness");
