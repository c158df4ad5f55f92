//! Ranks of gangs on this worker: a stream of the client's each. Up: what the rank is to do, and messages for it.
//! Down: what it says. The rank ends with the stream, and the stream with the rank.

use super::store::WorkerStore;
use arrow_flight::FlightData;
use bytes::Bytes;
use futures::Stream;
use phalanx_engine::gang::packet::{Assembler, Kind, head};
use phalanx_engine::gang::{Order, RankEvent, RankLink, RankSpec, start_rank};
use phalanx_engine::persisted::ReadPersisted;
use phalanx_engine::{Error, Result};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tonic::{Status, Streaming};

/// The most bytes of a packet in one message: below the size of messages that anybody refuses.
const PIECE_BYTES: usize = 1 << 20;
/// Where ranks of one host meet.
const LOOPBACK: &str = "127.0.0.1";
/// Messages that wait for the client.
const MESSAGES_WAITING_MAX: usize = 16;

/// A packet as messages of a stream.
pub fn messages_of(kind: Kind, body: &Bytes) -> Vec<FlightData> {
    let message = |bytes: Bytes| FlightData { data_body: bytes, ..FlightData::default() };
    let mut messages = vec![message(Bytes::copy_from_slice(&head(kind, body.len())))];
    let starts = (0..body.len()).step_by(PIECE_BYTES);
    messages.extend(starts.map(|start| message(body.slice(start..body.len().min(start + PIECE_BYTES)))));
    messages
}

/// Runs a rank for the client at the other end of `input`; `host` is where other ranks reach it.
pub fn serve(
    input: Streaming<FlightData>,
    store: Arc<WorkerStore>,
    host: String,
) -> impl Stream<Item = Result<FlightData, Status>> + Send {
    let (sender, mut receiver) = channel(MESSAGES_WAITING_MAX);
    // Dropped with the stream that is returned: however the client goes, the rank does.
    let (alive, gone) = oneshot::channel::<()>();
    tokio::spawn(async move {
        tokio::select! {
            _client_is_gone = gone => {}
            () = run(input, store, host, &sender) => {}
        }
    });
    futures::stream::poll_fn(move |context| {
        let _ends_with_the_stream = &alive;
        receiver.poll_recv(context)
    })
}

type Output = Sender<Result<FlightData, Status>>;

async fn run(input: Streaming<FlightData>, store: Arc<WorkerStore>, host: String, output: &Output) {
    let (sender, started) = oneshot::channel();
    let reading = read(input, store, host, sender);
    let speaking = async {
        match started.await {
            Ok(Ok(mut events)) => {
                while let Some(event) = events.recv().await {
                    say(output, event).await;
                }
            }
            Ok(Err(error)) => say(output, RankEvent::Failed(error)).await,
            Err(_) => {}
        }
    };
    tokio::join!(reading, speaking);
}

type Started = oneshot::Sender<Result<tokio::sync::mpsc::Receiver<RankEvent>>>;

/// Starts the rank that the first packet describes, and passes on the messages that follow, until the client is gone or
/// the rank does not listen.
async fn read(mut input: Streaming<FlightData>, store: Arc<WorkerStore>, host: String, started: Started) {
    let mut packets = Assembler::default();
    let (mut started, mut rank) = (Some(started), None);
    while let Ok(Some(message)) = input.message().await {
        packets.push(&message.data_body);
        loop {
            let packet = match packets.whole() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(error) => return refuse(started, error),
            };
            match (packet.kind, &rank) {
                (Kind::Start, None) => match start(&packet.body, &store, &host) {
                    Ok(RankLink { events, orders, guard }) => {
                        rank = Some((orders, guard));
                        let _speaker = started.take().map(|started| started.send(Ok(events)));
                    }
                    Err(error) => return refuse(started, error),
                },
                // One that has ended does not hear it; that is heard from its events.
                (Kind::Message, Some((orders, _))) => drop(orders.send(Order::Message(packet.body))),
                (Kind::Start, Some((orders, _))) => match phalanx_engine::gang::decode(&packet.body) {
                    Ok(spec) => drop(orders.send(Order::Start(Box::new(spec)))),
                    Err(error) => return refuse(started, error),
                },
                _ => return refuse(started, Error::internal("a client's packets for a rank are out of order")),
            }
        }
    }
}

fn refuse(started: Option<Started>, error: Error) {
    let _speaker = started.map(|started| started.send(Err(error)));
}

fn start(body: &[u8], store: &Arc<WorkerStore>, host: &str) -> Result<RankLink> {
    let spec: RankSpec = phalanx_engine::gang::decode(body)?;
    let reader: Arc<dyn ReadPersisted> = Arc::<WorkerStore>::clone(store);
    let host = if spec.on_one_host { LOOPBACK } else { host };
    tracing::info!("rank {} of {} begins: {}", spec.rank, spec.ranks, spec.program);
    start_rank(&Handle::current(), spec, host.to_owned(), reader)
}

async fn say(output: &Output, event: RankEvent) {
    match &event {
        RankEvent::Message(_) => {}
        RankEvent::Done => tracing::info!("a rank has done its work"),
        RankEvent::Failed(error) | RankEvent::Lost(error) => tracing::info!("a rank is lost: {}", error.message()),
    }
    let text = |error: Error| Bytes::from(error.to_wire());
    let (kind, body) = match event {
        RankEvent::Message(body) => (Kind::Message, body),
        RankEvent::Done => (Kind::Done, Bytes::new()),
        RankEvent::Failed(error) => (Kind::Failed, text(error)),
        RankEvent::Lost(error) => (Kind::Lost, text(error)),
    };
    for message in messages_of(kind, &body) {
        let _client_is_gone = output.send(Ok(message)).await;
    }
}
