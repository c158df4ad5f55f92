//! Samples, parts, and other partitions.

use crate::Frame;
use crate::lower::positions::Positions;
use crate::lower::scatter::Placed;
use phalanx_engine::{Error, Result, Settings};

impl Frame {
    /// How many partitions the frame has in a session with these settings.
    ///
    /// # Errors
    /// As [`Frame::plan`].
    pub fn npartitions(&self, settings: &Settings) -> Result<usize> {
        Ok(self.plan(settings)?.partitions())
    }

    /// About this share of the rows, in their order and partitions. A row is in the sample or not by the seed and its
    /// number alone, whatever the partitions.
    ///
    /// # Errors
    /// `Input`: the share is not between 0 and 1.
    pub fn sample(&self, share: f64, seed: u64) -> Result<Self> {
        self.between(0.0, share, seed)
    }

    fn between(&self, low: f64, high: f64, seed: u64) -> Result<Self> {
        if !(0.0..=1.0).contains(&high) {
            return Err(Error::input(format!("a sample of {high} of all rows"))
                .with_hint("take a share between 0 and 1; rows are not drawn twice"));
        }
        self.related(Positions::Sample { seed, low, high }, "sample")
    }

    /// Frames of about these shares of the rows: each row is in one of them.
    ///
    /// # Errors
    /// `Input`: the shares do not sum to 1.
    pub fn random_split(&self, shares: &[f64], seed: u64) -> Result<Vec<Self>> {
        let total: f64 = shares.iter().sum();
        if (total - 1.0).abs() > 1e-9 || shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
            return Err(Error::input(format!("the shares {shares:?} do not sum to 1")));
        }
        let mut low = 0.0;
        let last = shares.len().saturating_sub(1);
        let borders = shares.iter().enumerate().map(|(index, share)| {
            let from = low;
            low = if index == last { 1.0 } else { (low + share).min(1.0) };
            (from, low)
        });
        borders.map(|(low, high)| self.between(low, high, seed)).collect()
    }

    /// The same rows in so many partitions, of as many rows each.
    ///
    /// # Errors
    /// `Input`: no partitions.
    pub fn repartition(&self, partitions: usize) -> Result<Self> {
        if partitions == 0 {
            return Err(Error::input("a frame of no partitions"));
        }
        self.related(Placed::Even(partitions), "repartition")
    }

    /// Only these partitions, in this order of places. The others are computed and dropped.
    ///
    /// # Errors
    /// When it is planned, `Input`: there is no such partition.
    pub fn partitions(&self, numbers: Vec<usize>) -> Result<Self> {
        if !numbers.is_sorted() {
            return Err(Error::unsupported(format!("the partitions {numbers:?} in another order"))
                .with_hint("name them in ascending order; sort_values afterwards gives another order"));
        }
        self.related(Placed::Only(numbers), "partitions")
    }
}
