//! How good scores are at every threshold: precision against recall, and what a threshold costs.

use phalanx_engine::{Error, Result};

/// Precision and recall where a row counts as class 1 if its score is at least a threshold, for every threshold at which
/// they change, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionRecall {
    points: Vec<Confusion>,
    positives: u64,
    rows: u64,
}

/// What a threshold makes of rows of two classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confusion {
    /// A row counts as class 1 if its score is at least this.
    pub threshold: f64,
    /// Rows of class 1 that are found.
    pub true_positives: u64,
    /// Rows of class 0 that are taken for class 1.
    pub false_positives: u64,
    /// Rows of class 1 that are missed.
    pub false_negatives: u64,
}

impl Confusion {
    /// Which share of the rows that count as class 1 is of it; 0 if no row does.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }
    /// Which share of class 1 is found.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }
    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl PrecisionRecall {
    /// Of the scores of rows of two classes. Cost: one sort.
    ///
    /// ```
    /// # fn main() -> phalanx_engine::Result<()> {
    /// use phalanx_learn::curves::PrecisionRecall;
    /// let curve = PrecisionRecall::of(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// assert!((curve.average_precision() - 5.0 / 6.0).abs() < 1e-15);
    /// assert_eq!(curve.at(0.4).recall(), 0.5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Input`: the lengths differ. `Data`: a score is NaN, or no row is of class 1.
    pub fn of(scores: &[f64], targets: &[bool]) -> Result<Self> {
        if scores.len() != targets.len() {
            return Err(Error::input(format!("{} scores and {} targets", scores.len(), targets.len())));
        }
        if let Some(row) = scores.iter().position(|score| score.is_nan()) {
            return Err(Error::data(format!("score {row} is NaN")).with_hint("look for NaN among the features"));
        }
        let positives = targets.iter().filter(|target| **target).count() as u64;
        if positives == 0 {
            return Err(Error::data("no row is of class 1, so none can be found").with_hint("evaluate on more rows"));
        }
        let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(targets.iter().copied()).collect();
        order.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
        let (mut found, mut wrong) = (0, 0);
        let mut points = vec![];
        for ties in order.chunk_by(|left, right| left.0 == right.0) {
            let hits = ties.iter().filter(|(_, target)| *target).count() as u64;
            found += hits;
            wrong += ties.len() as u64 - hits;
            points.push(Confusion {
                threshold: ties.first().map_or(0.0, |(score, _)| *score),
                true_positives: found,
                false_positives: wrong,
                false_negatives: positives - found,
            });
        }
        points.reverse();
        Ok(Self { points, positives, rows: scores.len() as u64 })
    }

    /// A point for every score.
    pub fn points(&self) -> &[Confusion] {
        &self.points
    }
    /// How many rows are of class 1.
    pub fn positives(&self) -> u64 {
        self.positives
    }
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The area under the curve as scikit-learn's `average_precision_score` sums it: precisions, each weighted by how
    /// much recall grows there.
    pub fn average_precision(&self) -> f64 {
        let mut last = 0;
        let step = |point: &Confusion| {
            let grown = point.true_positives - std::mem::replace(&mut last, point.true_positives);
            point.precision() * grown as f64
        };
        self.points.iter().rev().map(step).sum::<f64>() / self.positives as f64
    }

    /// What `threshold` makes of the rows.
    pub fn at(&self, threshold: f64) -> Confusion {
        let place = self.points.partition_point(|point| point.threshold < threshold);
        let none = Confusion { threshold, true_positives: 0, false_positives: 0, false_negatives: self.positives };
        self.points.get(place).map_or(none, |point| Confusion { threshold, ..*point })
    }

    /// The point of the largest F1; of equals the one with the largest threshold.
    pub fn best(&self) -> Option<Confusion> {
        self.points.iter().max_by(|left, right| left.f1().total_cmp(&right.f1())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9: precision_recall_curve and average_precision_score of these.
    #[test]
    fn the_curve_is_scikit_learn_s() {
        let scores = [0.9, 0.8, 0.8, 0.7, 0.6, 0.55, 0.54, 0.53, 0.52, 0.505];
        let targets = [true, true, false, true, true, true, false, false, true, false];
        let curve = PrecisionRecall::of(&scores, &targets).unwrap();
        let precisions: Vec<f64> = curve.points().iter().map(Confusion::precision).collect();
        let expected = [0.6, 6.0 / 9.0, 0.625, 5.0 / 7.0, 5.0 / 6.0, 0.8, 0.75, 2.0 / 3.0, 1.0];
        assert_eq!(precisions, expected);
        let recalls: Vec<f64> = curve.points().iter().map(Confusion::recall).collect();
        let expected = [6.0, 6.0, 5.0, 5.0, 5.0, 4.0, 3.0, 2.0, 1.0].map(|found: f64| found / 6.0);
        assert_eq!(recalls, expected);
        let area = (1.0 + 2.0 / 3.0 + 0.75 + 0.8 + 5.0 / 6.0 + 6.0 / 9.0) / 6.0;
        assert!((curve.average_precision() - area).abs() < 1e-15);
        let best = curve.best().unwrap();
        assert_eq!((best.threshold, best.f1()), (0.55, 10.0 / 12.0));
    }

    #[test]
    fn a_threshold_beyond_all_scores_finds_nothing() {
        let curve = PrecisionRecall::of(&[0.5, 0.25], &[true, false]).unwrap();
        assert_eq!((curve.at(0.6).recall(), curve.at(0.6).precision(), curve.at(0.0).precision()), (0.0, 0.0, 0.5));
        assert_eq!((curve.at(0.5).recall(), curve.at(0.26).precision()), (1.0, 1.0));
        assert!(PrecisionRecall::of(&[f64::NAN], &[true]).is_err());
        assert!(PrecisionRecall::of(&[0.1], &[false]).is_err());
        assert!(PrecisionRecall::of(&[0.1], &[]).is_err());
    }
}
