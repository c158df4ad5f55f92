//! All jobs that are known, the latest first.

use super::Place;
use super::parts::{job_table, pager, put};
use crate::text::{count, part_of_address};
use phalanx_engine::observe::{JobState, JobSummary};

/// Jobs of one page of the list.
const PAGE_SIZE: usize = 100;

/// Which jobs are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this state alone.
    pub state: Option<String>,
    /// Which page of them, counted from 1.
    pub page: usize,
}

impl Filter {
    /// Its parameters in an address, for another page of the list.
    pub fn query(&self, page: usize) -> String {
        let state = self.state.as_deref().unwrap_or_default();
        format!("&state={}&page={page}", part_of_address(state))
    }
}

const STATES: [JobState; 5] =
    [JobState::Running, JobState::Succeeded, JobState::Failed, JobState::Cancelled, JobState::Repeated];

/// The live part.
pub fn write(html: &mut String, jobs: &[JobSummary], filter: &Filter, place: Place) {
    let now_ms = jobs.iter().map(|job| job.submitted_at_ms + job.elapsed_ms).max().unwrap_or(0);
    put(html, format_args!("<nav class=\"choices\" aria-label=\"State of the jobs\">"));
    let mut choice = |name: &str, title: &str, number: usize| {
        let current = if filter.state.as_deref().unwrap_or_default() == name { " aria-current=\"true\"" } else { "" };
        let number = count(number as u64);
        put(html, format_args!("<a href=\"jobs?state={name}\"{current}>{title} <small>{number}</small></a>"));
    };
    choice("", "all", jobs.len());
    for state in STATES {
        choice(state.name(), state.name(), jobs.iter().filter(|job| job.state == state).count());
    }
    put(html, format_args!("</nav>\n"));
    let wanted = |job: &&JobSummary| filter.state.as_deref().is_none_or(|state| job.state.name() == state);
    let all: Vec<&JobSummary> = jobs.iter().filter(wanted).collect();
    if all.is_empty() {
        put(html, format_args!("<p class=\"empty\">No such job. The latest thousand that ended are kept.</p>\n"));
        return;
    }
    let shown: Vec<&JobSummary> = all.iter().skip((filter.page - 1) * PAGE_SIZE).take(PAGE_SIZE).copied().collect();
    job_table(html, &shown, now_ms, place);
    pager(html, all.len(), PAGE_SIZE, filter.page, |page| format!("jobs?{}", &filter.query(page)[1..]));
}
