//! Products, decompositions and solutions, on faer (Householder QR, bidiagonal SVD, tridiagonal eigenvalues, LU,
//! Cholesky), always on one thread.
//!
//! Complex matrices have functions of the same names in [`complex`].
//!
//! Products are computed in the dtype of the factors; everything else is computed in `float64` and rounded once to
//! `float32` if the matrix is of that type; integers become `float64`, as in NumPy.
//!
//! **Bits** depend on the values, the shape and the processor's SIMD level (a fused multiply-add is there or not, and
//! dot products are as wide as the registers), on no thread and on no address: decompositions work on copies with
//! aligned columns.
//!
//! **Memory.** Decompositions hold a copy of the matrix beside their results. The first product on a thread reserves
//! address space of about twice the processor's last-level cache for packed panels, of which only what is used becomes
//! memory; it stays reserved as long as the thread lives.

pub mod complex;
mod decompose;
mod factor;
mod matrix;
mod product;
mod solve;
#[cfg(test)]
mod tests;

pub use decompose::{
    eigenvalues, eigh, fix_signs, qr_complete, qr_r, qr_thin, qr_times, qr_times_by, singular_values, svd_thin,
};
pub use product::{matmul, norm};
pub use solve::{
    Diagonal, Triangle, cholesky, determinant, inverse, log_determinant, lu, solve, solve_positive, solve_triangular,
};
