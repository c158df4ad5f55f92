//! What a region needs, in the order in which it can be computed.

use crate::chunks::Region;
use crate::error::{ChunkResult, broken};
use crate::node::{Table, Work, count};
use phalanx_chunk::{Chunk, Span};
use std::collections::HashMap;

/// One region of one node.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub node: usize,
    pub region: Region,
    /// The items that it is computed from, in the order of the node's needs.
    pub inputs: Vec<usize>,
}

/// All that a region needs, each once; inputs before their users, the region itself last.
#[derive(Debug)]
pub(crate) struct Walk {
    pub items: Vec<Item>,
}

impl Walk {
    /// From `region` of entry `root` down to sources, slots and what is known. Iterative: the depth of an expression
    /// has no limit.
    pub(crate) fn new<V: Clone>(table: &Table, root: usize, region: &[Span], known: &Known<V>) -> Self {
        // Entries come after their inputs, so going down by number meets every user before its inputs.
        let mut demands: Vec<Vec<usize>> = vec![vec![]; root + 1];
        let mut items = vec![Item { node: root, region: region.to_vec(), inputs: vec![] }];
        demands[root].push(0);
        let mut index: HashMap<(usize, Region), usize> = HashMap::new();
        let mut order = vec![];
        for node in (0..=root).rev() {
            for at in std::mem::take(&mut demands[node]) {
                order.push(at);
                let region = items[at].region.clone();
                if known.find(node, &region).is_some() {
                    continue;
                }
                let entry = &table.entries[node];
                let needs = entry.node.needs(&region);
                let mut inputs = Vec::with_capacity(needs.len());
                for need in needs {
                    let input = entry.inputs[need.input];
                    let key = (input, need.region);
                    let number = match index.get(&key) {
                        Some(&number) => number,
                        None => {
                            let number = items.len();
                            items.push(Item { node: input, region: key.1.clone(), inputs: vec![] });
                            demands[input].push(number);
                            index.insert(key, number);
                            number
                        }
                    };
                    inputs.push(number);
                }
                items[at].inputs = inputs;
            }
        }
        // Reversed, inputs come first.
        let mut place = vec![0; items.len()];
        for (reversed, &at) in order.iter().enumerate() {
            place[at] = order.len() - 1 - reversed;
        }
        let mut sorted: Vec<Option<Item>> = vec![None; items.len()];
        for (at, mut item) in items.into_iter().enumerate() {
            item.inputs.iter_mut().for_each(|input| *input = place[*input]);
            sorted[place[at]] = Some(item);
        }
        Self { items: sorted.into_iter().flatten().collect() }
    }

    /// How often each item is used.
    pub(crate) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.items.len()];
        for input in self.items.iter().flat_map(|item| &item.inputs) {
            uses[*input] += 1;
        }
        uses
    }

    /// The items that are wanted in one piece: the last, and the inputs of nodes that take theirs whole.
    pub(crate) fn wanted_whole(&self, table: &Table) -> Vec<bool> {
        let mut wanted = vec![false; self.items.len()];
        if let Some(last) = wanted.last_mut() {
            *last = true;
        }
        for item in &self.items {
            if table.entries[item.node].node.work() == Work::Whole {
                item.inputs.iter().for_each(|&input| wanted[input] = true);
            }
        }
        wanted
    }
}

/// Regions of nodes whose values are there.
pub(crate) struct Known<V = Chunk> {
    values: HashMap<usize, Vec<(Region, V)>>,
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self { values: HashMap::new() }
    }
}

impl<V: Clone> Known<V> {
    pub(crate) fn add(&mut self, item: &Item, value: V) {
        self.values.entry(item.node).or_default().push((item.region.clone(), value));
    }

    /// A value of the node whose region contains `region`.
    pub(crate) fn find(&self, node: usize, region: &[Span]) -> Option<(&Region, &V)> {
        let values = self.values.get(&node)?;
        let exact = values.iter().find(|(known, _)| known == region);
        let found = exact.or_else(|| values.iter().find(|(known, _)| relative(known, region).is_some()));
        found.map(|(region, value)| (region, value))
    }

    /// The value of exactly this item.
    pub(crate) fn expect(&self, item: &Item) -> ChunkResult<V> {
        self.values
            .get(&item.node)
            .and_then(|values| values.iter().find(|(region, _)| *region == item.region))
            .map(|(_, value)| value.clone())
            .ok_or_else(|| broken("a value that a node needs was not computed"))
    }
}

/// `inside` in positions of `whole`, if it lies in it.
pub(crate) fn relative(whole: &[Span], inside: &[Span]) -> Option<Region> {
    if count(inside) == 0 {
        let spans = inside.iter().zip(whole).map(|(inside, whole)| Span::range(0, inside.len.min(whole.len)));
        let spans: Region = spans.collect();
        return (spans.iter().map(|span| span.len).eq(inside.iter().map(|span| span.len))).then_some(spans);
    }
    let span = |(whole, inside): (&Span, &Span)| {
        let offset = inside.start.cast_signed() - whole.start.cast_signed();
        let (start, step) = if whole.len == 1 {
            (if offset == 0 { 0 } else { return None }, 1)
        } else {
            if offset % whole.step != 0 || (inside.len > 1 && inside.step % whole.step != 0) {
                return None;
            }
            let step = if inside.len > 1 { inside.step / whole.step } else { 1 };
            (usize::try_from(offset / whole.step).ok()?, step)
        };
        let span = Span::new(start, inside.len, step);
        span.check(whole.len).is_ok().then_some(span)
    };
    whole.iter().zip(inside).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_found_inside_of_another() {
        let whole = [Span::new(20, 10, -2)]; // 20 18 … 2
        assert_eq!(relative(&whole, &[Span::new(16, 3, -4)]), Some(vec![Span::new(2, 3, 2)]));
        assert_eq!(relative(&whole, &[Span::new(4, 3, 2)]), Some(vec![Span::new(8, 3, -1)]));
        assert_eq!(relative(&whole, &[Span::range(5, 1)]), None);
        assert_eq!(relative(&whole, &[Span::range(22, 1)]), None);
        assert_eq!(relative(&[Span::range(3, 1)], &[Span::range(3, 1)]), Some(vec![Span::range(0, 1)]));
    }
}
