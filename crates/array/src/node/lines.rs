//! Functions of whole lines along an axis: sorting, selecting, quantiles.

use super::{Boundary, Need, Node, Work, bytes, count};
use crate::error::ChunkResult;
use phalanx_chunk::lines;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// A function of each line along `axis`. A region pulls its lines whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Lines {
    pub function: lines::Lines,
    pub axis: usize,
    pub input: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "lines")]
impl Node for Lines {
    fn name(&self) -> String {
        format!("{} along axis {}", self.function.name(), self.axis)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        if count(out) == 0 {
            return vec![];
        }
        let mut region = out.to_vec();
        region[self.axis] = Span::all(self.input[self.axis]);
        vec![Need::new(0, region)]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let Some(input) = inputs.first() else { return Chunk::zeros(self.dtype, &lengths(out)) };
        let mut wanted: Vec<Span> = lengths(out).into_iter().map(Span::all).collect();
        wanted[self.axis] = out[self.axis];
        self.function.apply(input, self.axis)?.region(&wanted)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
    fn work_bytes(&self, out: &[Span]) -> u64 {
        // The lines moved to the end, their order, and the result before it is moved back.
        let mut lines = out.to_vec();
        lines[self.axis] = Span::all(self.input[self.axis]);
        bytes(self, &lines).saturating_mul(2).saturating_add((count(&lines) * 8) as u64)
    }
}
