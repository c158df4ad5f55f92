//! Trainings with XGBoost whose model is known, while ranks and workers are killed.

use crate::chaos::Summary;
use crate::harm::signal;
use crate::jobs::Random;
use phalanx_array::random::Generator;
use phalanx_array::s;
use phalanx_boost::{Dataset, Parameters, Rows, Trained, Training, train};
use phalanx_cluster::process::this_program;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Transport};
use phalanx_engine::{Engine, Error, LocalEngine, Result, Settings};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Parameters that every training has.
const COMMON: [(&str, &str); 3] = [("objective", "reg:squarederror"), ("max_depth", "4"), ("eta", "0.3")];
/// Rows and features.
const ROWS: usize = 20_000;
const FEATURES: usize = 6;
/// Rows of a chunk.
const CHUNK: usize = 3_000;
/// How long a training may take before it counts as a hang.
const HANG: Duration = Duration::from_secs(60);
/// How long a dead worker's successor takes to be started.
const SUCCESSOR_AFTER: Duration = Duration::from_millis(50);

/// A training of `rounds` rounds on two ranks, over rows that `engine` holds and can make again; metrics of other rows
/// after each round; a checkpoint after each round.
///
/// # Errors
/// The engine's.
pub async fn training(engine: &dyn Engine, more: &[(&str, &str)], rounds: u32) -> Result<Training> {
    let given = COMMON.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut training = Training::new(Parameters::new(given)?, dataset(engine, 1, ROWS).await?, rounds);
    training.sets.push(dataset(engine, 2, ROWS / 10).await?);
    training.evals = vec![(0, String::from("train")), (1, String::from("test"))];
    training.checkpoint_interval = Duration::ZERO;
    Ok(training)
}

async fn dataset(engine: &dyn Engine, seed: u64, rows: usize) -> Result<Dataset> {
    let features = Generator::new(seed).normal(0.0, 1.0, (rows, FEATURES), (CHUNK, FEATURES));
    let column = |number: isize| features.slice(s![.., number..number + 1]);
    let noise = Generator::at(seed, 9).normal(0.0, 0.1, (rows, 1), (CHUNK, 1));
    let label = &(&(&column(0) * &column(1)) + &(&column(2) * &column(2))) + &noise;
    let mut dataset = Dataset::new(Rows::from_array(engine, &features).await?);
    dataset.label = Some(Rows::from_array(engine, &label).await?);
    Ok(dataset)
}

/// The processes of ranks whose parent is one of `parents`.
pub fn ranks_of(parents: &[u32]) -> Vec<u32> {
    let is_rank = |process: &u32| {
        let arguments = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok());
        arguments.split(|byte| *byte == 0).nth(1) == Some(b"rank") && parent.is_some_and(|one| parents.contains(&one))
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    numbers.filter(is_rank).collect()
}

/// Trains, and kills a rank of this process's, or of a worker's, after each of these rounds.
///
/// # Errors
/// The training's.
pub async fn train_and_kill(
    engine: &dyn Engine,
    training: &Training,
    parents: &[u32],
    after: &[u32],
) -> Result<Trained> {
    let mut number = 0;
    let kill = |round: u32, _scores: &[(String, f64)]| {
        let ranks = if after.contains(&round) { ranks_of(parents) } else { vec![] };
        if !ranks.is_empty() {
            number += 1;
            signal(ranks[number % ranks.len()], libc::SIGKILL);
        }
        Ok(())
    };
    train::train(engine, training, kill).await
}

/// `runs` trainings on a cluster of three workers, one of which is killed at a random moment of each, drawn from
/// `seed`; another one joins 50 ms later. Each model is compared with that of one process that nobody disturbed.
///
/// # Errors
/// Only what is not the cluster's doing.
pub fn killed(seed: u64, runs: usize, log: &str) -> Result<Summary> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Error::internal(error.to_string()))?;
    let options =
        ClusterOptions { workers: 3, program: this_program()?, log: log.to_owned(), ..ClusterOptions::default() };
    let cluster = Arc::new(LocalCluster::start(options)?);
    let engine = ClusterEngine::connect(cluster.address(), Settings::default(), Transport::loopback())?;
    engine.wait_for_workers(3, Duration::from_secs(20))?;
    // Rows and features are drawn, so that a checkpoint has the most to keep.
    let drawn = [("subsample", "0.6"), ("colsample_bytree", "0.7"), ("seed", "5")];
    let rounds = 60;
    let expected = runtime.block_on(async {
        let local = LocalEngine::new(Settings::default())?;
        train::train(&local, &training(&local, &drawn, rounds).await?, |_, _| Ok(())).await
    })?;
    let training = runtime.block_on(async { training(&engine, &drawn, rounds).await })?;
    let began = Instant::now();
    let mut summary = Summary { runs, ..Summary::default() };
    let undisturbed = runtime.block_on(train::train(&engine, &training, |_, _| Ok(())))?;
    let usual = began.elapsed().as_secs_f64();
    if undisturbed != expected {
        summary.wrong.push(String::from("undisturbed: another model"));
    }
    let mut random = Random(seed);
    for run in 0..runs {
        let moment = Duration::from_secs_f64(random.unit() * 1.05 * usual);
        let draw = random.draw() as usize;
        let harmed = Arc::clone(&cluster);
        let harmer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            let killed = Instant::now();
            harmed.kill_worker(draw);
            std::thread::sleep(SUCCESSOR_AFTER);
            harmed.add_worker().map(|()| killed)
        });
        let ended = runtime
            .block_on(async { tokio::time::timeout(HANG, train::train(&engine, &training, |_, _| Ok(()))).await });
        let end = Instant::now();
        let killed = harmer.join().map_err(|_| Error::internal("the thread that kills panicked"))??;
        let name = format!("run {run}, killed after {:.3} s of {usual:.3} s", moment.as_secs_f64());
        match ended {
            Err(_) => summary.wrong.push(format!("{name}: no model within {} s", HANG.as_secs())),
            Ok(Err(error)) => summary.wrong.push(format!("{name}: {error}")),
            Ok(Ok(trained)) => {
                summary.harmed += usize::from(killed < end);
                if trained.restarts > 0 {
                    summary.retried += 1;
                    let lost = end.saturating_duration_since(killed).as_secs_f64();
                    summary.lost_seconds.push((lost - (usual - moment.as_secs_f64()).max(0.0)).max(0.0));
                }
                if (&trained.model, &trained.history) != (&expected.model, &expected.history) {
                    summary.wrong.push(format!("{name}: another model after {} restarts", trained.restarts));
                }
            }
        }
        engine.wait_for_workers(cluster.workers().len(), Duration::from_secs(20))?;
    }
    // Idle ranks end with their client.
    drop((training, engine));
    let ended = Instant::now();
    let mut left = ranks_of(&cluster.workers());
    while !left.is_empty() && ended.elapsed() < HANG {
        std::thread::sleep(Duration::from_millis(5));
        left = ranks_of(&cluster.workers());
    }
    if !left.is_empty() {
        summary.wrong.push(format!("ranks {left:?} are left"));
    }
    Ok(summary)
}
