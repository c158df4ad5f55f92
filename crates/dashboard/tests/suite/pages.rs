//! The pages as a browser gets them.

use crate::{HERE, ask, ask_served, ask_with, sample, text};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use futures::StreamExt;
use phalanx_dashboard::{Dashboard, Options, router};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Every page, of a cluster that has what they are about.
const PAGES: [&str; 11] = [
    "/status",
    "/jobs",
    "/jobs?state=failed",
    "/jobs/J00005",
    "/jobs/R00001",
    "/timeline?seconds=60",
    "/workers",
    "/workers/w000000000000",
    "/workers/scheduler",
    "/data",
    "/training",
];

#[tokio::test]
async fn an_empty_cluster_says_what_to_type() {
    for (page, expected) in [
        ("/status", "<pre>phalanx worker tcp://127.0.0.1:8786</pre>"),
        ("/status", "No job is running."),
        ("/jobs", "No such job."),
        ("/timeline", "No task ended in the last 1 min 00 s."),
        ("/workers", "No worker is here."),
        ("/data", "Nothing is persisted."),
        ("/training", "No model is being trained"),
    ] {
        let page_text = text(ask(page, sample(0, 0)).await).await;
        assert!(page_text.contains(expected), "{expected} is not in {page}:\n{page_text}");
    }
}

#[tokio::test]
async fn pages_show_what_there_is() {
    for (page, parts) in [
        (
            "/status",
            &["R00001", "svd of 20,000,000 × 400", "so far, about", " of 64 tasks done", "of 24 GiB", "120 GiB free"][..],
        ),
        ("/jobs", &["J00099", "<span class=\"state cancelled\">cancelled</span>", "failed <small>3</small>"]),
        ("/jobs?state=failed", &["J00005", "J00042", "J00079"]),
        (
            "/jobs/J00005",
            &[
                "has 3 values that are no numbers",
                "Caused by:",
                "row group 3",
                "stage 1, partition 14",
                "repair the file",
            ],
        ),
        (
            "/jobs/J00006",
            &["class=\"node done\"", "skew 4.2", "partial_sums", "ShuffleReaderExec", "493 MiB", "8,000,000"],
        ),
        ("/timeline?seconds=60", &["<rect class=\"c0", "w00000000", "−60 s"]),
        ("/workers", &["Processors busy", "class=\"spark\"", "Gone"]),
        (
            "/workers/w000000000000",
            &["10.0.0.1:40123", "process 4000", "rank 0 of 2 begins", "&lt;expired&gt;", "<figure class=\"chart\">"],
        ),
        ("/workers/scheduler", &["<h1>Scheduler</h1>", "rank 0 of 2 begins", "12 older lines"]),
        ("/data", &["J00900", "state failed\">gone", "can&#39;t be made again", "Release", "572 MiB"]),
        (
            "/training",
            &["XGBoost, fraud", "test-auc", "LogisticRegression", "iteration 9 of at most 100", "class=\"line\""],
        ),
    ] {
        let html = text(ask(page, sample(100, 3)).await).await;
        for part in parts {
            assert!(html.contains(part), "{part} is not in {page}:\n{html}");
        }
    }
}

#[tokio::test]
async fn the_root_leads_to_the_status() {
    let response = ask("/", sample(0, 0)).await;
    assert_eq!((response.status(), response.headers()["location"].as_bytes()), (StatusCode::SEE_OTHER, &b"status"[..]));
}

#[tokio::test]
async fn what_is_not_known_is_not_found() {
    for path in ["/nothing", "/job", "/worker", "/jobs/none", "/workers/none", "/api/v1/nothing", "/events?of=nothing"]
    {
        assert_eq!(ask(path, sample(3, 1)).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn pages_work_behind_a_prefix() {
    let options = Options { prefix: "/clusters/7".into(), names: vec!["hub.example.org".into()], ..Options::default() };
    for path in [
        "/clusters/7/status",
        "/clusters/7/jobs/J00001",
        "/clusters/7/api/v1/jobs",
        "/status",
        "/clusters/7/static/app.js",
    ] {
        let headers = [("host", "hub.example.org")];
        let response = ask_served(&options, Method::GET, path, &headers, sample(3, 1)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    // Who comes by a proxy may look.
    let proxied = [("host", "hub.example.org"), ("origin", "http://hub.example.org")];
    let page = text(ask_served(&options, Method::GET, "/status", &proxied, sample(3, 1)).await).await;
    assert!(!page.contains("Cancel"), "{page}");
    let refused = ask_served(&options, Method::POST, "/jobs/R00001/cancel", &proxied, sample(3, 1)).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let root = ask_served(&options, Method::GET, "/clusters/7/", &[HERE], sample(3, 1)).await;
    assert_eq!(root.headers()["location"], "status");
    // No address on a page begins at the server's root, or names a server.
    for page in PAGES {
        let html = text(ask(page, sample(100, 3)).await).await;
        for attribute in ["href=\"", "src=\"", "action=\"", "data-events=\""] {
            for address in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(!address.starts_with('/') && !address.contains("://"), "{address} in {page}");
            }
        }
    }
}

#[tokio::test]
async fn every_address_on_a_page_is_there() {
    for page in PAGES {
        let html = text(ask(page, sample(100, 3)).await).await;
        let folder = if page.matches('/').count() > 1 { page.rsplit_once('/').unwrap().0 } else { "" };
        for address in html.split("href=\"").chain(html.split("src=\"")).skip(1) {
            let address = address.split('"').next().unwrap().replace("&amp;", "&");
            if address.starts_with('#') || address.starts_with('<') {
                continue;
            }
            let path = match address.strip_prefix("../") {
                Some(rest) => format!("/{rest}"),
                None => format!("{folder}/{address}"),
            };
            let status = ask(&path, sample(100, 3)).await.status();
            assert_eq!(status, StatusCode::OK, "{path}, from {page}");
        }
    }
}

#[tokio::test]
async fn foreign_names_are_refused_everywhere() {
    for path in
        PAGES.iter().chain(&["/", "/events?of=status", "/metrics", "/api/v1/jobs", "/static/app.js", "/nothing"])
    {
        for host in ["evil.example:8787", "127.0.0.1.evil.example", ""] {
            let response = ask_with(Method::GET, path, &[("host", host)], sample(3, 1)).await;
            assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
            assert!(!text(response).await.contains("40123"), "{path}");
        }
        let response = ask_with(Method::GET, path, &[], sample(3, 1)).await;
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{path} without a name");
    }
}

#[tokio::test]
async fn only_our_own_pages_cancel_and_release() {
    let ours = ("origin", "http://127.0.0.1:8787");
    for (path, back) in [("/jobs/R00001/cancel", "../R00001"), ("/data/J00900/release", "../../data")] {
        let done = ask_with(Method::POST, path, &[HERE, ours], sample(9, 1)).await;
        assert_eq!((done.status(), done.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, back));
        for foreign in
            [&[HERE][..], &[HERE, ("origin", "http://evil.example")], &[HERE, ours, ("sec-fetch-site", "cross-site")]]
        {
            let refused = ask_with(Method::POST, path, foreign, sample(9, 1)).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path} {foreign:?}");
        }
        assert_eq!(ask(path, sample(9, 1)).await.status(), StatusCode::METHOD_NOT_ALLOWED, "a link changes nothing");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        for path in PAGES.iter().chain(&["/api/v1/jobs", "/metrics"]) {
            let response = ask_with(method.clone(), path, &[HERE, ours], sample(9, 1)).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_policy_allows_nothing_inline_and_nothing_foreign() {
    for page in PAGES {
        let response = ask(page, sample(100, 3)).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let html = text(response).await;
        for forbidden in ["style=", "<style", "onclick", "javascript:"] {
            assert!(!html.contains(forbidden), "{forbidden} in {page}");
        }
        assert_eq!(html.matches("<script").count(), 1);
    }
}

#[tokio::test]
async fn names_from_elsewhere_are_escaped() {
    let html = text(ask("/jobs/R00001", sample(3, 1)).await).await;
    assert!(!html.contains("<script>"), "{html}");
    let refused = ask("/jobs/%3Cscript%3Ealert(1)%3C%2Fscript%3E", sample(3, 1)).await;
    assert!(!text(refused).await.contains("<script"));
    let html = text(ask("/jobs?state=%22%3E%3Cb%3E", sample(3, 1)).await).await;
    assert!(!html.contains("\"><b>"), "{html}");
}

#[tokio::test]
async fn events_come_when_something_has_changed() {
    let request = Request::builder().uri("/events?of=status").header("host", "[::1]:8787").body(Body::empty()).unwrap();
    let response = router(Arc::new(sample(3, 2)), &Options::default()).oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    let (first, second) = (next().await, next().await);
    assert!(first.starts_with("data: <dl class=\"tiles\">") && first.contains("R00001"), "{first}");
    assert_ne!(first, second);
}

/// The server's part of the time that a page takes to load.
#[tokio::test]
async fn pages_are_made_at_once_with_a_thousand_jobs_and_two_hundred_workers() {
    for page in PAGES.iter().chain(&["/timeline?seconds=86400", "/jobs?page=7", "/api/v1/overview", "/metrics"]) {
        let fastest = async || {
            let mut best = Duration::MAX;
            for _ in 0..3 {
                let began = Instant::now();
                let response = ask(page, sample(1_000, 200)).await;
                assert_eq!(response.status(), StatusCode::OK, "{page}");
                let size = text(response).await.len();
                assert!(size < 8 << 20, "{page}: {size} bytes");
                best = best.min(began.elapsed());
            }
            best
        };
        let took = fastest().await;
        assert!(took < Duration::from_millis(300), "{page} took {took:?}");
    }
}

#[tokio::test]
async fn it_serves_on_loopback_alone() {
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = Dashboard::start(everywhere, Arc::new(sample(0, 0)), Options::default()).unwrap_err();
    assert!(error.message().contains("it is not loopback"), "{error}");

    let loopback = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options { prefix: "x/".into(), ..Options::default() };
    let dashboard = Dashboard::start(loopback, Arc::new(sample(0, 0)), options).unwrap();
    let address = dashboard.address();
    assert_eq!(dashboard.url(), format!("http://{address}/x/status"));
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET /x/status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("No worker yet"), "{answer}");
}
