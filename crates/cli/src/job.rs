//! `phalanx job` and `phalanx replay`.

use crate::args::{CredentialsArg, JobCommand, ReplayArgs};
use crate::end::Outcome;
use crate::text;
use phalanx_cluster::{ClusterEngine, Role, SchedulerAddress, replayed};
use phalanx_engine::{Engine, LocalEngine, Result, SavedPlan, Settings};
use std::io::Write as _;

fn connect(scheduler: &SchedulerAddress, credentials: &CredentialsArg) -> Result<ClusterEngine> {
    ClusterEngine::connect(
        scheduler,
        Settings::default(),
        credentials.transport(&[Role::Client], scheduler.authority())?,
    )
}

/// Lists or saves.
pub fn run(command: &JobCommand) -> Outcome {
    let mut out = std::io::stdout().lock();
    match command {
        JobCommand::List { scheduler, credentials } => {
            let failed = connect(scheduler, credentials)?.failed_jobs()?;
            if failed.is_empty() {
                writeln!(out, "no job failed lately")?;
            }
            for job in failed {
                writeln!(out, "{}  {}: {}", job.job, job.label, job.error.lines().next().unwrap_or_default())?;
            }
        }
        JobCommand::Save { scheduler, job, out: path, credentials } => {
            let saved = connect(scheduler, credentials)?.save_job(job)?;
            saved.write(path)?;
            writeln!(
                out,
                "{:?} is in {}: run it with `phalanx replay {}`",
                saved.label,
                path.display(),
                path.display()
            )?;
        }
    }
    Ok(())
}

/// Runs a saved plan.
pub fn replay(args: &ReplayArgs) -> Outcome {
    let saved = SavedPlan::read(&args.file)?;
    let engine = LocalEngine::new(Settings::default())?;
    let result = engine.submit(replayed(&saved, &engine)?).wait()?;
    let rows: usize = result.iter().flatten().map(|batch| batch.num_rows()).sum();
    let partitions = text::plural(result.len(), "partition");
    writeln!(std::io::stdout(), "{:?}: {} in {partitions}", saved.label, text::plural(rows, "row"))?;
    Ok(())
}
