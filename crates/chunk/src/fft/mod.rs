//! Discrete Fourier transforms along one axis, on rustfft (mixed radix, Rader, Bluestein: O(n log n) for every n).
//!
//! The precision is the input's: `float32` and `complex64` give `complex64` (or `float32`), everything else `complex128`
//! (or `float64`), as in NumPy. **Bits** depend on the values, the length and the processor's SIMD level.

use num_complex::Complex;
use rustfft::{Fft, FftNum, FftPlanner};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::chunk::Chunk;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::shape::{check_axes, element_count};

#[cfg(test)]
mod tests;

/// Which transform, by NumPy's name. `n` is the number of points that [`transform`] is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transform {
    /// n complex values to n.
    Fft,
    /// The inverse of [`Transform::Fft`].
    Ifft,
    /// n real values to the n / 2 + 1 of their transform that are not the conjugates of others.
    Rfft,
    /// n / 2 + 1 complex values of a Hermitian spectrum to n real ones: the inverse of [`Transform::Rfft`].
    Irfft,
    /// n / 2 + 1 complex values of a Hermitian signal to its n real ones of the spectrum.
    Hfft,
    /// The inverse of [`Transform::Hfft`].
    Ihfft,
}

/// What the transform is divided by, NumPy's `norm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Norm {
    /// Inverses by n.
    Backward,
    /// Both directions by √n.
    Ortho,
    /// Forward transforms by n.
    Forward,
}

impl Transform {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Transform::Fft => "fft",
            Transform::Ifft => "ifft",
            Transform::Rfft => "rfft",
            Transform::Irfft => "irfft",
            Transform::Hfft => "hfft",
            Transform::Ihfft => "ihfft",
        }
    }

    /// The dtype of the answer.
    ///
    /// # Errors
    /// [`Error::DType`] for complex input of a transform of real values.
    pub fn dtype(self, input: DType) -> Result<DType> {
        let single = matches!(input, DType::Float32 | DType::Complex64);
        let real = if single { DType::Float32 } else { DType::Float64 };
        match self {
            Transform::Fft | Transform::Ifft => Ok(real.complex()),
            Transform::Irfft | Transform::Hfft => Ok(real),
            Transform::Rfft | Transform::Ihfft if !input.is_complex() => Ok(real.complex()),
            Transform::Rfft | Transform::Ihfft => Err(Error::dtype(self.name(), &[input])),
        }
    }

    /// How many values along the axis a transform of `n` points reads.
    pub const fn reads(self, n: usize) -> usize {
        match self {
            Transform::Irfft | Transform::Hfft => n / 2 + 1,
            _ => n,
        }
    }

    /// How many values along the axis it gives.
    pub const fn gives(self, n: usize) -> usize {
        match self {
            Transform::Rfft | Transform::Ihfft => n / 2 + 1,
            _ => n,
        }
    }

    /// The `n` that NumPy takes for an axis of this length.
    pub const fn points(self, length: usize) -> usize {
        match self {
            Transform::Irfft | Transform::Hfft => 2 * length.saturating_sub(1),
            _ => length,
        }
    }

    /// Whether the exponent is positive.
    const fn is_inverse(self) -> bool {
        matches!(self, Transform::Ifft | Transform::Irfft | Transform::Ihfft)
    }
}

/// The transform of `n` points along `axis`: the axis is cut, or filled up with zeros, to what the transform reads.
///
/// Cost: O(n log n) an entry of the other axes; a transform of real values costs as much as one of complex ones.
///
/// # Errors
/// [`Error::Axis`]; [`Error::Value`] for no points; [`Error::DType`] as [`Transform::dtype`].
///
/// ```
/// use phalanx_chunk::{Chunk, fft::{Norm, Transform, transform}};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let x = Chunk::vector(vec![1.0, 2.0, 3.0, 4.0]);
/// let spectrum = transform(Transform::Rfft, &x, 0, 4, Norm::Backward)?;
/// assert_eq!(spectrum.len(), 3);
/// let back = transform(Transform::Irfft, &spectrum, 0, 4, Norm::Backward)?;
/// assert_eq!(back.values::<f64>()?, &[1.0, 2.0, 3.0, 4.0]);
/// # Ok(())
/// # }
/// ```
pub fn transform(transform: Transform, a: &Chunk, axis: usize, n: usize, norm: Norm) -> Result<Chunk> {
    check_axes(&[axis], a.ndim())?;
    if n == 0 {
        return Err(Error::value("Invalid number of FFT data points (0) specified."));
    }
    let dtype = transform.dtype(a.dtype())?;
    let last = a.ndim() - 1;
    // The axis as the last one, whose values lie side by side.
    let swapped: Vec<usize> = (0..=last)
        .map(|at| {
            if at == axis {
                last
            } else if at == last {
                axis
            } else {
                at
            }
        })
        .collect();
    let rows = if axis == last { a.clone() } else { a.transpose(&swapped)? };
    let answer = match dtype.complex() {
        DType::Complex64 => rows_of::<f32>(transform, &rows, n, norm)?,
        _ => rows_of::<f64>(transform, &rows, n, norm)?,
    };
    if axis == last { Ok(answer) } else { answer.transpose(&swapped) }
}

/// A floating-point type and the complex one of it.
trait Real: FftNum + Element {
    const COMPLEX: DType;
    fn of(value: f64) -> Self;
    fn complex_values(chunk: &Chunk) -> Result<&[Complex<Self>]>;
    fn complex_chunk(shape: &[usize], values: Vec<Complex<Self>>) -> Result<Chunk>;
}

macro_rules! real {
    ($type:ty, $complex:ident) => {
        impl Real for $type {
            const COMPLEX: DType = DType::$complex;
            fn of(value: f64) -> $type {
                value as $type
            }
            fn complex_values(chunk: &Chunk) -> Result<&[Complex<$type>]> {
                chunk.values::<Complex<$type>>()
            }
            fn complex_chunk(shape: &[usize], values: Vec<Complex<$type>>) -> Result<Chunk> {
                Chunk::new(shape, values)
            }
        }
    };
}

real!(f32, Complex64);
real!(f64, Complex128);

/// The transforms of the last axis.
fn rows_of<T: Real>(transform: Transform, a: &Chunk, n: usize, norm: Norm) -> Result<Chunk> {
    let Some((&length, others)) = a.shape().split_last() else {
        return Err(Error::shape("a transform of a number"));
    };
    let count = element_count(others)?;
    let mut shape = others.to_vec();
    shape.push(transform.gives(n));
    let total = element_count(&shape)?;
    let used = length.min(transform.reads(n));
    let plan = Plan::<T>::new(transform, n, norm);
    let mut line = vec![Complex::new(T::zero(), T::zero()); n];
    let mut scratch = vec![Complex::new(T::zero(), T::zero()); plan.fft.get_inplace_scratch_len()];
    let gives_reals = matches!(transform, Transform::Irfft | Transform::Hfft);
    let (mut reals, mut complexes) = (vec![], vec![]);
    if gives_reals {
        reals.reserve_exact(total)
    } else {
        complexes.reserve_exact(total)
    }
    let input = a.cast(T::COMPLEX);
    let values = T::complex_values(&input)?;
    for row in 0..count {
        plan.load(transform, &values[row * length..row * length + used], &mut line);
        plan.fft.process_with_scratch(&mut line, &mut scratch);
        let scaled = line[..transform.gives(n)].iter().map(|value| value * plan.scale);
        if gives_reals {
            reals.extend(scaled.map(|value| value.re));
        } else {
            complexes.extend(scaled);
        }
    }
    if gives_reals { Chunk::new(&shape, reals) } else { T::complex_chunk(&shape, complexes) }
}

struct Plan<T: Real> {
    fft: Arc<dyn Fft<T>>,
    scale: T,
}

impl<T: Real> Plan<T> {
    fn new(transform: Transform, n: usize, norm: Norm) -> Plan<T> {
        let inverse = transform.is_inverse();
        let mut planner = FftPlanner::new();
        let fft = if inverse { planner.plan_fft_inverse(n) } else { planner.plan_fft_forward(n) };
        // NumPy's Hermitian transforms are named for the signal: forward ones go back from a spectrum's half.
        let scale = match (norm, inverse) {
            (Norm::Ortho, _) => 1.0 / (n as f64).sqrt(),
            (Norm::Backward, true) | (Norm::Forward, false) => 1.0 / n as f64,
            _ => 1.0,
        };
        Plan { fft, scale: T::of(scale) }
    }

    /// The values that are transformed, from those that are read.
    fn load(&self, transform: Transform, values: &[Complex<T>], line: &mut [Complex<T>]) {
        let zero = Complex::new(T::zero(), T::zero());
        line.fill(zero);
        match transform {
            Transform::Irfft | Transform::Hfft => {
                // The other half are conjugates. The imaginary parts of the first value, and of the middle one of an
                // even number, are of no Hermitian spectrum and are dropped, as in NumPy.
                let n = line.len();
                for (k, &value) in values.iter().enumerate() {
                    let mirrored = (n - k) % n;
                    if mirrored == k {
                        line[k] = Complex::new(value.re, T::zero());
                    } else {
                        line[k] = value;
                        line[mirrored] = value.conj();
                    }
                }
            }
            _ => line[..values.len()].copy_from_slice(values),
        }
    }
}
