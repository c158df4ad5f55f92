//! What a task would evaluate, without evaluating it: the walk of [`Pull`](super::Pull) over regions alone.
//!
//! Counts are exact, since what a task does is a function of table and region. The suites hold them against what a task
//! says that it drew.

use super::tiles::{TILE_ELEMENTS, Tiles};
use super::tiles_of;
use super::together::Together;
use super::walk::{Item, Known, Walk};
use crate::chunks::Region;
use crate::node::{Table, Work, count, reduce};
use phalanx_chunk::Span;
use std::collections::HashSet;

/// Counts the elements that are evaluated of each entry of a table.
pub(crate) struct Counted<'a> {
    table: &'a Table,
    /// By entry.
    pub elements: Vec<u64>,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(table: &'a Table) -> Self {
        Self { table, elements: vec![0; table.entries.len()] }
    }

    /// Counts what [`Pull::evaluate_all`](super::Pull::evaluate_all) takes.
    pub(crate) fn evaluate_all(&mut self, regions: &[Region]) {
        let Some(together) = Together::new(self.table, regions) else {
            return regions.iter().for_each(|region| self.evaluate(region));
        };
        let mut kept = HashSet::new();
        for at in together.order {
            self.run(&together.parts[at].walk, &Known::default(), &mut kept, &together.shared);
        }
    }

    /// Counts what `region` of the table's last entry takes.
    pub(crate) fn evaluate(&mut self, region: &[Span]) {
        let walk = Walk::new(self.table, self.table.root(), region, &Known::<()>::default());
        let wanted = walk.wanted_whole(self.table);
        let mut known = Known::default();
        for (at, item) in walk.items.iter().enumerate() {
            let node = self.table.entries[item.node].node.as_ref();
            if node.slot().is_some() {
                if !wanted[at] {
                    continue;
                }
            } else if let Some(partial) = node.fold() {
                self.fold(item, partial, &known);
            } else if node.work() == Work::Whole {
                self.compute(item.node, &item.region);
            } else if wanted[at] {
                self.in_tiles(item.node, &item.region, &known);
            } else {
                continue;
            }
            known.add(item, ());
        }
    }

    fn compute(&mut self, node: usize, region: &[Span]) {
        self.elements[node] += count(region) as u64;
    }

    fn in_tiles(&mut self, node: usize, region: &[Span], known: &Known<()>) {
        let walk = Walk::new(self.table, node, region, known);
        if count(region) <= TILE_ELEMENTS || walk.items.len() < 2 {
            self.run(&walk, known, &mut HashSet::new(), &HashSet::new());
            return;
        }
        let mut kept = HashSet::new();
        for tile in Tiles::new(region) {
            let walk = Walk::new(self.table, node, &tile.region, known);
            self.run(&walk, known, &mut kept, &HashSet::new());
        }
    }

    fn fold(&mut self, item: &Item, partial: &reduce::Partial, known: &Known<()>) {
        let input = self.table.entries[item.node].inputs[0];
        for (_, region) in partial.blocks(&item.region) {
            let mut kept = HashSet::new();
            for tile in tiles_of(partial, &region) {
                let walk = Walk::new(self.table, input, &tile.region, known);
                self.run(&walk, known, &mut kept, &HashSet::new());
            }
        }
    }

    fn run(
        &mut self,
        walk: &Walk,
        known: &Known<()>,
        kept: &mut HashSet<(usize, Region)>,
        shared: &HashSet<(usize, Region)>,
    ) {
        let mut keep = HashSet::new();
        let mut uses = walk.uses();
        let last = walk.items.len().saturating_sub(1);
        let small = walk.items.last().map_or(0, |item| count(&item.region)) / 8;
        for (at, item) in walk.items.iter().enumerate() {
            if uses[at] == 0 && at != last {
                continue;
            }
            let key = (item.node, item.region.clone());
            let there = kept.contains(&key) || known.find(item.node, &item.region).is_some();
            if !there && self.table.entries[item.node].node.slot().is_none() {
                self.compute(item.node, &item.region);
            }
            item.inputs.iter().for_each(|&input| uses[input] -= 1);
            if count(&item.region) <= small || shared.contains(&key) {
                keep.insert(key);
            }
        }
        *kept = keep;
    }
}
