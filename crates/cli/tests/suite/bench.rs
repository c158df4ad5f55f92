//! What `cargo xtask bench` reads.

use super::run::{check_error, run};
use serde_json::Value;

#[test]
fn a_work_is_an_object_with_its_times() {
    let ended = run("bench --only job-three-stages --only array-svd");
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let objects: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [stages, svd] = objects.as_slice() else { panic!("{}", ended.out) };
    assert_eq!((&stages["work"], &svd["work"]), (&"job-three-stages".into(), &"array-svd".into()));
    for (object, times) in [(stages, 100), (svd, 20)] {
        let seconds: Vec<f64> = object["seconds"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
        assert!(seconds.len() == times && seconds.iter().all(|seconds| *seconds > 0.0), "{object}");
    }
}

#[test]
fn an_unknown_work_is_refused() {
    let works = "job-two-stages, job-three-stages, array-svd, array-tall-svd, array-mean, ten-thousand-chunks, \
                 frame-unique, frame-cumsum, frame-groupby, serve";
    check_error("bench --only svd", 1, &format!("error: there is no work \"svd\"\nhint: the works are {works}\n"));
}
