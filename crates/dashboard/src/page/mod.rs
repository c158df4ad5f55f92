//! What is seen, as HTML.
//!
//! A page is a shell around a live part, which the server makes anew and sends when it changes. Everything is drawn with
//! elements and attributes, SVG included: the pages' policy allows no inline style and no inline script. Addresses are
//! relative, so that the pages work behind any prefix.
//!
//! | module | page |
//! |---|---|
//! | [`status`] | workers, running jobs, totals |
//! | [`jobs`], [`job`] | all jobs; one job, with its [`graph`] of stages |
//! | [`timeline`] | tasks by worker |
//! | [`workers`], [`log`] | workers and their history; one worker, and what it wrote |
//! | [`data`] | persisted data |
//! | [`enter`] | for who has a token |
//! | [`runs`] | what programs report while they learn, as [`chart`]s |

pub mod chart;
pub mod data;
pub mod enter;
pub mod graph;
pub mod job;
pub mod jobs;
pub mod log;
pub mod parts;
pub mod runs;
pub mod status;
pub mod timeline;
pub mod workers;

use crate::access::{Access, Caller};
use crate::text::{escape, part_of_address};
use parts::put;
use phalanx_engine::observe::{Observe, SCHEDULER};
use serde::Deserialize;

/// Where a page is, and what may be done on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// How the page names the folder that all pages are in: empty, or `../`.
    pub base: &'static str,
    /// Who looks may cancel and release.
    pub may_control: bool,
    /// Who looks was let in by a token, and can sign out.
    pub may_leave: bool,
    /// The page is a file: nothing on it leads anywhere.
    pub is_file: bool,
}

impl Place {
    /// Of `page`, as `caller` sees it.
    pub fn of(page: &Page, caller: &Caller) -> Self {
        let may_control = caller.access == Access::Control;
        Self { base: page.base(), may_control, may_leave: caller.session.is_some(), is_file: false }
    }
    /// A link to `path` that shows `inner`, which is HTML.
    pub fn link(&self, path: &str, inner: &str) -> String {
        match self.is_file {
            true => inner.to_owned(),
            false => format!("<a href=\"{}{}\">{inner}</a>", self.base, escape(path)),
        }
    }
}

/// A page that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    Status,
    Jobs(jobs::Filter),
    Job(String),
    Timeline(timeline::Window),
    Workers,
    Worker(String),
    Data,
    Training,
}

/// The parameters that pages take; what a page does not take is ignored as any page on the web does.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Parameters {
    /// Of [`crate::events`]: the page.
    pub of: Option<String>,
    /// A job or a worker.
    pub id: Option<String>,
    pub state: Option<String>,
    pub page: Option<usize>,
    pub job: Option<String>,
    pub seconds: Option<u64>,
}

impl Page {
    /// The page named `name`.
    pub fn named(name: &str, parameters: Parameters) -> Option<Self> {
        let Parameters { id, state, page, job, seconds, .. } = parameters;
        let page = page.unwrap_or(1).max(1);
        Some(match name {
            "status" => Self::Status,
            "jobs" => Self::Jobs(jobs::Filter { state: state.filter(|state| !state.is_empty()), page }),
            "job" => Self::Job(id?),
            "timeline" => {
                let job = job.filter(|job| !job.is_empty());
                Self::Timeline(timeline::Window { seconds: seconds.unwrap_or(60).clamp(1, 86_400), job, page })
            }
            "workers" => Self::Workers,
            "worker" => Self::Worker(id?),
            "data" => Self::Data,
            "training" => Self::Training,
            _ => return None,
        })
    }

    /// Its name, as [`Page::named`] takes it.
    fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Jobs(_) => "jobs",
            Self::Job(_) => "job",
            Self::Timeline(_) => "timeline",
            Self::Workers => "workers",
            Self::Worker(_) => "worker",
            Self::Data => "data",
            Self::Training => "training",
        }
    }

    /// The folder of all pages, as this one names it.
    pub fn base(&self) -> &'static str {
        match self {
            Self::Job(_) | Self::Worker(_) => "../",
            _ => "",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Status => "Status",
            Self::Jobs(_) => "Jobs",
            Self::Job(_) => "Job",
            Self::Timeline(_) => "Timeline",
            Self::Workers => "Workers",
            Self::Worker(id) if id == SCHEDULER => "Scheduler",
            Self::Worker(_) => "Worker",
            Self::Data => "Data",
            Self::Training => "Model training",
        }
    }

    /// Where its changes come from, in the folder of all pages.
    fn events(&self) -> String {
        let more = match self {
            Self::Job(id) | Self::Worker(id) => format!("&id={}", part_of_address(id)),
            Self::Jobs(filter) => filter.query(filter.page),
            Self::Timeline(window) => window.query(window.page),
            _ => String::new(),
        };
        format!("events?of={}{more}", self.name())
    }

    /// The part that changes; `None` if what it is about is not known.
    pub async fn live(&self, observe: &dyn Observe, place: Place) -> Option<String> {
        let mut html = String::with_capacity(16 << 10);
        match self {
            Self::Status => status::write(&mut html, &observe.overview().await, place),
            Self::Jobs(filter) => jobs::write(&mut html, &observe.jobs().await, filter, place),
            Self::Job(id) => {
                let now_ms = observe.overview().await.at_ms;
                job::write(&mut html, &observe.job(id).await?, now_ms, place);
            }
            Self::Timeline(window) => timeline::write(&mut html, observe, window, place).await,
            Self::Workers => {
                let overview = observe.overview().await;
                workers::write(&mut html, &observe.workers().await, &overview, place);
            }
            Self::Worker(id) if id == SCHEDULER => {
                let now_ms = observe.overview().await.at_ms;
                log::write(&mut html, &observe.log(id).await?, now_ms);
            }
            Self::Worker(id) => {
                let now_ms = observe.overview().await.at_ms;
                let worker = observe.workers().await.into_iter().find(|worker| worker.worker.id == *id)?;
                let query = phalanx_engine::observe::TaskQuery { count_max: 20_000, ..Default::default() };
                let (tasks, written) = (observe.tasks(&query).await, observe.log(id).await.unwrap_or_default());
                workers::write_one(&mut html, &worker, &tasks, &written, now_ms, place);
            }
            Self::Data => {
                let now_ms = observe.overview().await.at_ms;
                data::write(&mut html, &observe.data().await, now_ms, place);
            }
            Self::Training => {
                let now_ms = observe.overview().await.at_ms;
                runs::write(&mut html, &observe.runs().await, now_ms);
            }
        }
        Some(html)
    }

    /// The whole page.
    pub async fn whole(&self, observe: &dyn Observe, place: Place) -> Option<String> {
        let live = self.live(observe, place).await?;
        let address = observe.overview().await.address;
        Some(shell(self, &live, &address, place))
    }
}

const NAVIGATION: [(&str, &str, &[&str]); 6] = [
    ("status", "Status", &["status"]),
    ("jobs", "Jobs", &["jobs", "job"]),
    ("timeline", "Timeline", &["timeline"]),
    ("workers", "Workers", &["workers", "worker"]),
    ("data", "Data", &["data"]),
    ("training", "Training", &["training"]),
];

fn shell(page: &Page, live: &str, address: &str, place: Place) -> String {
    let base = place.base;
    let mut html = String::with_capacity(live.len() + (4 << 10));
    let leave = match place.may_leave {
        true => {
            format!("<form class=\"leave\" method=\"post\" action=\"{base}leave\"><button>Sign out</button></form>\n")
        }
        false => String::new(),
    };
    let mut navigation = String::new();
    for (path, title, names) in NAVIGATION {
        let current = if names.contains(&page.name()) { " aria-current=\"page\"" } else { "" };
        put(&mut navigation, format_args!("<a href=\"{base}{path}\"{current}>{title}</a>"));
    }
    put(
        &mut html,
        format_args!(
            r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Phalanx</title>
<link rel="icon" href="{base}static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{base}static/style.css">
<script src="{base}static/app.js" defer></script>
<noscript><meta http-equiv="refresh" content="5"></noscript>
</head>
<body>
<a class="skip" href="#live">Skip to the content</a>
<header>
<a class="brand" href="{base}status"><img src="{base}static/icon.svg" alt="" width="22" height="22">Phalanx</a>
<nav aria-label="Pages">{navigation}</nav>
<p id="connection" role="status">live</p>
{leave}</header>
<main>
<div class="heading"><h1>{title}</h1> <code>{address}</code></div>
<div id="live" data-events="{base}{events}">
{live}</div>
</main>
<footer><a href="{base}api/v1/openapi.json">API</a> <a href="{base}metrics">Metrics</a> <span>Phalanx {version}</span></footer>
</body>
</html>
"##,
            title = page.title(),
            address = escape(address),
            events = escape(&page.events()),
            version = env!("CARGO_PKG_VERSION"),
        ),
    );
    html
}
