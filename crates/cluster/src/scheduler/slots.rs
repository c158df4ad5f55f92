//! Who may run a gang now, and where: the workers' cores, given to all ranks of a gang at once.
//!
//! First come, first served. A gang waits until the cores that running gangs leave are enough for all of its ranks; one
//! that needs more than there are at all runs when no other does. So one of them always can, and none has a part of
//! what it needs while it waits for the rest. Tasks do not count: they end soon, and share cores with ranks meanwhile.
//!
//! Gangs that compute on GPUs are given those in the same way, one a rank; but two ranks share none, so one that needs more
//! than there are is refused.
//!
//! A gang whose ranks must not be overheard is given the cores of one host, and refused where no host has as many.

use crate::gang::host_of;
use crate::protocol::RankPlace;
use parking_lot::Mutex;
use phalanx_engine::WorkerDescription;
use phalanx_engine::gang::{Processors, too_few_gpus};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How often a waiting gang looks whether there are more workers.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// What gangs have and wait for.
#[derive(Debug, Default)]
pub struct Slots {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: VecDeque<u64>,
    running: BTreeMap<u64, Held>,
}

/// What a running gang has.
#[derive(Debug)]
struct Held {
    processors: Processors,
    /// The workers of its ranks.
    places: Vec<RankPlace>,
    /// Cores, or GPUs, of each.
    each: usize,
}

/// Where the ranks of a gang may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// On any workers.
    Anywhere,
    /// All on one host, whichever.
    OneHost,
}

/// A gang's place in the queue, and then its cores. Dropping it gives both back.
#[derive(Debug)]
pub struct Ticket {
    slots: Arc<Slots>,
    number: u64,
    ranks: usize,
    /// Cores of each; one GPU, if it computes on those.
    threads: usize,
    spread: Spread,
    processors: Processors,
}

impl Slots {
    /// Asks for `ranks` times `threads` cores.
    pub fn ask(self: &Arc<Self>, ranks: usize, threads: usize, spread: Spread) -> Ticket {
        self.ticket(ranks, threads.max(1), spread, Processors::Cores)
    }
    /// Asks for `ranks` GPUs.
    pub fn ask_for_gpus(self: &Arc<Self>, ranks: usize, spread: Spread) -> Ticket {
        self.ticket(ranks, 1, spread, Processors::Gpus)
    }
    fn ticket(self: &Arc<Self>, ranks: usize, threads: usize, spread: Spread, processors: Processors) -> Ticket {
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.waiting.push_back(number);
        Ticket { slots: Arc::clone(self), number, ranks, threads, spread, processors }
    }
    /// The workers that run ranks.
    pub fn busy_workers(&self) -> Vec<String> {
        let state = self.state.lock();
        state.running.values().flat_map(|held| held.places.iter().map(|place| place.worker.clone())).collect()
    }
    /// Does no gang run or wait?
    pub fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.running.is_empty() && state.waiting.is_empty()
    }
}

impl Ticket {
    /// Waits for its turn: a worker for each rank.
    ///
    /// # Errors
    /// Why there will be none: the ranks are to be on one host, and no host has so many cores.
    pub async fn granted(&self, workers: impl Fn() -> Vec<WorkerDescription>) -> Result<Vec<RankPlace>, String> {
        loop {
            let changed = self.slots.changed.notified();
            if let Some(answer) = self.try_grant(&workers()) {
                return answer;
            }
            let _changed_or_not = tokio::time::timeout(LOOK_INTERVAL, changed).await;
        }
    }

    fn try_grant(&self, workers: &[WorkerDescription]) -> Option<Result<Vec<RankPlace>, String>> {
        let mut state = self.slots.state.lock();
        if state.waiting.front() != Some(&self.number) {
            return None;
        }
        let with_gpus;
        let workers = match self.processors {
            Processors::Cores => workers,
            Processors::Gpus => {
                let there: usize = workers.iter().map(|worker| worker.gpus).sum();
                if there < self.ranks {
                    return (!workers.is_empty()).then(|| Err(too_few_gpus(self.ranks, there)));
                }
                // From here on, what is counted as cores are GPUs.
                let those = workers.iter().filter(|worker| worker.gpus > 0);
                with_gpus =
                    those.map(|worker| WorkerDescription { cores: worker.gpus, ..worker.clone() }).collect::<Vec<_>>();
                &with_gpus
            }
        };
        let mut taken: HashMap<&str, usize> = workers.iter().map(|worker| (worker.id.as_str(), 0)).collect();
        let others = state.running.values().filter(|held| held.processors == self.processors);
        for held in others.clone() {
            for place in &held.places {
                if let Some(taken) = taken.get_mut(place.worker.as_str()) {
                    *taken += held.each;
                }
            }
        }
        let mut gpus: HashSet<(&str, u32)> = others
            .flat_map(|held| &held.places)
            .filter_map(|place| Some((place.worker.as_str(), place.gpu?)))
            .collect();
        let groups = self.groups(workers);
        let needed = self.ranks * self.threads;
        let cores = |group: &[&WorkerDescription]| -> usize { group.iter().map(|worker| worker.cores).sum() };
        let most = groups.iter().map(|group| cores(group)).max()?;
        if groups.len() > 1 && most < needed {
            return Some(Err(match self.processors {
                Processors::Gpus => format!(
                    "{} ranks need a GPU each on one host, for they talk to each other unencrypted, and no host of this \
                     cluster has more than {most}",
                    self.ranks
                ),
                Processors::Cores => format!(
                    "{} ranks of {} threads need {needed} cores on one host, and no host of this cluster has more than {most}",
                    self.ranks, self.threads
                ),
            }));
        }
        let used = |group: &[&WorkerDescription]| -> usize {
            group.iter().filter_map(|worker| taken.get(worker.id.as_str())).sum()
        };
        // Of hosts the one with the most free cores; the first of several.
        let fits = |group: &&Vec<&WorkerDescription>| {
            used(group) + needed <= cores(group) || (groups.len() == 1 && state.running.is_empty())
        };
        let free = |group: &Vec<&WorkerDescription>| cores(group).saturating_sub(used(group));
        let group = groups.iter().filter(fits).rev().max_by_key(|group| free(group))?;
        let mut places = vec![];
        for _ in 0..self.ranks {
            // The worker on which the fewest threads share a core then; the first of several.
            let load = |worker: &&&WorkerDescription| {
                let threads = taken.get(worker.id.as_str()).copied().unwrap_or(0) + self.threads;
                threads * 1000 / worker.cores.max(1)
            };
            let worker = group.iter().min_by_key(load)?;
            *taken.entry(&worker.id).or_default() += self.threads;
            let gpu = match self.processors {
                Processors::Cores => None,
                Processors::Gpus => Some((0..).find(|gpu| gpus.insert((worker.id.as_str(), *gpu)))?),
            };
            places.push(RankPlace { worker: worker.id.clone(), address: worker.address.clone(), gpu });
        }
        state.waiting.pop_front();
        let held = Held { processors: self.processors, places: places.clone(), each: self.threads };
        state.running.insert(self.number, held);
        drop(state);
        self.slots.changed.notify_waiters();
        Some(Ok(places))
    }

    /// The workers among which all ranks are to be: all of them, or those of a host each. A rank alone talks to nobody.
    fn groups<'a>(&self, workers: &'a [WorkerDescription]) -> Vec<Vec<&'a WorkerDescription>> {
        if self.spread == Spread::Anywhere || self.ranks == 1 {
            return if workers.is_empty() { vec![] } else { vec![workers.iter().collect()] };
        }
        let mut groups: BTreeMap<&str, Vec<&WorkerDescription>> = BTreeMap::new();
        for worker in workers {
            groups.entry(host_of(&worker.address)).or_default().push(worker);
        }
        groups.into_values().collect()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.slots.state.lock();
        state.running.remove(&self.number);
        state.waiting.retain(|number| *number != self.number);
        drop(state);
        self.slots.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(cores: &[usize]) -> Vec<WorkerDescription> {
        let worker = |(number, cores): (usize, &usize)| WorkerDescription {
            id: format!("w{number}"),
            cores: *cores,
            ..WorkerDescription::default()
        };
        cores.iter().enumerate().map(worker).collect()
    }

    fn names(places: Option<Result<Vec<RankPlace>, String>>) -> Option<Vec<String>> {
        places.map(|places| places.unwrap().into_iter().map(|place| place.worker).collect())
    }

    #[test]
    fn ranks_go_where_cores_are_free_and_gangs_wait_in_order() {
        let (slots, workers) = (Arc::new(Slots::default()), workers(&[2, 1, 1]));
        let (first, second, third) =
            (slots.ask(2, 1, Spread::Anywhere), slots.ask(3, 1, Spread::Anywhere), slots.ask(1, 1, Spread::Anywhere));
        assert_eq!(names(second.try_grant(&workers)), None, "it is not its turn");
        assert_eq!(names(first.try_grant(&workers)).unwrap(), ["w0", "w0"]);
        assert_eq!(names(second.try_grant(&workers)), None, "two cores are left");
        assert_eq!(names(third.try_grant(&workers)), None, "one would be enough, but another came first");
        drop(second);
        assert_eq!(names(third.try_grant(&workers)).unwrap(), ["w1"]);
    }

    #[test]
    fn a_gang_that_is_larger_than_the_cluster_runs_alone() {
        let (slots, workers) = (Arc::new(Slots::default()), workers(&[1, 1]));
        let (small, large) = (slots.ask(1, 1, Spread::Anywhere), slots.ask(5, 2, Spread::Anywhere));
        assert!(small.try_grant(&workers).is_some());
        assert!(large.try_grant(&workers).is_none());
        drop(small);
        assert!(large.try_grant(&[]).is_none(), "nobody is there");
        assert_eq!(large.try_grant(&workers).unwrap().unwrap().len(), 5);
        assert!(slots.ask(1, 1, Spread::Anywhere).try_grant(&workers).is_none());
    }

    /// Workers of so many cores, each with its address.
    fn placed(workers: &[(usize, &str)]) -> Vec<WorkerDescription> {
        let worker = |(number, (cores, address)): (usize, &(usize, &str))| WorkerDescription {
            id: format!("w{number}"),
            cores: *cores,
            address: (*address).to_owned(),
            ..WorkerDescription::default()
        };
        workers.iter().enumerate().map(worker).collect()
    }

    #[test]
    fn ranks_that_must_not_be_overheard_are_on_one_host() {
        let slots = Arc::new(Slots::default());
        let workers = placed(&[(1, "10.0.0.1:5"), (1, "10.0.0.2:5"), (1, "10.0.0.2:6"), (1, "[::2]:7")]);
        let ask = |ranks, threads| slots.ask(ranks, threads, Spread::OneHost);
        let two = ask(2, 1);
        assert_eq!(names(two.try_grant(&workers)).unwrap(), ["w1", "w2"]);
        let waiting = ask(2, 1);
        assert_eq!(waiting.try_grant(&workers), None, "the one host that is large enough is taken");
        drop(two);
        assert_eq!(names(waiting.try_grant(&workers)).unwrap(), ["w1", "w2"]);
        let refused = ask(3, 1);
        let why = refused.try_grant(&workers).unwrap().unwrap_err();
        assert!(why.contains("3 ranks of 1 threads need 3 cores") && why.contains("more than 2"), "{why}");
        drop((waiting, refused));
        // Alone it talks to nobody, and on a single host nobody overhears it.
        assert_eq!(names(ask(1, 3).try_grant(&workers)).unwrap().len(), 1);
        assert_eq!(names(ask(3, 1).try_grant(&workers[1..3])).unwrap().len(), 3);
        let anywhere = slots.ask(3, 1, Spread::Anywhere);
        assert_eq!(names(anywhere.try_grant(&workers)).unwrap(), ["w0", "w1", "w2"]);
    }

    #[test]
    fn ranks_on_gpus_have_one_each_and_share_none() {
        let slots = Arc::new(Slots::default());
        let mut workers = placed(&[(4, "10.0.0.1:5"), (1, "10.0.0.2:5"), (8, "10.0.0.3:5")]);
        let why = |ticket: Ticket, workers: &[WorkerDescription]| ticket.try_grant(workers).unwrap().unwrap_err();
        assert!(why(slots.ask_for_gpus(1, Spread::Anywhere), &workers).contains("no worker has any"));
        assert_eq!(slots.ask_for_gpus(1, Spread::Anywhere).try_grant(&[]), None, "a worker may come");
        (workers[0].gpus, workers[1].gpus) = (1, 2);
        let many = why(slots.ask_for_gpus(4, Spread::Anywhere), &workers);
        assert_eq!(many, "4 ranks need a GPU each, and the workers have 3");
        assert!(
            why(slots.ask_for_gpus(3, Spread::OneHost), &workers).contains("no host of this cluster has more than 2")
        );
        let granted = |ticket: &Ticket| {
            let places = ticket.try_grant(&workers)?.unwrap();
            Some(places.into_iter().map(|place| (place.worker, place.gpu.unwrap())).collect::<Vec<_>>())
        };
        let at = |worker: &str, gpu: u32| (worker.to_owned(), gpu);
        let on_cores = slots.ask(13, 1, Spread::Anywhere);
        assert_eq!(names(on_cores.try_grant(&workers)).map(|names| names.len()), Some(13), "cores are no GPUs");
        let first = slots.ask_for_gpus(1, Spread::Anywhere);
        let (two, last) = (slots.ask_for_gpus(2, Spread::Anywhere), slots.ask_for_gpus(1, Spread::Anywhere));
        assert_eq!(granted(&first).unwrap(), [at("w1", 0)]);
        assert_eq!(granted(&two).unwrap(), [at("w0", 0), at("w1", 1)]);
        assert_eq!(granted(&last), None, "all are taken");
        drop(first);
        assert_eq!(granted(&last).unwrap(), [at("w1", 0)], "the one that was given back");
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_what_is_given_back() {
        let (slots, workers) = (Arc::new(Slots::default()), workers(&[1]));
        let (first, second) = (slots.ask(1, 1, Spread::Anywhere), slots.ask(1, 1, Spread::Anywhere));
        assert_eq!(first.granted(|| workers.clone()).await.unwrap().len(), 1);
        let waiting = tokio::spawn({
            let workers = workers.clone();
            async move { second.granted(|| workers.clone()).await.unwrap().len() }
        });
        drop(first);
        assert_eq!(waiting.await.unwrap(), 1);
    }
}
