//! The data that a worker holds, and how its tasks reach the data of others.

use super::disk;
use crate::data::{self, DataName, Pool};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::TryStreamExt;
use parking_lot::Mutex;
use phalanx_engine::persisted::{ReadPersisted, lost};
use phalanx_engine::scratch::{self, Scratch};
use phalanx_engine::{Location, datafusion};
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tonic::Status;

/// A worker's folder and its connections to other workers.
#[derive(Debug)]
pub struct WorkerStore {
    id: String,
    folder: PathBuf,
    pool: Pool,
    ended: Mutex<Remembered>,
}

/// Jobs that ended and are remembered, so that what comes late finds the door closed. Nothing comes later than the
/// tasks that a worker was given at one time, and what a client was sending: some hundred jobs back, at the very most.
const JOBS_REMEMBERED_MAX: usize = 2_000;

/// The latest of the names that were noted.
#[derive(Debug, Default)]
struct Remembered {
    names: HashSet<String>,
    order: VecDeque<String>,
}

impl Remembered {
    fn note(&mut self, name: &str) {
        if !self.names.insert(name.to_owned()) {
            return;
        }
        self.order.push_back(name.to_owned());
        if self.order.len() > JOBS_REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.names.remove(&oldest);
        }
    }
}

impl WorkerStore {
    pub fn new(id: String, folder: PathBuf, pool: Pool) -> Self {
        Self { id, folder, pool, ended: Mutex::default() }
    }
    /// The rows that another worker holds.
    ///
    /// # Errors
    /// `Cluster`: it is gone, or does not have them any more.
    pub async fn fetch(&self, at: &Location) -> phalanx_engine::Result<SendableRecordBatchStream> {
        self.pool.fetch(at).await
    }
    /// What a file that can't be written means for who sent it.
    pub fn failed(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Status {
        match disk::is_full(error) {
            true => Status::resource_exhausted(disk::full(&self.id, &self.folder).to_wire()),
            false => Status::internal(error.to_string()),
        }
    }
    /// Where tasks write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// Nothing more is written for `job`.
    pub fn end(&self, job: &str) {
        self.ended.lock().note(job);
    }
    /// Has `job` ended? What writes all the same frees it afterwards.
    pub fn has_ended(&self, job: &str) -> bool {
        self.ended.lock().names.contains(job)
    }
    /// Removes the data of `job`, all of it or all but one stage's.
    pub fn free(&self, job: &str, keep_stage: Option<u64>) {
        let name = DataName { job: job.to_owned(), stage: 0, partition: 0, file: None, sorted: false };
        if name.file_below(self.folder()).is_none() {
            tracing::warn!(job, "a strange name is not freed");
            return;
        }
        if keep_stage.is_none() {
            self.end(job);
        }
        let folder = self.folder().join(job);
        let Some(keep) = keep_stage else {
            let _absent = std::fs::remove_dir_all(folder);
            return;
        };
        let Ok(stages) = std::fs::read_dir(folder) else { return };
        for stage in stages.flatten().filter(|stage| stage.file_name().to_string_lossy() != keep.to_string()) {
            let _absent = std::fs::remove_dir_all(stage.path());
        }
    }
}

impl WorkerStore {
    /// The rows of a living worker whose files this one can read: nothing is sent or copied.
    fn of_neighbour(&self, location: &Location) -> Option<SendableRecordBatchStream> {
        if !scratch::are_in_one_place(&self.id, &location.worker) {
            return None;
        }
        let name = DataName::parse(&location.path).filter(|name| !name.sorted)?;
        let folder = Scratch::beside(self.folder(), &location.worker)?;
        data::open_file(&name.file_below(&folder)?).ok()
    }
}

impl ReadPersisted for WorkerStore {
    fn read(
        &self,
        handle: &str,
        partition: usize,
        location: &Location,
        schema: &SchemaRef,
    ) -> Result<SendableRecordBatchStream> {
        if location.path.is_empty() {
            return Ok(phalanx_engine::stream::with_schema(Arc::clone(schema), futures::stream::empty()));
        }
        if location.worker == self.id {
            let gone = || DataFusionError::from(lost(handle, partition, location));
            let name = DataName::parse(&location.path).filter(|name| !name.sorted).ok_or_else(gone)?;
            let path = name.file_below(self.folder()).ok_or_else(gone)?;
            return data::open_file(&path).map_err(|_| gone());
        }
        if let Some(rows) = self.of_neighbour(location) {
            return Ok(rows);
        }
        let (pool, at, handle) = (self.pool.clone(), location.clone(), handle.to_owned());
        let rows = async move {
            let lost_at = at.clone();
            let gone = move || DataFusionError::from(lost(&handle, partition, &lost_at));
            match pool.fetch(&at).await {
                Ok(stream) => Ok(stream.map_err(move |_cut| gone())),
                Err(_) => Err(gone()),
            }
        };
        Ok(phalanx_engine::stream::with_schema(Arc::clone(schema), futures::stream::once(rows).try_flatten()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_that_ended_are_remembered_up_to_a_bound() {
        let mut remembered = Remembered::default();
        for number in 0..JOBS_REMEMBERED_MAX + 3 {
            remembered.note(&format!("j{number}"));
            remembered.note("j0"); // again: no news
        }
        assert_eq!((remembered.names.len(), remembered.order.len()), (JOBS_REMEMBERED_MAX, JOBS_REMEMBERED_MAX));
        let last = format!("j{}", JOBS_REMEMBERED_MAX + 2);
        assert!(!remembered.names.contains("j2") && remembered.names.contains(&last));
    }
}
