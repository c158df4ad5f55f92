//! Folds that draw the same numbers at both sides of a diagonal, as `(x + x.T).mean(0)` does: computed together, tile
//! beside mirrored tile, what they share is drawn once.
//!
//! The tiles of a region, and the order in which their states are merged, are the same in any company, and in none. So bits
//! do not depend on which regions were put together, nor on what the elements are made of.

use super::tiles::{Tile, Tiles};
use super::walk::{Known, Walk};
use crate::chunks::Region;
use crate::node::reduce::Partial;
use crate::node::{Table, Work, count};
use phalanx_chunk::Span;
use std::collections::{HashMap, HashSet};

/// Tiles that are put into an order together, at most: their states wait until all are there.
const TILES_MAX: usize = 1024;
/// Chunks that are computed together, at most.
const CHUNKS_MAX: usize = 4;
/// Chunks times nodes that are looked through for such as share something.
const LOOKED_MAX: usize = 1 << 18;

/// Whether the table is a fold over tiles that reaches a generator straight and mirrored at the diagonal, and nothing that
/// costs as much in part as in whole.
pub(crate) fn is_mirrored(table: &Table) -> bool {
    let root = table.root();
    let Some((last, others)) = table.entries.split_last() else { return false };
    // Of equal elements in several tiles, an index is that of the first tile, which must be the first element then.
    let fold = last.node.fold().filter(|partial| !partial.reduction.is_position());
    if fold.is_none() || others.iter().any(|entry| entry.node.work() != Work::Tiled) {
        return false;
    }
    // How each entry is reached: (straight, mirrored).
    let mut reached = vec![(false, false); table.entries.len()];
    reached[root] = (true, false);
    for at in (0..=root).rev() {
        let (entry, (straight, mirrored)) = (&table.entries[at], reached[at]);
        let node = entry.node.as_ref();
        if node.slot().is_some() {
            return false;
        }
        let all: Region = node.shape().iter().map(|&length| Span::all(length)).collect();
        if straight && mirrored && node.generates(&all) > 0 {
            return true;
        }
        let passed = if node.is_mirror() { (mirrored, straight) } else { (straight, mirrored) };
        for &input in &entry.inputs {
            reached[input].0 |= passed.0;
            reached[input].1 |= passed.1;
        }
    }
    false
}

/// The regions of generators that `region` of the last entry draws whole, or almost: not the rows that it broadcasts.
fn drawn(table: &Table, region: &[Span]) -> Vec<(usize, Region)> {
    let walk = Walk::new(table, table.root(), region, &Known::<()>::default());
    let large = walk.items.iter().map(|item| count(&item.region)).max().unwrap_or(0) / 2;
    let items = walk.items.into_iter();
    let drawn = items.filter(|item| {
        let size = count(&item.region);
        size > 0 && size >= large && table.entries[item.node].node.generates(&item.region) > 0
    });
    drawn.map(|item| (item.node, item.region)).collect()
}

/// The numbers of regions, those together that draw the same: each once, in the order of the first of each set.
pub(crate) fn sets(table: &Table, regions: &[Region]) -> Vec<Vec<usize>> {
    if !is_mirrored(table) || regions.len().saturating_mul(table.entries.len()) > LOOKED_MAX {
        return (0..regions.len()).map(|region| vec![region]).collect();
    }
    let mut sets: Vec<Vec<usize>> = vec![];
    let mut owner: HashMap<(usize, Region), usize> = HashMap::new();
    for (number, region) in regions.iter().enumerate() {
        let drawn = drawn(table, region);
        let known = drawn.iter().filter_map(|key| owner.get(key).copied()).find(|&set| sets[set].len() < CHUNKS_MAX);
        let set = known.unwrap_or_else(|| {
            sets.push(vec![]);
            sets.len() - 1
        });
        sets[set].push(number);
        owner.extend(drawn.into_iter().map(|key| (key, set)));
    }
    sets
}

/// The tiles of the blocks of some regions of a mirrored fold.
pub(crate) struct Together<'a> {
    /// The fold.
    pub partial: &'a Partial,
    /// In C order, block after block and region after region.
    pub parts: Vec<Part>,
    /// The order in which they are computed: mirrored ones after each other.
    pub order: Vec<usize>,
    /// What more than one of them draws.
    pub shared: HashSet<(usize, Region)>,
}

/// A tile of a block.
pub(crate) struct Part {
    /// Counted through all blocks of all regions.
    pub block: usize,
    pub tile: Tile,
    pub walk: Walk,
}

impl<'a> Together<'a> {
    /// `None` if the table is no mirrored fold, or there are too many tiles for their states to wait for each other.
    pub(crate) fn new(table: &'a Table, regions: &[Region]) -> Option<Self> {
        let root = table.entries.last().filter(|_| is_mirrored(table))?;
        let (partial, input) = (root.node.fold()?, *root.inputs.first()?);
        let blocks: Vec<Region> =
            regions.iter().flat_map(|region| partial.blocks(region)).map(|(_, block)| block).collect();
        if blocks.iter().map(|block| Tiles::square(block).number()).fold(0, usize::saturating_add) > TILES_MAX {
            return None;
        }
        let part = |(block, tile): (usize, Tile)| {
            let walk = Walk::new(table, input, &tile.region, &Known::<()>::default());
            Part { block, tile, walk }
        };
        let tiles =
            blocks.iter().enumerate().flat_map(|(block, region)| Tiles::square(region).map(move |tile| (block, tile)));
        let parts: Vec<Part> = tiles.map(part).collect();
        let mut users: HashMap<(usize, &Region), Vec<usize>> = HashMap::new();
        for (number, part) in parts.iter().enumerate() {
            for item in &part.walk.items {
                if table.entries[item.node].node.generates(&item.region) > 0 {
                    users.entry((item.node, &item.region)).or_default().push(number);
                }
            }
        }
        users.retain(|_, users| users.len() > 1);
        let mut seen = vec![false; parts.len()];
        let mut order = Vec::with_capacity(parts.len());
        for (number, part) in parts.iter().enumerate() {
            if seen[number] {
                continue;
            }
            let mirrored = part.walk.items.iter().filter_map(|item| users.get(&(item.node, &item.region))).flatten();
            for &next in std::iter::once(&number).chain(mirrored) {
                if !std::mem::replace(&mut seen[next], true) {
                    order.push(next);
                }
            }
        }
        let shared = users.into_keys().map(|(node, region)| (node, region.clone())).collect();
        Some(Self { partial, parts, order, shared })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, random::Generator};

    fn table(array: &Array) -> Table {
        let settings = phalanx_engine::Settings::default();
        let mut lowered = crate::lower::lower(&[std::sync::Arc::clone(array.expr().unwrap())], &settings).unwrap();
        lowered.stages.pop().unwrap().table
    }

    #[test]
    fn a_sum_of_an_array_and_its_mirror_is_one_that_shares() {
        let x = Generator::new(0).random((1200, 1200), (600, 600));
        assert!(is_mirrored(&table(&(&x + &x.t()).mean(0))));
        assert!(is_mirrored(&table(&(&x + &(x.t() * 2.0)).sum(1))));
        assert!(!is_mirrored(&table(&(&x + &x).mean(0))));
        assert!(!is_mirrored(&table(&(x.t() + 1.0).mean(0))));
    }

    #[test]
    fn chunks_across_the_diagonal_are_computed_together() {
        let x = Generator::new(0).random((1200, 1200), (600, 300));
        let y = Generator::new(0).random((1200, 1200), (600, 600));
        let found = |array: &Array| {
            let settings = phalanx_engine::Settings::default();
            let lowered = crate::lower::lower(&[std::sync::Arc::clone(array.expr().unwrap())], &settings).unwrap();
            let stage = lowered.stages.last().unwrap();
            let regions: Vec<Region> = stage.wanted.iter().map(|&chunk| stage.region(chunk)).collect();
            sets(&stage.table, &regions)
        };
        assert_eq!(found(&(&y + &y.t()).mean(0)), [vec![0], vec![1, 2], vec![3]]);
        assert_eq!(found(&(&x + &x).mean(0)).len(), 8, "nothing is mirrored");
    }
}
