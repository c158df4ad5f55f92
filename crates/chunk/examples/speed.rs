//! How fast the kernels are on this machine: `cargo run --release -p phalanx-chunk --example speed [NAME]`.
//!
//! Prints the best of several runs on one thread. The documentation's cost lines quote it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use phalanx_chunk::random::{Distribution, generate};
use phalanx_chunk::reduce::{Place, Reduction};
use phalanx_chunk::ufunc::{Binary, Unary};
use phalanx_chunk::{Chunk, Result, linalg, span};

/// Prints the best time of `run`, and `work` per second.
fn time(name: &str, work: f64, unit: &str, mut run: impl FnMut() -> Result<()>) -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if !name.contains(&wanted) {
        return Ok(());
    }
    run()?;
    let (mut best, start) = (Duration::MAX, Instant::now());
    while start.elapsed() < Duration::from_millis(500) {
        let once = Instant::now();
        run()?;
        best = best.min(once.elapsed());
    }
    let seconds = best.as_secs_f64();
    println!("{name:<40}{:>10.3} ms{:>10.2} {unit}", seconds * 1e3, work / seconds);
    Ok(())
}

fn random(distribution: Distribution, shape: &[usize]) -> Result<Chunk> {
    generate(distribution, 1, 0, shape, &span::whole(shape))
}

fn main() -> Result<()> {
    let square = [1000, 1000];
    let (million, bytes) = (1.0, 8e-3);
    for (name, distribution) in [
        ("random uniform", Distribution::Random),
        ("random normal", Distribution::Normal { mean: 0.0, std: 1.0 }),
        ("random integers", Distribution::Integers { low: 0, high: 100 }),
    ] {
        time(name, million, "million/s", || random(distribution, &square).map(|c| drop(black_box(c))))?;
    }
    let a = random(Distribution::Random, &square)?;
    time("layout transpose", bytes, "GB/s", || a.transpose(&[1, 0]).map(|c| drop(black_box(c))))?;
    time("layout gather columns", bytes, "GB/s", || {
        let backwards: Vec<usize> = (0..1000).rev().collect();
        a.gather(1, &backwards).map(|c| drop(black_box(c)))
    })?;
    for function in Unary::ALL {
        let name = format!("ufunc {function}");
        time(&name, million, "million/s", || function.apply(&a).map(|c| drop(black_box(c))))?;
    }
    for function in Binary::ALL {
        let name = format!("ufunc {function}");
        time(&name, million, "million/s", || function.apply(&a, &a).map(|c| drop(black_box(c))))?;
    }
    let place = Place::whole(&a);
    for reduction in [Reduction::Sum, Reduction::Max, Reduction::Var { ddof: 0.0 }, Reduction::Argmax] {
        for axis in [0, 1] {
            let name = format!("reduce {} axis {axis}", reduction.name());
            time(&name, bytes, "GB/s", || reduction.partial(&a, &[axis], &place).map(|p| drop(black_box(p))))?;
        }
    }
    time("linalg matmul 1000", 2.0, "GFlop/s", || linalg::matmul(&a, &a).map(|c| drop(black_box(c))))?;
    let tall = random(Distribution::Normal { mean: 0.0, std: 1.0 }, &[62_500, 100])?;
    let work = 2.0 * 62_500.0 * 1e4 / 1e9;
    time("linalg qr_r 62500 x 100", work, "GFlop/s", || linalg::qr_r(&tall).map(|c| drop(black_box(c))))?;
    time("linalg qr_thin 62500 x 100", 3.0 * work, "GFlop/s", || linalg::qr_thin(&tall).map(|c| drop(black_box(c))))?;
    time("linalg svd_thin 62500 x 100", 3.0 * work, "GFlop/s", || linalg::svd_thin(&tall).map(|c| drop(black_box(c))))
}
