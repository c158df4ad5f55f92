//! Functions that are expressions of others. They are evaluated in one pass, tile by tile, as all expressions are.

use super::{Operand, Side, binary, operands};
use crate::array::Array;
use phalanx_chunk::ufunc::{Binary, Unary};
use phalanx_chunk::{Complex64, DType};

/// What two values may differ by: `|a - b| <= absolute + relative * |b|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// NumPy's `rtol`.
    pub relative: f64,
    /// NumPy's `atol`.
    pub absolute: f64,
    /// Whether NaN is close to NaN.
    pub equal_nan: bool,
}

impl Default for Tolerance {
    /// NumPy's.
    fn default() -> Self {
        Self { relative: 1e-5, absolute: 1e-8, equal_nan: false }
    }
}

/// What `nan_to_num` puts in place; `None` is the largest or the smallest finite number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Replacement {
    /// For NaN.
    pub nan: f64,
    /// For infinity.
    pub positive: Option<f64>,
    /// For minus infinity.
    pub negative: Option<f64>,
}

impl Array {
    /// Elements below `low` become `low`, those above `high` become `high`.
    #[must_use]
    pub fn clip(&self, low: Option<Side>, high: Option<Side>) -> Self {
        let raised = low.map_or_else(|| self.clone(), |low| self.maximum(low));
        high.map_or_else(|| raised.clone(), |high| raised.minimum(high))
    }

    /// Rounded to `decimals` places after the point (before it, if negative), ties to even, as NumPy rounds: by scaling.
    #[must_use]
    pub fn round(&self, decimals: i32) -> Self {
        let scale = 10f64.powi(decimals.abs());
        self.keep_errors(|dtype| match decimals {
            _ if dtype.is_integer() && decimals >= 0 => self.clone(),
            _ if dtype.is_integer() => ((self / scale).rint() * scale).astype(dtype),
            0 => self.rint(),
            1.. => (self * scale).rint() / scale,
            _ => (self / scale).rint() * scale,
        })
    }

    /// Whether elements are within `tolerance` of the other's.
    #[must_use]
    pub fn isclose(&self, other: impl Operand, tolerance: Tolerance) -> Self {
        let (a, b) = operands(self, &other, None);
        let b = b.keep_errors(|dtype| if dtype.is_inexact() { b.clone() } else { b.astype(DType::Float64) });
        let bound = b.abs() * tolerance.relative + tolerance.absolute;
        let near = (&a - &b).abs().less_equal(bound).logical_and(b.isfinite());
        let close = near.logical_or(a.equal(&b));
        if tolerance.equal_nan { close.logical_or(a.isnan().logical_and(b.isnan())) } else { close }
    }

    /// Finite numbers in place of NaN and infinities.
    #[must_use]
    pub fn nan_to_num(&self, replacement: Replacement) -> Self {
        self.keep_errors(|dtype| {
            if !dtype.is_inexact() {
                return self.clone();
            }
            let largest = if dtype.real() == DType::Float32 { f64::from(f32::MAX) } else { f64::MAX };
            let finite = |part: &Self| {
                let part = part.isnan().choose(replacement.nan, part);
                let part = part.equal(f64::INFINITY).choose(replacement.positive.unwrap_or(largest), &part);
                part.equal(f64::NEG_INFINITY).choose(replacement.negative.unwrap_or(-largest), &part)
            };
            if dtype.is_complex() {
                finite(&self.real()) + finite(&self.imag()) * Complex64::new(0.0, 1.0)
            } else {
                finite(self)
            }
        })
    }

    /// The fraction and the integer part, both with the number's sign.
    #[must_use]
    pub fn modf(&self) -> (Self, Self) {
        (self.unary(Unary::Fraction), self.unary(Unary::Whole))
    }

    /// Mantissa `m` and exponent `e` (`int32`) of `x = m · 2ᵉ`, with 0.5 ≤ |m| < 1.
    #[must_use]
    pub fn frexp(&self) -> (Self, Self) {
        (self.unary(Unary::Mantissa), self.unary(Unary::Exponent))
    }

    /// What division rounded down gives, and what it leaves.
    #[must_use]
    pub fn divmod(&self, other: impl Operand) -> (Self, Self) {
        let other = other.side();
        (binary(Binary::FloorDivide, self, other.clone()), binary(Binary::Remainder, self, other))
    }

    /// What `make` makes for the array's dtype, or the array itself if it holds an error.
    fn keep_errors(&self, make: impl FnOnce(DType) -> Self) -> Self {
        match self.dtype() {
            Ok(dtype) => make(dtype),
            Err(_) => self.clone(),
        }
    }
}
