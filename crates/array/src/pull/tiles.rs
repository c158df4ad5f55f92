//! A region as tiles, mostly runs of its C order, and a chunk from the values of such tiles.

use crate::chunks::Region;
use crate::error::{ChunkResult, broken};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Element, Span, with_element};

/// 256 KiB of `float64`: several tiles fit the second-level cache, and the cost of walking is far below the work.
/// Part of the determinism law, since folds add up tile by tile: never derived from the machine.
pub(crate) const TILE_ELEMENTS: usize = 32_768;

/// A tile of a region.
pub(crate) struct Tile {
    /// In the array's indices.
    pub region: Region,
    /// As positions in the region.
    pub within: Region,
}

/// The tiles of a region in C order. An empty region has one, empty.
pub(crate) struct Tiles<'a> {
    region: &'a [Span],
    /// How long the blocks are that the first axes are cut into, and how many; the other axes are whole.
    cuts: Vec<(usize, usize)>,
    next: usize,
}

/// The edge of a square tile: four tiles of `float64` fit the second-level cache. As [`TILE_ELEMENTS`], part of the law.
const EDGE: usize = 128;

impl<'a> Tiles<'a> {
    /// Each is one run of the region's elements.
    pub(crate) fn new(region: &'a [Span]) -> Self {
        let mut inner = 1;
        let mut axis = region.len();
        while axis > 0 && inner * region[axis - 1].len <= TILE_ELEMENTS {
            axis -= 1;
            inner *= region[axis].len;
        }
        // `axis` is now the first of the whole ones; the one before is cut.
        let block = (TILE_ELEMENTS / inner.max(1)).max(1);
        let mut cuts: Vec<(usize, usize)> = region[..axis].iter().map(|span| (1, span.len)).collect();
        if let Some(last) = cuts.last_mut() {
            *last = (block, last.1.div_ceil(block));
        }
        Self { region, cuts, next: 0 }
    }

    /// Square in the last two axes, if both are long, so that what is mirrored at the diagonal is made of the same tiles.
    /// They are runs of the region's C order no more, but stand in the order of their first elements.
    pub(crate) fn square(region: &'a [Span]) -> Self {
        let leading = region.len().saturating_sub(2);
        let is_short = region.len() < 2 || region[leading..].iter().any(|span| span.len <= EDGE);
        if is_short || crate::node::count(region) <= TILE_ELEMENTS {
            return Self::new(region);
        }
        let cut = |(axis, span): (usize, &Span)| {
            let block = if axis < leading { 1 } else { EDGE };
            (block, span.len.div_ceil(block))
        };
        Self { region, cuts: region.iter().enumerate().map(cut).collect(), next: 0 }
    }

    /// How many there are.
    pub(crate) fn number(&self) -> usize {
        self.cuts.iter().map(|(_, count)| count).product::<usize>().max(1)
    }
}

impl Iterator for Tiles<'_> {
    type Item = Tile;

    fn next(&mut self) -> Option<Tile> {
        let total: usize = self.cuts.iter().map(|(_, count)| count).product();
        if self.next >= total.max(1) || (total == 0 && self.next > 0) {
            return None;
        }
        let mut rest = self.next;
        self.next += 1;
        let mut within: Region = self.region.iter().map(|span| Span::all(span.len)).collect();
        if total > 0 {
            for (at, &(block, count)) in self.cuts.iter().enumerate().rev() {
                let start = rest % count * block;
                rest /= count;
                within[at] = Span::range(start, block.min(self.region[at].len - start));
            }
        }
        let part = |(outer, inner): (&Span, &Span)| {
            let start = outer.index(inner.start).unwrap_or(outer.start);
            Span::new(start, inner.len, if inner.len > 1 { outer.step } else { 1 })
        };
        Some(Tile { region: self.region.iter().zip(&within).map(part).collect(), within })
    }
}

/// A chunk from its tiles in order.
pub(crate) struct Builder {
    shape: Vec<usize>,
    values: Box<dyn Values>,
}

/// Values of one type, growing.
trait Values {
    fn append(&mut self, tile: &Chunk) -> ChunkResult<()>;
    fn finish(self: Box<Self>, shape: &[usize]) -> ChunkResult<Chunk>;
}

impl<T: Element> Values for Vec<T> {
    fn append(&mut self, tile: &Chunk) -> ChunkResult<()> {
        self.extend_from_slice(tile.values()?);
        Ok(())
    }
    fn finish(self: Box<Self>, shape: &[usize]) -> ChunkResult<Chunk> {
        Chunk::new(shape, *self)
    }
}

impl Builder {
    pub(crate) fn new(dtype: DType, region: &[Span]) -> Self {
        let count = crate::node::count(region);
        let values: Box<dyn Values> = with_element!(dtype, T => Box::new(Vec::<T>::with_capacity(count)));
        Self { shape: lengths(region), values }
    }

    pub(crate) fn append(&mut self, tile: &Chunk) -> ChunkResult<()> {
        self.values.append(tile)
    }

    pub(crate) fn finish(self) -> ChunkResult<Chunk> {
        let finished = self.values.finish(&self.shape);
        finished.map_err(|error| broken(format!("the tiles of a region are not the region: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn square_tiles_are_the_region_once() {
        let region = [Span::range(1, 2), Span::range(5, 300), Span::new(400, 200, -2)];
        let mut elements = std::collections::HashSet::new();
        for tile in Tiles::square(&region) {
            let [a, b, c] = tile.region.as_slice() else { panic!("three axes") };
            for (i, j, k) in a.indices().flat_map(|i| b.indices().map(move |j| (i, j, 0))) {
                elements.extend(c.indices().map(|l| (i, j, k + l)));
            }
        }
        assert_eq!(elements.len(), 2 * 300 * 200);
        assert_eq!(Tiles::square(&region).count(), Tiles::square(&region).number());
        assert_eq!(Tiles::square(&region).number(), 2 * 3 * 2);
    }

    #[test]
    fn tiles_are_the_region_in_order() {
        for region in [
            vec![],
            vec![Span::all(5)],
            vec![Span::range(0, 0), Span::all(7)],
            vec![Span::all(100_000)],
            vec![Span::new(299_999, 100_000, -3)],
            vec![Span::all(3), Span::range(1, 300), Span::all(500)],
            vec![Span::all(2), Span::all(3), Span::all(70_000)],
        ] {
            let mut expected_start = 0;
            let mut tiles = 0;
            for tile in Tiles::new(&region) {
                let lens = lengths(&region);
                let start: usize = tile
                    .within
                    .iter()
                    .zip(phalanx_chunk::shape::strides(&lens))
                    .map(|(span, by)| span.start * by)
                    .sum();
                let size = crate::node::count(&tile.region);
                assert!(size <= TILE_ELEMENTS);
                assert_eq!(start, expected_start);
                expected_start += size;
                tiles += 1;
            }
            assert_eq!(expected_start, crate::node::count(&region));
            assert!(tiles > 0);
        }
    }
}
