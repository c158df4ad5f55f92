//! What goes wrong is said in a few lines: what happened, to what, and what to do next. The exit code is 1.

use super::run::{Ended, check_error, end, phalanx, run};
use phalanx_engine::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use phalanx_engine::datafusion::parquet::arrow::ArrowWriter;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

/// A port of loopback where nobody listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The first line and the hint are these; there may be causes between them, and nothing else.
fn check(ended: &Ended, first: &str, hint: &str) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines.first(), Some(&format!("error: {first}").as_str()), "{}", ended.err);
    assert_eq!(lines.last(), Some(&format!("hint: {hint}").as_str()), "{}", ended.err);
    let is_cause = |line: &&str| line.starts_with("  because: ") || line.starts_with("    ");
    assert!(lines[1..lines.len() - 1].iter().all(is_cause), "{}", ended.err);
}

#[test]
fn no_scheduler_there() {
    let port = free_port();
    let hint = "start one with `phalanx scheduler`, or check the address; a scheduler with credentials answers only to \
                who has some of the same folder (--credentials DIR)";
    for name in ["status", "demo --scheduler", "worker"] {
        let mut command = phalanx(&format!("{name} tcp://127.0.0.1:{port}"));
        // Asked for or not: an error is no panic.
        command.env("RUST_BACKTRACE", "1");
        let mut ended = end(command);
        if name == "worker" {
            // It looks for some seconds, and says so meanwhile.
            let (told, rest) = ended.err.split_once('\n').unwrap();
            assert!(told.contains("nobody answers there; it is tried for 5 s"), "{told}");
            ended.err = rest.to_owned();
        }
        check(&ended, &format!("no scheduler answers at tcp://127.0.0.1:{port}"), hint);
    }
}

#[test]
fn functions_of_python_without_python() {
    check(
        &run("worker tcp://127.0.0.1:1 --allow-python"),
        "this program has no Python, so it can't run functions of it",
        "start the worker from the Python package: python -m phalanx worker tcp://HOST:PORT --allow-python",
    );
}

#[test]
fn nothing_to_replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no.plan");
    let ended = run(&format!("replay {}", path.display()));
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with(&format!("error: {} can't be read", path.display())), "{}", ended.err);
    fs::write(&path, "PAR1").unwrap();
    let ended = run(&format!("replay {}", path.display()));
    assert!(ended.err.starts_with(&format!("error: {} is no saved job", path.display())), "{}", ended.err);
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port();
    check(
        &run(&format!("scheduler --bind {address} --dashboard 127.0.0.1:0")),
        &format!("{address} can't be served"),
        &format!("is another process on port {port}? Choose another port, or port 0 for any free one"),
    );
    check(
        &run(&format!("scheduler --bind 127.0.0.1:0 --dashboard {address}")),
        &format!("the status page can't be served at {address}"),
        "choose another port with --dashboard, or port 0 for any free one",
    );
}

#[test]
fn addresses_off_loopback() {
    let hint = "make credentials with `phalanx credentials new DIR` and give them to scheduler, workers and clients \
                with --credentials DIR (or in PHALANX_CREDENTIALS, or as ~/.phalanx/credentials); or use 127.0.0.1";
    let first =
        |address: &str| format!("{address} is not a loopback address, and without credentials only loopback is served");
    for (command, address) in [
        ("scheduler --bind 0.0.0.0:0 --dashboard 127.0.0.1:0", "0.0.0.0"),
        ("scheduler --bind 127.0.0.1:0 --dashboard 0.0.0.0:0", "0.0.0.0"),
        ("worker tcp://192.0.2.1:8786", "192.0.2.1"),
    ] {
        check_error(command, 1, &format!("error: {}\nhint: {hint}\n", first(address)));
    }
}

#[test]
fn an_output_folder_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let out = file.join("out");
    let ended = run(&format!("demo --out {}", out.display()));
    check(&ended, &format!("--out {} can't be written", out.display()), "name a folder that you may write to");
}

#[test]
fn a_temporary_folder_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut command = phalanx("demo");
    command.arg("--out").arg(folder.path()).env("TMPDIR", file.join("tmp"));
    let ended = end(command);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
    let first = format!("error: the scratch folder {}", file.join("tmp").display());
    assert!(ended.err.starts_with(&first), "{}", ended.err);
    assert!(ended.err.ends_with("\nhint: name a folder with room that you may write to\n"), "{}", ended.err);
}

const FLIGHTS_HINT: &str = "the demo reads flights with the columns of nycflights13: year, month, day, hour, distance, \
                            carrier, origin, arr_delay";

fn demo_on(file: &Path) -> Ended {
    let mut command = phalanx("demo --data");
    command.arg(file);
    end(command)
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);

    let missing = path("missing.parquet");
    check(&demo_on(&missing), &format!("{}: there is no such file", missing.display()), "check the path");

    let text = path("text.parquet");
    fs::write(&text, "year,month,day\n2013,1,1\n").unwrap();
    let hint = "check that it is Parquet, and that copying or writing it had ended";
    check(&demo_on(&text), &format!("{}: is not a whole Parquet file", text.display()), hint);

    let whole = path("whole.parquet");
    write(&whole, 1000, None, None);
    let truncated = path("truncated.parquet");
    let bytes = fs::read(&whole).unwrap();
    fs::write(&truncated, &bytes[..bytes.len() / 2]).unwrap();
    check(&demo_on(&truncated), &format!("{}: is not a whole Parquet file", truncated.display()), hint);

    let lacking = path("lacking.parquet");
    write(&lacking, 10, Some("carrier"), None);
    check(&demo_on(&lacking), &format!("column \"carrier\" is missing in {}", lacking.display()), FLIGHTS_HINT);

    let other = path("other.parquet");
    write(&other, 10, None, Some("distance"));
    let first = format!("column \"distance\" of {} is of type Utf8, not a number", other.display());
    check(&demo_on(&other), &first, FLIGHTS_HINT);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = phalanx("demo --json --only array-svd --only frame-unique");
    command.arg("--out").arg(folder.path()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

/// Flights of which every column depends on the row in its own way, so that a model can be fitted; one column may be
/// left out, another may be text.
pub fn write(path: &Path, rows: i64, without: Option<&str>, as_text: Option<&str>) {
    let number = |value: fn(i64) -> i64| Arc::new((0..rows).map(value).collect::<Int64Array>()) as ArrayRef;
    let text = |value: fn(i64) -> &'static str| {
        Arc::new((0..rows).map(|row| Some(value(row))).collect::<StringArray>()) as ArrayRef
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("year", number(|_| 2013)),
        ("month", number(|row| 1 + row * 7 % 12)),
        ("day", number(|row| 1 + row * 11 % 28)),
        ("hour", number(|row| 5 + row * 5 % 18)),
        ("distance", number(|row| 100 + row * 7919 % 2400)),
        ("carrier", text(|row| ["AA", "B6", "UA"][(row * 13 % 17 % 3) as usize])),
        ("origin", text(|row| ["EWR", "JFK", "LGA"][(row * 29 % 23 % 3) as usize])),
        ("arr_delay", number(|row| row * 7907 % 101 + row * 5 % 18 - 40)),
    ];
    let columns = columns.into_iter().filter(|(name, _)| Some(*name) != without).map(|(name, values)| {
        let values = if Some(name) == as_text { text(|_| "far") } else { values };
        (name, values)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
