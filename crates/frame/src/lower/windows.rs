//! Values for each row from the rows around it, in the order of the frame or within groups.
//!
//! Without keys a partition needs rows of its neighbours: its *halo*, which the partitions tell each other. What needs
//! all rows (a rank, an expanding window) and what needs groups goes through [`segments`] and comes back to the
//! input's partitions and order.

use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use super::halo::{Ends, Halo, Reach, nanoseconds};
use super::segment::{Segments, restore, segments};
use crate::dtype::name as dtype_name;
use crate::kernel::rolling::Span;
use crate::kernel::values::internal;
use crate::kernel::window::Window;
use crate::relation::Relation;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{plan, typetag};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// A window over a column, and the column that its result becomes: one that is there, or a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub column: String,
    pub window: Window,
    pub name: String,
}

/// The input with the results of windows.
#[derive(Debug)]
pub(crate) struct Windows {
    pub items: Vec<Item>,
    /// Groups.
    pub keys: Vec<String>,
    pub dropna: bool,
    /// The column of times.
    pub time: Option<String>,
    /// The column of what `idxmin` gives.
    pub labels: Option<String>,
}

impl Relation for Windows {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let input = &inputs[0];
        let mut fields: Vec<Field> = input.fields().iter().map(|field| field.as_ref().clone()).collect();
        for item in self.items.iter().filter(|item| input.index_of(&item.column).is_ok()) {
            let data_type = self.output_type(item, input)?;
            let source = input.field_with_name(&item.column)?;
            let mut field = Field::new(&item.name, data_type, true);
            if field.data_type() == source.data_type() {
                field = field.with_metadata(source.metadata().clone());
            }
            match fields.iter().position(|field| *field.name() == item.name) {
                Some(index) => fields[index] = field,
                None => fields.push(field),
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let output = self.schema(inputs).ok()?;
        let mut names: Vec<&String> = self.keys.iter().chain(&self.time).chain(&self.labels).collect();
        for name in outputs.iter().map(|&index| output.field(index).name()) {
            names.push(name);
            names.extend(self.items.iter().filter(|item| item.name == *name).map(|item| &item.column));
        }
        let mut needed: Vec<usize> = names.into_iter().filter_map(|name| inputs[0].index_of(name).ok()).collect();
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }

    fn keeps_rows(&self) -> bool {
        true
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("windows have one input"))?;
        let schema = input.schema();
        let output = self.schema(&[Arc::clone(&schema)])?;
        let index = |name: &String| Ok(schema.index_of(name)?);
        let items = self
            .items
            .iter()
            .filter(|item| schema.index_of(&item.column).is_ok())
            .map(|item| Ok((index(&item.column)?, item.window.clone(), output.index_of(&item.name)?)))
            .collect::<Result<Vec<_>>>()?;
        let mut over = Over {
            items,
            time: self.time.as_ref().map(index).transpose()?,
            labels: self.labels.as_ref().map(index).transpose()?,
            schema: SerializedSchema(with_ordinal(&output)),
        };
        let whole = over.items.iter().any(|(_, window, _)| reach(window) == Reach::All);
        if self.keys.is_empty() && !whole {
            return over.by_halos(input);
        }
        let home = plan::partition_count(&input);
        // Keys first, and back again.
        let keys = self.keys.iter().map(index).collect::<Result<Vec<_>>>()?;
        let others = (0..schema.fields().len()).filter(|column| !keys.contains(column));
        let order: Vec<usize> = keys.iter().copied().chain(others).collect();
        // Keys are made canonical; results that replace a key, and the keys themselves, come from a copy.
        let width = order.len();
        let copied: Vec<usize> = order.iter().copied().chain(keys.iter().copied()).collect();
        let input = project_copies(input, &copied, width)?;
        let place = |column: usize| match order.iter().position(|&other| other == column) {
            Some(place) if place < keys.len() => width + place,
            Some(place) => place,
            None => column,
        };
        for (column, _, _) in &mut over.items {
            *column = place(*column);
        }
        over.time = over.time.map(place);
        over.labels = over.labels.map(place);
        let sources: Vec<usize> = (0..schema.fields().len()).map(place).collect();
        // A row with a missing key belongs to no group, and stays, with missing results.
        let task = OverGroups { over, sources, keys: if self.dropna { keys.len() } else { 0 } };
        let schema = Arc::clone(&task.over.schema.0);
        let done = segments(input, keys.len(), false, partitions, |_| Ok(schema), Box::new(task))?;
        restore(done, home)
    }
}

impl Windows {
    pub(crate) fn output_type(&self, item: &Item, input: &SchemaRef) -> Result<DataType> {
        let data_type = input.field_with_name(&item.column)?.data_type();
        if let (Window::Whole(aggregate), Some(labels)) = (&item.window, &self.labels)
            && crate::statistic::is_label(aggregate.statistic)
        {
            return Ok(input.field_with_name(labels)?.data_type().clone());
        }
        item.window.output_type(data_type).ok_or_else(|| {
            phalanx_engine::Error::mismatch(format!(
                "{} of column {:?}, which is of type {}",
                item.window.name(),
                item.column,
                dtype_name(data_type)
            ))
            .with_hint("take a column of another type, or cast it first")
            .into()
        })
    }
}

/// Columns of the input; those from `width` on once more, under other names.
fn project_copies(input: Arc<dyn ExecutionPlan>, columns: &[usize], width: usize) -> Result<Arc<dyn ExecutionPlan>> {
    if columns.len() == width && columns.iter().enumerate().all(|(place, &column)| place == column) {
        return Ok(input);
    }
    let schema = input.schema();
    let expressions = columns
        .iter()
        .enumerate()
        .map(|(place, &column)| {
            let name = schema.field(column).name();
            let name = if place < width { name.clone() } else { format!("{name} as it was") };
            (super::column(&schema, column), name)
        })
        .collect::<Vec<_>>();
    Ok(Arc::new(datafusion::physical_plan::projection::ProjectionExec::try_new(expressions, input)?))
}

fn with_ordinal(schema: &SchemaRef) -> SchemaRef {
    let mut fields = schema.fields().to_vec();
    fields.push(Arc::new(Field::new("ordinal", DataType::Int64, false)));
    Arc::new(Schema::new(fields))
}

fn reach(window: &Window) -> Reach {
    match window {
        Window::Shift { periods, .. } | Window::Difference { periods } | Window::PercentChange { periods } => {
            let rows = usize::try_from(periods.unsigned_abs()).unwrap_or(usize::MAX);
            if *periods >= 0 { Reach::Rows(rows, 0) } else { Reach::Rows(0, rows) }
        }
        Window::Fill { forward, limit: None } => Reach::Present(*forward),
        Window::Fill { forward: true, limit: Some(limit) } => Reach::Rows(*limit, 0),
        Window::Fill { forward: false, limit: Some(limit) } => Reach::Rows(0, *limit),
        Window::Rolling(rolling) => match (rolling.reach(), rolling.span) {
            (Some((before, after)), _) => Reach::Rows(before, after),
            (None, Span::Time(span)) => Reach::Time(span, if rolling.center { span } else { 0 }),
            (None, Span::Rows(rows)) => Reach::Rows(rows, 0),
        },
        _ => Reach::All,
    }
}

/// Columns, their windows, and where the results go.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Over {
    items: Vec<(usize, Window, usize)>,
    time: Option<usize>,
    labels: Option<usize>,
    /// The output's, the ordinal behind.
    schema: SerializedSchema,
}

impl Over {
    fn by_halos(self, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut reaches: Vec<Reach> = vec![];
        for (_, window, _) in &self.items {
            if !reaches.contains(&reach(window)) {
                reaches.push(reach(window));
            }
        }
        let reach = match reaches.as_slice() {
            [] => Reach::Rows(0, 0),
            [one] => *one,
            _ => return Err(internal("windows of several reaches in one step")),
        };
        gossip(&OverHalos { over: self, reach }, input, false)
    }

    /// The windows' results, each with the place where it goes.
    fn results(&self, columns: &[ArrayRef], groups: &[Range<usize>]) -> Result<Vec<(usize, ArrayRef)>> {
        let times = self.time.map(|time| nanoseconds(&columns[time])).transpose()?;
        let labels = self.labels.map(|labels| &columns[labels]);
        self.items
            .iter()
            .map(|(column, window, place)| {
                let values = window.apply(&columns[*column], times.as_deref(), labels, groups)?;
                Ok((*place, cast(&values, self.schema.0.field(*place).data_type())?))
            })
            .collect()
    }

    fn placed(
        &self,
        mut columns: Vec<ArrayRef>,
        results: Vec<(usize, ArrayRef)>,
        ordinal: ArrayRef,
    ) -> Result<RecordBatch> {
        let rows = ordinal.len();
        for (place, values) in results {
            if place < columns.len() {
                columns[place] = values;
            } else {
                columns.push(values);
            }
        }
        columns.push(ordinal);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema.0), columns, &options)?)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OverGroups {
    over: Over,
    /// Where the input's columns are.
    sources: Vec<usize>,
    /// The first so many columns are keys that must be there.
    keys: usize,
}

#[typetag::serde]
impl Segments for OverGroups {
    fn name(&self) -> &'static str {
        "windows"
    }
    fn boxed(&self) -> Box<dyn Segments> {
        Box::new(self.clone())
    }
    fn run(&self, batch: &RecordBatch, groups: &[Range<usize>]) -> Result<RecordBatch> {
        let mut results = self.over.results(batch.columns(), groups)?;
        let keys = &batch.columns()[..self.keys];
        if keys.iter().any(|key| key.null_count() > 0) {
            let rows: UInt32Array = (0..batch.num_rows())
                .map(|row| keys.iter().all(|key| key.is_valid(row)).then_some(row as u32))
                .collect();
            for (_, values) in &mut results {
                *values = take(values, &rows, None)?;
            }
        }
        let columns = self.sources.iter().map(|&source| Arc::clone(batch.column(source))).collect();
        self.over.placed(columns, results, Arc::clone(batch.column(batch.num_columns() - 1)))
    }
}

/// Tells the rows at a partition's ends that its neighbours' windows need.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OverHalos {
    over: Over,
    reach: Reach,
}

impl OverHalos {
    /// The columns that windows read, which are what is told.
    fn read(&self) -> Vec<usize> {
        let mut read: Vec<usize> = self.over.items.iter().map(|item| item.0).chain(self.over.time).collect();
        read.sort_unstable();
        read.dedup();
        read
    }
}

#[typetag::serde]
impl Gossip for OverHalos {
    fn name(&self) -> &'static str {
        self.over.items.first().map_or("windows", |item| item.1.name())
    }
    fn schema(&self, _input: &SchemaRef) -> SchemaRef {
        Arc::clone(&self.over.schema.0)
    }
    fn audience(&self) -> Audience {
        match self.reach {
            Reach::Rows(_, 0) | Reach::Time(_, 0) | Reach::Present(true) => Audience::Later,
            _ => Audience::Others,
        }
    }
    fn whole(&self) -> bool {
        true
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, _input: &SchemaRef) -> Result<Box<dyn Teller>> {
        Ok(Box::new(Ends::new(self.read(), self.over.time, self.reach)))
    }
    fn hear(&self, input: &SchemaRef, own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change> {
        let read = self.read();
        let Halo { before, after } = Halo::heard(input, &read, own, messages, self.reach)?;
        let over = self.over.clone();
        Ok(Box::new(move |batch| {
            let mut columns = batch.columns().to_vec();
            let ordinal = columns.pop().ok_or_else(unreadable)?;
            let own = columns.clone();
            for (place, &column) in read.iter().enumerate() {
                let parts = [before.column(place).as_ref(), columns[column].as_ref(), after.column(place).as_ref()];
                columns[column] = concat(&parts)?;
            }
            let rows = before.num_rows() + batch.num_rows() + after.num_rows();
            let whole: Range<usize> = 0..rows;
            let results = over.results(&columns, std::slice::from_ref(&whole))?;
            let sliced = results
                .into_iter()
                .map(|(place, values)| (place, values.slice(before.num_rows(), batch.num_rows())))
                .collect();
            over.placed(own, sliced, ordinal)
        }))
    }
}
