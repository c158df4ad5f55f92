//! What is known of each feature, and of each feature of each class: moments, extremes, what is missing.

use crate::matrix::Matrix;
use crate::rows::Rows;
use crate::scale::need_finite;
use crate::statistic::{self, Statistic};
use crate::strips;
use phalanx_engine::{Engine, Result};
use serde::{Deserialize, Serialize};

/// Moments and extremes of every feature, by class where rows have one. NaN is left out and counted.
///
/// Moments are computed and merged as those of [`Moments`](crate::Moments): strips or blocks in two passes, merges by the
/// formula of Chan, Golub and LeVeque (1983). Cost: about ten operations a value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Columns {
    /// How many classes the targets number, from 0; or 0, if all rows are of one class whatever their target.
    pub classes: usize,
}

/// What [`Columns`] knows. Vectors have one entry for each class (at least one) and feature, class by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnsState {
    /// Rows.
    pub rows: u64,
    /// Rows whose target is no class.
    pub bad_targets: u64,
    /// The sums of the weights of the rows of each class.
    pub class_weight: Vec<f64>,
    /// The sum of the weights of the values that are there.
    pub weight: Vec<f64>,
    /// How many values are there.
    pub count: Vec<u64>,
    /// Their mean.
    pub mean: Vec<f64>,
    /// The sum of their weighted squared deviations from the mean.
    pub deviation: Vec<f64>,
    /// The smallest value; infinity, if there is none.
    pub min: Vec<f64>,
    /// The largest value; minus infinity, if there is none.
    pub max: Vec<f64>,
    /// How many values are infinite.
    pub infinite: Vec<u64>,
}

impl Columns {
    /// No rows.
    pub(crate) fn nothing(&self, width: usize) -> ColumnsState {
        let classes = self.classes.max(1);
        let size = width * classes;
        ColumnsState {
            rows: 0,
            bad_targets: 0,
            class_weight: vec![0.0; classes],
            weight: vec![0.0; size],
            count: vec![0; size],
            mean: vec![0.0; size],
            deviation: vec![0.0; size],
            min: vec![f64::INFINITY; size],
            max: vec![f64::NEG_INFINITY; size],
            infinite: vec![0; size],
        }
    }

    /// Value by value, whatever there is.
    pub(crate) fn plain(&self, rows: &Rows<'_>) -> ColumnsState {
        let width = rows.width();
        let mut state = ColumnsState { rows: rows.count() as u64, ..self.nothing(width) };
        let class_of = |row: usize| match self.classes {
            0 => Some(0),
            classes => {
                let target = rows.targets().get(row).copied().unwrap_or(f64::NAN);
                let class = target as usize; // saturates; NaN becomes 0
                (class < classes && class as f64 == target).then_some(class)
            }
        };
        for (row, values) in rows.features().chunks_exact(width).enumerate() {
            let Some(class) = class_of(row) else {
                state.bad_targets += 1;
                continue;
            };
            let (w, of) = (rows.weight(row), class * width..(class + 1) * width);
            state.class_weight[class] += w;
            let (weight, count) = (&mut state.weight[of.clone()], &mut state.count[of.clone()]);
            let (mean, infinite) = (&mut state.mean[of.clone()], &mut state.infinite[of.clone()]);
            let (min, max) = (&mut state.min[of.clone()], &mut state.max[of]);
            for (column, &value) in values.iter().enumerate() {
                let there = !value.is_nan();
                weight[column] += if there { w } else { 0.0 };
                mean[column] += if there { w * value } else { 0.0 };
                count[column] += u64::from(there);
                infinite[column] += u64::from(value.is_infinite());
                // Comparisons with NaN are false.
                min[column] = if value < min[column] { value } else { min[column] };
                max[column] = if value > max[column] { value } else { max[column] };
            }
        }
        for (mean, weight) in state.mean.iter_mut().zip(&state.weight) {
            *mean = if *weight > 0.0 { *mean / weight } else { 0.0 };
        }
        for (row, values) in rows.features().chunks_exact(width).enumerate() {
            let Some(class) = class_of(row) else { continue };
            let (w, of) = (rows.weight(row), class * width..(class + 1) * width);
            let (mean, deviation) = (&state.mean[of.clone()], &mut state.deviation[of]);
            for (column, &value) in values.iter().enumerate() {
                let from = value - mean[column];
                deviation[column] += if value.is_nan() { 0.0 } else { w * from * from };
            }
        }
        state
    }
}

impl Statistic for Columns {
    type State = ColumnsState;

    fn of(&self, rows: &Rows<'_>) -> ColumnsState {
        if self.classes > 0 {
            return self.plain(rows);
        }
        let mut state = self.nothing(rows.width());
        strips::add(&mut state, rows, |strip| self.plain(strip));
        state
    }

    fn merge(mut left: ColumnsState, right: ColumnsState) -> ColumnsState {
        left.rows += right.rows;
        left.bad_targets += right.bad_targets;
        left.class_weight.iter_mut().zip(&right.class_weight).for_each(|(left, right)| *left += right);
        for at in 0..left.mean.len().min(right.mean.len()) {
            let weight = left.weight[at] + right.weight[at];
            let share = if weight > 0.0 { right.weight[at] / weight } else { 0.0 };
            let shift = right.mean[at] - left.mean[at];
            left.mean[at] += if share > 0.0 { shift * share } else { 0.0 };
            left.deviation[at] += right.deviation[at];
            left.deviation[at] += if share > 0.0 { shift * shift * left.weight[at] * share } else { 0.0 };
            left.weight[at] = weight;
            left.count[at] += right.count[at];
            left.infinite[at] += right.infinite[at];
            left.min[at] = left.min[at].min(right.min[at]);
            left.max[at] = left.max[at].max(right.max[at]);
        }
        left
    }

    fn state_numbers(&self, width: usize) -> u64 {
        (self.classes.max(1) * (width + 1)) as u64 * 7
    }
}

crate::statistic!(Columns, "learn_columns");

impl ColumnsState {
    /// Refuses features with values that are NaN or infinite; for rows of one class.
    pub(crate) fn need_finite(&self, names: &[String]) -> Result<()> {
        let bad: Vec<u64> = (0..names.len()).map(|at| self.rows - self.count[at] + self.infinite[at]).collect();
        need_finite(names, &bad)
    }
}

/// Refuses features with values that are NaN or infinite, by name and count: a pass for those who have met one.
pub(crate) async fn need_finite_features(engine: &dyn Engine, data: &Matrix) -> Result<()> {
    statistic::compute_async(engine, &Columns { classes: 0 }, data).await?.need_finite(data.names())
}
