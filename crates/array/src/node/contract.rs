//! Products of matrices.

use super::{Boundary, Need, Node, Work};
use crate::error::ChunkResult;
use phalanx_chunk::linalg::matmul;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// The products of an (m, k) and a (k, n) matrix over blocks of k: (blocks, m, n). Their sum over the blocks, in
/// order, is the product. With one block this is narrow: a chunk pulls its rows of the left and columns of the right.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Contract {
    /// Where the blocks of k end.
    pub blocks: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
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
        let &[blocks, rows, columns] = out else { return vec![] };
        let need = |block: usize| {
            let k = Span::range(self.blocks[block], self.blocks[block + 1] - self.blocks[block]);
            [Need::new(0, vec![rows, k]), Need::new(1, vec![k, columns])]
        };
        blocks.indices().flat_map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let &[_, rows, columns] = out else { return Chunk::zeros(self.dtype, &lengths(out)) };
        let shape = [1, rows.len, columns.len];
        let product = |pair: &[Chunk]| matmul(&pair[0], &pair[1])?.reshape(&shape);
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
