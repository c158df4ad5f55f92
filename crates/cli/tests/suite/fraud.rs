//! From a table to a served model: `demo fraud`, `predict`, `serve`.

use super::bad_days;
use super::run::{Running, end, phalanx};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

const ROWS: usize = 3_000;

/// Payments; those of large amounts by night are frauds, mostly.
fn payments(file: &Path) {
    let mut text = String::from("id,amount,hour,kind,Class\n");
    for row in 0..ROWS {
        let (amount, hour) = (row * 7919 % 1009, row * 31 % 24);
        let kind = ["card", "phone", "web"][row % 3];
        let fraud = u8::from((amount > 800 && hour < 8) != (row % 97 == 0));
        let amount = if row % 50 == 7 { String::new() } else { amount.to_string() };
        writeln!(text, "{row},{amount},{hour},{kind},{fraud}").unwrap();
    }
    std::fs::write(file, text).unwrap();
}

/// Step, digest, and whether a worker was killed meanwhile.
fn fraud(place: &str, data: &Path, out: &Path) -> Vec<(String, String, bool)> {
    let mut command = phalanx(&format!("demo fraud --json {place}"));
    command.arg("--data").arg(data).arg("--out").arg(out).env("TMPDIR", out);
    let ended = end(command);
    assert_eq!(ended.code, Some(0), "{place}: {}", ended.err);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    steps.map(|step| (text(&step["step"]), text(&step["digest"]), step["killed"].is_object())).collect()
}

fn digests(steps: &[(String, String, bool)]) -> Vec<(String, String)> {
    steps.iter().map(|(step, digest, _)| (step.clone(), digest.clone())).collect()
}

/// The table of flights, of which it is known what is to be predicted, by which columns.
#[test]
fn flights_give_the_same_numbers_on_any_number_of_workers() {
    let folder = tempfile::tempdir().unwrap();
    let flights = folder.path().join("flights.parquet");
    bad_days::write(&flights, 4_000, None, None);
    let local = fraud("", &flights, folder.path());
    let model = std::fs::read(folder.path().join("fraud.ubj")).unwrap();
    let page = std::fs::read_to_string(folder.path().join("fraud.html")).unwrap();
    assert!(page.contains("flights.parquet"), "the report is of flights");
    for place in ["--workers 1", "--workers 2", "--workers 3", "--workers 3 --kill"] {
        let found = fraud(place, &flights, folder.path());
        assert_eq!(digests(&found), digests(&local), "{place}");
        assert!(std::fs::read(folder.path().join("fraud.ubj")).unwrap() == model, "{place}: another model");
        assert_eq!(found.iter().any(|(_, _, was_killed)| *was_killed), place.ends_with("--kill"), "{found:?}");
    }
}

#[test]
fn a_table_becomes_a_model_that_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("payments.csv");
    payments(&data);
    let local = fraud("", &data, folder.path());
    let names: Vec<&str> = local.iter().map(|(step, ..)| step.as_str()).collect();
    assert_eq!(names, ["load", "baseline", "train", "search", "judge", "report", "shutdown"]);
    let model = std::fs::read(folder.path().join("fraud.ubj")).unwrap();
    let page = std::fs::read_to_string(folder.path().join("fraud.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script"), "it runs nothing");
    assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"), "it needs nothing else");
    assert!(page.contains(&local[5].1), "the page says its digest");

    let killed = fraud("--workers 2 --kill", &data, folder.path());
    assert_eq!(digests(&killed), digests(&local));
    assert!(killed.iter().any(|(_, _, was_killed)| *was_killed), "{killed:?}");
    assert!(std::fs::read(folder.path().join("fraud.ubj")).unwrap() == model, "the model is the same, bit for bit");

    let scores = predicted(folder.path(), &data);
    served(folder.path(), &data, &scores);
}

/// Predictions of the file's rows; the same on a cluster, and as Parquet.
fn predicted(folder: &Path, data: &Path) -> Vec<f32> {
    let predict = |out: &str, more: &str| {
        let mut command = phalanx("predict");
        command.arg(folder.join("fraud.ubj")).arg(data).arg("--out").arg(folder.join(out));
        command.args(more.split_whitespace()).env("TMPDIR", folder);
        end(command)
    };
    let ended = predict("scores.csv", "--keep id,Class");
    assert_eq!(
        (ended.code, ended.out.contains("3,000 rows predicted")),
        (Some(0), true),
        "{} {}",
        ended.out,
        ended.err
    );
    assert_eq!(predict("again.csv", "--keep id,Class --workers 2").code, Some(0));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read("scores.csv"), read("again.csv"));
    assert_eq!(predict("scores.parquet", "").code, Some(0));
    assert_eq!(predict("scores", "").code, Some(0));
    assert!(folder.join("scores/part.0.parquet").is_file());
    for (out, more, said) in [
        ("scores.xlsx", "", ".xlsx is no format"),
        ("scores.csv", "--keep colour", "no such column"),
        ("scores.csv", "--keep", "required"),
    ] {
        let ended = predict(out, more);
        assert!(ended.code != Some(0) && ended.err.contains(said), "{out} {more}: {}", ended.err);
    }
    let text = read("scores.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id,Class,prediction"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().enumerate().all(|(number, row)| row[0] == number.to_string()), "rows keep their order");
    let scores: Vec<f32> = rows.iter().map(|row| row[2].parse().unwrap()).collect();
    let right = rows.iter().zip(&scores).filter(|(row, score)| (row[1] == "1") == (**score > 0.5)).count();
    assert!(right > ROWS * 95 / 100, "{right} of {ROWS}");
    scores
}

/// What is served says the same; it ends when it is told to.
fn served(folder: &Path, data: &Path, scores: &[f32]) {
    let mut command = phalanx("serve --bind 127.0.0.1:0");
    command.arg(folder.join("fraud.ubj"));
    let (mut server, line) = Running::start(command);
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let text = std::fs::read_to_string(data).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let amount = cells[1].parse::<f64>().map_or(Value::Null, Value::from);
        json!({"id": cells[0].parse::<f64>().unwrap(), "amount": amount, "hour": cells[2].parse::<f64>().unwrap(), "kind": cells[3]})
    };
    let rows: Vec<Value> = text.lines().skip(1).take(100).map(row).collect();
    let (status, answer) = ask(&address, &json!(rows));
    let found: Vec<f32> = serde_json::from_value(answer["predictions"].clone()).unwrap();
    assert_eq!((status, found.as_slice()), (200, &scores[..100]));
    let (status, answer) = ask(&address, &json!({"id": 1, "amount": 2, "hour": 3, "kind": "cheque"}));
    assert_eq!((status, &answer["unknown_category"]), (422, &json!(["kind"])));
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
}

fn ask(address: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /predict HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}
