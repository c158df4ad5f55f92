//! How good a model is.

use crate::linear::decisions;
use crate::logistic::log_loss_of;
use crate::logistic::model::LogisticModel;
use crate::matrix::Matrix;
use crate::rows::Rows;
use crate::statistic::{self, Statistic};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Float64Type;
use phalanx_engine::{Engine, Error, Result};
use serde::{Deserialize, Serialize};

/// How good a model is on some rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The rows.
    pub rows: u64,
    /// The mean of `-log(probability of the row's own class)`; smaller is better.
    pub log_loss: f64,
    /// The share of rows whose likelier class is their own.
    pub accuracy: f64,
    /// The share of the larger class: the accuracy of always saying the same.
    pub base_rate: f64,
    /// The area under the curve of true against false positives: see [`roc_auc`].
    pub auc: f64,
}

/// Evaluates `model` on rows with a target of 0 or 1; weighted, if they have weights.
///
/// Two jobs: a statistic, and, for the area under the curve, each row's prediction and target: those come here, 16
/// bytes a row, and are sorted here. Blocks until it is done.
///
/// # Errors
/// `Unsupported`: the model tells more than two classes apart, or rows have weights. `Input`: the rows have no target, or
/// other features than the model. `Data`: no rows, rows of one class only, or
/// targets other than 0 and 1.
pub fn evaluate(engine: &dyn Engine, model: &LogisticModel, data: impl AsRef<Matrix>) -> Result<Evaluation> {
    let matrix = data.as_ref();
    let losses = losses(engine, model, matrix)?;
    if matrix.layout().weight {
        return Err(Error::unsupported("the area under the curve of rows with weights")
            .with_hint("take metrics::roc_auc with the weights, or LogisticModel::score for the accuracy alone"));
    }
    let partitions = engine.submit(model.decision_function(matrix)?).wait()?;
    let column = |index: usize| -> Vec<f64> {
        let batches = partitions.iter().flatten();
        batches.flat_map(|batch| batch.column(index).as_primitive::<Float64Type>().values().to_vec()).collect()
    };
    let auc = roc_auc(&column(0), &column(1), None)?;
    let base_rate = losses.positive_weight.max(losses.weight - losses.positive_weight) / losses.weight;
    Ok(Evaluation {
        rows: losses.rows,
        log_loss: losses.loss / losses.weight,
        accuracy: losses.accuracy(),
        base_rate,
        auc,
    })
}

/// The statistic behind [`evaluate`].
pub(crate) fn losses(engine: &dyn Engine, model: &LogisticModel, matrix: &Matrix) -> Result<LossesState> {
    matrix.need_target("an evaluation")?;
    matrix.need_features("the model", model.names())?;
    let &[intercept] = model.intercepts() else {
        return Err(Error::unsupported(format!("the evaluation of a model of {} classes", model.classes()))
            .with_hint("LogisticModel::score has its accuracy"));
    };
    let statistic = Losses { coefficients: model.coefficients().to_vec(), intercept };
    let losses = statistic::compute(engine, &statistic, matrix)?;
    if losses.bad_targets > 0 {
        let (bad, rows) = (losses.bad_targets, losses.rows);
        return Err(Error::data(format!("the target is neither 0 nor 1 in {bad} of {rows} rows"))
            .with_hint("evaluate on targets of the same kind as those of the fit"));
    }
    Ok(losses)
}

/// Sums of losses and of right answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Losses {
    coefficients: Vec<f64>,
    intercept: f64,
}

/// What [`Losses`] knows of the rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossesState {
    rows: u64,
    bad_targets: u64,
    weight: f64,
    positive_weight: f64,
    right_weight: f64,
    loss: f64,
}

impl LossesState {
    pub fn accuracy(&self) -> f64 {
        self.right_weight / self.weight
    }
}

impl Statistic for Losses {
    type State = LossesState;

    fn of(&self, rows: &Rows<'_>) -> LossesState {
        let mut predictions = vec![0.0; rows.count()];
        decisions(rows.features(), &self.coefficients, self.intercept, &mut predictions);
        let mut state = LossesState { rows: rows.count() as u64, ..LossesState::default() };
        for (row, (prediction, target)) in predictions.iter().zip(rows.targets()).enumerate() {
            let weight = rows.weight(row);
            state.bad_targets += u64::from(*target != 0.0 && *target != 1.0);
            state.weight += weight;
            state.positive_weight += weight * target;
            state.right_weight += if (*prediction > 0.0) == (*target == 1.0) { weight } else { 0.0 };
            state.loss += weight * log_loss_of(*prediction, *target);
        }
        state
    }

    fn merge(left: LossesState, right: LossesState) -> LossesState {
        LossesState {
            rows: left.rows + right.rows,
            bad_targets: left.bad_targets + right.bad_targets,
            weight: left.weight + right.weight,
            positive_weight: left.positive_weight + right.positive_weight,
            right_weight: left.right_weight + right.right_weight,
            loss: left.loss + right.loss,
        }
    }
}

crate::statistic!(Losses, "logistic_losses");

/// The probability that a row of class 1 has a higher score than one of class 0, where a tie counts as half: the area
/// under the ROC curve. It is exact up to one rounding for rows without weights, as long as the product of the classes'
/// counts is below 2⁵². Cost: one sort.
///
/// ```
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::metrics::roc_auc;
/// assert_eq!(roc_auc(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0], None)?, 0.75);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Input`: the lengths differ. `Data`: a score is NaN, a target is neither 0 nor 1, or all are of one class.
pub fn roc_auc(scores: &[f64], targets: &[f64], weights: Option<&[f64]>) -> Result<f64> {
    if targets.len() != scores.len() || weights.is_some_and(|weights| weights.len() != scores.len()) {
        let weights = weights.map_or(String::new(), |weights| format!(" and {} weights", weights.len()));
        return Err(Error::input(format!("{} scores, {} targets{weights}", scores.len(), targets.len())));
    }
    if let Some(row) = scores.iter().position(|score| score.is_nan()) {
        return Err(Error::data(format!("score {row} is NaN")).with_hint("look for NaN among the features"));
    }
    if let Some(row) = targets.iter().position(|target| *target != 0.0 && *target != 1.0) {
        return Err(Error::data(format!("target {row} is {}, neither 0 nor 1", targets[row])));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*left].total_cmp(&scores[*right]));
    let (mut positives, mut negatives, mut area) = (0.0, 0.0, 0.0);
    for ties in order.chunk_by(|left, right| scores[*left] == scores[*right]) {
        let (mut positive, mut negative) = (0.0, 0.0);
        for row in ties {
            let weight = weights.map_or(1.0, |weights| weights[*row]);
            *(if targets[*row] == 1.0 { &mut positive } else { &mut negative }) += weight;
        }
        area += positive * (negatives + 0.5 * negative);
        positives += positive;
        negatives += negative;
    }
    if positives == 0.0 || negatives == 0.0 {
        return Err(Error::data(format!(
            "all {} rows are of one class, and the area under the curve compares two",
            scores.len()
        ))
        .with_hint("evaluate on more rows"));
    }
    Ok(area / (positives * negatives))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_that_of_all_pairs() {
        let scores: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 23) - 11.0).collect();
        let targets: Vec<f64> = (0..200).map(|i| f64::from(u8::from((i * 61) % 7 < 3))).collect();
        let weights: Vec<f64> = (0..200).map(|i| f64::from(1 + i % 4)).collect();
        for weights in [None, Some(&weights[..])] {
            let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
            let (mut wins, mut pairs) = (0.0, 0.0);
            for a in (0..200).filter(|row| targets[*row] == 1.0) {
                for b in (0..200).filter(|row| targets[*row] == 0.0) {
                    let win =
                        if scores[a] > scores[b] { 1.0 } else { 0.5 * f64::from(u8::from(scores[a] == scores[b])) };
                    wins += weight(a) * weight(b) * win;
                    pairs += weight(a) * weight(b);
                }
            }
            assert_eq!(roc_auc(&scores, &targets, weights).unwrap(), wins / pairs);
        }
        // -0.0 and 0.0 are a tie.
        assert_eq!(roc_auc(&[-0.0, 0.0], &[0.0, 1.0], None).unwrap(), 0.5);
    }

    #[test]
    fn what_has_no_area_is_refused() {
        assert!(roc_auc(&[1.0], &[1.0, 0.0], None).is_err());
        assert!(roc_auc(&[1.0, 2.0], &[1.0, 1.0], None).unwrap_err().message().contains("one class"));
        assert!(roc_auc(&[1.0, f64::NAN], &[1.0, 0.0], None).unwrap_err().message().contains("NaN"));
        assert!(roc_auc(&[1.0, 2.0], &[1.0, 0.5], None).unwrap_err().message().contains("0.5"));
        assert!(roc_auc(&[], &[], None).is_err());
    }
}
