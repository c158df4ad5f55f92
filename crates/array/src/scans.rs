//! Running sums and products along an axis.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::scan::{Scan, Totals};
use phalanx_chunk::lines::{Lines, Running};
use std::sync::Arc;

/// Elements that make a block of their own worth while. A constant, because bits depend on it.
const BLOCK_ELEMENTS: usize = 1 << 18;

impl Array {
    /// Running sums (or products) along `axis`, in the dtype that NumPy sums in.
    ///
    /// Two passes over the chunks: what each block comes to, and each block from where the ones before it end. Bits
    /// depend on the chunks: a block goes on from a sum of block sums.
    ///
    /// ```
    /// use phalanx_array::Array;
    /// use phalanx_chunk::lines::Running;
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::arange(1, 7, 1, 2);
    /// assert_eq!(x.scan(Running::Sum, 0).compute(&engine)?.values::<i64>().unwrap(), [1, 3, 6, 10, 15, 21]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn scan(&self, running: Running, axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let expr = self.expr()?;
            let dtype = Lines::Scan(running).dtype(expr.dtype()).lift()?;
            let shape = expr.shape().to_vec();
            // Tiny neighbours are one block.
            let each = shape.iter().product::<usize>() / expr.chunks.count().max(1);
            let joined = (BLOCK_ELEMENTS / each.max(1)).max(1);
            let size = shape[axis].div_ceil(expr.chunks.grid()[axis]).max(1);
            let borders = expr.chunks.joined(axis, size.saturating_mul(joined));
            let blocks = Chunks::from_borders(vec![borders]);
            let mut inputs = vec![Arc::clone(expr)];
            if blocks.count() > 1 {
                let mut totals = shape.clone();
                totals[axis] = blocks.count();
                let numbers: Arc<[usize]> = (0..=blocks.count()).collect();
                let grid = (0..shape.len()).map(|at| if at == axis { &numbers } else { expr.chunks.borders(at) });
                let grid = Chunks::from_borders(grid.map(Arc::clone).collect());
                let node = Totals { running, axis, blocks: blocks.clone(), dtype, shape: totals };
                let totals = Self::from_expr(Expr::new(node, vec![Arc::clone(expr)], grid));
                inputs.push(Arc::clone(totals.lines(Lines::Scan(running), axis).expr()?));
            }
            let node = Scan { running, axis, blocks, dtype, shape };
            Ok(Self::from_expr(Expr::new(node, inputs, expr.chunks.clone())))
        })
    }

    /// Running sums along `axis`.
    #[must_use]
    pub fn cumsum(&self, axis: isize) -> Self {
        self.scan(Running::Sum, axis)
    }

    /// Running products along `axis`.
    #[must_use]
    pub fn cumprod(&self, axis: isize) -> Self {
        self.scan(Running::Product, axis)
    }
}
