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
/// What may lie between joined runs, in indices.
const GAP_MAX: usize = 8;

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
        let gap = if runs.len() <= RUNS_MAX { 0 } else { GAP_MAX };
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
