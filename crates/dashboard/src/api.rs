//! The HTTP API: what can be seen, as JSON, and the two things that can be done.
//!
//! `static/openapi.json` describes it; a test holds the description against the answers, both ways.

use crate::access::{Access, Caller};
use crate::server::Shared;
use axum::Json;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use phalanx_engine::observe::{TaskQuery, WorkerRecord, WorkerSample};
use serde::{Deserialize, Serialize};

/// The description of the API.
pub const OPENAPI: &str = include_str!("../static/openapi.json");
/// Tasks in one answer, if nobody says.
const TASKS_DEFAULT: usize = 1_000;
/// Tasks in one answer, at most.
const TASKS_MAX: usize = 50_000;

/// Samples in one answer over all workers, if nobody says how many of each.
const SAMPLES_DEFAULT: usize = 10_000;

/// An error, as the API tells it.
#[derive(Debug, Serialize)]
struct Problem {
    error: String,
}

fn problem(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(Problem { error: error.into() })).into_response()
}

/// `GET /api/v1/overview`.
pub(crate) async fn overview(State(shared): State<Shared>) -> Response {
    Json(shared.observe.overview().await).into_response()
}

/// `GET /api/v1/jobs`.
pub(crate) async fn jobs(State(shared): State<Shared>) -> Response {
    Json(shared.observe.jobs().await).into_response()
}

/// `GET /api/v1/jobs/{job}`.
pub(crate) async fn job(State(shared): State<Shared>, Path(job): Path<String>) -> Response {
    match shared.observe.job(&job).await {
        Some(record) => Json(record).into_response(),
        None => problem(StatusCode::NOT_FOUND, format!("no job {job} is known")),
    }
}

/// The parameters of [`tasks`].
#[derive(Debug, Deserialize)]
pub(crate) struct TasksAsked {
    job: Option<String>,
    since_ms: Option<u64>,
    count_max: Option<usize>,
}

/// `GET /api/v1/tasks`.
pub(crate) async fn tasks(State(shared): State<Shared>, Query(asked): Query<TasksAsked>) -> Response {
    let count_max = asked.count_max.unwrap_or(TASKS_DEFAULT).min(TASKS_MAX);
    let query = TaskQuery { job: asked.job, since_ms: asked.since_ms.unwrap_or(0), count_max };
    Json(shared.observe.tasks(&query).await).into_response()
}

/// The parameters of [`workers`].
#[derive(Debug, Deserialize)]
pub(crate) struct WorkersAsked {
    samples_max: Option<usize>,
}

/// `GET /api/v1/workers`.
pub(crate) async fn workers(State(shared): State<Shared>, Query(asked): Query<WorkersAsked>) -> Response {
    let mut workers = shared.observe.workers().await;
    let count = workers.len().max(1);
    let each = asked.samples_max.unwrap_or_else(|| (SAMPLES_DEFAULT / count).max(1));
    for worker in &mut workers {
        worker.samples = thinned(std::mem::take(&mut worker.samples), each);
    }
    Json::<Vec<WorkerRecord>>(workers).into_response()
}

/// `GET /api/v1/workers/{worker}/log`.
pub(crate) async fn log(State(shared): State<Shared>, Path(worker): Path<String>) -> Response {
    match shared.observe.log(&worker).await {
        Some(log) => Json(log).into_response(),
        None => problem(StatusCode::NOT_FOUND, format!("no worker {worker} is known")),
    }
}

/// At most `count` of `samples`, evenly apart, the latest among them.
fn thinned(samples: Vec<WorkerSample>, count: usize) -> Vec<WorkerSample> {
    let all = samples.len();
    if all <= count {
        return samples;
    }
    (1..=count).filter_map(|place| samples.get(place * all / count - 1).copied()).collect()
}

/// `GET /api/v1/data`.
pub(crate) async fn data(State(shared): State<Shared>) -> Response {
    Json(shared.observe.data().await).into_response()
}

/// `GET /api/v1/runs`.
pub(crate) async fn runs(State(shared): State<Shared>) -> Response {
    Json(shared.observe.runs().await).into_response()
}

/// `GET /api/v1/openapi.json`.
pub(crate) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// `POST /api/v1/jobs/{job}/cancel`.
pub(crate) async fn cancel(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(job): Path<String>,
) -> Response {
    match caller.access {
        Access::Control if shared.observe.cancel(&job, &caller.name()).await => StatusCode::NO_CONTENT.into_response(),
        Access::Control => problem(StatusCode::NOT_FOUND, format!("no job {job} is running")),
        Access::View => forbidden(),
    }
}

/// `POST /api/v1/data/{data}/release`.
pub(crate) async fn release(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(data): Path<String>,
) -> Response {
    match caller.access {
        Access::Control if shared.observe.release(&data, &caller.name()).await => {
            StatusCode::NO_CONTENT.into_response()
        }
        Access::Control => problem(StatusCode::NOT_FOUND, format!("no data {data} is kept")),
        Access::View => forbidden(),
    }
}

fn forbidden() -> Response {
    problem(StatusCode::FORBIDDEN, "a viewer may look, and change nothing")
}

/// `POST /jobs/{job}/cancel`, of a page's button: leads back to the job.
pub(crate) async fn cancel_and_return(
    state: State<Shared>,
    caller: Extension<Caller>,
    Path(job): Path<String>,
) -> Response {
    let back = format!("../{}", crate::text::part_of_address(&job));
    returning(cancel(state, caller, Path(job)).await, back)
}

/// `POST /data/{data}/release`, of a page's button: leads back to the data.
pub(crate) async fn release_and_return(
    state: State<Shared>,
    caller: Extension<Caller>,
    data: Path<String>,
) -> Response {
    returning(release(state, caller, data).await, String::from("../../data"))
}

/// What has ended meanwhile needs no error: the page shows how it is.
fn returning(done: Response, to: String) -> Response {
    match done.status() {
        StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        _ => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_thinned_evenly_and_the_latest_stays() {
        let samples: Vec<WorkerSample> = (0..600).map(|at_ms| WorkerSample { at_ms, ..Default::default() }).collect();
        let times = |count| -> Vec<u64> { thinned(samples.clone(), count).iter().map(|sample| sample.at_ms).collect() };
        assert_eq!(times(4), [149, 299, 449, 599]);
        assert_eq!((times(1), times(0).len(), times(600).len(), times(9_999).len()), (vec![599], 0, 600, 600));
        assert!(times(7).is_sorted() && times(7).last() == Some(&599));
    }
}
