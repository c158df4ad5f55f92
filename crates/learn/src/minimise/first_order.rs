//! Minimisers that see gradients alone and remember nothing of them.

use super::{
    FALL_SHARE, HALVINGS_MAX, Limits, Objective, ROUNDING, Solution, less, moved, norm, shrunk, size, subgradient,
};
use crate::dense::dot;
use phalanx_engine::Result;

/// FISTA with a step that is found by halving, and restarts (Beck and Teboulle 2009; O'Donoghue and Candès 2015).
pub async fn proximal_gradient(
    objective: &impl Objective,
    start: Vec<f64>,
    l1: &[f64],
    limits: Limits,
) -> Result<Solution> {
    let (mut length, mut momentum) = (1.0, 1.0);
    let (mut w, mut ahead) = (start.clone(), start);
    let (mut gradient, mut total) = (f64::INFINITY, f64::INFINITY);
    for iteration in 0..limits.iterations_max {
        let here = objective.at(&ahead, false).await?;
        let mut halvings = 0;
        let (new, there) = loop {
            let target = ahead.iter().zip(&here.gradient).zip(l1);
            let new: Vec<f64> = target.map(|((w, slope), l1)| shrunk(w - length * slope, length * l1)).collect();
            let step = less(&new, &ahead);
            let there = objective.at(&new, false).await?;
            let bound = here.value + dot(&here.gradient, &step) + dot(&step, &step) / (2.0 * length);
            let fits = there.value.is_finite() && there.value <= bound + ROUNDING * here.value.abs();
            halvings += 1;
            if fits || halvings == 2 * HALVINGS_MAX {
                break (new, there);
            }
            length *= 0.5;
        };
        gradient = size(&subgradient(&new, &there.gradient, l1));
        total = there.value + norm(&new, l1);
        objective.iterated(iteration + 1, total, gradient);
        if gradient <= limits.tolerance {
            return Ok(Solution {
                parameters: new,
                iterations: iteration + 1,
                converged: true,
                gradient,
                value: total,
            });
        }
        if dot(&less(&ahead, &new), &less(&new, &w)) > 0.0 {
            (momentum, ahead, w) = (1.0, new.clone(), new); // it has turned: begin anew
            continue;
        }
        let next = (1.0 + (1.0_f64 + 4.0 * momentum * momentum).sqrt()) / 2.0;
        ahead = moved(&new, (momentum - 1.0) / next, &less(&new, &w));
        (w, momentum, length) = (new, next, length * 1.1);
    }
    Ok(Solution { parameters: w, iterations: limits.iterations_max, converged: false, gradient, value: total })
}

/// Steepest descent with Barzilai and Borwein's steps (1988), halved until the value falls.
pub async fn gradient_descent(objective: &impl Objective, start: Vec<f64>, limits: Limits) -> Result<Solution> {
    let mut w = start;
    let mut point = objective.at(&w, false).await?;
    let mut gradient = size(&point.gradient);
    let mut length = 1.0 / gradient.max(1.0);
    for iteration in 0..limits.iterations_max {
        let ended =
            |converged, value| Solution { parameters: w.clone(), iterations: iteration, converged, gradient, value };
        if gradient <= limits.tolerance {
            return Ok(ended(true, point.value));
        }
        let square = dot(&point.gradient, &point.gradient);
        let mut nearer = None;
        for _ in 0..HALVINGS_MAX {
            let new = moved(&w, -length, &point.gradient);
            let there = objective.at(&new, false).await?;
            let enough = point.value - FALL_SHARE * length * square + ROUNDING * point.value.abs();
            if there.value.is_finite() && there.value <= enough {
                nearer = Some((new, there));
                break;
            }
            length *= 0.5;
        }
        let Some((new, there)) = nearer else { return Ok(ended(false, point.value)) };
        let (step, turned) = (less(&new, &w), less(&there.gradient, &point.gradient));
        let curvature = dot(&step, &turned);
        (w, point) = (new, there);
        gradient = size(&point.gradient);
        objective.iterated(iteration + 1, point.value, gradient);
        length = if curvature > 0.0 { dot(&step, &step) / curvature } else { 2.0 * length };
    }
    let converged = gradient <= limits.tolerance;
    Ok(Solution { parameters: w, iterations: limits.iterations_max, converged, gradient, value: point.value })
}
