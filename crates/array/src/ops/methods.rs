//! A method for each function, and Rust's operators.

use super::{Operand, binary};
use crate::array::Array;
use phalanx_chunk::Complex64;
use phalanx_chunk::ufunc::{Binary, Unary};
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Rem, Shl, Shr, Sub};

macro_rules! unary_methods {
    ($($(#[$doc:meta])* $name:ident, $function:ident;)*) => {
        impl Array {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(&self) -> Self {
                self.unary(Unary::$function)
            })*
        }
    };
}

unary_methods! {
    /// The absolute value.
    abs, Absolute;
    /// -1, 0 or 1.
    sign, Sign;
    /// The square root.
    sqrt, Sqrt;
    /// The square.
    square, Square;
    /// eˣ.
    exp, Exp;
    /// eˣ - 1, exact near 0.
    expm1, Expm1;
    /// The natural logarithm.
    log, Log;
    /// The logarithm to base 2.
    log2, Log2;
    /// The logarithm to base 10.
    log10, Log10;
    /// log(1 + x), exact near 0.
    log1p, Log1p;
    /// The sine of radians.
    sin, Sin;
    /// The cosine of radians.
    cos, Cos;
    /// The tangent of radians.
    tan, Tan;
    /// The inverse sine.
    arcsin, Arcsin;
    /// The inverse cosine.
    arccos, Arccos;
    /// The inverse tangent.
    arctan, Arctan;
    /// The hyperbolic sine.
    sinh, Sinh;
    /// The hyperbolic cosine.
    cosh, Cosh;
    /// The hyperbolic tangent.
    tanh, Tanh;
    /// The largest integer that is not above.
    floor, Floor;
    /// The smallest integer that is not below.
    ceil, Ceil;
    /// Without the fraction.
    trunc, Trunc;
    /// The nearest integer, ties to even.
    rint, Rint;
    /// Whether it is NaN.
    isnan, Isnan;
    /// Whether it is neither NaN nor infinite.
    isfinite, Isfinite;
    /// Whether it is infinite.
    isinf, Isinf;
    /// Whether it is 0.
    logical_not, LogicalNot;
    /// 1 / x.
    reciprocal, Reciprocal;
    /// The absolute value in floating point.
    fabs, Fabs;
    /// The cube root.
    cbrt, Cbrt;
    /// 2ˣ.
    exp2, Exp2;
    /// The inverse hyperbolic sine.
    arcsinh, Arcsinh;
    /// The inverse hyperbolic cosine.
    arccosh, Arccosh;
    /// The inverse hyperbolic tangent.
    arctanh, Arctanh;
    /// Degrees as radians.
    deg2rad, Deg2rad;
    /// Radians as degrees.
    rad2deg, Rad2deg;
    /// sin(πx) / πx.
    sinc, Sinc;
    /// The modified Bessel function of the first kind of order 0.
    i0, I0;
    /// The distance to the next number away from 0.
    spacing, Spacing;
    /// Whether the sign is minus.
    signbit, Signbit;
    /// Every bit turned over.
    invert, Invert;
    /// How many bits of the absolute value are set.
    bitwise_count, BitwiseCount;
    /// The complex conjugate.
    conj, Conjugate;
    /// The real part.
    real, Real;
    /// The imaginary part.
    imag, Imag;
    /// The argument of complex numbers, in radians.
    angle, Angle;
    /// The elements themselves.
    positive, Positive;
}

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $name:ident, $function:ident;)*) => {
        impl Array {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(&self, other: impl Operand) -> Self {
                self.binary(Binary::$function, other)
            })*
        }
    };
}

binary_methods! {
    /// Division rounded down, NumPy's `//`.
    floor_divide, FloorDivide;
    /// The power.
    power, Power;
    /// The larger; NaN if one is.
    maximum, Maximum;
    /// The smaller; NaN if one is.
    minimum, Minimum;
    /// The angle of the point (other, self).
    arctan2, Arctan2;
    /// √(a² + b²), without overflow.
    hypot, Hypot;
    /// a = b.
    equal, Equal;
    /// a ≠ b.
    not_equal, NotEqual;
    /// a < b.
    less, Less;
    /// a ≤ b.
    less_equal, LessEqual;
    /// a > b.
    greater, Greater;
    /// a ≥ b.
    greater_equal, GreaterEqual;
    /// Both are not 0.
    logical_and, LogicalAnd;
    /// One is not 0.
    logical_or, LogicalOr;
    /// Exactly one is not 0.
    logical_xor, LogicalXor;
    /// The larger; NaN if both are.
    fmax, Fmax;
    /// The smaller; NaN if both are.
    fmin, Fmin;
    /// What division towards zero leaves, with the sign of the dividend.
    fmod, Fmod;
    /// The power, in `float64` or `complex128`.
    float_power, FloatPower;
    /// The absolute value with the other's sign.
    copysign, Copysign;
    /// The next number towards the other.
    nextafter, Nextafter;
    /// 0 below 0, the other at 0, 1 above.
    heaviside, Heaviside;
    /// log(exp(a) + exp(b)).
    logaddexp, Logaddexp;
    /// log2(exp2(a) + exp2(b)).
    logaddexp2, Logaddexp2;
    /// x · 2ⁿ.
    ldexp, Ldexp;
    /// The greatest common divisor.
    gcd, Gcd;
    /// The least common multiple.
    lcm, Lcm;
}

macro_rules! operators {
    ($($trait:ident $method:ident $function:ident;)*) => {
        $(
            impl $trait<&Array> for &Array {
                type Output = Array;
                fn $method(self, other: &Array) -> Array {
                    self.binary(Binary::$function, other)
                }
            }
            impl $trait<Array> for &Array {
                type Output = Array;
                fn $method(self, other: Array) -> Array {
                    self.binary(Binary::$function, &other)
                }
            }
            impl $trait<&Array> for Array {
                type Output = Array;
                fn $method(self, other: &Array) -> Array {
                    self.binary(Binary::$function, other)
                }
            }
            impl $trait<Array> for Array {
                type Output = Array;
                fn $method(self, other: Array) -> Array {
                    self.binary(Binary::$function, &other)
                }
            }
            operators!(@scalar $trait $method $function f64);
            operators!(@scalar $trait $method $function i64);
            operators!(@scalar $trait $method $function Complex64);
        )*
    };
    (@scalar $trait:ident $method:ident $function:ident $scalar:ty) => {
        impl $trait<$scalar> for &Array {
            type Output = Array;
            fn $method(self, other: $scalar) -> Array {
                self.binary(Binary::$function, other)
            }
        }
        impl $trait<$scalar> for Array {
            type Output = Array;
            fn $method(self, other: $scalar) -> Array {
                self.binary(Binary::$function, other)
            }
        }
        impl $trait<&Array> for $scalar {
            type Output = Array;
            fn $method(self, other: &Array) -> Array {
                binary(Binary::$function, self, other)
            }
        }
        impl $trait<Array> for $scalar {
            type Output = Array;
            fn $method(self, other: Array) -> Array {
                binary(Binary::$function, self, other)
            }
        }
    };
}

operators! {
    Add add Add;
    Sub sub Subtract;
    Mul mul Multiply;
    Div div Divide;
    Rem rem Remainder;
    BitAnd bitand BitwiseAnd;
    BitOr bitor BitwiseOr;
    BitXor bitxor BitwiseXor;
    Shl shl LeftShift;
    Shr shr RightShift;
}

impl Neg for &Array {
    type Output = Array;
    fn neg(self) -> Array {
        self.unary(Unary::Negative)
    }
}

impl Neg for Array {
    type Output = Array;
    fn neg(self) -> Array {
        self.unary(Unary::Negative)
    }
}

impl Not for &Array {
    type Output = Array;
    fn not(self) -> Array {
        self.unary(Unary::Invert)
    }
}

impl Not for Array {
    type Output = Array;
    fn not(self) -> Array {
        self.unary(Unary::Invert)
    }
}
