//! `load`: the table of `docs/reliability.md` about load, in about twenty minutes of two cores. With `short` it is one of
//! fewer jobs, in less than ten; with `quick` one that only shows that all parts run. `write` puts it into the page.

use phalanx_tests::load::{beside_a_greedy_session, many_clients, many_jobs, restart, scheduler_cost};
use phalanx_tests::role::{become_child, log};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// What the scheduler remembers of jobs that ended is gone after half a minute.
const REST: Duration = Duration::from_secs(40);

const BEGIN: &str = "<!-- made by `load write`: begin -->\n";
const END: &str = "<!-- made by `load write`: end -->\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    become_child();
    log("error");
    let words: Vec<String> = std::env::args().skip(1).collect();
    let said = |word: &str| words.iter().any(|said| said == word);
    let (jobs, clients, rest) = match (said("quick"), said("short")) {
        (true, _) => (500, 20, Duration::from_secs(2)),
        (_, true) => (3_000, 100, REST),
        _ => (10_000, 100, REST),
    };
    let mut text = String::from(BEGIN);
    let cores = std::thread::available_parallelism()?;
    writeln!(text, "\nMade on a machine of {cores} cores, which takes both workers, the clients and the scheduler.")?;
    if jobs < 10_000 {
        writeln!(
            text,
            "These are fewer jobs and tasks than a run without `{}` has: {jobs} for 10,000, and {} for 100 of each client.",
            if said("quick") { "quick" } else { "short" },
            jobs / 100
        )?;
    }
    text.push_str("\n| what | result |\n|---|---|\n");
    let mut row = |what: &str, result: String| -> std::fmt::Result {
        println!("{what}: {result}");
        writeln!(text, "| {what} | {result} |")
    };
    let (left, rate) = many_jobs(jobs / 5, jobs, rest, rest, |_| false)?;
    let mib = |bytes: u64| bytes as f64 / 1048576.0;
    for left in left {
        let (before, after) = (left.before, left.after);
        let growth = (after.resident as f64 / before.resident.max(1) as f64 - 1.0) * 100.0;
        let result = format!(
            "memory {:.1} → {:.1} MiB ({growth:+.1} %), descriptors {} → {}, threads {} → {}, disk {} bytes",
            mib(before.resident),
            mib(after.resident),
            before.descriptors,
            after.descriptors,
            before.threads,
            after.threads,
            left.disk
        );
        row(&format!("{jobs} small jobs after {} to warm up: {}", jobs / 5, left.role), result)?;
    }
    row(&format!("{jobs} small jobs, 8 at a time"), format!("{rate:.0} jobs a second"))?;
    let shared = many_clients(clients, jobs / 100)?;
    row(
        &format!("{clients} clients × {} jobs", jobs / 100),
        format!(
            "no error; {:.0} jobs a second, p50 {:.0} ms, p99 {:.0} ms; when the first had all done, the slowest had {:.0} %",
            shared.jobs_per_second,
            shared.p50_ms,
            shared.p99_ms,
            shared.slowest_share * 100.0
        ),
    )?;
    let (one, all) = beside_a_greedy_session(50, 100)?;
    row("one job beside 50 of a session that came before, all alike", format!("{one:.2} s; the 50 take {all:.2} s"))?;
    for (workers, tasks) in [(20, jobs / 10), (20, jobs), (200, jobs / 10), (200, jobs)] {
        let cost = scheduler_cost(workers, tasks as usize)?;
        row(
            &format!("{workers} simulated workers, a narrow stage of {tasks} tasks"),
            format!(
                "{:.0} µs of the scheduler's processor time a task; {:.2} s in all, of which the scheduler used {:.0} %",
                cost.microseconds,
                cost.seconds,
                cost.microseconds * tasks as f64 / 1e4 / cost.seconds
            ),
        )?;
    }
    let (back, answer) = restart()?;
    row(
        "scheduler killed during a job, and started again at its address",
        format!("both workers there {back:.2} s after it was ready; the job (`retries=1`) right after {answer:.2} s"),
    )?;
    text.push('\n');
    text.push_str(END);
    if said("write") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md");
        let page = std::fs::read_to_string(&path)?;
        let (before, rest) = page.split_once(BEGIN).ok_or("the page has no place for the table")?;
        let (_, after) = rest.split_once(END).ok_or("the table has no end")?;
        std::fs::write(&path, format!("{before}{text}{after}"))?;
    }
    Ok(())
}
