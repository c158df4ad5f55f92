//! Which task ran when, a band a worker.

use super::Place;
use super::parts::{job_link, pager, put, worker_link};
use crate::text::{duration, escape, part_of_address, plural};
use phalanx_engine::observe::{JobSummary, Observe, TaskQuery, TaskRecord};
use std::collections::{BTreeMap, HashMap};

/// Tasks that are looked at, and boxes that are drawn at most: where there are more, neighbours become one.
const TASKS_MAX: usize = 30_000;
const BOXES_MAX: usize = 3_000;
/// Workers of one page.
const WORKERS_PER_PAGE: usize = 50;
/// Bands of one worker; a task that finds no free one is drawn in the last.
const LANES_MAX: usize = 32;
/// Height of a band, and parts that the width is cut into.
const LANE_HEIGHT: usize = 12;
const PARTS: u64 = 1000;
/// Jobs have this many colours; the legend names as many.
const COLOURS: usize = 8;

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// So many seconds until now, or until the job's end.
    pub seconds: u64,
    /// Of this job alone.
    pub job: Option<String>,
    /// Which workers, counted in pages from 1.
    pub page: usize,
}

impl Window {
    /// Its parameters in an address, for another page of workers.
    pub fn query(&self, page: usize) -> String {
        let job = self.job.as_deref().unwrap_or_default();
        format!("&seconds={}&job={}&page={page}", self.seconds, part_of_address(job))
    }
}

/// Tasks of one job that stand side by side in one band, in parts of the width.
struct Box_ {
    from: u64,
    to: u64,
    lane: usize,
    colour: usize,
    tasks: usize,
    failed: bool,
    title: String,
}

/// The live part.
pub async fn write(html: &mut String, observe: &dyn Observe, window: &Window, place: Place) {
    choices(html, window);
    let jobs: HashMap<String, JobSummary> =
        observe.jobs().await.into_iter().map(|job| (job.job.clone(), job)).collect();
    let now_ms = observe.overview().await.at_ms;
    let until = now_ms - now_ms % 500; // so that nothing moves while nothing happens
    let since = until.saturating_sub(window.seconds * 1000);
    let query = TaskQuery { job: window.job.clone(), since_ms: since, count_max: TASKS_MAX };
    let tasks = observe.tasks(&query).await;
    if tasks.is_empty() {
        put(
            html,
            format_args!("<p class=\"empty\">No task ended in the last {}.</p>\n", duration(window.seconds * 1000)),
        );
        return;
    }
    // Of one job: from its first task to its last. Clocks of workers may be ahead of ours.
    let last = tasks.iter().map(|task| task.ended_at_ms).max().unwrap_or(until);
    let first = tasks.iter().map(|task| task.began_at_ms).min().unwrap_or(since);
    let (since, until) = match window.job {
        Some(_) => (first.max(since), last.max(first + 1)),
        None => (since, until.max(last)),
    };
    drawn(html, &tasks, &jobs, (since, until), window, place);
}

fn choices(html: &mut String, window: &Window) {
    put(html, format_args!("<nav class=\"choices\" aria-label=\"Length of time\">"));
    for (seconds, title) in [(10, "10 s"), (60, "1 min"), (300, "5 min"), (3_600, "1 h"), (86_400, "1 d")] {
        let current = if window.seconds == seconds { " aria-current=\"true\"" } else { "" };
        let address = Window { seconds, ..window.clone() }.query(1);
        put(html, format_args!("<a href=\"timeline?{}\"{current}>{title}</a>", escape(&address[1..])));
    }
    if window.job.is_some() {
        let address = Window { job: None, ..window.clone() }.query(1);
        put(html, format_args!("<a href=\"timeline?{}\">all jobs</a>", escape(&address[1..])));
    }
    put(html, format_args!("</nav>\n"));
}

/// Draws `tasks` between two moments: also in a report.
pub fn drawn(
    html: &mut String,
    tasks: &[TaskRecord],
    jobs: &HashMap<String, JobSummary>,
    (since, until): (u64, u64),
    window: &Window,
    place: Place,
) {
    let colours = colours(tasks);
    let label = |job: &str| jobs.get(job).map_or("", |job| job.label.as_str()).to_owned();
    put(html, format_args!("<ul class=\"legend\">\n"));
    let mut named: Vec<(&String, &usize)> = colours.iter().filter(|(_, colour)| **colour < COLOURS).collect();
    named.sort_by_key(|(_, colour)| **colour);
    for (job, colour) in named {
        put(html, format_args!("<li><i class=\"colour c{colour}\"></i>{}</li>\n", job_link(job, &label(job), place)));
    }
    if colours.len() > COLOURS {
        let others = plural(colours.len() - COLOURS, "other job");
        put(html, format_args!("<li><i class=\"colour c{COLOURS}\"></i>{others}</li>\n"));
    }
    put(html, format_args!("</ul>\n"));

    let mut by_worker: BTreeMap<&str, Vec<&TaskRecord>> = BTreeMap::new();
    for task in tasks {
        by_worker.entry(&task.worker).or_default().push(task);
    }
    let shown: Vec<_> =
        by_worker.iter_mut().skip((window.page.max(1) - 1) * WORKERS_PER_PAGE).take(WORKERS_PER_PAGE).collect();
    let finest = (shown.len() as u64 * 2 * PARTS / BOXES_MAX as u64).max(1);
    put(html, format_args!("<div class=\"timeline\">\n"));
    for (worker, tasks) in shown {
        tasks.sort_by_key(|task| task.began_at_ms);
        let (boxes, lanes) = boxes(tasks, (since, until), finest, &colours, label);
        let height = lanes * LANE_HEIGHT;
        let count = plural(tasks.len(), "task");
        put(
            html,
            format_args!(
                "<div class=\"band\" data-key=\"{key}\"><span>{link}</span>\
                 <svg viewBox=\"0 0 {PARTS} {height}\" height=\"{height}\" preserveAspectRatio=\"none\" role=\"img\" \
                 aria-label=\"{count} of worker {key}\"><rect class=\"ground\" width=\"{PARTS}\" height=\"{height}\"/>",
                key = escape(worker),
                link = worker_link(worker, place),
            ),
        );
        for one in boxes {
            let more = if one.tasks > 1 { format!(" and {} more", one.tasks - 1) } else { String::new() };
            put(
                html,
                format_args!(
                    "<rect class=\"c{}{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}{more}</title></rect>",
                    one.colour,
                    if one.failed { " failed" } else { "" },
                    one.from,
                    one.lane * LANE_HEIGHT + 1,
                    (one.to - one.from).max(1),
                    LANE_HEIGHT - 2,
                    escape(&one.title),
                ),
            );
        }
        put(html, format_args!("</svg></div>\n"));
    }
    put(html, format_args!("<div class=\"band axis\"><span></span><div>"));
    for part in 0..5_u64 {
        let before = (until - since) * (4 - part) / 4;
        let text = match before {
            0 if window.job.is_none() && !place.is_file => String::from("now"),
            0 => String::from("end"),
            before => format!("−{}", whole(before)),
        };
        put(html, format_args!("<span>{text}</span>"));
    }
    put(html, format_args!("</div></div>\n</div>\n"));
    pager(html, by_worker.len(), WORKERS_PER_PAGE, window.page.max(1), |page| {
        format!("timeline?{}", &window.query(page)[1..])
    });
}

/// So many milliseconds, as the axis says it: in one unit, whole where it is large.
fn whole(milliseconds: u64) -> String {
    let seconds = milliseconds as f64 / 1000.0;
    match milliseconds {
        0..10_000 if !milliseconds.is_multiple_of(1000) => format!("{seconds:.1} s"),
        0..400_000 => format!("{seconds:.0} s"),
        400_000..10_000_000 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.0} h", seconds / 3600.0),
    }
}

/// A colour for each job: those that took most time have their own.
fn colours(tasks: &[TaskRecord]) -> HashMap<String, usize> {
    let mut times: HashMap<&str, u64> = HashMap::new();
    for task in tasks {
        *times.entry(&task.job).or_default() += task.ended_at_ms.saturating_sub(task.began_at_ms) + 1;
    }
    let mut order: Vec<(&str, u64)> = times.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut named: Vec<&str> = order.iter().take(COLOURS).map(|(job, _)| *job).collect();
    named.sort_unstable(); // a job keeps its colour while times change
    let place = |job: &str| named.iter().position(|other| *other == job).unwrap_or(COLOURS);
    order.iter().map(|(job, _)| ((*job).to_owned(), place(job))).collect()
}

fn boxes(
    tasks: &[&TaskRecord],
    (since, until): (u64, u64),
    finest: u64,
    colours: &HashMap<String, usize>,
    label: impl Fn(&str) -> String,
) -> (Vec<Box_>, usize) {
    let span = until.saturating_sub(since).max(1);
    let part = |at: u64| at.clamp(since, until).saturating_sub(since) * PARTS / span;
    let mut free: Vec<u64> = vec![]; // when each band is free
    let mut open: Vec<Option<usize>> = vec![];
    let mut boxes: Vec<Box_> = vec![];
    for task in tasks {
        let found = free.iter().position(|at| *at <= task.began_at_ms);
        let lane = found.unwrap_or_else(|| {
            if free.len() < LANES_MAX {
                free.push(0);
                open.push(None);
            }
            free.len() - 1
        });
        free[lane] = free[lane].max(task.ended_at_ms);
        let (from, to) = (part(task.began_at_ms), part(task.ended_at_ms).max(part(task.began_at_ms) + 1));
        let colour = colours.get(&task.job).copied().unwrap_or(COLOURS);
        let joins = open[lane].filter(|last| {
            let last = &boxes[*last];
            last.colour == colour
                && last.failed != task.succeeded
                && from <= last.to + finest
                && to - last.from.min(from) <= 4 * finest
        });
        match joins {
            Some(last) => {
                boxes[last].to = boxes[last].to.max(to);
                boxes[last].tasks += 1;
            }
            None => {
                let took = duration(task.ended_at_ms.saturating_sub(task.began_at_ms));
                let title = format!("{} stage {} task {}: {took}", label(&task.job), task.stage, task.task);
                open[lane] = Some(boxes.len());
                boxes.push(Box_ { from, to, lane, colour, tasks: 1, failed: !task.succeeded, title });
            }
        }
    }
    (boxes, free.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(job: &str, began_at_ms: u64, ended_at_ms: u64) -> TaskRecord {
        TaskRecord {
            job: job.into(),
            worker: "w".into(),
            began_at_ms,
            ended_at_ms,
            succeeded: true,
            ..TaskRecord::default()
        }
    }

    #[test]
    fn tasks_at_one_time_have_bands_of_their_own() {
        let tasks = [task("a", 0, 100), task("a", 50, 150), task("b", 100, 200)];
        let all: Vec<&TaskRecord> = tasks.iter().collect();
        let (boxes, lanes) = boxes(&all, (0, 200), 1, &colours(&tasks), |job| job.to_owned());
        assert_eq!(lanes, 2);
        assert_eq!(
            boxes.iter().map(|one| (one.lane, one.from, one.to)).collect::<Vec<_>>(),
            [(0, 0, 500), (1, 250, 750), (0, 500, 1000)]
        );
    }

    #[test]
    fn the_axis_is_read_at_a_glance() {
        let said =
            [2_031, 7_500, 10_000, 15_000, 225_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000].map(whole);
        let expected = ["2.0 s", "7.5 s", "10 s", "15 s", "225 s", "300 s", "15 min", "60 min", "6 h", "24 h"];
        assert_eq!(said, expected);
    }

    #[test]
    fn very_many_tasks_become_few_boxes() {
        let tasks: Vec<TaskRecord> = (0..30_000).map(|at| task("a", at * 2, at * 2 + 1)).collect();
        let all: Vec<&TaskRecord> = tasks.iter().collect();
        let (boxes, lanes) = boxes(&all, (0, 60_000), 1, &colours(&tasks), |job| job.to_owned());
        assert_eq!((lanes, boxes.iter().map(|one| one.tasks).sum::<usize>()), (1, 30_000));
        assert!(boxes.len() <= 1_000, "{}", boxes.len());
    }

    #[test]
    fn more_jobs_than_colours_share_the_last() {
        let tasks: Vec<TaskRecord> = (0..20).map(|number| task(&format!("j{number}"), 0, number)).collect();
        let colours = colours(&tasks);
        assert_eq!((colours.len(), colours["j19"] < COLOURS, colours["j0"]), (20, true, COLOURS));
    }
}
