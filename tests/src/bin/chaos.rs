//! `chaos HARM RUNS SEED [persisted]`: a row of the table of `docs/reliability.md`.
//! `chaos all RUNS SEED`: about so many runs in all, of every harm and of trainings; a row each, as they stand in tables.
//! `chaos train RUNS SEED`: trainings with XGBoost, a worker killed in each.
//! `chaos latency`: milliseconds of small jobs on a warm cluster of two workers.

use phalanx_engine::Result;
use phalanx_tests::chaos::{Chaos, Summary, latencies};
use phalanx_tests::harm::{HARMS, Harm, enter_namespaces};
use phalanx_tests::role::{become_child, log};
use phalanx_tests::training;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    become_child();
    let level = std::env::var("CHAOS_LOG").unwrap_or_else(|_| String::from("error"));
    log(&level);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["latency"] => Ok(latencies(&level)?),
        ["train", runs, seed] => {
            told(&[(format!("Train, seed {seed}"), training::killed(seed.parse()?, runs.parse()?, &level)?)])
        }
        ["all", runs, seed] => {
            enter_namespaces()?;
            all(runs.parse()?, seed.parse()?, &level)
        }
        [harm, runs, seed, more @ ..] => {
            let harm: Harm = harm.parse()?;
            if harm.needs_namespaces() {
                enter_namespaces()?;
            }
            let persisted = more.contains(&"persisted");
            let summary = series(harm, seed.parse()?, runs.parse()?, persisted, &level)?;
            let over = if persisted { " over persisted rows" } else { "" };
            told(&[(format!("{harm:?}{over}, seed {seed}"), summary)])
        }
        _ => {
            Err(format!("chaos HARM RUNS SEED [persisted]; HARM is one of {}", HARMS.map(|(name, _)| name).join(", "))
                .into())
        }
    }
}

fn series(harm: Harm, seed: u64, runs: usize, persisted: bool, level: &str) -> Result<Summary> {
    Chaos::start_for(harm, 3, level)?.run(seed, runs, harm, persisted)
}

/// How many of a hundred runs are of one harm; kills twice over, once over persisted rows. What waits for a time of its own
/// (a lease, a worker that stands still) is done less often.
const SHARES: [(&str, bool, usize); 16] = [
    ("kill", false, 15),
    ("kill", true, 10),
    ("kill2", false, 10),
    ("fetch", false, 10),
    ("stop", false, 4),
    ("slow", false, 4),
    ("leave", false, 8),
    ("leave", true, 4),
    ("scheduler", false, 6),
    ("client", false, 3),
    ("full-disk", false, 6),
    ("slow-disk", false, 3),
    ("clock", false, 5),
    ("cut", false, 5),
    ("dark", false, 3),
    ("slow-network", false, 4),
];

fn all(runs: usize, seed: u64, level: &str) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut summaries = vec![];
    let mut add = |name: String, done: Result<Summary>| {
        let summary = done.unwrap_or_else(|error| Summary { wrong: vec![error.to_string()], ..Summary::default() });
        println!("| {name} | {seed} | {summary} |");
        summaries.push((name, summary));
    };
    for (name, persisted, share) in SHARES {
        let over = if persisted { ", over persisted rows" } else { "" };
        let count = (runs * share).div_ceil(100);
        let done = name.parse::<Harm>().map_err(phalanx_engine::Error::input);
        add(format!("{name}{over}"), done.and_then(|harm| series(harm, seed, count, persisted, level)));
    }
    add(String::from("kill, in trainings with XGBoost"), training::killed(seed, runs.div_ceil(10), level));
    told(&summaries)
}

fn told(summaries: &[(String, Summary)]) -> std::result::Result<(), Box<dyn std::error::Error>> {
    for (name, summary) in summaries {
        for wrong in &summary.wrong {
            println!("  {name}: {wrong}");
        }
        if summaries.len() == 1 {
            println!("{name}: {summary}");
        }
    }
    let wrong: usize = summaries.iter().map(|(_, summary)| summary.wrong.len()).sum();
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} runs were wrong").into()) }
}
