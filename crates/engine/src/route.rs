//! Integers whose hash falls into a wanted partition.
//!
//! Both engines exchange rows by hash. Hashing chunk numbers would leave some partitions empty and give others
//! four chunks; so lowering looks up, for each destination, an integer that the engine's own hash sends there.

use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::common::hash_utils::create_hashes;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

static ROUTES: LazyLock<Mutex<HashMap<usize, Arc<[i64]>>>> = LazyLock::new(Default::default);

/// For each of `partitions` partitions the smallest non-negative integer that is exchanged to it.
/// About `partitions · ln(partitions)` hashes, once for each count.
pub fn routes(partitions: usize) -> Arc<[i64]> {
    Arc::clone(ROUTES.lock().entry(partitions).or_insert_with(|| search(partitions)))
}

fn search(partitions: usize) -> Arc<[i64]> {
    let mut found: Vec<Option<i64>> = vec![None; partitions];
    let mut missing = partitions;
    let mut first = 0_i64;
    while missing > 0 {
        let candidates: Vec<i64> = (first..first + 1024).collect();
        let column: ArrayRef = Arc::new(Int64Array::from(candidates.clone()));
        let mut hashes = vec![0_u64; candidates.len()];
        if create_hashes(&[column], REPARTITION_RANDOM_STATE.random_state(), &mut hashes).is_err() {
            break; // an Int64 column always hashes
        }
        for (candidate, hash) in candidates.iter().zip(&hashes) {
            let slot = &mut found[(*hash % partitions as u64) as usize];
            if slot.is_none() {
                *slot = Some(*candidate);
                missing -= 1;
            }
        }
        first += 1024;
    }
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use datafusion::arrow::array::{AsArray, RecordBatch};
    use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::physical_plan::execute_stream_partitioned;
    use datafusion::prelude::SessionContext;
    use futures::TryStreamExt;

    /// The exchange itself is the oracle: what `routes` names arrives where it says.
    #[tokio::test]
    async fn a_route_leads_to_its_partition() {
        for partitions in [1, 2, 3, 7, 64, 512] {
            let routes = routes(partitions);
            assert_eq!(routes.len(), partitions);
            let schema = Arc::new(Schema::new(vec![Field::new("route", DataType::Int64, false)]));
            let batch =
                RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(routes.to_vec()))]).unwrap();
            let leaf = plan::table(schema, &[vec![batch]]).unwrap();
            let exchange = plan::exchange(leaf, "route", partitions).unwrap();
            let streams = execute_stream_partitioned(exchange, SessionContext::new().task_ctx()).unwrap();
            for (partition, stream) in streams.into_iter().enumerate() {
                let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
                let values: Vec<i64> = batches
                    .iter()
                    .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
                    .collect();
                assert_eq!(values, [routes[partition]], "partition {partition} of {partitions}");
            }
        }
    }
}
