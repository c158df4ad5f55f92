//! The pages and the API as their callers get them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails; Clippy knows tests only by `#[test]`")]

mod suite {
    mod api;
    mod entrance;
    mod pages;
}

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response};
use phalanx_dashboard::sample::{Sample, Size};
use phalanx_dashboard::{Options, router};
use std::sync::Arc;
use tower::ServiceExt;

/// A made-up cluster.
fn sample(jobs: usize, workers: usize) -> Sample {
    Sample::new(Size { jobs, workers })
}

/// What is answered to a request with these headers.
async fn ask_with(method: Method, path: &str, headers: &[(&str, &str)], sample: Sample) -> Response<Body> {
    ask_served(&Options::default(), method, path, headers, sample).await
}

async fn ask_served(
    options: &Options,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    sample: Sample,
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router(Arc::new(sample), options).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

const HERE: (&str, &str) = ("host", "127.0.0.1:8787");

async fn ask(path: &str, sample: Sample) -> Response<Body> {
    ask_with(Method::GET, path, &[HERE], sample).await
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec()).unwrap()
}
