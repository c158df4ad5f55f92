//! Sums of products of features, which least squares, principal components and their like are made of.

use crate::linear::{Products, STRIP_ROWS};
use crate::rows::Rows;
use crate::statistic::Statistic;
use serde::{Deserialize, Serialize};

/// Sums of products of features, and of features and target, about a center, weighted.
///
/// About the means, no large sums are subtracted later: features far from zero keep their digits. Cost:
/// `rows · features² / 2` multiplications.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gram {
    /// What is subtracted from each feature.
    pub center: Vec<f64>,
    /// What is subtracted from the target.
    pub target_center: f64,
}

/// What [`Gram`] knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GramState {
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' weights.
    pub weight: f64,
    /// Of the products of features and features, packed by rows on and below the diagonal; after the last feature
    /// stands the constant 1.
    pub products: Vec<f64>,
    /// Of the products of features and target, and after them that of the target alone.
    pub target: Vec<f64>,
    /// Of the squared target.
    pub target_square: f64,
}

impl Statistic for Gram {
    type State = GramState;

    fn of(&self, rows: &Rows<'_>) -> GramState {
        let width = rows.width();
        let mut sums = Products::new(width);
        let mut centered = vec![0.0; STRIP_ROWS * width];
        let (mut targets, mut weights) = ([0.0; STRIP_ROWS], [0.0; STRIP_ROWS]);
        let (mut weight, mut target_square) = (0.0, 0.0);
        for (strip, features) in rows.features().chunks(STRIP_ROWS * width).enumerate() {
            let count = features.len() / width;
            for (row, values) in features.chunks_exact(width).enumerate() {
                for ((to, value), center) in centered[row * width..].iter_mut().zip(values).zip(&self.center) {
                    *to = value - center;
                }
                let place = strip * STRIP_ROWS + row;
                let target = rows.targets().get(place).map_or(0.0, |target| target - self.target_center);
                weights[row] = rows.weight(place);
                targets[row] = weights[row] * target;
                weight += weights[row];
                target_square += targets[row] * target;
            }
            sums.add(&centered[..count * width], &targets[..count], &weights[..count]);
        }
        let entries = (0..=width).flat_map(|i| (0..=i).map(move |j| (i, j)));
        GramState {
            rows: rows.count() as u64,
            weight,
            products: entries.map(|(i, j)| sums.matrix(i, j)).collect(),
            target: (0..=width).map(|i| sums.vector(i)).collect(),
            target_square,
        }
    }

    fn merge(mut left: GramState, right: GramState) -> GramState {
        left.rows += right.rows;
        left.weight += right.weight;
        left.target_square += right.target_square;
        left.products.iter_mut().zip(&right.products).for_each(|(left, right)| *left += right);
        left.target.iter_mut().zip(&right.target).for_each(|(left, right)| *left += right);
        left
    }
}

crate::statistic!(Gram, "learn_gram");
