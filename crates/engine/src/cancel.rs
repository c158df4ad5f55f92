//! Telling work that nobody wants it any more.
//!
//! Dropping a stream cancels what waits, not what computes: an operator that always has its next batch ready never
//! comes to a point where its task could be ended, and exchanges drive their inputs in tasks of their own. So every
//! operator looks at the flag of its job before each batch.

use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a job is still wanted: an extension of the configuration of its tasks.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// Ends the job's work: each operator after the batch that it computes now.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// A fresh context of `session` with this flag in it.
    pub(crate) fn context(&self, session: &SessionContext) -> TaskContext {
        let context = TaskContext::from(session);
        let config = context.session_config().clone().with_extension(Arc::new(self.clone()));
        context.with_session_config(config)
    }
}

/// `stream`, which ends as cancelled once the job of `context` is.
pub(crate) fn until_cancelled(stream: SendableRecordBatchStream, context: &TaskContext) -> SendableRecordBatchStream {
    let Some(flag) = context.session_config().get_extension::<CancelFlag>() else { return stream };
    let schema = stream.schema();
    let mut stream = stream;
    let checked = futures::stream::poll_fn(move |task| {
        if flag.0.load(Ordering::Relaxed) {
            return std::task::Poll::Ready(Some(Err(DataFusionError::from(crate::Error::cancelled()))));
        }
        stream.poll_next_unpin(task)
    });
    crate::stream::with_schema(schema, checked)
}
