//! The same elements in another order or shape; padding; several arrays as one.

use super::convert::Nested;
use super::indexing::{all_checked, inner};
use super::{PyArray, checked};
use crate::errors::Raise;
use phalanx::array::joining::{self, Indexing};
use phalanx::array::padding::{PadMode, PadStatistic};
use phalanx::array::rechunking::{Trim, unify_chunks};
use phalanx::array::{KeepDimensions, broadcast_arrays};
use phalanx::chunk::reduce::Reduction;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Whether reduced axes stay.
pub fn keep(keepdims: bool) -> KeepDimensions {
    if keepdims { KeepDimensions::Yes } else { KeepDimensions::No }
}

#[pymethods]
impl PyArray {
    fn flip(&self, axes: Option<Vec<isize>>) -> PyResult<Self> {
        checked(self.0.flip(axes))
    }

    fn rot90(&self, times: isize, axes: (isize, isize)) -> PyResult<Self> {
        checked(self.0.rot90(times, axes))
    }

    /// Along an axis, or over all elements.
    fn roll(&self, shift: isize, axis: Option<isize>) -> PyResult<Self> {
        checked(axis.map_or_else(|| self.0.roll_flat(shift), |axis| self.0.roll(shift, axis)))
    }

    fn moveaxis(&self, source: Vec<isize>, destination: Vec<isize>) -> PyResult<Self> {
        checked(self.0.moveaxis(&source, &destination))
    }

    fn rollaxis(&self, axis: isize, start: isize) -> PyResult<Self> {
        checked(self.0.rollaxis(axis, start))
    }

    fn squeeze(&self, axes: Option<Vec<isize>>) -> PyResult<Self> {
        checked(self.0.squeeze(axes))
    }

    fn expand_dims(&self, axis: isize) -> PyResult<Self> {
        checked(self.0.expand_dims(axis))
    }

    fn ravel(&self) -> PyResult<Self> {
        checked(self.0.flatten())
    }

    fn broadcast_to(&self, shape: Vec<usize>) -> PyResult<Self> {
        checked(self.0.broadcast_to(shape))
    }

    fn tile(&self, counts: Vec<usize>) -> PyResult<Self> {
        checked(self.0.tile(&counts))
    }

    /// By one number, or by one for each slice.
    fn repeat(&self, counts: Vec<usize>, axis: isize) -> PyResult<Self> {
        checked(match counts.as_slice() {
            &[count] => self.0.repeat(count, axis),
            counts => self.0.repeat_each(counts, axis),
        })
    }

    fn diff(&self, n: usize, axis: isize) -> PyResult<Self> {
        checked(self.0.diff(n, axis))
    }

    fn gradient(&self, spacing: f64, axis: isize) -> PyResult<Self> {
        checked(self.0.gradient(spacing, axis))
    }

    fn tril(&self, k: i64) -> PyResult<Self> {
        checked(self.0.tril(k))
    }

    fn triu(&self, k: i64) -> PyResult<Self> {
        checked(self.0.triu(k))
    }

    fn diagonal(&self, offset: i64, axes: (isize, isize)) -> PyResult<Self> {
        checked(self.0.diagonal(offset, axes))
    }

    fn diag(&self, k: i64) -> PyResult<Self> {
        checked(self.0.diag(k))
    }

    fn split_at(&self, borders: Vec<isize>, axis: isize) -> PyResult<Vec<Self>> {
        all_checked(self.0.split_at(&borders, axis).raise()?)
    }

    fn array_split(&self, count: usize, axis: isize) -> PyResult<Vec<Self>> {
        all_checked(self.0.array_split(count, axis).raise()?)
    }

    fn split(&self, count: usize, axis: isize) -> PyResult<Vec<Self>> {
        all_checked(self.0.split(count, axis).raise()?)
    }

    fn insert(&self, at: Vec<isize>, values: &Self, axis: isize) -> PyResult<Self> {
        checked(self.0.insert(&at, &values.0, axis))
    }

    fn delete(&self, gone: Vec<isize>, axis: isize) -> PyResult<Self> {
        checked(self.0.delete(&gone, axis))
    }

    /// By a mode of NumPy's; `values` are its constants or end values, `lengths` what a statistic is of.
    fn pad(
        &self,
        widths: Vec<(usize, usize)>,
        mode: &str,
        values: Vec<(f64, f64)>,
        lengths: Vec<(Option<usize>, Option<usize>)>,
    ) -> PyResult<Self> {
        let statistic = |statistic| PadMode::Statistic(statistic, lengths.clone());
        let mode = match mode {
            "constant" => PadMode::Constant(values),
            "edge" => PadMode::Edge,
            "empty" => PadMode::Empty,
            "linear_ramp" => PadMode::LinearRamp(values),
            "reflect" => PadMode::Reflect,
            "symmetric" => PadMode::Symmetric,
            "wrap" => PadMode::Wrap,
            "maximum" => statistic(PadStatistic::Maximum),
            "minimum" => statistic(PadStatistic::Minimum),
            "mean" => statistic(PadStatistic::Mean),
            "median" => statistic(PadStatistic::Median),
            other => return Err(PyValueError::new_err(format!("mode {other:?} is not supported"))),
        };
        checked(self.0.pad(&widths, &mode))
    }

    /// Blocks of neighbours reduced by NumPy's reduction of this name.
    fn coarsen(&self, name: &str, sizes: Vec<(isize, usize)>, trim: bool) -> PyResult<Self> {
        let reduction = match name {
            "sum" => Reduction::Sum,
            "prod" => Reduction::Prod,
            "mean" => Reduction::Mean,
            "min" | "amin" => Reduction::Min,
            "max" | "amax" => Reduction::Max,
            "any" => Reduction::Any,
            "all" => Reduction::All,
            "var" => Reduction::Var { ddof: 0.0 },
            "std" => Reduction::Std { ddof: 0.0 },
            other => return Err(PyValueError::new_err(format!("coarsen knows no reduction {other:?}"))),
        };
        checked(self.0.coarsen(reduction, &sizes, if trim { Trim::Drop } else { Trim::Refuse }))
    }

    fn shuffle(&self, groups: Vec<Vec<isize>>, axis: isize) -> PyResult<Self> {
        checked(self.0.shuffle(&groups, axis))
    }

    #[staticmethod]
    fn concatenate(arrays: Vec<Self>, axis: isize) -> PyResult<Self> {
        checked(joining::concatenate(&inner(&arrays), axis))
    }

    #[staticmethod]
    fn stack(arrays: Vec<Self>, axis: isize) -> PyResult<Self> {
        checked(joining::stack(&inner(&arrays), axis))
    }

    #[staticmethod]
    fn vstack(arrays: Vec<Self>) -> PyResult<Self> {
        checked(joining::vstack(&inner(&arrays)))
    }

    #[staticmethod]
    fn hstack(arrays: Vec<Self>) -> PyResult<Self> {
        checked(joining::hstack(&inner(&arrays)))
    }

    #[staticmethod]
    fn dstack(arrays: Vec<Self>) -> PyResult<Self> {
        checked(joining::dstack(&inner(&arrays)))
    }

    #[staticmethod]
    fn column_stack(arrays: Vec<Self>) -> PyResult<Self> {
        checked(joining::column_stack(&inner(&arrays)))
    }

    #[staticmethod]
    fn block(nested: Nested) -> PyResult<Self> {
        checked(joining::block(&nested.0))
    }

    fn atleast(&self, ndim: usize) -> PyResult<Self> {
        checked(joining::atleast(&self.0, ndim))
    }

    #[staticmethod]
    fn meshgrid(arrays: Vec<Self>, cartesian: bool, sparse: bool) -> PyResult<Vec<Self>> {
        let indexing = if cartesian { Indexing::Cartesian } else { Indexing::Matrix };
        all_checked(joining::meshgrid(&inner(&arrays), indexing, keep(sparse)))
    }

    #[staticmethod]
    fn broadcast_arrays(arrays: Vec<Self>) -> PyResult<Vec<Self>> {
        all_checked(broadcast_arrays(&inner(&arrays)).raise()?)
    }

    #[staticmethod]
    fn unify_chunks(arrays: Vec<Self>) -> PyResult<Vec<Self>> {
        all_checked(unify_chunks(&inner(&arrays)).raise()?)
    }
}
