//! Exponentials, logarithms, powers, circular and hyperbolic functions, many at a time.
//!
//! Each function is straight code without branches, so that the compiler runs it over vectors of whatever width the
//! processor has; few arguments (very large ones, infinities, NaN) are left to the scalar function of the crate `libm`.
//! Which way an element goes depends on its value alone, and every operation is exact by IEEE 754, also the fused
//! multiply-add: the bits are the same in a vector, in its tail, alone, and on every processor. (One without fused
//! multiply-add computes it in software, slowly.)
//!
//! Errors are below 2 ulp, those of tangents and hyperbolic functions below 3. Polynomials of logarithm, sine and cosine: FreeBSD's msun (Sun
//! Microsystems 1993, freely granted). Exponential: Taylor's series to degree 13 within ln(2)/2. Power: Dekker's
//! double-double arithmetic for the logarithm.

#![expect(clippy::excessive_precision, reason = "constants stand as their sources have them")]

mod circular;
mod exponential;
mod hyperbolic;
mod logarithm;
mod power;
#[cfg(test)]
mod tests;

use super::number::Float;
use super::operand::BLOCK;
use crate::simd::{self, Kernel};

pub use circular::{Cos, Sin, Tan};
pub use exponential::{Exp, Exp2, Expm1};
pub use hyperbolic::{Cosh, Sinh, Tanh};
pub use logarithm::{Log, Log1p, Log2, Log10};
pub use power::{pow, powers};

/// A function of one argument.
pub trait Elementary {
    /// Without a branch; meaningless where `special` holds.
    fn fast(x: f64) -> f64;
    /// Whether the argument is one for `slow`.
    fn special(_x: f64) -> bool {
        false
    }
    fn slow(_x: f64) -> f64 {
        f64::NAN
    }
}

/// The function of one number.
#[inline(always)]
pub fn value<E: Elementary>(x: f64) -> f64 {
    if E::special(x) { E::slow(x) } else { E::fast(x) }
}

/// The function of every number.
pub fn values<E: Elementary, T: Float>(x: &[T]) -> Vec<T> {
    let mut out = vec![T::ZERO; x.len()];
    simd::run(Each::<E, T> { x, out: &mut out, of: std::marker::PhantomData });
    out
}

struct Each<'a, E, T> {
    x: &'a [T],
    out: &'a mut [T],
    of: std::marker::PhantomData<E>,
}

impl<E: Elementary, T: Float> Kernel for Each<'_, E, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (x, out) in self.x.chunks(BLOCK).zip(self.out.chunks_mut(BLOCK)) {
            out.iter_mut().zip(x).for_each(|(out, &x)| *out = T::of(E::fast(x.float())));
            if x.iter().fold(false, |any, &x| any | E::special(x.float())) {
                repair::<E, T>(x, out);
            }
        }
    }
}

#[cold]
#[inline(never)]
fn repair<E: Elementary, T: Float>(x: &[T], out: &mut [T]) {
    let special = out.iter_mut().zip(x).filter(|(_, x)| E::special(x.float()));
    special.for_each(|(out, &x)| *out = T::of(E::slow(x.float())));
}
