//! Small symmetric systems, with the name of the column that makes one singular.

/// A pivot that has lost all but this share of its diagonal element is taken for zero: what is left is rounding. It is
/// one less the squared multiple correlation of a column with those before it.
const PIVOT_SHARE_MIN: f64 = 1e-12;

/// The column that is a combination of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singular(pub usize);

/// Solves `A x = b` for a symmetric positive definite `A` of `b.len()` rows, packed by rows on and below the diagonal,
/// by Cholesky's decomposition (Golub and Van Loan, "Matrix Computations", algorithm 4.2.1). Cost: n³ / 3.
///
/// `chunk::linalg` has a faster one, which can't say which column is at fault.
///
/// # Errors
/// The matrix is singular up to rounding, or not positive definite.
pub fn solve(packed: &[f64], b: &[f64]) -> Result<Vec<f64>, Singular> {
    let n = b.len();
    let mut factor = packed.to_vec();
    let row = |i: usize| i * (i + 1) / 2;
    for i in 0..n {
        for j in 0..=i {
            let (before, from_i) = factor.split_at(row(i));
            let sum = if j < i {
                let products = from_i[..j].iter().zip(&before[row(j)..row(j) + j]);
                from_i[j] - products.fold(0.0, |sum, (a, b)| sum + a * b)
            } else {
                from_i[i] - from_i[..i].iter().fold(0.0, |sum, a| sum + a * a)
            };
            factor[row(i) + j] = if j < i {
                sum / factor[row(j) + j]
            } else if sum > packed[row(i) + i] * PIVOT_SHARE_MIN && sum.is_finite() {
                sum.sqrt()
            } else {
                return Err(Singular(i));
            };
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        let sum = (0..i).fold(x[i], |sum, j| sum - factor[row(i) + j] * x[j]);
        x[i] = sum / factor[row(i) + i];
    }
    for i in (0..n).rev() {
        let sum = (i + 1..n).fold(x[i], |sum, j| sum - factor[row(j) + i] * x[j]);
        x[i] = sum / factor[row(i) + i];
    }
    Ok(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        // [4 2 0; 2 5 1; 0 1 3] x = [8, 15, 11] has the solution [1, 2, 3].
        let x = solve(&[4.0, 2.0, 5.0, 0.0, 1.0, 3.0], &[8.0, 15.0, 11.0]).unwrap();
        for (x, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - expected).abs() < 1e-14, "{x}");
        }
        assert_eq!(solve(&[], &[]), Ok(vec![]));
    }

    #[test]
    fn the_column_at_fault_is_named() {
        // The third column is the sum of the first two.
        let x = [[1.0, 0.0, 1.0], [0.5, 2.0, 2.5], [3.0, 1.0, 4.0], [1.0, 1.0, 2.0]];
        let product = |i: usize, j: usize| x.iter().map(|row| row[i] * row[j]).sum::<f64>();
        let packed: Vec<f64> = (0..3).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| product(i, j)).collect();
        assert_eq!(solve(&packed, &[1.0, 1.0, 1.0]), Err(Singular(2)));
        assert_eq!(solve(&[0.0], &[1.0]), Err(Singular(0)));
        assert_eq!(solve(&[f64::NAN], &[1.0]), Err(Singular(0)));
    }
}
