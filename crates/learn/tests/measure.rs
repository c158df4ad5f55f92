//! Measurements, not tests: `cargo test --release -p phalanx-learn -- --ignored --nocapture measure`

use phalanx_engine::{LocalEngine, Settings};
use phalanx_learn::{LogisticRegression, Moments, Penalty, Scaler, datasets, metrics, statistic};
use std::time::Instant;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    result
}

#[test]
#[ignore = "a measurement, not a test"]
fn measure_a_million_rows() {
    let engine = LocalEngine::new(Settings { threads: 2, ..Settings::default() }).unwrap();
    let matrix = datasets::make_classification(1_000_000, 20).build().unwrap();
    let data = timed("generate and persist", || matrix.persist(&engine).unwrap());
    println!("{} MB", data.bytes() / 1_000_000);
    timed("moments", || statistic::compute(&engine, &Moments, &data).unwrap());
    let (train, test) = data.split(0.2, 1).unwrap();
    let scaler = timed("split and moments", || Scaler::fit(&engine, &train).unwrap());
    let train = timed("split, scale, persist", || scaler.transform(&train).unwrap().persist(&engine).unwrap());
    let model = timed("fit", || LogisticRegression::new().fit(&engine, &train).unwrap());
    println!("{:?}", model.convergence());
    let test = scaler.transform(&test).unwrap();
    println!("{:?}", timed("evaluate", || metrics::evaluate(&engine, &model, &test).unwrap()));
    let all = timed("scale and persist all", || scaler.transform(&data).unwrap().persist(&engine).unwrap());
    let start = Instant::now();
    let model = LogisticRegression::new().penalty(Penalty::None).fit(&engine, &all).unwrap();
    let passes = model.convergence().passes;
    println!("one pass over 1,000,000 x 20: {:.1} ms", start.elapsed().as_secs_f64() * 1e3 / passes as f64);
    println!("{:?}", model.convergence());
}
