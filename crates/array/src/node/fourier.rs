//! Fourier transforms along an axis.

use super::{Boundary, Need, Node, Work, count};
use crate::error::ChunkResult;
use phalanx_chunk::fft::{Norm, Transform, transform};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// The transform of `points` points along `axis`, on which the input has `length` values. A region needs the whole axis.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fourier {
    pub transform: Transform,
    pub norm: Norm,
    pub axis: usize,
    pub points: usize,
    pub length: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "fourier")]
impl Node for Fourier {
    fn name(&self) -> String {
        format!("{} of {} point(s) along axis {}", self.transform.name(), self.points, self.axis)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let mut region = out.to_vec();
        region[self.axis] = Span::range(0, self.length.min(self.transform.reads(self.points)));
        vec![Need::new(0, region)]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if count(out) == 0 {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        let all = transform(self.transform, &inputs[0], self.axis, self.points, self.norm)?;
        if out[self.axis].is_all(self.shape[self.axis]) {
            return Ok(all);
        }
        let mut region: Vec<Span> = all.shape().iter().map(|&length| Span::all(length)).collect();
        region[self.axis] = out[self.axis];
        all.region(&region)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
    fn pulls_again(&self) -> bool {
        true
    }
    /// The input and the result with the axis moved to the end and back, and the input as complex numbers.
    fn work_bytes(&self, out: &[Span]) -> u64 {
        let lines = out.iter().enumerate().filter(|(at, _)| *at != self.axis).map(|(_, span)| span.len as u64);
        let lines = lines.fold(1, u64::saturating_mul);
        lines.saturating_mul(2 * self.points as u64).saturating_mul(self.dtype.complex().itemsize() as u64)
    }
}
