//! Decompositions: the two halves of TSQR, and those of a single block.
//!
//! TSQR (Demmel, Grigori, Hoemmen, Langou: "Communication-optimal parallel and sequential QR and LU factorizations",
//! SIAM J. Sci. Comput. 34, 2012): each block of rows is decomposed alone, `A_i = Q_i R_i`; the stacked `R_i` are
//! decomposed once more; and block `i` of the orthogonal factor is `Q_i` times block `i` of the stack's. `Q_i` is
//! made twice, by the same sequential kernel and so with the same bits, rather than kept.

use super::{Boundary, Need, Node, Work};
use crate::chunks::{Chunks, Region};
use crate::error::ChunkResult;
use phalanx_chunk::linalg::{qr_r, qr_thin, qr_times, svd_thin};
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
        let need = |piece: crate::chunks::Piece| {
            Need::new(0, vec![self.blocks.block(piece.chunk).0, Span::all(self.blocks.columns)])
        };
        self.blocks.stacked.split(&out[..1]).into_iter().map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let pieces = self.blocks.stacked.split(&out[..1]);
        let part = |(piece, block): (crate::chunks::Piece, &Chunk)| {
            let first = self.blocks.block(piece.chunk).1.start;
            let rows = piece.absolute[0];
            let place = vec![piece.within[0], Span::all(out[1].len)];
            Ok((place, qr_r(block)?.region(&[Span::new(rows.start - first, rows.len, rows.step), out[1]])?))
        };
        let parts = pieces.into_iter().zip(inputs).map(part).collect::<ChunkResult<Vec<(Region, Chunk)>>>()?;
        Chunk::assemble(self.dtype, &lengths(out), &parts)
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

/// `Q_i` times block `i` of the second input, for each block of rows of the first.
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
        let need = |piece: crate::chunks::Piece| {
            let (rows, stacked) = self.blocks.block(piece.chunk);
            [Need::new(0, vec![rows, Span::all(self.blocks.columns)]), Need::new(1, vec![stacked, out[1]])]
        };
        self.blocks.rows.split(&out[..1]).into_iter().flat_map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let pieces = self.blocks.rows.split(&out[..1]);
        let part = |(piece, pair): (crate::chunks::Piece, &[Chunk])| {
            let first = self.blocks.block(piece.chunk).0.start;
            let rows = piece.absolute[0];
            let block = qr_times(&pair[0], &pair[1])?;
            let place = vec![piece.within[0], Span::all(out[1].len)];
            let region = [Span::new(rows.start - first, rows.len, rows.step), Span::all(out[1].len)];
            Ok((place, block.region(&region)?))
        };
        let parts =
            pieces.into_iter().zip(inputs.chunks_exact(2)).map(part).collect::<ChunkResult<Vec<(Region, Chunk)>>>()?;
        Chunk::assemble(self.dtype, &lengths(out), &parts)
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

/// Which decomposition of one block, and what of it, one after the other as one axis: an array has one value, and
/// its parts are slices of that, so several parts that are wanted together are computed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Factors {
    /// U (m, k), S (k), Vᵀ (k, n) with k = min(m, n). A negative largest element of a row of Vᵀ flips its sign and
    /// that of its column of U.
    Svd,
    /// Q (m, k), R (k, n).
    Qr,
}

/// A decomposition of an (m, n) matrix in one piece.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Packed {
    pub factors: Factors,
    pub rows: usize,
    pub columns: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

impl Packed {
    /// The shapes of the parts, in order.
    pub(crate) fn part_shapes(factors: Factors, rows: usize, columns: usize) -> Vec<Vec<usize>> {
        let rank = rows.min(columns);
        match factors {
            Factors::Svd => vec![vec![rows, rank], vec![rank], vec![rank, columns]],
            Factors::Qr => vec![vec![rows, rank], vec![rank, columns]],
        }
    }
}

#[typetag::serde(name = "packed")]
impl Node for Packed {
    fn name(&self) -> String {
        format!("{:?} of one block of {} × {}", self.factors, self.rows, self.columns)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![Need::new(0, vec![Span::all(self.rows), Span::all(self.columns)])]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let parts = match self.factors {
            Factors::Svd => {
                let (u, s, vt) = svd_thin(&inputs[0])?;
                vec![u, s, vt]
            }
            Factors::Qr => {
                let (q, r) = qr_thin(&inputs[0])?;
                vec![q, r]
            }
        };
        let flat = parts.iter().map(|part| part.reshape(&[part.len()])).collect::<ChunkResult<Vec<_>>>()?;
        Chunk::concatenate(0, &flat)?.region(out)
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
        4 * (self.rows * self.columns * self.dtype.itemsize()) as u64
    }
}
