//! Decompositions of complex matrices, by faer, in `complex128`; `complex64` is rounded once. Phases are fixed as signs
//! of real ones are: the first entry with the largest modulus of a singular or eigenvector is real and positive.

use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::{Mat, MatRef, Side};
use num_complex::Complex64;

use super::matrix::{dimensions, side};
use super::solve::{Diagonal, Triangle};
use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};

type Matrix = Mat<Complex64>;

fn read(operation: &'static str, a: &Chunk) -> Result<Matrix> {
    let (m, n) = dimensions(operation, a)?;
    let wide = a.cast(DType::Complex128);
    let values = wide.values::<Complex64>()?;
    if let Some(at) = values.iter().position(|value| !(value.re.is_finite() && value.im.is_finite())) {
        let reason = format!("the value at ({}, {}) is {}, not finite", at / n, at % n, values[at]);
        return Err(Error::Matrix { operation, reason });
    }
    Ok(Mat::from_fn(m, n, |i, j| values[i * n + j]))
}

fn write(matrix: MatRef<'_, Complex64>, dtype: DType) -> Result<Chunk> {
    let (m, n) = matrix.shape();
    let values = (0..m).flat_map(|i| (0..n).map(move |j| matrix[(i, j)])).collect::<Vec<_>>();
    Ok(Chunk::new(&[m, n], values)?.cast(dtype))
}

fn failed(operation: &'static str, reason: String) -> Error {
    Error::Matrix { operation, reason }
}

/// The real type beside a complex one.
fn real(dtype: DType) -> DType {
    if dtype == DType::Complex64 { DType::Float32 } else { DType::Float64 }
}

fn answer(dtype: DType) -> DType {
    if dtype == DType::Complex64 { dtype } else { DType::Complex128 }
}

/// What turns the first entry with the largest modulus to the positive reals.
fn turn(vector: impl Iterator<Item = Complex64>) -> Complex64 {
    let largest = vector.fold(Complex64::ZERO, |a, b| if b.norm() > a.norm() { b } else { a });
    if largest == Complex64::ZERO { Complex64::ONE } else { largest.conj() / largest.norm() }
}

/// Q and R; the diagonal of R is real.
pub fn qr_thin(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let factors = read("qr", a)?.qr();
    let (q, r) = (factors.compute_thin_Q(), factors.thin_R().to_owned());
    let r = Mat::from_fn(r.nrows(), r.ncols(), |i, j| if i <= j { r[(i, j)] } else { Complex64::ZERO });
    Ok((write(q.as_ref(), answer(a.dtype()))?, write(r.as_ref(), answer(a.dtype()))?))
}

/// Q (m × m) and R (m × n).
pub fn qr_complete(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let factors = read("qr", a)?.qr();
    let (q, r) = (factors.compute_Q(), factors.thin_R());
    let whole = Mat::from_fn(q.nrows(), r.ncols(), |i, j| if i <= j { r[(i, j)] } else { Complex64::ZERO });
    Ok((write(q.as_ref(), answer(a.dtype()))?, write(whole.as_ref(), answer(a.dtype()))?))
}

/// U, S (real) and Vᴴ, S descending.
pub fn svd_thin(a: &Chunk) -> Result<(Chunk, Chunk, Chunk)> {
    let matrix = read("svd", a)?;
    let svd = matrix.thin_svd().map_err(|_| failed("svd", "the iteration did not converge".into()))?;
    let (mut u, mut v) = (svd.U().to_owned(), svd.V().to_owned());
    for j in 0..u.ncols() {
        // A row of Vᴴ is the conjugate of a column of V.
        let factor = turn((0..v.nrows()).map(|i| v[(i, j)].conj()));
        (0..v.nrows()).for_each(|i| v[(i, j)] = (v[(i, j)].conj() * factor).conj());
        (0..u.nrows()).for_each(|i| u[(i, j)] *= factor.conj());
    }
    let s: Vec<f64> = svd.S().column_vector().iter().map(|value| value.re).collect();
    let dtype = answer(a.dtype());
    Ok((write(u.as_ref(), dtype)?, Chunk::vector(s).cast(real(dtype)), write(v.adjoint().to_owned().as_ref(), dtype)?))
}

/// P (real numbers), L, U with `A = P L U`.
pub fn lu(a: &Chunk) -> Result<(Chunk, Chunk, Chunk)> {
    let matrix = read("lu", a)?;
    let (m, factors) = (matrix.nrows(), matrix.partial_piv_lu());
    let (forward, _) = factors.P().arrays();
    let mut p = Matrix::zeros(m, m);
    forward.iter().enumerate().for_each(|(row, &from)| p[(from, row)] = Complex64::ONE);
    let (l, u) = (factors.L(), factors.U());
    let size = m.min(matrix.ncols());
    let l = Mat::from_fn(m, size, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => Complex64::ZERO,
        std::cmp::Ordering::Equal => Complex64::ONE,
        std::cmp::Ordering::Greater => l[(i, j)],
    });
    let u = Mat::from_fn(size, matrix.ncols(), |i, j| if i <= j { u[(i, j)] } else { Complex64::ZERO });
    let dtype = answer(a.dtype());
    Ok((write(p.as_ref(), dtype)?, write(l.as_ref(), dtype)?, write(u.as_ref(), dtype)?))
}

/// L with `A = L Lᴴ`, of the lower triangle of a Hermitian positive definite matrix.
pub fn cholesky(a: &Chunk) -> Result<Chunk> {
    let n = side("cholesky", a)?;
    let factor = read("cholesky", a)?.llt(Side::Lower);
    let factor = factor.map_err(|_| failed("cholesky", format!("the {n} x {n} matrix is not positive definite")))?;
    let l = Mat::from_fn(n, n, |i, j| if i >= j { factor.L()[(i, j)] } else { Complex64::ZERO });
    write(l.as_ref(), answer(a.dtype()))
}

fn sides(operation: &'static str, a: &Chunk, b: &Chunk) -> Result<(Matrix, Matrix, DType)> {
    let n = side(operation, a)?;
    let columns = match *b.shape() {
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
    Ok((read(operation, a)?, read(operation, &columns)?, answer(DType::promote(a.dtype(), b.dtype()))))
}

/// X with `A X = B`.
pub fn solve(a: &Chunk, b: &Chunk) -> Result<Chunk> {
    let (matrix, right, dtype) = sides("solve", a, b)?;
    let factors = matrix.partial_piv_lu();
    if (0..matrix.nrows()).any(|i| !(factors.U()[(i, i)].norm() > 0.0)) {
        return Err(failed("solve", format!("the {0} x {0} matrix is singular", matrix.nrows())));
    }
    write(factors.solve(&right).as_ref(), dtype)?.reshape(b.shape())
}

/// As [`solve`], of the lower triangle of a Hermitian positive definite matrix.
pub fn solve_positive(a: &Chunk, b: &Chunk) -> Result<Chunk> {
    let (matrix, right, dtype) = sides("solve", a, b)?;
    let factor = matrix.llt(Side::Lower).map_err(|_| failed("solve", "the matrix is not positive definite".into()))?;
    write(factor.solve(&right).as_ref(), dtype)?.reshape(b.shape())
}

/// X with `T X = B` for a triangle T of A.
pub fn solve_triangular(a: &Chunk, b: &Chunk, triangle: Triangle, diagonal: Diagonal) -> Result<Chunk> {
    let (matrix, mut x, dtype) = sides("solve_triangular", a, b)?;
    if diagonal == Diagonal::Stored && (0..matrix.nrows()).any(|i| matrix[(i, i)] == Complex64::ZERO) {
        return Err(failed("solve_triangular", "a value on the diagonal is zero".into()));
    }
    match (triangle, diagonal) {
        (Triangle::Lower, Diagonal::Stored) => matrix.solve_lower_triangular_in_place(x.as_mut()),
        (Triangle::Upper, Diagonal::Stored) => matrix.solve_upper_triangular_in_place(x.as_mut()),
        (Triangle::Lower, Diagonal::Unit) => matrix.solve_unit_lower_triangular_in_place(x.as_mut()),
        (Triangle::Upper, Diagonal::Unit) => matrix.solve_unit_upper_triangular_in_place(x.as_mut()),
    }
    write(x.as_ref(), dtype)?.reshape(b.shape())
}

/// The inverse.
pub fn inverse(a: &Chunk) -> Result<Chunk> {
    let n = side("inverse", a)?;
    let factors = read("inverse", a)?.partial_piv_lu();
    if (0..n).any(|i| !(factors.U()[(i, i)].norm() > 0.0)) {
        return Err(failed("inverse", format!("the {n} x {n} matrix is singular")));
    }
    write(factors.inverse().as_ref(), answer(a.dtype()))
}

/// Eigenvalues (real), ascending, and vectors of the lower triangle of a Hermitian matrix.
pub fn eigh(a: &Chunk) -> Result<(Chunk, Chunk)> {
    side("eigh", a)?;
    let eigen = read("eigh", a)?.self_adjoint_eigen(Side::Lower);
    let eigen = eigen.map_err(|_| failed("eigh", "the iteration did not converge".into()))?;
    let mut vectors = eigen.U().to_owned();
    for j in 0..vectors.ncols() {
        let factor = turn((0..vectors.nrows()).map(|i| vectors[(i, j)]));
        (0..vectors.nrows()).for_each(|i| vectors[(i, j)] *= factor);
    }
    let values: Vec<f64> = eigen.S().column_vector().iter().map(|value| value.re).collect();
    let dtype = answer(a.dtype());
    Ok((Chunk::vector(values).cast(real(dtype)), write(vectors.as_ref(), dtype)?))
}

/// The pivots of the LU factors, and whether their rows are an odd permutation.
fn pivots(operation: &'static str, a: &Chunk) -> Result<(Vec<Complex64>, bool)> {
    let n = side(operation, a)?;
    let factors = read(operation, a)?.partial_piv_lu();
    let (forward, _) = factors.P().arrays();
    // Each cycle of even length is an odd number of exchanges.
    let (mut seen, mut is_odd) = (vec![false; n], false);
    for start in 0..n {
        let (mut at, mut length) = (start, 0);
        while !seen[at] {
            seen[at] = true;
            at = forward[at];
            length += 1;
        }
        is_odd ^= length > 0 && length % 2 == 0;
    }
    // faer divides by a pivot of zero; what lies behind it is no number.
    let mut pivots: Vec<Complex64> = (0..n).map(|i| factors.U()[(i, i)]).collect();
    if pivots.contains(&Complex64::ZERO) {
        pivots.fill(Complex64::ZERO);
    }
    Ok((pivots, is_odd))
}

/// The determinant.
pub fn determinant(a: &Chunk) -> Result<Chunk> {
    let (pivots, is_odd) = pivots("det", a)?;
    let product = pivots.into_iter().fold(Complex64::ONE, |a, b| a * b);
    Ok(Chunk::scalar(if is_odd { -product } else { product }).cast(answer(a.dtype())))
}

/// The determinant over its modulus (0 if it is 0), and the logarithm of the modulus, which is real.
pub fn log_determinant(a: &Chunk) -> Result<(Chunk, Chunk)> {
    let (pivots, is_odd) = pivots("slogdet", a)?;
    let (mut sign, mut logarithm) = (if is_odd { -Complex64::ONE } else { Complex64::ONE }, 0.0);
    for pivot in pivots {
        let size = pivot.norm();
        sign = if size == 0.0 { Complex64::ZERO } else { sign * (pivot / size) };
        logarithm += libm::log(size);
    }
    let dtype = answer(a.dtype());
    Ok((Chunk::scalar(sign).cast(dtype), Chunk::scalar(logarithm).cast(real(dtype))))
}
