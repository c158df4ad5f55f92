//! Alternating directions.

use super::newton::newton;
use super::{Limits, Objective, Point, Solution, less, norm, shrunk, size, subgradient};
use crate::dense::dot;
use phalanx_engine::Result;

/// For how many steps the penalty is changed: for ever, it need not converge (Boyd et al., section 3.4.1).
const ADAPTIONS_MAX: u64 = 50;

/// The most Newton steps of a turn.
const TURN_ITERATIONS_MAX: u64 = 20;

/// The smooth part and the norm in turns (Boyd et al., "Distributed optimization and statistical learning via the
/// alternating direction method of multipliers", 2011, sections 6.3, 3.4.1 and 3.4.3).
///
/// dask-ml gives each block of rows a share of the problem, so that what comes out depends on how rows are cut; here
/// there is one share, all rows, and its minimum is found by Newton's method from where it was before.
pub async fn admm(
    objective: &impl Objective,
    start: Vec<f64>,
    l1: &[f64],
    limits: Limits,
    rho: f64,
    over_relax: f64,
) -> Result<Solution> {
    let (mut w, mut z) = (start.clone(), start);
    let (mut dual, mut rho) = (vec![0.0; z.len()], rho);
    let (mut gradient, mut total) = (f64::INFINITY, f64::INFINITY);
    let none = vec![0.0; z.len()];
    let turn = Limits { tolerance: limits.tolerance * 0.1, iterations_max: TURN_ITERATIONS_MAX };
    for iteration in 0..limits.iterations_max {
        w = newton(&Pulled { objective, target: less(&z, &dual), rho }, w, &none, turn).await?.parameters;
        let relaxed = w.iter().zip(&z).map(|(w, z)| over_relax * w + (1.0 - over_relax) * z);
        let target: Vec<f64> = relaxed.zip(&dual).map(|(w, dual)| w + dual).collect();
        let new: Vec<f64> = target.iter().zip(l1).map(|(target, l1)| shrunk(*target, l1 / rho)).collect();
        dual = less(&target, &new);
        let change = rho * length(&less(&new, &z));
        z = new;
        let there = objective.at(&z, false).await?;
        gradient = size(&subgradient(&z, &there.gradient, l1));
        total = there.value + norm(&z, l1);
        objective.iterated(iteration + 1, total, gradient);
        if gradient <= limits.tolerance {
            return Ok(Solution { parameters: z, iterations: iteration + 1, converged: true, gradient, value: total });
        }
        if iteration >= ADAPTIONS_MAX {
            continue;
        }
        let primal = length(&less(&w, &z));
        let factor = if primal > 10.0 * change { 2.0 } else { 0.5 };
        if primal > 10.0 * change || change > 10.0 * primal {
            rho *= factor;
            dual.iter_mut().for_each(|dual| *dual /= factor);
        }
    }
    Ok(Solution { parameters: z, iterations: limits.iterations_max, converged: false, gradient, value: total })
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// The smooth part and half of `rho` times the squared distance from a target.
struct Pulled<'a, O> {
    objective: &'a O,
    target: Vec<f64>,
    rho: f64,
}

impl<O: Objective> Objective for Pulled<'_, O> {
    async fn at(&self, parameters: &[f64], hessian: bool) -> Result<Point> {
        let mut point = self.objective.at(parameters, hessian).await?;
        let away = less(parameters, &self.target);
        point.value += self.rho / 2.0 * dot(&away, &away);
        point.gradient.iter_mut().zip(&away).for_each(|(slope, away)| *slope += self.rho * away);
        if let Some(hessian) = &mut point.hessian {
            hessian.add_diagonal(&vec![self.rho; away.len()]);
        }
        Ok(point)
    }
    fn iterated(&self, _iteration: u64, _value: f64, _gradient: f64) {} // a turn is no iteration
}
