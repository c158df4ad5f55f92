//! The blog post's program in Rust: arrays, a decomposition, frames, a plot. `cargo run --release --example blog`
//! runs it in this process; `... --example blog -- 2` on a scheduler and two workers.

use phalanx::frame::plot;
use phalanx::prelude::*;

fn main() -> phalanx::Result<()> {
    let client = match std::env::args().nth(1) {
        None => Client::local()?,
        Some(workers) => Client::cluster(workers.parse().unwrap_or(2))?,
    };

    // A billion random numbers, of which ten thousand are needed.
    let x = array::random::Generator::new(0).random((10_000, 10, 10_000), 1_000);
    let (_, s, _) = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1_000]).svd();
    println!("singular values: {:?}", client.compute(&s)?);

    // A matrix that is kept where it is computed, and used twice.
    let y = client.persist(&array::random::Generator::new(1).random((10_000, 10_000), 1_000))?;
    println!("mean of column 0: {:?}", client.compute(&(&y + &y.t()).mean(0).slice(s![..1]))?);
    client.release(y);

    // A month of rows, one a second.
    let frame = datasets::timeseries().build()?;
    println!("names: {:?}", client.compute(&frame.unique("name")?)?.strings("name")?);
    let oliver = frame.filter(col("name").eq(lit("Oliver")))?.select(["x", "y"])?.cumsum()?;
    let table = client.compute(&oliver)?;
    let picture = plot::lines(&table, "timestamp", &["x", "y"], &plot::Options::default())?;
    std::fs::write("oliver.svg", picture).map_err(|error| phalanx::Error::resources("oliver.svg").caused_by(&error))?;

    client.close()
}
