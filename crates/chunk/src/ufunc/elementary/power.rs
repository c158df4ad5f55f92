//! Powers.

use super::Elementary;
use super::exponential::{LN2_HIGH, LN2_LOW, exp_of_sum};
use super::logarithm::{Log, split};
use crate::simd::{self, Kernel};
use crate::ufunc::number::Float;
use crate::ufunc::operand::{BLOCK, Operand, part, spread};

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
