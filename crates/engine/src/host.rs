//! Functions of the language that the caller writes: opaque bytes to the engine, run by a runtime that the program
//! installs.
//!
//! Whoever can submit such a function runs any code at all where it runs. So a worker runs them only if it was started
//! to do so; the caller's own process always does, if it has a runtime. Plans call them through [`CallHost`], and
//! operators of other crates through [`call`].

use crate::error::Place;
use crate::operator::Operator;
use crate::persisted::SerializedSchema;
use crate::stream::gather;
use crate::{Error, Result};
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// A function as its runtime packed it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFunction {
    /// What the runtime makes the function of.
    pub payload: Vec<u8>,
    /// What people call it.
    pub label: String,
}

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFunction({:?}, {} bytes)", self.label, self.payload.len())
    }
}

/// Runs functions of one language.
pub trait HostRuntime: fmt::Debug + Send + Sync {
    /// Calls `function` with one batch for each of its inputs. `context` says where that happens, for messages.
    ///
    /// The call blocks its thread, and may wait; other tasks of the process go on meanwhile.
    ///
    /// # Errors
    /// [`Error::raised`], with what the function raised; other kinds for what is not the function's doing.
    fn call(&self, function: &HostFunction, inputs: Vec<RecordBatch>, context: &str) -> Result<Vec<RecordBatch>>;
}

static RUNTIME: RwLock<Option<Arc<dyn HostRuntime>>> = RwLock::new(None);

/// Gives this process a runtime; a later one replaces it.
pub fn install(runtime: Arc<dyn HostRuntime>) {
    *RUNTIME.write() = Some(runtime);
}

/// Has this process a runtime?
pub fn is_installed() -> bool {
    RUNTIME.read().is_some()
}

/// Whether a worker runs functions of its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The worker's name.
    pub worker: String,
    /// Was it started to run them?
    pub is_given: bool,
}

/// The permission of the whole process, if it is a worker's.
static OF_PROCESS: RwLock<Option<Permission>> = RwLock::new(None);

thread_local! {
    /// The permission of a thread that computes for a worker: several workers may live in one process.
    static OF_THREAD: RefCell<Option<Permission>> = const { RefCell::new(None) };
}

/// From here on this process is a worker's, also on threads that nobody told.
pub fn permit_process(permission: Permission) {
    *OF_PROCESS.write() = Some(permission);
}

/// This thread computes for a worker.
pub fn permit_thread(permission: Permission) {
    OF_THREAD.with_borrow_mut(|here| *here = Some(permission));
}

/// The runtime, if functions may run here.
fn runtime_for(function: &HostFunction) -> Result<Arc<dyn HostRuntime>> {
    let permission = OF_THREAD.with_borrow(Clone::clone).or_else(|| OF_PROCESS.read().clone());
    if let Some(Permission { worker, is_given: false }) = &permission {
        return Err(Error::unsupported(format!(
            "worker {worker} runs no functions of its clients, and {:?} is one",
            function.label
        ))
        .with_hint(
            "start it with `--allow-python` (in Python: LocalCluster(allow_python=True); for a program of Dask's: `phalanx \
             run --allow-python`), from an environment that has the packages which the function uses; then whoever \
             reaches the scheduler can run any code as the worker's user",
        ));
    }
    RUNTIME.read().clone().ok_or_else(|| {
        let who = permission.map_or_else(|| String::from("this process"), |here| format!("worker {}", here.worker));
        Error::unsupported(format!(
            "{who} has no runtime for functions of a host language, and {:?} is one",
            function.label
        ))
        .with_hint(
            "start workers with `--allow-python` from the package of the function's language, not from the binary",
        )
    })
}

/// Calls `function` with one batch for each of its inputs, if functions may run here. `context` says where that is,
/// for messages.
///
/// # Errors
/// * `Unsupported`: this worker was not started to run functions, or this process has no runtime.
/// * `Raised`: the function's own.
pub fn call(function: &HostFunction, inputs: Vec<RecordBatch>, context: &str) -> Result<Vec<RecordBatch>> {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let runtime = runtime_for(function)?;
    let work = || runtime.call(function, inputs, context);
    // A function may wait, for others or for a job of its own: the thread's other tasks move elsewhere.
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Where a task runs: workers put it into the session's configuration, as an extension, for messages.
#[derive(Clone, Debug)]
pub struct TaskPlace {
    /// The worker.
    pub worker: String,
    /// The stage of the job.
    pub stage: usize,
    /// What the task's partitions are called in the whole stage.
    pub partitions: Vec<usize>,
}

/// The place of `partition` of a task, or of a plan in this process.
fn place(partition: usize, context: &TaskContext) -> Place {
    match context.session_config().get_extension::<TaskPlace>() {
        None => Place { stage: 0, partition, worker: String::from("this process") },
        Some(task) => Place {
            stage: task.stage,
            partition: task.partitions.get(partition).copied().unwrap_or(partition),
            worker: task.worker.clone(),
        },
    }
}

/// Calls a function once for each partition, with all rows of that partition of each input as one batch.
///
/// The function is called for empty partitions too. Rows of the output are in the order in which it returns them. The
/// partition must fit into memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallHost {
    function: HostFunction,
    schema: SerializedSchema,
}

impl CallHost {
    /// `function`, which returns rows of `schema`.
    pub fn new(function: HostFunction, schema: SchemaRef) -> Self {
        Self { function, schema: SerializedSchema(schema) }
    }
    /// The function.
    pub fn function(&self) -> &HostFunction {
        &self.function
    }

    fn compute(&self, gathered: Vec<(SchemaRef, Vec<RecordBatch>)>, context: &str) -> Result<Vec<RecordBatch>> {
        let inputs: std::result::Result<Vec<_>, _> =
            gathered.iter().map(|(schema, batches)| concat_batches(schema, batches)).collect();
        let output = call(&self.function, inputs?, context)?;
        output.into_iter().map(|batch| self.checked(batch)).collect()
    }

    /// `batch` under the declared schema, if it is of that.
    fn checked(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let columns = |schema: &Schema| -> Vec<String> {
            schema.fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect()
        };
        let (found, declared) = (columns(batch.schema_ref()), columns(&self.schema.0));
        if found != declared {
            return Err(Error::data(format!(
                "{:?} returned the columns [{}], and [{}] were declared",
                self.function.label,
                found.join(", "),
                declared.join(", ")
            ))
            .with_hint("declare the names and types of what the function returns"));
        }
        // Nullability and metadata are as declared, not as returned.
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema.0), batch.columns().to_vec(), &options)?)
    }
}

#[typetag::serde]
impl Operator for CallHost {
    fn name(&self) -> &'static str {
        "call_host"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn describe(&self) -> String {
        format!("call_host {}", self.function.label)
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        self.run_at(0, input, context)
    }
    fn run_at(
        &self,
        partition: usize,
        input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        runtime_for(&self.function)?; // before the inputs are computed
        let (operator, place) = (self.clone(), place(partition, context));
        let schemas: Vec<SchemaRef> = input.iter().map(|stream| stream.schema()).collect();
        let context = format!("partition {} of {:?} on {}", place.partition, self.function.label, place.worker);
        Ok(gather(self.schema(), input, move |gathered| {
            let gathered = schemas.into_iter().zip(gathered).collect();
            Ok(operator.compute(gathered, &context).map_err(|error| error.at(place))?)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineCodec, OperatorExec, plan};
    use datafusion::arrow::datatypes::{DataType, Field};
    use datafusion::prelude::SessionContext;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, true)]))
    }

    fn function() -> HostFunction {
        HostFunction { payload: vec![0, 1, 255], label: "twice".into() }
    }

    #[test]
    fn a_call_survives_the_codec() {
        let leaf = plan::table(schema(), &[vec![]]).unwrap();
        let root = plan::operator(CallHost::new(function(), schema()), vec![leaf]).unwrap();
        let bytes = EngineCodec::default().encode(root).unwrap();
        let back = EngineCodec::default().decode(&bytes, &SessionContext::new().task_ctx()).unwrap();
        let call = back.downcast_ref::<OperatorExec>().unwrap().downcast::<CallHost>().unwrap();
        assert_eq!((call.function(), call.schema()), (&function(), schema()));
    }

    #[test]
    fn a_worker_that_was_not_told_to_refuses_by_name() {
        let refused = std::thread::spawn(|| {
            permit_thread(Permission { worker: "w7".into(), is_given: false });
            call(&function(), vec![], "here").unwrap_err()
        });
        let error = refused.join().unwrap();
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
        assert!(error.message().contains("worker w7") && error.message().contains("twice"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("--allow-python")), "{error}");
    }
}
