//! Floats. What IEEE 754 defines exactly (sums, quotients, square roots, roundings) is the processor's; functions of
//! `float32` are those of `float64`, rounded once.

use super::{Inexact, Number, Real};
use crate::ufunc::special;

/// What only floats have.
pub trait Float: Inexact + Real {
    fn of(value: f64) -> Self;
    fn cbrt(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    fn spacing(self) -> Self;
    fn deg2rad(self) -> Self;
    fn rad2deg(self) -> Self;
    fn sinc(self) -> Self;
    fn i0(self) -> Self;
    fn is_sign_negative(self) -> bool;
    /// The fraction, with the number's sign.
    fn fraction(self) -> Self;
    /// The number as `mantissa · 2^exponent` with 0.5 ≤ |mantissa| < 1.
    fn frexp(self) -> (Self, i32);
    fn ldexp(self, exponent: i64) -> Self;
    fn arctan2(self, x: Self) -> Self;
    fn hypot(self, other: Self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn nextafter(self, towards: Self) -> Self;
    fn heaviside(self, at_zero: Self) -> Self;
    fn logaddexp(self, other: Self) -> Self;
    fn logaddexp2(self, other: Self) -> Self;
}

macro_rules! float {
    ($type:ident; $($method:ident = $function:path),* $(,)?) => {
        impl Number for $type {
            const ZERO: $type = 0.0;
            const ONE: $type = 1.0;
            const LOWEST: $type = $type::NEG_INFINITY;
            const HIGHEST: $type = $type::INFINITY;
            type Wide = f64;
            #[inline(always)]
            fn widen(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn norm_squared(self) -> f64 {
                self as f64 * self as f64
            }
            #[inline(always)]
            fn add(self, other: $type) -> $type {
                self + other
            }
            #[inline(always)]
            fn subtract(self, other: $type) -> $type {
                self - other
            }
            #[inline(always)]
            fn multiply(self, other: $type) -> $type {
                self * other
            }
            #[inline(always)]
            fn power(self, exponent: $type) -> $type {
                if exponent == 2.0 { self * self } else { special::pow(self as f64, exponent as f64) as $type }
            }
            #[inline(always)]
            fn negative(self) -> $type {
                -self
            }
            #[inline(always)]
            fn sign(self) -> $type {
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else if self == 0.0 {
                    0.0
                } else {
                    self
                }
            }
            #[inline(always)]
            fn reciprocal(self) -> $type {
                1.0 / self
            }
            #[inline(always)]
            fn less(self, other: $type) -> bool {
                self < other
            }
            #[inline(always)]
            fn less_equal(self, other: $type) -> bool {
                self <= other
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $type::is_nan(self)
            }
        }

        impl Real for $type {
            #[inline(always)]
            fn floor_divide(self, other: $type) -> $type {
                if other == 0.0 {
                    return self / other;
                }
                // NumPy's npy_divmod: divide what the remainder leaves, then repair the rounding.
                let rest = self % other;
                let mut quotient = (self - rest) / other;
                if rest != 0.0 && (other < 0.0) != (rest < 0.0) {
                    quotient -= 1.0;
                }
                if quotient == 0.0 {
                    return (0.0 as $type).copysign(self / other);
                }
                let floor = quotient.floor();
                if quotient - floor > 0.5 { floor + 1.0 } else { floor }
            }
            #[inline(always)]
            fn remainder(self, other: $type) -> $type {
                let rest = self % other;
                if other == 0.0 {
                    rest
                } else if rest == 0.0 {
                    (0.0 as $type).copysign(other)
                } else if (other < 0.0) != (rest < 0.0) {
                    rest + other
                } else {
                    rest
                }
            }
            #[inline(always)]
            fn fmod(self, other: $type) -> $type {
                self % other
            }
            #[inline(always)]
            fn absolute(self) -> $type {
                self.abs()
            }
            #[inline(always)]
            fn float(self) -> f64 {
                self as f64
            }
        }

        impl Inexact for $type {
            const NAN: $type = $type::NAN;
            #[inline(always)]
            fn divide(self, other: $type) -> $type {
                self / other
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }
            #[inline(always)]
            fn is_infinite(self) -> bool {
                $type::is_infinite(self)
            }
            #[inline(always)]
            fn rint(self) -> $type {
                self.round_ties_even()
            }
            #[inline(always)]
            fn sqrt(self) -> $type {
                $type::sqrt(self)
            }
            $(#[inline(always)]
            fn $method(self) -> $type {
                $function(self as f64) as $type
            })*
        }

        impl Float for $type {
            #[inline(always)]
            fn of(value: f64) -> $type {
                value as $type
            }
            #[inline(always)]
            fn cbrt(self) -> $type {
                libm::cbrt(self as f64) as $type
            }
            #[inline(always)]
            fn floor(self) -> $type {
                $type::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> $type {
                $type::ceil(self)
            }
            #[inline(always)]
            fn trunc(self) -> $type {
                $type::trunc(self)
            }
            #[inline(always)]
            fn spacing(self) -> $type {
                if self.is_infinite() || self.is_nan() {
                    return $type::NAN;
                }
                if self == 0.0 {
                    return $type::from_bits(1);
                }
                // The next number away from zero has the next bit pattern.
                $type::from_bits(self.to_bits() + 1) - self
            }
            #[inline(always)]
            fn deg2rad(self) -> $type {
                self * (std::$type::consts::PI / 180.0)
            }
            #[inline(always)]
            fn rad2deg(self) -> $type {
                self * (180.0 / std::$type::consts::PI)
            }
            #[inline(always)]
            fn sinc(self) -> $type {
                let x = std::$type::consts::PI * self;
                // NumPy's way round 0 / 0.
                let x = if x == 0.0 { 1e-20 } else { x };
                Inexact::sin(x) / x
            }
            #[inline(always)]
            fn i0(self) -> $type {
                special::i0(self as f64) as $type
            }
            #[inline(always)]
            fn is_sign_negative(self) -> bool {
                $type::is_sign_negative(self)
            }
            #[inline(always)]
            fn fraction(self) -> $type {
                if self.is_infinite() { (0.0 as $type).copysign(self) } else { (self - self.trunc()).copysign(self) }
            }
            #[inline(always)]
            fn frexp(self) -> ($type, i32) {
                // A denormal float32 is a normal float64, so its exponent is right.
                let (mantissa, exponent) = libm::frexp(self as f64);
                if self.is_finite() { (mantissa as $type, exponent) } else { (self, 0) }
            }
            #[inline(always)]
            fn ldexp(self, exponent: i64) -> $type {
                special::ldexp(self as f64, exponent) as $type
            }
            #[inline(always)]
            fn arctan2(self, x: $type) -> $type {
                libm::atan2(self as f64, x as f64) as $type
            }
            #[inline(always)]
            fn hypot(self, other: $type) -> $type {
                libm::hypot(self as f64, other as f64) as $type
            }
            #[inline(always)]
            fn copysign(self, sign: $type) -> $type {
                $type::copysign(self, sign)
            }
            #[inline(always)]
            fn nextafter(self, towards: $type) -> $type {
                if self.is_nan() || towards.is_nan() {
                    $type::NAN
                } else if self == towards {
                    towards
                } else if self < towards {
                    self.next_up()
                } else {
                    self.next_down()
                }
            }
            #[inline(always)]
            fn heaviside(self, at_zero: $type) -> $type {
                if self.is_nan() {
                    $type::NAN
                } else if self == 0.0 {
                    at_zero
                } else if self < 0.0 {
                    0.0
                } else {
                    1.0
                }
            }
            #[inline(always)]
            fn logaddexp(self, other: $type) -> $type {
                special::logaddexp(self as f64, other as f64) as $type
            }
            #[inline(always)]
            fn logaddexp2(self, other: $type) -> $type {
                special::logaddexp2(self as f64, other as f64) as $type
            }
        }
    };
}

macro_rules! floats {
    ($($type:ident),*) => {
        $(float! { $type;
            exp = special::exp, exp2 = special::exp2, expm1 = special::expm1, log = special::log, log2 = special::log2,
            log10 = special::log10, log1p = special::log1p, sin = special::sin, cos = special::cos, tan = special::tan,
            arcsin = libm::asin, arccos = libm::acos, arctan = libm::atan, sinh = special::sinh, cosh = special::cosh,
            tanh = special::tanh, arcsinh = libm::asinh, arccosh = special::arccosh, arctanh = libm::atanh,
        })*
    };
}

floats!(f32, f64);
