//! The keys of rows, by which joins compare them and buckets share them out.

use datafusion::arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::hash_utils::create_hashes;
use datafusion::error::Result;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use std::ops::Range;

/// Where rows of so many columns have so many keys: before the last column, their ordinal.
pub(super) fn key_range(columns: usize, keys: usize) -> Range<usize> {
    columns - 1 - keys..columns - 1
}

/// The keys of rows, to be compared.
pub(super) enum Keys {
    None,
    Integers(Int64Array),
    Rows(Rows),
}

impl Keys {
    /// Those of a batch, which are so many.
    pub(super) fn of(batch: &RecordBatch, keys: usize) -> Result<Self> {
        let columns = &batch.columns()[key_range(batch.num_columns(), keys)];
        Ok(match columns {
            [] => Self::None,
            [one] if *one.data_type() == DataType::Int64 => Self::Integers(one.as_primitive::<Int64Type>().clone()),
            _ => {
                let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
                Self::Rows(RowConverter::new(fields)?.convert_columns(columns)?)
            }
        })
    }

    /// What chains tell the keys of `batch` by: the keys themselves if those are `exact`, else their hashes.
    pub(super) fn tags(&self, batch: &RecordBatch, keys: usize, exact: bool) -> Result<Vec<u64>> {
        match self {
            Self::Integers(keys) if exact => Ok(keys.values().iter().map(|key| key.cast_unsigned()).collect()),
            _ => hashes(batch, keys),
        }
    }

    pub(super) fn is_present(&self, row: usize) -> bool {
        match self {
            Self::Integers(keys) => keys.is_valid(row),
            _ => true,
        }
    }

    pub(super) fn equal(&self, row: usize, other: &Self, other_row: usize) -> bool {
        match (self, other) {
            (Self::None, _) => true,
            (Self::Integers(left), Self::Integers(right)) => match (left.is_valid(row), right.is_valid(other_row)) {
                (true, true) => left.value(row) == right.value(other_row),
                (left, right) => left == right,
            },
            (Self::Rows(left), Self::Rows(right)) => left.row(row) == right.row(other_row),
            _ => false,
        }
    }
}

/// The hashes of a batch's keys, by which exchanges partition too.
pub(super) fn hashes(batch: &RecordBatch, keys: usize) -> Result<Vec<u64>> {
    let mut hashes = vec![0; batch.num_rows()];
    if keys > 0 {
        let columns = &batch.columns()[key_range(batch.num_columns(), keys)];
        create_hashes(columns, REPARTITION_RANDOM_STATE.random_state(), &mut hashes)?;
    }
    Ok(hashes)
}
