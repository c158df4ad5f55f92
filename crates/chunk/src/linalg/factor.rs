//! Householder QR of matrices that may be much taller than wide.
//!
//! A tall matrix does not fit into the cache, and each level of a blocked Householder QR passes over all of it. So
//! its rows are cut into blocks that fit, each block is factored, the small triangles are stacked and factored in the
//! same way: TSQR (Demmel, Grigori, Hoemmen, Langou, "Communication-optimal parallel and sequential QR and LU
//! factorizations", 2012). Backward stable as Householder QR is.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_reflectors,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::{Conj, Mat, MatRef, Par};

use super::matrix::{from_rows, to_rows};

/// Values of a block of rows: 512 KiB, half of a second-level cache.
const BLOCK_VALUES: usize = 64 * 1024;

/// The factors of one block: reflectors below the diagonal, R above it, and the reflectors' block coefficients.
struct Block {
    reflectors: Mat<f64>,
    coefficients: Mat<f64>,
}

impl Block {
    fn new(matrix: Mat<f64>) -> Block {
        let (m, n) = matrix.shape();
        let mut reflectors = matrix;
        let size = recommended_block_size::<f64>(m, n);
        let mut coefficients = Mat::zeros(size, m.min(n));
        if m > 0 && n > 0 {
            let scratch = qr_in_place_scratch::<f64>(m, n, size, Par::Seq, Default::default());
            qr_in_place(
                reflectors.as_mut(),
                coefficients.as_mut(),
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(scratch)),
                Default::default(),
            );
        }
        Block { reflectors, coefficients }
    }

    /// R: min(m, n) × n, upper trapezoidal.
    fn r(&self) -> Mat<f64> {
        let (m, n) = self.reflectors.shape();
        Mat::from_fn(m.min(n), n, |i, j| if i <= j { self.reflectors[(i, j)] } else { 0.0 })
    }

    /// Q times `top` over zeros: m × columns of `top`. `top` has as many rows as R.
    fn q_times(&self, top: MatRef<'_, f64>) -> Mat<f64> {
        let (m, n) = self.reflectors.shape();
        let size = m.min(n);
        let mut product = Mat::zeros(m, top.ncols());
        product.as_mut().subrows_mut(0, size).copy_from(top);
        if size > 0 && top.ncols() > 0 {
            let scratch = apply_scratch::<f64>(m, self.coefficients.nrows(), top.ncols());
            apply_reflectors(
                self.reflectors.as_ref().subcols(0, size),
                self.coefficients.as_ref(),
                Conj::No,
                product.as_mut(),
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(scratch)),
            );
        }
        product
    }
}

/// The factors of a matrix: one block, or blocks of rows and the factors of their stacked triangles.
pub struct Factors {
    blocks: Vec<Block>,
    /// Rows of each block but the last.
    height: usize,
    rows: usize,
    stacked: Option<Box<Factors>>,
}

/// Rows of a block of a matrix with `n` columns: at least 4 n, so that the triangles do not dominate.
fn block_height(n: usize) -> usize {
    (BLOCK_VALUES / n.max(1)).next_multiple_of(8).max(4 * n)
}

impl Factors {
    /// Factors `m` rows of `n` values. Cost: 2 m n² operations and a copy of the rows.
    pub fn new(rows: &[f64], m: usize, n: usize) -> Factors {
        Factors::build(rows, m, n, true).0
    }

    /// R alone, without keeping the reflectors of each block.
    pub fn r_only(rows: &[f64], m: usize, n: usize) -> Mat<f64> {
        Factors::build(rows, m, n, false).1
    }

    fn build(rows: &[f64], m: usize, n: usize, keep: bool) -> (Factors, Mat<f64>) {
        let height = block_height(n);
        // From three blocks on, the smaller working set pays for the second factorisation.
        if m < 3 * height || n == 0 {
            let block = Block::new(from_rows(rows, m, n));
            let r = block.r();
            return (Factors { blocks: vec![block], height: m, rows: m, stacked: None }, r);
        }
        // The last block takes the rest, so that no block is wider than high.
        let count = m / height;
        let mut blocks = Vec::new();
        let mut triangles = vec![0.0; count * n * n];
        for (i, triangle) in triangles.chunks_exact_mut(n * n).enumerate() {
            let end = if i + 1 == count { m } else { (i + 1) * height };
            let part = &rows[i * height * n..end * n];
            let block = Block::new(from_rows(part, end - i * height, n));
            to_rows(&block.r(), triangle);
            if keep {
                blocks.push(block);
            }
        }
        let (stacked, r) = Factors::build(&triangles, count * n, n, keep);
        (Factors { blocks, height, rows: m, stacked: Some(Box::new(stacked)) }, r)
    }

    /// R: min(m, n) × n, upper trapezoidal.
    pub fn r(&self) -> Mat<f64> {
        match (&self.stacked, self.blocks.first()) {
            (Some(stacked), _) => stacked.r(),
            (None, Some(block)) => block.r(),
            (None, None) => Mat::zeros(0, 0),
        }
    }

    /// Q times `top`, as rows: m × columns of `top`. `top` has as many rows as R; the identity gives Q itself.
    ///
    /// Cost: 4 m n columns operations.
    pub fn q_times(&self, top: MatRef<'_, f64>) -> Vec<f64> {
        let width = top.ncols();
        let mut product = vec![0.0; self.rows * width];
        if product.is_empty() {
            return product;
        }
        let tops = self.stacked.as_ref().map(|stacked| stacked.q_times(top));
        for (i, block) in self.blocks.iter().enumerate() {
            let start = i * self.height;
            let out = &mut product[start * width..(start + block.reflectors.nrows()) * width];
            match &tops {
                Some(tops) => {
                    let n = block.reflectors.ncols();
                    let top = MatRef::from_row_major_slice(&tops[i * n * width..(i + 1) * n * width], n, width);
                    to_rows(&block.q_times(top), out);
                }
                None => to_rows(&block.q_times(top), out),
            }
        }
        product
    }
}
