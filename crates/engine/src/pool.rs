//! The memory that operators account for: who is granted how much of it.
//!
//! An operator that can spill does so when it is denied memory; one that can't fails. DataFusion's fair pool divides
//! memory by all operators that are registered, an exchange's partitions among them, and denies what an operator can't
//! go on without. Here
//!
//! * operators that can spill share half of the memory alike. Sorted rows are merged from where they lie, and the merge
//!   accounts for them once more: what is left is for that;
//! * exchanges write to disk first: they get what nobody else can use, and an eighth where somebody can;
//! * what holds nothing is granted its first request, for the batch that it asks for is in memory already, and little is
//!   granted always: the limit is exceeded by no more than that for each operator at work.

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use parking_lot::Mutex;
use std::fmt;

/// A pool of so many bytes.
#[derive(Debug)]
pub struct SpillFirst {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What all hold.
    held: usize,
    /// Of which exchanges.
    exchanged: usize,
    /// Of which operators that can't spill.
    fixed: usize,
    /// Operators that can spill, exchanges aside.
    spilling: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exchange,
    Spills,
    Fixed,
}

impl Kind {
    /// An exchange names its consumers after itself.
    fn of(consumer: &MemoryConsumer) -> Self {
        match consumer.can_spill() {
            true if consumer.name().starts_with("RepartitionExec") => Self::Exchange,
            true => Self::Spills,
            false => Self::Fixed,
        }
    }
}

impl State {
    fn add(&mut self, kind: Kind, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
        match kind {
            Kind::Exchange => self.exchanged = self.exchanged.saturating_add(bytes),
            Kind::Fixed => self.fixed = self.fixed.saturating_add(bytes),
            Kind::Spills => {}
        }
    }

    fn remove(&mut self, kind: Kind, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
        match kind {
            Kind::Exchange => self.exchanged = self.exchanged.saturating_sub(bytes),
            Kind::Fixed => self.fixed = self.fixed.saturating_sub(bytes),
            Kind::Spills => {}
        }
    }

    /// Whether a consumer that holds `own` may hold `wanted`.
    fn grants(&self, kind: Kind, limit: usize, own: usize, wanted: usize) -> bool {
        let more = wanted - own;
        // What spills and what is exchanged leave three eighths to what can't spill.
        let fits = (self.held - self.fixed).saturating_add(more) <= limit / 8 * 5;
        match kind {
            Kind::Exchange => {
                let most = if self.spilling == 0 { limit / 2 } else { limit / 8 };
                self.exchanged.saturating_add(more) <= most && fits
            }
            _ if own == 0 || wanted <= (limit / LITTLE).max(LEAST) => true,
            Kind::Spills => {
                wanted <= limit / 2 / self.spilling.max(1) && fits && self.held.saturating_add(more) <= limit
            }
            Kind::Fixed => self.held.saturating_add(more) <= limit,
        }
    }
}

/// This part of the memory is little,
const LITTLE: usize = 64;
/// and so is what many an operator can't begin without.
const LEAST: usize = 1 << 20;

impl SpillFirst {
    /// A pool of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), state: Mutex::default() }
    }
}

impl MemoryPool for SpillFirst {
    fn name(&self) -> &str {
        "spill first"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if Kind::of(consumer) == Kind::Spills {
            self.state.lock().spilling += 1;
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if Kind::of(consumer) == Kind::Spills {
            let mut state = self.state.lock();
            state.spilling = state.spilling.saturating_sub(1);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.state.lock().add(Kind::of(reservation.consumer()), additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.state.lock().remove(Kind::of(reservation.consumer()), shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let (kind, own) = (Kind::of(reservation.consumer()), reservation.size());
        let mut state = self.state.lock();
        if state.grants(kind, self.limit, own, own.saturating_add(additional)) {
            state.add(kind, additional);
            return Ok(());
        }
        Err(DataFusionError::ResourcesExhausted(format!(
            "{} holds {own} bytes and is denied {additional} more: {} of {} bytes are held, {} of them by exchanges and \
             {} by operators that can't spill; {} can",
            reservation.consumer().name(),
            state.held,
            self.limit,
            state.exchanged,
            state.fixed,
            state.spilling,
        )))
    }

    fn reserved(&self) -> usize {
        self.state.lock().held
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

impl fmt::Display for SpillFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} bytes)", self.name(), self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const MIB: usize = 1 << 20;

    fn consumer(pool: &Arc<dyn MemoryPool>, name: &str, spills: bool) -> MemoryReservation {
        MemoryConsumer::new(name).with_can_spill(spills).register(pool)
    }

    #[test]
    fn many_sorts_begin_and_none_takes_everything() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SpillFirst::new(64 << 20));
        let first = consumer(&pool, "ExternalSorter[0]", true);
        first.try_grow(32 * MIB).unwrap();
        first.try_grow(1).unwrap_err();
        // Its rows are merged where they lie.
        let merge = consumer(&pool, "ExternalSorterMerge[0]", false);
        merge.try_grow(MIB).unwrap();
        merge.try_grow(23 * MIB).unwrap();
        let others: Vec<_> =
            (1..60).map(|number| consumer(&pool, &format!("ExternalSorter[{number}]"), true)).collect();
        let merges: Vec<_> = (0..60).map(|number| consumer(&pool, &format!("Merge[{number}]"), false)).collect();
        for consumer in others.iter().chain(&merges) {
            consumer.try_grow(MIB).unwrap();
            consumer.try_grow(MIB).unwrap_err();
        }
        merge.free();
        first.free();
        first.try_grow(MIB / 2).unwrap();
        first.try_grow(MIB).unwrap_err(); // its share is half a megabyte by now, and a whole one is no longer little
        drop((first, merge, others, merges));
        assert_eq!(pool.reserved(), 0);
        let last = consumer(&pool, "ExternalSorter[0]", true);
        last.try_grow(MIB).unwrap();
        last.try_grow(31 * MIB).unwrap();
    }

    #[test]
    fn an_exchange_takes_what_nobody_else_can_use() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SpillFirst::new(64 << 20));
        let parts: Vec<_> = (0..8).map(|number| consumer(&pool, &format!("RepartitionExec[{number}]"), true)).collect();
        assert!(parts.iter().all(|part| part.try_grow(4 * MIB).is_ok()));
        parts[0].try_grow(1).unwrap_err();
        parts.iter().for_each(|part| {
            part.free();
        });
        let sort = consumer(&pool, "ExternalSorter[0]", true);
        assert_eq!(parts.iter().filter(|part| part.try_grow(4 * MIB).is_ok()).count(), 2);
        sort.try_grow(MIB).unwrap();
        sort.try_grow(31 * MIB).unwrap();
        sort.try_grow(1).unwrap_err();
        sort.shrink(31 * MIB);
        assert_eq!(pool.reserved(), 9 * MIB);
    }

    #[test]
    fn what_an_exchange_holds_already_leaves_room_to_merge() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SpillFirst::new(64 << 20));
        let part = consumer(&pool, "RepartitionExec[0]", true);
        part.try_grow(32 * MIB).unwrap();
        let sort = consumer(&pool, "ExternalSorter[0]", true);
        sort.try_grow(8 * MIB).unwrap();
        sort.try_grow(MIB).unwrap_err();
        let merge = consumer(&pool, "ExternalSorterMerge[0]", false);
        merge.try_grow(MIB).unwrap();
        merge.try_grow(23 * MIB).unwrap();
        merge.try_grow(1).unwrap_err();
    }
}
