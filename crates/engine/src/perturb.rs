//! The adversary inside [`LocalEngine::perturbed`](crate::LocalEngine::perturbed): whatever the determinism law says
//! must not matter, it changes. It finds in seconds, without a process, almost all that a cluster would.

use crate::pass::{Pass, PassExec};
use datafusion::arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// What is changed, all of it drawn from one seed.
#[derive(Debug, Clone)]
pub(crate) struct Perturbation {
    seed: u64,
}

impl Perturbation {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }
    /// 1 to 8 threads.
    pub(crate) fn threads(&self) -> usize {
        1 + (Random::new(self.seed, 1).next() % 8) as usize
    }
    /// 24 to 56 MiB: too little for most sorts and aggregations, enough for the buffers that can't spill.
    pub(crate) fn memory_bytes(&self) -> u64 {
        (24 + Random::new(self.seed, 2).next() % 33) << 20
    }
    /// Puts a node between every two that cuts batches and delays them: so partitions end, and rows arrive at
    /// exchanges, in another order.
    pub(crate) fn apply(&self, root: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut stream = 16;
        let transformed = root.transform_up(|node| {
            stream += 1;
            let pass = CutAndDelay { seed: self.seed, stream };
            Ok(Transformed::yes(Arc::new(PassExec { input: node, pass }) as Arc<dyn ExecutionPlan>))
        })?;
        Ok(transformed.data)
    }
}

/// Passes its input on, cut and delayed.
#[derive(Debug, Clone)]
struct CutAndDelay {
    seed: u64,
    stream: u64,
}

impl Pass for CutAndDelay {
    const NAME: &'static str = "PerturbExec";

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = input.execute(partition, context)?;
        let schema = input.schema();
        let mut random = Random::new(self.seed, (self.stream << 32) | partition as u64);
        let output = input.flat_map(move |batch| {
            let (pieces, delays): (Vec<_>, Vec<_>) = match batch {
                Err(error) => (vec![Err(error)], vec![0]),
                Ok(batch) => cut(batch, &mut random).into_iter().map(|piece| (Ok(piece), random.next())).unzip(),
            };
            futures::stream::iter(pieces.into_iter().zip(delays)).then(|(piece, delay)| async move {
                match delay % 16 {
                    0 => tokio::time::sleep(Duration::from_micros(delay % 1024)).await,
                    1..8 => tokio::task::yield_now().await,
                    _ => {}
                }
                piece
            })
        });
        Ok(crate::stream::with_schema(schema, output))
    }
}

/// `batch` in up to four pieces, some of them empty. One without rows is passed on or dropped: in a deep plan pieces of
/// pieces would else never end.
fn cut(batch: RecordBatch, random: &mut Random) -> Vec<RecordBatch> {
    let rows = batch.num_rows();
    if rows < 2 {
        return if rows == 1 || random.next().is_multiple_of(2) { vec![batch] } else { vec![] };
    }
    let mut borders: Vec<usize> =
        (0..random.next() % 4).map(|_| (random.next() % (rows as u64 + 1)) as usize).collect();
    borders.extend([0, rows]);
    borders.sort_unstable();
    borders.windows(2).map(|border| batch.slice(border[0], border[1] - border[0])).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for an adversary.
struct Random(u64);

impl Random {
    fn new(seed: u64, stream: u64) -> Self {
        Self(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
