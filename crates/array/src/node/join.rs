//! Concatenating and gathering.

use super::{Need, Node, count};
use crate::chunks::Chunks;
use crate::error::ChunkResult;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Arrays of one dtype, one after the other along an axis.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Concatenate {
    pub axis: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
    /// Where each input ends along the axis, as a grid of one axis.
    pub ends: Chunks,
}

#[typetag::serde(name = "concatenate")]
impl Node for Concatenate {
    fn name(&self) -> String {
        format!("concatenate {} along axis {}", self.ends.count(), self.axis)
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
        let need = |piece: crate::chunks::Piece| {
            let mut region = out.to_vec();
            let (at, first) = (piece.absolute[0], self.ends.region(piece.chunk)[0].start);
            region[self.axis] = Span::new(at.start - first, at.len, at.step);
            Need::new(piece.chunk, region)
        };
        self.ends.split(&[out[self.axis]]).into_iter().map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        match inputs {
            [] => Chunk::zeros(self.dtype, &lengths(out)),
            [only] => Ok(only.clone()),
            several => Chunk::concatenate(self.axis, several),
        }
    }
}

/// The slices number `indices` along an axis.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Gather {
    pub axis: usize,
    pub indices: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

/// Up to this many runs are pulled one by one; more are joined where little lies between them.
const RUNS_MAX: usize = 64;
/// What may lie between joined runs, in indices; more, where they would be too many else.
const GAP_MAX: usize = 8;
/// Joined runs, at most: each is cut, sent and looked for by itself.
const INTERVALS_MAX: usize = 512;

impl Gather {
    /// The wanted indices as runs by a constant step, so that what is pulled is what is wanted; if these are many, or
    /// an index comes twice, as ascending intervals that hold them, and then where in these the wanted ones are.
    fn runs(&self, out: &[Span]) -> (Vec<Span>, Option<Vec<usize>>) {
        let wanted = || out[self.axis].indices().map(|at| self.indices[at]);
        let mut runs: Vec<Span> = vec![];
        for index in wanted() {
            match runs.last_mut() {
                Some(run) if run.len == 1 && index != run.start => {
                    let step = index.wrapping_sub(run.start).cast_signed();
                    *run = Span::new(run.start, 2, step);
                }
                Some(run)
                    if run.len > 1 && run.start.checked_add_signed(run.step * run.len.cast_signed()) == Some(index) =>
                {
                    run.len += 1;
                }
                _ => runs.push(Span::range(index, 1)),
            }
        }
        let mut sorted: Vec<usize> = wanted().collect();
        sorted.sort_unstable();
        let repeats = sorted.windows(2).any(|pair| pair[0] == pair[1]);
        if runs.len() <= RUNS_MAX && !repeats {
            return (runs, None);
        }
        let gap = if runs.len() <= RUNS_MAX { 0 } else { gap(&sorted) };
        let mut intervals: Vec<Span> = vec![];
        for index in sorted {
            match intervals.last_mut() {
                Some(interval) if index <= interval.start + interval.len + gap => {
                    interval.len = interval.len.max(index + 1 - interval.start);
                }
                _ => intervals.push(Span::range(index, 1)),
            }
        }
        let mut before = 0;
        let offsets: Vec<usize> = intervals
            .iter()
            .map(|interval| {
                before += interval.len;
                before - interval.len
            })
            .collect();
        let place = |index: usize| {
            let at = intervals.partition_point(|interval| interval.start <= index).saturating_sub(1);
            offsets[at] + index - intervals[at].start
        };
        let places = wanted().map(place).collect();
        (intervals, Some(places))
    }
}

/// What may lie between joined runs of these indices, so that there are not too many.
fn gap(sorted: &[usize]) -> usize {
    let mut gaps: Vec<usize> = sorted.windows(2).map(|pair| (pair[1] - pair[0]).saturating_sub(1)).collect();
    gaps.retain(|gap| *gap > GAP_MAX);
    match gaps.len().checked_sub(INTERVALS_MAX) {
        None => GAP_MAX,
        Some(joined) => *gaps.select_nth_unstable(joined).1,
    }
}

#[typetag::serde(name = "gather")]
impl Node for Gather {
    fn name(&self) -> String {
        format!("take {} along axis {}", self.indices.len(), self.axis)
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
        let need = |run: Span| {
            let mut region = out.to_vec();
            region[self.axis] = run;
            Need::new(0, region)
        };
        self.runs(out).0.into_iter().map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let joined = match inputs {
            [] => return Chunk::zeros(self.dtype, &lengths(out)),
            [only] => only.clone(),
            several => Chunk::concatenate(self.axis, several)?,
        };
        match self.runs(out).1 {
            None => Ok(joined),
            Some(places) => joined.gather(self.axis, &places),
        }
    }
    fn work(&self) -> super::Work {
        super::Work::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is pulled for these indices, and where the wanted ones are in it: they must be found there.
    fn pulled(indices: Vec<usize>) -> usize {
        let out = [Span::all(indices.len())];
        let gather = Gather { axis: 0, shape: vec![indices.len()], dtype: DType::Float64, indices };
        let (runs, places) = gather.runs(&out);
        let all: Vec<usize> = runs.iter().flat_map(|run| run.indices()).collect();
        let found: Vec<usize> = match places {
            None => all,
            Some(places) => places.into_iter().map(|place| all[place]).collect(),
        };
        assert_eq!(found, gather.indices);
        runs.len()
    }

    #[test]
    fn many_scattered_indices_are_pulled_in_few_runs() {
        assert_eq!(pulled(vec![3, 4, 5, 9, 1]), 2);
        assert_eq!(pulled((0..40).map(|at| at * at).collect()), 20);
        // As far apart from each other as they are many: each would be a run of its own.
        let scattered = |count: usize| -> Vec<usize> { (0..count).map(|at| at * 7919 % count * 100).collect() };
        assert_eq!(pulled(scattered(500)), 500);
        for count in [600, 20_000] {
            assert!(pulled(scattered(count)) <= INTERVALS_MAX, "{count}");
        }
        let mut twice = scattered(20_000);
        twice.extend([100, 100]);
        assert!(pulled(twice) <= INTERVALS_MAX);
    }
}
