//! Quasi-Newton steps from the last gradients.

use super::{FALL_SHARE, Limits, Objective, Point, ROUNDING, Solution, less, moved, size};
use crate::dense::dot;
use phalanx_engine::Result;
use std::collections::VecDeque;

/// Steps that are remembered: as many as SciPy's.
const MEMORY: usize = 10;

/// The share of the slope that may be left at the end of a step (Nocedal and Wright, section 3.1: 0.9 for quasi-Newton
/// methods).
const SLOPE_SHARE: f64 = 0.9;

/// The most values that a search along a line may cost; scikit-learn lets SciPy take as many.
const SEARCH_MAX: u32 = 50;

/// A step and what it changed.
struct Pair {
    step: Vec<f64>,
    turned: Vec<f64>,
    curvature: f64,
}

/// L-BFGS (Nocedal and Wright, "Numerical Optimization", 2nd ed. 2006, algorithms 7.4 and 7.5) with a search for the
/// strong Wolfe conditions (3.5 and 3.6). The first step has length 1, as SciPy's. A value that no longer falls by more
/// than rounding is converged.
pub async fn lbfgs(objective: &impl Objective, start: Vec<f64>, limits: Limits) -> Result<Solution> {
    let mut w = start;
    let mut point = objective.at(&w, false).await?;
    let mut pairs: VecDeque<Pair> = VecDeque::new();
    let mut gradient = size(&point.gradient);
    for iteration in 0..limits.iterations_max {
        let ended =
            |converged, value| Solution { parameters: w.clone(), iterations: iteration, converged, gradient, value };
        if gradient <= limits.tolerance {
            return Ok(ended(true, point.value));
        }
        let mut direction = direction(&point.gradient, &pairs);
        if dot(&direction, &point.gradient) >= 0.0 {
            pairs.clear(); // rounding has made it no descent: begin anew
            direction = point.gradient.iter().map(|slope| -slope).collect();
        }
        let first = if pairs.is_empty() { 1.0 / dot(&direction, &direction).sqrt() } else { 1.0 };
        let Some((length, there)) = search(objective, &w, &point, &direction, first).await? else {
            if pairs.is_empty() {
                return Ok(ended(false, point.value)); // rounding is all that is left
            }
            pairs.clear();
            continue;
        };
        let step: Vec<f64> = direction.iter().map(|direction| length * direction).collect();
        let turned = less(&there.gradient, &point.gradient);
        let curvature = dot(&step, &turned);
        let fall = point.value - there.value;
        let at_rest = fall <= ROUNDING * point.value.abs().max(there.value.abs()).max(1.0);
        w = moved(&w, 1.0, &step);
        if curvature > f64::EPSILON * dot(&turned, &turned) {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { step, turned, curvature });
        }
        point = there;
        gradient = size(&point.gradient);
        objective.iterated(iteration + 1, point.value, gradient);
        if at_rest {
            return Ok(Solution {
                parameters: w,
                iterations: iteration + 1,
                converged: true,
                gradient,
                value: point.value,
            });
        }
    }
    let converged = gradient <= limits.tolerance;
    Ok(Solution { parameters: w, iterations: limits.iterations_max, converged, gradient, value: point.value })
}

/// Minus the gradient times what the pairs say of the inverse Hessian.
fn direction(gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut factors = vec![];
    for pair in pairs.iter().rev() {
        let factor = dot(&pair.step, &direction) / pair.curvature;
        direction.iter_mut().zip(&pair.turned).for_each(|(to, turned)| *to -= factor * turned);
        factors.push(factor);
    }
    if let Some(last) = pairs.back() {
        let scale = last.curvature / dot(&last.turned, &last.turned);
        direction.iter_mut().for_each(|to| *to *= scale);
    }
    for (pair, factor) in pairs.iter().zip(factors.iter().rev()) {
        let back = factor - dot(&pair.turned, &direction) / pair.curvature;
        direction.iter_mut().zip(&pair.step).for_each(|(to, step)| *to += back * step);
    }
    direction
}

/// A place on the line: how far, the value, and the slope along the line.
#[derive(Clone, Copy)]
struct Place {
    length: f64,
    value: f64,
    slope: f64,
}

/// A length along the line that meets the strong Wolfe conditions, and the function there; none, if none is found.
async fn search(
    objective: &impl Objective,
    w: &[f64],
    point: &Point,
    direction: &[f64],
    first: f64,
) -> Result<Option<(f64, Point)>> {
    let start = Place { length: 0.0, value: point.value, slope: dot(&point.gradient, direction) };
    let slack = ROUNDING * start.value.abs();
    let falls = |place: Place| place.value <= start.value + FALL_SHARE * place.length * start.slope + slack;
    // The minimum lies between `low`, the best so far, and `high`, once that is known.
    let (mut low, mut high): (Place, Option<Place>) = (start, None);
    let (mut length, mut before) = (first, start);
    for _ in 0..SEARCH_MAX {
        let there = objective.at(&moved(w, length, direction), false).await?;
        let place = Place { length, value: there.value, slope: dot(&there.gradient, direction) };
        if !(place.value.is_finite() && place.slope.is_finite()) {
            // Beyond where the function has values.
            high = Some(Place { value: f64::INFINITY, slope: f64::INFINITY, ..place });
            length = 0.5 * (low.length + length);
            continue;
        }
        if !falls(place) || (place.value >= low.value + slack && low.length > 0.0) {
            high = Some(place);
        } else if place.slope.abs() <= SLOPE_SHARE * start.slope.abs() {
            return Ok(Some((length, there)));
        } else {
            let rises = match high {
                None => place.slope >= 0.0,
                Some(high) => place.slope * (high.length - low.length) >= 0.0,
            };
            if rises {
                high = Some(low);
            }
            before = std::mem::replace(&mut low, place);
        }
        length = match high {
            None => beyond(before, low),
            Some(high) => between(low, high),
        };
        if high.is_some_and(|high| (high.length - low.length).abs() <= f64::EPSILON * low.length.max(first)) {
            break;
        }
    }
    Ok(None)
}

/// Where the slope ends if it goes on as between two places, but neither much nearer nor farther than they are apart
/// (Moré and Thuente 1994, with their bounds).
fn beyond(before: Place, low: Place) -> f64 {
    let width = low.length - before.length;
    let secant = low.length + low.slope * width / (before.slope - low.slope);
    let (least, most) = (low.length + 1.1 * width, low.length + 4.0 * width);
    if secant.is_finite() && before.slope < low.slope { secant.clamp(least, most) } else { most }
}

/// The minimum of the cubic through two places (Nocedal and Wright, equation 3.59), kept away from both ends.
fn between(low: Place, high: Place) -> f64 {
    let width = high.length - low.length;
    let (least, most) = (low.length + 0.1 * width, low.length + 0.9 * width);
    let middle = low.length + 0.5 * width;
    let d1 = low.slope + high.slope - 3.0 * (low.value - high.value) / (low.length - high.length);
    let root = (d1 * d1 - low.slope * high.slope).sqrt().copysign(width);
    let cubic = high.length - width * (high.slope + root - d1) / (high.slope - low.slope + 2.0 * root);
    if cubic.is_finite() { cubic.clamp(least.min(most), least.max(most)) } else { middle }
}
