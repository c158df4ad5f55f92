//! What is done to a cluster while it works, and the means for it.

use crate::preload::Preload;
use phalanx_cluster::LocalCluster;
use phalanx_cluster::process::this_program;
use phalanx_engine::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is done to the cluster during a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Nothing.
    None,
    /// SIGKILL of one worker, another one joins after 50 ms.
    Kill,
    /// Two of them.
    KillTwo,
    /// SIGKILL of one worker as soon as the first partition of the result is there.
    KillAtFetch,
    /// SIGSTOP of a worker for 5 s, then SIGCONT.
    Stop,
    /// A worker runs a tenth of the time, for 3 s.
    Slow,
    /// A worker is let go, another one joins after 50 ms.
    Leave,
    /// SIGKILL of the scheduler, which is started again at its address.
    Scheduler,
    /// SIGKILL of another client that has data and a job.
    Client,
    /// The workers' disk has no space for 0.3 s.
    FullDisk,
    /// Each write to a disk takes 20 ms, for 2 s.
    SlowDisk,
    /// All clocks jump, by up to a day, forward or back.
    Clock,
    /// All connections of one worker are cut.
    Cut,
    /// Nothing arrives anywhere, for half a second to four.
    Dark,
    /// All processes together have a megabit a second, for 3 s.
    SlowNetwork,
}

/// All of them, by the names that people type.
pub const HARMS: [(&str, Harm); 15] = [
    ("none", Harm::None),
    ("kill", Harm::Kill),
    ("kill2", Harm::KillTwo),
    ("fetch", Harm::KillAtFetch),
    ("stop", Harm::Stop),
    ("slow", Harm::Slow),
    ("leave", Harm::Leave),
    ("scheduler", Harm::Scheduler),
    ("client", Harm::Client),
    ("full-disk", Harm::FullDisk),
    ("slow-disk", Harm::SlowDisk),
    ("clock", Harm::Clock),
    ("cut", Harm::Cut),
    ("dark", Harm::Dark),
    ("slow-network", Harm::SlowNetwork),
];

impl std::str::FromStr for Harm {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let names = || HARMS.map(|(name, _)| name).join(", ");
        let found = HARMS.iter().find(|(name, _)| *name == text).map(|(_, harm)| *harm);
        found.ok_or_else(|| format!("{text:?} is none of {}", names()))
    }
}

impl Harm {
    /// May a job that this was done to end with this error? Then it tells of what was done.
    pub fn is_told_by(self, error: &Error) -> bool {
        self == Self::FullDisk && error.kind() == ErrorKind::Resources && error.message().contains("is full")
    }
    /// Does it need a network, or mounts, that nobody else sees?
    pub fn needs_namespaces(self) -> bool {
        matches!(self, Self::FullDisk | Self::Cut | Self::Dark | Self::SlowNetwork)
    }
}

/// How long a dead worker's successor takes to be started.
const SUCCESSOR_AFTER: Duration = Duration::from_millis(50);
/// How long a stopped worker stands still.
const STOPPED_FOR: Duration = Duration::from_secs(5);
/// How long things are slow.
const SLOW_FOR: Duration = Duration::from_secs(3);
/// How long the disk is full.
const FULL_FOR: Duration = Duration::from_millis(300);
/// The size of the disk that is filled.
const DISK_BYTES: u64 = 64 << 20;
/// Jumps of clocks, in seconds from the right time.
const JUMPS: [i64; 5] = [3600, -3600, 86_400, -86_400, 0];

/// Says that this process is in namespaces of its own.
const INSIDE: &str = "CHAOS_NAMESPACES";

/// Makes this process one in namespaces of its own; returns at once if it is one already.
///
/// # Errors
/// `Unsupported`: the system lets us have none.
pub fn enter_namespaces() -> Result<()> {
    if std::env::var_os(INSIDE).is_some() {
        return command("ip", &["link", "set", "lo", "up"]);
    }
    let program = std::env::current_exe().map_err(|error| Error::internal(error.to_string()))?;
    let error = Command::new("unshare")
        .args(["--net", "--mount"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(Error::unsupported("there are no namespaces here").caused_by(&error))
}

fn command(program: &str, arguments: &[&str]) -> Result<()> {
    let ended = Command::new(program).args(arguments).output();
    match ended {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(ended) => {
            let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
            Err(Error::unsupported(format!("{program} {}: {said}", arguments.join(" "))))
        }
        Err(error) => Err(Error::unsupported(format!("{program} can't be run")).caused_by(&error)),
    }
}

/// What a harm needs, ready before the cluster starts.
#[derive(Debug, Default)]
pub struct Means {
    preload: Option<Preload>,
    disk: Option<tempfile::TempDir>,
}

impl Means {
    /// For `harm`.
    ///
    /// # Errors
    /// This machine has none.
    pub fn of(harm: Harm) -> Result<Self> {
        let mut means = Self::default();
        if matches!(harm, Harm::Clock | Harm::SlowDisk) {
            means.preload = Some(Preload::build()?);
        }
        if harm == Harm::FullDisk {
            let folder = tempfile::tempdir().map_err(|error| Error::internal(error.to_string()))?;
            let size = format!("size={DISK_BYTES}");
            command("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", &folder.path().to_string_lossy()])?;
            means.disk = Some(folder);
        }
        Ok(means)
    }
    /// The command of the cluster's processes.
    ///
    /// # Errors
    /// This program is not found.
    pub fn program(&self) -> Result<Vec<OsString>> {
        let before = self.preload.as_ref().map_or_else(Vec::new, Preload::command);
        Ok(before.into_iter().chain(this_program()?).collect())
    }
    /// Where workers write, if not where they do usually.
    pub fn scratch(&self) -> Option<PathBuf> {
        self.disk.as_ref().map(|folder| folder.path().to_owned())
    }
}

impl Drop for Means {
    fn drop(&mut self) {
        if let Some(folder) = &self.disk {
            let _gone_with_us = command("umount", &["-l", &folder.path().to_string_lossy()]);
        }
    }
}

/// Does the harm and says when it did.
///
/// # Errors
/// It can't be done.
pub fn do_harm(
    means: &Means,
    cluster: &LocalCluster,
    harm: Harm,
    draws: [usize; 2],
    moment: Duration,
) -> Result<Instant> {
    let began = Instant::now();
    let workers = cluster.workers();
    let worker = workers.get(draws[0] % workers.len().max(1)).copied();
    match harm {
        Harm::Kill => {
            cluster.kill_worker(draws[0]);
            std::thread::sleep(SUCCESSOR_AFTER);
            cluster.add_worker()?;
        }
        Harm::KillTwo => {
            cluster.kill_worker(draws[0]);
            std::thread::sleep(SUCCESSOR_AFTER);
            cluster.add_worker()?;
            std::thread::sleep(moment / 2);
            cluster.kill_worker(draws[1]);
            std::thread::sleep(SUCCESSOR_AFTER);
            cluster.add_worker()?;
        }
        Harm::Leave => {
            cluster.let_go(worker.as_slice())?;
            std::thread::sleep(SUCCESSOR_AFTER);
            cluster.add_worker()?;
        }
        Harm::Scheduler => cluster.restart_scheduler()?,
        Harm::Stop => {
            if let Some(process) = worker {
                signal(process, libc::SIGSTOP);
                std::thread::sleep(STOPPED_FOR);
                signal(process, libc::SIGCONT);
            }
        }
        Harm::Slow => {
            while let Some(process) = worker.filter(|_| began.elapsed() < SLOW_FOR) {
                signal(process, libc::SIGSTOP);
                std::thread::sleep(Duration::from_millis(45));
                signal(process, libc::SIGCONT);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Harm::FullDisk => fill(means.disk.as_ref().map(tempfile::TempDir::path))?,
        Harm::SlowDisk | Harm::Clock => {
            let preload = means.preload.as_ref().ok_or_else(|| Error::internal("nothing is preloaded"))?;
            if harm == Harm::Clock {
                preload.jump(JUMPS[draws[0] % JUMPS.len()])?;
            } else {
                preload.delay_writes(Duration::from_millis(20))?;
                std::thread::sleep(SLOW_FOR);
                preload.delay_writes(Duration::ZERO)?;
            }
        }
        Harm::Cut => {
            if let Some(process) = worker {
                cut(process)?;
            }
        }
        Harm::Dark => {
            command("ip", &["link", "set", "lo", "down"])?;
            std::thread::sleep(Duration::from_millis(500 + draws[1] as u64 % 3_500));
            command("ip", &["link", "set", "lo", "up"])?;
        }
        Harm::SlowNetwork => {
            let limit = ["tbf", "rate", "1mbit", "burst", "32kb", "latency", "400ms"];
            command("tc", &[&["qdisc", "replace", "dev", "lo", "root"], &limit[..]].concat())?;
            std::thread::sleep(SLOW_FOR);
            command("tc", &["qdisc", "del", "dev", "lo", "root"])?;
        }
        Harm::None | Harm::KillAtFetch | Harm::Client => {}
    }
    Ok(began)
}

/// Takes all that is free of a disk, for a while.
fn fill(disk: Option<&Path>) -> Result<()> {
    let failed = |error: std::io::Error| Error::resources("a disk can't be filled").caused_by(&error);
    let Some(path) = disk.map(|folder| folder.join("filling")) else { return Ok(()) };
    let block = vec![0_u8; 1 << 16];
    let mut file = std::fs::File::create(&path).map_err(failed)?;
    while std::io::Write::write_all(&mut file, &block).is_ok() {}
    std::thread::sleep(FULL_FOR);
    std::fs::remove_file(&path).map_err(failed)
}

/// Cuts the connections of `process`.
fn cut(process: u32) -> Result<()> {
    let listed = Command::new("ss").args(["-Htnp", "state", "established"]).output();
    let listed = listed.map_err(|error| Error::unsupported("ss can't be run").caused_by(&error))?;
    let owner = format!("pid={process},");
    for line in String::from_utf8_lossy(&listed.stdout).lines().filter(|line| line.contains(&owner)) {
        // Bytes that wait to be read, and to be sent, our end, and the other one.
        if let [_, _, ours, theirs, ..] = line.split_whitespace().collect::<Vec<_>>().as_slice() {
            command("ss", &["-K", "-tn", "src", ours, "dst", theirs])?;
        }
    }
    Ok(())
}

/// Another client of the cluster, with data and a job that takes minutes.
///
/// # Errors
/// It does not start, or says nothing.
pub fn other_client(cluster: &LocalCluster) -> Result<Child> {
    let failed = |error: std::io::Error| Error::internal("another client can't be started").caused_by(&error);
    let program = this_program()?;
    let (first, more) = program.split_first().ok_or_else(|| Error::internal("an empty command"))?;
    let mut command = Command::new(first);
    command.args(more).args(["--log", "off", "client", &cluster.address().to_string(), "--tied"]);
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut line = String::new();
    if let Some(output) = client.stdout.take() {
        BufReader::new(output).read_line(&mut line).map_err(failed)?;
    }
    if line.trim() != "it runs" {
        return Err(Error::internal(format!("another client says {line:?}")));
    }
    Ok(client)
}

/// Sends a signal to a process that this one, or a child of it, has started.
#[expect(unsafe_code, reason = "signals to children of ours have no safe form in the standard library")]
pub fn signal(process: u32, number: libc::c_int) {
    // SAFETY: `kill` takes plain numbers; the process is a child that its owner has not reaped.
    unsafe {
        libc::kill(process as libc::pid_t, number);
    }
}
