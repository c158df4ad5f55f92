//! The child's side of a gang: a process that runs one program of this binary, is fed by its parent and speaks with it.

use super::RankSpec;
use super::packet::{self, Kind, Packet};
use crate::local::panic_text;
use crate::paths::{self, AllowedPaths};
use crate::persisted::SerializedSchema;
use crate::{Error, Result};
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamReader;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Batches that were read and are not taken yet.
const ROWS_WAITING_MAX: usize = 4;
/// The exit code of a rank whose parent is gone.
const ORPHANED: i32 = 3;

/// A program that ranks can run. It is registered with `inventory::submit!`, by a name that no other has.
#[derive(Debug)]
pub struct RankProgram {
    /// Its name.
    pub name: &'static str,
    /// Variables of its process, for so many threads; libraries read some before `run` could set them.
    pub environment: fn(threads: usize) -> Vec<(&'static str, String)>,
    /// What a rank does.
    pub run: fn(&mut Rank) -> Result<()>,
}

inventory::collect!(RankProgram);
pub use inventory;

impl RankProgram {
    /// The program of this name.
    ///
    /// # Errors
    /// `Input`: this binary has none.
    pub fn find(name: &str) -> Result<&'static Self> {
        inventory::iter::<Self>.into_iter().find(|program| program.name == name).ok_or_else(|| {
            Error::input(format!("this binary has no program {name:?} for ranks"))
                .with_hint("start scheduler, workers and client from the same build")
        })
    }
}

/// What a rank reads first.
#[derive(Serialize, Deserialize)]
pub(super) struct RankStart {
    pub host: String,
    pub inputs: Vec<InputHead>,
    pub spec: RankSpec,
    /// What may be opened by who started it, and so by it.
    pub allowed_paths: Vec<AllowedPaths>,
}

/// What a rank knows of an input before it has its rows.
#[derive(Serialize, Deserialize)]
pub(super) struct InputHead {
    pub name: String,
    pub schema: SerializedSchema,
}

/// What the parent says, but for rows.
enum Said {
    Start(RankStart),
    Message(Bytes),
}

/// What a program is given.
pub struct Rank {
    start: RankStart,
    rows: Receiver<Packet>,
    said: Receiver<Said>,
    output: Arc<Mutex<File>>,
    /// Whether all rows that it asked for were taken.
    is_fed: bool,
    kept: Option<Box<dyn Any>>,
}

impl fmt::Debug for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.start.fmt(f)
    }
}

impl Rank {
    /// Which rank it is, from 0.
    pub fn number(&self) -> usize {
        self.start.spec.rank
    }
    /// How many there are.
    pub fn count(&self) -> usize {
        self.start.spec.ranks
    }
    /// Threads that it may use.
    pub fn threads(&self) -> usize {
        self.start.spec.threads
    }
    /// The GPU on which it computes, if it does on one.
    pub fn gpu(&self) -> Option<usize> {
        self.start.spec.gpu
    }
    /// Its program's arguments.
    pub fn arguments(&self) -> &[u8] {
        &self.start.spec.arguments
    }
    /// The address at which the other ranks reach this one's machine.
    pub fn host(&self) -> &str {
        &self.start.host
    }
    /// The schema of each input.
    pub fn schemas(&self) -> Vec<SchemaRef> {
        self.start.inputs.iter().map(|input| Arc::clone(&input.schema.0)).collect()
    }
    /// The name of each input's rows: what has the same name in another of this rank's plans has the same values.
    pub fn names(&self) -> Vec<&str> {
        self.start.inputs.iter().map(|input| input.name.as_str()).collect()
    }
    /// Hands all rows to `take`, each batch with the number of its input; the rows of an input come in order.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn rows(&mut self, take: impl FnMut(usize, RecordBatch) -> Result<()>) -> Result<()> {
        let all: Vec<usize> = (0..self.start.inputs.len()).collect();
        self.rows_of(&all, take)
    }
    /// As [`Rank::rows`], of these inputs alone. The rows of others are not sent.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn rows_of(&mut self, inputs: &[usize], mut take: impl FnMut(usize, RecordBatch) -> Result<()>) -> Result<()> {
        if inputs.is_empty() {
            return Ok(());
        }
        let numbers = postcard::to_stdvec(inputs)
            .map_err(|error| Error::internal("a rank's wishes can't be written").caused_by(&error))?;
        self.is_fed = false;
        self.say(Kind::Feed, &numbers)?;
        while let Ok(packet) = self.rows.recv() {
            if packet.kind == Kind::Fed {
                self.is_fed = true;
                return Ok(());
            }
            let Some((number, stream)) = packet.body.split_first_chunk::<4>() else { break };
            for batch in StreamReader::try_new(stream, None)? {
                take(u32::from_le_bytes(*number) as usize, batch?)?;
            }
        }
        Err(Error::internal("the rows of a rank ended before their end"))
    }
    /// Says something to the caller.
    ///
    /// # Errors
    /// `Internal`: the parent does not listen.
    pub fn tell(&self, message: &[u8]) -> Result<()> {
        self.say(Kind::Message, message)
    }
    /// Waits for what the caller says next.
    ///
    /// # Errors
    /// `Internal`: it will say nothing more.
    pub fn hear(&self) -> Result<Bytes> {
        match self.said.recv() {
            Ok(Said::Message(message)) => Ok(message),
            Ok(Said::Start(_)) => Err(Error::internal("a rank is to start before it is done")),
            Err(_) => Err(Error::internal("nobody speaks to this rank")),
        }
    }
    /// Whether it stays for another plan when it is done.
    pub fn stays(&self) -> bool {
        self.start.spec.stays
    }
    /// Keeps something for its next plan. It is dropped with the process, which ends without a call of destructors.
    pub fn keep(&mut self, value: impl Any) {
        self.kept = Some(Box::new(value));
    }
    /// What its last plan has kept, if that was of this type.
    pub fn kept<T: Any>(&mut self) -> Option<T> {
        self.kept.take()?.downcast().ok().map(|kept| *kept)
    }
    /// Waits for its next plan. What was said of the last one and not heard is forgotten.
    fn start_again(&mut self) -> Result<()> {
        loop {
            match self.said.recv() {
                Ok(Said::Start(start)) => {
                    self.start = start;
                    return Ok(());
                }
                Ok(Said::Message(_)) => {}
                Err(_) => return Err(Error::internal("nobody speaks to this rank")),
            }
        }
    }
    fn say(&self, kind: Kind, body: &[u8]) -> Result<()> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        packet::write(&mut *output, kind, body).map_err(|error| Error::internal("nobody listens").caused_by(&error))
    }
}

/// Runs this process as a rank: what its parent says on standard input, to its end.
pub fn run_rank() -> ! {
    let ran = standard_output().and_then(|output| {
        let mut rank = begin(output)?;
        loop {
            let program = RankProgram::find(&rank.start.spec.program)?;
            let ended = catch_unwind(AssertUnwindSafe(|| (program.run)(&mut rank))).unwrap_or_else(|panic| {
                Err(Error::internal(format!("rank {} panicked: {}", rank.number(), panic_text(panic.as_ref()))))
            });
            // Whoever failed, or did not take its rows, is in no state to go on.
            let stays = rank.stays() && rank.is_fed && ended.is_ok();
            let told = match ended {
                Ok(()) => rank.say(Kind::Done, &[]),
                Err(error) => rank.say(Kind::Failed, error.to_wire().as_bytes()),
            };
            if told.is_err() || !stays {
                return Ok(told);
            }
            rank.start_again()?;
        }
    });
    match ran {
        Ok(Ok(())) => leave(0),
        Ok(Err(_nobody_listens)) => leave(ORPHANED),
        Err(error) => {
            eprintln!("{error}");
            leave(1)
        }
    }
}

/// Ends this process at once. What libraries would do at an orderly exit may wait for threads that never end, as those
/// of a library whose peers are gone.
#[expect(unsafe_code, reason = "the standard library ends a process in order alone")]
fn leave(code: i32) -> ! {
    // SAFETY: nothing of this process is needed after its last word, which is written without a buffer.
    unsafe { libc::_exit(code) }
}

/// Our end of standard output. What libraries print goes to standard error from here on: it would be no packet.
#[expect(unsafe_code, reason = "the standard library can't redirect a stream of its own process")]
fn standard_output() -> Result<File> {
    let failed = |error: std::io::Error| Error::resources("standard output can't be used").caused_by(&error);
    let kept = std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    let (output, errors) = (std::io::stdout().as_raw_fd(), std::io::stderr().as_raw_fd());
    // SAFETY: both are open descriptors of this process, and `kept` is a copy of the one that is replaced.
    if unsafe { libc::dup2(errors, output) } < 0 {
        return Err(failed(std::io::Error::last_os_error()));
    }
    Ok(kept.into())
}

fn begin(output: File) -> Result<Rank> {
    let mut input = std::io::stdin().lock();
    let first = packet::read(&mut input)?.filter(|packet| packet.kind == Kind::Start);
    let first = first.ok_or_else(|| {
        Error::input("a rank is started by a worker, or by a client, and not by hand")
            .with_hint("`phalanx --help` lists what is")
    })?;
    let start = start_of(&first)?;
    drop(input);
    start.allowed_paths.iter().cloned().for_each(paths::restrict);
    let (row_sender, rows) = sync_channel(ROWS_WAITING_MAX);
    let (saying, said) = channel();
    thread("parent", move || listen(&row_sender, &saying))?;
    thread("orphan", end_with_parent)?;
    Ok(Rank { start, rows, said, output: Arc::new(Mutex::new(output)), is_fed: true, kept: None })
}

fn start_of(packet: &Packet) -> Result<RankStart> {
    postcard::from_bytes(&packet.body)
        .map_err(|error| Error::internal("a rank's start can't be read").caused_by(&error))
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    started.map(drop).map_err(|error| Error::resources("a thread can't be started").caused_by(&error))
}

/// Passes on what the parent says. It waits where the program takes its rows later, or never.
fn listen(rows: &SyncSender<Packet>, saying: &Sender<Said>) {
    let mut input = std::io::stdin().lock();
    while let Ok(Some(packet)) = packet::read(&mut input) {
        let _not_wanted = match packet.kind {
            Kind::Message => saying.send(Said::Message(packet.body)).is_ok(),
            Kind::Start => match start_of(&packet) {
                Ok(start) => saying.send(Said::Start(start)).is_ok(),
                Err(error) => {
                    eprintln!("{error}");
                    leave(1)
                }
            },
            _ => rows.send(packet).is_ok(),
        };
    }
    leave(ORPHANED);
}

/// Ends the process with its parent, however that ends, also while nobody reads what the parent has said: a pipe hangs
/// up at once when its other end is closed.
#[expect(unsafe_code, reason = "the standard library can't wait for a pipe that hangs up")]
fn end_with_parent() {
    let mut input = libc::pollfd { fd: std::io::stdin().as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: one descriptor, and told so.
    while unsafe { libc::poll(&raw mut input, 1, -1) } < 1 {}
    leave(ORPHANED);
}
