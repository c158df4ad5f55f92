//! The join of two hash partitions: a table of chains of the build side's rows, which the probe side's rows meet.
//!
//! A build side that does not fit is written to disk in buckets of equal keys, the probe side too, and one bucket after
//! the other is joined. Which pairs there are does not depend on it, nor does the order of the pairs of one row.

use super::buckets::{Batches, Bucket, Buckets, LEVELS_MAX, Space, bytes_of};
use super::ordinal::two;
use crate::merge::{Keep, Unique};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, NullArray, RecordBatch, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{concat_batches, take, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::hash_utils::create_hashes;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Join {
    pub keep: Keep,
    /// The last columns but one of both sides, in the form in which equal means equal.
    pub keys: usize,
    pub unique: Unique,
    /// Which columns of the probe side, then of the build side, the pairs have; behind them an outer join has the keys,
    /// and all have the ordinals: the build side's, then the probe side's.
    probe_columns: Vec<usize>,
    build_columns: Vec<usize>,
    /// Whether the rows have ordinals; else nothing stands in their place, and pairs come in any order.
    numbered: bool,
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
}

impl Join {
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

/// Where the keys of a side are.
fn key_range(columns: usize, keys: usize) -> Range<usize> {
    columns - 1 - keys..columns - 1
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
            Built::new(rows.clone(), self.keys, true)?;
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

    fn table(&self, schema: &SchemaRef, rows: &[RecordBatch]) -> Result<Built> {
        let rows = concat_batches(schema, rows)?;
        let rows = if self.numbered { in_order(&rows)? } else { rows };
        Built::new(rows, self.keys, self.unique.right)
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
    table: Built,
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
            Built::new(rows.clone(), self.join.keys, true)?;
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

/// Rows as a hash table of chains; a chain goes from the first row to the last.
struct Built {
    rows: RecordBatch,
    keys: Keys,
    /// Whether equal tags are equal keys.
    exact: bool,
    heads: Vec<Link>,
    /// What comes behind each row.
    links: Vec<Link>,
    /// Which rows met another, if that is asked.
    met: Vec<bool>,
}

/// A row in a chain, with what a probing row must know of it in one place of memory.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// The key itself if it is an integer, else its hash.
    tag: u64,
    /// The row, or [`END`].
    row: u32,
    /// Whether another with this tag comes behind it.
    has_twin: bool,
}

/// No row.
const END: u32 = u32::MAX;

/// The keys of rows, to be compared.
pub(super) enum Keys {
    None,
    Integers(Int64Array),
    Rows(Rows),
}

impl Keys {
    /// What chains tell a key by: the key itself if that is `exact`, else its hash.
    fn tag(&self, row: usize, exact: bool, hash: u64) -> u64 {
        match self {
            Self::Integers(keys) if exact => keys.value(row).cast_unsigned(),
            _ => hash,
        }
    }

    fn is_present(&self, row: usize) -> bool {
        match self {
            Self::Integers(keys) => keys.is_valid(row),
            _ => true,
        }
    }

    fn equal(&self, row: usize, other: &Self, other_row: usize) -> bool {
        match (self, other) {
            (Self::None, _) => true,
            (Self::Integers(left), Self::Integers(right)) => match (left.is_valid(row), right.is_valid(other_row)) {
                (true, true) => left.value(row) == right.value(other_row),
                (left, right) => left == right,
            },
            (Self::Rows(left), Self::Rows(right)) => left.row(row) == right.row(other_row),
            _ => false,
        }
    }
}

/// The keys of a batch, and their hashes.
pub(super) fn keys_of(batch: &RecordBatch, keys: usize) -> Result<(Keys, Vec<u64>)> {
    let end = batch.num_columns() - 1;
    let columns = &batch.columns()[end - keys..end];
    let mut hashes = vec![0; batch.num_rows()];
    let compared = match columns {
        [] => return Ok((Keys::None, hashes)),
        [one] if *one.data_type() == DataType::Int64 => Keys::Integers(one.as_primitive::<Int64Type>().clone()),
        _ => {
            let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
            Keys::Rows(RowConverter::new(fields)?.convert_columns(columns)?)
        }
    };
    create_hashes(columns, REPARTITION_RANDOM_STATE.random_state(), &mut hashes)?;
    Ok((compared, hashes))
}

impl Built {
    fn new(rows: RecordBatch, keys: usize, unique: bool) -> Result<Self> {
        let count = rows.num_rows();
        if count >= END as usize {
            return Err(phalanx_engine::Error::resources(format!("{count} rows in one hash partition of a merge"))
                .with_hint("let the larger frame be the left one, or raise the session's number of partitions")
                .into());
        }
        let (keys, hashes) = keys_of(&rows, keys)?;
        let exact = matches!(&keys, Keys::Integers(keys) if keys.null_count() == 0);
        let none = Link { tag: 0, row: END, has_twin: false };
        let mut table = Self {
            heads: vec![none; count.next_power_of_two()],
            links: vec![none; count],
            met: vec![false; count],
            rows,
            keys,
            exact,
        };
        for row in (0..count).rev() {
            let slot = table.slot(hashes[row]);
            let tag = table.keys.tag(row, exact, hashes[row]);
            let behind = table.heads[slot];
            let has_twin = table.chain(behind).any(|link| link.tag == tag);
            table.links[row] = behind;
            table.heads[slot] = Link { tag, row: row as u32, has_twin };
            let equal = |link: Link| table.keys.equal(row, &table.keys, link.row as usize);
            if unique && has_twin && table.chain(behind).any(equal) {
                return Err(phalanx_engine::Error::data("merge keys are not unique")
                    .with_hint("drop duplicates first, or validate less")
                    .into());
            }
        }
        Ok(table)
    }

    /// The exchange has used the lower bits: all rows of a partition agree in some of them.
    fn slot(&self, hash: u64) -> usize {
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & (self.heads.len() - 1)
    }

    fn chain(&self, first: Link) -> impl Iterator<Item = Link> + '_ {
        let mut at = first;
        std::iter::from_fn(move || {
            let link = (at.row != END).then_some(at)?;
            at = self.links[link.row as usize];
            Some(link)
        })
    }

    /// The pairs of these rows with the table's.
    fn meet(&mut self, join: &Join, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let (keys, hashes) = keys_of(batch, join.keys)?;
        let mut batches = vec![];
        let (mut left, mut right): (Vec<u32>, Vec<Option<u32>>) = (vec![], vec![]);
        // A pass of its own, since these reads don't wait for each other.
        let heads: Vec<Link> = hashes.iter().map(|&hash| self.heads[self.slot(hash)]).collect();
        for (row, (&hash, mut at)) in hashes.iter().zip(heads).enumerate() {
            let (before, mut alone) = (left.len(), true);
            let tag = keys.tag(row, self.exact, hash);
            let comparable = !self.exact || keys.is_present(row);
            while at.row != END {
                let other = at.row as usize;
                let is_tagged = at.tag == tag;
                if is_tagged && comparable && (self.exact || keys.equal(row, &self.keys, other)) {
                    alone = false;
                    if join.keep == Keep::Outer {
                        self.met[other] = true;
                    }
                    // One row may meet very many: a batch is what a sort takes at once.
                    if left.len() >= PAIRS && join.keep != Keep::LeftAnti {
                        batches.push(self.pairs(join, batch, std::mem::take(&mut left), std::mem::take(&mut right))?);
                    }
                    left.push(row as u32);
                    right.push(Some(at.row));
                    if matches!(join.keep, Keep::LeftSemi | Keep::LeftAnti) {
                        break;
                    }
                }
                // The next link is elsewhere in memory, and most keys are there once.
                if is_tagged && !at.has_twin {
                    break;
                }
                at = self.links[other];
            }
            match join.keep {
                Keep::Left | Keep::Outer | Keep::Right if alone => {
                    left.push(row as u32);
                    right.push(None);
                }
                Keep::LeftAnti if alone => {
                    left.push(row as u32);
                    right.push(None);
                }
                Keep::LeftAnti => {
                    left.truncate(before);
                    right.truncate(before);
                }
                _ => {}
            }
            if left.len() >= PAIRS {
                batches.push(self.pairs(join, batch, std::mem::take(&mut left), std::mem::take(&mut right))?);
            }
        }
        if !left.is_empty() {
            batches.push(self.pairs(join, batch, left, right)?);
        }
        Ok(batches)
    }

    fn pairs(&self, join: &Join, batch: &RecordBatch, left: Vec<u32>, right: Vec<Option<u32>>) -> Result<RecordBatch> {
        let (left, right) = (UInt32Array::from(left), UInt32Array::from(right));
        let of_probe = |&column: &usize| take(batch.column(column), &left, None);
        let of_build = |&column: &usize| take(self.rows.column(column), &right, None);
        let mut columns = vec![];
        for column in &join.probe_columns {
            columns.push(of_probe(column)?);
        }
        for column in &join.build_columns {
            columns.push(of_build(column)?);
        }
        if join.keep == Keep::Outer {
            for column in key_range(batch.num_columns(), join.keys) {
                columns.push(of_probe(&column)?);
            }
        }
        if join.numbered {
            columns.push(of_build(&(self.rows.num_columns() - 1))?);
            columns.push(of_probe(&(batch.num_columns() - 1))?);
        } else {
            columns.resize_with(columns.len() + 2, || Arc::new(NullArray::new(left.len())));
        }
        Ok(RecordBatch::try_new(join.schema(), columns)?)
    }

    /// The table's rows that met nobody, if they are kept.
    fn rest(&self, join: &Join) -> Result<Vec<RecordBatch>> {
        let rows: UInt32Array = (0..self.met.len()).filter(|row| !self.met[*row]).map(|row| Some(row as u32)).collect();
        if join.keep != Keep::Outer || rows.is_empty() {
            return Ok(vec![]);
        }
        let rest = take_record_batch(&self.rows, &rows)?;
        let schema = join.schema();
        let mut columns: Vec<ArrayRef> = (0..join.probe_columns.len())
            .map(|index| new_null_array(schema.field(index).data_type(), rest.num_rows()))
            .collect();
        columns.extend(join.build_columns.iter().map(|&column| Arc::clone(rest.column(column))));
        columns.extend_from_slice(&rest.columns()[key_range(rest.num_columns(), join.keys)]);
        columns.push(Arc::clone(rest.column(rest.num_columns() - 1)));
        columns.push(new_null_array(schema.field(schema.fields().len() - 1).data_type(), rest.num_rows()));
        Ok(vec![RecordBatch::try_new(schema, columns)?])
    }
}

/// Pairs of a batch.
const PAIRS: usize = 8192;
