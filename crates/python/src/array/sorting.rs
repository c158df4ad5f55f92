//! Scans, sorting, quantiles, counting, sets.

use super::indexing::{all_checked, inner};
use super::shapes::keep;
use super::{PyArray, checked};
use crate::errors::Raise;
use phalanx::array::counting::{self, Bins, Density};
use phalanx::array::sorting::Skip;
use phalanx::chunk::lines::{Method, Running};
use phalanx::chunk::search::Search;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

fn skip(nan: bool) -> Skip {
    if nan { Skip::Nan } else { Skip::Nothing }
}

/// NumPy's `side`.
fn side(name: &str) -> PyResult<Search> {
    match name {
        "left" => Ok(Search::Left),
        "right" => Ok(Search::Right),
        other => Err(PyValueError::new_err(format!("side must be 'left' or 'right' (got {other:?})"))),
    }
}

/// The bins of one dimension: how many and in which range, or their edges.
#[derive(FromPyObject)]
pub enum PyBins {
    Edges(PyArray),
    Count((usize, Option<(f64, f64)>)),
}

impl From<PyBins> for Bins {
    fn from(bins: PyBins) -> Self {
        match bins {
            PyBins::Edges(edges) => Self::Edges(edges.0),
            PyBins::Count((count, range)) => Self::Count(count, range),
        }
    }
}

#[pymethods]
impl PyArray {
    /// `cumsum` and its like.
    fn scan(&self, name: &str, axis: isize) -> PyResult<Self> {
        let running = match name {
            "cumsum" => Running::Sum,
            "cumprod" => Running::Product,
            "nancumsum" => Running::NanSum,
            "nancumprod" => Running::NanProduct,
            other => return Err(PyValueError::new_err(format!("there is no scan {other:?}"))),
        };
        checked(self.0.scan(running, axis))
    }

    fn sort(&self, axis: isize) -> PyResult<Self> {
        checked(self.0.sort(axis))
    }

    fn argsort(&self, axis: isize) -> PyResult<Self> {
        checked(self.0.argsort(axis))
    }

    fn topk(&self, k: isize, axis: isize) -> PyResult<Self> {
        checked(self.0.topk(k, axis))
    }

    fn argtopk(&self, k: isize, axis: isize) -> PyResult<Self> {
        checked(self.0.argtopk(k, axis))
    }

    fn quantile(
        &self,
        q: Vec<f64>,
        axes: Option<Vec<isize>>,
        method: &str,
        keepdims: bool,
        skip_nan: bool,
    ) -> PyResult<Self> {
        let method = method.parse::<Method>().raise()?;
        checked(self.0.quantile(&q, axes, method, keep(keepdims), skip(skip_nan)))
    }

    fn median(&self, axes: Option<Vec<isize>>, keepdims: bool, skip_nan: bool) -> PyResult<Self> {
        checked(self.0.median(axes, keep(keepdims), skip(skip_nan)))
    }

    /// The counts of points, whose coordinates these are, and the edges of each dimension.
    #[staticmethod]
    fn histogram(
        points: Vec<Self>,
        bins: Vec<PyBins>,
        weights: Option<Self>,
        density: bool,
    ) -> PyResult<(Self, Vec<Self>)> {
        let bins: Vec<Bins> = bins.into_iter().map(Into::into).collect();
        let density = if density { Density::Normed } else { Density::Counts };
        let weights = weights.as_ref().map(|weights| &weights.0);
        let (counts, edges) = counting::histogram_of(&inner(&points), &bins, weights, density).raise()?;
        Ok((checked(counts)?, all_checked(edges)?))
    }

    fn bincount(&self, weights: Option<Self>, least: usize) -> PyResult<Self> {
        checked(self.0.bincount_at_least(weights.as_ref().map(|weights| &weights.0), least))
    }

    /// Places in a sorted table.
    fn search(&self, table: &Self, side_name: &str) -> PyResult<Self> {
        checked(self.0.lookup(&table.0, side(side_name)?))
    }

    fn digitize(&self, edges: Vec<f64>, side_name: &str) -> PyResult<Self> {
        checked(self.0.digitize(&edges, side(side_name)?))
    }

    fn isin(&self, test: &Self) -> PyResult<Self> {
        checked(self.0.isin(&test.0))
    }

    /// The different elements, where each is first, which each element is, how often each occurs.
    fn unique(&self) -> PyResult<(Self, Self, Self, Self)> {
        let all = self.0.unique_all();
        Ok((checked(all.values)?, checked(all.index)?, checked(all.inverse)?, checked(all.counts)?))
    }
}
