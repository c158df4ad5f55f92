//! Giving everything back: how long it took, and what was left.

use super::place::Place;
use super::report::{Done, Report};
use crate::end::Outcome;
use phalanx_engine::Error;
use std::time::Instant;

/// Stops and removes what the demo started and made.
pub fn run(place: Place, report: &mut Report) -> Outcome {
    let start = Instant::now();
    let left = place.close()?;
    let time = start.elapsed();
    if !left.processes.is_empty() || !left.folders.is_empty() {
        return Err(Error::internal(format!(
            "left behind: processes {:?}, folders {:?}",
            left.processes, left.folders
        ))
        .into());
    }
    let said = match left.stopped {
        0 => String::from("nothing was started; no folder is left"),
        stopped => format!("{stopped} processes stopped; no process and no folder is left"),
    };
    let done = Done::without_result()
        .fact("processes_stopped", left.stopped)
        .fact("processes_left", left.processes.len())
        .fact("folders_left", left.folders.len())
        .say(said);
    report.step("shutdown", time, done, None)?;
    report.end()
}
