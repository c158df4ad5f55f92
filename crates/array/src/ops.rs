//! Elementwise functions and operators, with NumPy's broadcasting and promotion.

use crate::array::{Array, broadcast_chunks};
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::elementwise;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_chunk::ufunc::{Binary, Unary};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Error, Result};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

/// What can stand on one side of a function of two arrays: an array or a number.
///
/// A number takes the dtype of the array where it fits (NumPy's weak scalars): a float makes an integer array
/// `float64`, an integer never changes a float array.
pub trait Operand {
    /// The operand as an array, beside one of type `other`.
    fn beside(&self, other: DType) -> Array;
}

impl Operand for Array {
    fn beside(&self, _other: DType) -> Array {
        self.clone()
    }
}

impl Operand for &Array {
    fn beside(&self, _other: DType) -> Array {
        Array::clone(self)
    }
}

impl Operand for f64 {
    fn beside(&self, other: DType) -> Array {
        let dtype = if other == DType::Float32 { DType::Float32 } else { DType::Float64 };
        Array::from_chunk(Chunk::scalar(*self).cast(dtype))
    }
}

impl Operand for i64 {
    fn beside(&self, other: DType) -> Array {
        let dtype = match other {
            DType::Bool => DType::Int64,
            other => other,
        };
        let value = Chunk::scalar(*self).cast(dtype);
        if dtype.is_integer() && value.cast(DType::Int64).item() != Ok(*self) {
            return Array::failed(
                Error::input(format!("{self} does not fit {other}")).with_hint("cast the array to a wider dtype"),
            );
        }
        Array::from_chunk(value)
    }
}

impl Operand for bool {
    fn beside(&self, _other: DType) -> Array {
        Array::from_chunk(Chunk::scalar(*self))
    }
}

fn dtype_of(array: &Array) -> DType {
    array.dtype().unwrap_or(DType::Float64) // a failed array hands on its error, whatever stands beside it
}

impl Array {
    /// A function of each element.
    #[must_use]
    pub fn unary(&self, function: Unary) -> Self {
        if let Some(later) = Self::after("an elementwise function", &[self], move |given| given[0].unary(function)) {
            return later;
        }
        self.then(|expr| {
            let dtype = function.dtype(expr.dtype()).lift()?;
            let node = elementwise::Unary { function, dtype, shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr)], expr.chunks.clone()))
        })
    }

    /// A function of each element and the other's, broadcast.
    #[must_use]
    pub fn binary(&self, function: Binary, other: impl Operand) -> Self {
        binary(function, self, &other.beside(dtype_of(self)))
    }

    /// The same elements as another type, NumPy's `astype`.
    #[must_use]
    pub fn astype(&self, dtype: DType) -> Self {
        if let Some(later) = Self::after("astype", &[self], move |given| given[0].astype(dtype)) {
            return later;
        }
        self.then(|expr| {
            if expr.dtype() == dtype {
                return Ok(Arc::clone(expr));
            }
            let node = elementwise::Cast { dtype, shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr)], expr.chunks.clone()))
        })
    }

    /// Elements of `a` where this array is not 0, else of `b`.
    #[must_use]
    pub fn choose(&self, a: impl Operand, b: impl Operand) -> Self {
        let a = a.beside(DType::Float64);
        let b = b.beside(dtype_of(&a));
        select(self, &a, &b)
    }
}

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
}

fn binary(function: Binary, a: &Array, b: &Array) -> Array {
    let again = move |given: &[Array]| binary(function, &given[0], &given[1]);
    if let Some(later) = Array::after("an elementwise function", &[a, b], again) {
        return later;
    }
    let make = || {
        let (a, b) = (a.expr()?, b.expr()?);
        let dtype = function.dtype(a.dtype(), b.dtype()).lift()?;
        let shape = broadcast_shape(&[a, b])?;
        let chunks = broadcast_chunks(&shape, &[a, b])?;
        let node = elementwise::Binary { function, dtype, shape, inputs: [a.shape().to_vec(), b.shape().to_vec()] };
        Ok(Expr::new(node, vec![Arc::clone(a), Arc::clone(b)], chunks))
    };
    Array::from_result(make())
}

fn select(condition: &Array, a: &Array, b: &Array) -> Array {
    let again = |given: &[Array]| select(&given[0], &given[1], &given[2]);
    if let Some(later) = Array::after("where", &[condition, a, b], again) {
        return later;
    }
    let make = || {
        let dtype = DType::promote(a.dtype()?, b.dtype()?);
        let (a, b) = (a.astype(dtype), b.astype(dtype));
        let (condition, a, b) = (condition.astype(DType::Bool).expr()?.clone(), a.expr()?, b.expr()?);
        let shape = broadcast_shape(&[&condition, a, b])?;
        let chunks = broadcast_chunks(&shape, &[&condition, a, b])?;
        let inputs = [condition.shape().to_vec(), a.shape().to_vec(), b.shape().to_vec()];
        let node = elementwise::Where { dtype, shape, inputs };
        Ok(Expr::new(node, vec![condition, Arc::clone(a), Arc::clone(b)], chunks))
    };
    Array::from_result(make())
}

fn broadcast_shape(inputs: &[&Arc<Expr>]) -> Result<Vec<usize>> {
    let shape = inputs.iter().try_fold(vec![], |shape, expr| broadcast(&shape, expr.shape())).lift()?;
    element_count(&shape).lift()?;
    Ok(shape)
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
                binary(Binary::$function, &self.beside(dtype_of(other)), other)
            }
        }
        impl $trait<Array> for $scalar {
            type Output = Array;
            fn $method(self, other: Array) -> Array {
                binary(Binary::$function, &self.beside(dtype_of(&other)), &other)
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
