//! Functions of whole frames that work column by column.

use crate::Frame;
use crate::error::{need_column, need_distinct};
use crate::expr::{Expr, col};
use crate::functions::promote::{is_decimal, is_text, plain};
use crate::series::{Operand, Series};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{LogicalPlanBuilder, lit};
use phalanx_engine::{Error, Result};
use regex::Regex;

/// When a row with missing values goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// If any value is missing.
    Any,
    /// If all values are missing.
    All,
    /// If fewer than so many values are there.
    FewerThan(usize),
}

/// A kind of columns, as `select_dtypes` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// Integers, floats and decimals.
    Number,
    /// Of this type.
    Exactly(DataType),
    /// Integers of any size.
    Integer,
    /// Floats of any size.
    Float,
    /// Text.
    Text,
    /// Times, with or without a zone.
    Time,
    /// Spans of time.
    Span,
    /// Categories.
    Category,
}

impl ColumnKind {
    fn holds(&self, data_type: &DataType) -> bool {
        match self {
            Self::Number => data_type.is_numeric() || matches!(data_type, DataType::Duration(_)),
            Self::Exactly(wanted) => data_type == wanted,
            Self::Integer => data_type.is_integer(),
            Self::Float => data_type.is_floating() && !is_decimal(data_type),
            Self::Text => is_text(data_type) && plain(data_type) == data_type,
            Self::Time => matches!(data_type, DataType::Timestamp(..)),
            Self::Span => matches!(data_type, DataType::Duration(_)),
            Self::Category => matches!(data_type, DataType::Dictionary(..)),
        }
    }
}

impl Frame {
    /// The names of the columns without the index.
    pub fn value_names(&self) -> Vec<String> {
        self.column_names().into_iter().filter(|name| self.index() != Some(name)).collect()
    }

    /// The frame with each column but the index replaced by `function` of it; the names stay.
    ///
    /// # Errors
    /// The function's.
    pub fn map_columns(&self, mut function: impl FnMut(&str, Series) -> Result<Series>) -> Result<Self> {
        let names = self.value_names();
        let columns: Result<Vec<(&str, Series)>> =
            names.iter().map(|name| Ok((name.as_str(), function(name, self.column(name)?)?))).collect();
        self.assign(columns?)
    }

    /// Which values are missing.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn isna(&self) -> Result<Self> {
        self.map_columns(|_, column| column.isna())
    }

    /// Which values are there.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn notna(&self) -> Result<Self> {
        self.map_columns(|_, column| column.notna())
    }

    /// The frame with columns converted, as [`Series::astype`] does.
    ///
    /// # Errors
    /// `Input`: a column does not exist or can't become the type.
    pub fn astype<'a>(&self, types: impl IntoIterator<Item = (&'a str, DataType)>) -> Result<Self> {
        let columns: Result<Vec<(&str, Series)>> =
            types.into_iter().map(|(name, to)| Ok((name, self.column(name)?.astype(&to)?))).collect();
        self.assign(columns?)
    }

    /// The frame with one value in place of the missing ones of every column that can hold it.
    ///
    /// # Errors
    /// `Input`: a column can't hold the value.
    pub fn fillna(&self, value: impl Into<Operand>) -> Result<Self> {
        let value = value.into();
        self.map_columns(|_, column| column.fillna(value.clone()))
    }

    /// Only the rows with enough values among the columns `subset`; all columns but the index without one.
    ///
    /// # Errors
    /// `Input`: a column does not exist.
    pub fn dropna(&self, subset: Option<&[String]>, missing: Missing) -> Result<Self> {
        let all = self.value_names();
        let names = subset.unwrap_or(&all);
        let mut conditions = vec![];
        for name in names {
            need_column(&self.schema(), name)?;
            conditions.push(self.column(name)?.notna()?.expression()?.clone());
        }
        let condition = match missing {
            Missing::Any => conditions.into_iter().reduce(Expr::and),
            Missing::All => conditions.into_iter().reduce(Expr::or),
            Missing::FewerThan(least) => {
                let one = |condition: Expr| datafusion::logical_expr::when(condition, lit(1_i64)).otherwise(lit(0_i64));
                let counts = conditions.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
                let least = i64::try_from(least).unwrap_or(i64::MAX);
                counts.into_iter().reduce(|all, one| all + one).map(|count| count.gt_eq(lit(least)))
            }
        };
        match condition {
            None => Ok(self.clone()),
            Some(condition) => self.filter(condition),
        }
    }

    /// The frame with `prefix` before and `suffix` behind the names of all columns but the index.
    ///
    /// # Errors
    /// `Input`: a name would be that of the index.
    pub fn add_affixes(&self, prefix: &str, suffix: &str) -> Result<Self> {
        let names: Vec<(String, String)> =
            self.value_names().into_iter().map(|name| (name.clone(), format!("{prefix}{name}{suffix}"))).collect();
        self.rename(names.iter().map(|(old, new)| (old.as_str(), new.as_str())))
    }

    /// Only the columns of one of the kinds `include` (all, if there is none) and of none of `exclude`.
    ///
    /// # Errors
    /// `Input`: nothing is asked for.
    pub fn select_dtypes(&self, include: &[ColumnKind], exclude: &[ColumnKind]) -> Result<Self> {
        if include.is_empty() && exclude.is_empty() {
            return Err(Error::input("at least one of include or exclude must be nonempty"));
        }
        let schema = self.schema();
        let wanted = |name: &String| {
            schema.field_with_name(name).is_ok_and(|field| {
                let one_of = |kinds: &[ColumnKind]| kinds.iter().any(|kind| kind.holds(field.data_type()));
                (include.is_empty() || one_of(include)) && !one_of(exclude)
            })
        };
        self.select(self.value_names().into_iter().filter(wanted).collect::<Vec<_>>())
    }

    /// Only the columns whose names contain `like`.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn select_like(&self, like: &str) -> Result<Self> {
        self.select(self.value_names().into_iter().filter(|name| name.contains(like)).collect::<Vec<_>>())
    }

    /// Only the columns in whose names `pattern` finds something.
    ///
    /// # Errors
    /// `Unsupported`: it is no pattern of the regex crate.
    pub fn select_matching(&self, pattern: &str) -> Result<Self> {
        let pattern: Regex = crate::functions::text::regex(pattern)?;
        self.select(self.value_names().into_iter().filter(|name| pattern.is_match(name)).collect::<Vec<_>>())
    }

    /// The values where `condition` has true in the column of the same name, `other` elsewhere. Both frames have the
    /// same rows.
    ///
    /// # Errors
    /// `Input`: the condition has other columns. `Unsupported`: other rows.
    pub fn r#where(&self, condition: &Self, other: &ScalarValue) -> Result<Self> {
        self.map_columns(|name, column| column.r#where(&condition.column(name)?, Some(Operand::Value(other.clone()))))
    }

    /// A frame of these columns, which have the same rows, and of the index of the first.
    ///
    /// # Errors
    /// `Input`: there is none, or two have one name. `Unsupported`: one has other rows.
    pub fn from_series(series: &[Series]) -> Result<Self> {
        let [first, rest @ ..] = series else {
            return Err(Error::input("a frame of no columns").with_hint("give at least one series"));
        };
        let names = series.iter().map(|series| series.column_name().map(str::to_owned)).collect::<Result<Vec<_>>>()?;
        need_distinct(&names)?;
        let mut frame = first.frame()?.clone();
        let mut columns = vec![first.expression()?.clone()];
        for series in rest {
            let (met, expression) = frame.meet(series)?;
            columns.push(expression);
            frame = met;
        }
        let index = frame.index().map(str::to_owned).filter(|index| !names.contains(index));
        let columns = columns.into_iter().zip(&names).map(|(column, name)| column.alias(name));
        let projected = index.iter().map(|index| col(index.as_str())).chain(columns);
        let plan = LogicalPlanBuilder::from(frame.logical().clone()).project(projected)?.build();
        frame.with_plan(plan, index)
    }
}
