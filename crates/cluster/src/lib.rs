//! The cluster: one scheduler, workers and clients, as processes of one binary.
//!
//! Scheduler and workers are Ballista's, assembled from public parts with our codec, gate, placement and failure
//! detection. This crate deliberately knows no array, no frame and no estimator; a test holds it to that.
//!
//! | module | what it is |
//! |---|---|
//! | [`transport`] | under every endpoint and channel: TCP options, TLS, roles, message sizes, loopback or credentials |
//! | [`protocol`] | our control service: streams of workers and sessions |
//! | [`scheduler`] | gate (exactly once), fence, placement, status |
//! | [`worker`] | poll loop, data service, scratch folder |
//! | [`engine`] | the client's side: attempts, results in order, persisted data |
//! | [`observer`] | looking at a cluster without a session |
//! | `gang` | processes on workers that work on one thing together |
//! | [`session`], [`scatter`], `handover`, [`data`], [`task_options`] | what the engine is made of |
//! | [`process`] | a scheduler or a worker as a whole process |
//! | [`launcher`] | where the processes of a cluster are started, a file a launcher |
//! | [`local_cluster`], `launch_options` | a scheduler and workers that this process launched |
//! | `child`, `tie` | a process that we started, and what ties it to us |
//! | [`adapt`] | how many workers a cluster needs |

pub mod adapt;
mod child;
pub mod codec;
pub mod data;
pub mod engine;
mod gang;
mod handover;
mod launch_options;
pub mod launcher;
pub mod local_cluster;
pub mod observer;
pub mod process;
pub mod protocol;
pub mod scatter;
pub mod scheduler;
pub mod session;
pub mod task_options;
mod tie;
pub mod transport;
pub mod worker;

pub use adapt::{Rule, needed};
pub use engine::{ClusterEngine, replayed};
pub use local_cluster::{ClusterOptions, LaunchedCluster, LocalCluster, WorkerResources};
pub use observer::{Entrance, Observer};
pub use scheduler::{Limits, Scheduler, SchedulerOptions};
pub use transport::{Authority, Role, SchedulerAddress, Transport};
pub use worker::{WorkerOptions, WorkerReady, work};
