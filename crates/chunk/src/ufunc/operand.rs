//! One side of a function of two arguments, and the loops over one and two.

use crate::simd::{self, Kernel, Map};

/// One side of a function of two arguments: a value per element, or one for all.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a, T> {
    /// One value per element of the result.
    Values(&'a [T]),
    /// The same value for every element of the result.
    Scalar(T),
}

impl<'a, T: Copy> Operand<'a, T> {
    /// Values as one side of a result of `len` elements: a single one is for all.
    pub fn of(values: &'a [T], len: usize) -> Operand<'a, T> {
        match values {
            [value] if len != 1 => Operand::Scalar(*value),
            _ => Operand::Values(values),
        }
    }

    #[inline(always)]
    pub fn at(self, i: usize) -> T {
        match self {
            Operand::Values(values) => values[i],
            Operand::Scalar(value) => value,
        }
    }
}

/// Elements that are handled together: a scalar is spread over as many, so that there is one loop for values and
/// scalars.
pub const BLOCK: usize = 256;

/// `out[i] = f(a[i], b[i])`.
struct Zip<'a, T, U, F> {
    a: Operand<'a, T>,
    b: Operand<'a, T>,
    out: &'a mut [U],
    f: F,
}

/// Elements `start..start + n` of a side, of which `spread` has copies if it is one for all.
#[inline(always)]
pub fn part<'a, T>(side: Operand<'a, T>, spread: &'a [T; BLOCK], start: usize, n: usize) -> &'a [T] {
    match side {
        Operand::Values(values) => &values[start..start + n],
        Operand::Scalar(_) => &spread[..n],
    }
}

#[inline(always)]
pub fn spread<T: Copy + Default>(side: Operand<'_, T>) -> [T; BLOCK] {
    match side {
        Operand::Values(_) => [T::default(); BLOCK],
        Operand::Scalar(value) => [value; BLOCK],
    }
}

impl<T: Copy + Default, U: Copy, F: Fn(T, T) -> U> Kernel for Zip<'_, T, U, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Zip { a, b, out, f } = self;
        let (spread_a, spread_b) = (spread(a), spread(b));
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let a = part(a, &spread_a, k * BLOCK, out.len());
            let b = part(b, &spread_b, k * BLOCK, out.len());
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(out, (&a, &b))| *out = f(a, b));
        }
    }
}

/// `f` over both sides into new values, with vector instructions.
pub fn zip<T: Copy + Default, U: Copy + Default>(
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    len: usize,
    f: impl Fn(T, T) -> U,
) -> Vec<U> {
    let mut out = vec![U::default(); len];
    simd::run(Zip { a, b, out: &mut out, f });
    out
}

/// `f` over both sides into new values, one after the other: for functions that have no vector instructions. The
/// function is a pointer, so that all of them share one loop for each type.
pub fn each_pair<T: Copy, U>(a: Operand<'_, T>, b: Operand<'_, T>, len: usize, f: fn(T, T) -> U) -> Vec<U> {
    (0..len).map(|i| f(a.at(i), b.at(i))).collect()
}

/// `f` over values into new ones, with vector instructions.
pub fn map<T: Copy, U: Copy + Default>(values: &[T], f: impl Fn(T) -> U) -> Vec<U> {
    let mut out = vec![U::default(); values.len()];
    simd::run(Map { x: values, out: &mut out, f });
    out
}

/// `f` over values into new ones, one after the other, as [`each_pair`].
pub fn each<T: Copy, U>(values: &[T], f: fn(T) -> U) -> Vec<U> {
    values.iter().map(|&v| f(v)).collect()
}
