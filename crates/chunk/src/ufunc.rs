//! stub
use crate::{Chunk, DType, Result};
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unary { Negative, Absolute, Sign, Sqrt, Square, Exp, Log, Log2, Log10, Log1p, Expm1, Sin, Cos, Tan, Arcsin, Arccos, Arctan, Sinh, Cosh, Tanh, Floor, Ceil, Trunc, Rint, Isnan, Isfinite, Isinf, LogicalNot, Reciprocal }
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Binary { Add, Subtract, Multiply, Divide, FloorDivide, Remainder, Power, Maximum, Minimum, Arctan2, Hypot, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, LogicalAnd, LogicalOr, LogicalXor }
/// One side of a tile kernel.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a> { Values(&'a [f64]), Scalar(f64) }
impl Unary {
    pub fn name(&self) -> &'static str { todo!() }
    pub fn dtype(&self, input: DType) -> Result<DType> { todo!() }
    pub fn apply(&self, x: &Chunk) -> Result<Chunk> { todo!() }
    /// in place over f64 values; error for functions that answer with bool
    pub fn apply_in_place(&self, values: &mut [f64]) -> Result<()> { todo!() }
}
impl Binary {
    pub fn name(&self) -> &'static str { todo!() }
    pub fn dtype(&self, a: DType, b: DType) -> Result<DType> { todo!() }
    pub fn apply(&self, a: &Chunk, b: &Chunk) -> Result<Chunk> { todo!() }
    /// f64 values into f64; error for functions that answer with bool
    pub fn apply_into(&self, a: Operand<'_>, b: Operand<'_>, out: &mut [f64]) -> Result<()> { todo!() }
    /// x = x op b in place
    pub fn apply_in_place(&self, values: &mut [f64], b: Operand<'_>) -> Result<()> { todo!() }
}
/// cond ? a : b, elementwise; each of equal shape or one element
pub fn where_(cond: &Chunk, a: &Chunk, b: &Chunk) -> Result<Chunk> { todo!() }
