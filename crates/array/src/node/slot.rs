//! What a stage is given: the chunks of an earlier stage, or of persisted data.

use super::{Need, Node};
use crate::chunks::Chunks;
use crate::error::{ChunkResult, broken};
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// A leaf whose regions come in as rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Slot {
    /// Which of the stage's inputs.
    pub number: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
    /// How the producer has cut it.
    pub chunks: Chunks,
}

#[typetag::serde(name = "slot")]
impl Node for Slot {
    fn name(&self) -> String {
        format!("input {}", self.number)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        Err(broken(format!("region {out:?} of stage input {} was not provided", self.number)))
    }
    fn slot(&self) -> Option<&Slot> {
        Some(self)
    }
}
