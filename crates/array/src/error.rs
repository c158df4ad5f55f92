//! From a chunk's errors to the engine's: kinds by what the reader must do next.

use phalanx_chunk::Error as ChunkError;
use phalanx_engine::{Error, ErrorKind, Result};

/// Lifts a chunk's error, with its hint.
pub(crate) fn lift(error: ChunkError) -> Error {
    // A function of the caller's raised it, inside of a kernel.
    if let ChunkError::Value { reason } = &error
        && let Some(raised) = Error::from_wire(reason)
    {
        return raised;
    }
    let kind = match &error {
        ChunkError::Matrix { .. } => ErrorKind::Singular,
        _ => ErrorKind::Input,
    };
    Error::new(kind, error.to_string()).with_hint(error.hint())
}

/// `?` on results of the chunk crate.
pub(crate) trait Lift<T> {
    fn lift(self) -> Result<T>;
}

impl<T> Lift<T> for phalanx_chunk::Result<T> {
    fn lift(self) -> Result<T> {
        self.map_err(lift)
    }
}

/// The result of code that runs inside of a task, on chunks.
pub(crate) type ChunkResult<T> = phalanx_chunk::Result<T>;

/// What can't happen unless lowering has a bug.
pub(crate) fn broken(what: impl Into<String>) -> ChunkError {
    ChunkError::Value { reason: format!("internal error (please report it): {}", what.into()) }
}
