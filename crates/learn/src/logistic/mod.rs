//! Logistic regression of two classes or more, on mergeable statistics.
//!
//! | module | what it holds |
//! |---|---|
//! | `newton` | the statistic of a pass over two classes: loss, gradient, Hessian |
//! | `fit` | the loop around it, which says what is wrong with the rows |
//! | `general` | several classes, l1 penalties, other solvers |
//! | `class_weight` | rows that weigh what their class does |
//! | [`model`] | what comes out: coefficients, probabilities, its file |

mod class_weight;
mod fit;
mod general;
pub mod model;
mod newton;

use crate::matrix::Data;
use crate::minimise::Solver;
pub use class_weight::ClassWeight;
use model::LogisticModel;
pub(crate) use newton::log_loss_of;
use phalanx_engine::{Engine, Error, Result};

/// What keeps coefficients small. Intercepts are never penalised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Penalty {
    /// Nothing: maximum likelihood.
    None,
    /// Half the sum of squared coefficients, beside `c` times the sum of the rows' log losses: smaller `c`, smaller
    /// coefficients, as scikit-learn's `C`.
    L2 {
        /// The inverse strength, positive.
        c: f64,
    },
    /// The sum of the coefficients' absolute values, beside `c` times the sum of the log losses: many are 0.
    L1 {
        /// The inverse strength, positive.
        c: f64,
    },
    /// `l1_ratio` times the l1 penalty and the rest of 1 times the l2 penalty.
    ElasticNet {
        /// The inverse strength, positive.
        c: f64,
        /// From 0 to 1.
        l1_ratio: f64,
    },
}

impl Penalty {
    /// The weights of the sum of absolute coefficients, and of half that of their squares, beside the sum of the losses.
    fn weights(self) -> (f64, f64) {
        match self {
            Self::None => (0.0, 0.0),
            Self::L2 { c } => (0.0, 1.0 / c),
            Self::L1 { c } => (1.0 / c, 0.0),
            Self::ElasticNet { c, l1_ratio } => (l1_ratio / c, (1.0 - l1_ratio) / c),
        }
    }

    fn check(self) -> Result<()> {
        let (name, c) = match self {
            Self::None => return Ok(()),
            Self::L2 { c } => ("l2", c),
            Self::L1 { c } => ("l1", c),
            Self::ElasticNet { c, l1_ratio } => match (0.0..=1.0).contains(&l1_ratio) {
                true => ("elastic net", c),
                false => {
                    return Err(
                        Error::input(format!("an l1_ratio of {l1_ratio}")).with_hint("take a share between 0 and 1")
                    );
                }
            },
        };
        match positive(c) {
            true => Ok(()),
            false => Err(Error::input(format!("an {name} penalty with c = {c}"))
                .with_hint("take a positive c, or Penalty::None for no penalty")),
        }
    }
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

/// Logistic regression: the logarithm of the odds of target 1 is a linear function of the features; of more classes, the
/// logarithms of all their odds are.
///
/// [`fit`](LogisticRegression::fit) minimises `½ ‖w‖² + c Σ log loss` (or another [penalty](Penalty), or the second sum
/// alone) by default by
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
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct LogisticRegression {
    classes: usize,
    penalty: Penalty,
    class_weight: ClassWeight,
    solver: Solver,
    fit_intercept: bool,
    iterations_max: u64,
    tolerance: f64,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self {
            classes: 2,
            penalty: Penalty::L2 { c: 1.0 },
            class_weight: ClassWeight::Equal,
            solver: Solver::Newton,
            fit_intercept: true,
            iterations_max: 100,
            tolerance: 1e-8,
        }
    }
}

impl LogisticRegression {
    /// Two classes, an l2 penalty with `c` 1, Newton's method, an intercept, at most 100 iterations, tolerance 1e-8.
    pub fn new() -> Self {
        Self::default()
    }
    /// What keeps coefficients small.
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }
    /// Of so many classes, which targets number from 0. The Hessian of `k > 2` classes, which Newton's method and ADMM
    /// take, has `(k (features + 1))²` entries: with many, [`Solver::Lbfgs`] is cheaper.
    pub fn classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }
    /// What the rows of each class weigh.
    pub fn class_weight(mut self, weight: ClassWeight) -> Self {
        self.class_weight = weight;
        self
    }
    /// How the minimum is found; [`Solver::Lbfgs`] and [`Solver::GradientDescent`] take no l1 penalty.
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }
    /// Without an intercept: even odds where all features are 0.
    pub fn without_intercept(mut self) -> Self {
        self.fit_intercept = false;
        self
    }
    /// The most iterations; at least one.
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
    /// `Input`: `c`, the tolerance or the weight of a class is not a positive number, there are no two classes, or there
    /// is no iteration.
    pub fn check(&self) -> Result<ValidLogisticRegression> {
        if self.classes < 2 {
            return Err(Error::input(format!("{} classes", self.classes)).with_hint("a model tells two or more apart"));
        }
        self.penalty.check()?;
        self.class_weight.check(self.classes)?;
        if !positive(self.tolerance) {
            return Err(Error::input(format!("a tolerance of {}", self.tolerance))
                .with_hint("take a small positive number, such as 1e-8"));
        }
        if self.iterations_max == 0 {
            return Err(Error::input("at most 0 iterations").with_hint("take at least one; 100 by default"));
        }
        Ok(ValidLogisticRegression(self.clone()))
    }

    /// Fits a model to `data`, whose targets are the numbers of classes: 0 and 1, unless there are more. Each iteration is a job over the persisted rows.
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
#[derive(Debug, Clone, PartialEq)]
pub struct ValidLogisticRegression(LogisticRegression);

impl ValidLogisticRegression {
    /// As [`LogisticRegression::fit`].
    ///
    /// # Errors
    /// As [`LogisticRegression::fit`], but for the parameters.
    pub fn fit(&self, engine: &dyn Engine, data: &Data) -> Result<LogisticModel> {
        let parameters = &self.0;
        let matrix = data.matrix();
        matrix.need_target("logistic regression")?;
        let matrix = parameters.class_weight.of(engine, matrix, parameters.classes)?;
        let by_newton = parameters.solver == Solver::Newton && parameters.penalty.weights().0 == 0.0;
        match parameters.classes == 2 && by_newton {
            true => fit::fit(parameters, engine, &matrix),
            false => general::fit(parameters, engine, &matrix),
        }
    }
}
