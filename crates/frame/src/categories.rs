//! Columns of known categories are in the order of the categories, and not of their values: in sorts, as keys of groups,
//! and in extremes.
//!
//! What sorts and compares below sees the places of the values among the categories, in columns beside the frame's own
//! that go again.

use crate::error::need_column;
use crate::expr::{Expr, col};
use crate::functions::category::{AtPlaces, Codes, is_ordered, known};
use crate::{Aggregate, Frame, Statistic};
use phalanx_engine::{Result, scalar};

/// Extremes as places, and what makes them values again, by the names of their columns.
pub(crate) type InPlaces = (Frame, Vec<Aggregate>, Vec<(String, Expr)>);

impl Frame {
    /// Does a column of these have known categories?
    pub(crate) fn has_categories(&self, columns: &[String]) -> bool {
        let schema = self.schema();
        columns.iter().any(|name| schema.field_with_name(name).is_ok_and(|field| known(field).is_some()))
    }

    /// Sort keys (name, descending) without categories: each that has some is replaced by their places.
    pub(crate) fn keys_in_places(&self, by: Vec<(String, bool)>) -> Result<(Self, Vec<(String, bool)>)> {
        let (mut frame, mut keys) = (self.clone(), vec![]);
        for (name, descending) in by {
            let categories = known(need_column(&self.schema(), &name)?);
            let key = match categories {
                None => name,
                Some(categories) => {
                    let place = frame.free_name("place");
                    let codes = scalar::call(Codes::places(&categories)?, vec![col(name)])?;
                    frame = frame.with_column(&place, codes)?;
                    place
                }
            };
            keys.push((key, descending));
        }
        Ok((frame, keys))
    }

    /// Extremes of ordered categories are those of their places; other aggregates stay as they are.
    pub(crate) fn extremes_in_places(&self, aggregates: Vec<Aggregate>) -> Result<InPlaces> {
        let (mut frame, mut values) = (self.clone(), vec![]);
        let mut changed = vec![];
        for mut aggregate in aggregates {
            let field = need_column(&self.schema(), &aggregate.column)?.clone();
            let is_extreme = matches!(aggregate.statistic, Statistic::Minimum | Statistic::Maximum);
            if let Some(categories) = known(&field).filter(|_| is_extreme && is_ordered(&field)) {
                let place = frame.free_name("place");
                let codes = scalar::call(Codes::places(&categories)?, vec![col(aggregate.column.as_str())])?;
                frame = frame.with_column(&place, codes)?;
                let again =
                    scalar::call(AtPlaces::new(&categories, field.metadata())?, vec![col(aggregate.name.as_str())])?;
                values.push((aggregate.name.clone(), again));
                aggregate.column = place;
            }
            changed.push(aggregate);
        }
        Ok((frame, changed, values))
    }

    /// A name that no column has.
    fn free_name(&self, wanted: &str) -> String {
        let names = self.column_names();
        let name = |number: usize| format!("{wanted} {number}");
        (0..=names.len()).map(name).find(|name| !names.contains(name)).unwrap_or_else(|| wanted.to_owned())
    }
}
