//! A description as HTML.
//!
//! Bars are drawn with attributes of SVG, because the page's policy allows no inline style.

use crate::text::{bytes, count, escape, plural};
use phalanx_engine::{EngineDescription, Progress, StageProgress, WorkerDescription};
use std::fmt::{Arguments, Write};

/// The whole page.
pub fn page(description: &EngineDescription) -> String {
    let mut html = String::with_capacity(8 << 10);
    put(
        &mut html,
        format_args!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Phalanx {address}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/style.css">
<script src="/static/app.js" defer></script>
<noscript><meta http-equiv="refresh" content="2"></noscript>
</head>
<body>
<header>
<h1><img src="/static/icon.svg" alt="" width="22" height="22"> Phalanx</h1>
<code>{address}</code>
<p id="connection" role="status">live</p>
</header>
<main id="live">
{live}</main>
<footer><a href="/api/status">JSON</a> <span>read-only</span> <span>version {version}</span></footer>
</body>
</html>
"#,
            address = escape(&description.address),
            live = live(description),
            version = env!("CARGO_PKG_VERSION"),
        ),
    );
    html
}

/// The part that changes.
pub fn live(description: &EngineDescription) -> String {
    let mut html = String::with_capacity(4 << 10);
    summary(&mut html, description);
    put(&mut html, format_args!("<section>\n<h2>Jobs</h2>\n"));
    if description.jobs.is_empty() {
        no_job(&mut html, description);
    }
    for job in &description.jobs {
        running(&mut html, job);
    }
    put(&mut html, format_args!("</section>\n<section>\n<h2>Workers</h2>\n"));
    if description.workers.is_empty() {
        let address = escape(&description.address);
        put(
            &mut html,
            format_args!(
                "<p class=\"empty\">No worker yet. Start one in another terminal:</p>\n\
                 <pre>phalanx worker {address}</pre>\n"
            ),
        );
    } else {
        workers(&mut html, &description.workers);
    }
    put(&mut html, format_args!("</section>\n"));
    html
}

fn put(html: &mut String, text: Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _written = html.write_fmt(text);
}

fn summary(html: &mut String, description: &EngineDescription) {
    let workers = &description.workers;
    let sum = |value: fn(&WorkerDescription) -> u64| workers.iter().map(value).fold(0, u64::saturating_add);
    let (used, limit) = (sum(|worker| worker.memory_used_bytes), sum(|worker| worker.memory_bytes));
    let running = sum(|worker| worker.tasks_running as u64);
    let facts = [
        ("workers", count(workers.len() as u64), String::new()),
        ("tasks running", count(running), format!("of {}", plural(sum(|worker| worker.cores as u64) as usize, "core"))),
        ("memory", bytes(used), format!("of {}", bytes(limit))),
        ("persisted", bytes(sum(|worker| worker.persisted_bytes)), String::new()),
        ("jobs", count(description.jobs.len() as u64), String::from("running")),
    ];
    put(html, format_args!("<dl class=\"summary\">\n"));
    for (name, value, more) in facts {
        put(html, format_args!("<div><dt>{name}</dt><dd>{value} <small>{more}</small></dd></div>\n"));
    }
    put(html, format_args!("</dl>\n"));
}

fn no_job(html: &mut String, description: &EngineDescription) {
    put(html, format_args!("<p class=\"empty\">No job is running."));
    if description.workers.is_empty() {
        put(html, format_args!(" Jobs wait for a worker.</p>\n"));
    } else {
        let address = escape(&description.address);
        put(html, format_args!(" Try one:</p>\n<pre>phalanx demo --scheduler {address}</pre>\n"));
    }
}

fn running(html: &mut String, job: &Progress) {
    let (done, tasks) = job.stages.iter().fold((0, 0), |sum, stage| (sum.0 + stage.tasks_done, sum.1 + stage.tasks));
    put(
        html,
        format_args!(
            "<article>\n<h3><span>{} <code>{}</code></span> <small>{done} of {}{}</small></h3>\n<div class=\"stages\">\n",
            escape(&job.label),
            escape(&job.job),
            plural(tasks, "task"),
            if job.attempts > 1 { format!(", attempt {}", job.attempts) } else { String::new() },
        ),
    );
    for stage in &job.stages {
        one_stage(html, stage);
    }
    put(html, format_args!("</div>\n</article>\n"));
}

fn one_stage(html: &mut String, stage: &StageProgress) {
    let state = match stage {
        stage if stage.tasks > 0 && stage.tasks_done >= stage.tasks => "done",
        stage if stage.tasks_running > 0 || stage.tasks_done > 0 => "running",
        _ => "waiting",
    };
    let tasks = stage.tasks as u64;
    let bar = bar(
        stage.tasks_done as u64,
        stage.tasks_running as u64,
        tasks,
        &format!("{} of {} tasks done, {} running", stage.tasks_done, stage.tasks, stage.tasks_running),
    );
    let output = if stage.tasks_done == 0 {
        String::new()
    } else {
        format!("{}, {}", plural(usize::try_from(stage.rows).unwrap_or(usize::MAX), "row"), bytes(stage.bytes))
    };
    put(
        html,
        format_args!(
            "<div class=\"stage {state}\"><span class=\"number\">{}</span><span class=\"name\">{}</span>{bar}\
             <span class=\"tasks\">{}/{}</span><span class=\"output\">{output}</span></div>\n",
            stage.stage,
            escape(&stage.name),
            stage.tasks_done,
            stage.tasks,
        ),
    );
}

fn workers(html: &mut String, workers: &[WorkerDescription]) {
    put(
        html,
        format_args!(
            "<table>\n<thead><tr><th scope=\"col\">worker</th><th scope=\"col\">address</th>\
             <th scope=\"col\">tasks</th><th scope=\"col\">memory</th>\
             <th scope=\"col\" class=\"figure\">persisted</th></tr></thead>\n<tbody>\n"
        ),
    );
    for worker in workers {
        let tasks = bar(
            worker.tasks_running as u64,
            0,
            worker.cores as u64,
            &format!("{} of {} busy", worker.tasks_running, plural(worker.cores, "core")),
        );
        let memory = bar(
            worker.memory_used_bytes,
            0,
            worker.memory_bytes,
            &format!("{} of {}", bytes(worker.memory_used_bytes), bytes(worker.memory_bytes)),
        );
        let full = worker.memory_bytes > 0 && worker.memory_used_bytes >= worker.memory_bytes / 10 * 9;
        put(
            html,
            format_args!(
                "<tr><th scope=\"row\"><code title=\"{id}\">{short}</code></th>\
                 <td data-label=\"address\"><code>{address}</code></td>\
                 <td data-label=\"tasks\">{tasks}<span>{running} of {cores}</span></td>\
                 <td data-label=\"memory\"{class}>{memory}<span>{used} of {limit}</span></td>\
                 <td data-label=\"persisted\" class=\"figure\">{persisted}</td></tr>\n",
                id = escape(&worker.id),
                short = escape(&short(&worker.id)),
                address = escape(&worker.address),
                running = worker.tasks_running,
                cores = plural(worker.cores, "core"),
                class = if full { " class=\"full\"" } else { "" },
                used = bytes(worker.memory_used_bytes),
                limit = bytes(worker.memory_bytes),
                persisted = bytes(worker.persisted_bytes),
            ),
        );
    }
    put(html, format_args!("</tbody>\n</table>\n"));
}

/// Ids are long and random; their beginning tells them apart.
fn short(id: &str) -> String {
    id.chars().take(9).collect()
}

/// A bar of what is done and, behind it, what runs; in thousandths of `all`.
fn bar(done: u64, running: u64, all: u64, label: &str) -> String {
    let part = |value: u64| {
        let all = u128::from(all.max(1));
        (u128::from(value) * 1000 / all).min(1000)
    };
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"ground\" width=\"1000\" height=\"10\"/>\
         <rect class=\"running\" width=\"{}\" height=\"10\"/><rect class=\"done\" width=\"{}\" height=\"10\"/></svg>",
        escape(label),
        part(done.saturating_add(running)),
        part(done),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_its_ground() {
        assert!(bar(3, 1, 4, "x").contains("class=\"running\" width=\"1000\""));
        assert!(bar(9, 0, 4, "x").contains("class=\"done\" width=\"1000\""));
        assert!(bar(u64::MAX, u64::MAX, u64::MAX, "x").contains("class=\"done\" width=\"1000\""));
        assert!(bar(0, 0, 0, "x").contains("class=\"done\" width=\"0\""));
    }
}
