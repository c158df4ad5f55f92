//! The loop of Newton's method. All of it is on the client; each pass is a job.

use super::model::{Convergence, LogisticModel};
use super::newton::{NewtonPass, NewtonState};
use super::{LogisticRegression, Penalty};
use crate::matrix::Matrix;
use crate::report::Fit;
use crate::scale::{Moments, need_finite};
use crate::solve::{Singular, solve};
use crate::statistic;
use phalanx_engine::{Engine, Error, Result};

/// How often a step is halved before the fit gives up: 2⁻³⁰ of a step is below what rounding can show.
const HALVINGS_MAX: u32 = 30;

/// The share of the fall that the slope promises which a step must reach (Armijo's rule; Nocedal and Wright,
/// "Numerical Optimization", 2nd ed. 2006, section 3.1).
const FALL_SHARE: f64 = 1e-4;

/// By how much rounding may raise an objective that has stopped falling, as a share of it.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

pub(super) fn fit(parameters: &LogisticRegression, engine: &dyn Engine, matrix: &Matrix) -> Result<LogisticModel> {
    let told = Fit::of(engine, "LogisticRegression", Some(parameters.solver.name()), parameters.iterations_max);
    let objective = Objective { parameters, matrix };
    let mut point = vec![0.0; matrix.names().len() + 1];
    let mut state = objective.pass(engine, &point)?;
    objective.check(engine, &state)?;
    let mut convergence =
        Convergence { converged: false, iterations: 0, passes: 1, gradient: f64::INFINITY, loss: 0.0 };
    let mut previous: Option<(f64, bool)> = None;
    loop {
        let gradient = objective.gradient(&state, &point);
        convergence.gradient = objective.size(&state, &gradient);
        convergence.loss = state.loss / state.weight;
        convergence.converged = convergence.gradient <= parameters.tolerance;
        if convergence.iterations > 0 {
            let metrics = [("loss", convergence.loss), ("gradient", convergence.gradient)];
            told.iterated(convergence.iterations, &metrics);
        }
        if convergence.converged || convergence.iterations == parameters.iterations_max {
            break;
        }
        if previous.is_some_and(|(size, at_rest)| at_rest && convergence.gradient >= size) {
            break; // neither the objective nor the gradient falls: rounding is all that is left
        }
        let direction = objective
            .direction(&state, &gradient)
            .map_err(|singular| objective.singular(&state, singular, convergence.iterations))?;
        let fall = gradient.iter().zip(&direction).fold(0.0, |sum, (slope, step)| sum + slope * step);
        previous = Some((convergence.gradient, fall <= ROUNDING * objective.value(&state, &point).abs()));
        let Some((next, next_state, passes)) = objective.step(engine, &state, &point, fall, &direction)? else {
            convergence.passes += u64::from(HALVINGS_MAX) + 1;
            break; // no step falls: rounding is all that is left
        };
        (point, state) = (next, next_state);
        convergence.passes += passes;
        convergence.iterations += 1;
        objective.check_separation(&state)?;
    }
    let intercept = vec![point.remove(0)];
    Ok(LogisticModel::new(matrix.names(), point, intercept, parameters, convergence))
}

/// What is minimised: `½ ‖w‖² + c Σ loss`.
struct Objective<'a> {
    parameters: &'a LogisticRegression,
    matrix: &'a Matrix,
}

impl Objective<'_> {
    /// (the penalty's factor, the loss's factor).
    fn factors(&self) -> (f64, f64) {
        match self.parameters.penalty {
            Penalty::L2 { c } => (1.0, c),
            // Penalties with an l1 norm are minimised elsewhere; an elastic net may come without one.
            Penalty::ElasticNet { c, .. } => (1.0, c),
            Penalty::None | Penalty::L1 { .. } => (0.0, 1.0),
        }
    }

    fn pass(&self, engine: &dyn Engine, point: &[f64]) -> Result<NewtonState> {
        let pass = NewtonPass { intercept: point[0], coefficients: point[1..].to_vec() };
        statistic::compute(engine, &pass, self.matrix)
    }

    fn value(&self, state: &NewtonState, point: &[f64]) -> f64 {
        let (penalty, loss) = self.factors();
        let squares = point[1..].iter().fold(0.0, |sum, value| sum + value * value);
        0.5 * penalty * squares + loss * state.loss
    }

    /// By parameter; 0 for an intercept that is not fitted.
    fn gradient(&self, state: &NewtonState, point: &[f64]) -> Vec<f64> {
        let (penalty, loss) = self.factors();
        let mut gradient: Vec<f64> =
            state.gradient.iter().zip(point).map(|(slope, value)| loss * slope + penalty * value).collect();
        gradient[0] = if self.parameters.fit_intercept { loss * state.gradient[0] } else { 0.0 };
        gradient
    }

    /// The largest component, for a row of weight 1.
    fn size(&self, state: &NewtonState, gradient: &[f64]) -> f64 {
        gradient.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs())) / (self.factors().1 * state.weight)
    }

    /// Newton's direction: the solution of `H d = g`.
    fn direction(&self, state: &NewtonState, gradient: &[f64]) -> std::result::Result<Vec<f64>, Singular> {
        let (penalty, loss) = self.factors();
        let first = usize::from(!self.parameters.fit_intercept);
        let mut packed = vec![];
        for i in first..gradient.len() {
            let row = i * (i + 1) / 2;
            packed.extend((first..=i).map(|j| loss * state.hessian[row + j]));
            if let (Some(diagonal), true) = (packed.last_mut(), i > 0) {
                *diagonal += penalty;
            }
        }
        let mut direction = vec![0.0; first];
        direction.extend(solve(&packed, &gradient[first..]).map_err(|Singular(column)| Singular(first + column))?);
        Ok(direction)
    }

    /// The first of the steps 1, ½, ¼, … that makes the objective fall, its state and the passes that it took. `fall`
    /// is what the slope promises of a whole step.
    fn step(
        &self,
        engine: &dyn Engine,
        state: &NewtonState,
        point: &[f64],
        fall: f64,
        direction: &[f64],
    ) -> Result<Option<(Vec<f64>, NewtonState, u64)>> {
        let value = self.value(state, point);
        let mut length = 1.0;
        for passes in 1..=u64::from(HALVINGS_MAX) + 1 {
            let next: Vec<f64> = point.iter().zip(direction).map(|(value, step)| value - length * step).collect();
            let next_state = self.pass(engine, &next)?;
            let fallen = self.value(&next_state, &next) <= value - FALL_SHARE * length * fall + ROUNDING * value.abs();
            if fallen && next_state.gradient.iter().all(|slope| slope.is_finite()) {
                return Ok(Some((next, next_state, passes)));
            }
            length *= 0.5;
        }
        Ok(None)
    }

    /// Refuses data that no model can be fitted to; `state` is that of the first pass.
    fn check(&self, engine: &dyn Engine, state: &NewtonState) -> Result<()> {
        let rows = state.rows;
        if state.bad_targets > 0 {
            return Err(Error::data(format!("the target is neither 0 nor 1 in {} of {rows} rows", state.bad_targets))
                .with_hint("make it a comparison, such as col(\"delay\").gt(lit(15))"));
        }
        if state.bad_weights > 0 {
            return Err(Error::data(format!(
                "the weight is no positive number in {} of {rows} rows",
                state.bad_weights
            ))
            .with_hint("filter rows that should not count"));
        }
        if state.positives == 0 || state.positives == rows {
            let class = u8::from(state.positives > 0);
            return Err(Error::data(format!("all {rows} rows are of class {class}"))
                .with_hint("a model of two classes needs rows of both; look at the target and the filters"));
        }
        if !state.loss.is_finite() || state.gradient.iter().chain(&state.hessian).any(|value| !value.is_finite()) {
            need_finite(self.matrix.names(), &statistic::compute(engine, &Moments, self.matrix)?.not_finite)?;
            return Err(Error::data("features are so large that their products overflow")
                .with_hint("standardise them with a Scaler first"));
        }
        let parameters = self.matrix.names().len() as u64 + u64::from(self.parameters.fit_intercept);
        if self.parameters.penalty == Penalty::None && rows <= parameters {
            return Err(Error::input(format!(
                "{rows} rows do not determine {parameters} parameters without a penalty"
            ))
            .with_hint("take Penalty::L2, fewer features or more rows"));
        }
        Ok(())
    }

    /// Without a penalty and with classes that a plane separates, larger coefficients are always better: there is no
    /// fit (Albert and Anderson, "On the existence of maximum likelihood estimates in logistic regression models",
    /// Biometrika 71, 1984).
    fn check_separation(&self, state: &NewtonState) -> Result<()> {
        if self.parameters.penalty != Penalty::None || state.margin <= 0.0 {
            return Ok(());
        }
        Err(Error::data("the features separate the classes, so without a penalty the coefficients grow without end")
            .with_hint("take Penalty::L2; and check that no feature tells the target"))
    }

    fn singular(&self, state: &NewtonState, Singular(column): Singular, iterations: u64) -> Error {
        let name = column.checked_sub(1).and_then(|column| self.matrix.names().get(column));
        let what = match name {
            None => String::from("the intercept has no curvature"),
            // All rows have the same curvature in the first iteration, so it is the features' own fault.
            Some(name) if iterations == 0 => {
                format!("feature {name:?} is constant, or a combination of the features before it")
            }
            Some(name) => {
                format!("the Hessian is singular at feature {name:?} after {iterations} iterations")
            }
        };
        let loss = state.loss / state.weight;
        Error::data(format!("{what} (mean log loss {loss:.6})")).with_hint("drop that feature, or take Penalty::L2")
    }
}
