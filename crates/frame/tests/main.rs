//! What a user sees of frames, on engines of this process: plain, and perturbed with several seeds.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod host;
mod plans;
mod properties;
mod suite;

use phalanx_engine::{Engine, LocalEngine, Settings};

/// Seeds of the perturbed engines.
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

fn on_every_engine(check: fn(&dyn Engine)) {
    check(&LocalEngine::new(Settings::default()).unwrap());
    for seed in SEEDS {
        println!("perturbed with seed {seed}");
        check(&LocalEngine::perturbed(seed).unwrap());
    }
}

macro_rules! tests {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            on_every_engine(suite::$module::$name);
        })*
    };
}

suite::behaviours!(tests);

#[test]
fn functions_of_partitions_groups_and_neighbours() {
    for check in [host::partitions, host::neighbours, host::groups, host::equal_keys_are_in_one_partition] {
        on_every_engine(check);
    }
}

/// `cargo test --release -p phalanx-frame -- --ignored --nocapture measure`
#[test]
#[ignore = "a measurement, not a test"]
fn measure_the_timeseries() {
    let engine = LocalEngine::new(Settings { threads: 2, ..Settings::default() }).unwrap();
    for (name, frame) in suite::timeseries::queries() {
        let mut times = vec![];
        for _ in 0..7 {
            let start = std::time::Instant::now();
            let table = frame.compute(&engine).unwrap();
            times.push((start.elapsed().as_secs_f64() * 1e3, table.num_rows()));
        }
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        println!("{name}: median {:.1} ms, least {:.1} ms, {} rows", times[3].0, times[0].0, times[0].1);
    }
    let table = suite::timeseries::queries().remove(1).1.compute(&engine).unwrap();
    let options = phalanx_frame::plot::Options {
        title: Some(String::from("Running sums of x and y where the name is Oliver")),
        y_label: Some(String::from("running sum")),
        ..phalanx_frame::plot::Options::default()
    };
    let start = std::time::Instant::now();
    let svg = phalanx_frame::plot::lines(&table, "timestamp", &["x", "y"], &options).unwrap();
    let path = std::env::temp_dir().join("oliver.svg");
    println!("plot: {:.1} ms, {} bytes, {}", start.elapsed().as_secs_f64() * 1e3, svg.len(), path.display());
    std::fs::write(path, svg).unwrap();
    let start = std::time::Instant::now();
    let plan = suite::timeseries::queries().remove(0).1.plan(engine.settings()).unwrap();
    println!("planning: {:.2} ms, {} partitions", start.elapsed().as_secs_f64() * 1e3, plan.partitions());
}
