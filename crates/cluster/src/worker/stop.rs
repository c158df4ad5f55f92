//! How a task is ended before its time.
//!
//! Ballista's shuffle writers compute in tasks of their own, which nobody can abort: dropping the future that waits for
//! them leaves them running to their end. So the streams that they read end with an error when they are told to, and
//! the writers with them; and since every such stream holds a receiver of the task's [`Stop`], the task knows when the
//! last of them is gone.

use ballista_core::error::BallistaError;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, replace_children_if_necessary};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use phalanx_engine::pass::{Pass, PassExec};
use phalanx_engine::{datafusion, stream};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Poll;
use tokio::sync::watch;

/// Tells a task to end, and hears when it has.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Of a task that has not been told to end.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }
    /// Ends the task's streams at their next pause.
    pub fn tell(&self) {
        self.0.send_replace(true);
    }
    /// Has it been told?
    pub fn is_told(&self) -> bool {
        *self.0.borrow()
    }
    /// Resolves when nothing of the task's plan is left, in whatever task it ran.
    pub async fn ended(&self) {
        self.0.closed().await;
    }

    /// `root`, a shuffle writer, with a node under it and over each leaf that ends its stream when told. The one on top
    /// ends what waits; those over the leaves end an operator that reads on and on without a pause.
    ///
    /// `seen` hears of the plan under the node on top when it is executed.
    pub fn put_into(&self, root: Arc<dyn ExecutionPlan>, seen: &Seen) -> Result<Arc<dyn ExecutionPlan>> {
        let node = |input, seen| -> Arc<dyn ExecutionPlan> {
            Arc::new(PassExec { input, pass: UntilTold { stop: self.0.subscribe(), seen } })
        };
        let stoppable = |input| node(input, None);
        let [child] = root.children()[..] else {
            return Err(DataFusionError::Internal(String::from("a task's plan is no writer of one input")));
        };
        let child = Arc::clone(child).transform_up(|node| match node.children().is_empty() {
            true => Ok(Transformed::yes(stoppable(node))),
            false => Ok(Transformed::no(node)),
        })?;
        let child = match child.data.downcast_ref::<PassExec<UntilTold>>() {
            Some(leaf) => node(Arc::clone(&leaf.input), Some(seen.clone())),
            None => node(child.data, Some(seen.clone())),
        };
        replace_children_if_necessary(root, vec![child])
    }
}

/// Passes its input on until it is told to end.
#[derive(Debug, Clone)]
struct UntilTold {
    stop: watch::Receiver<bool>,
    seen: Option<Seen>,
}

/// The plan that a task executes, as long as it is there: what it is made of when it is executed is not what it was
/// made of before, since every pass over a plan makes new nodes.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<OnceLock<Weak<dyn ExecutionPlan>>>);

impl Seen {
    /// The plan, if it is executed and not yet dropped.
    pub fn plan(&self) -> Option<Arc<dyn ExecutionPlan>> {
        self.0.get().and_then(Weak::upgrade)
    }
}

/// `node` without what this module put over it.
pub fn without_stop(node: &Arc<dyn ExecutionPlan>) -> &Arc<dyn ExecutionPlan> {
    node.downcast_ref::<PassExec<UntilTold>>().map_or(node, |stop| &stop.input)
}

fn cancelled() -> DataFusionError {
    BallistaError::Cancelled.into_datafusion()
}

impl Pass for UntilTold {
    const NAME: &'static str = "StopExec";

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let mut told = self.stop.clone();
        if *told.borrow() {
            return Err(cancelled());
        }
        if let Some(seen) = &self.seen {
            let _first_partition = seen.0.set(Arc::downgrade(input));
        }
        let input = input.execute(partition, context)?;
        let schema = input.schema();
        let stop = async move {
            if told.wait_for(|told| *told).await.is_err() {
                std::future::pending::<()>().await; // nobody is left who could tell
            }
        };
        let mut state: Option<(SendableRecordBatchStream, BoxFuture<'static, ()>)> = Some((input, stop.boxed()));
        let reader = self.stop.clone(); // the task has not ended as long as somebody reads
        let output = futures::stream::poll_fn(move |task| {
            let _held = &reader;
            let Some((input, stop)) = &mut state else { return Poll::Ready(None) };
            let next = match stop.poll_unpin(task) {
                Poll::Ready(()) => Poll::Ready(Some(Err(cancelled()))),
                Poll::Pending => input.poll_next_unpin(task),
            };
            if matches!(next, Poll::Ready(None | Some(Err(_)))) {
                state = None; // what it read ends with it
            }
            next
        });
        Ok(stream::with_schema(schema, output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballista_core::execution_plans::ShuffleWriterExec;
    use datafusion::arrow::array::{Int64Array, RecordBatch};
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
    use datafusion::prelude::SessionContext;
    use phalanx_engine::plan;

    fn names(root: &Arc<dyn ExecutionPlan>) -> Vec<String> {
        let mut names = vec![root.name().to_owned()];
        names.extend(root.children().into_iter().flat_map(names_of));
        names
    }
    fn names_of(root: &Arc<dyn ExecutionPlan>) -> Vec<String> {
        names(root)
    }

    fn table() -> Arc<dyn ExecutionPlan> {
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, false)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(vec![1, 2]))]).unwrap();
        plan::table(schema, &[vec![batch.clone(); 3]]).unwrap()
    }

    fn writer(child: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        Arc::new(ShuffleWriterExec::try_new("j".to_owned().into(), 1, child, String::new()).unwrap())
    }

    #[test]
    fn it_stands_under_the_writer_and_over_each_leaf() {
        let stop = Stop::new();
        let merged: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(table()));
        let expected =
            ["ShuffleWriterExec", "StopExec", "CoalescePartitionsExec", "StopExec", "DataSourceExec"].map(String::from);
        assert_eq!(names(&stop.put_into(writer(merged), &Seen::default()).unwrap()), expected);
        let expected = ["ShuffleWriterExec", "StopExec", "DataSourceExec"].map(String::from);
        assert_eq!(names(&stop.put_into(writer(table()), &Seen::default()).unwrap()), expected);
    }

    #[tokio::test]
    async fn a_told_stream_fails_and_is_gone() {
        let stop = Stop::new();
        let seen = Seen::default();
        let root = stop.put_into(writer(table()), &seen).unwrap();
        let child = Arc::clone(root.children()[0]);
        assert!(seen.plan().is_none());
        let mut rows = child.execute(0, SessionContext::new().task_ctx()).unwrap();
        assert!(rows.next().await.is_some_and(|batch| batch.is_ok()));
        assert_eq!(seen.plan().unwrap().name(), "DataSourceExec");
        stop.tell();
        assert!(rows.next().await.is_some_and(|batch| batch.is_err()), "an end would pass for the whole");
        drop((root, child));
        assert!(seen.plan().is_none(), "it keeps nothing");
        assert!(stop.ended().now_or_never().is_none(), "the stream is still there");
        assert!(rows.next().await.is_none());
        drop(rows);
        stop.ended().await;
    }
}
