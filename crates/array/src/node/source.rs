//! Nodes without inputs: random numbers, constants, ranges, the identity, embedded chunks.

use super::{Need, Node, count};
use crate::error::ChunkResult;
use phalanx_chunk::random::{Distribution, generate};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Counter-based random numbers: an element depends on seed, stream and its index in the whole array alone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Random {
    pub distribution: Distribution,
    pub seed: u64,
    pub stream: u64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "random")]
impl Node for Random {
    fn name(&self) -> String {
        format!("random {:?} seed {} stream {}", self.distribution, self.seed, self.stream)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.distribution.dtype()
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        generate(self.distribution, self.seed, self.stream, &self.shape, out)
    }
    fn generates(&self, out: &[Span]) -> u64 {
        count(out) as u64
    }
}

/// The same value everywhere.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Full {
    /// A chunk of one element.
    pub value: Chunk,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "full")]
impl Node for Full {
    fn name(&self) -> String {
        format!("full {:?}", self.value)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.value.dtype()
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        self.value.reshape(&[])?.broadcast_to(&lengths(out))
    }
}

/// `start + index · step`, of integers or floats, NumPy's `arange` and `linspace`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ramp {
    pub start: Number,
    pub step: Number,
    /// What the last element is exactly, for `linspace` (rounding would miss it).
    pub last: Option<f64>,
    pub shape: Vec<usize>,
}

/// A value of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Number {
    /// `int64`.
    Integer(i64),
    /// `float64`.
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

#[typetag::serde(name = "ramp")]
impl Node for Ramp {
    fn name(&self) -> String {
        format!("ramp from {:?} by {:?}", self.start, self.step)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        match (self.start, self.step) {
            (Number::Integer(_), Number::Integer(_)) => DType::Int64,
            _ => DType::Float64,
        }
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let indices = out.iter().flat_map(|span| span.indices());
        if let (Number::Integer(start), Number::Integer(step)) = (self.start, self.step) {
            let value = |index: usize| start.wrapping_add((index as i64).wrapping_mul(step));
            return Ok(Chunk::vector(indices.map(value).collect()));
        }
        let (start, step) = (self.start.float(), self.step.float());
        let end = self.shape.first().map_or(0, |length| length.saturating_sub(1));
        let value = |index: usize| match self.last {
            Some(last) if index == end && index > 0 => last,
            _ => start + index as f64 * step,
        };
        Ok(Chunk::vector(indices.map(value).collect()))
    }
}

/// Ones on a diagonal, zeros elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Eye {
    pub dtype: DType,
    /// Column less row of the ones.
    pub offset: i64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "eye")]
impl Node for Eye {
    fn name(&self) -> String {
        format!("eye {}", self.offset)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let mut ones = Vec::with_capacity(count(out));
        if let [rows, columns] = out {
            for row in rows.indices() {
                ones.extend(columns.indices().map(|column| column as i64 - row as i64 == self.offset));
            }
        }
        Ok(Chunk::new(&lengths(out), ones)?.cast(self.dtype))
    }
}

/// A small chunk of the client's that travels in the plan.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Embedded {
    pub chunk: Chunk,
}

#[typetag::serde(name = "embedded")]
impl Node for Embedded {
    fn name(&self) -> String {
        String::from("embedded chunk")
    }
    fn shape(&self) -> &[usize] {
        self.chunk.shape()
    }
    fn dtype(&self) -> DType {
        self.chunk.dtype()
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        self.chunk.region(out)
    }
    fn embedded(&self) -> Option<&Chunk> {
        Some(&self.chunk)
    }
}
