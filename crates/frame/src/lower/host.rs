//! Functions of a host language over frames: of partitions, of partitions with the rows around them, and of groups.

use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use super::halo::{Ends, Halo, Reach, told};
use super::ordinal::ROW_BITS;
use super::segment::{Segments, restore, segments};
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use phalanx_engine::host::{self, CallHost, HostFunction};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, plan, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// A function and the rows that it returns.
#[derive(Clone)]
pub(crate) struct Call {
    pub function: HostFunction,
    pub schema: SchemaRef,
}

impl fmt::Debug for Call {
    /// Relations that print equally are equal, so what is printed tells functions apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hasher = DefaultHasher::new();
        self.function.payload.hash(&mut hasher);
        write!(f, "{} {:016x}", self.function.label, hasher.finish())
    }
}

/// The function of each partition of the inputs, which have as many.
#[derive(Debug)]
pub(crate) struct OfPartitions {
    pub call: Call,
    /// Does it return a row for each row of the first input?
    pub row_by_row: bool,
}

impl Relation for OfPartitions {
    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::clone(&self.call.schema))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let counts: Vec<usize> = inputs.iter().map(plan::partition_count).collect();
        if let Some(other) = counts.iter().find(|count| **count != counts[0]) {
            return Err(Error::input(format!(
                "{:?} of frames of {} and of {other} partitions",
                self.call.function.label, counts[0]
            ))
            .with_hint("repartition one of the frames")
            .into());
        }
        plan::operator(CallHost::new(self.call.function.clone(), Arc::clone(&self.call.schema)), inputs)
    }
    fn keeps_rows(&self) -> bool {
        self.row_by_row
    }
}

/// The function of each partition with rows of its neighbours: it gets the rows before, the partition's own and those
/// after as three tables.
#[derive(Debug)]
pub(crate) struct OfHalos {
    pub call: Call,
    pub reach: Reach,
    /// The column of times, of a reach in time.
    pub time: Option<String>,
    pub row_by_row: bool,
}

impl Relation for OfHalos {
    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::clone(&self.call.schema))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let schema = input.schema();
        let time = self.time.as_ref().map(|time| schema.index_of(time)).transpose()?;
        let mut fields = self.call.schema.fields().to_vec();
        fields.push(Arc::new(Field::new("ordinal", DataType::Int64, false)));
        let halos = Halos {
            function: self.call.function.clone(),
            returned: SerializedSchema(Arc::clone(&self.call.schema)),
            schema: SerializedSchema(Arc::new(Schema::new(fields))),
            reach: self.reach,
            time,
        };
        gossip(&halos, input, false)
    }
    fn keeps_rows(&self) -> bool {
        self.row_by_row
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Halos {
    function: HostFunction,
    returned: SerializedSchema,
    schema: SerializedSchema,
    reach: Reach,
    time: Option<usize>,
}

#[typetag::serde]
impl Gossip for Halos {
    fn name(&self) -> &'static str {
        "call_host_with_halos"
    }
    fn schema(&self, _input: &SchemaRef) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn audience(&self) -> Audience {
        Audience::Others
    }
    fn whole(&self) -> bool {
        true
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, input: &SchemaRef) -> Result<Box<dyn Teller>> {
        let read = (0..input.fields().len() - 1).collect();
        Ok(Box::new(Ends::new(read, self.time, self.reach)))
    }
    fn hear(&self, input: &SchemaRef, own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change> {
        let read: Vec<usize> = (0..input.fields().len() - 1).collect();
        let schema = told(input, &read)?;
        let Halo { before, after } = Halo::heard(input, &read, own, messages, self.reach)?;
        let this = self.clone();
        Ok(Box::new(move |batch| {
            let rows = batch.project(&read)?;
            let rows = RecordBatch::try_new(Arc::clone(&schema), rows.columns().to_vec())?;
            let context = format!("partition {own} of {:?}", this.function.label);
            let output = call(&this.function, &this.returned.0, vec![before.clone(), rows, after.clone()], &context)?;
            let first = own << ROW_BITS;
            let ordinals = Int64Array::from_iter_values(first..first + output.num_rows() as i64);
            with_last(&this.schema.0, &output, Arc::new(ordinals))
        }))
    }
}

/// The function of batches of whole groups, in the order of rows within each; it gets a column `__group` behind the
/// others (−1: the key is missing) and returns a row for each row, which go back to their places.
#[derive(Debug)]
pub(crate) struct OfGroups {
    pub call: Call,
    pub keys: Vec<String>,
    pub dropna: bool,
}

impl Relation for OfGroups {
    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::clone(&self.call.schema))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let home = plan::partition_count(&input);
        let input = keys_in_front(input, &self.keys)?;
        let mut fields = self.call.schema.fields().to_vec();
        fields.push(Arc::new(Field::new("ordinal", DataType::Int64, false)));
        let schema = Arc::new(Schema::new(fields));
        let task = Groups {
            function: self.call.function.clone(),
            returned: SerializedSchema(Arc::clone(&self.call.schema)),
            schema: SerializedSchema(Arc::clone(&schema)),
            keys: self.keys.len(),
            dropna: self.dropna,
        };
        restore(segments(input, self.keys.len(), false, partitions, |_| Ok(schema), Box::new(task))?, home)
    }
    fn keeps_rows(&self) -> bool {
        true
    }
}

/// The input with copies of these columns before its own.
pub(super) fn keys_in_front(input: Arc<dyn ExecutionPlan>, keys: &[String]) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let mut expressions = vec![];
    for (number, key) in keys.iter().enumerate() {
        expressions.push((super::column(&schema, schema.index_of(key)?), format!("key {number}")));
    }
    for (index, field) in schema.fields().iter().enumerate() {
        expressions.push((super::column(&schema, index), field.name().clone()));
    }
    Ok(Arc::new(ProjectionExec::try_new(expressions, input)?))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Groups {
    function: HostFunction,
    returned: SerializedSchema,
    schema: SerializedSchema,
    keys: usize,
    dropna: bool,
}

#[typetag::serde]
impl Segments for Groups {
    fn name(&self) -> &'static str {
        "call_host_of_groups"
    }
    fn boxed(&self) -> Box<dyn Segments> {
        Box::new(self.clone())
    }
    fn run(&self, batch: &RecordBatch, groups: &[Range<usize>]) -> Result<RecordBatch> {
        let keys = &batch.columns()[..self.keys];
        let missing = |row: usize| self.dropna && keys.iter().any(|key| key.is_null(row));
        let numbers = groups.iter().zip(0_i64..).flat_map(|(group, number)| {
            let number = if group.is_empty() || missing(group.start) { -1 } else { number };
            std::iter::repeat_n(number, group.len())
        });
        let ordinal = batch.num_columns() - 1;
        let mut fields: Vec<Field> =
            batch.schema().fields()[self.keys..ordinal].iter().map(|field| field.as_ref().clone()).collect();
        fields.push(Field::new("__group", DataType::Int64, false));
        let mut columns = batch.columns()[self.keys..ordinal].to_vec();
        columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        let given = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let context = format!("groups of {:?}", self.function.label);
        let output = call(&self.function, &self.returned.0, vec![given], &context)?;
        if output.num_rows() != batch.num_rows() {
            return Err(Error::data(format!(
                "{:?} returned {} rows for {} rows of groups",
                self.function.label,
                output.num_rows(),
                batch.num_rows()
            ))
            .with_hint("return a value for each row of the group")
            .into());
        }
        with_last(&self.schema.0, &output, Arc::new(batch.column(ordinal).as_primitive::<Int64Type>().clone()))
    }
}

/// One batch of what the function returns.
fn call(function: &HostFunction, schema: &SchemaRef, inputs: Vec<RecordBatch>, context: &str) -> Result<RecordBatch> {
    let batches = host::call(function, inputs, context)?;
    let mut checked = vec![];
    for batch in batches {
        let columns = |schema: &Schema| -> Vec<(String, DataType)> {
            schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
        };
        if columns(batch.schema_ref()) != columns(schema) {
            return Err(Error::data(format!("{:?} returned other columns than were declared", function.label))
                .with_hint("declare with meta the names and types of what the function returns")
                .into());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        checked.push(RecordBatch::try_new_with_options(Arc::clone(schema), batch.columns().to_vec(), &options)?);
    }
    Ok(concat_batches(schema, &checked)?)
}

fn with_last(schema: &SchemaRef, batch: &RecordBatch, last: ArrayRef) -> Result<RecordBatch> {
    if batch.num_rows() != last.len() {
        return Err(unreadable());
    }
    let mut columns = batch.columns().to_vec();
    columns.push(last);
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
