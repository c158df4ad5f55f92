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
    let places = add(vec![], parts);
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

/// `places`, with these partitions too, by worker.
fn add(places: Vec<DataPlace>, parts: &[HeldPart]) -> Vec<DataPlace> {
    let mut all: BTreeMap<String, DataPlace> = places.into_iter().map(|place| (place.worker.clone(), place)).collect();
    for part in parts {
        let place = all
            .entry(part.worker.clone())
            .or_insert_with(|| DataPlace { worker: part.worker.clone(), ..DataPlace::default() });
        place.partitions += 1;
        place.rows += part.rows;
        place.bytes += part.bytes;
    }
    all.into_values().collect()
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

    /// Worker `before` has handed these partitions over.
    pub(super) fn moved(&mut self, data: &str, before: &str, parts: &[HeldPart]) {
        let Some(record) = self.all.get_mut(data) else { return };
        let mut places = std::mem::take(&mut record.places);
        if let Some(place) = places.iter_mut().find(|place| place.worker == before) {
            let sum = |of: fn(&HeldPart) -> u64| parts.iter().map(of).sum();
            place.partitions = place.partitions.saturating_sub(parts.len() as u64);
            place.rows = place.rows.saturating_sub(sum(|part| part.rows));
            place.bytes = place.bytes.saturating_sub(sum(|part| part.bytes));
        }
        places.retain(|place| place.partitions > 0);
        record.places = add(places, parts);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_that_are_handed_over_are_where_they_went() {
        let part = |worker: &str, rows| HeldPart { worker: worker.into(), rows, bytes: 8 * rows };
        let mut kept = Kept::default();
        kept.keep(scattered("d".into(), "x".into(), "s".into(), &[part("a", 1), part("a", 2), part("b", 4)], 0));
        let places = |kept: &Kept| -> Vec<(String, u64, u64, bool)> {
            let places = kept.all(|worker| worker != "a").remove(0).places;
            places.into_iter().map(|place| (place.worker, place.partitions, place.rows, place.is_here)).collect()
        };
        kept.moved("d", "a", &[part("b", 2)]);
        assert_eq!(places(&kept), [("a".into(), 1, 1, false), ("b".into(), 2, 6, true)]);
        kept.moved("d", "a", &[part("c", 1)]);
        kept.moved("none", "a", &[part("c", 1)]);
        assert_eq!(places(&kept), [("b".into(), 2, 6, true), ("c".into(), 1, 1, true)]);
    }
}
