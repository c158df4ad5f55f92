//! Counts.

use super::{LinearModel, need_limits, need_penalty, parameters};
use crate::file;
use crate::glm::Family;
use crate::glm_fit::{GlmFit, GlmSolution};
use crate::matrix::Matrix;
use crate::minimise::{Limits, Solver};
use phalanx_engine::{Engine, Error, Result};
use serde_json::json;

/// Counts whose mean is the exponential of a linear predictor: half the mean Poisson deviance plus
/// `alpha |w|² / 2`.
///
/// Each iteration is a pass over the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct PoissonRegressor {
    alpha: f64,
    fit_intercept: bool,
    solver: Solver,
    iterations_max: u64,
    tolerance: f64,
}

impl PoissonRegressor {
    /// With an intercept, by Newton's method, at most 100 iterations, tolerance 1e-4.
    pub fn new(alpha: f64) -> Self {
        Self { alpha, fit_intercept: true, solver: Solver::Newton, iterations_max: 100, tolerance: 1e-4 }
    }
    /// Without an intercept: a mean of 1 where all features are 0.
    pub fn without_intercept(mut self) -> Self {
        self.fit_intercept = false;
        self
    }
    /// [`Solver::Newton`] or [`Solver::Lbfgs`].
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }
    /// The most iterations; at least one.
    pub fn max_iter(mut self, iterations: u64) -> Self {
        self.iterations_max = iterations;
        self
    }
    /// What the largest component of the objective's gradient may be.
    pub fn tol(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }
    /// Fits the model to rows whose targets are at least 0. Blocks until it is done. A fit that has not converged is no
    /// error: see [`convergence`](LinearModel::convergence).
    ///
    /// # Errors
    /// `Input`: a parameter is out of its range. Otherwise as [`GlmFit::run`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<LinearModel> {
        need_penalty("alpha", self.alpha)?;
        need_limits(self.tolerance, self.iterations_max)?;
        let solver = match self.solver {
            Solver::Newton => "newton-cholesky",
            Solver::Lbfgs => "lbfgs",
            other => {
                return Err(Error::unsupported(format!("a Poisson regression by {other:?}"))
                    .with_hint("take Solver::Newton or Solver::Lbfgs"));
            }
        };
        let matrix = data.as_ref();
        let fit = GlmFit {
            estimator: String::from("PoissonRegressor"),
            family: Family::Poisson,
            predictors: 1,
            l1: 0.0,
            l2: self.alpha,
            beside_sum: false,
            fit_intercept: self.fit_intercept,
            solver: self.solver,
            limits: Limits { tolerance: self.tolerance, iterations_max: self.iterations_max },
        };
        let GlmSolution { mut predictors, convergence } = futures::executor::block_on(fit.run(engine, matrix))?;
        let mut coefficients = predictors.swap_remove(0);
        let intercept = coefficients.pop().unwrap_or(0.0);
        let file = parameters("PoissonRegressor", self.fit_intercept)
            .parameter("alpha", file::number(self.alpha))
            .parameter("solver", json!(solver))
            .parameter("max_iter", json!(self.iterations_max))
            .parameter("tol", file::number(self.tolerance))
            .parameter("warm_start", json!(false))
            .parameter("verbose", json!(0));
        Ok(LinearModel::new(file, matrix.names(), coefficients, intercept, Some(convergence)))
    }
}
