//! Complex numbers. Quotients and powers are NumPy's formulas; the elementary functions are W. Kahan's ("Branch cuts
//! for complex elementary functions", 1987), which keep their accuracy near the cuts. `complex64` is computed as
//! `complex128` and rounded once, except for sums, products and quotients.

use num_complex::{Complex, Complex32, Complex64};

use super::{Inexact, Number, edges};
use crate::ufunc::special;

/// What only complex numbers have.
pub trait Imaginary: Inexact {
    /// The type of the parts.
    type Part: super::Float;
    fn re(self) -> Self::Part;
    fn im(self) -> Self::Part;
    fn conjugate(self) -> Self;
    fn modulus(self) -> Self::Part;
    /// The argument, between -π and π.
    fn angle(self) -> Self::Part;
}

macro_rules! narrow {
    ($part:ident, $value:expr) => {{
        let value: Complex64 = $value;
        Complex::new(value.re as $part, value.im as $part)
    }};
}

macro_rules! complex {
    ($($type:ident $part:ident;)*) => {$(
        impl Number for $type {
            const ZERO: $type = Complex::new(0.0, 0.0);
            const ONE: $type = Complex::new(1.0, 0.0);
            const LOWEST: $type = Complex::new($part::NEG_INFINITY, $part::NEG_INFINITY);
            const HIGHEST: $type = Complex::new($part::INFINITY, $part::INFINITY);
            type Wide = Complex64;
            #[inline(always)]
            fn widen(self) -> Complex64 {
                Complex::new(self.re as f64, self.im as f64)
            }
            #[inline(always)]
            fn norm_squared(self) -> f64 {
                self.re as f64 * self.re as f64 + self.im as f64 * self.im as f64
            }
            #[inline(always)]
            fn add(self, other: $type) -> $type {
                Complex::new(self.re + other.re, self.im + other.im)
            }
            #[inline(always)]
            fn subtract(self, other: $type) -> $type {
                Complex::new(self.re - other.re, self.im - other.im)
            }
            #[inline(always)]
            fn multiply(self, other: $type) -> $type {
                Complex::new(
                    self.re * other.re - self.im * other.im,
                    self.re * other.im + self.im * other.re,
                )
            }
            fn power(self, exponent: $type) -> $type {
                if exponent == Self::ZERO {
                    return Self::ONE;
                }
                if self == Self::ZERO {
                    return if exponent.re > 0.0 { Self::ZERO } else { Complex::new($part::NAN, $part::NAN) };
                }
                let whole = exponent.re.trunc();
                if exponent.im == 0.0 && whole == exponent.re && whole.abs() < 100.0 {
                    let power = repeated(self, whole.abs() as u32);
                    return if whole < 0.0 { Self::ONE.divide(power) } else { power };
                }
                narrow!($part, exp(exponent.widen().multiply(log(self.widen()))))
            }
            #[inline(always)]
            fn negative(self) -> $type {
                Complex::new(-self.re, -self.im)
            }
            fn sign(self) -> $type {
                let modulus = self.modulus();
                let unit = |part: $part| if part > 0.0 { 1.0 } else { -1.0 };
                if modulus.is_nan() || self.re.is_infinite() && self.im.is_infinite() {
                    Complex::new($part::NAN, $part::NAN)
                } else if self.re.is_infinite() {
                    Complex::new(unit(self.re), 0.0)
                } else if self.im.is_infinite() {
                    Complex::new(0.0, unit(self.im))
                } else if modulus == 0.0 {
                    Self::ZERO
                } else {
                    Complex::new(self.re / modulus, self.im / modulus)
                }
            }
            fn reciprocal(self) -> $type {
                if self.im.abs() <= self.re.abs() {
                    let ratio = self.im / self.re;
                    let scale = self.re + self.im * ratio;
                    Complex::new(1.0 / scale, -ratio / scale)
                } else {
                    let ratio = self.re / self.im;
                    let scale = self.re * ratio + self.im;
                    Complex::new(ratio / scale, -1.0 / scale)
                }
            }
            #[inline(always)]
            fn less(self, other: $type) -> bool {
                self.re < other.re && !self.im.is_nan() && !other.im.is_nan()
                    || self.re == other.re && self.im < other.im
            }
            #[inline(always)]
            fn less_equal(self, other: $type) -> bool {
                self.re < other.re && !self.im.is_nan() && !other.im.is_nan()
                    || self.re == other.re && self.im <= other.im
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
        }

        impl Inexact for $type {
            const NAN: $type = Complex::new($part::NAN, $part::NAN);
            // Smith's algorithm (1962), as NumPy has it.
            #[inline(always)]
            fn divide(self, other: $type) -> $type {
                let (re, im) = (other.re.abs(), other.im.abs());
                if re >= im {
                    if re == 0.0 && im == 0.0 {
                        return Complex::new(self.re / re, self.im / re);
                    }
                    let ratio = other.im / other.re;
                    let scale = 1.0 / (other.re + other.im * ratio);
                    Complex::new((self.re + self.im * ratio) * scale, (self.im - self.re * ratio) * scale)
                } else {
                    let ratio = other.re / other.im;
                    let scale = 1.0 / (other.im + other.re * ratio);
                    Complex::new((self.re * ratio + self.im) * scale, (self.im * ratio - self.re) * scale)
                }
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.re.is_finite() && self.im.is_finite()
            }
            #[inline(always)]
            fn is_infinite(self) -> bool {
                self.re.is_infinite() || self.im.is_infinite()
            }
            #[inline(always)]
            fn rint(self) -> $type {
                Complex::new(self.re.round_ties_even(), self.im.round_ties_even())
            }
            complex!(@functions $part; sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh
                cosh tanh arcsinh arccosh arctanh);
        }

        impl Imaginary for $type {
            type Part = $part;
            #[inline(always)]
            fn re(self) -> $part {
                self.re
            }
            #[inline(always)]
            fn im(self) -> $part {
                self.im
            }
            #[inline(always)]
            fn conjugate(self) -> $type {
                Complex::new(self.re, -self.im)
            }
            #[inline(always)]
            fn modulus(self) -> $part {
                libm::hypot(self.re as f64, self.im as f64) as $part
            }
            #[inline(always)]
            fn angle(self) -> $part {
                libm::atan2(self.im as f64, self.re as f64) as $part
            }
        }
    )*};
    (@functions $part:ident; $($name:ident)*) => {
        $(fn $name(self) -> Self {
            narrow!($part, $name(self.widen()))
        })*
    };
}

complex! {
    Complex32 f32;
    Complex64 f64;
}

/// `base` to a whole power, by squaring.
fn repeated<T: Number>(base: T, exponent: u32) -> T {
    match exponent {
        1 => base,
        2 => base.multiply(base),
        3 => base.multiply(base.multiply(base)),
        _ => {
            let (mut result, mut square, mut rest) = (T::ONE, base, exponent);
            while rest > 0 {
                if rest & 1 == 1 {
                    result = result.multiply(square);
                }
                rest >>= 1;
                if rest > 0 {
                    square = square.multiply(square);
                }
            }
            result
        }
    }
}

/// `i · z`.
fn turned(z: Complex64) -> Complex64 {
    Complex::new(-z.im, z.re)
}

/// `-i · z`.
fn turned_back(z: Complex64) -> Complex64 {
    Complex::new(z.im, -z.re)
}

fn sqrt(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x == 0.0 && y == 0.0 {
        return Complex::new(0.0, y);
    }
    if y.is_infinite() {
        return Complex::new(f64::INFINITY, y);
    }
    if x.is_infinite() {
        let other = if y.is_nan() { y } else { 0.0 };
        return if x > 0.0 { Complex::new(x, other.copysign(y)) } else { Complex::new(other, (-x).copysign(y)) };
    }
    // Halving first keeps the largest numbers, and scaling up the smallest ones, from leaving the range.
    let (scale, back) = match x.abs().max(y.abs()) {
        largest if largest > f64::MAX / 4.0 => (0.0625, 4.0),
        largest if largest < f64::MIN_POSITIVE * 4.0 => (2f64.powi(54), 2f64.powi(-27)),
        _ => (1.0, 1.0),
    };
    let (x, y) = (x * scale, y * scale);
    let root = ((x.abs() + libm::hypot(x, y)) * 0.5).sqrt();
    let (re, im) = if x >= 0.0 { (root, y / (2.0 * root)) } else { (y.abs() / (2.0 * root), root.copysign(y)) };
    Complex::new(re * back, im * back)
}

fn exp(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return Complex::new(special::exp(x), y);
    }
    if x == f64::NEG_INFINITY && !y.is_finite() {
        return Complex::new(0.0, 0.0);
    }
    if x == f64::INFINITY && !y.is_finite() {
        return Complex::new(x, f64::NAN);
    }
    let (sine, cosine) = (special::sin(y), special::cos(y));
    if x > 709.0 {
        // The half does not overflow where the product is in range.
        let half = special::exp(x * 0.5);
        return Complex::new(half * cosine * half, half * sine * half);
    }
    let size = special::exp(x);
    Complex::new(size * cosine, size * sine)
}

fn exp2(z: Complex64) -> Complex64 {
    exp(Complex::new(z.re * std::f64::consts::LN_2, z.im * std::f64::consts::LN_2))
}

fn expm1(z: Complex64) -> Complex64 {
    if edges::on_edge(z) {
        return exp(z) - 1.0;
    }
    let half = special::sin(z.im * 0.5);
    Complex::new(special::expm1(z.re) * special::cos(z.im) - 2.0 * half * half, special::exp(z.re) * special::sin(z.im))
}

fn log(z: Complex64) -> Complex64 {
    let (large, small) = if z.re.abs() >= z.im.abs() { (z.re.abs(), z.im.abs()) } else { (z.im.abs(), z.re.abs()) };
    let size = if (0.5..1.5).contains(&large) {
        // Near the unit circle the logarithm of a rounded modulus would have no correct digit.
        0.5 * special::log1p((large - 1.0) * (large + 1.0) + small * small)
    } else {
        special::log(libm::hypot(large, small))
    };
    let size = if large > f64::MAX / 2.0 && large.is_finite() {
        special::log(libm::hypot(large * 0.5, small * 0.5)) + std::f64::consts::LN_2
    } else {
        size
    };
    Complex::new(size, libm::atan2(z.im, z.re))
}

fn log2(z: Complex64) -> Complex64 {
    scaled(log(z), std::f64::consts::LOG2_E)
}

fn log10(z: Complex64) -> Complex64 {
    scaled(log(z), std::f64::consts::LOG10_E)
}

fn scaled(z: Complex64, by: f64) -> Complex64 {
    Complex::new(z.re * by, z.im * by)
}

fn log1p(z: Complex64) -> Complex64 {
    let re = z.re + 1.0;
    Complex::new(special::log(libm::hypot(re, z.im)), libm::atan2(z.im, re))
}

fn sinh(z: Complex64) -> Complex64 {
    if let Some(answer) = edges::sinh(z) {
        return answer;
    }
    if z.im == 0.0 {
        return Complex::new(special::sinh(z.re), z.im);
    }
    Complex::new(special::sinh(z.re) * special::cos(z.im), special::cosh(z.re) * special::sin(z.im))
}

fn cosh(z: Complex64) -> Complex64 {
    if let Some(answer) = edges::cosh(z) {
        return answer;
    }
    if z.im == 0.0 {
        return Complex::new(special::cosh(z.re), z.re * z.im);
    }
    Complex::new(special::cosh(z.re) * special::cos(z.im), special::sinh(z.re) * special::sin(z.im))
}

fn tanh(z: Complex64) -> Complex64 {
    if let Some(answer) = edges::tanh(z) {
        return answer;
    }
    let (x, y) = (z.re, z.im);
    if x.abs() > 22.0 {
        let small = 4.0 * special::sin(y) * special::cos(y) * special::exp(-2.0 * x.abs());
        return Complex::new(1f64.copysign(x), if y.is_finite() { small } else { 0f64.copysign(y) });
    }
    let (tangent, sine) = (special::tan(y), special::sinh(x));
    let beta = 1.0 + tangent * tangent;
    let rho = (1.0 + sine * sine).sqrt();
    if tangent.is_infinite() {
        return Complex::new(rho / sine, 1.0 / tangent);
    }
    let scale = 1.0 + beta * sine * sine;
    Complex::new(beta * rho * sine / scale, tangent / scale)
}

fn sin(z: Complex64) -> Complex64 {
    turned_back(sinh(turned(z)))
}

fn cos(z: Complex64) -> Complex64 {
    cosh(turned(z))
}

fn tan(z: Complex64) -> Complex64 {
    turned_back(tanh(turned(z)))
}

/// The roots of `1 - z` and `1 + z`.
fn roots(z: Complex64) -> (Complex64, Complex64) {
    (sqrt(Complex::new(1.0 - z.re, -z.im)), sqrt(Complex::new(1.0 + z.re, z.im)))
}

fn arcsin(z: Complex64) -> Complex64 {
    if edges::on_edge(z) {
        return turned_back(edges::arcsinh(turned(z)));
    }
    let (minus, plus) = roots(z);
    Complex::new(
        libm::atan2(z.re, minus.re * plus.re - minus.im * plus.im),
        libm::asinh(minus.re * plus.im - minus.im * plus.re),
    )
}

fn arccos(z: Complex64) -> Complex64 {
    if edges::on_edge(z) {
        return edges::arccos(z);
    }
    let (minus, plus) = roots(z);
    Complex::new(2.0 * libm::atan2(minus.re, plus.re), libm::asinh(plus.re * minus.im - plus.im * minus.re))
}

fn arcsinh(z: Complex64) -> Complex64 {
    turned_back(arcsin(turned(z)))
}

fn arccosh(z: Complex64) -> Complex64 {
    if edges::on_edge(z) {
        return edges::arccosh(z);
    }
    let (minus, plus) = (sqrt(Complex::new(z.re - 1.0, z.im)), sqrt(Complex::new(z.re + 1.0, z.im)));
    Complex::new(libm::asinh(minus.re * plus.re + minus.im * plus.im), 2.0 * libm::atan2(minus.im, plus.re))
}

fn arctanh(z: Complex64) -> Complex64 {
    if edges::on_edge(z) {
        return edges::arctanh(z);
    }
    let (x, y) = (z.re, z.im);
    if x.abs() > 1e150 || y.abs() > 1e150 {
        // 1 / z, and a quarter of a turn.
        let size = libm::hypot(x, y);
        return Complex::new(x / size / size, std::f64::consts::FRAC_PI_2.copysign(y));
    }
    let beyond = 1.0 - x.abs();
    let re = 0.25 * special::log1p(4.0 * x.abs() / (beyond * beyond + y * y));
    Complex::new(re.copysign(x), 0.5 * libm::atan2(2.0 * y, beyond * (1.0 + x.abs()) - y * y))
}

fn arctan(z: Complex64) -> Complex64 {
    turned_back(arctanh(turned(z)))
}
