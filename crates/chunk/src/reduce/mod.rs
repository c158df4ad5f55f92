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

use crate::chunk::{Chunk, map_values, with_values};
use crate::dtype::{DType, Data, Kind, Storage};
use crate::error::{Error, Result};
use crate::shape::element_count;
use crate::ufunc::{Binary, Inexact, Number, Unary, where_};
use argument::Search;
use fold::{And, Count, Max, Min, NanMax, NanMin, Or, Present, Product, Sum, fold};
use plan::Plan;

/// As `with_values`, for what is not complex; complex values are taken as none at all, since they have been handled.
macro_rules! with_reals {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            Data::Bool($values) => $body,
            Data::Int8($values) => $body,
            Data::UInt8($values) => $body,
            Data::Int16($values) => $body,
            Data::UInt16($values) => $body,
            Data::Int32($values) => $body,
            Data::UInt32($values) => $body,
            Data::Int64($values) => $body,
            Data::UInt64($values) => $body,
            Data::Float32($values) => $body,
            Data::Float64($values) => $body,
            other => return Err(Error::dtype("a reduction of real numbers", &[other.dtype()])),
        }
    };
}

/// The sum of the squares of all elements, summed pairwise in `f64`.
pub(crate) fn sum_of_squares(chunk: &Chunk) -> f64 {
    with_values!(chunk.data(), values => fold::row::<_, fold::SquareSum>(values))
}

/// A function of many elements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Reduction {
    /// The sum; of integers and `bool` in `int64`, of unsigned ones in `uint64`, wrapping around.
    Sum,
    /// The product, in the dtypes of [`Reduction::Sum`].
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
    /// The sum of what is not NaN.
    Nansum,
    /// The product of what is not NaN.
    Nanprod,
    /// The mean of what is not NaN; NaN if there is nothing else.
    Nanmean,
    /// The smallest value that is not NaN; NaN if there is none.
    Nanmin,
    /// The largest value that is not NaN; NaN if there is none.
    Nanmax,
    /// The variance of what is not NaN; NaN where there are not more than `ddof` values.
    Nanvar {
        /// What is taken from the number of values.
        ddof: f64,
    },
    /// The square root of [`Reduction::Nanvar`].
    Nanstd {
        /// What is taken from the number of values.
        ddof: f64,
    },
    /// The index of the smallest value that is not NaN, the first of equals.
    Nanargmin,
    /// The index of the largest value that is not NaN, the first of equals.
    Nanargmax,
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
            Reduction::Nansum => "nansum",
            Reduction::Nanprod => "nanprod",
            Reduction::Nanmean => "nanmean",
            Reduction::Nanmin => "nanmin",
            Reduction::Nanmax => "nanmax",
            Reduction::Nanvar { .. } => "nanvar",
            Reduction::Nanstd { .. } => "nanstd",
            Reduction::Nanargmin => "nanargmin",
            Reduction::Nanargmax => "nanargmax",
        }
    }

    /// Whether the answer is an index.
    pub const fn is_position(&self) -> bool {
        matches!(self, Reduction::Argmin | Reduction::Argmax | Reduction::Nanargmin | Reduction::Nanargmax)
    }

    /// Whether nothing has no such value, so that an empty array is refused.
    pub const fn needs_elements(&self) -> bool {
        self.is_position() || matches!(self, Reduction::Min | Reduction::Max | Reduction::Nanmin | Reduction::Nanmax)
    }

    /// What this is for an array without NaN, and whether it skips NaN.
    const fn parted(self) -> (Reduction, bool) {
        match self {
            Reduction::Nansum => (Reduction::Sum, true),
            Reduction::Nanprod => (Reduction::Prod, true),
            Reduction::Nanmean => (Reduction::Mean, true),
            Reduction::Nanmin => (Reduction::Min, true),
            Reduction::Nanmax => (Reduction::Max, true),
            Reduction::Nanvar { ddof } => (Reduction::Var { ddof }, true),
            Reduction::Nanstd { ddof } => (Reduction::Std { ddof }, true),
            Reduction::Nanargmin => (Reduction::Argmin, true),
            Reduction::Nanargmax => (Reduction::Argmax, true),
            plain => (plain, false),
        }
    }

    /// The dtype of the result for an array of this dtype.
    ///
    /// # Errors
    /// None today: every reduction takes every dtype.
    pub fn dtype(&self, input: DType) -> Result<DType> {
        let double = if input.is_inexact() { input } else { DType::Float64 };
        Ok(match self.parted().0 {
            Reduction::Sum | Reduction::Prod if input.is_inexact() => input,
            Reduction::Sum | Reduction::Prod => wide(input),
            Reduction::Min | Reduction::Max => input,
            Reduction::Any | Reduction::All => DType::Bool,
            Reduction::Mean => double,
            Reduction::Var { .. } | Reduction::Std { .. } => double.real(),
            _ => DType::Int64,
        })
    }

    /// The dtypes of the parts of a partial state: the sum and the count of a mean; count, mean and sum of squared
    /// deviations of a variance (the latter two of real and imaginary parts); value and index of an argmin; else the
    /// value alone.
    ///
    /// # Errors
    /// As [`Reduction::dtype`].
    pub fn state(&self, input: DType) -> Result<Vec<DType>> {
        Ok(match self.parted().0 {
            Reduction::Sum | Reduction::Prod => vec![wide(input)],
            Reduction::Mean if input.is_complex() => vec![DType::Complex128, DType::Int64],
            Reduction::Mean => vec![DType::Float64, DType::Int64],
            Reduction::Var { .. } | Reduction::Std { .. } => {
                let parts = if input.is_complex() { 5 } else { 3 };
                (0..parts).map(|part| if part == 0 { DType::Int64 } else { DType::Float64 }).collect()
            }
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
        let (plain, skip_nan) = self.parted();
        let holes = skip_nan && has_nan(values.data());
        let parts = match plain {
            Reduction::Sum => {
                let values = if holes { without_nan(&values, 0.0)? } else { values };
                vec![part(with_values!(values.data(), v => wide_data::<_, Sum>(v, &plan)))]
            }
            Reduction::Prod => {
                let values = if holes { without_nan(&values, 1.0)? } else { values };
                vec![part(with_values!(values.data(), v => wide_data::<_, Product>(v, &plan)))]
            }
            Reduction::Mean => {
                let counts = if holes {
                    part(Data::Int64(with_values!(values.data(), v => fold::<_, Present>(v, &plan)).into()))
                } else {
                    plan.counts()?
                };
                let values = if holes { without_nan(&values, 0.0)? } else { values };
                let sum = match values.data() {
                    Data::Complex64(v) => wide_data::<_, Sum>(v, &plan),
                    Data::Complex128(v) => wide_data::<_, Sum>(v, &plan),
                    data => Data::Float64(with_reals!(data, v => fold::<_, fold::RealSum>(v, &plan)).into()),
                };
                vec![part(sum), counts]
            }
            // The smallest of nothing must still be a bool.
            Reduction::Min if chunk.dtype() == DType::Bool => {
                vec![part(Data::Bool(fold::<_, And>(values.bytes(), &plan).into()))]
            }
            Reduction::Max if chunk.dtype() == DType::Bool => {
                vec![part(Data::Bool(fold::<_, Or>(values.bytes(), &plan).into()))]
            }
            Reduction::Min | Reduction::Max if skip_nan && chunk.dtype().is_inexact() => {
                vec![part(present_extreme(plain == Reduction::Min, values.data(), &plan))]
            }
            Reduction::Min => vec![part(map_values!(values.data(), v => fold::<_, Min>(v, &plan)))],
            Reduction::Max => vec![part(map_values!(values.data(), v => fold::<_, Max>(v, &plan)))],
            Reduction::Any => vec![part(Data::Bool(with_values!(values.data(), v => fold::<_, Or>(v, &plan)).into()))],
            Reduction::All => vec![part(Data::Bool(with_values!(values.data(), v => fold::<_, And>(v, &plan)).into()))],
            Reduction::Var { .. } | Reduction::Std { .. } => deviations(&values, &plan, holes)?,
            Reduction::Argmin | Reduction::Argmax => {
                let search = Search { smallest: plain == Reduction::Argmin, skip_nan };
                let (best, index) = argument::search(search, &values, &plan);
                vec![part(best), part(Data::Int64(argument::globalise(index, chunk.shape(), axes, place)?.into()))]
            }
            _ => vec![part(Data::Int64(with_values!(values.data(), v => fold::<_, Count>(v, &plan)).into()))],
        };
        // Sums of `bool` are signed.
        let parts = match self.state(chunk.dtype())?.as_slice() {
            [DType::Int64] => parts.iter().map(|part| part.cast(DType::Int64)).collect(),
            _ => parts,
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
        let (plain, skip_nan) = self.parted();
        let parts = match plain {
            Reduction::Prod => vec![Binary::Multiply.apply(&a[0], &b[0])?],
            Reduction::Mean => vec![Binary::Add.apply(&a[0], &b[0])?, Binary::Add.apply(&a[1], &b[1])?],
            Reduction::Min if skip_nan => vec![Binary::Fmin.apply(&a[0], &b[0])?],
            Reduction::Max if skip_nan => vec![Binary::Fmax.apply(&a[0], &b[0])?],
            Reduction::Min => vec![Binary::Minimum.apply(&a[0], &b[0])?],
            Reduction::Max => vec![Binary::Maximum.apply(&a[0], &b[0])?],
            Reduction::Any => vec![Binary::LogicalOr.apply(&a[0], &b[0])?],
            Reduction::All => vec![Binary::LogicalAnd.apply(&a[0], &b[0])?],
            Reduction::Var { .. } | Reduction::Std { .. } => moments::merge(a, b)?,
            Reduction::Argmin | Reduction::Argmax => {
                argument::merge(Search { smallest: plain == Reduction::Argmin, skip_nan }, a, b)?
            }
            _ => vec![Binary::Add.apply(&a[0], &b[0])?],
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
        let (plain, skip_nan) = self.parted();
        let result = match plain {
            Reduction::Mean => Binary::Divide.apply(&parts[0], &parts[1])?,
            Reduction::Var { ddof } => moments::variance(parts, ddof, skip_nan)?,
            Reduction::Std { ddof } => Unary::Sqrt.apply(&moments::variance(parts, ddof, skip_nan)?)?,
            Reduction::Argmin | Reduction::Argmax => argument::indices(&parts[1])?,
            _ => parts[0].clone(),
        };
        Ok(result.cast(dtype))
    }

    fn check(&self, axes: &[usize], place: &Place) -> Result<()> {
        match self.parted().0 {
            _ if self.needs_elements() && axes.iter().any(|&axis| place.shape[axis] == 0) => {
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

/// The dtype in which sums and products are made.
const fn wide(dtype: DType) -> DType {
    match dtype.kind() {
        Kind::Bool | Kind::Signed => DType::Int64,
        Kind::Unsigned => DType::UInt64,
        Kind::Float => DType::Float64,
        Kind::Complex => DType::Complex128,
    }
}

fn wide_data<T: Number, F: fold::Fold<T, State = T::Wide>>(values: &[T], plan: &Plan) -> Data {
    <T::Wide as Storage>::store(fold::<T, F>(values, plan))
}

fn has_nan(data: &Data) -> bool {
    match data {
        Data::Float32(v) => v.iter().any(|v| v.is_nan()),
        Data::Float64(v) => v.iter().any(|v| v.is_nan()),
        Data::Complex64(v) => v.iter().any(|v| Number::is_nan(*v)),
        Data::Complex128(v) => v.iter().any(|v| Number::is_nan(*v)),
        _ => false,
    }
}

/// The chunk with `value` in place of NaN.
fn without_nan(chunk: &Chunk, value: f64) -> Result<Chunk> {
    where_(&Unary::Isnan.apply(chunk)?, &Chunk::scalar(value).cast(chunk.dtype()), chunk)
}

fn present_extreme(smallest: bool, data: &Data, plan: &Plan) -> Data {
    macro_rules! extreme {
        ($($variant:ident),*) => {
            match data {
                $(Data::$variant(v) if smallest => Data::$variant(fold::<_, NanMin>(v, plan).into()),
                Data::$variant(v) => Data::$variant(fold::<_, NanMax>(v, plan).into()),)*
                other => other.clone(),
            }
        };
    }
    extreme!(Float32, Float64, Complex64, Complex128)
}

/// The state of a variance.
fn deviations(values: &Chunk, plan: &Plan, holes: bool) -> Result<Vec<Chunk>> {
    let part = |data: Data| Chunk::from_data(&plan.shape, data);
    if values.dtype().is_complex() {
        // A number with a NaN in one part is none.
        let values =
            if holes { where_(&Unary::Isnan.apply(values)?, &nan_of(values.dtype()), values)? } else { values.clone() };
        let mut parts = deviations(&Unary::Real.apply(&values)?, plan, holes)?;
        parts.extend(deviations(&Unary::Imag.apply(&values)?, plan, holes)?.into_iter().skip(1));
        return Ok(parts);
    }
    let (counts, mean, squares) = if holes {
        let (counts, mean, squares) = with_reals!(values.data(), v => moments::present_moments(v, plan));
        (part(Data::Int64(counts.into())), mean, squares)
    } else {
        let (mean, squares) = with_reals!(values.data(), v => moments::moments(v, plan));
        (plan.counts()?, mean, squares)
    };
    Ok(vec![counts, part(Data::Float64(mean.into())), part(Data::Float64(squares.into()))])
}

fn nan_of(dtype: DType) -> Chunk {
    Chunk::scalar(<num_complex::Complex64 as Inexact>::NAN).cast(dtype)
}
