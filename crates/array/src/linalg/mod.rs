//! Linear algebra with the names of NumPy, SciPy and Dask.
//!
//! | file | what |
//! |---|---|
//! | `product` | matmul, dot, vdot, inner, outer, kron, tensordot, matrix powers |
//! | `einsum` | Einstein's notation, by products of stacks of matrices |
//! | `factor` | QR and singular values: TSQR, in one piece, compressed |
//! | `solve` | Cholesky, LU, solutions, inverses, determinants, eigenvalues of symmetric matrices |
//! | `spectral` | what singular values answer: pseudo-inverse, rank, least squares |
//! | `norm` | norms of vectors and matrices |
//! | `statistics` | covariance and correlation |
//!
//! Products, QR of tall matrices and what follows from them are computed chunk by chunk. What has no such method here
//! (LU, Cholesky, eigenvalues, the SVD of a square matrix) gathers the matrix into one task; the plan's projected memory
//! is checked before it runs, and a matrix that is too large is refused with both figures.

mod einsum;
mod factor;
mod norm;
mod product;
mod solve;
mod spectral;
mod statistics;

pub use einsum::einsum;
pub use norm::NormOrder;
pub use solve::{Assume, Side};
pub use statistics::Variables;

use crate::array::Array;
use crate::chunks::Chunks;
use crate::expr::Expr;
use crate::index::Index;
use crate::node::dense::{Dense, Packed};
use phalanx_chunk::DType;
use phalanx_chunk::ufunc::Unary;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// A matrix of at most this many elements is decomposed in one piece.
const ONE_PIECE_ELEMENTS: usize = 1 << 20;

/// The parts of a decomposition, or its error in each of them.
fn parts<const N: usize>(parts: Result<Vec<Array>>) -> [Array; N] {
    let lost = |_| Error::internal("a decomposition lost a part");
    match parts.and_then(|parts| <[Array; N]>::try_from(parts).map_err(lost)) {
        Ok(parts) => parts,
        Err(error) => std::array::from_fn(|_| Array::failed(error.clone())),
    }
}

/// The lengths of a matrix, or of the matrices of a stack.
fn matrices(expr: &Arc<Expr>) -> Result<(usize, usize)> {
    match *expr.shape() {
        [.., rows, columns] => Ok((rows, columns)),
        _ => Err(Error::input(format!(
            "{}-dimensional array given. Array must be at least two-dimensional",
            expr.shape().len()
        ))
        .with_hint("give two axes; `reshape` makes them")),
    }
}

/// The lengths of one matrix with elements.
fn matrix(expr: &Arc<Expr>) -> Result<(usize, usize)> {
    let lengths = matrices(expr)?;
    if expr.shape().contains(&0) {
        return Err(Error::input(format!("an array of shape {:?} is no matrix with elements", expr.shape()))
            .with_hint("there is nothing to compute"));
    }
    if expr.shape().len() == 2 {
        return Ok(lengths);
    }
    Err(Error::unsupported(format!("this of a stack of matrices, of shape {:?}", expr.shape()))
        .with_hint("take each matrix of the stack by its index"))
}

/// The side of a square matrix, or of those of a stack.
fn square(expr: &Arc<Expr>, operation: &str) -> Result<usize> {
    match matrices(expr)? {
        (rows, columns) if rows == columns => Ok(rows),
        (rows, columns) => Err(Error::input(format!(
            "Last 2 dimensions of the array must be square: {operation} of a matrix of shape ({rows}, {columns})"
        ))
        .with_hint("the matrix must be square; `lstsq` and `pinv` take others")),
    }
}

/// Whether it is a stack of matrices, each of which is decomposed in one piece, or complex, which is, too.
fn is_whole(expr: &Arc<Expr>) -> bool {
    expr.shape().len() > 2 || expr.dtype().is_complex()
}

/// The floating-point type in which a decomposition of this type answers.
fn float_of(dtype: DType) -> Result<DType> {
    match dtype {
        DType::Float32 => Ok(DType::Float32),
        dtype if dtype.is_complex() => Ok(dtype),
        _ => Ok(DType::Float64),
    }
}

/// An array as the type in which decompositions of it answer.
fn floating(array: &Array) -> Array {
    match array.dtype().and_then(float_of) {
        Ok(dtype) => array.astype(dtype),
        Err(error) => Array::failed(error),
    }
}

/// Computes `dense` of whole matrices, or of each of whole stacks, in one task: its parts.
fn one_piece(dense: Dense, inputs: &[&Array]) -> Result<Vec<Array>> {
    let inputs = inputs.iter().map(|input| input.expr().cloned()).collect::<Result<Vec<_>>>()?;
    let dtype = inputs.iter().map(|input| float_of(input.dtype())).collect::<Result<Vec<_>>>()?;
    let dtype = dtype.into_iter().reduce(DType::promote).unwrap_or(DType::Float64);
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
    let parts = dense.part_shapes(&shapes);
    let total = parts.iter().map(|shape| shape.iter().product::<usize>()).sum();
    let node = Packed { dense, inputs: shapes, dtype, shape: vec![total] };
    let packed = Array::from_expr(Expr::new(node, inputs, Chunks::single(&[total])));
    let mut start = 0;
    let part = |(number, shape): (usize, Vec<usize>)| {
        let end = start + shape.iter().product::<usize>().cast_signed();
        let part = packed.slice([Index::from(start..end)]).reshape(shape);
        start = end;
        if dtype.is_complex() && dense.is_real(number) { part.unary(Unary::Real) } else { part }
    };
    Ok(parts.into_iter().enumerate().map(part).collect())
}
