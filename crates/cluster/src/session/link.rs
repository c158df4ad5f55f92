//! What a session hears of its scheduler, and how it follows it over a loss.

use super::{WORKERS_GRACE, no_workers, scheduler_lost};
use crate::observer::{no_scheduler, refused_or_lost};
use crate::protocol::service::control_client::ControlClient;
use crate::protocol::{Hello, Update};
use crate::transport::{MESSAGE_BYTES_MAX, Role, SchedulerAddress, Transport};
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use parking_lot::RwLock;
use phalanx_engine::{Error, ErrorKind, Progress, Result, StageProgress};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Streaming;
use tonic::transport::Channel;

/// A scheduler that was lost is looked for this often.
const SEARCH_INTERVAL: Duration = Duration::from_millis(250);

/// What is known of the scheduler.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How often it was lost.
    pub losses: u64,
    /// What its stream last said; `None` while it is lost.
    pub live: Option<Live>,
}

#[derive(Clone, Debug, Default)]
pub struct Live {
    pub workers: usize,
    /// Since when there is no worker.
    none_since: Option<Instant>,
    jobs: Arc<Vec<Progress>>,
    /// Workers that wait for this session to need nothing of them.
    leaving: Arc<Vec<String>>,
}

/// How a session reaches its scheduler.
#[derive(Clone)]
pub struct Link {
    pub control: ControlClient<Channel>,
    pub scheduler: SchedulerGrpcClient<Channel>,
}

/// Where a session's scheduler is, and who asks.
pub struct Road {
    pub address: SchedulerAddress,
    pub transport: Transport,
    pub id: String,
}

/// Opens new connections, begins the session `id`, or goes on with it, and waits for the first update.
pub async fn connect(
    address: &SchedulerAddress,
    transport: &Transport,
    id: &str,
) -> Result<(Link, Streaming<Update>, Update)> {
    let nobody = |error: Error| no_scheduler(address, &error);
    let channel = transport.connect(address.authority(), Role::Scheduler).await.map_err(nobody)?;
    // A connection of its own: a long message of a job must not delay what is heard of it.
    let control = transport.connect(address.authority(), Role::Scheduler).await.map_err(nobody)?;
    let mut control = ControlClient::new(control);
    let mut updates = control.session(Hello::ours(id)).await.map_err(|status| refused_or_lost(&status))?.into_inner();
    let first = updates.message().await.ok().flatten().ok_or_else(scheduler_lost)?;
    if !first.refuse.is_empty() {
        return Err(Error::input(format!("the scheduler refuses this client: {}", first.refuse))
            .with_hint("start scheduler, workers and client from the same build"));
    }
    let scheduler = SchedulerGrpcClient::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Ok((Link { control, scheduler }, updates, first))
}

/// Follows the stream and notes what it says; looks for the scheduler when it ends, until the session is dropped.
pub async fn follow(
    road: Road,
    mut updates: Streaming<Update>,
    seen: watch::Sender<Seen>,
    link: Arc<RwLock<Link>>,
    mut warned: String,
) {
    loop {
        while let Ok(Some(update)) = updates.message().await {
            note(&seen, update, &mut warned);
        }
        seen.send_modify(|seen| *seen = Seen { losses: seen.losses + 1, live: None });
        updates = loop {
            tokio::time::sleep(SEARCH_INTERVAL).await;
            if seen.is_closed() {
                return;
            }
            match connect(&road.address, &road.transport, &road.id).await {
                Ok((again, updates, first)) => {
                    *link.write() = again;
                    note(&seen, first, &mut warned);
                    break updates;
                }
                Err(error) if error.kind() == ErrorKind::Input => {
                    tracing::warn!(%error, "what is at the scheduler's address now is not for this client");
                    return;
                }
                Err(_) => {}
            }
        };
        tracing::info!("the scheduler is there again");
    }
}

pub fn note(seen: &watch::Sender<Seen>, update: Update, warned: &mut String) {
    if !update.warn.is_empty() && update.warn != *warned {
        tracing::warn!("{}", update.warn);
        *warned = update.warn;
    }
    let workers = update.workers as usize;
    let jobs: Vec<Progress> = serde_json::from_str(&update.jobs).unwrap_or_default();
    seen.send_modify(|seen| {
        let before = seen.live.as_ref().and_then(|live| live.none_since);
        let none_since = (workers == 0).then(|| before.unwrap_or_else(Instant::now));
        let (jobs, leaving) = (Arc::new(jobs), Arc::new(update.leaving));
        seen.live = Some(Live { workers, none_since, jobs, leaving });
    });
}

/// A view of a session's updates.
pub struct Watch(pub(super) watch::Receiver<Seen>);

impl Watch {
    /// Waits for an update; the stages of `attempt`, if it tells of them.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or there has been no worker for [`WORKERS_GRACE`].
    pub async fn next(&mut self, attempt: &str) -> Result<Option<Vec<StageProgress>>> {
        if self.0.changed().await.is_err() {
            return Err(scheduler_lost());
        }
        match &self.0.borrow_and_update().live {
            None => Err(scheduler_lost()),
            Some(Live { none_since: Some(since), .. }) if since.elapsed() >= WORKERS_GRACE => Err(no_workers()),
            Some(live) => {
                let ours = live.jobs.iter().find(|progress| progress.job == attempt);
                Ok(ours.map(|progress| progress.stages.clone()))
            }
        }
    }
    /// Waits until there are workers that leave: their names.
    ///
    /// # Errors
    /// `Cluster`: the session has ended.
    pub async fn leaving(&mut self) -> Result<Arc<Vec<String>>> {
        if self.0.changed().await.is_err() {
            return Err(scheduler_lost());
        }
        Ok(self.0.borrow_and_update().live.as_ref().map(|live| Arc::clone(&live.leaving)).unwrap_or_default())
    }
}
