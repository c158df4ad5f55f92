//! One pass of Newton's method: log loss, its gradient and its Hessian at given coefficients.

use crate::linear::{Products, STRIP_ROWS, decisions};
use crate::rows::Rows;
use crate::statistic::Statistic;
use serde::{Deserialize, Serialize};

/// The statistic of a pass. Parameter 0 is the intercept, also where it is not fitted; the coefficients follow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewtonPass {
    pub coefficients: Vec<f64>,
    pub intercept: f64,
}

/// Sums over rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewtonState {
    pub rows: u64,
    /// Rows of class 1.
    pub positives: u64,
    /// Rows whose target is neither 0 nor 1.
    pub bad_targets: u64,
    /// Rows whose weight is no positive finite number.
    pub bad_weights: u64,
    pub weight: f64,
    /// The weighted sum of log losses.
    pub loss: f64,
    /// The smallest of the rows' margins: the linear predictor where the target is 1, its negative where it is 0. If
    /// it is positive, the classes are separated.
    pub margin: f64,
    /// Of the loss, by parameter.
    pub gradient: Vec<f64>,
    /// Of the loss, by parameters, packed by rows on and below the diagonal.
    pub hessian: Vec<f64>,
}

impl Statistic for NewtonPass {
    type State = NewtonState;

    fn of(&self, rows: &Rows<'_>) -> NewtonState {
        let width = rows.width();
        let mut products = Products::new(width);
        let mut predictors = [0.0; STRIP_ROWS];
        let (mut residuals, mut curvatures) = ([0.0; STRIP_ROWS], [0.0; STRIP_ROWS]);
        let mut state = NewtonState {
            rows: rows.count() as u64,
            positives: 0,
            bad_targets: 0,
            bad_weights: 0,
            weight: 0.0,
            loss: 0.0,
            margin: f64::INFINITY,
            gradient: vec![],
            hessian: vec![],
        };
        for (strip, features) in rows.features().chunks(STRIP_ROWS * width).enumerate() {
            let count = features.len() / width;
            decisions(features, &self.coefficients, self.intercept, &mut predictors[..count]);
            for row in 0..count {
                let place = strip * STRIP_ROWS + row;
                let target = rows.targets().get(place).copied().unwrap_or(f64::NAN);
                (residuals[row], curvatures[row]) = state.add(predictors[row], target, rows.weight(place));
            }
            products.add(features, &residuals[..count], &curvatures[..count]);
        }
        // Parameter 0, the intercept, is the last column of the products.
        let column = |parameter: usize| parameter.checked_sub(1).unwrap_or(width);
        state.gradient = (0..=width).map(|i| products.vector(column(i))).collect();
        let entries = (0..=width).flat_map(|i| (0..=i).map(move |j| (i, j)));
        state.hessian = entries.map(|(i, j)| products.matrix(column(i), column(j))).collect();
        state
    }

    fn merge(mut left: NewtonState, right: NewtonState) -> NewtonState {
        left.rows += right.rows;
        left.positives += right.positives;
        left.bad_targets += right.bad_targets;
        left.bad_weights += right.bad_weights;
        left.weight += right.weight;
        left.loss += right.loss;
        left.margin = left.margin.min(right.margin);
        left.gradient.iter_mut().zip(right.gradient).for_each(|(left, right)| *left += right);
        left.hessian.iter_mut().zip(right.hessian).for_each(|(left, right)| *left += right);
        left
    }
}

impl NewtonState {
    /// Adds a row's loss; gives the first and second derivative of it by the linear predictor.
    fn add(&mut self, predictor: f64, target: f64, weight: f64) -> (f64, f64) {
        let (loss, probability, variance) = log_loss(predictor, target);
        self.positives += u64::from(target == 1.0);
        self.bad_targets += u64::from(target != 0.0 && target != 1.0);
        self.bad_weights += u64::from(!(weight > 0.0 && weight.is_finite()));
        self.weight += weight;
        self.loss += weight * loss;
        self.margin = self.margin.min(if target == 1.0 { predictor } else { -predictor });
        (weight * (probability - target), weight * variance)
    }
}

/// The log loss of a linear predictor for a target of 0 or 1, the probability of 1, and its variance. Nothing is
/// clipped: the loss is `max(x, 0) - x·target + log(1 + exp(-|x|))`, which neither overflows nor loses digits.
pub fn log_loss(predictor: f64, target: f64) -> (f64, f64, f64) {
    let small = libm::exp(-predictor.abs());
    let less = small / (1.0 + small);
    let probability = if predictor >= 0.0 { 1.0 / (1.0 + small) } else { less };
    let loss = predictor.max(0.0) - predictor * target + libm::log1p(small);
    (loss, probability, less / (1.0 + small))
}

/// The log loss alone.
pub fn log_loss_of(predictor: f64, target: f64) -> f64 {
    log_loss(predictor, target).0
}

crate::statistic!(NewtonPass, "logistic_newton_pass");

#[cfg(test)]
mod tests {
    use super::*;

    fn block(rows: usize, width: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let value = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0;
        (
            (0..rows * width).map(value).collect(),
            (0..rows).map(|row| f64::from(u8::from(value(row * 31) > 0.1))).collect(),
            (0..rows).map(|row| 1.0 + (row % 3) as f64).collect(),
        )
    }

    /// The oracle is differences of the loss.
    #[test]
    fn gradient_and_hessian_are_derivatives_of_the_loss() {
        let (features, targets, weights) = block(200, 3);
        let rows = Rows::new(3, &features, &targets, &weights).unwrap();
        let at = |parameters: &[f64]| {
            NewtonPass { intercept: parameters[0], coefficients: parameters[1..].to_vec() }.of(&rows)
        };
        let here = [0.3, -0.5, 1.2, 0.1];
        let state = at(&here);
        let step = 1e-5;
        for i in 0..4 {
            let moved = |by: f64| {
                let mut there = here;
                there[i] += by;
                at(&there)
            };
            let (up, down) = (moved(step), moved(-step));
            let slope = (up.loss - down.loss) / (2.0 * step);
            assert!((slope - state.gradient[i]).abs() < 1e-6, "{i}: {slope} {}", state.gradient[i]);
            for j in 0..=i {
                let slope = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                let entry = state.hessian[i * (i + 1) / 2 + j];
                assert!((slope - entry).abs() < 1e-6, "{i} {j}: {slope} {entry}");
            }
        }
        assert_eq!((state.rows, state.weight), (200, weights.iter().sum()));
    }

    #[test]
    fn merged_parts_are_the_whole() {
        let (features, targets, _) = block(300, 9);
        let pass = NewtonPass { intercept: 0.2, coefficients: vec![0.1; 9] };
        let part = |from: usize, to: usize| {
            pass.of(&Rows::new(9, &features[from * 9..to * 9], &targets[from..to], &[]).unwrap())
        };
        let (merged, whole) = (NewtonPass::merge(part(0, 100), part(100, 300)), part(0, 300));
        assert_eq!((merged.rows, merged.positives, merged.margin), (whole.rows, whole.positives, whole.margin));
        for (a, b) in merged.hessian.iter().zip(&whole.hessian) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn the_loss_neither_overflows_nor_loses_digits() {
        assert_eq!(log_loss(1e4, 0.0), (1e4, 1.0, 0.0));
        assert_eq!(log_loss(-1e4, 0.0), (0.0, 0.0, 0.0));
        assert_eq!(log_loss(0.0, 1.0), (std::f64::consts::LN_2, 0.5, 0.25));
        assert!((log_loss(-40.0, 0.0).0 / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
    }
}
