//! Invariant 8: what a task really takes is at most a quarter more than what lowering projected for it. A counting
//! allocator is under the whole program.

use crate::engines::trial;
use crate::recording::Recording;
use libtest_mimic::Trial;
use peak_alloc::PeakAlloc;
use phalanx_array::random::Generator;
use phalanx_array::{AllAxes, Array};
use phalanx_engine::{LocalEngine, Settings};

/// Counts what is allocated.
#[global_allocator]
pub static COUNTED: PeakAlloc = PeakAlloc;

pub fn trials() -> Vec<Trial> {
    vec![trial("memory::a_task_takes_what_was_projected", a_task_takes_what_was_projected)]
}

fn a_task_takes_what_was_projected() {
    let random = Generator::new(7);
    let square = random.random((4800, 4800), 1600);
    let tall = random.normal(0.0, 1.0, (160_000, 64), (40_000, 64));
    let cases: Vec<(&str, Array)> = vec![
        ("a chain and its mean", ((&square + 1.0).sin() * &square).mean(0)),
        ("an array and its transpose", (&square + &square.t()).sum(AllAxes)),
        ("rows from many chunks", square.rechunk((400, 4800)).std(1)),
        ("products of blocks", square.matmul(&square).max(AllAxes)),
        ("singular values", tall.svd().1),
    ];
    // One thread: one task at a time.
    let engine = Recording::new(LocalEngine::new(Settings { threads: 1, ..Settings::default() }).unwrap());
    let mut wrong = vec![];
    for (label, array) in cases {
        let idle = COUNTED.current_usage();
        COUNTED.reset_peak_usage();
        let value = array.compute(&engine).unwrap();
        let measured = COUNTED.peak_usage().saturating_sub(idle) as f64;
        let projected = engine.take().iter().map(|(plan, _)| plan.task_bytes()).max().unwrap_or_default() as f64;
        println!("  {label}: {:.1} MiB measured, {:.1} MiB projected", measured / 1048576.0, projected / 1048576.0);
        if projected < 1e6 || measured > projected * 1.25 {
            wrong.push(format!("{label}: {measured} bytes measured, {projected} projected"));
        }
        drop(value);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
