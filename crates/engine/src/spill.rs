//! Files that operators spill to, in the process's own folder.
//!
//! DataFusion's own keep each file open until it has been read, and an exchange writes a file for each batch that it has
//! no memory for (see [`session`](crate::session)): a process may open far fewer. These are open only while they are
//! written or read. They are read where they are asked for, and not on threads of their own, each of which would get a
//! heap of its own.

use bytes::Bytes;
use datafusion::error::Result;
use datafusion::execution::spill_file::{SpillFile, SpillWriter, TempFileFactory};
use futures::Stream;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is read at once.
const PIECE_BYTES: u64 = 128 << 10;

/// Makes files in a folder that exists.
#[derive(Debug)]
pub struct SpillFolder {
    folder: PathBuf,
    next: AtomicU64,
}

impl SpillFolder {
    /// Files in `folder`, which nobody else makes files of such names in.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), next: AtomicU64::new(0) }
    }
}

impl TempFileFactory for SpillFolder {
    fn create_temp_file(&self, _description: &str) -> Result<Arc<dyn SpillFile>> {
        let path = self.folder.join(format!("spill-{}", self.next.fetch_add(1, Ordering::Relaxed)));
        File::create_new(&path)?;
        Ok(Arc::new(Spilled(path)))
    }
}

/// A file that is gone when nobody reads or writes it any more.
struct Spilled(PathBuf);

impl SpillFile for Spilled {
    fn path(&self) -> Option<&Path> {
        Some(&self.0)
    }
    fn size(&self) -> Option<u64> {
        fs::metadata(&self.0).ok().map(|file| file.len())
    }
    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let path = self.0.clone();
        let mut open: Option<File> = None;
        // Opened when it is first read: many wait for their turn.
        let mut piece = move || -> io::Result<Option<Bytes>> {
            let mut file = match open.take() {
                Some(file) => file,
                None => File::open(&path)?,
            };
            let mut bytes = vec![];
            (&mut file).take(PIECE_BYTES).read_to_end(&mut bytes)?;
            open = Some(file);
            Ok((!bytes.is_empty()).then(|| Bytes::from(bytes)))
        };
        let pieces = std::iter::from_fn(move || piece().map_err(Into::into).transpose());
        Ok(Box::pin(futures::stream::iter(pieces)))
    }
    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Writer(File::options().append(true).open(&self.0)?)))
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a spilled file can't be removed");
        }
    }
}

struct Writer(File);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl SpillWriter for Writer {
    fn finish(&mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;
    use futures::executor::block_on;

    #[test]
    fn what_is_written_is_read_and_gone() {
        let folder = tempfile::tempdir().unwrap();
        let files = SpillFolder::new(folder.path());
        let (one, other) = (files.create_temp_file("a").unwrap(), files.create_temp_file("b").unwrap());
        let bytes: Vec<u8> = (0..300_000_u32).map(|byte| byte as u8).collect();
        let mut writer = one.open_writer().unwrap();
        writer.write_all(&bytes[..1000]).unwrap();
        writer.flush().unwrap();
        let mut read = one.read_stream().unwrap();
        let first = block_on(read.try_next()).unwrap().unwrap();
        writer.write_all(&bytes[1000..]).unwrap();
        writer.finish().unwrap();
        let rest: Vec<Bytes> = block_on(read.try_collect()).unwrap();
        assert_eq!([vec![first], rest].concat().concat(), bytes, "what is written meanwhile is read too");
        assert_eq!((one.size(), other.size()), (Some(300_000), Some(0)));
        assert_eq!(block_on(other.read_stream().unwrap().try_collect::<Vec<_>>()).unwrap(), Vec::<Bytes>::new());
        drop((one, other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
