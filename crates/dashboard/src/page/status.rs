//! The cluster at a glance.

use super::Place;
use super::parts::{action, bar, job_link, job_table, put, table, tiles, worker_cells, worker_link};
use crate::text::{bytes, count, duration, escape, part_of_address, plural, roughly};
use phalanx_engine::observe::{JobRecord, JobSummary, Overview, StageRecord, WorkerRecord};

/// Running jobs whose stages are shown, and stages of each.
const JOBS_SHOWN: usize = 12;
const STAGES_SHOWN: usize = 16;
/// Workers that are shown; all of them are on their own page.
const WORKERS_SHOWN: usize = 24;

/// The live part.
pub fn write(html: &mut String, overview: &Overview, place: Place) {
    summary(html, overview);
    put(html, format_args!("<section>\n<h2>Running jobs</h2>\n"));
    if overview.running.is_empty() {
        no_job(html, overview);
    }
    for job in overview.running.iter().take(JOBS_SHOWN) {
        running(html, job, place);
    }
    if overview.running.len() > JOBS_SHOWN {
        let more = plural(overview.running.len() - JOBS_SHOWN, "more running job");
        put(html, format_args!("<p>{}</p>\n", place.link("jobs?state=running", &more)));
    }
    put(html, format_args!("</section>\n<section>\n<h2>Workers</h2>\n"));
    if overview.workers.is_empty() {
        let address = escape(&overview.address);
        put(
            html,
            format_args!(
                "<p class=\"empty\">No worker yet. Start one in another terminal:</p>\n\
                 <pre>phalanx worker {address}</pre>\n"
            ),
        );
    } else {
        workers(html, &overview.workers, place);
    }
    put(html, format_args!("</section>\n"));
    if !overview.recent.is_empty() {
        put(html, format_args!("<section>\n<h2>Latest jobs</h2>\n"));
        job_table(html, &overview.recent.iter().collect::<Vec<_>>(), overview.at_ms, place);
        put(html, format_args!("<p>{}</p>\n</section>\n", place.link("jobs", "All jobs")));
    }
    totals(html, overview);
}

fn summary(html: &mut String, overview: &Overview) {
    let workers = &overview.workers;
    let sum = |value: fn(&WorkerRecord) -> u64| workers.iter().map(value).fold(0, u64::saturating_add);
    let cores = sum(|worker| worker.worker.cores as u64);
    let running = sum(|worker| worker.worker.tasks_running as u64);
    let (used, limit) = (sum(|it| it.worker.memory_used_bytes), sum(|it| it.worker.memory_bytes));
    tiles(
        html,
        &[
            ("Workers", count(workers.len() as u64), format!("of {}", plural(cores as usize, "core"))),
            ("Cores busy", count(running), format!("of {}", count(cores))),
            ("Memory", bytes(used), format!("of {}", bytes(limit))),
            ("Held data", bytes(sum(|worker| worker.worker.persisted_bytes)), String::from("on disk")),
            ("Jobs", count(overview.running.len() as u64), String::from("running")),
        ],
    );
}

fn no_job(html: &mut String, overview: &Overview) {
    put(html, format_args!("<p class=\"empty\">No job is running."));
    if overview.workers.is_empty() {
        put(html, format_args!(" Jobs wait for a worker.</p>\n"));
    } else if overview.recent.is_empty() {
        let address = escape(&overview.address);
        put(html, format_args!(" Try one:</p>\n<pre>phalanx demo --scheduler {address}</pre>\n"));
    } else {
        put(html, format_args!("</p>\n"));
    }
}

/// "1.2 s so far, about 3 s left".
pub fn so_far(job: &JobSummary) -> String {
    let left = job.remaining_ms.map(|left| format!(", about {} left", roughly(left)));
    format!("{} so far{}", duration(job.elapsed_ms), left.unwrap_or_default())
}

fn running(html: &mut String, job: &JobRecord, place: Place) {
    let summary = &job.summary;
    put(
        html,
        format_args!(
            "<article data-key=\"{key}\">\n<div class=\"title\"><h3>{link}</h3> <code>{key}</code> \
             <p>{so_far}</p>{cancel}</div>\n{bar}<div class=\"stages\">\n",
            key = escape(&summary.job),
            link = job_link(&summary.job, &summary.label, place),
            so_far = so_far(summary),
            bar = bar(
                summary.tasks_done,
                summary.tasks_running,
                summary.tasks,
                &format!("{} of {} tasks done", summary.tasks_done, summary.tasks)
            ),
            cancel = action(
                &format!("jobs/{}/cancel", part_of_address(&summary.job)),
                "Cancel",
                "Its client is told that the job was cancelled.",
                place
            ),
        ),
    );
    for stage in job.stages.iter().take(STAGES_SHOWN) {
        one_stage(html, stage);
    }
    put(html, format_args!("</div>\n</article>\n"));
}

/// What a stage is doing, as a class.
pub fn stage_state(stage: &StageRecord) -> &'static str {
    match stage {
        stage if stage.tasks > 0 && stage.tasks_done >= stage.tasks => "done",
        stage if stage.tasks_running > 0 || stage.tasks_done > 0 => "running",
        _ => "waiting",
    }
}

fn one_stage(html: &mut String, stage: &StageRecord) {
    let bar = bar(
        stage.tasks_done as u64,
        stage.tasks_running as u64,
        stage.tasks as u64,
        &format!("{} of {} tasks done, {} running", stage.tasks_done, stage.tasks, stage.tasks_running),
    );
    let output = match stage.tasks_done {
        0 => String::new(),
        _ => format!("{}, {}", plural(usize::try_from(stage.rows).unwrap_or(usize::MAX), "row"), bytes(stage.bytes)),
    };
    put(
        html,
        format_args!(
            "<div class=\"stage {}\"><span class=\"number\">{}</span><span class=\"name\">{}</span>{bar}\
             <span class=\"tasks\">{}/{}</span><span class=\"output\">{output}</span></div>\n",
            stage_state(stage),
            stage.stage,
            escape(&stage.name),
            stage.tasks_done,
            stage.tasks,
        ),
    );
}

fn workers(html: &mut String, workers: &[WorkerRecord], place: Place) {
    let columns = ["Worker", "Address", "Tasks", "Memory", "Disk", "#Held data"];
    table(html, "Workers", &columns, |html| {
        for worker in workers.iter().take(WORKERS_SHOWN) {
            put(
                html,
                format_args!(
                    "<tr data-key=\"{}\"><th scope=\"row\">{}</th><td><code>{}</code></td>{}</tr>\n",
                    escape(&worker.worker.id),
                    worker_link(&worker.worker.id, place),
                    escape(&worker.worker.address),
                    worker_cells(worker),
                ),
            );
        }
    });
    if workers.len() > WORKERS_SHOWN {
        let all = format!("All {}", plural(workers.len(), "worker"));
        put(html, format_args!("<p>{}</p>\n", place.link("workers", &all)));
    }
}

fn totals(html: &mut String, overview: &Overview) {
    let totals = &overview.totals;
    put(html, format_args!("<section>\n<h2>Since the scheduler began</h2>\n<dl class=\"facts\">\n"));
    let ended = totals.jobs_succeeded + totals.jobs_failed + totals.jobs_cancelled + totals.jobs_repeated;
    let mut facts = vec![
        ("Running for", duration(overview.at_ms.saturating_sub(overview.began_at_ms))),
        ("Sessions open", count(overview.sessions)),
        ("Jobs ended", count(ended)),
        ("Jobs failed", count(totals.jobs_failed)),
        ("Jobs cancelled", count(totals.jobs_cancelled)),
        ("Attempts repeated", count(totals.jobs_repeated)),
        ("Tasks", count(totals.tasks_done)),
        ("Tasks failed", count(totals.tasks_failed)),
        ("Task time", duration(totals.task_ms)),
        ("Rows written", count(totals.rows)),
        ("Bytes written", bytes(totals.bytes)),
        ("Workers joined", count(totals.workers_joined)),
        ("Workers gone", count(totals.workers_gone)),
    ];
    if totals.events_dropped > 0 {
        facts.push(("Events not noted", count(totals.events_dropped)));
    }
    for (name, value) in facts {
        put(html, format_args!("<div><dt>{name}</dt><dd>{value}</dd></div>\n"));
    }
    put(html, format_args!("</dl>\n</section>\n"));
}
