//! A rank as a child process: started, fed with its rows, listened to, and killed when nobody wants it any more.

use super::packet::{HEAD_BYTES, Kind, head, parse_head};
use super::rank::{InputHead, RankProgram, RankStart};
use super::reap::Leash;
use super::{RankEvent, RankInput, RankSpec};
use crate::persisted::ReadPersisted;
use crate::{Error, Result, paths, program};
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::ipc::writer::StreamWriter;
use futures::TryStreamExt;
use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What a rank said and nobody has heard yet.
const EVENTS_WAITING_MAX: usize = 16;
/// A rank that has said its last word and does not end for this long is killed.
const END_TIMEOUT: Duration = Duration::from_millis(500);

/// What a rank is told.
#[derive(Clone, Debug)]
pub enum Order {
    /// Something from the caller.
    Message(Bytes),
    /// What it is to do next, when it has done its work and stays.
    Start(Box<RankSpec>),
}

/// One rank: what is heard of it, and what it is told. Dropping it ends the rank.
pub struct RankLink {
    /// What is heard of it.
    pub events: mpsc::Receiver<RankEvent>,
    /// What it is told.
    pub orders: mpsc::UnboundedSender<Order>,
    /// Whatever keeps it alive.
    pub guard: Box<dyn Any + Send>,
}

impl fmt::Debug for RankLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RankLink")
    }
}

/// A task that ends with its owner.
struct Aborting(JoinHandle<()>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts a rank as a child process. It reads its rows through `reader`, and others reach it at `host`.
///
/// # Errors
/// * `Input`: this binary has no such program.
/// * `Resources`: the process does not start.
pub fn start_rank(runtime: &Handle, spec: RankSpec, host: String, reader: Arc<dyn ReadPersisted>) -> Result<RankLink> {
    let known = RankProgram::find(&spec.program)?;
    let command = program::phalanx_program()?;
    let Some((binary, before)) = command.split_first() else {
        return Err(Error::input("an empty command starts no process"));
    };
    let _spawning_needs_it = runtime.enter();
    let child = Command::new(binary)
        .args(before)
        .arg(OsString::from("rank"))
        .envs((known.environment)(spec.threads))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0) // Ctrl-C at the terminal reaches us, and we end it
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::resources(format!("rank {} does not start", spec.rank)).caused_by(&error))?;
    let (sender, events) = mpsc::channel(EVENTS_WAITING_MAX);
    let (orders, ordered) = mpsc::unbounded_channel();
    let driver = runtime.spawn(drive(child, spec, host, reader, sender, ordered));
    Ok(RankLink { events, orders, guard: Box::new(Aborting(driver)) })
}

async fn drive(
    mut child: Child,
    spec: RankSpec,
    host: String,
    reader: Arc<dyn ReadPersisted>,
    events: mpsc::Sender<RankEvent>,
    orders: mpsc::UnboundedReceiver<Order>,
) {
    let (rank, process) = (spec.rank, child.id().unwrap_or_default());
    let _ended_with_this = Leash::on(process);
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return };
    let last = {
        let (asking, asked) = mpsc::unbounded_channel();
        let listen = listen(output, spec.stays, &events, &asking);
        let feed = feed(input, spec, host, reader, asked, orders);
        tokio::pin!(listen);
        tokio::select! {
            biased;
            last = &mut listen => last,
            error = feed => Some(RankEvent::Lost(error)),
        }
    };
    let ended = tokio::time::timeout(END_TIMEOUT, child.wait()).await;
    let last = last.unwrap_or_else(|| {
        let how = match ended {
            Ok(Ok(status)) => status.to_string(),
            _ => String::from("its output ended"),
        };
        RankEvent::Lost(Error::cluster(format!("rank {rank} (process {process}) is gone: {how}")))
    });
    let _nobody_listens = events.send(last).await;
}

/// Passes on what a rank says, and to `asking` which inputs it wants; returns its last word, if it has one.
async fn listen(
    mut output: ChildStdout,
    stays: bool,
    events: &mpsc::Sender<RankEvent>,
    asking: &mpsc::UnboundedSender<Vec<usize>>,
) -> Option<RankEvent> {
    loop {
        let mut start = [0; HEAD_BYTES];
        output.read_exact(&mut start).await.ok()?;
        let (kind, length) = match parse_head(start) {
            Ok(parsed) => parsed,
            Err(error) => return Some(RankEvent::Lost(error)),
        };
        let mut body = vec![0; length];
        output.read_exact(&mut body).await.ok()?;
        match kind {
            Kind::Message => events.send(RankEvent::Message(body.into())).await.ok()?,
            Kind::Feed => {
                asking.send(postcard::from_bytes(&body).ok()?).ok()?;
            }
            Kind::Done if stays => events.send(RankEvent::Done).await.ok()?,
            Kind::Done => return Some(RankEvent::Done),
            _ => return Some(RankEvent::Failed(error_of(&body))),
        }
    }
}

/// The error that a rank, or who holds it, packed.
pub fn error_of(body: &[u8]) -> Error {
    let text = String::from_utf8_lossy(body);
    Error::from_wire(&text).unwrap_or_else(|| Error::internal(text.into_owned()))
}

/// Starts a rank, as often as it is ordered, feeds it with what it asks for and tells it what the caller says. Returns
/// only if its rows can't be read: a rank that does not take them has ended, and that is heard elsewhere.
async fn feed(
    mut input: impl AsyncWrite + Unpin,
    spec: RankSpec,
    host: String,
    reader: Arc<dyn ReadPersisted>,
    mut asked: mpsc::UnboundedReceiver<Vec<usize>>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Error {
    let (mut inputs, start) = match started(spec, &host) {
        Ok(started) => started,
        Err(error) => return error,
    };
    let mut written = write(&mut input, Kind::Start, &[&start]).await;
    while written.is_ok() {
        written = tokio::select! {
            Some(wanted) = asked.recv() => match send_all(&mut input, &inputs, &wanted, reader.as_ref()).await {
                Ok(written) => written,
                Err(error) => return error,
            },
            Some(order) = orders.recv() => match order {
                Order::Message(message) => write(&mut input, Kind::Message, &[&message]).await,
                Order::Start(spec) => match started(*spec, &host) {
                    Ok((next, start)) => {
                        inputs = next;
                        write(&mut input, Kind::Start, &[&start]).await
                    }
                    Err(error) => return error,
                },
            },
            else => break,
        };
    }
    std::future::pending().await
}

/// The inputs of a rank, and what it reads first.
fn started(mut spec: RankSpec, host: &str) -> Result<(Vec<RankInput>, Vec<u8>)> {
    let inputs = std::mem::take(&mut spec.inputs);
    let heads = inputs.iter().map(|input| InputHead { name: input.name(), schema: input.schema.clone() });
    let start = RankStart { host: host.to_owned(), inputs: heads.collect(), spec, allowed_paths: paths::lists() };
    let body = postcard::to_stdvec(&start)
        .map_err(|error| Error::internal("a rank's start can't be written").caused_by(&error))?;
    Ok((inputs, body))
}

/// Sends the rows of the inputs that are wanted. The inner error is that of a rank that does not read.
async fn send_all(
    output: &mut (impl AsyncWrite + Unpin),
    inputs: &[RankInput],
    wanted: &[usize],
    reader: &dyn ReadPersisted,
) -> Result<io::Result<()>> {
    for number in wanted {
        let input = inputs.get(*number).ok_or_else(|| Error::internal("a rank wants what it has not"))?;
        let sent = send(output, *number, input, reader).await?;
        if sent.is_err() {
            return Ok(sent);
        }
    }
    Ok(write(output, Kind::Fed, &[]).await)
}

/// Sends the rows of one input. The inner error is that of a rank that does not read.
async fn send(
    output: &mut (impl AsyncWrite + Unpin),
    number: usize,
    input: &RankInput,
    reader: &dyn ReadPersisted,
) -> Result<io::Result<()>> {
    for piece in &input.pieces {
        let mut batches = reader.read(&input.handle, piece.partition, &piece.location, &input.schema.0)?;
        let (mut skip, mut rest) = (piece.skip as usize, piece.rows as usize);
        while rest > 0 {
            let Some(batch) = batches.try_next().await? else {
                return Err(crate::persisted::lost(&input.handle, piece.partition, &piece.location));
            };
            let first = skip.min(batch.num_rows());
            skip -= first;
            let rows = rest.min(batch.num_rows() - first);
            rest -= rows;
            if rows > 0 {
                let body = pack(&batch.slice(first, rows))?;
                let sent = write(output, Kind::Rows, &[&(number as u32).to_le_bytes(), &body]).await;
                if sent.is_err() {
                    return Ok(sent);
                }
            }
        }
    }
    Ok(Ok(()))
}

/// Rows as an Arrow IPC stream of their own.
fn pack(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(vec![], &batch.schema())?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

async fn write(output: &mut (impl AsyncWrite + Unpin), kind: Kind, parts: &[&[u8]]) -> io::Result<()> {
    output.write_all(&head(kind, parts.iter().map(|part| part.len()).sum())).await?;
    for part in parts {
        output.write_all(part).await?;
    }
    output.flush().await
}

impl fmt::Debug for RankStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RankSpec { program, rank, ranks, .. } = &self.spec;
        write!(f, "RankStart({program}, {rank} of {ranks}, {} inputs)", self.inputs.len())
    }
}
