//! One job: its stages, what their operators did, and why it failed.

use super::parts::{action, bar, put, state, table, tiles, when};
use super::status::{so_far, stage_state};
use super::{Place, graph};
use crate::text::{bytes, count, duration, escape, part_of_address, plural, short};
use phalanx_engine::observe::{Failure, JobRecord, JobState, OperatorRecord, StageRecord};

/// The live part.
pub fn write(html: &mut String, job: &JobRecord, now_ms: u64, place: Place) {
    heading(html, job, now_ms, place);
    if let Some(failure) = &job.failure {
        failed(html, failure, job.summary.state);
    }
    if job.stages.is_empty() {
        put(html, format_args!("<p class=\"empty\">Nothing is known of its stages.</p>\n"));
        return;
    }
    put(html, format_args!("<section>\n<h2>Stages</h2>\n"));
    put(
        html,
        format_args!(
            "<div class=\"scroll graph\" role=\"region\" aria-label=\"Graph of the stages\" tabindex=\"0\">\n"
        ),
    );
    graph::write(html, &job.stages);
    put(html, format_args!("</div>\n"));
    stages(html, &job.stages);
    put(
        html,
        format_args!(
            "<p class=\"note\">Skew is the longest task, and the largest, over the mean: 1.0 is even. Times of tasks are \
             on the workers' clocks.</p>\n</section>\n"
        ),
    );
    if job.stages.iter().any(|stage| !stage.operators.is_empty()) {
        put(html, format_args!("<section>\n<h2>Operators</h2>\n"));
        for stage in job.stages.iter().filter(|stage| !stage.operators.is_empty()) {
            operators(html, stage);
        }
        put(
            html,
            format_args!(
                "<p class=\"note\">Sums over the tasks that are done; they come with the workers' next word, within a second.</p>\n</section>\n"
            ),
        );
    }
}

fn heading(html: &mut String, job: &JobRecord, now_ms: u64, place: Place) {
    let summary = &job.summary;
    let label = if summary.label.is_empty() { "without a name" } else { &summary.label };
    let timeline = place.link(&format!("timeline?seconds=3600&job={}", part_of_address(&summary.job)), "Timeline");
    let is_running = summary.state == JobState::Running;
    let progress = bar(
        summary.tasks_done,
        summary.tasks_running,
        summary.tasks,
        &format!("{} of {} tasks done", summary.tasks_done, summary.tasks),
    );
    let cancel = action(
        &format!("jobs/{}/cancel", part_of_address(&summary.job)),
        "Cancel",
        "Its client is told that the job was cancelled.",
        place,
    );
    put(
        html,
        format_args!(
            "<div class=\"title\"><h2 class=\"name\">{}</h2> <code>{}</code> {} {timeline}{}</div>\n\
             <p class=\"note\">Submitted {} by session <code title=\"{session}\">{}</code>. {}</p>\n{}",
            escape(label),
            escape(&summary.job),
            state(summary.state),
            if is_running { cancel } else { String::new() },
            when(summary.submitted_at_ms, now_ms),
            escape(&short(&summary.session)),
            if is_running { format!("{}.", so_far(summary)) } else { String::new() },
            if is_running { progress } else { String::new() },
            session = escape(&summary.session),
        ),
    );
    tiles(
        html,
        &[
            (if is_running { "Runs for" } else { "Took" }, duration(summary.elapsed_ms), String::new()),
            ("Tasks", count(summary.tasks_done), format!("of {}", count(summary.tasks))),
            ("Task time", duration(summary.task_ms), String::new()),
            ("Rows of the result", count(summary.rows), String::new()),
            ("Written", bytes(summary.bytes), String::from("by all stages")),
        ],
    );
}

fn failed(html: &mut String, failure: &Failure, state: JobState) {
    let title = if state == JobState::Repeated { "A worker was lost; the job runs again" } else { "Why it failed" };
    put(
        html,
        format_args!(
            "<section class=\"failure\" aria-label=\"{title}\">\n<h2>{title}</h2>\n<p><strong>{}</strong></p>\n",
            escape(&failure.message)
        ),
    );
    if let Some(hint) = &failure.hint {
        put(html, format_args!("<p>{}</p>\n", escape(hint)));
    }
    let place = failure.place.as_ref().map(|place| format!(", in {}", escape(place))).unwrap_or_default();
    put(html, format_args!("<p class=\"note\">Kind: {}{place}</p>\n", escape(&failure.kind)));
    if !failure.causes.is_empty() {
        put(html, format_args!("<p>Caused by:</p>\n<ol class=\"causes\">\n"));
        for cause in &failure.causes {
            put(html, format_args!("<li>{}</li>\n", escape(cause)));
        }
        put(html, format_args!("</ol>\n"));
    }
    put(html, format_args!("</section>\n"));
}

/// A ratio, or a dash where there is none yet.
pub fn ratio(value: f64) -> String {
    if value > 0.0 { format!("{value:.1}") } else { String::from("–") }
}

fn stages(html: &mut String, stages: &[StageRecord]) {
    let columns = [
        "#No.",
        "Stage",
        "Tasks",
        "#Rows",
        "#Written",
        "#From first to last",
        "#Task time",
        "#Longest task",
        "#Skew of time",
        "#Skew of rows",
    ];
    table(html, "Stages", &columns, |html| {
        for stage in stages {
            let tasks = bar(
                stage.tasks_done as u64,
                stage.tasks_running as u64,
                stage.tasks as u64,
                &format!("{} of {} tasks done", stage.tasks_done, stage.tasks),
            );
            put(
                html,
                format_args!(
                    "<tr data-key=\"{number}\" class=\"{state}\"><td class=\"figure\">{number}</td>\
                     <th scope=\"row\">{name}</th><td>{tasks}<span>{done} of {all}</span></td>\
                     <td class=\"figure\">{rows}</td><td class=\"figure\">{written}</td><td class=\"figure\">{span}</td>\
                     <td class=\"figure\">{time}</td><td class=\"figure\">{longest}</td>\
                     <td class=\"figure{uneven}\">{time_skew}</td><td class=\"figure\">{row_skew}</td></tr>\n",
                    number = stage.stage,
                    state = stage_state(stage),
                    name = escape(&stage.name),
                    done = stage.tasks_done,
                    all = stage.tasks,
                    rows = count(stage.rows),
                    written = bytes(stage.bytes),
                    span = duration(stage.ended_at_ms.saturating_sub(stage.began_at_ms)),
                    time = duration(stage.task_ms),
                    longest = duration(stage.longest_task_ms),
                    uneven = if graph::is_uneven(stage) { " uneven" } else { "" },
                    time_skew = ratio(stage.time_skew),
                    row_skew = ratio(stage.row_skew),
                ),
            );
        }
    });
}

fn operators(html: &mut String, stage: &StageRecord) {
    let longest = stage.operators.iter().map(|operator| operator.compute_us).max().unwrap_or(0).max(1);
    let sum: u64 = stage.operators.iter().map(|operator| operator.compute_us).sum();
    put(
        html,
        format_args!(
            "<details class=\"operators\" data-key=\"operators-{0}\"{1}><summary>Stage {0}: {2} <small>{3}, {4}</small></summary>\n",
            stage.stage,
            if stage.consumers.is_empty() { " open" } else { "" },
            escape(&stage.name),
            plural(stage.operators.len(), "operator"),
            duration(sum / 1000),
        ),
    );
    let columns = ["Operator", "Own time", "#Rows given", "#Spilled"];
    table(html, &format!("Operators of stage {}", stage.stage), &columns, |html| {
        for operator in &stage.operators {
            one_operator(html, operator, longest);
        }
    });
    put(html, format_args!("</details>\n"));
}

fn one_operator(html: &mut String, operator: &OperatorRecord, longest: u64) {
    let indent = "<span class=\"indent\"></span>".repeat(operator.depth.min(24) as usize);
    let time = match operator.compute_us {
        us if us < 1000 => format!("{us} µs"),
        us => duration(us / 1000),
    };
    put(
        html,
        format_args!(
            "<tr><th scope=\"row\">{indent}{}</th><td>{}<span>{time}</span></td><td class=\"figure\">{}</td>\
             <td class=\"figure\">{}</td></tr>\n",
            escape(&operator.name),
            bar(operator.compute_us, 0, longest, &time),
            count(operator.rows),
            if operator.spilled_bytes > 0 { bytes(operator.spilled_bytes) } else { String::from("–") },
        ),
    );
}
