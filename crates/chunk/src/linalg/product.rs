//! Products and norms.

use faer::linalg::matmul::matmul as faer_matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::reduce::sum_of_squares;
use crate::shape::element_count;
use crate::simd::{self, Kernel};
use crate::ufunc::Number;

/// The matrix product, in the common dtype: (m × k) by (k × n); an argument of one axis is a row on the left, a
/// column on the right, and that axis is dropped from the result, as in NumPy.
///
/// Integers wrap around; `bool` is the or of ands. Cost: 2 m n k operations, blocked for the caches in floating
/// point, row by row for integers.
///
/// # Errors
/// [`Error::Shape`] if the inner lengths differ or an argument has not one or two axes.
///
/// ```
/// use phalanx_chunk::{Chunk, linalg::matmul};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let a = Chunk::new(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// let b = Chunk::new(&[3], vec![1.0, 0.0, -1.0])?;
/// let c = matmul(&a, &b)?;
/// assert_eq!((c.shape(), c.values::<f64>()?), (&[2][..], &[-2.0, -2.0][..]));
/// # Ok(())
/// # }
/// ```
pub fn matmul(a: &Chunk, b: &Chunk) -> Result<Chunk> {
    let refused =
        || Error::shape(format!("matmul of shapes {:?} and {:?}: the inner lengths differ", a.shape(), b.shape()));
    let (m, k) = match *a.shape() {
        [k] => (1, k),
        [m, k] => (m, k),
        _ => return Err(Error::shape(format!("matmul takes one or two axes, not shape {:?}", a.shape()))),
    };
    let (rows, n) = match *b.shape() {
        [k] => (k, 1),
        [k, n] => (k, n),
        _ => return Err(Error::shape(format!("matmul takes one or two axes, not shape {:?}", b.shape()))),
    };
    if k != rows {
        return Err(refused());
    }
    let mut shape = Vec::new();
    shape.extend((a.ndim() == 2).then_some(m));
    shape.extend((b.ndim() == 2).then_some(n));
    let count = element_count(&[m, n])?;
    let dtype = DType::promote(a.dtype(), b.dtype());
    if count == 0 || k == 0 {
        return Chunk::zeros(dtype, &shape);
    }
    if dtype == DType::Bool {
        return Ok(matmul(&a.cast(DType::Int64), &b.cast(DType::Int64))?.cast(DType::Bool));
    }
    let (a, b) = (a.cast(dtype), b.cast(dtype));
    macro_rules! float {
        ($a:expr, $b:expr) => {{
            // The transposed product: rows read as columns are what the kernels are made for.
            let mut c = vec![0.0; count];
            faer_matmul(
                MatMut::from_column_major_slice_mut(&mut c, n, m),
                Accum::Replace,
                MatRef::from_column_major_slice($b, n, k),
                MatRef::from_column_major_slice($a, k, m),
                1.0,
                Par::Seq,
            );
            c.into()
        }};
    }
    macro_rules! product {
        ($($integer:ident),*) => {
            match (a.data(), b.data()) {
                (Data::Float64(a), Data::Float64(b)) => Data::Float64(float!(a, b)),
                (Data::Float32(a), Data::Float32(b)) => Data::Float32(float!(a, b)),
                $((Data::$integer(a), Data::$integer(b)) => {
                    Data::$integer(simd::run(IntegerProduct { a, b, k, n }).into())
                })*
                _ => return Err(Error::dtype("matmul", &[a.dtype(), b.dtype()])),
            }
        };
    }
    let data = product!(Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64);
    Ok(Chunk::from_data(&shape, data))
}

/// The product of integers, row by row: `c[i] += a[i, l] * b[l]`.
struct IntegerProduct<'a, T> {
    a: &'a [T],
    b: &'a [T],
    k: usize,
    n: usize,
}

impl<T: Number> Kernel for IntegerProduct<'_, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn run(self) -> Vec<T> {
        let mut c = vec![T::default(); self.a.len() / self.k * self.n];
        for (row, c) in self.a.chunks_exact(self.k).zip(c.chunks_exact_mut(self.n)) {
            for (&factor, row) in row.iter().zip(self.b.chunks_exact(self.n)) {
                c.iter_mut().zip(row).for_each(|(c, &value)| *c = c.add(factor.multiply(value)));
            }
        }
        c
    }
}

/// The square root of the sum of squares of all elements (Frobenius norm of a matrix, 2-norm of a vector), as a
/// chunk of no axis; `float32` for `float32`, else `float64`.
///
/// Squares are summed pairwise in `float64`. As in NumPy, they may overflow above 1e154.
///
/// # Errors
/// None today.
pub fn norm(a: &Chunk) -> Result<Chunk> {
    let norm = Chunk::scalar(sum_of_squares(a).sqrt());
    Ok(if a.dtype() == DType::Float32 { norm.cast(DType::Float32) } else { norm })
}
