//! stub
use crate::{Chunk, DType, Result};
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Reduction { Sum, Prod, Mean, Min, Max, Any, All, Var { ddof: f64 }, Std { ddof: f64 }, Argmin, Argmax, /// count_nonzero
    Count }
/// Where a chunk lies in the whole array: Argmin/Argmax need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// index of the chunk's first element, per axis
    pub start: Vec<usize>,
    /// the whole array's shape
    pub shape: Vec<usize>,
}
impl Place { /// the chunk is the whole array
    pub fn whole(chunk: &Chunk) -> Place { todo!() } }
/// A state; every part has the keepdims shape (reduced axes of length 1).
#[derive(Debug, Clone)]
pub struct Partial { /// dtype of the reduced array
    pub dtype: DType, /// as many as Reduction::parts says
    pub parts: Vec<Chunk> }
impl Reduction {
    pub fn name(&self) -> &'static str { todo!() }
    /// dtype of the result
    pub fn dtype(&self, input: DType) -> Result<DType> { todo!() }
    /// dtypes of the parts of a partial state, in order
    pub fn state(&self, input: DType) -> Result<Vec<DType>> { todo!() }
    pub fn partial(&self, chunk: &Chunk, axes: &[usize], place: &Place) -> Result<Partial> { todo!() }
    /// earlier, later
    pub fn merge(&self, earlier: Partial, later: Partial) -> Result<Partial> { todo!() }
    /// keepdims shape; reshape drops the axes
    pub fn finish(&self, partial: Partial) -> Result<Chunk> { todo!() }
}
