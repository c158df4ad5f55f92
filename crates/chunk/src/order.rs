//! The order of elements as NumPy sorts them, and their accumulation: what sorts, searches and scans are made of.

use std::cmp::Ordering;

use crate::dtype::Element;

/// A type with NumPy's sorting order: NaN comes last, and all NaNs are equal.
pub(crate) trait Ordered: Element {
    /// The order of two elements.
    fn order(&self, other: &Self) -> Ordering;
    /// Whether this is NaN.
    fn nan(&self) -> bool;
    /// The nearest `float64`.
    fn float(self) -> f64;
}

/// A type that running sums and products are kept in.
pub(crate) trait Accumulate: Element {
    /// The sum; integers wrap around.
    fn plus(self, other: Self) -> Self;
    /// The product; integers wrap around.
    fn times(self, other: Self) -> Self;
    /// Whether this is NaN.
    fn undefined(self) -> bool;
    /// 0.
    fn zero() -> Self;
    /// 1.
    fn one() -> Self;
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(impl Ordered for $type {
            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
            fn nan(&self) -> bool {
                false
            }
            fn float(self) -> f64 {
                self as f64
            }
        }
        impl Accumulate for $type {
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn undefined(self) -> bool {
                false
            }
            fn zero() -> Self {
                0
            }
            fn one() -> Self {
                1
            }
        })*
    };
}

macro_rules! floats {
    ($($type:ty)*) => {
        $(impl Ordered for $type {
            fn order(&self, other: &Self) -> Ordering {
                self.partial_cmp(other).unwrap_or_else(|| self.is_nan().cmp(&other.is_nan()))
            }
            fn nan(&self) -> bool {
                self.is_nan()
            }
            fn float(self) -> f64 {
                f64::from(self)
            }
        }
        impl Accumulate for $type {
            fn plus(self, other: Self) -> Self {
                self + other
            }
            fn times(self, other: Self) -> Self {
                self * other
            }
            fn undefined(self) -> bool {
                self.is_nan()
            }
            fn zero() -> Self {
                0.0
            }
            fn one() -> Self {
                1.0
            }
        })*
    };
}

integers!(u8 i32 i64);
floats!(f32 f64);

impl Ordered for bool {
    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
    fn nan(&self) -> bool {
        false
    }
    fn float(self) -> f64 {
        f64::from(u8::from(self))
    }
}

/// Evaluates an expression with the typed elements of a chunk whose dtype has an order.
macro_rules! with_ordered {
    ($chunk:expr, $values:ident => $body:expr, $task:expr) => {{
        use $crate::dtype::DType;
        let chunk: &$crate::chunk::Chunk = $chunk;
        macro_rules! arm {
            ($type:ty) => {{
                let $values = chunk.values::<$type>()?;
                $body
            }};
        }
        #[allow(unreachable_patterns, reason = "a dtype without an order is refused")]
        match chunk.dtype() {
            DType::Bool => arm!(bool),
            DType::UInt8 => arm!(u8),
            DType::Int32 => arm!(i32),
            DType::Int64 => arm!(i64),
            DType::Float32 => arm!(f32),
            DType::Float64 => arm!(f64),
            other => return Err($crate::error::Error::dtype($task, &[other])),
        }
    }};
}

/// Evaluates an expression with the typed elements of a chunk whose dtype sums and products are kept in.
macro_rules! with_accumulators {
    ($chunk:expr, $values:ident => $body:expr, $task:expr) => {{
        use $crate::dtype::DType;
        let chunk: &$crate::chunk::Chunk = $chunk;
        macro_rules! arm {
            ($type:ty) => {{
                let $values = chunk.values::<$type>()?;
                $body
            }};
        }
        #[allow(unreachable_patterns, reason = "a dtype that is no accumulator is refused")]
        match chunk.dtype() {
            DType::UInt8 => arm!(u8),
            DType::Int32 => arm!(i32),
            DType::Int64 => arm!(i64),
            DType::Float32 => arm!(f32),
            DType::Float64 => arm!(f64),
            other => return Err($crate::error::Error::dtype($task, &[other])),
        }
    }};
}

pub(crate) use {with_accumulators, with_ordered};
