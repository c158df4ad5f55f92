//! Workers that are here and that were, with what they did in the last minutes.

use super::chart::Line;
use super::parts::{put, table, tiles, when, worker_cells, worker_link};
use super::{Place, log};
use crate::text::{bytes, count, duration, escape, part_of_address, plural};
use phalanx_engine::observe::{Overview, ProcessLog, SCHEDULER, TaskRecord, WorkerRecord, WorkerSample};

/// Samples that a small line is drawn through; more would not be seen.
const SPARK_POINTS: usize = 60;
/// Tasks of one worker that are shown.
const TASKS_SHOWN: usize = 50;
/// Workers that are gone and shown.
const GONE_SHOWN: usize = 50;

/// The live part.
pub fn write(html: &mut String, workers: &[WorkerRecord], overview: &Overview, place: Place) {
    let now_ms = overview.at_ms;
    let (here, mut gone): (Vec<_>, Vec<_>) = workers.iter().partition(|worker| worker.gone_at_ms.is_none());
    let sum = |of: fn(&WorkerRecord) -> u64| here.iter().map(|worker| of(worker)).fold(0, u64::saturating_add);
    let busy: f32 = here.iter().map(|worker| worker.cores_busy).sum();
    let cores = sum(|worker| worker.worker.cores as u64);
    tiles(
        html,
        &[
            ("Workers", count(here.len() as u64), String::new()),
            ("Processors busy", format!("{busy:.1}"), format!("of {}", plural(cores as usize, "core"))),
            ("GPUs", gpus(sum(|worker| worker.worker.gpus as u64)), String::from("on these workers")),
            ("Tasks ended", count(sum(|worker| worker.tasks_done)), String::from("on these workers")),
            ("Workers gone", count(overview.totals.workers_gone), String::from("since the scheduler began")),
        ],
    );
    put(html, format_args!("<section>\n<h2>Here</h2>\n"));
    if here.is_empty() {
        let address = escape(&overview.address);
        put(
            html,
            format_args!("<p class=\"empty\">No worker is here. Start one:</p>\n<pre>phalanx worker {address}</pre>\n"),
        );
    } else {
        let columns =
            ["Worker", "Tasks", "Memory", "Disk", "#Held data", "Processors, ten minutes", "#Tasks ended", "#Joined"];
        table(html, "Workers that are here", &columns, |html| {
            for worker in &here {
                let line = thinned(&worker.samples, |sample| f64::from(sample.cores_busy));
                let line = Line { down: (0.0, worker.worker.cores.max(1) as f64), ..line };
                let label = format!("{:.1} of {} cores busy", worker.cores_busy, worker.worker.cores);
                put(
                    html,
                    format_args!(
                        "<tr data-key=\"{}\"><th scope=\"row\">{}</th>{}<td>{}</td>\
                         <td class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>\n",
                        escape(&worker.worker.id),
                        worker_link(&worker.worker.id, place),
                        worker_cells(worker),
                        line.spark(&label),
                        count(worker.tasks_done),
                        when(worker.joined_at_ms, now_ms),
                    ),
                );
            }
        });
    }
    put(html, format_args!("</section>\n"));
    let scheduler = place.link(&format!("workers/{SCHEDULER}"), "The scheduler's log");
    put(html, format_args!("<p class=\"note\">{scheduler}. A worker's is on its own page.</p>\n"));
    gone.sort_by_key(|worker| std::cmp::Reverse(worker.gone_at_ms));
    if !gone.is_empty() {
        put(html, format_args!("<section>\n<h2>Gone</h2>\n"));
        table(
            html,
            "Workers that are gone",
            &["Worker", "Address", "#Gone", "#Was here", "#Tasks ended", "#Failed"],
            |html| {
                for worker in gone.iter().take(GONE_SHOWN) {
                    let gone_at = worker.gone_at_ms.unwrap_or(now_ms);
                    put(
                        html,
                        format_args!(
                            "<tr data-key=\"{}\"><th scope=\"row\">{}</th><td><code>{}</code></td><td class=\"figure\">{}</td>\
                         <td class=\"figure\">{}</td><td class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>\n",
                            escape(&worker.worker.id),
                            worker_link(&worker.worker.id, place),
                            escape(&worker.worker.address),
                            when(gone_at, now_ms),
                            duration(gone_at.saturating_sub(worker.joined_at_ms)),
                            count(worker.tasks_done),
                            count(worker.tasks_failed),
                        ),
                    );
                }
            },
        );
        put(html, format_args!("</section>\n"));
    }
}

/// How many graphics processors; that there are none is said in a word.
fn gpus(there: u64) -> String {
    if there > 0 { count(there) } else { String::from("none") }
}

/// A line through means of the samples.
fn thinned(samples: &[WorkerSample], value: impl Fn(&WorkerSample) -> f64) -> Line {
    let size = samples.len().div_ceil(SPARK_POINTS).max(1);
    let points = samples.chunks(size).filter_map(|some| {
        let mean = some.iter().map(&value).sum::<f64>() / some.len() as f64;
        Some((some.last()?.at_ms as f64, Some(mean)))
    });
    Line::through(points.collect())
}

/// One worker: what it has and does, what it wrote, and the tasks that ended on it.
pub fn write_one(
    html: &mut String,
    worker: &WorkerRecord,
    tasks: &[TaskRecord],
    written: &ProcessLog,
    now_ms: u64,
    place: Place,
) {
    let has = &worker.worker;
    let (class, word) = match worker.gone_at_ms {
        None => ("succeeded", String::from("here")),
        Some(at) => ("failed", format!("gone {}", crate::text::ago(at, now_ms))),
    };
    put(
        html,
        format_args!(
            "<div class=\"title\"><h2 class=\"name\"><code>{}</code></h2> <span class=\"state {class}\">{word}</span></div>\n\
             <p class=\"note\">At <code>{}</code>, process {}, joined {}.</p>\n",
            escape(&has.id),
            escape(&has.address),
            worker.process,
            when(worker.joined_at_ms, now_ms),
        ),
    );
    tiles(
        html,
        &[
            ("Tasks now", count(has.tasks_running as u64), format!("of {}", plural(has.cores, "core"))),
            ("Processors busy", format!("{:.1}", worker.cores_busy), format!("of {}", has.cores)),
            ("GPUs", gpus(has.gpus as u64), String::new()),
            ("Memory", bytes(has.memory_used_bytes), format!("of {}", bytes(has.memory_bytes))),
            ("Disk free", bytes(worker.disk_free_bytes), format!("of {}", bytes(worker.disk_bytes))),
            ("Tasks ended", count(worker.tasks_done), format!("{} failed", count(worker.tasks_failed))),
        ],
    );
    put(html, format_args!("<section>\n<h2>The last ten minutes</h2>\n<div class=\"charts\">\n"));
    let span = match (worker.samples.first(), worker.samples.last()) {
        (Some(first), Some(last)) => last.at_ms.saturating_sub(first.at_ms),
        _ => 0,
    };
    let (left, right) = (format!("{} before", duration(span)), String::from("latest"));
    let mut chart = |name: &str, latest: String, top: f64, top_text: String, value: &dyn Fn(&WorkerSample) -> f64| {
        let line = Line { down: (0.0, top), ..thinned(&worker.samples, value) };
        line.chart(html, name, &latest, [&left, &right, "0", &top_text]);
    };
    let cores = has.cores.max(1);
    chart("Processors busy", format!("{:.1}", worker.cores_busy), cores as f64, cores.to_string(), &|it| {
        it.cores_busy.into()
    });
    chart("Tasks", has.tasks_running.to_string(), cores as f64, cores.to_string(), &|it| it.tasks_running.into());
    let memory_top = worker.samples.iter().map(|it| it.memory_used_bytes).max().unwrap_or(0).max(has.memory_bytes);
    chart("Memory", bytes(has.memory_used_bytes), memory_top as f64, bytes(memory_top), &|it| {
        it.memory_used_bytes as f64
    });
    let held_top = worker.samples.iter().map(|it| it.persisted_bytes).max().unwrap_or(0).max(1);
    chart("Held data", bytes(has.persisted_bytes), held_top as f64, bytes(held_top), &|it| it.persisted_bytes as f64);
    put(html, format_args!("</div>\n</section>\n"));
    log::write(html, written, now_ms);
    put(html, format_args!("<section>\n<h2>Latest tasks</h2>\n"));
    let latest: Vec<&TaskRecord> = tasks.iter().rev().filter(|task| task.worker == has.id).take(TASKS_SHOWN).collect();
    if latest.is_empty() {
        put(html, format_args!("<p class=\"empty\">It has ended no task yet.</p>\n"));
    } else {
        table(html, "Latest tasks", &["Job", "#Stage", "#Task", "#Ended", "#Took", "State"], |html| {
            for task in latest {
                one_task(html, task, now_ms, place);
            }
        });
    }
    put(html, format_args!("</section>\n"));
}

fn one_task(html: &mut String, task: &TaskRecord, now_ms: u64, place: Place) {
    let (class, word) = if task.succeeded { ("succeeded", "done") } else { ("failed", "failed") };
    put(
        html,
        format_args!(
            "<tr><th scope=\"row\">{}</th><td class=\"figure\">{}</td><td class=\"figure\">{}</td><td class=\"figure\">{}</td>\
             <td class=\"figure\">{}</td><td><span class=\"state {class}\">{word}</span></td></tr>\n",
            place.link(&format!("jobs/{}", part_of_address(&task.job)), &format!("<code>{}</code>", escape(&task.job))),
            task.stage,
            task.task,
            when(task.ended_at_ms, now_ms),
            duration(task.ended_at_ms.saturating_sub(task.began_at_ms)),
        ),
    );
}
