//! Elements at indices that are data: taking by an array of indices, compressing by a mask; and diagonals.

use super::{Need, Node, Work, count};
use crate::chunks::{Chunks, Piece, Region};
use crate::error::{ChunkResult, broken};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Error, Span};
use serde::{Deserialize, Serialize};

/// An index into an axis, from its end where negative.
fn position(index: i64, length: usize) -> ChunkResult<usize> {
    let counted = if index < 0 { index.saturating_add(length as i64) } else { index };
    usize::try_from(counted)
        .ok()
        .filter(|&at| at < length)
        .ok_or_else(|| Error::Shape { reason: format!("index {index} is out of bounds for axis with size {length}") })
}

/// The slices along `axis` whose numbers are the elements of the second input, in its shape.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakeBy {
    pub axis: usize,
    /// The number of axes of the indices.
    pub ndim: usize,
    /// The length of the axis that is taken from.
    pub length: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "take_by")]
impl Node for TakeBy {
    fn name(&self) -> String {
        format!("take by an array along axis {}", self.axis)
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
        let (before, rest) = out.split_at(self.axis);
        let (indices, after) = rest.split_at(self.ndim);
        let mut region = before.to_vec();
        region.push(Span::all(self.length));
        region.extend(after);
        vec![Need::new(0, region), Need::new(1, indices.to_vec())]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let [values, indices] = inputs else { return Chunk::zeros(self.dtype, &lengths(out)) };
        let indices = indices.cast(DType::Int64);
        let places =
            indices.values::<i64>()?.iter().map(|&at| position(at, self.length)).collect::<ChunkResult<Vec<_>>>()?;
        values.gather(self.axis, &places)?.reshape(&lengths(out))
    }
    fn work(&self) -> Work {
        Work::Whole
    }
}

/// For each element of the second input, an index, the element of its line of the first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakeAlong {
    pub axis: usize,
    pub length: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "take_along")]
impl Node for TakeAlong {
    fn name(&self) -> String {
        format!("take along axis {}", self.axis)
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
        region[self.axis] = Span::all(self.length);
        vec![Need::new(0, region), Need::new(1, out.to_vec())]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let [values, indices] = inputs else { return Chunk::zeros(self.dtype, &lengths(out)) };
        let inner: usize = values.shape()[self.axis + 1..].iter().product();
        let lines = out[self.axis].len * inner;
        let indices = indices.cast(DType::Int64);
        let place = |(number, &index): (usize, &i64)| {
            let (block, within) = (number / lines, number % inner);
            Ok((block * self.length + position(index, self.length)?) * inner + within)
        };
        let places = indices.values::<i64>()?.iter().enumerate().map(place).collect::<ChunkResult<Vec<_>>>()?;
        values.pick(&places, &lengths(out))
    }
    fn work(&self) -> Work {
        Work::Whole
    }
}

/// The slices along `axis` where the mask, the second input, is true.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compress {
    pub axis: usize,
    /// Where the blocks of the axis end, before and after.
    pub before: Chunks,
    pub after: Chunks,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

impl Compress {
    fn pieces(&self, out: &[Span]) -> Vec<Piece> {
        self.after.split(&[out[self.axis]])
    }
}

#[typetag::serde(name = "compress")]
impl Node for Compress {
    fn name(&self) -> String {
        format!("compress by a mask along axis {}", self.axis)
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
        let need = |piece: Piece| {
            let block = self.before.region(piece.chunk)[0];
            let mut region = out.to_vec();
            region[self.axis] = block;
            [Need::new(0, region), Need::new(1, vec![block])]
        };
        self.pieces(out).into_iter().flat_map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if inputs.is_empty() {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        let part = |(piece, pair): (Piece, &[Chunk])| {
            let first = self.after.region(piece.chunk)[0].start;
            let mask = pair[1].cast(DType::Bool);
            let flags = mask.values::<bool>()?.iter().enumerate();
            let kept: Vec<usize> = flags.filter_map(|(at, &flag)| flag.then_some(at)).collect();
            let wanted = piece.absolute[0].indices().map(|at| kept.get(at - first).copied());
            let wanted = wanted.collect::<Option<Vec<usize>>>().ok_or_else(|| broken("a mask has changed"))?;
            let mut place: Region = lengths(out).into_iter().map(Span::all).collect();
            place[self.axis] = piece.within[0];
            Ok((place, pair[0].gather(self.axis, &wanted)?))
        };
        let parts = self.pieces(out).into_iter().zip(inputs.chunks_exact(2)).map(part);
        Chunk::assemble(self.dtype, &lengths(out), &parts.collect::<ChunkResult<Vec<_>>>()?)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
}

/// Element `i` of the last axis is element `(row + i, column + i)` of the input's last two.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Diagonal {
    pub row: usize,
    pub column: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "diagonal")]
impl Node for Diagonal {
    fn name(&self) -> String {
        String::from("diagonal")
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let Some((diagonal, outer)) = out.split_last() else { return vec![] };
        if count(out) == 0 {
            return vec![];
        }
        // Element by element: a box around several would pull the square of them.
        let need = |at: usize| {
            let ends = [Span::range(self.row + at, 1), Span::range(self.column + at, 1)];
            Need::new(0, outer.iter().copied().chain(ends).collect())
        };
        diagonal.indices().map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if inputs.is_empty() {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        let mut shape = lengths(out);
        if let Some(last) = shape.last_mut() {
            *last = 1;
        }
        let columns = inputs.iter().map(|element| element.reshape(&shape)).collect::<ChunkResult<Vec<_>>>()?;
        Chunk::concatenate(shape.len() - 1, &columns)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
}
