//! What a worker says: who it is, and then, every second, how it is, what its operators did and what it wrote.

use prost::Message;

/// What a process must have in common with the scheduler, and who it is.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Hello {
    /// The worker's or the session's id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Version of Phalanx.
    #[prost(string, tag = "2")]
    pub version: String,
    /// A hash of the registered operators.
    #[prost(string, tag = "3")]
    pub operators: String,
    /// The processor's SIMD level.
    #[prost(string, tag = "4")]
    pub simd: String,
}

/// A worker's heartbeat; the first one carries `hello`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Beat {
    /// Only in the first.
    #[prost(message, optional, tag = "1")]
    pub hello: Option<Hello>,
    /// `host:port` of the worker's data service.
    #[prost(string, tag = "2")]
    pub address: String,
    /// Tasks that it may run at once.
    #[prost(uint32, tag = "3")]
    pub cores: u32,
    /// Tasks that it runs now.
    #[prost(uint32, tag = "4")]
    pub tasks_running: u32,
    /// Its limit of memory.
    #[prost(uint64, tag = "5")]
    pub memory_bytes: u64,
    /// What its process uses now.
    #[prost(uint64, tag = "6")]
    pub memory_used_bytes: u64,
    /// What its scratch folder holds.
    #[prost(uint64, tag = "7")]
    pub stored_bytes: u64,
    /// The id of the worker's process.
    #[prost(uint32, tag = "8")]
    pub process: u32,
    /// It takes no more tasks, and ends when nobody needs what it holds.
    #[prost(bool, tag = "9")]
    pub leaving: bool,
    /// Size of the disk that its folder is on; 0 if the system does not say.
    #[prost(uint64, tag = "20")]
    pub disk_bytes: u64,
    /// What is free of it.
    #[prost(uint64, tag = "21")]
    pub disk_free_bytes: u64,
    /// How long its process has computed, over all cores.
    #[prost(uint64, tag = "22")]
    pub cpu_ms: u64,
    /// What the operators of its tasks did since the last heartbeat.
    #[prost(message, repeated, tag = "23")]
    pub operators: Vec<StageOperators>,
    /// Graphics processors that it may use.
    #[prost(uint32, tag = "24")]
    pub gpus: u32,
    /// What it wrote since the last heartbeat.
    #[prost(message, repeated, tag = "25")]
    pub log: Vec<Logged>,
}

/// A line of a worker's log.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Logged {
    /// Its number, from 1.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// When it was written, by the worker's clock.
    #[prost(uint64, tag = "2")]
    pub at_ms: u64,
    /// `error`, `warn` or `info`.
    #[prost(string, tag = "3")]
    pub level: String,
    /// What it says.
    #[prost(string, tag = "4")]
    pub text: String,
}

/// What the operators of one stage did, over some of its tasks.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct StageOperators {
    /// The job.
    #[prost(string, tag = "1")]
    pub job: String,
    /// Its stage.
    #[prost(uint32, tag = "2")]
    pub stage: u32,
    /// From the writer down, as they stand in the plan.
    #[prost(message, repeated, tag = "3")]
    pub operators: Vec<OperatorSums>,
}

/// What one operator did.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperatorSums {
    /// How deep it stands below the writer.
    #[prost(uint32, tag = "1")]
    pub depth: u32,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Rows that it gave.
    #[prost(uint64, tag = "3")]
    pub rows: u64,
    /// Time that it computed, without its inputs'.
    #[prost(uint64, tag = "4")]
    pub compute_us: u64,
    /// Bytes that it wrote to disk for want of memory.
    #[prost(uint64, tag = "5")]
    pub spilled_bytes: u64,
}

impl Hello {
    /// Who we are.
    pub fn ours(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            operators: phalanx_engine::codec::operator_hash(),
            simd: simd_level().to_owned(),
        }
    }

    /// Why `other` can't work with us, if it can't.
    pub fn refusal(&self, other: &Self) -> Option<String> {
        if self.version != other.version {
            return Some(format!(
                "the scheduler is version {} and {} is version {}: start all processes from one installation",
                self.version, other.id, other.version
            ));
        }
        (self.operators != other.operators).then(|| {
            format!("{} has other operators than the scheduler, though both are version {}", other.id, self.version)
        })
    }
}

/// The SIMD level on which kernels may differ in their last bits.
pub fn simd_level() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return "avx2";
        }
        "sse2"
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::env::consts::ARCH
}
