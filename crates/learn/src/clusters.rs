//! One step of Lloyd's algorithm.

use crate::rows::Rows;
use crate::statistic::Statistic;
use phalanx_chunk::simd::{self, Kernel};
use serde::{Deserialize, Serialize};

/// Distances that are computed side by side.
const LANES: usize = 8;

/// For each center the sum of the rows that are nearest to it (of several, the first), weighted.
///
/// Distances are sums of squared differences, not differences of squares: they keep their digits far from zero. Cost:
/// `rows · centers · features` multiplications.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Clusters {
    /// The centers, one after the other.
    pub centers: Vec<f64>,
}

/// What [`Clusters`] knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClustersState {
    /// Rows.
    pub rows: u64,
    /// The weight of the rows of each center.
    pub weight: Vec<f64>,
    /// Their weighted sums, center by center.
    pub sums: Vec<f64>,
    /// The weighted sum of squared distances to the nearest center.
    pub inertia: f64,
    /// The largest squared distance of a row that weighs something, and the first row that has it.
    pub farthest: (f64, Vec<f64>),
}

impl Statistic for Clusters {
    type State = ClustersState;

    fn of(&self, rows: &Rows<'_>) -> ClustersState {
        let width = rows.width();
        let count = self.centers.len() / width;
        let mut state = ClustersState {
            rows: rows.count() as u64,
            weight: vec![0.0; count],
            sums: vec![0.0; count * width],
            inertia: 0.0,
            farthest: (-1.0, vec![]),
        };
        let nearest = nearest(rows, &self.centers);
        for (row, (values, &(center, distance))) in rows.features().chunks_exact(width).zip(&nearest).enumerate() {
            let weight = rows.weight(row);
            state.weight[center] += weight;
            state.inertia += weight * distance;
            let sums = &mut state.sums[center * width..(center + 1) * width];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            if weight > 0.0 && distance > state.farthest.0 {
                state.farthest = (distance, values.to_vec());
            }
        }
        state
    }

    fn merge(mut left: ClustersState, right: ClustersState) -> ClustersState {
        left.rows += right.rows;
        left.inertia += right.inertia;
        left.weight.iter_mut().zip(&right.weight).for_each(|(left, right)| *left += right);
        left.sums.iter_mut().zip(&right.sums).for_each(|(left, right)| *left += right);
        if right.farthest.0 > left.farthest.0 {
            left.farthest = right.farthest;
        }
        left
    }

    fn state_numbers(&self, width: usize) -> u64 {
        (self.centers.len() + self.centers.len() / width.max(1) + width) as u64 * 2
    }
}

/// For each row its nearest center, of several the first, and the squared distance.
pub(crate) fn nearest(rows: &Rows<'_>, centers: &[f64]) -> Vec<(usize, f64)> {
    let width = rows.width();
    let mut nearest = vec![(0_usize, 0.0); rows.count()];
    let (panels, count) = (panels(centers, width), centers.len() / width);
    simd::run(Nearest { features: rows.features(), width, centers: &panels, count, out: &mut nearest });
    nearest
}

/// The centers in panels of eight: feature by feature, the values of eight centers side by side. What a panel has no
/// centers for is infinitely far.
fn panels(centers: &[f64], width: usize) -> Vec<[f64; LANES]> {
    let count = centers.len() / width;
    let mut panels = vec![[f64::INFINITY; LANES]; count.div_ceil(LANES) * width];
    for (center, values) in centers.chunks_exact(width).enumerate() {
        for (feature, value) in values.iter().enumerate() {
            panels[center / LANES * width + feature][center % LANES] = *value;
        }
    }
    panels
}

struct Nearest<'a> {
    features: &'a [f64],
    width: usize,
    centers: &'a [[f64; LANES]],
    count: usize,
    out: &'a mut [(usize, f64)],
}

impl Kernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let panels = self.centers.len() / self.width;
        for row in 0..self.out.len() {
            let values = &self.features[row * self.width..(row + 1) * self.width];
            let mut best = (0, f64::INFINITY);
            for panel in 0..panels {
                let centers = &self.centers[panel * self.width..(panel + 1) * self.width];
                let mut sums = [0.0; LANES];
                for feature in 0..values.len().min(centers.len()) {
                    for lane in 0..LANES {
                        let from = values[feature] - centers[feature][lane];
                        sums[lane] += from * from;
                    }
                }
                for (lane, &sum) in sums.iter().enumerate().take(self.count - panel * LANES) {
                    if sum < best.1 {
                        best = (panel * LANES + lane, sum);
                    }
                }
            }
            self.out[row] = best;
        }
    }
}

crate::statistic!(Clusters, "learn_clusters");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_to_the_nearest_center() {
        let value = |i: usize| ((i * 7919) % 101) as f64 / 7.0;
        for (width, count) in [(1, 1), (3, 7), (9, 8), (4, 19)] {
            let features: Vec<f64> = (0..50 * width).map(value).collect();
            let centers: Vec<f64> = (0..count * width).map(|i| value(i * 3 + 1)).collect();
            let state = Clusters { centers: centers.clone() }.of(&Rows::new(width, &features, &[], &[]).unwrap());
            let mut weights = vec![0.0; count];
            let mut inertia = 0.0;
            for row in features.chunks_exact(width) {
                let distance = |center: &[f64]| center.iter().zip(row).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
                let distances: Vec<f64> = centers.chunks_exact(width).map(distance).collect();
                let best = (0..count).min_by(|a, b| distances[*a].total_cmp(&distances[*b])).unwrap();
                weights[best] += 1.0;
                inertia += distances[best];
            }
            assert_eq!(state.weight, weights);
            assert!((state.inertia - inertia).abs() < 1e-9 * inertia, "{} {inertia}", state.inertia);
        }
    }
}
