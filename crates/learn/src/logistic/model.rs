//! A fitted model: coefficients, probabilities, its file.

use super::{ClassWeight, LogisticRegression, Penalty};
use crate::file::{self, ModelFile};
use crate::matrix::Matrix;
use crate::metrics;
use crate::minimise::Solver;
use crate::rule::{Output, Rightness, Rule};
use crate::statistic;
use phalanx_engine::{Engine, Error, Plan, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Whether the gradient came below the tolerance.
    pub converged: bool,
    /// Iterations; of Newton's method, steps.
    pub iterations: u64,
    /// Passes over the rows. Of Newton's method: one for each step, one before the first, and one for each step that was
    /// halved.
    pub passes: u64,
    /// The largest component of the gradient, for a row of weight 1: what is compared with the tolerance.
    pub gradient: f64,
    /// The mean log loss of the rows, without the penalty.
    pub loss: f64,
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticModel {
    file: ModelFile,
    names: Vec<String>,
    coefficients: Vec<f64>,
    intercepts: Vec<f64>,
    penalty: Penalty,
    convergence: Convergence,
}

impl LogisticModel {
    /// Of two classes there is one line of coefficients, else one a class.
    pub(super) fn new(
        names: &[String],
        coefficients: Vec<f64>,
        intercepts: Vec<f64>,
        parameters: &LogisticRegression,
        convergence: Convergence,
    ) -> Self {
        let Convergence { converged, iterations, passes, gradient, loss } = convergence;
        let labels: Vec<i64> = (0..parameters.classes as i64).collect();
        let file = written(parameters)
            .features(names)
            .state("classes_", file::integers(&labels))
            .state("coef_", file::array(&[intercepts.len(), names.len()], &coefficients))
            .state("intercept_", file::vector(&intercepts))
            .state("n_iter_", file::integers(&[iterations as i64]))
            .state("converged_", json!(converged))
            .state("gradient_norm_", file::number(gradient))
            .state("passes_", json!(passes))
            .state("loss_", file::number(loss));
        let penalty = parameters.penalty;
        Self { file, names: names.to_vec(), coefficients, intercepts, penalty, convergence }
    }
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// How many classes it tells apart.
    pub fn classes(&self) -> usize {
        self.intercepts.len().max(2)
    }
    /// By feature, what one more of it adds to the logarithm of the odds of class 1; of more than two classes, to that of
    /// each class, one after the other.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }
    /// Each feature's name and coefficient, in order, of class 1 or, of more than two, of class 0, of class 1, …
    pub fn named_coefficients(&self) -> impl Iterator<Item = (&str, f64)> {
        self.names.iter().map(String::as_str).cycle().zip(self.coefficients.iter().copied())
    }
    /// The logarithm of the odds of class 1 where all features are 0; of more than two classes, that of each; 0 without
    /// an intercept.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }
    /// What kept the coefficients small.
    pub fn penalty(&self) -> Penalty {
        self.penalty
    }
    /// How the fit ended.
    pub fn convergence(&self) -> &Convergence {
        &self.convergence
    }
    /// Writes the bits of intercepts and coefficients to `write`, for a hash of the model.
    pub fn digest(&self, mut write: impl FnMut(&[u8])) {
        for value in self.intercepts.iter().chain(&self.coefficients) {
            write(&value.to_le_bytes());
        }
    }

    /// The probability of class 1 of each row, as column `probability`, in the order of the rows, followed by their
    /// `target` if they have one; of more than two classes that of each, as columns `probability_0`, …; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the model was fitted to.
    pub fn predict_proba(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.rule(data.as_ref(), Output::Probability)?.apply(data.as_ref())
    }

    /// The logarithm of the odds of class 1 of each row, as column `decision`, or those of more than two classes, as
    /// columns `decision_0`, …; else as [`predict_proba`](LogisticModel::predict_proba). The likeliest class is that of
    /// the largest, of two classes 1 where it is above 0.
    ///
    /// # Errors
    /// As [`predict_proba`](LogisticModel::predict_proba).
    pub fn decision_function(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.rule(data.as_ref(), Output::Decision)?.apply(data.as_ref())
    }

    /// The number of each row's likeliest class, as column `class`; else as
    /// [`predict_proba`](LogisticModel::predict_proba).
    ///
    /// # Errors
    /// As [`predict_proba`](LogisticModel::predict_proba).
    pub fn predict(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.rule(data.as_ref(), Output::Class)?.apply(data.as_ref())
    }

    /// The share of rows whose likeliest class is their target: their accuracy.
    ///
    /// # Errors
    /// As [`metrics::evaluate`], but that one class is enough, and that there may be more than two.
    pub fn score(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<f64> {
        let matrix = data.as_ref();
        if self.classes() == 2 {
            return Ok(metrics::losses(engine, self, matrix)?.accuracy());
        }
        matrix.need_target("a score")?;
        let state = statistic::compute(engine, &Rightness { rule: self.rule(matrix, Output::Class)? }, matrix)?;
        Ok(state.hits / state.weight)
    }

    fn rule(&self, matrix: &Matrix, output: Output) -> Result<Rule> {
        matrix.need_features("the model", &self.names)?;
        let (coefficients, intercepts) = (self.coefficients.clone(), self.intercepts.clone());
        Ok(Rule::Odds { coefficients, intercepts, output })
    }

    /// The model as the JSON that `phalanx.ml.persistence` reads: see [`ModelFile`]. The classes' labels are their
    /// numbers, unless Python wrote the model.
    pub fn to_json(&self) -> String {
        self.file.to_json()
    }

    /// The model of [`to_json`](LogisticModel::to_json), or of Python; classes are numbered in the order of their labels.
    ///
    /// # Errors
    /// `Data`: the text is no such model. `Unsupported`: it is of another version.
    pub fn from_json(text: &str) -> Result<Self> {
        Self::read(ModelFile::from_json(text, CLASSES)?)
    }

    /// Writes the file of [`to_json`](LogisticModel::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file.save(path.as_ref())
    }

    /// Reads a file of [`save`](LogisticModel::save), or of Python.
    ///
    /// # Errors
    /// `Data`: it can't be read; else as [`from_json`](LogisticModel::from_json).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::read(ModelFile::load(path.as_ref(), CLASSES)?)
    }

    fn read(file: ModelFile) -> Result<Self> {
        let (names, intercepts) = (file.names()?, file.floats("intercept_")?);
        if names.is_empty() || intercepts.is_empty() || intercepts.len() == 2 {
            let (features, lines) = (names.len(), intercepts.len());
            return Err(Error::data(format!(
                "this is no logistic regression: {lines} lines of {features} coefficients"
            ))
            .with_hint("save it once more"));
        }
        let coefficients = file.floats_of("coef_", intercepts.len() * names.len())?;
        let convergence = Convergence {
            converged: file.truth("converged_")?,
            iterations: file.count("n_iter_")?,
            gradient: file.float("gradient_norm_")?,
            // Python does not keep these.
            passes: if file.has("passes_") { file.count("passes_")? } else { 0 },
            loss: if file.has("loss_") { file.float("loss_")? } else { f64::NAN },
        };
        let penalty = penalty(&file)?;
        Ok(Self { file, names, coefficients, intercepts, penalty, convergence })
    }
}

const CLASSES: &[&str] = &["LogisticRegression"];

/// The parameters by Python's names.
fn written(parameters: &LogisticRegression) -> ModelFile {
    let (penalty, c, l1_ratio) = match parameters.penalty {
        Penalty::None => (Value::Null, 1.0, Value::Null),
        Penalty::L2 { c } => (json!("l2"), c, Value::Null),
        Penalty::L1 { c } => (json!("l1"), c, Value::Null),
        Penalty::ElasticNet { c, l1_ratio } => (json!("elasticnet"), c, file::number(l1_ratio)),
    };
    let class_weight = match &parameters.class_weight {
        ClassWeight::Equal => Value::Null,
        ClassWeight::Balanced => json!("balanced"),
        ClassWeight::Each(weights) => {
            let pairs: Vec<Value> =
                weights.iter().enumerate().map(|(class, weight)| json!([class, file::number(*weight)])).collect();
            json!({ "dict": pairs })
        }
    };
    let solver_kwargs = match parameters.solver {
        Solver::Admm { rho, over_relax } => {
            json!({"dict": [["rho", file::number(rho)], ["over_relax", file::number(over_relax)]]})
        }
        _ => Value::Null,
    };
    ModelFile::new("LogisticRegression")
        .parameter("penalty", penalty)
        .parameter("dual", json!(false))
        .parameter("tol", file::number(parameters.tolerance))
        .parameter("C", file::number(c))
        .parameter("fit_intercept", json!(parameters.fit_intercept))
        .parameter("intercept_scaling", file::number(1.0))
        .parameter("class_weight", class_weight)
        .parameter("random_state", Value::Null)
        .parameter("solver", json!(parameters.solver.name()))
        .parameter("max_iter", json!(parameters.iterations_max))
        .parameter("multi_class", json!("auto"))
        .parameter("verbose", json!(0))
        .parameter("warm_start", json!(false))
        .parameter("n_jobs", Value::Null)
        .parameter("solver_kwargs", solver_kwargs)
        .parameter("l1_ratio", l1_ratio)
}

/// The penalty that a file names; Python takes an `l1_ratio` also without "elasticnet".
fn penalty(file: &ModelFile) -> Result<Penalty> {
    let name = file.given("penalty").and_then(Value::as_str);
    let (c, given) = (file.number("C")?, file.given("l1_ratio").is_some_and(|ratio| !ratio.is_null()));
    Ok(match name {
        None | Some("none") => Penalty::None,
        _ if c == f64::INFINITY => Penalty::None,
        Some("l1") => Penalty::L1 { c },
        _ if given => Penalty::ElasticNet { c, l1_ratio: file.number("l1_ratio")? },
        _ => Penalty::L2 { c },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> LogisticModel {
        let parameters = LogisticRegression::new().penalty(Penalty::L2 { c: 0.5 });
        let convergence = Convergence { converged: true, iterations: 4, passes: 5, gradient: 1e-12, loss: 0.25 };
        let names = [String::from("x"), String::from("carrier_\"AA\"")];
        LogisticModel::new(&names, vec![0.1 + 0.2, -5e-324], vec![1.0 / 3.0], &parameters, convergence)
    }

    #[test]
    fn a_model_survives_its_file_bit_by_bit() {
        assert_eq!(LogisticModel::from_json(&model().to_json()).unwrap(), model());
        for (penalty, solver) in [
            (Penalty::None, Solver::Lbfgs),
            (Penalty::L1 { c: 2.0 }, Solver::Admm { rho: 2.0, over_relax: 1.5 }),
            (Penalty::ElasticNet { c: 0.1, l1_ratio: 0.25 }, Solver::ProximalGradient),
        ] {
            let weights = ClassWeight::Each(vec![1.0, 2.0, 0.5]);
            let parameters = LogisticRegression::new().classes(3).penalty(penalty).solver(solver).class_weight(weights);
            let (names, intercepts) = ([String::from("x")], vec![0.0, 0.5, -0.5]);
            let model =
                LogisticModel::new(&names, vec![1.0, -0.0, 3.0], intercepts, &parameters, *model().convergence());
            let read = LogisticModel::from_json(&model.to_json()).unwrap();
            assert_eq!((&read, read.penalty(), read.classes()), (&model, penalty, 3));
        }
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        let text = model().to_json();
        let version = text.replace("\"version\": 1", "\"version\": 2");
        assert!(LogisticModel::from_json(&version).unwrap_err().message().contains("version 2"));
        let spoiled = [
            text[..text.len() / 2].to_owned(),
            text.replace("coef_", "cof_"),
            text.replace("\"intercept_\": {", "\"intercept_\": null, \"other\": {"),
            text.replace("phalanx-", ""),
        ];
        for bad in spoiled.iter().map(String::as_str).chain(["", "{}"]) {
            let error = LogisticModel::from_json(bad).unwrap_err();
            assert_eq!(error.kind(), phalanx_engine::ErrorKind::Data, "{bad}");
        }
    }
}
