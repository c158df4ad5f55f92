//! The pages as a browser gets them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails; Clippy knows tests only by `#[test]`")]

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use futures::StreamExt;
use phalanx_dashboard::{Dashboard, Describe, router};
use phalanx_engine::{EngineDescription, EngineKind, Progress, StageProgress, WorkerDescription};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;

fn empty() -> EngineDescription {
    EngineDescription {
        kind: EngineKind::Cluster,
        address: "tcp://127.0.0.1:8786".into(),
        page: None,
        workers: vec![],
        jobs: vec![],
    }
}

fn busy() -> EngineDescription {
    let worker = WorkerDescription {
        id: "w0123456789abcdef".into(),
        address: "127.0.0.1:40001".into(),
        cores: 2,
        tasks_running: 1,
        memory_bytes: 4 << 30,
        memory_used_bytes: 1 << 30,
        persisted_bytes: 800_000_000,
        is_leaving: false,
    };
    let stage = StageProgress {
        stage: 3,
        name: "<b>sum</b>".into(),
        tasks: 8,
        tasks_running: 2,
        tasks_done: 4,
        rows: 12_345,
        bytes: 98_760,
    };
    let job = Progress { job: "j7".into(), label: "mean of <x>".into(), attempts: 2, stages: vec![stage] };
    EngineDescription { workers: vec![worker], jobs: vec![job], ..empty() }
}

async fn ask_as(method: Method, host: &str, path: &str, description: EngineDescription) -> Response<Body> {
    let routes = router(Arc::new(move || {
        let description = description.clone();
        Box::pin(async move { description })
    }));
    let request = Request::builder().method(method).uri(path).header("host", host).body(Body::empty()).unwrap();
    routes.oneshot(request).await.unwrap()
}

async fn ask(path: &str, description: EngineDescription) -> Response<Body> {
    ask_as(Method::GET, "127.0.0.1:8787", path, description).await
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn an_empty_cluster_says_what_to_type() {
    let page = text(ask("/status", empty()).await).await;
    assert!(page.contains("<pre>phalanx worker tcp://127.0.0.1:8786</pre>"), "{page}");
    assert!(page.contains("No job is running."), "{page}");
}

#[tokio::test]
async fn workers_jobs_and_stages_are_shown() {
    let page = text(ask("/status", busy()).await).await;
    for part in [
        "<code title=\"w0123456789abcdef\">w01234567</code>",
        "127.0.0.1:40001",
        "1.0 GiB of 4.0 GiB",
        "763 MiB",
        "mean of &lt;x&gt; <code>j7</code>",
        "4 of 8 tasks, attempt 2",
        "4 of 8 tasks done, 2 running",
        "class=\"running\" width=\"750\"",
        "class=\"done\" width=\"500\"",
        "12,345 rows, 96 KiB",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[tokio::test]
async fn names_from_elsewhere_are_escaped() {
    let page = text(ask("/status", busy()).await).await;
    assert!(page.contains("&lt;b&gt;sum&lt;/b&gt;") && !page.contains("<b>sum"), "{page}");
}

#[tokio::test]
async fn the_json_is_the_description() {
    let response = ask("/api/status", busy()).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let description: EngineDescription = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(description, busy());
}

#[tokio::test]
async fn the_root_leads_to_the_status() {
    let response = ask("/", empty()).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/status");
}

#[tokio::test]
async fn foreign_names_are_refused_everywhere() {
    for path in ["/", "/status", "/api/status", "/events", "/static/app.js", "/nothing"] {
        let response = ask_as(Method::GET, "evil.example:8787", path, busy()).await;
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert!(!text(response).await.contains("40001"), "{path}");
    }
}

#[tokio::test]
async fn a_request_without_a_name_is_refused() {
    let routes = router(Arc::new(|| Box::pin(async { busy() })));
    let request = Request::builder().uri("/status").body(Body::empty()).unwrap();
    assert_eq!(routes.oneshot(request).await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn nothing_can_be_changed() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        for path in ["/", "/status", "/api/status", "/events"] {
            let response = ask_as(method.clone(), "localhost:8787", path, busy()).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_policy_allows_nothing_inline_and_nothing_foreign() {
    let response = ask("/status", busy()).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let page = text(response).await;
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onclick"), "{page}");
    assert_eq!(page.matches("<script").count(), 1);
    for address in page.split(['"', '\'']).filter(|part| part.contains("://")) {
        assert!(address.contains("127.0.0.1"), "{address} is a third party");
    }
}

#[tokio::test]
async fn every_file_that_the_page_names_is_there() {
    let page = text(ask("/status", busy()).await).await;
    let files: Vec<&str> = page.split('"').filter(|part| part.starts_with("/static/")).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(ask(file, empty()).await.status(), StatusCode::OK, "{file}");
    }
}

#[tokio::test]
async fn events_come_when_something_has_changed() {
    // The first two looks see an empty cluster, all later ones a busy one.
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let routes = router(Arc::new(move || {
        let look = counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { if look < 2 { empty() } else { busy() } })
    }));
    let request = Request::builder().uri("/events").header("host", "[::1]:8787").body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.contains("No worker yet"));
    let second = next().await;
    assert!(second.contains("40001"), "{second}");
    assert_eq!(looks.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn it_serves_on_loopback_alone() {
    let describe: Describe = Arc::new(|| Box::pin(async { empty() }));
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = Dashboard::start(everywhere, Arc::clone(&describe)).unwrap_err();
    assert!(error.message().contains("it is not loopback"), "{error}");

    let loopback = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dashboard = Dashboard::start(loopback, describe).unwrap();
    let address = dashboard.address();
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET /status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("No worker yet"), "{answer}");
}
