//! `phalanx bench`: the works of `benches/RESULTS.md`, timed; `cargo xtask bench` compares them with peers.
//!
//! Hidden from the help: its output is for that program. Data that a work begins with is made before its time starts.

mod served;

use crate::args::BenchArgs;
use crate::end::{Interrupt, Outcome};
use phalanx::array::{evaluate, random::Generator, s};
use phalanx::frame::Aggregate;
use phalanx::prelude::*;
use phalanx_engine::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use phalanx_engine::{Error, Plan, Result, plan, route};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

/// A work that is ready to be timed.
type Work = Box<dyn FnMut(&Client) -> Result<()>>;

/// What a work needs, and how often it is done: first without a clock, then with one.
struct Bench {
    name: &'static str,
    warm_ups: usize,
    times: usize,
    prepare: fn(&Client) -> Result<Work>,
}

const BENCHES: &[Bench] = &[
    Bench { name: "job-two-stages", warm_ups: 20, times: 100, prepare: |_| stages(1) },
    Bench { name: "job-three-stages", warm_ups: 20, times: 100, prepare: |_| stages(2) },
    Bench { name: "array-svd", warm_ups: 5, times: 20, prepare: array_svd },
    Bench { name: "array-tall-svd", warm_ups: 0, times: 1, prepare: array_tall_svd },
    Bench { name: "array-mean", warm_ups: 0, times: 1, prepare: array_mean },
    Bench { name: "ten-thousand-chunks", warm_ups: 1, times: 3, prepare: ten_thousand_chunks },
    Bench { name: "frame-unique", warm_ups: 1, times: 3, prepare: frame_unique },
    Bench { name: "frame-cumsum", warm_ups: 1, times: 3, prepare: frame_cumsum },
    Bench { name: "frame-groupby", warm_ups: 1, times: 3, prepare: frame_groupby },
];

/// Runs what is asked for and prints an object a work: its name and the seconds of each time.
pub fn run(args: &BenchArgs, interrupt: &Interrupt) -> Outcome {
    let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).chain([served::NAME]).collect();
    if let Some(unknown) = args.only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Error::input(format!("there is no work {unknown:?}"))
            .with_hint(format!("the works are {}", names.join(", ")))
            .into());
    }
    let client = args.workers.map_or_else(Client::local, Client::cluster)?;
    for bench in BENCHES.iter().filter(|bench| args.only.is_empty() || args.only.iter().any(|name| name == bench.name))
    {
        let mut work = (bench.prepare)(&client)?;
        let mut seconds = vec![];
        for time in 0..bench.warm_ups + bench.times {
            interrupt.check()?;
            let start = Instant::now();
            work(&client)?;
            if time >= bench.warm_ups {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        writeln!(std::io::stdout(), "{}", json!({"work": bench.name, "seconds": seconds}))?;
    }
    client.close()?;
    // It has no part in a cluster: with workers it runs only where it is named.
    if args.only.iter().any(|name| name == served::NAME) || (args.only.is_empty() && args.workers.is_none()) {
        for (work, seconds) in served::measure(interrupt)? {
            writeln!(std::io::stdout(), "{}", json!({"work": work, "seconds": [seconds]}))?;
        }
    }
    Ok(())
}

/// A row in each of four partitions, exchanged so often: as small as a job of several stages can be.
fn stages(exchanges: usize) -> Result<Work> {
    const PARTITIONS: usize = 4;
    let mut partitions = vec![];
    for route in route::routes(PARTITIONS).iter().take(PARTITIONS) {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![*route]));
        partitions.push(vec![RecordBatch::try_from_iter([("route", column)])?]);
    }
    let schema = partitions[0][0].schema();
    let mut root = plan::table(schema, &partitions)?;
    for _ in 0..exchanges {
        root = plan::exchange(root, "route", PARTITIONS)?;
    }
    let plan = Plan::new("stages", root);
    Ok(Box::new(move |client| {
        let rows: usize =
            client.engine().submit(plan.clone()).wait()?.iter().flatten().map(RecordBatch::num_rows).sum();
        need(rows == PARTITIONS, "an exchange lost rows")
    }))
}

fn array_svd(_client: &Client) -> Result<Work> {
    Ok(Box::new(|client| {
        let x = Generator::new(0).random((10_000, 10, 10_000), 1_000);
        let (u, s, vt) = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1_000]).svd();
        let evaluation = evaluate(client.engine(), &[&u, &s, &vt])?;
        need(evaluation.evaluated == 10_000, "more was evaluated than needed")
    }))
}

/// All three factors of persisted rows; U stays where it is and is summed there.
fn array_tall_svd(client: &Client) -> Result<Work> {
    let rows = Generator::new(0).random((1_000_000, 100), vec![50_000, 100]);
    let rows = client.persist(&rows)?;
    Ok(Box::new(move |client| {
        let (u, s, vt) = rows.svd();
        let factors = evaluate(client.engine(), &[&s, &vt, &u.checksum()])?.chunks;
        need(factors[0].shape() == [100], "singular values are missing")
    }))
}

fn array_mean(_client: &Client) -> Result<Work> {
    Ok(Box::new(|client| {
        let x = Generator::new(0).random((10_000, 10_000), 1_000);
        let mean = client.compute(&(&x + &x.t()).mean(0))?;
        need(mean.shape() == [10_000], "a mean is missing")
    }))
}

fn ten_thousand_chunks(_client: &Client) -> Result<Work> {
    Ok(Box::new(|client| {
        let sum = client.compute(&Generator::new(0).random(10_000, 1).sum(0))?;
        need(sum.item::<f64>().is_ok_and(|sum| (4_800.0..5_200.0).contains(&sum)), "the sum is wrong")
    }))
}

fn frame_unique(_client: &Client) -> Result<Work> {
    Ok(Box::new(|client| {
        let names = client.compute(&datasets::timeseries().build()?.unique("name")?)?;
        need(names.num_rows() == 26, "names are missing")
    }))
}

fn frame_cumsum(_client: &Client) -> Result<Work> {
    Ok(Box::new(|client| {
        let oliver = datasets::timeseries().build()?.filter(col("name").eq(lit("Oliver")))?;
        let sums = client.compute(&oliver.select(["x", "y"])?.cumsum()?)?;
        need(sums.num_rows() > 90_000, "rows are missing")
    }))
}

fn frame_groupby(_client: &Client) -> Result<Work> {
    Ok(Box::new(|client| {
        let aggregates = ["x", "y"]
            .into_iter()
            .flat_map(|name| [Aggregate::mean(name), Aggregate::std(name), Aggregate::count(name)]);
        let groups = client.compute(&datasets::timeseries().build()?.groupby(["name"])?.agg(aggregates)?)?;
        need(groups.num_rows() == 26, "groups are missing")
    }))
}

/// A time is worth nothing if the answer is wrong.
fn need(is_right: bool, what: &str) -> Result<()> {
    if is_right { Ok(()) } else { Err(Error::internal(what)) }
}
