//! Samplers of laws that count. Values are whole numbers; those beyond `int64` become its largest.

use super::PARAMETERS_MAX;
use crate::random::draws::Draws;

type Parameters = [f64; PARAMETERS_MAX];

/// A Poisson number whose mean is a gamma number.
pub fn negative_binomial(d: &mut Draws, p: &Parameters) -> f64 {
    let mean = d.gamma(p[0]) * ((1.0 - p[1]) / p[1]);
    d.poisson(mean)
}

/// By inversion.
pub fn geometric(d: &mut Draws, p: &Parameters) -> f64 {
    if p[0] == 1.0 {
        return 1.0;
    }
    (libm::log(d.open()) / libm::log1p(-p[0])).ceil().max(1.0)
}

/// The good ones among `p[2]` that are taken out of `p[0]` good and `p[1]` bad ones.
pub fn hypergeometric(d: &mut Draws, p: &Parameters) -> f64 {
    let [good, bad, sample] = *p;
    let total = good + bad;
    // A sample of more than half is what a sample of the rest leaves.
    let few = sample.min(total - sample);
    let taken = if few > 10.0 { hypergeometric_large(d, good, bad, few) } else { one_by_one(d, good, total, few) };
    if few < sample { good - taken } else { taken }
}

fn one_by_one(d: &mut Draws, good: f64, total: f64, sample: f64) -> f64 {
    let (mut good_left, mut left, mut taken) = (good, total, 0.0);
    for _ in 0..sample as u64 {
        if d.open() * left < good_left {
            good_left -= 1.0;
            taken += 1.0;
        }
        left -= 1.0;
    }
    taken
}

/// HRUA*: Stadlober, "The ratio of uniforms approach for generating discrete random variates" (1990).
fn hypergeometric_large(d: &mut Draws, good: f64, bad: f64, sample: f64) -> f64 {
    const D1: f64 = 1.715_527_769_921_413_5; // 2 √(2/e)
    const D2: f64 = 0.898_916_162_058_898_8; // 3 - 2 √(3/e)
    let (fewer, more, total) = (good.min(bad), good.max(bad), good + bad);
    let share = fewer / total;
    let centre = sample * share + 0.5;
    let deviation = ((total - sample) * sample * share * (1.0 - share) / (total - 1.0) + 0.5).sqrt();
    let height = D1 * deviation + D2;
    let mode = ((sample + 1.0) * (fewer + 1.0) / (total + 2.0)).floor();
    let log_weight = |k: f64| {
        libm::lgamma(k + 1.0)
            + libm::lgamma(fewer - k + 1.0)
            + libm::lgamma(sample - k + 1.0)
            + libm::lgamma(more - sample + k + 1.0)
    };
    let peak = log_weight(mode);
    let bound = (sample.min(fewer) + 1.0).min((centre + 16.0 * deviation).floor());
    let taken = loop {
        let (x, y) = (d.open(), d.open());
        let w = centre + height * (y - 0.5) / x;
        if !(0.0..bound).contains(&w) {
            continue;
        }
        let k = w.floor();
        let t = peak - log_weight(k);
        if x * (4.0 - x) - 3.0 <= t {
            break k;
        }
        if x * (x - t) >= 1.0 {
            continue;
        }
        if 2.0 * libm::log(x) <= t {
            break k;
        }
    };
    if good > bad { sample - taken } else { taken }
}

/// Kemp, "Efficient generation of logarithmically distributed pseudo-random variables" (1981), algorithm LK.
pub fn log_series(d: &mut Draws, p: &Parameters) -> f64 {
    if p[0] == 0.0 {
        return 1.0;
    }
    let r = libm::log1p(-p[0]);
    loop {
        let v = d.open();
        if v >= p[0] {
            return 1.0;
        }
        let q = -libm::expm1(r * d.open());
        if v <= q * q {
            let value = (1.0 + libm::log(v) / libm::log(q)).floor();
            if value < 1.0 {
                continue;
            }
            return value;
        }
        return if v >= q { 1.0 } else { 2.0 };
    }
}

/// Devroye, "Non-uniform random variate generation" (1986), X.6.1.
pub fn zipf(d: &mut Draws, p: &Parameters) -> f64 {
    // Beyond 1025 the value is 1 in every double, and the powers below overflow.
    if p[0] >= 1025.0 {
        return 1.0;
    }
    let less = p[0] - 1.0;
    let b = libm::pow(2.0, less);
    loop {
        let (u, v) = (d.open(), d.open());
        let x = libm::pow(u, -1.0 / less).floor();
        if !(1.0..9.223_372_036_854_775e18).contains(&x) {
            continue;
        }
        let t = libm::pow(1.0 + 1.0 / x, less);
        if v * x * (t - 1.0) / (b - 1.0) <= t / b {
            return x;
        }
    }
}
