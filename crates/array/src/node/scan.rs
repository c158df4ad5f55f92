//! Running sums and products in two passes over blocks: what each block comes to, then each block from where the one
//! before it ends.

use super::{Boundary, Need, Node, Work, count};
use crate::chunks::{Chunks, Piece, Region};
use crate::error::ChunkResult;
use phalanx_chunk::lines::{Lines, Running, scan_from};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// What each block along the axis comes to: the axis has an element for each block.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub running: Running,
    pub axis: usize,
    /// Where the blocks end, as a grid of one axis.
    pub blocks: Chunks,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "totals")]
impl Node for Totals {
    fn name(&self) -> String {
        format!("totals for {} of {} block(s) along axis {}", self.running.name(), self.blocks.count(), self.axis)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let need = |block: usize| {
            let mut region = out.to_vec();
            region[self.axis] = self.blocks.region(block)[0];
            Need::new(0, region)
        };
        out[self.axis].indices().map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let total = |block: &Chunk| {
            let scanned = Lines::Scan(self.running).apply(block, self.axis)?;
            let mut last: Region = phalanx_chunk::span::whole(scanned.shape());
            last[self.axis] = Span::range(block.shape()[self.axis].saturating_sub(1), 1);
            scanned.region(&last)
        };
        match inputs.iter().map(total).collect::<ChunkResult<Vec<_>>>()?.as_slice() {
            [] => Chunk::zeros(self.dtype, &lengths(out)),
            totals => Chunk::concatenate(self.axis, totals),
        }
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::Always
    }
}

/// The scan itself: of its first input, and from the second, the running totals of the blocks, if there are several.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Scan {
    pub running: Running,
    pub axis: usize,
    pub blocks: Chunks,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

impl Scan {
    /// What `out` has of each block, with the block up to the last element that is wanted.
    fn pieces(&self, out: &[Span]) -> Vec<(Piece, Span)> {
        let block = |piece: Piece| {
            let block = self.blocks.region(piece.chunk)[0];
            let end = piece.absolute[0].bounds().map_or(block.start, |(_, last)| last + 1);
            (piece, Span::range(block.start, end - block.start))
        };
        self.blocks.split(&[out[self.axis]]).into_iter().map(block).collect()
    }
}

#[typetag::serde(name = "scan")]
impl Node for Scan {
    fn name(&self) -> String {
        format!("{} along axis {}", self.running.name(), self.axis)
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
        let mut needs = vec![];
        for (piece, block) in self.pieces(out) {
            let mut region = out.to_vec();
            region[self.axis] = block;
            needs.push(Need::new(0, region.clone()));
            if let Some(before) = piece.chunk.checked_sub(1) {
                region[self.axis] = Span::range(before, 1);
                needs.push(Need::new(1, region));
            }
        }
        needs
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let mut given = inputs.iter();
        let mut parts = vec![];
        for (piece, block) in self.pieces(out) {
            let Some(values) = given.next() else { return Chunk::zeros(self.dtype, &lengths(out)) };
            let start = if piece.chunk > 0 { given.next() } else { None };
            let scanned = scan_from(values, self.axis, self.running, start)?;
            let mut wanted: Region = phalanx_chunk::span::whole(scanned.shape());
            let span = piece.absolute[0];
            wanted[self.axis] = Span::new(span.start - block.start, span.len, span.step);
            let mut place: Region = lengths(out).into_iter().map(Span::all).collect();
            place[self.axis] = piece.within[0];
            parts.push((place, scanned.region(&wanted)?));
        }
        Chunk::assemble(self.dtype, &lengths(out), &parts)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
}
