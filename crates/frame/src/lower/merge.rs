//! `merge`: rows meet in hash partitions of their keys and come home to the left frame's partitions.
//!
//! ```text
//! left ─ numbered ─ exchange(keys) ─┐
//! right ─ numbered ─ exchange(keys) ─ join ─ exchange(left's partitions) ─ settle
//! ```
//!
//! A join holds its right partition as a table of chains and gives the left rows' partners in the right rows' order.

use super::canonical::Canonical;
use super::ordinal::{number_rows, two};
use super::segment::{RouteHome, with_route};
use super::{column, exchange, gather, sort_partitions};
use crate::kernel::values::internal;
use crate::merge::{Keep, Merge, Unique};
use crate::relation::Relation;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{concat_batches, is_not_null, take, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::hash_utils::create_hashes;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// See [`Frame::merge_with`](crate::Frame::merge_with).
#[derive(Debug)]
pub(crate) struct Merged {
    pub merge: Merge,
}

/// Where a column of the result comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Pick {
    /// A column of the join's output.
    One(usize),
    /// The first that has a row.
    Either(usize, usize),
    /// Which frames have the row.
    Indicator,
}

impl Merged {
    fn shared(&self, left: &str) -> Option<&String> {
        let keys = self.merge.left_on.iter().zip(&self.merge.right_on);
        keys.filter(|(key, other)| key == other && *key == left).map(|(key, _)| key).next()
    }

    fn is_filter(&self) -> bool {
        matches!(self.merge.keep, Keep::LeftSemi | Keep::LeftAnti)
    }

    /// Name and origin of each column of the result: (left, right) columns.
    pub fn columns(&self, left: &Schema, right: &Schema) -> Vec<(String, Option<usize>, Option<usize>)> {
        let lefts = left.fields().iter().enumerate().map(|(index, field)| {
            let name = field.name();
            match (self.shared(name), right.index_of(name)) {
                (Some(_), Ok(other)) => (name.clone(), Some(index), Some(other)),
                (None, Ok(_)) if !self.is_filter() => (format!("{name}{}", self.merge.suffixes.0), Some(index), None),
                _ => (name.clone(), Some(index), None),
            }
        });
        if self.is_filter() {
            return lefts.map(|(name, index, _)| (name, index, None)).collect();
        }
        let rights = right.fields().iter().enumerate().filter(|(_, field)| self.shared(field.name()).is_none());
        let rights = rights.map(|(index, field)| {
            let name = field.name();
            let clash = left.index_of(name).is_ok();
            (if clash { format!("{name}{}", self.merge.suffixes.1) } else { name.clone() }, None, Some(index))
        });
        lefts.chain(rights).collect()
    }

    pub fn names(&self, left: &Schema, right: &Schema) -> Vec<String> {
        let names = self.columns(left, right).into_iter().map(|column| column.0);
        names.chain(self.merge.indicator.clone()).collect()
    }
}

impl Relation for Merged {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let [left, right] = inputs else { return Err(internal("merge has two inputs")) };
        let keep = self.merge.keep;
        let mut fields = vec![];
        for (name, in_left, in_right) in self.columns(left, right) {
            let (field, nullable) = match (in_left, in_right) {
                (Some(index), Some(other)) => {
                    (left.field(index), left.field(index).is_nullable() || right.field(other).is_nullable())
                }
                (Some(index), None) => {
                    let field = left.field(index);
                    (field, field.is_nullable() || matches!(keep, Keep::Right | Keep::Outer))
                }
                (None, Some(index)) => {
                    let field = right.field(index);
                    (field, field.is_nullable() || matches!(keep, Keep::Left | Keep::Outer))
                }
                (None, None) => return Err(internal("a column of no frame")),
            };
            fields.push(Field::new(name, field.data_type().clone(), nullable));
        }
        if let Some(name) = &self.merge.indicator {
            fields.push(Field::new(name, DataType::Utf8, false));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let (left, right) = two(inputs)?;
        let (left_schema, right_schema) = (left.schema(), right.schema());
        let output = self.schema(&[Arc::clone(&left_schema), Arc::clone(&right_schema)])?;
        let (lefts, rights) = (left_schema.fields().len(), right_schema.fields().len());
        let keep = self.merge.keep;
        // A right merge is a left one from the other side: `probe` is the side whose order the result has.
        let swapped = keep == Keep::Right;
        let picks = self
            .columns(&left_schema, &right_schema)
            .into_iter()
            .map(|(_, left, right)| {
                let (left, right) = if swapped {
                    (left.map(|index| rights + index), right)
                } else {
                    (left, right.map(|index| lefts + index))
                };
                Ok(match (left, right) {
                    (Some(left), Some(right)) if keep == Keep::Outer => Pick::Either(left, right),
                    (Some(_), Some(right)) if swapped => Pick::One(right),
                    (Some(one), _) | (None, Some(one)) => Pick::One(one),
                    (None, None) => return Err(internal("a column of no frame")),
                })
            })
            .chain(self.merge.indicator.iter().map(|_| Ok(Pick::Indicator)))
            .collect::<Result<Vec<_>>>()?;
        let (probe, probe_on, build, build_on, unique) = if swapped {
            let unique = Unique { left: self.merge.unique.right, right: self.merge.unique.left };
            (right, &self.merge.right_on, left, &self.merge.left_on, unique)
        } else {
            (left, &self.merge.left_on, right, &self.merge.right_on, self.merge.unique)
        };
        let home = plan::partition_count(&probe);
        let (probe, build) = (keyed(probe, probe_on)?, keyed(build, build_on)?);
        let keys = probe_on.len();
        let spread = |input: Arc<dyn ExecutionPlan>| {
            let from = input.schema().fields().len() - 1 - keys;
            let columns: Vec<usize> = (from..from + keys).collect();
            if keys == 0 { gather(input) } else { exchange(input, &columns, partitions) }
        };
        let (probe, build) = (spread(probe)?, spread(build)?);
        let join = Join {
            keep: if swapped { Keep::Left } else { keep },
            keys,
            unique,
            schema: SerializedSchema(joined_schema(&probe.schema(), &build.schema(), keys)),
        };
        let width = join.schema.0.fields().len();
        let joined = plan::operator(join, vec![probe, build])?;
        let settle = |input| {
            let settle = Settle {
                picks: picks.clone(),
                swapped,
                sorted: keep == Keep::Outer,
                schema: SerializedSchema(Arc::clone(&output)),
            };
            plan::operator(settle, vec![input])
        };
        if keep == Keep::Outer {
            // By key, then by the rows of both.
            let order: Vec<(usize, bool)> = (width - 2 - keys..width).map(|index| (index, false)).collect();
            let sorted = sort_partitions(gather(joined)?, &order, None)?;
            return settle(sorted);
        }
        if home == 1 {
            return settle(gather(joined)?);
        }
        // The left ordinal is the last column, which is where the way home is read.
        let schema = with_route(&joined.schema());
        let routed = plan::operator(RouteHome { schema: SerializedSchema(schema), partitions: home }, vec![joined])?;
        settle(exchange(routed, &[width], home)?)
    }
}

/// The input, its keys in the form in which equal means equal, and the rows' ordinals.
fn keyed(input: Arc<dyn ExecutionPlan>, on: &[String]) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let columns = schema.fields().len();
    let mut expressions: Vec<_> =
        (0..columns).map(|index| (column(&schema, index), schema.field(index).name().clone())).collect();
    for (number, key) in on.iter().enumerate() {
        expressions.push((column(&schema, schema.index_of(key)?), format!("key {number}")));
    }
    let input: Arc<dyn ExecutionPlan> = Arc::new(ProjectionExec::try_new(expressions, input)?);
    let keys: Vec<usize> = (columns..columns + on.len()).collect();
    number_rows(Canonical { compared: keys.clone(), missing: keys, required: vec![] }.over(input)?)
}

/// Columns of the probe side, of the other, the keys, and the ordinals: the build side's, then the probe side's.
fn joined_schema(probe: &Schema, build: &Schema, keys: usize) -> SchemaRef {
    let columns = |schema: &Schema| schema.fields()[..schema.fields().len() - 1 - keys].to_vec();
    let key_fields = probe.fields()[probe.fields().len() - 1 - keys..].to_vec();
    let all = columns(probe).into_iter().chain(columns(build)).chain(key_fields[..keys].to_vec());
    let mut fields: Vec<Field> = all.map(|field| field.as_ref().clone().with_nullable(true)).collect();
    fields.push(Field::new("build", DataType::Int64, true));
    fields.push(Field::new("ordinal", DataType::Int64, true));
    Arc::new(Schema::new(fields))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Join {
    keep: Keep,
    keys: usize,
    unique: Unique,
    schema: SerializedSchema,
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
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (probe, build) = two(input)?;
        let this = self.clone();
        let output = self.schema();
        let joined = async move {
            let schema = build.schema();
            let rows: Vec<RecordBatch> = build.try_collect().await?;
            let rows = in_order(&concat_batches(&schema, &rows)?)?;
            let mut table = Built::new(rows, this.keys, this.unique.right)?;
            let probe = if this.unique.left {
                // Duplicates among the probing rows are looked for in a table of their own.
                let schema = probe.schema();
                let rows: Vec<RecordBatch> = probe.try_collect().await?;
                let rows = concat_batches(&schema, &rows)?;
                Built::new(rows.clone(), this.keys, true)?;
                stream::with_schema(schema, futures::stream::iter([Ok(rows)]))
            } else {
                probe
            };
            // One item behind the last batch: the build side's rows that nobody met.
            let items = probe.map(Some).chain(futures::stream::iter([None]));
            Ok::<_, DataFusionError>(items.flat_map(move |item| {
                let batches = match item {
                    Some(batch) => batch.and_then(|batch| table.meet(&this, &batch)),
                    None => table.rest(&this),
                };
                let batches = match batches {
                    Ok(batches) => batches.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error)],
                };
                futures::stream::iter(batches)
            }))
        };
        Ok(stream::with_schema(output, futures::stream::once(joined).try_flatten()))
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
    heads: Vec<u32>,
    next: Vec<u32>,
    met: Vec<bool>,
}

/// No row.
const END: u32 = u32::MAX;

/// The keys of rows, to be compared.
enum Keys {
    None,
    Integers(Int64Array),
    Rows(Rows),
}

impl Keys {
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
fn keys_of(batch: &RecordBatch, keys: usize) -> Result<(Keys, Vec<u64>)> {
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
        let mut table = Self {
            heads: vec![END; (2 * count).next_power_of_two()],
            next: vec![END; count],
            met: vec![false; count],
            rows,
            keys,
        };
        for row in (0..count).rev() {
            let slot = table.slot(hashes[row]);
            table.next[row] = table.heads[slot];
            table.heads[slot] = row as u32;
            if unique && table.chain(table.next[row]).any(|other| table.keys.equal(row, &table.keys, other)) {
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

    fn chain(&self, first: u32) -> impl Iterator<Item = usize> + '_ {
        let mut at = first;
        std::iter::from_fn(move || {
            let row = (at != END).then_some(at as usize)?;
            at = self.next[row];
            Some(row)
        })
    }

    /// The pairs of these rows with the table's.
    fn meet(&mut self, join: &Join, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let (keys, hashes) = keys_of(batch, join.keys)?;
        let mut batches = vec![];
        let (mut left, mut right): (Vec<u32>, Vec<Option<u32>>) = (vec![], vec![]);
        for (row, &hash) in hashes.iter().enumerate() {
            let before = left.len();
            let mut at = self.heads[self.slot(hash)];
            while at != END {
                let other = at as usize;
                if keys.equal(row, &self.keys, other) {
                    self.met[other] = true;
                    left.push(row as u32);
                    right.push(Some(at));
                    if matches!(join.keep, Keep::LeftSemi | Keep::LeftAnti) {
                        break;
                    }
                }
                at = self.next[other];
            }
            let alone = left.len() == before;
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
        let (probe, build) = (batch.num_columns() - 1, self.rows.num_columns() - 1);
        let mut columns = vec![];
        for column in &batch.columns()[..probe - join.keys] {
            columns.push(take(column, &left, None)?);
        }
        for column in &self.rows.columns()[..build - join.keys] {
            columns.push(take(column, &right, None)?);
        }
        for column in &batch.columns()[probe - join.keys..probe] {
            columns.push(take(column, &left, None)?);
        }
        columns.push(take(self.rows.column(build), &right, None)?);
        columns.push(take(batch.column(probe), &left, None)?);
        Ok(RecordBatch::try_new(join.schema(), columns)?)
    }

    /// The table's rows that met nobody, if they are kept.
    fn rest(&self, join: &Join) -> Result<Vec<RecordBatch>> {
        let rows: UInt32Array = (0..self.met.len()).filter(|row| !self.met[*row]).map(|row| Some(row as u32)).collect();
        if join.keep != Keep::Outer || rows.is_empty() {
            return Ok(vec![]);
        }
        let rest = take_record_batch(&self.rows, &rows)?;
        let build = rest.num_columns() - 1;
        let schema = join.schema();
        let probe = schema.fields().len() - 2 - join.keys - (build - join.keys);
        let mut columns: Vec<ArrayRef> =
            (0..probe).map(|index| new_null_array(schema.field(index).data_type(), rest.num_rows())).collect();
        columns.extend_from_slice(&rest.columns()[..build - join.keys]);
        columns.extend_from_slice(&rest.columns()[build - join.keys..build]);
        columns.push(Arc::clone(rest.column(build)));
        columns.push(new_null_array(&DataType::Int64, rest.num_rows()));
        Ok(vec![RecordBatch::try_new(schema, columns)?])
    }
}

/// Pairs of a batch.
const PAIRS: usize = 8192;

/// Brings the rows of a partition, unless they are sorted, into the order of the probe side's ordinals, and picks the result's columns. Pairs of
/// one row come in their order, since one join makes them all.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Settle {
    picks: Vec<Pick>,
    swapped: bool,
    sorted: bool,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Settle {
    fn name(&self) -> &'static str {
        "settle"
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
        let input = input.swap_remove(0);
        let schema = input.schema();
        let ordinal = schema.index_of("ordinal")?;
        let sorted = self.sorted;
        let settled = async move {
            let rows: Vec<RecordBatch> = input.try_collect().await?;
            let rows = concat_batches(&schema, &rows)?;
            let ordinals = rows.column(ordinal).as_primitive::<Int64Type>();
            let rows = if sorted || ordinals.values().is_sorted() {
                rows
            } else {
                let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
                order.sort_by_key(|row| ordinals.value(*row as usize));
                take_record_batch(&rows, &UInt32Array::from(order))?
            };
            this.pick(&rows, ordinal)
        };
        Ok(stream::with_schema(self.schema(), futures::stream::once(settled)))
    }
}

impl Settle {
    fn pick(&self, rows: &RecordBatch, ordinal: usize) -> Result<RecordBatch> {
        let has_left = is_not_null(rows.column(ordinal))?;
        let has_right = is_not_null(rows.column(ordinal - 1))?;
        let columns = self
            .picks
            .iter()
            .map(|pick| {
                Ok(match pick {
                    Pick::One(index) => Arc::clone(rows.column(*index)),
                    Pick::Either(left, right) => zip(&has_left, rows.column(*left), rows.column(*right))?,
                    Pick::Indicator => {
                        let (left, right) =
                            if self.swapped { ("right_only", "left_only") } else { ("left_only", "right_only") };
                        let names =
                            has_left.values().iter().zip(has_right.values()).map(|(has_left, has_right)| {
                                match (has_left, has_right) {
                                    (true, true) => "both",
                                    (true, false) => left,
                                    _ => right,
                                }
                            });
                        Arc::new(StringArray::from_iter_values(names)) as ArrayRef
                    }
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.schema(), columns, &options)?)
    }
}
