//! Where elements lie: regions, assembling, transposing, broadcasting, concatenating, gathering.
//!
//! All of them are one strided copy (`walk`) with different strides. Nothing here computes.

mod assemble;
mod walk;

use crate::chunk::{Chunk, map_values};
use crate::error::{Error, Result};
use crate::shape::{check_axes, element_count, strides};
use crate::span::{Span, lengths};
use walk::copy;
pub(crate) use walk::{Dim, collapse, for_each, signed};

impl Chunk {
    /// The hyper-rectangle that `region` cuts out, one span per axis.
    ///
    /// Shares the data when the region is one ascending run of this chunk's elements (then it also keeps all of
    /// this chunk's memory alive); else it is a copy, one pass over what is cut out.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one span per axis or an index is out of range, [`Error::Value`] for a step
    /// of zero.
    ///
    /// ```
    /// use phalanx_chunk::{Chunk, Span};
    /// # fn main() -> phalanx_chunk::Result<()> {
    /// let a = Chunk::new(&[3, 4], (0..12).collect::<Vec<i64>>())?;
    /// let b = a.region(&[Span::new(2, 2, -1), Span::new(0, 2, 2)])?;
    /// assert_eq!((b.shape(), b.values::<i64>()?), (&[2, 2][..], &[8, 10, 4, 6][..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn region(&self, region: &[Span]) -> Result<Chunk> {
        check_region(self.shape(), region)?;
        let shape = lengths(region);
        let count = element_count(&shape)?;
        if count == 0 {
            return Chunk::zeros(self.dtype(), &shape);
        }
        let from = strides(self.shape());
        let to = strides(&shape);
        let base = region.iter().zip(&from).map(|(span, stride)| span.start * stride).sum();
        let dims = collapse(region.iter().zip(from.iter().zip(&to)).map(|(span, (&from, &to))| Dim {
            len: span.len,
            from: span.step * signed(from),
            to: signed(to),
        }));
        if dims.iter().all(|d| d.from == d.to) {
            return Ok(Chunk::from_data(&shape, map_values!(self.data(), v => v.slice(base, count))));
        }
        Ok(Chunk::from_data(&shape, map_values!(self.data(), v => copied(v, base, count, &dims))))
    }

    /// The chunk with its axes in the order of `permutation`: axis `i` of the result is axis `permutation[i]`.
    ///
    /// One blocked pass that reads and writes whole cache lines; no copy where only axes of length one move.
    ///
    /// # Errors
    /// [`Error::Shape`] if `permutation` does not name every axis, [`Error::Axis`] if it names one twice.
    pub fn transpose(&self, permutation: &[usize]) -> Result<Chunk> {
        if permutation.len() != self.ndim() {
            return Err(Error::shape(format!(
                "permutation {permutation:?} does not name the {} axes of shape {:?}",
                self.ndim(),
                self.shape()
            )));
        }
        check_axes(permutation, self.ndim())?;
        let shape: Vec<usize> = permutation.iter().map(|&axis| self.shape()[axis]).collect();
        if self.is_empty() {
            return Chunk::zeros(self.dtype(), &shape);
        }
        let (from, to) = (strides(self.shape()), strides(&shape));
        let dims = collapse((0..shape.len()).map(|i| Dim {
            len: shape[i],
            from: signed(from[permutation[i]]),
            to: signed(to[i]),
        }));
        if dims.len() <= 1 {
            return self.reshape(&shape);
        }
        Ok(Chunk::from_data(&shape, map_values!(self.data(), v => copied(v, 0, self.len(), &dims))))
    }

    /// The chunk repeated along axes of length one, and along new axes in front, as NumPy broadcasts.
    ///
    /// # Errors
    /// [`Error::Shape`] if this chunk's shape does not broadcast to `shape`, [`Error::Overflow`] if that is too
    /// large.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Chunk> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        let refused = || Error::shape(format!("shape {:?} does not broadcast to {shape:?}", self.shape()));
        let count = element_count(shape)?;
        let new_axes = shape.len().checked_sub(self.ndim()).ok_or_else(refused)?;
        let (from, to) = (strides(self.shape()), strides(shape));
        let mut dims = Vec::with_capacity(shape.len());
        for (i, &len) in shape.iter().enumerate() {
            let stride = match i.checked_sub(new_axes).map(|axis| (self.shape()[axis], from[axis])) {
                Some((own, stride)) if own == len => signed(stride),
                Some((1, _)) | None => 0,
                Some(_) => return Err(refused()),
            };
            dims.push(Dim { len, from: stride, to: signed(to[i]) });
        }
        if count == 0 {
            return Chunk::zeros(self.dtype(), shape);
        }
        let dims = collapse(dims);
        Ok(Chunk::from_data(shape, map_values!(self.data(), v => copied(v, 0, count, &dims))))
    }

    /// The slices number `indices` of `axis`, in that order; an index may come more than once.
    ///
    /// # Errors
    /// [`Error::Axis`] for an axis out of range, [`Error::Shape`] for an index out of range.
    pub fn gather(&self, axis: usize, indices: &[usize]) -> Result<Chunk> {
        check_axes(&[axis], self.ndim())?;
        let n = self.shape()[axis];
        if let Some(index) = indices.iter().find(|&&i| i >= n) {
            return Err(Error::shape(format!("index {index} leaves axis {axis} of length {n}")));
        }
        let mut shape = self.shape().to_vec();
        shape[axis] = indices.len();
        let count = element_count(&shape)?;
        let inner: usize = self.shape()[axis + 1..].iter().product();
        if count == 0 {
            return Chunk::zeros(self.dtype(), &shape);
        }
        Ok(Chunk::from_data(&shape, map_values!(self.data(), v => gathered(v, n, inner, indices, count))))
    }
}

/// One checked span per axis.
pub(crate) fn check_region(shape: &[usize], region: &[Span]) -> Result<()> {
    if region.len() != shape.len() {
        return Err(Error::shape(format!(
            "{} spans do not cut the {} axes of shape {shape:?}",
            region.len(),
            shape.len()
        )));
    }
    region.iter().zip(shape).try_for_each(|(span, &n)| span.check(n))
}

fn copied<T: Copy + Default>(values: &[T], base: usize, count: usize, dims: &[Dim]) -> Vec<T> {
    let mut out = vec![T::default(); count];
    copy(values, base, &mut out, 0, dims);
    out
}

fn gathered<T: Copy>(values: &[T], n: usize, inner: usize, indices: &[usize], count: usize) -> Vec<T> {
    let mut out = Vec::with_capacity(count);
    for block in values.chunks_exact(n * inner) {
        if inner == 1 {
            out.extend(indices.iter().map(|&i| block[i]));
        } else {
            indices.iter().for_each(|&i| out.extend_from_slice(&block[i * inner..(i + 1) * inner]));
        }
    }
    out
}

#[cfg(test)]
mod tests;
