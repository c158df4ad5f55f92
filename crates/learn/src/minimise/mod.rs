//! Minimisers of a smooth convex function plus an l1 norm, over few parameters; each value costs a job.
//!
//! | module | what it holds |
//! |---|---|
//! | `lbfgs` | limited-memory quasi-Newton steps |
//! | `newton` | Newton's method, with an l1 norm too |
//! | `first_order` | proximal gradients and steepest descent |
//! | `admm` | alternating directions |
//! | `coordinate` | the minimum of a quadratic function plus an l1 norm |

mod admm;
mod coordinate;
mod first_order;
mod lbfgs;
mod newton;

pub use coordinate::{Coordinates, coordinate_descent};

use phalanx_engine::{Error, Result};
use std::future::Future;

/// How often a step is halved: 2⁻³⁰ of it is below what rounding shows.
const HALVINGS_MAX: u32 = 30;

/// The share of the promised fall that a step must reach (Armijo's rule; Nocedal and Wright, "Numerical Optimization",
/// 2nd ed. 2006, section 3.1).
const FALL_SHARE: f64 = 1e-4;

/// By how much rounding may raise a value that has stopped falling, as a share of it.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// A function at some parameters.
#[derive(Debug, Clone)]
pub struct Point {
    /// Its value.
    pub value: f64,
    /// Its gradient.
    pub gradient: Vec<f64>,
    /// Its second derivatives, if they were asked for.
    pub hessian: Option<crate::dense::Symmetric>,
}

/// A smooth convex function whose values are computed where rows are.
pub trait Objective: Sync {
    /// The function at `parameters`.
    fn at(&self, parameters: &[f64], hessian: bool) -> impl Future<Output = Result<Point>> + Send;
    /// Called after each iteration, with the value of all that is minimised and the largest component of its
    /// subgradient.
    fn iterated(&self, iteration: u64, value: f64, gradient: f64);
}

/// How the parameters are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Solver {
    /// Quasi-Newton steps from the last ten gradients; no l1 norm.
    Lbfgs,
    /// Newton's method, with steps that are halved until the value falls.
    Newton,
    /// Alternating directions: the smooth part and the norm in turns.
    Admm {
        /// The penalty on their difference, in the beginning.
        rho: f64,
        /// By how much a step goes beyond its end; between 1 and 2.
        over_relax: f64,
    },
    /// Accelerated proximal gradients.
    ProximalGradient,
    /// Steepest descent; no l1 norm.
    GradientDescent,
}

impl Solver {
    /// What it is called in Python and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lbfgs => "lbfgs",
            Self::Newton => "newton",
            Self::Admm { .. } => "admm",
            Self::ProximalGradient => "proximal_grad",
            Self::GradientDescent => "gradient_descent",
        }
    }

    /// The solver of this name; ADMM with its usual parameters.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "lbfgs" => Self::Lbfgs,
            "newton" => Self::Newton,
            "admm" => Self::Admm { rho: 1.0, over_relax: 1.6 },
            "proximal_grad" => Self::ProximalGradient,
            "gradient_descent" => Self::GradientDescent,
            _ => {
                return Err(Error::input(format!("the solver {name:?}"))
                    .with_hint("lbfgs, newton, admm, proximal_grad or gradient_descent"));
            }
        })
    }
}

/// When a minimiser stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// What the largest component of the smallest subgradient may be.
    pub tolerance: f64,
    /// The most iterations.
    pub iterations_max: u64,
}

/// Where a minimiser ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The parameters.
    pub parameters: Vec<f64>,
    /// How many iterations it took.
    pub iterations: u64,
    /// Whether it came within the tolerance, or to where rounding is all that is left.
    pub converged: bool,
    /// The largest component of the smallest subgradient.
    pub gradient: f64,
    /// The value of all that was minimised.
    pub value: f64,
}

/// The minimum of `objective` plus `Σ l1[i] · |w[i]|`, from `start`.
///
/// # Errors
/// `Input`: the solver takes no l1 norm. Otherwise those of the jobs.
pub async fn minimise(
    objective: &impl Objective,
    solver: Solver,
    start: Vec<f64>,
    l1: &[f64],
    limits: Limits,
) -> Result<Solution> {
    let smooth = l1.iter().all(|weight| *weight == 0.0);
    match solver {
        Solver::Lbfgs if smooth => lbfgs::lbfgs(objective, start, limits).await,
        Solver::GradientDescent if smooth => first_order::gradient_descent(objective, start, limits).await,
        Solver::Lbfgs | Solver::GradientDescent => {
            Err(Error::input("this solver takes no l1 penalty").with_hint("take newton, admm or proximal_grad"))
        }
        Solver::ProximalGradient => first_order::proximal_gradient(objective, start, l1, limits).await,
        Solver::Admm { rho, over_relax } if !smooth => admm::admm(objective, start, l1, limits, rho, over_relax).await,
        // Of the smooth part alone there is nothing to take turns with.
        Solver::Admm { .. } | Solver::Newton => newton::newton(objective, start, l1, limits).await,
    }
}

/// The smallest element of the subdifferential of the sum, by parameter.
fn subgradient(w: &[f64], gradient: &[f64], l1: &[f64]) -> Vec<f64> {
    let each = w.iter().zip(gradient).zip(l1);
    each.map(
        |((w, slope), l1)| {
            if *w == 0.0 { (slope.abs() - l1).max(0.0).copysign(*slope) } else { slope + l1.copysign(*w) }
        },
    )
    .collect()
}

/// The largest absolute value; NaN, if one is.
fn size(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |most: f64, value| if value.abs() > most || value.is_nan() { value.abs() } else { most })
}

/// `Σ l1 · |w|`.
fn norm(w: &[f64], l1: &[f64]) -> f64 {
    w.iter().zip(l1).fold(0.0, |sum, (w, l1)| sum + l1 * w.abs())
}

/// Each value nearer to 0 by its threshold.
fn shrunk(value: f64, threshold: f64) -> f64 {
    (value.abs() - threshold).max(0.0).copysign(value)
}

/// `w + length · step`.
fn moved(w: &[f64], length: f64, step: &[f64]) -> Vec<f64> {
    w.iter().zip(step).map(|(w, step)| w + length * step).collect()
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::{Symmetric, dot};
    use std::sync::atomic::{AtomicU64, Ordering};

    /// `½ wᵀQw - b·w + Σ exp(w)/10`: smooth, convex, and not quadratic.
    struct Bowl(Symmetric, Vec<f64>, AtomicU64);

    impl Objective for Bowl {
        async fn at(&self, w: &[f64], hessian: bool) -> Result<Point> {
            self.2.fetch_add(1, Ordering::Relaxed);
            let product = self.0.times(w);
            let exponentials: Vec<f64> = w.iter().map(|w| libm::exp(*w) / 10.0).collect();
            let value = 0.5 * dot(&product, w) - dot(&self.1, w) + exponentials.iter().sum::<f64>();
            let gradient = (0..w.len()).map(|i| product[i] - self.1[i] + exponentials[i]).collect();
            let mut second = self.0.clone();
            second.add_diagonal(&exponentials);
            Ok(Point { value, gradient, hessian: hessian.then_some(second) })
        }
        fn iterated(&self, _iteration: u64, value: f64, gradient: f64) {
            assert!(value.is_finite() && gradient.is_finite());
        }
    }

    fn bowl() -> Bowl {
        let packed = [4.0, 1.0, 3.0, 0.0, -0.5, 100.0, 0.2, 0.1, 0.0, 0.5];
        Bowl(Symmetric::from_packed(&packed, 4), vec![1.0, -2.0, 30.0, 0.05], AtomicU64::new(0))
    }

    fn solved(solver: Solver, l1: &[f64]) -> (Solution, u64) {
        let bowl = bowl();
        let limits = Limits { tolerance: 1e-9, iterations_max: 5000 };
        let found = futures::executor::block_on(minimise(&bowl, solver, vec![0.0; 4], l1, limits)).unwrap();
        assert!(found.converged && found.gradient <= 1e-8, "{solver:?} {found:?}");
        (found, bowl.2.into_inner())
    }

    #[test]
    fn all_solvers_find_the_same_minimum() {
        let admm = Solver::Admm { rho: 1.0, over_relax: 1.6 };
        for (l1, solvers) in [
            ([0.0; 4], vec![Solver::Lbfgs, Solver::GradientDescent, Solver::ProximalGradient, admm]),
            ([0.3, 0.3, 0.3, 0.3], vec![Solver::ProximalGradient, admm]),
        ] {
            let (exact, passes) = solved(Solver::Newton, &l1);
            assert!(passes < 12, "{passes}");
            for solver in solvers {
                let (found, passes) = solved(solver, &l1);
                for (a, b) in found.parameters.iter().zip(&exact.parameters) {
                    assert!((a - b).abs() < 1e-7, "{solver:?}: {found:?} {exact:?}");
                }
                assert!(solver != Solver::Lbfgs || passes < 40, "{passes}");
            }
            assert_eq!(l1[0] > 0.0, exact.parameters[3] == 0.0, "{exact:?}");
        }
    }

    #[test]
    fn what_is_stopped_says_so() {
        let limits = Limits { tolerance: 1e-12, iterations_max: 1 };
        for solver in [Solver::Lbfgs, Solver::GradientDescent, Solver::ProximalGradient, Solver::Newton] {
            let found =
                futures::executor::block_on(minimise(&bowl(), solver, vec![0.0; 4], &[0.0; 4], limits)).unwrap();
            assert!(!found.converged && found.iterations == 1 && found.gradient > 1e-12, "{solver:?} {found:?}");
        }
        let bowl = bowl();
        let refused = minimise(&bowl, Solver::Lbfgs, vec![0.0; 4], &[0.1; 4], limits);
        assert!(futures::executor::block_on(refused).unwrap_err().hint().is_some());
    }
}
