//! Logistic regression by Newton's method on mergeable statistics.
//!
//! | module | what it holds |
//! |---|---|
//! | `newton` | the statistic of a pass: loss, gradient, Hessian |
//! | `fit` | the loop around it |
//! | [`model`] | what comes out: coefficients, probabilities, its file |

mod fit;
pub mod model;
mod newton;

use crate::matrix::Data;
use model::LogisticModel;
pub(crate) use newton::log_loss_of;
use phalanx_engine::{Engine, Error, Result};
use serde::{Deserialize, Serialize};

/// What keeps coefficients small. The intercept is never penalised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    /// Nothing: maximum likelihood.
    None,
    /// Half the sum of squared coefficients, beside `c` times the sum of the rows' log losses: smaller `c`, smaller
    /// coefficients, as scikit-learn's `C`.
    L2 {
        /// The inverse strength, positive.
        c: f64,
    },
}

/// Logistic regression: the logarithm of the odds of target 1 is a linear function of the features.
///
/// [`fit`](LogisticRegression::fit) minimises `½ ‖w‖² + c Σ log loss` (or the second sum alone, without a penalty) by
/// Newton's method, which for this model is iteratively reweighted least squares (McCullagh and Nelder, "Generalized
/// Linear Models", 2nd ed. 1989, section 2.5), with steps halved until the objective falls. One pass over the rows gives
/// loss, gradient and Hessian as one mergeable state; where the rows are, it costs `rows · (features + 1)² / 2`
/// multiplications, and `(features + 1)² / 2` numbers travel for each partition.
///
/// Parameters are checked by `fit`, or with [`check`](LogisticRegression::check) before.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{LogisticRegression, Penalty, Scaler, datasets, metrics};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(20_000, 4).build()?.persist(&engine)?;
/// let (train, test) = data.split(0.2, 1)?;
/// let scaler = Scaler::fit(&engine, &train)?;
/// let train = scaler.transform(&train)?.persist(&engine)?;
/// let model = LogisticRegression::new().penalty(Penalty::L2 { c: 1.0 }).fit(&engine, &train)?;
/// assert!(model.convergence().converged);
/// let evaluation = metrics::evaluate(&engine, &model, scaler.transform(&test)?)?;
/// assert!(evaluation.accuracy > evaluation.base_rate && evaluation.auc > 0.8);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct LogisticRegression {
    penalty: Penalty,
    fit_intercept: bool,
    iterations_max: u64,
    tolerance: f64,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self { penalty: Penalty::L2 { c: 1.0 }, fit_intercept: true, iterations_max: 100, tolerance: 1e-8 }
    }
}

impl LogisticRegression {
    /// An l2 penalty with `c` 1, an intercept, at most 100 iterations, tolerance 1e-8.
    pub fn new() -> Self {
        Self::default()
    }
    /// What keeps coefficients small.
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }
    /// Without an intercept: even odds where all features are 0.
    pub fn without_intercept(mut self) -> Self {
        self.fit_intercept = false;
        self
    }
    /// The most Newton steps; at least one.
    pub fn max_iter(mut self, iterations: u64) -> Self {
        self.iterations_max = iterations;
        self
    }
    /// The fit has converged when no component of the objective's gradient, the objective divided by `c` and the sum
    /// of the rows' weights, is larger: scikit-learn's `tol` for its Newton solver. Steps converge quadratically, so a
    /// small tolerance costs a step or two.
    pub fn tol(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// `Input`: `c` or the tolerance is not a positive number, or there is no iteration.
    pub fn check(&self) -> Result<ValidLogisticRegression> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        match self.penalty {
            Penalty::L2 { c } if !positive(c) => {
                return Err(Error::input(format!("an l2 penalty with c = {c}"))
                    .with_hint("take a positive c, or Penalty::None for no penalty"));
            }
            _ => {}
        }
        if !positive(self.tolerance) {
            return Err(Error::input(format!("a tolerance of {}", self.tolerance))
                .with_hint("take a small positive number, such as 1e-8"));
        }
        if self.iterations_max == 0 {
            return Err(Error::input("at most 0 iterations").with_hint("take at least one; 100 by default"));
        }
        Ok(ValidLogisticRegression(*self))
    }

    /// Fits a model to `data`, whose targets are 0 and 1. Each iteration is a job over the persisted rows.
    ///
    /// Blocks until it is done. A fit that has not converged is no error: see
    /// [`convergence`](LogisticModel::convergence).
    ///
    /// # Errors
    /// As [`check`](LogisticRegression::check). `Input`: the rows have no target; without a penalty, not more rows than
    /// parameters. `Data`: no rows; targets other than 0 and 1, or of one class only; weights that are no positive
    /// numbers; NaN or infinite features; without a penalty, a feature that is constant or a combination of others, or
    /// classes that a plane separates.
    pub fn fit(&self, engine: &dyn Engine, data: &Data) -> Result<LogisticModel> {
        self.check()?.fit(engine, data)
    }
}

/// Parameters that have been checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValidLogisticRegression(LogisticRegression);

impl ValidLogisticRegression {
    /// As [`LogisticRegression::fit`].
    ///
    /// # Errors
    /// As [`LogisticRegression::fit`], but for the parameters.
    pub fn fit(&self, engine: &dyn Engine, data: &Data) -> Result<LogisticModel> {
        fit::fit(&self.0, engine, data)
    }
}
