//! Some of the rows, by number or by chance.

use crate::clusters::nearest;
use crate::matrix::Data;
use crate::rows::Layout;
use crate::split::numbered;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_chunk::random::{Key, philox4x32_10};
use phalanx_engine::{Engine, Operator, Plan, Result, plan, typetag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The streams of random numbers that places and candidates are drawn from.
const PLACES: u64 = 0x0070_6c61_6365; // "place"
const ROUNDS: u64 = 0x0072_6f75_6e64; // "round"
const UNIFORM: u64 = 0x0073_6861_7265; // "share"

fn word(seed: u64, stream: u64, index: u64) -> u64 {
    let words = philox4x32_10([index as u32, (index >> 32) as u32, 0, 0], Key::new(seed, stream));
    u64::from(words[0]) | u64::from(words[1]) << 32
}

/// A number between 0 and 1, of 53 bits.
pub fn uniform(seed: u64, index: u64) -> f64 {
    (word(seed, UNIFORM, index) >> 11) as f64 * 2f64.powi(-53)
}

/// So many different numbers of rows, of `rows` in all, in ascending order.
pub fn random_places(seed: u64, rows: u64, count: usize) -> Vec<u64> {
    let mut places = BTreeSet::new();
    let mut index = 0;
    while (places.len() as u64) < rows.min(count as u64) {
        let drawn = u128::from(word(seed, PLACES, index)) * u128::from(rows);
        places.insert((drawn >> 64) as u64);
        index += 1;
    }
    places.into_iter().collect()
}

/// The features of the rows with these numbers, in order; one job.
pub async fn pick(engine: &dyn Engine, data: &Data, places: &[u64]) -> Result<Vec<f64>> {
    some(engine, data, Which::Places(places.to_vec())).await
}

/// Rows that are drawn with a probability of `factor` times their squared distance from the nearest center.
#[derive(Debug, Clone)]
pub struct Candidates {
    pub seed: u64,
    pub round: u64,
    pub factor: f64,
    pub centers: Vec<f64>,
}

impl Candidates {
    /// Their features; one job. Whether a row is drawn depends on its number, its distance, seed and round alone.
    pub async fn of(self, engine: &dyn Engine, data: &Data) -> Result<Vec<f64>> {
        let Self { seed, round, factor, centers } = self;
        some(engine, data, Which::Drawn { seed, round, factor, centers }).await
    }
}

async fn some(engine: &dyn Engine, data: &Data, which: Which) -> Result<Vec<f64>> {
    let matrix = data.matrix();
    let operator = Pick { layout: matrix.layout(), which };
    let label = operator.name();
    let root = plan::operator(operator, vec![Arc::clone(matrix.plan().root()), data.first_rows()?])?;
    let plan = Plan::new(label, root).reading(matrix.plan().inputs().iter().cloned());
    let partitions = engine.submit(plan.projecting(matrix.plan().task_bytes())).collect().await?;
    let mut features = vec![];
    for batch in partitions.iter().flatten() {
        let list = batch.column(0).as_fixed_size_list();
        features.extend_from_slice(list.values().as_primitive::<Float64Type>().values());
    }
    Ok(features)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Which {
    Places(Vec<u64>),
    Drawn { seed: u64, round: u64, factor: f64, centers: Vec<f64> },
}

/// Keeps the features of some rows. Its second input says which number the first row has.
#[derive(Debug, Serialize, Deserialize)]
struct Pick {
    layout: Layout,
    which: Which,
}

impl Pick {
    fn made(&self) -> Layout {
        Layout { target: false, weight: false, ..self.layout }
    }
}

#[typetag::serde(name = "learn_pick")]
impl Operator for Pick {
    fn name(&self) -> &'static str {
        "pick_rows"
    }
    fn schema(&self) -> SchemaRef {
        self.made().schema()
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, made, which) = (self.layout, self.made(), self.which.clone());
        numbered(self.schema(), input, move |first, batch| kept(layout, made, &which, first as u64, &batch))
    }
}

/// The rows of a batch that are picked; `first` is the number of its first row.
fn kept(layout: Layout, made: Layout, which: &Which, first: u64, batch: &RecordBatch) -> DataFusionResult<RecordBatch> {
    let rows = layout.view(batch)?;
    let end = first + rows.count() as u64;
    let places: Vec<usize> = match which {
        Which::Places(places) => {
            let from = places.partition_point(|place| *place < first);
            places[from..].iter().take_while(|place| **place < end).map(|place| (place - first) as usize).collect()
        }
        Which::Drawn { seed, round, factor, centers } => {
            let seed = seed ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let distances = nearest(&rows, centers);
            let chosen = distances.iter().enumerate().filter(|(row, (_, distance))| {
                let draw = (word(seed, ROUNDS, first + *row as u64) >> 11) as f64 * 2f64.powi(-53);
                draw < distance * factor
            });
            chosen.map(|(row, _)| row).collect()
        }
    };
    let width = layout.width;
    let features = places.iter().flat_map(|row| &rows.features()[row * width..(row + 1) * width]).copied().collect();
    made.batch(features, None, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_different_and_in_order() {
        let places = random_places(3, 10, 10);
        assert_eq!(places, (0..10).collect::<Vec<u64>>());
        let some = random_places(3, 1_000_000, 20);
        assert!(some.is_sorted() && some.len() == 20 && some.iter().all(|place| *place < 1_000_000));
        assert_ne!(some, random_places(4, 1_000_000, 20));
        assert_eq!(random_places(1, 3, 5).len(), 3);
    }
}
