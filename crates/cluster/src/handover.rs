//! When a worker leaves, the session that persisted data on it lets other workers take that over: nothing is computed
//! again. The client leads, because it alone knows where each partition is, and must learn where it goes.

use crate::data::{DataName, Pool};
use crate::protocol::{ADOPT, Adopt, HeldPart, Scattered};
use crate::session::{Session, Watch};
use arrow_flight::Action;
use arrow_flight::flight_service_client::FlightServiceClient;
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::{Error, Location, Result};
use prost::Message;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Weak};

/// Partitions on their way at once.
const HANDOVERS_MAX: usize = 4;

/// Hands over what leaving workers hold, until the session ends.
pub async fn hand_over_forever(session: Weak<Session>, mut updates: Watch, pool: Pool) {
    let mut done: HashSet<String> = HashSet::new();
    while let Ok(leaving) = updates.leaving().await {
        done.retain(|worker| leaving.contains(worker));
        for worker in leaving.iter() {
            let Some(session) = session.upgrade() else { return };
            if done.contains(worker) {
                continue;
            }
            if let Err(error) = hand_over(Arc::clone(&session), pool.clone(), worker.clone()).await {
                tracing::warn!(worker, %error, "what it holds is not handed over, and is made again where it is read");
            }
            if session.needs_nothing(worker).await.is_ok() {
                done.insert(worker.clone());
            }
        }
    }
}

/// A worker that takes data over.
struct Taker {
    id: String,
    address: String,
    bytes: u64,
}

async fn hand_over(session: Arc<Session>, pool: Pool, worker: String) -> Result<()> {
    let others = session.describe().await?.workers.into_iter().filter(|other| other.id != worker && !other.is_leaving);
    let mut takers: Vec<Taker> =
        others.map(|other| Taker { id: other.id, address: other.address, bytes: other.persisted_bytes }).collect();
    if takers.is_empty() {
        return Err(Error::cluster(format!("worker {worker} is the last one")));
    }
    let mut failed = None;
    for data in session.persisted() {
        let _others_wait = data.rebuilding().await;
        let before = data.locations();
        // Each goes to the worker that then holds least.
        let to: Vec<Option<Location>> = before.iter().map(|from| place(from, &worker, &mut takers)).collect();
        let moves = before.iter().cloned().zip(to).map(|(from, to)| {
            let pool = pool.clone();
            async move {
                match to {
                    None => Ok(from),
                    Some(to) => adopt(&pool, &from, &to).await.map(|()| to),
                }
            }
        });
        let moved: Vec<Result<Location>> = futures::stream::iter(moves).buffered(HANDOVERS_MAX).collect().await;
        let mut after = vec![];
        for (from, to) in before.iter().zip(moved) {
            after.push(to.unwrap_or_else(|error| {
                failed = Some(error);
                from.clone()
            }));
        }
        if after != before {
            tell(&session, &worker, &before, &after).await;
            data.moved(after);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Tells those who look where partitions of `worker` are now. One that was made again bears another job's name.
async fn tell(session: &Session, worker: &str, before: &[Location], after: &[Location]) {
    let mut moved: BTreeMap<String, Vec<HeldPart>> = BTreeMap::new();
    for (from, to) in before.iter().zip(after) {
        if from != to
            && let Some(name) = DataName::parse(&from.path)
        {
            let part = HeldPart { worker: to.worker.clone(), rows: to.rows, bytes: to.bytes };
            moved.entry(name.job).or_default().push(part);
        }
    }
    for (data, parts) in moved {
        // In order: what is handed over may be handed over again.
        session.tell_of(Scattered { data, parts, before: worker.to_owned(), ..Scattered::default() }).await;
    }
}

/// Where a partition goes that is on `worker`.
fn place(from: &Location, worker: &str, takers: &mut [Taker]) -> Option<Location> {
    if from.worker != worker || from.path.is_empty() {
        return None;
    }
    let taker = takers.iter_mut().min_by_key(|taker| taker.bytes)?;
    taker.bytes += from.bytes;
    Some(Location { worker: taker.id.clone(), address: taker.address.clone(), ..from.clone() })
}

async fn adopt(pool: &Pool, from: &Location, to: &Location) -> Result<()> {
    let refused = |status: tonic::Status| {
        Error::cluster(format!("worker {} does not take over {}", to.worker, from.path)).caused_by(&status)
    };
    let adopt = Adopt { worker: from.worker.clone(), address: from.address.clone(), path: from.path.clone() };
    let action = Action { r#type: ADOPT.to_owned(), body: adopt.encode_to_vec().into() };
    let mut client = FlightServiceClient::new(pool.channel(&to.address).await?);
    let answer = client.do_action(action).await.map_err(refused)?;
    answer.into_inner().try_for_each(|_| async { Ok(()) }).await.map_err(refused)
}
