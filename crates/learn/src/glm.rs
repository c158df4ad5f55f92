//! One pass over the rows for a generalized linear model: loss, gradient and, on request, Hessian.

use crate::linear::{Products, STRIP_ROWS, combine, decisions};
use crate::rows::{BLOCK_ROWS, Rows};
use crate::statistic::Statistic;
use phalanx_chunk::Chunk;
use phalanx_chunk::simd::{self, Kernel};
use phalanx_chunk::ufunc::Unary;
use serde::{Deserialize, Serialize};

/// Rows whose derivatives are computed at once where no Hessian is wanted.
const PART_ROWS: usize = 512;

/// Values that are computed side by side.
const LANES: usize = 8;

/// How targets come from linear predictors. Losses are negative logarithms of likelihoods, without what does not
/// depend on the predictor (McCullagh and Nelder, "Generalized Linear Models", 2nd ed. 1989).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// Half the squared error.
    Gaussian,
    /// The log loss of targets 0 and 1.
    Binomial,
    /// Counts, whose mean is the exponential of the predictor.
    Poisson,
    /// Positive numbers, whose mean is the exponential of the predictor.
    Gamma,
    /// The log loss of targets 0, 1, …, by as many predictors.
    Multinomial,
}

impl std::str::FromStr for Family {
    type Err = phalanx_engine::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "gaussian" => Self::Gaussian,
            "binomial" => Self::Binomial,
            "poisson" => Self::Poisson,
            "gamma" => Self::Gamma,
            "multinomial" => Self::Multinomial,
            _ => {
                return Err(phalanx_engine::Error::input(format!("the family {name:?}"))
                    .with_hint("gaussian, binomial, poisson, gamma or multinomial"));
            }
        })
    }
}

/// The statistic of a pass.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GlmPass {
    /// Which losses.
    pub family: Family,
    /// For each predictor (one, or one a class) the coefficients and then the intercept.
    pub parameters: Vec<Vec<f64>>,
    /// Whether the Hessian is wanted. Of `k` predictors it has `k (k + 1) / 2` blocks, and costs as many times more.
    pub hessian: bool,
}

/// Weighted sums over rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GlmState {
    /// Rows.
    pub rows: u64,
    /// Rows whose target the family does not have.
    pub bad_targets: u64,
    /// Of the weights.
    pub weight: f64,
    /// Of the losses.
    pub loss: f64,
    /// Of the losses' gradients: for each predictor the coefficients and then the intercept.
    pub gradient: Vec<f64>,
    /// Of the losses' Hessians by the parameters in the gradient's order, packed by rows on and below the diagonal;
    /// empty, if it was not wanted.
    pub hessian: Vec<f64>,
}

impl Statistic for GlmPass {
    type State = GlmState;

    fn of(&self, rows: &Rows<'_>) -> GlmState {
        // Without a Hessian, rows are read twice and little else happens: in parts that stay in a cache.
        let size = if self.hessian { rows.count() } else { PART_ROWS };
        let parts = (0..rows.count()).step_by(size.max(1)).map(|first| self.part(&rows.part(first, size)));
        parts.reduce(Self::merge).unwrap_or_else(|| self.part(rows))
    }

    fn state_numbers(&self, width: usize) -> u64 {
        // Beside them the derivatives of a block of rows.
        let lines = self.parameters.len() as u64;
        let side = lines.saturating_mul(width as u64 + 8);
        let block = BLOCK_ROWS as u64 * lines;
        if self.hessian { side.saturating_mul(side).saturating_add(block * lines) } else { side + block }
    }

    fn merge(mut left: GlmState, right: GlmState) -> GlmState {
        left.rows += right.rows;
        left.bad_targets += right.bad_targets;
        left.weight += right.weight;
        left.loss += right.loss;
        left.gradient.iter_mut().zip(&right.gradient).for_each(|(left, right)| *left += right);
        left.hessian.iter_mut().zip(&right.hessian).for_each(|(left, right)| *left += right);
        left
    }
}

impl GlmPass {
    /// The state of rows that are taken at once.
    fn part(&self, rows: &Rows<'_>) -> GlmState {
        let (width, count) = (rows.width(), rows.count());
        let mut predictors: Vec<Vec<f64>> = vec![];
        for parameters in &self.parameters {
            let (intercept, coefficients) = parameters.split_last().unwrap_or((&0.0, &[]));
            let mut predictor = vec![0.0; count];
            decisions(rows.features(), coefficients, *intercept, &mut predictor);
            predictors.push(predictor);
        }
        let mut state = GlmState {
            rows: count as u64,
            bad_targets: 0,
            weight: (0..count).map(|row| rows.weight(row)).sum(),
            loss: 0.0,
            gradient: vec![],
            hessian: vec![],
        };
        let curvatures = match self.family {
            Family::Multinomial => self.several(rows, &mut predictors, &mut state),
            _ => predictors.first_mut().map_or(vec![], |predictor| vec![self.one(rows, predictor, &mut state)]),
        };
        if self.hessian {
            let blocks = hessian(rows, &predictors, &curvatures);
            for diagonal in (0..predictors.len()).map(|a| &blocks[a * (a + 1) / 2 + a]) {
                state.gradient.extend((0..=width).map(|i| diagonal.vector(i)));
            }
            let side = predictors.len() * (width + 1);
            let entries = (0..side).flat_map(|i| (0..=i).map(move |j| (i, j)));
            state.hessian = entries
                .map(|(i, j)| {
                    let (a, b) = (i / (width + 1), j / (width + 1));
                    blocks[a * (a + 1) / 2 + b].matrix(i % (width + 1), j % (width + 1))
                })
                .collect();
        } else {
            for residuals in &predictors {
                let mut sums = vec![0.0; width];
                combine(rows.features(), residuals, &mut sums);
                state.gradient.extend(sums);
                state.gradient.push(residuals.iter().sum());
            }
        }
        state
    }

    /// Replaces linear predictors by the first derivatives of the weighted losses; gives the second ones.
    fn one(&self, rows: &Rows<'_>, predictor: &mut [f64], state: &mut GlmState) -> Vec<f64> {
        let count = predictor.len();
        let padded = count.next_multiple_of(LANES);
        let fill = |values: &[f64], count: usize, other: f64| {
            let mut filled = values.to_vec();
            filled.resize(count, other);
            filled
        };
        // What is beyond the rows weighs nothing, and has a target that every family has.
        let mut x = fill(predictor, padded, 0.0);
        let none = if rows.targets().is_empty() { f64::NAN } else { 1.0 };
        let targets = fill(&fill(rows.targets(), count, none), padded, 1.0);
        let weights = fill(&fill(rows.weights(), count, 1.0), padded, 0.0);
        let exponentials = match self.family {
            Family::Gaussian => vec![0.0; padded],
            Family::Binomial => elementwise(Unary::Exp, x.iter().map(|x| -x.abs()).collect()),
            Family::Gamma => elementwise(Unary::Exp, x.iter().map(|x| -x).collect()),
            Family::Poisson | Family::Multinomial => elementwise(Unary::Exp, x.clone()),
        };
        // log(1 + small), which is what the binomial loss has beside the predictor.
        let logarithms = match self.family {
            Family::Binomial => log_of_one_plus(&exponentials),
            _ => vec![0.0; padded],
        };
        let mut curvatures = vec![0.0; padded];
        macro_rules! derive {
            ($of:expr) => {
                simd::run(Derive {
                    predictor: &mut x,
                    exponentials: &exponentials,
                    logarithms: &logarithms,
                    targets: &targets,
                    weights: &weights,
                    curvatures: &mut curvatures,
                    of: $of,
                })
            };
        }
        let (loss, bad) = match self.family {
            Family::Gaussian => derive!(|x, _e, _l, target: f64| {
                let from = x - target;
                [0.5 * from * from, from, 1.0, unless(target.is_finite())]
            }),
            Family::Binomial => derive!(|x: f64, e, logarithm, target: f64| {
                let most = 1.0 / (1.0 + e);
                let less = e * most;
                let probability = if x >= 0.0 { most } else { less };
                let loss = x.max(0.0) - x * target + logarithm;
                [loss, probability - target, less * most, unless(target == 0.0 || target == 1.0)]
            }),
            Family::Gamma => derive!(|x, e, _l, target: f64| {
                let share = target * e;
                [share + x, 1.0 - share, share, unless(target > 0.0 && target.is_finite())]
            }),
            Family::Poisson | Family::Multinomial => derive!(|x, e, _l, target: f64| {
                [e - target * x, e - target, e, unless(target >= 0.0 && target.is_finite())]
            }),
        };
        state.loss += loss;
        state.bad_targets += bad as u64;
        predictor.copy_from_slice(&x[..count]);
        curvatures.truncate(count);
        curvatures
    }

    /// The same for the predictors of several classes. The second derivatives are those by predictors `a ≥ b`, packed by
    /// rows: `p_a (δ_ab - p_b)`, where `p` are the probabilities; none, if they are not wanted.
    fn several(&self, rows: &Rows<'_>, predictors: &mut [Vec<f64>], state: &mut GlmState) -> Vec<Vec<f64>> {
        let count = rows.count();
        let mut largest = vec![f64::NEG_INFINITY; count];
        for predictor in predictors.iter() {
            largest.iter_mut().zip(predictor).for_each(|(most, x)| *most = most.max(*x));
        }
        let targets: Vec<usize> = (0..count)
            .map(|row| {
                let target = rows.targets().get(row).copied().unwrap_or(f64::NAN);
                let class = target as usize;
                if class < predictors.len() && class as f64 == target { class } else { usize::MAX }
            })
            .collect();
        state.bad_targets += targets.iter().filter(|class| **class == usize::MAX).count() as u64;
        let own: Vec<f64> = (0..count)
            .map(|row| predictors.get(targets[row]).map_or(f64::NAN, |predictor| predictor[row] - largest[row]))
            .collect();
        let mut sums = vec![0.0; count];
        for predictor in predictors.iter_mut() {
            let shifted = predictor.iter().zip(&largest).map(|(x, most)| x - most).collect();
            *predictor = elementwise(Unary::Exp, shifted);
            sums.iter_mut().zip(predictor.iter()).for_each(|(sum, e)| *sum += e);
        }
        let logarithms = elementwise(Unary::Log, sums.clone());
        for row in 0..count {
            state.loss += rows.weight(row) * (logarithms[row] - own[row]);
        }
        for predictor in predictors.iter_mut() {
            predictor.iter_mut().zip(&sums).for_each(|(place, sum)| *place /= sum);
        }
        let mut curvatures = vec![];
        for a in (0..predictors.len()).filter(|_| self.hessian) {
            for b in 0..=a {
                let (p, q) = (&predictors[a], &predictors[b]);
                let of =
                    |row: usize| rows.weight(row) * if a == b { p[row] * (1.0 - p[row]) } else { -p[row] * q[row] };
                curvatures.push((0..count).map(of).collect());
            }
        }
        for (class, predictor) in predictors.iter_mut().enumerate() {
            for (row, place) in predictor.iter_mut().enumerate() {
                let hit = if targets[row] == class { 1.0 } else { 0.0 };
                *place = rows.weight(row) * (*place - hit);
            }
        }
        curvatures
    }
}

/// For predictors `a ≥ b`, packed by rows, the sums of `curvature · x xᵀ`; those of `a = b` also have the sums of
/// `residual · x`.
fn hessian(rows: &Rows<'_>, residuals: &[Vec<f64>], curvatures: &[Vec<f64>]) -> Vec<Products> {
    let width = rows.width();
    let none = vec![0.0; rows.count()];
    let pairs = (0..residuals.len()).flat_map(|a| (0..=a).map(move |b| (a, b)));
    pairs
        .zip(curvatures)
        .map(|((a, b), curvatures)| {
            let mut products = Products::new(width);
            let residuals = if a == b { &residuals[a] } else { &none };
            let strips = residuals.chunks(STRIP_ROWS).zip(curvatures.chunks(STRIP_ROWS));
            for (features, (residuals, curvatures)) in rows.features().chunks(STRIP_ROWS * width).zip(strips) {
                products.add(features, residuals, curvatures);
            }
            products
        })
        .collect()
}

/// The function of every value, with the vectors of the array crate's kernels.
fn elementwise(function: Unary, values: Vec<f64>) -> Vec<f64> {
    let count = values.len();
    let made = function.apply(&Chunk::vector(values));
    made.and_then(|made| Ok(made.values::<f64>()?.to_vec())).unwrap_or_else(|_| vec![f64::NAN; count])
}

/// `log(1 + x)` for `x` between 0 and 1, to its last digits also for small ones: with `u = 1 + x` rounded, the share of
/// `x` that was lost is made good (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 1.14.1).
fn log_of_one_plus(x: &[f64]) -> Vec<f64> {
    let mut logarithms = elementwise(Unary::Log, x.iter().map(|x| 1.0 + x).collect());
    for (logarithm, x) in logarithms.iter_mut().zip(x) {
        let rounded = (1.0 + x) - 1.0;
        *logarithm = if rounded == 0.0 { *x } else { *logarithm * (x / rounded) };
    }
    logarithms
}

/// The derivatives of the weighted losses of rows, in place of their predictors. All slices have one length, a multiple
/// of [`LANES`]; `of` gives loss, first and second derivative, and 1 where a target is none of the family, of a
/// predictor, the two functions of it that were computed before, and the target.
struct Derive<'a, F> {
    predictor: &'a mut [f64],
    exponentials: &'a [f64],
    logarithms: &'a [f64],
    targets: &'a [f64],
    weights: &'a [f64],
    curvatures: &'a mut [f64],
    of: F,
}

impl<F: Fn(f64, f64, f64, f64) -> [f64; 4]> Kernel for Derive<'_, F> {
    /// The sum of the weighted losses, and how many targets are bad.
    type Output = (f64, f64);

    #[inline(always)]
    fn run(self) -> (f64, f64) {
        let (mut losses, mut bads) = ([0.0; LANES], [0.0; LANES]);
        let (predictor, _) = self.predictor.as_chunks_mut::<LANES>();
        let (curvatures, _) = self.curvatures.as_chunks_mut::<LANES>();
        let (exponentials, _) = self.exponentials.as_chunks::<LANES>();
        let (logarithms, _) = self.logarithms.as_chunks::<LANES>();
        let ((targets, _), (weights, _)) = (self.targets.as_chunks::<LANES>(), self.weights.as_chunks::<LANES>());
        let count = predictor.len().min(curvatures.len()).min(exponentials.len()).min(logarithms.len());
        for chunk in 0..count.min(targets.len()).min(weights.len()) {
            let (x, e, l) = (&mut predictor[chunk], &exponentials[chunk], &logarithms[chunk]);
            let (t, w, curvature) = (&targets[chunk], &weights[chunk], &mut curvatures[chunk]);
            for lane in 0..LANES {
                let [loss, first, second, bad] = (self.of)(x[lane], e[lane], l[lane], t[lane]);
                losses[lane] += w[lane] * loss;
                bads[lane] += bad;
                x[lane] = w[lane] * first;
                curvature[lane] = w[lane] * second;
            }
        }
        let sum = |[a, b, c, d, e, f, g, h]: [f64; LANES]| ((a + b) + (c + d)) + ((e + f) + (g + h));
        (sum(losses), sum(bads))
    }
}

/// 1 for what is not so.
#[inline(always)]
fn unless(is_so: bool) -> f64 {
    if is_so { 0.0 } else { 1.0 }
}

crate::statistic!(GlmPass, "learn_glm_pass");

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle is differences of the loss.
    #[test]
    fn gradients_and_hessians_are_derivatives_of_the_loss() {
        let value = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0;
        let features: Vec<f64> = (0..200 * 3).map(value).collect();
        let weights: Vec<f64> = (0..200).map(|row| 1.0 + (row % 3) as f64).collect();
        let here: Vec<f64> = vec![0.3, -0.5, 1.2, 0.1, 0.2, 0.4, -0.3, 0.0, -0.1, 0.6, 0.9, -0.4];
        for (family, classes) in [
            (Family::Gaussian, 1),
            (Family::Binomial, 1),
            (Family::Poisson, 1),
            (Family::Gamma, 1),
            (Family::Multinomial, 3),
        ] {
            let targets: Vec<f64> = (0..200)
                .map(|row| match family {
                    Family::Gaussian => value(row * 31),
                    Family::Binomial => f64::from(u8::from(value(row * 31) > 0.1)),
                    Family::Gamma => 1.5 + value(row * 31),
                    _ => (row * 31 % 3) as f64,
                })
                .collect();
            let rows = Rows::new(3, &features, &targets, &weights).unwrap();
            let at = |parameters: &[f64], hessian: bool| {
                let parameters = parameters.chunks(4).take(classes).map(<[f64]>::to_vec).collect();
                GlmPass { family, parameters, hessian }.of(&rows)
            };
            let state = at(&here, true);
            let plain = at(&here, false);
            assert!(state.gradient.iter().zip(&plain.gradient).all(|(a, b)| (a - b).abs() < 1e-12), "{family:?}");
            assert_eq!((state.rows, state.bad_targets), (200, 0));
            let step = 1e-5;
            for i in 0..4 * classes {
                let moved = |by: f64| {
                    let mut there = here.clone();
                    there[i] += by;
                    at(&there, false)
                };
                let (up, down) = (moved(step), moved(-step));
                let slope = (up.loss - down.loss) / (2.0 * step);
                assert!((slope - state.gradient[i]).abs() < 1e-5, "{family:?} {i}: {slope} {}", state.gradient[i]);
                for j in 0..=i {
                    let slope = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                    let entry = state.hessian[i * (i + 1) / 2 + j];
                    assert!((slope - entry).abs() < 1e-5, "{family:?} {i} {j}: {slope} {entry}");
                }
            }
        }
    }

    #[test]
    fn small_logarithms_keep_their_digits() {
        for x in [0.0, 5e-324, 1e-300, 1e-17, 3e-16, 1e-9, 0.3, 1.0] {
            let (ours, exact) = (log_of_one_plus(&[x])[0], libm::log1p(x));
            assert!((ours - exact).abs() <= 4.0 * f64::EPSILON * exact, "{x}: {ours} {exact}");
        }
    }

    #[test]
    fn targets_that_a_family_does_not_have_are_counted() {
        let pass =
            |family, parameters: usize| GlmPass { family, parameters: vec![vec![0.0; 2]; parameters], hessian: false };
        for (family, count, bad) in [
            (Family::Binomial, 1, vec![0.5, f64::NAN, -1.0]),
            (Family::Poisson, 1, vec![-1.0, f64::NAN, f64::INFINITY]),
            (Family::Multinomial, 3, vec![3.0, -1.0, 1.5]),
        ] {
            let state = pass(family, count).of(&Rows::new(1, &[1.0, 2.0, 3.0], &bad, &[]).unwrap());
            assert_eq!(state.bad_targets, 3, "{family:?}");
        }
    }
}
