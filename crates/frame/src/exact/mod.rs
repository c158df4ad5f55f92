//! Sums that do not depend on the order of their terms.
//!
//! A float64 is an integer times 2⁻¹⁰⁷⁴, its square an integer times 2⁻²¹⁴⁸. So sums of values and of squares are
//! kept as wide integers in 32-bit digits with delayed carries (the "small superaccumulator" of Neal, "Fast exact
//! summation using small and large superaccumulators", 2015): adding is associative and commutative, partial states
//! merge in any order, and only the finished result is rounded, once. Sum and mean are correctly rounded; the
//! variance is the correctly rounded value of (n·Σx² − (Σx)²) / (n·(n − 1)), computed in integers, so it can't
//! suffer from cancellation; the standard deviation is its square root.
//!
//! | module | what it holds |
//! |---|---|
//! | `digits` | the accumulators of many groups, side by side |
//! | `integer` | natural numbers of any size, and the one rounding |
//! | `finish` | from digits to sum, mean, variance |
//! | `aggregate` | the aggregate functions of DataFusion on top |
//! | `extreme` | smallest and largest floats |

mod aggregate;
mod digits;
mod extreme;
mod finish;
mod integer;

pub use aggregate::{exact_moments, exact_sum};
pub(crate) use digits::{Digits, Power};
pub use extreme::{float_maximum, float_minimum};
pub(crate) use finish::Sum;
