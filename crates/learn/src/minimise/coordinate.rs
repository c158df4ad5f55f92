//! Coordinate descent.

use super::{ROUNDING, shrunk, size, subgradient};
use crate::dense::Symmetric;

/// `½ wᵀQw - b·w + l1·|w|`, of any `w` or of those without negative entries.
#[derive(Debug, Clone, Copy)]
pub struct Coordinates<'a> {
    /// `Q`.
    pub quadratic: &'a Symmetric,
    /// `b`.
    pub linear: &'a [f64],
    /// The weight of each parameter's absolute value.
    pub l1: &'a [f64],
    /// Whether parameters must not be negative.
    pub positive: bool,
}

impl Coordinates<'_> {
    /// The smallest subgradient, where `product` is `Q w`; 0 for parameters without curvature, which stay where they are.
    fn slope(&self, w: &[f64], product: &[f64]) -> Vec<f64> {
        let gradient: Vec<f64> = product.iter().zip(self.linear).map(|(product, b)| product - b).collect();
        let mut slope = match self.positive {
            false => subgradient(w, &gradient, self.l1),
            true => gradient
                .iter()
                .zip(self.l1)
                .zip(w)
                .map(|((slope, l1), w)| if *w == 0.0 { (slope + l1).min(0.0) } else { slope + l1 })
                .collect(),
        };
        for (j, slope) in slope.iter_mut().enumerate() {
            if self.quadratic.at(j, j) <= 0.0 {
                *slope = 0.0;
            }
        }
        slope
    }

    /// The largest component of the smallest subgradient.
    pub fn size(&self, w: &[f64]) -> f64 {
        size(&self.slope(w, &self.quadratic.times(w)))
    }

    /// Each parameter in turn at its minimum; `product` is `Q w` before and after.
    fn sweep(&self, w: &mut [f64], product: &mut [f64]) {
        for j in 0..w.len() {
            let (line, old) = (self.quadratic.line(j), w[j]);
            let curvature = line[j];
            if curvature <= 0.0 {
                continue;
            }
            let rest = self.linear[j] - product[j] + curvature * old;
            let new = if self.positive { (rest - self.l1[j]).max(0.0) } else { shrunk(rest, self.l1[j]) } / curvature;
            if new != old {
                w[j] = new;
                product.iter_mut().zip(line).for_each(|(product, entry)| *product += entry * (new - old));
            }
        }
    }
}

/// The minimum, parameter by parameter, until no component of the subgradient is over `tolerance`; where it was, after
/// `sweeps_max`. (Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate
/// descent", 2010.) Cost of a sweep: `parameters²`.
pub fn coordinate_descent(problem: &Coordinates<'_>, start: Vec<f64>, tolerance: f64, sweeps_max: u64) -> Vec<f64> {
    let mut w = start;
    let mut product = problem.quadratic.times(&w); // kept up to date
    let enough = tolerance.max(ROUNDING * size(problem.linear));
    for _ in 0..sweeps_max {
        problem.sweep(&mut w, &mut product);
        if size(&problem.slope(&w, &product)) <= enough {
            break;
        }
    }
    w
}
