//! Searches: trainings one after the other and side by side, whose ranks stay and keep their rows. Each model is the one
//! that processes of its own would have given.

use crate::engines::{cluster, on_every_engine, trial};
use libtest_mimic::Trial;
use phalanx_array::random::Generator;
use phalanx_boost::{Dataset, Parameters, Rows, Trained, Training, train};
use phalanx_engine::{Engine, LocalEngine, Settings};
use phalanx_tests::harm::signal;
use phalanx_tests::training::{ranks_of, train_and_kill, training};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What might leave a trace in a process: random draws, what goes into settings of the library, sketches of other
/// numbers of bins, or by other means, trees of other kinds.
const TRIED: [&[(&str, &str)]; 16] = [
    &[],
    &[("eta", "0.05"), ("max_depth", "7")],
    &[("subsample", "0.5"), ("seed", "3")],
    &[("verbosity", "3"), ("seed", "9"), ("colsample_bynode", "0.5")],
    &[("max_bin", "16")],
    &[("tree_method", "approx"), ("subsample", "0.5"), ("seed", "5")],
    &[("tree_method", "approx"), ("objective", "reg:pseudohubererror")],
    &[("booster", "dart"), ("rate_drop", "0.5"), ("seed", "4")],
    &[("max_bin", "16"), ("subsample", "0.7")],
    &[("grow_policy", "lossguide"), ("max_leaves", "9"), ("sparse_threshold", "0.9")],
    &[("base_score", "0.9"), ("num_parallel_tree", "3"), ("subsample", "0.5")],
    &[("seed_per_iteration", "0"), ("subsample", "0.5")],
    &[("updater", "grow_histmaker"), ("subsample", "0.5")],
    &[("objective", "reg:absoluteerror"), ("eval_metric", "mape")],
    &[("monotone_constraints", "(1,0,-1,0,0,0)"), ("interaction_constraints", "[[0,1],[2,3,4,5]]")],
    &[("disable_default_eval_metric", "1"), ("validate_parameters", "1")],
];
const ROUNDS: u32 = 4;
/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(600);

pub fn trials() -> Vec<Trial> {
    let mut trials = on_every_engine("searches::ranks_that_stay_change_nothing", ranks_that_stay_change_nothing);
    trials.extend(on_every_engine("searches::other_rows_are_told_apart", other_rows_are_told_apart));
    trials.extend(on_every_engine("searches::trials_run_side_by_side", trials_run_side_by_side));
    trials.extend([
        trial("searches::workers_keep_their_ranks_and_none_is_left", workers_keep_their_ranks_and_none_is_left),
        trial("searches::whoever_dies_is_not_used_again", whoever_dies_is_not_used_again),
        trial("searches::idle_ranks_end_in_time", idle_ranks_end_in_time),
    ]);
    trials
}

fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

/// A training whose rows the others share.
fn first_of(engine: &dyn Engine) -> Training {
    Training { idle: Some(LONG), ..run(training(engine, &[], ROUNDS)).unwrap() }
}

fn with(base: &Training, more: &[(&str, &str)]) -> Training {
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let parameters = Parameters::new(base.parameters.all().iter().cloned().chain(more)).unwrap();
    Training { parameters, ..base.clone() }
}

fn trained(engine: &dyn Engine, training: &Training) -> Trained {
    run(train::train(engine, training, |_, _| Ok(()))).unwrap()
}

/// By processes of its own, which end.
fn isolated(engine: &dyn Engine, training: &Training) -> Trained {
    trained(engine, &Training { idle: Some(Duration::ZERO), ..training.clone() })
}

/// What processes of their own make of each of [`TRIED`].
fn expected() -> &'static [Trained] {
    static EXPECTED: OnceLock<Vec<Trained>> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let engine = LocalEngine::new(Settings::default()).unwrap();
        let base = first_of(&engine);
        let all: Vec<Trained> = TRIED.iter().map(|more| isolated(&engine, &with(&base, more))).collect();
        let models: std::collections::BTreeSet<&[u8]> = all.iter().map(|trained| trained.model.as_slice()).collect();
        assert!(models.len() > 10, "the parameters make no difference: {}", models.len());
        all
    })
}

fn check(engine: &dyn Engine, base: &Training, places: impl Iterator<Item = usize>) {
    for place in places {
        let found = trained(engine, &with(base, TRIED[place]));
        let expected = &expected()[place];
        assert_eq!(found.history, expected.history, "{:?}", TRIED[place]);
        assert!(found == *expected, "another model with {:?}", TRIED[place]);
    }
}

fn ranks_that_stay_change_nothing(engine: &dyn Engine) {
    let base = first_of(engine);
    check(engine, &base, 0..TRIED.len());
    check(engine, &base, (0..TRIED.len()).rev());
    // A training that goes on from a model, and one that stops early, leave nothing either.
    let more = Training { base: Some(expected()[2].model.clone()), ..with(&base, TRIED[3]) };
    assert!(trained(engine, &more) == isolated(engine, &more));
    check(engine, &base, [2, 0].into_iter());
}

/// The same features with something else, or something else that is the same features.
fn other_rows_are_told_apart(engine: &dyn Engine) {
    let base = first_of(engine);
    let drawn = |rows: usize| Generator::new(9).uniform(0.5, 2.0, (rows, 1), (rows, 1));
    let weight = |rows: u64| run(Rows::from_array(engine, &drawn(rows as usize))).unwrap();
    let weights: Vec<Rows> = base.sets.iter().map(|set| weight(set.features.count())).collect();
    let kinds: [fn(&mut Dataset, &Rows); 7] = [
        |_, _| {},
        |set, weight| set.weight = Some(weight.clone()),
        |set, weight| set.base_margin = Some(weight.clone()),
        |set, _| set.about.quantiles = Some(0),
        |set, _| set.about.quantiles = Some(8),
        |set, _| set.about.missing = Some(0.0),
        |set, _| set.about.names = ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec(),
    ];
    let of_kind = |kind: &fn(&mut Dataset, &Rows)| {
        let mut training = with(&base, &[("colsample_bytree", "0.5")]);
        training.sets.iter_mut().zip(&weights).for_each(|(set, weight)| kind(set, weight));
        // XGBoost wants the bins of quantiles to be those of its parameters.
        match training.sets[0].about.quantiles {
            Some(8) => with(&training, &[("max_bin", "8")]),
            _ => training,
        }
    };
    let mut trainings: Vec<Training> = kinds.iter().map(of_kind).collect();
    // The rows to evaluate are trained on, and those to train on evaluated; and nothing is evaluated.
    let mut turned = base.clone();
    turned.sets.reverse();
    trainings.extend([turned, Training { evals: vec![], ..base.clone() }]);
    trainings.push(Training { ranks: 1, ..base.clone() });
    trainings.push(Training { threads: 2, ..base.clone() });
    let alone: Vec<Trained> = trainings.iter().map(|training| isolated(engine, training)).collect();
    for _ in 0..2 {
        for (training, alone) in trainings.iter().zip(&alone) {
            assert!(trained(engine, training) == *alone, "another model of {:?}", training.sets[0].about);
        }
    }
}

fn trials_run_side_by_side(engine: &dyn Engine) {
    let base = first_of(engine);
    let expected = expected();
    let single = Training { ranks: 1, ..base.clone() };
    let alone: Vec<Trained> = TRIED[..4].iter().map(|more| isolated(engine, &with(&single, more))).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (base, single, alone) = (&base, &single, &alone);
            scope.spawn(move || {
                for place in (0..4).map(|step| (thread + step) % 4) {
                    assert!(trained(engine, &with(single, TRIED[place])) == alone[place], "one rank, {place}");
                    assert!(trained(engine, &with(base, TRIED[place])) == expected[place], "two ranks, {place}");
                }
            });
        }
    });
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn workers_keep_their_ranks_and_none_is_left() {
    for workers in 1..=3 {
        let (cluster, engine) = cluster(workers);
        let base = first_of(&engine);
        check(&engine, &base, 0..1);
        let ranks = ranks_of(&cluster.workers());
        assert_eq!(ranks.len(), 2, "ranks stay");
        check(&engine, &base, [4, 2, 5, 0].into_iter());
        // On three workers the next training may be placed on others.
        let after = ranks_of(&cluster.workers());
        assert!(ranks.iter().all(|rank| after.contains(rank)), "{ranks:?} and {after:?}");
        assert!(workers == 3 || after.len() == 2, "{after:?}");
        drop((base, engine)); // the client is closed
        wait_until("ranks are left", || ranks_of(&cluster.workers()).is_empty());
    }
}

fn whoever_dies_is_not_used_again() {
    let (cluster, engine) = cluster(2);
    let base = first_of(&engine);
    check(&engine, &base, 0..3);
    // A rank dies between two trainings.
    let before = ranks_of(&cluster.workers());
    signal(before[0], libc::SIGKILL);
    wait_until("the rank lives", || !ranks_of(&cluster.workers()).contains(&before[0]));
    let found = trained(&engine, &with(&base, TRIED[2]));
    assert!(found.model == expected()[2].model && found.history == expected()[2].history);
    check(&engine, &base, [3, 4].into_iter());
    // One dies in a training.
    let long = Training { rounds: 60, ..with(&base, TRIED[2]) };
    let alone = isolated(&engine, &long);
    let found = run(train_and_kill(&engine, &long, &cluster.workers(), &[5])).unwrap();
    assert!(found.restarts > 0 && found.model == alone.model && found.history == alone.history);
    check(&engine, &base, [4, 2].into_iter());
    // Their worker dies.
    let before = ranks_of(&cluster.workers());
    cluster.kill_worker(0);
    cluster.add_worker().unwrap();
    engine.wait_for_workers(2, Duration::from_secs(20)).unwrap();
    for place in [0, 1, 2] {
        let found = trained(&engine, &with(&base, TRIED[place]));
        assert!(found.model == expected()[place].model && found.history == expected()[place].history);
    }
    let after = ranks_of(&cluster.workers());
    assert!(!after.is_empty() && before.iter().filter(|rank| after.contains(rank)).count() < 2, "{before:?} {after:?}");
    drop((base, engine));
    wait_until("ranks are left", || ranks_of(&cluster.workers()).is_empty());
}

fn idle_ranks_end_in_time() {
    let own = [std::process::id()];
    let engine = LocalEngine::new(Settings::default()).unwrap();
    let base = first_of(&engine);
    let brief = Training { idle: Some(Duration::from_millis(200)), ..base.clone() };
    assert!(trained(&engine, &brief) == expected()[0]);
    wait_until("idle ranks stay for ever", || ranks_of(&own).is_empty());
    // Those of a training that fails, or that nobody waits for any more, do not stay.
    check(&engine, &base, 0..1);
    assert_eq!(ranks_of(&own).len(), 2);
    assert!(run(train::train(&engine, &with(&base, &[("objective", "none")]), |_, _| Ok(()))).is_err());
    wait_until("ranks that failed stay", || ranks_of(&own).is_empty());
    check(&engine, &base, 0..2);
    let endless = Training { rounds: 1_000_000, ..base.clone() };
    let ended = run(train::train(&engine, &endless, |_, _| Err(phalanx_engine::Error::cancelled())));
    assert!(ended.is_err());
    wait_until("ranks of a cancelled training stay", || ranks_of(&own).is_empty());
    check(&engine, &base, 0..2);
    assert_eq!(ranks_of(&own).len(), 2);
    drop((base, engine));
    wait_until("idle ranks outlive their engine", || ranks_of(&own).is_empty());
}
