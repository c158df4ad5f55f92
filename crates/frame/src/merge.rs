//! `merge`: which rows meet, and what their columns are called.

use crate::Frame;
use crate::error::{need_column, need_distinct};
use crate::node::{Operation, Ordered};
use datafusion::arrow::datatypes::{Fields, Schema, SchemaRef};
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// Which rows a merge keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Default)]
#[non_exhaustive]
pub enum Keep {
    /// Pairs of rows with equal keys.
    #[default]
    Inner,
    /// The same, and rows of the left frame that have no partner, with missing values in the right one's columns.
    Left,
}

impl Frame {
    /// Every row of this frame with every row of `right` that has the same values in the columns `on`, in pandas'
    /// order: by the left row, then by the right one. A missing key meets a missing key, as in pandas; −0.0 is 0.0.
    ///
    /// First come this frame's columns, then those of `right` without the keys; names that both have get `_x` and
    /// `_y`. The result is one partition without an index. The right frame is the one that is held in memory,
    /// one hash partition a task: let it be the smaller.
    ///
    /// # Errors
    /// `Input`: a key does not exist, is of different types or is named twice, or a name with its suffix is there
    /// already.
    pub fn merge<S: Into<String>>(&self, right: &Self, on: impl IntoIterator<Item = S>, keep: Keep) -> Result<Self> {
        let on: Vec<String> = on.into_iter().map(Into::into).collect();
        if on.is_empty() {
            return Err(Error::input("merge needs at least one key column"));
        }
        need_distinct(&on)?;
        for key in &on {
            let (left_schema, right_schema) = (self.schema(), right.schema());
            let left_type = need_column(&left_schema, key)?.data_type();
            let right_type = need_column(&right_schema, key)?.data_type();
            if left_type != right_type {
                return Err(Error::input(format!(
                    "key {key:?} is of type {left_type} on the left and {right_type} on the right"
                ))
                .with_hint("cast one of them with with_column first"));
            }
        }
        need_distinct(&names(&self.schema(), &right.schema(), &on))?;
        let plan = Ordered::merge(Operation::Merge { on, keep }, self.logical().clone(), right.logical().clone())?;
        Ok(self.joined(plan, right))
    }
}

/// The names of the result's columns.
fn names(left: &Schema, right: &Schema, on: &[String]) -> Vec<String> {
    let is_key = |name: &String| on.contains(name);
    let suffixed = |name: &String, other: &Schema, suffix: &str| match other.field_with_name(name) {
        Ok(_) if !is_key(name) => format!("{name}{suffix}"),
        _ => name.clone(),
    };
    let lefts = left.fields().iter().map(|field| suffixed(field.name(), right, "_x"));
    let rights = right.fields().iter().filter(|field| !is_key(field.name()));
    lefts.chain(rights.map(|field| suffixed(field.name(), left, "_y"))).collect()
}

/// The result's schema.
pub(crate) fn schema(left: &Schema, right: &Schema, on: &[String], keep: Keep) -> SchemaRef {
    let lefts = left.fields().iter().map(|field| {
        let float_key = on.contains(field.name()) && field.data_type().is_floating();
        (field, field.is_nullable() || float_key)
    });
    let rights = right.fields().iter().filter(|field| !on.contains(field.name()));
    let rights = rights.map(|field| (field, field.is_nullable() || keep == Keep::Left));
    let fields: Fields = lefts
        .chain(rights)
        .zip(names(left, right, on))
        .map(|((field, nullable), name)| field.as_ref().clone().with_name(name).with_nullable(nullable))
        .collect();
    Arc::new(Schema::new(fields))
}
