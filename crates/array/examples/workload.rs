//! The array steps of the demo, timed: `cargo run --release -p phalanx-array --example workload`.

use phalanx_array::random::Generator;
use phalanx_array::{AllAxes, Array, compute, evaluate, s};
use phalanx_engine::{LocalEngine, Result, Settings};
use std::time::Instant;

fn main() -> Result<()> {
    let engine = LocalEngine::new(Settings::default())?;
    let random = Generator::new(0);

    for _ in 0..2 {
        let start = Instant::now();
        let x = random.random((10_000, 10, 10_000), 1000);
        let (u, s, vt) = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1000]).svd();
        let evaluation = evaluate(&engine, &[&u, &s, &vt])?;
        println!(
            "array-svd: {} of 10⁹ evaluated, {} job(s), {:?}",
            evaluation.evaluated,
            evaluation.jobs,
            start.elapsed()
        );
    }

    let start = Instant::now();
    let x = random.random((10_000, 10, 10_000), 1000);
    println!("many chunks: {}", x.reshape((10_000, 100_000)));
    let ones = random.random(10_000, 1);
    ones.sum(AllAxes).compute(&engine)?;
    println!("sum of 10,000 chunks of one element: {:?}", start.elapsed());

    let a = random.random((1_000_000, 100), (10_000, 100));
    let start = Instant::now();
    let (u, s, vt) = a.svd();
    compute(&engine, &[&s, &vt])?;
    println!("tall svd, S and Vᵀ: {:?}", start.elapsed());
    let start = Instant::now();
    let residual = (&a - (&u * &s).matmul(&vt)).norm() / a.norm();
    let orthogonality = (u.t().matmul(&u) - Array::eye(100, 100)).norm();
    let values = evaluate(&engine, &[&s, &vt, &u.checksum(), &residual, &orthogonality])?;
    println!(
        "tall svd with checks: residual {:?}, orthogonality {:?}, {} job(s), {:?}",
        values.chunks[3].item::<f64>(),
        values.chunks[4].item::<f64>(),
        values.jobs,
        start.elapsed()
    );

    let x = random.random((10_000, 10_000), 1000);
    let start = Instant::now();
    let mean = (&x + x.t()).mean(0).compute(&engine)?;
    println!("mean: {mean:?} {:?}", start.elapsed());
    let start = Instant::now();
    let x = x.persist(&engine)?;
    println!("persist: {:?}", start.elapsed());
    let start = Instant::now();
    let again = (&x + x.t()).mean(0).compute(&engine)?;
    println!("mean of persisted: {again:?} {:?}", start.elapsed());
    Ok(())
}
