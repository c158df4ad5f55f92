//! A scheduler and workers as child processes of this one, stopped with it.

use crate::transport::{CREDENTIALS_VARIABLE, SchedulerAddress};
use parking_lot::Mutex;
pub use phalanx_engine::program::find_binary;
use phalanx_engine::scratch::Scratch;
use phalanx_engine::{Error, Result, program};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What a cluster of child processes is started with.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// How many workers.
    pub workers: usize,
    /// Tasks that each worker runs at once.
    pub cores: usize,
    /// Limit of the memory of each worker's tasks.
    pub memory_bytes: u64,
    /// Where the workers make their folders; a temporary folder of the cluster's own by default.
    pub scratch: Option<PathBuf>,
    /// The command that starts the processes, before the arguments of `phalanx`; if it is empty, what
    /// [`set_program`](program::set_program) said, else the binary that [`find_binary`] finds.
    pub program: Vec<OsString>,
    /// Do the workers run functions that clients send? See [`WorkerOptions`](crate::WorkerOptions).
    pub allow_python: bool,
    /// The processes' level of logs (they write to our standard error).
    pub log: String,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            workers: 2,
            cores: 1,
            memory_bytes: (phalanx_engine::memory::for_tasks() / 2).min(4 << 30),
            scratch: None,
            program: vec![],
            allow_python: false,
            log: String::from("error"),
        }
    }
}

/// A process that takes longer than this to say that it is ready does not start.
const READY_TIMEOUT: Duration = Duration::from_secs(20);
/// A process that takes longer than this to end after being asked is killed.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);

/// A cluster of child processes. Dropping it stops them all and removes what they wrote.
#[derive(Debug)]
pub struct LocalCluster {
    address: SchedulerAddress,
    dashboard: Option<String>,
    options: ClusterOptions,
    program: Vec<OsString>,
    scratch: Scratch,
    scheduler: Mutex<Option<Child>>,
    workers: Mutex<Vec<Child>>,
    /// Workers that were told to leave.
    leaving: Mutex<Vec<Child>>,
}

impl LocalCluster {
    /// Starts a scheduler on a free port of loopback, and the workers.
    ///
    /// # Errors
    /// * `Input`: the program is not found.
    /// * `Resources`: a process does not start.
    pub fn start(options: ClusterOptions) -> Result<Self> {
        let program = if options.program.is_empty() { program::phalanx_program()? } else { options.program.clone() };
        let parent = options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let scratch = Scratch::create(&parent, &uuid::Uuid::new_v4().simple().to_string())?;
        let arguments = ["--log", &options.log, "scheduler", "--bind", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];
        let (child, ready) = spawn(&program, &arguments)?;
        let said = |scheme: &str| {
            ready.split_whitespace().map(|word| word.trim_end_matches(',')).find(|word| word.starts_with(scheme))
        };
        let dashboard = said("http://").map(String::from);
        let address = said("tcp://")
            .ok_or_else(|| Error::internal(format!("the scheduler's line has no address: {ready:?}")))?
            .parse()?;
        let (scheduler, workers, leaving) = (Mutex::new(Some(child)), Mutex::default(), Mutex::default());
        let cluster = Self { address, dashboard, options, program, scratch, scheduler, workers, leaving };
        for _ in 0..cluster.options.workers {
            cluster.add_worker()?;
        }
        Ok(cluster)
    }

    /// The address of the scheduler's status page.
    pub fn dashboard(&self) -> Option<&str> {
        self.dashboard.as_deref()
    }

    /// The scheduler's address.
    pub fn address(&self) -> &SchedulerAddress {
        &self.address
    }

    /// Process ids of the workers, oldest first.
    pub fn workers(&self) -> Vec<u32> {
        self.workers.lock().iter().map(Child::id).collect()
    }

    /// The process id of the scheduler, while it is there.
    pub fn scheduler(&self) -> Option<u32> {
        self.scheduler.lock().as_ref().map(Child::id)
    }

    /// Starts one more worker.
    ///
    /// # Errors
    /// It does not start.
    pub fn add_worker(&self) -> Result<()> {
        let cores = self.options.cores.to_string();
        let memory = self.options.memory_bytes.to_string();
        let scratch = self.scratch.path().to_string_lossy();
        let address = self.address.to_string();
        let mut arguments = vec![
            "--log",
            &self.options.log,
            "worker",
            &address,
            "--cores",
            &cores,
            "--memory",
            &memory,
            "--scratch",
            &scratch,
        ];
        if self.options.allow_python {
            arguments.push("--allow-python");
        }
        let (child, _ready) = spawn(&self.program, &arguments)?;
        self.workers.lock().push(child);
        Ok(())
    }

    /// Starts workers, or lets the youngest go, until there are `workers`. One that goes takes no more tasks, and ends
    /// when it has none left, no running job needs what it holds, and the others have taken over what is persisted there;
    /// this does not wait for that. With the last worker goes what it holds.
    ///
    /// # Errors
    /// A worker does not start.
    pub fn scale(&self, workers: usize) -> Result<()> {
        self.leaving.lock().retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        self.workers.lock().retain_mut(|child| matches!(child.try_wait(), Ok(None))); // retired, or dead
        while self.workers.lock().len() < workers {
            self.add_worker()?;
        }
        let going = {
            let mut all = self.workers.lock();
            let first = workers.min(all.len());
            all.split_off(first)
        };
        for mut child in going {
            let told = child.stdin.as_mut().map(|input| writeln!(input, "{LEAVE}").and_then(|()| input.flush()));
            if !matches!(told, Some(Ok(()))) {
                let _dead_already = child.kill();
            }
            self.leaving.lock().push(child);
        }
        Ok(())
    }

    /// Process ids of workers that were told to leave and have not ended.
    pub fn leaving(&self) -> Vec<u32> {
        let mut leaving = self.leaving.lock();
        leaving.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        leaving.iter().map(Child::id).collect()
    }

    /// Kills the worker at `index` (counted modulo their number) at once, as a lost machine would be; `None` if there
    /// is no worker.
    pub fn kill_worker(&self, index: usize) -> Option<u32> {
        let mut workers = self.workers.lock();
        if workers.is_empty() {
            return None;
        }
        let index = index % workers.len();
        let mut child = workers.remove(index);
        let process = child.id();
        let _dead = child.kill();
        let _reaped = child.wait();
        Some(process)
    }

    /// Kills the scheduler at once.
    pub fn kill_scheduler(&self) {
        if let Some(mut child) = self.scheduler.lock().take() {
            let _dead = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Starts a scheduler at the address of the one that was killed. The workers join it by themselves.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart_scheduler(&self) -> Result<()> {
        self.kill_scheduler();
        let bind = self.address.authority();
        let arguments = ["--log", &self.options.log, "scheduler", "--bind", bind, "--dashboard", "127.0.0.1:0"];
        let (child, _ready) = spawn(&self.program, &arguments)?;
        *self.scheduler.lock() = Some(child);
        Ok(())
    }

    /// Stops all processes, waits for them, and removes what they wrote. Says what was left over: nothing.
    ///
    /// # Errors
    /// `Resources`: a folder can't be removed.
    pub fn stop(self) -> Result<()> {
        self.end();
        let path = self.scratch.path().to_owned();
        drop(self);
        if path.exists() {
            return Err(Error::resources(format!("{} can't be removed", path.display())));
        }
        Ok(())
    }

    fn end(&self) {
        let mut children: Vec<Child> = self.workers.lock().drain(..).collect();
        children.append(&mut self.leaving.lock());
        children.extend(self.scheduler.lock().take());
        for child in &mut children {
            // A worker that is told to terminate would hand over what it holds first; without its parent it ends.
            drop(child.stdin.take());
            terminate(child.id());
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        for child in &mut children {
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            let _dead = child.kill();
            let _reaped = child.wait();
        }
    }
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a process and waits for its one line on standard output.
fn spawn(program: &[OsString], arguments: &[&str]) -> Result<(Child, String)> {
    let Some((binary, before)) = program.split_first() else {
        return Err(Error::input("an empty command starts no process"));
    };
    let line = || {
        let words =
            program.iter().map(|word| word.to_string_lossy()).chain(arguments.iter().map(|word| (*word).into()));
        words.collect::<Vec<_>>().join(" ")
    };
    let mut command = Command::new(binary);
    // The pipe to its standard input is held by `Child`: its end tells that we are gone.
    command.args(before).args(arguments).arg("--tied").stdin(Stdio::piped()).stdout(Stdio::piped());
    // It serves loopback alone, where no credentials are needed; those of another cluster are not its own.
    command.env_remove(CREDENTIALS_VARIABLE);
    // A group of its own: Ctrl-C at the terminal reaches us, and we stop the children in order.
    command.process_group(0);
    let failed = |cause: &(dyn std::error::Error + 'static)| {
        Error::resources(format!("{} does not start", line())).caused_by(cause)
    };
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    let Some(output) = child.stdout.take() else { return Err(Error::internal("a child has no standard output")) };
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(output);
        let mut line = String::new();
        let _gone = sender.send(lines.read_line(&mut line).map(|_| line.clone()));
        while matches!(lines.read_line(&mut line), Ok(1..)) {
            line.clear(); // nothing that a child prints later may block it
        }
    });
    match receiver.recv_timeout(READY_TIMEOUT) {
        Ok(Ok(line)) if !line.trim().is_empty() => Ok((child, line)),
        _ => {
            let _dead = child.kill();
            let status = child.wait().map(|status| status.to_string()).unwrap_or_default();
            Err(Error::resources(format!("{} did not become ready: {status}", line()))
                .with_hint("its message is above"))
        }
    }
}

/// Asks a process to end.
#[expect(unsafe_code, reason = "sending a signal to a child of ours has no safe form in the standard library")]
fn terminate(process: u32) {
    // SAFETY: `kill` takes plain numbers; the process is a child that we have not reaped, so the id is still its own.
    unsafe {
        libc::kill(process as libc::pid_t, libc::SIGTERM);
    }
}

/// What the parent says on standard input to let a worker go.
const LEAVE: &str = "leave";

/// Whether the parent said [`LEAVE`]; true, if it ever did.
static TOLD_TO_LEAVE: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// Resolves when the parent of a tied process tells it to leave.
pub async fn told_to_leave() {
    let mut told = TOLD_TO_LEAVE.subscribe();
    let _sender_is_static = told.wait_for(|told| *told).await;
}

/// Resolves when standard input ends: the parent that holds its other end has died, however it died.
///
/// (`PR_SET_PDEATHSIG` is no way: it fires when the *thread* ends that started the child.)
pub async fn parent_ended() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line {
                Ok(line) if line == LEAVE => drop(TOLD_TO_LEAVE.send_replace(true)),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let _nobody_waits = sender.send(());
    });
    let _ended = receiver.await;
}
