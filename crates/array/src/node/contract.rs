//! Products of matrices.

use super::{Boundary, Need, Node, Work};
use crate::chunks::Region;
use crate::error::ChunkResult;
use phalanx_chunk::linalg::matmul;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// The products of (…, m, k) and (…, k, n) matrices over blocks of k: (blocks, …, m, n). Their sum over the blocks, in
/// order, is the product. With one block this is narrow: a chunk pulls its rows of the left and columns of the right.
/// Stacks broadcast.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Contract {
    /// Where the blocks of k end.
    pub blocks: Vec<usize>,
    /// The lengths of each input's axes before its matrices.
    pub stacks: [Vec<usize>; 2],
    pub dtype: DType,
    pub shape: Vec<usize>,
}

impl Contract {
    /// What the region `stack` of the result's stack needs of an input's.
    fn stacked(own: &[usize], stack: &[Span]) -> Region {
        let axes = own.iter().zip(&stack[stack.len() - own.len()..]);
        axes.map(|(&length, &span)| if length == 1 { Span::range(0, 1) } else { span }).collect()
    }
}

#[typetag::serde(name = "contract")]
impl Node for Contract {
    fn name(&self) -> String {
        format!("matmul over {} block(s) of k", self.blocks.len() - 1)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let [blocks, stack @ .., rows, columns] = out else { return vec![] };
        let need = |block: usize| {
            let k = Span::range(self.blocks[block], self.blocks[block + 1] - self.blocks[block]);
            let (mut left, mut right) = (Self::stacked(&self.stacks[0], stack), Self::stacked(&self.stacks[1], stack));
            left.extend([*rows, k]);
            right.extend([k, *columns]);
            [Need::new(0, left), Need::new(1, right)]
        };
        blocks.indices().flat_map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let mut shape = lengths(out);
        if let Some(blocks) = shape.first_mut() {
            *blocks = 1;
        }
        let product = |pair: &[Chunk]| matmul(&pair[0], &pair[1])?.cast(self.dtype).reshape(&shape);
        let products = inputs.chunks_exact(2).map(product).collect::<ChunkResult<Vec<_>>>()?;
        match products.as_slice() {
            [] => Chunk::zeros(self.dtype, &lengths(out)),
            [only] => Ok(only.clone()),
            several => Chunk::concatenate(0, several),
        }
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        if self.blocks.len() > 2 { Boundary::Always } else { Boundary::IfRepeated }
    }
    fn pulls_again(&self) -> bool {
        true
    }
}
