//! Routes, and serving them.

use crate::metrics::Metrics;
use crate::model::ServedModel;
use crate::openapi;
use crate::profile::Window;
use crate::rows::{Reader, Rows};
use crate::scorer::{NoScore, Scorer};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::{IncomingStream, Listener};
use futures::StreamExt;
use phalanx_cluster::transport::socket::Socket;
use phalanx_cluster::transport::{Incoming, Peer};
use phalanx_cluster::{Role, Transport};
use phalanx_dashboard::guard::{Names, is_known};
use phalanx_engine::{Error, Result};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::server::Connected;

/// How a model is served.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where; port 0 takes any free port.
    pub bind: SocketAddr,
    /// Plain on loopback, or mutual TLS.
    pub transport: Transport,
    /// Threads that score.
    pub threads: usize,
    /// Rows of a request, at most.
    pub rows_max: usize,
    /// Bytes of a request, at most.
    pub body_bytes_max: usize,
    /// Names, besides those of this machine, under which a proxy may ask on loopback.
    pub names: Vec<String>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8000)),
            transport: Transport::loopback(),
            threads: phalanx_engine::session::cores(),
            rows_max: 10_000,
            body_bytes_max: 16 << 20,
            names: vec![],
        }
    }
}

/// A model that is being served, until it is stopped or dropped.
#[derive(Debug)]
pub struct ModelServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    stopping: Arc<AtomicBool>,
    server: JoinHandle<std::io::Result<()>>,
}

struct Shared {
    model: Arc<ServedModel>,
    reader: Reader,
    scorer: Scorer,
    metrics: Metrics,
    openapi: Value,
    stopping: Arc<AtomicBool>,
}

impl ModelServer {
    /// Serves `model`; returns when it can be asked.
    ///
    /// # Errors
    /// `Input`: the address is off loopback and there are no credentials, or it is taken. `Resources`: no threads.
    /// XGBoost's.
    pub fn start(model: ServedModel, options: ServerOptions) -> Result<Self> {
        let model = Arc::new(model);
        let (incoming, address) = options.transport.listen_http(options.bind)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(Shared {
            reader: Reader::new(model.features(), options.rows_max),
            scorer: Scorer::start(&model, options.threads)?,
            metrics: Metrics::new(model.outputs(), model.profile().cloned().map(Window::new)),
            openapi: openapi::describe(&model, options.rows_max),
            stopping: Arc::clone(&stopping),
            model,
        });
        let mut routes = router(shared, options.body_bytes_max);
        // Under TLS a caller is who its certificate says; on loopback a web site must not call in a user's name.
        routes = match options.transport.is_secure() {
            true => routes.layer(middleware::from_fn(only_clients)),
            false => routes.layer(middleware::from_fn_with_state(Names::new(&options.names), only_known_names)),
        };
        let (stop, stopped) = oneshot::channel();
        let service = routes.into_make_service_with_connect_info::<Caller>();
        let server = axum::serve(Connections { incoming, address }, service).with_graceful_shutdown(async {
            let _dropped = stopped.await;
        });
        let server = tokio::spawn(async move { server.await });
        Ok(Self { address, stop: Some(stop), stopping, server })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, answers the requests that are there, at most for `time`, and ends.
    ///
    /// # Errors
    /// `Cluster`: some were not answered within that time.
    pub async fn stop(mut self, time: Duration) -> Result<()> {
        self.stopping.store(true, Ordering::Relaxed);
        drop(self.stop.take());
        match tokio::time::timeout(time, &mut self.server).await {
            Ok(_ended) => Ok(()),
            Err(_) => Err(Error::cluster(format!("requests were not answered within {} s", time.as_secs_f64()))),
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(shared: Arc<Shared>, body_bytes_max: usize) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/predict", post(predict))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route(
            "/openapi.json",
            get(|State(shared): State<Arc<Shared>>| async move { json_of(StatusCode::OK, &shared.openapi) }),
        )
        .fallback(|| async {
            json_of(
                StatusCode::NOT_FOUND,
                &json!({"error": "nothing is here", "hint": "POST /predict, or see /openapi.json"}),
            )
        })
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .with_state(shared)
}

fn json_of(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn about(State(shared): State<Arc<Shared>>) -> Response {
    let model = &shared.model;
    let features: Vec<Value> = model
        .features()
        .iter()
        .map(|feature| json!({"name": feature.name, "type": feature.kind, "categories": feature.categories}))
        .collect();
    let about = json!({
        "model": model.name(), "features": features, "outputs": model.outputs(), "rounds": model.rounds(),
        "training_rows": model.profile().map(crate::Profile::rows), "version": env!("CARGO_PKG_VERSION"),
    });
    json_of(StatusCode::OK, &about)
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    match shared.stopping.load(Ordering::Relaxed) {
        false => json_of(StatusCode::OK, &json!({"status": "serving"})),
        true => json_of(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "stopping"})),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], shared.metrics.text()).into_response()
}

async fn predict(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let start = Instant::now();
    let response = match body {
        Err(refused) => json_of(refused.status(), &json!({"error": refused.body_text()})),
        Ok(_) if !is_json(&headers) => json_of(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            &json!({"error": "the body is not application/json", "hint": "send Content-Type: application/json"}),
        ),
        Ok(body) => answer(&shared, &body).await,
    };
    shared.metrics.note_request(response.status().as_u16(), start.elapsed());
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

async fn answer(shared: &Shared, body: &[u8]) -> Response {
    let Rows { numbers, count, single } = match shared.reader.read(body) {
        Ok(rows) => rows,
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            return json_of(status, &refusal.body);
        }
    };
    let scores = match count {
        0 => Ok(vec![]),
        _ => shared.scorer.score(numbers.clone()).await,
    };
    match scores {
        Ok(scores) => {
            shared.metrics.note_rows(count, &numbers, &scores);
            json_of(StatusCode::OK, &said(&scores, shared.model.outputs(), single))
        }
        Err(NoScore::Busy) => {
            let body = json!({"error": "too many requests wait", "hint": "try again, or start more servers"});
            let mut response = json_of(StatusCode::SERVICE_UNAVAILABLE, &body);
            response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
            response
        }
        Err(NoScore::Failed(error)) => json_of(StatusCode::INTERNAL_SERVER_ERROR, &json!({"error": error.to_string()})),
    }
}

/// Predictions as JSON; a number is written with the digits that tell it from its neighbours.
fn said(scores: &[f32], outputs: usize, single: bool) -> Value {
    let number = |score: &f32| serde_json::from_str(&score.to_string()).unwrap_or(Value::Null);
    let row = |scores: &[f32]| match scores {
        [score] => number(score),
        scores => Value::Array(scores.iter().map(number).collect()),
    };
    let mut rows = scores.chunks(outputs.max(1)).map(row);
    match single {
        true => json!({"prediction": rows.next()}),
        false => json!({"predictions": rows.collect::<Vec<_>>()}),
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
struct Caller(Peer);

struct Connections {
    incoming: Incoming,
    address: SocketAddr,
}

impl Listener for Connections {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            match self.incoming.next().await {
                Some(Ok(socket)) => {
                    let address = socket.connect_info().address.unwrap_or(self.address);
                    return (socket, address);
                }
                Some(Err(error)) => tracing::warn!(%error, "a connection can't be accepted"),
                // The port is closed with this: nobody comes any more.
                None => std::future::pending().await,
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl axum::extract::connect_info::Connected<IncomingStream<'_, Connections>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        Self(stream.io().connect_info())
    }
}

/// A web site that lets its name point to this machine sends that name as `Host`; one that sends a form or text is told
/// that it is no JSON, and asks before it sends JSON.
async fn only_known_names(State(names): State<Names>, request: Request, next: Next) -> Response {
    match is_known(request.headers(), &names) {
        true => next.run(request).await,
        false => json_of(
            StatusCode::MISDIRECTED_REQUEST,
            &json!({
                "error": "this model answers to 127.0.0.1, [::1] and localhost alone",
                "hint": "start it with --name NAME for a proxy that asks under that name",
            }),
        ),
    }
}

async fn only_clients(ConnectInfo(Caller(peer)): ConnectInfo<Caller>, request: Request, next: Next) -> Response {
    match peer.role {
        Some(Role::Client) => next.run(request).await,
        Some(role) => json_of(
            StatusCode::FORBIDDEN,
            &json!({"error": format!("a {role} asks for no predictions"), "hint": "use the credentials of a client"}),
        ),
        None => json_of(StatusCode::FORBIDDEN, &json!({"error": "no certificate"})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_said_as_short_as_they_are_exact() {
        assert_eq!(said(&[0.1], 1, true).to_string(), r#"{"prediction":0.1}"#);
        assert_eq!(said(&[0.5, 1e-9], 1, false).to_string(), r#"{"predictions":[0.5,1e-9]}"#);
        assert_eq!(said(&[0.25, 0.75], 2, false).to_string(), r#"{"predictions":[[0.25,0.75]]}"#);
        assert_eq!(said(&[], 1, false).to_string(), r#"{"predictions":[]}"#);
    }
}
