//! `merge`: rows meet in hash partitions of their keys and come home to the left frame's partitions.
//!
//! ```text
//! left ─ numbered ─ exchange(keys) ─┐
//! right ─ numbered ─ exchange(keys) ─ join ─ exchange(left's partitions) ─ settle
//! ```
//!
//! A join holds its right partition as a table of chains and gives the left rows' partners in the right rows' order.

use super::canonical::Canonical;
use super::join::Join;
use super::ordinal::{number_rows, two};
use super::segment::{RouteHome, with_route};
use super::{column, exchange, gather, sort_partitions};
use crate::functions::category::with_metadata_of;
use crate::kernel::values::internal;
use crate::merge::{Keep, Merge, Unique};
use crate::relation::Relation;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{concat_batches, is_not_null, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::TryStreamExt;
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
                    let (one, other) = (left.field(index), right.field(other));
                    let field = Field::new(name, one.data_type().clone(), one.is_nullable() || other.is_nullable());
                    // Categories of both sides are known if they are the same.
                    fields.push(if one.metadata() == other.metadata() { with_metadata_of(field, one) } else { field });
                    continue;
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
            fields.push(with_metadata_of(Field::new(name, field.data_type().clone(), nullable), field));
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
                sorted: keep == Keep::Outer || home == 1,
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
            // By the rows of both: all rows are in this partition, and this sort spills.
            let order = [(width - 1, false), (width - 2, false)];
            return settle(sort_partitions(gather(joined)?, &order, None)?);
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
        if self.sorted {
            return Ok(stream::map(self.schema(), input, move |rows| this.pick(&rows, ordinal)));
        }
        let settled = async move {
            let rows: Vec<RecordBatch> = input.try_collect().await?;
            let rows = concat_batches(&schema, &rows)?;
            let ordinals = rows.column(ordinal).as_primitive::<Int64Type>();
            let rows = if ordinals.values().is_sorted() {
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
