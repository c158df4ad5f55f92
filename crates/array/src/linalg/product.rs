//! Products.

use super::square;
use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::Lift;
use crate::expr::Expr;
use crate::index::Index;
use crate::node::contract::Contract;
use crate::shape::axis_of;
use phalanx_chunk::DType;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_chunk::ufunc::Unary;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// What the two operands of one block of a product may take, in bytes.
const PANEL_BYTES: usize = 128 << 20;

impl Array {
    /// The product of matrices, NumPy's `@`: (…, m, k) and (…, k, n), or vectors on either side. Leading axes are
    /// stacks of matrices and broadcast.
    ///
    /// A chunk of the result pulls its rows of the left and its columns of the right; long inner axes are cut into
    /// blocks whose products are added in order. An operand that is one small chunk travels to where the other is.
    /// Cost: 2·m·k·n operations a matrix.
    ///
    /// # Errors
    /// (held by the array) `Input`: inner lengths differ, stacks do not broadcast, or an operand has no axis.
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
        if left == 0 || right == 0 {
            let message = format!(
                "matmul: Input operand {} does not have enough dimensions (has 0, and 1 is the least)",
                usize::from(left > 0)
            );
            return Self::failed(Error::input(message).with_hint("multiply by a number with `*`"));
        }
        let a = if left == 1 { self.expand_dims(0) } else { self.clone() };
        let b = if right == 1 { other.expand_dims(1) } else { other.clone() };
        let product = Self::from_result(a.expr().and_then(|a| product(a, b.expr()?)));
        match (left, right) {
            (1, 1) => product.slice([Index::At(0), Index::At(0)]),
            (1, _) => product.slice([Index::Rest, Index::At(0), Index::from(..)]),
            (_, 1) => product.slice([Index::Rest, Index::At(0)]),
            _ => product,
        }
    }

    /// NumPy's `dot`: the sum of products over the last axis of this array and the last but one of the other; of
    /// vectors and matrices the same as [`Array::matmul`], of a number the product.
    #[must_use]
    pub fn dot(&self, other: &Array) -> Self {
        match (self.ndim(), other.ndim()) {
            (Ok(0), Ok(_)) | (Ok(_), Ok(0)) => self * other,
            (Ok(left), Ok(right)) if left > 2 || right > 2 => {
                self.tensordot(other, &[-1], &[if right > 1 { -2 } else { 0 }])
            }
            _ => self.matmul(other),
        }
    }

    /// The sum of products of all elements, the first conjugated, NumPy's `vdot`.
    #[must_use]
    pub fn vdot(&self, other: &Array) -> Self {
        self.flatten().conjugated().matmul(&other.flatten())
    }

    /// The sum of products over the last axes, NumPy's `inner`.
    #[must_use]
    pub fn inner(&self, other: &Array) -> Self {
        match (self.ndim(), other.ndim()) {
            (Ok(0), Ok(_)) | (Ok(_), Ok(0)) => self * other,
            _ => self.tensordot(other, &[-1], &[-1]),
        }
    }

    /// All products of an element of this array with one of the other, both flat: (m, n), NumPy's `outer`.
    #[must_use]
    pub fn outer(&self, other: &Array) -> Self {
        self.flatten().expand_dims(1) * other.flatten().expand_dims(0)
    }

    /// The Kronecker product, NumPy's `kron`: each element of this array times all of the other.
    #[must_use]
    pub fn kron(&self, other: &Array) -> Self {
        let make = || {
            let (a, b) = (self.shape()?, other.shape()?);
            let ndim = a.len().max(b.len());
            let padded = |shape: &[usize]| [vec![1; ndim - shape.len()], shape.to_vec()].concat();
            let (a, b) = (padded(a), padded(b));
            let apart = |shape: &[usize], first: bool| -> Vec<usize> {
                shape.iter().flat_map(|&length| if first { [length, 1] } else { [1, length] }).collect()
            };
            let shape = a.iter().zip(&b).map(|(a, b)| a.checked_mul(*b)).collect::<Option<Vec<usize>>>();
            let shape = shape.ok_or_else(|| Error::input(format!("kron of shapes {a:?} and {b:?} overflows")))?;
            let products = self.reshape(apart(&a, true)) * other.reshape(apart(&b, false));
            Ok(products.reshape(shape))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The sum of products over pairs of axes, NumPy's `tensordot` with two lists of axes.
    #[must_use]
    pub fn tensordot(&self, other: &Array, axes: &[isize], other_axes: &[isize]) -> Self {
        let make = || {
            let (a, b) = (self.expr()?, other.expr()?);
            let named = |axes: &[isize], ndim| axes.iter().map(|&axis| axis_of(axis, ndim)).collect::<Result<Vec<_>>>();
            let (inner_a, inner_b) = (named(axes, a.shape().len())?, named(other_axes, b.shape().len())?);
            for inner in [&inner_a, &inner_b] {
                if (0..inner.len()).any(|at| inner[..at].contains(&inner[at])) {
                    return Err(Error::input(format!("tensordot names an axis twice: {inner:?}"))
                        .with_hint("name each axis once"));
                }
            }
            let lengths = |expr: &Arc<Expr>, axes: &[usize]| axes.iter().map(|&axis| expr.shape()[axis]).collect();
            let (length_a, length_b): (Vec<usize>, Vec<usize>) = (lengths(a, &inner_a), lengths(b, &inner_b));
            if length_a != length_b {
                let message = format!("shape-mismatch for sum: axes of lengths {length_a:?} and {length_b:?}");
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

    /// The product of `exponent` copies of a square matrix, NumPy's `matrix_power`: by repeated squaring, of the
    /// inverse if the exponent is negative.
    #[must_use]
    pub fn matrix_power(&self, exponent: i64) -> Self {
        let make = || {
            let side = square(self.expr()?, "matrix_power")?;
            let mut base = if exponent < 0 { self.inv() } else { self.clone() };
            let mut left = exponent.unsigned_abs();
            let mut power: Option<Array> = None;
            while left > 0 {
                if left % 2 == 1 {
                    power = Some(power.map_or_else(|| base.clone(), |power| power.matmul(&base)));
                }
                left /= 2;
                if left > 0 {
                    base = base.matmul(&base);
                }
            }
            Ok(match power {
                Some(power) => power,
                None => Array::eye(side, self.chunks()?.sizes(0)[0].max(1)).astype(self.dtype()?),
            })
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The complex conjugate; of real numbers themselves.
    pub(super) fn conjugated(&self) -> Self {
        match self.dtype() {
            Ok(dtype) if dtype.is_complex() => self.unary(Unary::Conjugate),
            _ => self.clone(),
        }
    }

    /// Rows and columns of (stacks of) matrices exchanged.
    pub(super) fn matrix_transposed(&self) -> Self {
        self.swap_axes(-1, -2)
    }

    /// The conjugate of the transposed, of the last two axes.
    pub(super) fn adjoint(&self) -> Self {
        self.conjugated().matrix_transposed()
    }
}

/// The product of stacks of matrices.
fn product(a: &Arc<Expr>, b: &Arc<Expr>) -> Result<Arc<Expr>> {
    let ([stack_a @ .., rows, k], [stack_b @ .., other, columns]) = (a.shape(), b.shape()) else {
        return Err(Error::internal("matmul of what are no matrices"));
    };
    let (&rows, &k, &columns) = (rows, k, columns);
    if k != *other {
        return Err(Error::input(format!(
            "matmul: Input operand 1 has a mismatch in its core dimension 0 (size {other} is different from {k}): shapes \
             {:?} and {:?}",
            a.shape(),
            b.shape()
        ))
            .with_hint("the columns of the left must be as many as the rows of the right"));
    }
    let stack = broadcast(stack_a, stack_b).lift()?;
    let shape = [stack.clone(), vec![rows, columns]].concat();
    element_count(&shape).lift()?;
    let dtype = DType::promote(a.dtype(), b.dtype());
    let cast = |expr: &Arc<Expr>| Array::from_expr(Arc::clone(expr)).astype(dtype).expr().cloned();
    let (left, right) = (cast(a)?, cast(b)?);
    let longest = |chunks: &Chunks, axis| chunks.sizes(axis).into_iter().max().unwrap_or(1).max(1);
    let (row_axis, column_axis) = (stack_a.len(), stack_b.len() + 1);
    let (high, wide) = (longest(&a.chunks, row_axis), longest(&b.chunks, column_axis));
    // The finer of the two grids of k.
    let (of_a, of_b) = (a.chunks.borders(row_axis + 1), b.chunks.borders(column_axis - 1));
    let finer = if of_a.len() >= of_b.len() { (&a.chunks, row_axis + 1) } else { (&b.chunks, column_axis - 1) };
    let own = longest(finer.0, finer.1);
    let k_max = if rows.saturating_mul(k).saturating_add(k.saturating_mul(columns)) <= super::ONE_PIECE_ELEMENTS {
        k
    } else if high.saturating_mul(wide).saturating_mul(4) <= high.saturating_add(wide).saturating_mul(own) {
        // Products are small against what they are made of: multiply where the data lies and send the products.
        own
    } else {
        let bytes = high.saturating_add(wide).saturating_mul(dtype.itemsize());
        (PANEL_BYTES / bytes.max(1)).max(1)
    };
    let blocks = finer.0.joined(finer.1, k_max);
    let count = blocks.len() - 1;
    let mut grid: Vec<Arc<[usize]>> = vec![(0..=count).collect()];
    grid.extend((0..stack.len()).map(|axis| stack_borders(axis, &stack, [&left, &right])));
    grid.extend([Arc::clone(a.chunks.borders(row_axis)), Arc::clone(b.chunks.borders(column_axis))]);
    let stacks = [stack_a.to_vec(), stack_b.to_vec()];
    let node = Contract { blocks: blocks.to_vec(), stacks, dtype, shape: [vec![count], shape].concat() };
    let contract = Array::from_expr(Expr::new(node, vec![left, right], Chunks::from_borders(grid)));
    // Sums of integers are wider than what is added, and wrap around as it would.
    let summed = if count == 1 { contract.slice([Index::At(0)]) } else { contract.sum(0).astype(dtype) };
    summed.expr().cloned()
}

/// The borders of axis `axis` before the matrices: those of the operand with the most.
fn stack_borders(axis: usize, stack: &[usize], operands: [&Arc<Expr>; 2]) -> Arc<[usize]> {
    let of_operand = |expr: &&Arc<Expr>| {
        let own = (axis + expr.shape().len() - 2).checked_sub(stack.len())?;
        (expr.shape()[own] == stack[axis]).then(|| Arc::clone(expr.chunks.borders(own)))
    };
    let most = operands.iter().filter_map(of_operand).reduce(|a, b| if b.len() > a.len() { b } else { a });
    most.unwrap_or_else(|| [0, stack[axis]].into())
}
