//! Routes, and serving them.

use crate::guard::{Names, guard};
use crate::{events, page};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::future::BoxFuture;
use phalanx_engine::{EngineDescription, Error, Result};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the pages show, asked for whenever somebody looks.
pub type Describe = Arc<dyn Fn() -> BoxFuture<'static, EngineDescription> + Send + Sync>;

/// Pages that are being served, until they are dropped.
#[derive(Debug)]
pub struct Dashboard {
    address: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
}

impl Dashboard {
    /// Serves on `listener`, which must be on loopback: the pages ask nobody who he is.
    ///
    /// # Errors
    /// `Input`: the address is not a loopback address.
    pub fn start(listener: TcpListener, describe: Describe) -> Result<Self> {
        Self::start_behind(listener, describe, vec![])
    }

    /// The same behind a proxy that browsers know by one of `names`, and that knows who may see the pages.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_behind(listener: TcpListener, describe: Describe, names: Vec<String>) -> Result<Self> {
        let address = listener
            .local_addr()
            .map_err(|error| Error::internal("a listening socket has no address").caused_by(&error))?;
        if !address.ip().is_loopback() {
            return Err(Error::input(format!("the status page can't be served at {address}: it is not loopback"))
                .with_hint("use 127.0.0.1"));
        }
        let routes = router_behind(describe, names.into());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, server })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub describe: Describe,
    pub viewers: Arc<tokio::sync::Semaphore>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({} more viewers)", self.viewers.available_permits())
    }
}

/// Pages that are open at once; each costs a description twice a second.
const VIEWERS_MAX: usize = 64;

/// The routes alone. All are `GET`.
pub fn router(describe: Describe) -> Router {
    router_behind(describe, Names::default())
}

/// The routes behind a proxy of one of `names`.
pub fn router_behind(describe: Describe, names: Names) -> Router {
    let viewers = Arc::new(tokio::sync::Semaphore::new(VIEWERS_MAX));
    Router::new()
        .route("/", get(|| async { (StatusCode::SEE_OTHER, [(LOCATION, "/status")]) }))
        .route("/status", get(status))
        .route("/api/status", get(api_status))
        .route("/events", get(events::events))
        .route("/static/app.js", file("text/javascript; charset=utf-8", include_str!("../static/app.js")))
        .route("/static/style.css", file("text/css; charset=utf-8", include_str!("../static/style.css")))
        .route("/static/icon.svg", file("image/svg+xml", include_str!("../static/icon.svg")))
        .fallback(|| async { (StatusCode::NOT_FOUND, "Nothing is here. Look at /status.\n") })
        .layer(axum::middleware::from_fn_with_state(names, guard))
        .with_state(Shared { describe, viewers })
}

fn file(content_type: &'static str, content: &'static str) -> axum::routing::MethodRouter<Shared> {
    get(move || async move { ([(CONTENT_TYPE, content_type)], content) })
}

async fn status(State(shared): State<Shared>) -> Html<String> {
    Html(page::page(&(shared.describe)().await))
}

async fn api_status(State(shared): State<Shared>) -> Response {
    match serde_json::to_string(&(shared.describe)().await) {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
