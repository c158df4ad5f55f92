//! What the functions do with one number, for each type.

/// Arithmetic that every numeric type has, with NumPy's answers at the edges.
pub trait Number: Copy + Default + PartialOrd + Send + Sync {
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    fn floor_divide(self, other: Self) -> Self;
    fn remainder(self, other: Self) -> Self;
    fn power(self, exponent: Self) -> Self;
    fn maximum(self, other: Self) -> Self;
    fn minimum(self, other: Self) -> Self;
    fn negative(self) -> Self;
    fn absolute(self) -> Self;
    fn sign(self) -> Self;
    fn reciprocal(self) -> Self;
    /// Whether this is an exponent that integers refuse.
    fn is_negative_integer(self) -> bool;
}

/// What only floating-point numbers have.
pub trait Real: Number {
    fn divide(self, other: Self) -> Self;
    fn arctan2(self, other: Self) -> Self;
    fn hypot(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    fn exp(self) -> Self;
    fn log(self) -> Self;
    fn log2(self) -> Self;
    fn log10(self) -> Self;
    fn log1p(self) -> Self;
    fn expm1(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn arcsin(self) -> Self;
    fn arccos(self) -> Self;
    fn arctan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn tanh(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    fn rint(self) -> Self;
    fn is_nan(self) -> bool;
    fn is_finite(self) -> bool;
    fn is_infinite(self) -> bool;
}

macro_rules! integer {
    ($type:ty, $is_negative:expr, $absolute:expr, $sign:expr) => {
        impl Number for $type {
            #[inline(always)]
            fn add(self, other: $type) -> $type {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn subtract(self, other: $type) -> $type {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn multiply(self, other: $type) -> $type {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn floor_divide(self, other: $type) -> $type {
                if other == 0 {
                    return 0;
                }
                let quotient = self.wrapping_div(other);
                let rest = self.wrapping_rem(other);
                if rest != 0 && $is_negative(rest) != $is_negative(other) { quotient.wrapping_sub(1) } else { quotient }
            }
            #[inline(always)]
            fn remainder(self, other: $type) -> $type {
                if other == 0 {
                    return 0;
                }
                let rest = self.wrapping_rem(other);
                if rest != 0 && $is_negative(rest) != $is_negative(other) { rest.wrapping_add(other) } else { rest }
            }
            #[inline(always)]
            fn power(self, exponent: $type) -> $type {
                // By squaring; every product wraps around. Negative exponents have been refused.
                let (mut result, mut base, mut exponent): ($type, $type, $type) = (1, self, exponent);
                while exponent > 0 {
                    if exponent & 1 == 1 {
                        result = result.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    exponent >>= 1;
                }
                result
            }
            #[inline(always)]
            fn maximum(self, other: $type) -> $type {
                self.max(other)
            }
            #[inline(always)]
            fn minimum(self, other: $type) -> $type {
                self.min(other)
            }
            #[inline(always)]
            fn negative(self) -> $type {
                self.wrapping_neg()
            }
            #[inline(always)]
            fn absolute(self) -> $type {
                $absolute(self)
            }
            #[inline(always)]
            fn sign(self) -> $type {
                $sign(self)
            }
            #[inline(always)]
            fn reciprocal(self) -> $type {
                // NumPy converts the infinite 1 / 0 to an integer, which the processors answer with the smallest one.
                if self == 0 { <$type>::MIN } else { 1 / self }
            }
            #[inline(always)]
            fn is_negative_integer(self) -> bool {
                $is_negative(self)
            }
        }
    };
}

integer!(u8, |_| false, |x| x, |x: u8| x.min(1));
integer!(i32, i32::is_negative, i32::wrapping_abs, i32::signum);
integer!(i64, i64::is_negative, i64::wrapping_abs, i64::signum);

macro_rules! float {
    ($type:ty, power = $power:path, pairs: $($pair:ident = $pair_function:path),*;
        values: $($value:ident = $value_function:path),* $(,)?) => {
        impl Number for $type {
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
            fn maximum(self, other: $type) -> $type {
                if self >= other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn minimum(self, other: $type) -> $type {
                if self <= other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn negative(self) -> $type {
                -self
            }
            #[inline(always)]
            fn absolute(self) -> $type {
                self.abs()
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
            fn is_negative_integer(self) -> bool {
                false
            }
            #[inline(always)]
            fn power(self, exponent: $type) -> $type {
                // Squares are most of all powers: exactly rounded, and thirty times as fast.
                if exponent == 2.0 { self * self } else { $power(self, exponent) }
            }
        }
        impl Real for $type {
            #[inline(always)]
            fn divide(self, other: $type) -> $type {
                self / other
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
            #[inline(always)]
            fn is_infinite(self) -> bool {
                <$type>::is_infinite(self)
            }
            $(#[inline(always)]
            fn $pair(self, other: $type) -> $type {
                $pair_function(self, other)
            })*
            $(#[inline(always)]
            fn $value(self) -> $type {
                $value_function(self)
            })*
        }
    };
}

// Square root and roundings are exact, so the processor's own instructions give the same bits.
float!(f64, power = libm::pow,
    pairs: arctan2 = libm::atan2, hypot = libm::hypot;
    values: sqrt = f64::sqrt, exp = libm::exp, log = libm::log, log2 = libm::log2, log10 = libm::log10,
        log1p = libm::log1p, expm1 = libm::expm1, sin = libm::sin, cos = libm::cos, tan = libm::tan,
        arcsin = libm::asin, arccos = libm::acos, arctan = libm::atan, sinh = libm::sinh, cosh = libm::cosh,
        tanh = libm::tanh, floor = f64::floor, ceil = f64::ceil, trunc = f64::trunc, rint = f64::round_ties_even);
float!(f32, power = libm::powf,
    pairs: arctan2 = libm::atan2f, hypot = libm::hypotf;
    values: sqrt = f32::sqrt, exp = libm::expf, log = libm::logf, log2 = libm::log2f, log10 = libm::log10f,
        log1p = libm::log1pf, expm1 = libm::expm1f, sin = libm::sinf, cos = libm::cosf, tan = libm::tanf,
        arcsin = libm::asinf, arccos = libm::acosf, arctan = libm::atanf, sinh = libm::sinhf, cosh = libm::coshf,
        tanh = libm::tanhf, floor = f32::floor, ceil = f32::ceil, trunc = f32::trunc, rint = f32::round_ties_even);
