//! The data that a worker holds, and how its tasks reach the data of others.

use crate::data::{self, DataName, Pool};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::TryStreamExt;
use phalanx_engine::persisted::{ReadPersisted, lost};
use phalanx_engine::{Location, datafusion};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A worker's folder and its connections to other workers.
#[derive(Debug)]
pub struct WorkerStore {
    id: String,
    folder: PathBuf,
    pool: Pool,
}

impl WorkerStore {
    pub fn new(id: String, folder: PathBuf, pool: Pool) -> Self {
        Self { id, folder, pool }
    }
    /// Where tasks write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// Removes the data of `job`, all of it or all but one stage's.
    pub fn free(&self, job: &str, keep_stage: Option<u64>) {
        let name = DataName { job: job.to_owned(), stage: 0, partition: 0, file: None, sorted: false };
        if name.file_below(self.folder()).is_none() {
            tracing::warn!(job, "a strange name is not freed");
            return;
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
