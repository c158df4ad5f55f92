//! Products and norms.

use faer::linalg::matmul::matmul as faer_matmul;
use faer::{Accum, MatMut, MatRef, Par};
use num_complex::{Complex32, Complex64};

use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::reduce::sum_of_squares;
use crate::shape::{broadcast, element_count, strides};
use crate::simd::{self, Kernel};
use crate::ufunc::Number;

/// The matrix product, in the common dtype: (…, m, k) by (…, k, n); an argument of one axis is a row on the left, a
/// column on the right, and that axis is dropped from the result, as in NumPy. Leading axes are stacks of matrices and
/// broadcast.
///
/// Integers wrap around; `bool` is the or of ands. An element's bits depend on its row and its column alone, not on what
/// else is computed with it. Cost: 2 m n k operations a matrix, blocked for the caches in
/// floating point, row by row for integers.
///
/// # Errors
/// [`Error::Shape`] if the inner lengths differ, stacks do not broadcast or an argument has no axis.
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
    let refused = |what: &str| Error::shape(format!("matmul of shapes {:?} and {:?}: {what}", a.shape(), b.shape()));
    let (stack_a, m, k) = match a.shape() {
        [] => return Err(refused("a number is no matrix")),
        &[k] => (&[][..], 1, k),
        [stack @ .., m, k] => (stack, *m, *k),
    };
    let (stack_b, rows, n) = match b.shape() {
        [] => return Err(refused("a number is no matrix")),
        &[k] => (&[][..], k, 1),
        [stack @ .., k, n] => (stack, *k, *n),
    };
    if k != rows {
        return Err(refused("the inner lengths differ"));
    }
    let stack = broadcast(stack_a, stack_b)?;
    let mut shape = stack.clone();
    shape.extend((a.ndim() > 1).then_some(m));
    shape.extend((b.ndim() > 1).then_some(n));
    let count = element_count(&[element_count(&stack)?, m, n])?;
    let dtype = DType::promote(a.dtype(), b.dtype());
    if count == 0 || k == 0 {
        return Chunk::zeros(dtype, &shape);
    }
    if dtype == DType::Bool {
        return Ok(matmul(&a.cast(DType::Int64), &b.cast(DType::Int64))?.cast(DType::Bool));
    }
    let places = (places(stack_a, &stack), places(stack_b, &stack));
    let (a, b) = (a.cast(dtype), b.cast(dtype));
    macro_rules! products {
        ($($type:ident),*) => {
            match (a.data(), b.data()) {
                $((Data::$type(a), Data::$type(b)) => Data::$type(stacked(a, b, &places, [m, k, n]).into()),)*
                _ => return Err(Error::dtype("matmul", &[a.dtype(), b.dtype()])),
            }
        };
    }
    Ok(Chunk::from_data(
        &shape,
        products!(Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float32, Float64, Complex64, Complex128),
    ))
}

/// Which matrix of a stack each one of the stack that it broadcasts to is, in C order.
fn places(own: &[usize], to: &[usize]) -> Vec<usize> {
    let strides = strides(own);
    let mut places = vec![0];
    for (axis, &length) in to.iter().enumerate() {
        let stride = match (axis + own.len()).checked_sub(to.len()) {
            Some(at) if own[at] > 1 => strides[at],
            _ => 0,
        };
        places = places.iter().flat_map(|place| (0..length).map(move |i| place + i * stride)).collect();
    }
    places
}

/// One product after the other. No length is zero.
fn stacked<T: Product>(a: &[T], b: &[T], places: &(Vec<usize>, Vec<usize>), [m, k, n]: [usize; 3]) -> Vec<T> {
    let mut c = vec![T::default(); places.0.len() * m * n];
    for ((&at, &bt), c) in places.0.iter().zip(&places.1).zip(c.chunks_exact_mut(m * n)) {
        T::product(&a[at * m * k..(at + 1) * m * k], &b[bt * k * n..(bt + 1) * k * n], c, [m, k, n]);
    }
    c
}

/// An element type with a matrix product.
trait Product: Copy + Default {
    /// `c` (m × n, zeros) becomes `a` (m × k) times `b` (k × n), all in C order.
    fn product(a: &[Self], b: &[Self], c: &mut [Self], lengths: [usize; 3]);
}

/// Terms that are summed one after the other. The kernels for large matrices begin a new sum after so many, those for
/// small ones do not: here all do, so that an element is the same whatever part of its product is computed.
const BLOCK: usize = 512;

macro_rules! by_faer {
    ($($type:ty, $one:expr;)*) => {
        $(impl Product for $type {
            fn product(a: &[$type], b: &[$type], c: &mut [$type], [m, k, n]: [usize; 3]) {
                // Kernels for vectors sum in another order than those for matrices: a vector gets a neighbour of zeros.
                if m == 1 {
                    let (a, mut two) = ([a, &vec![<$type>::default(); k]].concat(), vec![<$type>::default(); 2 * n]);
                    Self::product(&a, b, &mut two, [2, k, n]);
                    return c.copy_from_slice(&two[..n]);
                }
                if n == 1 {
                    let b: Vec<$type> = b.iter().flat_map(|&value| [value, <$type>::default()]).collect();
                    let mut two = vec![<$type>::default(); 2 * m];
                    Self::product(a, &b, &mut two, [m, k, 2]);
                    return c.iter_mut().zip(two.chunks_exact(2)).for_each(|(c, pair)| *c = pair[0]);
                }
                // The transposed product: rows read as columns are what the kernels are made for.
                let (a, b) = (MatRef::from_column_major_slice(a, k, m), MatRef::from_column_major_slice(b, n, k));
                let mut c = MatMut::from_column_major_slice_mut(c, n, m);
                for start in (0..k).step_by(BLOCK) {
                    let terms = BLOCK.min(k - start);
                    let (left, right) = (b.subcols(start, terms), a.subrows(start, terms));
                    let accum = if start == 0 { Accum::Replace } else { Accum::Add };
                    faer_matmul(c.as_mut(), accum, left, right, $one, Par::Seq);
                }
            }
        })*
    };
}

by_faer! {
    f32, 1.0;
    f64, 1.0;
    Complex32, Complex32::ONE;
    Complex64, Complex64::ONE;
}

macro_rules! by_rows {
    ($($type:ty),*) => {
        $(impl Product for $type {
            fn product(a: &[$type], b: &[$type], c: &mut [$type], [_, k, n]: [usize; 3]) {
                simd::run(IntegerProduct { a, b, c, k, n });
            }
        })*
    };
}

by_rows!(i8, u8, i16, u16, i32, u32, i64, u64);

/// The product of integers, row by row: `c[i] += a[i, l] * b[l]`.
struct IntegerProduct<'a, T> {
    a: &'a [T],
    b: &'a [T],
    c: &'a mut [T],
    k: usize,
    n: usize,
}

impl<T: Number> Kernel for IntegerProduct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (row, c) in self.a.chunks_exact(self.k).zip(self.c.chunks_exact_mut(self.n)) {
            for (&factor, row) in row.iter().zip(self.b.chunks_exact(self.n)) {
                c.iter_mut().zip(row).for_each(|(c, &value)| *c = c.add(factor.multiply(value)));
            }
        }
    }
}

/// The square root of the sum of squares of all elements (Frobenius norm of a matrix, 2-norm of a vector), as a
/// chunk of no axis; `float32` for `float32` and `complex64`, else `float64`.
///
/// Squares are summed pairwise in `float64`. As in NumPy, they may overflow above 1e154.
///
/// # Errors
/// None today.
pub fn norm(a: &Chunk) -> Result<Chunk> {
    let norm = Chunk::scalar(sum_of_squares(a).sqrt());
    Ok(if a.dtype().real() == DType::Float32 { norm.cast(DType::Float32) } else { norm })
}
