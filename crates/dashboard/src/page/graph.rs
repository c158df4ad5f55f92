//! The graph of a job's stages: what writes to the left of what reads it.

use super::job::ratio;
use super::parts::put;
use super::status::stage_state;
use crate::text::{bytes, count, duration, escape, plural};
use phalanx_engine::observe::StageRecord;
use std::collections::HashMap;

/// Stages that are drawn; a job of more is told in its table.
const STAGES_MAX: usize = 60;
const WIDTH: usize = 208;
const HEIGHT: usize = 92;
const GAP_ACROSS: usize = 56;
const GAP_DOWN: usize = 20;
/// Letters of a name that fit.
const NAME_LETTERS: usize = 22;

/// Does one task take much longer than the others, so that they wait for it?
pub fn is_uneven(stage: &StageRecord) -> bool {
    stage.time_skew >= 3.0 && stage.longest_task_ms >= 100
}

/// Column of each stage: one more than that of the last it reads from.
fn columns(stages: &[StageRecord]) -> HashMap<usize, usize> {
    let mut columns: HashMap<usize, usize> = stages.iter().map(|stage| (stage.stage, 0)).collect();
    // A graph of n stages has paths of n - 1 steps at most; what is no graph (it can't be) ends all the same.
    for _ in 0..stages.len() {
        let mut changed = false;
        for stage in stages {
            let next = columns.get(&stage.stage).copied().unwrap_or(0) + 1;
            for consumer in &stage.consumers {
                if let Some(column) = columns.get_mut(consumer).filter(|column| **column < next && next < stages.len())
                {
                    *column = next;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    columns
}

/// Draws the stages.
pub fn write(html: &mut String, stages: &[StageRecord]) {
    if stages.len() > STAGES_MAX {
        put(html, format_args!("<p class=\"empty\">{} stages are too many to draw.</p>\n", stages.len()));
        return;
    }
    let columns = columns(stages);
    let mut heights: Vec<usize> = vec![];
    let mut places: HashMap<usize, (usize, usize)> = HashMap::new();
    for stage in stages {
        let column = columns.get(&stage.stage).copied().unwrap_or(0);
        heights.resize(heights.len().max(column + 1), 0);
        if let Some(row) = heights.get_mut(column) {
            places.insert(stage.stage, (column * (WIDTH + GAP_ACROSS) + 2, *row * (HEIGHT + GAP_DOWN) + 2));
            *row += 1;
        }
    }
    let rows = heights.iter().copied().max().unwrap_or(1);
    let width = heights.len() * (WIDTH + GAP_ACROSS) - GAP_ACROSS + 4;
    let height = rows * (HEIGHT + GAP_DOWN) - GAP_DOWN + 4;
    put(
        html,
        format_args!(
            "<svg class=\"stage-graph\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"{} stages and what they read from; the table below has the same figures\">\n",
            stages.len()
        ),
    );
    for stage in stages {
        let Some(&(x, y)) = places.get(&stage.stage) else { continue };
        for (to_x, to_y) in stage.consumers.iter().filter_map(|to| places.get(to)) {
            let (from_x, from_y, to_y) = (x + WIDTH, y + HEIGHT / 2, to_y + HEIGHT / 2);
            let bend = (from_x + to_x) / 2;
            put(
                html,
                format_args!(
                    "<path class=\"edge\" d=\"M{from_x} {from_y}C{bend} {from_y} {bend} {to_y} {to_x} {to_y}\"/>\n"
                ),
            );
        }
    }
    for stage in stages {
        if let Some(&place) = places.get(&stage.stage) {
            node(html, stage, place);
        }
    }
    put(html, format_args!("</svg>\n"));
}

fn node(html: &mut String, stage: &StageRecord, (x, y): (usize, usize)) {
    let mut name: String = stage.name.chars().take(NAME_LETTERS).collect();
    if name.len() < stage.name.len() {
        name.push('…');
    }
    let done = ((WIDTH - 24) * stage.tasks_done.min(stage.tasks)).checked_div(stage.tasks).unwrap_or(0);
    // Nothing has ended yet of a stage without one.
    let skew = match stage.time_skew > 0.0 {
        true => {
            format!("<text class=\"skew\" x=\"{}\" y=\"60\">skew {}</text>", WIDTH - 12, ratio(stage.time_skew))
        }
        false => String::new(),
    };
    let (state, uneven) = (stage_state(stage), if is_uneven(stage) { " uneven" } else { "" });
    put(
        html,
        format_args!(
            "<g class=\"node {state}{uneven}\" transform=\"translate({x} {y})\"><title>Stage {number}: {full}</title>\
             <rect class=\"box\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>\
             <text class=\"name\" x=\"12\" y=\"22\">{number} · {name}</text>\
             <text x=\"12\" y=\"42\">{rows} rows · {bytes}</text>\
             <text x=\"12\" y=\"60\">{tasks} · {time}</text>{skew}\
             <rect class=\"ground\" x=\"12\" y=\"72\" width=\"{track}\" height=\"6\" rx=\"3\"/>\
             <rect class=\"done\" x=\"12\" y=\"72\" width=\"{done}\" height=\"6\" rx=\"3\"/></g>\n",
            number = stage.stage,
            full = escape(&stage.name),
            name = escape(&name),
            rows = count(stage.rows),
            bytes = bytes(stage.bytes),
            tasks = plural(stage.tasks, "task"),
            time = duration(stage.task_ms),
            track = WIDTH - 24,
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(stage: usize, consumers: &[usize]) -> StageRecord {
        StageRecord { stage, consumers: consumers.to_vec(), tasks: 1, ..StageRecord::default() }
    }

    #[test]
    fn what_reads_stands_to_the_right_of_all_it_reads() {
        let stages = [stage(1, &[3]), stage(2, &[3, 5]), stage(3, &[4]), stage(4, &[5]), stage(5, &[])];
        let columns = columns(&stages);
        assert_eq!([1, 2, 3, 4, 5].map(|stage| columns[&stage]), [0, 0, 1, 2, 3]);
        let mut html = String::new();
        write(&mut html, &stages);
        assert_eq!((html.matches("class=\"edge\"").count(), html.matches("class=\"node ").count()), (5, 5));
    }

    #[test]
    fn a_circle_ends() {
        assert!(columns(&[stage(1, &[2]), stage(2, &[1])]).values().all(|column| *column < 2));
    }
}
