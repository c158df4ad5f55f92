//! Parts of a chunk that comes in fragments: each fragment gives what it holds of them, so that the chunk itself is
//! never put together.

use crate::chunks::Region;
use crate::error::{broken, lift};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{DType, Span, wire};
use phalanx_engine::Result;
use phalanx_engine::datafusion::arrow::buffer::MutableBuffer;
use std::ops::Range;

/// A part that is put together.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// The chunk's shape, and the part's region of it.
    shape: Vec<usize>,
    inside: Region,
    dtype: DType,
    bytes: MutableBuffer,
}

impl Assembly {
    /// The region `inside` of a chunk of this shape.
    ///
    /// # Errors
    /// It does not lie in the chunk, which is a bug of ours.
    pub(crate) fn new(shape: &[usize], inside: Region, dtype: DType) -> Result<Self> {
        let is_inside = shape.len() == inside.len() && inside.iter().zip(shape).all(|(span, &n)| span.check(n).is_ok());
        let count: usize = lengths(&inside).iter().product();
        let bytes = wire::padded_len(count * dtype.itemsize()).map_err(|_| lift(broken("a part that is too large")));
        match is_inside {
            true => Ok(Self { shape: shape.to_vec(), inside, dtype, bytes: MutableBuffer::from_len_zeroed(bytes?) }),
            false => Err(lift(broken(format!("region {inside:?} does not lie in a chunk of shape {shape:?}")))),
        }
    }

    /// Takes what it needs from the chunk's bytes from `start` on.
    pub(crate) fn take(&mut self, start: usize, fragment: &[u8]) {
        let item = self.dtype.itemsize();
        let elements = start / item..(start + fragment.len()) / item;
        let copy = Copy { shape: &self.shape, inside: &self.inside, item, elements, fragment };
        copy.axis(0, 0, 0, self.bytes.as_slice_mut());
    }

    /// Its values.
    ///
    /// # Errors
    /// They are none of the type's, which is a bug of ours.
    pub(crate) fn finish(self) -> Result<phalanx_chunk::Chunk> {
        use crate::error::Lift;
        wire::from_buffer(self.bytes.into(), self.dtype, &lengths(&self.inside)).lift()
    }
}

/// From a fragment to a part.
struct Copy<'a> {
    shape: &'a [usize],
    inside: &'a [Span],
    item: usize,
    /// The elements that the fragment holds, in C order.
    elements: Range<usize>,
    fragment: &'a [u8],
}

impl Copy<'_> {
    /// What the fragment holds of the part's block from axis `axis` on: its first element is `source` in the chunk
    /// (were its spans to start at 0), and `target` in the part.
    fn axis(&self, axis: usize, source: usize, target: usize, part: &mut [u8]) {
        let Some(span) = self.inside.get(axis) else {
            return self.run(source, target, 1, part);
        };
        let stride: usize = self.shape[axis + 1..].iter().product();
        let block: usize = self.inside[axis + 1..].iter().map(|span| span.len).product();
        if stride == 0 || block == 0 || self.elements.is_empty() {
            return;
        }
        // Whole blocks side by side are one run.
        let is_whole = self.inside[axis + 1..].iter().zip(&self.shape[axis + 1..]).all(|(span, &n)| span.is_all(n));
        if is_whole && span.is_contiguous() {
            return self.run(source + span.start * stride, target, span.len * stride, part);
        }
        let first = self.elements.start.saturating_sub(source) / stride;
        let last = (self.elements.end - 1).saturating_sub(source) / stride;
        if self.elements.end <= source {
            return;
        }
        let index = |k: usize| span.index(k).unwrap_or(usize::MAX);
        let which = match span.step > 0 {
            true => point(span.len, |k| index(k) < first)..point(span.len, |k| index(k) <= last),
            false => point(span.len, |k| index(k) > last)..point(span.len, |k| index(k) >= first),
        };
        for k in which {
            self.axis(axis + 1, source + index(k) * stride, target + k * block, part);
        }
    }

    /// Copies what the fragment holds of `count` elements.
    fn run(&self, source: usize, target: usize, count: usize, part: &mut [u8]) {
        let (from, to) = (source.max(self.elements.start), (source + count).min(self.elements.end));
        if from < to {
            let bytes = (from - self.elements.start) * self.item..(to - self.elements.start) * self.item;
            let at = (target + from - source) * self.item;
            part[at..at + bytes.len()].copy_from_slice(&self.fragment[bytes]);
        }
    }
}

/// The first of `0..n` for which `before` does not hold.
fn point(n: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_chunk::Chunk;

    #[test]
    fn parts_are_what_cutting_the_chunk_gives_however_it_is_cut_into_fragments() {
        let spans = |n: usize| {
            let last = n.saturating_sub(1);
            vec![
                Span::all(n),
                Span::range(0, n.min(1)),
                Span::range(n / 3, n - n / 3),
                Span::new(last, n, -1),
                Span::new(n / 4, (n - n / 4).div_ceil(2), 2),
                Span::new(last, n.div_ceil(3), -3),
                Span::range(0, 0),
            ]
        };
        let shapes: [&[usize]; 6] = [&[], &[41], &[7, 5], &[5, 1, 6], &[2, 3, 2, 3], &[3, 0]];
        for shape in shapes {
            let count: usize = shape.iter().product();
            let chunk = Chunk::new(shape, (0..count as i32).collect()).unwrap();
            let mut regions: Vec<Region> = vec![vec![]];
            for &n in shape {
                let longer =
                    |region: Region| spans(n).into_iter().map(move |span| [region.clone(), vec![span]].concat());
                regions = regions.into_iter().flat_map(longer).collect();
            }
            let payload = chunk.as_bytes();
            for region in regions {
                for fragment in [8, 12, 64, 4096] {
                    let mut part = Assembly::new(shape, region.clone(), DType::Int32).unwrap();
                    let pieces: Vec<(usize, &[u8])> =
                        payload.chunks(fragment).enumerate().map(|(n, bytes)| (n * fragment, bytes)).collect();
                    pieces.iter().rev().for_each(|(start, bytes)| part.take(*start, bytes));
                    let expected = chunk.region(&region).unwrap();
                    assert!(part.finish().unwrap().same_bits(&expected), "{shape:?} {region:?} {fragment}");
                }
            }
        }
        assert!(Assembly::new(&[3], vec![Span::range(1, 3)], DType::Int32).is_err());
    }
}
