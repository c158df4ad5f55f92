//! Samples, parts, and other partitions.

use crate::Frame;
use crate::error::{need_column, need_distinct};
use crate::lower::positions::Positions;
use crate::lower::scatter::Placed;
use crate::lower::shuffle::{PartitionNumber, Shuffled};
use datafusion::arrow::datatypes::DataType;
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

    /// The same rows in so many partitions, those with equal values of `keys` in one; within a partition they keep
    /// their order.
    ///
    /// # Errors
    /// `Input`: there is no such column, a column is named twice, or there is none; no partitions.
    pub fn shuffle<S: Into<String>>(&self, keys: impl IntoIterator<Item = S>, partitions: usize) -> Result<Self> {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        if keys.is_empty() || partitions == 0 {
            return Err(Error::input(format!("a shuffle by {keys:?} into {partitions} partitions")));
        }
        need_distinct(&keys)?;
        keys.iter().try_for_each(|key| need_column(&self.schema(), key).map(drop))?;
        self.related(Shuffled::ByKeys(keys, partitions), "shuffle")
    }

    /// The same rows in so many partitions, each in the one whose number the integers of `column` say; numbers beyond
    /// the last, and missing ones, mean the last.
    ///
    /// # Errors
    /// `Input`: there is no such column, or it holds no `int64`; no partitions.
    pub fn place_by(&self, column: &str, partitions: usize) -> Result<Self> {
        let schema = self.schema();
        let data_type = need_column(&schema, column)?.data_type();
        if *data_type != DataType::Int64 || partitions == 0 {
            return Err(Error::input(format!("{partitions} partitions by a column of type {data_type}"))
                .with_hint("a column of int64 names partitions from 0"));
        }
        self.related(Shuffled::ByNumber(column.to_owned(), partitions), "place_by")
    }

    /// The frame with a column of the number of each row's partition, from 0.
    ///
    /// # Errors
    /// `Input`: there is a column of this name.
    pub fn with_partition_number(&self, name: &str) -> Result<Self> {
        let mut names = self.column_names();
        names.push(name.to_owned());
        need_distinct(&names)?;
        self.related(PartitionNumber(name.to_owned()), "partition numbers")
    }
}
