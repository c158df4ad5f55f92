//! One side of a function of two arguments, and the loops over both.

use crate::error::{Error, Result};
use crate::simd::{self, Kernel};

/// One side of a function of two arguments: a value per element, or one for all.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a, T = f64> {
    /// One value per element of the result.
    Values(&'a [T]),
    /// The same value for every element of the result.
    Scalar(T),
}

impl<'a, T: Copy> Operand<'a, T> {
    /// Values as one side of a result of `len` elements: a single one is for all.
    pub(crate) fn of(values: &'a [T], len: usize) -> Operand<'a, T> {
        match values {
            [value] if len != 1 => Operand::Scalar(*value),
            _ => Operand::Values(values),
        }
    }

    /// # Errors
    /// [`Error::Shape`] if there are not exactly `len` values, or one for all.
    pub(crate) fn check(&self, len: usize) -> Result<()> {
        match self {
            Operand::Values(values) if values.len() != len => {
                Err(Error::shape(format!("{} values do not fill a tile of {len}", values.len())))
            }
            _ => Ok(()),
        }
    }
}

/// `out[i] = f(a[i], b[i])`.
pub struct Zip<'a, T, U, F> {
    pub a: Operand<'a, T>,
    pub b: Operand<'a, T>,
    pub out: &'a mut [U],
    pub f: F,
}

impl<T: Copy, U: Copy, F: Fn(T, T) -> U> Kernel for Zip<'_, T, U, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Zip { a, b, out, f } = self;
        match (a, b) {
            (Operand::Values(a), Operand::Values(b)) => {
                out.iter_mut().zip(a.iter().zip(b)).for_each(|(out, (&a, &b))| *out = f(a, b));
            }
            (Operand::Values(a), Operand::Scalar(b)) => {
                out.iter_mut().zip(a).for_each(|(out, &a)| *out = f(a, b));
            }
            (Operand::Scalar(a), Operand::Values(b)) => {
                out.iter_mut().zip(b).for_each(|(out, &b)| *out = f(a, b));
            }
            (Operand::Scalar(a), Operand::Scalar(b)) => out.fill(f(a, b)),
        }
    }
}

/// `f` over both sides into new values.
pub fn zip<T: Copy, U: Copy + Default>(
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    len: usize,
    f: impl Fn(T, T) -> U,
) -> Vec<U> {
    let mut out = vec![U::default(); len];
    simd::run(Zip { a, b, out: &mut out, f });
    out
}
