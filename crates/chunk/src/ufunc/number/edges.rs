//! What complex functions answer where a part is infinite or NaN: C99's annex G, which NumPy and the array-API standard
//! follow too.

use num_complex::{Complex, Complex64};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Whether one of the parts is no finite number.
pub fn on_edge(z: Complex64) -> bool {
    !(z.re.is_finite() && z.im.is_finite())
}

/// A part of an answer with the sign of a part of the argument; NaN stays NaN.
fn signed(size: f64, like: f64) -> f64 {
    size.copysign(like)
}

/// `sinh` where the imaginary part is not finite, or the real part is NaN.
pub fn sinh(z: Complex64) -> Option<Complex64> {
    let (x, y) = (z.re, z.im);
    Some(match (x, y) {
        _ if y == 0.0 && x.is_nan() => Complex::new(NAN, y),
        _ if y.is_finite() => return None,
        _ if x == 0.0 => Complex::new(x, NAN),
        _ if x.is_infinite() => Complex::new(INF, NAN),
        _ => Complex::new(NAN, NAN),
    })
}

/// `cosh` where the imaginary part is not finite, or the real part is not and the imaginary one is 0.
pub fn cosh(z: Complex64) -> Option<Complex64> {
    let (x, y) = (z.re, z.im);
    Some(match (x, y) {
        _ if y == 0.0 && x.is_nan() => Complex::new(NAN, 0.0),
        _ if y == 0.0 && x.is_infinite() => Complex::new(INF, signed(0.0, x) * signed(1.0, y)),
        _ if y.is_finite() => return None,
        _ if x == 0.0 => Complex::new(NAN, 0.0),
        _ if x.is_infinite() => Complex::new(INF, NAN),
        _ => Complex::new(NAN, NAN),
    })
}

/// `tanh` where the imaginary part is not finite and the real one is, or that is NaN.
pub fn tanh(z: Complex64) -> Option<Complex64> {
    let (x, y) = (z.re, z.im);
    Some(match (x, y) {
        _ if y == 0.0 && x.is_nan() => Complex::new(NAN, y),
        _ if y.is_finite() || x.is_infinite() => return None,
        _ if x == 0.0 => Complex::new(x, NAN),
        _ => Complex::new(NAN, NAN),
    })
}

/// `arccos` on the edge.
pub fn arccos(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    let (re, im) = match (x.is_infinite(), y.is_infinite()) {
        (true, true) => (if x > 0.0 { FRAC_PI_4 } else { 3.0 * FRAC_PI_4 }, INF),
        (true, false) if y.is_nan() => (NAN, INF),
        (true, false) => (if x > 0.0 { 0.0 } else { PI }, INF),
        (false, true) => (if x.is_nan() { NAN } else { FRAC_PI_2 }, INF),
        (false, false) => (if x == 0.0 { FRAC_PI_2 } else { NAN }, NAN),
    };
    Complex::new(re, signed(im, -y))
}

/// `arcsinh` on the edge.
pub fn arcsinh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    let (re, im) = match (x.is_infinite(), y.is_infinite()) {
        (true, true) => (INF, FRAC_PI_4),
        (true, false) => (INF, if y.is_nan() { NAN } else { 0.0 }),
        (false, true) => (INF, if x.is_nan() { NAN } else { FRAC_PI_2 }),
        (false, false) => (NAN, if y == 0.0 { 0.0 } else { NAN }),
    };
    Complex::new(signed(re, x), signed(im, y))
}

/// `arccosh` on the edge.
pub fn arccosh(z: Complex64) -> Complex64 {
    let turned = arccos(z);
    Complex::new(turned.im.abs(), signed(turned.re, z.im))
}

/// `arctanh` on the edge.
pub fn arctanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    let (re, im) = if x.is_infinite() {
        (0.0, if y.is_nan() { NAN } else { FRAC_PI_2 })
    } else if y.is_infinite() {
        (0.0, FRAC_PI_2)
    } else if x == 0.0 {
        (0.0, NAN)
    } else {
        (NAN, NAN)
    };
    Complex::new(signed(re, x), signed(im, y))
}
