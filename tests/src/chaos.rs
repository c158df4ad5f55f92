//! Jobs on a cluster of real processes while some of these are killed, stopped and started: every row of every answer
//! is compared, a job that does not end in time is a hang, and the time that a loss cost is measured.

use crate::harm::{Harm, Means, do_harm, other_client};
use crate::jobs::{KnownJob, Random, SHAPES, Shape, job, leaf, rows};
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Transport};
use phalanx_engine::{Engine, Result, Settings};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a series of runs showed.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Jobs run.
    pub runs: usize,
    /// Jobs during which harm was done.
    pub harmed: usize,
    /// Jobs that took more than one attempt.
    pub retried: usize,
    /// What was wrong, one line each: a wrong answer, an error, or a hang.
    pub wrong: Vec<String>,
    /// Jobs that ended with an error that told of the harm, where that is allowed.
    pub told: usize,
    /// Seconds from the harm to the right answer, less an undisturbed run, of jobs that took another attempt.
    pub lost_seconds: Vec<f64>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lost = self.lost_seconds.clone();
        lost.sort_by(f64::total_cmp);
        let at =
            |share: f64| lost.get(((lost.len() as f64 * share) as usize).min(lost.len().saturating_sub(1))).copied();
        write!(f, "{} runs, {} harmed, {} retried, {} wrong", self.runs, self.harmed, self.retried, self.wrong.len())?;
        if self.told > 0 {
            write!(f, ", {} told of it", self.told)?;
        }
        if let (Some(median), Some(ninth), Some(most)) = (at(0.5), at(0.9), at(1.0)) {
            write!(f, "; seconds lost: p50 {median:.3}, p90 {ninth:.3}, max {most:.3}")?;
        }
        Ok(())
    }
}

/// How long a job may take before it counts as a hang.
const HANG: Duration = Duration::from_secs(60);
/// Rows of a job.
const ROWS: i64 = 240;
/// Pauses of its operators.
const PAUSES_US: [u64; 3] = [5_000, 10_000, 20_000];
/// A cluster to be harmed.
pub struct Chaos {
    cluster: Arc<LocalCluster>,
    engine: ClusterEngine,
    undisturbed: HashMap<(Shape, u64), f64>,
    runtime: tokio::runtime::Runtime,
    verbose: bool,
    /// After the cluster, which uses them.
    means: Arc<Means>,
}

/// How long what a dead client had may stay: its lease, and time to free it.
const FREED_WITHIN: Duration = Duration::from_secs(30);
/// How often a job is submitted again whose scheduler was lost.
const RETRIES: u32 = 5;

impl Chaos {
    /// A scheduler and `workers` workers of one core.
    ///
    /// # Errors
    /// They do not start.
    pub fn start(workers: usize, log: &str) -> Result<Self> {
        Self::start_for(Harm::None, workers, log)
    }

    /// The same, with what `harm` needs.
    ///
    /// # Errors
    /// They do not start, or this machine has no means for it.
    pub fn start_for(harm: Harm, workers: usize, log: &str) -> Result<Self> {
        let means = Arc::new(Means::of(harm)?);
        let options = ClusterOptions {
            workers,
            program: means.program()?,
            scratch: means.scratch(),
            log: log.to_owned(),
            ..ClusterOptions::default()
        };
        let cluster = Arc::new(LocalCluster::start(options)?);
        let settings = Settings { retries: RETRIES, ..Settings::default() };
        let engine = ClusterEngine::connect(cluster.address(), settings, Transport::loopback())?;
        engine.wait_for_workers(workers, Duration::from_secs(10))?;
        let runtime =
            tokio::runtime::Runtime::new().map_err(|error| phalanx_engine::Error::internal(error.to_string()))?;
        let verbose = std::env::var_os("CHAOS_VERBOSE").is_some();
        Ok(Self { cluster, engine, undisturbed: HashMap::new(), runtime, verbose, means })
    }

    /// The engine of the cluster.
    pub fn engine(&self) -> &ClusterEngine {
        &self.engine
    }
    /// The cluster.
    pub fn cluster(&self) -> &LocalCluster {
        &self.cluster
    }

    /// Runs `runs` jobs of all shapes, drawn from `seed`, and does `harm` at a random moment of each. With
    /// `persisted`, they read persisted rows instead of rows in the plan.
    ///
    /// # Errors
    /// Only what is not the cluster's doing.
    pub fn run(&mut self, seed: u64, runs: usize, harm: Harm, persisted: bool) -> Result<Summary> {
        let mut random = Random(seed);
        let mut summary = Summary { runs, ..Summary::default() };
        let mut start = leaf(ROWS)?;
        let mut inputs = vec![];
        if persisted {
            let rows = job(&start, ROWS, Shape::Chain(1), 0, 1)?.plan;
            // What the rows were read from is let go of: it is made again when they are lost.
            let origin = self.engine.persist(rows).wait()?;
            let data = self.engine.persist(origin.plan()?).wait()?;
            start = data.scan()?;
            inputs.push(data);
        }
        for run in 0..runs {
            let shape = SHAPES[random.range(0, SHAPES.len() as u64) as usize];
            let pause_us = PAUSES_US[random.range(0, PAUSES_US.len() as u64) as usize];
            let job_seed = random.draw();
            let mut known = job(&start, ROWS, shape, pause_us, job_seed)?;
            if persisted {
                known.plan = known.plan.reading(inputs.iter().cloned());
                known.answer = expected_of_persisted(&known, shape, pause_us, job_seed)?;
            }
            let undisturbed = self.time_of(shape, pause_us)?;
            let moment = Duration::from_secs_f64(random.unit() * 1.05 * undisturbed);
            let draws = [random.draw() as usize, random.draw() as usize];
            self.one(
                &format!("run {run} {shape:?} seed {job_seed}"),
                known,
                harm,
                moment,
                draws,
                undisturbed,
                &mut summary,
            );
            self.settle();
        }
        if harm == Harm::Client {
            let kept = self.kept_of_others()?;
            if !kept.is_empty() {
                summary.wrong.push(format!("what dead clients had is still there: {kept:?}"));
            }
        }
        Ok(summary)
    }

    /// What other clients have on the cluster, once it is nothing, or after a while.
    fn kept_of_others(&self) -> Result<Vec<String>> {
        let began = Instant::now();
        loop {
            let observer = self.engine.observer();
            let records = self.engine.wait(async move { observer.data().await })?;
            // As the client of this program names them.
            let theirs = records.into_iter().map(|record| record.label).filter(|label| label == "mine");
            let jobs = self.engine.describe()?.jobs.into_iter().map(|job| job.label);
            let kept: Vec<String> = theirs.chain(jobs).collect();
            if kept.is_empty() || began.elapsed() > FREED_WITHIN {
                return Ok(kept);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one run is drawn whole before it starts, so that a seed replays it")]
    fn one(
        &self,
        name: &str,
        known: KnownJob,
        harm: Harm,
        moment: Duration,
        draws: [usize; 2],
        undisturbed: f64,
        summary: &mut Summary,
    ) {
        let done = Arc::new(AtomicBool::new(false));
        let mut client = None;
        if harm == Harm::Client {
            match other_client(&self.cluster) {
                Ok(child) => client = Some(child),
                Err(error) => summary.wrong.push(format!("{name}: {error}")),
            }
        }
        let harmer = (!matches!(harm, Harm::None | Harm::KillAtFetch)).then(|| {
            let (means, cluster, done) = (Arc::clone(&self.means), Arc::clone(&self.cluster), Arc::clone(&done));
            std::thread::spawn(move || {
                std::thread::sleep(moment);
                if let Some(mut child) = client {
                    let _dead = child.kill();
                    let _reaped = child.wait();
                    return Some(Ok(Instant::now()));
                }
                (!done.load(Ordering::SeqCst)).then(|| do_harm(&means, &cluster, harm, draws, moment))
            })
        });
        let mut job = self.engine.submit(known.plan);
        let progress = job.progress();
        let mut harmed_at = None;
        let ended = self.runtime.block_on(async {
            tokio::time::timeout(HANG, async {
                let mut partitions = vec![];
                while let Some(partition) = job.next().await {
                    partitions.push(partition?.batches);
                    if harm == Harm::KillAtFetch && harmed_at.is_none() {
                        harmed_at = Some(Instant::now());
                        self.cluster.kill_worker(draws[0]);
                        let cluster = Arc::clone(&self.cluster);
                        std::thread::spawn(move || cluster.add_worker());
                    }
                }
                Ok::<_, phalanx_engine::Error>(partitions)
            })
            .await
        });
        let end = Instant::now();
        done.store(true, Ordering::SeqCst);
        let attempts = progress.borrow().attempts;
        match ended {
            Err(_) => summary.wrong.push(format!("{name}: no answer within {} s", HANG.as_secs())),
            Ok(Err(error)) if harm.is_told_by(&error) => summary.told += 1,
            Ok(Err(error)) => summary.wrong.push(format!("{name}: {error}")),
            Ok(Ok(partitions)) => {
                let found = rows(&partitions);
                if found != known.answer {
                    summary.wrong.push(format!(
                        "{name}: {} rows for {}, or other values",
                        found.len(),
                        known.answer.len()
                    ));
                }
            }
        }
        match harmer.map(std::thread::JoinHandle::join) {
            Some(Ok(Some(Ok(moment)))) => harmed_at = Some(moment),
            Some(Ok(Some(Err(error)))) => summary.wrong.push(format!("{name}: no harm could be done: {error}")),
            _ => {}
        }
        if let Some(moment) = harmed_at {
            summary.harmed += 1;
            if attempts > 1 {
                summary.retried += 1;
                let lost = end.saturating_duration_since(moment).as_secs_f64() - undisturbed;
                summary.lost_seconds.push(lost.max(0.0));
                if self.verbose {
                    eprintln!(
                        "{name}: {attempts} attempts, lost {lost:.3} s, harmed after {:.3} s",
                        moment.elapsed().as_secs_f64()
                    );
                }
            }
        }
    }

    /// Seconds of an undisturbed job of this kind.
    fn time_of(&mut self, shape: Shape, pause_us: u64) -> Result<f64> {
        if let Some(seconds) = self.undisturbed.get(&(shape, pause_us)) {
            return Ok(*seconds);
        }
        let known = job(&leaf(ROWS)?, ROWS, shape, pause_us, 1)?;
        let began = Instant::now();
        self.engine.submit(known.plan).wait()?;
        let seconds = began.elapsed().as_secs_f64();
        self.undisturbed.insert((shape, pause_us), seconds);
        Ok(seconds)
    }

    /// Waits until all workers are there again.
    fn settle(&self) {
        let there = self.engine.wait_for_workers(self.cluster.workers().len(), Duration::from_secs(20));
        if let Err(error) = there {
            eprintln!("workers did not come back: {error}");
        }
    }
}

/// The answer of a job over persisted rows: the persisted job's operator is applied first.
fn expected_of_persisted(known: &KnownJob, shape: Shape, pause_us: u64, seed: u64) -> Result<Vec<(i64, i64)>> {
    let engine = phalanx_engine::LocalEngine::new(Settings { threads: 1, ..Settings::default() })?;
    let start = leaf(ROWS)?;
    let data = engine.persist(job(&start, ROWS, Shape::Chain(1), 0, 1)?.plan).wait()?;
    let again = job(&data.scan()?, ROWS, shape, 0, seed)?;
    debug_assert!(pause_us > 0 && known.answer.len() == again.answer.len());
    Ok(rows(&engine.submit(again.plan.reading([data])).wait()?))
}

/// Prints how long small jobs take, on two workers and in process: median and ninth decile of 100, in milliseconds.
///
/// # Errors
/// The cluster does not start.
pub fn latencies(log: &str) -> Result<()> {
    let chaos = Chaos::start(2, log)?;
    let local = phalanx_engine::LocalEngine::new(Settings::default())?;
    let engines: [(&str, &dyn Engine); 2] = [("two workers", chaos.engine()), ("in process", &local)];
    for shape in [Shape::Chain(1), Shape::Chain(2), Shape::Chain(3), Shape::Diamond] {
        for (name, engine) in engines {
            let mut milliseconds = vec![];
            for seed in 0..110 {
                let known = job(&leaf(ROWS)?, ROWS, shape, 0, seed)?;
                let began = Instant::now();
                let found = rows(&engine.submit(known.plan).wait()?);
                milliseconds.push(began.elapsed().as_secs_f64() * 1e3);
                assert_eq!(found, known.answer);
            }
            let mut warm = milliseconds.split_off(10);
            warm.sort_by(f64::total_cmp);
            println!("{shape:?} {name}: p50 {:.1} ms, p90 {:.1} ms", warm[50], warm[90]);
        }
    }
    Ok(())
}
