//! The two halves of TSQR.
//!
//! TSQR (Demmel, Grigori, Hoemmen, Langou: "Communication-optimal parallel and sequential QR and LU factorizations",
//! SIAM J. Sci. Comput. 34, 2012): each block of rows is decomposed alone, `A_i = Q_i R_i`; the stacked `R_i` are
//! decomposed once more; and block `i` of the orthogonal factor is `Q_i` times block `i` of the stack's. `Q_i` is not
//! kept: it is `A_i` divided by `R_i` where that loses nothing, else it is made again.

use super::{Boundary, Need, Node, Work};
use crate::chunks::{Chunks, Piece, Region};
use crate::error::ChunkResult;
use phalanx_chunk::linalg::{qr_r, qr_times_by};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Where the blocks of rows end, and where their triangular factors end in the stack of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RowBlocks {
    pub rows: Chunks,
    pub stacked: Chunks,
    pub columns: usize,
}

impl RowBlocks {
    /// Block `i` has as many rows in the stack as it has singular values.
    pub(crate) fn new(borders: &[usize], columns: usize) -> Self {
        let heights: Vec<usize> = borders.windows(2).map(|border| (border[1] - border[0]).min(columns)).collect();
        let grid = |borders: std::sync::Arc<[usize]>| Chunks::from_borders(vec![borders]);
        Self { rows: grid(borders.into()), stacked: grid(crate::chunks::borders_of(&heights)), columns }
    }

    fn block(&self, number: usize) -> (Span, Span) {
        (self.rows.region(number)[0], self.stacked.region(number)[0])
    }
}

/// The region `out` of a factor from those of its blocks, as they lie in `grid`, that it touches; of each block these
/// `columns`.
fn assembled(
    grid: &Chunks,
    dtype: DType,
    out: &[Span],
    blocks: impl Iterator<Item = ChunkResult<Chunk>>,
    columns: Span,
) -> ChunkResult<Chunk> {
    let part = |(piece, block): (Piece, ChunkResult<Chunk>)| {
        let first = grid.region(piece.chunk)[0].start;
        let rows = piece.absolute[0];
        let region = [Span::new(rows.start - first, rows.len, rows.step), columns];
        Ok((vec![piece.within[0], Span::all(out[1].len)], block?.region(&region)?))
    };
    let parts = grid.split(&out[..1]).into_iter().zip(blocks).map(part);
    Chunk::assemble(dtype, &lengths(out), &parts.collect::<ChunkResult<Vec<(Region, Chunk)>>>()?)
}

/// The triangular factors of the blocks of rows, stacked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Triangles {
    pub blocks: RowBlocks,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "triangles")]
impl Node for Triangles {
    fn name(&self) -> String {
        format!("R of {} block(s) of rows", self.blocks.rows.count())
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let need = |piece: Piece| Need::new(0, vec![self.blocks.block(piece.chunk).0, Span::all(self.blocks.columns)]);
        self.blocks.stacked.split(&out[..1]).into_iter().map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let blocks = inputs.iter().map(qr_r);
        assembled(&self.blocks.stacked, self.dtype, out, blocks, out[1])
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn divisible(&self) -> bool {
        false
    }
    fn boundary(&self) -> Boundary {
        if self.blocks.rows.count() > 1 { Boundary::Always } else { Boundary::IfRepeated }
    }
    fn work_bytes(&self, _out: &[Span]) -> u64 {
        block_bytes(&self.blocks, self.dtype)
    }
}

/// `Q_i` times block `i` of the second input, for each block of rows of the first, of which the third has the `R_i`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrthogonalBlocks {
    pub blocks: RowBlocks,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "orthogonal_blocks")]
impl Node for OrthogonalBlocks {
    fn name(&self) -> String {
        format!("Q of {} block(s) of rows", self.blocks.rows.count())
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let need = |piece: Piece| {
            let (rows, stacked) = self.blocks.block(piece.chunk);
            let whole = Span::all(self.blocks.columns);
            [Need::new(0, vec![rows, whole]), Need::new(1, vec![stacked, out[1]]), Need::new(2, vec![stacked, whole])]
        };
        self.blocks.rows.split(&out[..1]).into_iter().flat_map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let blocks = inputs.chunks_exact(3).map(|given| qr_times_by(&given[0], &given[2], &given[1]));
        assembled(&self.blocks.rows, self.dtype, out, blocks, Span::all(out[1].len))
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn divisible(&self) -> bool {
        false
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
    fn work_bytes(&self, _out: &[Span]) -> u64 {
        2 * block_bytes(&self.blocks, self.dtype)
    }
}

fn block_bytes(blocks: &RowBlocks, dtype: DType) -> u64 {
    let rows = blocks.rows.sizes(0).into_iter().max().unwrap_or(0);
    (rows as u64).saturating_mul(blocks.columns as u64).saturating_mul(dtype.itemsize() as u64)
}
