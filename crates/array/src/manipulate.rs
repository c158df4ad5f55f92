//! The same elements in another order or shape, and differences.

use crate::array::Array;
use crate::index::Index;
use crate::joining::{concatenate, stack};
use crate::shape::{IntoAxes, axes_of, axis_of};
use phalanx_chunk::ufunc::Binary;
use phalanx_chunk::{DType, shape::strides};
use phalanx_engine::{Error, Result};

/// Parts that leave all axes but one whole.
pub(crate) fn along(axis: usize, part: impl Into<Index>) -> Vec<Index> {
    let mut parts = vec![Index::from(..); axis];
    parts.push(part.into());
    parts
}

impl Array {
    /// `make` with the number of axes and the axis, or the error.
    pub(crate) fn with_axis(&self, axis: isize, make: impl FnOnce(usize) -> Result<Self>) -> Self {
        self.shape().and_then(|shape| make(axis_of(axis, shape.len())?)).unwrap_or_else(Self::failed)
    }

    /// The order of elements along the axes reversed, NumPy's `flip`; [`Array::flip`] with 0 is `flipud`, with 1 `fliplr`.
    #[must_use]
    pub fn flip(&self, axes: impl IntoAxes) -> Self {
        let make = || {
            let mut parts = vec![Index::from(..); self.shape()?.len()];
            axes_of(axes, parts.len())?.into_iter().for_each(|axis| parts[axis] = parts[axis].by(-1));
            Ok(self.slice(parts))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// Turned `times` quarters from the first of two axes towards the second.
    #[must_use]
    pub fn rot90(&self, times: isize, axes: (isize, isize)) -> Self {
        let make = || {
            let ndim = self.shape()?.len();
            let (a, b) = (axis_of(axes.0, ndim)?, axis_of(axes.1, ndim)?);
            if a == b {
                return Err(Error::input("the axes of rot90 are the same").with_hint("name two different axes"));
            }
            let (first, second) = (a.cast_signed(), b.cast_signed());
            Ok(match times.rem_euclid(4) {
                0 => self.clone(),
                1 => self.flip(second).swap_axes(first, second),
                2 => self.flip(first).flip(second),
                _ => self.swap_axes(first, second).flip(second),
            })
        };
        make().unwrap_or_else(Self::failed)
    }

    /// Moved by `shift` along an axis; what leaves at an end comes in at the other.
    #[must_use]
    pub fn roll(&self, shift: isize, axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let length = self.shape()?[axis].cast_signed();
            let shift = if length == 0 { 0 } else { shift.rem_euclid(length) };
            if shift == 0 {
                return Ok(self.clone());
            }
            let (tail, head) = (along(axis, length - shift..), along(axis, ..length - shift));
            Ok(concatenate(&[&self.slice(tail), &self.slice(head)], axis.cast_signed()))
        })
    }

    /// As [`Array::roll`], over all elements in C order.
    #[must_use]
    pub fn roll_flat(&self, shift: isize) -> Self {
        match self.shape() {
            Ok(shape) => self.flatten().roll(shift, 0).reshape(shape),
            Err(error) => Self::failed(error),
        }
    }

    /// The axes `from` moved to the places `to`, the others in their order.
    #[must_use]
    pub fn moveaxis(&self, from: &[isize], to: &[isize]) -> Self {
        let make = || {
            let ndim = self.ndim()?;
            let axes = |axes: &[isize]| {
                axes_of(axes, ndim)?;
                axes.iter().map(|&axis| axis_of(axis, ndim)).collect::<Result<Vec<_>>>()
            };
            let (from, to) = (axes(from)?, axes(to)?);
            if from.len() != to.len() {
                return Err(
                    Error::input("source and destination of moveaxis differ in length").with_hint("name as many")
                );
            }
            let mut others = (0..ndim).filter(|axis| !from.contains(axis));
            let source = |place: usize| match to.iter().position(|&at| at == place) {
                Some(at) => Some(from[at]),
                None => others.next(),
            };
            let order: Vec<isize> = (0..ndim).filter_map(source).map(usize::cast_signed).collect();
            Ok(self.transpose(&order))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The axis moved before the axis `start`, NumPy's `rollaxis`.
    #[must_use]
    pub fn rollaxis(&self, axis: isize, start: isize) -> Self {
        let make = || {
            let ndim = self.ndim()?;
            let axis = axis_of(axis, ndim)?;
            let start = axis_of(start, ndim + 1)?;
            let to = if start > axis { start - 1 } else { start };
            Ok(self.moveaxis(&[axis.cast_signed()], &[to.cast_signed()]))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// Without axes of length 1: all of them, or those named.
    #[must_use]
    pub fn squeeze(&self, axes: impl IntoAxes) -> Self {
        let make = || {
            let shape = self.shape()?;
            let gone: Vec<usize> = match axes.into_axes() {
                None => (0..shape.len()).filter(|&axis| shape[axis] == 1).collect(),
                named => axes_of(named, shape.len())?,
            };
            if gone.iter().any(|&axis| shape[axis] != 1) {
                return Err(Error::input("cannot select an axis to squeeze out which has size not equal to one")
                    .with_hint(format!("the shape is {shape:?}")));
            }
            let part = |axis: usize| if gone.contains(&axis) { Index::At(0) } else { Index::from(..) };
            Ok(self.slice((0..shape.len()).map(part).collect::<Vec<_>>()))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The array `counts` times along each axis, NumPy's `tile`.
    #[must_use]
    pub fn tile(&self, counts: &[usize]) -> Self {
        let make = || {
            let own = self.shape()?;
            let ndim = own.len().max(counts.len());
            let shape = [vec![1; ndim - own.len()], own.to_vec()].concat();
            let counts = [vec![1; ndim - counts.len()], counts.to_vec()].concat();
            // Each axis as (count, length), of which the first is broadcast.
            let pairs = |first: &[usize]| first.iter().zip(&shape).flat_map(|(&a, &b)| [a, b]).collect::<Vec<_>>();
            let lengths = counts.iter().zip(&shape).map(|(count, length)| count.checked_mul(*length));
            let whole = lengths
                .collect::<Option<Vec<usize>>>()
                .ok_or_else(|| Error::input("the tiled array is too large").with_hint("tile fewer times"))?;
            Ok(self.reshape(pairs(&vec![1; ndim])).broadcast_to(pairs(&counts)).reshape(whole))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// Each slice along `axis` `count` times, NumPy's `repeat` with one number.
    #[must_use]
    pub fn repeat(&self, count: usize, axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let mut shape = self.shape()?.to_vec();
            let length = shape[axis]
                .checked_mul(count)
                .ok_or_else(|| Error::input("the repeated array is too large").with_hint("repeat fewer times"))?;
            shape.insert(axis + 1, count);
            let wide = self.expand_dims(axis.cast_signed() + 1).broadcast_to(&shape);
            shape.remove(axis + 1);
            shape[axis] = length;
            Ok(wide.reshape(shape))
        })
    }

    /// Each slice along `axis` as often as its own number says.
    #[must_use]
    pub fn repeat_each(&self, counts: &[usize], axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let length = self.shape()?[axis];
            if counts.len() != length {
                return Err(Error::input(format!(
                    "operands could not be broadcast together with shape ({length},) ({},)",
                    counts.len()
                ))
                .with_hint("give one number, or one for each"));
            }
            let indices: Vec<isize> = counts
                .iter()
                .enumerate()
                .flat_map(|(at, &count)| std::iter::repeat_n(at.cast_signed(), count))
                .collect();
            Ok(self.take(&indices, axis.cast_signed()))
        })
    }

    /// The differences of neighbours along `axis`, `n` times over; of booleans whether they differ.
    #[must_use]
    pub fn diff(&self, n: usize, axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let minus = if self.dtype()? == DType::Bool { Binary::NotEqual } else { Binary::Subtract };
            let step = |array: Self| array.slice(along(axis, 1..)).binary(minus, array.slice(along(axis, ..-1)));
            Ok((0..n).fold(self.clone(), |array, _| step(array)))
        })
    }

    /// Central differences along `axis`, one-sided at the ends, of points `spacing` apart: NumPy's `gradient`.
    #[must_use]
    pub fn gradient(&self, spacing: f64, axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let array = if self.dtype()?.is_float() { self.clone() } else { self.astype(DType::Float64) };
            let length = self.shape()?[axis].cast_signed();
            if length < 2 {
                return Err(Error::input("shape of array too small to calculate a numerical gradient")
                    .with_hint("at least two elements along the axis are needed"));
            }
            let between = |high: Index, low: Index, by: f64| {
                (array.slice(along(axis, high)) - array.slice(along(axis, low))) / by
            };
            let first = between((1..2).into(), (0..1).into(), spacing);
            let middle = between((2..).into(), (..-2).into(), 2.0 * spacing);
            let last = between((length - 1..).into(), (length - 2..length - 1).into(), spacing);
            let sizes = self.chunks()?.sizes(axis);
            let joined = concatenate(&[&first, &middle, &last], axis.cast_signed());
            Ok(joined.rechunk_axis(axis, sizes))
        })
    }

    /// The parts between `borders` along `axis`, NumPy's `split` with indices: borders are clipped.
    ///
    /// # Errors
    /// `Input` for an axis out of range; as [`Array::check`].
    pub fn split_at(&self, borders: &[isize], axis: isize) -> Result<Vec<Self>> {
        let axis = axis_of(axis, self.shape()?.len())?;
        let starts = std::iter::once(Some(0)).chain(borders.iter().copied().map(Some));
        let stops = borders.iter().copied().map(Some).chain([None]);
        let part = |(start, stop)| self.slice(along(axis, Index::Slice { start, stop, step: 1 }));
        Ok(starts.zip(stops).map(part).collect())
    }

    /// `count` parts along `axis` that differ in length by at most one, NumPy's `array_split`.
    ///
    /// # Errors
    /// `Input` for no part or an axis out of range; as [`Array::check`].
    pub fn array_split(&self, count: usize, axis: isize) -> Result<Vec<Self>> {
        if count == 0 {
            return Err(Error::input("number sections must be larger than 0").with_hint("ask for at least one part"));
        }
        let length = self.shape()?[axis_of(axis, self.shape()?.len())?];
        let (size, longer) = (length / count, length % count);
        let border = |number: usize| (number * size + number.min(longer)).cast_signed();
        self.split_at(&(1..count).map(border).collect::<Vec<_>>(), axis)
    }

    /// `count` parts of one length along `axis`, NumPy's `split`.
    ///
    /// # Errors
    /// `Input`, if they do not come out even; as [`Array::array_split`].
    pub fn split(&self, count: usize, axis: isize) -> Result<Vec<Self>> {
        let length = self.shape()?[axis_of(axis, self.shape()?.len())?];
        if count == 0 || !length.is_multiple_of(count) {
            return Err(Error::input("array split does not result in an equal division")
                .with_hint(format!("{length} is no multiple of {count}; `array_split` allows uneven parts")));
        }
        self.array_split(count, axis)
    }

    /// With `values` put in before the places `at` of an axis (as they were before), NumPy's `insert`.
    #[must_use]
    pub fn insert(&self, at: &[isize], values: &Self, axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let shape = self.shape()?.to_vec();
            let length = shape[axis].cast_signed();
            let mut places = vec![];
            for (number, &place) in at.iter().enumerate() {
                let counted = if place < 0 { place + length } else { place };
                if !(0..=length).contains(&counted) {
                    return Err(Error::input(format!(
                        "index {place} is out of bounds for axis {axis} with size {length}"
                    ))
                    .with_hint("insert before a place from 0 to the length"));
                }
                places.push((counted, number));
            }
            places.sort_unstable();
            let mut wide = shape;
            wide[axis] = at.len();
            let values = values.astype(self.dtype()?);
            // Values of one place go along the axis; others need the array's number of axes.
            let values = if values.ndim()? == 0 || at.len() > 1 || values.ndim()? == wide.len() {
                values
            } else {
                values.expand_dims(if axis == 0 { 0 } else { axis.cast_signed().min(values.ndim()?.cast_signed()) })
            };
            let values = values.broadcast_to(&wide);
            let mut parts = vec![];
            let mut done = 0;
            for (place, number) in places {
                parts.push(self.slice(along(axis, done..place)));
                parts.push(values.slice(along(axis, number.cast_signed()..number.cast_signed() + 1)));
                done = place;
            }
            parts.push(self.slice(along(axis, done..)));
            Ok(concatenate(&parts.iter().collect::<Vec<_>>(), axis.cast_signed()))
        })
    }

    /// Without the slices number `gone` of an axis, NumPy's `delete`.
    #[must_use]
    pub fn delete(&self, gone: &[isize], axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let length = self.shape()?[axis];
            let mut sorted = vec![];
            for &index in gone {
                let at = if index < 0 { length.checked_add_signed(index) } else { Some(index.unsigned_abs()) };
                sorted.push(at.filter(|&at| at < length).ok_or_else(|| {
                    Error::input(format!("index {index} is out of bounds for axis {axis} with size {length}"))
                        .with_hint("indices count from 0, or from the end where negative")
                })?);
            }
            sorted.sort_unstable();
            sorted.dedup();
            let starts = std::iter::once(0).chain(sorted.iter().map(|&at| at + 1));
            let stops = sorted.iter().copied().chain([length]);
            let parts: Vec<Self> = starts
                .zip(stops)
                .filter(|(start, stop)| start < stop)
                .map(|(start, stop)| self.slice(along(axis, start.cast_signed()..stop.cast_signed())))
                .collect();
            if parts.is_empty() {
                return Ok(self.slice(along(axis, 0..0)));
            }
            Ok(concatenate(&parts.iter().collect::<Vec<_>>(), axis.cast_signed()))
        })
    }
}

/// The indices of flat ones in an array of this shape, an array for each axis. Negative or too large ones wrap around:
/// they are known only when they are computed.
pub fn unravel_index(flat: &Array, shape: &[usize]) -> Vec<Array> {
    strides(shape)
        .into_iter()
        .zip(shape)
        .map(|(stride, &length)| flat.floor_divide(stride as i64) % (length.max(1) as i64))
        .collect()
}

/// The flat indices of an index for each axis, in an array of this shape.
pub fn ravel_multi_index(indices: &[Array], shape: &[usize]) -> Array {
    if indices.len() != shape.len() || indices.is_empty() {
        return Array::failed(
            Error::input(format!("{} arrays of indices for shape {shape:?}", indices.len()))
                .with_hint("parameter multi_index must be a sequence of length of the shape"),
        );
    }
    let terms = indices.iter().zip(strides(shape)).map(|(index, stride)| index * stride as i64);
    terms.reduce(|sum, term| sum + term).unwrap_or_else(|| stack(&[], 0))
}
