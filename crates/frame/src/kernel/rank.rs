//! Ranks within each range.

use super::Ranges;
use super::values::{float_array, present};
use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::Result;
use serde::{Deserialize, Serialize};

/// What equal values get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RankMethod {
    /// The mean of their places.
    #[default]
    Average,
    /// The first of their places.
    Min,
    /// The last of their places.
    Max,
    /// Their places in the order of rows.
    First,
    /// The number of different values up to them.
    Dense,
}

/// What missing values get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RankMissing {
    /// Nothing.
    #[default]
    Keep,
    /// The first ranks.
    Top,
    /// The last ranks.
    Bottom,
}

/// How to rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rank {
    /// What equal values get.
    pub method: RankMethod,
    /// The largest value gets rank 1.
    pub descending: bool,
    /// As fractions of the number of ranked values.
    pub percent: bool,
    /// What missing values get.
    pub missing: RankMissing,
}

/// The ranks of `column`, from 1.
pub fn rank(column: &ArrayRef, options: Rank, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let canonical = crate::lower::canonical::canonical(column, true, true);
    let valid = present(column);
    match sortable(&canonical) {
        Some(keys) => Ok(ranks(options, &valid, ranges, |row| keys[row])),
        None => {
            let converter = RowConverter::new(vec![SortField::new(canonical.data_type().clone())])?;
            let rows = converter.convert_columns(&[canonical])?;
            Ok(ranks(options, &valid, ranges, |row| rows.row(row)))
        }
    }
}

/// Integers that compare as the numbers or times of a column do; none for other types.
fn sortable(column: &ArrayRef) -> Option<Vec<u64>> {
    const SIGN: u64 = 1 << 63;
    let keys = match column.data_type() {
        DataType::Float64 => {
            let of = |value: &f64| {
                let bits = value.to_bits();
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            };
            column.as_primitive::<Float64Type>().values().iter().map(of).collect()
        }
        DataType::Int64 | DataType::Timestamp(..) | DataType::Duration(_) => {
            let integers = cast(column, &DataType::Int64).ok()?;
            integers.as_primitive::<Int64Type>().values().iter().map(|value| value.cast_unsigned() ^ SIGN).collect()
        }
        _ => return None,
    };
    Some(keys)
}

/// Ranks by keys that compare as the values that are there do.
fn ranks<K: Ord>(options: Rank, valid: &[bool], ranges: Ranges<'_>, key: impl Fn(usize) -> K) -> ArrayRef {
    let mut ranks = vec![f64::NAN; valid.len()];
    for range in ranges {
        let mut there: Vec<(K, usize)> = range.clone().filter(|row| valid[*row]).map(|row| (key(row), row)).collect();
        // Equal values in the order of rows, in either direction.
        if options.descending {
            there.sort_unstable_by(|(left, a), (right, b)| right.cmp(left).then(a.cmp(b)));
        } else {
            there.sort_unstable();
        }
        let missing = || range.clone().filter(|row| !valid[*row]).collect::<Vec<usize>>();
        let (first, last) = match options.missing {
            RankMissing::Keep => (vec![], vec![]),
            RankMissing::Top => (missing(), vec![]),
            RankMissing::Bottom => (vec![], missing()),
        };
        let (mut place, mut dense) = (0_usize, 0_u32);
        let mut run = |rows: &mut dyn ExactSizeIterator<Item = usize>| {
            let length = rows.len();
            dense += u32::from(length > 0);
            for (within, row) in rows.enumerate() {
                ranks[row] = match options.method {
                    RankMethod::Average => place as f64 + (length + 1) as f64 / 2.0,
                    RankMethod::Min => (place + 1) as f64,
                    RankMethod::Max => (place + length) as f64,
                    RankMethod::First => (place + within + 1) as f64,
                    RankMethod::Dense => f64::from(dense),
                };
            }
            place += length;
        };
        run(&mut first.iter().copied());
        for equal in there.chunk_by(|(left, _), (right, _)| left == right) {
            run(&mut equal.iter().map(|(_, row)| *row));
        }
        run(&mut last.iter().copied());
        if options.percent {
            let count = if options.method == RankMethod::Dense { f64::from(dense) } else { place as f64 };
            ranks[range.clone()].iter_mut().for_each(|rank| *rank /= count);
        }
    }
    float_array(ranks)
}
