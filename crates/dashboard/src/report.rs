//! What happened in a while, in one file that needs nothing else: no server, no network, no script.

use crate::page::parts::{job_table, put, table, tiles};
use crate::page::{Place, job, timeline};
use crate::text::{bytes, count, duration, escape, moment};
use phalanx_engine::observe::{JobState, JobSummary, Period};
use std::collections::HashMap;

/// A report on a while.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What people call it.
    pub title: String,
    /// What happened.
    pub period: Period,
}

/// Jobs whose stages are told in full.
const JOBS_IN_FULL: usize = 100;

impl Report {
    /// The file.
    pub fn html(&self) -> String {
        let place = Place { is_file: true, ..Place::default() };
        let mut html = String::with_capacity(64 << 10);
        let (from, to) = (self.period.began_at_ms, self.period.ended_at_ms);
        put(
            &mut html,
            format_args!(
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
                 <meta name=\"color-scheme\" content=\"light dark\">\n\
                 <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
                 <title>{title} · Phalanx</title>\n<style>\n{style}</style>\n</head>\n<body class=\"report\">\n<main>\n\
                 <div class=\"heading\"><h1>{title}</h1> <code>{began}</code></div>\n",
                title = escape(&self.title),
                style = crate::STYLE,
                began = moment(from),
            ),
        );
        self.summary(&mut html);
        let now_ms = to;
        let summaries: Vec<&JobSummary> = self.period.jobs.iter().map(|job| &job.summary).collect();
        put(&mut html, format_args!("<section>\n<h2>Timeline</h2>\n"));
        if self.period.tasks.is_empty() {
            put(&mut html, format_args!("<p class=\"empty\">No task ended meanwhile.</p>\n"));
        } else {
            let known: HashMap<String, JobSummary> =
                summaries.iter().map(|job| (job.job.clone(), (*job).clone())).collect();
            let first = self.period.tasks.iter().map(|task| task.began_at_ms).min().unwrap_or(from);
            let last = self.period.tasks.iter().map(|task| task.ended_at_ms).max().unwrap_or(to);
            let window = timeline::Window { seconds: (to - from) / 1000, job: None, page: 1 };
            timeline::drawn(&mut html, &self.period.tasks, &known, (first, last.max(first + 1)), &window, place);
        }
        put(&mut html, format_args!("</section>\n<section>\n<h2>Jobs</h2>\n"));
        if summaries.is_empty() {
            put(&mut html, format_args!("<p class=\"empty\">No job ran meanwhile.</p>\n"));
        } else {
            job_table(&mut html, &summaries, now_ms, place);
        }
        put(&mut html, format_args!("</section>\n"));
        for record in self.period.jobs.iter().take(JOBS_IN_FULL) {
            put(&mut html, format_args!("<article>\n"));
            job::write(&mut html, record, now_ms, place);
            put(&mut html, format_args!("</article>\n"));
        }
        self.workers(&mut html);
        put(
            &mut html,
            format_args!(
                "</main>\n<footer><span>Phalanx {}</span></footer>\n</body>\n</html>\n",
                env!("CARGO_PKG_VERSION")
            ),
        );
        html
    }

    fn summary(&self, html: &mut String) {
        let (from, to) = (self.period.began_at_ms, self.period.ended_at_ms);
        let took = to.saturating_sub(from);
        let tasks_ms: u64 =
            self.period.tasks.iter().map(|task| task.ended_at_ms.saturating_sub(task.began_at_ms)).sum();
        let cores: usize = self.period.workers.iter().map(|worker| worker.worker.cores).sum();
        let failed = self.period.jobs.iter().filter(|job| job.summary.state == JobState::Failed).count();
        let written = self.period.jobs.iter().map(|job| job.summary.bytes).fold(0, u64::saturating_add);
        let busy = tasks_ms as f64 / (took.max(1) as f64 * cores.max(1) as f64) * 100.0;
        tiles(
            html,
            &[
                ("Took", duration(took), String::new()),
                ("Jobs", count(self.period.jobs.len() as u64), format!("{failed} failed")),
                ("Tasks", count(self.period.tasks.len() as u64), String::new()),
                ("Task time", duration(tasks_ms), format!("{busy:.0} % of {cores} cores")),
                ("Written", bytes(written), String::new()),
            ],
        );
    }

    fn workers(&self, html: &mut String) {
        put(html, format_args!("<section>\n<h2>Workers</h2>\n"));
        let columns = ["Worker", "Address", "#Cores", "#Memory", "#Limit", "#Held data", "#Tasks meanwhile"];
        table(html, "Workers", &columns, |html| {
            for worker in &self.period.workers {
                let tasks = self.period.tasks.iter().filter(|task| task.worker == worker.worker.id).count();
                put(
                    html,
                    format_args!(
                        "<tr><th scope=\"row\"><code>{}</code></th><td><code>{}</code></td><td class=\"figure\">{}</td>\
                         <td class=\"figure\">{}</td><td class=\"figure\">{}</td><td class=\"figure\">{}</td>\
                         <td class=\"figure\">{}</td></tr>\n",
                        escape(&worker.worker.id),
                        escape(&worker.worker.address),
                        worker.worker.cores,
                        bytes(worker.worker.memory_used_bytes),
                        bytes(worker.worker.memory_bytes),
                        bytes(worker.worker.persisted_bytes),
                        count(tasks as u64),
                    ),
                );
            }
        });
        put(html, format_args!("</section>\n"));
    }
}
