//! Sorting, selecting and quantiles along an axis.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::Lift;
use crate::expr::Expr;
use crate::index::Index;
use crate::joining::concatenate;
use crate::manipulate::along;
use crate::node::lines;
use crate::rechunking::whole_along;
use crate::reductions::KeepDimensions;
use crate::shape::{IntoAxes, axes_of};
use phalanx_chunk::lines::{Lines, Method};
use phalanx_chunk::shape::element_count;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Nothing: a NaN makes the result NaN.
    Nothing,
    /// NaNs.
    Nan,
}

impl Array {
    /// A function of whole lines; the axis becomes one chunk.
    pub(crate) fn lines(&self, function: Lines, axis: usize) -> Self {
        whole_along(self, axis).then(|expr| {
            let dtype = function.dtype(expr.dtype()).lift()?;
            let input = expr.shape().to_vec();
            let mut shape = input.clone();
            shape[axis] = function.length(input[axis]);
            element_count(&shape).lift()?;
            let single = [0, shape[axis]].into();
            let borders = (0..shape.len()).map(|at| if at == axis { &single } else { expr.chunks.borders(at) });
            let chunks = Chunks::from_borders(borders.map(Arc::clone).collect());
            let node = lines::Lines { function, axis, input, dtype, shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        })
    }

    /// Ascending along `axis`, NaN last; stable. A task has whole lines, so a line must fit its memory.
    #[must_use]
    pub fn sort(&self, axis: isize) -> Self {
        self.with_axis(axis, |axis| Ok(self.lines(Lines::Sort, axis)))
    }

    /// Where the elements of [`Array::sort`] come from; equal ones stay in their order.
    #[must_use]
    pub fn argsort(&self, axis: isize) -> Self {
        self.with_axis(axis, |axis| Ok(self.lines(Lines::Argsort, axis)))
    }

    /// The `k` largest along `axis`, descending; for a negative `k` the smallest, ascending. Each chunk is reduced to
    /// its own `k` before they meet.
    #[must_use]
    pub fn topk(&self, k: isize, axis: isize) -> Self {
        self.with_axis(axis, |axis| Ok(self.best(k, axis)?.0))
    }

    /// Where those are.
    #[must_use]
    pub fn argtopk(&self, k: isize, axis: isize) -> Self {
        self.with_axis(axis, |axis| Ok(self.best(k, axis)?.1))
    }

    fn best(&self, k: isize, axis: usize) -> Result<(Self, Self)> {
        let borders = self.chunks()?.borders(axis).to_vec();
        let largest = k.unsigned_abs();
        let worth_it = borders.len() > 2 && borders.windows(2).any(|pair| pair[1] - pair[0] > largest);
        if !worth_it {
            return Ok((self.lines(Lines::Top { k }, axis), self.lines(Lines::ArgTop { k }, axis)));
        }
        let (mut values, mut places) = (vec![], vec![]);
        for pair in borders.windows(2) {
            let part = self.slice(along(axis, pair[0].cast_signed()..pair[1].cast_signed()));
            values.push(part.lines(Lines::Top { k }, axis));
            places.push(part.lines(Lines::ArgTop { k }, axis) + pair[0] as i64);
        }
        let joined = |parts: &[Self]| concatenate(&parts.iter().collect::<Vec<_>>(), axis.cast_signed());
        let (values, places) = (joined(&values), joined(&places));
        let chosen = values.lines(Lines::ArgTop { k }, axis);
        Ok((values.lines(Lines::Top { k }, axis), places.take_along_axis(&chosen, axis.cast_signed())))
    }

    /// The quantiles `q` (from 0 to 1) over axes; their axis comes first. A task has whole lines.
    #[must_use]
    pub fn quantile(&self, q: &[f64], axes: impl IntoAxes, method: Method, keep: KeepDimensions, skip: Skip) -> Self {
        if let Some(q) = q.iter().find(|q| !(0.0..=1.0).contains(*q)) {
            return Self::failed(
                Error::input(format!("Quantiles must be in the range [0, 1], and one is {q}"))
                    .with_hint("percentiles go from 0 to 100"),
            );
        }
        let function = Lines::Quantile { q: q.to_vec(), method, skip_nan: skip == Skip::Nan };
        let lines = self.over_axes(function, axes, keep);
        lines.unwrap_or_else(Self::failed)
    }

    /// The median over axes.
    #[must_use]
    pub fn median(&self, axes: impl IntoAxes, keep: KeepDimensions, skip: Skip) -> Self {
        let lines = self.over_axes(Lines::Median { skip_nan: skip == Skip::Nan }, axes, keep);
        lines.map_or_else(Self::failed, |lines| lines.slice([Index::At(0)]))
    }

    /// A function of the lines that the axes make together; the results' axis comes first.
    fn over_axes(&self, function: Lines, axes: impl IntoAxes, keep: KeepDimensions) -> Result<Self> {
        let shape = self.shape()?.to_vec();
        let gone = axes_of(axes, shape.len())?;
        let kept: Vec<usize> = (0..shape.len()).filter(|axis| !gone.contains(axis)).collect();
        let length: usize = gone.iter().map(|&axis| shape[axis]).product();
        if length == 0 {
            return Err(Error::input(format!("{} of no elements: shape {shape:?}", function.name()))
                .with_hint("reduce axes that have elements"));
        }
        let order: Vec<isize> = kept.iter().chain(&gone).map(|&axis| axis.cast_signed()).collect();
        let mut merged: Vec<usize> = kept.iter().map(|&axis| shape[axis]).collect();
        let moved = if gone.len() == 1 {
            self.transpose(&order)
        } else {
            let wide = [merged.as_slice(), &[length]].concat();
            self.transpose(&order).reshape(wide)
        };
        let done = moved.lines(function, merged.len());
        let first = done.moveaxis(&[-1], &[0]);
        if keep == KeepDimensions::No {
            return Ok(first);
        }
        merged = shape.iter().enumerate().map(|(axis, &n)| if gone.contains(&axis) { 1 } else { n }).collect();
        merged.insert(0, done.shape()?[kept.len()]);
        Ok(first.reshape(merged))
    }
}
