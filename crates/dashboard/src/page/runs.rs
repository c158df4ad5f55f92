//! What programs report while they learn: rounds of boosting, iterations of a fit, epochs.

use super::chart::Line;
use super::parts::{bar, put, when};
use crate::text::{count, duration, escape, figure, figures, short};
use phalanx_engine::observe::{MetricRecord, RunRecord};

/// Runs that are shown.
const RUNS_SHOWN: usize = 30;

/// The live part.
pub fn write(html: &mut String, runs: &[RunRecord], now_ms: u64) {
    if runs.is_empty() {
        put(
            html,
            format_args!(
                "<p class=\"empty\">No model is being trained, and none was. Estimators and boosting report their \
                 iterations here by themselves; a loop of your own does so with:</p>\n\
                 <pre>client.report(\"my training\", iteration, {{\"loss\": loss}})</pre>\n"
            ),
        );
        return;
    }
    for run in runs.iter().take(RUNS_SHOWN) {
        one(html, run, now_ms);
    }
    if runs.len() > RUNS_SHOWN {
        put(html, format_args!("<p class=\"note\">{} older runs are in the API.</p>\n", runs.len() - RUNS_SHOWN));
    }
}

fn one(html: &mut String, run: &RunRecord, now_ms: u64) {
    let (class, word) = if run.has_ended { ("succeeded", "ended") } else { ("running", "running") };
    let of = run.iterations_max.map_or_else(String::new, |most| format!(" of at most {}", count(most)));
    put(
        html,
        format_args!(
            "<article class=\"run\" data-key=\"{}\">\n<div class=\"title\"><h2 class=\"name\">{}</h2> \
             <span class=\"state {class}\">{word}</span> <p>iteration {}{of}, {}</p></div>\n\
             <p class=\"note\">Began {}, by session <code title=\"{session}\">{}</code>.</p>\n",
            escape(&run.run),
            escape(&run.name),
            count(run.iteration),
            duration(run.updated_at_ms.saturating_sub(run.began_at_ms)),
            when(run.began_at_ms, now_ms),
            escape(&short(&run.session)),
            session = escape(&run.session),
        ),
    );
    if let Some(most) = run.iterations_max.filter(|_| !run.has_ended) {
        html.push_str(&bar(run.iteration, 0, most, &format!("iteration {} of at most {most}", run.iteration)));
    }
    put(html, format_args!("<div class=\"charts\">\n"));
    for metric in &run.metrics {
        one_metric(html, metric);
    }
    put(html, format_args!("</div>\n</article>\n"));
}

fn one_metric(html: &mut String, metric: &MetricRecord) {
    let points: Vec<(f64, Option<f64>)> = metric.points.iter().map(|(at, value)| (*at as f64, *value)).collect();
    let latest = metric.points.iter().rev().find_map(|point| point.1);
    let line = Line::through(points);
    let (bottom, top) = figures(line.down.0, line.down.1);
    let at = |point: Option<&(u64, Option<f64>)>| point.map_or_else(String::new, |point| count(point.0));
    let (left, right) = (at(metric.points.first()), at(metric.points.last()));
    let (left, right) = (format!("iteration {left}"), if metric.points.len() > 1 { right } else { String::new() });
    let latest = latest.map_or_else(|| String::from("no number"), figure);
    line.chart(html, &metric.name, &latest, [&left, &right, &bottom, &top]);
}
