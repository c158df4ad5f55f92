//! Histograms, counts of values, and places in sorted tables.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::count::Counts;
use crate::node::lookup::Lookup;
use crate::rechunking::rechunked;
use crate::shape::AllAxes;
use phalanx_chunk::bins::Count;
use phalanx_chunk::search::Search;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// The bins of one dimension.
#[derive(Clone, Debug)]
pub enum Bins {
    /// That many of one width, between two values or else between the smallest and the largest element.
    Count(usize, Option<(f64, f64)>),
    /// Between these edges, which ascend.
    Edges(Array),
}

/// What a histogram's bins hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// How many elements, or their weights.
    Counts,
    /// That, over all and over the bin's width.
    Normed,
}

impl Array {
    /// Counts of the blocks of this array (and of more coordinates of the same shape), a row each.
    pub(crate) fn count_blocks(
        &self,
        count: &Count,
        more: &[&Self],
        blocks: &Chunks,
        weights: Option<&Self>,
        edges: &[Self],
    ) -> Self {
        let make = || {
            let mut inputs = vec![];
            for array in std::iter::once(self).chain(more.iter().copied()).chain(weights) {
                inputs.push(Arc::clone(array.expr()?));
            }
            for edges in edges {
                inputs.push(Arc::clone(edges.expr()?));
            }
            let dtype = if weights.is_some() { DType::Float64 } else { DType::Int64 };
            let shape = vec![blocks.count(), count.length()];
            let grid = Chunks::new(&shape, [1, count.length().max(1)])?;
            let lengths = edges.iter().map(|edges| Ok(edges.shape()?[0])).collect::<Result<Vec<_>>>()?;
            let node = Counts {
                count: count.clone(),
                blocks: blocks.clone(),
                weighted: weights.is_some(),
                edges: lengths,
                dtype,
                shape,
            };
            Ok(Expr::new(node, inputs, grid))
        };
        Self::from_result(make())
    }

    /// How many elements fall into each bin, and the edges of the bins, NumPy's `histogram`.
    ///
    /// ```
    /// use phalanx_array::{Array, counting::{Bins, Density}};
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::arange(0, 10, 1, 3);
    /// let (counts, edges) = x.histogram(&Bins::Count(3, Some((0.0, 9.0))), None, Density::Counts);
    /// assert_eq!(counts.compute(&engine)?.values::<i64>().unwrap(), [3, 3, 4]);
    /// assert_eq!(edges.compute(&engine)?.values::<f64>().unwrap(), [0.0, 3.0, 6.0, 9.0]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    pub fn histogram(&self, bins: &Bins, weights: Option<&Self>, density: Density) -> (Self, Self) {
        match histogram_of(&[self], std::slice::from_ref(bins), weights, density) {
            Ok((counts, mut edges)) => (counts, edges.remove(0)),
            Err(error) => (Self::failed(error.clone()), Self::failed(error)),
        }
    }

    /// How often each of 0, 1, …, `length - 1` occurs, or what their weights add up to. Without `length` as many
    /// counts as the largest element asks for: then their number is known only after computing it.
    #[must_use]
    pub fn bincount(&self, weights: Option<&Self>, length: Option<usize>) -> Self {
        let make = || {
            let (shape, dtype) = (self.shape()?, self.dtype()?);
            if shape.len() != 1 || !(dtype.is_integer() || dtype == DType::Bool) {
                return Err(Error::input(format!("bincount of shape {shape:?} and type {dtype}"))
                    .with_hint("give integers in one dimension"));
            }
            let Some(length) = length else { return Ok(self.bincount_at_least(weights, 0)) };
            let weights = match weights {
                Some(weights) if weights.shape()? != shape => {
                    return Err(Error::input("The weights and list don't have the same length.")
                        .with_hint("give one weight for each element"));
                }
                Some(weights) => Some(rechunk_as(weights, self)?),
                None => None,
            };
            let rows = self.count_blocks(&Count::Values { length }, &[], self.chunks()?, weights.as_ref(), &[]);
            Ok(rows.sum(0))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// As [`Array::bincount`] without `length`, but with at least `least` counts.
    #[must_use]
    pub fn bincount_at_least(&self, weights: Option<&Self>, least: usize) -> Self {
        if self.shape().is_ok_and(|shape| shape == [0]) {
            return self.bincount(weights, Some(least));
        }
        let dtype = if weights.is_some() { DType::Float64 } else { DType::Int64 };
        let inputs = std::iter::once(self).chain(weights).cloned().collect();
        Self::program("bincount", dtype, vec![None], inputs, move |engine, inputs| {
            Box::pin(async move {
                let largest = inputs[0].astype(DType::Int64).max(AllAxes).compute_async(engine).await?;
                let length = usize::try_from(largest.item::<i64>().lift()?.saturating_add(1)).unwrap_or(0).max(least);
                Ok(inputs[0].bincount(inputs.get(1), Some(length)))
            })
        })
    }

    /// Asks a sorted table about each element.
    #[must_use]
    pub fn lookup(&self, table: &Self, search: Search) -> Self {
        if let Some(later) = Self::after(search.name(), &[self, table], move |given| given[0].lookup(&given[1], search))
        {
            return later;
        }
        let make = || {
            let (expr, table) = (self.expr()?, table.expr()?);
            let &[length] = table.shape() else {
                return Err(Error::input(format!("a table of shape {:?}", table.shape()))
                    .with_hint("search in an array of one dimension"));
            };
            // The kernel decides which types have an order.
            let probe = |dtype| Chunk::zeros(dtype, &[1]);
            probe(table.dtype()).and_then(|a| search.apply(&a, &probe(expr.dtype())?)).lift()?;
            let node = Lookup { search, table: length, shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr), Arc::clone(table)], expr.chunks.clone()))
        };
        Self::from_result(make())
    }

    /// Whether each element is one of `test`'s.
    #[must_use]
    pub fn isin(&self, test: &Self) -> Self {
        self.lookup(&test.flatten().sort(0), Search::Member)
    }

    /// The number of the bin of each element: between ascending `edges`, or descending ones (then counted from the
    /// largest down), NumPy's `digitize`.
    #[must_use]
    pub fn digitize(&self, edges: &[f64], side: Search) -> Self {
        let table = Self::from_chunk(Chunk::vector(edges.to_vec()));
        if edges.is_sorted() {
            return self.lookup(&table, side);
        }
        if edges.iter().rev().is_sorted() {
            return edges.len() as i64 - self.lookup(&table.flip(0), side);
        }
        Self::failed(
            Error::input("bins must be monotonically increasing or decreasing").with_hint("sort the bins first"),
        )
    }
}

fn rechunk_as(array: &Array, like: &Array) -> Result<Array> {
    Ok(Array::from_expr(rechunked(array.expr()?, like.chunks()?.clone())))
}

/// A histogram over several dimensions: the coordinates of the points are arrays of one shape. The counts, and the
/// edges of each dimension.
///
/// # Errors
/// `Input`: shapes or bins that do not fit; as [`Array::check`].
pub fn histogram_of(
    points: &[&Array],
    bins: &[Bins],
    weights: Option<&Array>,
    density: Density,
) -> Result<(Array, Vec<Array>)> {
    if points.len() != bins.len() || points.is_empty() {
        return Err(Error::input("The dimension of bins must be equal to the dimension of the sample.")
            .with_hint("give bins for each dimension"));
    }
    let shape = points[0].shape()?;
    if points.iter().copied().chain(weights).any(|array| array.shape().ok() != Some(shape)) {
        return Err(Error::input("the coordinates and weights of a histogram differ in shape")
            .with_hint("give one of each for every point"));
    }
    let mut edges = vec![];
    let mut counts = vec![];
    for (points, bins) in points.iter().zip(bins) {
        let (one, count) = edges_of(points, bins)?;
        edges.push(one);
        counts.push(count);
    }
    let more = points[1..].iter().map(|array| rechunk_as(array, points[0])).collect::<Result<Vec<_>>>()?;
    let weights = weights.map(|weights| rechunk_as(weights, points[0])).transpose()?;
    let count = Count::Bins { bins: counts.clone() };
    let more: Vec<&Array> = more.iter().collect();
    let rows = points[0].count_blocks(&count, &more, points[0].chunks()?, weights.as_ref(), &edges);
    let mut histogram = rows.sum(0).reshape(counts);
    if density == Density::Normed {
        let total = histogram.sum(AllAxes);
        histogram = histogram / total;
        for (axis, edges) in edges.iter().enumerate() {
            let mut wide = vec![1; points.len()];
            wide[axis] = crate::INFER;
            histogram = histogram / edges.diff(1, 0).reshape(wide);
        }
    }
    Ok((histogram, edges))
}

/// The edges of one dimension's bins, and how many bins these are.
fn edges_of(points: &Array, bins: &Bins) -> Result<(Array, usize)> {
    match bins {
        Bins::Edges(edges) => {
            let &[length] = edges.shape()? else {
                return Err(
                    Error::input("`bins` must be 1d, when an array").with_hint("give the edges in one dimension")
                );
            };
            let known = edges.expr().ok().and_then(crate::compute::embedded_value);
            let ascend = known
                .is_none_or(|known| known.cast(DType::Float64).values::<f64>().is_ok_and(|values| values.is_sorted()));
            if length < 2 || !ascend {
                return Err(Error::input(
                    "`bins` must increase monotonically, when an array, and be at least two edges",
                )
                .with_hint("sort the edges"));
            }
            Ok((edges.clone(), length - 1))
        }
        Bins::Count(0, _) => {
            Err(Error::input("`bins` must be positive, when an integer").with_hint("ask for at least one bin"))
        }
        Bins::Count(count, Some((low, high))) => {
            if !(low.is_finite() && high.is_finite()) || low > high {
                return Err(Error::input(format!("supplied range of [{low}, {high}] is not finite and ascending"))
                    .with_hint("max must be larger than min in range parameter"));
            }
            let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (*low, *high) };
            Ok((Array::linspace(low, high, count + 1, count + 1), *count))
        }
        Bins::Count(count, None) if points.shape()?.contains(&0) => {
            edges_of(points, &Bins::Count(*count, Some((0.0, 1.0))))
        }
        Bins::Count(count, None) => {
            let elements = points.astype(DType::Float64);
            let (low, high) = (elements.min(AllAxes), elements.max(AllAxes));
            let same = low.equal(&high);
            let (low, high) = (same.choose(&low - 0.5, &low), same.choose(&high + 0.5, &high));
            let step = (&high - &low) / (*count as f64);
            let inner = Array::arange(0, *count as i64, 1, *count) * &step + &low;
            Ok((crate::joining::concatenate(&[&inner, &high.reshape(vec![1])], 0), *count))
        }
    }
}
