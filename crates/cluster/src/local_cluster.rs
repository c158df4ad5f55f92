//! A scheduler and workers that this process launched, stopped with it: as its children, on this machine or, through
//! `ssh`, on others.

use crate::launcher::{Launcher, Local};
use crate::transport::SchedulerAddress;
use parking_lot::Mutex;
pub use phalanx_engine::program::find_binary;
use phalanx_engine::scratch::Scratch;
use phalanx_engine::{Error, Result};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What a cluster of child processes is started with.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// How many workers.
    pub workers: usize,
    /// Tasks that each worker runs at once; 0 leaves it to the worker, which looks at its machine.
    pub cores: usize,
    /// Limit of the memory of each worker's tasks; 0 leaves it to the worker.
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
/// The same for a process on another machine, of which we only see its connection.
const STOP_TIMEOUT_REMOTE: Duration = Duration::from_secs(8);
/// What a process said before it died is waited for so long.
const SAID_TIMEOUT: Duration = Duration::from_millis(500);

/// A cluster on this machine.
pub type LocalCluster = LaunchedCluster;

/// A cluster that we launched. Dropping it stops all of its processes and removes what they wrote.
#[derive(Debug)]
pub struct LaunchedCluster {
    address: SchedulerAddress,
    dashboard: Option<String>,
    options: ClusterOptions,
    launcher: Box<dyn Launcher>,
    scratch: Scratch,
    scheduler: Mutex<Option<Child>>,
    workers: Mutex<Vec<Child>>,
    /// Workers that were told to leave.
    leaving: Mutex<Vec<Child>>,
    /// What each process wrote lately, by its id.
    logs: Mutex<Vec<Written>>,
    /// How many workers were launched.
    launched: AtomicUsize,
}

/// A process, and the latest of what it wrote.
#[derive(Debug)]
struct Written {
    process: u32,
    name: String,
    lines: Lines,
}

/// What one worker has, where that is not what the others have.
#[derive(Clone, Debug, Default)]
pub struct WorkerResources {
    /// Tasks at once.
    pub cores: Option<usize>,
    /// Memory of its tasks.
    pub memory_bytes: Option<u64>,
    /// Variables of its process.
    pub variables: Vec<(String, String)>,
}

impl LaunchedCluster {
    /// Starts a scheduler on a free port of loopback, and the workers.
    ///
    /// # Errors
    /// * `Input`: the program is not found.
    /// * `Resources`: a process does not start.
    pub fn start(options: ClusterOptions) -> Result<Self> {
        let launcher = Local::new(options.program.clone())?;
        Self::launch(options, Box::new(launcher))
    }

    /// Starts a scheduler and the workers by a launcher.
    ///
    /// # Errors
    /// * `Input`: the launcher has no place or program for them.
    /// * `Resources`: a process does not start.
    pub fn launch(options: ClusterOptions, launcher: Box<dyn Launcher>) -> Result<Self> {
        let parent = options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let scratch = Scratch::create(&parent, &uuid::Uuid::new_v4().simple().to_string())?;
        let (child, ready, lines) = spawn(launcher.scheduler(&options.log, None)?)?;
        let logs = Mutex::new(vec![Written { process: child.id(), name: String::from("scheduler"), lines }]);
        let said = |scheme: &str| {
            ready.split_whitespace().map(|word| word.trim_end_matches(',')).find(|word| word.starts_with(scheme))
        };
        let dashboard = said("http://").map(String::from);
        let at =
            said("tcp://").ok_or_else(|| Error::internal(format!("the scheduler's line has no address: {ready:?}")))?;
        let address = launcher.address(at)?;
        let (scheduler, workers, leaving) = (Mutex::new(Some(child)), Mutex::default(), Mutex::default());
        let launched = AtomicUsize::new(0);
        let cluster =
            Self { address, dashboard, options, launcher, scratch, scheduler, workers, leaving, logs, launched };
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

    /// The credentials that clients of this cluster need, if it has any.
    pub fn credentials(&self) -> Option<&Path> {
        self.launcher.credentials()
    }

    /// The launcher's name.
    pub fn launcher(&self) -> &'static str {
        self.launcher.name()
    }

    /// Starts one more worker.
    ///
    /// # Errors
    /// It does not start.
    pub fn add_worker(&self) -> Result<()> {
        self.add_worker_of(&WorkerResources::default()).map(drop)
    }

    /// Starts one more worker, with other resources than the others; the id of its process.
    ///
    /// # Errors
    /// It does not start.
    pub fn add_worker_of(&self, resources: &WorkerResources) -> Result<u32> {
        let cores = resources.cores.or((self.options.cores > 0).then_some(self.options.cores));
        let memory = resources.memory_bytes.or((self.options.memory_bytes > 0).then_some(self.options.memory_bytes));
        let mut arguments = vec!["--log".into(), self.options.log.clone(), "worker".into(), self.address.to_string()];
        let mut add = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        if let Some(cores) = cores {
            add("--cores", cores.to_string());
        }
        if let Some(memory) = memory {
            add("--memory", memory.to_string());
        }
        if self.launcher.is_local() {
            add("--scratch", self.scratch.path().to_string_lossy().into_owned());
        }
        if self.options.allow_python {
            arguments.push(String::from("--allow-python"));
        }
        let number = self.launched.fetch_add(1, Ordering::Relaxed);
        let (child, ready, lines) = spawn(self.launcher.worker(number, &arguments, &resources.variables)?)?;
        let process = child.id();
        let worker = ready.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let name = format!("{worker} on {}", self.launcher.host(number));
        self.logs.lock().push(Written { process, name, lines });
        self.workers.lock().push(child);
        Ok(process)
    }

    /// The latest lines that each process wrote, under its name, the scheduler's first; of those that ended too.
    pub fn logs(&self) -> Vec<(String, String)> {
        let text = |lines: &Lines| lines.lock().iter().map(|line| format!("{line}\n")).collect::<String>();
        self.logs.lock().iter().map(|written| (written.name.clone(), text(&written.lines))).collect()
    }

    /// The names of the workers, oldest first, as [`workers`](Self::workers) lists their processes.
    pub fn names(&self) -> Vec<String> {
        let logs = self.logs.lock();
        let name =
            |process: u32| logs.iter().find(|written| written.process == process).map(|found| found.name.clone());
        self.workers().into_iter().map(|process| name(process).unwrap_or_default()).collect()
    }

    /// Lets the workers of these processes go, as [`scale`](Self::scale) does.
    ///
    /// # Errors
    /// `Input`: one of them is no worker of this cluster.
    pub fn let_go(&self, processes: &[u32]) -> Result<()> {
        let there = self.workers();
        if let Some(stranger) = processes.iter().find(|process| !there.contains(process)) {
            return Err(Error::input(format!("process {stranger} is no worker of this cluster")));
        }
        let (going, staying) =
            self.workers.lock().drain(..).partition::<Vec<Child>, _>(|child| processes.contains(&child.id()));
        *self.workers.lock() = staying;
        self.tell_to_leave(going);
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
        self.tell_to_leave(going);
        Ok(())
    }

    fn tell_to_leave(&self, going: Vec<Child>) {
        for mut child in going {
            let told = child.stdin.as_mut().map(|input| writeln!(input, "{LEAVE}").and_then(|()| input.flush()));
            if !matches!(told, Some(Ok(()))) {
                let _dead_already = child.kill();
            }
            self.leaving.lock().push(child);
        }
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
        let (child, _ready, lines) = spawn(self.launcher.scheduler(&self.options.log, Some(&self.address))?)?;
        self.logs.lock().push(Written { process: child.id(), name: String::from("scheduler"), lines });
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
        if children.is_empty() {
            return;
        }
        for child in &mut children {
            // A worker that is told to terminate would hand over what it holds first; without its parent it ends.
            drop(child.stdin.take());
            if self.launcher.is_local() {
                terminate(child.id());
            }
        }
        let timeout = if self.launcher.is_local() { STOP_TIMEOUT } else { STOP_TIMEOUT_REMOTE };
        let deadline = Instant::now() + timeout;
        for child in &mut children {
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            let _dead = child.kill();
            let _reaped = child.wait();
        }
        self.launcher.clean();
    }
}

impl Drop for LaunchedCluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// The latest lines that a process wrote.
type Lines = Arc<Mutex<VecDeque<String>>>;
/// So many lines of each process are kept.
const LINES_MAX: usize = 1000;

/// Passes on to our standard error what a process writes to its own, and keeps the latest of it.
fn keep_lines(output: impl std::io::Read + Send + 'static, lines: Lines, ended: Sender<()>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(std::result::Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            let _nobody_reads = writeln!(std::io::stderr(), "{line}");
            let mut lines = lines.lock();
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line);
        }
        drop(ended);
    });
}

/// Starts a process and waits for its one line on standard output.
fn spawn(mut command: Command) -> Result<(Child, String, Lines)> {
    // The pipe to its standard input is held by `Child`: its end tells that we are gone.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: Ctrl-C at the terminal reaches us, and we stop the children in order.
    command.process_group(0);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let failed =
        |cause: &(dyn std::error::Error + 'static)| Error::resources(format!("{line} does not start")).caused_by(cause);
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::internal("a child has no output"));
    };
    let lines = Lines::default();
    let (all_is_said, said) = std::sync::mpsc::channel();
    keep_lines(errors, Arc::clone(&lines), all_is_said);
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
        Ok(Ok(line)) if !line.trim().is_empty() => Ok((child, line, lines)),
        _ => {
            let _dead = child.kill();
            let status = child.wait().map(|status| status.to_string()).unwrap_or_default();
            let _all_is_passed_on = said.recv_timeout(SAID_TIMEOUT);
            Err(Error::resources(format!("{line} did not become ready: {status}")).with_hint("its message is above"))
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
