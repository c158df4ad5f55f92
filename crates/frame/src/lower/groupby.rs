//! `groupby().agg()` and reductions of a whole frame.
//!
//! What merges in any order is aggregated where the rows are, exchanged by key and aggregated again. What needs the
//! rows of a group together goes through [`segments`].

use super::aggregates::{Source, aggregate_twice, main_source};
use super::canonical::Canonical;
use super::finish::{Finish, Part};
use super::ordinal::number_rows;
use super::segment::{Segments, segments};
use super::unordered::unordered;
use super::{gather, project, sort_partitions};
use crate::aggregate::{Aggregate, columns_read};
use crate::functions::category::with_metadata_of;
use crate::kernel::reduce::reduce;
use crate::kernel::values::internal;
use crate::relation::Relation;
use crate::statistic::{Statistic, is_label};
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{plan, typetag};
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
