//! The same elements at other places: transposing, slicing, broadcasting, re-chunking.

use super::{Need, Node, count};
use crate::error::ChunkResult;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Axis `i` of the result is axis `permutation[i]` of the input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Transpose {
    pub permutation: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "transpose")]
impl Node for Transpose {
    fn name(&self) -> String {
        format!("transpose {:?}", self.permutation)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let mut region = out.to_vec();
        for (&axis, &span) in self.permutation.iter().zip(out) {
            region[axis] = span;
        }
        vec![Need::new(0, region)]
    }
    fn compute(&self, _out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        inputs[0].transpose(&self.permutation)
    }
    fn is_view(&self) -> bool {
        true
    }
    fn is_mirror(&self) -> bool {
        match self.permutation.split_last_chunk::<2>() {
            Some((leading, &[a, b])) => {
                leading.iter().copied().eq(0..leading.len()) && (a, b) == (leading.len() + 1, leading.len())
            }
            None => false,
        }
    }
}

/// Spans of the input's axes, some axes dropped and some new.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Slice {
    /// One for each axis of the input.
    pub spans: Vec<Span>,
    /// For each axis of the result the input's axis; `None` for a new one.
    pub axes: Vec<Option<usize>>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "slice")]
impl Node for Slice {
    fn name(&self) -> String {
        let text = |span: &Span| match (span.len, span.step) {
            (1, _) => format!("{}", span.start),
            (len, 1) => format!("{}..{}", span.start, span.start + len),
            (len, step) => format!("{} from {} by {step}", len, span.start),
        };
        format!("slice [{}]", self.spans.iter().map(text).collect::<Vec<_>>().join(", "))
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let mut region = self.spans.clone();
        for (axis, span) in self.axes.iter().zip(out) {
            if let Some(axis) = axis {
                // Both were checked against the shape, so composing can't fail; an empty span stays itself.
                region[*axis] = Span::compose(self.spans[*axis], *span).unwrap_or(Span::range(0, 0));
            }
        }
        vec![Need::new(0, region)]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if count(out) == 0 {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        inputs[0].reshape(&lengths(out))
    }
    fn is_view(&self) -> bool {
        true
    }
}

/// Repeated along new axes and axes of length 1.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Broadcast {
    pub input: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "broadcast")]
impl Node for Broadcast {
    fn name(&self) -> String {
        format!("broadcast to {:?}", self.shape)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let new_axes = out.len() - self.input.len();
        let span = |(&length, &span): (&usize, &Span)| if length == 1 { Span::range(0, 1) } else { span };
        vec![Need::new(0, self.input.iter().zip(&out[new_axes..]).map(span).collect())]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        inputs[0].broadcast_to(&lengths(out))
    }
    fn is_view(&self) -> bool {
        true
    }
}

/// The same array under other chunks. Pulling never repeats an element of it, so it needs no stage of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rechunk {
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "rechunk")]
impl Node for Rechunk {
    fn name(&self) -> String {
        String::from("rechunk")
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        vec![Need::new(0, out.to_vec())]
    }
    fn compute(&self, _out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        Ok(inputs[0].clone())
    }
    fn is_view(&self) -> bool {
        true
    }
}
