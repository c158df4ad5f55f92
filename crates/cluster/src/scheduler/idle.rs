//! An idle cluster stops itself.

use super::hub::Hub;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long workers may take to end.
const WORKERS_END_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether they have.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Resolves when no job has run for `idle_timeout`, and workers have been told to end. Sessions that are open, and data
/// that they hold, do not count: who left a notebook open has not asked to pay for a cluster.
pub async fn wait(hub: &Hub, idle_timeout: Duration) {
    loop {
        let now = Instant::now();
        let since = hub.idle_since().map_or(now, Instant::from_std);
        if now.duration_since(since) >= idle_timeout {
            break;
        }
        // A job that runs is looked at again after a whole timeout: it can't have been idle for one before.
        sleep_until(since + idle_timeout).await;
    }
    tracing::warn!("no job for {} s: the cluster stops (--idle-timeout)", idle_timeout.as_secs_f64());
    hub.end_workers();
    let ended = async {
        while !hub.workers().is_empty() {
            sleep(LOOK_INTERVAL).await;
        }
    };
    if timeout(WORKERS_END_WITHIN, ended).await.is_err() {
        tracing::warn!("workers do not end: they look for a scheduler until their --death-timeout");
    }
}
