//! Running sums and products.

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::order::with_accumulators;
use crate::reduce::Reduction;
use crate::ufunc::Number;

/// What runs along a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Running {
    /// The sum.
    Sum,
    /// The product.
    Product,
    /// The sum, NaN counting as 0.
    NanSum,
    /// The product, NaN counting as 1.
    NanProduct,
}

impl Running {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "cumsum",
            Self::Product => "cumprod",
            Self::NanSum => "nancumsum",
            Self::NanProduct => "nancumprod",
        }
    }

    fn adds(self) -> bool {
        matches!(self, Self::Sum | Self::NanSum)
    }

    fn skips(self) -> bool {
        matches!(self, Self::NanSum | Self::NanProduct)
    }
}

/// In the dtype that NumPy sums in: the first element of a line is itself, and each next is what was before, plus it.
pub(super) fn scan(chunk: &Chunk, axis: usize, running: Running, start: Option<&Chunk>) -> Result<Chunk> {
    let total = if running.adds() { Reduction::Sum } else { Reduction::Prod };
    let dtype = total.dtype(chunk.dtype())?;
    let chunk = chunk.cast(dtype);
    let (length, inner) = (chunk.shape()[axis], chunk.shape()[axis + 1..].iter().product());
    let start = start.map(|start| start.cast(dtype));
    if let Some(start) = &start {
        let mut expected = chunk.shape().to_vec();
        expected[axis] = 1;
        if start.shape() != expected {
            return Err(Error::shape(format!("a scan of shape {:?} starts at {:?}", chunk.shape(), start.shape())));
        }
    }
    with_accumulators!(&chunk, values => {
        let start = match &start {
            Some(start) => Some(same_type(values, start)?),
            None => None,
        };
        Chunk::new(chunk.shape(), run(values, length, inner, running, start))
    }, running.name())
}

/// The values of `chunk`, of the type of `_like`.
fn same_type<'a, T: Element>(_like: &[T], chunk: &'a Chunk) -> Result<&'a [T]> {
    chunk.values()
}

fn run<T: Number>(values: &[T], length: usize, inner: usize, running: Running, start: Option<&[T]>) -> Vec<T> {
    let mut out = values.to_vec();
    if running.skips() {
        let neutral = if running.adds() { T::ZERO } else { T::ONE };
        out.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = neutral);
    }
    if length * inner == 0 {
        return out;
    }
    let join = |before: T, value: T| if running.adds() { before.add(value) } else { before.multiply(value) };
    for (block, line) in out.chunks_exact_mut(length * inner).enumerate() {
        if let Some(start) = start {
            let start = &start[block * inner..(block + 1) * inner];
            line.iter_mut().zip(start).for_each(|(value, &before)| *value = join(before, *value));
        }
        for at in inner..line.len() {
            line[at] = join(line[at - inner], line[at]);
        }
    }
    out
}
