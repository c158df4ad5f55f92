//! Fits of generalized linear models: a loop of passes, whichever the family and the solver.

use crate::Convergence;
use crate::dense::Symmetric;
use crate::glm::{Family, GlmPass, GlmState};
use crate::matrix::Matrix;
use crate::minimise::{Limits, Objective, Point, Solution, Solver, minimise};
use crate::report::Fit;
use crate::scale::{Moments, need_finite};
use crate::statistic;
use phalanx_engine::{Engine, Error, Result};
use std::sync::Mutex;

/// What is minimised, and how: the mean loss of the rows, plus `l1 |w|₁ + l2 |w|² / 2`. Intercepts are free.
#[derive(Debug, Clone, PartialEq)]
pub struct GlmFit {
    /// What the model is called in reports.
    pub estimator: String,
    /// Which losses.
    pub family: Family,
    /// How many predictors there are: one, or one a class.
    pub predictors: usize,
    /// The weight of the coefficients' absolute values.
    pub l1: f64,
    /// The weight of half their squares.
    pub l2: f64,
    /// Whether both penalties stand beside the sum of the losses, not beside their mean.
    pub beside_sum: bool,
    /// Whether there is an intercept.
    pub fit_intercept: bool,
    /// How the minimum is found.
    pub solver: Solver,
    /// When that stops.
    pub limits: Limits,
}

/// What a fit has found.
#[derive(Debug, Clone, PartialEq)]
pub struct GlmSolution {
    /// For each predictor the coefficients and then the intercept.
    pub predictors: Vec<Vec<f64>>,
    /// How it ended; `loss` is the value of what was minimised.
    pub convergence: Convergence,
}

impl GlmFit {
    /// Fits the model; each iteration is a job over the rows.
    ///
    /// # Errors
    /// `Input`: the rows have no target, or the solver takes no l1 penalty. `Data`: no rows; targets that the family
    /// does not have; weights that sum to nothing; NaN or infinite features.
    pub async fn run(&self, engine: &dyn Engine, data: &Matrix) -> Result<GlmSolution> {
        data.need_target(&self.estimator)?;
        let width = data.layout().width + 1;
        let start = vec![0.0; self.predictors * width];
        let hessian = matches!(self.solver, Solver::Newton | Solver::Admm { .. });
        let mut objective = Problem {
            fit: self,
            engine,
            data,
            scale: 1.0,
            l2: self.l2,
            told: Fit::of(engine, &self.estimator, Some(self.solver.name()), self.limits.iterations_max),
            known: Mutex::default(),
            passes: Mutex::new(0),
        };
        let first = objective.pass(&start, hessian).await?;
        self.check(engine, data, &first).await?;
        objective.scale = first.weight;
        let penalty_scale = if self.beside_sum { first.weight } else { 1.0 };
        objective.l2 = self.l2 / penalty_scale;
        let mut l1 = vec![self.l1 / penalty_scale; start.len()];
        (width - 1..start.len()).step_by(width).for_each(|intercept| l1[intercept] = 0.0);
        let begin = self.begin(&first, start, width);
        let Solution { parameters, iterations, converged, gradient, value } =
            minimise(&objective, self.solver, begin, &l1, self.limits).await?;
        let passes = objective.passes.into_inner().unwrap_or_default();
        let predictors = parameters.chunks_exact(width).map(<[f64]>::to_vec).collect();
        Ok(GlmSolution {
            predictors,
            convergence: Convergence { converged, iterations, passes, gradient, loss: value },
        })
    }

    /// Where the search begins: at 0, but for an intercept whose exponential is the mean target.
    fn begin(&self, first: &GlmState, mut start: Vec<f64>, width: usize) -> Vec<f64> {
        if self.fit_intercept && matches!(self.family, Family::Poisson | Family::Gamma) {
            // At 0, the slope of the intercept is Σ(1 - y) for both.
            let mean = 1.0 - first.gradient.get(width - 1).copied().unwrap_or(1.0) / first.weight;
            if mean > 0.0 {
                start[width - 1] = libm::log(mean);
            }
        }
        start
    }

    async fn check(&self, engine: &dyn Engine, data: &Matrix, first: &GlmState) -> Result<()> {
        let rows = first.rows;
        if !first.loss.is_finite() || first.gradient.iter().any(|slope| !slope.is_finite()) {
            let moments = statistic::compute_async(engine, &Moments, data).await?;
            need_finite(data.names(), &moments.not_finite)?;
        }
        if first.bad_targets > 0 {
            let wanted = match self.family {
                Family::Gaussian => "finite numbers",
                Family::Binomial | Family::Multinomial => "classes",
                Family::Poisson => "numbers of at least 0: some value(s) of y are out of the valid range of the loss",
                Family::Gamma => "positive numbers: some value(s) of y are out of the valid range of the loss",
            };
            return Err(Error::data(format!("{} of {rows} targets are not {wanted}", first.bad_targets))
                .with_hint("look at the column that is the target"));
        }
        if !first.loss.is_finite() {
            return Err(Error::data("the features are so large that their products overflow")
                .with_hint("standardise them first (StandardScaler)"));
        }
        need_weight(first.weight, rows)
    }
}

/// Refuses rows whose weights sum to nothing.
pub(crate) fn need_weight(weight: f64, rows: u64) -> Result<()> {
    if weight > 0.0 {
        return Ok(());
    }
    Err(Error::data(format!("the weights of {rows} rows sum to {weight}")).with_hint("weights are positive numbers"))
}

/// The objective of a fit.
struct Problem<'a> {
    fit: &'a GlmFit,
    engine: &'a dyn Engine,
    data: &'a Matrix,
    /// What sums over rows are divided by.
    scale: f64,
    l2: f64,
    told: Fit<'a>,
    /// The state of the last pass, with its parameters: solvers begin, and turns begin, where one has ended.
    known: Mutex<Option<(Vec<f64>, GlmState)>>,
    passes: Mutex<u64>,
}

impl Problem<'_> {
    async fn pass(&self, parameters: &[f64], hessian: bool) -> Result<GlmState> {
        let known = self.known.lock().map(|known| known.clone()).unwrap_or_default();
        if let Some((_, state)) =
            known.filter(|(at, state)| at == parameters && (!hessian || !state.hessian.is_empty()))
        {
            return Ok(state);
        }
        let width = self.data.layout().width + 1;
        let parameters_by_line = parameters.chunks_exact(width).map(<[f64]>::to_vec).collect();
        let pass = GlmPass { family: self.fit.family, parameters: parameters_by_line, hessian };
        let state = statistic::compute_async(self.engine, &pass, self.data).await?;
        if let Ok(mut known) = self.known.lock() {
            *known = Some((parameters.to_vec(), state.clone()));
        }
        if let Ok(mut passes) = self.passes.lock() {
            *passes += 1;
        }
        Ok(state)
    }
}

impl Objective for Problem<'_> {
    async fn at(&self, parameters: &[f64], hessian: bool) -> Result<Point> {
        let mut state = self.pass(parameters, hessian).await?;
        let width = self.data.layout().width + 1;
        let is_intercept = |place: usize| place % width == width - 1;
        let mut value = state.loss / self.scale;
        for (place, (slope, w)) in state.gradient.iter_mut().zip(parameters).enumerate() {
            *slope /= self.scale;
            if is_intercept(place) {
                *slope = if self.fit.fit_intercept { *slope } else { 0.0 };
            } else {
                value += 0.5 * self.l2 * w * w;
                *slope += self.l2 * w;
            }
        }
        let fixed = |place: usize| is_intercept(place) && !self.fit.fit_intercept;
        let hessian = hessian.then(|| {
            let side = parameters.len();
            let packed = |i: usize, j: usize| state.hessian.get(i.max(j) * (i.max(j) + 1) / 2 + i.min(j));
            Symmetric::of(side, |i, j| {
                let penalty = if i == j && !is_intercept(i) { self.l2 } else { 0.0 };
                match fixed(i) || fixed(j) {
                    true => f64::from(u8::from(i == j)),
                    false => packed(i, j).copied().unwrap_or(f64::NAN) / self.scale + penalty,
                }
            })
        });
        Ok(Point { value, gradient: state.gradient, hessian })
    }

    fn iterated(&self, iteration: u64, value: f64, gradient: f64) {
        self.told.iterated(iteration, &[("loss", value), ("gradient", gradient)]);
    }
}
