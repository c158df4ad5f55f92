//! Elementwise functions with NumPy's semantics.
//!
//! Integers wrap around, true division of integers gives `float64`, floor division and remainder have the sign of
//! the divisor, `maximum` and `minimum` hand NaN on. Integer division by zero gives 0, as NumPy does (which also
//! warns). Where NumPy answers in `float16`, see [`crate::DType`]. For which types a function has a loop, and what it
//! answers in, stands beside its name (`define`).
//!
//! **One implementation.** Sums, products, quotients, square roots and roundings are exact by IEEE 754. Exponentials,
//! logarithms, powers, circular and hyperbolic functions are straight code over vectors (`elementary`), of which every
//! operation is exact; everything else is the `libm` crate's scalar function for every element, not the system's
//! library. So a slice of a result has the bits of the result of the slice, on every machine.
//!
//! Nothing broadcasts here but a single element; the array level broadcasts.

mod binary;
mod define;
pub(crate) mod elementary;
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
