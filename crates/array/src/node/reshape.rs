//! Another shape over the same C order, pulled by flat index.
//!
//! The axes of both shapes fall into the smallest groups of equal products, and each group is reshaped alone. Within
//! a group a region of the result is a list of runs of flat indices (start, count, step), and a run is covered by
//! boxes of the input: exactly where it lies within one row or walks on by one, else by the boxes of the interval
//! that it spans. So ten columns of a (10000, 100000) that was (10000, 10, 10000) pull ten columns, not a thousand.

use super::{Need, Node, count};
use crate::chunks::{Chunks, Region};
use crate::error::{ChunkResult, broken};
use phalanx_chunk::shape::strides;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reshape {
    pub input: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
    groups: Vec<Group>,
}

/// Axes `input.0..input.1` of the input hold the same elements as axes `output.0..output.1` of the result.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    input: (usize, usize),
    output: (usize, usize),
}

/// A box of the input's axes of one group, and which of its elements, in which order, are the result's.
struct Part {
    region: Region,
    /// Of the box's elements in C order.
    pick: Span,
}

impl Reshape {
    /// The shapes have the same number of elements, and at least one.
    pub(crate) fn new(input: Vec<usize>, dtype: DType, shape: Vec<usize>) -> Self {
        let mut groups = vec![];
        let (mut i, mut o) = (0, 0);
        while i < input.len() || o < shape.len() {
            let start = (i, o);
            let take = |lengths: &[usize], at: &mut usize| {
                let length = lengths.get(*at).copied();
                *at += usize::from(length.is_some());
                length
            };
            let mut left = take(&input, &mut i).unwrap_or(1);
            let mut right = take(&shape, &mut o).unwrap_or(1);
            while left != right {
                let longer = if left < right { take(&input, &mut i) } else { take(&shape, &mut o) };
                match longer {
                    Some(length) if left < right => left *= length,
                    Some(length) => right *= length,
                    None => break, // only in arrays without elements, whose groups nobody asks for
                }
            }
            groups.push(Group { input: (start.0, i), output: (start.1, o) });
        }
        Self { input, dtype, shape, groups }
    }

    /// The chunks that the result inherits: as many elements in a chunk of a group as the input's first chunk has.
    pub(crate) fn chunks(&self, input: &Chunks) -> Chunks {
        if self.shape.contains(&0) {
            return Chunks::single(&self.shape); // groups of arrays without elements do not match
        }
        let mut sizes: Vec<Vec<usize>> = vec![];
        for group in &self.groups {
            let (ins, outs) = (group.input.0..group.input.1, group.output.0..group.output.1);
            if ins.len() == 1 && outs.len() == 1 {
                sizes.push(input.sizes(ins.start));
                continue;
            }
            let mut budget: usize = ins.map(|axis| input.sizes(axis)[0]).product::<usize>().max(1);
            let mut group_sizes: Vec<Vec<usize>> = self.shape[outs]
                .iter()
                .rev()
                .map(|&length| {
                    let size = length.min(budget).max(1);
                    budget = (budget / size).max(1);
                    if length == 0 {
                        return vec![0];
                    }
                    (0..length.div_ceil(size)).map(|number| size.min(length - number * size)).collect()
                })
                .collect();
            group_sizes.reverse();
            sizes.extend(group_sizes);
        }
        Chunks::from_borders(sizes.iter().map(|sizes| crate::chunks::borders_of(sizes)).collect())
    }

    /// The parts of one group that `out` (the spans of the group's axes) needs, in the order of the result.
    fn parts(&self, group: &Group, out: &[Span]) -> Vec<Part> {
        let ins = &self.input[group.input.0..group.input.1];
        let outs = &self.shape[group.output.0..group.output.1];
        if let ([length], [same], [span]) = (ins, outs, out)
            && length == same
        {
            return vec![Part { region: vec![*span], pick: Span::all(span.len) }];
        }
        let mut parts = vec![];
        for run in runs(outs, out) {
            cover(ins, run, &mut parts);
        }
        parts
    }

    /// The parts of every group.
    fn all_parts(&self, out: &[Span]) -> Vec<Vec<Part>> {
        self.groups.iter().map(|group| self.parts(group, &out[group.output.0..group.output.1])).collect()
    }
}

/// A run of flat indices. `step` may be negative.
#[derive(Clone, Copy)]
struct Flat {
    start: usize,
    len: usize,
    step: isize,
}

impl Flat {
    fn last(&self) -> usize {
        self.start.wrapping_add_signed(self.step.wrapping_mul(self.len.saturating_sub(1).cast_signed()))
    }
}

/// The flat indices, in `shape`, of a region, as few runs in order.
fn runs(shape: &[usize], region: &[Span]) -> Vec<Flat> {
    let strides = strides(shape);
    let mut runs = vec![Flat { start: 0, len: 1, step: 1 }];
    // From the last axis forward a run grows while the axis before continues it.
    let mut axis = region.len();
    while axis > 0 {
        let (span, stride) = (region[axis - 1], strides[axis - 1]);
        let inner = runs[0];
        let by = span.step * stride.cast_signed();
        if span.len == 1 || inner.len == 1 || by == inner.step * inner.len.cast_signed() {
            let len = inner.len * span.len;
            let step = if inner.len > 1 { inner.step } else { by };
            runs[0] = Flat { start: inner.start + span.start * stride, len, step: if len == 1 { 1 } else { step } };
            axis -= 1;
        } else {
            break;
        }
    }
    for axis in (0..axis).rev() {
        let (span, stride) = (region[axis], strides[axis]);
        let moved = |index: usize| runs.iter().map(move |run| Flat { start: run.start + index * stride, ..*run });
        runs = span.indices().flat_map(moved).collect();
    }
    runs
}

/// Covers `run` by boxes of an array of shape `shape`, in the order of the run.
fn cover(shape: &[usize], run: Flat, parts: &mut Vec<Part>) {
    if run.len == 0 {
        return;
    }
    let row = shape.last().copied().unwrap_or(1);
    let (low, high) = (run.start.min(run.last()), run.start.max(run.last()));
    let mut boxes = vec![];
    if row == 0 || low / row == high / row {
        let mut region: Region = unravel(shape, low).into_iter().map(|index| Span::range(index, 1)).collect();
        if let Some(last) = region.last_mut() {
            *last = Span::new(run.start % row.max(1), run.len, run.step);
        }
        parts.push(Part { region, pick: Span::all(run.len) });
        return;
    }
    interval(shape, low, high + 1, &mut vec![], &mut boxes);
    let mut covered: Vec<Part> = boxes
        .into_iter()
        .filter_map(|(first, region)| {
            let end = first + count(&region);
            // The run's members within [first, end), counted from its lower end.
            let by = run.step.unsigned_abs().max(1);
            let skipped = first.saturating_sub(low).div_ceil(by);
            let until = (end - low).div_ceil(by).min(run.len);
            let len = until.checked_sub(skipped).filter(|&len| len > 0)?;
            let start = low + skipped * by - first;
            let pick = if run.step > 0 {
                Span::new(start, len, by.cast_signed())
            } else {
                Span::new(start + (len - 1) * by, len, -by.cast_signed())
            };
            let pick = if len == 1 { Span::range(pick.start, 1) } else { pick };
            Some(Part { region, pick })
        })
        .collect();
    if run.step < 0 {
        covered.reverse();
    }
    parts.append(&mut covered);
}

fn unravel(shape: &[usize], flat: usize) -> Vec<usize> {
    strides(shape).iter().zip(shape).map(|(&stride, &length)| flat / stride % length.max(1)).collect()
}

/// The flat interval `low..high` as boxes in ascending order: at most two for each axis, and one.
fn interval(shape: &[usize], low: usize, high: usize, prefix: &mut Vec<Span>, boxes: &mut Vec<(usize, Region)>) {
    // `low` and `high` are relative to the prefix; `origin` is where it starts in the whole.
    fn go(
        shape: &[usize],
        origin: usize,
        low: usize,
        high: usize,
        prefix: &mut Vec<Span>,
        boxes: &mut Vec<(usize, Region)>,
    ) {
        let emit = |range: Span, prefix: &[Span], boxes: &mut Vec<(usize, Region)>, inner: usize| {
            let mut region = prefix.to_vec();
            region.push(range);
            region.extend(shape[1..].iter().map(|&length| Span::all(length)));
            boxes.push((origin + range.start * inner, region));
        };
        if low >= high || shape.is_empty() {
            return;
        }
        let inner: usize = shape[1..].iter().product();
        let (first, last) = (low / inner, (high - 1) / inner);
        let within = |index: usize, low: usize, high: usize, prefix: &mut Vec<Span>, boxes: &mut Vec<_>| {
            prefix.push(Span::range(index, 1));
            go(&shape[1..], origin + index * inner, low - index * inner, high - index * inner, prefix, boxes);
            prefix.pop();
        };
        let (starts_whole, ends_whole) = (low.is_multiple_of(inner), high.is_multiple_of(inner));
        if first == last && !(starts_whole && ends_whole) {
            return within(first, low, high, prefix, boxes);
        }
        if !starts_whole {
            within(first, low, (first + 1) * inner, prefix, boxes);
        }
        let start = if starts_whole { first } else { first + 1 };
        let end = if ends_whole { last + 1 } else { last };
        if start < end {
            emit(Span::range(start, end - start), prefix, boxes, inner);
        }
        if !ends_whole {
            within(last, last * inner, high, prefix, boxes);
        }
    }
    go(shape, 0, low, high, prefix, boxes);
}

#[typetag::serde(name = "reshape")]
impl Node for Reshape {
    fn name(&self) -> String {
        format!("reshape to {:?}", self.shape)
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
        let mut regions: Vec<Region> = vec![vec![]];
        for parts in self.all_parts(out) {
            let longer = |region: &Region| {
                let region = region.clone();
                parts.iter().map(move |part| region.iter().chain(&part.region).copied().collect()).collect::<Vec<_>>()
            };
            regions = regions.iter().flat_map(longer).collect();
        }
        regions.into_iter().map(|region| Need::new(0, region)).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if count(out) == 0 {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        if let [only] = inputs
            && only.len() == count(out)
            && self.all_parts(out).iter().flatten().all(|part| part.pick.is_all(part.pick.len))
        {
            return only.reshape(&lengths(out));
        }
        // Each group as one axis: where its parts end, and what is picked of each.
        let parts = self.all_parts(out);
        let group_lengths: Vec<usize> =
            parts.iter().map(|parts| parts.iter().map(|part| part.pick.len).sum()).collect();
        // (box lengths, picks, places) of each combination of parts, in the order of `needs`.
        let mut combinations: Vec<(Vec<usize>, Region, Region)> = vec![(vec![], vec![], vec![])];
        for parts in &parts {
            let mut longer = Vec::with_capacity(combinations.len() * parts.len());
            for (lengths, picks, places) in &combinations {
                let mut start = 0;
                for part in parts {
                    let (mut lengths, mut picks, mut places) = (lengths.clone(), picks.clone(), places.clone());
                    lengths.push(count(&part.region));
                    picks.push(part.pick);
                    places.push(Span::range(start, part.pick.len));
                    start += part.pick.len;
                    longer.push((lengths, picks, places));
                }
            }
            combinations = longer;
        }
        if combinations.len() != inputs.len() {
            return Err(broken("a reshape was given other regions than it asked for"));
        }
        let pieces = combinations
            .into_iter()
            .zip(inputs)
            .map(|((lengths, picks, places), input)| Ok((places, input.reshape(&lengths)?.region(&picks)?)))
            .collect::<ChunkResult<Vec<_>>>()?;
        Chunk::assemble(self.dtype, &group_lengths, &pieces)?.reshape(&lengths(out))
    }
    fn work(&self) -> super::Work {
        super::Work::Whole
    }
    fn is_view(&self) -> bool {
        true
    }
}
