//! `merge_asof`: rows that are near each other.

use crate::Frame;
use crate::dtype::name as dtype_name;
use crate::error::{need_column, need_distinct};
pub use crate::lower::asof::{Asof, AsofDirection};

use crate::lower::asof::AsofMerged;
use crate::merge::common;
use crate::relation::relate;
use phalanx_engine::{Error, Result};

impl Frame {
    /// Each row of this frame with the row of `right` whose value in the column `on` is nearest, in this frame's order
    /// and partitions. With `by`, groups are in hash partitions; without, all rows of both frames are in one task.
    /// Neither frame needs to be sorted.
    ///
    /// # Errors
    /// `Input`: a column does not exist or is of types that do not compare; a name is there twice. While it runs,
    /// `Data`: a missing value in `on`.
    pub fn merge_asof(&self, right: &Self, asof: &Asof) -> Result<Self> {
        if asof.by.0.len() != asof.by.1.len() {
            return Err(Error::input("merge_asof by another number of columns on the left than on the right"));
        }
        let (mut left, mut right) = (self.clone(), right.clone());
        let pairs = asof.by.0.iter().zip(&asof.by.1).chain([(&asof.on.0, &asof.on.1)]);
        for (left_key, right_key) in pairs {
            let (left_schema, right_schema) = (left.schema(), right.schema());
            let left_type = need_column(&left_schema, left_key)?.data_type();
            let right_type = need_column(&right_schema, right_key)?.data_type();
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
        let schema = left.schema();
        let on = need_column(&schema, &asof.on.0)?.data_type();
        if !on.is_numeric() && !on.is_temporal() {
            return Err(Error::mismatch(format!(
                "merge_asof on column {:?}, which is of type {}",
                asof.on.0,
                dtype_name(on)
            ))
            .with_hint("take a column of numbers or times"));
        }
        let relation = AsofMerged { asof: asof.clone() };
        need_distinct(&relation.names(&left.schema(), &right.schema()))?;
        let plan = relate(relation, vec![left.logical().clone(), right.logical().clone()])?;
        Ok(left.over_all(&[&right], plan, None, "merge_asof"))
    }
}
