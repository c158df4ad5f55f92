//! A served model under an open load: requests of one row come when they come, and not when the last one is answered.
//!
//! Each request has its moment, and its time is counted from there, also where it is sent late because the one before it
//! on its connection was not answered yet: what a slow answer delays is counted too ("coordinated omission" is what it is
//! called where it is not).

use crate::end::Interrupt;
use phalanx::boost::native::{Booster, Kept, Matrix};
use phalanx_cluster::process::this_program;
use phalanx_engine::{Error, Result};
use phalanx_serve::Profile;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The name of the work; what it prints bears this and the percentile.
pub const NAME: &str = "serve";
/// Requests a second.
const RATE: u32 = 1_000;
/// How long they come without being counted, and how long with.
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(20);
/// Connections that take turns.
const CONNECTIONS: u32 = 32;
/// The model: as large as the fraud demo's.
const FEATURES: usize = 30;
const ROUNDS: u32 = 100;
const ROWS: usize = 20_000;

/// The half, 99 and 99.9 % of requests are answered within so many seconds.
pub fn measure(interrupt: &Interrupt) -> Result<[(&'static str, f64); 3]> {
    let folder = tempfile::tempdir().map_err(|error| Error::resources("no temporary folder").caused_by(&error))?;
    let model = folder.path().join("model.ubj");
    let rows = train(&model)?;
    let server = Server::start(&model)?;
    interrupt.check()?;
    let mut times = load(&server.address, &rows)?;
    interrupt.check()?;
    times.sort_unstable();
    let within = |share: f64| {
        let place = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
        times.get(place).map_or(f64::NAN, Duration::as_secs_f64)
    };
    Ok([("serve-p50", within(0.5)), ("serve-p99", within(0.99)), ("serve-p999", within(0.999))])
}

/// Trains a model, and gives the bodies of requests for some of its rows.
fn train(file: &Path) -> Result<Vec<String>> {
    let names: Vec<String> = (1..=FEATURES).map(|number| format!("V{number}")).collect();
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    let features: Vec<f32> = (0..ROWS * FEATURES).map(|_| next()).collect();
    let label: Vec<f32> = features
        .chunks(FEATURES)
        .map(|row| f32::from(u8::from(row[0] * row[1] + row[2] + 0.3 * next() > 0.1)))
        .collect();
    let matrix = Matrix::new(&features, FEATURES, Kept { missing: f32::NAN, threads: 2, quantiles: None })?;
    matrix.set("label", &label, None)?;
    let booster = Booster::new(&[&matrix])?;
    for (name, value) in [("objective", "binary:logistic"), ("nthread", "2"), ("max_depth", "6")] {
        booster.set(name, value)?;
    }
    (0..ROUNDS).try_for_each(|round| booster.update(round, &matrix))?;
    booster.set_texts("feature_name", &names)?;
    let columns: Vec<Vec<f32>> =
        (0..FEATURES).map(|place| features.iter().skip(place).step_by(FEATURES).copied().collect()).collect();
    let profile = Profile::of(names.iter().map(String::as_str).zip(columns.iter().map(Vec::as_slice)));
    booster.set_attribute(Profile::ATTRIBUTE, &profile.text()?)?;
    std::fs::write(file, booster.save()?)
        .map_err(|error| Error::resources("the model can't be written").caused_by(&error))?;
    let body = |row: &[f32]| {
        let row: serde_json::Map<_, _> = names.iter().cloned().zip(row.iter().map(|value| json!(value))).collect();
        json!(row).to_string()
    };
    Ok(features.chunks(FEATURES).take(1_000).map(body).collect())
}

/// `phalanx serve` as a process of its own, which ends with this.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(model: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::resources("the server does not start").caused_by(&error);
        let program = this_program()?;
        let (binary, before) = program.split_first().ok_or_else(|| Error::internal("an empty command"))?;
        let mut command = Command::new(binary);
        command.args(before).arg("serve").arg(model).args(["--bind", "127.0.0.1:0"]);
        let process = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().map_err(failed)?;
        let mut server = Self { process, address: String::new() };
        let output = server.process.stdout.take().ok_or_else(|| Error::internal("a child without output"))?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map_err(failed)?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        server.address = address.ok_or_else(|| Error::internal(format!("the server says {line:?}")))?.to_owned();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// The time of each request after the warm-up.
fn load(address: &str, rows: &[String]) -> Result<Vec<Duration>> {
    let start = Instant::now() + Duration::from_millis(100);
    let (warm_up, all) = (WARM_UP.as_secs() as u32 * RATE, (WARM_UP + MEASURED).as_secs() as u32 * RATE);
    let of_connection = |connection: u32| -> Result<Vec<Duration>> {
        let mut stream = connect(address)?;
        let mut times = vec![];
        let mut buffer = vec![];
        for number in (connection..all).step_by(CONNECTIONS as usize) {
            let moment = start + Duration::from_secs(1) * number / RATE;
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            let body = rows.get(number as usize % rows.len()).map_or("", String::as_str);
            ask(&mut stream, address, body, &mut buffer)?;
            if number >= warm_up {
                times.push(moment.elapsed());
            }
        }
        Ok(times)
    };
    std::thread::scope(|scope| {
        let connections: Vec<_> =
            (0..CONNECTIONS).map(|connection| scope.spawn(move || of_connection(connection))).collect();
        let mut times = vec![];
        for connection in connections {
            times.extend(connection.join().map_err(|_| Error::internal("a connection panicked"))??);
        }
        Ok(times)
    })
}

fn broken(error: &std::io::Error) -> Error {
    Error::cluster("the server does not answer").caused_by(error)
}

fn connect(address: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).map_err(|error| broken(&error))?;
    stream.set_nodelay(true).map_err(|error| broken(&error))?;
    Ok(stream)
}

/// One request on a connection that stays open. An answer that is no prediction is an error.
fn ask(stream: &mut TcpStream, address: &str, body: &str, buffer: &mut Vec<u8>) -> Result<()> {
    let mut request = String::with_capacity(body.len() + 128);
    let length = body.len();
    let _written = write!(
        request,
        "POST /predict HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(|error| broken(&error))?;
    buffer.clear();
    let mut part = [0; 2048];
    loop {
        let read = stream.read(&mut part).map_err(|error| broken(&error))?;
        buffer.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(buffer);
        let is_whole = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}'));
        if is_whole && text.starts_with("HTTP/1.1 200 ") && text.contains("{\"prediction\":") {
            return Ok(());
        }
        if is_whole || read == 0 {
            return Err(Error::internal(format!("the server answers {text:?}")));
        }
    }
}
