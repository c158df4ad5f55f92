//! Newton's method.

use super::coordinate::{Coordinates, coordinate_descent};
use super::{FALL_SHARE, HALVINGS_MAX, Limits, Objective, ROUNDING, Solution, less, moved, norm, size, subgradient};
use crate::dense::{Symmetric, dot};
use phalanx_engine::{Error, Result};

/// Newton's method with steps that are halved until the value falls; with an l1 norm, each step minimises the quadratic
/// model plus the norm (Lee, Sun and Saunders, "Proximal Newton-type methods", 2014; as glmnet does).
pub async fn newton(objective: &impl Objective, start: Vec<f64>, l1: &[f64], limits: Limits) -> Result<Solution> {
    let mut w = start;
    let mut point = objective.at(&w, true).await?;
    let mut total = point.value + norm(&w, l1);
    let mut gradient = size(&subgradient(&w, &point.gradient, l1));
    for iteration in 0..limits.iterations_max {
        let ended =
            |converged| Solution { parameters: w.clone(), iterations: iteration, converged, gradient, value: total };
        if gradient <= limits.tolerance {
            return Ok(ended(true));
        }
        let hessian = point.hessian.as_ref().ok_or_else(|| Error::internal("an objective gave no Hessian"))?;
        let (step, fall) = step(hessian, &point.gradient, &w, l1, limits.tolerance.min(gradient) * 1e-2)?;
        let mut length = 1.0;
        let mut nearer = None;
        for _ in 0..HALVINGS_MAX {
            let next = moved(&w, length, &step);
            let there = objective.at(&next, true).await?;
            let reached = there.value + norm(&next, l1);
            if reached.is_finite() && reached <= total - FALL_SHARE * length * fall + ROUNDING * total.abs() {
                nearer = Some((next, there, reached));
                break;
            }
            length *= 0.5;
        }
        let Some((next, there, reached)) = nearer else {
            return Ok(ended(false)); // rounding is all that is left
        };
        let at_rest = total - reached <= ROUNDING * total.abs();
        (w, point, total) = (next, there, reached);
        let before = gradient;
        gradient = size(&subgradient(&w, &point.gradient, l1));
        objective.iterated(iteration + 1, total, gradient);
        if at_rest && gradient >= before {
            let converged = gradient <= limits.tolerance;
            return Ok(Solution { parameters: w, iterations: iteration + 1, converged, gradient, value: total });
        }
    }
    let converged = gradient <= limits.tolerance;
    Ok(Solution { parameters: w, iterations: limits.iterations_max, converged, gradient, value: total })
}

/// The step to the minimum of the model, and the fall that its slope promises.
fn step(hessian: &Symmetric, gradient: &[f64], w: &[f64], l1: &[f64], tolerance: f64) -> Result<(Vec<f64>, f64)> {
    if l1.iter().all(|weight| *weight == 0.0) {
        let step: Vec<f64> = hessian.solve(gradient)?.iter().map(|step| -step).collect();
        let fall = -dot(gradient, &step);
        return Ok((step, fall));
    }
    // ½ dᵀHd + g·d + l1·|w + d|, by w + d.
    let problem = Coordinates { linear: &less(&hessian.times(w), gradient), quadratic: hessian, l1, positive: false };
    let target = coordinate_descent(&problem, w.to_vec(), tolerance, 100_000);
    let step = less(&target, w);
    let fall = -(dot(gradient, &step) + norm(&target, l1) - norm(w, l1));
    Ok((step, fall))
}
