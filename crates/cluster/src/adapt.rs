//! How many workers a cluster needs: a rule that follows the queue and never thrashes, and a thread that goes by it.

use crate::observer::Observer;
use crate::transport::{SchedulerAddress, Transport};
use phalanx_engine::{EngineDescription, Error, Progress, Result};
use std::collections::VecDeque;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Workers that have something to do: tasks that run or could, over what a worker runs at once.
///
/// Stages that wait for others count only when they can begin: a stage without a running or finished task has no tasks to
/// give as long as another stage of its job has some left.
pub fn needed(description: &EngineDescription) -> usize {
    let tasks: usize = description.jobs.iter().map(ready_tasks).sum();
    let cores = description.workers.iter().map(|worker| worker.cores).min().unwrap_or(1);
    tasks.div_ceil(cores.max(1))
}

/// The tasks of a job that run or could; one of a job that is still being planned.
fn ready_tasks(job: &Progress) -> usize {
    let left = |stage: &phalanx_engine::StageProgress| stage.tasks.saturating_sub(stage.tasks_done);
    let has_begun =
        |stage: &&phalanx_engine::StageProgress| stage.tasks_running > 0 || (stage.tasks_done > 0 && left(stage) > 0);
    let begun: Vec<usize> = job.stages.iter().filter(has_begun).map(left).collect();
    match begun.is_empty() {
        true => job.stages.iter().map(left).max().unwrap_or(1),
        false => begun.iter().sum(),
    }
}

/// Grows at once, and shrinks to what was the most that was needed at the latest looks.
///
/// So a pause between two jobs that is shorter than `patience` looks stops nobody, and a cluster that was just scaled up is
/// not scaled down before that.
#[derive(Clone, Debug)]
pub struct Rule {
    minimum: usize,
    maximum: usize,
    patience: usize,
    seen: VecDeque<usize>,
}

impl Rule {
    /// From `minimum` to `maximum` workers, one of which goes when it was not needed at `patience` looks in a row.
    ///
    /// # Errors
    /// `Input`: the bounds are none.
    pub fn new(minimum: usize, maximum: usize, patience: usize) -> Result<Self> {
        if minimum > maximum || maximum < 1 || patience < 1 {
            return Err(Error::input(format!(
                "adapt from {minimum} to {maximum} workers with a patience of {patience} looks"
            ))
            .with_hint("the maximum is one at least, and no less than the minimum; so is the patience"));
        }
        Ok(Self { minimum, maximum, patience, seen: VecDeque::new() })
    }

    /// How many workers there should be, where `there` are and `wanted` have something to do.
    pub fn target(&mut self, there: usize, wanted: usize) -> usize {
        if self.seen.len() == self.patience {
            self.seen.pop_front();
        }
        self.seen.push_back(wanted);
        let most = self.seen.iter().copied().max().unwrap_or(wanted);
        let target = match wanted > there {
            true => wanted,
            false if self.seen.len() < self.patience => there,
            false => there.min(most),
        };
        target.clamp(self.minimum, self.maximum)
    }
}

/// Looks at a scheduler from a thread that has no runtime.
#[derive(Debug)]
pub(crate) struct Watch {
    address: SchedulerAddress,
    transport: Transport,
    runtime: tokio::runtime::Runtime,
    observer: Option<Observer>,
}

impl Watch {
    /// One that is not connected yet.
    pub fn new(address: SchedulerAddress, transport: Transport) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::resources("the network can't be used").caused_by(&error))?;
        Ok(Self { address, transport, runtime, observer: None })
    }

    /// What the cluster has and does now. After an error, the next look connects anew.
    pub fn look(&mut self) -> Result<EngineDescription> {
        let (address, transport) = (&self.address, &self.transport);
        let observer = self.observer.take();
        let (observer, seen) = self.runtime.block_on(async {
            let observer = match observer {
                Some(observer) => observer,
                None => Observer::connect(address, transport).await?,
            };
            let seen = observer.describe().await?;
            Ok::<_, Error>((observer, seen))
        })?;
        self.observer = Some(observer);
        Ok(seen)
    }
}

/// A thread that looks at a cluster and has it scaled, until this is dropped.
#[derive(Debug)]
pub(crate) struct Adapting {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Adapting {
    /// Starts it; `scale` is given what was seen.
    pub fn start(
        mut watch: Watch,
        mut rule: Rule,
        interval: Duration,
        scale: impl Fn(&EngineDescription, &mut Rule) + Send + 'static,
    ) -> Result<Self> {
        let (end, ended) = channel();
        let run = move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(interval) {
                // A scheduler that is away is looked for again.
                if let Ok(seen) = watch.look() {
                    scale(&seen, &mut rule);
                }
            }
        };
        let thread = std::thread::Builder::new().name(String::from("adapt")).spawn(run);
        let thread = thread.map_err(|error| Error::resources("a thread can't be started").caused_by(&error))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Adapting {
    fn drop(&mut self) {
        drop(self.end.take());
        // The last look may hold the cluster for a moment, and so be the one that drops it.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            let _ended = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::{EngineKind, StageProgress, WorkerDescription};

    fn described(stages: &[(usize, usize, usize)], cores: usize, jobs: usize) -> EngineDescription {
        let stage = |(tasks, tasks_done, tasks_running): &(usize, usize, usize)| StageProgress {
            tasks: *tasks,
            tasks_done: *tasks_done,
            tasks_running: *tasks_running,
            ..StageProgress::default()
        };
        let job = Progress { stages: stages.iter().map(stage).collect(), ..Progress::default() };
        EngineDescription {
            kind: EngineKind::Cluster,
            address: String::new(),
            page: None,
            workers: vec![WorkerDescription { cores, ..WorkerDescription::default() }],
            jobs: vec![job; jobs],
        }
    }

    #[test]
    fn what_is_needed() {
        for (stages, cores, workers) in [
            (&[][..], 1, 1), // it is being planned
            (&[(8, 0, 0)], 1, 8),
            (&[(8, 0, 0)], 4, 2),
            (&[(8, 6, 2), (100, 0, 0)], 1, 2), // the second waits for the first
            (&[(8, 8, 0), (5, 0, 1)], 2, 3),
            (&[(8, 8, 0), (5, 5, 0)], 1, 0),
        ] {
            assert_eq!(needed(&described(stages, cores, 1)), workers, "{stages:?}");
        }
        assert_eq!(needed(&described(&[(3, 0, 0)], 2, 0)), 0);
        assert_eq!(needed(&described(&[(3, 0, 0)], 2, 3)), 5);
    }

    #[test]
    fn the_rule_follows_the_queue() {
        let mut rule = Rule::new(1, 6, 3).unwrap();
        let mut there = 1;
        let targets: Vec<usize> = [0, 4, 9, 0, 2, 0, 0, 0, 0]
            .into_iter()
            .map(|wanted| {
                there = rule.target(there, wanted);
                there
            })
            .collect();
        assert_eq!(targets, [1, 4, 6, 6, 6, 2, 2, 1, 1]);
        for (minimum, maximum, patience) in [(3, 2, 1), (0, 0, 1), (0, 1, 0)] {
            assert!(Rule::new(minimum, maximum, patience).is_err());
        }
    }

    /// A queue and its workers, a second a step: jobs come at random, workers take a while to come, and each does a task a
    /// second.
    struct Simulated {
        random: u64,
        tasks: usize,
        workers: usize,
        coming: VecDeque<u64>,
        clock: u64,
    }

    /// Seconds from the launch of a worker to its joining.
    const LAUNCH_S: u64 = 7;

    impl Simulated {
        fn draw(&mut self, below: u64) -> u64 {
            // xorshift64
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            self.random % below
        }
        fn second(&mut self) {
            self.clock += 1;
            while self.coming.front().is_some_and(|at| *at <= self.clock) {
                self.coming.pop_front();
                self.workers += 1;
            }
            self.tasks = self.tasks.saturating_sub(self.workers);
            if self.draw(20) == 0 {
                self.tasks += self.draw(200) as usize;
            }
        }
        /// Workers that were launched and have not been let go.
        fn launched(&self) -> usize {
            self.workers + self.coming.len()
        }
        fn scale(&mut self, target: usize) {
            while self.launched() < target {
                self.coming.push_back(self.clock + LAUNCH_S);
            }
            while self.launched() > target {
                if self.coming.pop_back().is_none() {
                    self.workers -= 1;
                }
            }
        }
    }

    #[test]
    fn a_simulated_cluster_follows_its_queue_and_never_thrashes() {
        const PATIENCE: usize = 10;
        for seed in 1..=200_u64 {
            let mut rule = Rule::new(1, 8, PATIENCE).unwrap();
            let mut it = Simulated {
                random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                tasks: 0,
                workers: 1,
                coming: VecDeque::new(),
                clock: 0,
            };
            let (mut grown_at, mut wanted_lately, mut ended_waits) = (0, VecDeque::new(), 0);
            for _ in 0..600 {
                it.second();
                let wanted = it.tasks;
                wanted_lately.push_back(wanted);
                if wanted_lately.len() > PATIENCE {
                    wanted_lately.pop_front();
                }
                let there = it.launched();
                let target = rule.target(there, wanted);
                assert!((1..=8).contains(&target), "seed {seed}");
                assert!(target >= wanted.min(8), "seed {seed}: tasks wait for a worker that may be launched");
                if target > there {
                    grown_at = it.clock;
                }
                if target < there {
                    let since = it.clock - grown_at;
                    assert!(since + 1 >= PATIENCE as u64, "seed {seed}: launched {since} s ago, and let go");
                    let most = wanted_lately.iter().copied().max().unwrap_or(0);
                    assert!(target >= most.min(8), "seed {seed}: one goes that was needed {PATIENCE} s ago or later");
                    ended_waits += 1;
                }
                it.scale(target);
            }
            assert!(ended_waits < 600 / PATIENCE, "seed {seed}: {ended_waits} times fewer");
        }
    }
}
