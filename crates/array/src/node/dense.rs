//! Linear algebra of matrices in one piece, in one task.

use super::{Boundary, Need, Node, Work};
use crate::chunks::Region;
use crate::error::ChunkResult;
use phalanx_chunk::linalg::{self, Diagonal, Triangle};
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// What is computed of one or two matrices. The parts of an answer lie one after the other as one axis: an array has
/// one value, and its parts are slices of that, so several parts that are wanted together are computed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Dense {
    /// U (m, k), S (k), Vᵀ (k, n) with k = min(m, n). A negative largest element of a row of Vᵀ flips its sign and
    /// that of its column of U.
    Svd,
    /// S (k).
    SingularValues,
    /// Q (m, k), R (k, n).
    Qr,
    /// P (m, m), L (m, k), U (k, n).
    Lu,
    /// L (n, n) of the lower triangle.
    Cholesky,
    /// X as B, the second input.
    Solve,
    /// X as B, for a positive definite matrix, of its lower triangle.
    SolvePositive,
    /// X as B, for a triangle of the matrix.
    SolveTriangular(Triangle, Diagonal),
    /// The inverse (n, n).
    Inverse,
    /// The eigenvalues (n) and vectors (n, n) of the lower triangle.
    Eigh,
    /// The eigenvalues (n) of the lower triangle.
    Eigenvalues,
    /// The determinant ().
    Determinant,
    /// Sign and logarithm of the determinant: (), ().
    LogDeterminant,
}

impl Dense {
    /// The shapes of the parts, in order. The first input is a matrix.
    pub(crate) fn part_shapes(self, inputs: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let (m, n) = match inputs.first().map(Vec::as_slice) {
            Some(&[m, n]) => (m, n),
            _ => (0, 0),
        };
        let k = m.min(n);
        match self {
            Dense::Svd => vec![vec![m, k], vec![k], vec![k, n]],
            Dense::SingularValues => vec![vec![k]],
            Dense::Qr => vec![vec![m, k], vec![k, n]],
            Dense::Lu => vec![vec![m, m], vec![m, k], vec![k, n]],
            Dense::Cholesky | Dense::Inverse => vec![vec![m, n]],
            Dense::Solve | Dense::SolvePositive | Dense::SolveTriangular(..) => inputs[1..].to_vec(),
            Dense::Eigh => vec![vec![n], vec![n, n]],
            Dense::Eigenvalues => vec![vec![n]],
            Dense::Determinant => vec![vec![]],
            Dense::LogDeterminant => vec![vec![], vec![]],
        }
    }

    fn parts(self, inputs: &[Chunk]) -> ChunkResult<Vec<Chunk>> {
        let a = &inputs[0];
        let b = &inputs[inputs.len() - 1];
        let three = |(a, b, c)| vec![a, b, c];
        let two = |(a, b)| vec![a, b];
        let one = |a| vec![a];
        match self {
            Dense::Svd => linalg::svd_thin(a).map(three),
            Dense::SingularValues => linalg::singular_values(a).map(one),
            Dense::Qr => linalg::qr_thin(a).map(two),
            Dense::Lu => linalg::lu(a).map(three),
            Dense::Cholesky => linalg::cholesky(a).map(one),
            Dense::Solve => linalg::solve(a, b).map(one),
            Dense::SolvePositive => linalg::solve_positive(a, b).map(one),
            Dense::SolveTriangular(triangle, diagonal) => linalg::solve_triangular(a, b, triangle, diagonal).map(one),
            Dense::Inverse => linalg::inverse(a).map(one),
            Dense::Eigh => linalg::eigh(a).map(two),
            Dense::Eigenvalues => linalg::eigenvalues(a).map(one),
            Dense::Determinant => linalg::determinant(a).map(one),
            Dense::LogDeterminant => linalg::log_determinant(a).map(two),
        }
    }
}

/// [`Dense`] of inputs of these shapes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Packed {
    pub dense: Dense,
    pub inputs: Vec<Vec<usize>>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "packed")]
impl Node for Packed {
    fn name(&self) -> String {
        format!("{:?} of one block of {:?}", self.dense, self.inputs[0])
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        let whole = |shape: &Vec<usize>| -> Region { shape.iter().map(|&length| Span::all(length)).collect() };
        self.inputs.iter().enumerate().map(|(input, shape)| Need::new(input, whole(shape))).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let parts = self.dense.parts(inputs)?;
        let flat = parts.iter().map(|part| part.cast(self.dtype).reshape(&[part.len()]));
        match flat.collect::<ChunkResult<Vec<_>>>()?.as_slice() {
            [only] => only.region(out),
            several => Chunk::concatenate(0, several)?.region(out),
        }
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn divisible(&self) -> bool {
        false
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
    /// Everything is computed in `float64`, on copies of the inputs and in parts that are then put together.
    fn work_bytes(&self, _out: &[Span]) -> u64 {
        let elements = |shape: &Vec<usize>| shape.iter().fold(1u64, |a, &b| a.saturating_mul(b as u64));
        let inputs = self.inputs.iter().map(elements).fold(0, u64::saturating_add);
        let parts = self.dense.part_shapes(&self.inputs).iter().map(elements).fold(0, u64::saturating_add);
        inputs.saturating_add(parts).saturating_mul(2 * size_of::<f64>() as u64)
    }
}
