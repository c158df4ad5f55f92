//! What is seen, as Prometheus reads it (its text format, version 0.0.4).

use crate::server::Shared;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use phalanx_engine::observe::{Overview, WorkerRecord};
use std::fmt::Write;

/// `GET /metrics`.
pub(crate) async fn metrics(State(shared): State<Shared>) -> Response {
    let text = text(&shared.observe.overview().await);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// All metrics.
pub fn text(overview: &Overview) -> String {
    let mut text = String::with_capacity(8 << 10);
    let totals = &overview.totals;
    let jobs = [
        ("succeeded", totals.jobs_succeeded),
        ("failed", totals.jobs_failed),
        ("cancelled", totals.jobs_cancelled),
        ("repeated", totals.jobs_repeated),
    ];
    head(&mut text, "phalanx_jobs_ended_total", "counter", "Jobs that ended, by how.");
    for (state, number) in jobs {
        line(&mut text, "phalanx_jobs_ended_total", &[("state", state)], number as f64);
    }
    head(&mut text, "phalanx_tasks_ended_total", "counter", "Tasks that ended, by how.");
    line(&mut text, "phalanx_tasks_ended_total", &[("state", "succeeded")], totals.tasks_done as f64);
    line(&mut text, "phalanx_tasks_ended_total", &[("state", "failed")], totals.tasks_failed as f64);
    let tasks_open: u64 = overview.running.iter().map(|job| job.summary.tasks - job.summary.tasks_done).sum();
    let single = [
        ("phalanx_task_seconds_total", "counter", "Time of all tasks that ended.", totals.task_ms as f64 / 1e3),
        ("phalanx_rows_written_total", "counter", "Rows that tasks wrote.", totals.rows as f64),
        ("phalanx_bytes_written_total", "counter", "Bytes that tasks wrote.", totals.bytes as f64),
        ("phalanx_workers_joined_total", "counter", "Workers that joined.", totals.workers_joined as f64),
        ("phalanx_workers_gone_total", "counter", "Workers that were lost or left.", totals.workers_gone as f64),
        ("phalanx_events_dropped_total", "counter", "Events that were not noted.", totals.events_dropped as f64),
        ("phalanx_jobs_running", "gauge", "Jobs that run now.", overview.running.len() as f64),
        ("phalanx_tasks_open", "gauge", "Tasks of running jobs that have not ended.", tasks_open as f64),
        ("phalanx_workers", "gauge", "Workers that are here.", overview.workers.len() as f64),
        ("phalanx_sessions", "gauge", "Sessions that are open.", overview.sessions as f64),
        (
            "phalanx_start_time_seconds",
            "gauge",
            "When the scheduler began, since 1970.",
            overview.began_at_ms as f64 / 1e3,
        ),
    ];
    for (name, kind, help, value) in single {
        head(&mut text, name, kind, help);
        line(&mut text, name, &[], value);
    }
    type OfWorker = (&'static str, &'static str, fn(&WorkerRecord) -> f64);
    let of_workers: [OfWorker; 8] = [
        ("phalanx_worker_cores", "Tasks that a worker runs at once.", |it| it.worker.cores as f64),
        ("phalanx_worker_tasks_running", "Tasks that it runs now.", |it| it.worker.tasks_running as f64),
        ("phalanx_worker_processors_busy", "Processors that it keeps busy.", |it| f64::from(it.cores_busy)),
        ("phalanx_worker_memory_bytes", "Memory that its process holds.", |it| it.worker.memory_used_bytes as f64),
        ("phalanx_worker_memory_limit_bytes", "Limit of its tasks' memory.", |it| it.worker.memory_bytes as f64),
        ("phalanx_worker_held_bytes", "Data that it holds on disk.", |it| it.worker.persisted_bytes as f64),
        ("phalanx_worker_disk_free_bytes", "What is free of its disk.", |it| it.disk_free_bytes as f64),
        ("phalanx_worker_disk_bytes", "Size of its disk.", |it| it.disk_bytes as f64),
    ];
    for (name, help, value) in of_workers {
        head(&mut text, name, "gauge", help);
        for worker in &overview.workers {
            let labels = [("worker", worker.worker.id.as_str()), ("address", worker.worker.address.as_str())];
            line(&mut text, name, &labels, value(worker));
        }
    }
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a `String` can't fail.
    let _written = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    text.push_str(name);
    for (place, (label, content)) in labels.iter().enumerate() {
        let content = content.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _written = write!(text, "{}{label}=\"{content}\"", if place == 0 { '{' } else { ',' });
    }
    let _written = writeln!(text, "{} {value}", if labels.is_empty() { "" } else { "}" });
}
