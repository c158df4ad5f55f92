//! Looking elements up in a sorted table that each task has whole.

use super::{Need, Node};
use crate::error::ChunkResult;
use phalanx_chunk::search::Search;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Asks the table, the second input, for each element of the first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Lookup {
    pub search: Search,
    /// The table's length.
    pub table: usize,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "lookup")]
impl Node for Lookup {
    fn name(&self) -> String {
        format!("{} in {}", self.search.name(), self.table)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.search.dtype()
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        vec![Need::new(0, out.to_vec()), Need::new(1, vec![Span::all(self.table)])]
    }
    fn compute(&self, _out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        self.search.apply(&inputs[1], &inputs[0])
    }
}
