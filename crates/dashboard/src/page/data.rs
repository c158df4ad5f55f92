//! Persisted data: whose, where, how large.

use super::Place;
use super::parts::{action, bar, put, table, tiles, when, worker_link};
use crate::text::{bytes, count, escape, part_of_address, plural, short};
use phalanx_engine::observe::DataRecord;

/// Handles that are shown; the API has all.
const SHOWN: usize = 200;
/// Workers that are named of each.
const PLACES_SHOWN: usize = 6;

/// The live part.
pub fn write(html: &mut String, data: &[DataRecord], now_ms: u64, place: Place) {
    if data.is_empty() {
        put(
            html,
            format_args!(
                "<p class=\"empty\">Nothing is persisted. <code>x.persist()</code> and <code>client.scatter(x)</code> keep \
                 data on the workers, until what they returned is dropped.</p>\n"
            ),
        );
        return;
    }
    let sum = |of: fn(&DataRecord) -> u64| data.iter().map(of).fold(0, u64::saturating_add);
    tiles(
        html,
        &[
            ("Handles", count(data.len() as u64), String::new()),
            ("Rows", count(sum(|one| one.rows)), String::new()),
            ("Size", bytes(sum(|one| one.bytes)), String::from("on the workers' disks")),
        ],
    );
    let most = data.iter().map(|one| one.bytes).max().unwrap_or(0);
    put(html, format_args!("<section>\n<h2>Handles</h2>\n"));
    let columns =
        ["Data", "Session", "#Since", "#Partitions", "#Rows", "Size", "Where, and in how many partitions", "Change"];
    table(html, "Persisted data", &columns, |html| {
        for one in data.iter().take(SHOWN) {
            row(html, one, most, now_ms, place);
        }
    });
    if data.len() > SHOWN {
        put(html, format_args!("<p class=\"note\">{} older handles are in the API.</p>\n", data.len() - SHOWN));
    }
    put(
        html,
        format_args!(
            "<p class=\"note\">What is released, or lost with its worker, is computed again when it is read. Data that a \
             client handed in can't be: reading it fails.</p>\n</section>\n"
        ),
    );
}

fn row(html: &mut String, one: &DataRecord, most: u64, now_ms: u64, place: Place) {
    let mut places = String::new();
    for part in one.places.iter().take(PLACES_SHOWN) {
        let gone = if part.is_here { "" } else { " <span class=\"state failed\">gone</span>" };
        put(
            &mut places,
            format_args!(
                "<li>{} {} in {}{gone}</li>",
                worker_link(&part.worker, place),
                bytes(part.bytes),
                count(part.partitions)
            ),
        );
    }
    if one.places.len() > PLACES_SHOWN {
        put(&mut places, format_args!("<li>and {}</li>", plural(one.places.len() - PLACES_SHOWN, "more worker")));
    }
    let question = if one.is_scattered {
        "It was handed in by its client and can't be made again: jobs that read it will fail."
    } else {
        "Jobs that read it compute it again first."
    };
    put(
        html,
        format_args!(
            "<tr data-key=\"{key}\"><th scope=\"row\">{label} <code>{key}</code></th><td><code title=\"{session}\">{}</code></td>\
             <td class=\"figure\">{}</td><td class=\"figure\">{}</td><td class=\"figure\">{}</td>\
             <td>{}<span>{size}</span></td><td><ul class=\"places\">{places}</ul></td><td>{}</td></tr>\n",
            escape(&short(&one.session)),
            when(one.since_at_ms, now_ms),
            count(one.partitions),
            count(one.rows),
            bar(one.bytes, 0, most, &bytes(one.bytes)),
            action(&format!("data/{}/release", part_of_address(&one.data)), "Release", question, place),
            key = escape(&one.data),
            label = escape(if one.label.is_empty() { "handed in" } else { &one.label }),
            session = escape(&one.session),
            size = bytes(one.bytes),
        ),
    );
}
