//! A served model, asked over HTTP: what it answers, what it refuses and how, what it counts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod tls;

use phalanx_boost::Model;
use phalanx_boost::library::Library;
use phalanx_boost::native::{Asked, Booster, Kept, Matrix};
use phalanx_cluster::Transport;
use phalanx_serve::{ModelServer, Profile, ServedModel, ServerOptions};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::runtime::Runtime;

const NAMES: [&str; 3] = ["amount", "time", "limit"];

/// Rows of three features; class 1 where the amount is above the limit.
fn rows(count: usize) -> (Vec<f32>, Vec<f32>) {
    let mut features = vec![];
    let mut labels = vec![];
    for row in 0..count {
        let (amount, time, limit) = ((row * 37 % 101) as f32, (row % 24) as f32, (row * 53 % 97) as f32);
        features.extend([amount, time, limit]);
        labels.push(f32::from(u8::from(amount > limit)));
    }
    (features, labels)
}

fn kept() -> Kept<'static> {
    Kept { missing: f32::NAN, threads: 1, quantiles: None }
}

/// A small model with its profile, as a file holds it.
fn trained() -> Vec<u8> {
    let (features, labels) = rows(1000);
    let matrix = Matrix::new(&features, 3, kept()).unwrap();
    matrix.set("label", &labels, None).unwrap();
    matrix.set_texts("feature_name", &NAMES.map(str::to_owned)).unwrap();
    let booster = Booster::new(&[&matrix]).unwrap();
    for (name, value) in [("objective", "binary:logistic"), ("nthread", "1"), ("max_depth", "4")] {
        booster.set(name, value).unwrap();
    }
    (0..10).for_each(|round| booster.update(round, &matrix).unwrap());
    let columns: Vec<Vec<f32>> =
        (0..3).map(|place| features.iter().skip(place).step_by(3).copied().collect()).collect();
    let profile = Profile::of(NAMES.into_iter().zip(columns.iter().map(Vec::as_slice)));
    booster.set_texts("feature_name", &NAMES.map(str::to_owned)).unwrap();
    booster.set_attribute(Profile::ATTRIBUTE, &profile.text().unwrap()).unwrap();
    booster.save().unwrap()
}

/// A served model, and the runtime that serves it.
struct Served {
    runtime: Runtime,
    server: ModelServer,
}

impl Served {
    fn start(options: ServerOptions) -> Self {
        let runtime = Runtime::new().unwrap();
        let model = ServedModel::new("model.ubj", Model::of_bytes(trained()).unwrap()).unwrap();
        let options = ServerOptions { bind: SocketAddr::from(([127, 0, 0, 1], 0)), ..options };
        let server = runtime.block_on(async { ModelServer::start(model, options) }).unwrap();
        Self { runtime, server }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        ask(self.server.address(), method, path, headers, body)
    }

    fn predict(&self, body: &Value) -> (u16, Value) {
        let (status, body) = self.ask("POST", "/predict", "Content-Type: application/json\r\n", &body.to_string());
        (status, serde_json::from_str(&body).unwrap())
    }
}

/// One request of HTTP/1.1; its status and body.
fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let host = if headers.contains("Host:") { String::new() } else { format!("Host: {address}\r\n") };
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// What the library itself says of these rows.
fn expected(features: &[f32]) -> Vec<f32> {
    let booster = Booster::of_bytes(&trained()).unwrap();
    booster.predict(&Matrix::new(features, 3, kept()).unwrap(), &Asked::default()).unwrap().1
}

#[test]
fn answers_are_the_library_s() {
    assert!(Library::get().unwrap().version().starts_with(|digit: char| digit.is_ascii_digit()));
    let served = Served::start(ServerOptions::default());
    let (features, _) = rows(300);
    let objects: Vec<Value> =
        features.chunks(3).map(|row| json!({"limit": row[2], "amount": row[0], "time": row[1]})).collect();
    let (status, answer) = served.predict(&json!(objects));
    let scores: Vec<f32> = serde_json::from_value(answer["predictions"].clone()).unwrap();
    assert_eq!((status, scores), (200, expected(&features)));
    // One row, and a value that is not known.
    let (_, answer) = served.predict(&json!({"amount": null, "time": 3, "limit": 20}));
    let score: f32 = serde_json::from_value(answer["prediction"].clone()).unwrap();
    assert_eq!(vec![score], expected(&[f32::NAN, 3.0, 20.0]));
    assert_eq!(served.predict(&json!([])), (200, json!({"predictions": []})));
}

#[test]
fn requests_at_the_same_time_get_their_own_answers() {
    let served = Served::start(ServerOptions { threads: 2, ..ServerOptions::default() });
    let (features, _) = rows(64);
    let scores = expected(&features);
    let address = served.server.address();
    std::thread::scope(|scope| {
        for (row, score) in features.chunks(3).zip(&scores) {
            scope.spawn(move || {
                let body = json!({"amount": row[0], "time": row[1], "limit": row[2]}).to_string();
                let (status, answer) = ask(address, "POST", "/predict", "Content-Type: application/json\r\n", &body);
                let answer: Value = serde_json::from_str(&answer).unwrap();
                let found: f32 = serde_json::from_value(answer["prediction"].clone()).unwrap();
                assert_eq!((status, found), (200, *score));
            });
        }
    });
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let served = Served::start(ServerOptions { rows_max: 2, body_bytes_max: 4096, ..ServerOptions::default() });
    let row = json!({"amount": 1, "time": 2, "limit": 3});
    let (status, answer) = served.predict(&json!({"Amount": 1, "time": 2}));
    assert_eq!(
        (status, &answer["missing"], &answer["unknown"]),
        (422, &json!(["amount", "limit"]), &json!(["Amount"]))
    );
    assert_eq!(served.predict(&json!({"amount": "much", "time": 2, "limit": 3})).1["not_a_number"], json!(["amount"]));
    assert_eq!(served.predict(&json!([row, row, row])).0, 413);
    let json = "Content-Type: application/json\r\n";
    assert_eq!(served.ask("POST", "/predict", json, &"[".repeat(5000)).0, 413);
    assert_eq!(served.ask("POST", "/predict", json, "[{").0, 400);
    assert_eq!(served.ask("POST", "/predict", "", &row.to_string()).0, 415);
    assert_eq!(served.ask("GET", "/predict", "", "").0, 405);
    assert_eq!(served.ask("GET", "/elsewhere", "", "").0, 404);
    // A web site that renamed itself to this machine.
    assert_eq!(served.ask("GET", "/", "Host: example.com\r\n", "").0, 421);
}

#[test]
fn what_it_is_and_does_can_be_read() {
    let served = Served::start(ServerOptions::default());
    let (features, _) = rows(600);
    let body: Vec<Value> =
        features.chunks(3).map(|row| json!({"amount": row[0] + 200.0, "time": row[1], "limit": row[2]})).collect();
    assert_eq!(served.predict(&json!(body)).0, 200);
    assert_eq!(served.predict(&json!({})).0, 422);
    let text = served.ask("GET", "/metrics", "", "").1;
    let value = |start: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert_eq!(value("phalanx_predict_requests_total{status=\"422\"}"), 1.0);
    assert_eq!((value("phalanx_predict_rows_total"), value("phalanx_predict_score_count")), (600.0, 600.0));
    // Amounts have moved, times have not.
    assert!(value("phalanx_feature_drift{feature=\"amount\"}") > 0.25);
    assert!(value("phalanx_feature_drift{feature=\"time\"}") < 0.1);
    let about: Value = serde_json::from_str(&served.ask("GET", "/", "", "").1).unwrap();
    assert_eq!(
        (&about["features"][0]["name"], &about["training_rows"], &about["rounds"]),
        (&json!("amount"), &json!(1000), &json!(10))
    );
    let openapi: Value = serde_json::from_str(&served.ask("GET", "/openapi.json", "", "").1).unwrap();
    assert_eq!(openapi["components"]["schemas"]["Row"]["required"], json!(NAMES));
    let paths: Vec<&String> = openapi["paths"].as_object().unwrap().keys().collect();
    for path in paths {
        let method = if path == "/predict" { "POST" } else { "GET" };
        assert!(![404, 405].contains(&served.ask(method, path, "", "").0), "{path}");
    }
}

#[test]
fn it_stops_when_it_has_answered() {
    let is_closed = || {
        let served = Served::start(ServerOptions::default());
        let address = served.server.address();
        assert_eq!(served.ask("GET", "/healthz", "", "").0, 200);
        let Served { runtime, server } = served;
        runtime.block_on(server.stop(Duration::from_secs(5))).unwrap();
        TcpStream::connect(address).is_err()
    };
    // A port that was given back may be another's at once, but hardly five times.
    assert!((0..5).any(|_| is_closed()));
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "no model").unwrap();
    let error = ServedModel::read(&file).unwrap_err();
    assert!(error.to_string().contains("notes.txt") && error.hint().is_some(), "{error}");
    assert!(ServedModel::read(std::path::Path::new("/nowhere/model.ubj")).is_err());
    let runtime = Runtime::new().unwrap();
    let model = ServedModel::new("model.ubj", Model::of_bytes(trained()).unwrap()).unwrap();
    let options = ServerOptions {
        bind: SocketAddr::from(([0, 0, 0, 0], 0)),
        transport: Transport::loopback(),
        ..ServerOptions::default()
    };
    let error = runtime.block_on(async { ModelServer::start(model, options) }).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("credentials")), "{error}");
}
