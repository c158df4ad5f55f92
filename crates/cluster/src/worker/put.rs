//! Data that a client hands over, on its way to the disk.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::ipc::writer::StreamWriter;
use phalanx_engine::datafusion;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::Receiver;
use tonic::Status;

/// Batches on their way from the network to the disk.
pub const BATCHES_WAITING_MAX: usize = 4;

/// What is written: whole only if its end arrives.
pub enum Message {
    Batch(RecordBatch),
    End,
}

/// Writes a file, whole or not at all. Blocks.
pub fn write(file: &Path, mut messages: Receiver<Message>) -> Result<(), Status> {
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
                        none.insert(StreamWriter::try_new(output, &batch.schema()).map_err(internal)?)
                    }
                };
                writer.write(&batch).map_err(internal)?;
            }
            Message::End => {
                let mut writer = writer.ok_or_else(|| Status::invalid_argument("no batch"))?;
                writer.finish().map_err(internal)?;
                drop(writer);
                return Ok(std::fs::rename(&draft.0, file)?);
            }
        }
    }
    Err(Status::cancelled("the data ended before its end"))
}

/// An unfinished file; gone when this is dropped, unless it has got its name.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _renamed = std::fs::remove_file(&self.0);
    }
}

fn internal(error: datafusion::arrow::error::ArrowError) -> Status {
    Status::internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::Int64Array;
    use std::sync::Arc;
    use tokio::sync::mpsc::channel;

    fn batch() -> RecordBatch {
        RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from(vec![1, 2])) as _)]).unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    fn put(messages: Vec<Message>) -> (Result<(), Status>, usize) {
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
