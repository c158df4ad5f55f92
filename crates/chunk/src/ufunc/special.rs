//! Functions of one `f64` that have one implementation for every caller: those of `elementary`, and what is made of them.

use super::elementary::{self, value};

/// The exponential function.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    value::<elementary::Exp>(x)
}

#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    value::<elementary::Exp2>(x)
}

#[inline(always)]
pub fn log(x: f64) -> f64 {
    value::<elementary::Log>(x)
}

#[inline(always)]
pub fn log2(x: f64) -> f64 {
    value::<elementary::Log2>(x)
}

#[inline(always)]
pub fn log10(x: f64) -> f64 {
    value::<elementary::Log10>(x)
}

#[inline(always)]
pub fn sin(x: f64) -> f64 {
    value::<elementary::Sin>(x)
}

#[inline(always)]
pub fn cos(x: f64) -> f64 {
    value::<elementary::Cos>(x)
}

#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    value::<elementary::Expm1>(x)
}

#[inline(always)]
pub fn tan(x: f64) -> f64 {
    value::<elementary::Tan>(x)
}

#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    value::<elementary::Tanh>(x)
}

#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    value::<elementary::Sinh>(x)
}

#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    value::<elementary::Cosh>(x)
}

#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    value::<elementary::Log1p>(x)
}

#[inline(always)]
pub fn pow(x: f64, exponent: f64) -> f64 {
    elementary::pow(x, exponent)
}

/// The inverse hyperbolic cosine; NaN below 1 (where `libm` is not always right).
pub fn arccosh(x: f64) -> f64 {
    if x < 1.0 { f64::NAN } else { libm::acosh(x) }
}

/// `log(exp(a) + exp(b))` without leaving the range.
pub fn logaddexp(a: f64, b: f64) -> f64 {
    if a == b {
        return a + std::f64::consts::LN_2; // also two infinities of one sign
    }
    let distance = a - b;
    if distance > 0.0 {
        a + log1p(exp(-distance))
    } else if distance <= 0.0 {
        b + log1p(exp(distance))
    } else {
        distance
    }
}

/// `log2(exp2(a) + exp2(b))` without leaving the range.
pub fn logaddexp2(a: f64, b: f64) -> f64 {
    let log2_1p = |x: f64| std::f64::consts::LOG2_E * log1p(x);
    if a == b {
        return a + 1.0;
    }
    let distance = a - b;
    if distance > 0.0 {
        a + log2_1p(exp2(-distance))
    } else if distance <= 0.0 {
        b + log2_1p(exp2(distance))
    } else {
        distance
    }
}

/// `x · 2^exponent`, rounded once.
pub fn ldexp(x: f64, exponent: i64) -> f64 {
    // Beyond this every number is 0 or infinite.
    libm::ldexp(x, exponent.clamp(-5000, 5000) as i32)
}

/// The modified Bessel function of the first kind of order 0: the Chebyshev series of Cephes, as in NumPy.
pub fn i0(x: f64) -> f64 {
    let x = x.abs();
    if x <= 8.0 {
        exp(x) * chebyshev(x / 2.0 - 2.0, &I0_SMALL)
    } else {
        exp(x) * chebyshev(32.0 / x - 2.0, &I0_LARGE) / x.sqrt()
    }
}

/// Clenshaw's sum of a Chebyshev series.
fn chebyshev(x: f64, coefficients: &[f64]) -> f64 {
    let (mut b0, mut b1, mut b2) = (0.0, 0.0, 0.0);
    for &coefficient in coefficients {
        b2 = b1;
        b1 = b0;
        b0 = x * b1 - b2 + coefficient;
    }
    0.5 * (b0 - b2)
}

const I0_SMALL: [f64; 30] = [
    -4.4153416464793395e-18,
    3.3307945188222384e-17,
    -2.431279846547955e-16,
    1.715391285555133e-15,
    -1.1685332877993451e-14,
    7.676185498604936e-14,
    -4.856446783111929e-13,
    2.95505266312964e-12,
    -1.726826291441556e-11,
    9.675809035373237e-11,
    -5.189795601635263e-10,
    2.6598237246823866e-09,
    -1.300025009986248e-08,
    6.046995022541919e-08,
    -2.670793853940612e-07,
    1.1173875391201037e-06,
    -4.4167383584587505e-06,
    1.6448448070728896e-05,
    -5.754195010082104e-05,
    0.00018850288509584165,
    -0.0005763755745385824,
    0.0016394756169413357,
    -0.004324309995050576,
    0.010546460394594998,
    -0.02373741480589947,
    0.04930528423967071,
    -0.09490109704804764,
    0.17162090152220877,
    -0.3046826723431984,
    0.6767952744094761,
];

const I0_LARGE: [f64; 25] = [
    -7.233180487874754e-18,
    -4.830504485944182e-18,
    4.46562142029676e-17,
    3.461222867697461e-17,
    -2.8276239805165836e-16,
    -3.425485619677219e-16,
    1.7725601330565263e-15,
    3.8116806693526224e-15,
    -9.554846698828307e-15,
    -4.150569347287222e-14,
    1.54008621752141e-14,
    3.8527783827421426e-13,
    7.180124451383666e-13,
    -1.7941785315068062e-12,
    -1.3215811840447713e-11,
    -3.1499165279632416e-11,
    1.1889147107846439e-11,
    4.94060238822497e-10,
    3.3962320257083865e-09,
    2.266668990498178e-08,
    2.0489185894690638e-07,
    2.8913705208347567e-06,
    6.889758346916825e-05,
    0.0033691164782556943,
    0.8044904110141088,
];
