//! `groupby().agg()` and reductions of a whole frame.
//!
//! What merges in any order is aggregated where the rows are, exchanged by key and aggregated again. What needs the
//! rows of a group together goes through [`segments`].

use super::canonical::Canonical;
use super::ordinal::number_rows;
use super::segment::{Segments, segments};
use super::text_groups::TextGroups;
use super::unordered::unordered;
use super::{column, exchange, gather, project, sort_partitions};
use crate::exact::{exact_moments, exact_sum, float_maximum, float_minimum};
use crate::functions::category::with_metadata_of;
use crate::functions::promote::is_decimal;
use crate::groupby::{Aggregate, Statistic, columns_read, is_label, result_type};
use crate::kernel::reduce::{reduce, spread};
use crate::kernel::values::{internal, optional_floats};
use crate::relation::Relation;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array,
};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, Float64Type, Int64Type, Schema, SchemaRef, UInt64Type,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{CastExpr, Literal};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// One row for each group, in one partition: the keys, then the aggregates. Without keys all rows are the one group,
/// and there is always one row.
#[derive(Debug)]
pub(crate) struct Grouped {
    pub keys: Vec<String>,
    pub aggregates: Vec<Aggregate>,
    pub sort: bool,
    pub dropna: bool,
    /// The column of what `idxmin` gives.
    pub labels: Option<String>,
}

impl Relation for Grouped {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let input = &inputs[0];
        let mut fields = vec![];
        for key in &self.keys {
            fields.push(input.field_with_name(key)?.clone().with_nullable(true));
        }
        for aggregate in &self.aggregates {
            fields.push(self.field(aggregate, input)?);
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("groups have one input"))?;
        let output = self.schema(&[input.schema()])?;
        // Keys first: positions 0..keys.len() from here on.
        let mut names = columns_read(&self.keys, &self.aggregates);
        names.extend(self.labels.iter().filter(|label| !names.contains(label)).cloned().collect::<Vec<_>>());
        let schema = input.schema();
        let order = names.iter().map(|name| Ok(schema.index_of(name)?)).collect::<Result<Vec<_>>>()?;
        let input = if names.is_empty() { input } else { project(input, &order)? };
        let grouped = match self.aggregates.iter().all(|aggregate| aggregate.statistic.is_mergeable()) {
            true => self.merged(input, &output, partitions)?,
            false => self.segmented(input, &output, partitions)?,
        };
        // The last column is where a group appears first, unless keys sort.
        let keys: Vec<(usize, bool)> = (0..self.keys.len()).map(|key| (key, false)).collect();
        if keys.is_empty() {
            return Ok(grouped);
        }
        let grouped = gather(grouped)?;
        if self.sort {
            return sort_partitions(grouped, &keys, None);
        }
        let columns = output.fields().len();
        project(sort_partitions(grouped, &[(columns, false)], None)?, &(0..columns).collect::<Vec<_>>())
    }
}

impl Grouped {
    fn field(&self, aggregate: &Aggregate, input: &SchemaRef) -> Result<Field> {
        let data_type = match &self.labels {
            Some(labels) if is_label(aggregate.statistic) => input.field_with_name(labels)?.data_type().clone(),
            _ => aggregate.output_type(input.field_with_name(&aggregate.column)?.data_type()),
        };
        let counts = matches!(aggregate.statistic, Statistic::Count | Statistic::Size | Statistic::DistinctCount);
        let values = input.field_with_name(&aggregate.column)?;
        let is_value = data_type == *values.data_type();
        let field = Field::new(&aggregate.name, data_type, !counts);
        Ok(if is_value { with_metadata_of(field, values) } else { field })
    }

    /// The output with the ordinal of each group's first row behind, if order needs it.
    fn with_first(&self, output: &SchemaRef) -> SchemaRef {
        let mut fields = output.fields().to_vec();
        if !self.sort && !self.keys.is_empty() {
            fields.push(Arc::new(Field::new("first", DataType::Int64, true)));
        }
        Arc::new(Schema::new(fields))
    }

    fn merged(
        &self,
        input: Arc<dyn ExecutionPlan>,
        output: &SchemaRef,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let by_first = !self.sort && !self.keys.is_empty();
        let input = if by_first { input } else { unordered(input)? };
        let columns = input.schema().fields().len();
        let keys: Vec<usize> = (0..self.keys.len()).collect();
        let required = if self.dropna { keys.clone() } else { vec![] };
        let input = Canonical { compared: keys.clone(), missing: (0..columns).collect(), required }.over(input)?;
        let input = if by_first { number_rows(input)? } else { input };
        let schema = input.schema();
        let mut known: Vec<(Source, usize)> = vec![];
        let mut source = |source: Source, index: usize| {
            let place = known.iter().position(|other| *other == (source, index)).unwrap_or_else(|| {
                known.push((source, index));
                known.len() - 1
            });
            keys.len() + place
        };
        let mut parts = vec![];
        for aggregate in &self.aggregates {
            let index = schema.index_of(&aggregate.column)?;
            let main = source(main_source(aggregate, &self.aggregates, schema.field(index).data_type()), index);
            let options = &aggregate.options;
            let counted = options.min_count > 0 || !options.skipna;
            let count = counted.then(|| source(Source::Count, index));
            let size = (!options.skipna).then(|| source(Source::Size, 0));
            parts.push(Part { aggregate: aggregate.clone(), main, count, size });
        }
        let first = by_first.then(|| source(Source::First, columns));
        if parts.is_empty() && first.is_none() {
            source(Source::Size, 0);
        }
        let grouped = aggregate_twice(input, keys.len(), known, partitions)?;
        let schema = SerializedSchema(self.with_first(output));
        plan::operator(Finish { schema, keys: keys.len(), parts, first }, vec![grouped])
    }

    fn segmented(
        &self,
        input: Arc<dyn ExecutionPlan>,
        output: &SchemaRef,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = input.schema();
        let index = |name: &String| -> Result<usize> { Ok(schema.index_of(name)?) };
        let columns = self
            .aggregates
            .iter()
            .map(|aggregate| Ok((index(&aggregate.column)?, aggregate.options.other.as_ref().map(index).transpose()?)))
            .collect::<Result<Vec<_>>>()?;
        let output = self.with_first(output);
        let task = Reductions {
            keys: self.keys.len(),
            aggregates: self.aggregates.clone(),
            columns,
            labels: self.labels.as_ref().map(index).transpose()?,
            schema: SerializedSchema(Arc::clone(&output)),
        };
        segments(input, self.keys.len(), self.dropna, partitions, |_| Ok(output), Box::new(task))
    }
}

/// Statistics of groups whose rows are together.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reductions {
    keys: usize,
    aggregates: Vec<Aggregate>,
    columns: Vec<(usize, Option<usize>)>,
    labels: Option<usize>,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Segments for Reductions {
    fn name(&self) -> &'static str {
        "reductions"
    }
    fn boxed(&self) -> Box<dyn Segments> {
        Box::new(self.clone())
    }
    fn run(&self, batch: &RecordBatch, groups: &[Range<usize>]) -> Result<RecordBatch> {
        let firsts: UInt32Array = groups.iter().map(|group| Some(group.start as u32)).collect();
        let mut columns = vec![];
        for key in 0..self.keys {
            columns.push(take(batch.column(key), &firsts, None)?);
        }
        for (aggregate, (column, other)) in self.aggregates.iter().zip(&self.columns) {
            let other = other.map(|other| batch.column(other));
            let labels = self.labels.map(|labels| batch.column(labels));
            columns.push(reduce(aggregate, batch.column(*column), other, labels, groups)?);
        }
        if columns.len() < self.schema.0.fields().len() {
            columns.push(take(batch.column(batch.num_columns() - 1), &firsts, None)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(groups.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema.0), columns, &options)?)
    }
}

/// The aggregate function that a statistic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    Moments,
    ExactSum,
    IntegerSum,
    UnsignedSum,
    DecimalSum,
    Count,
    Size,
    First,
    Minimum,
    Maximum,
    FloatMinimum,
    FloatMaximum,
}

impl Source {
    /// The function over this column of an input.
    pub fn aggregate(self, schema: &SchemaRef, index: usize) -> Result<AggregateFunctionExpr> {
        let argument = || column(schema, index);
        let cast = |data_type| Arc::new(CastExpr::new(column(schema, index), data_type, None)) as _;
        let one = || Arc::new(Literal::new(ScalarValue::Int64(Some(1)))) as _;
        let (function, argument): (Arc<AggregateUDF>, Arc<dyn PhysicalExpr>) = match self {
            Self::Moments => (Arc::new(exact_moments()), cast(DataType::Float64)),
            Self::ExactSum => (Arc::new(exact_sum()), cast(DataType::Float64)),
            Self::IntegerSum => (sum_udaf(), cast(DataType::Int64)),
            Self::UnsignedSum => (sum_udaf(), cast(DataType::UInt64)),
            Self::DecimalSum => (sum_udaf(), cast(result_type(Statistic::Sum, schema.field(index).data_type()))),
            Self::Count => (count_udaf(), argument()),
            Self::Size => (count_udaf(), one()),
            Self::Minimum | Self::First => (min_udaf(), argument()),
            Self::Maximum => (max_udaf(), argument()),
            Self::FloatMinimum => (Arc::new(float_minimum()), argument()),
            Self::FloatMaximum => (Arc::new(float_maximum()), argument()),
        };
        let builder = AggregateExprBuilder::new(function, vec![argument]);
        builder.schema(Arc::clone(schema)).alias(format!("{self:?}({index})")).build()
    }
}

/// Where `aggregate` of a column of this type comes from. Statistics of one column share one function: the moments if
/// any of them is a variance.
fn main_source(aggregate: &Aggregate, all: &[Aggregate], data_type: &DataType) -> Source {
    use Statistic as S;
    let spread = |statistic| matches!(statistic, S::Variance | S::Deviation | S::StandardError);
    let moments = all.iter().any(|other| other.column == aggregate.column && spread(other.statistic));
    let exact = if moments { Source::Moments } else { Source::ExactSum };
    let float = matches!(data_type, DataType::Float32 | DataType::Float64);
    match aggregate.statistic {
        S::Size => Source::Size,
        S::Count => Source::Count,
        S::Sum if float => exact,
        S::Sum if data_type.is_unsigned_integer() => Source::UnsignedSum,
        S::Sum if is_decimal(data_type) => Source::DecimalSum,
        S::Sum => Source::IntegerSum,
        S::Minimum if float => Source::FloatMinimum,
        S::Maximum if float => Source::FloatMaximum,
        S::Minimum => Source::Minimum,
        S::Maximum => Source::Maximum,
        _ => exact,
    }
}

/// Groups by the first `keys` columns, in two steps with an exchange between.
pub fn aggregate_twice(
    input: Arc<dyn ExecutionPlan>,
    keys: usize,
    sources: Vec<(Source, usize)>,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let group_by = PhysicalGroupBy::new_single(
        (0..keys).map(|index| (column(&schema, index), schema.field(index).name().clone())).collect(),
    );
    let functions = sources.iter().map(|(source, index)| Ok(Arc::new(source.aggregate(&schema, *index)?)));
    let functions = functions.collect::<Result<Vec<_>>>()?;
    let filters = vec![None; functions.len()];
    let partial = Arc::new(AggregateExec::try_new(
        AggregateMode::Partial,
        group_by,
        functions.clone(),
        filters.clone(),
        Arc::clone(&input),
        Arc::clone(&schema),
    )?);
    let whole = partial.group_expr().as_final();
    let partial: Arc<dyn ExecutionPlan> = match keys == 1 && *schema.field(0).data_type() == DataType::Utf8 {
        true => plan::operator(TextGroups { sources, schema: SerializedSchema(partial.schema()) }, vec![input])?,
        false => partial,
    };
    let (exchanged, mode) = match keys {
        0 => (gather(partial)?, AggregateMode::Final),
        _ => (exchange(partial, &(0..keys).collect::<Vec<_>>(), partitions)?, AggregateMode::FinalPartitioned),
    };
    Ok(Arc::new(AggregateExec::try_new(mode, whole, functions, filters, exchanged, schema)?))
}

/// One result, and the columns of aggregate functions that it comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    aggregate: Aggregate,
    main: usize,
    count: Option<usize>,
    size: Option<usize>,
}

/// From what the aggregate functions give to statistics.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Finish {
    schema: SerializedSchema,
    keys: usize,
    parts: Vec<Part>,
    first: Option<usize>,
}

#[typetag::serde]
impl Operator for Finish {
    fn name(&self) -> &'static str {
        "finish"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let this = self.clone();
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let mut columns = batch.columns()[..this.keys].to_vec();
            for part in &this.parts {
                let field = this.schema.0.field(columns.len()).data_type().clone();
                columns.push(cast(&part.finish(&batch)?, &field)?);
            }
            columns.extend(this.first.map(|first| Arc::clone(batch.column(first))));
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(this.schema(), columns, &options)?)
        }))
    }
}

impl Part {
    fn finish(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let options = &self.aggregate.options;
        let main = batch.column(self.main);
        let field = |name: &str| {
            main.as_struct_opt()
                .and_then(|fields| fields.column_by_name(name))
                .cloned()
                .ok_or_else(|| internal("a sum has no such field"))
        };
        let result = match self.aggregate.statistic {
            Statistic::Sum if main.as_struct_opt().is_some() => field("sum")?,
            Statistic::Sum if *main.data_type() == DataType::UInt64 => {
                let sums = main.as_primitive::<UInt64Type>();
                Arc::new(
                    sums.iter().map(|sum| Some(sum.unwrap_or(0))).collect::<datafusion::arrow::array::UInt64Array>(),
                )
            }
            Statistic::Sum if is_decimal(main.data_type()) => {
                let sums = main.as_primitive::<Decimal128Type>();
                let sums: Decimal128Array = sums.iter().map(|sum| Some(sum.unwrap_or(0))).collect();
                Arc::new(sums.with_data_type(main.data_type().clone()))
            }
            Statistic::Sum => {
                let sums = main.as_primitive::<Int64Type>();
                Arc::new(sums.iter().map(|sum| Some(sum.unwrap_or(0))).collect::<Int64Array>())
            }
            Statistic::Mean => field("mean")?,
            Statistic::Variance | Statistic::Deviation | Statistic::StandardError => {
                let (counts, variances) = (field("count")?, field("var")?);
                let pairs = counts.as_primitive::<Int64Type>().iter().zip(variances.as_primitive::<Float64Type>());
                optional_floats(
                    pairs
                        .map(|(count, variance)| spread(&self.aggregate, variance, count.unwrap_or(0).cast_unsigned())),
                )
            }
            _ => Arc::clone(main),
        };
        let Some(count) = self.count else { return Ok(result) };
        let counts = batch.column(count).as_primitive::<Int64Type>();
        let sizes = self.size.map(|size| batch.column(size).as_primitive::<Int64Type>());
        let is_sum = self.aggregate.statistic == Statistic::Sum;
        let keep = |row: usize| {
            (!is_sum || counts.value(row) >= options.min_count as i64)
                && (matches!(self.aggregate.statistic, Statistic::Count | Statistic::Size)
                    || sizes.is_none_or(|sizes| sizes.value(row) == counts.value(row)))
        };
        let rows: UInt32Array = (0..batch.num_rows()).map(|row| keep(row).then_some(row as u32)).collect();
        Ok(take(&result, &rows, None)?)
    }
}
