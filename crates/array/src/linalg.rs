//! Linear algebra: products, QR, singular values, norms.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::expr::Expr;
use crate::index::Index;
use crate::node::contract::Contract;
use crate::node::factor::{Factors, OrthogonalBlocks, Packed, RowBlocks, Triangles};
use crate::random::Generator;
use crate::shape::{AllAxes, axis_of};
use phalanx_chunk::DType;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// A matrix of at most this many elements is decomposed in one piece.
const ONE_PIECE_ELEMENTS: usize = 1 << 20;
/// What the two operands of one block of a product may take, in bytes.
const PANEL_BYTES: usize = 128 << 20;
/// The most columns of a matrix that TSQR takes: the stack of triangles is decomposed in one piece.
const TSQR_COLUMNS_MAX: usize = 4096;

impl Array {
    /// The product of matrices, NumPy's `@`: (m, k) and (k, n), or vectors on either side.
    ///
    /// A chunk of the result pulls its rows of the left and its columns of the right; long inner axes are cut into
    /// blocks whose products are added in order. An operand that is one small chunk travels to where the other is.
    /// Cost: 2·m·k·n operations.
    ///
    /// # Errors
    /// (held by the array) `Input`: inner lengths differ. `Unsupported`: stacks of matrices, or integers.
    ///
    /// ```
    /// use phalanx_array::Array;
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::eye(3, 2) * 2.0;
    /// assert_eq!(x.matmul(&Array::ones(3, 2)).compute(&engine)?.values::<f64>().unwrap(), [2.0; 3]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn matmul(&self, other: &Array) -> Self {
        let (left, right) = match (self.ndim(), other.ndim()) {
            (Err(_), _) => return self.clone(),
            (_, Err(_)) => return other.clone(),
            (Ok(left), Ok(right)) => (left, right),
        };
        if !(1..=2).contains(&left) || !(1..=2).contains(&right) {
            let message = format!("matmul of arrays of {left} and {right} dimensions");
            return Self::failed(
                Error::unsupported(message).with_hint("give matrices or vectors; `tensordot` takes more axes"),
            );
        }
        let a = if left == 1 { self.expand_dims(0) } else { self.clone() };
        let b = if right == 1 { other.expand_dims(1) } else { other.clone() };
        let product = Self::from_result(a.expr().and_then(|a| product(a, b.expr()?)));
        match (left, right) {
            (2, 2) => product,
            (1, 2) => product.slice([Index::At(0)]),
            (2, 1) => product.slice([Index::Rest, Index::At(0)]),
            _ => product.slice([Index::At(0), Index::At(0)]),
        }
    }

    /// NumPy's `dot` for vectors and matrices; the same as [`Array::matmul`] there.
    #[must_use]
    pub fn dot(&self, other: &Array) -> Self {
        self.matmul(other)
    }

    /// The sum of products over pairs of axes, NumPy's `tensordot` with two lists of axes.
    #[must_use]
    pub fn tensordot(&self, other: &Array, axes: &[isize], other_axes: &[isize]) -> Self {
        let make = || {
            let (a, b) = (self.expr()?, other.expr()?);
            let named = |axes: &[isize], ndim| axes.iter().map(|&axis| axis_of(axis, ndim)).collect::<Result<Vec<_>>>();
            let (inner_a, inner_b) = (named(axes, a.shape().len())?, named(other_axes, b.shape().len())?);
            let lengths = |expr: &Arc<Expr>, axes: &[usize]| axes.iter().map(|&axis| expr.shape()[axis]).collect();
            let (length_a, length_b): (Vec<usize>, Vec<usize>) = (lengths(a, &inner_a), lengths(b, &inner_b));
            if length_a != length_b {
                let message = format!("tensordot over axes of lengths {length_a:?} and {length_b:?}");
                return Err(Error::input(message).with_hint("the axes must agree pair by pair"));
            }
            let outer = |expr: &Arc<Expr>, inner: &[usize]| -> Vec<usize> {
                (0..expr.shape().len()).filter(|axis| !inner.contains(axis)).collect()
            };
            let (outer_a, outer_b) = (outer(a, &inner_a), outer(b, &inner_b));
            let signed = |axes: &[usize]| axes.iter().map(|axis| axis.cast_signed()).collect::<Vec<_>>();
            let k: usize = length_a.iter().product();
            let rows: Vec<usize> = lengths(a, &outer_a);
            let columns: Vec<usize> = lengths(b, &outer_b);
            let left = self.transpose(&signed(&[outer_a, inner_a].concat())).reshape(vec![rows.iter().product(), k]);
            let right =
                other.transpose(&signed(&[inner_b, outer_b].concat())).reshape(vec![k, columns.iter().product()]);
            Ok(left.matmul(&right).reshape([rows, columns].concat()))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The 2-norm of all elements: of a vector the Euclidean norm, of a matrix the Frobenius norm.
    #[must_use]
    pub fn norm(&self) -> Self {
        self.square().sum(AllAxes).sqrt()
    }

    /// The thin QR decomposition of a tall or small matrix: Q (m, k) in the row chunks of this array, R (k, n), with
    /// k = min(m, n).
    ///
    /// TSQR: one QR for each chunk of rows, one of the stacked triangles. Needing Q decomposes each chunk twice rather
    /// than keeping it. Cost: 4·m·n² operations, R alone 2·m·n².
    #[must_use]
    pub fn qr(&self) -> (Self, Self) {
        let [q, r] = parts(self.expr().and_then(|expr| factored(expr, Factors::Qr)));
        (q, r)
    }

    /// The thin singular value decomposition U (m, k), S (k), Vᵀ (k, n), with k = min(m, n) and S descending.
    ///
    /// Small matrices are decomposed in one piece, tall ones by TSQR over their chunks of rows, wide ones as the
    /// transposed of their transposed. Signs are fixed by the rule of [`phalanx_chunk::linalg::fix_signs`]; of a wide
    /// matrix in several chunks they are those of its transposed, so that columns of U have the positive entry. S and Vᵀ alone never make U.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: not a matrix. `Unsupported`: both sides too long for TSQR.
    #[must_use]
    pub fn svd(&self) -> (Self, Self, Self) {
        if let Ok(&[rows, columns]) = self.shape()
            && rows < columns
            && rows * columns > ONE_PIECE_ELEMENTS
        {
            let (u, s, vt) = self.t().svd();
            return (vt.t(), s, u.t());
        }
        let [u, s, vt] = parts(self.expr().and_then(|expr| factored(expr, Factors::Svd)));
        (u, s, vt)
    }

    /// The `rank` largest singular values and vectors, approximately: randomized range finder with `iterations` power
    /// iterations, each re-orthogonalised (Halko, Martinsson, Tropp, SIAM Review 53, 2011, algorithms 4.4 and 5.1),
    /// oversampled by 10. For matrices whose sides are both long; chunks of any form.
    #[must_use]
    pub fn svd_compressed(&self, rank: usize, iterations: usize, seed: u64) -> (Self, Self, Self) {
        let fail = |error: Error| {
            let [u, s, vt] = parts(Err(error));
            (u, s, vt)
        };
        let expr = match self.expr().and_then(|expr| matrix(expr).map(|_| expr)) {
            Ok(expr) => expr,
            Err(error) => return fail(error),
        };
        let (rows, columns) = (expr.shape()[0], expr.shape()[1]);
        let width = rank.saturating_add(10).min(rows).min(columns);
        if rank == 0 || rank > rows.min(columns) {
            return fail(
                Error::input(format!("rank {rank} of a matrix of shape {:?}", expr.shape()))
                    .with_hint("the rank is from 1 to the shorter side"),
            );
        }
        let own = Chunks::from_borders(vec![Arc::clone(expr.chunks.borders(1)), [0, width].into()]);
        let sizes = vec![own.sizes(0), own.sizes(1)];
        let mut range = self.matmul(&Generator::new(seed).normal(0.0, 1.0, (columns, width), sizes));
        for _ in 0..iterations {
            let (orthogonal, _) = range.qr();
            let (back, _) = self.t().matmul(&orthogonal).qr();
            range = self.matmul(&back);
        }
        let (q, _) = range.qr();
        let (u, s, vt) = q.t().matmul(self).svd();
        let first = Index::from(..rank.cast_signed());
        (q.matmul(&u).slice([Index::from(..), first]), s.slice([first]), vt.slice([first]))
    }
}

/// The parts of a decomposition, or its error in each of them.
fn parts<const N: usize>(parts: Result<Vec<Array>>) -> [Array; N] {
    let lost = |_| Error::internal("a decomposition lost a part");
    match parts.and_then(|parts| <[Array; N]>::try_from(parts).map_err(lost)) {
        Ok(parts) => parts,
        Err(error) => std::array::from_fn(|_| Array::failed(error.clone())),
    }
}

fn matrix(expr: &Arc<Expr>) -> Result<(usize, usize)> {
    match *expr.shape() {
        [rows, columns] if rows > 0 && columns > 0 => Ok((rows, columns)),
        _ => Err(Error::input(format!("an array of shape {:?} is no matrix with elements", expr.shape()))
            .with_hint("give two axes; `reshape` makes them")),
    }
}

/// A floating-point type that the decompositions take.
fn float_of(dtype: DType) -> DType {
    if dtype == DType::Float32 { DType::Float32 } else { DType::Float64 }
}

fn product(a: &Arc<Expr>, b: &Arc<Expr>) -> Result<Arc<Expr>> {
    let (&[rows, k], &[other, columns]) = (a.shape(), b.shape()) else {
        return Err(Error::internal("matmul of what are no matrices"));
    };
    if k != other {
        return Err(Error::input(format!("matmul of shapes {:?} and {:?}: {k} is not {other}", a.shape(), b.shape()))
            .with_hint("the columns of the left must be as many as the rows of the right"));
    }
    let dtype = DType::promote(a.dtype(), b.dtype());
    if !dtype.is_float() {
        return Err(Error::unsupported(format!("matmul of {} and {}", a.dtype(), b.dtype()))
            .with_hint("cast one side: `astype(DType::Float64)`"));
    }
    let cast = |expr: &Arc<Expr>| Array::from_expr(Arc::clone(expr)).astype(dtype).expr().cloned();
    let (left, right) = (cast(a)?, cast(b)?);
    let longest = |chunks: &Chunks, axis| chunks.sizes(axis).into_iter().max().unwrap_or(1).max(1);
    let (high, wide) = (longest(&a.chunks, 0), longest(&b.chunks, 1));
    // The finer of the two grids of k.
    let finer = if a.chunks.borders(1).len() >= b.chunks.borders(0).len() { (&a.chunks, 1) } else { (&b.chunks, 0) };
    let own = longest(finer.0, finer.1);
    let k_max = if rows.saturating_mul(k).saturating_add(k.saturating_mul(columns)) <= ONE_PIECE_ELEMENTS {
        k
    } else if high.saturating_mul(wide).saturating_mul(4) <= high.saturating_add(wide).saturating_mul(own) {
        // Products are small against what they are made of: multiply where the data lies and send the products.
        own
    } else {
        let bytes = high.saturating_add(wide).saturating_mul(dtype.itemsize());
        (PANEL_BYTES / bytes.max(1)).max(1)
    };
    let blocks = finer.0.joined(finer.1, k_max);
    let grid = |axis: Arc<[usize]>| {
        Chunks::from_borders(vec![axis, Arc::clone(a.chunks.borders(0)), Arc::clone(b.chunks.borders(1))])
    };
    let count = blocks.len() - 1;
    let node = Contract { blocks: blocks.to_vec(), dtype, shape: vec![count, rows, columns] };
    let contract = Array::from_expr(Expr::new(node, vec![left, right], grid((0..=count).collect())));
    let summed = if count == 1 { contract.slice([Index::At(0)]) } else { contract.sum(0) };
    summed.expr().cloned()
}

/// The parts of a decomposition, in the order of [`Packed::part_shapes`].
fn factored(expr: &Arc<Expr>, factors: Factors) -> Result<Vec<Array>> {
    let (rows, columns) = matrix(expr)?;
    let dtype = float_of(expr.dtype());
    let cast = Array::from_expr(Arc::clone(expr)).astype(dtype);
    let expr = cast.expr()?;
    let borders = expr.chunks.borders(0);
    if rows.saturating_mul(columns) <= ONE_PIECE_ELEMENTS || borders.len() == 2 {
        return one_piece(expr, factors, dtype);
    }
    if columns > TSQR_COLUMNS_MAX {
        return Err(Error::unsupported(format!(
            "decomposing a matrix of shape ({rows}, {columns}) in {} chunks",
            expr.chunks.count()
        ))
        .with_hint("`svd_compressed` finds the largest singular values of matrices with two long sides"));
    }
    // Blocks with more rows than columns, or stacking the triangles would save nothing.
    let borders = expr.chunks.joined(0, (4 * columns).max(ONE_PIECE_ELEMENTS / columns));
    let blocks = RowBlocks::new(&borders, columns);
    let height = blocks.stacked.shape()[0];
    let shape = vec![height, columns];
    let grid = Chunks::from_borders(vec![Arc::clone(blocks.stacked.borders(0)), [0, columns].into()]);
    let node = Triangles { blocks: blocks.clone(), dtype, shape };
    let stack = Expr::new(node, vec![Arc::clone(expr)], grid);
    let mut parts = one_piece(&stack, factors, dtype)?;
    let inner = parts[0].expr()?;
    let rank = inner.shape()[1];
    let grid = Chunks::from_borders(vec![borders, [0, rank].into()]);
    let node = OrthogonalBlocks { blocks, dtype, shape: vec![rows, rank] };
    parts[0] = Array::from_expr(Expr::new(node, vec![Arc::clone(expr), Arc::clone(inner)], grid));
    Ok(parts)
}

fn one_piece(expr: &Arc<Expr>, factors: Factors, dtype: DType) -> Result<Vec<Array>> {
    let (rows, columns) = matrix(expr)?;
    let shapes = Packed::part_shapes(factors, rows, columns);
    let total = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
    let node = Packed { factors, rows, columns, dtype, shape: vec![total] };
    let packed = Array::from_expr(Expr::new(node, vec![Arc::clone(expr)], Chunks::single(&[total])));
    let mut start = 0;
    let part = |shape: Vec<usize>| {
        let end = start + shape.iter().product::<usize>().cast_signed();
        let part = packed.slice([Index::from(start..end)]).reshape(shape);
        start = end;
        part
    };
    Ok(shapes.into_iter().map(part).collect())
}
