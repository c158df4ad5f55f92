//! How a plan runs, and nothing about what it computes.
//!
//! Whatever the user writes is lowered to a DataFusion physical plan. This crate holds the one trait
//! that runs such a plan ([`Engine`]), the engine that runs it in this process ([`LocalEngine`]), and
//! what every engine shares: [operators](Operator) and their codec, the one session configuration,
//! [jobs](Job), [persisted data](Persisted), and the error kinds.
//!
//! It deliberately knows no array, no frame and no estimator; a test holds it to that.
//!
//! | module | what it is |
//! |---|---|
//! | [`engine`] | the trait, and what is submitted to it |
//! | [`operator`], [`codec`] | our one kind of plan node, and its way over the wire |
//! | [`plan`], [`route`] | building blocks of plans: leaves, operators, exchanges |
//! | [`job`] | a running job: progress, partitions in order, cancel by dropping |
//! | [`cancel`] | how work that computes hears that it is cancelled |
//! | [`persisted`] | data that stays where it was computed |
//! | [`local`], [`perturb`] | DataFusion in this process, plain and adversarial |
//! | [`observe`], [`measured`] | what a cluster tells of itself; the time and rows of an operator |
//! | [`logs`], [`machine`] | the latest lines of this process's log; its graphics processors |
//! | [`steps`] | what a run of steps tells while it runs |
//! | [`mapped`], [`memory`] | rows in files, read where they lie; how much memory there is |
//! | [`paths`] | which files this process opens for others |
//! | [`caught`], [`forged`] | panics of code that reads what comes from outside, as errors; what would end its process |
//! | [`pool`], [`spill`] | who is granted how much of it; the files of what has none |
//! | [`remote`], [`credentials`] | files behind URLs: object stores and web servers; what opens them, outside of plans |
//! | [`session`] | the one configuration of both engines |
//! | [`function`], [`scalar`] | aggregate functions that every process registers; functions of a row that travel in plans |
//! | [`gang`] | processes that work on one thing together, all at once or none |
//! | [`program`] | how this program starts processes of itself |
//! | [`host`] | functions of the caller's own language, opaque to the engine |
//! | [`error`] | few kinds, chosen by what the reader must do |
//! | [`saved`] | a plan in a file, to be run again |
//! | [`scratch`] | a process's folder, gone with it |
//! | [`stream`] | helpers for operators' streams |

pub mod cancel;
pub mod caught;
pub mod codec;
pub mod credentials;
pub mod engine;
pub mod error;
pub mod forged;
pub mod function;
pub mod gang;
mod guarded;
pub mod host;
pub mod job;
pub mod lineage;
pub mod local;
pub mod logs;
pub mod machine;
pub mod mapped;
pub mod measured;
pub mod memory;
pub mod observe;
pub mod operator;
pub mod pass;
pub mod paths;
pub mod persisted;
pub mod perturb;
pub mod plan;
pub mod pool;
pub mod program;
pub mod remote;
pub mod route;
pub mod saved;
pub mod scalar;
pub mod scratch;
pub mod session;
pub mod spill;
pub mod steps;
pub mod stream;

pub use codec::EngineCodec;
pub use engine::{Engine, EngineDescription, EngineKind, Plan, WorkerDescription};
pub use error::{Error, ErrorKind, Result};
pub use gang::{Gang, GangInput, GangPlan, IdleGangs, Plaintext};
pub use host::{CallHost, HostFunction, HostRuntime};
pub use job::{Job, PartitionData, PersistJob, Progress, StageProgress};
pub use lineage::{Lineage, Recipe, Watched};
pub use local::LocalEngine;
pub use operator::{Operator, OperatorExec};
pub use persisted::{Location, Persisted, PersistedScan};
pub use saved::SavedPlan;
pub use scalar::RowFunction;
pub use session::Settings;
pub use steps::Steps;

// Crates above name DataFusion through us, so that there is one version in the tree.
pub use datafusion;
pub use typetag;
