//! Sums of products of features, which least squares, principal components and their like are made of.

use crate::centered::{Centered, STRIP_ROWS};
use crate::rows::Rows;
use crate::statistic::Statistic;
use serde::{Deserialize, Serialize};

/// Sums of products of features, and with a target of features and target, about their means, weighted; in one pass.
///
/// About the means, no large sums are subtracted later: features far from zero keep their digits. Cost:
/// `rows · features² / 2` multiplications.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gram {
    /// Whether the target is one more column, the last.
    pub with_target: bool,
}

/// What [`Gram`] knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GramState {
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' weights.
    pub weight: f64,
    /// Of each column the mean.
    pub mean: Vec<f64>,
    /// The sums of products of columns about their means, packed by rows on and below the diagonal.
    pub products: Vec<f64>,
}

impl GramState {
    /// Whether no value is NaN or infinite, and no product overflowed.
    pub fn is_finite(&self) -> bool {
        self.mean.iter().chain(&self.products).all(|value| value.is_finite())
    }
}

impl Statistic for Gram {
    type State = GramState;

    fn of(&self, rows: &Rows<'_>) -> GramState {
        let mut sums = Centered::new(rows.width(), self.with_target);
        for first in (0..rows.count()).step_by(STRIP_ROWS) {
            let strip = rows.part(first, STRIP_ROWS);
            sums.add(strip.features(), strip.targets(), strip.weights());
        }
        GramState { rows: rows.count() as u64, weight: sums.weight(), mean: sums.means(), products: sums.packed() }
    }

    fn merge(mut left: GramState, right: GramState) -> GramState {
        let weight = left.weight + right.weight;
        let share = if weight > 0.0 { right.weight / weight } else { 0.0 };
        let shift: Vec<f64> = right.mean.iter().zip(&left.mean).map(|(right, left)| right - left).collect();
        let entries = shift.iter().enumerate().flat_map(|(i, a)| shift[..=i].iter().map(move |b| (a, b)));
        for ((left_sum, right_sum), (a, b)) in left.products.iter_mut().zip(&right.products).zip(entries) {
            *left_sum += right_sum + left.weight * share * a * b;
        }
        left.mean.iter_mut().zip(&shift).for_each(|(mean, shift)| *mean += shift * share);
        left.weight = weight;
        left.rows += right.rows;
        left
    }
}

crate::statistic!(Gram, "learn_gram");
