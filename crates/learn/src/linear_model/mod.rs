//! Linear predictors of a number.
//!
//! | module | what it holds |
//! |---|---|
//! | [`sums`] | sums of products about the means: all that least squares needs |
//! | `least_squares` | [`LinearRegression`] |
//! | `ridge` | [`Ridge`] |
//! | `elastic_net` | [`ElasticNet`] |
//! | `lasso` | [`Lasso`] |
//! | `poisson` | [`PoissonRegressor`] |

mod elastic_net;
mod lasso;
mod least_squares;
mod poisson;
mod ridge;
pub mod sums;

pub use elastic_net::ElasticNet;
pub use lasso::Lasso;
pub use least_squares::LinearRegression;
pub use poisson::PoissonRegressor;
pub use ridge::Ridge;

use crate::file::{self, ModelFile};
use crate::logistic::model::Convergence;
use crate::matrix::Matrix;
use crate::rule::{Rightness, Rule};
use crate::statistic;
use phalanx_engine::{Engine, Error, Plan, Result};
use serde_json::{Value, json};
use std::path::Path;

/// The classes of Python whose files are a [`LinearModel`].
const CLASSES: &[&str] = &["LinearRegression", "Ridge", "ElasticNet", "Lasso", "PoissonRegressor"];

/// A fitted linear predictor: of a number, or of the logarithm of a count's mean.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    file: ModelFile,
    names: Vec<String>,
    coefficients: Vec<f64>,
    intercept: f64,
    convergence: Option<Convergence>,
}

impl LinearModel {
    /// `file` has the class and its parameters.
    pub(crate) fn new(
        file: ModelFile,
        names: &[String],
        coefficients: Vec<f64>,
        intercept: f64,
        convergence: Option<Convergence>,
    ) -> Self {
        let mut file = file
            .features(names)
            .state("coef_", file::vector(&coefficients))
            .state("intercept_", file::number(intercept));
        if let Some(Convergence { converged, iterations, gradient, .. }) = convergence {
            file = file.state("n_iter_", json!(iterations)).state("converged_", json!(converged));
            file = file.state("gradient_norm_", file::number(gradient));
        }
        Self { file, names: names.to_vec(), coefficients, intercept, convergence }
    }
    /// Which estimator has fitted it: `Ridge`, …
    pub fn estimator(&self) -> &str {
        self.file.class()
    }
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// By feature, what one more of it adds to the predictor.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }
    /// The predictor where all features are 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }
    /// How the fit ended; `None` for one that is no iteration, or that was read from a file which does not say it.
    pub fn convergence(&self) -> Option<&Convergence> {
        self.convergence.as_ref()
    }

    fn is_count(&self) -> bool {
        self.estimator() == "PoissonRegressor"
    }

    fn rule(&self, matrix: &Matrix) -> Result<Rule> {
        matrix.need_features("the model", &self.names)?;
        let (coefficients, intercept) = (self.coefficients.clone(), self.intercept);
        Ok(Rule::Number { coefficients, intercept, exponential: self.is_count() })
    }

    /// The prediction for each row, as column `prediction`, in the order of the rows, followed by their `target` if they
    /// have one; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the model was fitted to.
    pub fn predict(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.rule(data.as_ref())?.apply(data.as_ref())
    }

    /// The share of the targets' variance that is explained, R²; for counts that of their deviance, D².
    ///
    /// # Errors
    /// `Input`: the features are not those of the model, or the rows have no target. Otherwise the job's own.
    pub fn score(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<f64> {
        let matrix = data.as_ref();
        matrix.need_target("a score")?;
        let state = statistic::compute(engine, &Rightness { rule: self.rule(matrix)? }, matrix)?;
        Ok(if self.is_count() { state.d2() } else { state.r2() })
    }

    /// The model as the JSON that `phalanx.ml.persistence` reads: see [`ModelFile`].
    pub fn to_json(&self) -> String {
        self.file.to_json()
    }

    /// The model that [`to_json`](LinearModel::to_json), or Python, has written.
    ///
    /// # Errors
    /// `Data`: the text is no such model. `Unsupported`: it is of another version.
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_file(ModelFile::from_json(text, CLASSES)?)
    }

    /// Writes the file of [`to_json`](LinearModel::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file.save(path.as_ref())
    }

    /// Reads a file of [`save`](LinearModel::save), or of Python.
    ///
    /// # Errors
    /// `Data`: it can't be read; else as [`from_json`](LinearModel::from_json).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file(ModelFile::load(path.as_ref(), CLASSES)?)
    }

    fn from_file(file: ModelFile) -> Result<Self> {
        let names = file.names()?;
        let coefficients = file.floats_of("coef_", names.len())?;
        let intercept = file.float("intercept_")?;
        let convergence = match file.has("converged_") {
            false => None,
            true => Some(Convergence {
                converged: file.truth("converged_")?,
                iterations: file.count("n_iter_")?,
                passes: 0,
                gradient: file.float("gradient_norm_")?,
                loss: f64::NAN,
            }),
        };
        Ok(Self { file, names, coefficients, intercept, convergence })
    }
}

/// Parameters that the files of all of them have.
fn parameters(class: &str, fit_intercept: bool) -> ModelFile {
    ModelFile::new(class).parameter("fit_intercept", json!(fit_intercept))
}

/// A strength of a penalty.
fn need_penalty(name: &str, value: f64) -> Result<()> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err(Error::input(format!("{name} = {value}")).with_hint("take a number of at least 0")),
    }
}

/// A tolerance and a bound on iterations.
fn need_limits(tolerance: f64, iterations_max: u64) -> Result<()> {
    if !(tolerance.is_finite() && tolerance >= 0.0) {
        return Err(Error::input(format!("a tolerance of {tolerance}")).with_hint("take a small positive number"));
    }
    if iterations_max == 0 {
        return Err(Error::input("at most 0 iterations").with_hint("take at least one"));
    }
    Ok(())
}

/// JSON's null, which Python reads as None.
const NONE: Value = Value::Null;
