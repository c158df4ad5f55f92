//! What crosses the wire beside Ballista's own messages: the control service of the scheduler.
//!
//! * `attach`: one stream a worker. Up: who it is, then a heartbeat every second. Down: there is work, cancel, free.
//!   When it ends, the worker is lost.
//! * `session`: one stream a client. Down: the progress of its jobs and the number of workers. When it ends
//!   and does not come back within the session's lease, its jobs are cancelled and its data is freed.
//! * `gang`: one stream a gang. Down, once: where its ranks are to run. When it ends, their cores are free again.

mod beat;

pub use beat::{Beat, Hello, Logged, OperatorSums, StageOperators, simd_level};

use prost::Message;
use serde::{Deserialize, Serialize};

/// Nothing.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Empty {}

/// What a worker holds of such data.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct HeldPart {
    /// The worker.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// Rows.
    #[prost(uint64, tag = "2")]
    pub rows: u64,
    /// Bytes.
    #[prost(uint64, tag = "3")]
    pub bytes: u64,
}

/// Where data of a session is that it has handed to the workers, or had them hand over, partition by partition.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Scattered {
    /// The data.
    #[prost(string, tag = "1")]
    pub data: String,
    /// What it is, for people.
    #[prost(string, tag = "2")]
    pub label: String,
    /// The session.
    #[prost(string, tag = "3")]
    pub session: String,
    /// Partitions that have rows.
    #[prost(message, repeated, tag = "4")]
    pub parts: Vec<HeldPart>,
    /// The worker that held these partitions before, if they were handed over.
    #[prost(string, tag = "5")]
    pub before: String,
}

/// A `RunEvent` as JSON, and the session that reports it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Report {
    /// The session.
    #[prost(string, tag = "1")]
    pub session: String,
    /// The event.
    #[prost(string, tag = "2")]
    pub event: String,
}

/// What somebody who looks wants to see; the answer is JSON.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct View {
    /// `overview`, `jobs`, `job`, `tasks`, `workers`, `log`, `data` or `runs`.
    #[prost(string, tag = "1")]
    pub subject: String,
    /// The job, of `job` and `tasks`.
    #[prost(string, tag = "2")]
    pub job: String,
    /// Of `tasks`: those that ended after this.
    #[prost(uint64, tag = "3")]
    pub since_ms: u64,
    /// Of `tasks`: the latest so many.
    #[prost(uint64, tag = "4")]
    pub count_max: u64,
    /// Of `log`: the worker, or `scheduler`.
    #[prost(string, tag = "5")]
    pub process: String,
}

/// What the scheduler says to a worker. Unset fields say nothing.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Command {
    /// Poll now.
    #[prost(bool, tag = "1")]
    pub wake: bool,
    /// End the tasks of these jobs.
    #[prost(string, repeated, tag = "2")]
    pub cancel: Vec<String>,
    /// Remove the data of these jobs.
    #[prost(message, repeated, tag = "3")]
    pub free: Vec<Freed>,
    /// The worker may not join, and why.
    #[prost(string, tag = "4")]
    pub refuse: String,
    /// End: no running job needs what you hold.
    #[prost(bool, tag = "5")]
    pub leave: bool,
    /// End now: the cluster stops.
    #[prost(bool, tag = "6")]
    pub end: bool,
    /// Take no more tasks, and end as soon as nobody needs what you hold.
    #[prost(bool, tag = "7")]
    pub retire: bool,
    /// In the first: patterns of the files that may be opened; none restricts nothing.
    #[prost(string, repeated, tag = "8")]
    pub allow_paths: Vec<String>,
}

/// The data of one job, or all of it but one stage's.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Freed {
    /// The job.
    #[prost(string, tag = "1")]
    pub job: String,
    /// The stage whose output stays.
    #[prost(uint64, optional, tag = "2")]
    pub keep_stage: Option<u64>,
    /// The session that asks for it.
    #[prost(string, tag = "3")]
    pub session: String,
}

/// An attempt by the name that its client chose, or data, and the session that speaks of it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct JobName {
    /// The attempt, or the data.
    #[prost(string, tag = "1")]
    pub job: String,
    /// The session.
    #[prost(string, tag = "2")]
    pub session: String,
    /// The bytes of data that is handed over.
    #[prost(uint64, tag = "3")]
    pub bytes: u64,
}

/// What a session hears.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Update {
    /// Workers that could run a task now.
    #[prost(uint32, tag = "1")]
    pub workers: u32,
    /// `Vec<Progress>` as JSON, of the session's running jobs.
    #[prost(string, tag = "2")]
    pub jobs: String,
    /// The session may not begin, and why.
    #[prost(string, tag = "3")]
    pub refuse: String,
    /// What the client should warn of.
    #[prost(string, tag = "4")]
    pub warn: String,
    /// Workers that end as soon as the session needs nothing of what they hold.
    #[prost(string, repeated, tag = "5")]
    pub leaving: Vec<String>,
}

/// Cores for the ranks of a gang, all at once.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GangRequest {
    /// How many ranks.
    #[prost(uint32, tag = "1")]
    pub ranks: u32,
    /// Threads of each.
    #[prost(uint32, tag = "2")]
    pub threads: u32,
    /// Whether all ranks are to be on one host.
    #[prost(bool, tag = "3")]
    pub one_host: bool,
    /// Whether each rank is to have a GPU.
    #[prost(bool, tag = "4")]
    pub on_gpus: bool,
}

/// Where the ranks of a gang are to run, in order.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GangPlaces {
    /// A worker for each.
    #[prost(message, repeated, tag = "1")]
    pub ranks: Vec<RankPlace>,
    /// There are no such places, and why.
    #[prost(string, tag = "2")]
    pub refuse: String,
}

/// A worker that is to run a rank.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RankPlace {
    /// Its name.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// `host:port` of its data service.
    #[prost(string, tag = "2")]
    pub address: String,
    /// The number of its GPU that is the rank's.
    #[prost(uint32, optional, tag = "3")]
    pub gpu: Option<u32>,
}

/// Workers, and the session that speaks of them.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Workers {
    /// The session.
    #[prost(string, tag = "1")]
    pub session: String,
    /// The workers' names.
    #[prost(string, repeated, tag = "2")]
    pub workers: Vec<String>,
}

/// What a client asks a worker to take over from another one: the body of a Flight action of type [`ADOPT`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Adopt {
    /// The worker that holds it.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// `host:port` of that worker.
    #[prost(string, tag = "2")]
    pub address: String,
    /// The name of the data.
    #[prost(string, tag = "3")]
    pub path: String,
}

/// See [`Adopt`].
pub const ADOPT: &str = "phalanx.adopt";

/// A token for the dashboard is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct TokenRequest {
    /// For cancelling and releasing too.
    #[prost(bool, tag = "1")]
    pub control: bool,
}

/// A value as JSON.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Json {
    /// The text.
    #[prost(string, tag = "1")]
    pub text: String,
}

/// A job that can be run again.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Saved {
    /// What people call it.
    #[prost(string, tag = "1")]
    pub label: String,
    /// Its plan.
    #[prost(bytes = "vec", tag = "2")]
    pub plan: Vec<u8>,
}

/// A job that failed, and that the scheduler still knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedJob {
    /// The scheduler's name of it.
    pub job: String,
    /// What people call it.
    pub label: String,
    /// What its client was told.
    pub error: String,
}

/// The generated client and server.
#[expect(unused_qualifications, reason = "generated code")]
pub mod service {
    include!(concat!(env!("OUT_DIR"), "/phalanx.Control.rs"));
}
