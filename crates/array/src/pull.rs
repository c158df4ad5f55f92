//! Evaluates a region of an expression by pulling: what the region needs of its inputs, then what those need.
//!
//! Everything is a function of (table, region): the walk, the tiles, the order of kernels. Nothing depends on time,
//! threads or where rows were cut, which is what the determinism law asks of a task.
//!
//! Nodes whose part costs as much as their whole ([`Work::Whole`]) and folds are *anchors*: computed once for the region
//! that the result needs. Everything else is computed in tiles that stay in the second-level cache, so
//! chains of elementwise functions never make a temporary as large as a chunk.

mod counted;
mod tiles;
mod together;
mod walk;

pub(crate) use counted::Counted;
pub(crate) use together::sets;
pub(crate) use walk::{Known, Walk, relative};

use crate::chunks::Region;
use crate::error::ChunkResult;
use crate::node::{Table, Work, bytes, count, reduce};
use phalanx_chunk::{Chunk, Span};
use std::collections::{HashMap, HashSet};
use tiles::{Builder, TILE_ELEMENTS, Tiles};
use together::{Together, is_mirrored};

/// Gives the regions of slots: from the rows that a task was sent.
pub(crate) trait Provide {
    /// `region` of slot `number`.
    fn provide(&self, slot: &crate::node::slot::Slot, region: &[Span]) -> ChunkResult<Chunk>;
}

/// A task's evaluator.
pub(crate) struct Pull<'a> {
    table: &'a Table,
    slots: &'a dyn Provide,
    /// Elements drawn from generators so far.
    pub evaluated: u64,
}

impl<'a> Pull<'a> {
    pub(crate) fn new(table: &'a Table, slots: &'a dyn Provide) -> Self {
        Self { table, slots, evaluated: 0 }
    }

    /// `regions` of the table's last entry; what several of them draw is drawn once, where they mirror each other.
    pub(crate) fn evaluate_all(&mut self, regions: &[Region]) -> ChunkResult<Vec<Chunk>> {
        match Together::new(self.table, regions) {
            Some(together) => self.fold_together(regions, together),
            None => regions.iter().map(|region| self.evaluate(region)).collect(),
        }
    }

    /// `region` of the table's last entry.
    pub(crate) fn evaluate(&mut self, region: &[Span]) -> ChunkResult<Chunk> {
        let walk = Walk::new(self.table, self.table.root(), region, &Known::<Chunk>::default());
        let wanted = walk.wanted_whole(self.table);
        let mut known = Known::default();
        for (at, item) in walk.items.iter().enumerate() {
            let node = self.table.entries[item.node].node.as_ref();
            let value = if let Some(slot) = node.slot() {
                if !wanted[at] {
                    continue; // tiles take theirs from where it lies
                }
                self.slots.provide(slot, &item.region)?
            } else if let Some(partial) = node.fold() {
                self.fold(item.node, partial, &item.region, &known)?
            } else if node.work() == Work::Whole {
                let inputs: Vec<Chunk> =
                    item.inputs.iter().map(|&input| known.expect(&walk.items[input])).collect::<ChunkResult<_>>()?;
                self.compute(item.node, &item.region, &inputs)?
            } else if wanted[at] {
                self.in_tiles(item.node, &item.region, &known)?
            } else {
                continue;
            };
            known.add(item, value);
        }
        match walk.items.last() {
            Some(root) => known.expect(root),
            None => Err(crate::error::broken("an expression without nodes")),
        }
    }

    fn compute(&mut self, node: usize, region: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let node = &self.table.entries[node].node;
        self.evaluated += node.generates(region);
        node.compute(region, inputs)
    }

    /// A region, tile by tile.
    fn in_tiles(&mut self, node: usize, region: &[Span], known: &Known) -> ChunkResult<Chunk> {
        let walk = Walk::new(self.table, node, region, known);
        if count(region) <= TILE_ELEMENTS || walk.items.len() < 2 {
            return self.run(&walk, known, &mut HashMap::new(), &HashSet::new());
        }
        let mut builder = Builder::new(self.table.entries[node].node.dtype(), region);
        let mut kept = HashMap::new();
        for tile in Tiles::new(region) {
            let walk = Walk::new(self.table, node, &tile.region, known);
            builder.append(&self.run(&walk, known, &mut kept, &HashSet::new())?)?;
        }
        builder.finish()
    }

    /// The states of a fold's blocks. Each is folded over the tiles of its input in C order; where tiles lie side by
    /// side along an axis that stays, the states do too.
    fn fold(&mut self, node: usize, partial: &reduce::Partial, out: &[Span], known: &Known) -> ChunkResult<Chunk> {
        let input = self.table.entries[node].inputs[0];
        let mut states = vec![];
        for (_, region) in partial.blocks(out) {
            let mut kept = HashMap::new();
            let mut folded = Folded::new(partial);
            for tile in tiles_of(partial, &region) {
                let walk = Walk::new(self.table, input, &tile.region, known);
                let chunk = self.run(&walk, known, &mut kept, &HashSet::new())?;
                folded.add(tile.within, partial.of_tile(&chunk, &tile.region)?)?;
            }
            states.push(folded.finish(&region)?);
        }
        partial.pack(out, states)
    }

    /// As [`Pull::fold`] of each of the regions: tiles are computed in the order of `together`, and their states merged
    /// in theirs.
    fn fold_together(&mut self, regions: &[Region], together: Together) -> ChunkResult<Vec<Chunk>> {
        let partial = together.partial;
        let known = Known::default();
        let mut kept = HashMap::new();
        let mut states = vec![None; together.parts.len()];
        for at in together.order {
            let part = &together.parts[at];
            let chunk = self.run(&part.walk, &known, &mut kept, &together.shared)?;
            states[at] = Some(partial.of_tile(&chunk, &part.tile.region)?);
        }
        let mut parts = together.parts.into_iter().zip(states).peekable();
        let mut block = 0;
        let mut chunks = Vec::with_capacity(regions.len());
        for out in regions {
            let mut packed = vec![];
            for (_, region) in partial.blocks(out) {
                let mut folded = Folded::new(partial);
                while let Some((part, state)) = parts.next_if(|(part, _)| part.block == block) {
                    let state = state.ok_or_else(|| crate::error::broken("a tile was not computed"))?;
                    folded.add(part.tile.within, state)?;
                }
                packed.push(folded.finish(&region)?);
                block += 1;
            }
            chunks.push(partial.pack(out, packed)?);
        }
        Ok(chunks)
    }

    /// Computes the items of a walk in order and gives the last. `kept` carries what is small against a tile (rows
    /// and columns that are broadcast), and what is `shared`, from one tile to the next.
    fn run(
        &mut self,
        walk: &Walk,
        known: &Known,
        kept: &mut HashMap<(usize, Region), Chunk>,
        shared: &HashSet<(usize, Region)>,
    ) -> ChunkResult<Chunk> {
        let mut uses = walk.uses();
        let mut values: Vec<Option<Chunk>> = vec![None; walk.items.len()];
        let mut keep = HashMap::new();
        let last = walk.items.len().saturating_sub(1);
        let small = walk.items.last().map_or(0, |item| count(&item.region)) / 8;
        for (at, item) in walk.items.iter().enumerate() {
            if uses[at] == 0 && at != last {
                continue;
            }
            let key = (item.node, item.region.clone());
            let value = if let Some(value) = kept.get(&key) {
                value.clone()
            } else if let Some((whole, chunk)) = known.find(item.node, &item.region) {
                match relative(whole, &item.region) {
                    Some(inside) => chunk.region(&inside)?,
                    None => chunk.clone(),
                }
            } else {
                let node = self.table.entries[item.node].node.as_ref();
                if let Some(slot) = node.slot() {
                    self.slots.provide(slot, &item.region)?
                } else {
                    let input = |&input: &usize| {
                        values[input].clone().ok_or_else(|| crate::error::broken("a value was freed too early"))
                    };
                    let inputs = item.inputs.iter().map(input).collect::<ChunkResult<Vec<_>>>()?;
                    self.compute(item.node, &item.region, &inputs)?
                }
            };
            for &input in &item.inputs {
                uses[input] -= 1;
                if uses[input] == 0 {
                    values[input] = None;
                }
            }
            if count(&item.region) <= small || shared.contains(&key) {
                keep.insert(key, value.clone());
            }
            values[at] = Some(value);
        }
        *kept = keep;
        values.pop().flatten().ok_or_else(|| crate::error::broken("an empty walk"))
    }
}

/// The tiles over which a block is folded: the same whatever the elements are made of, since bits depend on them. An index
/// is that of the first of equal elements, so positions go over runs.
fn tiles_of<'r>(partial: &reduce::Partial, region: &'r [Span]) -> Tiles<'r> {
    if partial.reduction.is_position() { Tiles::new(region) } else { Tiles::square(region) }
}

/// The state of a block, tile by tile.
struct Folded<'a> {
    partial: &'a reduce::Partial,
    /// By place along the axes that stay.
    merged: Vec<(Region, phalanx_chunk::reduce::Partial)>,
    places: HashMap<Vec<usize>, usize>,
}

impl<'a> Folded<'a> {
    fn new(partial: &'a reduce::Partial) -> Self {
        Self { partial, merged: vec![], places: HashMap::new() }
    }

    /// The state of the next tile, in C order; `place` is where it lies in the block.
    fn add(&mut self, mut place: Region, state: phalanx_chunk::reduce::Partial) -> ChunkResult<()> {
        for &axis in &self.partial.axes {
            place[axis] = Span::range(0, 1);
        }
        let key: Vec<usize> = place.iter().map(|span| span.start).collect();
        match self.places.get(&key) {
            None => {
                self.places.insert(key, self.merged.len());
                self.merged.push((place, state));
            }
            Some(&at) => {
                let (_, earlier) = &mut self.merged[at];
                let empty = phalanx_chunk::reduce::Partial { dtype: earlier.dtype, parts: vec![] };
                let before = std::mem::replace(earlier, empty);
                *earlier = self.partial.merge(before, state)?;
            }
        }
        Ok(())
    }

    fn finish(self, region: &[Span]) -> ChunkResult<phalanx_chunk::reduce::Partial> {
        side_by_side(self.partial, region, self.merged)
    }
}

/// One state from those of the parts of `region` that lie side by side along the axes that stay.
fn side_by_side(
    partial: &reduce::Partial,
    region: &[Span],
    mut parts: Vec<(Region, phalanx_chunk::reduce::Partial)>,
) -> ChunkResult<phalanx_chunk::reduce::Partial> {
    if let [_] = parts.as_slice()
        && let Some((_, only)) = parts.pop()
    {
        return Ok(only);
    }
    let mut shape = phalanx_chunk::span::lengths(region);
    for &axis in &partial.axes {
        shape[axis] = 1;
    }
    let dtype = partial.input_dtype;
    let column = |part: usize| {
        let pieces: Vec<(Region, Chunk)> =
            parts.iter().map(|(place, state)| (place.clone(), state.parts[part].clone())).collect();
        Chunk::assemble(partial.parts[part], &shape, &pieces)
    };
    let parts = (0..partial.parts.len()).map(column).collect::<ChunkResult<_>>()?;
    Ok(phalanx_chunk::reduce::Partial { dtype, parts })
}

/// An upper bound of the memory, in bytes, that evaluating `region` takes beside the slots' rows: every anchor that is
/// alive, the result, and the temporaries of a tile.
pub(crate) fn peak_bytes(table: &Table, region: &[Span]) -> u64 {
    let walk = Walk::new(table, table.root(), region, &Known::<Chunk>::default());
    let wanted = walk.wanted_whole(table);
    let last = walk.items.len().saturating_sub(1);
    let mut peak = 0_u64;
    let mut tiles = 0_u64;
    for (at, item) in walk.items.iter().enumerate() {
        let node = table.entries[item.node].node.as_ref();
        let own = bytes(node, &item.region);
        if node.work() == Work::Whole {
            peak = peak.saturating_add(node.work_bytes(&item.region));
        }
        if wanted[at] || node.slot().is_some() || node.work() != Work::Tiled || at == last {
            peak = peak.saturating_add(own);
        } else {
            tiles = tiles.saturating_add(own.min(8 * TILE_ELEMENTS as u64));
        }
    }
    // States that wait for each other: less than a sixteenth of what they are states of.
    let folded = walk.items.last().filter(|_| is_mirrored(table)).into_iter().flat_map(|item| &item.inputs);
    let folded =
        folded.map(|&input| bytes(table.entries[walk.items[input].node].node.as_ref(), &walk.items[input].region));
    let waiting = folded.fold(0, u64::saturating_add) / 16;
    // A tile and its successor: what is broadcast is kept for one more.
    peak.saturating_add(tiles.saturating_mul(2)).saturating_add(waiting)
}

/// How much work evaluating `region` is, in elements of all nodes.
pub(crate) fn work_elements(table: &Table, region: &[Span]) -> u64 {
    let walk = Walk::new(table, table.root(), region, &Known::<Chunk>::default());
    let item = |item: &walk::Item| {
        let node = table.entries[item.node].node.as_ref();
        let inputs: usize = item.inputs.iter().map(|&input| count(&walk.items[input].region)).sum();
        // An element of a product or a decomposition is more work than others.
        let weight = if node.work() == Work::Whole { 16 } else { 1 };
        (count(&item.region).max(inputs) as u64).saturating_mul(weight)
    };
    walk.items.iter().map(item).fold(0, u64::saturating_add)
}
