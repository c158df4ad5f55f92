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
use super::settled::by_ordinals;
use super::{column, exchange, gather, sort_partitions};
use crate::functions::category::with_metadata_of;
use crate::kernel::values::internal;
use crate::merge::{Keep, Merge, Unique};
use crate::relation::Relation;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use datafusion::arrow::compute::is_not_null;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
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
pub enum Pick {
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
        let keep = self.merge.keep;
        // A right merge is a left one from the other side: `probe` is the side whose order the result has.
        let swapped = keep == Keep::Right;
        let (probe, probe_on, build, build_on, unique) = if swapped {
            let unique = Unique { left: self.merge.unique.right, right: self.merge.unique.left };
            (right, &self.merge.right_on, left, &self.merge.left_on, unique)
        } else {
            (left, &self.merge.left_on, right, &self.merge.right_on, self.merge.unique)
        };
        let home = plan::partition_count(&probe);
        let (probe, build) = (keyed(probe, probe_on)?, keyed(build, build_on)?);
        let keys = probe_on.len();
        let (mut probe_columns, mut build_columns) = (vec![], vec![]);
        let columns = self.columns(&left_schema, &right_schema).into_iter().map(|(_, left, right)| {
            let (of_probe, of_build) = if swapped { (right, left) } else { (left, right) };
            // Shared keys are the same on both sides, but where a side may have no row.
            let of_build = of_build.filter(|_| of_probe.is_none() || keep == Keep::Outer);
            let place = |columns: &mut Vec<usize>, side: &Keyed, column: usize| {
                columns.push(side.columns[column]);
                columns.len() - 1
            };
            let of_probe = of_probe.map(|column| place(&mut probe_columns, &probe, column));
            (of_probe, of_build.map(|column| place(&mut build_columns, &build, column)))
        });
        let columns: Vec<_> = columns.collect();
        let probes = probe_columns.len();
        let picks = columns.into_iter().map(|columns| match columns {
            (Some(of_probe), Some(of_build)) => Ok(Pick::Either(of_probe, probes + of_build)),
            (Some(of_probe), None) => Ok(Pick::One(of_probe)),
            (None, Some(of_build)) => Ok(Pick::One(probes + of_build)),
            (None, None) => Err(internal("a column of no frame")),
        });
        let picks = picks.chain(self.merge.indicator.iter().map(|_| Ok(Pick::Indicator)));
        let picks = picks.collect::<Result<Vec<_>>>()?;
        let spread = |side: Keyed| {
            let from = side.input.schema().fields().len() - 1 - keys;
            let columns: Vec<usize> = (from..from + keys).collect();
            if keys == 0 { gather(side.input) } else { exchange(side.input, &columns, partitions) }
        };
        let (probe, build) = (spread(probe)?, spread(build)?);
        let join = Join::new(
            if swapped { Keep::Left } else { keep },
            keys,
            unique,
            (&probe.schema(), probe_columns),
            (&build.schema(), build_columns),
        );
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

/// One side of a join: behind its other columns the keys, in the form in which equal means equal, and the ordinals.
struct Keyed {
    input: Arc<dyn ExecutionPlan>,
    /// Where each column of the frame is now.
    columns: Vec<usize>,
}

fn keyed(input: Arc<dyn ExecutionPlan>, on: &[String]) -> Result<Keyed> {
    let schema = input.schema();
    let keys = on.iter().map(|key| Ok(schema.index_of(key)?)).collect::<Result<Vec<usize>>>()?;
    // Floats are kept beside their key, which is another number for -0.0 and NaN.
    let is_key = |index: &usize| keys.contains(index) && !schema.field(*index).data_type().is_floating();
    let others: Vec<usize> = (0..schema.fields().len()).filter(|index| !is_key(index)).collect();
    let place = |index: usize| match others.iter().position(|other| *other == index) {
        Some(place) => Some(place),
        None => keys.iter().position(|key| *key == index).map(|place| others.len() + place),
    };
    let columns = (0..schema.fields().len()).filter_map(place).collect();
    let other = others.iter().map(|&index| (column(&schema, index), schema.field(index).name().clone()));
    let key = keys.iter().enumerate().map(|(number, &index)| (column(&schema, index), format!("key {number}")));
    let input: Arc<dyn ExecutionPlan> = Arc::new(ProjectionExec::try_new(other.chain(key).collect::<Vec<_>>(), input)?);
    let keys: Vec<usize> = (others.len()..others.len() + on.len()).collect();
    let input = Canonical { compared: keys.clone(), missing: keys, required: vec![] }.over(input)?;
    Ok(Keyed { input: number_rows(input)?, columns })
}

/// Brings the rows of a partition, unless they are sorted, into the order of the ordinals of the probe side, then of the
/// build side, and picks the result's columns. Pairs of one row may come out of order from an exchange that spills.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settle {
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
        context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let this = self.clone();
        let input = input.swap_remove(0);
        let ordinal = input.schema().index_of("ordinal")?;
        let rows = if self.sorted { input } else { by_ordinals(input, vec![ordinal, ordinal - 1], context) };
        Ok(stream::map(self.schema(), rows, move |rows| this.pick(&rows, ordinal)))
    }
}

impl Settle {
    /// The same for rows that may stay in any order.
    pub fn unordered(&self) -> Self {
        Self { sorted: true, ..self.clone() }
    }

    /// Whether a column depends on which side has a row.
    pub fn reads_ordinals(&self) -> bool {
        !self.picks.iter().all(|pick| matches!(pick, Pick::One(_)))
    }

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
