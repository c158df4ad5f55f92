//! Ranks within each range.

use super::Ranges;
use super::values::{float_array, present};
use datafusion::arrow::array::{Array, ArrayRef};
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
    let converter = RowConverter::new(vec![SortField::new(column.data_type().clone())])?;
    let rows = converter.convert_columns(&[crate::lower::canonical::canonical(column, true, true)])?;
    let valid = present(column);
    let mut ranks = vec![f64::NAN; column.len()];
    for range in ranges {
        let keep = options.missing == RankMissing::Keep;
        let mut order: Vec<usize> = range.clone().filter(|row| valid[*row] || !keep).collect();
        // Where a row stands among missing and other values, and the value.
        let class = |row: usize| match (valid[row], options.missing) {
            (true, _) | (false, RankMissing::Keep) => 1,
            (false, RankMissing::Top) => 0,
            (false, RankMissing::Bottom) => 2,
        };
        order.sort_by(|&a, &b| {
            let values = rows.row(a).cmp(&rows.row(b));
            class(a).cmp(&class(b)).then(if options.descending { values.reverse() } else { values })
        });
        let (mut place, mut dense) = (0, 0);
        for run in order.chunk_by(|&a, &b| class(a) == class(b) && (class(a) != 1 || rows.row(a) == rows.row(b))) {
            dense += 1;
            for (within, &row) in run.iter().enumerate() {
                ranks[row] = match options.method {
                    RankMethod::Average => place as f64 + (run.len() + 1) as f64 / 2.0,
                    RankMethod::Min => (place + 1) as f64,
                    RankMethod::Max => (place + run.len()) as f64,
                    RankMethod::First => (place + within + 1) as f64,
                    RankMethod::Dense => f64::from(dense),
                };
            }
            place += run.len();
        }
        if options.percent {
            let count = if options.method == RankMethod::Dense { f64::from(dense) } else { place as f64 };
            order.iter().for_each(|&row| ranks[row] /= count);
        }
    }
    Ok(float_array(ranks))
}
