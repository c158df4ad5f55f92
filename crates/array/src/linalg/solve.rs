//! Factors of square matrices, and what they solve.

use super::{matrices, one_piece, parts, square};
use crate::array::Array;
use crate::node::dense::Dense;
use phalanx_chunk::linalg::{Diagonal, Triangle};
use phalanx_engine::{Error, Result};

/// What [`Array::solve`] may take for granted of its matrix, SciPy's `assume_a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assume {
    /// Nothing (`"gen"`): LU factors with partial pivoting.
    General,
    /// It is symmetric and positive definite (`"pos"`): Cholesky factors of its lower triangle.
    PositiveDefinite,
}

/// Which triangle a factorisation reads and answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On and below the diagonal.
    Lower,
    /// On and above the diagonal.
    Upper,
}

impl Array {
    /// The Cholesky factor of a symmetric positive definite matrix, of which only one triangle is read: L with
    /// `A = L Lᵀ`, or U with `A = Uᵀ U`. In one task. Cost: n³ / 3 operations.
    ///
    /// # Errors
    /// (held by the array) `Input`: the matrix is not square. `Data`, when it runs: it is not positive definite.
    #[must_use]
    pub fn cholesky(&self, side: Side) -> Self {
        match side {
            Side::Lower => self.of_square("cholesky", Dense::Cholesky),
            Side::Upper => self.matrix_transposed().of_square("cholesky", Dense::Cholesky).matrix_transposed(),
        }
    }

    /// P (m, m), L (m, k) and U (k, n) with `A = P L U`, k = min(m, n), as `scipy.linalg.lu` has them. In one task.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: not a matrix.
    #[must_use]
    pub fn lu(&self) -> (Self, Self, Self) {
        let factors = self.expr().and_then(matrices).and_then(|_| one_piece(Dense::Lu, &[self]));
        let [p, l, u] = parts(factors);
        (p, l, u)
    }

    /// X with `A X = B`, of the shape of B: (n) or (n, k). In one task. Cost: 2 n³ / 3 + 2 n² k operations.
    ///
    /// # Errors
    /// (held by the array) `Input`: shapes that do not fit. `Data`, when it runs: A is singular, or not positive
    /// definite where that is assumed.
    ///
    /// ```
    /// use phalanx_array::{Array, linalg::Assume};
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let a = Array::from_vec((2, 2), vec![2.0, 0.0, 1.0, 4.0]);
    /// let x = a.solve(&Array::from_vec(2, vec![2.0, 9.0]), Assume::General);
    /// assert_eq!(x.compute(&engine)?.values::<f64>().unwrap(), [1.0, 2.0]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn solve(&self, b: &Array, assume: Assume) -> Self {
        let dense = match assume {
            Assume::General => Dense::Solve,
            Assume::PositiveDefinite => Dense::SolvePositive,
        };
        self.solution("solve", b, dense)
    }

    /// X with `T X = B` for one triangle T of the matrix, whose diagonal is its own or taken for ones. In one task.
    ///
    /// # Errors
    /// (held by the array) `Input`: shapes that do not fit. `Data`, when it runs: a zero on the diagonal.
    #[must_use]
    pub fn solve_triangular(&self, b: &Array, side: Side, diagonal: Diagonal) -> Self {
        let triangle = match side {
            Side::Lower => Triangle::Lower,
            Side::Upper => Triangle::Upper,
        };
        self.solution("solve_triangular", b, Dense::SolveTriangular(triangle, diagonal))
    }

    /// The inverse. In one task. [`Array::solve`] is faster and more accurate where the inverse is only multiplied by.
    ///
    /// # Errors
    /// (held by the array) `Input`: the matrix is not square. `Data`, when it runs: it is singular.
    #[must_use]
    pub fn inv(&self) -> Self {
        self.of_square("inv", Dense::Inverse)
    }

    /// The determinant. In one task.
    ///
    /// # Errors
    /// (held by the array) `Input`: the matrix is not square.
    #[must_use]
    pub fn det(&self) -> Self {
        self.of_square("det", Dense::Determinant)
    }

    /// The sign of the determinant and the logarithm of its absolute value. In one task.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: the matrix is not square.
    #[must_use]
    pub fn slogdet(&self) -> (Self, Self) {
        let factors = self.expr().and_then(|expr| square(expr, "slogdet"));
        let [sign, logarithm] = parts(factors.and_then(|_| one_piece(Dense::LogDeterminant, &[self])));
        (sign, logarithm)
    }

    /// Eigenvalues (n), ascending, and eigenvectors (n, n), in columns, of a symmetric matrix, of which only one
    /// triangle is read. The largest entry of each vector is positive. In one task.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: the matrix is not square.
    #[must_use]
    pub fn eigh(&self, side: Side) -> (Self, Self) {
        let read = self.lower(side);
        let factors = read.expr().and_then(|expr| square(expr, "eigh"));
        let [values, vectors] = parts(factors.and_then(|_| one_piece(Dense::Eigh, &[&read])));
        (values, vectors)
    }

    /// The eigenvalues of [`Array::eigh`] alone.
    ///
    /// # Errors
    /// As [`Array::eigh`].
    #[must_use]
    pub fn eigvalsh(&self, side: Side) -> Self {
        self.lower(side).of_square("eigvalsh", Dense::Eigenvalues)
    }

    /// A symmetric matrix, whose triangle that is given lies below the diagonal.
    fn lower(&self, side: Side) -> Self {
        match side {
            Side::Lower => self.clone(),
            Side::Upper => self.adjoint(),
        }
    }

    fn of_square(&self, operation: &str, dense: Dense) -> Self {
        let factors = self.expr().and_then(|expr| square(expr, operation));
        let [only] = parts(factors.and_then(|_| one_piece(dense, &[self])));
        only
    }

    fn solution(&self, operation: &str, b: &Array, dense: Dense) -> Self {
        let make = || -> Result<Vec<Array>> {
            let side = square(self.expr()?, operation)?;
            let (own, shape) = (self.shape()?, b.shape()?);
            let stack = &own[..own.len() - 2];
            let of_one = shape.strip_prefix(stack).unwrap_or(&[]);
            if !(1..=2).contains(&of_one.len()) || of_one[0] != side {
                let message = format!("{operation}: a matrix of shape {own:?} has no right side of shape {shape:?}");
                return Err(Error::input(message).with_hint("the right side has shape (n) or (n, k)"));
            }
            one_piece(dense, &[self, b])
        };
        let [x] = parts(make());
        x
    }
}
