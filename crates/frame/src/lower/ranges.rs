//! All rows in order of columns, in as many partitions as the input has: a sample of each partition tells all of them
//! where the borders are, and rows with equal keys are in one partition.

use super::canonical::Canonical;
use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use super::ordinal::number_rows;
use super::{exchange, project, sort_partitions_by};
use datafusion::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::compute::{SortOptions, concat};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use phalanx_engine::plan;
use phalanx_engine::route::routes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A partition's sample has between half and all of so many rows.
const SAMPLE: usize = 128;

/// A column to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub column: usize,
    pub descending: bool,
    pub missing_first: bool,
}

impl Key {
    pub fn options(self) -> SortOptions {
        SortOptions { descending: self.descending, nulls_first: self.missing_first }
    }
}

/// All rows by these columns, ties in their order. Missing values (null, NaN) are equal, and −0.0 is 0.0.
pub fn sorted(input: Arc<dyn ExecutionPlan>, by: &[Key]) -> Result<Arc<dyn ExecutionPlan>> {
    let columns = input.schema().fields().len();
    let (input, by) = with_keys(input, by)?;
    let sorted = in_ranges(input, &by)?;
    project(sorted, &(0..columns).collect::<Vec<_>>())
}

/// Floats are compared by a copy in which equal means equal.
pub fn with_keys(input: Arc<dyn ExecutionPlan>, by: &[Key]) -> Result<(Arc<dyn ExecutionPlan>, Vec<Key>)> {
    let schema = input.schema();
    let columns = schema.fields().len();
    let floats: Vec<usize> =
        by.iter().map(|key| key.column).filter(|&index| schema.field(index).data_type().is_floating()).collect();
    if floats.is_empty() {
        return Ok((input, by.to_vec()));
    }
    let expressions: Vec<(Arc<dyn PhysicalExpr>, String)> = (0..columns)
        .map(|index| (super::column(&schema, index), schema.field(index).name().clone()))
        .chain(floats.iter().enumerate().map(|(n, &index)| (super::column(&schema, index), format!("key {n}"))))
        .collect();
    let input: Arc<dyn ExecutionPlan> = Arc::new(ProjectionExec::try_new(expressions, input)?);
    let copies: Vec<usize> = (columns..columns + floats.len()).collect();
    let input = Canonical { compared: copies.clone(), missing: copies, required: vec![] }.over(input)?;
    let by = by
        .iter()
        .map(|key| match floats.iter().position(|&index| index == key.column) {
            Some(n) => Key { column: columns + n, ..*key },
            None => *key,
        })
        .collect();
    Ok((input, by))
}

fn in_ranges(input: Arc<dyn ExecutionPlan>, by: &[Key]) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions = plan::partition_count(&input);
    let ordinal = input.schema().fields().len();
    let placed = if partitions == 1 {
        number_rows(input)?
    } else {
        let sampled = gossip(&Borders { by: by.to_vec(), partitions }, input, true)?;
        let route = sampled.schema().fields().len() - 1;
        exchange(sampled, &[route], partitions)?
    };
    let mut keys: Vec<(usize, SortOptions)> = by.iter().map(|key| (key.column, key.options())).collect();
    keys.push((ordinal, SortOptions::default()));
    sort_partitions_by(placed, &keys, None)
}

/// Tells a sample of the keys; appends the route of the range that a row belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Borders {
    by: Vec<Key>,
    partitions: usize,
}

impl Borders {
    fn converter(&self, schema: &SchemaRef) -> Result<RowConverter> {
        let fields = self
            .by
            .iter()
            .map(|key| SortField::new_with_options(schema.field(key.column).data_type().clone(), key.options()));
        Ok(RowConverter::new(fields.collect())?)
    }

    fn keys(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        self.by.iter().map(|key| Arc::clone(batch.column(key.column))).collect()
    }
}

#[typetag::serde]
impl Gossip for Borders {
    fn name(&self) -> &'static str {
        "borders"
    }
    fn schema(&self, input: &SchemaRef) -> SchemaRef {
        super::segment::with_route(input)
    }
    fn audience(&self) -> Audience {
        Audience::All
    }
    fn whole(&self) -> bool {
        false
    }
    fn ordered(&self) -> bool {
        false // they are sorted afterwards
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, _input: &SchemaRef) -> Result<Box<dyn Teller>> {
        Ok(Box::new(Sample { borders: self.clone(), stride: 1, seen: 0, rows: vec![] }))
    }
    fn hear(&self, input: &SchemaRef, _own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change> {
        let mut samples: Vec<(Vec<u8>, u64)> = vec![];
        for (_, message) in messages {
            let (stride, rows): (u64, Vec<Vec<u8>>) = read(&message)?;
            samples.extend(rows.into_iter().map(|row| (row, stride)));
        }
        samples.sort();
        let total: u64 = samples.iter().map(|(_, weight)| weight).sum();
        let mut borders: Vec<Vec<u8>> = vec![];
        let mut before = 0;
        for (row, weight) in samples {
            let next = (borders.len() as u64 + 1) * total / self.partitions as u64;
            if before >= next.max(1) && borders.len() + 1 < self.partitions {
                borders.push(row);
            }
            before += weight;
        }
        let (this, converter, routes) = (self.clone(), self.converter(input)?, routes(self.partitions));
        let schema = self.schema(input);
        Ok(Box::new(move |batch| {
            let rows = converter.convert_columns(&this.keys(&batch))?;
            let place = |row: &[u8]| routes[borders.partition_point(|border| border.as_slice() <= row)];
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| place(row.as_ref())))));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

/// Every so many rows of a partition, counted from its first.
struct Sample {
    borders: Borders,
    stride: u64,
    seen: u64,
    rows: Vec<RecordBatch>,
}

impl Teller for Sample {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        for row in 0..batch.num_rows() {
            if self.seen.is_multiple_of(self.stride) {
                self.rows.push(batch.slice(row, 1));
                if self.rows.len() > SAMPLE {
                    let mut index = 0;
                    self.rows.retain(|_| {
                        index += 1;
                        index % 2 == 1
                    });
                    self.stride *= 2;
                }
            }
            self.seen += 1;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        let Some(first) = self.rows.first() else { return write(&(1_u64, Vec::<Vec<u8>>::new())) };
        let converter = self.borders.converter(&first.schema())?;
        let columns = self
            .borders
            .by
            .iter()
            .map(|key| {
                let parts: Vec<&dyn Array> = self.rows.iter().map(|row| row.column(key.column).as_ref()).collect();
                Ok(concat(&parts)?)
            })
            .collect::<Result<Vec<_>>>()?;
        let rows = converter.convert_columns(&columns)?;
        write(&(self.stride, rows.iter().map(|row| row.as_ref().to_vec()).collect::<Vec<_>>()))
    }
}

/// A message as bytes.
pub fn write(message: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_stdvec(message).map_err(|_| unreadable())
}

/// A message from bytes.
pub fn read<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|_| unreadable())
}
