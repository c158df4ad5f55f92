//! QR, singular values, eigenvalues.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, Par};

use super::factor::Factors;
use super::matrix::{answer, check_finite, chunk, columns, dimensions, side, transposed_chunk, values};
use super::product::{matmul, norm};
use super::solve::{Diagonal, Triangle, solve_triangular};
use crate::chunk::Chunk;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};

/// The thin QR factorisation of an m × n matrix: Q is m × k with orthonormal columns, R is k × n and upper
/// trapezoidal, k = min(m, n).
///
/// Householder reflections, by blocks of rows if the matrix is tall. Cost: about 6 m n² operations; 62,500 × 100 took
/// 0.11 s on one core with AVX-512 (0.18 s without the blocks of rows, 0.45 s NumPy with OpenBLAS).
///
/// # Errors
/// [`Error::Shape`] if this is not a matrix.
///
/// ```
/// use phalanx_chunk::{Chunk, linalg};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let a = Chunk::new(&[3, 2], vec![3.0, 1.0, 0.0, 2.0, 4.0, 1.0])?;
/// let (q, r) = linalg::qr_thin(&a)?;
/// let error = linalg::norm(&phalanx_chunk::ufunc::Binary::Subtract.apply(&linalg::matmul(&q, &r)?, &a)?)?;
/// assert!(error.item::<f64>()? < 1e-14);
/// # Ok(())
/// # }
/// ```
pub fn qr_thin(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let (m, n) = dimensions("qr", a)?;
    let dtype = answer(a.dtype());
    let factors = Factors::new(&values(a)?, m, n);
    let size = m.min(n);
    let q = Chunk::new(&[m, size], factors.q_times(Mat::identity(size, size).as_ref()))?;
    Ok((q.cast(dtype), chunk(&factors.r(), dtype)?))
}

/// The complete QR factorisation: Q is m × m and orthogonal, R is m × n.
///
/// # Errors
/// [`Error::Shape`] if this is not a matrix.
pub fn qr_complete(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let factors = columns("qr", a)?.qr();
    let (q, r) = (factors.compute_Q(), factors.thin_R());
    let whole = Mat::from_fn(q.nrows(), r.ncols(), |i, j| if i <= j { r[(i, j)] } else { 0.0 });
    Ok((chunk(&q, answer(a.dtype()))?, chunk(&whole, answer(a.dtype()))?))
}

/// The Q of [`qr_thin`] times `top` (k × c, k = min(m, n)), m × c, without forming Q: what the second pass of a tall
/// decomposition in blocks needs. Cost: 2 m n² operations for the factors and 4 m n c for the product.
///
/// # Errors
/// [`Error::Shape`] if these are not matrices, or `top` has not k rows.
///
/// ```
/// use phalanx_chunk::{Chunk, linalg};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let a = Chunk::new(&[3, 2], vec![3.0, 1.0, 0.0, 2.0, 4.0, 1.0])?;
/// let (_, r) = linalg::qr_thin(&a)?;
/// let back = linalg::qr_times(&a, &r)?; // Q R
/// let error = linalg::norm(&phalanx_chunk::ufunc::Binary::Subtract.apply(&back, &a)?)?;
/// assert!(error.item::<f64>()? < 1e-14);
/// # Ok(())
/// # }
/// ```
pub fn qr_times(a: &Chunk, top: &Chunk) -> Result<Chunk> {
    let (m, n) = dimensions("qr", a)?;
    let (rows, columns) = dimensions("qr", top)?;
    if rows != m.min(n) {
        return Err(Error::shape(format!("Q of a matrix of shape {:?} has not {rows} columns", a.shape())));
    }
    let dtype = answer(DType::promote(a.dtype(), top.dtype()));
    let top = crate::linalg::matrix::from_rows(&values(top)?, rows, columns);
    let product = Factors::new(&values(a)?, m, n).q_times(top.as_ref());
    Ok(Chunk::new(&[m, columns], product)?.cast(dtype))
}

/// The largest product of the Frobenius norms of R and its inverse with which [`qr_times_by`] divides by R: what it
/// loses of orthogonality is below this times the precision, 2e-13.
const CONDITION_MAX: f64 = 1e3;

/// As [`qr_times`], of a matrix whose R is known: where R is far from singular, `A (R⁻¹ top)`, which is one product of
/// matrices (2 m n c operations, a third of the time); else [`qr_times`]. Which of the two depends on R alone.
///
/// # Errors
/// As [`qr_times`].
pub fn qr_times_by(a: &Chunk, r: &Chunk, top: &Chunk) -> Result<Chunk> {
    let (m, n) = dimensions("qr", a)?;
    // A narrower R has lost digits; one with fewer rows has no inverse.
    let known = m >= n && n > 0 && [a, r, top].iter().all(|chunk| chunk.dtype() == DType::Float64);
    if !known || r.shape() != [n, n] {
        return qr_times(a, top);
    }
    let inverse = solve_triangular(r, &identity(n)?, Triangle::Upper, Diagonal::Stored);
    let size = |chunk: &Chunk| norm(chunk)?.item::<f64>();
    match inverse {
        Ok(inverse) if size(r)? * size(&inverse)? <= CONDITION_MAX => matmul(a, &matmul(&inverse, top)?),
        _ => qr_times(a, top),
    }
}

fn identity(n: usize) -> Result<Chunk> {
    let ones = (0..n * n).map(|at| if at % (n + 1) == 0 { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    Chunk::new(&[n, n], ones)
}

/// The R of [`qr_thin`] alone, bit for bit, for a third of the operations and without an m × n result
/// (62,500 × 100: 0.05 s).
///
/// # Errors
/// [`Error::Shape`] if this is not a matrix.
pub fn qr_r(a: &Chunk) -> Result<Chunk> {
    let (m, n) = dimensions("qr", a)?;
    chunk(&Factors::r_only(&values(a)?, m, n), answer(a.dtype()))
}

/// The thin singular value decomposition `A = U diag(S) Vᵀ` of an m × n matrix: U is m × k, S has k values in
/// descending order, Vᵀ is k × n, k = min(m, n). Signs are those of [`fix_signs`].
///
/// A matrix at least twice as tall as wide is reduced to its R first, a wide one is transposed. Cost: about
/// 6 m n² + 20 n³ operations for m ≥ n; 62,500 × 100 took 0.13 s where [`qr_thin`] took 0.11 s.
///
/// # Errors
/// [`Error::Shape`] if this is not a matrix; [`Error::Matrix`] if a value is not finite or the iteration does not
/// converge.
///
/// ```
/// use phalanx_chunk::{Chunk, linalg};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let (u, s, vt) = linalg::svd_thin(&Chunk::new(&[2, 2], vec![0.0, -2.0, 1.0, 0.0])?)?;
/// assert_eq!(s.values::<f64>()?, &[2.0, 1.0]);
/// assert_eq!(vt.values::<f64>()?, &[0.0, 1.0, 1.0, 0.0]); // the largest entry of each row is positive
/// assert_eq!(u.values::<f64>()?, &[-1.0, 0.0, 0.0, 1.0]);
/// # Ok(())
/// # }
/// ```
pub fn svd_thin(a: &Chunk) -> Result<(Chunk, Chunk, Chunk)> {
    let (m, n) = dimensions("svd", a)?;
    let dtype = answer(a.dtype());
    let (u, s, vt) = if m >= n {
        tall_svd(&a.cast(DType::Float64))?
    } else {
        let (v, s, ut) = tall_svd(&a.cast(DType::Float64).transpose(&[1, 0])?)?;
        (ut.transpose(&[1, 0])?, s, v.transpose(&[1, 0])?)
    };
    let (u, vt) = fix_signs(&u, &vt)?;
    Ok((u.cast(dtype), s.cast(dtype), vt.cast(dtype)))
}

/// U, S, Vᵀ with any signs, for m ≥ n.
fn tall_svd(a: &Chunk) -> Result<(Chunk, Chunk, Chunk)> {
    let (m, n) = dimensions("svd", a)?;
    if m < 2 * n || n == 0 {
        let (u, s, v) = decompose(&columns("svd", a)?)?;
        return Ok((chunk(&u, DType::Float64)?, s, transposed_chunk(&v, DType::Float64)?));
    }
    let factors = Factors::new(a.values()?, m, n);
    let (u, s, v) = decompose(&factors.r())?;
    let u = Chunk::new(&[m, n], factors.q_times(u.as_ref()))?;
    Ok((u, s, transposed_chunk(&v, DType::Float64)?))
}

fn decompose(a: &Mat<f64>) -> Result<(Mat<f64>, Chunk, Mat<f64>)> {
    check_finite("svd", a.as_ref())?;
    let (m, n) = a.shape();
    let size = m.min(n);
    let (mut u, mut s, mut v) = (Mat::zeros(m, size), Diag::zeros(size), Mat::zeros(n, size));
    if size > 0 {
        let thin = ComputeSvdVectors::Thin;
        let scratch = svd_scratch::<f64>(m, n, thin, thin, Par::Seq, Default::default());
        svd(
            a.as_ref(),
            s.as_mut(),
            Some(u.as_mut()),
            Some(v.as_mut()),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_| diverged("svd", a))?;
    }
    Ok((u, diagonal(&s), v))
}

/// The singular values alone, in descending order: k = min(m, n) of them.
///
/// # Errors
/// As [`svd_thin`].
pub fn singular_values(a: &Chunk) -> Result<Chunk> {
    let (m, n) = dimensions("svd", a)?;
    let dtype = answer(a.dtype());
    let a = if m >= n { a.cast(DType::Float64) } else { a.cast(DType::Float64).transpose(&[1, 0])? };
    let (m, n) = (m.max(n), m.min(n));
    let matrix = if m >= 2 * n { Factors::r_only(a.values()?, m, n) } else { columns("svd", &a)? };
    check_finite("svd", matrix.as_ref())?;
    let (m, n) = matrix.shape();
    let mut s = Diag::zeros(m.min(n));
    if m.min(n) > 0 {
        let none = ComputeSvdVectors::No;
        let scratch = svd_scratch::<f64>(m, n, none, none, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        svd(matrix.as_ref(), s.as_mut(), None, None, Par::Seq, MemStack::new(&mut memory), Default::default())
            .map_err(|_| diverged("svd", &matrix))?;
    }
    Ok(diagonal(&s).cast(dtype))
}

/// Eigenvalues in ascending order (n) and eigenvectors in columns (n × n) of a symmetric matrix, of which only the
/// lower triangle is read.
///
/// Each eigenvector's entry with the largest absolute value (the first among equals) is positive. Cost: about 9 n³
/// operations.
///
/// # Errors
/// [`Error::Shape`] if the matrix is not square; [`Error::Matrix`] if a value is not finite or the iteration does not
/// converge.
pub fn eigh(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let n = side("eigh", a)?;
    let dtype = answer(a.dtype());
    let matrix = columns("eigh", a)?;
    check_finite("eigh", matrix.as_ref())?;
    let (mut values, mut vectors) = (Diag::zeros(n), Mat::zeros(n, n));
    if n > 0 {
        let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default());
        self_adjoint_evd(
            matrix.as_ref(),
            values.as_mut(),
            Some(vectors.as_mut()),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_| diverged("eigh", &matrix))?;
    }
    for j in 0..n {
        let column = vectors.col_as_slice_mut(j);
        if is_flipped(column) {
            column.iter_mut().for_each(|value| *value = -*value);
        }
    }
    Ok((diagonal(&values).cast(dtype), chunk(&vectors, dtype)?))
}

/// The eigenvalues of [`eigh`] alone, for a third of the operations.
///
/// # Errors
/// As [`eigh`].
pub fn eigenvalues(a: &Chunk) -> Result<Chunk> {
    let n = side("eigvalsh", a)?;
    let matrix = columns("eigvalsh", a)?;
    check_finite("eigvalsh", matrix.as_ref())?;
    let mut values = Diag::zeros(n);
    if n > 0 {
        let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::No, Par::Seq, Default::default());
        self_adjoint_evd(
            matrix.as_ref(),
            values.as_mut(),
            None,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_| diverged("eigvalsh", &matrix))?;
    }
    Ok(diagonal(&values).cast(answer(a.dtype())))
}

/// The signs that make a singular value decomposition unique, as far as it is: in each row of Vᵀ (k × n) the entry
/// with the largest absolute value, the first among equals, is positive. A row whose sign changes takes its column of
/// U (m × k) with it, so the product stays.
///
/// # Errors
/// [`Error::Shape`] if U has not as many columns as Vᵀ has rows; [`Error::DType`] unless both are `float32` or both
/// `float64`.
pub fn fix_signs(u: &Chunk, vt: &Chunk) -> Result<(Chunk, Chunk)> {
    let (_, k) = dimensions("fix_signs", u)?;
    let (rows, _) = dimensions("fix_signs", vt)?;
    if k != rows {
        return Err(Error::shape(format!(
            "U of shape {:?} does not belong to Vt of shape {:?}",
            u.shape(),
            vt.shape()
        )));
    }
    match (u.dtype(), vt.dtype()) {
        (DType::Float64, DType::Float64) => flip::<f64>(u, vt),
        (DType::Float32, DType::Float32) => flip::<f32>(u, vt),
        (a, b) => Err(Error::dtype("fix_signs", &[a, b])),
    }
}

fn flip<T: Element + Copy + PartialOrd + std::ops::Neg<Output = T> + Into<f64>>(
    u: &Chunk,
    vt: &Chunk,
) -> Result<(Chunk, Chunk)> {
    let n = vt.shape()[1];
    if n == 0 || u.shape()[1] == 0 {
        return Ok((u.clone(), vt.clone()));
    }
    let mut rows = vt.values::<T>()?.to_vec();
    let flipped: Vec<bool> = rows
        .chunks_exact_mut(n)
        .map(|row| {
            let flipped = is_flipped(row);
            if flipped {
                row.iter_mut().for_each(|value| *value = -*value);
            }
            flipped
        })
        .collect();
    let mut columns = u.values::<T>()?.to_vec();
    for row in columns.chunks_exact_mut(flipped.len()) {
        row.iter_mut().zip(&flipped).for_each(|(value, &flipped)| *value = if flipped { -*value } else { *value });
    }
    Ok((Chunk::new(u.shape(), columns)?, Chunk::new(vt.shape(), rows)?))
}

/// Whether the first entry with the largest absolute value is negative.
fn is_flipped<T: Copy + Into<f64>>(vector: &[T]) -> bool {
    let mut largest = 0.0f64;
    for value in vector.iter().map(|&value| value.into()) {
        if value.abs() > largest.abs() {
            largest = value;
        }
    }
    largest < 0.0
}

fn diagonal(diag: &Diag<f64>) -> Chunk {
    Chunk::vector(diag.column_vector().iter().copied().collect::<Vec<f64>>())
}

fn diverged(operation: &'static str, matrix: &Mat<f64>) -> Error {
    let (m, n) = matrix.shape();
    Error::Matrix { operation, reason: format!("the iteration on a {m} x {n} matrix did not converge") }
}
