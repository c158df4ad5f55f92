//! One chunk from pieces that lie side by side.

use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::layout::check_region;
use crate::layout::walk::{Dim, collapse, copy, for_each, signed};
use crate::shape::{check_axes, element_count, strides};
use crate::span::{Span, lengths};

impl Chunk {
    /// A chunk of this shape from pieces that cover it, each with the region where it lies.
    ///
    /// The inverse of [`Chunk::region`]: spans may have any step. One pass over the data; a single piece that is
    /// everything is shared instead of copied.
    ///
    /// # Errors
    /// [`Error::Shape`] if a piece has not the shape of its region, leaves the chunk, overlaps another one, or if
    /// elements remain that no piece covers; [`Error::DType`] if a piece is not of type `dtype`.
    ///
    /// ```
    /// use phalanx_chunk::{Chunk, DType, Span};
    /// # fn main() -> phalanx_chunk::Result<()> {
    /// let left = (vec![Span::range(0, 2)], Chunk::vector(vec![1i64, 2]));
    /// let right = (vec![Span::range(2, 1)], Chunk::vector(vec![3i64]));
    /// let a = Chunk::assemble(DType::Int64, &[3], &[right, left.clone()])?;
    /// assert_eq!(a.values::<i64>()?, &[1, 2, 3]);
    /// assert!(Chunk::assemble(DType::Int64, &[3], &[left]).is_err()); // element 2 is missing
    /// # Ok(())
    /// # }
    /// ```
    pub fn assemble(dtype: DType, shape: &[usize], pieces: &[(Vec<Span>, Chunk)]) -> Result<Chunk> {
        let count = element_count(shape)?;
        let mut covered = 0usize;
        for (region, piece) in pieces {
            check_region(shape, region)?;
            if piece.shape() != lengths(region) {
                return Err(Error::shape(format!(
                    "a piece of shape {:?} does not fit its region of shape {:?}",
                    piece.shape(),
                    lengths(region)
                )));
            }
            if piece.dtype() != dtype {
                return Err(Error::dtype(format!("assembling {dtype} values"), &[piece.dtype()]));
            }
            covered = covered.saturating_add(piece.len());
        }
        if covered != count || overlap(shape, count, pieces) {
            return Err(Error::shape(format!(
                "{} pieces with {covered} elements do not cover each of the {count} elements of shape {shape:?} once",
                pieces.len()
            )));
        }
        if let [(region, piece)] = pieces
            && region.iter().zip(shape).all(|(span, &n)| span.is_all(n))
        {
            return Ok(piece.clone());
        }
        let parts: Vec<_> =
            pieces.iter().map(|(region, piece)| (base(shape, region), dims(shape, region), piece)).collect();
        place(dtype, shape, count, &parts)
    }

    /// The chunks one after the other along `axis`, in their common dtype.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no chunk or the other axes differ, [`Error::Axis`] for an axis out of range.
    pub fn concatenate(axis: usize, chunks: &[Chunk]) -> Result<Chunk> {
        let [first, rest @ ..] = chunks else {
            return Err(Error::shape("there is no chunk to concatenate"));
        };
        check_axes(&[axis], first.ndim())?;
        let mut shape = first.shape().to_vec();
        let mut dtype = first.dtype();
        for chunk in rest {
            let fits =
                chunk.ndim() == shape.len() && (0..shape.len()).all(|i| i == axis || chunk.shape()[i] == shape[i]);
            if !fits {
                return Err(Error::shape(format!(
                    "shapes {:?} and {:?} differ off axis {axis}",
                    first.shape(),
                    chunk.shape()
                )));
            }
            shape[axis] = shape[axis].saturating_add(chunk.shape()[axis]);
            dtype = DType::promote(dtype, chunk.dtype());
        }
        let count = element_count(&shape)?;
        if rest.is_empty() {
            return Ok(first.clone());
        }
        let cast: Vec<Chunk> = chunks.iter().map(|c| c.cast(dtype)).collect();
        let mut region: Vec<Span> = shape.iter().map(|&n| Span::all(n)).collect();
        let mut start = 0;
        let mut parts = Vec::with_capacity(cast.len());
        for chunk in &cast {
            region[axis] = Span::range(start, chunk.shape()[axis]);
            start += chunk.shape()[axis];
            parts.push((base(&shape, &region), dims(&shape, &region), chunk));
        }
        place(dtype, &shape, count, &parts)
    }
}

/// The target's first element, the walk from a piece to its place, and the piece (of type `dtype`).
type Part<'a> = (usize, Vec<Dim>, &'a Chunk);

fn place(dtype: DType, shape: &[usize], count: usize, parts: &[Part<'_>]) -> Result<Chunk> {
    macro_rules! fill {
        ($($variant:ident),*) => {
            match dtype {
                $(DType::$variant => {
                    let mut out = crate::memory::zeros(count);
                    for (base, dims, piece) in parts {
                        if let Data::$variant(values) = piece.data()
                            && !values.is_empty()
                        {
                            copy(values, 0, &mut out, *base, dims);
                        }
                    }
                    Data::$variant(out.into())
                })*
            }
        };
    }
    let data =
        fill!(Bool, Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float32, Float64, Complex64, Complex128);
    Ok(Chunk::from_data(shape, data))
}

fn base(shape: &[usize], region: &[Span]) -> usize {
    region.iter().zip(strides(shape)).map(|(span, stride)| span.start * stride).sum()
}

/// The walk from a piece in C order to its place. A piece without elements has none.
fn dims(shape: &[usize], region: &[Span]) -> Vec<Dim> {
    let (from, to) = (strides(&lengths(region)), strides(shape));
    collapse(region.iter().zip(from.iter().zip(&to)).map(|(span, (&from, &to))| Dim {
        len: span.len,
        from: signed(from),
        to: if span.len > 1 { span.step * signed(to) } else { signed(to) },
    }))
}

/// Whether any element is covered twice. Only called when the pieces have as many elements as the chunk.
fn overlap(shape: &[usize], count: usize, pieces: &[(Vec<Span>, Chunk)]) -> bool {
    let boxes: Option<Vec<Vec<(usize, usize)>>> = pieces
        .iter()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(region, _)| region.iter().map(Span::bounds).collect())
        .collect();
    let Some(boxes) = boxes else { return true };
    if boxes.len() <= 1 || boxes_disjoint(boxes, shape.len()) {
        return false;
    }
    // Interleaved steps share their bounding boxes: count element by element.
    let mut seen = vec![false; count];
    let mut twice = false;
    for (region, piece) in pieces {
        if !piece.is_empty() {
            for_each(&dims(shape, region), 0, base(shape, region), |_, to| {
                twice |= std::mem::replace(&mut seen[to], true);
            });
        }
    }
    twice
}

/// Whether no two boxes (lowest and highest index per axis) share an element: a sweep along the axis with the most
/// different starts, so that a grid of pieces is not compared pair by pair.
fn boxes_disjoint(mut boxes: Vec<Vec<(usize, usize)>>, ndim: usize) -> bool {
    let starts = |axis: usize| {
        let mut low: Vec<usize> = boxes.iter().map(|b| b[axis].0).collect();
        low.sort_unstable();
        low.dedup();
        low.len()
    };
    let Some(axis) = (0..ndim).max_by_key(|&axis| starts(axis)) else { return boxes.len() <= 1 };
    boxes.sort_unstable_by_key(|b| b[axis].0);
    let share = |a: &[(usize, usize)], b: &[(usize, usize)]| {
        a.iter().zip(b).all(|(&(low_a, high_a), &(low_b, high_b))| low_a <= high_b && low_b <= high_a)
    };
    boxes
        .iter()
        .enumerate()
        .all(|(i, a)| boxes[i + 1..].iter().take_while(|b| b[axis].0 <= a[axis].1).all(|b| !share(a, b)))
}
