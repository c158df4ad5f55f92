//! Load, in small; in large it is `cargo run --release -p phalanx-tests --bin load`.

use crate::engines::trial;
use libtest_mimic::Trial;
use phalanx_tests::load::{Left, beside_a_greedy_session, many_clients, many_jobs, scheduler_cost};
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("load::many_jobs_leave_nothing", many_jobs_leave_nothing),
        trial("load::many_clients_share", many_clients_share),
        trial("load::a_greedy_session_starves_nobody", a_greedy_session_starves_nobody),
        trial("load::a_task_costs_the_scheduler_little", a_task_costs_the_scheduler_little),
    ]
}

const JOBS: u64 = 200;

/// Nothing here is cut short.
fn long() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn many_jobs_leave_nothing() {
    // Threads for blocking work end when they were idle for ten seconds; the scheduler remembers a job for half a minute
    // after its end, and an allocator gives back what it likes.
    let is_little = |left: &Left| {
        let (before, after) = (left.before, left.after);
        let growth = after.resident.saturating_sub(before.resident) / JOBS;
        after.descriptors <= before.descriptors + 2
            && after.threads <= before.threads + 2
            && left.disk == 0
            && growth < 150_000
    };
    let (rest, patience) = (Duration::from_secs(2), Duration::from_secs(90));
    let many = many_jobs(100, JOBS, rest, patience, long(), is_little).unwrap();
    println!("  {:.0} jobs a second", many.jobs_per_second);
    assert_eq!(many.jobs, JOBS);
    for left in many.left {
        println!("  {left:?}");
        assert!(is_little(&left), "{left:?}");
    }
}

fn many_clients_share() {
    let shared = many_clients(10, 10, long()).unwrap();
    println!("  {shared:?}");
    assert!(shared.slowest_share >= 0.3, "{shared:?}");
}

fn a_greedy_session_starves_nobody() {
    let (one, all) = beside_a_greedy_session(12, 100).unwrap();
    println!("  one job {one:.2} s, those before it {all:.2} s");
    assert!(one < all / 3.0, "it waited for those that came before: {one} of {all} s");
}

fn a_task_costs_the_scheduler_little() {
    let few = scheduler_cost(10, 1_000, Duration::ZERO).unwrap();
    let many = scheduler_cost(100, 1_000, Duration::ZERO).unwrap();
    println!("  {few:?}, {many:?}");
    // Processor time, not time: ten times the workers cost less than five times as much a task. Before workers that wait
    // for nothing were left alone, it was ten times.
    assert!(many.microseconds < 5.0 * few.microseconds.max(100.0), "{few:?}, {many:?}");
}
