//! Fourier transforms with NumPy's names, `numpy.fft`.
//!
//! The axis that is transformed is in one chunk of the result; an input that is cut along it is put together on the
//! way, and the other axes are cut finer where that would take too much memory.

use crate::array::Array;
use crate::chunks::{ChunkSpec, Chunks};
use crate::error::Lift;
use crate::expr::Expr;
use crate::index::Index;
use crate::joining::concatenate;
use crate::node::fourier::Fourier;
use crate::shape::axis_of;
pub use phalanx_chunk::fft::{Norm, Transform};
use phalanx_chunk::shape::element_count;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// What one chunk of a transform may take, in bytes.
const LINES_BYTES: usize = 64 << 20;

impl Array {
    /// The transform of `n` points along an axis: `fft`, `ifft`, `rfft`, `irfft`, `hfft` or `ihfft`. The axis is cut, or
    /// filled up with zeros, to what the transform reads; without `n`, NumPy's length for the axis.
    ///
    /// # Errors
    /// (held by the array) `Input`: an axis that the array has not, no points, or complex values for a transform of
    /// real ones.
    ///
    /// ```
    /// use phalanx_array::{Array, fft::{Norm, Transform}};
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::arange(0, 8, 1, 3);
    /// let spectrum = x.fft(Transform::Rfft, None, -1, Norm::Backward);
    /// assert_eq!(spectrum.shape()?, [5]);
    /// let back = spectrum.fft(Transform::Irfft, None, -1, Norm::Backward);
    /// assert_eq!(back.rint().compute(&engine)?.values::<f64>().unwrap()[7], 7.0);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn fft(&self, transform: Transform, n: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.then(|expr| {
            let axis = axis_of(axis, expr.shape().len())?;
            let length = expr.shape()[axis];
            let points = n.unwrap_or_else(|| transform.points(length));
            if points == 0 {
                return Err(Error::input("Invalid number of FFT data points (0) specified.")
                    .with_hint("give at least one point: `n`"));
            }
            let dtype = transform.dtype(expr.dtype()).lift()?;
            let mut shape = expr.shape().to_vec();
            shape[axis] = transform.gives(points);
            element_count(&shape).lift()?;
            let line = points.max(length).saturating_mul(dtype.complex().itemsize());
            let chunks = lines(expr, axis, line, shape[axis]);
            let node = Fourier { transform, norm, axis, points, length, dtype, shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        })
    }

    /// Transforms along several axes, of real or complex values by `transform` (`fft`, `ifft`, `rfft`, `irfft`): NumPy's
    /// `fftn`, `ifftn`, `rfftn`, `irfftn`, and with two axes its `fft2` and the like. An axis may come more than once.
    ///
    /// # Errors
    /// (held by the array) As [`Array::fft`]; lengths and axes of other numbers.
    #[must_use]
    pub fn fftn(&self, transform: Transform, lengths: Option<&[usize]>, axes: Option<&[isize]>, norm: Norm) -> Self {
        let make = || -> Result<Self> {
            let ndim = self.ndim()?;
            let axes: Vec<isize> = match (axes, lengths) {
                (Some(axes), _) => axes.to_vec(),
                // NumPy: the last axes, as many as there are lengths.
                (None, Some(lengths)) => (1..=lengths.len().cast_signed()).rev().map(|from_end| -from_end).collect(),
                (None, None) => (0..ndim.cast_signed()).collect(),
            };
            if lengths.is_some_and(|lengths| lengths.len() != axes.len()) {
                return Err(Error::input("Shape and axes have different lengths.").with_hint("give one length an axis"));
            }
            let Some((&last, others)) = axes.split_last() else {
                return Err(Error::input("a transform of no axes").with_hint("name at least one axis"));
            };
            let length = |at: usize| lengths.map(|lengths| lengths[at]);
            let complex =
                if matches!(transform, Transform::Irfft | Transform::Ifft) { Transform::Ifft } else { Transform::Fft };
            let over_others = |x: Self, order: &mut dyn Iterator<Item = usize>| {
                order.fold(x, |x, at| x.fft(complex, length(at), others[at], norm))
            };
            Ok(match transform {
                // What makes complex values goes first, what makes real ones last.
                Transform::Fft | Transform::Ifft | Transform::Rfft | Transform::Ihfft => {
                    over_others(self.fft(transform, length(others.len()), last, norm), &mut (0..others.len()).rev())
                }
                Transform::Irfft | Transform::Hfft => {
                    over_others(self.clone(), &mut (0..others.len())).fft(transform, length(others.len()), last, norm)
                }
            })
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The axes' second halves before their first, so that the frequency 0 is in the middle: NumPy's `fftshift`.
    #[must_use]
    pub fn fftshift(&self, axes: Option<&[isize]>) -> Self {
        self.halves_exchanged(axes, |length| length.div_ceil(2))
    }

    /// The inverse of [`Array::fftshift`]: NumPy's `ifftshift`.
    #[must_use]
    pub fn ifftshift(&self, axes: Option<&[isize]>) -> Self {
        self.halves_exchanged(axes, |length| length / 2)
    }

    /// Each axis from the index `first(length)` on, then what is before that.
    fn halves_exchanged(&self, axes: Option<&[isize]>, first: fn(usize) -> usize) -> Self {
        let make = || -> Result<Self> {
            let shape = self.shape()?;
            let axes = match axes {
                None => (0..shape.len()).collect(),
                Some(axes) => axes.iter().map(|&axis| axis_of(axis, shape.len())).collect::<Result<Vec<_>>>()?,
            };
            Ok(axes.into_iter().fold(self.clone(), |x, axis| {
                let border = first(shape[axis]).cast_signed();
                let half = |part: Index| {
                    let mut parts = vec![Index::from(..); shape.len()];
                    parts[axis] = part;
                    x.slice(parts)
                };
                if border == 0 || border == shape[axis].cast_signed() {
                    return x;
                }
                let halves = [half(Index::from(border..)), half(Index::from(..border))];
                concatenate(&[&halves[0], &halves[1]], axis.cast_signed())
            }))
        };
        make().unwrap_or_else(Self::failed)
    }
}

/// The frequencies of the values of a transform of `n` points at distance `d`: NumPy's `fftfreq`.
pub fn fftfreq(n: usize, d: f64, chunks: impl Into<ChunkSpec>) -> Array {
    frequencies(n, d, chunks, |n| {
        let (positive, negative) = (n.div_ceil(2).cast_signed() as i64, (n / 2).cast_signed() as i64);
        let part = |start, stop| Array::arange(start, stop, 1, n.max(1));
        match (positive, negative) {
            (_, 0) => part(0, positive),
            _ => concatenate(&[&part(0, positive), &part(-negative, 0)], 0),
        }
    })
}

/// The frequencies of the values of a transform of `n` real points at distance `d`: NumPy's `rfftfreq`.
pub fn rfftfreq(n: usize, d: f64, chunks: impl Into<ChunkSpec>) -> Array {
    frequencies(n, d, chunks, |n| Array::arange(0, (n / 2 + 1).cast_signed() as i64, 1, n.max(1)))
}

fn frequencies(n: usize, d: f64, chunks: impl Into<ChunkSpec>, numbers: impl Fn(usize) -> Array) -> Array {
    if n == 0 || isize::try_from(n).is_err() {
        return Array::failed(Error::input(format!("frequencies of {n} points")).with_hint("give at least one point"));
    }
    (numbers(n) * (1.0 / (n as f64 * d))).rechunk(chunks)
}

/// Chunks of whole lines of `line` bytes along `axis`, on which the result has `length` values: those of the input on
/// the other axes, or finer ones where many lines would be too much.
fn lines(expr: &Arc<Expr>, axis: usize, line: usize, length: usize) -> Chunks {
    let grid = |others: &Chunks| {
        let borders = (0..expr.shape().len()).map(|at| match at == axis {
            true => [0, length].into(),
            false => Arc::clone(others.borders(at)),
        });
        Chunks::from_borders(borders.collect())
    };
    // Halved without the axis, which stays whole.
    let single = |at: usize| if at == axis { [0, 1].into() } else { Arc::clone(expr.chunks.borders(at)) };
    let mut others = Chunks::from_borders((0..expr.shape().len()).map(single).collect());
    let largest = |chunks: &Chunks| {
        let longest = |at: usize| chunks.sizes(at).into_iter().max().unwrap_or(1);
        (0..chunks.ndim()).map(longest).fold(line, usize::saturating_mul)
    };
    while largest(&others) > LINES_BYTES {
        match others.halved() {
            Some(finer) => others = finer,
            None => break,
        }
    }
    grid(&others)
}
