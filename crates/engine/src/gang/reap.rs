//! Processes of ranks are killed and reaped, whatever becomes of the runtime that drove them: one that is shut down
//! reaps nobody, and a process that replaces itself keeps its children and knows nothing of them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long killed ranks may take to end: they give back their memory.
const END_TIMEOUT: Duration = Duration::from_secs(1);
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn running<T>(look: impl FnOnce(&mut BTreeSet<u32>) -> T) -> T {
    look(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A rank's process. Dropping it kills the process if it runs, and reaps it.
#[derive(Debug)]
pub struct Leash(u32);

impl Leash {
    /// On `process`, a child of this process that nobody has waited for.
    pub fn on(process: u32) -> Self {
        running(|running| running.insert(process));
        Self(process)
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let process = self.0;
        let forget = move || running(|running| running.retain(|other| *other != process));
        if !kill(process) {
            return forget();
        }
        let reap = std::thread::Builder::new().name(String::from("reap")).spawn(move || {
            reap(process);
            forget();
        });
        drop(reap); // without a thread, the runtime reaps it if it still runs
    }
}

/// Kills all ranks of this process, and waits until they are gone, for a second at most.
pub fn end_ranks() {
    let began = Instant::now();
    while running(|running| running.iter().filter(|process| kill(**process)).count()) > 0 {
        if began.elapsed() > END_TIMEOUT {
            return;
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// Kills a child that still runs, and no other process: numbers are used again. Was there one?
#[expect(unsafe_code, reason = "a child of ours is known by its number alone when its owner is gone")]
fn kill(process: u32) -> bool {
    let process = process as libc::pid_t;
    // SAFETY: plain numbers; no status is asked for. Zero: a child of ours that has not ended, so the number is its own.
    unsafe {
        let runs = libc::waitpid(process, std::ptr::null_mut(), libc::WNOHANG) == 0;
        if runs {
            libc::kill(process, libc::SIGKILL);
        }
        runs
    }
}

/// Waits for a child that was killed.
#[expect(unsafe_code, reason = "as above")]
fn reap(process: u32) {
    // SAFETY: plain numbers; no status is asked for. Where the runtime has reaped it, there is nothing to wait for.
    unsafe {
        libc::waitpid(process as libc::pid_t, std::ptr::null_mut(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_there(process: u32) -> bool {
        std::path::Path::new(&format!("/proc/{process}")).exists()
    }

    #[test]
    #[expect(clippy::zombie_processes, reason = "that none is left is what is tested")]
    fn whoever_is_on_a_leash_ends_with_it() {
        let began = Instant::now();
        let child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let leash = Leash::on(child.id());
        assert!(is_there(child.id()));
        drop(leash);
        while is_there(child.id()) || running(|running| running.contains(&child.id())) {
            assert!(began.elapsed() < Duration::from_secs(5));
            std::thread::sleep(LOOK_INTERVAL);
        }
        let child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let leash = Leash::on(child.id());
        end_ranks();
        assert!(!is_there(child.id()));
        drop(leash);
    }
}
