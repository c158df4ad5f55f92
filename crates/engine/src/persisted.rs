//! Data that stays where it was computed: its handle, and the operator that reads it back.

use crate::lineage::{Lineage, Watched};
use crate::operator::{Operator, OperatorExec};
use crate::{Error, Plan, Result, plan, scratch};
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, replace_children_if_necessary};
use futures::{StreamExt, TryStreamExt};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Where one partition of persisted data is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The worker that holds it; empty in process.
    pub worker: String,
    /// `host:port` of that worker's data service; empty in process.
    pub address: String,
    /// The worker's name for it; empty if the partition has no rows.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// Frees what a handle names.
pub type Release = Box<dyn Fn(&str) + Send + Sync>;

/// Data that stays where it was computed. Clones share it; the last one that is dropped frees it.
pub struct Persisted(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) handle: String,
    schema: SchemaRef,
    places: RwLock<Places>,
    pub(crate) lineage: Option<Lineage>,
    pub(crate) rebuilding: tokio::sync::Mutex<()>,
    holders: Mutex<Holders>,
}

/// Where the partitions are, and how often that has changed.
#[derive(Debug)]
struct Places {
    version: u64,
    locations: Vec<Location>,
}

/// How many [`Persisted`] there are of the data. It is freed under the lock, so that who makes it again comes after.
struct Holders {
    count: usize,
    release: Release,
}

impl Clone for Persisted {
    fn clone(&self) -> Self {
        self.0.holders.lock().count += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Persisted {
    fn drop(&mut self) {
        let mut holders = self.0.holders.lock();
        holders.count -= 1;
        if holders.count == 0 {
            (holders.release)(&self.0.handle);
        }
    }
}

impl fmt::Debug for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.count)
    }
}

impl fmt::Debug for Persisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Persisted({}, {} partitions, {} rows)", self.handle(), self.partitions(), self.rows())
    }
}

impl Persisted {
    /// A handle of data that an engine has put in its places. `plan` makes it again.
    pub fn new(
        handle: String,
        schema: SchemaRef,
        locations: Vec<Location>,
        plan: Option<Plan>,
        release: Release,
    ) -> Self {
        let (places, lineage) = (RwLock::new(Places { version: 0, locations }), plan.map(Lineage::new));
        let (holders, rebuilding) = (Mutex::new(Holders { count: 1, release }), tokio::sync::Mutex::default());
        Self(Arc::new(Inner { handle, schema, places, lineage, rebuilding, holders }))
    }
    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
    /// One more handle of data that others hold.
    pub(crate) fn of_held(inner: &Arc<Inner>) -> Option<Self> {
        let mut holders = inner.holders.lock();
        if holders.count == 0 {
            return None;
        }
        holders.count += 1;
        Some(Self(Arc::clone(inner)))
    }
    /// A handle of data that was made again after everybody had let go of it.
    pub(crate) fn revived(inner: &Arc<Inner>, locations: Vec<Location>) -> Self {
        inner.holders.lock().count += 1;
        let data = Self(Arc::clone(inner));
        data.moved(locations);
        data
    }
    /// The same data, not held.
    pub fn watched(&self) -> Watched {
        Watched::of(&self.0)
    }
    /// The name under which the engine keeps it.
    pub fn handle(&self) -> &str {
        &self.0.handle
    }
    /// The schema of its rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }
    /// The number of its partitions.
    pub fn partitions(&self) -> usize {
        self.0.places.read().locations.len()
    }
    /// Where its partitions are.
    pub fn locations(&self) -> Vec<Location> {
        self.0.places.read().locations.clone()
    }
    /// Whether reading it is looking at memory, or at files that are mapped into it, and costs only what is looked at.
    pub fn is_in_process(&self) -> bool {
        self.0.places.read().locations.iter().all(|location| location.worker.is_empty())
    }
    /// Whether those who hold it can read each other's files: they map them, and again only what is looked at costs.
    pub fn is_in_one_place(&self) -> bool {
        let places = self.0.places.read();
        let mut workers = places.locations.iter().filter(|at| !at.path.is_empty()).map(|at| at.worker.as_str());
        let Some(first) = workers.next() else { return true };
        !first.is_empty() && workers.all(|worker| scratch::are_in_one_place(first, worker))
    }
    /// The rows of all partitions.
    pub fn rows(&self) -> u64 {
        self.0.places.read().locations.iter().map(|location| location.rows).sum()
    }
    /// The bytes of all partitions.
    pub fn bytes(&self) -> u64 {
        self.0.places.read().locations.iter().map(|location| location.bytes).sum()
    }
    /// How it is made again; scattered data has no lineage.
    pub fn lineage(&self) -> Option<&Lineage> {
        self.0.lineage.as_ref()
    }
    /// Says where the partitions are after they were made again.
    pub fn moved(&self, locations: Vec<Location>) {
        let mut places = self.0.places.write();
        *places = Places { version: places.version + 1, locations };
    }
    /// How often it has [moved](Persisted::moved).
    pub fn version(&self) -> u64 {
        self.0.places.read().version
    }
    /// Waits for whoever is making it again. Who finds it lost notes the version before it reads, takes this, and makes
    /// it again only if the version is still the same: else somebody has done so meanwhile, and a second copy would cost
    /// the first one's readers their data.
    pub async fn rebuilding(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.rebuilding.lock().await
    }
    /// The leaf that reads it: [`PersistedScan`] over a table of locations.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn scan(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let scan =
            PersistedScan { handle: self.handle().to_owned(), schema: SerializedSchema(Arc::clone(&self.0.schema)) };
        Ok(plan::operator(scan, vec![self.table()?])?)
    }
    /// A plan that reads it, whole.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn plan(&self) -> Result<Plan> {
        Ok(Plan::new(format!("read {}", self.handle()), self.scan()?).reading([self.clone()]))
    }

    fn table(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let rows: DataFusionResult<Vec<Vec<RecordBatch>>> = self
            .0
            .places
            .read()
            .locations
            .iter()
            .enumerate()
            .map(|(number, at)| Ok(vec![at.to_row(number)?]))
            .collect();
        Ok(plan::table(Arc::clone(&LOCATION_SCHEMA), &rows?)?)
    }

    /// `root` with every scan of one of `inputs` over that input's present locations.
    pub(crate) fn refresh(root: Arc<dyn ExecutionPlan>, inputs: &[Self]) -> Result<Arc<dyn ExecutionPlan>> {
        let refreshed = root.transform_down(|node| {
            let scan = node.downcast_ref::<OperatorExec>().and_then(OperatorExec::downcast::<PersistedScan>);
            let input = scan.and_then(|scan| inputs.iter().find(|input| input.handle() == scan.handle));
            let Some((input, places)) = input.and_then(|input| Some((input, PersistedScan::places(&node)?))) else {
                return Ok(Transformed::no(node));
            };
            // A scan may read some of the partitions, in any grouping: row by row.
            let now = input.0.places.read();
            let rows = |places: &Vec<(usize, Location)>| {
                let row =
                    |(number, before): &(usize, Location)| now.locations.get(*number).unwrap_or(before).to_row(*number);
                places.iter().map(row).collect::<DataFusionResult<Vec<RecordBatch>>>()
            };
            let partitions = places.iter().map(rows).collect::<DataFusionResult<Vec<_>>>()?;
            let table = plan::table(Arc::clone(&LOCATION_SCHEMA), &partitions)?;
            let node = replace_children_if_necessary(node, vec![table])?;
            Ok(Transformed::new(node, true, TreeNodeRecursion::Jump))
        })?;
        Ok(refreshed.data)
    }
}

static LOCATION_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![
        number("partition"),
        text("worker"),
        text("address"),
        text("path"),
        number("rows"),
        number("bytes"),
    ]))
});

impl Location {
    fn to_row(&self, partition: usize) -> DataFusionResult<RecordBatch> {
        let number = |value: u64| Arc::new(Int64Array::from(vec![value as i64]));
        let text = |value: &str| Arc::new(StringArray::from(vec![value.to_owned()]));
        Ok(RecordBatch::try_new(
            Arc::clone(&LOCATION_SCHEMA),
            vec![
                number(partition as u64),
                text(&self.worker),
                text(&self.address),
                text(&self.path),
                number(self.rows),
                number(self.bytes),
            ],
        )?)
    }

    /// The rows of a table of locations: (partition, location).
    pub fn from_rows(batch: &RecordBatch) -> DataFusionResult<Vec<(usize, Self)>> {
        if batch.schema() != *LOCATION_SCHEMA {
            return Err(DataFusionError::Internal("a table of locations has another schema".into()));
        }
        let number = |column: usize, row: usize| batch.column(column).as_primitive::<Int64Type>().value(row) as u64;
        let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
        Ok((0..batch.num_rows())
            .map(|row| {
                let location = Self {
                    worker: text(1, row),
                    address: text(2, row),
                    path: text(3, row),
                    rows: number(4, row),
                    bytes: number(5, row),
                };
                (number(0, row) as usize, location)
            })
            .collect())
    }
}

/// How a process reads a partition of persisted data; each engine puts its own into the session's configuration, as
/// an extension of type [`PersistedReader`].
pub trait ReadPersisted: fmt::Debug + Send + Sync {
    /// The rows of the partition, in order.
    ///
    /// # Errors
    /// In the stream or at once: [`Error::lost`] if the partition is gone, so that the session can make it again.
    fn read(
        &self,
        handle: &str,
        partition: usize,
        location: &Location,
        schema: &SchemaRef,
    ) -> DataFusionResult<SendableRecordBatchStream>;
}

/// The extension of a session's configuration that [`PersistedScan`] looks for.
#[derive(Debug, Clone)]
pub struct PersistedReader(pub Arc<dyn ReadPersisted>);

/// Reads the partitions that its input, a table of locations, names.
#[derive(Debug, Serialize, Deserialize)]
pub struct PersistedScan {
    handle: String,
    schema: SerializedSchema,
}

impl PersistedScan {
    /// The handle of the data that it reads.
    pub fn handle(&self) -> &str {
        &self.handle
    }
    /// What `node` reads, if it is a scan of persisted data: for each of its partitions the numbers and locations of
    /// the persisted partitions.
    pub fn places(node: &Arc<dyn ExecutionPlan>) -> Option<Vec<Vec<(usize, Location)>>> {
        node.downcast_ref::<OperatorExec>()?.downcast::<Self>()?;
        let children = node.children();
        let source = children.first()?.downcast_ref::<DataSourceExec>()?;
        let table = (source.data_source().as_ref() as &dyn Any).downcast_ref::<MemorySourceConfig>()?;
        let rows = |batches: &Vec<RecordBatch>| {
            let rows: Option<Vec<_>> = batches.iter().map(|batch| Location::from_rows(batch).ok()).collect();
            rows.map(|rows| rows.into_iter().flatten().collect())
        };
        table.partitions().iter().map(rows).collect()
    }
}

#[typetag::serde]
impl Operator for PersistedScan {
    fn name(&self) -> &'static str {
        "persisted_scan"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn describe(&self) -> String {
        format!("persisted_scan {}", self.handle)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let reader = context
            .session_config()
            .get_extension::<PersistedReader>()
            .ok_or_else(|| DataFusionError::Internal("this process has no reader of persisted data".into()))?;
        let (handle, schema) = (self.handle.clone(), self.schema());
        let output = Arc::clone(&schema);
        let rows = input.swap_remove(0).map(move |batch: DataFusionResult<RecordBatch>| {
            let streams: Vec<DataFusionResult<SendableRecordBatchStream>> = Location::from_rows(&batch?)?
                .into_iter()
                .map(|(partition, location)| reader.0.read(&handle, partition, &location, &schema))
                .collect();
            Ok::<_, DataFusionError>(futures::stream::iter(streams).try_flatten())
        });
        Ok(crate::stream::in_pieces(crate::stream::with_schema(output, rows.try_flatten()), context))
    }
}

/// A schema that serde can write: as Arrow's own IPC message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerializedSchema(pub SchemaRef);

impl Serialize for SerializedSchema {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut bytes = vec![];
        datafusion::arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &self.0)
            .and_then(|mut writer| writer.finish())
            .map_err(serde::ser::Error::custom)?;
        bytes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SerializedSchema {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let reader = datafusion::arrow::ipc::reader::StreamReader::try_new(bytes.as_slice(), None)
            .map_err(serde::de::Error::custom)?;
        Ok(Self(reader.schema()))
    }
}

/// The error of a partition that is gone.
pub fn lost(handle: &str, partition: usize, location: &Location) -> Error {
    let place =
        if location.worker.is_empty() { String::from("this process") } else { format!("worker {}", location.worker) };
    Error::lost(handle, partition, format!("partition {partition} of persisted data {handle} is gone from {place}"))
        .with_hint("it is made again from its plan if the session still has it; scattered data must be scattered again")
}
