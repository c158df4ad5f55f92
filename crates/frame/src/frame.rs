//! The frame: a query that has not run yet.

use crate::computed::bordered;
use crate::dtype::name as dtype_name;
use crate::error::{need_column, need_distinct};
use crate::expr::{Expr, cast, col, need_row_by_row};
use crate::groupby::GroupBy;
use crate::lower;
use crate::node::{Cumulative, Operation, Ordered};
use crate::series::Values;
use crate::table::Table;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::displayable;
use phalanx_engine::{Engine, Error, Persisted, Plan, Result, Settings, plan};
use std::sync::Arc;

/// An ordered table that is computed when it is asked for. Cloning is cheap.
///
/// A frame may have an index: a column that row by row operations carry along without being asked, as the time of a
/// time series. Everything else that pandas does with an index needs its column by name.
#[derive(Debug, Clone)]
pub struct Frame {
    plan: Arc<LogicalPlan>,
    inputs: Arc<[Persisted]>,
    index: Option<String>,
    label: String,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

impl Frame {
    pub(crate) fn from_plan(label: &str, plan: LogicalPlan, inputs: Vec<Persisted>) -> Result<Self> {
        let frame = Self { plan: Arc::new(plan), inputs: inputs.into(), index: None, label: label.to_owned() };
        need_distinct(&frame.column_names())?;
        Ok(frame)
    }

    pub(crate) fn with_plan(
        &self,
        plan: datafusion::error::Result<LogicalPlan>,
        index: Option<String>,
    ) -> Result<Self> {
        Ok(Self { plan: Arc::new(bordered(plan?)?), index, ..self.clone() })
    }

    pub(crate) fn logical(&self) -> &LogicalPlan {
        &self.plan
    }

    /// The frame of a query over this frame and `others`.
    pub(crate) fn over_all(&self, others: &[&Self], plan: LogicalPlan, index: Option<String>, label: &str) -> Self {
        let all = others.iter().flat_map(|other| other.inputs.iter());
        let inputs = self.inputs.iter().chain(all).cloned().collect();
        Self { plan: Arc::new(plan), inputs, index, label: label.to_owned() }
    }

    pub(crate) fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn builder(&self) -> LogicalPlanBuilder {
        LogicalPlanBuilder::new_from_arc(Arc::clone(&self.plan))
    }

    /// Names and types of the columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }

    /// The names of the columns, in order.
    pub fn column_names(&self) -> Vec<String> {
        self.plan.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// The name of the index column, if there is one.
    pub fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// The same with this column as its index.
    ///
    /// # Errors
    /// `Input`: there is no such column.
    pub fn set_index(&self, column: &str) -> Result<Self> {
        need_column(&self.schema(), column)?;
        Ok(Self { index: Some(column.to_owned()), ..self.clone() })
    }

    /// The same without an index: its column is one like the others.
    #[must_use]
    pub fn reset_index(&self) -> Self {
        Self { index: None, ..self.clone() }
    }

    /// Only these columns, in this order; an index comes along, in front.
    ///
    /// # Errors
    /// `Input`: a column does not exist or is named twice.
    pub fn select<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut names: Vec<String> = columns.into_iter().map(Into::into).collect();
        if let Some(index) = self.index.as_ref().filter(|index| !names.contains(index)) {
            names.insert(0, index.clone());
        }
        self.with_plan(Ok(self.columns_only(&names)?), self.index.clone())
    }

    /// The query of only these columns.
    pub(crate) fn columns_only(&self, names: &[String]) -> Result<LogicalPlan> {
        need_distinct(names)?;
        names.iter().try_for_each(|name| need_column(&self.schema(), name).map(drop))?;
        Ok(self.builder().project(names.iter().map(|name| col(name.as_str())))?.build()?)
    }

    /// The frame with column `name`, new or replaced: an expression over its columns, or a series of its rows.
    ///
    /// # Errors
    /// As [`Frame::filter`].
    pub fn with_column(&self, name: &str, values: impl Into<Values>) -> Result<Self> {
        self.assign([(name, values)])
    }

    /// The frame without these columns.
    ///
    /// # Errors
    /// `Input`: a column does not exist.
    pub fn drop<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>) -> Result<Self> {
        let dropped: Vec<String> = columns.into_iter().map(Into::into).collect();
        dropped.iter().try_for_each(|name| need_column(&self.schema(), name).map(|_| ()))?;
        let kept: Vec<String> = self.column_names().into_iter().filter(|name| !dropped.contains(name)).collect();
        let index = self.index.clone().filter(|index| !dropped.contains(index));
        self.with_plan(Ok(self.columns_only(&kept)?), index)
    }

    /// The frame with columns renamed, each pair from old to new.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or a name would be there twice.
    pub fn rename<'a>(&self, names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let names: Vec<(&str, &str)> = names.into_iter().collect();
        names.iter().try_for_each(|(old, _)| need_column(&self.schema(), old).map(|_| ()))?;
        let renamed = |name: &str| {
            names.iter().find(|(old, _)| *old == name).map_or_else(|| name.to_owned(), |(_, new)| (*new).to_owned())
        };
        need_distinct(&self.column_names().iter().map(|name| renamed(name)).collect::<Vec<_>>())?;
        let columns = self.column_names().into_iter().map(|name| col(name.as_str()).alias(renamed(&name)));
        let index = self.index.as_deref().map(renamed);
        self.with_plan(self.builder().project(columns)?.build(), index)
    }

    /// The first `rows` rows, in one partition.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn head(&self, rows: usize) -> Result<Self> {
        let plan = Ordered::plan(Operation::Head { rows }, LogicalPlan::clone(&self.plan));
        Ok(self.with_plan(plan, self.index.clone())?.labelled("head"))
    }

    /// The distinct values of `column`, in order of first appearance, in one partition. Missing values count as one
    /// value; NaN is another; −0.0 is 0.0.
    ///
    /// # Errors
    /// `Input`: there is no such column.
    pub fn unique(&self, column: &str) -> Result<Self> {
        let input = self.columns_only(&[column.to_owned()])?;
        Ok(self.with_plan(Ordered::plan(Operation::Unique, input), None)?.labelled(format!("unique {column}")))
    }

    /// The distinct values of `column` and how often each is there (column `count`): most frequent first, ties by
    /// first appearance, in one partition. Missing values (null, NaN) are not counted.
    ///
    /// # Errors
    /// `Input`: there is no such column, or it is called `count`.
    pub fn value_counts(&self, column: &str) -> Result<Self> {
        need_distinct(&[column.to_owned(), String::from("count")])?;
        let input = self.columns_only(&[column.to_owned()])?;
        let counted = self.with_plan(Ordered::plan(Operation::ValueCounts, input), None)?;
        Ok(counted.labelled(format!("value_counts {column}")))
    }

    /// Running sums of every column but the index, in pandas' order across partitions. Missing values stay missing
    /// and are skipped; integers wrap around, as NumPy's do.
    ///
    /// A partition of floats starts at the exact sum of all rows before it, rounded once, and adds row by row from
    /// there: one partition has NumPy's bits, and the bits of more depend on where partitions begin. The input is
    /// computed twice: [`persist`](Frame::persist) it first if it is dear.
    ///
    /// # Errors
    /// `Input`: a column is not a number.
    pub fn cumsum(&self) -> Result<Self> {
        self.cumulative(Cumulative::Sum)
    }

    /// Running products; else as [`Frame::cumsum`], but that a partition of floats starts at the product of the
    /// partitions' products.
    ///
    /// # Errors
    /// `Input`: a column is not a number.
    pub fn cumprod(&self) -> Result<Self> {
        self.cumulative(Cumulative::Product)
    }

    /// Running maxima; else as [`Frame::cumsum`].
    ///
    /// # Errors
    /// `Input`: a column is not a number.
    pub fn cummax(&self) -> Result<Self> {
        self.cumulative(Cumulative::Maximum)
    }

    /// Running minima; else as [`Frame::cumsum`].
    ///
    /// # Errors
    /// `Input`: a column is not a number.
    pub fn cummin(&self) -> Result<Self> {
        self.cumulative(Cumulative::Minimum)
    }

    pub(crate) fn cumulative(&self, function: Cumulative) -> Result<Self> {
        let mut running = vec![];
        let mut columns = vec![];
        for field in self.schema().fields() {
            let name = field.name();
            if self.index.as_ref() == Some(name) {
                columns.push(col(name.as_str()));
                continue;
            }
            let wide = match field.data_type() {
                DataType::Float32 | DataType::Float64 => DataType::Float64,
                DataType::Boolean => DataType::Int64,
                integer if integer.is_integer() && *integer != DataType::UInt64 => DataType::Int64,
                other => {
                    return Err(Error::mismatch(format!(
                        "{} of column {name:?}, which is of type {}",
                        function.name(),
                        dtype_name(other)
                    ))
                    .with_hint("select columns of numbers first, or set_index a column that is to come along"));
                }
            };
            let same = *field.data_type() == wide;
            columns.push(if same { col(name.as_str()) } else { cast(col(name.as_str()), wide).alias(name) });
            running.push(name.clone());
        }
        let input = self.builder().project(columns)?.build()?;
        let operation = Operation::Cumulative { function, columns: running };
        Ok(self.with_plan(Ordered::plan(operation, input), self.index.clone())?.labelled(function.name()))
    }

    /// Rows in groups of equal keys; say what to compute with [`GroupBy::agg`].
    ///
    /// # Errors
    /// `Input`: a column does not exist or is named twice, or there is none.
    pub fn groupby<S: Into<String>>(&self, keys: impl IntoIterator<Item = S>) -> Result<GroupBy> {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        let label = format!("groupby {}", keys.join(", "));
        GroupBy::new(self.clone().labelled(label), keys)
    }

    pub(crate) fn check(&self, expression: &Expr) -> Result<()> {
        need_row_by_row(expression)?;
        let schema = self.schema();
        expression.column_refs().into_iter().try_for_each(|column| need_column(&schema, &column.name).map(drop))
    }

    /// What people see while it runs: the last operation that moves rows.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The query as a plan for a session with these settings: ordered partitions of rows.
    ///
    /// # Errors
    /// `Input` or `Unsupported`: DataFusion can't plan the query, for example because types in an expression do not
    /// fit.
    pub fn plan(&self, settings: &Settings) -> Result<Plan> {
        futures::executor::block_on(self.plan_async(settings))
    }

    /// As [`Frame::plan`], for async code.
    ///
    /// # Errors
    /// As [`Frame::plan`].
    pub async fn plan_async(&self, settings: &Settings) -> Result<Plan> {
        let lowered = lower::lower(&self.plan, settings).await?;
        Ok(Plan::new(&self.label, lowered.physical).reading(self.inputs.iter().cloned()))
    }

    /// Runs the query and brings the result here. Blocks.
    ///
    /// # Errors
    /// As [`Frame::plan`], and the job's own.
    pub fn compute(&self, engine: &dyn Engine) -> Result<Table> {
        futures::executor::block_on(self.compute_async(engine))
    }

    /// As [`Frame::compute`], for async code.
    ///
    /// # Errors
    /// As [`Frame::compute`].
    pub async fn compute_async(&self, engine: &dyn Engine) -> Result<Table> {
        let job = engine.submit(self.plan_async(engine.settings()).await?);
        let schema = Arc::clone(job.schema());
        Ok(Table::new(schema, job.collect().await?.into_iter().flatten().collect()))
    }

    /// Runs the query and leaves the result where it is computed; the frame given back reads it. It is freed when
    /// the last frame that reads it is dropped. Blocks.
    ///
    /// # Errors
    /// As [`Frame::compute`].
    pub fn persist(&self, engine: &dyn Engine) -> Result<Self> {
        futures::executor::block_on(self.persist_async(engine))
    }

    /// As [`Frame::persist`], for async code.
    ///
    /// # Errors
    /// As [`Frame::compute`].
    pub async fn persist_async(&self, engine: &dyn Engine) -> Result<Self> {
        let persisted = engine.persist(self.plan_async(engine.settings()).await?).collect().await?;
        let frame = crate::source::from_persisted(&persisted)?;
        Ok(Self { index: self.index.clone(), ..frame })
    }

    /// The query, optimized, then the plan that it becomes and the number of its partitions, as text for people.
    ///
    /// # Errors
    /// As [`Frame::plan`].
    pub fn explain(&self, settings: &Settings) -> Result<String> {
        let lowered = futures::executor::block_on(lower::lower(&self.plan, settings))?;
        Ok(format!(
            "query\n{}\n\nplan\n{}\npartitions: {}\n",
            lowered.logical.display_indent(),
            displayable(lowered.physical.as_ref()).indent(false),
            plan::partition_count(&lowered.physical),
        ))
    }
}
