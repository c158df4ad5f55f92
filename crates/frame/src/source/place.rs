//! Where a file is, and its bytes.

use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::execution::object_store::ObjectStoreUrl;
use phalanx_engine::remote::Remote;
use phalanx_engine::{Error, Result, paths};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// A file of the local file system, or of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// An absolute path.
    Local(String),
    /// A path in a store.
    Remote(Remote, String),
}

impl Place {
    /// What people call it.
    pub fn shown(&self) -> String {
        match self {
            Self::Local(path) => path.clone(),
            Self::Remote(remote, path) => remote.url(path),
        }
    }

    /// Under which URL a session finds its store.
    pub(crate) fn store(&self) -> Result<ObjectStoreUrl> {
        match self {
            Self::Local(_) => Ok(ObjectStoreUrl::local_filesystem()),
            Self::Remote(remote, _) => remote.key(),
        }
    }

    /// Its bytes from `start` on. A file of a store is asked for as a whole if it is read from its start.
    pub(crate) fn open(&self, start: u64, size: u64) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Local(path) => {
                let mut file = paths::open(Path::new(path))?;
                file.seek(SeekFrom::Start(start))?;
                Ok(Box::new(file))
            }
            Self::Remote(remote, path) => {
                let range = (start > 0).then_some(start..size);
                Ok(Box::new(remote.open(path, range).map_err(io::Error::other)?))
            }
        }
    }

    /// All its bytes, as they are before compression.
    ///
    /// # Errors
    /// `Data`: it can't be read.
    pub fn read(&self, compression: Compression) -> Result<Vec<u8>> {
        let mut bytes = vec![];
        let read = self.open(0, 0).and_then(|file| compression.expand(file)?.read_to_end(&mut bytes));
        read.map_err(|error| super::files::unreadable(Path::new(&self.shown()), &error))?;
        Ok(bytes)
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// Not at all.
    None,
    /// `.gz`
    Gzip,
    /// `.bz2`
    Bzip2,
    /// `.xz`
    Xz,
    /// `.zst`
    Zstd,
}

impl Compression {
    /// What pandas calls it; `infer` goes by the file's name.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(name: &str, file: &str) -> Result<Self> {
        let ends = |end: &str| file.to_ascii_lowercase().ends_with(end);
        Ok(match name {
            "infer" if ends(".gz") => Self::Gzip,
            "infer" if ends(".bz2") => Self::Bzip2,
            "infer" if ends(".xz") => Self::Xz,
            "infer" if ends(".zst") => Self::Zstd,
            "infer" | "none" => Self::None,
            "gzip" => Self::Gzip,
            "bz2" => Self::Bzip2,
            "xz" => Self::Xz,
            "zstd" => Self::Zstd,
            _ => {
                return Err(Error::input(format!("Unrecognized compression type: {name}"))
                    .with_hint("there are infer, gzip, bz2, xz, zstd and None"));
            }
        })
    }

    pub(crate) fn expand(self, file: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let kind = match self {
            Self::None => return Ok(file),
            Self::Gzip => FileCompressionType::GZIP,
            Self::Bzip2 => FileCompressionType::BZIP2,
            Self::Xz => FileCompressionType::XZ,
            Self::Zstd => FileCompressionType::ZSTD,
        };
        kind.convert_read(file).map_err(io::Error::other)
    }
}

/// The lines of a file that begin at `start` or behind it, and before `end`.
pub(crate) struct Lines {
    file: BufReader<Box<dyn Read + Send>>,
    /// How many bytes may be read before the last line's end is looked for.
    left: u64,
    is_done: bool,
}

/// Large enough that few calls are made for a file.
const BUFFER_BYTES: usize = 1 << 18;

impl Lines {
    /// Opens the file.
    pub(crate) fn open(place: &Place, compression: Compression, start: u64, end: u64, size: u64) -> io::Result<Self> {
        // The byte before `start` tells whether a line begins there.
        let before = start.saturating_sub(1);
        let mut file = BufReader::with_capacity(BUFFER_BYTES, compression.expand(place.open(before, size)?)?);
        let mut at = before;
        if start > 0 {
            at += file.skip_until(b'\n')? as u64;
        }
        let whole = compression != Compression::None || end >= size;
        let left = if whole { u64::MAX } else { (end - 1).saturating_sub(at) };
        Ok(Self { file, left, is_done: !whole && at >= end })
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let taken = available.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&available[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for Lines {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.is_done {
            return Ok(&[]);
        }
        let available = self.file.fill_buf()?;
        let length = available.len() as u64;
        if self.left >= length {
            return Ok(available);
        }
        // The last line ends at the first line break from here on.
        let from = self.left as usize;
        let last = available[from..].iter().position(|byte| *byte == b'\n').map_or(available.len(), |at| from + at + 1);
        Ok(&available[..last])
    }
    fn consume(&mut self, amount: usize) {
        let taken = amount as u64;
        if taken > self.left {
            // At least the byte at which the end is looked for was taken: it was the last line's, or its break.
            self.is_done = self.file.buffer()[amount - 1] == b'\n';
            self.left = 0;
        } else {
            self.left -= taken;
        }
        self.file.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line is in one range, whatever the ranges.
    #[test]
    fn ranges_share_lines_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let text = "one\ntwo\n\nfour is longer\nfive\nsix has no end";
        std::fs::write(&path, text).unwrap();
        let (place, size) = (Place::Local(path.to_string_lossy().into_owned()), text.len() as u64);
        for step in 1..=size + 1 {
            let mut all = String::new();
            for part in 0..size.div_ceil(step) {
                let end = ((part + 1) * step).min(size);
                let mut lines = Lines::open(&place, Compression::None, part * step, end, size).unwrap();
                let mut own = String::new();
                // In small pieces, so that borders of buffers fall anywhere.
                let mut piece = [0; 3];
                loop {
                    let read = lines.read(&mut piece).unwrap();
                    if read == 0 {
                        break;
                    }
                    own.push_str(std::str::from_utf8(&piece[..read]).unwrap());
                }
                assert!(own.is_empty() || own.ends_with('\n') || text.ends_with(&own), "{step} {part} {own:?}");
                all.push_str(&own);
            }
            assert_eq!(all, text, "in steps of {step}");
        }
    }
}
