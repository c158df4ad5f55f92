//! Functions of the lines of a chunk along one axis: sorting, selecting, quantiles, running sums.
//!
//! Each sees a whole line at once, so the chunk must hold the axis whole (running sums take where they start).

mod quantile;
mod scan;
mod sort;

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::check_axes;

pub use quantile::Method;
pub use scan::Running;

/// A function from lines to lines.
///
/// ```
/// use phalanx_chunk::{Chunk, lines::Lines};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let a = Chunk::new(&[2, 3], vec![3.0, f64::NAN, 1.0, 5.0, 4.0, 6.0])?;
/// assert_eq!(Lines::Argsort.apply(&a, 1)?.values::<i64>()?, &[2, 0, 1, 1, 0, 2]); // NaN comes last
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Lines {
    /// Ascending, NaN last.
    Sort,
    /// Where the elements of the sorted line come from; equal ones in their order (NumPy's `kind="stable"`).
    Argsort,
    /// The `k` largest, descending; for a negative `k` the smallest, ascending.
    Top {
        /// How many.
        k: isize,
    },
    /// Where those are.
    ArgTop {
        /// How many.
        k: isize,
    },
    /// The quantiles `q`.
    Quantile {
        /// From 0 to 1.
        q: Vec<f64>,
        /// How it lies between elements.
        method: Method,
        /// Whether NaNs are left out (else they make the result NaN).
        skip_nan: bool,
    },
    /// The middle element, or the mean of the two in the middle.
    Median {
        /// Whether NaNs are left out (else they make the result NaN).
        skip_nan: bool,
    },
    /// Running sums or products.
    Scan(Running),
    /// The first of each run of equal elements of a sorted line: `true` there (NaNs are equal).
    Firsts,
    /// The different elements of a sorted line, of which there are `length`.
    Distinct {
        /// How many there are.
        length: usize,
    },
}

impl Lines {
    /// NumPy's name.
    pub fn name(&self) -> String {
        match self {
            Self::Sort => String::from("sort"),
            Self::Argsort => String::from("argsort"),
            Self::Top { k } => format!("topk {k}"),
            Self::ArgTop { k } => format!("argtopk {k}"),
            Self::Quantile { q, method, .. } => format!("{} quantile(s), {}", q.len(), method.name()),
            Self::Median { .. } => String::from("median"),
            Self::Scan(running) => running.name().to_owned(),
            Self::Firsts => String::from("first of each run"),
            Self::Distinct { length } => format!("{length} different elements"),
        }
    }

    /// How long the results of lines of this length are.
    pub fn length(&self, line: usize) -> usize {
        match self {
            Self::Sort | Self::Argsort | Self::Scan(_) | Self::Firsts => line,
            Self::Top { k } | Self::ArgTop { k } => k.unsigned_abs().min(line),
            Self::Quantile { q, .. } => q.len(),
            Self::Median { .. } => 1,
            Self::Distinct { length } => *length,
        }
    }

    /// The dtype of the result for elements of this type.
    ///
    /// # Errors
    /// [`Error::DType`] for elements without an order, or that can't be added.
    pub fn dtype(&self, dtype: DType) -> Result<DType> {
        // The kernels decide; they are asked with lines of one element.
        let probe = Chunk::zeros(dtype, &[1])?;
        match self {
            Self::Distinct { .. } => Self::Distinct { length: 1 }.apply(&probe, 0),
            other => other.apply(&probe, 0),
        }
        .map(|result| result.dtype())
    }

    /// The function of every line along `axis`.
    ///
    /// # Errors
    /// [`Error::DType`] for elements without an order, [`Error::Axis`] for an axis out of range, [`Error::Value`] for
    /// quantiles of no element, [`Error::Shape`] for another number of different elements than was said.
    pub fn apply(&self, chunk: &Chunk, axis: usize) -> Result<Chunk> {
        check_axes(&[axis], chunk.ndim())?;
        if let Self::Scan(running) = self {
            return scan::scan(chunk, axis, *running, None);
        }
        let (last, order) = (chunk.ndim() - 1, axis_last(chunk.ndim(), axis));
        let moved = chunk.transpose(&order)?;
        let length = moved.shape()[last];
        let done = match self {
            Self::Sort => sort::sort(&moved, length)?,
            Self::Argsort => sort::argsort(&moved, length)?,
            Self::Top { k } => sort::top(&moved, length, *k)?,
            Self::ArgTop { k } => sort::arg_top(&moved, length, *k)?,
            Self::Quantile { q, method, skip_nan } => quantile::quantiles(&moved, length, q, *method, *skip_nan)?,
            Self::Median { skip_nan } => quantile::medians(&moved, length, *skip_nan)?,
            Self::Firsts => sort::firsts(&moved, length)?,
            Self::Distinct { .. } => sort::distinct(&moved, length)?,
            Self::Scan(_) => return Err(Error::value("a scan has returned already")),
        };
        let mut shape = moved.shape().to_vec();
        shape[last] = self.length(length);
        let mut back = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &axis)| back[axis] = at);
        done.reshape(&shape)?.transpose(&back)
    }
}

/// Running sums or products along `axis` that go on from `start` (of length 1 on that axis).
///
/// # Errors
/// As [`Lines::apply`]; [`Error::Shape`] if `start` does not fit.
pub fn scan_from(chunk: &Chunk, axis: usize, running: Running, start: Option<&Chunk>) -> Result<Chunk> {
    check_axes(&[axis], chunk.ndim())?;
    scan::scan(chunk, axis, running, start)
}

/// The axes with `axis` at the end.
fn axis_last(ndim: usize, axis: usize) -> Vec<usize> {
    (0..ndim).filter(|&other| other != axis).chain([axis]).collect()
}

#[cfg(test)]
mod tests;
