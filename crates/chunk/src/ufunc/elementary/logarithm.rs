//! Logarithms.

use super::Elementary;
use super::exponential::{LN2_HIGH, LN2_LOW};

/// A positive number as `m · 2^k` with m between √½ and √2.
#[inline(always)]
pub(super) fn split(x: f64) -> (f64, f64) {
    const ROOT: u64 = 0x3fe6_a09e_667f_3bcd; // √½
    let tiny = x < f64::MIN_POSITIVE;
    let bits = (if tiny { x * 18_014_398_509_481_984.0 } else { x }).to_bits();
    let moved = bits.wrapping_add(0x3ff0_0000_0000_0000 - ROOT);
    let exponent = f64::from_bits((moved >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits((moved & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT));
    (m, if tiny { exponent - 54.0 } else { exponent })
}

/// `(f, f²/2, s · (f²/2 + R))` of `log(1 + f) = f - f²/2 + s · (f²/2 + R)`, where `s = f / (2 + f)`.
#[inline(always)]
fn log_parts(m: f64) -> (f64, f64, f64) {
    let f = m - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * w
        .mul_add(w.mul_add(1.531_383_769_920_937_332e-1, 2.222_219_843_214_978_396e-1), 3.999_999_999_940_941_908e-1);
    let odd = z * w.mul_add(
        w.mul_add(w.mul_add(1.479_819_860_511_658_591e-1, 1.818_357_216_161_805_012e-1), 2.857_142_874_366_239_149e-1),
        6.666_666_666_666_735_13e-1,
    );
    (f, half_square, s * (half_square + (even + odd)))
}

/// The answers of logarithms to what has none, or an infinite one.
#[inline(always)]
fn log_edges(x: f64, log: f64) -> f64 {
    let log = if x == f64::INFINITY { x } else { log };
    let log = if x == 0.0 { f64::NEG_INFINITY } else { log };
    if x >= 0.0 { log } else { f64::NAN }
}

pub struct Log;
impl Elementary for Log {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let (m, k) = split(x);
        let (f, half_square, rest) = log_parts(m);
        let log = k * LN2_HIGH - ((half_square - (rest + k * LN2_LOW)) - f);
        log_edges(x, log)
    }
}

/// `log(m)` as a sum of two, the first with 21 bits.
#[inline(always)]
fn log_in_two(m: f64) -> (f64, f64) {
    let (f, half_square, rest) = log_parts(m);
    let high = f64::from_bits((f - half_square).to_bits() & 0xffff_ffff_0000_0000);
    (high, (f - high) - half_square + rest)
}

pub struct Log2;
impl Elementary for Log2 {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        const HIGH: f64 = 1.442_695_040_721_446_276e0;
        const LOW: f64 = 1.675_171_316_488_651_186e-10;
        let (m, k) = split(x);
        let (high, low) = log_in_two(m);
        let main = high * HIGH;
        let sum = k + main;
        let rest = (low + high) * LOW + low * HIGH + ((k - sum) + main);
        log_edges(x, rest + sum)
    }
}

pub struct Log10;
impl Elementary for Log10 {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        const HIGH: f64 = 4.342_944_818_781_688_917e-1;
        const LOW: f64 = 2.508_294_671_164_527_526e-11;
        const LOG10_2_HIGH: f64 = 3.010_299_956_636_117_713e-1;
        const LOG10_2_LOW: f64 = 3.694_239_077_158_930_787e-13;
        let (m, k) = split(x);
        let (high, low) = log_in_two(m);
        let (main, exponent) = (high * HIGH, k * LOG10_2_HIGH);
        let sum = exponent + main;
        let rest = k * LOG10_2_LOW + (low + high) * LOW + low * HIGH + ((exponent - sum) + main);
        log_edges(x, rest + sum)
    }
}

/// `log(1 + x)`: the logarithm of the rounded sum, and what rounding took from it (Kahan; the quotient is exact enough,
/// being far below the logarithm).
pub struct Log1p;
impl Elementary for Log1p {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let sum = 1.0 + x;
        Log::fast(sum) + (x - (sum - 1.0)) / sum
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        // From 2⁵³ on the sum loses nothing that matters, but its rest is as large as x; a zero keeps its sign there.
        !(x > -1.0 && x < 9e15) || x == 0.0
    }
    fn slow(x: f64) -> f64 {
        libm::log1p(x)
    }
}
