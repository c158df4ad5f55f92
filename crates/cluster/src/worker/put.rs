//! Data that a client hands over, or another worker that leaves, on its way to the disk.

use super::store::WorkerStore;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::ipc::writer::StreamWriter;
use futures::{Stream, StreamExt};
use phalanx_engine::datafusion;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};
use tonic::Status;

/// Batches on their way from the network to the disk.
const BATCHES_WAITING_MAX: usize = 4;

/// Writes the batches of `job` as they come, whole or not at all: on a thread that may wait, since the network's serve
/// heartbeats and other workers meanwhile.
pub async fn receive(
    store: &Arc<WorkerStore>,
    job: String,
    file: PathBuf,
    mut batches: impl Stream<Item = Result<RecordBatch, Status>> + Unpin,
) -> Result<(), Status> {
    let (sender, receiver) = channel(BATCHES_WAITING_MAX);
    let writing = tokio::task::spawn_blocking(move || write(&file, receiver));
    let mut broken = None;
    while let Some(batch) = batches.next().await {
        let Ok(batch) = batch.map_err(|error| broken = Some(error)) else { break };
        if sender.send(Message::Batch(batch)).await.is_err() {
            break; // the writer has failed, and says why
        }
    }
    if broken.is_none() {
        let _failed = sender.send(Message::End).await;
    }
    drop(sender);
    let written = writing.await.map_err(|error| Status::internal(error.to_string()))?;
    if let Some(broken) = broken {
        return Err(broken);
    }
    written.map_err(|error| store.failed(error.as_ref()))?;
    if store.has_ended(&job) {
        // Freed while it was on its way: nobody will ask for it, nor free it.
        let store = Arc::clone(store);
        let _freed = tokio::task::spawn_blocking(move || store.free(&job, None)).await;
        return Err(Status::aborted("the data was released before it arrived"));
    }
    Ok(())
}

/// Of the disk, of Arrow, or of what was sent.
type WriteError = Box<dyn std::error::Error + Send + Sync>;

/// What is written: whole only if its end arrives.
enum Message {
    Batch(RecordBatch),
    End,
}

/// Writes a file, whole or not at all. Blocks.
fn write(file: &Path, mut messages: Receiver<Message>) -> Result<(), WriteError> {
    let draft = Draft(file.with_extension("draft"));
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut writer = None;
    while let Some(message) = messages.blocking_recv() {
        match message {
            Message::Batch(batch) => {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    none => {
                        let output = BufWriter::new(File::create(&draft.0)?);
                        none.insert(StreamWriter::try_new(output, &batch.schema())?)
                    }
                };
                writer.write(&batch)?;
            }
            Message::End => {
                let mut writer = writer.ok_or("there is no batch")?;
                writer.finish()?;
                drop(writer);
                return Ok(std::fs::rename(&draft.0, file)?);
            }
        }
    }
    Err("the data ended before its end".into())
}

/// An unfinished file; gone when this is dropped, unless it has got its name.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _renamed = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::Int64Array;

    fn batch() -> RecordBatch {
        RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from(vec![1, 2])) as _)]).unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    fn put(messages: Vec<Message>) -> (Result<(), WriteError>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let (sender, receiver) = channel(messages.len().max(1));
        for message in messages {
            sender.try_send(message).ok().unwrap();
        }
        drop(sender);
        let written = write(&folder.path().join("s1/0/0/data-0.arrow"), receiver);
        (written, files(folder.path()).len())
    }

    #[test]
    fn a_put_that_is_cut_off_leaves_nothing() {
        let (written, files) = put(vec![Message::Batch(batch()), Message::Batch(batch()), Message::End]);
        assert!(written.is_ok());
        assert_eq!(files, 1);
        for messages in [vec![], vec![Message::End], vec![Message::Batch(batch())]] {
            let (written, files) = put(messages);
            assert!(written.is_err());
            assert_eq!(files, 0);
        }
    }
}
