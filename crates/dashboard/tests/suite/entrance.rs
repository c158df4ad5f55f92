//! Browsers that show no certificate: a token that is good once becomes a cookie, and without either nothing is seen.

use crate::{sample, text};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, Response, StatusCode};
use phalanx_dashboard::access::NOBODY;
use phalanx_dashboard::{Access, Connection, Options, Tokens, router};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tower::ServiceExt;

const HOST: &str = "10.0.0.5:8787";

/// Pages under TLS that take tokens, and what is noted of those.
struct Served {
    routes: Router,
    tokens: Arc<Tokens>,
    noted: Arc<Mutex<Vec<&'static str>>>,
}

fn served(prefix: &str) -> Served {
    let noted = Arc::new(Mutex::new(vec![]));
    let also = Arc::clone(&noted);
    let tokens = Arc::new(Tokens::new(Box::new(move |_, _, what| also.lock().unwrap().push(what))));
    let options = Options { prefix: prefix.into(), tokens: Some(Arc::clone(&tokens)), ..Options::default() };
    Served { routes: router(Arc::new(sample(9, 1)), &options), tokens, noted }
}

impl Served {
    /// What is answered to who shows a certificate of `role`, or none.
    async fn ask(
        &self,
        role: &'static str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Body> {
        let access = match role {
            "viewer" => Some(Access::View),
            "client" => Some(Access::Control),
            _ => None,
        };
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let connection = Connection { access, role, from: None, called: "10.0.0.5".parse().ok() };
        let request = request.extension(ConnectInfo(connection)).body(Body::from(body.to_owned())).unwrap();
        self.routes.clone().oneshot(request).await.unwrap()
    }
    async fn status(&self, role: &'static str, path: &str, headers: &[(&str, &str)]) -> StatusCode {
        self.ask(role, Method::GET, path, headers, "").await.status()
    }
    async fn enter(&self, token: &str, headers: &[(&str, &str)]) -> Response<Body> {
        self.ask(NOBODY, Method::POST, "/enter", headers, &format!("token={token}")).await
    }
}

const OURS: (&str, &str) = ("origin", "https://10.0.0.5:8787");

#[tokio::test]
async fn a_token_becomes_a_cookie_that_shows_what_it_may() {
    let served = served("");
    let token = served.tokens.mint(Access::View, Instant::now());
    let entered = served.enter(&token, &[OURS]).await;
    assert_eq!((entered.status(), entered.headers()["location"].as_bytes()), (StatusCode::SEE_OTHER, &b"status"[..]));
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    for word in ["__Host-", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
        assert!(cookie.contains(word), "{word} is not in {cookie}");
    }
    assert!(!cookie.contains(&token), "what was in an address opens nothing any more");
    let pair = cookie.split(';').next().unwrap();
    let mine = ("cookie", pair);
    for path in ["/status", "/events?of=status", "/metrics", "/api/v1/jobs", "/static/app.js"] {
        assert_eq!(served.status(NOBODY, path, &[mine]).await, StatusCode::OK, "{path}");
    }
    let page = text(served.ask(NOBODY, Method::GET, "/status", &[mine], "").await).await;
    assert!(!page.contains("Cancel…"), "who looks is offered nothing to change");
    let change = |headers: Vec<(&'static str, String)>| {
        let served = &served;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            served.ask(NOBODY, Method::POST, "/api/v1/jobs/R00001/cancel", &headers, "").await.status()
        }
    };
    let ours = || (OURS.0, OURS.1.to_owned());
    assert_eq!(
        change(vec![ours(), ("cookie", pair.to_owned())]).await,
        StatusCode::FORBIDDEN,
        "a viewer changes nothing"
    );

    let token = served.tokens.mint(Access::Control, Instant::now());
    let entered = served.enter(&token, &[OURS]).await;
    let pair = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(change(vec![ours(), ("cookie", pair.clone())]).await, StatusCode::NO_CONTENT);
    for foreign in [
        vec![("cookie", pair.clone())],
        vec![("cookie", pair.clone()), ("origin", String::from("https://evil.example"))],
        vec![("cookie", pair.clone()), ("origin", String::from("http://10.0.0.5:8787"))],
        vec![("cookie", pair.clone()), ours(), ("sec-fetch-site", String::from("same-site"))],
    ] {
        assert_eq!(change(foreign.clone()).await, StatusCode::FORBIDDEN, "another site's page: {foreign:?}");
    }
    assert_eq!(served.noted.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_is_good_once_and_for_our_own_page_alone() {
    let served = served("");
    let token = served.tokens.mint(Access::View, Instant::now());
    for foreign in [&[][..], &[("origin", "https://evil.example")], &[OURS, ("sec-fetch-site", "cross-site")]] {
        assert_eq!(served.enter(&token, foreign).await.status(), StatusCode::UNAUTHORIZED, "{foreign:?}");
    }
    assert!(served.noted.lock().unwrap().is_empty(), "another site can't even use it up");
    assert_eq!(served.enter(&token, &[OURS]).await.status(), StatusCode::SEE_OTHER);
    for wrong in [token.as_str(), "", "x", "%00", &"9".repeat(5_000)] {
        let refused = served.enter(wrong, &[OURS]).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(refused.headers().get("set-cookie").is_none());
        assert!(text(refused).await.contains("used already, or is too old"));
    }
}

#[tokio::test]
async fn who_was_let_in_can_sign_out() {
    for (access, prefix) in [(Access::View, ""), (Access::Control, "/clusters/7")] {
        let served = served(prefix);
        let enter = async || {
            let token = served.tokens.mint(access, Instant::now());
            let entered = served.enter(&token, &[OURS]).await;
            entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
        };
        let (mine, another) = (enter().await, enter().await);
        let (status, leave) = (format!("{prefix}/status"), format!("{prefix}/leave"));
        let cookie = ("cookie", mine.as_str());
        let page = text(served.ask(NOBODY, Method::GET, &status, &[cookie], "").await).await;
        assert!(page.contains("<form class=\"leave\" method=\"post\" action=\"leave\">"));
        // A page that stays open in another tab: its stream has to end too.
        let stream =
            served.ask(NOBODY, Method::GET, &format!("{prefix}/events?of=jobs"), &[cookie], "").await.into_body();

        for foreign in [
            vec![cookie],
            vec![cookie, ("origin", "https://evil.example")],
            vec![cookie, ("origin", "http://10.0.0.5:8787")],
            vec![cookie, OURS, ("sec-fetch-site", "same-site")],
        ] {
            let refused = served.ask(NOBODY, Method::POST, &leave, &foreign, "").await.status();
            assert_eq!(refused, StatusCode::FORBIDDEN, "another site's page signs nobody out: {foreign:?}");
        }
        assert_eq!(served.status(NOBODY, &leave, &[cookie]).await, StatusCode::METHOD_NOT_ALLOWED, "nor does a link");
        assert_eq!(served.status(NOBODY, &status, &[cookie]).await, StatusCode::OK);

        let left = served.ask(NOBODY, Method::POST, &leave, &[cookie, OURS], "").await;
        let to = left.headers()["location"].as_bytes();
        assert_eq!((left.status(), to), (StatusCode::SEE_OTHER, &b"enter?signed-out"[..]));
        assert_eq!(
            left.headers()["set-cookie"],
            "__Host-phalanx=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"
        );
        let farewell = served.ask(NOBODY, Method::GET, &format!("{prefix}/enter?signed-out"), &[], "").await;
        assert!(text(farewell).await.contains("You are signed out."));
        for path in [&status, &format!("{prefix}/events?of=jobs"), &format!("{prefix}/api/v1/jobs")] {
            assert_eq!(served.status(NOBODY, path, &[cookie]).await, StatusCode::UNAUTHORIZED, "{path}");
        }
        let again = served.ask(NOBODY, Method::POST, &leave, &[cookie, OURS], "").await;
        assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "nobody signs out twice");
        let shown = tokio::time::timeout(Duration::from_secs(20), axum::body::to_bytes(stream, 1 << 24)).await;
        assert!(shown.is_ok_and(|shown| shown.is_ok()), "the stream of the open page goes on");
        let others = ("cookie", another.as_str());
        assert_eq!(served.status(NOBODY, &status, &[others]).await, StatusCode::OK, "other sessions stay");
        assert_eq!(served.noted.lock().unwrap().last(), Some(&"a session is ended by its bearer"));
    }
}

#[tokio::test]
async fn who_has_a_certificate_has_no_session_to_end() {
    let served = served("");
    for role in ["viewer", "client"] {
        let page = text(served.ask(role, Method::GET, "/status", &[], "").await).await;
        assert!(!page.contains("Sign out"), "{role}");
        assert_eq!(served.ask(role, Method::POST, "/leave", &[OURS], "").await.status(), StatusCode::NOT_FOUND);
    }
    let page = text(crate::ask("/status", sample(1, 1)).await).await;
    assert!(!page.contains("Sign out"), "on loopback nobody signs in");
    assert!(served.noted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_shows_nothing_sees_the_entrance_alone() {
    for prefix in ["", "/clusters/7"] {
        let served = served(prefix);
        for path in ["/enter", "/static/enter.js", "/static/style.css", "/static/icon.svg"] {
            let answer = served.ask(NOBODY, Method::GET, &format!("{prefix}{path}"), &[], "").await;
            assert_eq!(answer.status(), StatusCode::OK, "{prefix}{path}");
            assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
        for path in [
            "/",
            "/status",
            "/jobs",
            "/workers/scheduler",
            "/api/v1/overview",
            "/metrics",
            "/events?of=jobs",
            "/health",
        ] {
            for headers in [&[][..], &[("cookie", "__Host-phalanx=0000")], &[("authorization", "Bearer x")]] {
                let answer = served.ask(NOBODY, Method::GET, &format!("{prefix}{path}"), headers, "").await;
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{prefix}{path}");
                assert!(!text(answer).await.contains("R00001"));
            }
        }
        // A certificate of a role that has no business here is not helped by a cookie, and others need none.
        assert_eq!(served.status("worker", &format!("{prefix}/enter"), &[]).await, StatusCode::FORBIDDEN);
        assert_eq!(served.status("viewer", &format!("{prefix}/status"), &[]).await, StatusCode::OK);
        let foreign = served.ask(NOBODY, Method::GET, "/enter", &[("host", "evil.example")], "").await;
        assert_eq!(foreign.status(), StatusCode::MISDIRECTED_REQUEST);
    }
}

#[tokio::test]
async fn where_tokens_are_not_wanted_there_is_no_entrance() {
    let answer = crate::ask("/enter", sample(1, 1)).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
