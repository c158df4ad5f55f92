//! `phalanx status`.

use crate::args::StatusArgs;
use crate::end::Outcome;
use crate::text;
use phalanx_cluster::{Observer, Role};
use phalanx_engine::{EngineDescription, Error};
use std::fmt::Write as _;
use std::io::Write as _;

/// Asks and prints, once or again and again.
pub fn run(args: &StatusArgs) -> Outcome {
    let transport = args.credentials.transport(&[Role::Viewer, Role::Client], args.scheduler.authority())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::resources("the network can't be used").caused_by(&error))?;
    let observer = runtime.block_on(Observer::connect(&args.scheduler, &transport))?;
    loop {
        let description = runtime.block_on(observer.describe())?;
        let text = if args.json {
            serde_json::to_string(&description)
                .map_err(|error| Error::internal("a description can't be written").caused_by(&error))?
        } else {
            show(&description)
        };
        let mut output = std::io::stdout().lock();
        writeln!(output, "{}", text.trim_end())?;
        let Some(interval) = args.watch else { return Ok(()) };
        if !args.json {
            writeln!(output)?;
        }
        output.flush()?;
        drop(output);
        std::thread::sleep(interval);
    }
}

fn show(description: &EngineDescription) -> String {
    let mut out = String::new();
    let workers = &description.workers;
    let cores: usize = workers.iter().map(|worker| worker.cores).sum();
    let persisted: u64 = workers.iter().map(|worker| worker.persisted_bytes).sum();
    line(
        &mut out,
        format_args!(
            "scheduler {}: {}, {}, {}, {} persisted",
            description.address,
            text::plural(workers.len(), "worker"),
            text::plural(cores, "core"),
            text::plural(description.jobs.len(), "running job"),
            text::bytes(persisted)
        ),
    );
    if workers.is_empty() {
        line(&mut out, format_args!("\nNo worker yet. Start one:\n  phalanx worker {}", description.address));
    } else {
        out.push('\n');
        let mut rows = vec![["WORKER", "ADDRESS", "CORES", "GPUS", "TASKS", "MEMORY", "PERSISTED"].map(String::from)];
        rows.extend(workers.iter().map(|worker| {
            [
                worker.id.clone(),
                worker.address.clone(),
                worker.cores.to_string(),
                if worker.gpus > 0 { worker.gpus.to_string() } else { String::from("none") },
                worker.tasks_running.to_string(),
                format!("{} of {}", text::bytes(worker.memory_used_bytes), text::bytes(worker.memory_bytes)),
                text::bytes(worker.persisted_bytes),
            ]
        }));
        table(&mut out, &rows);
    }
    for job in &description.jobs {
        line(&mut out, format_args!("\n{} (job {})", job.label, job.job));
        let mut rows = vec![["STAGE", "NAME", "TASKS", "RUNNING", "ROWS", "BYTES"].map(String::from)];
        rows.extend(job.stages.iter().map(|stage| {
            [
                stage.stage.to_string(),
                stage.name.clone(),
                format!("{}/{}", stage.tasks_done, stage.tasks),
                stage.tasks_running.to_string(),
                text::count(stage.rows),
                text::bytes(stage.bytes),
            ]
        }));
        table(&mut out, &rows);
    }
    out
}

pub fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _written = writeln!(out, "{text}");
}

/// Columns as wide as their widest cell.
pub fn table<const N: usize>(out: &mut String, rows: &[[String; N]]) {
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(out, format_args!("{}", cells.join("  ").trim_end()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::{EngineKind, Progress, StageProgress, WorkerDescription};

    fn description(workers: Vec<WorkerDescription>, jobs: Vec<Progress>) -> EngineDescription {
        EngineDescription {
            kind: EngineKind::Cluster,
            address: "tcp://127.0.0.1:8786".into(),
            page: None,
            workers,
            jobs,
        }
    }

    #[test]
    fn an_empty_cluster_says_what_to_type() {
        let expected = "\
scheduler tcp://127.0.0.1:8786: 0 workers, 0 cores, 0 running jobs, 0 bytes persisted

No worker yet. Start one:
  phalanx worker tcp://127.0.0.1:8786
";
        assert_eq!(show(&description(vec![], vec![])), expected);
    }

    #[test]
    fn workers_and_jobs_are_aligned() {
        let worker = WorkerDescription {
            id: "w1".into(),
            address: "127.0.0.1:40001".into(),
            cores: 2,
            tasks_running: 1,
            memory_bytes: 4 << 30,
            memory_used_bytes: 100 << 20,
            persisted_bytes: 1 << 20,
            is_leaving: false,
            gpus: 2,
        };
        let stage = StageProgress {
            stage: 1,
            name: "sum".into(),
            tasks: 8,
            tasks_running: 1,
            tasks_done: 3,
            rows: 12_000,
            bytes: 96_000,
        };
        let job = Progress { job: "j7".into(), label: "mean".into(), attempts: 1, stages: vec![stage] };
        let expected = "\
scheduler tcp://127.0.0.1:8786: 2 workers, 4 cores, 1 running job, 1.0 MiB persisted

WORKER  ADDRESS          CORES  GPUS  TASKS  MEMORY              PERSISTED
w1      127.0.0.1:40001  2      2     1      100 MiB of 4.0 GiB  1.0 MiB
w2      127.0.0.1:40002  2      none  0      0 bytes of 4.0 GiB  0 bytes

mean (job j7)
STAGE  NAME  TASKS  RUNNING  ROWS    BYTES
1      sum   3/8    1        12,000  94 KiB
";
        let other = WorkerDescription {
            id: "w2".into(),
            address: "127.0.0.1:40002".into(),
            tasks_running: 0,
            memory_used_bytes: 0,
            persisted_bytes: 0,
            gpus: 0,
            ..worker.clone()
        };
        assert_eq!(show(&description(vec![worker, other], vec![job])), expected);
    }
}
