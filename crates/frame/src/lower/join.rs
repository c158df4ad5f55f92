//! The join of two hash partitions: the build side's rows as a table, which the probe side's rows meet.
//!
//! A build side that does not fit is written to disk in buckets of equal keys, the probe side too, and one bucket after
//! the other is joined. Which pairs there are does not depend on it, nor does the order of the pairs of one row.

use super::buckets::{Batches, Bucket, Buckets, LEVELS_MAX, Space, bytes_of};
use super::chains::Chains;
use super::keys::key_range;
use super::ordinal::two;
use crate::merge::{Keep, Unique};
use datafusion::arrow::array::{AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Join {
    pub keep: Keep,
    /// The last columns but one of both sides, in the form in which equal means equal.
    pub keys: usize,
    pub unique: Unique,
    /// Which columns of the probe side, then of the build side, the pairs have; behind them an outer join has the keys,
    /// and all have the ordinals: the build side's, then the probe side's.
    pub probe_columns: Vec<usize>,
    pub build_columns: Vec<usize>,
    /// Whether the rows have ordinals; else nothing stands in their place, and pairs come in any order.
    pub numbered: bool,
    pub schema: SerializedSchema,
}

impl Join {
    /// The join of two sides of these schemas, with these columns of each in its output.
    pub fn new(
        keep: Keep,
        keys: usize,
        unique: Unique,
        (probe, probe_columns): (&Schema, Vec<usize>),
        (build, build_columns): (&Schema, Vec<usize>),
    ) -> Self {
        let nullable = |field: &Field| field.clone().with_nullable(true);
        let mut fields: Vec<Field> = probe_columns.iter().map(|&column| nullable(probe.field(column))).collect();
        fields.extend(build_columns.iter().map(|&column| nullable(build.field(column))));
        if keep == Keep::Outer {
            fields.extend(key_range(probe.fields().len(), keys).map(|column| nullable(probe.field(column))));
        }
        fields.push(Field::new("build", DataType::Int64, true));
        fields.push(Field::new("ordinal", DataType::Int64, true));
        Self {
            keep,
            keys,
            unique,
            probe_columns,
            build_columns,
            numbered: true,
            schema: SerializedSchema(Arc::new(Schema::new(fields))),
        }
    }

    /// The same over sides without ordinals.
    pub fn without_ordinals(&self) -> Self {
        let mut fields = self.schema.0.fields().to_vec();
        let ordinals = fields.len() - 2;
        for field in &mut fields[ordinals..] {
            *field = Arc::new(Field::new(field.name(), DataType::Null, true));
        }
        Self { numbered: false, schema: SerializedSchema(Arc::new(Schema::new(fields))), ..self.clone() }
    }
}

#[typetag::serde]
impl Operator for Join {
    fn name(&self) -> &'static str {
        "join"
    }
    fn describe(&self) -> String {
        format!("join: {:?}", self.keep)
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (probe, build) = two(input)?;
        let (this, output) = (self.clone(), self.schema());
        let space = Space::of(context, "join", COPIES);
        let joined = async move {
            match this.gather(build, space).await? {
                Gathered::Here(schema, rows, held) => this.in_memory(probe, &schema, &rows, held).await,
                Gathered::Spilled(build, space) => this.on_disk(probe, build, space).await,
            }
        };
        Ok(stream::with_schema(output, futures::stream::once(joined).try_flatten()))
    }
}

/// Rows, a copy of them in order, and their table.
const COPIES: usize = 3;

/// Batches of a join's output.
type Pairs = BoxStream<'static, Result<RecordBatch>>;

/// The build side: in memory, with what is reserved for it; or, if it did not fit, on disk.
enum Gathered {
    Here(SchemaRef, Vec<RecordBatch>, Space),
    Spilled(Buckets, Space),
}

impl Join {
    async fn gather(&self, mut build: SendableRecordBatchStream, mut space: Space) -> Result<Gathered> {
        let schema = build.schema();
        let (mut rows, mut spilled) = (vec![], None::<Buckets>);
        while let Some(batch) = build.try_next().await? {
            if let Some(buckets) = &mut spilled {
                buckets.add(&batch)?;
                continue;
            }
            // Without keys there is nothing to share rows out by.
            let fits = space.take(bytes_of(&batch)) || self.keys == 0;
            rows.push(batch);
            if !fits {
                let mut buckets = Buckets::new(space.disk(), Arc::clone(&schema), self.keys, 0)?;
                rows.drain(..).try_for_each(|batch| buckets.add(&batch))?;
                space.free();
                spilled = Some(buckets);
            }
        }
        Ok(match spilled {
            None => Gathered::Here(schema, rows, space),
            Some(buckets) => Gathered::Spilled(buckets, space),
        })
    }

    async fn in_memory(
        &self,
        probe: SendableRecordBatchStream,
        schema: &SchemaRef,
        rows: &[RecordBatch],
        held: Space,
    ) -> Result<Pairs> {
        let this = self.clone();
        let mut table = self.table(schema, rows)?;
        let probe: Pairs = if self.unique.left {
            // Duplicates among the probing rows are looked for in a table of their own.
            let schema = probe.schema();
            let rows: Vec<RecordBatch> = probe.try_collect().await?;
            let rows = concat_batches(&schema, &rows)?;
            Chains::new(rows.clone(), self.keys, true)?;
            futures::stream::iter([Ok(rows)]).boxed()
        } else {
            probe.boxed()
        };
        // One item behind the last batch: the build side's rows that nobody met.
        let items = probe.map(Some).chain(futures::stream::iter([None]));
        let pairs = items.flat_map(move |item| {
            let _held = &held;
            let batches = match item {
                Some(batch) => batch.and_then(|batch| table.meet(&this, &batch)),
                None => table.rest(&this),
            };
            let batches = match batches {
                Ok(batches) => batches.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            futures::stream::iter(batches)
        });
        Ok(pairs.boxed())
    }

    fn table(&self, schema: &SchemaRef, rows: &[RecordBatch]) -> Result<Chains> {
        let rows = concat_batches(schema, rows)?;
        let rows = if self.numbered { in_order(&rows)? } else { rows };
        Chains::new(rows, self.keys, self.unique.right)
    }

    /// Both sides in buckets of equal keys, one of which is in memory at a time. Which pairs there are, and the order of
    /// those of one row, is as in memory.
    async fn on_disk(&self, mut probe: SendableRecordBatchStream, build: Buckets, space: Space) -> Result<Pairs> {
        let mut probes = Buckets::new(space.disk(), probe.schema(), self.keys, 0)?;
        while let Some(batch) = probe.try_next().await? {
            probes.add(&batch)?;
        }
        let waiting: Vec<(Bucket, Bucket)> = build.finish()?.into_iter().zip(probes.finish()?).rev().collect();
        let run = Run { join: self.clone(), space, waiting, open: None };
        Ok(futures::stream::iter(run).boxed())
    }
}

/// A join of buckets on disk.
struct Run {
    join: Join,
    space: Space,
    /// What is to be done, the next last.
    waiting: Vec<(Bucket, Bucket)>,
    open: Option<Open>,
}

/// The bucket that is joined now.
struct Open {
    table: Chains,
    probes: Option<Batches>,
    ready: VecDeque<RecordBatch>,
}

impl Run {
    /// The next bucket; a large one is cut into smaller ones first.
    fn begin(&mut self) -> Result<bool> {
        let Some((build, probe)) = self.waiting.pop() else { return Ok(false) };
        if build.bytes > self.space.most() && build.level < LEVELS_MAX {
            let (build, probe) = (build.split(self.space.disk())?, probe.split(self.space.disk())?);
            self.waiting.extend(build.into_iter().zip(probe).rev());
            return Ok(true);
        }
        let rows = build.batches()?.collect::<Result<Vec<_>>>()?;
        let table = self.join.table(&build.schema, &rows)?;
        let mut probes = probe.batches()?;
        if self.join.unique.left {
            let rows = concat_batches(&probe.schema, &probes.collect::<Result<Vec<_>>>()?)?;
            Chains::new(rows.clone(), self.join.keys, true)?;
            probes = Box::new(std::iter::once(Ok(rows)));
        }
        self.open = Some(Open { table, probes: Some(probes), ready: VecDeque::new() });
        Ok(true)
    }

    fn step(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some(open) = &mut self.open else {
                match self.begin()? {
                    true => continue,
                    false => return Ok(None),
                }
            };
            if let Some(batch) = open.ready.pop_front() {
                return Ok(Some(batch));
            }
            match open.probes.as_mut().map(Iterator::next) {
                Some(Some(batch)) => open.ready.extend(open.table.meet(&self.join, &batch?)?),
                Some(None) => {
                    open.probes = None;
                    open.ready.extend(open.table.rest(&self.join)?);
                }
                None => self.open = None,
            }
        }
    }
}

impl Iterator for Run {
    type Item = Result<RecordBatch>;
    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// Rows by their ordinal, the last column.
fn in_order(rows: &RecordBatch) -> Result<RecordBatch> {
    let ordinals = rows.column(rows.num_columns() - 1).as_primitive::<Int64Type>().values();
    if ordinals.is_sorted() {
        return Ok(rows.clone());
    }
    let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
    order.sort_by_key(|row| ordinals[*row as usize]);
    Ok(take_record_batch(rows, &UInt32Array::from(order))?)
}
