//! The status page with made-up data, to look at it without a cluster:
//! `cargo run --release -p phalanx-dashboard --example sample` (add `empty` for a cluster that has just begun).

use phalanx_dashboard::{Dashboard, Describe};
use phalanx_engine::{EngineDescription, EngineKind, Progress, StageProgress, WorkerDescription};
use std::sync::Arc;
use std::time::Instant;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_empty = std::env::args().any(|argument| argument == "empty");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8787").await?;
    let start = Instant::now();
    let describe: Describe = Arc::new(move || {
        let description = if is_empty { empty() } else { busy(start.elapsed().as_secs() as usize) };
        Box::pin(async move { description })
    });
    let dashboard = Dashboard::start(listener, describe)?;
    println!("http://{}/status", dashboard.address());
    std::future::pending().await
}

fn empty() -> EngineDescription {
    EngineDescription {
        kind: EngineKind::Cluster,
        address: "tcp://127.0.0.1:8786".into(),
        page: None,
        workers: vec![],
        jobs: vec![],
    }
}

fn busy(seconds: usize) -> EngineDescription {
    let worker = |number: u64, busy: usize, used: u64| WorkerDescription {
        id: format!("w{:016x}{number:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        address: format!("127.0.0.1:{}", 40_001 + number),
        cores: 2,
        tasks_running: busy,
        memory_bytes: 4 << 30,
        memory_used_bytes: used,
        persisted_bytes: number * 400_000_000,
        is_leaving: false,
    };
    let stage = |number: usize, name: &str, tasks: usize, done: usize, running: usize| StageProgress {
        stage: number,
        name: name.into(),
        tasks,
        tasks_running: running,
        tasks_done: done,
        rows: done as u64 * 50_000,
        bytes: done as u64 * 40_000_000,
    };
    let step = 5 + seconds % 12;
    let svd = Progress {
        job: "aB3xK9q".into(),
        label: "svd of 1,000,000 × 100".into(),
        attempts: 1,
        stages: vec![
            stage(1, "factor", 20, 20, 0),
            stage(2, "stack", 1, 1, 0),
            stage(3, "multiply", 20, step, 3),
            stage(4, "checksum", 20, 0, 0),
        ],
    };
    let groupby = Progress {
        job: "Zt81mPw".into(),
        label: "groupby name: mean, std, count".into(),
        attempts: 2,
        stages: vec![stage(1, "AggregateExec", 30, 4 + step, 1), stage(2, "AggregateExec", 8, 0, 0)],
    };
    let workers = vec![worker(1, 2, 900 << 20), worker(2, 1, 2100 << 20), worker(3, 1, 3900 << 20)];
    EngineDescription { workers, jobs: vec![svd, groupby], ..empty() }
}
