//! Measurements, not tests: `cargo test --release -p phalanx-learn -- --ignored --nocapture measure`

use phalanx_engine::datafusion::arrow::datatypes::DataType;
use phalanx_engine::datafusion::functions::expr_fn::{date_part, make_date};
use phalanx_engine::{Engine, LocalEngine, Settings};
use phalanx_frame::expr::{cast, col, lit};
use phalanx_frame::read_parquet;
use phalanx_learn::{Encoder, LogisticRegression, Moments, Penalty, Scaler, datasets, metrics, statistic};
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

/// `FLIGHTS=flights.parquet cargo test --release -p phalanx-learn -- --ignored --nocapture measure_flights`
#[test]
#[ignore = "a measurement, not a test"]
fn measure_flights() {
    let Ok(path) = std::env::var("FLIGHTS") else { panic!("name the Parquet file of nycflights13 in FLIGHTS") };
    let engine = LocalEngine::new(Settings { threads: 2, ..Settings::default() }).unwrap();
    let integer = |name: &str| cast(col(name), DataType::Int32);
    let weekday = date_part(lit("dow"), make_date(integer("year"), integer("month"), integer("day")));
    let frame = read_parquet(&path).unwrap().with_column("weekday", weekday).unwrap();
    let encoder = Encoder::new().categorical("month").categorical("weekday").categorical("hour").numeric("distance");
    let encoder = encoder.categorical("carrier").categorical("origin").target("late", col("arr_delay").gt(lit(15)));
    let encoding = timed("survey", || encoder.drop_missing().fit(&engine, &frame).unwrap());
    let matrix = encoding.transform(&frame, engine.settings()).unwrap();
    let data = timed("encode and persist", || matrix.persist(&engine).unwrap());
    println!("{} rows of {} features in {} MB", data.rows(), data.names().len(), data.bytes() / 1_000_000);
    let scaler = timed("moments", || Scaler::fit(&engine, &data).unwrap());
    let scaled = timed("scale and persist", || scaler.transform(&data).unwrap().persist(&engine).unwrap());
    let model = timed("fit", || LogisticRegression::new().fit(&engine, &scaled).unwrap());
    println!("{:?}", model.convergence());
    println!("{:?}", timed("evaluate", || metrics::evaluate(&engine, &model, &scaled).unwrap()));
    for (name, coefficient) in model.named_coefficients() {
        println!("{name} {coefficient:.12}");
    }
}
