//! Least squares with a penalty on absolute values.

use super::{ElasticNet, LinearModel};
use crate::matrix::Matrix;
use phalanx_engine::{Engine, Result};

/// [`ElasticNet`] with the l1 penalty alone: many coefficients are 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Lasso(ElasticNet);

impl Lasso {
    /// With an intercept, at most 1000 iterations, tolerance 1e-4.
    pub fn new(alpha: f64) -> Self {
        Self(ElasticNet::new(alpha, 1.0))
    }
    /// Without an intercept: 0 where all features are 0.
    pub fn without_intercept(self) -> Self {
        Self(self.0.without_intercept())
    }
    /// Without negative coefficients.
    pub fn positive(self) -> Self {
        Self(self.0.positive())
    }
    /// The most sweeps over the features; at least one.
    pub fn max_iter(self, iterations: u64) -> Self {
        Self(self.0.max_iter(iterations))
    }
    /// See [`Sums::elastic_net`](super::sums::Sums::elastic_net).
    pub fn tol(self, tolerance: f64) -> Self {
        Self(self.0.tol(tolerance))
    }
    /// Fits the model. Blocks until it is done.
    ///
    /// # Errors
    /// As [`ElasticNet::fit`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<LinearModel> {
        self.0.fit_as("Lasso", engine, data.as_ref())
    }
}
