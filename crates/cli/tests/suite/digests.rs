//! The demo's digests depend on seed and data alone: not on the engine, nor on workers, killed ones included.

use super::bad_days::write;
use super::run::{end, phalanx};
use serde_json::Value;
use std::path::Path;

/// Step, digest and whether a worker was killed meanwhile.
fn demo(arguments: &str, out: &Path, data: Option<&Path>) -> Vec<(String, String, bool)> {
    let mut command = phalanx(&format!("demo --json {arguments} --out"));
    command.arg(out).env("TMPDIR", out);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let ended = end(command);
    assert_eq!(ended.code, Some(0), "demo {arguments}: {}", ended.err);
    let objects = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps: Vec<_> =
        objects.map(|step| (text(&step["step"]), text(&step["digest"]), step["killed"].is_object())).collect();
    assert_eq!(steps.last().map(|step| step.0.as_str()), Some("shutdown"), "demo {arguments}");
    steps
}

fn digests(steps: &[(String, String, bool)]) -> Vec<(&str, &str)> {
    steps.iter().map(|(step, digest, _)| (step.as_str(), digest.as_str())).collect()
}

#[test]
fn on_every_engine_and_after_kills() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let local = demo("", out, None);
    assert_eq!(local.len(), 8);
    assert!(local[..7].iter().all(|(_, digest, _)| digest.len() == 64), "{local:?}");
    let picture = std::fs::read_to_string(out.join("oliver.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("Oliver"));

    assert_eq!(digests(&demo("--perturb 7", out, None)), digests(&local));
    let killed = demo("--workers 2 --kill", out, None);
    assert_eq!(digests(&killed), digests(&local));
    assert!(killed.iter().any(|(_, _, was_killed)| *was_killed), "{killed:?}");
    let left: Vec<_> = std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["oliver.svg"]);
}

#[test]
fn of_other_seeds_are_others() {
    let folder = tempfile::tempdir().unwrap();
    let steps = "--only array-svd --only frame-unique --only frame-groupby";
    let [zero, one] = [0, 1].map(|seed| demo(&format!("{steps} --seed {seed}"), folder.path(), None));
    for (zero, one) in zero.iter().zip(&one).take(3) {
        assert_eq!(zero.0, one.0);
        assert_ne!(zero.1, one.1, "{}", zero.0);
    }
}

#[test]
fn of_a_file_of_flights() {
    let folder = tempfile::tempdir().unwrap();
    let flights = folder.path().join("flights.parquet");
    write(&flights, 20_000, None, None);
    let [local, perturbed, cluster] = ["", "--perturb 1", "--workers 2"]
        .map(|place| demo(&format!("--only learn-logistic {place}"), folder.path(), Some(&flights)));
    assert_eq!(digests(&local), digests(&perturbed));
    assert_eq!(digests(&local), digests(&cluster));
}
