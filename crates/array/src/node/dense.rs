//! Linear algebra of matrices in one piece, in one task.

use super::{Boundary, Need, Node, Work};
use crate::chunks::Region;
use crate::error::ChunkResult;
use phalanx_chunk::linalg::{self, Diagonal, Triangle, complex};
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
    /// Q (m, m), R (m, n).
    QrComplete,
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
    /// The shapes of the parts, in order. The first input is a matrix, or a stack of them, as are the parts then.
    pub(crate) fn part_shapes(self, inputs: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let Some([stack @ .., m, n]) = inputs.first().map(Vec::as_slice) else { return vec![] };
        let (m, n) = (*m, *n);
        let k = m.min(n);
        let one = match self {
            Dense::Svd => vec![vec![m, k], vec![k], vec![k, n]],
            Dense::SingularValues => vec![vec![k]],
            Dense::Qr => vec![vec![m, k], vec![k, n]],
            Dense::QrComplete => vec![vec![m, m], vec![m, n]],
            Dense::Lu => vec![vec![m, m], vec![m, k], vec![k, n]],
            Dense::Cholesky | Dense::Inverse => vec![vec![m, n]],
            Dense::Solve | Dense::SolvePositive | Dense::SolveTriangular(..) => {
                inputs[1..].iter().map(|shape| shape[stack.len()..].to_vec()).collect()
            }
            Dense::Eigh => vec![vec![n], vec![n, n]],
            Dense::Eigenvalues => vec![vec![n]],
            Dense::Determinant => vec![vec![]],
            Dense::LogDeterminant => vec![vec![], vec![]],
        };
        one.into_iter().map(|shape| [stack, &shape].concat()).collect()
    }

    /// Whether a part is real also of a complex matrix.
    pub(crate) fn is_real(self, part: usize) -> bool {
        match self {
            Dense::Svd | Dense::LogDeterminant => part == 1,
            Dense::Eigh => part == 0,
            Dense::SingularValues | Dense::Eigenvalues => true,
            _ => false,
        }
    }

    /// The parts of a matrix, or of each matrix of a stack, one after the other.
    fn parts(self, inputs: &[Chunk]) -> ChunkResult<Vec<Chunk>> {
        let [stack @ .., _, _] = inputs[0].shape() else { return self.parts_of_one(inputs) };
        let count: usize = stack.iter().product();
        if stack.is_empty() {
            return self.parts_of_one(inputs);
        }
        let stacked = |input: &Chunk| input.reshape(&[&[count], &input.shape()[stack.len()..]].concat());
        let inputs = inputs.iter().map(stacked).collect::<ChunkResult<Vec<_>>>()?;
        let mut parts: Vec<Vec<Chunk>> = vec![];
        if count == 0 {
            let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
            return self.part_shapes(&shapes).iter().map(|shape| Chunk::zeros(DType::Float64, shape)).collect();
        }
        for at in 0..count {
            let own = |input: &Chunk| {
                let region = input.shape()[1..].iter().map(|&length| Span::all(length));
                let region: Region = std::iter::once(Span::range(at, 1)).chain(region).collect();
                input.region(&region)?.reshape(&input.shape()[1..])
            };
            let own = inputs.iter().map(own).collect::<ChunkResult<Vec<_>>>()?;
            for (part, chunk) in self.parts_of_one(&own)?.into_iter().enumerate() {
                if parts.len() <= part {
                    parts.push(vec![]);
                }
                parts[part].push(chunk.reshape(&[chunk.len()])?);
            }
        }
        parts.iter().map(|chunks| Chunk::concatenate(0, chunks)).collect()
    }

    fn parts_of_one(self, inputs: &[Chunk]) -> ChunkResult<Vec<Chunk>> {
        let of_nothing = inputs[0].is_empty();
        if of_nothing && !matches!(self, Dense::Determinant | Dense::LogDeterminant | Dense::QrComplete) {
            let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
            let part = |shape: &Vec<usize>| Chunk::zeros(DType::Float64, shape);
            return self.part_shapes(&shapes).iter().map(part).collect();
        }
        if inputs.iter().any(|input| input.dtype().is_complex()) {
            return self.parts_of_complex(inputs);
        }
        let a = &inputs[0];
        let b = &inputs[inputs.len() - 1];
        let three = |(a, b, c)| vec![a, b, c];
        let two = |(a, b)| vec![a, b];
        let one = |a| vec![a];
        match self {
            Dense::Svd => linalg::svd_thin(a).map(three),
            Dense::SingularValues => linalg::singular_values(a).map(one),
            Dense::Qr => linalg::qr_thin(a).map(two),
            Dense::QrComplete => linalg::qr_complete(a).map(two),
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

    fn parts_of_complex(self, inputs: &[Chunk]) -> ChunkResult<Vec<Chunk>> {
        let a = &inputs[0];
        let b = &inputs[inputs.len() - 1];
        let three = |(a, b, c)| vec![a, b, c];
        let two = |(a, b)| vec![a, b];
        let one = |a| vec![a];
        match self {
            Dense::Svd => complex::svd_thin(a).map(three),
            Dense::SingularValues => complex::svd_thin(a).map(|(_, s, _)| vec![s]),
            Dense::Qr => complex::qr_thin(a).map(two),
            Dense::QrComplete => complex::qr_complete(a).map(two),
            Dense::Lu => complex::lu(a).map(three),
            Dense::Cholesky => complex::cholesky(a).map(one),
            Dense::Solve => complex::solve(a, b).map(one),
            Dense::SolvePositive => complex::solve_positive(a, b).map(one),
            Dense::SolveTriangular(triangle, diagonal) => complex::solve_triangular(a, b, triangle, diagonal).map(one),
            Dense::Inverse => complex::inverse(a).map(one),
            Dense::Eigh => complex::eigh(a).map(two),
            Dense::Eigenvalues => complex::eigh(a).map(|(values, _)| vec![values]),
            Dense::Determinant => complex::determinant(a).map(one),
            Dense::LogDeterminant => complex::log_determinant(a).map(two),
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
    /// Everything is computed in `float64`, or `complex128`, on copies of the inputs and in parts that are then put together.
    fn work_bytes(&self, _out: &[Span]) -> u64 {
        let elements = |shape: &Vec<usize>| shape.iter().fold(1u64, |a, &b| a.saturating_mul(b as u64));
        let inputs = self.inputs.iter().map(elements).fold(0, u64::saturating_add);
        let parts = self.dense.part_shapes(&self.inputs).iter().map(elements).fold(0, u64::saturating_add);
        inputs.saturating_add(parts).saturating_mul(2 * (self.dtype.itemsize() as u64).max(8))
    }
}
