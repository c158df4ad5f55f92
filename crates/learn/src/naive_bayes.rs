//! Naive Bayes: what is known of each class, from one pass.

use crate::columns::{Columns, ColumnsState};
use crate::file::{self, ModelFile};
use crate::matrix::Matrix;
use crate::rule::{Rightness, Rule};
use crate::scale::need_finite;
use crate::statistic;
use phalanx_engine::{Engine, Error, Plan, Result};
use serde_json::{Value, json};
use std::path::Path;

/// Features that are normal and independent within each class.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{GaussianNb, datasets};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(5_000, 4).build()?.persist(&engine)?;
/// let model = GaussianNb::new(2).fit(&engine, &data)?;
/// assert!(model.score(&engine, &data)? > 0.7);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct GaussianNb {
    classes: usize,
    priors: Option<Vec<f64>>,
    smoothing: f64,
}

impl GaussianNb {
    /// Of so many classes, which targets number from 0; variances are raised by 1e-9 of the largest.
    pub fn new(classes: usize) -> Self {
        Self { classes, priors: None, smoothing: 1e-9 }
    }
    /// The probability of each class; its share of the rows by default.
    pub fn priors(mut self, priors: Vec<f64>) -> Self {
        self.priors = Some(priors);
        self
    }
    /// The share of the largest variance that all variances are raised by.
    pub fn smoothing(mut self, share: f64) -> Self {
        self.smoothing = share;
        self
    }
    /// Finds means and variances; one pass. Blocks until it is done.
    ///
    /// # Errors
    /// `Input`: a parameter is out of its range, or the rows have no target or weights. `Data`: no rows; targets that are
    /// no class; a class without rows; NaN or infinite features.
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<GaussianNbModel> {
        self.check()?;
        let matrix = data.as_ref();
        matrix.need_target("naive Bayes")?;
        if matrix.layout().weight {
            // scikit-learn raises variances by those of the rows without their weights: another pass, over other rows.
            return Err(Error::unsupported("naive Bayes of weighted rows").with_hint("leave the weights out"));
        }
        let found = statistic::compute(engine, &Columns { classes: self.classes }, matrix)?;
        let width = matrix.layout().width;
        if found.bad_targets > 0 {
            let (bad, rows) = (found.bad_targets, found.rows);
            return Err(Error::data(format!("{bad} of {rows} targets are none of {} classes", self.classes))
                .with_hint("number the classes from 0, and say how many there are"));
        }
        let there = |at: usize| (0..self.classes).map(|class| found.count[class * width + at]).sum::<u64>();
        let infinite = |at: usize| (0..self.classes).map(|class| found.infinite[class * width + at]).sum::<u64>();
        let bad: Vec<u64> = (0..width).map(|at| found.rows - there(at) + infinite(at)).collect();
        need_finite(matrix.names(), &bad)?;
        if let Some(class) = found.class_weight.iter().position(|weight| *weight <= 0.0) {
            return Err(Error::data(format!("no row is of class {class}")).with_hint("say how many classes there are"));
        }
        Ok(self.model(matrix.names(), &found))
    }

    fn check(&self) -> Result<()> {
        if self.classes == 0 {
            return Err(Error::input("0 classes").with_hint("say how many there are"));
        }
        if !(self.smoothing.is_finite() && self.smoothing >= 0.0) {
            return Err(Error::input(format!("smoothing by {}", self.smoothing)).with_hint("take a small share"));
        }
        let Some(priors) = &self.priors else { return Ok(()) };
        let right = priors.len() == self.classes && priors.iter().all(|prior| *prior >= 0.0);
        match right && (priors.iter().sum::<f64>() - 1.0).abs() < 1e-8 {
            true => Ok(()),
            false => Err(Error::input(format!("priors {priors:?} of {} classes", self.classes))
                .with_hint("a probability of each class; their sum is 1")),
        }
    }

    fn model(&self, names: &[String], found: &ColumnsState) -> GaussianNbModel {
        let width = names.len();
        let total: f64 = found.class_weight.iter().sum();
        // The variances of all rows, from those of each class.
        let of_all = |at: usize| {
            let classes = || found.class_weight.iter().enumerate().map(|(class, weight)| (class * width + at, weight));
            let mean = classes().map(|(at, weight)| weight * found.mean[at]).sum::<f64>() / total;
            let within = classes().map(|(at, _)| found.deviation[at]).sum::<f64>();
            let between = classes().map(|(at, weight)| weight * (found.mean[at] - mean).powi(2)).sum::<f64>();
            (within + between) / total
        };
        let raised = self.smoothing * (0..width).map(of_all).fold(0.0, f64::max);
        let each = found.deviation.iter().enumerate();
        let variances = each.map(|(at, sum)| sum / found.class_weight[at / width] + raised).collect();
        let shares = || found.class_weight.iter().map(|weight| weight / total).collect();
        GaussianNbModel {
            names: names.to_vec(),
            counts: found.class_weight.clone(),
            priors: self.priors.clone().unwrap_or_else(shares),
            means: found.mean.clone(),
            variances,
            raised,
            parameters: self.clone(),
        }
    }
}

/// A fitted naive Bayes classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianNbModel {
    names: Vec<String>,
    counts: Vec<f64>,
    priors: Vec<f64>,
    means: Vec<f64>,
    variances: Vec<f64>,
    raised: f64,
    parameters: GaussianNb,
}

impl GaussianNbModel {
    /// The probability of each class before a row is seen.
    pub fn priors(&self) -> &[f64] {
        &self.priors
    }
    /// Of each class and feature the mean, class by class.
    pub fn means(&self) -> &[f64] {
        &self.means
    }
    /// Of each class and feature the variance, class by class.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    fn rule(&self, matrix: &Matrix, probabilities: bool) -> Result<Rule> {
        matrix.need_features("the model", &self.names)?;
        let width = self.names.len();
        let of_class = |(class, prior): (usize, &f64)| {
            let variances = &self.variances[class * width..(class + 1) * width];
            let logarithms: f64 =
                variances.iter().map(|variance| libm::log(2.0 * std::f64::consts::PI * variance)).sum();
            libm::log(*prior) - 0.5 * logarithms
        };
        let logarithms = self.priors.iter().enumerate().map(of_class).collect();
        let (means, variances) = (self.means.clone(), self.variances.clone());
        Ok(Rule::Class { logarithms, means, variances, probabilities })
    }
    /// The number of each row's likeliest class, as column `class`, in the order of the rows, followed by their `target` if
    /// they have one; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the model was fitted to.
    pub fn predict(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.rule(data.as_ref(), false)?.apply(data.as_ref())
    }
    /// The probability of each class, as columns `probability_0`, …; else as [`predict`](GaussianNbModel::predict).
    ///
    /// # Errors
    /// As [`predict`](GaussianNbModel::predict).
    pub fn predict_proba(&self, data: impl AsRef<Matrix>) -> Result<Plan> {
        self.rule(data.as_ref(), true)?.apply(data.as_ref())
    }
    /// The share of rows whose likeliest class is their target.
    ///
    /// # Errors
    /// As [`predict`](GaussianNbModel::predict); `Input`: the rows have no target. Otherwise the job's own.
    pub fn score(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<f64> {
        let matrix = data.as_ref();
        matrix.need_target("a score")?;
        let state = statistic::compute(engine, &Rightness { rule: self.rule(matrix, false)? }, matrix)?;
        Ok(state.hits / state.weight)
    }
    /// The model as the JSON that `phalanx.ml.persistence` reads: see [`ModelFile`]. The classes' labels are their numbers.
    pub fn to_json(&self) -> String {
        self.file().to_json()
    }
    /// Writes the file of [`to_json`](GaussianNbModel::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file().save(path.as_ref())
    }
    /// Reads a file of [`save`](GaussianNbModel::save), or of Python; classes are numbered in the order of their labels.
    ///
    /// # Errors
    /// `Data`: it can't be read, or is no such model. `Unsupported`: it is of another version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let file = ModelFile::load(path.as_ref(), &["GaussianNB"])?;
        let (names, priors) = (file.names()?, file.floats("class_prior_")?);
        let (classes, size) = (priors.len(), priors.len() * names.len());
        let smoothing = file.number("var_smoothing")?;
        let given = file.given("priors").is_some_and(|priors| !priors.is_null());
        let parameters = GaussianNb { classes, priors: given.then(|| priors.clone()), smoothing };
        Ok(Self {
            counts: file.floats_of("class_count_", classes)?,
            means: file.floats_of("theta_", size)?,
            variances: file.floats_of("var_", size)?,
            raised: file.float("epsilon_")?,
            names,
            priors,
            parameters,
        })
    }

    fn file(&self) -> ModelFile {
        let (classes, width) = (self.counts.len(), self.names.len());
        let labels: Vec<f64> = (0..classes).map(|class| class as f64).collect();
        let priors = self.parameters.priors.as_ref().map_or(Value::Null, |priors| file::vector(priors));
        let deviations: Vec<f64> = (self.variances.iter().enumerate())
            .map(|(at, variance)| (variance - self.raised) * self.counts[at / width])
            .collect();
        let total: f64 = self.counts.iter().sum();
        let table = |values: &[f64]| file::array(&[classes, width], values);
        // What Python's partial_fit goes on from: (weight, mean, deviation) of each class, and of all rows.
        let class_of = |at: usize| (0..classes).map(move |class| class * width + at);
        let mean: Vec<f64> = (0..width)
            .map(|at| class_of(at).map(|at| self.counts[at / width] * self.means[at]).sum::<f64>() / total)
            .collect();
        let spread: Vec<f64> = (0..width)
            .map(|feature| {
                let between = |at: usize| self.counts[at / width] * (self.means[at] - mean[feature]).powi(2);
                class_of(feature).map(|at| deviations[at] + between(at)).sum()
            })
            .collect();
        let seen = json!({"tuple": [file::vector(&self.counts), table(&self.means), table(&deviations)]});
        let whole = [file::vector(&[total]), file::array(&[1, width], &mean), file::array(&[1, width], &spread)];
        ModelFile::new("GaussianNB")
            .parameter("priors", priors)
            .parameter("var_smoothing", file::number(self.parameters.smoothing))
            .features(&self.names)
            .state("classes_", file::vector(&labels))
            .state("class_count_", file::vector(&self.counts))
            .state("class_prior_", file::vector(&self.priors))
            .state("theta_", table(&self.means))
            .state("var_", table(&self.variances))
            .state("epsilon_", file::number(self.raised))
            .state("_known", json!({"tuple": [seen, {"tuple": whole}]}))
    }
}
