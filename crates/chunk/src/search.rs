//! Looking elements up in a sorted table.

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::dtype::{DType, Element};
use crate::error::Result;
use crate::order::{Ordered, with_ordered};

/// What is asked of each element and a table that ascends (NaN last).
///
/// ```
/// use phalanx_chunk::{Chunk, search::Search};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let table = Chunk::vector(vec![1.0, 2.0, 2.0, 5.0]);
/// let a = Chunk::vector(vec![2.0, 0.0, 9.0]);
/// assert_eq!(Search::Left.apply(&table, &a)?.values::<i64>()?, &[1, 0, 4]);
/// assert_eq!(Search::Right.apply(&table, &a)?.values::<i64>()?, &[3, 0, 4]);
/// assert_eq!(Search::Member.apply(&table, &a)?.values::<bool>()?, &[true, false, false]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Search {
    /// How many elements of the table are smaller: where it would be inserted, on the left of equal ones.
    Left,
    /// How many are not larger: on the right of equal ones.
    Right,
    /// Whether it is in the table. NaN is in none.
    Member,
}

impl Search {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left | Self::Right => "searchsorted",
            Self::Member => "isin",
        }
    }

    /// The dtype of the answers.
    pub const fn dtype(self) -> DType {
        match self {
            Self::Left | Self::Right => DType::Int64,
            Self::Member => DType::Bool,
        }
    }

    /// The answer for each element of `chunk`; both are compared in their common dtype.
    ///
    /// # Errors
    /// None today.
    pub fn apply(self, table: &Chunk, chunk: &Chunk) -> Result<Chunk> {
        let dtype = DType::promote(table.dtype(), chunk.dtype());
        let (table, cast) = (table.cast(dtype), chunk.cast(dtype));
        with_ordered!(&cast, values => self.typed(values, table.values()?, chunk.shape()))
    }

    fn typed<T: Ordered>(self, values: &[T], table: &[T], shape: &[usize]) -> Result<Chunk> {
        let left = |value: &T| table.partition_point(|entry| entry.order(value).is_lt());
        let right = |value: &T| table.partition_point(|entry| entry.order(value).is_le());
        match self {
            Self::Left => answers(values, shape, |value| left(value) as i64),
            Self::Right => answers(values, shape, |value| right(value) as i64),
            Self::Member => answers(values, shape, |value| table.get(left(value)).is_some_and(|entry| entry == value)),
        }
    }
}

fn answers<T, U: Element>(values: &[T], shape: &[usize], answer: impl Fn(&T) -> U) -> Result<Chunk> {
    Chunk::new(shape, values.iter().map(answer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_found_at_the_end_and_in_no_set() {
        let table = Chunk::vector(vec![0.0, 1.0, f64::NAN]);
        let a = Chunk::vector(vec![f64::NAN, -0.0]);
        assert_eq!(Search::Left.apply(&table, &a).unwrap().values::<i64>().unwrap(), &[2, 0]);
        assert_eq!(Search::Right.apply(&table, &a).unwrap().values::<i64>().unwrap(), &[3, 1]);
        assert_eq!(Search::Member.apply(&table, &a).unwrap().values::<bool>().unwrap(), &[false, true]);
    }

    #[test]
    fn dtypes_meet() {
        let table = Chunk::vector(vec![1_i32, 3]);
        let a = Chunk::vector(vec![2.5, 3.0]);
        assert_eq!(Search::Right.apply(&table, &a).unwrap().values::<i64>().unwrap(), &[1, 2]);
    }
}
