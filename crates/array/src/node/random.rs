//! Random numbers beyond those of one distribution for all elements.

use super::{Boundary, Need, Node, Work, count};
use crate::error::ChunkResult;
use phalanx_chunk::random::{self, Law};
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// Numbers of a law whose parameters, the inputs, differ from element to element.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RandomWith {
    pub law: Law,
    pub seed: u64,
    pub stream: u64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "random_with")]
impl Node for RandomWith {
    fn name(&self) -> String {
        format!("random {} of arrays seed {} stream {}", self.law.name(), self.seed, self.stream)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.law.dtype()
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        (0..self.law.parameters().len()).map(|input| Need::new(input, out.to_vec())).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        random::generate_with(self.law, self.seed, self.stream, &self.shape, out, inputs)
    }
    fn generates(&self, out: &[Span]) -> u64 {
        count(out) as u64
    }
}

/// A random permutation of `0..shape[0]`, or its first elements.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Permutation {
    pub of: usize,
    pub seed: u64,
    pub stream: u64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "permutation")]
impl Node for Permutation {
    fn name(&self) -> String {
        format!("permutation of {} seed {} stream {}", self.of, self.seed, self.stream)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::Int64
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let span = out.first().copied().unwrap_or(Span::range(0, 0));
        random::permutation(self.seed, self.stream, self.of, span)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
    fn generates(&self, out: &[Span]) -> u64 {
        count(out) as u64
    }
}

/// Numbers of `0..n` with probabilities of which these are the sums from the left.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub cumulative: Vec<f64>,
    pub seed: u64,
    pub stream: u64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "choice")]
impl Node for Choice {
    fn name(&self) -> String {
        format!("choice of {} seed {} stream {}", self.cumulative.len(), self.seed, self.stream)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::Int64
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        random::choose(&self.cumulative, self.seed, self.stream, &self.shape, out)
    }
    fn generates(&self, out: &[Span]) -> u64 {
        count(out) as u64
    }
}

/// Multinomial counts along the last axis.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Multinomial {
    pub trials: u64,
    pub probabilities: Vec<f64>,
    pub seed: u64,
    pub stream: u64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "multinomial")]
impl Node for Multinomial {
    fn name(&self) -> String {
        format!("multinomial of {} seed {} stream {}", self.trials, self.seed, self.stream)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::Int64
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        random::multinomial(self.trials, &self.probabilities, self.seed, self.stream, &self.shape, out)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn generates(&self, out: &[Span]) -> u64 {
        count(out) as u64
    }
}
