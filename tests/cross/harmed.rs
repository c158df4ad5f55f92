//! The suites of arrays, frames and learning while workers die and come, seeded: bits are those of one process.
//! `CHAOS_SUITES=200 CHAOS_SEED=7` takes more of them.

use crate::engines::{cluster, trial};
use crate::kills::seed;
use crate::suites::compared;
use libtest_mimic::Trial;
use phalanx_engine::Engine;
use phalanx_engine::caught::caught;
use phalanx_tests::jobs::Random;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![trial("harmed::suites_give_the_same_bits", suites_give_the_same_bits)]
}

/// Suites in the tests, and harms: there are more suites if these take longer.
const SUITES: usize = 8;
const HARMS: usize = 5;
/// The suite whose data is scattered, so that nothing makes it again when it dies with a worker: who is told so scatters
/// it again, which is this suite again, at most so often in a row.
const SCATTERS: &str = "array::scattered data";
const AGAIN_MAX: usize = 3;
const IS_GONE: &str = "scattered data must be scattered again";
/// A suite that takes longer hangs.
const HANG: Duration = Duration::from_secs(240);

fn suites_give_the_same_bits() {
    let given = std::env::var("CHAOS_SUITES").ok().and_then(|text| text.parse().ok());
    let (count, seed): (usize, u64) = (given.unwrap_or(SUITES), seed());
    println!("  chaos seed {seed} (CHAOS_SEED={seed} replays it)");
    let (cluster, engine) = cluster(3);
    let (all, mut random) = (compared(), Random(seed));
    let (is_over, harms) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut wrong, mut runs) = (vec![], 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random(seed ^ 1);
            while !is_over.load(Ordering::SeqCst) {
                // Longer than a job, or it would never end.
                std::thread::sleep(Duration::from_millis(random.range(700, 2_000)));
                let draw = random.draw() as usize;
                if draw.is_multiple_of(3) {
                    let workers = cluster.workers();
                    cluster.let_go(&[workers[draw % workers.len()]]).unwrap();
                } else {
                    cluster.kill_worker(draw);
                }
                cluster.add_worker().unwrap();
                harms.fetch_add(1, Ordering::SeqCst);
            }
        });
        while runs < count || harms.load(Ordering::SeqCst) < HARMS {
            runs += 1;
            let (name, behaviour) = &all[random.range(0, all.len() as u64) as usize];
            let began = Instant::now();
            let run = || caught(|| behaviour(&engine as &dyn Engine)).map_err(|panic| panic.to_string());
            let is_gone = |result: &Result<_, String>| result.as_ref().is_err_and(|panic| panic.contains(IS_GONE));
            let mut result = run();
            for _ in 0..AGAIN_MAX {
                if name.as_str() == SCATTERS && is_gone(&result) {
                    result = run();
                }
            }
            if let Err(panic) = result {
                wrong.push(format!("{runs}: {name}: {panic}"));
            }
            if began.elapsed() > HANG {
                wrong.push(format!("{runs}: {name} took {:?}", began.elapsed()));
            }
        }
        is_over.store(true, Ordering::SeqCst);
    });
    println!("  {runs} runs of {} suites, {} harms, {} wrong", all.len(), harms.into_inner(), wrong.len());
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
}
