//! Some of the rows, by number or by chance.

use crate::clusters::nearest;
use crate::matrix::Data;
use crate::rows::Layout;
use crate::split::numbered;
use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch};
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
    unit(word(seed, UNIFORM, index))
}

/// A number of 53 bits, from 0 to below 1.
fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * 2f64.powi(-53)
}

/// So many different numbers of rows, of `rows` in all, in ascending order.
fn random_places(seed: u64, rows: u64, count: usize) -> Vec<u64> {
    let mut places = BTreeSet::new();
    let mut index = 0;
    while (places.len() as u64) < rows.min(count as u64) {
        let drawn = u128::from(word(seed, PLACES, index)) * u128::from(rows);
        places.insert((drawn >> 64) as u64);
        index += 1;
    }
    places.into_iter().collect()
}

/// The features of so many different rows, drawn by their weights; of rows without weights, in order. One job.
///
/// Rows that weigh nothing are taken only where no other is left.
pub async fn draw(engine: &dyn Engine, data: &Data, seed: u64, count: usize) -> Result<Vec<f64>> {
    let width = data.names().len();
    if !data.matrix().layout().weight {
        let places = random_places(seed, data.rows(), count);
        return Ok(some(engine, data, Which::Places(places)).await?.0);
    }
    let (features, keys) = some(engine, data, Which::Heavy { seed, count }).await?;
    let mut rows: Vec<(f64, &[f64])> = keys.into_iter().zip(features.chunks_exact(width)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(rows.into_iter().take(count).flat_map(|(_, row)| row).copied().collect())
}

/// Rows that are drawn with a probability of `factor` times their weight and their squared distance from the nearest
/// center.
#[derive(Debug, Clone)]
pub struct Candidates {
    pub seed: u64,
    pub round: u64,
    pub factor: f64,
    pub centers: Vec<f64>,
}

impl Candidates {
    /// Their features; one job. Whether a row is drawn depends on its number, its weight, its distance, seed and round
    /// alone.
    pub async fn of(self, engine: &dyn Engine, data: &Data) -> Result<Vec<f64>> {
        let Self { seed, round, factor, centers } = self;
        Ok(some(engine, data, Which::Drawn { seed, round, factor, centers }).await?.0)
    }
}

/// The features of those rows, and what they were drawn by if that counts.
async fn some(engine: &dyn Engine, data: &Data, which: Which) -> Result<(Vec<f64>, Vec<f64>)> {
    let matrix = data.matrix();
    let operator = Pick { layout: matrix.layout(), which };
    let label = operator.name();
    let root = plan::operator(operator, vec![Arc::clone(matrix.plan().root()), data.first_rows()?])?;
    let plan = Plan::new(label, root).reading(matrix.plan().inputs().iter().cloned());
    let partitions = engine.submit(plan.projecting(matrix.plan().task_bytes())).collect().await?;
    let (mut features, mut keys) = (vec![], vec![]);
    for batch in partitions.iter().flatten() {
        let list = batch.column(0).as_fixed_size_list();
        features.extend_from_slice(list.values().as_primitive::<Float64Type>().values());
        if let Some(column) = batch.columns().get(1) {
            keys.extend_from_slice(column.as_primitive::<Float64Type>().values());
        }
    }
    Ok((features, keys))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Which {
    /// By number, in ascending order.
    Places(Vec<u64>),
    /// At least the `count` rows with the smallest keys, which their weights and their numbers give: those are a draw
    /// without replacement (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
    Heavy {
        seed: u64,
        count: usize,
    },
    Drawn {
        seed: u64,
        round: u64,
        factor: f64,
        centers: Vec<f64>,
    },
}

/// Keeps the features of some rows. Its second input says which number the first row has.
#[derive(Debug, Serialize, Deserialize)]
struct Pick {
    layout: Layout,
    which: Which,
}

impl Pick {
    fn made(&self) -> Layout {
        // Keys travel as weights.
        Layout { target: false, weight: matches!(self.which, Which::Heavy { .. }), ..self.layout }
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
    let width = layout.width;
    let of = |places: &[usize]| -> Vec<f64> {
        places.iter().flat_map(|row| &rows.features()[row * width..(row + 1) * width]).copied().collect()
    };
    match which {
        Which::Places(places) => {
            let from = places.partition_point(|place| *place < first);
            let here = places[from..].iter().take_while(|place| **place < end);
            made.batch(of(&here.map(|place| (place - first) as usize).collect::<Vec<_>>()), None, None)
        }
        Which::Heavy { seed, count } => {
            let key = |row: usize| key(*seed, first + row as u64, rows.weight(row));
            let mut keys: Vec<(f64, usize)> = (0..rows.count()).map(|row| (key(row), row)).collect();
            keys.sort_by(|a, b| a.0.total_cmp(&b.0)); // of equal ones, the first row stays the first
            keys.truncate(*count);
            let places: Vec<usize> = keys.iter().map(|(_, row)| *row).collect();
            let keys: ArrayRef = Arc::new(Float64Array::from_iter_values(keys.into_iter().map(|(key, _)| key)));
            made.batch(of(&places), None, Some(keys))
        }
        Which::Drawn { seed, round, factor, centers } => {
            let seed = seed ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let distances = nearest(&rows, centers);
            let chosen = distances.iter().enumerate().filter(|(row, (_, distance))| {
                unit(word(seed, ROUNDS, first + *row as u64)) < distance * rows.weight(*row) * factor
            });
            made.batch(of(&chosen.map(|(row, _)| row).collect::<Vec<_>>()), None, None)
        }
    }
}

/// What a row is drawn by: an exponential number whose rate is its weight, and infinity for a weight of 0.
fn key(seed: u64, row: u64, weight: f64) -> f64 {
    let drawn = -libm::log(1.0 - unit(word(seed, PLACES, row)));
    if weight > 0.0 { drawn / weight } else { f64::INFINITY }
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

    #[test]
    fn rows_are_drawn_by_their_weights() {
        // Of two rows, the one of weight 3 comes first in three quarters of the draws; one of weight 0 never does.
        let heavier = (0..4_000).filter(|seed| key(*seed, 0, 3.0) < key(*seed, 1, 1.0)).count();
        assert!((2_850..3_150).contains(&heavier), "{heavier}");
        assert!((0..4_000).all(|seed| key(seed, 0, 0.0) > key(seed, 1, 1e-9)));
    }
}
