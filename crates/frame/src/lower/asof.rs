//! `merge_asof`: rows of both frames in one order, groups by key, and for each left row the nearest right one.

use super::canonical::Canonical;
use super::merge::Merged;
use super::ordinal::{number_rows, two};
use super::picked::keys_first;
use super::segment::{Segments, over_sorted, restore};
use super::{column, exchange, gather, sort_partitions};
use crate::kernel::values::{floats, integers, internal};
use crate::merge::{Keep, Merge, Unique};
use crate::relation::Relation;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array, new_null_array};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Which right row a left row meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AsofDirection {
    /// The last that is not behind it.
    #[default]
    Backward,
    /// The first that is not before it.
    Forward,
    /// The nearer of the two; of two as near the one before.
    Nearest,
}

/// How near is near enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asof {
    /// The columns that order the rows: the left frame's and the right one's.
    pub on: (String, String),
    /// The columns that must be equal: the left frame's and the right one's.
    pub by: (Vec<String>, Vec<String>),
    /// Which row.
    pub direction: AsofDirection,
    /// How far away it may be, in the unit of `on`.
    pub tolerance: Option<f64>,
    /// A row with an equal value counts.
    pub allow_exact_matches: bool,
    /// What is appended to names that both frames have.
    pub suffixes: (String, String),
}

#[derive(Debug)]
pub(crate) struct AsofMerged {
    pub asof: Asof,
}

impl AsofMerged {
    fn merged(&self) -> Merged {
        let asof = &self.asof;
        let keys = |by: &Vec<String>, on: &String| by.iter().chain([on]).cloned().collect();
        Merged {
            merge: Merge {
                keep: Keep::Left,
                left_on: keys(&asof.by.0, &asof.on.0),
                right_on: keys(&asof.by.1, &asof.on.1),
                suffixes: asof.suffixes.clone(),
                indicator: None,
                unique: Unique::default(),
            },
        }
    }

    pub fn names(&self, left: &Schema, right: &Schema) -> Vec<String> {
        self.merged().names(left, right)
    }
}

impl Relation for AsofMerged {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        self.merged().schema(inputs)
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let (left, right) = two(inputs)?;
        let (left_schema, right_schema) = (left.schema(), right.schema());
        let output = self.schema(&[Arc::clone(&left_schema), Arc::clone(&right_schema)])?;
        let picks = self
            .merged()
            .columns(&left_schema, &right_schema)
            .into_iter()
            .map(|(_, in_left, in_right)| (in_left, if in_left.is_some() { None } else { in_right }))
            .collect();
        let home = plan::partition_count(&left);
        let keys = self.asof.by.0.len();
        let mut fields = vec![];
        for (number, key) in self.asof.by.0.iter().enumerate() {
            let data_type = left_schema.field_with_name(key)?.data_type().clone();
            fields.push(Field::new(format!("key {number}"), data_type, true));
        }
        let on_type = match left_schema.field_with_name(&self.asof.on.0)?.data_type() {
            float if float.is_floating() => DataType::Float64,
            _ => DataType::Int64,
        };
        fields.push(Field::new("on", on_type, true));
        fields.push(Field::new("side", DataType::Int64, false));
        for (side, schema) in [("left", &left_schema), ("right", &right_schema)] {
            for field in schema.fields() {
                fields.push(Field::new(format!("{side} {}", field.name()), field.data_type().clone(), true));
            }
        }
        fields.push(Field::new("ordinal", DataType::Int64, false));
        let unified = Arc::new(Schema::new(fields));
        let lefts = left_schema.fields().len();
        let tagged = |input: Arc<dyn ExecutionPlan>, by: &[String], on: &String, side: i64| {
            let columns = input.schema().fields().len();
            let on = input.schema().index_of(on)? + keys;
            let (input, _) = keys_first(input, by)?;
            let compared: Vec<usize> = (0..keys).collect();
            let input = Canonical { compared: compared.clone(), missing: compared, required: vec![] }.over(input)?;
            let tag = Tag {
                keys,
                on,
                side,
                at: keys + 2 + if side == 0 { 0 } else { lefts },
                columns,
                schema: SerializedSchema(Arc::clone(&unified)),
            };
            plan::operator(tag, vec![number_rows(input)?])
        };
        let both = plan::union(vec![
            tagged(left, &self.asof.by.0, &self.asof.on.0, 0)?,
            tagged(right, &self.asof.by.1, &self.asof.on.1, 1)?,
        ])?;
        let range: Vec<usize> = (0..keys).collect();
        let placed = if keys == 0 { gather(both)? } else { exchange(both, &range, partitions)? };
        let last = unified.fields().len() - 1;
        let by: Vec<(usize, bool)> = (0..keys + 2).chain([last]).map(|key| (key, false)).collect();
        let sorted = sort_partitions(placed, &by, None)?;
        let mut fields = output.fields().to_vec();
        fields.push(Arc::new(Field::new("ordinal", DataType::Int64, false)));
        let schema = Arc::new(Schema::new(fields));
        let task =
            Nearest { asof: self.asof.clone(), keys, lefts, picks, schema: SerializedSchema(Arc::clone(&schema)) };
        let merged = over_sorted(sorted, keys, schema, Box::new(task))?;
        // The union's names are gone; the output's are back.
        let restored = restore(merged, home)?;
        let names = output.fields().iter().enumerate();
        let expressions: Vec<_> =
            names.map(|(index, field)| (column(&restored.schema(), index), field.name().clone())).collect();
        Ok(Arc::new(ProjectionExec::try_new(expressions, restored)?))
    }
}

/// Rows of one side in the columns of both.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tag {
    keys: usize,
    on: usize,
    side: i64,
    at: usize,
    columns: usize,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Tag {
    fn name(&self) -> &'static str {
        "tag"
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
            let rows = batch.num_rows();
            let schema = this.schema();
            let columns = schema
                .fields()
                .iter()
                .enumerate()
                .map(|(index, field)| {
                    Ok(match index {
                        key if key < this.keys => cast(batch.column(key), field.data_type())?,
                        on if on == this.keys => order(batch.column(this.on), field.data_type())?,
                        side if side == this.keys + 1 => Arc::new(Int64Array::from_value(this.side, rows)),
                        last if last + 1 == schema.fields().len() => Arc::clone(batch.column(batch.num_columns() - 1)),
                        own if (this.at..this.at + this.columns).contains(&own) => {
                            Arc::clone(batch.column(this.keys + own - this.at))
                        }
                        _ => new_null_array(field.data_type(), rows),
                    })
                })
                .collect::<Result<Vec<ArrayRef>>>()?;
            Ok(RecordBatch::try_new(schema, columns)?)
        }))
    }
}

/// What rows are ordered by, as integers or floats.
fn order(on: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    if on.null_count() > 0 {
        return Err(phalanx_engine::Error::data("merge_asof by a column with missing values")
            .with_hint("drop the rows where it is missing first")
            .into());
    }
    Ok(match data_type {
        DataType::Float64 => cast(on, data_type)?,
        _ => Arc::new(integers(on)?),
    })
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Nearest {
    asof: Asof,
    keys: usize,
    lefts: usize,
    picks: Vec<(Option<usize>, Option<usize>)>,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Segments for Nearest {
    fn name(&self) -> &'static str {
        "merge_asof"
    }
    fn boxed(&self) -> Box<dyn Segments> {
        Box::new(self.clone())
    }
    fn run(&self, batch: &RecordBatch, groups: &[Range<usize>]) -> Result<RecordBatch> {
        let sides = batch.column(self.keys + 1).as_primitive::<Int64Type>().values();
        let on = batch.column(self.keys);
        let (mut lefts, mut rights) = (vec![], vec![]);
        if *on.data_type() == DataType::Float64 {
            let on = floats(on)?;
            self.meet(sides, groups, |row| on[row], |a: f64, b: f64| (a - b).abs(), &mut lefts, &mut rights);
        } else {
            let on = integers(on)?;
            let distance = |a: i64, b: i64| (i128::from(a) - i128::from(b)).unsigned_abs() as f64;
            self.meet(sides, groups, |row| on.value(row), distance, &mut lefts, &mut rights);
        }
        let (lefts, rights) = (UInt32Array::from(lefts), UInt32Array::from(rights));
        let first = self.keys + 2;
        let mut columns = self
            .picks
            .iter()
            .map(|pick| match pick {
                (Some(left), _) => Ok(take(batch.column(first + left), &lefts, None)?),
                (None, Some(right)) => Ok(take(batch.column(first + self.lefts + right), &rights, None)?),
                (None, None) => Err(internal("a column of no frame")),
            })
            .collect::<Result<Vec<_>>>()?;
        columns.push(take(batch.column(batch.num_columns() - 1), &lefts, None)?);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema.0), columns)?)
    }
}

impl Nearest {
    fn meet<T: PartialOrd + Copy>(
        &self,
        sides: &[i64],
        groups: &[Range<usize>],
        on: impl Fn(usize) -> T,
        distance: impl Fn(T, T) -> f64,
        lefts: &mut Vec<u32>,
        rights: &mut Vec<Option<u32>>,
    ) {
        for group in groups {
            let candidates: Vec<usize> = group.clone().filter(|row| sides[*row] == 1).collect();
            for row in group.clone().filter(|row| sides[*row] == 0) {
                let at = on(row);
                let exact = self.asof.allow_exact_matches;
                let before = candidates.partition_point(|&other| on(other) < at || (exact && on(other) == at));
                let behind = candidates.partition_point(|&other| on(other) < at || (!exact && on(other) == at));
                let before = before.checked_sub(1).map(|place| candidates[place]);
                let behind = candidates.get(behind).copied();
                let chosen = match self.asof.direction {
                    AsofDirection::Backward => before,
                    AsofDirection::Forward => behind,
                    AsofDirection::Nearest => match (before, behind) {
                        (Some(one), Some(two)) if distance(on(two), at) < distance(at, on(one)) => Some(two),
                        (Some(one), _) => Some(one),
                        (None, other) => other,
                    },
                };
                let near = |other: &usize| self.asof.tolerance.is_none_or(|most| distance(on(*other), at) <= most);
                lefts.push(row as u32);
                rights.push(chosen.filter(near).map(|other| other as u32));
            }
        }
    }
}
