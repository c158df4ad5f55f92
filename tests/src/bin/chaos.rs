//! `chaos HARM RUNS SEED [persisted]`: the table of `docs/reliability.md`, a row at a time.
//! `chaos latency`: milliseconds of small jobs on a warm cluster of two workers.

use phalanx_tests::chaos::{Chaos, Harm};
use phalanx_tests::role::{become_child, log};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    become_child();
    let level = std::env::var("CHAOS_LOG").unwrap_or_else(|_| String::from("error"));
    log(&level);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "latency") {
        return Ok(phalanx_tests::chaos::latencies(&level)?);
    }
    let [harm, runs, seed, more @ ..] = arguments.as_slice() else {
        return Err("chaos HARM RUNS SEED [persisted]; HARM is none, kill, kill2, fetch or stop".into());
    };
    let harm: Harm = harm.parse()?;
    let persisted = more.iter().any(|word| word == "persisted");
    let mut chaos = Chaos::start(3, &level)?;
    let summary = chaos.run(seed.parse()?, runs.parse()?, harm, persisted)?;
    for wrong in &summary.wrong {
        println!("  {wrong}");
    }
    println!("{harm:?}{}, seed {seed}: {summary}", if persisted { " over persisted rows" } else { "" });
    if summary.wrong.is_empty() { Ok(()) } else { Err("some answers were wrong".into()) }
}
