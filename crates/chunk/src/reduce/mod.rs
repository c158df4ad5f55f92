//! Reductions as partial states that merge in a fixed order.
//!
//! A reduction over many chunks is `partial` where each chunk is, `merge` in an order that the caller fixes, and
//! `finish` once. A [`Partial`] is a few small chunks with the reduced axes kept at length one, so it travels as
//! chunks do.
//!
//! **Order of sums.** Within a chunk the order is fixed by position: along the last axis blocks of 128 elements in
//! eight lanes, then a binary tree over the blocks (pairwise summation, error O(log n)); along other axes whole rows,
//! four at a time, in blocks of 128 rows, then the same tree. Bits depend on the chunk's shape and values alone.
//!
//! **Precision.** `float32` is summed in `float64` and rounded once at the end (NumPy rounds at each step).
//! Variances use Chan, Golub, LeVeque's pairwise update (1983) over blocks with two passes each.

mod argument;
mod fold;
mod moments;
mod plan;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::shape::element_count;
use crate::ufunc::{Binary, Unary};
use fold::{And, Count, Max, Min, Or, Product, Sum, fold};
use plan::Plan;

/// The sum of the squares of all elements, summed pairwise in `f64`.
pub(crate) fn sum_of_squares(chunk: &Chunk) -> f64 {
    crate::chunk::with_values!(chunk.data(), values => fold::row::<_, fold::SquareSum>(values))
}

/// A function of many elements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Reduction {
    /// The sum; `int64` (wrapping around) for integers and `bool`.
    Sum,
    /// The product; `int64` (wrapping around) for integers and `bool`.
    Prod,
    /// The arithmetic mean; NaN of nothing.
    Mean,
    /// The smallest value, or NaN if there is one.
    Min,
    /// The largest value, or NaN if there is one.
    Max,
    /// Whether any value is not zero.
    Any,
    /// Whether all values are not zero.
    All,
    /// The variance: the sum of squared deviations over `max(n - ddof, 0)`.
    Var {
        /// What is taken from the number of values.
        ddof: f64,
    },
    /// The square root of the variance.
    Std {
        /// What is taken from the number of values.
        ddof: f64,
    },
    /// The index of the smallest value, the first of equals; the first NaN if there is one. Over several axes: the
    /// flat C index over those axes of the whole array.
    Argmin,
    /// The index of the largest value, the first of equals; the first NaN if there is one.
    Argmax,
    /// How many values are not zero (NumPy's `count_nonzero`).
    Count,
}

/// Where a chunk lies in the whole array. `Argmin` and `Argmax` answer with indices into the whole; `Min`, `Max` and
/// they need to know whether the whole is empty; the others only check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The index of the chunk's first element in the whole array, per axis.
    pub start: Vec<usize>,
    /// The shape of the whole array.
    pub shape: Vec<usize>,
}

impl Place {
    /// The place of a chunk that is the whole array.
    pub fn whole(chunk: &Chunk) -> Place {
        Place { start: vec![0; chunk.ndim()], shape: chunk.shape().to_vec() }
    }

    fn check(&self, chunk: &Chunk) -> Result<()> {
        let inside = self.start.len() == chunk.ndim()
            && self.shape.len() == chunk.ndim()
            && (0..chunk.ndim()).all(|axis| {
                self.start[axis].checked_add(chunk.shape()[axis]).is_some_and(|end| end <= self.shape[axis])
            });
        if inside {
            return Ok(());
        }
        Err(Error::shape(format!(
            "a chunk of shape {:?} at {:?} leaves an array of shape {:?}",
            chunk.shape(),
            self.start,
            self.shape
        )))
    }
}

/// What is known of a reduction after some of the elements. Every part has the array's number of axes, the reduced
/// ones with length one.
#[derive(Debug, Clone)]
pub struct Partial {
    /// The dtype of the array that is reduced.
    pub dtype: DType,
    /// As many chunks, of such dtypes, as [`Reduction::state`] says.
    pub parts: Vec<Chunk>,
}

impl Reduction {
    /// NumPy's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Reduction::Sum => "sum",
            Reduction::Prod => "prod",
            Reduction::Mean => "mean",
            Reduction::Min => "min",
            Reduction::Max => "max",
            Reduction::Any => "any",
            Reduction::All => "all",
            Reduction::Var { .. } => "var",
            Reduction::Std { .. } => "std",
            Reduction::Argmin => "argmin",
            Reduction::Argmax => "argmax",
            Reduction::Count => "count_nonzero",
        }
    }

    /// The dtype of the result for an array of this dtype.
    ///
    /// # Errors
    /// None today: every reduction takes every dtype.
    pub fn dtype(&self, input: DType) -> Result<DType> {
        Ok(match self {
            Reduction::Sum | Reduction::Prod if input.is_float() => input,
            Reduction::Sum | Reduction::Prod | Reduction::Argmin | Reduction::Argmax | Reduction::Count => DType::Int64,
            Reduction::Min | Reduction::Max => input,
            Reduction::Any | Reduction::All => DType::Bool,
            Reduction::Mean | Reduction::Var { .. } | Reduction::Std { .. } if input == DType::Float32 => input,
            Reduction::Mean | Reduction::Var { .. } | Reduction::Std { .. } => DType::Float64,
        })
    }

    /// The dtypes of the parts of a partial state: the sum and the count of a mean; count, mean and sum of squared
    /// deviations of a variance; value and index of an argmin; else the value alone.
    ///
    /// # Errors
    /// As [`Reduction::dtype`].
    pub fn state(&self, input: DType) -> Result<Vec<DType>> {
        Ok(match self {
            Reduction::Sum | Reduction::Prod if input.is_float() => vec![DType::Float64],
            Reduction::Mean => vec![DType::Float64, DType::Int64],
            Reduction::Var { .. } | Reduction::Std { .. } => vec![DType::Int64, DType::Float64, DType::Float64],
            Reduction::Argmin | Reduction::Argmax => vec![input, DType::Int64],
            _ => vec![self.dtype(input)?],
        })
    }

    /// The state of one chunk's elements over `axes`.
    ///
    /// Cost: one pass (two for variances, in blocks that stay in the cache); a copy before it where the reduced axes
    /// are not neighbours.
    ///
    /// # Errors
    /// [`Error::Axis`] for an axis out of range or named twice, [`Error::Shape`] for a place that does not fit,
    /// [`Error::Value`] for the extremes of nothing and a `ddof` that is not finite.
    pub fn partial(&self, chunk: &Chunk, axes: &[usize], place: &Place) -> Result<Partial> {
        let plan = Plan::new(chunk, axes)?;
        place.check(chunk)?;
        self.check(axes, place)?;
        let values = plan.arrange(chunk)?;
        let part = |data: Data| Chunk::from_data(&plan.shape, data);
        macro_rules! each {
            ($v:ident => $body:expr) => {
                crate::chunk::with_values!(values.data(), $v => $body)
            };
        }
        let parts = match self {
            Reduction::Sum => vec![part(match values.data() {
                Data::Float64(v) => Data::Float64(fold::<_, Sum>(v, &plan).into()),
                Data::Float32(v) => Data::Float64(fold::<_, Sum>(v, &plan).into()),
                Data::Int64(v) => Data::Int64(fold::<_, Sum>(v, &plan).into()),
                Data::Int32(v) => Data::Int64(fold::<_, Sum>(v, &plan).into()),
                Data::UInt8(v) | Data::Bool(v) => Data::Int64(fold::<_, Sum>(v, &plan).into()),
            })],
            Reduction::Prod => vec![part(match values.data() {
                Data::Float64(v) => Data::Float64(fold::<_, Product>(v, &plan).into()),
                Data::Float32(v) => Data::Float64(fold::<_, Product>(v, &plan).into()),
                Data::Int64(v) => Data::Int64(fold::<_, Product>(v, &plan).into()),
                Data::Int32(v) => Data::Int64(fold::<_, Product>(v, &plan).into()),
                Data::UInt8(v) | Data::Bool(v) => Data::Int64(fold::<_, Product>(v, &plan).into()),
            })],
            Reduction::Mean => {
                let sum: Vec<f64> = each!(v => fold::<_, fold::RealSum>(v, &plan));
                vec![part(Data::Float64(sum.into())), plan.counts()?]
            }
            // The smallest of nothing must still be a bool.
            Reduction::Min if chunk.dtype() == DType::Bool => {
                vec![part(Data::Bool(fold::<_, And>(values.bytes(), &plan).into()))]
            }
            Reduction::Max if chunk.dtype() == DType::Bool => {
                vec![part(Data::Bool(fold::<_, Or>(values.bytes(), &plan).into()))]
            }
            Reduction::Min => vec![part(crate::chunk::map_values!(values.data(), v => fold::<_, Min>(v, &plan)))],
            Reduction::Max => vec![part(crate::chunk::map_values!(values.data(), v => fold::<_, Max>(v, &plan)))],
            Reduction::Any => vec![part(Data::Bool(each!(v => fold::<_, Or>(v, &plan)).into()))],
            Reduction::All => vec![part(Data::Bool(each!(v => fold::<_, And>(v, &plan)).into()))],
            Reduction::Count => vec![part(Data::Int64(each!(v => fold::<_, Count>(v, &plan)).into()))],
            Reduction::Var { .. } | Reduction::Std { .. } => {
                let (mean, squares) = each!(v => moments::moments(v, &plan));
                vec![plan.counts()?, part(Data::Float64(mean.into())), part(Data::Float64(squares.into()))]
            }
            Reduction::Argmin | Reduction::Argmax => {
                let (best, index) = argument::search(*self == Reduction::Argmin, &values, &plan);
                vec![part(best), part(Data::Int64(argument::globalise(index, chunk.shape(), axes, place)?.into()))]
            }
        };
        Ok(Partial { dtype: chunk.dtype(), parts })
    }

    /// The state of the elements of both, where those of `earlier` come first.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::DType`] if the two are not states of this reduction over arrays of one dtype
    /// with results of one shape.
    pub fn merge(&self, earlier: Partial, later: Partial) -> Result<Partial> {
        self.check_state(&earlier)?;
        self.check_state(&later)?;
        if earlier.dtype != later.dtype || earlier.parts[0].shape() != later.parts[0].shape() {
            return Err(Error::shape(format!(
                "states of {} {:?} and {} {:?} do not merge",
                earlier.dtype,
                earlier.parts[0].shape(),
                later.dtype,
                later.parts[0].shape()
            )));
        }
        let (a, b) = (&earlier.parts, &later.parts);
        let parts = match self {
            Reduction::Sum | Reduction::Count => vec![Binary::Add.apply(&a[0], &b[0])?],
            Reduction::Prod => vec![Binary::Multiply.apply(&a[0], &b[0])?],
            Reduction::Mean => vec![Binary::Add.apply(&a[0], &b[0])?, Binary::Add.apply(&a[1], &b[1])?],
            Reduction::Min => vec![Binary::Minimum.apply(&a[0], &b[0])?],
            Reduction::Max => vec![Binary::Maximum.apply(&a[0], &b[0])?],
            Reduction::Any => vec![Binary::LogicalOr.apply(&a[0], &b[0])?],
            Reduction::All => vec![Binary::LogicalAnd.apply(&a[0], &b[0])?],
            Reduction::Var { .. } | Reduction::Std { .. } => moments::merge(a, b)?,
            Reduction::Argmin | Reduction::Argmax => argument::merge(*self == Reduction::Argmin, a, b)?,
        };
        Ok(Partial { dtype: earlier.dtype, parts })
    }

    /// The result, with the reduced axes kept at length one.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::DType`] if this is not a state of this reduction.
    pub fn finish(&self, partial: Partial) -> Result<Chunk> {
        self.check_state(&partial)?;
        let dtype = self.dtype(partial.dtype)?;
        let parts = &partial.parts;
        let result = match self {
            Reduction::Mean => Binary::Divide.apply(&parts[0], &parts[1])?,
            Reduction::Var { ddof } => moments::variance(parts, *ddof)?,
            Reduction::Std { ddof } => Unary::Sqrt.apply(&moments::variance(parts, *ddof)?)?,
            Reduction::Argmin | Reduction::Argmax => parts[1].clone(),
            _ => parts[0].clone(),
        };
        Ok(result.cast(dtype))
    }

    fn check(&self, axes: &[usize], place: &Place) -> Result<()> {
        match self {
            Reduction::Min | Reduction::Max | Reduction::Argmin | Reduction::Argmax
                if axes.iter().any(|&axis| place.shape[axis] == 0) =>
            {
                Err(Error::value(format!(
                    "{} of nothing is not defined: the array of shape {:?} is empty along axes {axes:?}",
                    self.name(),
                    place.shape
                )))
            }
            Reduction::Var { ddof } | Reduction::Std { ddof } if !ddof.is_finite() => {
                Err(Error::value(format!("ddof of {} must be finite, not {ddof}", self.name())))
            }
            _ => Ok(()),
        }
    }

    fn check_state(&self, partial: &Partial) -> Result<()> {
        let expected = self.state(partial.dtype)?;
        let dtypes: Vec<DType> = partial.parts.iter().map(Chunk::dtype).collect();
        if dtypes != expected {
            return Err(Error::dtype(format!("a state of {} over {}", self.name(), partial.dtype), &dtypes));
        }
        let shape = partial.parts[0].shape();
        match partial.parts.iter().find(|part| part.shape() != shape) {
            Some(other) => {
                Err(Error::shape(format!("the parts of a state differ in shape: {shape:?} and {:?}", other.shape())))
            }
            None => element_count(shape).map(|_| ()),
        }
    }
}
