//! stub
use crate::{Chunk, DType, Result, Span};
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Distribution {
    Random,
    Uniform { low: f64, high: f64 },
    Normal { mean: f64, std: f64 },
    /// int64 in low..high (high exclusive)
    Integers { low: i64, high: i64 },
}
impl Distribution {
    pub fn dtype(&self) -> DType { todo!() }
    /// parameters in range?
    pub fn check(&self) -> Result<()> { todo!() }
}
pub fn generate(distribution: Distribution, seed: u64, stream: u64, shape: &[usize], region: &[Span]) -> Result<Chunk> { todo!() }
