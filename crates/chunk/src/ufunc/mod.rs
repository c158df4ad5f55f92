//! Elementwise functions with NumPy's semantics.
//!
//! Integers wrap around, true division of integers gives `float64`, floor division and remainder have the sign of
//! the divisor, `maximum` and `minimum` hand NaN on. Integer division by zero gives 0, as NumPy does (which also
//! warns). Where NumPy answers in a dtype that Phalanx does not store, see [`crate::DType`].
//!
//! **One implementation.** Sums, products, quotients, square roots and roundings are exact by IEEE 754; everything
//! else (exp, log, sin, pow and so on) is the `libm` crate's scalar function for every element: not the system's
//! library, and no vector version beside a scalar one for the tail. So a slice of a result has the bits of the
//! result of the slice, on every machine.
//!
//! Nothing broadcasts here but a single element; the array level broadcasts.

mod binary;
mod define;
mod number;
mod operand;
mod select;
mod special;
#[cfg(test)]
mod tests;
mod unary;

pub use binary::Binary;
pub(crate) use number::{Inexact, Number, Real};
pub use select::where_;
pub use unary::Unary;
