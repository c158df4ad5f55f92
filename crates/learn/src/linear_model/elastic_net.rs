//! Least squares with penalties on absolute values and squares.

use super::sums::{Sparse, Sums};
use super::{LinearModel, NONE, need_limits, need_penalty, parameters};
use crate::file::{self, ModelFile};
use crate::logistic::model::Convergence;
use crate::matrix::Matrix;
use phalanx_engine::{Engine, Error, Result};
use serde_json::json;

/// Least squares with an l1 and an l2 penalty: `|y - Xw|² / 2n + alpha (l1_ratio |w|₁ + (1 - l1_ratio) |w|² / 2)`.
///
/// One pass over the rows whatever `alpha`: coordinate descent runs on the sums of products.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct ElasticNet {
    alpha: f64,
    l1_ratio: f64,
    fit_intercept: bool,
    positive: bool,
    iterations_max: u64,
    tolerance: f64,
}

impl ElasticNet {
    /// With an intercept, at most 1000 iterations, tolerance 1e-4.
    pub fn new(alpha: f64, l1_ratio: f64) -> Self {
        Self { alpha, l1_ratio, fit_intercept: true, positive: false, iterations_max: 1000, tolerance: 1e-4 }
    }
    /// Without an intercept: 0 where all features are 0.
    pub fn without_intercept(mut self) -> Self {
        self.fit_intercept = false;
        self
    }
    /// Without negative coefficients.
    pub fn positive(mut self) -> Self {
        self.positive = true;
        self
    }
    /// The most sweeps over the features; at least one.
    pub fn max_iter(mut self, iterations: u64) -> Self {
        self.iterations_max = iterations;
        self
    }
    /// See [`Sums::elastic_net`].
    pub fn tol(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }
    /// Fits the model. Blocks until it is done. A fit that has not converged is no error: see
    /// [`convergence`](LinearModel::convergence).
    ///
    /// # Errors
    /// `Input`: a parameter is out of its range. Otherwise as [`Sums::of`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<LinearModel> {
        self.fit_as("ElasticNet", engine, data.as_ref())
    }

    pub(super) fn fit_as(&self, class: &str, engine: &dyn Engine, matrix: &Matrix) -> Result<LinearModel> {
        need_penalty("alpha", self.alpha)?;
        need_limits(self.tolerance, self.iterations_max)?;
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            return Err(Error::input(format!("l1_ratio = {}", self.l1_ratio)).with_hint("take a share between 0 and 1"));
        }
        let sums = futures::executor::block_on(Sums::of(engine, matrix, self.fit_intercept))?;
        let Sparse { coefficients, iterations, converged, gradient, gap } =
            sums.elastic_net(self.alpha, self.l1_ratio, self.positive, self.tolerance, self.iterations_max);
        let of = sums.quadratic.times(&coefficients);
        let fitted = coefficients.iter().zip(of.iter().zip(&sums.linear));
        let squares = fitted.fold(sums.square, |sum, (w, (product, b))| sum + w * (product - 2.0 * b));
        let convergence = Convergence { converged, iterations, passes: 2, gradient, loss: squares / sums.weight };
        let intercept = sums.intercept(&coefficients);
        let file = self.file(class).state("dual_gap_", file::number(gap));
        Ok(LinearModel::new(file, matrix.names(), coefficients, intercept, Some(convergence)))
    }

    fn file(&self, class: &str) -> ModelFile {
        let file = parameters(class, self.fit_intercept)
            .parameter("alpha", file::number(self.alpha))
            .parameter("precompute", json!(false))
            .parameter("max_iter", json!(self.iterations_max))
            .parameter("copy_X", json!(true))
            .parameter("tol", file::number(self.tolerance))
            .parameter("warm_start", json!(false))
            .parameter("positive", json!(self.positive))
            .parameter("random_state", NONE)
            .parameter("selection", json!("cyclic"));
        match class {
            "Lasso" => file.state("l1_ratio", file::number(1.0)), // what its Python class keeps beside its parameters
            _ => file.parameter("l1_ratio", file::number(self.l1_ratio)),
        }
    }
}
