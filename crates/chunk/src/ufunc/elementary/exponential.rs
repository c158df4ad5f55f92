//! Exponentials.

use super::Elementary;

/// Adding it rounds a number below 2⁵¹ to an integer, which stands in the last bits of the sum.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
pub(super) const LN2_HIGH: f64 = 6.931_471_803_691_238e-1; // 33 bits: products with exponents are exact
pub(super) const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

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
pub(super) fn exp_of_sum(x: f64, low: f64) -> f64 {
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
