//! Rows below rows, columns into rows, and rows into columns.

use crate::dtype::name as dtype_name;
use crate::error::{need_column, need_distinct};
use crate::expr::{cast, col, lit, when};
use crate::functions::promote::plain;
use crate::lower::combine::{Exploded, Stacked};
use crate::merge::common;
use crate::relation::relate;
use crate::{Aggregate, Frame, Statistic};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use phalanx_engine::{Error, Result};

/// Which columns [`concat`] keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// All; what a frame has not is missing.
    #[default]
    Outer,
    /// Those that all frames have.
    Inner,
}

/// The rows of `frames`, one below the other: the partitions of the first, then of the second. Columns of other types
/// are cast to one in which both fit. The index stays if all have the same.
///
/// # Errors
/// `Input`: no frame, or columns of one name whose types do not fit each other.
pub fn concat(frames: &[Frame], join: Join) -> Result<Frame> {
    let Some((first, rest)) = frames.split_first() else { return Err(Error::input("concat of no frames")) };
    let mut columns: Vec<(String, DataType)> = vec![];
    for frame in frames {
        for field in frame.schema().fields() {
            match columns.iter_mut().find(|(name, _)| name == field.name()) {
                None => columns.push((field.name().clone(), field.data_type().clone())),
                Some((name, known)) => {
                    *known = common(known, field.data_type()).ok_or_else(|| {
                        Error::mismatch(format!(
                            "column {name:?} is of type {} and {}",
                            dtype_name(known),
                            dtype_name(field.data_type())
                        ))
                        .with_hint("cast one of them first")
                    })?;
                }
            }
        }
    }
    if join == Join::Inner {
        columns.retain(|(name, _)| frames.iter().all(|frame| frame.column_names().contains(name)));
    } else {
        for (name, data_type) in &mut columns {
            let missing = frames.iter().any(|frame| !frame.column_names().contains(name));
            // As in pandas, integers that may be missing stay what they are here: null says so.
            if missing && *data_type == DataType::Null {
                *data_type = DataType::Float64;
            }
        }
    }
    // Columns of other categories are stacked as their values, as pandas does.
    for (name, data_type) in &mut columns {
        let fields: Vec<_> =
            frames.iter().filter_map(|frame| frame.schema().field_with_name(name).ok().cloned()).collect();
        if fields.iter().any(|field| field.metadata() != fields[0].metadata()) {
            *data_type = plain(data_type).clone();
        }
    }
    let same = frames.iter().all(|frame| frame.index() == first.index());
    let index = first.index().filter(|_| same).map(str::to_owned);
    let plan = relate(Stacked { columns }, frames.iter().map(|frame| frame.logical().clone()).collect())?;
    let others: Vec<&Frame> = rest.iter().collect();
    Ok(first.over_all(&others, plan, index, "concat"))
}

impl Frame {
    /// A row for each item of a column of lists; a missing or empty list gives one row without an item.
    ///
    /// # Errors
    /// `Input`: there is no such column.
    pub fn explode(&self, column: &str) -> Result<Self> {
        match need_column(&self.schema(), column)?.data_type() {
            DataType::List(_) | DataType::LargeList(_) => {
                self.related(Exploded { column: column.to_owned() }, "explode")
            }
            _ => Ok(self.clone()),
        }
    }

    /// Columns below each other: for each of `values` all rows, with the columns `ids`, the column's name in column
    /// `variable`, and its value in column `value`.
    ///
    /// # Errors
    /// `Input`: a column does not exist, is named twice, or the values' types do not fit each other.
    pub fn melt(&self, ids: &[String], values: &[String], variable: &str, value: &str) -> Result<Self> {
        let names: Vec<String> = ids.iter().cloned().chain([variable.to_owned(), value.to_owned()]).collect();
        need_distinct(&names)?;
        let schema = self.schema();
        ids.iter().chain(values).try_for_each(|name| need_column(&schema, name).map(drop))?;
        if values.is_empty() {
            return Err(Error::input("melt of no columns"));
        }
        let parts = values
            .iter()
            .map(|name| {
                let mut columns: Vec<_> = ids.iter().map(|id| col(id.as_str())).collect();
                columns.push(lit(name.as_str()).alias(variable));
                columns.push(col(name.as_str()).alias(value));
                self.with_plan(self.builder().project(columns)?.build(), None)
            })
            .collect::<Result<Vec<_>>>()?;
        concat(&parts, Join::Outer)
    }

    /// For each value of column `index` a row, and for each of `categories` of column `columns` a column with this
    /// statistic of `values`.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or the statistic does not fit the values.
    pub fn pivot_table(
        &self,
        index: &str,
        columns: &str,
        categories: &[ScalarValue],
        values: &str,
        statistic: Statistic,
    ) -> Result<Self> {
        let schema = self.schema();
        let data_type = need_column(&schema, values)?.data_type().clone();
        [index, columns].into_iter().try_for_each(|name| need_column(&schema, name).map(drop))?;
        let names: Vec<String> = categories.iter().map(ToString::to_string).collect();
        need_distinct(&[vec![index.to_owned()], names.clone()].concat())?;
        let nothing = ScalarValue::try_from(&data_type)?;
        let mut projected = vec![col(index)];
        for (category, name) in categories.iter().zip(&names) {
            let is = col(columns).eq(lit(category.clone()));
            projected.push(when(is, col(values)).otherwise(lit(nothing.clone()))?.alias(name));
        }
        let wide = self.with_plan(self.builder().project(projected)?.build(), None)?;
        let aggregates = names.iter().map(|name| {
            let aggregate = Aggregate::new(name, statistic).named(name);
            // A sum of nothing is missing here, as in pandas, where there is no such group.
            if statistic == Statistic::Sum { aggregate.with(|options| options.min_count = 1) } else { aggregate }
        });
        wide.groupby([index])?.agg(aggregates)?.set_index(index)
    }

    /// A column of truth values for each of `categories` of `column`, in its place: `get_dummies`.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or a name would be there twice.
    pub fn dummies(&self, column: &str, categories: &[ScalarValue], separator: &str) -> Result<Self> {
        need_column(&self.schema(), column)?;
        let mut columns = vec![];
        let mut names = vec![];
        for name in self.column_names().into_iter().filter(|name| name != column) {
            columns.push(col(name.as_str()));
            names.push(name);
        }
        for category in categories {
            let name = format!("{column}{separator}{category}");
            let is = col(column).eq(lit(category.clone()));
            let is = when(is.clone().is_null(), lit(false)).otherwise(is)?;
            columns.push(cast(is, DataType::Boolean).alias(name.as_str()));
            names.push(name);
        }
        need_distinct(&names)?;
        let index = self.index().filter(|index| *index != column).map(str::to_owned);
        self.with_plan(self.builder().project(columns)?.build(), index)
    }
}
