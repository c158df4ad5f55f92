//! Least squares with a penalty on squares.

use super::sums::Sums;
use super::{LinearModel, NONE, need_penalty, parameters};
use crate::file;
use crate::matrix::Matrix;
use phalanx_engine::{Engine, Result};
use serde_json::json;

/// Least squares with `alpha` times the squared norm of the coefficients; the intercept is free. One pass over the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Ridge {
    alpha: f64,
    fit_intercept: bool,
}

impl Ridge {
    /// With an intercept, and so strong a penalty.
    pub fn new(alpha: f64) -> Self {
        Self { alpha, fit_intercept: true }
    }
    /// Without an intercept: 0 where all features are 0.
    pub fn without_intercept(mut self) -> Self {
        self.fit_intercept = false;
        self
    }
    /// Fits the model. Blocks until it is done.
    ///
    /// # Errors
    /// `Input`: `alpha` is negative. Otherwise as [`Sums::of`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<LinearModel> {
        need_penalty("alpha", self.alpha)?;
        let matrix = data.as_ref();
        let sums = futures::executor::block_on(Sums::of(engine, matrix, self.fit_intercept))?;
        let coefficients = sums.ridge(self.alpha)?;
        let file = parameters("Ridge", self.fit_intercept)
            .parameter("alpha", file::number(self.alpha))
            .parameter("copy_X", json!(true))
            .parameter("max_iter", NONE)
            .parameter("tol", file::number(1e-4))
            .parameter("solver", json!("auto"))
            .parameter("positive", json!(false))
            .parameter("random_state", NONE)
            .state("n_iter_", NONE)
            .state("solver_", json!("cholesky"));
        let intercept = sums.intercept(&coefficients);
        Ok(LinearModel::new(file, matrix.names(), coefficients, intercept, None))
    }
}
