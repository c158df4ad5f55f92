//! Small symmetric matrices on the client: what sums over rows end in.

use crate::solve;
use phalanx_chunk::{Chunk, linalg};
use phalanx_engine::{Error, Result};

/// A symmetric matrix of `side` lines, whole, line by line.
#[derive(Debug, Clone, PartialEq)]
pub struct Symmetric {
    side: usize,
    values: Vec<f64>,
}

/// Eigenvalues, the largest first, and for each of them a line: its eigenvector, of length 1, whose largest entry (the
/// first of several) is positive.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// The eigenvalues, descending.
    pub values: Vec<f64>,
    /// The eigenvectors, one after the other.
    pub lines: Vec<f64>,
}

impl Symmetric {
    /// The matrix whose entries on and below the diagonal are `packed` by rows.
    pub fn from_packed(packed: &[f64], side: usize) -> Self {
        let at = |i: usize, j: usize| packed.get(i * (i + 1) / 2 + j).copied().unwrap_or(f64::NAN);
        Self::of(side, |i, j| at(i.max(j), i.min(j)))
    }

    /// The matrix of these entries.
    pub fn of(side: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        Self { side, values: (0..side * side).map(|place| entry(place / side, place % side)).collect() }
    }

    /// Lines, and columns.
    pub fn side(&self) -> usize {
        self.side
    }

    /// An entry.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.side + j]
    }

    /// A line.
    pub fn line(&self, i: usize) -> &[f64] {
        &self.values[i * self.side..(i + 1) * self.side]
    }

    /// All entries, line by line.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The entries of the diagonal.
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.side).map(|i| self.at(i, i)).collect()
    }

    /// Adds to the entries of the diagonal.
    pub fn add_diagonal(&mut self, added: &[f64]) {
        for (i, added) in added.iter().enumerate().take(self.side) {
            self.values[i * self.side + i] += added;
        }
    }

    /// The product with a vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.side).map(|i| dot(self.line(i), vector)).collect()
    }

    /// Eigenvalues and eigenvectors. Cost: some ten times `side³`.
    ///
    /// # Errors
    /// `Data`: an entry is not finite.
    pub fn eigen(&self) -> Result<Eigen> {
        let n = self.side;
        let cannot = |error: &phalanx_chunk::Error| {
            Error::data("the products of the features have no eigenvalues")
                .caused_by(error)
                .with_hint("standardise the features: their products overflow")
        };
        let made = Chunk::new(&[n, n], self.values.clone()).and_then(|chunk| linalg::eigh(&chunk));
        let (values, vectors) = made.map_err(|error| cannot(&error))?;
        let values = values.values::<f64>().map_err(|error| cannot(&error))?.to_vec();
        let columns = vectors.values::<f64>().map_err(|error| cannot(&error))?;
        let order = (0..n).rev(); // they come ascending
        let lines = order.clone().flat_map(|j| (0..n).map(move |i| (i, j))).map(|(i, j)| columns[i * n + j]).collect();
        Ok(Eigen { values: order.map(|j| values[j]).collect(), lines })
    }

    /// The solution of `A x = b`; of several, the shortest.
    ///
    /// # Errors
    /// As [`Symmetric::eigen`].
    pub fn solve(&self, b: &[f64]) -> Result<Vec<f64>> {
        let packed: Vec<f64> = (0..self.side).flat_map(|i| self.line(i)[..=i].iter().copied()).collect();
        match solve::solve(&packed, b) {
            Ok(x) => Ok(x),
            Err(_) => self.shortest(b, self.side as f64 * f64::EPSILON),
        }
    }

    /// The shortest of the vectors that come nearest to `A x = b`; eigenvalues below `share` of the largest are zero.
    ///
    /// # Errors
    /// As [`Symmetric::eigen`].
    pub fn shortest(&self, b: &[f64], share: f64) -> Result<Vec<f64>> {
        let Eigen { values, lines } = self.eigen()?;
        let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let mut x = vec![0.0; self.side];
        for (value, line) in values.iter().zip(lines.chunks_exact(self.side.max(1))) {
            if value.abs() > share * largest {
                let along = dot(line, b) / value;
                x.iter_mut().zip(line).for_each(|(x, entry)| *x += along * entry);
            }
        }
        Ok(x)
    }
}

/// The sum of products, in order.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved_also_where_it_is_singular() {
        let regular = Symmetric::from_packed(&[4.0, 2.0, 5.0, 0.0, 1.0, 3.0], 3);
        for (x, expected) in regular.solve(&[8.0, 15.0, 11.0]).unwrap().iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - expected).abs() < 1e-14, "{x}");
        }
        // x + y = 2 twice: the shortest solution is (1, 1).
        let singular = Symmetric::from_packed(&[1.0, 1.0, 1.0], 2);
        for x in singular.solve(&[2.0, 2.0]).unwrap() {
            assert!((x - 1.0).abs() < 1e-14, "{x}");
        }
        assert!(Symmetric::from_packed(&[f64::NAN], 1).eigen().is_err());
    }

    #[test]
    fn eigenvalues_descend_and_signs_are_fixed() {
        let eigen = Symmetric::from_packed(&[2.0, 0.0, 5.0], 2).eigen().unwrap();
        assert_eq!(eigen.values, [5.0, 2.0]);
        assert_eq!(eigen.lines, [0.0, 1.0, 1.0, 0.0]);
    }
}
