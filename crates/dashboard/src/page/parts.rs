//! Pieces that several pages are made of.

use super::Place;
use crate::text::{ago, bytes, count, duration, escape, moment, part_of_address, short};
use phalanx_engine::observe::{JobState, JobSummary, WorkerRecord};
use std::fmt::{Arguments, Write};

/// Adds `text`.
pub fn put(html: &mut String, text: Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _written = html.write_fmt(text);
}

/// A bar of what is done and, behind it, what runs; in thousandths of `all`.
pub fn bar(done: u64, running: u64, all: u64, label: &str) -> String {
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

/// A moment, as how long ago it was.
pub fn when(at_ms: u64, now_ms: u64) -> String {
    let moment = moment(at_ms);
    format!("<time datetime=\"{moment}\" title=\"{moment}\">{}</time>", ago(at_ms, now_ms))
}

/// Names and values side by side.
pub fn tiles(html: &mut String, tiles: &[(&str, String, String)]) {
    put(html, format_args!("<dl class=\"tiles\">\n"));
    for (name, value, more) in tiles {
        put(html, format_args!("<div><dt>{name}</dt><dd>{value} <small>{more}</small></dd></div>\n"));
    }
    put(html, format_args!("</dl>\n"));
}

/// The state of a job, in its colour.
pub fn state(state: JobState) -> String {
    format!("<span class=\"state {0}\">{0}</span>", state.name())
}

/// A worker's short name, which leads to its page.
pub fn worker_link(worker: &str, place: Place) -> String {
    let inner = format!("<code title=\"{}\">{}</code>", escape(worker), escape(&short(worker)));
    place.link(&format!("workers/{}", part_of_address(worker)), &inner)
}

/// A job's label, which leads to its page.
pub fn job_link(job: &str, label: &str, place: Place) -> String {
    let shown = if label.is_empty() { job } else { label };
    place.link(&format!("jobs/{}", part_of_address(job)), &escape(shown))
}

/// What to do, behind a question that opens without a script.
pub fn action(path: &str, name: &str, question: &str, place: Place) -> String {
    if !place.may_control || place.is_file {
        return String::new();
    }
    format!(
        "<details class=\"action\" data-key=\"{path}\"><summary>{name}…</summary>\
         <form method=\"post\" action=\"{}{path}\"><p>{}</p><button>{name}</button></form></details>",
        place.base,
        escape(question),
    )
}

/// A table that scrolls sideways where it does not fit, with its columns' heads: `#` before a head aligns it as figures.
pub fn table(html: &mut String, name: &str, columns: &[&str], rows: impl FnOnce(&mut String)) {
    put(
        html,
        format_args!("<div class=\"scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\"><table>\n<thead><tr>"),
    );
    for column in columns {
        match column.strip_prefix('#') {
            Some(figure) => put(html, format_args!("<th scope=\"col\" class=\"figure\">{figure}</th>")),
            None => put(html, format_args!("<th scope=\"col\">{column}</th>")),
        }
    }
    put(html, format_args!("</tr></thead>\n<tbody>\n"));
    rows(html);
    put(html, format_args!("</tbody>\n</table></div>\n"));
}

/// Jobs, a line each.
pub fn job_table(html: &mut String, jobs: &[&JobSummary], now_ms: u64, place: Place) {
    let columns = ["Job", "State", "#Submitted", "#Took", "#Tasks", "#Rows", "#Written", "#Task time"];
    table(html, "Jobs", &columns, |html| {
        for job in jobs {
            put(
                html,
                format_args!(
                    "<tr data-key=\"{key}\"><th scope=\"row\">{link} <code>{key}</code></th><td>{state}</td>\
                     <td class=\"figure\">{submitted}</td><td class=\"figure\">{took}</td>\
                     <td class=\"figure\">{tasks}</td><td class=\"figure\">{rows}</td><td class=\"figure\">{written}</td>\
                     <td class=\"figure\">{time}</td></tr>\n",
                    key = escape(&job.job),
                    link = job_link(&job.job, &job.label, place),
                    state = state(job.state),
                    submitted = when(job.submitted_at_ms, now_ms),
                    took = duration(job.elapsed_ms),
                    tasks = if job.tasks_done < job.tasks {
                        format!("{} of {}", count(job.tasks_done), count(job.tasks))
                    } else {
                        count(job.tasks)
                    },
                    rows = count(job.rows),
                    written = bytes(job.bytes),
                    time = duration(job.task_ms),
                ),
            );
        }
    });
}

/// How busy, how full: the cells of a worker that pages share.
pub fn worker_cells(worker: &WorkerRecord) -> String {
    let has = &worker.worker;
    let busy = has.tasks_running as u64;
    let tasks = bar(busy, 0, has.cores as u64, &format!("{busy} of {} cores busy", has.cores));
    let used = format!("{} of {}", bytes(has.memory_used_bytes), bytes(has.memory_bytes));
    let memory = bar(has.memory_used_bytes, 0, has.memory_bytes, &used);
    let full = |used: u64, all: u64| if all > 0 && used >= all / 10 * 9 { " class=\"full\"" } else { "" };
    let disk_used = worker.disk_bytes.saturating_sub(worker.disk_free_bytes);
    let disk = match worker.disk_bytes {
        0 => String::from("<span>unknown</span>"),
        all => {
            let free = format!("{} free", bytes(worker.disk_free_bytes));
            format!("{}<span>{free}</span>", bar(disk_used, 0, all, &format!("{free} of {}", bytes(all))))
        }
    };
    format!(
        "<td>{tasks}<span>{busy} of {cores}</span></td><td{memory_full}>{memory}<span>{used}</span></td>\
         <td{disk_full}>{disk}</td><td class=\"figure\">{held}</td>",
        cores = has.cores,
        memory_full = full(has.memory_used_bytes, has.memory_bytes),
        disk_full = full(disk_used, worker.disk_bytes),
        held = bytes(has.persisted_bytes),
    )
}

/// Links to the other pages of a list of `count`, `size` each.
pub fn pager(html: &mut String, count_all: usize, size: usize, page: usize, address: impl Fn(usize) -> String) {
    let pages = count_all.div_ceil(size).max(1);
    if pages == 1 {
        return;
    }
    put(html, format_args!("<nav class=\"pager\" aria-label=\"Pages of the list\">"));
    if page > 1 {
        put(html, format_args!("<a href=\"{}\" rel=\"prev\">Previous</a>", escape(&address(page - 1))));
    }
    put(html, format_args!("<span>Page {page} of {pages}</span>"));
    if page < pages {
        put(html, format_args!("<a href=\"{}\" rel=\"next\">Next</a>", escape(&address(page + 1))));
    }
    put(html, format_args!("</nav>\n"));
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
