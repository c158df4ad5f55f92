//! How an array is cut into chunks: a grid, given by the borders on each axis.

use crate::error::Lift;
use phalanx_chunk::Span;
use phalanx_chunk::shape::element_count;
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// One span for each axis.
pub type Region = Vec<Span>;

/// A grid of chunks. Numbered in C order, the last axis fastest.
///
/// ```
/// use phalanx_array::Chunks;
/// let chunks = Chunks::new(&[10, 7], 4)?;
/// assert_eq!(chunks.sizes(0), [4, 4, 2]);
/// assert_eq!(chunks.count(), 6);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Vec<usize>>", into = "Vec<Vec<usize>>")]
pub struct Chunks {
    /// For each axis 0, the end of the first chunk, …, the length. An axis of length 0 has one chunk.
    borders: Vec<Arc<[usize]>>,
}

impl From<Vec<Vec<usize>>> for Chunks {
    fn from(borders: Vec<Vec<usize>>) -> Self {
        Self { borders: borders.into_iter().map(Into::into).collect() }
    }
}

impl From<Chunks> for Vec<Vec<usize>> {
    fn from(chunks: Chunks) -> Self {
        chunks.borders.iter().map(|axis| axis.to_vec()).collect()
    }
}

/// How the caller says what the chunks are to be: a number for all axes, one for each axis, all sizes, or [`Auto`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkSpec {
    /// About [`AUTO_BYTES`] a chunk.
    Auto,
    /// The same size on every axis (at most the axis).
    Every(usize),
    /// A size for each axis.
    Each(Vec<usize>),
    /// The sizes of all chunks of each axis.
    Sizes(Vec<Vec<usize>>),
}

/// Lets the library choose chunks, of about [`AUTO_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auto;

/// What a chunk has that the library chooses: large against the cost of a task, small against its memory.
pub const AUTO_BYTES: usize = 8 << 20;

macro_rules! spec_from {
    ($($type:ty, $value:ident => $spec:expr;)*) => {
        $(impl From<$type> for ChunkSpec {
            fn from($value: $type) -> Self {
                $spec
            }
        })*
    };
}

spec_from! {
    Auto, _auto => Self::Auto;
    usize, size => Self::Every(size);
    Vec<usize>, sizes => Self::Each(sizes);
    &[usize], sizes => Self::Each(sizes.to_vec());
    (usize,), sizes => Self::Each(vec![sizes.0]);
    (usize, usize), sizes => Self::Each(vec![sizes.0, sizes.1]);
    (usize, usize, usize), sizes => Self::Each(vec![sizes.0, sizes.1, sizes.2]);
    Vec<Vec<usize>>, sizes => Self::Sizes(sizes);
}

impl<const N: usize> From<[usize; N]> for ChunkSpec {
    fn from(sizes: [usize; N]) -> Self {
        Self::Each(sizes.to_vec())
    }
}

impl Chunks {
    /// The chunks of an array of this shape (for [`Auto`], of 8-byte elements).
    ///
    /// # Errors
    /// `Input`: the shape overflows, the specification is for another number of axes, a size is 0, or sizes do not
    /// add up to the axis.
    pub fn new(shape: &[usize], spec: impl Into<ChunkSpec>) -> Result<Self> {
        element_count(shape).lift()?;
        let sizes = match spec.into() {
            ChunkSpec::Every(size) => vec![size; shape.len()],
            ChunkSpec::Each(sizes) => sizes,
            ChunkSpec::Auto => auto_sizes(shape),
            ChunkSpec::Sizes(sizes) => return Self::from_sizes(shape, &sizes),
        };
        if sizes.len() != shape.len() {
            return Err(misfit(shape, format!("{} chunk sizes", sizes.len())));
        }
        let axis = |(&length, &size): (&usize, &usize)| {
            if size == 0 && length > 0 {
                return Err(misfit(shape, "a chunk size of 0"));
            }
            let inner = (1..length.div_ceil(size.max(1))).map(|number| number * size);
            Ok(std::iter::once(0).chain(inner).chain([length]).collect())
        };
        Ok(Self { borders: shape.iter().zip(&sizes).map(axis).collect::<Result<_>>()? })
    }

    fn from_sizes(shape: &[usize], sizes: &[Vec<usize>]) -> Result<Self> {
        if sizes.len() != shape.len() {
            return Err(misfit(shape, format!("chunk sizes for {} axes", sizes.len())));
        }
        let axis = |(&length, sizes): (&usize, &Vec<usize>)| {
            let sum = sizes.iter().try_fold(0_usize, |sum, &size| sum.checked_add(size));
            if sum != Some(length) || (length > 0 && sizes.contains(&0)) || sizes.is_empty() {
                return Err(misfit(shape, format!("chunks of sizes {sizes:?} on an axis of length {length}")));
            }
            Ok(borders_of(sizes))
        };
        Ok(Self { borders: shape.iter().zip(sizes).map(axis).collect::<Result<_>>()? })
    }

    /// One chunk that is everything.
    pub fn single(shape: &[usize]) -> Self {
        Self { borders: shape.iter().map(|&length| [0, length].into()).collect() }
    }

    /// From borders that lowering has made: each list ascends from 0 and has at least two entries.
    pub(crate) fn from_borders(borders: Vec<Arc<[usize]>>) -> Self {
        debug_assert!(borders.iter().all(|axis| axis.len() > 1 && axis[0] == 0));
        Self { borders }
    }

    /// The borders of an axis: 0, the end of each chunk.
    pub(crate) fn borders(&self, axis: usize) -> &Arc<[usize]> {
        &self.borders[axis]
    }

    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.borders.len()
    }

    /// The shape of the whole array.
    pub fn shape(&self) -> Vec<usize> {
        self.borders.iter().map(|axis| axis[axis.len() - 1]).collect()
    }

    /// The sizes of the chunks on one axis.
    pub fn sizes(&self, axis: usize) -> Vec<usize> {
        self.borders[axis].windows(2).map(|border| border[1] - border[0]).collect()
    }

    /// The number of chunks on each axis.
    pub fn grid(&self) -> Vec<usize> {
        self.borders.iter().map(|axis| axis.len() - 1).collect()
    }

    /// The number of chunks.
    pub fn count(&self) -> usize {
        self.borders.iter().map(|axis| axis.len() - 1).fold(1, usize::saturating_mul)
    }

    /// Where chunk number `ordinal` lies.
    pub fn region(&self, ordinal: usize) -> Region {
        let mut rest = ordinal;
        let mut region: Region = self
            .borders
            .iter()
            .rev()
            .map(|axis| {
                let (at, count) = (rest % (axis.len() - 1), axis.len() - 1);
                rest /= count;
                Span::range(axis[at], axis[at + 1] - axis[at])
            })
            .collect();
        region.reverse();
        region
    }

    /// `region` cut along the borders, in C order of the chunks' appearance in it.
    pub(crate) fn split(&self, region: &[Span]) -> Vec<Piece> {
        let mut pieces = vec![Piece { chunk: 0, absolute: vec![], within: vec![] }];
        for (axis, span) in self.borders.iter().zip(region) {
            let runs = runs(axis, *span);
            let mut longer = Vec::with_capacity(pieces.len() * runs.len());
            for piece in pieces {
                for run in &runs {
                    let mut piece = piece.clone();
                    piece.chunk = piece.chunk * (axis.len() - 1) + run.block;
                    piece.absolute.push(run.absolute);
                    piece.within.push(run.within);
                    longer.push(piece);
                }
            }
            pieces = longer;
        }
        pieces
    }

    /// The borders on `axis` with neighbours joined while a block has at most `length_max` indices.
    pub(crate) fn joined(&self, axis: usize, length_max: usize) -> Arc<[usize]> {
        let borders = &self.borders[axis];
        let mut joined = vec![0];
        for pair in borders.windows(2) {
            let start = joined[joined.len() - 1];
            if pair[1] - start > length_max && pair[0] > start {
                joined.push(pair[0]);
            }
        }
        joined.push(borders[borders.len() - 1]);
        joined.into()
    }

    /// The grid with every chunk halved along its longest axis; `None` if no axis can be halved.
    pub(crate) fn halved(&self) -> Option<Self> {
        let longest = |axis: &Arc<[usize]>| axis.windows(2).map(|border| border[1] - border[0]).max().unwrap_or(0);
        let (at, length) =
            self.borders.iter().map(longest).enumerate().max_by_key(|&(at, length)| (length, usize::MAX - at))?;
        if length < 2 {
            return None;
        }
        let limit = length.div_ceil(2);
        let mut borders = vec![0];
        for pair in self.borders[at].windows(2) {
            let pieces = (pair[1] - pair[0]).div_ceil(limit).max(1);
            borders.extend((1..pieces).map(|piece| pair[0] + piece * limit));
            borders.push(pair[1]);
        }
        let mut halved = self.clone();
        halved.borders[at] = borders.into();
        Some(halved)
    }
}

/// Borders from sizes.
pub(crate) fn borders_of(sizes: &[usize]) -> Arc<[usize]> {
    let mut end = 0;
    std::iter::once(0)
        .chain(sizes.iter().map(|size| {
            end += size;
            end
        }))
        .collect()
}

/// A part of a region that lies in one chunk.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The chunk's number.
    pub chunk: usize,
    /// The part, in the array's indices.
    pub absolute: Region,
    /// The part, as positions in the region.
    pub within: Region,
}

struct Run {
    block: usize,
    absolute: Span,
    within: Span,
}

/// `span` cut at the borders of one axis. An empty span is one empty run.
fn runs(borders: &[usize], span: Span) -> Vec<Run> {
    let block_of = |index: usize| borders.partition_point(|&border| border <= index).clamp(1, borders.len() - 1) - 1;
    if span.len == 0 {
        return vec![Run { block: 0, absolute: span, within: Span::range(0, 0) }];
    }
    let mut runs = vec![];
    let mut done = 0;
    while done < span.len {
        let Some(start) = span.index(done) else { break };
        let block = block_of(start);
        let room = if span.step > 0 { borders[block + 1] - 1 - start } else { start - borders[block] };
        let len = (room / span.step.unsigned_abs().max(1) + 1).min(span.len - done);
        let step = if len == 1 { 1 } else { span.step };
        runs.push(Run { block, absolute: Span::new(start, len, step), within: Span::range(done, len) });
        done += len;
    }
    runs
}

fn auto_sizes(shape: &[usize]) -> Vec<usize> {
    let mut sizes = shape.to_vec();
    while sizes.iter().fold(8_usize, |bytes, &size| bytes.saturating_mul(size)) > AUTO_BYTES {
        match sizes.iter_mut().max() {
            Some(size) if *size > 1 => *size = size.div_ceil(2),
            _ => break,
        }
    }
    sizes
}

fn misfit(shape: &[usize], what: impl fmt::Display) -> Error {
    Error::input(format!("{what} can't cut an array of shape {shape:?}"))
        .with_hint("give one positive chunk size for all axes, one for each axis, or `Auto`")
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Chunks {
    /// `(1000×10, 10)`: ten chunks of 1000 on the first axis, one of 10 on the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for axis in 0..self.ndim() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            let borders = &self.borders[axis];
            let (first, count) = (borders[1], borders.len() - 1);
            let even = (1..count).all(|at| borders[at] == at * first) && borders[count] - borders[count - 1] <= first;
            match (count, even) {
                (1, _) => write!(f, "{first}")?,
                (_, true) => write!(f, "{first}×{count}")?,
                (_, false) => write!(f, "{count} uneven")?,
            }
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_that_do_not_fit_are_refused_with_numbers() {
        assert!(Chunks::new(&[10, 10], 0).unwrap_err().message().contains("size of 0"));
        assert!(Chunks::new(&[10, 10], [5]).unwrap_err().message().contains("1 chunk sizes"));
        assert!(Chunks::new(&[10], vec![vec![4, 4]]).is_err());
        assert!(Chunks::new(&[1 << 40, 1 << 40], 10).is_err());
        assert_eq!(Chunks::new(&[10], vec![vec![3, 7]]).unwrap().sizes(0), [3, 7]);
        assert_eq!(Chunks::new(&[0, 3], 2).unwrap().count(), 2);
    }

    #[test]
    fn automatic_chunks_are_about_as_large_as_promised() {
        let chunks = Chunks::new(&[10_000, 10_000], Auto).unwrap();
        let elements: usize = phalanx_chunk::span::lengths(&chunks.region(0)).iter().product();
        assert!((AUTO_BYTES / 4..=AUTO_BYTES).contains(&(elements * 8)), "{chunks}");
    }

    #[test]
    fn a_split_region_is_the_region() {
        let chunks = Chunks::new(&[10, 7], [4, 3]).unwrap();
        for region in [
            vec![Span::all(10), Span::all(7)],
            vec![Span::new(9, 5, -2), Span::new(1, 3, 2)],
            vec![Span::new(3, 1, 1), Span::new(6, 7, -1)],
        ] {
            let mut seen = vec![];
            for piece in chunks.split(&region) {
                let chunk = chunks.region(piece.chunk);
                for (absolute, chunk) in piece.absolute.iter().zip(&chunk) {
                    let (low, high) = absolute.bounds().unwrap();
                    assert!(low >= chunk.start && high < chunk.start + chunk.len);
                }
                for (axis, span) in region.iter().enumerate() {
                    let expected: Vec<_> = piece.within[axis].indices().map(|k| span.index(k).unwrap()).collect();
                    assert_eq!(piece.absolute[axis].indices().collect::<Vec<_>>(), expected);
                }
                seen.push(piece.within.iter().map(|span| span.len).product::<usize>());
            }
            assert_eq!(seen.iter().sum::<usize>(), region.iter().map(|span| span.len).product::<usize>());
        }
    }

    #[test]
    fn halving_keeps_the_shape() {
        let halved = Chunks::new(&[10, 7], [4, 7]).unwrap().halved().unwrap();
        assert_eq!((halved.shape(), halved.sizes(1)), (vec![10, 7], vec![4, 3]));
        assert!(Chunks::single(&[1, 1]).halved().is_none());
    }
}
