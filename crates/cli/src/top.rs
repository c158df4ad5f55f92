//! `phalanx top`.

use crate::args::TopArgs;
use crate::end::Outcome;
use crate::status::{line, table};
use crate::text;
use phalanx_cluster::{Observer, Role};
use phalanx_engine::Error;
use phalanx_engine::observe::{JobRecord, Overview, WorkerRecord};
use std::io::{IsTerminal as _, Write as _};

/// Letters of a bar.
const BAR_LETTERS: usize = 20;
/// Running jobs, workers and ended jobs that are shown: a terminal has few lines.
const JOBS_SHOWN: usize = 4;
const WORKERS_SHOWN: usize = 16;
const RECENT_SHOWN: usize = 6;
/// To the terminal's upper left corner, and then: what is below is old.
const HOME: &str = "\x1b[H";
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_LINE: &str = "\x1b[K";

/// Looks until it is interrupted, or once where nobody watches.
pub fn run(args: &TopArgs) -> Outcome {
    let transport = args.credentials.transport(&[Role::Viewer, Role::Client], args.scheduler.authority())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::resources("the network can't be used").caused_by(&error))?;
    let observer = runtime.block_on(Observer::connect(&args.scheduler, &transport))?;
    let is_watched = std::io::stdout().is_terminal();
    if is_watched {
        write!(std::io::stdout(), "\x1b[2J")?;
    }
    loop {
        let shown = show(&runtime.block_on(observer.overview())?);
        let mut output = std::io::stdout().lock();
        if !is_watched {
            writeln!(output, "{}", shown.trim_end())?;
            return Ok(());
        }
        let lines = shown.trim_end().replace('\n', &format!("{CLEAR_LINE}\n"));
        writeln!(output, "{HOME}{lines}{CLEAR_LINE}\n{CLEAR_BELOW}")?;
        output.flush()?;
        drop(output);
        std::thread::sleep(args.interval);
    }
}

fn show(overview: &Overview) -> String {
    let mut out = String::new();
    let workers = &overview.workers;
    let sum = |of: fn(&WorkerRecord) -> u64| workers.iter().map(of).fold(0, u64::saturating_add);
    let cores = sum(|worker| worker.worker.cores as u64);
    let busy: f32 = workers.iter().map(|worker| worker.cores_busy).sum();
    let totals = &overview.totals;
    line(
        &mut out,
        format_args!(
            "{}  up {}  {}  {} of {cores} cores busy  {busy:.1} processors  {} held",
            overview.address,
            text::duration(overview.at_ms.saturating_sub(overview.began_at_ms)),
            text::plural(workers.len(), "worker"),
            sum(|worker| worker.worker.tasks_running as u64),
            text::bytes(sum(|worker| worker.worker.persisted_bytes)),
        ),
    );
    line(
        &mut out,
        format_args!(
            "jobs: {} running, {} succeeded, {} failed, {} cancelled, {} repeated; {} tasks in {}",
            overview.running.len(),
            totals.jobs_succeeded,
            totals.jobs_failed,
            totals.jobs_cancelled,
            totals.jobs_repeated,
            text::count(totals.tasks_done),
            text::duration(totals.task_ms),
        ),
    );
    for job in overview.running.iter().take(JOBS_SHOWN) {
        running(&mut out, job);
    }
    more(&mut out, overview.running.len(), JOBS_SHOWN, "running job");
    of_workers(&mut out, workers);
    if !overview.recent.is_empty() {
        out.push('\n');
        let mut rows = vec![["LATEST", "STATE", "TOOK", "TASKS", "ROWS", "WRITTEN", "WHAT"].map(String::from)];
        rows.extend(overview.recent.iter().take(RECENT_SHOWN).map(|job| {
            [
                job.job.clone(),
                job.state.name().to_owned(),
                text::duration(job.elapsed_ms),
                text::count(job.tasks),
                text::count(job.rows),
                text::bytes(job.bytes),
                job.label.chars().take(60).collect(),
            ]
        }));
        table(&mut out, &rows);
    }
    out
}

fn running(out: &mut String, job: &JobRecord) {
    let summary = &job.summary;
    let left = summary.remaining_ms.map(|left| format!(", about {} left", text::roughly(left))).unwrap_or_default();
    line(
        out,
        format_args!(
            "\n{} {} (job {}): {}{left}",
            bar(summary.tasks_done, summary.tasks_running, summary.tasks),
            summary.label,
            summary.job,
            text::duration(summary.elapsed_ms),
        ),
    );
    let mut rows = vec![["STAGE", "NAME", "TASKS", "RUNNING", "ROWS", "BYTES", "TASK TIME", "SKEW"].map(String::from)];
    rows.extend(job.stages.iter().map(|stage| {
        [
            stage.stage.to_string(),
            stage.name.clone(),
            format!("{}/{}", stage.tasks_done, stage.tasks),
            stage.tasks_running.to_string(),
            text::count(stage.rows),
            text::bytes(stage.bytes),
            text::duration(stage.task_ms),
            if stage.time_skew > 0.0 { format!("{:.1}", stage.time_skew) } else { String::from("-") },
        ]
    }));
    table(out, &rows);
}

fn of_workers(out: &mut String, workers: &[WorkerRecord]) {
    out.push('\n');
    if workers.is_empty() {
        line(out, format_args!("No worker yet."));
        return;
    }
    let mut rows = vec![["WORKER", "TASKS", "CPU", "MEMORY", "HELD", "DISK FREE", "DONE"].map(String::from)];
    rows.extend(workers.iter().take(WORKERS_SHOWN).map(|worker| {
        let has = &worker.worker;
        [
            text::short(&has.id),
            format!("{}/{}", has.tasks_running, has.cores),
            format!("{:.1}", worker.cores_busy),
            format!("{} of {}", text::bytes(has.memory_used_bytes), text::bytes(has.memory_bytes)),
            text::bytes(has.persisted_bytes),
            text::bytes(worker.disk_free_bytes),
            text::count(worker.tasks_done),
        ]
    }));
    table(out, &rows);
    more(out, workers.len(), WORKERS_SHOWN, "worker");
}

fn more(out: &mut String, all: usize, shown: usize, noun: &str) {
    if all > shown {
        line(out, format_args!("and {}", text::plural(all - shown, &format!("more {noun}"))));
    }
}

/// `[####==      ]`: what is done, and what runs.
fn bar(done: u64, running: u64, all: u64) -> String {
    let part = |value: u64| usize::try_from(value.min(all) * BAR_LETTERS as u64 / all.max(1)).unwrap_or(0);
    let (done, both) = (part(done), part(done.saturating_add(running)));
    format!("[{}{}{}]", "#".repeat(done), "=".repeat(both - done), " ".repeat(BAR_LETTERS - both))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_dashboard::sample::{Sample, Size};
    use phalanx_engine::observe::Observe;

    #[test]
    fn a_bar_is_always_as_long() {
        assert_eq!(bar(10, 5, 20), "[##########=====     ]");
        assert_eq!(bar(30, 5, 20), "[####################]");
        assert_eq!(bar(0, 0, 0), "[                    ]");
    }

    #[test]
    fn it_fits_a_terminal_and_says_what_it_leaves_out() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shown = show(&runtime.block_on(Sample::new(Size { jobs: 50, workers: 200 }).overview()));
        assert!(shown.lines().count() < 50 && shown.contains("and 184 more workers"), "{shown}");
        for part in ["svd of 20,000,000", "partial_sums", "DISK FREE", "J00049", " left"] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
        let empty = show(&runtime.block_on(Sample::new(Size { jobs: 0, workers: 0 }).overview()));
        assert!(empty.contains("No worker yet."), "{empty}");
    }
}
