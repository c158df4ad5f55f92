//! Functions of the caller's language: the same answers on every engine, their errors as they were raised, and only
//! where they are allowed (invariant 11).

use crate::engines::{Check, cluster_with, on_the_cluster, trial};
use libtest_mimic::Trial;
use phalanx_cluster::ClusterOptions;
use phalanx_engine::{CallHost, Engine, EngineKind, ErrorKind, LocalEngine, Plan, Settings, plan};
use phalanx_tests::functions::function;
use phalanx_tests::jobs::{leaf, rows, schema};
use std::sync::Arc;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("host::functions_run_in_process", || {
            all(&LocalEngine::new(Settings::default()).unwrap());
        }),
        trial("host::functions_run_perturbed", || all(&LocalEngine::perturbed(5).unwrap())),
        trial("host::functions_run_on_a_cluster_that_allows_them", || {
            let options = ClusterOptions { workers: 2, allow_python: true, ..ClusterOptions::default() };
            let (_cluster, engine) = cluster_with(options);
            all(&engine);
        }),
        trial("host::any_other_worker_refuses_by_name", || on_the_cluster(refused_by_name)),
    ]
}

fn all(engine: &dyn Engine) {
    let checks: [Check; 3] = [partitions_are_whole, what_is_raised_comes_back, other_columns_are_refused];
    for check in checks {
        check(engine);
    }
}

/// `word` over the rows of `count` ids, in six partitions (`id % 6`), and over the same rows again.
fn call(word: &str, count: i64) -> Plan {
    let (left, right) = (leaf(count).unwrap(), leaf(count).unwrap());
    Plan::new(word, plan::operator(CallHost::new(function(word), schema()), vec![left, right]).unwrap())
}

fn partitions_are_whole(engine: &dyn Engine) {
    for count in [0, 6, 240] {
        let found = engine.submit(call("add", count)).wait().unwrap();
        assert_eq!(found.len(), 6);
        let expected: Vec<(i64, i64)> = (0..count).map(|id| (id, 2 * (id * 3 + 1))).collect();
        assert_eq!(rows(&found), expected);
    }
    // Behind an exchange, too.
    let exchanged = plan::exchange(Arc::clone(call("add", 240).root()), "id", 3).unwrap();
    let again = plan::operator(CallHost::new(function("add"), schema()), vec![exchanged]).unwrap();
    let found = engine.submit(Plan::new("twice", again)).wait().unwrap();
    assert_eq!(rows(&found), rows(&engine.submit(call("add", 240)).wait().unwrap()));
}

fn what_is_raised_comes_back(engine: &dyn Engine) {
    let error = engine.submit(call("raise", 60)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Raised);
    assert_eq!(error.raised_payload(), Some(b"\x80pickled\xff".as_slice()));
    assert!(error.message().contains("ValueError: 40 is too many, in partition 4 of"), "{error}");
    let place = error.place().unwrap();
    assert_eq!(place.partition, 4, "40 % 6");
    if engine.kind() == EngineKind::Cluster {
        assert!(engine.describe().unwrap().workers.iter().any(|worker| worker.id == place.worker), "{error}");
        assert_eq!(place.stage, 1);
    }
}

fn other_columns_are_refused(engine: &dyn Engine) {
    let error = engine.submit(call("wrong", 60)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.message().contains("[id: Int64]") && error.message().contains("[id: Int64, v: Int64]"), "{error}");
}

fn refused_by_name(engine: &dyn Engine) {
    let error = engine.submit(call("add", 60)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let workers = engine.describe().unwrap().workers;
    assert!(workers.iter().any(|worker| error.message().contains(&worker.id)), "{error}");
    assert!(error.message().contains("the function add"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--allow-python")), "{error}");
}
