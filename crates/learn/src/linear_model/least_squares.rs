//! Ordinary least squares.

use super::sums::Sums;
use super::{LinearModel, NONE, parameters};
use crate::file;
use crate::matrix::Matrix;
use phalanx_engine::{Engine, Result};
use serde_json::json;

/// Ordinary least squares; of several solutions the shortest.
///
/// From sums of products about the means, one pass over the rows; relative errors grow with the square of the
/// features' condition number.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{LinearRegression, datasets};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(5_000, 3).build()?.persist(&engine)?;
/// let model = LinearRegression::new().fit(&engine, &data)?;
/// assert!(model.score(&engine, &data)? > 0.2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct LinearRegression {
    fit_intercept: bool,
}

impl Default for LinearRegression {
    fn default() -> Self {
        Self { fit_intercept: true }
    }
}

impl LinearRegression {
    /// With an intercept.
    pub fn new() -> Self {
        Self::default()
    }
    /// Without an intercept: 0 where all features are 0.
    pub fn without_intercept(mut self) -> Self {
        self.fit_intercept = false;
        self
    }
    /// Fits the model. Blocks until it is done.
    ///
    /// # Errors
    /// As [`Sums::of`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<LinearModel> {
        let matrix = data.as_ref();
        let sums = futures::executor::block_on(Sums::of(engine, matrix, self.fit_intercept))?;
        let (coefficients, rank) = sums.least_squares()?;
        let file = parameters("LinearRegression", self.fit_intercept)
            .parameter("copy_X", json!(true))
            .parameter("tol", file::number(1e-6))
            .parameter("n_jobs", NONE)
            .parameter("positive", json!(false))
            .state("rank_", json!(rank));
        let intercept = sums.intercept(&coefficients);
        Ok(LinearModel::new(file, matrix.names(), coefficients, intercept, None))
    }
}
