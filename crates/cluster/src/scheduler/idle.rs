//! An idle cluster stops itself.

use super::control::State;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How often it is looked whether a gang runs.
const GANGS_SEEN_EVERY: Duration = Duration::from_secs(1);
/// How long workers may take to end.
const WORKERS_END_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether they have.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Resolves when no job and no gang has run for `idle_timeout`, and workers have been told to end. Sessions that are open, and data
/// that they hold, do not count: who left a notebook open has not asked to pay for a cluster.
pub async fn wait(state: &State, idle_timeout: Duration) {
    loop {
        let now = Instant::now();
        if !state.slots.is_idle() {
            state.hub.is_active();
        }
        let since = state.hub.idle_since().map_or(now, Instant::from_std);
        if now.duration_since(since) >= idle_timeout {
            break;
        }
        // A gang may begin and end between two looks; it has read persisted data, which a job made.
        sleep_until((since + idle_timeout).min(now + GANGS_SEEN_EVERY)).await;
    }
    tracing::warn!("no job for {} s: the cluster stops (--idle-timeout)", idle_timeout.as_secs_f64());
    state.hub.end_workers();
    let ended = async {
        while !state.hub.workers().is_empty() {
            sleep(LOOK_INTERVAL).await;
        }
    };
    if timeout(WORKERS_END_WITHIN, ended).await.is_err() {
        tracing::warn!("workers do not end: they look for a scheduler until their --death-timeout");
    }
}
