//! A running job: progress, partitions in order, cancel by dropping.

use crate::cancel::CancelFlag;
use crate::{Error, Persisted, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};
use std::future::Future;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// One partition of a job's result.
#[derive(Clone, Debug)]
pub struct PartitionData {
    /// Its number, counted from 0.
    pub partition: usize,
    /// Its rows, in order. Where the batches are cut has no meaning.
    pub batches: Vec<RecordBatch>,
}

/// How far a stage is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProgress {
    /// The engine's number of the stage.
    pub stage: usize,
    /// What it computes, for people.
    pub name: String,
    /// Tasks in all.
    pub tasks: usize,
    /// Tasks that are running.
    pub tasks_running: usize,
    /// Tasks that are done.
    pub tasks_done: usize,
    /// Rows that the finished tasks wrote.
    pub rows: u64,
    /// Bytes that the finished tasks wrote.
    pub bytes: u64,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The engine's name of the job's current attempt.
    pub job: String,
    /// What the job computes, for people.
    pub label: String,
    /// How often the job was started: more than once after the loss of a worker.
    pub attempts: u32,
    /// The stages that the engine has told us of.
    pub stages: Vec<StageProgress>,
}

/// How many finished partitions may wait for a slow reader.
const PARTITIONS_WAITING_MAX: usize = 4;

/// A running job. Its partitions come in order; dropping it cancels it.
#[derive(Debug)]
pub struct Job {
    label: String,
    schema: SchemaRef,
    partitions: mpsc::Receiver<Result<PartitionData>>,
    progress: watch::Receiver<Progress>,
    driver: Option<Driver<()>>,
}

impl Job {
    /// Starts `drive` on `runtime`. It sends the partitions in order and stops when the receiver is gone; what it
    /// returns as an error is the job's last item.
    pub fn start<F, D>(runtime: &Handle, label: &str, schema: SchemaRef, drive: F) -> Self
    where
        F: FnOnce(mpsc::Sender<Result<PartitionData>>, watch::Sender<Progress>) -> D,
        D: Future<Output = Result<()>> + Send + 'static,
    {
        let (partition_sender, partitions) = mpsc::channel(PARTITIONS_WAITING_MAX);
        let (progress_sender, progress) = watch::channel(Progress::default());
        let errors = partition_sender.clone();
        let work = drive(partition_sender, progress_sender);
        let work = runtime.spawn(async move {
            if let Err(error) = work.await {
                let _receiver_is_gone = errors.send(Err(error)).await;
            }
        });
        let driver = Some(Driver(work, CancelFlag::default()));
        Self { label: label.to_owned(), schema, partitions, progress, driver }
    }

    /// A job that failed before it began.
    pub fn failed(runtime: &Handle, label: &str, schema: SchemaRef, error: Error) -> Self {
        Self::start(runtime, label, schema, move |_, _| async move { Err(error) })
    }

    /// The same job; dropping it also sets `flag`.
    pub(crate) fn setting(mut self, flag: CancelFlag) -> Self {
        if let Some(driver) = &mut self.driver {
            driver.1 = flag;
        }
        self
    }

    /// What the job computes, for people.
    pub fn label(&self) -> &str {
        &self.label
    }
    /// The schema of the result.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
    /// A watch of the job's progress; it stays valid after the job has ended.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
    /// The next partition, in order; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<PartitionData>> {
        if let Some(item) = self.partitions.recv().await {
            return Some(item);
        }
        // All senders are gone: the driver has ended, or is about to. Only its own word makes the result whole.
        match self.driver.take()?.ended(&self.label).await {
            Ok(()) => None,
            Err(error) => Some(Err(error)),
        }
    }
    /// All partitions, in order.
    ///
    /// # Errors
    /// The job's error.
    pub async fn collect(mut self) -> Result<Vec<Vec<RecordBatch>>> {
        let mut result = vec![];
        while let Some(partition) = self.next().await {
            result.push(partition?.batches);
        }
        Ok(result)
    }
    /// [`Job::next`], blocking. Not for async code.
    pub fn wait_next(&mut self) -> Option<Result<PartitionData>> {
        futures::executor::block_on(self.next())
    }
    /// [`Job::collect`], blocking. Not for async code.
    ///
    /// # Errors
    /// The job's error.
    pub fn wait(self) -> Result<Vec<Vec<RecordBatch>>> {
        futures::executor::block_on(self.collect())
    }
}

/// A running job whose result stays where it is computed. Dropping it cancels it.
#[derive(Debug)]
pub struct PersistJob {
    label: String,
    progress: watch::Receiver<Progress>,
    driver: Driver<Result<Persisted>>,
}

impl PersistJob {
    /// Starts `drive` on `runtime`.
    pub fn start<F, D>(runtime: &Handle, label: &str, drive: F) -> Self
    where
        F: FnOnce(watch::Sender<Progress>) -> D,
        D: Future<Output = Result<Persisted>> + Send + 'static,
    {
        let (progress_sender, progress) = watch::channel(Progress::default());
        let driver = Driver(runtime.spawn(drive(progress_sender)), CancelFlag::default());
        Self { label: label.to_owned(), progress, driver }
    }
    /// The same job; dropping it also sets `flag`.
    pub(crate) fn setting(mut self, flag: CancelFlag) -> Self {
        self.driver.1 = flag;
        self
    }
    /// A watch of the job's progress.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
    /// The handle, when everything is in its place.
    ///
    /// # Errors
    /// The job's error.
    pub async fn collect(self) -> Result<Persisted> {
        self.driver.ended(&self.label).await?
    }
    /// [`PersistJob::collect`], blocking. Not for async code.
    ///
    /// # Errors
    /// The job's error.
    pub fn wait(self) -> Result<Persisted> {
        futures::executor::block_on(self.collect())
    }
}

/// The task that drives a job; it ends with its owner.
#[derive(Debug)]
struct Driver<T>(JoinHandle<T>, CancelFlag);

impl<T> Driver<T> {
    /// Waits for the end of the task. One that was cut off (its engine is gone) did not end well.
    async fn ended(mut self, label: &str) -> Result<T> {
        (&mut self.0).await.map_err(|error| match error.is_panic() {
            true => Error::internal(format!("the driver of job {label:?} panicked")),
            false => Error::cancelled(),
        })
    }
}

impl<T> Drop for Driver<T> {
    fn drop(&mut self) {
        // The flag first: where every thread computes, nobody is left to end the task.
        self.1.cancel();
        self.0.abort();
    }
}
