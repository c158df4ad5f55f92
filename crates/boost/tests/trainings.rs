//! Trainings beside XGBoost alone.

use crate::data::{Sample, alone, column, parameters, train};
use futures::executor::block_on;
use phalanx_boost::rows::Categories;
use phalanx_boost::{Asked, Dataset, EarlyStopping, Model, Parameters, Trained, Training};
use phalanx_engine::{Engine, Error};

fn answers(model: &[u8], sample: &Sample) -> Vec<f32> {
    Model::of_bytes(model.to_vec()).unwrap().predict(&sample.floats(), &Asked::default()).unwrap().values
}

fn farthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

pub fn one_rank_is_plain_xgboost(engine: &dyn Engine) {
    let sample = Sample::new(1000, 5);
    let parameters = parameters(&[]);
    let training = Training { ranks: 1, ..Training::new(parameters.clone(), sample.dataset(engine), 6) };
    let trained = train(engine, &training).unwrap();
    assert_eq!((trained.ranks, trained.restarts, trained.best), (1, 0, None));
    assert!(trained.model == alone(&sample, &parameters, 6), "other bytes");
}

pub fn ranks_agree_where_features_have_few_values(engine: &dyn Engine) {
    let sample = Sample::new(1000, 5);
    let expected = answers(&alone(&sample, &parameters(&[]), 6), &sample);
    for ranks in [2, 3] {
        let training = Training { ranks, ..Training::new(parameters(&[]), sample.dataset(engine), 6) };
        let (first, again) = (train(engine, &training).unwrap(), train(engine, &training).unwrap());
        assert_eq!(first.ranks, ranks);
        assert!(first.model == again.model, "{ranks} ranks gave two models");
        let distance = farthest(&answers(&first.model, &sample), &expected);
        assert!(distance < 1e-5, "{ranks} ranks are {distance} away");
    }
}

pub fn rows_may_come_from_arrays_and_frames_in_any_partitions(engine: &dyn Engine) {
    let sample = Sample::new(600, 4);
    let of = |dataset: Dataset| train(engine, &Training::new(parameters(&[]), dataset, 3)).unwrap().model;
    let expected = of(sample.dataset(engine));
    let frames = [1000, 250, 77].map(|rows| {
        let frame = sample.frame(engine, rows);
        let mut dataset =
            block_on(Dataset::from_frame(engine, &frame, &sample.names(), Some("y"), &Categories::default())).unwrap();
        assert_eq!(dataset.about.types, ["float"; 4]);
        dataset.about = Default::default(); // without names it is the array's model
        of(dataset)
    });
    frames.iter().for_each(|model| assert!(*model == expected));
}

pub fn evaluation_stops_a_training_early(engine: &dyn Engine) {
    let (sample, other) = (Sample::new(500, 4), Sample::new(90, 4));
    let mut noisy = other.dataset(engine);
    let flipped: Vec<f64> = other.label.iter().map(|label| 1.0 - label).collect();
    noisy.label = Some(column(engine, &flipped));
    let stopping = EarlyStopping { rounds: 3, data: None, metric: None, maximize: None, min_delta: 0.0 };
    let mut training = Training::new(parameters(&[]), sample.dataset(engine), 50);
    training.sets.push(noisy);
    training.evals = vec![(0, "train".into()), (1, "test".into())];
    training.stopping = Some(stopping);
    let mut heard = vec![];
    let hear = |round: u32, scores: &[(String, f64)]| {
        heard.push((round, scores.to_vec()));
        Ok(())
    };
    let trained = block_on(phalanx_boost::train::train(engine, &training, hear)).unwrap();
    // What is flipped only gets worse: the first round is the best.
    assert_eq!(trained.best.unwrap().0, 0);
    assert_eq!(trained.history.len(), 4);
    let names: Vec<&str> = trained.history[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["train-logloss", "test-logloss"]);
    assert!(trained.history[3][0].1 < trained.history[0][0].1, "training improves");
    assert_eq!(heard.iter().map(|(_, scores)| scores.clone()).collect::<Vec<_>>(), trained.history);
    let model = Model::of_bytes(trained.model).unwrap();
    assert_eq!((model.rounds(), model.best_round()), (4, Some(0)));
}

pub fn a_training_goes_on_from_a_model(engine: &dyn Engine) {
    let sample = Sample::new(500, 4);
    let whole = train(engine, &Training::new(parameters(&[]), sample.dataset(engine), 6)).unwrap();
    let begun = train(engine, &Training::new(parameters(&[]), sample.dataset(engine), 4)).unwrap();
    let rest = Training { base: Some(begun.model), ..Training::new(parameters(&[]), sample.dataset(engine), 2) };
    let rest = train(engine, &rest).unwrap();
    assert_eq!(Model::of_bytes(rest.model.clone()).unwrap().rounds(), 6);
    assert!(farthest(&answers(&rest.model, &sample), &answers(&whole.model, &sample)) < 1e-5);
}

pub fn groups_margins_and_weights_reach_xgboost(engine: &dyn Engine) {
    let sample = Sample::new(400, 4);
    let mut dataset = sample.dataset(engine);
    dataset.groups = Some(vec![7; 50].into_iter().chain([50]).collect());
    dataset.weight = Some(column(engine, &vec![2.0; 51]));
    let pairs = [("objective", "rank:ndcg"), ("eval_metric", "ndcg@5"), ("max_depth", "3")];
    let ranking = Parameters::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    let mut training = Training::new(ranking, dataset, 8);
    training.evals = vec![(0, "train".into())];
    let ranked = train(engine, &training).unwrap();
    assert!(ranked.history[7][0].1 > ranked.history[0][0].1, "{:?}", ranked.history);

    let of = |margin: Option<f64>, weight: Option<f64>| -> Trained {
        let mut dataset = sample.dataset(engine);
        dataset.base_margin = margin.map(|margin| column(engine, &vec![margin; 400]));
        dataset.weight = weight.map(|weight| {
            let weights: Vec<f64> = sample.label.iter().map(|label| if *label > 0.5 { weight } else { 1.0 }).collect();
            column(engine, &weights)
        });
        train(engine, &Training::new(parameters(&[]), dataset, 2)).unwrap()
    };
    let mean = |trained: &Trained| {
        let answers = answers(&trained.model, &sample);
        answers.iter().sum::<f32>() / answers.len() as f32
    };
    let (plain, weighted, with_margin) = (of(None, None), of(None, Some(20.0)), of(Some(3.0), None));
    assert!(mean(&weighted) > mean(&plain) + 0.05, "positive rows count more");
    assert!(mean(&with_margin) < mean(&plain) - 0.05, "what the margin says is taken away");
}

pub fn random_draws_are_repeated(engine: &dyn Engine) {
    let sample = Sample::new(500, 6);
    let drawn = |seed: &str| {
        let parameters = parameters(&[("subsample", "0.5"), ("colsample_bynode", "0.5"), ("seed", seed)]);
        train(engine, &Training::new(parameters, sample.dataset(engine), 5)).unwrap().model
    };
    let first = drawn("1");
    assert!(drawn("1") == first);
    assert!(drawn("2") != first);
}

pub fn a_rank_without_rows_is_left_out(engine: &dyn Engine) {
    let sample = Sample::new(2, 3);
    let trained = train(engine, &Training { ranks: 3, ..Training::new(parameters(&[]), sample.dataset(engine), 2) });
    assert_eq!(trained.unwrap().ranks, 2);
    // Of rows that are only evaluated, a rank may have none; quantiles of theirs are those of the training.
    let mut dataset = Sample::new(300, 3).dataset(engine);
    dataset.about.quantiles = Some(0);
    let mut training = Training::new(parameters(&[]), dataset, 2);
    let mut small = Sample::new(1, 3).dataset(engine);
    small.about.quantiles = Some(0);
    training.sets.push(small);
    training.evals = vec![(1, "one".into())];
    assert_eq!(train(engine, &training).unwrap().history.len(), 2);
}

pub fn whoever_listens_can_end_a_training(engine: &dyn Engine) {
    let training = Training::new(parameters(&[]), Sample::new(500, 4).dataset(engine), 100_000);
    let enough = |round: u32, _: &[(String, f64)]| if round == 2 { Err(Error::cancelled()) } else { Ok(()) };
    let ended = block_on(phalanx_boost::train::train(engine, &training, enough));
    assert_eq!(ended.unwrap_err().kind(), phalanx_engine::ErrorKind::Cancelled);
}

/// The addresses on which children of this process listen, as the system writes them: hexadecimal, and turned around.
fn listened_at() -> Vec<String> {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let own = format!(") S {} ", std::process::id());
    let is_child = |process: &String| {
        let stat = read(format!("/proc/{process}/stat"));
        ["S", "R", "D"].iter().any(|state| stat.contains(&own.replace(" S ", &format!(" {state} "))))
    };
    let names = |folder: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let mut sockets = vec![];
    for process in names("/proc").into_iter().filter(is_child) {
        let files = format!("/proc/{process}/fd");
        let target = |file: &String| std::fs::read_link(format!("{files}/{file}")).ok();
        sockets.extend(names(&files).iter().filter_map(target).map(|target| target.display().to_string()));
    }
    let lines = ["tcp", "tcp6"].map(|table| read(format!("/proc/self/net/{table}"))).join("");
    let of_child = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words.get(3) == Some(&"0A") && sockets.contains(&format!("socket:[{}]", words.get(9)?));
        listens.then(|| words[1].split(':').next().unwrap_or_default().to_owned())
    };
    lines.lines().filter_map(of_child).collect()
}

pub fn ranks_listen_on_loopback_alone(engine: &dyn Engine) {
    let training = Training::new(parameters(&[]), Sample::new(500, 4).dataset(engine), 100_000);
    let mut found = vec![];
    let look = |_: u32, _: &[(String, f64)]| {
        found = listened_at();
        Err(Error::cancelled())
    };
    let ended = block_on(phalanx_boost::train::train(engine, &training, look));
    assert_eq!(ended.unwrap_err().kind(), phalanx_engine::ErrorKind::Cancelled);
    // The tracker, and each rank for what the tracker tells it.
    assert!(found.len() >= 3 && found.iter().all(|address| address == "0100007F"), "{found:?}");
}
