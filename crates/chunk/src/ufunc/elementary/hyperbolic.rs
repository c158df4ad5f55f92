//! Hyperbolic functions, all by `t = exp(|x|) - 1`, which is accurate near 0 (as in FreeBSD's msun).

use super::Elementary;
use super::exponential::Expm1;

/// Below it exponentials do not overflow.
const LARGE: f64 = 700.0;

pub struct Tanh;
impl Elementary for Tanh {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let size = x.abs();
        let small = size < 1.0;
        // From 22 on the answer is 1.
        let doubled = if size < 22.0 { 2.0 * size } else { 44.0 };
        let t = Expm1::fast(if small { -doubled } else { doubled });
        let rest = if small { -t } else { 2.0 } / (t + 2.0);
        if small { rest } else { 1.0 - rest }.copysign(x)
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        x.is_nan()
    }
}

pub struct Sinh;
impl Elementary for Sinh {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let size = x.abs();
        let t = Expm1::fast(size);
        let quotient = t / (t + 1.0);
        let doubled = if size < 1.0 { (-t).mul_add(quotient, 2.0 * t) } else { t + quotient };
        (0.5 * doubled).copysign(x)
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        // NaN too.
        !(x.abs() < LARGE)
    }
    fn slow(x: f64) -> f64 {
        libm::sinh(x)
    }
}

pub struct Cosh;
impl Elementary for Cosh {
    #[inline(always)]
    fn fast(x: f64) -> f64 {
        let size = x.abs();
        let t = Expm1::fast(size);
        let e = t + 1.0;
        let near = 1.0 + t * t / (2.0 * e);
        let far = 0.5f64.mul_add(e, 0.5 / e);
        if size < 0.35 { near } else { far }
    }
    #[inline(always)]
    fn special(x: f64) -> bool {
        !(x.abs() < LARGE)
    }
    fn slow(x: f64) -> f64 {
        libm::cosh(x)
    }
}
