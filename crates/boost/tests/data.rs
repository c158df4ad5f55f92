//! Rows to train on, and XGBoost alone as the oracle.

use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch};
use futures::executor::block_on;
use phalanx_array::Array;
use phalanx_boost::native::{Booster, Kept, Matrix};
use phalanx_boost::{Dataset, Parameters, Rows, Trained, Training};
use phalanx_chunk::Chunk;
use phalanx_engine::Engine;
use phalanx_frame::{Frame, source};
use std::sync::Arc;

/// A table with few different values in each feature, so that the sketches of any number of ranks agree.
#[derive(Clone)]
pub struct Sample {
    pub features: Vec<f64>,
    pub width: usize,
    pub label: Vec<f64>,
}

impl Sample {
    pub fn new(rows: usize, width: usize) -> Self {
        let mut state = 7_u64;
        let mut next = |values: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % values) as f64
        };
        let features: Vec<f64> = (0..rows * width).map(|_| next(50) / 7.0).collect();
        let target = |row: &[f64]| f64::from(row[0] + 0.5 * row[1 % width] * row[2 % width] > 10.0);
        let mut label: Vec<f64> = features.chunks(width).map(target).collect();
        label.iter_mut().step_by(11).for_each(|label| *label = 1.0 - *label);
        Self { features, width, label }
    }
    pub fn rows(&self) -> usize {
        self.label.len()
    }
    pub fn floats(&self) -> Vec<f32> {
        self.features.iter().map(|value| *value as f32).collect()
    }
    pub fn array(&self, engine: &dyn Engine, chunk_rows: usize) -> Array {
        let values = Chunk::new(&[self.rows(), self.width], self.features.clone()).unwrap();
        Array::scatter(engine, &values, [chunk_rows, self.width]).unwrap()
    }
    /// Columns `x0`, `x1`, … and `y`, in partitions of so many rows.
    pub fn frame(&self, engine: &dyn Engine, partition_rows: usize) -> Frame {
        let column = |place: usize| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(self.features.iter().skip(place).step_by(self.width).copied()))
        };
        let mut columns: Vec<(String, ArrayRef)> =
            (0..self.width).map(|place| (format!("x{place}"), column(place))).collect();
        columns.push(("y".into(), Arc::new(Float64Array::from(self.label.clone()))));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let partitions = (0..self.rows())
            .step_by(partition_rows)
            .map(|first| vec![batch.slice(first, partition_rows.min(self.rows() - first))])
            .collect();
        source::scatter(engine, batch.schema(), partitions).unwrap()
    }
    pub fn names(&self) -> Vec<String> {
        (0..self.width).map(|place| format!("x{place}")).collect()
    }
    pub fn dataset(&self, engine: &dyn Engine) -> Dataset {
        let mut dataset = Dataset::new(block_on(Rows::from_array(engine, &self.array(engine, 300))).unwrap());
        dataset.label = Some(column(engine, &self.label));
        dataset
    }
}

/// One number a row.
pub fn column(engine: &dyn Engine, values: &[f64]) -> Rows {
    let values = Chunk::new(&[values.len(), 1], values.to_vec()).unwrap();
    let array = Array::scatter(engine, &values, [200, 1]).unwrap();
    block_on(Rows::from_array(engine, &array)).unwrap()
}

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let common = [("objective", "binary:logistic"), ("max_depth", "4"), ("eval_metric", "logloss")];
    let all = common.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Parameters::new(all).unwrap()
}

pub fn train(engine: &dyn Engine, training: &Training) -> phalanx_engine::Result<Trained> {
    block_on(phalanx_boost::train::train(engine, training, |_, _| Ok(())))
}

/// XGBoost alone, in this process: its model after so many rounds.
pub fn alone(sample: &Sample, parameters: &Parameters, rounds: u32) -> Vec<u8> {
    let kept = Kept { missing: f32::NAN, threads: 1, quantiles: None };
    let matrix = Matrix::new(&sample.floats(), sample.width, kept).unwrap();
    let label: Vec<f32> = sample.label.iter().map(|label| *label as f32).collect();
    matrix.set("label", &label, None).unwrap();
    let booster = Booster::new(&[&matrix]).unwrap();
    for (name, value) in parameters.all() {
        booster.set(name, value).unwrap();
    }
    booster.set("nthread", "1").unwrap();
    for round in 0..rounds {
        booster.update(round, &matrix).unwrap();
    }
    booster.save().unwrap()
}
