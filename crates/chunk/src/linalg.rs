//! stub
use crate::{Chunk, Result};
/// (m, k) x (k, n), f32 or f64 (others: cast first)
pub fn matmul(a: &Chunk, b: &Chunk) -> Result<Chunk> { todo!() }
pub fn qr_thin(a: &Chunk) -> Result<(Chunk, Chunk)> { todo!() }
/// R alone (cheaper than qr_thin)
pub fn qr_r(a: &Chunk) -> Result<Chunk> { todo!() }
/// (U m×k, S k, Vt k×n), signs fixed by fix_signs
pub fn svd_thin(a: &Chunk) -> Result<(Chunk, Chunk, Chunk)> { todo!() }
/// singular values alone
pub fn singular_values(a: &Chunk) -> Result<Chunk> { todo!() }
pub fn fix_signs(u: &Chunk, vt: &Chunk) -> Result<(Chunk, Chunk)> { todo!() }
/// Frobenius norm (2-norm of a vector), a 0-d chunk
pub fn norm(a: &Chunk) -> Result<Chunk> { todo!() }
/// lower triangular L
pub fn cholesky(a: &Chunk) -> Result<Chunk> { todo!() }
/// A X = B by LU with partial pivoting; b (n) or (n, k)
pub fn solve(a: &Chunk, b: &Chunk) -> Result<Chunk> { todo!() }
/// R X = B, triangular
pub fn solve_triangular(a: &Chunk, b: &Chunk, triangle: Triangle) -> Result<Chunk> { todo!() }
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Triangle { Lower, Upper }
/// ascending eigenvalues (n), eigenvectors in columns (n, n), of a symmetric matrix (lower triangle read)
pub fn eigh(a: &Chunk) -> Result<(Chunk, Chunk)> { todo!() }
