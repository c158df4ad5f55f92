//! Persisted data: who keeps it, where it is, how large it is.

use crate::protocol::HeldPart;
use phalanx_engine::observe::{DataPlace, DataRecord};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Handles that are kept.
pub const HANDLES_MAX: usize = 10_000;

/// The data, by name.
#[derive(Debug, Default)]
pub struct Kept {
    all: HashMap<String, DataRecord>,
    /// Names in the order of their coming; those that were freed are skipped.
    order: VecDeque<String>,
}

/// Data that its client handed in.
pub fn scattered(data: String, label: String, session: String, parts: &[HeldPart], at_ms: u64) -> DataRecord {
    let mut places: BTreeMap<&str, DataPlace> = BTreeMap::new();
    for part in parts {
        let place = places
            .entry(&part.worker)
            .or_insert_with(|| DataPlace { worker: part.worker.clone(), ..DataPlace::default() });
        place.partitions += 1;
        place.rows += part.rows;
        place.bytes += part.bytes;
    }
    let places: Vec<DataPlace> = places.into_values().collect();
    let sum = |of: fn(&DataPlace) -> u64| places.iter().map(of).sum();
    DataRecord {
        data,
        label: super::short(&label),
        session,
        since_at_ms: at_ms,
        is_scattered: true,
        partitions: sum(|place| place.partitions),
        rows: sum(|place| place.rows),
        bytes: sum(|place| place.bytes),
        places,
    }
}

impl Kept {
    pub(super) fn keep(&mut self, record: DataRecord) {
        if self.all.insert(record.data.clone(), record.clone()).is_none() {
            self.order.push_back(record.data);
        }
        while self.order.len() > HANDLES_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.all.remove(&oldest);
            }
        }
    }

    pub(super) fn free(&mut self, data: &str) {
        if self.all.remove(data).is_some() {
            self.order.retain(|other| other != data);
        }
    }

    /// Is there data of this name?
    pub fn is_kept(&self, data: &str) -> bool {
        self.all.contains_key(data)
    }

    /// All of it, the latest first; `is_here` knows the workers.
    pub fn all(&self, is_here: impl Fn(&str) -> bool) -> Vec<DataRecord> {
        let mut all: Vec<DataRecord> = self.order.iter().rev().filter_map(|name| self.all.get(name).cloned()).collect();
        for place in all.iter_mut().flat_map(|record| &mut record.places) {
            place.is_here = is_here(&place.worker);
        }
        all
    }
}
