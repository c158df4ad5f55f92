//! What Newton's method of two classes does not do: several classes, l1 penalties, other solvers.

use super::LogisticRegression;
use super::model::{Convergence, LogisticModel};
use crate::columns::Columns;
use crate::glm::Family;
use crate::glm_fit::{GlmFit, GlmSolution};
use crate::matrix::Matrix;
use crate::minimise::Limits;
use crate::scale::need_finite;
use crate::statistic;
use phalanx_engine::{Engine, Error, Result};

pub(super) fn fit(parameters: &LogisticRegression, engine: &dyn Engine, matrix: &Matrix) -> Result<LogisticModel> {
    let classes = parameters.classes;
    let weight = check(engine, matrix, classes)?;
    let (l1, l2) = parameters.penalty.weights();
    let fit = GlmFit {
        estimator: String::from("LogisticRegression"),
        family: if classes == 2 { Family::Binomial } else { Family::Multinomial },
        predictors: if classes == 2 { 1 } else { classes },
        l1,
        l2,
        beside_sum: true,
        fit_intercept: parameters.fit_intercept,
        solver: parameters.solver,
        limits: Limits { tolerance: parameters.tolerance, iterations_max: parameters.iterations_max },
    };
    let GlmSolution { predictors, convergence } = futures::executor::block_on(fit.run(engine, matrix))?;
    let width = matrix.names().len();
    let coefficients: Vec<f64> = predictors.iter().flat_map(|line| &line[..width]).copied().collect();
    let mut intercepts: Vec<f64> = predictors.iter().map(|line| line[width]).collect();
    if parameters.fit_intercept && classes > 2 {
        // Their differences are all that counts: as scikit-learn has them.
        let mean = intercepts.iter().sum::<f64>() / classes as f64;
        intercepts.iter_mut().for_each(|intercept| *intercept -= mean);
    }
    let penalty = coefficients.iter().fold(0.0, |sum, w| sum + l1 * w.abs() + 0.5 * l2 * w * w);
    let convergence = Convergence { loss: convergence.loss - penalty / weight, ..convergence };
    Ok(LogisticModel::new(matrix.names(), coefficients, intercepts, parameters, convergence))
}

/// Refuses rows that no model can be fitted to; gives the sum of their weights.
fn check(engine: &dyn Engine, matrix: &Matrix, classes: usize) -> Result<f64> {
    let found = statistic::compute(engine, &Columns { classes }, matrix)?;
    if found.bad_targets > 0 {
        let (bad, rows) = (found.bad_targets, found.rows);
        return Err(Error::data(format!("{bad} of {rows} targets are none of {classes} classes"))
            .with_hint("number the classes from 0, and say how many there are"));
    }
    let width = matrix.names().len();
    let sum = |numbers: &[u64], at: usize| numbers.iter().skip(at).step_by(width).sum::<u64>();
    let bad: Vec<u64> = (0..width).map(|at| found.rows - sum(&found.count, at) + sum(&found.infinite, at)).collect();
    need_finite(matrix.names(), &bad)?;
    match found.class_weight.iter().position(|weight| weight.is_nan() || *weight <= 0.0) {
        None => Ok(found.class_weight.iter().sum()),
        Some(class) => Err(Error::data(format!("no row of a positive weight is of class {class}"))
            .with_hint("say how many classes there are; look at the target and the filters")),
    }
}
