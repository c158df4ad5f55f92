//! Rows that were made lately, for who asks for the same again: a search makes a data set of the same persisted data for
//! each of its trials, and lets go of it in between.

use crate::rows::Rows;
use crate::train::idle_of_environment;
use parking_lot::Mutex;
use phalanx_array::Array;
use phalanx_engine::{Engine, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// Bytes of rows that are kept for nobody else, at most.
const BYTES_MAX: u64 = 256 << 20;
const BYTES_PER_NUMBER: u64 = 4;

/// Rows of one engine by the names of what they were made of: persisted data, which never changes. They are let go of
/// when nobody has asked for them for as long as [idle ranks](crate::train::IDLE) stay.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Vec<Arc<Made>>>);

#[derive(Debug)]
struct Made {
    name: String,
    rows: OnceCell<Rows>,
    used: Mutex<Instant>,
}

impl Made {
    fn bytes(&self) -> u64 {
        self.rows.get().map_or(0, |rows| rows.count() * rows.width() as u64 * BYTES_PER_NUMBER)
    }
}

impl Recent {
    /// As [`Rows::from_array`].
    ///
    /// # Errors
    /// As [`Rows::from_array`].
    pub async fn of_array(self: &Arc<Self>, engine: &dyn Engine, array: &Array) -> Result<Rows> {
        self.get(array.stored_name(), Rows::from_array(engine, array)).await
    }

    /// The rows of this name, made unless they are there; of two that ask for them at once, one makes them.
    async fn get(self: &Arc<Self>, name: Option<String>, make: impl Future<Output = Result<Rows>>) -> Result<Rows> {
        let idle = idle_of_environment()?;
        let Some(name) = name.filter(|_| !idle.is_zero()) else { return make.await };
        let made = self.of_name(name, idle);
        let rows = made.rows.get_or_try_init(|| make).await?.clone();
        *made.used.lock() = Instant::now();
        let mut all = self.0.lock();
        while all.iter().map(|made| made.bytes()).sum::<u64>() > BYTES_MAX {
            let longest_ago = all.iter().enumerate().min_by_key(|(_, made)| *made.used.lock());
            let Some((place, _)) = longest_ago else { break };
            all.remove(place);
        }
        Ok(rows)
    }

    fn of_name(self: &Arc<Self>, name: String, idle: Duration) -> Arc<Made> {
        let mut all = self.0.lock();
        if let Some(known) = all.iter().find(|made| made.name == name) {
            return Arc::clone(known);
        }
        let made = Arc::new(Made { name, rows: OnceCell::new(), used: Mutex::new(Instant::now()) });
        all.push(Arc::clone(&made));
        let (recent, watched) = (Arc::downgrade(self), Arc::downgrade(&made));
        tokio::spawn(async move {
            while let Some(used) = watched.upgrade().map(|made| *made.used.lock()) {
                let age = used.elapsed();
                if age < idle {
                    tokio::time::sleep(idle - age).await;
                    continue;
                }
                let Some(recent) = recent.upgrade() else { return };
                recent.0.lock().retain(|made| !std::ptr::eq(Arc::as_ptr(made), watched.as_ptr()));
                return;
            }
        });
        made
    }
}
