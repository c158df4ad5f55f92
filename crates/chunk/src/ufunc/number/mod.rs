//! What the functions do with one number, for each type.
//!
//! | trait | types |
//! |---|---|
//! | [`Number`] | all but `bool` |
//! | [`Real`] | integers and floats |
//! | [`Integer`] | integers |
//! | [`Inexact`] | floats and complex numbers |
//! | [`Float`] | floats |
//! | [`Imaginary`] | complex numbers |

mod complex;
mod edges;
mod float;
mod integer;

use crate::dtype::Element;
use crate::values::Stored;
pub use complex::Imaginary;
pub use float::Float;
pub use integer::Integer;

/// Arithmetic that every number has, with NumPy's answers at the edges. Complex numbers are ordered by their real
/// parts, then by their imaginary parts, as NumPy orders them.
pub trait Number: Stored {
    const ZERO: Self;
    const ONE: Self;
    /// Not above any other number.
    const LOWEST: Self;
    /// Not below any other number.
    const HIGHEST: Self;
    /// What sums and products of such numbers are made in: 64 bits.
    type Wide: Number + Element;
    fn widen(self) -> Self::Wide;
    /// The square of the absolute value, in `f64`.
    fn norm_squared(self) -> f64;
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    fn power(self, exponent: Self) -> Self;
    fn negative(self) -> Self;
    fn sign(self) -> Self;
    fn reciprocal(self) -> Self;
    fn less(self, other: Self) -> bool;
    fn less_equal(self, other: Self) -> bool;
    fn is_nan(self) -> bool;

    /// The larger one; NaN if either is.
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        if other.less_equal(self) || self.is_nan() { self } else { other }
    }
    /// The smaller one; NaN if either is.
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        if self.less_equal(other) || self.is_nan() { self } else { other }
    }
    /// The larger one; NaN only if both are.
    #[inline(always)]
    fn fmax(self, other: Self) -> Self {
        if other.less_equal(self) || other.is_nan() { self } else { other }
    }
    /// The smaller one; NaN only if both are.
    #[inline(always)]
    fn fmin(self, other: Self) -> Self {
        if self.less_equal(other) || other.is_nan() { self } else { other }
    }
}

/// What integers and floats have.
pub trait Real: Number {
    fn floor_divide(self, other: Self) -> Self;
    /// What floor division leaves, with the sign of `other`.
    fn remainder(self, other: Self) -> Self;
    /// What division towards zero leaves, with the sign of `self`.
    fn fmod(self, other: Self) -> Self;
    fn absolute(self) -> Self;
    /// As `f64`, rounded.
    fn float(self) -> f64;
}

/// What floats and complex numbers have.
pub trait Inexact: Number {
    const NAN: Self;
    fn divide(self, other: Self) -> Self;
    fn is_finite(self) -> bool;
    fn is_infinite(self) -> bool;
    fn rint(self) -> Self;
    fn sqrt(self) -> Self;
    fn exp(self) -> Self;
    fn exp2(self) -> Self;
    fn expm1(self) -> Self;
    fn log(self) -> Self;
    fn log2(self) -> Self;
    fn log10(self) -> Self;
    fn log1p(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn arcsin(self) -> Self;
    fn arccos(self) -> Self;
    fn arctan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn tanh(self) -> Self;
    fn arcsinh(self) -> Self;
    fn arccosh(self) -> Self;
    fn arctanh(self) -> Self;
}
