//! Samplers of continuous laws.

use super::PARAMETERS_MAX;
use crate::random::draws::Draws;
use std::f64::consts::PI;

type Parameters = [f64; PARAMETERS_MAX];

/// By two gamma numbers; in logarithms where both parameters are small and the numbers would underflow (Jöhnk's range).
pub fn beta(d: &mut Draws, p: &Parameters) -> f64 {
    let (a, b) = (p[0], p[1]);
    if a >= 1.0 || b >= 1.0 {
        let x = d.gamma(a);
        return x / (x + d.gamma(b));
    }
    // ln gamma(a) = ln gamma(a + 1) + ln(u) / a.
    let x = libm::log(d.gamma(a + 1.0)) - d.exponential() / a;
    let y = libm::log(d.gamma(b + 1.0)) - d.exponential() / b;
    1.0 / (1.0 + libm::exp(y - x))
}

pub fn noncentral_chi_square(d: &mut Draws, p: &Parameters) -> f64 {
    let (freedom, nonc) = (p[0], p[1]);
    if nonc == 0.0 {
        return d.chi_square(freedom);
    }
    if freedom > 1.0 {
        let shifted = d.normal() + nonc.sqrt();
        return d.chi_square(freedom - 1.0) + shifted * shifted;
    }
    let more = d.poisson(nonc / 2.0);
    d.chi_square(freedom + 2.0 * more)
}

pub fn f(d: &mut Draws, p: &Parameters) -> f64 {
    let numerator = d.chi_square(p[0]) * p[1];
    numerator / (d.chi_square(p[1]) * p[0])
}

pub fn noncentral_f(d: &mut Draws, p: &Parameters) -> f64 {
    let numerator = noncentral_chi_square(d, &[p[0], p[2], 0.0]) * p[1];
    numerator / (d.chi_square(p[1]) * p[0])
}

pub fn logistic(d: &mut Draws, p: &Parameters) -> f64 {
    let u = d.open();
    p[0] + p[1] * (libm::log(u) - libm::log(1.0 - u))
}

pub fn laplace(d: &mut Draws, p: &Parameters) -> f64 {
    let u = d.open();
    if u < 0.5 { p[0] + p[1] * libm::log(2.0 * u) } else { p[0] - p[1] * libm::log(2.0 * (1.0 - u)) }
}

pub fn standard_t(d: &mut Draws, p: &Parameters) -> f64 {
    let z = d.normal();
    z * (p[0] / 2.0).sqrt() / d.gamma(p[0] / 2.0).sqrt()
}

pub fn triangular(d: &mut Draws, p: &Parameters) -> f64 {
    let [left, mode, right] = *p;
    let base = right - left;
    let u = d.open();
    if u <= (mode - left) / base {
        left + (u * base * (mode - left)).sqrt()
    } else {
        right - ((1.0 - u) * base * (right - mode)).sqrt()
    }
}

/// Best, Fisher, "Efficient simulation of the von Mises distribution" (1979).
pub fn von_mises(d: &mut Draws, p: &Parameters) -> f64 {
    let (mu, kappa) = (p[0], p[1]);
    if kappa < 1e-8 {
        return PI * (2.0 * d.open() - 1.0);
    }
    // Very concentrated: a normal number around mu, as NumPy has it.
    let value = if kappa > 1e6 {
        mu + d.normal() / kappa.sqrt()
    } else {
        let s = if kappa < 1e-5 {
            1.0 / kappa + kappa
        } else {
            let r = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
            let rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa);
            (1.0 + rho * rho) / (2.0 * rho)
        };
        let w = loop {
            let z = libm::cos(PI * d.open());
            let w = (1.0 + s * z) / (s + z);
            let y = kappa * (s - w);
            let v = d.open();
            if y * (2.0 - y) - v >= 0.0 || libm::log(y / v) + 1.0 - y >= 0.0 {
                break w;
            }
        };
        let angle = libm::acos(w.clamp(-1.0, 1.0));
        if d.open() < 0.5 { mu - angle } else { mu + angle }
    };
    // Into [-π, π].
    let turned = libm::fmod(value.abs() + PI, 2.0 * PI) - PI;
    if value < 0.0 { -turned } else { turned }
}

/// Michael, Schucany, Haas, "Generating random variates using transformations with multiple roots" (1976).
pub fn wald(d: &mut Draws, p: &Parameters) -> f64 {
    let (mean, scale) = (p[0], p[1]);
    let z = d.normal();
    let y = mean * z * z;
    let root = (4.0 * scale * y + y * y).sqrt();
    // mean + mean / (2 scale) (y - root), without its cancellation; y is never 0.
    let x = mean * 4.0 * scale * y / ((y + root) * (y + root));
    if d.open() <= mean / (mean + x) { x } else { mean * mean / x }
}

pub fn weibull(d: &mut Draws, p: &Parameters) -> f64 {
    if p[0] == 0.0 { 0.0 } else { libm::pow(d.exponential(), 1.0 / p[0]) }
}
