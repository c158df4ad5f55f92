//! A column that is computed when it is asked for: an expression over a frame's rows, with pandas' semantics.
//!
//! Series of one frame meet for free. After `frame.assign(…)` older series still fit the newer frame, and what was
//! computed across rows (`cumsum`) fits its origin; series of other rows are refused, since pandas would align them by
//! index, which takes a merge here.
//!
//! | module | what it holds |
//! |---|---|
//! | `operators` | `+ - * / // % **`, comparisons, logic, and Rust's operators for them |
//! | `text` | `.str` and `.dt` |
//! | `values` | `astype`, `fillna`, `where`, `isin`, `map`, `round` and other functions of values |
//!
//! ```
//! use phalanx_engine::{LocalEngine, Settings};
//! use phalanx_frame::datasets;
//!
//! # fn main() -> phalanx_engine::Result<()> {
//! let frame = datasets::timeseries().dates("2000-01-01", "2000-01-02")?.build()?;
//! let (x, y) = (frame.column("x")?, frame.column("y")?);
//! let distance = (&x * &x + &y * &y).sqrt()?;
//! let near = frame.assign([("distance", distance)])?.filter(&x.lt(0.1)?)?;
//! let table = near.head(3)?.compute(&LocalEngine::new(Settings::default())?)?;
//! assert_eq!(table.column_names(), ["timestamp", "id", "name", "x", "y", "distance"]);
//! # Ok(())
//! # }
//! ```

mod operators;
mod text;
mod values;

pub use operators::Logic;
pub use values::Inclusive;

use crate::aligned::meet;
use crate::error::need_column;
use crate::expr::{Expr, col};
use crate::functions::promote::{is_text, plain};
use crate::{Frame, Table};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan, LogicalPlanBuilder, lit};
use phalanx_engine::{Engine, Error, Result, RowFunction, scalar};

/// A lazy column: see the [module](self). Cloning is cheap.
///
/// Rust's operators can't fail, so a series may carry an error, which its next method gives.
#[derive(Debug, Clone)]
pub struct Series(Result<Box<State>>);

#[derive(Debug, Clone)]
struct State {
    /// Whose rows they are.
    frame: Frame,
    /// The values, over the frame's columns.
    expression: Expr,
    name: Option<String>,
    field: Field,
}

/// What stands on the other side of an operator: a series, or one value for all rows.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A value for each row.
    Series(Series),
    /// One value. Integers and floats of 64 bits take the type of the column that they meet, as Python's do.
    Value(ScalarValue),
}

impl From<Series> for Operand {
    fn from(series: Series) -> Self {
        Self::Series(series)
    }
}
impl From<&Series> for Operand {
    fn from(series: &Series) -> Self {
        Self::Series(series.clone())
    }
}
impl From<ScalarValue> for Operand {
    fn from(value: ScalarValue) -> Self {
        Self::Value(value)
    }
}
macro_rules! values {
    ($($type:ty),*) => {$(
        impl From<$type> for Operand {
            fn from(value: $type) -> Self {
                Self::Value(ScalarValue::from(value))
            }
        }
    )*};
}
values!(bool, i64, f64, &str, String);
impl From<i32> for Operand {
    fn from(value: i32) -> Self {
        Self::from(i64::from(value))
    }
}

impl Series {
    /// The values of `expression` over the rows of `frame`.
    pub(crate) fn new(frame: &Frame, expression: Expr, name: Option<String>) -> Result<Self> {
        frame.check(&expression)?;
        let (frame, expression) = frame.computed(expression)?;
        let (_, field) = expression.to_field(frame.logical().schema())?;
        Ok(Self(Ok(Box::new(State { frame, expression, name, field: field.as_ref().clone() }))))
    }

    fn state(&self) -> Result<&State> {
        self.0.as_deref().map_err(Clone::clone)
    }

    /// The name, if it has one.
    ///
    /// # Errors
    /// That of an operator that made this series.
    pub fn name(&self) -> Result<Option<&str>> {
        Ok(self.state()?.name.as_deref())
    }

    /// The type of its values.
    ///
    /// # Errors
    /// As [`Series::name`].
    pub fn data_type(&self) -> Result<&DataType> {
        Ok(self.state()?.field.data_type())
    }

    /// The frame whose rows it has.
    ///
    /// # Errors
    /// As [`Series::name`].
    pub fn frame(&self) -> Result<&Frame> {
        Ok(&self.state()?.frame)
    }

    /// Its values as an expression over the columns of [`Series::frame`].
    ///
    /// # Errors
    /// As [`Series::name`].
    pub fn expression(&self) -> Result<&Expr> {
        Ok(&self.state()?.expression)
    }

    /// The same values under another name, or none.
    ///
    /// # Errors
    /// As [`Series::name`].
    pub fn rename<'a>(&self, name: impl Into<Option<&'a str>>) -> Result<Self> {
        let state = self.state()?.clone();
        Ok(Self(Ok(Box::new(State { name: name.into().map(str::to_owned), ..state }))))
    }

    /// The name of its column in a frame: `0` if it has none, as in pandas.
    ///
    /// # Errors
    /// As [`Series::name`].
    pub fn column_name(&self) -> Result<&str> {
        Ok(self.name()?.unwrap_or("0"))
    }

    /// A frame of this column, and of the index if the frame has one.
    ///
    /// # Errors
    /// `Input`: the index has the same name.
    pub fn to_frame(&self) -> Result<Frame> {
        let state = self.state()?;
        let name = self.column_name()?;
        let index = state.frame.index().map(str::to_owned);
        if index.as_deref() == Some(name) {
            if state.expression == col(name) {
                return state.frame.select([name]);
            }
            return Err(Error::input(format!("a column with the name of the index, {name:?}"))
                .with_hint("rename the series first"));
        }
        let columns = index.iter().map(|index| col(index.as_str())).chain([state.expression.clone().alias(name)]);
        state.frame.with_plan(state.frame.builder().project(columns)?.build(), index)
    }

    /// `operation` of the frame of this column alone, and that column of its result. So a frame's methods are a
    /// series' methods too: `series.via(|frame| frame.cumsum())`.
    ///
    /// # Errors
    /// The operation's.
    pub fn via(&self, operation: impl FnOnce(&Frame) -> Result<Frame>) -> Result<Self> {
        let name = self.column_name()?.to_owned();
        let named = self.name()?.map(str::to_owned);
        operation(&self.to_frame()?)?.column(&name)?.rename(named.as_deref())
    }

    /// Runs the query and brings the values here, with the index. Blocks.
    ///
    /// # Errors
    /// As [`Frame::compute`].
    pub fn compute(&self, engine: &dyn Engine) -> Result<Table> {
        self.to_frame()?.compute(engine)
    }

    /// Another series of the same rows and the same name.
    fn with(&self, expression: Expr) -> Result<Self> {
        let state = self.state()?;
        Self::new(&state.frame, expression, state.name.clone())
    }

    /// `function` of each value.
    pub(crate) fn apply(&self, function: impl RowFunction) -> Result<Self> {
        self.with(scalar::call(function, vec![self.expression()?.clone()])?)
    }

    /// This series and `others` over one frame: `build` gets their expressions, this one's first.
    pub(crate) fn together(&self, others: &[&Operand], build: impl FnOnce(Vec<Expr>) -> Result<Expr>) -> Result<Self> {
        let state = self.state()?;
        let mut frame = state.frame.clone();
        let mut expressions = vec![state.expression.clone()];
        let mut name = state.name.clone();
        for other in others {
            match other {
                Operand::Value(value) => expressions.push(lit(value.clone())),
                Operand::Series(series) => {
                    let (met, expression) = frame.meet(series)?;
                    (frame, name) = (met, name.filter(|name| series.name().is_ok_and(|other| other == Some(name))));
                    expressions.push(expression);
                }
            }
        }
        Self::new(&frame, build(expressions)?, name)
    }

    /// A value in the type in which it meets this column.
    fn meeting(&self, operand: Operand) -> Result<Operand> {
        match operand {
            Operand::Series(series) => {
                series.state()?;
                Ok(Operand::Series(series))
            }
            Operand::Value(value) => Ok(Operand::Value(literal(value, self.data_type()?)?)),
        }
    }
}

/// A constant as it meets a column of this type: numbers take the column's own type if they fit into it, text becomes
/// a time where the column holds times.
pub(crate) fn literal(value: ScalarValue, column: &DataType) -> Result<ScalarValue> {
    use DataType::{Duration, Float32, Float64, Timestamp};
    let column = plain(column);
    let own = |value: ScalarValue| value.cast_to(column).map_err(Error::from);
    match &value {
        ScalarValue::Int64(Some(_)) if column.is_integer() => Ok(own(value.clone()).unwrap_or(value)),
        ScalarValue::Int64(Some(_)) | ScalarValue::Float64(Some(_)) if *column == Float32 => own(value),
        ScalarValue::Int64(Some(_)) if *column == Float64 => own(value),
        ScalarValue::Float64(Some(number)) if number.is_nan() && !column.is_numeric() => own(ScalarValue::Null),
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) => match column {
            Timestamp(unit, zone) => crate::functions::time::parse_constant(text, *unit, zone.as_ref()),
            Duration(unit) => crate::functions::time::parse_duration(text, *unit),
            other if is_text(other) => Ok(ScalarValue::Utf8(Some(text.clone()))),
            DataType::Date32 | DataType::Date64 => own(value),
            _ => Ok(value),
        },
        ScalarValue::Null => own(value),
        _ => Ok(value),
    }
}

impl Frame {
    /// The column of this name, the index included.
    ///
    /// # Errors
    /// `Input`: there is no such column.
    pub fn column(&self, name: &str) -> Result<Series> {
        need_column(&self.schema(), name)?;
        Series::new(self, col(name), Some(name.to_owned()))
    }

    /// `expression` as a column without a name.
    ///
    /// # Errors
    /// As [`Frame::filter`].
    pub fn series(&self, expression: Expr) -> Result<Series> {
        Series::new(self, expression, None)
    }

    /// This frame, with columns beside its own if need be, and `series` as an expression over it.
    pub(crate) fn meet(&self, series: &Series) -> Result<(Self, Expr)> {
        let state = series.state()?;
        let labels = self.index().zip(state.frame.index());
        let (plan, mut wanted) =
            meet(self.logical(), state.frame.logical(), std::slice::from_ref(&state.expression), labels)?;
        let expression = wanted.pop().ok_or_else(|| Error::internal("a series without an expression"))?;
        Ok((self.over_all(&[&state.frame], plan, self.index().map(str::to_owned), self.label()), expression))
    }

    /// Only the columns that `like` has, of a plan over it.
    pub(crate) fn back_to(&self, like: &Self) -> Result<Self> {
        let names = like.column_names();
        if self.column_names() == names {
            return Ok(self.clone());
        }
        self.with_plan(Ok(self.columns_only(&names)?), like.index().map(str::to_owned))
    }
}

/// A column's values: an expression over the frame itself, or a series that fits it.
#[derive(Debug, Clone)]
pub enum Values {
    /// Over the columns of the frame.
    Expression(Expr),
    /// A series of the same rows.
    Series(Series),
}

impl From<Expr> for Values {
    fn from(expression: Expr) -> Self {
        Self::Expression(expression)
    }
}
impl From<Series> for Values {
    fn from(series: Series) -> Self {
        Self::Series(series)
    }
}
impl From<&Series> for Values {
    fn from(series: &Series) -> Self {
        Self::Series(series.clone())
    }
}
impl From<ScalarValue> for Values {
    fn from(value: ScalarValue) -> Self {
        Self::Expression(lit(value))
    }
}

impl Frame {
    /// A frame with this one's columns, maybe others, and the values as expressions over it.
    pub(crate) fn resolve(&self, values: Vec<Values>) -> Result<(Self, Vec<Expr>)> {
        let mut frame = self.clone();
        let mut expressions = vec![];
        for values in values {
            match values {
                Values::Expression(expression) => {
                    self.check(&expression)?;
                    expressions.push(expression);
                }
                Values::Series(series) => {
                    let (met, expression) = frame.meet(&series)?;
                    frame = met;
                    expressions.push(expression);
                }
            }
        }
        Ok((frame, expressions))
    }

    /// The frame with these columns, new or replaced, in this order.
    ///
    /// # Errors
    /// `Input`: a series' own error. `Unsupported`: a series has other rows.
    pub fn assign<'a, V: Into<Values>>(&self, columns: impl IntoIterator<Item = (&'a str, V)>) -> Result<Self> {
        let (names, values): (Vec<&str>, Vec<Values>) =
            columns.into_iter().map(|(name, values)| (name, values.into())).unzip();
        let (frame, expressions) = self.resolve(values)?;
        let mut projected: Vec<(String, Expr)> =
            self.column_names().into_iter().map(|name| (name.clone(), col(name))).collect();
        for (name, expression) in names.into_iter().zip(expressions) {
            let expression = expression.alias(name);
            match projected.iter_mut().find(|(other, _)| other == name) {
                Some((_, old)) => *old = expression,
                None => projected.push((name.to_owned(), expression)),
            }
        }
        let plan = frame.builder().project(projected.into_iter().map(|(_, expression)| expression))?.build();
        frame.with_plan(plan, self.index().map(str::to_owned))
    }

    /// The rows for which `condition` is true, in their order. A missing condition is not true.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or the condition is not a truth value. `Unsupported`: it is not computed row
    /// by row, or has other rows.
    pub fn filter(&self, condition: impl Into<Values>) -> Result<Self> {
        let (frame, mut conditions) = self.resolve(vec![condition.into()])?;
        let condition = conditions.pop().ok_or_else(|| Error::internal("a filter without a condition"))?;
        let condition = match crate::functions::pruning::implied(&condition, &frame.schema()) {
            Some(implied) => implied.and(condition),
            None => condition,
        };
        let plan: LogicalPlan = LogicalPlanBuilder::from(frame.logical().clone()).filter(condition)?.build()?;
        frame.with_plan(Ok(plan), self.index().map(str::to_owned))?.back_to(self)
    }
}
