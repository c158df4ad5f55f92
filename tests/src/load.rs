//! Many jobs, many clients, many workers: what they leave behind, whether they share, and what the scheduler costs.

use crate::footprint::{Footprint, processor_time};
use crate::jobs::{Shape, job, leaf, rows};
use crate::pass::TestPass;
use crate::{jobs, simulated};
use datafusion::arrow::array::{Int64Array, RecordBatch};
use phalanx_cluster::process::this_program;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Transport};
use phalanx_engine::{Engine, Error, Plan, Result, Settings, datafusion, plan};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Rows of a small job, in six partitions.
const ROWS: i64 = 60;
/// How often it is looked whether all is back.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Jobs that are on their way at once.
const IN_FLIGHT: usize = 8;

fn cluster(workers: usize) -> Result<LocalCluster> {
    let program = this_program()?;
    LocalCluster::start(ClusterOptions { workers, program, log: String::from("off"), ..ClusterOptions::default() })
}

fn connect(cluster: &LocalCluster, settings: Settings) -> Result<ClusterEngine> {
    ClusterEngine::connect(cluster.address(), settings, Transport::loopback())
}

fn small(seed: u64) -> Result<jobs::KnownJob> {
    job(&leaf(ROWS)?, ROWS, Shape::Chain(2), 0, seed)
}

/// Runs a small job and compares its rows.
fn run_small(engine: &dyn Engine, seed: u64) -> Result<Duration> {
    let known = small(seed)?;
    let began = Instant::now();
    let found = rows(&engine.submit(known.plan).wait()?);
    if found != known.answer {
        return Err(Error::internal(format!("a small job of seed {seed} has a wrong answer")));
    }
    Ok(began.elapsed())
}

/// A process before and after many jobs.
#[derive(Clone, Debug)]
pub struct Left {
    /// What it is.
    pub role: String,
    /// After the warm-up.
    pub before: Footprint,
    /// After all jobs, and a rest.
    pub after: Footprint,
    /// What its folder holds in the end, in bytes.
    pub disk: u64,
}

/// What many jobs left.
#[derive(Clone, Debug)]
pub struct Many {
    /// Of each process.
    pub left: Vec<Left>,
    /// Jobs a second.
    pub jobs_per_second: f64,
    /// How many there were: fewer than wanted, if their time was up.
    pub jobs: u64,
}

/// Runs `warm_up` jobs, rests, then `jobs` more, or fewer if `until` comes before, and waits until all that is left is
/// little, at most for `patience`: what each process takes before and after those.
///
/// # Errors
/// A job fails, or is wrong.
pub fn many_jobs(
    warm_up: u64,
    jobs: u64,
    rest: Duration,
    patience: Duration,
    until: Instant,
    is_little: impl Fn(&Left) -> bool,
) -> Result<Many> {
    let cluster = cluster(2)?;
    let engine = connect(&cluster, Settings::default())?;
    engine.wait_for_workers(2, Duration::from_secs(20))?;
    // How many were run until their time was up.
    let run = |from: u64, to: u64| -> Result<u64> {
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..IN_FLIGHT as u64)
                .map(|lane| {
                    let (engine, done) = (&engine, &done);
                    scope.spawn(move || {
                        let mut seeds = (from + lane..to).step_by(IN_FLIGHT).take_while(|_| Instant::now() < until);
                        seeds.try_for_each(|seed| {
                            done.fetch_add(1, Ordering::SeqCst);
                            run_small(engine, seed).map(drop)
                        })
                    })
                })
                .collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().map_err(|_| Error::internal("a client's thread panicked"))?)
        })?;
        Ok(done.into_inner() as u64)
    };
    let processes: Vec<(String, u32)> = [(String::from("client"), std::process::id())]
        .into_iter()
        .chain(cluster.scheduler().map(|process| (String::from("scheduler"), process)))
        .chain(cluster.workers().into_iter().enumerate().map(|(number, process)| (format!("worker {number}"), process)))
        .collect();
    let look = || -> Vec<Footprint> { processes.iter().map(|(_, process)| Footprint::of(*process)).collect() };
    run(0, warm_up)?;
    std::thread::sleep(rest);
    let before = look();
    let began = Instant::now();
    let jobs = run(warm_up, warm_up + jobs)?;
    let seconds = began.elapsed().as_secs_f64();
    let ended = Instant::now();
    loop {
        let after = look();
        let disk: u64 = engine.describe()?.workers.iter().map(|worker| worker.persisted_bytes).sum();
        let left: Vec<Left> = processes
            .iter()
            .zip(before.iter().zip(after))
            .map(|((role, _), (before, after))| {
                let disk = if role.starts_with("worker") { disk } else { 0 };
                Left { role: role.clone(), before: *before, after, disk }
            })
            .collect();
        if ended.elapsed() >= patience || left.iter().all(&is_little) {
            return Ok(Many { left, jobs_per_second: jobs as f64 / seconds, jobs });
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// What many clients saw.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// Jobs a second, over all.
    pub jobs_per_second: f64,
    /// Milliseconds of one job: half, and 99 of 100, were faster.
    pub p50_ms: f64,
    /// See `p50_ms`.
    pub p99_ms: f64,
    /// When the first client had all its jobs done: what the slowest one had done, of what it wanted.
    pub slowest_share: f64,
    /// How many there were: fewer than wanted, if their time was up.
    pub jobs: u64,
}

/// `clients` clients run `jobs` small jobs each, or fewer if `until` comes before, one after the other, all at the same
/// time, on two workers.
///
/// # Errors
/// A job fails, or is wrong.
pub fn many_clients(clients: usize, jobs: u64, until: Instant) -> Result<Shared> {
    let cluster = cluster(2)?;
    let engines: Vec<ClusterEngine> =
        (0..clients).map(|_| connect(&cluster, Settings::default())).collect::<Result<_>>()?;
    engines[0].wait_for_workers(2, Duration::from_secs(20))?;
    let done: Vec<AtomicUsize> = (0..clients).map(|_| AtomicUsize::new(0)).collect();
    let at_first_end = parking_lot::Mutex::new(None);
    let began = Instant::now();
    let lanes: Result<Vec<Vec<f64>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = engines
            .iter()
            .enumerate()
            .map(|(number, engine)| {
                let (done, at_first_end) = (&done, &at_first_end);
                scope.spawn(move || -> Result<Vec<f64>> {
                    let mut milliseconds = vec![];
                    for seed in (0..jobs).take_while(|_| Instant::now() < until) {
                        milliseconds.push(run_small(engine, seed)?.as_secs_f64() * 1e3);
                        done[number].fetch_add(1, Ordering::SeqCst);
                    }
                    let least = done.iter().map(|done| done.load(Ordering::SeqCst)).min().unwrap_or(0);
                    at_first_end.lock().get_or_insert(least);
                    Ok(milliseconds)
                })
            })
            .collect();
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| Error::internal("a client's thread panicked"))?);
        ended.collect()
    });
    let mut milliseconds: Vec<f64> = lanes?.into_iter().flatten().collect();
    milliseconds.sort_by(f64::total_cmp);
    let at = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share) as usize];
    let least = at_first_end.lock().unwrap_or(0);
    let most = done.iter().map(|done| done.load(Ordering::SeqCst)).max().unwrap_or(0);
    Ok(Shared {
        jobs: milliseconds.len() as u64,
        jobs_per_second: milliseconds.len() as f64 / began.elapsed().as_secs_f64(),
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        slowest_share: least as f64 / most.max(1) as f64,
    })
}

/// One session submits `greedy` jobs at once, of six tasks of `pause_ms`; how long a job of six such tasks takes of
/// another session that comes then, and how long the greedy one's take in all: seconds.
///
/// # Errors
/// A job fails.
pub fn beside_a_greedy_session(greedy: usize, pause_ms: u64) -> Result<(f64, f64)> {
    let cluster = cluster(2)?;
    let (many, one) = (connect(&cluster, Settings::default())?, connect(&cluster, Settings::default())?);
    many.wait_for_workers(2, Duration::from_secs(20))?;
    let slow = || -> Result<Plan> {
        let pass = TestPass { pause_ms, ..TestPass::default() };
        Ok(Plan::new("slow", plan::operator(pass, vec![leaf(ROWS)?])?))
    };
    let began = Instant::now();
    let waiting = (0..greedy).map(|_| Ok(many.submit(slow()?))).collect::<Result<Vec<_>>>()?;
    // Some may have ended before the last one arrives.
    while many.describe()?.jobs.len() < greedy / 2 {
        if began.elapsed() > Duration::from_secs(20) {
            return Err(Error::cluster("the jobs do not arrive"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let came = Instant::now();
    one.submit(slow()?).wait()?;
    let alone = came.elapsed().as_secs_f64();
    for job in waiting {
        job.wait()?;
    }
    Ok((alone, began.elapsed().as_secs_f64()))
}

/// What one task cost the scheduler.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Processor time of the scheduler's process a task.
    pub microseconds: f64,
    /// Time of the whole job.
    pub seconds: f64,
    /// Of that time, what the scheduler computed.
    pub share: f64,
}

/// A job of one narrow stage of `tasks` tasks on `workers` workers that run nothing: each task is done at once, or after
/// `task`.
///
/// # Errors
/// The job fails.
pub fn scheduler_cost(workers: usize, tasks: usize, task: Duration) -> Result<Cost> {
    let cluster = cluster(0)?;
    let process = cluster.scheduler().ok_or_else(|| Error::internal("there is no scheduler"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
    simulated::start(&runtime, cluster.address(), workers, task)?;
    let engine = connect(&cluster, Settings::default())?;
    engine.wait_for_workers(workers, Duration::from_secs(30))?;
    let row = RecordBatch::try_new(
        jobs::schema(),
        vec![Arc::new(Int64Array::from(vec![1])), Arc::new(Int64Array::from(vec![2]))],
    )?;
    let leaf = plan::table(jobs::schema(), &vec![vec![row]; tasks])?;
    let narrow = Plan::new("narrow", plan::operator(TestPass::default(), vec![leaf])?);
    let (began, before) = (Instant::now(), processor_time(process));
    // Persisted: what the workers have not written is not fetched.
    let data = engine.persist(narrow).wait()?;
    let cost = processor_time(process).saturating_sub(before);
    let seconds = began.elapsed().as_secs_f64();
    if data.partitions() != tasks {
        return Err(Error::internal(format!("{} partitions for {tasks} tasks", data.partitions())));
    }
    let left = engine.describe()?.workers.len();
    if left != workers {
        return Err(Error::internal(format!("{left} simulated workers of {workers} are left")));
    }
    runtime.shutdown_background();
    let cost = cost.as_secs_f64();
    Ok(Cost { microseconds: cost * 1e6 / tasks as f64, seconds, share: cost / seconds })
}

/// The scheduler is killed during a job and started again at its address: seconds until its workers are there again,
/// and until the job, which may be submitted once more, has its right answer.
///
/// # Errors
/// They do not come back, or the answer is wrong.
pub fn restart() -> Result<(f64, f64)> {
    let cluster = cluster(2)?;
    let engine = connect(&cluster, Settings { retries: 1, ..Settings::default() })?;
    engine.wait_for_workers(2, Duration::from_secs(20))?;
    let known = job(&leaf(240)?, 240, Shape::Chain(3), 20_000, 1)?;
    let running = engine.submit(known.plan);
    std::thread::sleep(Duration::from_millis(300));
    cluster.restart_scheduler()?;
    let began = Instant::now();
    while !engine.describe().is_ok_and(|seen| seen.workers.len() == 2) {
        if began.elapsed() > Duration::from_secs(60) {
            return Err(Error::cluster("the workers do not come back"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let back = began.elapsed().as_secs_f64();
    if rows(&running.wait()?) != known.answer {
        return Err(Error::internal("the answer is wrong"));
    }
    Ok((back, began.elapsed().as_secs_f64()))
}
