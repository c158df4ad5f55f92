//! The engines that every behaviour runs on.

use libtest_mimic::{Failed, Trial};
use phalanx_cluster::process::this_program;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Transport};
use phalanx_engine::{Engine, LocalEngine, Settings};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Two workers of one core, shared by the tests that do them no harm.
static CLUSTER: Mutex<Option<(LocalCluster, ClusterEngine)>> = Mutex::new(None);

/// Stops the shared cluster.
pub fn stop() {
    drop(CLUSTER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// A cluster of `workers` workers of one core, and an engine connected to it.
pub fn cluster(workers: usize) -> (LocalCluster, ClusterEngine) {
    cluster_with(ClusterOptions { workers, ..ClusterOptions::default() })
}

/// The same with other options; its processes are this program.
pub fn cluster_with(mut options: ClusterOptions) -> (LocalCluster, ClusterEngine) {
    let workers = options.workers;
    options.program = this_program().unwrap();
    let cluster = LocalCluster::start(options).unwrap();
    let engine = ClusterEngine::connect(cluster.address(), Settings::default(), Transport::loopback()).unwrap();
    engine.wait_for_workers(workers, Duration::from_secs(20)).unwrap();
    (cluster, engine)
}

/// A behaviour that must hold on every engine.
pub type Check = fn(&dyn Engine);

/// One trial an engine for a check that must hold on all of them.
pub fn on_every_engine(name: &str, check: Check) -> Vec<Trial> {
    let mut trials = vec![trial(&format!("{name}::local"), move || {
        check(&LocalEngine::new(Settings::default()).unwrap());
    })];
    for seed in 1..=3 {
        trials.push(trial(&format!("{name}::perturbed_{seed}"), move || check(&LocalEngine::perturbed(seed).unwrap())));
    }
    trials.push(trial(&format!("{name}::cluster"), move || on_the_cluster(check)));
    trials
}

/// Runs `check` on the shared cluster.
pub fn on_the_cluster(check: impl FnOnce(&dyn Engine)) {
    let mut shared = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
    check(&shared.get_or_insert_with(|| cluster(2)).1);
}

/// A test as `libtest-mimic` takes it: a panic is a failure.
pub fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    })
}
