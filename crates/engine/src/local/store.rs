//! What is persisted in this process: in memory up to a limit, beyond it in files.

use crate::persisted::{self, Location, Persisted, ReadPersisted};
use crate::scratch::Scratch;
use crate::{Error, Result, mapped, memory};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use futures::stream::BoxStream;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Persisted partitions of this process.
#[derive(Debug)]
pub(super) struct Store {
    scratch: Scratch,
    memory_bytes_max: u64,
    memory_bytes: AtomicU64,
    handles: Mutex<HashMap<String, Vec<Slot>>>,
    next: AtomicU64,
}

#[derive(Debug, Clone)]
enum Slot {
    Memory { batches: Vec<RecordBatch>, bytes: u64 },
    File { path: PathBuf, bytes: u64 },
}

impl Slot {
    fn bytes(&self) -> u64 {
        match self {
            Self::Memory { bytes, .. } | Self::File { bytes, .. } => *bytes,
        }
    }
}

impl Store {
    pub(super) fn new(scratch: Scratch, memory_bytes_max: u64) -> Self {
        Self {
            scratch,
            memory_bytes_max,
            memory_bytes: AtomicU64::new(0),
            handles: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }
    pub(super) fn bytes(&self) -> u64 {
        self.handles.lock().values().flatten().map(Slot::bytes).sum()
    }
    pub(super) fn draft(self: &Arc<Self>) -> Draft {
        let handle = format!("p{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.handles.lock().insert(handle.clone(), vec![]);
        Draft { store: Arc::clone(self), handle, locations: Mutex::default(), finished: false }
    }
    fn place(&self, name: &str, batches: Vec<RecordBatch>) -> Result<Slot> {
        let bytes = memory::bytes_of(&batches);
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.memory_bytes_max);
        if self.memory_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok() {
            return Ok(Slot::Memory { batches, bytes });
        }
        let path = self.scratch.path().join(format!("{name}.arrow"));
        mapped::write(&path, &batches).map_err(|error| {
            Error::resources(format!("persisted data can't be spilled to {}", path.display())).caused_by(&error)
        })?;
        Ok(Slot::File { path, bytes })
    }
    fn free(&self, handle: &str) {
        for slot in self.handles.lock().remove(handle).unwrap_or_default() {
            match slot {
                Slot::Memory { bytes, .. } => drop(self.memory_bytes.fetch_sub(bytes, Ordering::Relaxed)),
                Slot::File { path, .. } => drop(std::fs::remove_file(path)),
            }
        }
    }
}

impl ReadPersisted for Store {
    fn read(
        &self,
        handle: &str,
        partition: usize,
        location: &Location,
        schema: &SchemaRef,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let slot = self.handles.lock().get(handle).and_then(|slots| slots.get(partition).cloned());
        let batches: BoxStream<'static, DataFusionResult<RecordBatch>> = match slot {
            None => return Err(persisted::lost(handle, partition, location).into()),
            Some(Slot::Memory { batches, .. }) => futures::stream::iter(batches.into_iter().map(Ok)).boxed(),
            Some(Slot::File { path, .. }) => {
                let rows = mapped::read(&path).map_err(|_| persisted::lost(handle, partition, location))?;
                futures::stream::iter(rows).boxed()
            }
        };
        Ok(crate::stream::with_schema(Arc::clone(schema), batches))
    }
}

/// Persisted data in the making; freed unless it is finished.
pub(super) struct Draft {
    store: Arc<Store>,
    handle: String,
    locations: Mutex<Vec<Location>>,
    finished: bool,
}

impl Draft {
    pub(super) fn add(&self, batches: Vec<RecordBatch>) -> Result<()> {
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let number = self.locations.lock().len();
        let name = format!("{}-{number}", self.handle);
        let batches = batches.into_iter().filter(|batch| batch.num_rows() > 0).collect();
        let slot = self.store.place(&name, batches)?;
        self.locations.lock().push(Location { path: name, rows, bytes: slot.bytes(), ..Location::default() });
        if let Some(slots) = self.store.handles.lock().get_mut(&self.handle) {
            slots.push(slot);
        }
        Ok(())
    }
    pub(super) fn finish(mut self, schema: SchemaRef) -> Persisted {
        self.finished = true;
        let store = Arc::clone(&self.store);
        let locations = std::mem::take(&mut *self.locations.lock());
        Persisted::new(self.handle.clone(), schema, locations, None, Box::new(move |handle| store.free(handle)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.finished {
            self.store.free(&self.handle);
        }
    }
}
