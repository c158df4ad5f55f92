//! Padding, by NumPy's modes.

use crate::array::Array;
use crate::index::Index;
use crate::joining::concatenate;
use crate::manipulate::along;
use crate::reductions::KeepDimensions;
use crate::sorting::Skip;
use phalanx_chunk::reduce::Reduction;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Error, Result};

/// What an array is padded with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PadMode {
    /// These values, before and after, on each axis (one pair counts for all).
    Constant(Vec<(f64, f64)>),
    /// What lies at the edge.
    Edge,
    /// The mirror image, without the edge itself.
    Reflect,
    /// The mirror image, with the edge.
    Symmetric,
    /// What lies at the other end.
    Wrap,
    /// Anything (zeros).
    Empty,
    /// A ramp from the edge to these values.
    LinearRamp(Vec<(f64, f64)>),
    /// A statistic of as many elements as these lengths say, before and after, or of all.
    Statistic(PadStatistic, Vec<(Option<usize>, Option<usize>)>),
}

/// A statistic to pad with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadStatistic {
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
    /// The mean.
    Mean,
    /// The median.
    Median,
}

fn of_axis<T: Copy>(pairs: &[T], axis: usize) -> Result<T> {
    let pair = if pairs.len() == 1 { pairs.first() } else { pairs.get(axis) };
    pair.copied().ok_or_else(|| {
        Error::input(format!("{} pairs of values do not say one for axis {axis}", pairs.len()))
            .with_hint("give one pair for all axes, or one for each")
    })
}

impl Array {
    /// With `widths` (before, after) more elements on each axis. Axes are padded one after the other, as NumPy does.
    ///
    /// ```
    /// use phalanx_array::{Array, PadMode};
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::arange(0, 4, 1, 2);
    /// let padded = x.pad(&[(2, 3)], &PadMode::Reflect).compute(&engine)?;
    /// assert_eq!(padded.values::<i64>().unwrap(), [2, 1, 0, 1, 2, 3, 2, 1, 0]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn pad(&self, widths: &[(usize, usize)], mode: &PadMode) -> Self {
        let make = || {
            let ndim = self.shape()?.len();
            if widths.len() != ndim {
                return Err(Error::input(format!("{} pad widths for {ndim} axes", widths.len()))
                    .with_hint("give (before, after) for each axis"));
            }
            let mut padded = self.clone();
            for (axis, &(before, after)) in widths.iter().enumerate() {
                if before + after > 0 {
                    padded = padded.pad_axis(axis, before, after, mode)?;
                }
            }
            Ok(padded)
        };
        make().unwrap_or_else(Self::failed)
    }

    fn pad_axis(&self, axis: usize, before: usize, after: usize, mode: &PadMode) -> Result<Self> {
        let length = self.shape()?[axis];
        let edges = || (self.slice(along(axis, 0..1)), self.slice(along(axis, -1..)));
        if length == 0 && !matches!(mode, PadMode::Constant(_) | PadMode::Empty) {
            return Err(Error::input(format!(
                "can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
            ))
            .with_hint("pad with a constant"));
        }
        let (left, right) = match mode {
            PadMode::Empty => (self.constant(axis, before, 0.0)?, self.constant(axis, after, 0.0)?),
            PadMode::Constant(values) => {
                let (low, high) = of_axis(values, axis)?;
                (self.constant(axis, before, low)?, self.constant(axis, after, high)?)
            }
            PadMode::Edge => {
                let (first, last) = edges();
                (first.repeat(before, axis.cast_signed()), last.repeat(after, axis.cast_signed()))
            }
            PadMode::Reflect | PadMode::Symmetric | PadMode::Wrap => {
                let source = |at: isize| mirrored(at, length, mode);
                let (before, end) = (before.cast_signed(), (length + after).cast_signed());
                let left: Vec<isize> = (-before..0).map(source).collect();
                let right: Vec<isize> = (length.cast_signed()..end).map(source).collect();
                (self.take(&left, axis.cast_signed()), self.take(&right, axis.cast_signed()))
            }
            PadMode::LinearRamp(ends) => {
                let (low, high) = of_axis(ends, axis)?;
                let (first, last) = edges();
                (first.steps_from(axis, before, low)?, last.steps_from(axis, after, high)?.flip(axis.cast_signed()))
            }
            PadMode::Statistic(statistic, lengths) => {
                let (head, tail) = of_axis(lengths, axis)?;
                let part = |count: Option<usize>, from_end: bool| {
                    let count = count.unwrap_or(length).clamp(1, length).cast_signed();
                    let range: Index = if from_end { (-count..).into() } else { (..count).into() };
                    self.slice(along(axis, range)).statistic(*statistic, axis)
                };
                (
                    part(head, false)?.repeat(before, axis.cast_signed()),
                    part(tail, true)?.repeat(after, axis.cast_signed()),
                )
            }
        };
        Ok(concatenate(&[&left, self, &right], axis.cast_signed()))
    }

    /// `count` slices of one value.
    fn constant(&self, axis: usize, count: usize, value: f64) -> Result<Self> {
        let mut shape = self.shape()?.to_vec();
        shape[axis] = count;
        Ok(Self::from_chunk(Chunk::scalar(value).cast(self.dtype()?)).broadcast_to(shape))
    }

    /// `count` steps from `end` to this slice, without the slice itself.
    fn steps_from(&self, axis: usize, count: usize, end: f64) -> Result<Self> {
        let dtype = self.dtype()?;
        let steps = (0..count).map(|step| step as f64 / count as f64).collect();
        let mut wide = vec![1; self.shape()?.len()];
        wide[axis] = count;
        let steps = Self::from_chunk(Chunk::vector(steps)).reshape(wide);
        let ramp = (self.astype(DType::Float64) - end) * &steps + end;
        Ok(if dtype.is_integer() { ramp.floor() } else { ramp }.astype(dtype))
    }

    fn statistic(&self, statistic: PadStatistic, axis: usize) -> Result<Self> {
        let (dtype, axis) = (self.dtype()?, axis.cast_signed());
        let reduced = |reduction| self.reduce(reduction, axis, KeepDimensions::Yes);
        let value = match statistic {
            PadStatistic::Maximum => reduced(Reduction::Max),
            PadStatistic::Minimum => reduced(Reduction::Min),
            PadStatistic::Mean => reduced(Reduction::Mean),
            PadStatistic::Median => self.median(axis, KeepDimensions::Yes, Skip::Nothing),
        };
        Ok(if dtype.is_integer() { value.rint() } else { value }.astype(dtype))
    }
}

/// The index that stands at place `at`, which may be outside of the axis.
fn mirrored(at: isize, length: usize, mode: &PadMode) -> isize {
    let length = length.cast_signed();
    match mode {
        PadMode::Reflect if length == 1 => 0,
        PadMode::Reflect => {
            let within = at.rem_euclid(2 * (length - 1));
            within.min(2 * (length - 1) - within)
        }
        PadMode::Symmetric => {
            let within = at.rem_euclid(2 * length);
            within.min(2 * length - 1 - within)
        }
        _ => at.rem_euclid(length),
    }
}
