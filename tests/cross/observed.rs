//! What a scheduler tells those who look: it is what really ran, on workers that are there.

use crate::engines::{cluster, trial};
use libtest_mimic::Trial;
use phalanx_boost::train;
use phalanx_cluster::{ClusterEngine, Observer};
use phalanx_engine::observe::{JobState, RunEvent, RunRecord, TaskQuery};
use phalanx_engine::{Engine, Result};
use phalanx_learn::minimise::Solver;
use phalanx_learn::{KMeans, PoissonRegressor, datasets};
use phalanx_tests::jobs::{Shape, job, leaf, rows};
use phalanx_tests::training::training;
use std::future::Future;
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("observed::jobs_stages_tasks_and_operators", jobs_stages_tasks_and_operators),
        trial("observed::persisted_and_scattered_data", persisted_and_scattered_data),
        trial("observed::workers_that_come_and_go", workers_that_come_and_go),
        trial("observed::runs_of_steps", runs_of_steps),
        trial("observed::fits_and_trainings_are_runs", fits_and_trainings_are_runs),
    ]
}

fn seen<T, F>(engine: &ClusterEngine, look: impl FnOnce(Observer) -> F) -> T
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    engine.wait(look(engine.observer())).unwrap()
}

/// What `look` finds, as soon as it finds something.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn jobs_stages_tasks_and_operators() {
    let (_cluster, engine) = cluster(2);
    let known = job(&leaf(240).unwrap(), 240, Shape::Chain(3), 0, 5).unwrap();
    let label = known.plan.label().to_owned();
    assert_eq!(rows(&engine.submit(known.plan).wait().unwrap()), known.answer);
    let jobs = seen(&engine, |observer| async move { observer.jobs().await });
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    let summary = jobs[0].clone();
    assert_eq!((summary.state, summary.label.as_str()), (JobState::Succeeded, label.as_str()));
    assert!(summary.tasks > 0 && summary.tasks_done == summary.tasks && summary.remaining_ms.is_none());
    let name = summary.job.clone();
    // What operators did comes with the next heartbeat of each of the two workers: an operator of ours has then
    // counted every row.
    let record = eventually("operators are told", || {
        let name = name.clone();
        let record = seen(&engine, |observer| async move { observer.job(&name).await }).unwrap();
        let is_told = record.stages.iter().all(|stage| !stage.operators.is_empty());
        let is_counted = record.stages.iter().flat_map(|stage| &stage.operators).any(|operator| operator.rows >= 240);
        (is_told && is_counted).then_some(record)
    });
    assert!(record.stages.len() >= 3, "{record:?}");
    let last = record.stages.iter().find(|stage| stage.consumers.is_empty()).unwrap();
    assert_eq!((last.rows, summary.rows), (known.answer.len() as u64, known.answer.len() as u64));
    for stage in &record.stages {
        assert_eq!((stage.tasks_done, stage.tasks_running), (stage.tasks, 0));
        assert!(stage.time_skew >= 1.0 || stage.task_ms == 0, "{stage:?}");
        assert!(stage.consumers.iter().all(|to| record.stages.iter().any(|stage| stage.stage == *to)));
        assert_eq!(stage.operators[0].name, "write");
        assert!(stage.operators[0].rows >= stage.operators[1].rows.min(1), "{stage:?}");
    }

    let query = TaskQuery { job: Some(summary.job.clone()), count_max: 1_000, ..TaskQuery::default() };
    let tasks = seen(&engine, |observer| async move { observer.tasks(&query).await });
    assert_eq!(tasks.len() as u64, summary.tasks);
    assert!(tasks.iter().all(|task| task.succeeded && task.ended_at_ms >= task.began_at_ms && task.began_at_ms > 0));
    let workers = seen(&engine, |observer| async move { observer.workers().await });
    assert!(tasks.iter().all(|task| workers.iter().any(|worker| worker.worker.id == task.worker)));

    let overview = seen(&engine, |observer| async move { observer.overview().await });
    assert_eq!((overview.totals.jobs_succeeded, overview.totals.tasks_done), (1, summary.tasks));
    assert_eq!((overview.workers.len(), overview.sessions, overview.running.len()), (2, 1, 0));
    assert!(overview.workers.iter().all(|worker| worker.disk_bytes > 0 && worker.worker.memory_used_bytes > 0));
}

fn persisted_and_scattered_data() {
    let (_cluster, engine) = cluster(2);
    let known = job(&leaf(240).unwrap(), 240, Shape::Chain(2), 0, 5).unwrap();
    let kept = engine.persist(known.plan).wait().unwrap();
    let record = eventually("it is told of", || {
        seen(&engine, |observer| async move { observer.data().await }).into_iter().next()
    });
    let locations: u64 = kept.locations().iter().map(|place| place.rows).sum();
    assert_eq!((record.rows, record.is_scattered), (locations, false), "{record:?}");
    assert!(record.bytes > 0 && record.places.iter().all(|place| place.is_here), "{record:?}");

    let batch = engine.submit(kept.plan().unwrap()).wait().unwrap().into_iter().flatten().next().unwrap();
    let handed_in = engine.scatter("mine", batch.schema(), vec![vec![batch.clone()], vec![batch.clone()]]);
    let handed_in = handed_in.wait().unwrap();
    let scattered = eventually("scattered data is told of", || {
        let all = seen(&engine, |observer| async move { observer.data().await });
        all.into_iter().find(|record| record.is_scattered)
    });
    assert_eq!(
        (scattered.rows, scattered.partitions, scattered.label.as_str()),
        (2 * batch.num_rows() as u64, 2, "mine")
    );
    assert_eq!(scattered.places.len(), 2, "one on each worker");
    drop((kept, handed_in));
    eventually("what is freed is no longer told of", || {
        seen(&engine, |observer| async move { observer.data().await }).is_empty().then_some(())
    });
}

fn workers_that_come_and_go() {
    let (cluster, engine) = cluster(2);
    cluster.kill_worker(0);
    let gone = eventually("a lost worker is told of", || {
        let all = seen(&engine, |observer| async move { observer.workers().await });
        all.into_iter().find(|worker| worker.gone_at_ms.is_some())
    });
    assert!(!gone.samples.is_empty() && gone.process > 0 && gone.gone_at_ms >= Some(gone.joined_at_ms));
    let overview = seen(&engine, |observer| async move { observer.overview().await });
    assert_eq!((overview.totals.workers_joined, overview.totals.workers_gone, overview.workers.len()), (2, 1, 1));
}

fn runs_of_steps() {
    let (_cluster, engine) = cluster(1);
    for iteration in 1..=3 {
        let metrics = vec![(String::from("loss"), Some(1.0 / iteration as f64))];
        engine.report(RunEvent {
            run: String::from("r1"),
            name: String::from("a fit"),
            iteration,
            iterations_max: Some(3),
            metrics,
            has_ended: iteration == 3,
        });
    }
    let run = eventually("a run is told of", || {
        let runs = seen(&engine, |observer| async move { observer.runs().await });
        runs.into_iter().find(|run| run.has_ended)
    });
    assert_eq!((run.name.as_str(), run.iteration, run.iterations_max), ("a fit", 3, Some(3)));
    assert_eq!(run.metrics[0].points, [(1, Some(1.0)), (2, Some(0.5)), (3, Some(1.0 / 3.0))]);
}

fn fits_and_trainings_are_runs() {
    const ROUNDS: u32 = 6;
    let (_cluster, engine) = cluster(2);
    let data =
        datasets::make_classification(20_000, 4).partition_rows(5_000).build().unwrap().persist(&engine).unwrap();
    let counts = PoissonRegressor::new(0.1).solver(Solver::Lbfgs).tol(1e-6).max_iter(90).fit(&engine, &data).unwrap();
    let clusters = KMeans::new(5).max_iter(7).tol(0.0).fit(&engine, &data).unwrap();
    let trained = async { train::train(&engine, &training(&engine, &[], ROUNDS).await?, |_, _| Ok(())).await };
    let boosted = futures::executor::block_on(trained).unwrap();

    let ended = |name: &'static str| {
        eventually(name, || {
            let runs = seen(&engine, |observer| async move { observer.runs().await });
            runs.into_iter().find(|run| run.name == name && run.has_ended)
        })
    };
    let last = |run: &RunRecord, metric: &str| {
        let metric = run.metrics.iter().find(|known| known.name == metric).unwrap();
        assert_eq!(metric.points.len() as u64, run.iteration, "{run:?}");
        *metric.points.last().unwrap()
    };
    let convergence = *counts.convergence().unwrap();
    let run = ended("PoissonRegressor, lbfgs");
    assert_eq!((run.iteration, run.iterations_max), (convergence.iterations, Some(90)));
    assert_eq!(last(&run, "loss"), (convergence.iterations, Some(convergence.loss)));
    assert_eq!(last(&run, "gradient"), (convergence.iterations, Some(convergence.gradient)));
    let run = ended("KMeans");
    assert_eq!((run.iteration, run.iterations_max), (clusters.iterations(), Some(7)));
    assert!(last(&run, "inertia").1.unwrap() >= clusters.inertia());
    let run = ended("XGBoost, reg:squarederror");
    assert_eq!((run.iteration, run.iterations_max), (u64::from(ROUNDS), Some(u64::from(ROUNDS))));
    for (name, score) in boosted.history.last().unwrap() {
        assert_eq!(last(&run, name), (u64::from(ROUNDS), Some(*score)));
    }
}
