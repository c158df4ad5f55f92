//! From the columns of a frame to the features of a matrix.
//!
//! | module | what it holds |
//! |---|---|
//! | `survey` | one pass over the rows: which categories there are, and what is missing |
//! | `assemble` | the pass that makes rows of numbers |

mod assemble;
mod survey;

use crate::matrix::Matrix;
use crate::rows::{FEATURES_MAX, Layout};
use assemble::Assemble;
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Engine, Error, Plan, Result, Settings, plan};
use phalanx_frame::Frame;
use phalanx_frame::expr::{Expr, cast, col};
use serde::{Deserialize, Serialize};

/// Which columns of a frame become features, and how. Nothing runs before [`Encoder::fit`].
///
/// ```
/// use phalanx_engine::{LocalEngine, Settings};
/// use phalanx_frame::{datasets, expr::{col, lit}};
/// use phalanx_learn::Encoder;
///
/// # fn main() -> phalanx_engine::Result<()> {
/// let engine = LocalEngine::new(Settings::default())?;
/// let frame = datasets::timeseries().dates("2000-01-01", "2000-01-02")?.build()?;
/// let encoder = Encoder::new().numeric("x").categorical("name").target("high", col("y").gt(lit(0.5)));
/// let encoding = encoder.fit(&engine, &frame)?;
/// assert_eq!(encoding.names()[..3], ["x", "name_Bob", "name_Charlie"]); // Alice is the base level
/// let data = encoding.transform(&frame, engine.settings())?.persist(&engine)?;
/// assert_eq!(data.rows(), 86_400);
/// # Ok(())
/// # }
/// # use phalanx_engine::Engine;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Encoder {
    features: Vec<(String, Kind)>,
    target: Option<(String, Expr)>,
    weight: Option<String>,
    drop_missing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Numeric,
    Categorical,
}

impl Encoder {
    /// No features yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// The column as one feature of this name: integers, floats, or truth values as 0 and 1.
    pub fn numeric(mut self, column: &str) -> Self {
        self.features.push((column.to_owned(), Kind::Numeric));
        self
    }
    /// The column as one feature for each of its values but the first, 1 where the row has that value and else 0: text
    /// or integers, in sorted order. The feature of value `AA` of column `carrier` is called `carrier_AA`.
    ///
    /// The first value is the base level: its rows have 0 everywhere, since with all levels the features of a column
    /// would sum to 1, which is what the intercept is.
    pub fn categorical(mut self, column: &str) -> Self {
        self.features.push((column.to_owned(), Kind::Categorical));
        self
    }
    /// What is to be predicted: an expression over the frame's columns, a number or a truth value.
    pub fn target(mut self, name: &str, expression: Expr) -> Self {
        self.target = Some((name.to_owned(), expression));
        self
    }
    /// The column whose numbers say how much each row counts; all count 1 without it.
    pub fn weight(mut self, column: &str) -> Self {
        self.weight = Some(column.to_owned());
        self
    }
    /// Leaves out rows that have a missing value (null or NaN) in any feature, the target or the weight. Without it,
    /// such rows are refused.
    pub fn drop_missing(mut self) -> Self {
        self.drop_missing = true;
        self
    }

    /// Finds the categories and looks at every value, in one pass over `frame`.
    ///
    /// # Errors
    /// `Input`: a column does not exist, is there twice or is of a type that can't be used so. `Data`: missing values
    /// (unless [`Encoder::drop_missing`]) or infinite ones, with column and count; no rows; too many categories.
    pub fn fit(&self, engine: &dyn Engine, frame: &Frame) -> Result<Encoding> {
        let columns = self.columns()?;
        let selected = select(frame, &columns, self.target.as_ref())?;
        let surveyed = survey::run(engine, &selected, &columns, self.drop_missing)?;
        let mut names = vec![];
        let mut categories = vec![];
        for (column, found) in columns.iter().zip(surveyed.columns) {
            let levels = found.categories.into_sorted();
            match column.role {
                Role::Numeric => names.push(column.name.clone()),
                Role::Categorical => {
                    names.extend(levels.iter().skip(1).map(|level| format!("{}_{level}", column.name)));
                }
                Role::Target | Role::Weight => {}
            }
            categories.push(levels);
        }
        need_features(&names)?;
        Ok(Encoding {
            columns,
            categories,
            names,
            target: self.target.clone(),
            drop_missing: self.drop_missing,
            rows: surveyed.rows,
            rows_dropped: surveyed.rows_missing,
        })
    }

    /// The columns that are read, each once: features, target, weight.
    fn columns(&self) -> Result<Vec<ColumnRole>> {
        let mut columns: Vec<ColumnRole> = vec![];
        for (name, kind) in &self.features {
            let role = if *kind == Kind::Numeric { Role::Numeric } else { Role::Categorical };
            if columns.iter().any(|column| column.name == *name) {
                return Err(Error::input(format!("column {name:?} is a feature twice"))
                    .with_hint("copy it with Frame::with_column if you want it as number and as category"));
            }
            columns.push(ColumnRole { name: name.clone(), role });
        }
        if columns.is_empty() {
            return Err(Error::input("a matrix without features").with_hint("name columns with Encoder::numeric"));
        }
        columns.extend(self.target.as_ref().map(|(name, _)| ColumnRole { name: name.clone(), role: Role::Target }));
        columns.extend(self.weight.as_ref().map(|name| ColumnRole { name: name.clone(), role: Role::Weight }));
        Ok(columns)
    }
}

/// A column that is read, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ColumnRole {
    name: String,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Role {
    Numeric,
    Categorical,
    Target,
    Weight,
}

impl ColumnRole {
    /// What people call it.
    fn describe(&self) -> String {
        match self.role {
            Role::Target => format!("target {:?}", self.name),
            Role::Weight => format!("weight column {:?}", self.name),
            Role::Numeric | Role::Categorical => format!("column {:?}", self.name),
        }
    }
    /// Its name in the query: targets and weights have names of their own, since they may be features as well.
    fn alias(&self) -> String {
        match self.role {
            Role::Target => String::from("__target"),
            Role::Weight => String::from("__weight"),
            Role::Numeric | Role::Categorical => self.name.clone(),
        }
    }
}

/// The query of these columns, in this order.
fn select(frame: &Frame, columns: &[ColumnRole], target: Option<&(String, Expr)>) -> Result<Frame> {
    let mut query = frame.reset_index();
    for column in columns {
        query = match (column.role, target) {
            (Role::Target, Some((_, expression))) => query.with_column(&column.alias(), expression.clone())?,
            (Role::Weight, _) => query.with_column(&column.alias(), col(column.name.as_str()))?,
            _ => query,
        };
    }
    let selected = query.select(columns.iter().map(ColumnRole::alias))?;
    for (column, field) in columns.iter().zip(selected.schema().fields()) {
        need_type(column, field.data_type())?;
    }
    // Numbers are made floats by the query; categories stay what they are.
    let mut floats = selected;
    for column in columns.iter().filter(|column| column.role != Role::Categorical) {
        let alias = column.alias();
        floats = floats.with_column(&alias, cast(col(alias.as_str()), DataType::Float64))?;
    }
    Ok(floats)
}

fn need_type(column: &ColumnRole, data_type: &DataType) -> Result<()> {
    let text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let fits = match column.role {
        Role::Categorical => text || (data_type.is_integer() && *data_type != DataType::UInt64),
        _ => data_type.is_numeric() || *data_type == DataType::Boolean,
    };
    let hint = match (fits, column.role) {
        (true, _) => return Ok(()),
        (false, Role::Categorical) => "categories are text or integers; take a number or a truth value as numeric",
        (false, _) if text => "take text as categorical, or cast it to a number",
        (false, _) => "cast it to a number first",
    };
    let what = if column.role == Role::Categorical { "categories" } else { "numbers" };
    Err(Error::input(format!("{} is of type {data_type}, which gives no {what}", column.describe())).with_hint(hint))
}

fn need_features(names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Err(Error::data("no feature is left: every categorical column has one value only")
            .with_hint("name columns whose values differ"));
    }
    if names.len() > FEATURES_MAX {
        return Err(Error::input(format!("{} features; {FEATURES_MAX} are the most", names.len()))
            .with_hint("take columns of fewer categories"));
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::input(format!("two features would be called {:?}", pair[0]))
            .with_hint("rename one of the columns with Frame::rename")),
        None => Ok(()),
    }
}

/// An encoder that has seen the data: it knows the categories, so every frame with these columns becomes a matrix of
/// the same features.
#[derive(Debug, Clone)]
pub struct Encoding {
    columns: Vec<ColumnRole>,
    categories: Vec<Vec<String>>,
    names: Vec<String>,
    target: Option<(String, Expr)>,
    drop_missing: bool,
    rows: u64,
    rows_dropped: u64,
}

impl Encoding {
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// The categories of a column in sorted order, the base level first.
    pub fn categories(&self, column: &str) -> Option<&[String]> {
        let found = self.columns.iter().zip(&self.categories);
        found
            .filter(|(role, _)| role.role == Role::Categorical)
            .find_map(|(role, levels)| (role.name == column).then_some(levels.as_slice()))
    }
    /// Rows of the frame that it was fitted on.
    pub fn rows(&self) -> u64 {
        self.rows
    }
    /// Those of them that were left out because a value is missing.
    pub fn rows_dropped(&self) -> u64 {
        self.rows_dropped
    }

    /// The rows of `frame` as a matrix; lazy.
    ///
    /// # Errors
    /// `Input`: a column does not exist or is of a type that can't be used so. When it runs, `Data`: missing or
    /// infinite values, and categories that the encoder has not seen.
    pub fn transform(&self, frame: &Frame, settings: &Settings) -> Result<Matrix> {
        let rows = select(frame, &self.columns, self.target.as_ref())?.plan(settings)?;
        let has = |role: Role| self.columns.iter().any(|column| column.role == role);
        let layout = Layout { width: self.names.len(), target: has(Role::Target), weight: has(Role::Weight) };
        let operator = Assemble {
            layout,
            columns: self.columns.clone(),
            categories: self.categories.clone(),
            drop_missing: self.drop_missing,
        };
        let root = plan::operator(operator, vec![std::sync::Arc::clone(rows.root())])?;
        let plan = Plan::new("encode", root).reading(rows.inputs().iter().cloned()).projecting(rows.task_bytes());
        Matrix::from_plan(self.names.iter().cloned(), plan)
    }
}
