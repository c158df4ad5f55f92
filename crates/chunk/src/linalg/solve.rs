//! Triangular factors and what they solve.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::lu::partial_pivoting::solve::{solve_in_place, solve_in_place_scratch};
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place,
    solve_upper_triangular_in_place,
};
use faer::perm::PermRef;
use faer::{Mat, Par};
use serde::{Deserialize, Serialize};

use super::matrix::{answer, chunk, columns, side};
use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};

/// Which triangle of a matrix is meant; the other one is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Triangle {
    /// On and below the diagonal.
    Lower,
    /// On and above the diagonal.
    Upper,
}

/// What the diagonal of a triangle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Diagonal {
    /// The matrix's.
    Stored,
    /// Ones, whatever the matrix has there.
    Unit,
}

/// The lower triangular L (n × n) with `A = L Lᵀ`, of a symmetric positive definite matrix, of which only the lower
/// triangle is read. Cost: n³ / 3 operations.
///
/// # Errors
/// [`Error::Shape`] if the matrix is not square, [`Error::Matrix`] if it is not positive definite.
pub fn cholesky(a: &Chunk) -> Result<Chunk> {
    let n = side("cholesky", a)?;
    let mut l = columns("cholesky", a)?;
    for j in 0..n {
        l.col_as_slice_mut(j)[..j].fill(0.0);
    }
    if n > 0 {
        let scratch = cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
        cholesky_in_place(
            l.as_mut(),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|LltError::NonPositivePivot { index }| not_definite(n, index))?;
    }
    // The factorisation leaves scratch values above the diagonal, and lets a NaN through.
    for j in 0..n {
        let column = l.col_as_slice_mut(j);
        column[..j].fill(0.0);
        if !(column[j] > 0.0 && column[j].is_finite()) {
            return Err(not_definite(n, j));
        }
    }
    chunk(&l, answer(a.dtype()))
}

fn not_definite(n: usize, index: usize) -> Error {
    Error::Matrix {
        operation: "cholesky",
        reason: format!("the leading minor of order {} of the {n} x {n} matrix is not positive definite", index + 1),
    }
}

/// X with `A X = B`, by LU factorisation with partial pivoting. A is n × n, B has shape (n) or (n, k), as has X.
/// Cost: 2 n³ / 3 + 2 n² k operations.
///
/// # Errors
/// [`Error::Shape`] if shapes do not fit, [`Error::Matrix`] if A is singular (a pivot is exactly zero).
///
/// ```
/// use phalanx_chunk::{Chunk, linalg::solve};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let x = solve(&Chunk::new(&[2, 2], vec![2.0, 0.0, 1.0, 4.0])?, &Chunk::vector(vec![2.0, 9.0]))?;
/// assert_eq!(x.values::<f64>()?, &[1.0, 2.0]);
/// # Ok(())
/// # }
/// ```
pub fn solve(a: &Chunk, b: &Chunk) -> Result<Chunk> {
    let (_, mut x) = right_side("solve", a, b)?;
    let factors = Factored::new("solve", a)?;
    factors.check_pivots("solve")?;
    factors.solve(&mut x);
    chunk(&x, common(a, b))?.reshape(b.shape())
}

/// As [`solve`], for a symmetric positive definite A, of which only the lower triangle is read, by [`cholesky`].
/// Cost: n³ / 3 + 2 n² k operations.
///
/// # Errors
/// As [`solve`]; [`Error::Matrix`] if A is not positive definite.
pub fn solve_positive(a: &Chunk, b: &Chunk) -> Result<Chunk> {
    let (_, mut x) = right_side("solve", a, b)?;
    let l = columns("solve", &cholesky(&a.cast(DType::Float64))?)?;
    solve_lower_triangular_in_place(l.as_ref(), x.as_mut(), Par::Seq);
    solve_upper_triangular_in_place(l.transpose(), x.as_mut(), Par::Seq);
    chunk(&x, common(a, b))?.reshape(b.shape())
}

/// P (m × m), L (m × k, ones on the diagonal) and U (k × n) with `A = P L U`, k = min(m, n), as `scipy.linalg.lu` has
/// them: by partial pivoting. Cost: about k m n operations.
///
/// # Errors
/// [`Error::Shape`] if this is not a matrix.
///
/// ```
/// use phalanx_chunk::{Chunk, linalg::lu};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let (p, l, u) = lu(&Chunk::new(&[2, 2], vec![1.0, 2.0, 4.0, 8.0])?)?;
/// assert_eq!(p.values::<f64>()?, &[0.0, 1.0, 1.0, 0.0]);
/// assert_eq!(l.values::<f64>()?, &[1.0, 0.0, 0.25, 1.0]);
/// assert_eq!(u.values::<f64>()?, &[4.0, 8.0, 0.0, 0.0]);
/// # Ok(())
/// # }
/// ```
pub fn lu(a: &Chunk) -> Result<(Chunk, Chunk, Chunk)> {
    let dtype = answer(a.dtype());
    let factors = Factored::new("lu", a)?;
    let (m, n) = factors.lu.shape();
    let size = m.min(n);
    let mut p = Mat::zeros(m, m);
    factors.forward.iter().enumerate().for_each(|(row, &from)| p[(from, row)] = 1.0);
    let l = Mat::from_fn(m, size, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => 1.0,
        std::cmp::Ordering::Greater => factors.lu[(i, j)],
    });
    let u = Mat::from_fn(size, n, |i, j| if i <= j { factors.lu[(i, j)] } else { 0.0 });
    Ok((chunk(&p, dtype)?, chunk(&l, dtype)?, chunk(&u, dtype)?))
}

/// The sign of the determinant (-1, 0 or 1) and the logarithm of its absolute value, as chunks of no axis, as
/// `numpy.linalg.slogdet` has them.
///
/// # Errors
/// [`Error::Shape`] if the matrix is not square.
pub fn log_determinant(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let n = side("slogdet", a)?;
    let dtype = answer(a.dtype());
    let factors = Factored::new("slogdet", a)?;
    let (mut sign, mut logarithm) = (if factors.is_odd { -1.0 } else { 1.0 }, 0.0);
    for pivot in (0..n).map(|i| factors.lu[(i, i)]) {
        // NaN stays NaN.
        sign *= if pivot == 0.0 || pivot.is_nan() { pivot } else { pivot.signum() };
        logarithm += libm::log(pivot.abs());
    }
    Ok((Chunk::scalar(if sign == 0.0 { 0.0 } else { sign }).cast(dtype), Chunk::scalar(logarithm).cast(dtype)))
}

/// The determinant, as a chunk of no axis.
///
/// # Errors
/// [`Error::Shape`] if the matrix is not square.
pub fn determinant(a: &Chunk) -> Result<Chunk> {
    let n = side("det", a)?;
    let factors = Factored::new("det", a)?;
    let product = (0..n).map(|i| factors.lu[(i, i)]).fold(if factors.is_odd { -1.0 } else { 1.0 }, |a, b| a * b);
    Ok(Chunk::scalar(product).cast(answer(a.dtype())))
}

/// `A[forward] = L U`, L and U in one matrix.
struct Factored {
    lu: Mat<f64>,
    forward: Vec<usize>,
    backward: Vec<usize>,
    is_odd: bool,
}

impl Factored {
    fn new(operation: &'static str, a: &Chunk) -> Result<Factored> {
        let mut lu = columns(operation, a)?;
        let (m, n) = lu.shape();
        let (mut forward, mut backward): (Vec<usize>, Vec<usize>) = ((0..m).collect(), (0..m).collect());
        let mut is_odd = false;
        if m > 0 && n > 0 {
            let scratch = lu_in_place_scratch::<usize, f64>(m, n, Par::Seq, Default::default());
            let (info, _) = lu_in_place(
                lu.as_mut(),
                &mut forward,
                &mut backward,
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(scratch)),
                Default::default(),
            );
            is_odd = info.transposition_count % 2 == 1;
            // faer divides by a pivot of zero; what lies behind it is then no number.
            if (0..m.min(n)).any(|i| lu[(i, i)] == 0.0) {
                return Ok(Factored::column_by_column(columns(operation, a)?));
            }
        }
        Ok(Factored { lu, forward, backward, is_odd })
    }

    /// The same factors by elementary steps, which leave a column of zeros alone, as LAPACK's `getf2` does.
    fn column_by_column(mut lu: Mat<f64>) -> Factored {
        let (m, n) = lu.shape();
        let mut forward: Vec<usize> = (0..m).collect();
        let mut is_odd = false;
        for j in 0..m.min(n) {
            let mut pivot = j;
            for i in j + 1..m {
                if lu[(i, j)].abs() > lu[(pivot, j)].abs() {
                    pivot = i;
                }
            }
            if lu[(pivot, j)] == 0.0 {
                continue;
            }
            if pivot != j {
                (0..n).for_each(|k| lu.col_as_slice_mut(k).swap(j, pivot));
                forward.swap(j, pivot);
                is_odd = !is_odd;
            }
            let divisor = lu[(j, j)];
            lu.col_as_slice_mut(j)[j + 1..].iter_mut().for_each(|value| *value /= divisor);
            let factors = lu.col_as_slice(j)[j + 1..].to_vec();
            for k in j + 1..n {
                let column = &mut lu.col_as_slice_mut(k)[j..];
                let top = column[0];
                column[1..].iter_mut().zip(&factors).for_each(|(value, factor)| *value -= factor * top);
            }
        }
        let mut backward = vec![0; m];
        forward.iter().enumerate().for_each(|(row, &from)| backward[from] = row);
        Factored { lu, forward, backward, is_odd }
    }

    fn check_pivots(&self, operation: &'static str) -> Result<()> {
        check_pivots(operation, &self.lu)
    }

    /// The right side becomes the solution; the matrix is square.
    fn solve(&self, x: &mut Mat<f64>) {
        let n = self.lu.nrows();
        if n == 0 {
            return;
        }
        // Both come from the factorisation, so they are permutations and each other's inverse.
        let permutation = PermRef::new_checked(&self.forward, &self.backward, n);
        let scratch = solve_in_place_scratch::<usize, f64>(n, x.ncols(), Par::Seq);
        solve_in_place(
            self.lu.as_ref(),
            self.lu.as_ref(),
            permutation,
            x.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
    }
}

/// X with `T X = B` for the triangle T of A, whose diagonal is as it stands or taken for ones. Shapes as in [`solve`].
/// Cost: n² k operations.
///
/// # Errors
/// [`Error::Shape`] if shapes do not fit, [`Error::Matrix`] if a value on the diagonal is zero.
pub fn solve_triangular(a: &Chunk, b: &Chunk, triangle: Triangle, diagonal: Diagonal) -> Result<Chunk> {
    let (_, mut x) = right_side("solve_triangular", a, b)?;
    let t = columns("solve_triangular", a)?;
    if diagonal == Diagonal::Stored {
        check_pivots("solve_triangular", &t)?;
    }
    match (triangle, diagonal) {
        (Triangle::Lower, Diagonal::Stored) => solve_lower_triangular_in_place(t.as_ref(), x.as_mut(), Par::Seq),
        (Triangle::Upper, Diagonal::Stored) => solve_upper_triangular_in_place(t.as_ref(), x.as_mut(), Par::Seq),
        (Triangle::Lower, Diagonal::Unit) => solve_unit_lower_triangular_in_place(t.as_ref(), x.as_mut(), Par::Seq),
        (Triangle::Upper, Diagonal::Unit) => solve_unit_upper_triangular_in_place(t.as_ref(), x.as_mut(), Par::Seq),
    }
    chunk(&x, common(a, b))?.reshape(b.shape())
}

/// The inverse (n × n), by [`solve`] with the identity. Prefer [`solve`], which is faster and more accurate.
///
/// # Errors
/// As [`solve`].
pub fn inverse(a: &Chunk) -> Result<Chunk> {
    let n = side("inverse", a)?;
    let identity = chunk(&Mat::identity(n, n), answer(a.dtype()))?;
    solve(a, &identity)
}

/// The side of A, and a column-major copy of B.
fn right_side(operation: &str, a: &Chunk, b: &Chunk) -> Result<(usize, Mat<f64>)> {
    let n = side(operation, a)?;
    let matrix = match *b.shape() {
        [rows] if rows == n => b.reshape(&[n, 1])?,
        [rows, _] if rows == n => b.clone(),
        _ => {
            return Err(Error::shape(format!(
                "{operation}: a matrix of shape {:?} has no right side of shape {:?}",
                a.shape(),
                b.shape()
            )));
        }
    };
    Ok((n, columns(operation, &matrix)?))
}

fn common(a: &Chunk, b: &Chunk) -> DType {
    DType::promote(answer(a.dtype()), answer(b.dtype()))
}

fn check_pivots(operation: &'static str, u: &Mat<f64>) -> Result<()> {
    match (0..u.nrows()).find(|&i| u[(i, i)] == 0.0) {
        Some(i) => Err(Error::Matrix {
            operation,
            reason: format!("the {} x {} matrix is singular: pivot {i} is zero", u.nrows(), u.ncols()),
        }),
        None => Ok(()),
    }
}
