//! Integers: they wrap around, and division by zero gives 0 (NumPy also warns).

use super::{Number, Real};

/// What only integers have.
pub trait Integer: Real {
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn invert(self) -> Self;
    /// 0 where the distance is negative or the width of the type.
    fn left_shift(self, distance: Self) -> Self;
    /// 0, or -1 for negative numbers, where the distance is negative or the width of the type.
    fn right_shift(self, distance: Self) -> Self;
    fn gcd(self, other: Self) -> Self;
    fn lcm(self, other: Self) -> Self;
    /// The bits of the absolute value that are set.
    fn bit_count(self) -> u8;
    /// Whether this is an exponent that integers refuse.
    fn is_negative(self) -> bool;
}

macro_rules! integer {
    ($($type:ident $unsigned:ident $wide:ident, $is_negative:expr, $absolute:expr, $sign:expr;)*) => {$(
        impl Number for $type {
            const ZERO: $type = 0;
            const ONE: $type = 1;
            const LOWEST: $type = $type::MIN;
            const HIGHEST: $type = $type::MAX;
            type Wide = $wide;
            #[inline(always)]
            fn widen(self) -> $wide {
                self as $wide
            }
            #[inline(always)]
            fn norm_squared(self) -> f64 {
                self as f64 * self as f64
            }
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
            fn negative(self) -> $type {
                self.wrapping_neg()
            }
            #[inline(always)]
            fn sign(self) -> $type {
                $sign(self)
            }
            #[inline(always)]
            fn reciprocal(self) -> $type {
                // NumPy converts the infinite 1 / 0 to an integer; processors answer with the smallest of 32 or 64 bits,
                // of which shorter types keep the zeros at the end.
                if self != 0 {
                    1 / self
                } else if $type::BITS >= 32 {
                    $type::MIN
                } else {
                    0
                }
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
                false
            }
            #[inline(always)]
            fn maximum(self, other: $type) -> $type {
                self.max(other)
            }
            #[inline(always)]
            fn minimum(self, other: $type) -> $type {
                self.min(other)
            }
        }
        impl Real for $type {
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
            fn fmod(self, other: $type) -> $type {
                if other == 0 { 0 } else { self.wrapping_rem(other) }
            }
            #[inline(always)]
            fn absolute(self) -> $type {
                $absolute(self)
            }
            #[inline(always)]
            fn float(self) -> f64 {
                self as f64
            }
        }
        impl Integer for $type {
            #[inline(always)]
            fn and(self, other: $type) -> $type {
                self & other
            }
            #[inline(always)]
            fn or(self, other: $type) -> $type {
                self | other
            }
            #[inline(always)]
            fn xor(self, other: $type) -> $type {
                self ^ other
            }
            #[inline(always)]
            fn invert(self) -> $type {
                !self
            }
            #[inline(always)]
            fn left_shift(self, distance: $type) -> $type {
                let inside = (distance as $unsigned as u64) < $type::BITS as u64;
                if inside { self.wrapping_shl(distance as u32) } else { 0 }
            }
            #[inline(always)]
            fn right_shift(self, distance: $type) -> $type {
                let inside = (distance as $unsigned as u64) < $type::BITS as u64;
                // The last bit is the sign's.
                self.wrapping_shr(if inside { distance as u32 } else { $type::BITS - 1 })
                    & if inside || $is_negative(self) { !0 } else { 0 }
            }
            fn gcd(self, other: $type) -> $type {
                let (mut a, mut b) = (Self::magnitude(self), Self::magnitude(other));
                while b != 0 {
                    (a, b) = (b, a % b);
                }
                a as $type
            }
            fn lcm(self, other: $type) -> $type {
                // Of the absolute values, wrapping around without a sign, as NumPy has it.
                match Self::magnitude(self.gcd(other)) {
                    0 => 0,
                    gcd => (Self::magnitude(self) / gcd).wrapping_mul(Self::magnitude(other)) as $type,
                }
            }
            #[inline(always)]
            fn bit_count(self) -> u8 {
                Self::magnitude(self).count_ones() as u8
            }
            #[inline(always)]
            fn is_negative(self) -> bool {
                $is_negative(self)
            }
        }
        impl Magnitude for $type {
            type Unsigned = $unsigned;
            #[inline(always)]
            fn magnitude(value: $type) -> $unsigned {
                $absolute(value) as $unsigned
            }
        }
    )*};
}

/// The absolute value, of which the smallest integer has one too.
trait Magnitude {
    type Unsigned;
    fn magnitude(value: Self) -> Self::Unsigned;
}

integer! {
    i8 u8 i64, i8::is_negative, i8::wrapping_abs, i8::signum;
    i16 u16 i64, i16::is_negative, i16::wrapping_abs, i16::signum;
    i32 u32 i64, i32::is_negative, i32::wrapping_abs, i32::signum;
    i64 u64 i64, i64::is_negative, i64::wrapping_abs, i64::signum;
    u8 u8 u64, |_| false, |x| x, |x: u8| x.min(1);
    u16 u16 u64, |_| false, |x| x, |x: u16| x.min(1);
    u32 u32 u64, |_| false, |x| x, |x: u32| x.min(1);
    u64 u64 u64, |_| false, |x| x, |x: u64| x.min(1);
}
