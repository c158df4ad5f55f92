//! Counts of blocks, which add up to histograms and the like.

use super::{Boundary, Need, Node, Work};
use crate::chunks::Chunks;
use crate::error::{ChunkResult, broken};
use phalanx_chunk::bins;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Row `i` holds the counts of block `i` of its inputs: the coordinates, weights if there are any, and the edges.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub count: bins::Count,
    /// The blocks of coordinates and weights.
    pub blocks: Chunks,
    pub weighted: bool,
    /// How many edges each dimension has.
    pub edges: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

impl Counts {
    fn block_inputs(&self) -> usize {
        self.count.coordinates() + usize::from(self.weighted)
    }
}

#[typetag::serde(name = "counts")]
impl Node for Counts {
    fn name(&self) -> String {
        format!("{} of {} block(s)", self.count.name(), self.blocks.count())
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let of_block = |block: usize| {
            let elements = (0..self.block_inputs()).map(move |input| Need::new(input, self.blocks.region(block)));
            let edge = |(at, &length): (usize, &usize)| Need::new(self.block_inputs() + at, vec![Span::all(length)]);
            elements.chain(self.edges.iter().enumerate().map(edge))
        };
        out[0].indices().flat_map(of_block).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let each = self.block_inputs() + self.edges.len();
        let row = |given: &[Chunk]| {
            let (elements, rest) = given.split_at(self.count.coordinates());
            let (weights, edges) = rest.split_at(usize::from(self.weighted));
            let elements: Vec<&Chunk> = elements.iter().collect();
            let edges: Vec<&Chunk> = edges.iter().collect();
            self.count.apply(&elements, weights.first(), &edges)?.region(&out[1..])?.reshape(&[1, out[1].len])
        };
        if out.len() != 2 {
            return Err(broken("counts have two axes"));
        }
        match inputs.chunks_exact(each.max(1)).map(row).collect::<ChunkResult<Vec<_>>>()?.as_slice() {
            [] => Chunk::zeros(self.dtype, &lengths(out)),
            rows => Chunk::concatenate(0, rows),
        }
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        if self.blocks.count() > 1 { Boundary::Always } else { Boundary::IfRepeated }
    }
}
