//! Routes, and serving them.

use crate::access::{Caller, Connection, Knowing};
use crate::guard::{Gate, Names, guard};
use crate::page::enter::{self, Said};
use crate::page::{Page, Parameters, Place};
use crate::token::{self, Tokens};
use crate::{api, events, metrics};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Extension, Path, Query, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use phalanx_engine::observe::Observe;
use phalanx_engine::{Error, Result};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How the pages are served.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The path before all others, as `/clusters/7`: for a proxy that leaves it in place. One that takes it away needs
    /// nothing, since all addresses on the pages are relative.
    pub prefix: String,
    /// Names, besides those of this machine, under which a proxy may ask for them.
    pub names: Vec<String>,
    /// Tokens for who shows no certificate, where those are wanted.
    pub tokens: Option<Arc<Tokens>>,
}

/// Pages that are being served, until they are dropped.
#[derive(Debug)]
pub struct Dashboard {
    scheme: &'static str,
    address: SocketAddr,
    prefix: String,
    server: JoinHandle<std::io::Result<()>>,
}

impl Dashboard {
    /// Serves on `listener`, which must be on loopback: the pages ask nobody who he is.
    ///
    /// # Errors
    /// `Input`: the address is not a loopback address, or the prefix is no path.
    pub fn start(listener: TcpListener, observe: Arc<dyn Observe>, options: Options) -> Result<Self> {
        let address = listener
            .local_addr()
            .map_err(|error| Error::internal("a listening socket has no address").caused_by(&error))?;
        if !address.ip().is_loopback() {
            return Err(Error::input(format!("the status page can't be served at {address}: it is not loopback"))
                .with_hint("use 127.0.0.1"));
        }
        let prefix = prefix(&options.prefix)?;
        let routes = router(observe, &Options { prefix: prefix.clone(), ..options });
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { scheme: "http", address, prefix, server })
    }

    /// Serves on `listener`, at `address`, whose connections are under mutual TLS: it knows what each may do.
    ///
    /// # Errors
    /// `Input`: the prefix is no path.
    pub fn start_secured<L>(
        listener: L,
        address: SocketAddr,
        observe: Arc<dyn Observe>,
        options: Options,
    ) -> Result<Self>
    where
        L: Listener<Addr = Connection>,
    {
        let prefix = prefix(&options.prefix)?;
        let routes = router(observe, &Options { prefix: prefix.clone(), ..options });
        let service = routes.into_make_service_with_connect_info::<Connection>();
        let server = tokio::spawn(async move { axum::serve(Knowing(listener), service).await });
        Ok(Self { scheme: "https", address, prefix, server })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL at which a token is exchanged. The token is behind the `#`, which browsers send to nobody.
    pub fn entrance(&self, token: &str) -> String {
        format!("{}://{}{}/enter#{token}", self.scheme, self.address, self.prefix)
    }

    /// The URL of the first page.
    pub fn url(&self) -> String {
        format!("{}://{}{}/status", self.scheme, self.address, self.prefix)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// `text` as a path that begins with a slash and does not end with one; empty for none.
fn prefix(text: &str) -> Result<String> {
    let path = text.trim_matches('/');
    let is_path = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte));
    if !is_path || path.split('/').any(|part| part == "." || part == "..") || path.contains("//") {
        return Err(Error::input(format!("{text:?} is no path for pages"))
            .with_hint("use letters, digits, and -_.~ between slashes, for example /clusters/7"));
    }
    Ok(if path.is_empty() { String::new() } else { format!("/{path}") })
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub observe: Arc<dyn Observe>,
    pub viewers: Arc<tokio::sync::Semaphore>,
    pub tokens: Option<Arc<Tokens>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({} more viewers)", self.viewers.available_permits())
    }
}

/// Pages that are open at once; each costs a look twice a second.
const VIEWERS_MAX: usize = 64;

/// The routes alone.
pub fn router(observe: Arc<dyn Observe>, options: &Options) -> Router {
    let viewers = Arc::new(tokio::sync::Semaphore::new(VIEWERS_MAX));
    let text = |text: &'static str| get(move || async move { text });
    let api = Router::new()
        .route("/overview", get(api::overview))
        .route("/jobs", get(api::jobs))
        .route("/jobs/{job}", get(api::job))
        .route("/jobs/{job}/cancel", post(api::cancel))
        .route("/tasks", get(api::tasks))
        .route("/workers", get(api::workers))
        .route("/workers/{worker}/log", get(api::log))
        .route("/data", get(api::data))
        .route("/data/{data}/release", post(api::release))
        .route("/runs", get(api::runs))
        .route("/openapi.json", get(api::openapi));
    let pages = Router::new()
        .route("/", get(|| async { (StatusCode::SEE_OTHER, [(LOCATION, "status")]) }))
        .route("/{page}", get(page))
        .route("/jobs/{id}", get(|id, more, shared, caller| one("job", id, more, shared, caller)))
        .route("/workers/{id}", get(|id, more, shared, caller| one("worker", id, more, shared, caller)))
        .route("/jobs/{id}/cancel", post(api::cancel_and_return))
        .route("/data/{data}/release", post(api::release_and_return))
        .route("/events", get(events::events))
        .route("/metrics", get(metrics::metrics))
        .route("/health", text("ok\n"))
        .route("/static/app.js", file("text/javascript; charset=utf-8", include_str!("../static/app.js")))
        .route("/static/style.css", file("text/css; charset=utf-8", crate::STYLE))
        .route("/static/icon.svg", file("image/svg+xml", crate::ICON))
        .nest("/api/v1", api)
        .route("/enter", get(entrance).post(enter))
        .route("/leave", post(leave))
        .route("/static/enter.js", file("text/javascript; charset=utf-8", include_str!("../static/enter.js")))
        .with_state(Shared { observe, viewers, tokens: options.tokens.clone() });
    let all = match options.prefix.as_str() {
        "" => pages,
        // Both with and without: a proxy may take the prefix away.
        prefix => pages.clone().nest(prefix, pages).route(&format!("{prefix}/"), get(to_status)),
    };
    let gate = Gate {
        names: Names::new(&options.names),
        prefix: options.prefix.as_str().into(),
        tokens: options.tokens.clone(),
    };
    all.fallback(|| async { nothing() }).layer(axum::middleware::from_fn_with_state(gate, guard))
}

/// Behind the address of the entrance, for who has signed out.
const SIGNED_OUT: &str = "signed-out";

/// `GET /enter`.
async fn entrance(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    match shared.tokens {
        Some(_) if query.as_deref() == Some(SIGNED_OUT) => Html(enter::whole(Said::SignedOut)).into_response(),
        Some(_) => Html(enter::whole(Said::Wanted)).into_response(),
        None => nothing(),
    }
}

/// `POST /leave`: the session of who was let in by a token ends, here and in his browser. Who has a certificate has none.
async fn leave(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Response {
    let (Some(tokens), Some(session)) = (shared.tokens, caller.session) else { return nothing() };
    tokens.end(session, caller.connection.and_then(|connection| connection.from));
    let headers = [(LOCATION, format!("enter?{SIGNED_OUT}")), (SET_COOKIE, token::no_cookie())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The longest form that is read.
const FORM_BYTES_MAX: usize = 1 << 10;

/// `POST /enter`: a token for a cookie, and on to the pages.
async fn enter(State(shared): State<Shared>, request: Request) -> Response {
    let Some(tokens) = shared.tokens else { return nothing() };
    let from = request.extensions().get::<ConnectInfo<Connection>>().and_then(|known| known.0.from);
    let body = to_bytes(request.into_body(), FORM_BYTES_MAX).await.unwrap_or_default();
    // Tokens have no letter that a form would write in another way.
    let form = String::from_utf8_lossy(&body);
    let token = form.split('&').find_map(|field| field.strip_prefix("token=")).unwrap_or_default();
    match tokens.exchange(token.trim(), from, Instant::now()) {
        Some(session) => {
            let headers = [(LOCATION, String::from("status")), (SET_COOKIE, token::cookie(&session))];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        None => (StatusCode::UNAUTHORIZED, Html(enter::whole(Said::Refused))).into_response(),
    }
}

async fn to_status() -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, "status")]).into_response()
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "Nothing is here. Look at /status.\n").into_response()
}

fn file(content_type: &'static str, content: &'static str) -> axum::routing::MethodRouter<Shared> {
    get(move || async move { ([(CONTENT_TYPE, content_type)], content) })
}

async fn page(
    Path(name): Path<String>,
    Query(parameters): Query<Parameters>,
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Response {
    // Pages about one thing have addresses of their own.
    match Page::named(&name, parameters).filter(|page| page.base().is_empty()) {
        Some(page) => shown(page, &shared, caller).await,
        None => nothing(),
    }
}

async fn one(
    name: &'static str,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Response {
    match Page::named(name, Parameters { id: Some(id), ..parameters }) {
        Some(page) => shown(page, &shared, caller).await,
        None => nothing(),
    }
}

async fn shown(page: Page, shared: &Shared, caller: Caller) -> Response {
    let place = Place::of(&page, &caller);
    match page.whole(shared.observe.as_ref(), place).await {
        Some(html) => Html(html).into_response(),
        None => (StatusCode::NOT_FOUND, "It is not known: only the latest are kept.\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_path() {
        for (text, path) in [("", ""), ("/", ""), ("a", "/a"), ("/a/b-1/", "/a/b-1")] {
            assert_eq!(prefix(text).unwrap(), path);
        }
        for text in ["a b", "/a//b", "/../x", "{x}", "a?b", "/*x"] {
            assert!(prefix(text).is_err(), "{text}");
        }
    }
}
