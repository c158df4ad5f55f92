//! `merge`: which rows meet, and what their columns are called.

use crate::Frame;
use crate::dtype::name as dtype_name;
use crate::error::{need_column, need_distinct};
use crate::expr::{cast, col};
use crate::frame::Direction;
use crate::lower::merge::Merged;
use crate::relation::relate;
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};

/// Which rows a merge keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Keep {
    /// Pairs of rows with equal keys.
    #[default]
    Inner,
    /// The same, and rows of the left frame that have no partner, with missing values in the right one's columns.
    Left,
    /// The same, and rows of the right frame that have no partner.
    Right,
    /// The same, and rows of both frames that have no partner, sorted by key.
    Outer,
    /// Rows of the left frame that have a partner.
    LeftSemi,
    /// Rows of the left frame that have no partner.
    LeftAnti,
    /// Every row of one with every row of the other.
    Cross,
}

impl Keep {
    /// What pandas and Dask call `how`.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(how: &str) -> Result<Self> {
        Ok(match how {
            "inner" => Self::Inner,
            "left" => Self::Left,
            "right" => Self::Right,
            "outer" => Self::Outer,
            "leftsemi" => Self::LeftSemi,
            "leftanti" | "left_anti" => Self::LeftAnti,
            "cross" => Self::Cross,
            _ => {
                return Err(Error::input(format!("there is no merge {how:?}"))
                    .with_hint("there are inner, left, right, outer, leftsemi, leftanti and cross"));
            }
        })
    }
}

/// Which keys must be there once only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Unique {
    /// Those of the left frame.
    pub left: bool,
    /// Those of the right frame.
    pub right: bool,
}

impl Unique {
    /// What pandas calls `validate`.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(validate: &str) -> Result<Self> {
        let (left, right) = match validate {
            "one_to_one" | "1:1" => (true, true),
            "one_to_many" | "1:m" => (true, false),
            "many_to_one" | "m:1" => (false, true),
            "many_to_many" | "m:m" => (false, false),
            _ => {
                return Err(Error::input(format!("{validate:?} is nothing that a merge can validate"))
                    .with_hint("there are 1:1, 1:m, m:1 and m:m"));
            }
        };
        Ok(Self { left, right })
    }
}

/// How two frames are merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Which rows are kept.
    pub keep: Keep,
    /// The left frame's keys.
    pub left_on: Vec<String>,
    /// The right frame's keys, as many.
    pub right_on: Vec<String>,
    /// What is appended to names that both frames have.
    pub suffixes: (String, String),
    /// The name of a column that says where a row comes from: `left_only`, `right_only` or `both`.
    pub indicator: Option<String>,
    /// Which keys must be there once only.
    pub unique: Unique,
}

impl Merge {
    /// A merge on columns that both frames have.
    pub fn on<S: Into<String>>(on: impl IntoIterator<Item = S>, keep: Keep) -> Self {
        let on: Vec<String> = on.into_iter().map(Into::into).collect();
        Self::left_right(on.clone(), on, keep)
    }

    /// A merge on columns of different names.
    pub fn left_right(left_on: Vec<String>, right_on: Vec<String>, keep: Keep) -> Self {
        let suffixes = (String::from("_x"), String::from("_y"));
        Self { keep, left_on, right_on, suffixes, indicator: None, unique: Unique::default() }
    }
}

impl Frame {
    /// Every row of this frame with every row of `right` that has the same values in the columns `on`, in pandas'
    /// order: by the left row, then by the right one. A missing key meets a missing key, as in pandas; −0.0 is 0.0.
    ///
    /// As [`Frame::merge_with`], with the defaults.
    ///
    /// # Errors
    /// As [`Frame::merge_with`].
    pub fn merge<S: Into<String>>(&self, right: &Self, on: impl IntoIterator<Item = S>, keep: Keep) -> Result<Self> {
        self.merge_with(right, &Merge::on(on, keep))
    }

    /// A merge of this frame with `right`.
    ///
    /// First come this frame's columns, then those of `right` without the keys that have the same name on both sides;
    /// names that both have get a suffix. The result has no index and this frame's partitions (of a right merge: those
    /// of `right`; of an outer one: one partition, sorted by key). The right frame (of a right merge: this one) is held
    /// in memory, one hash partition a task: let it be the smaller.
    ///
    /// # Errors
    /// `Input`: a key does not exist, is of types that do not compare, or is named twice; a name with its suffix is
    /// there already. While it runs, `Data`: a key that must be unique is not.
    pub fn merge_with(&self, right: &Self, merge: &Merge) -> Result<Self> {
        let cross = merge.keep == Keep::Cross;
        if merge.left_on.len() != merge.right_on.len() {
            return Err(Error::input(format!(
                "{} keys on the left and {} on the right",
                merge.left_on.len(),
                merge.right_on.len()
            )));
        }
        if merge.left_on.is_empty() != cross {
            return Err(Error::input(if cross {
                "a cross merge has no keys"
            } else {
                "merge needs at least one key column"
            }));
        }
        need_distinct(&merge.left_on)?;
        need_distinct(&merge.right_on)?;
        let (mut left, mut right) = (self.clone(), right.clone());
        for (left_key, right_key) in merge.left_on.iter().zip(&merge.right_on) {
            let (left_schema, right_schema) = (left.schema(), right.schema());
            let left_type = need_column(&left_schema, left_key)?.data_type();
            let right_type = need_column(&right_schema, right_key)?.data_type();
            if left_type == right_type {
                continue;
            }
            let common = common(left_type, right_type).ok_or_else(|| {
                Error::input(format!(
                    "key {left_key:?} is of type {} on the left and {} on the right",
                    dtype_name(left_type),
                    dtype_name(right_type)
                ))
                .with_hint("cast one of them first")
            })?;
            left = left.with_type(left_key, &common)?;
            right = right.with_type(right_key, &common)?;
        }
        let relation = Merged { merge: merge.clone() };
        let names = relation.names(&left.schema(), &right.schema());
        if let Err(error) = need_distinct(&names) {
            return Err(error.with_hint("choose other suffixes, or rename a column first"));
        }
        let plan = relate(relation, vec![left.logical().clone(), right.logical().clone()])?;
        let merged = left.over_all(&[&right], plan, None, "merge");
        // An outer merge is sorted by value; by keys of known categories, whose missing values come first, once more.
        let sorted = merge.keep == Keep::Outer && merge.left_on == merge.right_on;
        match sorted && merged.has_categories(&merge.left_on) {
            true => merged.sort_by(merge.left_on.iter().map(|key| (key.as_str(), Direction::Ascending)), true),
            false => Ok(merged),
        }
    }

    /// The frame with a column cast.
    pub(crate) fn with_type(&self, column: &str, data_type: &DataType) -> Result<Self> {
        if need_column(&self.schema(), column)?.data_type() == data_type {
            return Ok(self.clone());
        }
        let columns = self.column_names().into_iter().map(|name| {
            if name == column { cast(col(name.as_str()), data_type.clone()).alias(name) } else { col(name) }
        });
        let plan = self.builder().project(columns)?.build();
        self.with_plan(plan, self.index().map(str::to_owned))
    }
}

/// The type in which values of two types compare, and stack.
pub(crate) fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    let text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match (left, right) {
        _ if left == right => Some(left.clone()),
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        (DataType::UInt64, other) | (other, DataType::UInt64) if other.is_signed_integer() => Some(DataType::Float64),
        (DataType::Float32, other) | (other, DataType::Float32)
            if matches!(other, DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16) =>
        {
            Some(DataType::Float32)
        }
        _ if left.is_integer() && right.is_integer() => {
            let unsigned = left.is_unsigned_integer() && right.is_unsigned_integer();
            Some(if unsigned { DataType::UInt64 } else { DataType::Int64 })
        }
        _ if left.is_numeric() && right.is_numeric() && (left.is_floating() || right.is_floating()) => {
            Some(DataType::Float64)
        }
        _ if text(left) && text(right) => Some(DataType::Utf8),
        (DataType::Dictionary(_, value), other) | (other, DataType::Dictionary(_, value)) => {
            let other = if let DataType::Dictionary(_, other) = other { other } else { other };
            common(value, other)
        }
        (DataType::Timestamp(a, left), DataType::Timestamp(b, right)) if left.is_some() == right.is_some() => {
            Some(DataType::Timestamp(*a.max(b), left.clone()))
        }
        _ => None,
    }
}
