//! Trainings with XGBoost: the same model in process and on any number of workers, whoever dies meanwhile.

use crate::engines::{cluster, on_every_engine, trial};
use libtest_mimic::Trial;
use phalanx_boost::{EarlyStopping, Trained, Training, train};
use phalanx_engine::{Engine, ErrorKind, LocalEngine, Result, Settings};
use phalanx_tests::training::{killed, ranks_of, train_and_kill, training};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What a checkpoint has to keep in each case: nothing but the model; what draws rows and features; sketches of the
/// first round, or of every one; trees that are dropped.
const CASES: [(&str, &[(&str, &str)]); 6] = [
    ("plain", &[]),
    ("drawn", &DRAWN),
    ("approx", &[("tree_method", "approx"), ("subsample", "0.5"), ("colsample_bytree", "0.6")]),
    (
        "approx_of_every_round",
        &[("tree_method", "approx"), ("objective", "reg:pseudohubererror"), ("subsample", "0.5")],
    ),
    ("lossguide", &[("grow_policy", "lossguide"), ("max_leaves", "9"), ("colsample_bynode", "0.5")]),
    ("dart", &[("booster", "dart"), ("rate_drop", "0.3"), ("subsample", "0.5")]),
];
const DRAWN: [(&str, &str); 5] = [
    ("subsample", "0.5"),
    ("colsample_bytree", "0.6"),
    ("colsample_bylevel", "0.7"),
    ("colsample_bynode", "0.8"),
    ("seed", "7"),
];
const ROUNDS: u32 = 30;

pub fn trials() -> Vec<Trial> {
    let mut trials = on_every_engine("boost::two_ranks_give_one_model", two_ranks_give_one_model);
    trials.extend(on_every_engine("boost::what_xgboost_refuses_is_told", what_xgboost_refuses_is_told));
    trials.extend(CASES.map(|(name, parameters)| {
        trial(&format!("boost::a_killed_rank_changes_nothing::{name}"), move || {
            a_killed_rank_changes_nothing(parameters)
        })
    }));
    trials.extend([
        trial("boost::one_to_three_workers_give_one_model", one_to_three_workers_give_one_model),
        trial("boost::early_stopping_goes_on_where_it_was", early_stopping_goes_on_where_it_was),
        trial("boost::a_dropped_training_ends", a_dropped_training_ends),
        trial("boost::killed_workers_change_nothing", killed_workers_change_nothing),
    ]);
    trials
}

fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

fn trained(engine: &dyn Engine, more: &[(&str, &str)]) -> Trained {
    run(async { train::train(engine, &training(engine, more, ROUNDS).await?, |_, _| Ok(())).await }).unwrap()
}

/// The model of one undisturbed process, trained once.
fn expected() -> &'static Trained {
    static EXPECTED: OnceLock<Trained> = OnceLock::new();
    EXPECTED.get_or_init(|| trained(&LocalEngine::new(Settings::default()).unwrap(), &DRAWN))
}

fn two_ranks_give_one_model(engine: &dyn Engine) {
    let found = trained(engine, &DRAWN);
    assert_eq!((found.ranks, found.restarts, found.history.len()), (2, 0, ROUNDS as usize));
    assert!(found == *expected(), "another model");
    let error = |round: usize| found.history[round].iter().find(|(name, _)| name == "test-rmse").unwrap().1;
    assert!(error(ROUNDS as usize - 1) < 0.5 * error(0), "it learns nothing: {:?}", found.history);
}

fn one_to_three_workers_give_one_model() {
    for workers in 1..=3 {
        let (_cluster, engine) = cluster(workers);
        assert!(trained(&engine, &DRAWN) == *expected(), "another model on {workers} workers");
    }
}

fn what_xgboost_refuses_is_told(engine: &dyn Engine) {
    let ended = |more: &[(&str, &str)]| -> Result<Trained> {
        run(async { train::train(engine, &training(engine, more, 3).await?, |_, _| Ok(())).await })
    };
    let error = ended(&[("objective", "reg:nonsense")]).unwrap_err();
    assert!(error.kind() == ErrorKind::Input && error.message().contains("reg:nonsense"), "{error}");
    let error = ended(&[("objective", "binary:logistic")]).unwrap_err();
    assert!(error.kind() == ErrorKind::Input && error.message().contains("logistic"), "{error}");
    let error = run(async {
        let mut unknown = training(engine, &[], 3).await?;
        unknown.stopping = Some(stopping("test-auc"));
        train::train(engine, &unknown, |_, _| Ok(())).await
    })
    .unwrap_err();
    assert!(error.kind() == ErrorKind::Input && error.message().contains("early stopping"), "{error}");
}

fn stopping(name: &str) -> EarlyStopping {
    let (data, metric) = name.split_once('-').unwrap();
    EarlyStopping { rounds: 3, data: Some(data.into()), metric: Some(metric.into()), maximize: None, min_delta: 0.0 }
}

/// A training in process, of which a rank is killed after two of its rounds.
fn disturbed(training: impl AsyncFn(&dyn Engine) -> Result<Training>, after: &[u32]) {
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let training = Training { idle: Some(Duration::ZERO), ..run(training(&engine)).unwrap() };
    let undisturbed = run(train::train(&engine, &training, |_, _| Ok(()))).unwrap();
    let found = run(train_and_kill(&engine, &training, &[std::process::id()], after)).unwrap();
    assert!(found.restarts > 0, "nobody was disturbed");
    assert_eq!(found.history, undisturbed.history);
    assert_eq!(found.best, undisturbed.best);
    assert!(found.model == undisturbed.model, "another model after {} restarts", found.restarts);
    assert!(ranks_of(&[std::process::id()]).is_empty());
}

fn a_killed_rank_changes_nothing(more: &'static [(&'static str, &'static str)]) {
    disturbed(async |engine| training(engine, more, ROUNDS).await, &[2, 14]);
}

fn early_stopping_goes_on_where_it_was() {
    let stopped = async |engine: &dyn Engine| {
        let more = [("eta", "0.9"), ("max_depth", "10"), ("subsample", "0.8")];
        let mut training = training(engine, &more, 500).await?;
        training.stopping = Some(stopping("test-rmse"));
        Ok(training)
    };
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let training = Training { idle: Some(Duration::ZERO), ..run(stopped(&engine)).unwrap() };
    let found = run(train::train(&engine, &training, |_, _| Ok(()))).unwrap();
    let (best, _) = found.best.unwrap();
    assert_eq!(found.history.len() as u32, best + 4, "{:?}", found.history);
    assert!(best > 2, "it stops at once: {:?}", found.history);
    disturbed(stopped, &[2]);
}

fn a_dropped_training_ends() {
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let parent = [std::process::id()];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let training = training(&engine, &[], 1_000_000).await.unwrap();
        let training = train::train(&engine, &training, |_, _| Ok(()));
        assert!(tokio::time::timeout(Duration::from_secs(2), training).await.is_err(), "a million rounds");
    });
    let began = Instant::now();
    while !ranks_of(&parent).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(2), "ranks are left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn killed_workers_change_nothing() {
    let seed = crate::kills::seed();
    println!("seed {seed} (CHAOS_SEED={seed} replays it)");
    let summary = killed(seed, 5, "off").unwrap();
    println!("  trainings: {summary}");
    assert!(summary.wrong.is_empty(), "seed {seed}: {:#?}", summary.wrong);
}
