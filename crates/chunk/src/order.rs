//! The order of elements as NumPy sorts them, and their accumulation: what sorts, searches and scans are made of.

use std::cmp::Ordering;

use crate::dtype::Element;

/// A type with NumPy's sorting order: NaN comes last, and all NaNs are equal.
pub(crate) trait Ordered: Element {
    /// The order of two elements.
    fn order(&self, other: &Self) -> Ordering;
    /// Whether this is NaN.
    fn nan(&self) -> bool;
    /// The nearest `float64`; of a complex number that of its real part.
    fn float(self) -> f64;
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
        )*
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
        )*
    };
}

integers!(i8 u8 i16 u16 i32 u32 i64 u64);
floats!(f32 f64);

macro_rules! complexes {
    ($($type:ty)*) => {
        $(/// By the real parts, then by the imaginary ones; what has a NaN comes last.
        impl Ordered for $type {
            fn order(&self, other: &Self) -> Ordering {
                let parts = || self.re.order(&other.re).then_with(|| self.im.order(&other.im));
                self.nan().cmp(&other.nan()).then_with(parts)
            }
            fn nan(&self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
            fn float(self) -> f64 {
                f64::from(self.re)
            }
        }
        )*
    };
}

complexes!(num_complex::Complex32 num_complex::Complex64);

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

/// Evaluates an expression with the typed elements of a chunk.
macro_rules! with_ordered {
    ($chunk:expr, $values:ident => $body:expr) => {{
        use $crate::dtype::DType;
        let chunk: &$crate::chunk::Chunk = $chunk;
        macro_rules! arm {
            ($type:ty) => {{
                let $values = chunk.values::<$type>()?;
                $body
            }};
        }
        match chunk.dtype() {
            DType::Bool => arm!(bool),
            DType::Int8 => arm!(i8),
            DType::UInt8 => arm!(u8),
            DType::Int16 => arm!(i16),
            DType::UInt16 => arm!(u16),
            DType::Int32 => arm!(i32),
            DType::UInt32 => arm!(u32),
            DType::Int64 => arm!(i64),
            DType::UInt64 => arm!(u64),
            DType::Float32 => arm!(f32),
            DType::Float64 => arm!(f64),
            DType::Complex64 => arm!($crate::Complex32),
            DType::Complex128 => arm!($crate::Complex64),
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
        match chunk.dtype() {
            DType::Int64 => arm!(i64),
            DType::UInt64 => arm!(u64),
            DType::Float32 => arm!(f32),
            DType::Float64 => arm!(f64),
            DType::Complex64 => arm!($crate::Complex32),
            DType::Complex128 => arm!($crate::Complex64),
            other => return Err($crate::error::Error::dtype($task, &[other])),
        }
    }};
}

pub(crate) use {with_accumulators, with_ordered};
