//! Between a chunk's rows and faer's columns.

use std::borrow::Cow;

use faer::{Mat, MatRef};

use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::element_count;

/// Rows that are turned into parts of columns together: few enough for the second-level cache.
const BLOCK: usize = 64;

/// The rows and columns of a chunk of two axes.
pub fn dimensions(operation: &str, a: &Chunk) -> Result<(usize, usize)> {
    match *a.shape() {
        [m, n] => Ok((m, n)),
        _ => Err(Error::shape(format!("{operation} takes a matrix, not shape {:?}", a.shape()))),
    }
}

/// The side of a square matrix.
pub fn side(operation: &str, a: &Chunk) -> Result<usize> {
    match dimensions(operation, a)? {
        (m, n) if m == n => Ok(n),
        (m, n) => Err(Error::shape(format!("{operation} takes a square matrix, not {m} x {n}"))),
    }
}

/// The dtype in which a decomposition of this dtype answers.
pub fn answer(dtype: DType) -> DType {
    if dtype == DType::Float32 { dtype } else { DType::Float64 }
}

/// The values as `float64`.
pub fn values(a: &Chunk) -> Result<Cow<'_, [f64]>> {
    if a.dtype() == DType::Float64 {
        return Ok(Cow::Borrowed(a.values()?));
    }
    Ok(Cow::Owned(a.cast(DType::Float64).values()?.to_vec()))
}

/// A column-major copy of a matrix, its columns aligned.
pub fn columns(operation: &str, a: &Chunk) -> Result<Mat<f64>> {
    let (m, n) = dimensions(operation, a)?;
    Ok(from_rows(&values(a)?, m, n))
}

/// A column-major copy of `m` rows of `n` values.
pub fn from_rows(rows: &[f64], m: usize, n: usize) -> Mat<f64> {
    let mut matrix = Mat::zeros(m, n);
    for start in (0..m).step_by(BLOCK) {
        let height = BLOCK.min(m - start);
        let block = &rows[start * n..(start + height) * n];
        for j in 0..n {
            let column = &mut matrix.col_as_slice_mut(j)[start..start + height];
            column.iter_mut().enumerate().for_each(|(i, value)| *value = block[i * n + j]);
        }
    }
    matrix
}

/// Writes a matrix as rows.
pub fn to_rows(matrix: &Mat<f64>, rows: &mut [f64]) {
    let (m, n) = (matrix.nrows(), matrix.ncols());
    for start in (0..m).step_by(BLOCK) {
        let height = BLOCK.min(m - start);
        let block = &mut rows[start * n..(start + height) * n];
        for j in 0..n {
            let column = &matrix.col_as_slice(j)[start..start + height];
            column.iter().enumerate().for_each(|(i, &value)| block[i * n + j] = value);
        }
    }
}

/// A chunk of a matrix, rounded to `dtype`.
pub fn chunk(matrix: &Mat<f64>, dtype: DType) -> Result<Chunk> {
    let shape = [matrix.nrows(), matrix.ncols()];
    let mut rows = vec![0.0; element_count(&shape)?];
    to_rows(matrix, &mut rows);
    Ok(Chunk::new(&shape, rows)?.cast(dtype))
}

/// A chunk of the transpose of a matrix, rounded to `dtype`: columns become rows.
pub fn transposed_chunk(matrix: &Mat<f64>, dtype: DType) -> Result<Chunk> {
    let shape = [matrix.ncols(), matrix.nrows()];
    let mut rows = Vec::with_capacity(element_count(&shape)?);
    (0..matrix.ncols()).for_each(|j| rows.extend_from_slice(matrix.col_as_slice(j)));
    Ok(Chunk::new(&shape, rows)?.cast(dtype))
}

/// Whether a NaN or an infinity is in the matrix, for which no iteration converges.
pub fn check_finite(operation: &'static str, matrix: MatRef<'_, f64>) -> Result<()> {
    for (j, column) in matrix.col_iter().enumerate() {
        if let Some(i) = column.iter().position(|value| !value.is_finite()) {
            let reason = format!("the value at ({i}, {j}) is {}, not finite", matrix[(i, j)]);
            return Err(Error::Matrix { operation, reason });
        }
    }
    Ok(())
}
