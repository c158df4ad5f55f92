//! What a rank that stays keeps from one training to the next: its place among the other ranks, and rows with what
//! XGBoost has made of them, which for small trainings is most of the work.
//!
//! XGBoost keeps the quantiles of a feature, and the bin of each value, with the rows; to make them, the ranks talk to
//! each other. So **all ranks of a gang must keep and forget the same sets**: what is forgotten depends on the trainings
//! and on sizes that all ranks know, never on a rank's own share.

use crate::dataset::Layout;
use crate::native::{Communicator, Matrix, ThreadSettings, Tracker};
use phalanx_engine::Result;
use serde::Serialize;

/// Bytes of rows that a rank keeps, at most.
const BYTES_MAX: u64 = 512 << 20;
/// Bytes that XGBoost takes for a number: itself, its feature, and its bin twice.
const BYTES_PER_NUMBER: u64 = 12;

/// The ranks that this one has joined.
#[derive(Debug)]
pub struct Group {
    /// Its place.
    pub communicator: Communicator,
    /// Who brought them together, of the first rank.
    pub tracker: Option<Tracker>,
}

impl Group {
    /// Leaves, as all others do.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn leave(self) -> Result<()> {
        self.communicator.leave()?;
        self.tracker.map_or(Ok(()), Tracker::wait)
    }
}

/// What a set of rows is to a rank, and how it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key(Vec<u8>);

impl Key {
    /// Of all that XGBoost makes them of; none where that can't be written.
    pub fn new(parts: &impl Serialize) -> Option<Self> {
        postcard::to_stdvec(parts).ok().map(Self)
    }
}

/// What a rank keeps.
#[derive(Debug)]
pub struct Memory {
    /// The other ranks.
    pub group: Option<Group>,
    /// Those that were used last last.
    sets: Vec<Kept>,
    settings: ThreadSettings,
}

#[derive(Debug)]
struct Kept {
    key: Key,
    bytes: u64,
    rows: Matrix,
}

/// Bytes of a set's share, near enough.
fn bytes_of(layout: &Layout, ranks: usize) -> u64 {
    layout.numbers.saturating_mul(BYTES_PER_NUMBER) / ranks.max(1) as u64
}

impl Memory {
    /// Nothing yet.
    ///
    /// # Errors
    /// XGBoost is not there.
    pub fn new() -> Result<Self> {
        Ok(Self { group: None, sets: vec![], settings: ThreadSettings::now()? })
    }

    /// Makes the thread's settings those of a new process.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn begin(&self) -> Result<()> {
        self.settings.restore()
    }

    /// The rows of those sets that are known by their keys. Of others so many are forgotten that there is room for the
    /// rest.
    pub fn take(&mut self, keys: &[Option<Key>], layouts: &[Layout], ranks: usize) -> Vec<Option<Matrix>> {
        let mut take = |key: &Option<Key>| {
            let place = self.sets.iter().rposition(|kept| Some(&kept.key) == key.as_ref())?;
            Some(self.sets.remove(place).rows)
        };
        let known = keys.iter().map(&mut take).collect();
        let needed: u64 = layouts.iter().map(|layout| bytes_of(layout, ranks)).sum();
        self.forget(BYTES_MAX.saturating_sub(needed));
        known
    }

    /// Keeps the rows of those sets that have a key, if there is room for them.
    pub fn put(&mut self, keys: Vec<Option<Key>>, layouts: &[Layout], rows: Vec<Matrix>, ranks: usize) {
        for ((key, layout), rows) in keys.into_iter().zip(layouts).zip(rows) {
            if let Some(key) = key {
                self.sets.push(Kept { key, bytes: bytes_of(layout, ranks), rows });
            }
        }
        self.forget(BYTES_MAX);
    }

    /// Forgets what was not used for the longest time, until the rest is no larger than this.
    fn forget(&mut self, bytes_max: u64) {
        while self.sets.iter().map(|kept| kept.bytes).sum::<u64>() > bytes_max {
            self.sets.remove(0);
        }
    }
}
