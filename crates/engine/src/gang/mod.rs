//! Gangs: processes that work on one thing together, all at once or none.
//!
//! A [`GangPlan`] names a [program](RankProgram) that this binary has in it, how many *ranks* run it, and which rows of
//! persisted data each of them is fed. [`Engine::gang`](crate::Engine::gang) starts the ranks as child processes, in
//! process or on workers, and returns a [`Gang`]: what ranks say to the caller, and the caller to them. When one rank
//! ends badly, all are ended within a second, and the caller hears which it was and why. Nothing is started again: how
//! to go on is the caller's matter, who knows what the ranks were about. Ranks that did their work may [stay](idle) for
//! the engine's next gang of the same shape, with what they keep of its inputs.
//!
//! | module | what it is |
//! |---|---|
//! | [`packet`] | what crosses the pipes and streams between a rank and its caller |
//! | [`process`] | a rank as a child process: started, fed, listened to |
//! | [`reap`] | processes of ranks that are no more wanted |
//! | [`rank`] | the child's side: what a program is given |
//! | [`idle`] | gangs whose ranks are done and stay |

pub mod idle;
pub mod packet;
pub mod process;
pub mod rank;
pub mod reap;

use crate::persisted::{Location, Persisted, SerializedSchema};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
pub use idle::IdleGangs;
pub use process::{Order, RankLink, start_rank};
pub use rank::{Rank, RankProgram, run_rank};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Range;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// After a rank has ended badly, the others may take this long to say what they saw of it; then they are killed.
const LAST_WORDS: Duration = Duration::from_millis(900);
/// What ranks said and the caller has not heard yet.
const EVENTS_WAITING_MAX: usize = 16;

/// What a gang is started with.
#[derive(Clone, Debug)]
pub struct GangPlan {
    /// What people call it.
    pub label: String,
    /// The [`RankProgram`] that all ranks run.
    pub program: String,
    /// How many ranks.
    pub ranks: usize,
    /// Threads that each of them may use.
    pub threads: usize,
    /// What the program reads as its arguments.
    pub arguments: Vec<u8>,
    /// What the ranks are fed, in this order.
    pub inputs: Vec<GangInput>,
    /// How far goes what ranks say to each other.
    pub plaintext: Plaintext,
    /// On what the ranks compute.
    pub processors: Processors,
    /// How long ranks that are done stay for another gang of the same program, number, threads and places, if they compute
    /// on cores; zero: they end, and this gang's are none that stayed.
    pub idle: Duration,
}

/// On what ranks compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processors {
    /// On cores, as many as a rank has threads.
    #[default]
    Cores,
    /// Each rank on a GPU of its own.
    Gpus,
}

/// What is said where there are not enough GPUs.
pub fn too_few_gpus(ranks: usize, there: usize) -> String {
    match there {
        0 => String::from("ranks that compute on GPUs need one each, and no worker has any"),
        there => format!("{ranks} ranks need a GPU each, and the workers have {there}"),
    }
}

/// What to do about it.
pub const TOO_FEW_GPUS_HINT: &str = "leave device='cuda' out to train on processors, or start workers where there are \
                                     GPUs: `phalanx status` shows what each worker has";

/// How far goes what ranks say to each other by connections of their own, which nobody encrypts, where a cluster has
/// credentials and everything else is encrypted. Without credentials a cluster is a machine by itself, and this says
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plaintext {
    /// All ranks run on one host and talk over its loopback, or the gang is refused.
    #[default]
    WithinHost,
    /// Ranks may run on several hosts: whoever reads or writes along the way reads and writes what they say.
    BetweenHosts,
}

impl Plaintext {
    /// The variable that allows it between hosts, by 1.
    pub const VARIABLE: &str = "PHALANX_PLAINTEXT_BETWEEN_HOSTS";

    /// What [`Plaintext::VARIABLE`] says.
    ///
    /// # Errors
    /// `Input`: neither 0 nor 1.
    pub fn of_environment() -> Result<Self> {
        match std::env::var(Self::VARIABLE).as_deref() {
            Ok("1") => Ok(Self::BetweenHosts),
            Ok("0" | "") | Err(std::env::VarError::NotPresent) => Ok(Self::WithinHost),
            other => Err(Error::input(format!("{} is {other:?}", Self::VARIABLE))
                .with_hint("1 lets ranks talk unencrypted between hosts; leave it out otherwise")),
        }
    }
}

/// Persisted data, and who gets which rows of it.
#[derive(Clone, Debug)]
pub struct GangInput {
    /// The data.
    pub data: Persisted,
    /// For each rank a range of rows, counted over all partitions in their order.
    pub shares: Vec<Range<u64>>,
}

/// What one rank is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RankSpec {
    /// The program.
    pub program: String,
    /// Which rank it is, from 0.
    pub rank: usize,
    /// How many there are.
    pub ranks: usize,
    /// Threads that it may use.
    pub threads: usize,
    /// The program's arguments.
    pub arguments: Vec<u8>,
    /// What it is fed.
    pub inputs: Vec<RankInput>,
    /// Whether all ranks are on one host, so that they meet on its loopback.
    pub on_one_host: bool,
    /// The GPU on which it computes, by its number on its machine.
    pub gpu: Option<usize>,
    /// Whether it stays when it is done.
    pub stays: bool,
}

/// One input of a rank.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RankInput {
    /// The name of the data.
    pub handle: String,
    /// The schema of its rows.
    pub schema: SerializedSchema,
    /// Its rows, in order.
    pub pieces: Vec<Piece>,
}

/// Consecutive rows of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The partition.
    pub partition: usize,
    /// Where it is.
    pub location: Location,
    /// Rows of it before these.
    pub skip: u64,
    /// How many.
    pub rows: u64,
}

/// What a worker is told of a rank.
///
/// # Errors
/// Never, but for bugs of ours.
pub fn encode(spec: &RankSpec) -> Result<Vec<u8>> {
    postcard::to_stdvec(spec).map_err(|error| Error::internal("a rank can't be described").caused_by(&error))
}

/// Reads [`encode`].
///
/// # Errors
/// `Internal`: this describes no rank.
pub fn decode(body: &[u8]) -> Result<RankSpec> {
    postcard::from_bytes(body).map_err(|error| Error::internal("this describes no rank").caused_by(&error))
}

impl GangPlan {
    /// How long its ranks stay when they are done. Those on GPUs do not: a process can't change its GPU.
    pub fn idle_time(&self) -> Duration {
        match self.processors {
            Processors::Cores => self.idle,
            Processors::Gpus => Duration::ZERO,
        }
    }

    /// What each rank is started with, by the present places of the data.
    ///
    /// # Errors
    /// `Input`: no ranks, or an input has not a share for each.
    pub fn specs(&self) -> Result<Vec<RankSpec>> {
        if self.ranks == 0 {
            return Err(Error::input(format!("{:?} has no ranks", self.label)).with_hint("one is the least"));
        }
        if let Some(input) = self.inputs.iter().find(|input| input.shares.len() != self.ranks) {
            return Err(Error::input(format!("{} shares of an input for {} ranks", input.shares.len(), self.ranks)));
        }
        let spec = |rank: usize| RankSpec {
            program: self.program.clone(),
            rank,
            ranks: self.ranks,
            threads: self.threads,
            arguments: self.arguments.clone(),
            inputs: self.inputs.iter().map(|input| input.of(rank)).collect(),
            on_one_host: false,
            gpu: None,
            stays: !self.idle_time().is_zero(),
        };
        Ok((0..self.ranks).map(spec).collect())
    }
}

impl RankInput {
    /// A name of exactly these rows: none of this engine's has it that has other values.
    pub fn name(&self) -> String {
        let rows: u64 = self.pieces.iter().map(|piece| piece.rows).sum();
        let (partition, skip) = self.pieces.first().map_or((0, 0), |first| (first.partition, first.skip));
        format!("{}/{partition}+{skip}..{rows}", self.handle)
    }
}

impl GangInput {
    fn of(&self, rank: usize) -> RankInput {
        let share = &self.shares[rank];
        let mut first = 0;
        let mut pieces = vec![];
        for (partition, location) in self.data.locations().into_iter().enumerate() {
            let (start, end) = (share.start.max(first), share.end.min(first + location.rows));
            let skip = start.saturating_sub(first);
            first += location.rows;
            if start < end {
                pieces.push(Piece { partition, location, skip, rows: end - start });
            }
        }
        let schema = SerializedSchema(std::sync::Arc::clone(self.data.schema()));
        RankInput { handle: self.data.handle().to_owned(), schema, pieces }
    }
}

/// What is heard of a rank.
#[derive(Clone, Debug)]
pub enum RankEvent {
    /// It says something to the caller.
    Message(Bytes),
    /// It has done its work.
    Done,
    /// It says that it failed.
    Failed(Error),
    /// It is gone without a word, or can't be fed.
    Lost(Error),
}

/// The ranks of a gang that has begun.
pub struct Started {
    /// All of them, in order.
    pub links: Vec<RankLink>,
    /// What the gang has until the last of them is done, as its cores and its inputs.
    pub held: Box<dyn Any + Send>,
    /// Who takes them when all are done, if they stay.
    pub stay: Option<Stay>,
}

/// Takes the ranks of a gang that is done.
pub type Stay = Box<dyn FnOnce(Vec<RankLink>) + Send>;

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Started({} ranks)", self.links.len())
    }
}

/// A running gang. Dropping it ends all ranks.
#[derive(Debug)]
pub struct Gang {
    events: mpsc::Receiver<Result<(usize, Bytes)>>,
    messages: mpsc::UnboundedSender<(usize, Bytes)>,
    _driver: Driver,
}

/// The task that drives a gang; it ends with its owner.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Gang {
    /// A gang of the ranks that `start` starts, all of them or none. Where one of its inputs turns out to be lost, the
    /// ranks end, and `mend` makes it again before the caller hears of it (see [`Gang::next`]).
    pub fn start<S, M, F>(runtime: &Handle, start: S, mend: M) -> Self
    where
        S: Future<Output = Result<Started>> + Send + 'static,
        M: FnOnce(Error) -> F + Send + 'static,
        F: Future<Output = Result<()>> + Send,
    {
        let (event_sender, events) = mpsc::channel(EVENTS_WAITING_MAX);
        let (messages, heard) = mpsc::unbounded_channel();
        let driver = runtime.spawn(async move {
            let ended = match start.await {
                Ok(started) => run(started, heard, &event_sender).await,
                Err(error) => Err(error),
            };
            let ended = match ended {
                Err(error) if error.lost_data().is_some() => mend(error.clone()).await.and(Err(error)),
                ended => ended,
            };
            if let Err(error) = ended {
                let _nobody_listens = event_sender.send(Err(error)).await;
            }
        });
        Self { events, messages, _driver: Driver(driver) }
    }

    /// What a rank says next, and which; `None` when all are done. An error is the last word: every rank has ended. One
    /// of kind `Cluster` that has [lost data](Error::lost_data) says that the data is there again: start again.
    pub async fn next(&mut self) -> Option<Result<(usize, Bytes)>> {
        self.events.recv().await
    }

    /// Says something to a rank; one that has ended does not hear it.
    pub fn tell(&self, rank: usize, message: Bytes) {
        let _ended = self.messages.send((rank, message));
    }
}

/// Drives ranks to their end. They are kept, if they are, before the caller hears that they are done.
async fn run(
    started: Started,
    heard: mpsc::UnboundedReceiver<(usize, Bytes)>,
    events: &mpsc::Sender<Result<(usize, Bytes)>>,
) -> Result<()> {
    let Started { mut links, held, stay } = started;
    let ended = drive(&mut links, heard, events).await;
    match stay.filter(|_| ended.is_ok()) {
        Some(stay) => {
            drop(held);
            stay(links);
        }
        None => {
            drop(links);
            drop(held);
        }
    }
    ended
}

/// What is heard next, and of whom: of several that have something to say, of the first after the `last` one.
async fn next_event(links: &mut [RankLink], last: &mut usize) -> Option<(usize, RankEvent)> {
    let event = poll_fn(|context| {
        let mut is_open = false;
        for step in 1..=links.len() {
            let rank = (*last + step) % links.len();
            match links[rank].events.poll_recv(context) {
                Poll::Ready(Some(event)) => return Poll::Ready(Some((rank, event))),
                Poll::Ready(None) => {}
                Poll::Pending => is_open = true,
            }
        }
        if is_open { Poll::Pending } else { Poll::Ready(None) }
    });
    let event = event.await;
    *last = event.as_ref().map_or(*last, |(rank, _)| *rank);
    event
}

async fn drive(
    links: &mut [RankLink],
    mut heard: mpsc::UnboundedReceiver<(usize, Bytes)>,
    events: &mpsc::Sender<Result<(usize, Bytes)>>,
) -> Result<()> {
    let (mut open, mut last) = (links.len(), 0);
    let tell: Vec<mpsc::UnboundedSender<Order>> = links.iter().map(|link| link.orders.clone()).collect();
    while open > 0 {
        tokio::select! {
            Some((rank, message)) = heard.recv() => {
                if let Some(orders) = tell.get(rank) {
                    let _ended = orders.send(Order::Message(message));
                }
            }
            event = next_event(links, &mut last) => match event {
                Some((rank, RankEvent::Message(message))) => {
                    events.send(Ok((rank, message))).await.map_err(|_| Error::cancelled())?;
                }
                Some((_, RankEvent::Done)) => open -= 1,
                Some((_, RankEvent::Failed(error) | RankEvent::Lost(error))) if open == 1 => return Err(error),
                Some(first) => return Err(last_words(first, open - 1, links).await),
                None => return Err(Error::internal("ranks ended without a word")),
            },
        }
    }
    Ok(())
}

/// Listens to `open` others after the `first` rank that ended badly, and says what the cause was: lost data that can be
/// made again, a rank that is gone, a rank that failed of itself, one that failed because others did.
async fn last_words(first: (usize, RankEvent), open: usize, links: &mut [RankLink]) -> Error {
    let mut last = first.0;
    let mut ended = vec![first];
    let listen = async {
        let mut open = open;
        while open > 0 {
            match next_event(links, &mut last).await {
                Some((_, RankEvent::Message(_))) => {}
                Some((_, RankEvent::Done)) => open -= 1,
                Some(event) => {
                    ended.push(event);
                    open -= 1;
                }
                None => break,
            }
        }
    };
    let _killed_otherwise = tokio::time::timeout(LAST_WORDS, listen).await;
    let order = |event: &RankEvent| match event {
        RankEvent::Lost(error) | RankEvent::Failed(error) if error.lost_data().is_some() => 0,
        RankEvent::Lost(_) => 1,
        RankEvent::Failed(error) if error.kind() != ErrorKind::Cluster => 2,
        _ => 3,
    };
    let cause = ended.into_iter().min_by_key(|(_, event)| order(event));
    match cause {
        Some((_, RankEvent::Lost(error) | RankEvent::Failed(error))) => error,
        _ => Error::internal("a rank ended without a word"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::Schema;
    use std::sync::Arc;

    fn persisted(rows: &[u64]) -> Persisted {
        let locations = rows.iter().map(|rows| Location { rows: *rows, ..Location::default() }).collect();
        Persisted::new("p".into(), Arc::new(Schema::empty()), locations, None, Box::new(|_| {}))
    }

    #[test]
    fn shares_are_pieces_of_partitions() {
        let input = GangInput { data: persisted(&[3, 0, 4]), shares: vec![0..2, 2..5, 5..5, 5..7] };
        let pieces = |rank: usize| -> Vec<(usize, u64, u64)> {
            input.of(rank).pieces.iter().map(|piece| (piece.partition, piece.skip, piece.rows)).collect()
        };
        assert_eq!(pieces(0), [(0, 0, 2)]);
        assert_eq!(pieces(1), [(0, 2, 1), (2, 0, 2)]);
        assert_eq!(pieces(2), []);
        assert_eq!(pieces(3), [(2, 2, 2)]);
    }

    fn link(events: Vec<RankEvent>) -> RankLink {
        let (sender, events_of_rank) = mpsc::channel(16);
        events.into_iter().for_each(|event| sender.try_send(event).unwrap());
        let (orders, _unheard) = mpsc::unbounded_channel();
        RankLink { events: events_of_rank, orders, guard: Box::new(sender) }
    }

    async fn end_of(links: Vec<RankLink>) -> (Vec<(usize, Bytes)>, Option<Error>) {
        let started = Started { links, held: Box::new(()), stay: None };
        let mut gang = Gang::start(&Handle::current(), async move { Ok(started) }, |lost| async { Err(lost) });
        let mut said = vec![];
        while let Some(event) = gang.next().await {
            match event {
                Ok(message) => said.push(message),
                Err(error) => return (said, Some(error)),
            }
        }
        (said, None)
    }

    #[tokio::test]
    async fn a_gang_is_done_when_all_ranks_are() {
        let word = || RankEvent::Message(Bytes::from_static(b"word"));
        let (said, error) = end_of(vec![link(vec![word(), RankEvent::Done]), link(vec![RankEvent::Done])]).await;
        assert_eq!((said.len(), error), (1, None));
    }

    #[tokio::test]
    async fn the_cause_is_told_and_not_what_followed_from_it() {
        let broken = || RankEvent::Failed(Error::cluster("a peer is gone"));
        let died = || RankEvent::Lost(Error::cluster("rank 1 is gone"));
        let own = || RankEvent::Failed(Error::input("a bad label"));
        let (_, error) = end_of(vec![link(vec![broken()]), link(vec![died()])]).await;
        assert_eq!(error.unwrap().message(), "rank 1 is gone");
        let (_, error) = end_of(vec![link(vec![broken()]), link(vec![own()])]).await;
        assert_eq!(error.unwrap().message(), "a bad label");
        let started = std::time::Instant::now();
        let (_, error) = end_of(vec![link(vec![]), link(vec![died()])]).await; // the first hangs
        assert_eq!(error.unwrap().message(), "rank 1 is gone");
        assert!(started.elapsed() < Duration::from_secs(1));
    }
}
