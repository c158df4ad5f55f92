//! A scheduler and workers that this process launched, stopped with it: as its children, on this machine or, through
//! `ssh`, on others.

mod harm;

use crate::adapt::{Adapting, Rule, Watch, needed};
use crate::child::{Lines, Ready, Starting, end_all};
pub use crate::launch_options::{ClusterOptions, WorkerResources};
use crate::launcher::{Launcher, Local};
use crate::tie::LEAVE;
use crate::transport::{Credentials, Role, SchedulerAddress, Transport};
use parking_lot::Mutex;
pub use phalanx_engine::program::find_binary;
use phalanx_engine::scratch::Scratch;
use phalanx_engine::{EngineDescription, Error, Result};
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Workers that have not joined yet are looked for this often.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

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
    /// Held by whoever changes the number of workers.
    scaling: Mutex<()>,
    /// Who follows the queue, if anybody does.
    adapting: Mutex<Option<Adapting>>,
}

/// A process, and the latest of what it wrote.
#[derive(Debug)]
struct Written {
    process: u32,
    name: String,
    lines: Lines,
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
        let Ready { child, line: ready, lines } =
            Starting::begin(launcher.scheduler(&options.log, None)?)?.ready(launcher.ready_timeout())?;
        let logs = Mutex::new(vec![Written { process: child.id(), name: String::from("scheduler"), lines }]);
        let said = |scheme: &str| {
            ready.split_whitespace().map(|word| word.trim_end_matches(',')).find(|word| word.starts_with(scheme))
        };
        let dashboard = said("http://").or_else(|| said("https://")).map(String::from);
        let at =
            said("tcp://").ok_or_else(|| Error::internal(format!("the scheduler's line has no address: {ready:?}")))?;
        let address = launcher.address(at)?;
        let (scheduler, workers, leaving) = (Mutex::new(Some(child)), Mutex::default(), Mutex::default());
        let (launched, scaling, adapting) = (AtomicUsize::new(0), Mutex::default(), Mutex::default());
        let cluster = Self {
            address,
            dashboard,
            options,
            launcher,
            scratch,
            scheduler,
            workers,
            leaving,
            logs,
            launched,
            scaling,
            adapting,
        };
        cluster.add_workers(cluster.options.workers, &WorkerResources::default())?;
        Ok(cluster)
    }

    /// The address of the scheduler's status page.
    pub fn dashboard(&self) -> Option<&str> {
        self.dashboard.as_deref()
    }

    /// The command that brings the status page to this machine, if it is the loopback of another.
    pub fn dashboard_command(&self) -> Option<String> {
        self.launcher.page_command(self.dashboard.as_deref()?)
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
        let added = self.add_workers(1, resources)?;
        added.first().copied().ok_or_else(|| Error::internal("a worker was started, and is not there"))
    }

    /// Starts `count` more workers, all at once, and waits until each says that it is ready; the ids of their processes.
    ///
    /// # Errors
    /// One does not start; those that did stay.
    pub fn add_workers(&self, count: usize, resources: &WorkerResources) -> Result<Vec<u32>> {
        let arguments = self.worker_arguments(resources);
        let begin = |_| {
            let number = self.launched.fetch_add(1, Ordering::Relaxed);
            Ok((number, Starting::begin(self.launcher.worker(number, &arguments, &resources.variables)?)?))
        };
        let starting = (0..count).map(begin).collect::<Result<Vec<_>>>()?;
        let (mut started, mut failed) = (vec![], None);
        for (number, worker) in starting {
            let Ready { child, line, lines } = match worker.ready(self.launcher.ready_timeout()) {
                Ok(ready) => ready,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            let process = child.id();
            let worker = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
            let name = format!("{worker} on {}", self.launcher.host(number));
            self.logs.lock().push(Written { process, name, lines });
            self.workers.lock().push(child);
            started.push(process);
        }
        failed.map_or(Ok(started), Err)
    }

    fn worker_arguments(&self, resources: &WorkerResources) -> Vec<String> {
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
        arguments
    }

    /// How clients of this cluster talk to it.
    ///
    /// # Errors
    /// Its credentials can't be read.
    pub fn transport(&self) -> Result<Transport> {
        match self.launcher.credentials() {
            Some(folder) => Ok(Transport::mutual_tls(Credentials::read(folder, &[Role::Client])?)),
            None => Ok(Transport::loopback()),
        }
    }

    /// Waits until `count` workers have joined.
    ///
    /// # Errors
    /// `Cluster`: they have not after `timeout`, or the scheduler is gone.
    pub fn wait_for_workers(&self, count: usize, timeout: Duration) -> Result<()> {
        let (deadline, mut watch) = (Instant::now() + timeout, Watch::new(self.address.clone(), self.transport()?)?);
        loop {
            let there = watch.look()?.workers.len();
            if there >= count {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Error::cluster(format!(
                    "{there} of {count} workers have joined after {} s",
                    timeout.as_secs_f64()
                )));
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// From now on, follows the queue: as many workers as have tasks to run, from `minimum` to `maximum`. It grows at once
    /// when tasks wait, and shrinks when workers were not needed at so many looks in a row (see [`Rule`]); who is let go
    /// finishes its tasks, and hands over what it holds. What was asked for before is replaced.
    ///
    /// # Errors
    /// `Input`: the bounds are none.
    pub fn adapt(self: &Arc<Self>, rule: Rule, interval: Duration) -> Result<()> {
        let watch = Watch::new(self.address.clone(), self.transport()?)?;
        self.stop_adapting();
        let cluster = Arc::downgrade(self);
        let scale = move |description: &EngineDescription, rule: &mut Rule| {
            let Some(cluster) = cluster.upgrade() else { return };
            let there = cluster.living_workers();
            let target = rule.target(there, needed(description));
            if target != there
                && let Err(error) = cluster.scale(target)
            {
                tracing::warn!(%error, "the cluster is not adapted; it is tried again");
            }
        };
        *self.adapting.lock() = Some(Adapting::start(watch, rule, interval, scale)?);
        Ok(())
    }

    /// Follows the queue no more.
    pub fn stop_adapting(&self) {
        // Taken out first: its last look may be scaling, which asks for nothing that we hold.
        let adapting = self.adapting.lock().take();
        drop(adapting);
    }

    /// How many workers there are that have not ended.
    fn living_workers(&self) -> usize {
        let mut workers = self.workers.lock();
        workers.retain_mut(|child| matches!(child.try_wait(), Ok(None))); // retired, or dead
        workers.len()
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
        let _alone = self.scaling.lock();
        self.leaving.lock().retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let missing = workers.saturating_sub(self.living_workers());
        self.add_workers(missing, &WorkerResources::default())?;
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
        self.stop_adapting();
        let mut children: Vec<Child> = self.workers.lock().drain(..).collect();
        children.append(&mut self.leaving.lock());
        children.extend(self.scheduler.lock().take());
        if children.is_empty() {
            return;
        }
        end_all(children, self.launcher.is_local(), self.launcher.stop_timeout());
        self.launcher.clean();
    }
}

impl Drop for LaunchedCluster {
    fn drop(&mut self) {
        self.end();
    }
}
