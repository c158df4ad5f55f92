//! What a process wrote lately.

use super::parts::{put, table, when};
use crate::text::{count, escape};
use phalanx_engine::observe::ProcessLog;

/// Lines that are shown.
const LINES_SHOWN: usize = 200;

/// The latest lines, the latest first: that is where who looks looks.
pub fn write(html: &mut String, log: &ProcessLog, now_ms: u64) {
    put(html, format_args!("<section class=\"log\">\n<h2>Log</h2>\n"));
    if log.lines.is_empty() {
        put(html, format_args!("<p class=\"empty\">It has written nothing yet.</p>\n</section>\n"));
        return;
    }
    table(html, "Log", &["When", "Level", "What"], |html| {
        for line in log.lines.iter().rev().take(LINES_SHOWN) {
            let level = match line.level.as_str() {
                "error" => "failed",
                "warn" => "repeated",
                _ => "",
            };
            put(
                html,
                format_args!(
                    "<tr data-key=\"{}\"><td>{}</td><td><span class=\"state {level}\">{}</span></td>\
                     <td class=\"said\">{}</td></tr>\n",
                    line.number,
                    when(line.at_ms, now_ms),
                    escape(&line.level),
                    escape(&line.text),
                ),
            );
        }
    });
    let hidden = log.lines.len().saturating_sub(LINES_SHOWN) as u64 + log.lines_dropped;
    if hidden > 0 {
        put(html, format_args!("<p class=\"note\">{} older lines are not shown.</p>\n", count(hidden)));
    }
    put(html, format_args!("</section>\n"));
}
