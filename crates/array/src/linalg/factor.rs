//! QR and singular values.

use super::{ONE_PIECE_ELEMENTS, float_of, floating, is_whole, matrices, matrix, one_piece, parts};
use crate::array::Array;
use crate::chunks::Chunks;
use crate::expr::Expr;
use crate::index::Index;
use crate::joining::concatenate;
use crate::node::dense::Dense;
use crate::node::factor::{OrthogonalBlocks, RowBlocks, Triangles};
use crate::random::Generator;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// The most columns of a matrix that TSQR takes: the stack of triangles is decomposed in one piece.
const TSQR_COLUMNS_MAX: usize = 4096;
/// What one block of rows may have: 128 MiB, of which its task holds a few copies.
const BLOCK_ELEMENTS_MAX: usize = 1 << 24;

impl Array {
    /// The thin QR decomposition: Q (m, k) and R (k, n), with k = min(m, n).
    ///
    /// Tall matrices by TSQR: one QR for each block of rows, one of the stacked triangles. Q is made of the blocks and
    /// their triangles, by dividing or, near singular ones, by decomposing again. Wide ones by the QR of their first m columns ([`Array::sfqr`]), others in one
    /// piece. Cost: 4·m·n² operations, R alone 2·m·n².
    ///
    /// # Errors
    /// (held by the arrays) `Input`: not a matrix. `Resources`, when it runs: a square matrix that does not fit one task.
    #[must_use]
    pub fn qr(&self) -> (Self, Self) {
        match self.expr().and_then(matrix) {
            Ok((rows, columns)) if 2 * rows <= columns && rows * columns > ONE_PIECE_ELEMENTS => self.sfqr(),
            _ => self.tsqr(),
        }
    }

    /// The complete QR decomposition: Q (m, m) and R (m, n). In one task, also of each matrix of a stack.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: not a matrix. `Resources`, when it runs: Q does not fit one task.
    #[must_use]
    pub fn qr_complete(&self) -> (Self, Self) {
        let float = floating(self);
        let factors = float.expr().and_then(matrices).and_then(|_| one_piece(Dense::QrComplete, &[&float]));
        let [q, r] = parts(factors);
        (q, r)
    }

    /// The QR decomposition of a tall matrix by its blocks of rows, Dask's `tsqr`; small ones in one piece.
    #[must_use]
    pub fn tsqr(&self) -> (Self, Self) {
        let [q, r] = parts(self.expr().and_then(|expr| factored(expr, Dense::Qr)));
        (q, r)
    }

    /// The QR decomposition of a wide matrix, Dask's `sfqr`: Q and R₁ of its first m columns, and Qᵀ times the others.
    #[must_use]
    pub fn sfqr(&self) -> (Self, Self) {
        let (rows, columns) = match self.expr().and_then(matrix) {
            Ok(lengths) => lengths,
            Err(error) => {
                let [q, r] = parts(Err(error));
                return (q, r);
            }
        };
        if rows >= columns {
            return self.tsqr();
        }
        let border = rows.cast_signed();
        let float = floating(self);
        let (q, first) = float.slice([Index::from(..), Index::from(..border)]).tsqr();
        let others = q.adjoint().matmul(&float.slice([Index::from(..), Index::from(border..)]));
        (q, concatenate(&[&first, &others], 1))
    }

    /// The thin singular value decomposition U (m, k), S (k), Vᵀ (k, n), with k = min(m, n) and S descending, for any
    /// aspect ratio and any chunks.
    ///
    /// Small matrices are decomposed in one piece, tall ones by TSQR over their blocks of rows, wide ones as the
    /// transposed of their transposed, large square ones in one task. Signs are fixed by the rule of
    /// [`phalanx_chunk::linalg::fix_signs`]; of a wide matrix in several chunks they are those of its transposed, so that
    /// columns of U have the positive entry. S and Vᵀ alone never make U.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: not a matrix. `Resources`, when it runs: both sides are long, and the matrix does
    /// not fit one task; [`Array::svd_compressed`] takes it.
    #[must_use]
    pub fn svd(&self) -> (Self, Self, Self) {
        if let Ok(&[rows, columns]) = self.shape()
            && rows < columns
            && rows * columns > ONE_PIECE_ELEMENTS
        {
            let (u, s, vt) = self.t().svd();
            return (vt.t(), s, u.t());
        }
        let [u, s, vt] = parts(self.expr().and_then(|expr| factored(expr, Dense::Svd)));
        (u, s, vt)
    }

    /// The singular values alone (k), descending.
    ///
    /// # Errors
    /// As [`Array::svd`].
    #[must_use]
    pub fn svdvals(&self) -> Self {
        if let Ok(&[rows, columns]) = self.shape()
            && rows < columns
        {
            return self.t().svdvals();
        }
        let [s] = parts(self.expr().and_then(|expr| factored(expr, Dense::SingularValues)));
        s
    }

    /// The `rank` largest singular values and vectors, approximately: randomized range finder with `iterations` power
    /// iterations, each re-orthogonalised (Halko, Martinsson, Tropp, SIAM Review 53, 2011, algorithms 4.4 and 5.1),
    /// oversampled by 10. For matrices whose sides are both long; chunks of any form.
    #[must_use]
    pub fn svd_compressed(&self, rank: usize, iterations: usize, seed: u64) -> (Self, Self, Self) {
        self.svd_compressed_by(rank, iterations, 10, seed)
    }

    /// As [`Array::svd_compressed`], with this many columns beyond the rank.
    ///
    /// A wide matrix is decomposed as its transposed: a sketch is then as long as its columns in blocks of rows, which
    /// TSQR takes one by one. As with [`Array::svd`], columns of U have the positive entry then.
    #[must_use]
    pub fn svd_compressed_by(
        &self,
        rank: usize,
        iterations: usize,
        oversampling: usize,
        seed: u64,
    ) -> (Self, Self, Self) {
        let fail = |error: Error| {
            let [u, s, vt] = parts(Err(error));
            (u, s, vt)
        };
        let lengths = self.expr().and_then(|expr| {
            float_of(expr.dtype())?;
            Ok((expr, matrix(expr)?))
        });
        let (expr, (rows, columns)) = match lengths {
            Ok(lengths) => lengths,
            Err(error) => return fail(error),
        };
        let width = rank.saturating_add(oversampling).min(rows).min(columns);
        if rank == 0 || rank > rows.min(columns) {
            return fail(
                Error::input(format!("rank {rank} of a matrix of shape {:?}", expr.shape()))
                    .with_hint("the rank is from 1 to the shorter side"),
            );
        }
        if rows < columns {
            let (u, s, vt) = self.adjoint().svd_compressed_by(rank, iterations, oversampling, seed);
            return (vt.adjoint(), s, u.adjoint());
        }
        let own = Chunks::from_borders(vec![Arc::clone(expr.chunks.borders(1)), [0, width].into()]);
        let sizes = vec![own.sizes(0), own.sizes(1)];
        let a = floating(self);
        let dtype = float_of(expr.dtype()).unwrap_or(phalanx_chunk::DType::Float64);
        let mut range = a.matmul(&Generator::new(seed).normal(0.0, 1.0, (columns, width), sizes).astype(dtype));
        for _ in 0..iterations {
            let (orthogonal, _) = range.qr();
            let (back, _) = a.adjoint().matmul(&orthogonal).qr();
            range = a.matmul(&back);
        }
        let (q, _) = range.qr();
        let (u, s, vt) = q.adjoint().matmul(&a).svd();
        let first = Index::from(..rank.cast_signed());
        (q.matmul(&u).slice([Index::from(..), first]), s.slice([first]), vt.slice([first]))
    }
}

/// Borders with every block of more than `length_max` rows cut into equal ones.
fn divided(borders: &[usize], length_max: usize) -> Arc<[usize]> {
    let mut divided = vec![0];
    for pair in borders.windows(2) {
        let length = pair[1] - pair[0];
        let count = length.div_ceil(length_max).max(1);
        divided.extend((1..=count).map(|piece| pair[0] + piece * (length / count) + piece.min(length % count)));
    }
    divided.into()
}

/// The parts of a decomposition, in the order of [`Dense::part_shapes`]: by blocks of rows where the matrix is large
/// and tall enough for that, else in one piece.
fn factored(expr: &Arc<Expr>, dense: Dense) -> Result<Vec<Array>> {
    let (rows, columns) = matrices(expr)?;
    let dtype = float_of(expr.dtype())?;
    let cast = Array::from_expr(Arc::clone(expr)).astype(dtype);
    let expr = cast.expr()?;
    if is_whole(expr) || rows.saturating_mul(columns) <= ONE_PIECE_ELEMENTS {
        return one_piece(dense, &[&cast]);
    }
    // Blocks with more rows than columns, or stacking the triangles would save nothing.
    let fits = |elements: usize| columns.saturating_mul(4).max(elements / columns);
    let borders = divided(&expr.chunks.joined(0, fits(ONE_PIECE_ELEMENTS)), fits(BLOCK_ELEMENTS_MAX));
    if columns > TSQR_COLUMNS_MAX || borders.len() == 2 {
        return one_piece(dense, &[&cast]);
    }
    let blocks = RowBlocks::new(&borders, columns);
    let height = blocks.stacked.shape()[0];
    let shape = vec![height, columns];
    let grid = Chunks::from_borders(vec![Arc::clone(blocks.stacked.borders(0)), [0, columns].into()]);
    let node = Triangles { blocks: blocks.clone(), dtype, shape };
    let stack = Array::from_expr(Expr::new(node, vec![Arc::clone(expr)], grid));
    let mut parts = one_piece(dense, &[&stack])?;
    if dense == Dense::SingularValues {
        return Ok(parts);
    }
    let inner = parts[0].expr()?;
    let rank = inner.shape()[1];
    let grid = Chunks::from_borders(vec![borders, [0, rank].into()]);
    let node = OrthogonalBlocks { blocks, dtype, shape: vec![rows, rank] };
    parts[0] =
        Array::from_expr(Expr::new(node, vec![Arc::clone(expr), Arc::clone(inner), Arc::clone(stack.expr()?)], grid));
    Ok(parts)
}
