//! Which queries have the same rows, and how columns of two of them come into one.
//!
//! Most series that meet come from one frame, and then nothing is needed. After `frame["z"] = …` the older series are
//! carried up beside the newer columns, and columns that were [computed](crate::computed) stay where they are. What
//! was computed across rows (`cumsum`) meets its origin in [`Zip`], partition by partition. So do columns of two
//! sources, whose labels must then be the same, row by row. What has other rows is refused: pandas would align by
//! index, which takes a merge here.

use crate::Frame;
use crate::computed::{border, is_border};
use crate::lower::ordinal::two;
use crate::node::Ordered;
use crate::relation::{Related, Relation, relate};
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::cmp::distinct;
use datafusion::arrow::datatypes::{Fields, Schema, SchemaRef};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::prelude::ident as col;
use futures::StreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether two queries are the same. DataFusion's own comparison takes two tables of one name for one.
fn same(left: &LogicalPlan, right: &LogicalPlan) -> bool {
    if std::ptr::eq(left, right) {
        return true;
    }
    let here = match (left, right) {
        (LogicalPlan::TableScan(a), LogicalPlan::TableScan(b)) => {
            Arc::ptr_eq(&a.source, &b.source)
                && a.projection == b.projection
                && a.filters == b.filters
                && a.fetch == b.fetch
        }
        (LogicalPlan::Projection(a), LogicalPlan::Projection(b)) => a.expr == b.expr,
        (LogicalPlan::Filter(a), LogicalPlan::Filter(b)) => a.predicate == b.predicate,
        (LogicalPlan::Extension(a), LogicalPlan::Extension(b)) => a == b,
        _ => false,
    };
    let (lefts, rights) = (left.inputs(), right.inputs());
    here && lefts.len() == rights.len() && lefts.iter().zip(rights).all(|(left, right)| same(left, right))
}

/// A query and what its projections (and borders) are over, down to the first node that is neither.
fn chain(plan: &LogicalPlan) -> Vec<&LogicalPlan> {
    let mut chain = vec![plan];
    let mut at = plan;
    while matches!(at, LogicalPlan::Projection(_)) || is_border(at) {
        let Some(input) = at.inputs().first().copied() else { break };
        at = input;
        chain.push(at);
    }
    chain
}

/// Whether a node of a chain has all columns of its input, under their names.
fn widens(plan: &LogicalPlan) -> bool {
    let LogicalPlan::Projection(projection) = plan else { return is_border(plan) };
    let fields = projection.input.schema().fields();
    let own = projection.expr.iter().zip(fields);
    let same =
        own.filter(|(expression, field)| matches!(expression, Expr::Column(column) if column.name == *field.name()));
    same.count() == fields.len()
}

/// Where a query's rows come from: through everything that keeps them one by one.
fn origin(plan: &LogicalPlan) -> &LogicalPlan {
    let mut at = plan;
    loop {
        at = match at {
            LogicalPlan::Projection(projection) => &projection.input,
            LogicalPlan::Extension(extension) => {
                let node = extension.node.as_any();
                let keeps = node.downcast_ref::<Related>().is_some_and(|related| related.relation.keeps_rows())
                    || node.downcast_ref::<Ordered>().is_some_and(|ordered| ordered.operation.keeps_rows());
                match extension.node.inputs().first() {
                    Some(input) if keeps => input,
                    _ => return at,
                }
            }
            _ => return at,
        };
    }
}

impl Frame {
    /// Whether two frames come row by row, partition by partition, from one: their columns can stand side by side.
    pub fn has_rows_of(&self, other: &Self) -> bool {
        same(origin(self.logical()), origin(other.logical()))
    }
}

/// `expression` over a projection, as it reads over the projection's input.
fn through(projection: &LogicalPlan, expression: Expr) -> DataFusionResult<Expr> {
    let LogicalPlan::Projection(projection) = projection else { return Ok(expression) };
    let replaced = expression.transform_up(|node| match &node {
        Expr::Column(Column { name, .. }) => {
            let at = projection.schema.fields().iter().position(|field| field.name() == name);
            match at.and_then(|at| projection.expr.get(at)) {
                Some(inner) => Ok(Transformed::yes(inner.clone().unalias())),
                None => Ok(Transformed::no(node)),
            }
        }
        _ => Ok(Transformed::no(node)),
    })?;
    Ok(replaced.data)
}

/// A query with all columns of `left`, first and under their names, and `wanted` (expressions over `right`) as they
/// read there. `labels` are the names of both sides' indexes, if both have one.
///
/// # Errors
/// `Unsupported`: the two have other rows. While it runs, `Input`: two sources have other labels, or other numbers of
/// rows.
pub(crate) fn meet(
    left: &LogicalPlan,
    right: &LogicalPlan,
    wanted: &[Expr],
    labels: Option<(&str, &str)>,
) -> Result<(LogicalPlan, Vec<Expr>)> {
    if same(left, right) {
        return Ok((left.clone(), wanted.to_vec()));
    }
    let (lefts, rights) = (chain(left), chain(right));
    for (down, ancestor) in rights.iter().enumerate() {
        let Some(up) = lefts.iter().position(|plan| same(plan, ancestor)) else { continue };
        // What was computed on the right stays, if what is left of it has the ancestor's columns too.
        let wide = rights[..down].iter().rposition(|plan| !widens(plan)).map_or(0, |last| last + 1);
        let kept = (wide..down).find(|&at| is_border(rights[at])).unwrap_or(down);
        let mut carried = wanted.to_vec();
        for projection in &rights[..kept] {
            carried = carried.into_iter().map(|wanted| through(projection, wanted)).collect::<DataFusionResult<_>>()?;
        }
        if kept == down && lefts[..up].iter().all(|plan| widens(plan)) {
            return Ok((left.clone(), carried));
        }
        let carried = carried.into_iter().map(unnormalize_col).collect();
        return Ok(carry(&lefts[..up], rights[kept], carried)?);
    }
    let (left_origin, right_origin) = (origin(left), origin(right));
    let sources = matches!((left_origin, right_origin), (LogicalPlan::TableScan(_), LogicalPlan::TableScan(_)));
    if !sources && !same(left_origin, right_origin) {
        return Err(Error::unsupported("an operation on columns of frames with other rows").with_hint(
            "take both columns from one frame: filter or sort first, then select; or merge the frames on their keys",
        ));
    }
    // Rows of one origin have its labels; those of two are compared.
    let labels = labels.filter(|_| !same(left_origin, right_origin));
    let mut names = fresh(left, wanted.len() + usize::from(labels.is_some()));
    let wanted = wanted.iter().cloned().chain(labels.map(|(_, right)| col(right)));
    let columns: Vec<Expr> = wanted.zip(&names).map(|(wanted, name)| wanted.alias(name)).collect();
    let right = LogicalPlanBuilder::from(right.clone()).project(columns)?.build()?;
    let labels = labels.and_then(|(left, _)| Some((left.to_owned(), names.pop()?)));
    let zipped = relate(Zip { labels }, vec![left.clone(), right])?;
    Ok((zipped, names.into_iter().map(col).collect()))
}

/// Names that `plan` has not.
fn fresh(plan: &LogicalPlan, count: usize) -> Vec<String> {
    let taken = |name: &String| plan.schema().fields().iter().any(|field| field.name() == name);
    (0..).map(|number| format!("__carried_{number}")).filter(|name| !taken(name)).take(count).collect()
}

/// The projections of `above` (the last is next to `ancestor`), each with `carried` beside its own columns.
fn carry(
    above: &[&LogicalPlan],
    ancestor: &LogicalPlan,
    carried: Vec<Expr>,
) -> DataFusionResult<(LogicalPlan, Vec<Expr>)> {
    let Some(top) = above.first() else { return Ok((ancestor.clone(), carried)) };
    let mut names = fresh(top, carried.len());
    // A name must be new on every level that it passes.
    while above.iter().any(|plan| plan.schema().fields().iter().any(|field| names.contains(field.name()))) {
        names = names.into_iter().map(|name| format!("_{name}")).collect();
    }
    let (mut plan, mut carried) = (ancestor.clone(), carried);
    for level in above.iter().rev() {
        let LogicalPlan::Projection(projection) = level else {
            plan = border(plan)?;
            continue;
        };
        let extra = carried.into_iter().zip(&names).map(|(carried, name)| carried.alias(name));
        // The ancestor's own names, which a border no longer has a table's name before.
        let own = projection.expr.iter().cloned().map(unnormalize_col);
        plan = LogicalPlanBuilder::from(plan).project(own.chain(extra))?.build()?;
        carried = names.iter().map(|name| col(name.as_str())).collect();
    }
    Ok((plan, carried))
}

/// The columns of two inputs side by side: row by row, partition by partition; the columns of labels that are named
/// must be equal.
#[derive(Debug)]
struct Zip {
    labels: Option<(String, String)>,
}

impl Relation for Zip {
    fn schema(&self, inputs: &[SchemaRef]) -> DataFusionResult<SchemaRef> {
        let fields: Fields = inputs.iter().flat_map(|input| input.fields().iter().cloned()).collect();
        Ok(Arc::new(Schema::new(fields)))
    }
    fn lower(
        &self,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        _partitions: usize,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let counts: Vec<usize> = inputs.iter().map(plan::partition_count).collect();
        if let [left, right] = counts.as_slice()
            && left != right
        {
            return Err(Error::input(format!("columns of {left} and of {right} partitions can't stand side by side"))
                .with_hint("repartition one of the frames, or merge them on their keys")
                .into());
        }
        let schemas: Vec<SchemaRef> = inputs.iter().map(|input| input.schema()).collect();
        let schema = self.schema(&schemas)?;
        let labels = match &self.labels {
            Some((left, right)) => Some((schema.index_of(left)?, schema.index_of(right)?)),
            None => None,
        };
        plan::operator(ZipRows { schema: SerializedSchema(schema), labels }, inputs)
    }
    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let width = inputs.first()?.fields().len();
        let (mut lefts, mut rights): (Vec<usize>, Vec<usize>) = outputs.iter().partition(|column| **column < width);
        if let Some((left, right)) = &self.labels {
            let need = |columns: &mut Vec<usize>, at: usize| {
                if !columns.contains(&at) {
                    columns.push(at);
                }
            };
            need(&mut lefts, inputs.first()?.index_of(left).ok()?);
            need(&mut rights, width + inputs.get(1)?.index_of(right).ok()?);
        }
        let rights: Vec<usize> = rights.into_iter().map(|column| column - width).collect();
        // Each side keeps a column, so that its rows can be counted.
        let some = |columns: Vec<usize>| if columns.is_empty() { vec![0] } else { columns };
        Some(vec![some(lefts), some(rights)])
    }
    fn keeps_rows(&self) -> bool {
        true
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ZipRows {
    schema: SerializedSchema,
    /// Columns whose values must be equal.
    labels: Option<(usize, usize)>,
}

#[typetag::serde]
impl Operator for ZipRows {
    fn name(&self) -> &'static str {
        "zip_rows"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (left, right) = two(input)?;
        let schema = self.schema();
        let (left, right) = (Side::new(left), Side::new(right));
        let state = Sides { left, right, schema: Arc::clone(&schema), labels: self.labels };
        let rows = futures::stream::try_unfold(state, |mut state| async move {
            Ok(state.next().await?.map(|batch| (batch, state)))
        });
        Ok(stream::with_schema(schema, rows))
    }
}

/// One input with what is left of its last batch.
struct Side {
    stream: SendableRecordBatchStream,
    rest: Option<RecordBatch>,
    rows: usize,
}

impl Side {
    fn new(stream: SendableRecordBatchStream) -> Self {
        Self { stream, rest: None, rows: 0 }
    }
    /// How many rows are at hand; 0 at the end.
    async fn fill(&mut self) -> DataFusionResult<usize> {
        loop {
            match &self.rest {
                Some(batch) if batch.num_rows() > 0 => return Ok(batch.num_rows()),
                _ => match self.stream.next().await {
                    None => return Ok(0),
                    Some(batch) => {
                        let batch = batch?;
                        self.rows += batch.num_rows();
                        self.rest = Some(batch);
                    }
                },
            }
        }
    }
    fn take(&mut self, rows: usize) -> Option<RecordBatch> {
        let batch = self.rest.take()?;
        self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        Some(batch.slice(0, rows))
    }
    /// All rows that there are.
    async fn count(&mut self) -> DataFusionResult<usize> {
        while let Some(batch) = self.stream.next().await {
            self.rows += batch?.num_rows();
        }
        Ok(self.rows)
    }
}

struct Sides {
    left: Side,
    right: Side,
    schema: SchemaRef,
    labels: Option<(usize, usize)>,
}

/// An error that names the first row in which two columns of labels differ.
fn same_labels(left: &ArrayRef, right: &ArrayRef) -> DataFusionResult<()> {
    let right = if left.data_type() == right.data_type() { Arc::clone(right) } else { cast(right, left.data_type())? };
    let differ = distinct(left, &right)?;
    let Some(row) = (0..differ.len()).find(|row| differ.value(*row)) else { return Ok(()) };
    let shown = |labels: &ArrayRef| array_value_to_string(labels, row);
    Err(Error::input(format!(
        "columns of frames with other labels: {} on one side and {} on the other in one row",
        shown(left)?,
        shown(&right)?
    ))
    .with_hint("pandas would align the rows by their labels: align() the frames, or merge them on their index")
    .into())
}

impl Sides {
    async fn next(&mut self) -> DataFusionResult<Option<RecordBatch>> {
        let rows = match (self.left.fill().await?, self.right.fill().await?) {
            (0, 0) => return Ok(None),
            (0, _) | (_, 0) => {
                let (left, right) = (self.left.count().await?, self.right.count().await?);
                return Err(Error::input(format!(
                    "columns of other lengths: a partition has {left} rows on one side and {right} on the other"
                ))
                .with_hint("take both columns from one frame, or merge the frames on their keys")
                .into());
            }
            (left, right) => left.min(right),
        };
        let (Some(left), Some(right)) = (self.left.take(rows), self.right.take(rows)) else { return Ok(None) };
        let columns: Vec<ArrayRef> = left.columns().iter().chain(right.columns()).cloned().collect();
        if let Some((left, right)) = self.labels
            && let (Some(left), Some(right)) = (columns.get(left), columns.get(right))
        {
            same_labels(left, right)?;
        }
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), columns)?))
    }
}
