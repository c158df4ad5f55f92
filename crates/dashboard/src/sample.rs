//! A made-up cluster, to look at the pages and to measure them without one: `phalanx dashboard-sample`.

use futures::FutureExt;
use futures::future::BoxFuture;
use phalanx_engine::WorkerDescription;
use phalanx_engine::observe::{
    DataPlace, DataRecord, Failure, JobRecord, JobState, JobSummary, LogLine, MetricRecord, Observe, OperatorRecord,
    Overview, ProcessLog, RunRecord, SCHEDULER, StageRecord, TaskQuery, TaskRecord, Totals, WorkerRecord, WorkerSample,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// How large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Jobs that ended.
    pub jobs: usize,
    /// Workers that are here.
    pub workers: usize,
}

/// The cluster.
#[derive(Clone, Copy, Debug)]
pub struct Sample(Size);

/// Seconds that each made-up job takes.
const JOB_MS: u64 = 4_000;
const LABELS: [&str; 6] = [
    "svd of 1,000,000 × 100",
    "groupby carrier: mean, std, count",
    "mean over axis 0",
    "read flights.parquet",
    "merge on tail_number",
    "logistic regression, one Newton step",
];
const STAGES: [&str; 4] = ["read_rows", "partial_sums", "combine", "finish"];

impl Sample {
    /// One of this size.
    pub fn new(size: Size) -> Self {
        Self(size)
    }

    fn job_state(number: usize) -> JobState {
        match number % 37 {
            5 => JobState::Failed,
            11 => JobState::Cancelled,
            23 => JobState::Repeated,
            _ => JobState::Succeeded,
        }
    }

    fn ended(&self, number: usize, now_ms: u64) -> JobRecord {
        let state = Self::job_state(number);
        let back = (self.0.jobs - number) as u64 * JOB_MS;
        let submitted_at_ms = now_ms.saturating_sub(back + JOB_MS);
        let mut job = record(&format!("J{number:05}"), LABELS[number % LABELS.len()], 1000, submitted_at_ms);
        job.summary.state = state;
        job.summary.elapsed_ms = JOB_MS - 300 - (number as u64 * 97) % 2_000;
        job.summary.remaining_ms = None;
        if state == JobState::Failed {
            job.failure = Some(Failure {
                kind: String::from("data"),
                message: String::from("column \"delay\" of flights-2013-07.parquet has 3 values that are no numbers"),
                hint: Some(String::from("read it with dtype={\"delay\": \"string\"}, or repair the file")),
                place: Some(String::from("stage 1, partition 14, worker w0001")),
                causes: vec![
                    String::from("Parquet error: could not parse \"n/a\" as Float64"),
                    String::from("at row 1,048,576 of row group 3"),
                ],
            });
        }
        job
    }

    fn running(&self, now_ms: u64) -> Vec<JobRecord> {
        if self.0.workers == 0 {
            return vec![];
        }
        let step = now_ms / 500 % 40;
        vec![
            record("R00001", "svd of 20,000,000 × 400", 300 + step * 12, now_ms - 9_400),
            record("R00002", "groupby name: mean, std, count", 150 + step * 20, now_ms - 3_100),
        ]
    }

    fn worker(number: usize, now_ms: u64) -> WorkerRecord {
        let noise = |at: u64| {
            (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40
        };
        let now_s = now_ms / 1000;
        let sample = |at: u64| {
            let wave = ((at as f64 / 40.0 + number as f64).sin() + 1.2) / 2.2;
            WorkerSample {
                at_ms: at * 1000,
                tasks_running: (wave * 4.0) as u32,
                cores_busy: (wave * 3.6) as f32 + (noise(at) % 40) as f32 / 100.0,
                memory_used_bytes: ((wave + 0.4) * 5.0e9) as u64,
                persisted_bytes: number as u64 % 9 * 400_000_000 + at % 600 * 1_000_000,
            }
        };
        let samples: Vec<WorkerSample> = (now_s - 599..=now_s).map(sample).collect();
        let latest = samples.last().copied().unwrap_or_default();
        WorkerRecord {
            worker: WorkerDescription {
                id: worker_id(number),
                address: format!("10.0.{}.{}:40123", number / 250, number % 250 + 1),
                cores: 4,
                tasks_running: latest.tasks_running as usize,
                memory_bytes: 8 << 30,
                memory_used_bytes: latest.memory_used_bytes,
                persisted_bytes: latest.persisted_bytes,
                is_leaving: false,
                gpus: usize::from(number == 1),
            },
            process: 4_000 + number as u32,
            joined_at_ms: now_ms - 3_600_000,
            gone_at_ms: None,
            tasks_done: 2_000 + number as u64 * 7,
            tasks_failed: 0,
            cores_busy: latest.cores_busy,
            disk_bytes: 200 << 30,
            disk_free_bytes: (120 - number as u64 % 115) << 30,
            samples,
        }
    }
}

fn worker_id(number: usize) -> String {
    format!("w{:08x}{number:04}", (number as u32).wrapping_mul(0x9e37_79b9))
}

/// A job that is so many thousandths done.
fn record(job: &str, label: &str, done: u64, submitted_at_ms: u64) -> JobRecord {
    let mut stages = vec![];
    for (place, name) in STAGES.iter().enumerate() {
        let tasks = [64, 64, 16, 1][place];
        let before = [0, 300, 700, 950][place];
        let length = [300, 400, 250, 50][place];
        let share = done.saturating_sub(before).min(length) as f64 / length as f64;
        let tasks_done = (share * f64::from(tasks)) as usize;
        let rows = tasks_done as u64 * [125_000, 1_000, 1_000, 400][place];
        let skew = [1.1, 1.3, 4.2, 1.0][place];
        stages.push(StageRecord {
            stage: place + 1,
            name: (*name).to_owned(),
            consumers: if place + 1 < STAGES.len() { vec![place + 2] } else { vec![] },
            tasks: tasks as usize,
            tasks_running: if share > 0.0 && share < 1.0 { 4.min(tasks as usize - tasks_done) } else { 0 },
            tasks_done,
            rows,
            bytes: rows * 64,
            began_at_ms: submitted_at_ms + before * JOB_MS / 1000,
            ended_at_ms: submitted_at_ms + (before + length) * JOB_MS / 1000,
            task_ms: tasks_done as u64 * 120,
            longest_task_ms: if tasks_done > 0 { (120.0 * skew) as u64 } else { 0 },
            time_skew: if tasks_done > 0 { skew } else { 0.0 },
            row_skew: if tasks_done > 0 { 1.0 } else { 0.0 },
            operators: operators(place, rows, tasks_done as u64),
        });
    }
    let sum = |of: fn(&StageRecord) -> u64| stages.iter().map(of).sum::<u64>();
    let summary = JobSummary {
        job: job.to_owned(),
        label: label.to_owned(),
        session: String::from("5a8b1c9e2f"),
        state: JobState::Running,
        submitted_at_ms,
        elapsed_ms: JOB_MS * done / 1000,
        remaining_ms: (done < 1000 && done > 50).then_some(JOB_MS * 5 * (1000 - done) / 1000),
        tasks: sum(|stage| stage.tasks as u64),
        tasks_running: sum(|stage| stage.tasks_running as u64),
        tasks_done: sum(|stage| stage.tasks_done as u64),
        rows: stages.last().map_or(0, |stage| stage.rows),
        bytes: sum(|stage| stage.bytes),
        task_ms: sum(|stage| stage.task_ms),
    };
    JobRecord { summary, stages, failure: None }
}

fn operators(place: usize, rows: u64, tasks: u64) -> Vec<OperatorRecord> {
    let below: &[&str] = [
        &["read_rows", "DataSourceExec"][..],
        &["partial_sums", "FilterExec", "ShuffleReaderExec"],
        &["combine", "SortExec", "ShuffleReaderExec"],
        &["finish", "ShuffleReaderExec"],
    ][place];
    let all = ["write"].iter().chain(below).enumerate();
    all.map(|(depth, name)| OperatorRecord {
        depth: depth as u32,
        name: (*name).to_owned(),
        rows,
        compute_us: tasks * [9_000, 61_000, 24_000, 4_000][depth.min(3)],
        spilled_bytes: if *name == "SortExec" { rows * 16 } else { 0 },
    })
    .collect()
}

/// What a made-up process wrote.
fn logged(process: String, now_ms: u64) -> ProcessLog {
    const SAID: [(&str, &str); 4] = [
        ("info", "worker w9e3779b90001 at 10.0.0.2:40123 has joined cores=4 memory_bytes=8589934592"),
        (
            "info",
            "task 14 of stage 1 of job J00042 failed: column \"delay\" of flights-2013-07.parquet has 3 values that are no numbers",
        ),
        ("warn", "changed credentials are not used error=the certificate has <expired>"),
        ("info", "rank 0 of 2 begins: xgboost"),
    ];
    let lines = (0..30_u64).map(|number| {
        let (level, text) = SAID[(number % 4) as usize];
        LogLine { number: number + 13, at_ms: now_ms - (30 - number) * 20_000, level: level.into(), text: text.into() }
    });
    ProcessLog { process, lines: lines.collect(), lines_dropped: 12 }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

impl Observe for Sample {
    fn overview(&self) -> BoxFuture<'_, Overview> {
        let at_ms = now_ms();
        let Size { jobs, workers } = self.0;
        let recent = (0..jobs).rev().take(12).map(|number| self.ended(number, at_ms).summary).collect();
        let overview = Overview {
            address: String::from("tcp://127.0.0.1:8786"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at_ms,
            began_at_ms: at_ms - 5_025_000,
            sessions: u64::from(workers > 0) * 3,
            workers: (0..workers)
                .map(|number| WorkerRecord { samples: vec![], ..Self::worker(number, at_ms) })
                .collect(),
            running: self.running(at_ms),
            recent,
            totals: Totals {
                jobs_succeeded: jobs as u64,
                jobs_failed: jobs as u64 / 37,
                tasks_done: jobs as u64 * 145,
                task_ms: jobs as u64 * 17_400,
                rows: jobs as u64 * 8_080_400,
                bytes: jobs as u64 * 517_145_600,
                workers_joined: workers as u64 + 1,
                workers_gone: u64::from(workers > 0),
                ..Totals::default()
            },
        };
        async move { overview }.boxed()
    }

    fn jobs(&self) -> BoxFuture<'_, Vec<JobSummary>> {
        let at_ms = now_ms();
        let running = self.running(at_ms).into_iter();
        let ended = (0..self.0.jobs).rev().map(|number| self.ended(number, at_ms));
        let all = running.chain(ended).map(|job| job.summary).collect();
        async move { all }.boxed()
    }

    fn job(&self, job: &str) -> BoxFuture<'_, Option<JobRecord>> {
        let at_ms = now_ms();
        let ended = job.strip_prefix('J').and_then(|number| number.parse().ok()).filter(|number| *number < self.0.jobs);
        let found = match ended {
            Some(number) => Some(self.ended(number, at_ms)),
            None => self.running(at_ms).into_iter().find(|record| record.summary.job == job),
        };
        async move { found }.boxed()
    }

    fn tasks(&self, query: &TaskQuery) -> BoxFuture<'_, Vec<TaskRecord>> {
        let at_ms = now_ms();
        let mut tasks = vec![];
        for number in (0..self.0.jobs).rev() {
            let job = self.ended(number, at_ms);
            let of_job = query.job.as_ref().is_none_or(|wanted| *wanted == job.summary.job);
            if job.summary.submitted_at_ms + JOB_MS < query.since_ms || tasks.len() >= query.count_max {
                break;
            }
            if !of_job {
                continue;
            }
            for task in 0..144_u64 {
                let worker = (task as usize * 7 + number) % self.0.workers.max(1);
                let began_at_ms = job.summary.submitted_at_ms + task / 8 * 180 + task * 13 % 90;
                tasks.push(TaskRecord {
                    job: job.summary.job.clone(),
                    stage: (task / 48) as u32 + 1,
                    task: (task % 48) as u32,
                    worker: worker_id(worker),
                    began_at_ms,
                    ended_at_ms: began_at_ms + 80 + task * 31 % 190,
                    succeeded: job.summary.state != JobState::Failed || task != 100,
                });
            }
        }
        tasks.truncate(query.count_max);
        tasks.sort_by_key(|task| task.ended_at_ms);
        async move { tasks }.boxed()
    }

    fn workers(&self) -> BoxFuture<'_, Vec<WorkerRecord>> {
        let at_ms = now_ms();
        let mut all: Vec<WorkerRecord> = (0..self.0.workers).map(|number| Self::worker(number, at_ms)).collect();
        if self.0.workers > 0 {
            let gone = WorkerRecord { gone_at_ms: Some(at_ms - 90_000), ..Self::worker(self.0.workers, at_ms) };
            all.push(gone);
        }
        all.sort_by(|a, b| a.worker.id.cmp(&b.worker.id));
        async move { all }.boxed()
    }

    fn log(&self, process: &str) -> BoxFuture<'_, Option<ProcessLog>> {
        let (at_ms, process) = (now_ms(), process.to_owned());
        let is_known = process == SCHEDULER || (0..=self.0.workers).any(|number| worker_id(number) == process);
        let found = is_known.then(|| logged(process, at_ms));
        async move { found }.boxed()
    }

    fn data(&self) -> BoxFuture<'_, Vec<DataRecord>> {
        let at_ms = now_ms();
        let one = |number: usize| {
            let holders = self.0.workers.clamp(1, 4);
            let places: Vec<DataPlace> = (0..holders)
                .map(|place| DataPlace {
                    worker: worker_id((number * 3 + place) % self.0.workers.max(1)),
                    is_here: number != 2 || place != 1,
                    partitions: 8,
                    rows: 1_000_000,
                    bytes: (200_000_000 >> number.min(6)) as u64,
                })
                .collect();
            DataRecord {
                data: format!("J{:05}", 900 + number),
                label: LABELS[number % LABELS.len()].to_owned(),
                session: String::from("5a8b1c9e2f"),
                since_at_ms: at_ms - number as u64 * 60_000,
                is_scattered: number == 3,
                partitions: places.iter().map(|place| place.partitions).sum(),
                rows: places.iter().map(|place| place.rows).sum(),
                bytes: places.iter().map(|place| place.bytes).sum(),
                places,
            }
        };
        let all = (0..self.0.jobs.min(9)).filter(|_| self.0.workers > 0).map(one).collect();
        async move { all }.boxed()
    }

    fn runs(&self) -> BoxFuture<'_, Vec<RunRecord>> {
        let at_ms = now_ms();
        let curve = |last: u64, value: &dyn Fn(f64) -> f64| (1..=last).map(|at| (at, Some(value(at as f64)))).collect();
        let boosting = at_ms / 500 % 100 + 1;
        let run = |run: &str, name: &str, iteration: u64, has_ended: bool, metrics: Vec<MetricRecord>| RunRecord {
            run: run.to_owned(),
            name: name.to_owned(),
            session: String::from("5a8b1c9e2f"),
            began_at_ms: at_ms - iteration * 500,
            updated_at_ms: at_ms,
            has_ended,
            iteration,
            iterations_max: Some(100),
            metrics,
        };
        let metric = |name: &str, points: Vec<(u64, Option<f64>)>| MetricRecord { name: name.to_owned(), points };
        let all = vec![
            run(
                "b1",
                "XGBoost, fraud",
                boosting,
                false,
                vec![
                    metric("train-logloss", curve(boosting, &|at| 0.65 / (1.0 + at / 9.0) + 0.02)),
                    metric("test-logloss", curve(boosting, &|at| 0.65 / (1.0 + at / 8.0) + 0.05 + at * 3e-4)),
                    metric("test-auc", curve(boosting, &|at| 0.97 - 0.4 / (1.0 + at / 4.0))),
                ],
            ),
            run(
                "l1",
                "LogisticRegression",
                9,
                true,
                vec![
                    metric("objective", curve(9, &|at| 0.31 + 0.38 * (-at).exp())),
                    metric("gradient", curve(9, &|at| (-at * 1.9).exp())),
                ],
            ),
        ];
        let all = if self.0.workers > 0 { all } else { vec![] };
        async move { all }.boxed()
    }

    fn cancel(&self, job: &str, _: &str) -> BoxFuture<'_, bool> {
        let runs = self.running(now_ms()).iter().any(|record| record.summary.job == job);
        async move { runs }.boxed()
    }

    fn release(&self, data: &str, _: &str) -> BoxFuture<'_, bool> {
        let data = data.to_owned();
        async move { self.data().await.iter().any(|record| record.data == data) }.boxed()
    }
}
