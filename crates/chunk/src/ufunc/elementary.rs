//! Exponentials, logarithms, powers, sines and cosines, many at a time.
//!
//! Each function is straight code without branches, so that the compiler runs it over vectors of whatever width the
//! processor has; few arguments (very large ones, infinities, NaN) are left to the scalar function of the crate `libm`.
//! Which way an element goes depends on its value alone, and every operation is exact by IEEE 754, also the fused
//! multiply-add: the bits are the same in a vector, in its tail, alone, and on every processor. (One without fused
//! multiply-add computes it in software, slowly.)
//!
//! Errors are below 2 ulp. Polynomials of logarithm, sine and cosine: FreeBSD's msun (Sun
//! Microsystems 1993, freely granted). Exponential: Taylor's series to degree 13 within ln(2)/2. Power: Dekker's
//! double-double arithmetic for the logarithm.

#![expect(clippy::excessive_precision, reason = "constants stand as their sources have them")]

use super::number::Float;
use super::operand::{BLOCK, Operand, part, spread};
use crate::simd::{self, Kernel};

/// A function of one argument.
pub trait Elementary {
    /// Without a branch; meaningless where `special` holds.
    fn fast(x: f64) -> f64;
    /// Whether the argument is one for `slow`.
    fn special(_x: f64) -> bool {
        false
    }
    fn slow(_x: f64) -> f64 {
        f64::NAN
    }
}

/// The function of one number.
#[inline(always)]
pub fn value<E: Elementary>(x: f64) -> f64 {
    if E::special(x) { E::slow(x) } else { E::fast(x) }
}

/// The function of every number.
pub fn values<E: Elementary, T: Float>(x: &[T]) -> Vec<T> {
    let mut out = vec![T::ZERO; x.len()];
    simd::run(Each::<E, T> { x, out: &mut out, of: std::marker::PhantomData });
    out
}

struct Each<'a, E, T> {
    x: &'a [T],
    out: &'a mut [T],
    of: std::marker::PhantomData<E>,
}

impl<E: Elementary, T: Float> Kernel for Each<'_, E, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (x, out) in self.x.chunks(BLOCK).zip(self.out.chunks_mut(BLOCK)) {
            out.iter_mut().zip(x).for_each(|(out, &x)| *out = T::of(E::fast(x.float())));
            if x.iter().fold(false, |any, &x| any | E::special(x.float())) {
                repair::<E, T>(x, out);
            }
        }
    }
}

#[cold]
#[inline(never)]
fn repair<E: Elementary, T: Float>(x: &[T], out: &mut [T]) {
    let special = out.iter_mut().zip(x).filter(|(_, x)| E::special(x.float()));
    special.for_each(|(out, &x)| *out = T::of(E::slow(x.float())));
}

/// Adding it rounds a number below 2⁵¹ to an integer, which stands in the last bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1; // 33 bits: products with exponents are exact
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `2^n` for an integer between -1022 and 1023.
#[inline(always)]
fn power_of_two(n: f64) -> f64 {
    // Above 2⁵² the last bits of a number are an integer; here they become the exponent.
    f64::from_bits((n + (1023.0 + 4_503_599_627_370_496.0)).to_bits() << 52)
}

/// `exp(r) - 1` for |r| up to ln(2)/2.
#[inline(always)]
fn expm1_small(r: f64) -> f64 {
    let mut sum = 1.0 / 6_227_020_800.0;
    for factorial in
        [479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0]
    {
        sum = r.mul_add(sum, 1.0 / factorial);
    }
    (r * r).mul_add(sum, r)
}

/// `exp(x + low)` for `low` far below `x`, of any size.
#[inline(always)]
fn exp_of_sum(x: f64, low: f64) -> f64 {
    // Beyond these all is infinite or 0; NaN stays.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let n = x.mul_add(std::f64::consts::LOG2_E, ROUND) - ROUND;
    let r = (-n).mul_add(LN2_HIGH, x) - n.mul_add(LN2_LOW, -low);
    scaled(1.0 + expm1_small(r), n)
}

/// `x · 2^n`, in two steps, of which one may leave the range of exponents.
#[inline(always)]
fn scaled(x: f64, n: f64) -> f64 {
    let half = (n * 0.5).floor();
    x * power_of_two(half) * power_of_two(n - half)
}

pub struct Exp;
impl Elementary for Exp {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        exp_of_sum(x, 0.0)
    }
}

pub struct Exp2;
impl Elementary for Exp2 {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let x = if x > 1025.0 { 1025.0 } else { x };
        let x = if x < -1080.0 { -1080.0 } else { x };
        let n = (x + ROUND) - ROUND;
        let part = x - n;
        let r = part * std::f64::consts::LN_2;
        // What the product lost, and what the constant lacks.
        let low = part.mul_add(std::f64::consts::LN_2, -r) + part * 2.319_046_813_846_299_6e-17;
        let small = expm1_small(r);
        scaled(1.0 + (small + low.mul_add(small, low)), n)
    }
}

pub struct Expm1;
impl Elementary for Expm1 {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let n = x.mul_add(std::f64::consts::LOG2_E, ROUND) - ROUND;
        let high = (-n).mul_add(LN2_HIGH, x);
        let r = high - n * LN2_LOW;
        let low = (high - r) - n * LN2_LOW;
        let small = expm1_small(r);
        let small = small + low.mul_add(small, low);
        let scale = power_of_two(n);
        if n == 0.0 { small } else { scale.mul_add(small, scale - 1.0) }
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        // A zero keeps its sign there.
        x.is_nan() || x.abs() >= 700.0 || x == 0.0
    }
    fn slow(x: f64) -> f64 {
        libm::expm1(x)
    }
}

/// A positive number as `m · 2^k` with m between √½ and √2.
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
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

/// Up to here the quarter turns of an angle are counted exactly enough.
const ANGLE_MAX: f64 = 1e6;

/// The quadrant, sine and cosine of the rest of an angle.
#[inline(always)]
fn turned(x: f64) -> (u64, f64, f64) {
    // π/2 in three parts (Cody and Waite): the first product leaves an exact rest.
    const FIRST: f64 = std::f64::consts::FRAC_PI_2;
    const SECOND: f64 = 6.123_233_995_736_766e-17;
    const THIRD: f64 = -1.497_384_904_859_183_3e-33;
    let counted = x.mul_add(std::f64::consts::FRAC_2_PI, ROUND);
    let (n, quadrant) = (counted - ROUND, counted.to_bits() & 3);
    let exact = (-n).mul_add(FIRST, x);
    let product = n * SECOND;
    let r = exact - product;
    let low = ((exact - r) - product) - (n.mul_add(SECOND, -product) + n * THIRD);
    let z = r * r;
    let cube = z * r;
    let sine = {
        let p = z.mul_add(
            z.mul_add(
                z.mul_add(
                    z.mul_add(1.589_690_995_211_550_102e-10, -2.505_076_025_340_686_34e-8),
                    2.755_731_370_707_006_768e-6,
                ),
                -1.984_126_982_985_794_931e-4,
            ),
            8.333_333_333_322_489_461e-3,
        );
        r - ((z * (0.5 * low - cube * p) - low) - cube * -1.666_666_666_666_663_243e-1)
    };
    let cosine = {
        let p = z * z.mul_add(
            z.mul_add(
                z.mul_add(
                    z.mul_add(
                        z.mul_add(-1.135_964_755_778_819_482e-11, 2.087_572_321_298_174_827e-9),
                        -2.755_731_435_139_066_33e-7,
                    ),
                    2.480_158_728_947_673e-5,
                ),
                -1.388_888_888_887_410_957e-3,
            ),
            4.166_666_666_666_660_19e-2,
        );
        let half = 0.5 * z;
        let w = 1.0 - half;
        w + (((1.0 - w) - half) + (z * p - r * low))
    };
    (quadrant, sine, cosine)
}

/// The sine, if `quarter` is 0, and the cosine, if it is 1.
#[inline(always)]
fn sine_ahead(x: f64, quarter: u64) -> f64 {
    let (quadrant, sine, cosine) = turned(x);
    let quadrant = quadrant + quarter;
    let value = if quadrant & 1 == 0 { sine } else { cosine };
    f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
}

pub struct Sin;
impl Elementary for Sin {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        sine_ahead(x, 0)
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        x.is_nan() || x.abs() >= ANGLE_MAX
    }
    fn slow(x: f64) -> f64 {
        libm::sin(x)
    }
}

pub struct Cos;
impl Elementary for Cos {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        sine_ahead(x, 1)
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        x.is_nan() || x.abs() >= ANGLE_MAX
    }
    fn slow(x: f64) -> f64 {
        libm::cos(x)
    }
}

/// `x^y`, of normal numbers above 0 whose power is far from the ends of the range.
#[inline(always)]
fn pow_fast(x: f64, y: f64) -> f64 {
    let (high, low) = log_double(x);
    let product = y * high;
    exp_of_sum(product, y.mul_add(high, -product) + y * low)
}

/// `log(x)` as a sum of two with an error of 2⁻⁶⁵.
#[inline(always)]
fn log_double(x: f64) -> (f64, f64) {
    const THIRD: f64 = 1.0 / 3.0;
    const THIRD_LOW: f64 = 1.850_371_707_708_594_2e-17;
    let (m, k) = split(x);
    let f = m - 1.0;
    // s = f / (2 + f), then log(m) = 2 s (1 + s²/3 + s⁴/5 + …).
    let d = m + 1.0;
    let d_low = m - (d - 1.0);
    let s = f / d;
    let s_low = ((-s).mul_add(d, f) - s * d_low) / d;
    let z = s * s;
    let z_low = s.mul_add(s, -z) + 2.0 * s * s_low;
    let mut series = 1.0 / 25.0;
    for odd in [23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0] {
        series = z.mul_add(series, 1.0 / odd);
    }
    let tail = z * z * series;
    let third = z * THIRD;
    let third_low = z.mul_add(THIRD, -third) + z * THIRD_LOW + z_low * THIRD;
    let b = third + tail;
    let b_low = ((third - b) + tail) + third_low;
    let h = 1.0 + b;
    let h_low = ((1.0 - h) + b) + b_low;
    let double = 2.0 * s;
    let log = double * h;
    let log_low = double.mul_add(h, -log) + (double * h_low + 2.0 * s_low * h);
    let exponent = k * LN2_HIGH;
    let sum = exponent + log;
    (sum, ((exponent - sum) + log) + (log_low + k * LN2_LOW))
}

#[inline(always)]
fn pow_special(x: f64, y: f64) -> bool {
    let normal = (f64::MIN_POSITIVE..f64::INFINITY).contains(&x);
    // The logarithm is below 745, so this bounds the exponent of e.
    !(normal && y.abs() < f64::MAX && (y * Log::fast(x)).abs() < 700.0)
}

/// `x^y`.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 2.0 {
        // Squares are most of all powers.
        x * x
    } else if pow_special(x, y) {
        libm::pow(x, y)
    } else {
        pow_fast(x, y)
    }
}

/// `x^y` for both sides of a function.
pub fn powers<T: Float>(x: Operand<'_, T>, y: Operand<'_, T>, len: usize) -> Vec<T> {
    let mut out = vec![T::ZERO; len];
    simd::run(Powers { x, y, out: &mut out });
    out
}

struct Powers<'a, T> {
    x: Operand<'a, T>,
    y: Operand<'a, T>,
    out: &'a mut [T],
}

impl<T: Float> Kernel for Powers<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (spread_x, spread_y) = (spread(self.x), spread(self.y));
        for (k, out) in self.out.chunks_mut(BLOCK).enumerate() {
            let x = part(self.x, &spread_x, k * BLOCK, out.len());
            let y = part(self.y, &spread_y, k * BLOCK, out.len());
            let mut special = false;
            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *out = T::of(pow_fast(x.float(), y.float()));
            }
            for (&x, &y) in x.iter().zip(y) {
                special |= pow_special(x.float(), y.float()) | (y.float() == 2.0);
            }
            if special {
                repair_powers(x, y, out);
            }
        }
    }
}

#[cold]
#[inline(never)]
fn repair_powers<T: Float>(x: &[T], y: &[T], out: &mut [T]) {
    for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
        if y == T::of(2.0) {
            *out = x.multiply(x);
        } else if pow_special(x.float(), y.float()) {
            *out = T::of(libm::pow(x.float(), y.float()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance in units of the last place of `expected`.
    fn ulps(got: f64, expected: f64) -> f64 {
        if got == expected || got.is_nan() && expected.is_nan() {
            return 0.0;
        }
        let next = f64::from_bits(expected.abs().to_bits() + 1) - expected.abs();
        (got - expected).abs() / next
    }

    fn arguments(low: f64, high: f64) -> Vec<f64> {
        (0..200_000).map(|i| low + (high - low) * (f64::from(i) + 0.37) / 200_000.0).collect()
    }

    /// `libm` itself is off by up to one unit.
    fn close<E: Elementary>(name: &str, ranges: &[(f64, f64)], limit: f64, oracle: fn(f64) -> f64) {
        let edges = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            5e-324,
            -5e-324,
            1e-310,
            f64::MAX,
            f64::MIN,
            1e-300,
            1e300,
            709.78,
            709.79,
            -745.1,
            -745.2,
            1024.0,
            -1074.0,
            -1075.5,
            1e6,
            1e22,
            1.0 + f64::EPSILON,
        ];
        let mut x: Vec<f64> = edges.to_vec();
        ranges.iter().for_each(|&(low, high)| x.extend(arguments(low, high)));
        for (i, (&x, &got)) in x.iter().zip(&values::<E, f64>(&x)).enumerate() {
            assert_eq!(
                got.to_bits() & !(u64::from(got.is_nan()) << 63),
                value::<E>(x).to_bits() & !(u64::from(got.is_nan()) << 63),
                "{name}({x:e}), number {i}, alone and among others"
            );
            let expected = oracle(x);
            assert!(ulps(got, expected) <= limit, "{name}({x:e}) is {got:e}, not {expected:e}");
            assert_eq!(
                got.is_sign_negative() && got == 0.0,
                expected.is_sign_negative() && expected == 0.0,
                "{name}({x:e})"
            );
        }
    }

    #[test]
    fn functions_are_within_two_units_of_libm() {
        close::<Exp>("exp", &[(-750.0, 715.0), (-1.0, 1.0)], 2.0, libm::exp);
        close::<Exp2>("exp2", &[(-1080.0, 1030.0), (-1.0, 1.0)], 2.0, libm::exp2);
        close::<Expm1>("expm1", &[(-50.0, 710.0), (-1.0, 1.0), (-1e-9, 1e-9)], 2.0, libm::expm1);
        close::<Log>("log", &[(0.0, 2.0), (0.9, 1.1), (1.0, 1e9), (0.0, 1e-307)], 2.0, libm::log);
        close::<Log2>("log2", &[(0.0, 2.0), (0.9, 1.1), (1.0, 1e9)], 2.0, libm::log2);
        close::<Log10>("log10", &[(0.0, 2.0), (0.9, 1.1), (1.0, 1e9)], 2.0, libm::log10);
        close::<Sin>("sin", &[(-10.0, 10.0), (-1e6, 1e6), (1e6, 1e9), (3.1, 3.2)], 2.0, libm::sin);
        close::<Cos>("cos", &[(-10.0, 10.0), (-1e6, 1e6), (1e6, 1e9), (1.5, 1.6)], 2.0, libm::cos);
    }

    #[test]
    fn powers_are_within_two_units_of_libm() {
        let bases = arguments(0.001, 50.0);
        for exponent in [-300.5, -1.0, -0.5, 0.0, 0.3, 1.0, 2.0, 3.0, 10.1, 100.0, 170.0] {
            let got = powers(Operand::Values(&bases), Operand::Scalar(exponent), bases.len());
            for (&x, &got) in bases.iter().zip(&got) {
                assert_eq!(got.to_bits(), pow(x, exponent).to_bits());
                let expected = libm::pow(x, exponent);
                assert!(ulps(got, expected) <= 2.0, "{x:e} to the power {exponent} is {got:e}, not {expected:e}");
            }
        }
        let edges = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            2.0,
            -2.0,
            0.5,
            3.0,
            -3.0,
            1e300,
            1e-300,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        for x in edges {
            for y in edges {
                assert!(ulps(pow(x, y), libm::pow(x, y)) <= 1.0, "{x:e} to the power {y:e}");
            }
        }
    }
}
