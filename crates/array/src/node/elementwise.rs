//! Functions of one, two and three arrays, element by element, with NumPy's broadcasting.

use super::{Need, Node};
use crate::chunks::Region;
use crate::error::ChunkResult;
use phalanx_chunk::span::lengths;
use phalanx_chunk::ufunc::{self, where_};
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// The region of an input of shape `input` that the region `out` of a result that it broadcasts to needs.
fn broadcast_need(input: &[usize], out: &[Span]) -> Region {
    let new_axes = out.len() - input.len();
    let span = |(&length, &span): (&usize, &Span)| if length == 1 { Span::range(0, 1) } else { span };
    // A result of length 0 on an axis where the input has 1 needs nothing of it, but asking for it does no harm.
    input.iter().zip(&out[new_axes..]).map(span).collect()
}

/// The input as large as the result, unless it is one element.
fn spread(input: &Chunk, out: &[Span]) -> ChunkResult<Chunk> {
    if input.len() == 1 && super::count(out) != 1 { input.reshape(&[]) } else { input.broadcast_to(&lengths(out)) }
}

/// A function of one array.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unary {
    pub function: ufunc::Unary,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "unary")]
impl Node for Unary {
    fn name(&self) -> String {
        self.function.name().to_owned()
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
        self.function.apply(&inputs[0])
    }
}

/// A function of two arrays.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Binary {
    pub function: ufunc::Binary,
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub inputs: [Vec<usize>; 2],
}

#[typetag::serde(name = "binary")]
impl Node for Binary {
    fn name(&self) -> String {
        self.function.name().to_owned()
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        self.inputs.iter().enumerate().map(|(input, shape)| Need::new(input, broadcast_need(shape, out))).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let (mut a, b) = (spread(&inputs[0], out)?, spread(&inputs[1], out)?);
        if a.len() == 1 && b.len() == 1 {
            a = a.broadcast_to(&lengths(out))?; // two single elements make a whole region
        }
        self.function.apply(&a, &b)?.reshape(&lengths(out))
    }
}

/// `condition ? a : b`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Where {
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub inputs: [Vec<usize>; 3],
}

#[typetag::serde(name = "where")]
impl Node for Where {
    fn name(&self) -> String {
        String::from("where")
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        self.inputs.iter().enumerate().map(|(input, shape)| Need::new(input, broadcast_need(shape, out))).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let condition = inputs[0].broadcast_to(&lengths(out))?;
        let (a, b) = (spread(&inputs[1], out)?, spread(&inputs[2], out)?);
        where_(&condition, &a, &b)?.reshape(&lengths(out))
    }
}

/// The same elements as another type.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cast {
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "cast")]
impl Node for Cast {
    fn name(&self) -> String {
        format!("astype {}", self.dtype)
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
        Ok(inputs[0].cast(self.dtype))
    }
}
