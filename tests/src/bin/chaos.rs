//! `chaos HARM RUNS SEED [persisted]`: the table of `docs/reliability.md`, a row at a time.
//! `chaos train RUNS SEED`: trainings with XGBoost, a worker killed in each.
//! `chaos latency`: milliseconds of small jobs on a warm cluster of two workers.

use phalanx_tests::chaos::{Chaos, Harm, Summary};
use phalanx_tests::role::{become_child, log};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    become_child();
    let level = std::env::var("CHAOS_LOG").unwrap_or_else(|_| String::from("error"));
    log(&level);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "latency") {
        return Ok(phalanx_tests::chaos::latencies(&level)?);
    }
    if let [word, runs, seed] = arguments.as_slice()
        && word == "train"
    {
        let summary = phalanx_tests::training::killed(seed.parse()?, runs.parse()?, &level)?;
        return told(&format!("Train, seed {seed}"), &summary);
    }
    let [harm, runs, seed, more @ ..] = arguments.as_slice() else {
        return Err("chaos HARM RUNS SEED [persisted]; HARM is none, kill, kill2, fetch or stop".into());
    };
    let harm: Harm = harm.parse()?;
    let persisted = more.iter().any(|word| word == "persisted");
    let mut chaos = Chaos::start(3, &level)?;
    let summary = chaos.run(seed.parse()?, runs.parse()?, harm, persisted)?;
    told(&format!("{harm:?}{}, seed {seed}", if persisted { " over persisted rows" } else { "" }), &summary)
}

fn told(what: &str, summary: &Summary) -> Result<(), Box<dyn std::error::Error>> {
    for wrong in &summary.wrong {
        println!("  {wrong}");
    }
    println!("{what}: {summary}");
    if summary.wrong.is_empty() { Ok(()) } else { Err("some answers were wrong".into()) }
}
