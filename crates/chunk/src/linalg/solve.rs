//! Triangular factors and what they solve.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::lu::partial_pivoting::solve::{solve_in_place, solve_in_place_scratch};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
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
    let (n, mut x) = right_side("solve", a, b)?;
    let mut lu = columns("solve", a)?;
    if n > 0 {
        let (mut forward, mut backward) = (vec![0usize; n], vec![0usize; n]);
        let scratch = lu_in_place_scratch::<usize, f64>(n, n, Par::Seq, Default::default());
        let (_, permutation) = lu_in_place(
            lu.as_mut(),
            &mut forward,
            &mut backward,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        );
        check_pivots("solve", &lu)?;
        let scratch = solve_in_place_scratch::<usize, f64>(n, x.ncols(), Par::Seq);
        solve_in_place(
            lu.as_ref(),
            lu.as_ref(),
            permutation,
            x.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
    }
    chunk(&x, common(a, b))?.reshape(b.shape())
}

/// X with `T X = B` for the triangle T of A. Shapes as in [`solve`]. Cost: n² k operations.
///
/// # Errors
/// [`Error::Shape`] if shapes do not fit, [`Error::Matrix`] if a value on the diagonal is zero.
pub fn solve_triangular(a: &Chunk, b: &Chunk, triangle: Triangle) -> Result<Chunk> {
    let (_, mut x) = right_side("solve_triangular", a, b)?;
    let t = columns("solve_triangular", a)?;
    check_pivots("solve_triangular", &t)?;
    match triangle {
        Triangle::Lower => solve_lower_triangular_in_place(t.as_ref(), x.as_mut(), Par::Seq),
        Triangle::Upper => solve_upper_triangular_in_place(t.as_ref(), x.as_mut(), Par::Seq),
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
