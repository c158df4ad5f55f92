//! The client's side of gangs on a cluster: cores from the scheduler, then a stream to the worker of each rank.
//!
//! The streams go to the workers' data services and not through the scheduler: what ranks say (a checkpoint) may be
//! large, and a stream that ends is how either side hears of the other's end.

use crate::data::Pool;
use crate::protocol::{GangRequest, RankPlace};
use crate::session::Session;
use crate::transport::MESSAGE_BYTES_MAX;
use crate::worker::messages_of;
use arrow_flight::FlightData;
use arrow_flight::flight_service_client::FlightServiceClient;
use phalanx_engine::gang::idle::{IdleGangs, Shape};
use phalanx_engine::gang::packet::{Assembler, Kind, Packet};
use phalanx_engine::gang::process::error_of;
use phalanx_engine::gang::{Order, Processors, RankEvent, RankLink, RankSpec, Started, TOO_FEW_GPUS_HINT};
use phalanx_engine::{Error, GangPlan, Plaintext, Result};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::Streaming;

/// What ranks said and the caller has not heard yet.
const EVENTS_WAITING_MAX: usize = 16;

/// Starts all ranks of `plan`, as soon as there are cores for all of them; where an idle gang's are, these start again.
///
/// # Errors
/// `Cluster`: a worker or the scheduler is lost. `Input`: the plan is none, or its ranks would talk in plain text between
/// hosts of a cluster with credentials, which it does not allow.
pub async fn start(session: &Arc<Session>, pool: &Pool, idle: &Arc<IdleGangs>, plan: GangPlan) -> Result<Started> {
    let mut specs = plan.specs()?;
    session.need_workers().await?;
    let one_host = pool.is_secure() && plan.plaintext == Plaintext::WithinHost;
    let on_gpus = plan.processors == Processors::Gpus;
    let request = GangRequest { ranks: plan.ranks as u32, threads: plan.threads as u32, one_host, on_gpus };
    let (places, reservation) = session.reserve(request).await?;
    if !places.refuse.is_empty() {
        return Err(match on_gpus {
            true => Error::input(places.refuse).with_hint(TOO_FEW_GPUS_HINT),
            false => overheard(&places.refuse),
        });
    }
    let is_on_one_host = are_on_one_host(&places.ranks);
    if one_host && specs.len() > 1 && !is_on_one_host {
        return Err(overheard("the scheduler has spread the ranks over several hosts"));
    }
    specs.iter_mut().for_each(|spec| spec.on_one_host = is_on_one_host);
    let names = places.ranks.iter().map(|place| format!("{} {}", place.worker, place.address)).collect();
    let shape = Shape::new(&specs, names);
    let stay = idle.stay(&Handle::current(), shape.clone(), &specs, plan.idle_time());
    let links = match stay.as_ref().and_then(|_| idle.again(&shape, &specs)) {
        Some(links) => links,
        None => {
            let ranks = specs.into_iter().zip(places.ranks).map(|(spec, place)| join(pool, spec, place));
            futures::future::try_join_all(ranks).await?
        }
    };
    Ok(Started { links, held: Box::new((reservation, plan)), stay })
}

fn overheard(why: &str) -> Error {
    Error::input(format!("ranks talk to each other unencrypted, and this cluster has credentials: {why}")).with_hint(format!(
        "ask for fewer ranks or threads, start workers with more cores on one host, or, if nobody else is on the network \
         between the hosts, allow it: plaintext_between_hosts, or {}=1",
        Plaintext::VARIABLE
    ))
}

fn are_on_one_host(places: &[RankPlace]) -> bool {
    let mut hosts = places.iter().map(|place| host_of(&place.address));
    hosts.next().is_none_or(|first| hosts.all(|host| host == first))
}

/// The host of `host:port`. All addresses of loopback are one host.
pub fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => "localhost",
        _ => host,
    }
}

/// A task that ends with its owner.
struct Aborting(JoinHandle<()>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn join(pool: &Pool, spec: RankSpec, place: RankPlace) -> Result<RankLink> {
    let lost = |spec: &RankSpec, place: &RankPlace| {
        Error::cluster(format!("worker {} is lost, and rank {} with it", place.worker, spec.rank))
    };
    let channel = pool.channel(&place.address).await.map_err(|error| lost(&spec, &place).caused_by(&error))?;
    let spec = RankSpec { gpu: place.gpu.map(|gpu| gpu as usize), ..spec };
    let mut client = FlightServiceClient::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let (sender, events) = mpsc::channel(EVENTS_WAITING_MAX);
    let (orders, mut ordered) = mpsc::unbounded_channel();
    orders.send(Order::Start(Box::new(spec.clone()))).map_err(|_| Error::internal("a rank's orders are closed"))?;
    let outgoing = stream_of(move |context| ordered.poll_recv(context));
    let answer = client.do_exchange(outgoing).await.map_err(|status| lost(&spec, &place).caused_by(&status))?;
    let mut incoming = answer.into_inner();
    let listening = tokio::spawn(async move {
        let last =
            listen(&mut incoming, spec.stays, &sender).await.unwrap_or_else(|| RankEvent::Lost(lost(&spec, &place)));
        let _nobody_listens = sender.send(last).await;
    });
    Ok(RankLink { events, orders, guard: Box::new(Aborting(listening)) })
}

/// A packet for each order, in pieces.
fn stream_of(
    mut next: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<Order>> + Send,
) -> impl futures::Stream<Item = FlightData> + Send {
    use futures::StreamExt;
    let packet = |order: Order| match order {
        Order::Message(body) => Ok(messages_of(Kind::Message, &body)),
        Order::Start(spec) => phalanx_engine::gang::encode(&spec).map(|body| messages_of(Kind::Start, &body.into())),
    };
    let orders = futures::stream::poll_fn(move |context| next(context)).map(packet);
    // An order that can't be written ends the stream, and that the rank.
    orders
        .take_while(|packet| futures::future::ready(packet.is_ok()))
        .flat_map(|packet| futures::stream::iter(packet.unwrap_or_default()))
}

/// Passes on what a rank says; returns its last word, `None` if the stream is cut.
async fn listen(
    incoming: &mut Streaming<FlightData>,
    stays: bool,
    events: &mpsc::Sender<RankEvent>,
) -> Option<RankEvent> {
    let mut packets = Assembler::default();
    loop {
        while let Some(Packet { kind, body }) = packets.whole().ok()? {
            match kind {
                Kind::Message => events.send(RankEvent::Message(body)).await.ok()?,
                Kind::Done if stays => events.send(RankEvent::Done).await.ok()?,
                Kind::Done => return Some(RankEvent::Done),
                Kind::Failed => return Some(RankEvent::Failed(error_of(&body))),
                _ => return Some(RankEvent::Lost(error_of(&body))),
            }
        }
        let message = incoming.message().await.ok()??;
        packets.push(&message.data_body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart_by_their_addresses() {
        let on_one = |addresses: &[&str]| {
            let place = |address: &&str| RankPlace { address: (*address).to_owned(), ..RankPlace::default() };
            are_on_one_host(&addresses.iter().map(place).collect::<Vec<_>>())
        };
        assert!(on_one(&[]) && on_one(&["10.0.0.1:5"]) && on_one(&["10.0.0.1:5", "10.0.0.1:6"]));
        assert!(on_one(&["127.0.0.1:5", "[::1]:6", "localhost:7", "127.0.0.2:8"]));
        assert!(!on_one(&["10.0.0.1:5", "10.0.0.2:5"]) && !on_one(&["[fe80::1]:5", "[fe80::2]:5"]));
    }
}
