//! The same numbers as another type: all pairs.

use num_complex::Complex;

use crate::chunk::{make_values, with_values};
use crate::dtype::{DType, Data};
use crate::values::{Stored, Values};

/// How a number becomes one of type `U`, as NumPy's `astype` has it.
pub trait As<U> {
    fn to(self) -> U;
}

macro_rules! from_integer {
    ($($from:ty),*; $to:tt) => { $(from_integer!(@ $from; $to);)* };
    (@ $from:ty; [$($to:ty),*]) => {
        $(impl As<$to> for $from {
            #[inline(always)]
            fn to(self) -> $to {
                self as $to
            }
        })*
    };
}

macro_rules! from_float {
    ($($from:ty),*; $to:tt) => { $(from_float!(@ $from; $to);)* };
    (@ $from:ty; [$($to:ty as $through:ty),*]) => {
        $(impl As<$to> for $from {
            #[inline(always)]
            fn to(self) -> $to {
                self as $through as $to
            }
        })*
    };
}

macro_rules! to_complex {
    ($($from:ty),*) => {
        $(
            impl As<Complex<f32>> for $from {
                #[inline(always)]
                fn to(self) -> Complex<f32> {
                    Complex::new(self as f32, 0.0)
                }
            }
            impl As<Complex<f64>> for $from {
                #[inline(always)]
                fn to(self) -> Complex<f64> {
                    Complex::new(self as f64, 0.0)
                }
            }
        )*
    };
}

macro_rules! from_complex {
    ($part:ty; $($to:ty),*) => {
        $(impl As<$to> for Complex<$part> {
            #[inline(always)]
            fn to(self) -> $to {
                As::<$to>::to(self.re)
            }
        })*
        impl As<Complex<f32>> for Complex<$part> {
            #[inline(always)]
            fn to(self) -> Complex<f32> {
                Complex::new(self.re as f32, self.im as f32)
            }
        }
        impl As<Complex<f64>> for Complex<$part> {
            #[inline(always)]
            fn to(self) -> Complex<f64> {
                Complex::new(self.re as f64, self.im as f64)
            }
        }
    };
}

from_integer!(i8, u8, i16, u16, i32, u32, i64, u64; [i8, u8, i16, u16, i32, u32, i64, u64, f32, f64]);
// Processors have conversions to 32 and 64 signed bits; what is narrower is cut from these, so that -1.0 is 255.
from_float!(f32, f64; [
    i8 as i32, u8 as i32, i16 as i32, u16 as i32, i32 as i32, u32 as i64, i64 as i64, f32 as f32, f64 as f64
]);

macro_rules! float_to_u64 {
    ($($from:ty),*) => {
        $(impl As<u64> for $from {
            #[inline(always)]
            fn to(self) -> u64 {
                if self < 0.0 { self as i64 as u64 } else { self as u64 }
            }
        })*
    };
}

float_to_u64!(f32, f64);
to_complex!(i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);
from_complex!(f32; i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);
from_complex!(f64; i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);

/// The values as another type.
pub fn cast(data: &Data, dtype: DType) -> Data {
    if dtype == DType::Bool {
        return Data::Bool(truth(data));
    }
    with_values!(data, values => make_values!(dtype, U => collect::<_, U>(values)))
}

/// 1 for each value that is not zero, else 0.
pub fn truth(data: &Data) -> Values<u8> {
    with_values!(data, values => nonzero(values).into())
}

fn nonzero<T: Stored>(values: &[T]) -> Vec<u8> {
    values.iter().map(|&v| u8::from(v != T::default())).collect()
}

fn collect<T: Copy + As<U>, U>(values: &[T]) -> Vec<U> {
    values.iter().map(|&v| v.to()).collect()
}
