//! Sums of products about the means, and what is solved with them: one pass over the rows whatever the penalty.

use crate::columns::need_finite_features;
use crate::dense::{Symmetric, dot};
use crate::glm_fit::need_weight;
use crate::gram::Gram;
use crate::matrix::Matrix;
use crate::minimise::{Coordinates, coordinate_descent};
use crate::statistic;
use phalanx_engine::{Engine, Error, Result};

/// An eigenvalue of columns of one length below this share of the largest, for each of them, is rounding.
const RANK_SHARE: f64 = 8.0 * f64::EPSILON;

/// Below this share of the largest eigenvalue, one is taken for zero where the shortest solution is looked for.
const SHORTEST_SHARE: f64 = 1e-12;

/// What least squares needs of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// Rows.
    pub rows: u64,
    /// The sum of their weights.
    pub weight: f64,
    /// `XᵀWX`, about the means if there is an intercept.
    pub quadratic: Symmetric,
    /// `XᵀWy`.
    pub linear: Vec<f64>,
    /// `yᵀWy`.
    pub square: f64,
    mean: Vec<f64>,
    target_mean: f64,
}

/// What [`Sums::elastic_net`] has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparse {
    /// By feature.
    pub coefficients: Vec<f64>,
    /// Sweeps over the features.
    pub iterations: u64,
    /// Whether the subgradient came within the tolerance.
    pub converged: bool,
    /// The largest component of the smallest subgradient.
    pub gradient: f64,
    /// An upper bound of how far the objective is from its minimum.
    pub gap: f64,
}

impl Sums {
    /// The sums of all rows.
    ///
    /// # Errors
    /// `Input`: the rows have no target. `Data`: no rows; NaN or infinite values; weights that sum to nothing.
    pub async fn of(engine: &dyn Engine, data: &Matrix, fit_intercept: bool) -> Result<Self> {
        data.need_target("a regression")?;
        let state = statistic::compute_async(engine, &Gram { with_target: true }, data).await?;
        let width = data.layout().width;
        let is_finite = state.is_finite();
        if !is_finite {
            need_finite_features(engine, data).await?;
        }
        need_weight(state.weight, state.rows)?;
        let about_means = Symmetric::from_packed(&state.products, width + 1);
        if !about_means.at(width, width).is_finite() {
            return Err(Error::data("Input y contains NaN or infinity").with_hint("filter those rows"));
        }
        if !is_finite {
            return Err(Error::data("features are so large that their products overflow")
                .with_hint("standardise them first (StandardScaler)"));
        }
        let (weight, means) = (state.weight, state.mean);
        let entry = |i: usize, j: usize| match fit_intercept {
            true => about_means.at(i, j),
            false => about_means.at(i, j) + weight * means[i] * means[j],
        };
        Ok(Self {
            rows: state.rows,
            weight,
            quadratic: Symmetric::of(width, entry),
            linear: (0..width).map(|j| entry(width, j)).collect(),
            square: entry(width, width),
            mean: if fit_intercept { means[..width].to_vec() } else { vec![0.0; width] },
            target_mean: if fit_intercept { means[width] } else { 0.0 },
        })
    }

    /// The intercept that belongs to coefficients; 0 if there is none.
    pub fn intercept(&self, coefficients: &[f64]) -> f64 {
        self.target_mean - dot(&self.mean, coefficients)
    }

    /// The coefficients of ordinary least squares, of several the shortest, and the rank of the features.
    ///
    /// # Errors
    /// `Data`: the products overflow.
    pub fn least_squares(&self) -> Result<(Vec<f64>, usize)> {
        let width = self.linear.len();
        // Columns of one length: the condition number is then about the smallest that a scaling gives.
        let scale: Vec<f64> =
            self.quadratic.diagonal().iter().map(|square| if *square > 0.0 { square.sqrt() } else { 1.0 }).collect();
        let scaled = Symmetric::of(width, |i, j| self.quadratic.at(i, j) / (scale[i] * scale[j]));
        let eigen = scaled.eigen()?;
        let least = eigen.values.first().copied().unwrap_or(0.0).max(0.0) * width as f64 * RANK_SHARE;
        let rank = eigen.values.iter().filter(|value| **value > least).count();
        if rank < width {
            return Ok((self.quadratic.shortest(&self.linear, SHORTEST_SHARE)?, rank));
        }
        let b: Vec<f64> = self.linear.iter().zip(&scale).map(|(b, scale)| b / scale).collect();
        let mut solved = vec![0.0; width];
        for (value, line) in eigen.values.iter().zip(eigen.lines.chunks_exact(width)) {
            let along = dot(line, &b) / value;
            solved.iter_mut().zip(line).for_each(|(solved, entry)| *solved += along * entry);
        }
        solved.iter_mut().zip(&scale).for_each(|(solved, scale)| *solved /= scale);
        Ok((solved, rank))
    }

    /// The coefficients of `|y - Xw|² + alpha |w|²`, of several the shortest.
    ///
    /// # Errors
    /// `Data`: the products overflow.
    pub fn ridge(&self, alpha: f64) -> Result<Vec<f64>> {
        let mut system = self.quadratic.clone();
        system.add_diagonal(&vec![alpha; self.linear.len()]);
        system.solve(&self.linear)
    }

    /// The coefficients of `|y - Xw|² / 2n + alpha (l1_ratio |w|₁ + (1 - l1_ratio) |w|² / 2)`, by coordinate descent on
    /// the sums; with `positive`, none is negative. It stops when the subgradient is below `tolerance / 1000` of the
    /// largest product of a feature with the target.
    pub fn elastic_net(
        &self,
        alpha: f64,
        l1_ratio: f64,
        positive: bool,
        tolerance: f64,
        iterations_max: u64,
    ) -> Sparse {
        let width = self.linear.len();
        let mut quadratic = Symmetric::of(width, |i, j| self.quadratic.at(i, j) / self.weight);
        quadratic.add_diagonal(&vec![alpha * (1.0 - l1_ratio); width]);
        let linear: Vec<f64> = self.linear.iter().map(|b| b / self.weight).collect();
        let l1 = vec![alpha * l1_ratio; width];
        let problem = Coordinates { quadratic: &quadratic, linear: &linear, l1: &l1, positive };
        let enough = tolerance * 1e-3 * linear.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let (mut w, mut iterations, mut gradient) = (vec![0.0; width], 0, f64::INFINITY);
        while iterations < iterations_max && gradient > enough {
            w = coordinate_descent(&problem, w, 0.0, 1);
            iterations += 1;
            gradient = problem.size(&w);
        }
        let slope: Vec<f64> = quadratic.times(&w).iter().zip(&linear).map(|(product, b)| product - b).collect();
        let gap = (dot(&w, &slope) + w.iter().zip(&l1).fold(0.0, |sum, (w, l1)| sum + l1 * w.abs())).max(0.0);
        Sparse { coefficients: w, iterations, converged: gradient <= enough, gradient, gap }
    }
}
