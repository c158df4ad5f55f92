//! How many partitions of a stage run at once in this process.
//!
//! An exchange pulls all of its inputs at once. If each of sixty sorts below it holds what it sorts, memory is divided
//! by sixty, and what operators do not account for (rows that wait for a message, say) is there sixty times. On a
//! cluster a worker runs as many tasks as it has cores; so it is here.
//!
//! No deadlock comes of it: a partition waits for its turn only at the border of a stage, for partitions of its own
//! stage, and those wait for nobody but stages below, and for the room in their exchange that the stage above makes.

use crate::pass::{Pass, PassExec};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, replace_children_if_necessary};
use futures::TryStreamExt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Memory for a partition at work, above which more of them work at once than there are threads: they may wait for
/// files that are far away.
const PARTITION_BYTES: u64 = 256 << 20;

/// `root` with so many partitions of each stage at work at once as `threads` and memory allow.
pub(super) fn take_turns(
    root: Arc<dyn ExecutionPlan>,
    threads: usize,
    memory_bytes: u64,
) -> Result<Arc<dyn ExecutionPlan>> {
    let room = usize::try_from(memory_bytes / PARTITION_BYTES).unwrap_or(usize::MAX);
    let at_once = threads.max(room).clamp(1, Semaphore::MAX_PERMITS);
    let transformed = root.transform_up(|node| {
        if node.downcast_ref::<RepartitionExec>().is_none() {
            return Ok(Transformed::no(node));
        }
        let turns = |input: &Arc<dyn ExecutionPlan>| -> Arc<dyn ExecutionPlan> {
            match crate::plan::partition_count(input) > at_once {
                true => Arc::new(PassExec { input: Arc::clone(input), pass: Turns(Arc::new(Semaphore::new(at_once))) }),
                false => Arc::clone(input),
            }
        };
        let inputs: Vec<_> = node.children().into_iter().map(turns).collect();
        Ok(Transformed::yes(replace_children_if_necessary(node, inputs)?))
    })?;
    Ok(transformed.data)
}

/// Passes its input on, partition by partition as they get their turns.
#[derive(Debug, Clone)]
struct Turns(Arc<Semaphore>);

impl Pass for Turns {
    const NAME: &'static str = "TurnsExec";

    /// Nothing of the input begins before its turn: operators take their share of memory when they begin.
    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let (schema, input, turns) = (input.schema(), Arc::clone(input), Arc::clone(&self.0));
        let rows = async move {
            let turn = turns.acquire_owned().await.map_err(|_| DataFusionError::Internal("turns have ended".into()))?;
            let rows = input.execute(partition, context)?;
            Ok::<_, DataFusionError>(rows.inspect_ok(move |_| {
                let _until_the_end = &turn;
            }))
        };
        Ok(crate::stream::with_schema(schema, futures::stream::once(rows).try_flatten()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use datafusion::execution::TaskContext;
    use futures::{StreamExt, future};
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn two_stages_of_many_partitions_end_with_one_turn_each() {
        let column = |from: i64| Arc::new(Int64Array::from_iter_values(from..from + 100)) as ArrayRef;
        let partitions: Vec<Vec<RecordBatch>> =
            (0..20).map(|number| vec![RecordBatch::try_from_iter([("x", column(number * 100))]).unwrap()]).collect();
        let table = plan::table(partitions[0][0].schema(), &partitions).unwrap();
        let twice = plan::exchange(plan::exchange(table, "x", 30).unwrap(), "x", 10).unwrap();
        let root = take_turns(twice, 1, 0).unwrap();
        let shown = datafusion::physical_plan::displayable(root.as_ref()).indent(false).to_string();
        assert_eq!(shown.matches("TurnsExec").count(), 2, "{shown}");
        let context = Arc::new(TaskContext::default());
        // All at once, as an exchange above would pull them.
        let streams =
            (0..10).map(|partition| root.execute(partition, Arc::clone(&context)).unwrap().collect::<Vec<_>>());
        let batches = future::join_all(streams).await;
        let values: BTreeSet<i64> = batches
            .into_iter()
            .flatten()
            .flat_map(|batch| {
                let batch = batch.unwrap();
                let column = datafusion::arrow::array::AsArray::as_primitive::<datafusion::arrow::datatypes::Int64Type>(
                    batch.column(0),
                );
                column.values().to_vec()
            })
            .collect();
        assert_eq!(values, (0..2000).collect());
    }
}
