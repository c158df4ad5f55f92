//! An operator that does what is wrong.

use crate::jobs::schema;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use phalanx_engine::{Error, Operator, datafusion, stream, typetag};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Passes rows of [`schema`] on: slowly, or not at all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TestPass {
    /// It fails with this.
    pub fails: Option<Error>,
    /// It panics.
    pub panics: bool,
    /// It ends its process.
    pub dies: bool,
    /// Before each batch.
    pub pause_ms: u64,
    /// A file that grows by a byte for each batch.
    pub ticks: Option<PathBuf>,
}

#[typetag::serde]
impl Operator for TestPass {
    fn name(&self) -> &'static str {
        "test_pass"
    }
    fn schema(&self) -> SchemaRef {
        schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let operator = self.clone();
        let output = input.swap_remove(0).then(move |batch| {
            let operator = operator.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(operator.pause_ms)).await;
                if let Some(error) = operator.fails {
                    return Err(error.into());
                }
                if operator.dies {
                    std::process::exit(7);
                }
                assert!(!operator.panics, "this operator panics on purpose");
                if let Some(path) = operator.ticks {
                    std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(b".")?;
                }
                batch
            }
        });
        Ok(stream::with_schema(schema(), output))
    }
}
