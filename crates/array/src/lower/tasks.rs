//! How the chunks of a stage are grouped into tasks, and how what they read comes to them.

use super::{Pass, Producer, SlotUse, Stage, Way};
use crate::chunks::{Chunks, Region};
use crate::expr::Expr;
use crate::node::slot::Slot;
use crate::node::{Entry, Table, bytes, count};
use crate::pull;
use phalanx_engine::Settings;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Tasks in a stage, at most. Locations grow as producers × consumers.
const TASKS_MAX: usize = 128;
/// Element operations that are worth a task of their own: some milliseconds.
const TASK_ELEMENTS: u64 = 1 << 19;
/// Persisted partitions are read whole if a task needs at least this fraction of what it reads; an exchange copies and
/// writes what it carries several times. In one process they are read where they lie, which costs nothing.
const READ_PER_NEEDED_MAX: usize = 4;

/// The chunks of a stage, those together that draw the same numbers, as far as there is `room` for so many.
fn together(stage: &Stage, room: u64) -> Vec<Vec<usize>> {
    let regions: Vec<Region> = stage.wanted.iter().map(|&chunk| stage.region(chunk)).collect();
    let sets = pull::sets(&stage.table, &regions).into_iter();
    let chunks = sets.map(|set| set.into_iter().map(|number| stage.wanted[number]).collect::<Vec<_>>());
    let fits = |set: &Vec<usize>| set.len() as u64 <= room;
    chunks
        .flat_map(|set| if fits(&set) { vec![set] } else { set.into_iter().map(|chunk| vec![chunk]).collect() })
        .collect()
}

impl Pass<'_> {
    /// The table, the tasks and the memory of a stage whose producers are finished.
    pub(super) fn finish(&mut self, stage: usize, settings: &Settings) {
        let table = self.table(stage);
        let this = &mut self.stages[stage];
        this.table = table;
        let Some(&first) = this.wanted.first() else {
            this.tasks = vec![vec![]];
            return;
        };
        let region = this.region(first);
        let peak = pull::peak_bytes(&this.table, &region);
        let work = pull::work_elements(&this.table, &region).max(1);
        let out = bytes(this.expr.node.as_ref(), &region);
        let slot_bytes = |slot: &SlotUse| {
            let bytes = |(_, region): &(usize, Region)| bytes(slot.expr.node.as_ref(), region);
            slot.demands.iter().map(bytes).fold(0, u64::saturating_add)
        };
        let sent: u64 = this.slots.iter().map(slot_bytes).fold(0, u64::saturating_add);
        let each = (sent / this.wanted.len() as u64).saturating_add(out).max(1);
        // As many chunks in a task as make it worth its overhead, but not so many that they fill its memory.
        let worth = usize::try_from(TASK_ELEMENTS.div_ceil(work)).unwrap_or(usize::MAX);
        let room = settings.task_memory_bytes.saturating_sub(peak) / each;
        let group = worth.max(this.wanted.len().div_ceil(TASKS_MAX)).min(usize::try_from(room).unwrap_or(usize::MAX));
        let mut tasks: Vec<Vec<usize>> = vec![];
        for set in together(this, room) {
            match tasks.last_mut() {
                Some(task) if task.len() + set.len() <= group => task.extend(&set),
                _ => tasks.push(set.clone()),
            }
            if let [first, _, ..] = set.as_slice() {
                this.together.insert(*first, set);
            }
        }
        let tasks = match self.given(stage) {
            Some(given) => given,
            None => self.aligned(stage, tasks.len()).unwrap_or(tasks),
        };
        self.direct(stage, &tasks);
        let this = &mut self.stages[stage];
        let longest = tasks.iter().map(Vec::len).max().unwrap_or(1) as u64;
        this.tasks = tasks;
        this.task_bytes = peak.saturating_add(each.saturating_mul(longest));
    }

    /// The tasks that were given for this stage.
    fn given(&self, stage: usize) -> Option<Vec<Vec<usize>>> {
        let is_first_root = self.roots.first().is_some_and(|root| Arc::ptr_eq(root, &self.stages[stage].expr));
        let tasks = self.given_tasks.filter(|_| is_first_root)?;
        let count: usize = tasks.iter().map(Vec::len).sum();
        (count == self.stages[stage].wanted.len()).then(|| tasks.to_vec())
    }

    /// The stage's chunks by the partitions of a producer, if every chunk needs only one of them and that keeps at
    /// least half of the parallelism. Marks the slots that then need no exchange.
    fn aligned(&mut self, stage: usize, tasks: usize) -> Option<Vec<Vec<usize>>> {
        let this = &self.stages[stage];
        let mut maps: Vec<Option<(usize, HashMap<usize, usize>)>> = vec![];
        for slot in &this.slots {
            let (grid, partitions, tasks) = self.partitions(slot);
            let mut map: HashMap<usize, usize> = HashMap::new();
            let single = slot.demands.iter().all(|(chunk, region)| {
                grid.split(region).iter().filter(|piece| count(&piece.absolute) > 0).all(|piece| {
                    let Some(&partition) = partitions.get(&piece.chunk) else { return false };
                    *map.entry(*chunk).or_insert(partition) == partition
                })
            });
            maps.push(single.then_some((tasks, map)));
        }
        let complete = |map: &HashMap<usize, usize>| this.wanted.iter().all(|chunk| map.contains_key(chunk));
        let busy = |map: &HashMap<usize, usize>| map.values().collect::<HashSet<_>>().len();
        let chosen = maps
            .iter()
            .flatten()
            .find(|(_, map)| complete(map) && busy(map) * 2 >= tasks)
            .map(|(count, map)| (*count, map.clone()))?;
        let mut grouped = vec![vec![]; chosen.0];
        for chunk in &this.wanted {
            grouped[chosen.1[chunk]].push(*chunk);
        }
        let fits = |map: &Option<(usize, HashMap<usize, usize>)>| match map {
            Some((count, map)) => *count == chosen.0 && map.iter().all(|(chunk, at)| chosen.1.get(chunk) == Some(at)),
            None => false,
        };
        let aligned: Vec<bool> = maps.iter().map(fits).collect();
        for (slot, aligned) in self.stages[stage].slots.iter_mut().zip(aligned) {
            slot.way = if aligned { Way::Aligned } else { Way::Exchanged };
        }
        Some(grouped)
    }

    /// Marks the slots whose persisted partitions are better read whole than cut and exchanged.
    fn direct(&mut self, stage: usize, tasks: &[Vec<usize>]) {
        let task_of: HashMap<usize, usize> = tasks
            .iter()
            .enumerate()
            .flat_map(|(task, chunks)| chunks.iter().map(move |&chunk| (chunk, task)))
            .collect();
        for slot in &mut self.stages[stage].slots {
            let Producer::Stored(stored) = &slot.producer else { continue };
            if slot.way == Way::Aligned {
                continue;
            }
            let grid = &slot.expr.chunks;
            let mut sizes: HashMap<usize, usize> = HashMap::new();
            for (chunk, &partition) in stored.partitions.iter().enumerate() {
                *sizes.entry(partition).or_default() += count(&grid.region(chunk));
            }
            let mut reads: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); tasks.len()];
            let mut seen: HashSet<(usize, Region)> = HashSet::new();
            let mut needed = 0;
            for (chunk, region) in &slot.demands {
                let task = task_of[chunk];
                for piece in grid.split(region) {
                    let elements = count(&piece.absolute);
                    if elements > 0 && seen.insert((task, piece.absolute)) {
                        needed += elements;
                        reads[task].insert(stored.partitions[piece.chunk]);
                    }
                }
            }
            let read: usize = reads.iter().flatten().filter_map(|partition| sizes.get(partition)).sum();
            let partitions = || reads.iter().map(|partitions| partitions.iter().copied().collect()).collect();
            if stored.persisted.is_in_process() || read <= needed.saturating_mul(READ_PER_NEEDED_MAX) {
                slot.way = Way::Read(partitions());
            } else if stored.persisted.is_in_one_place() {
                let mut partitions: Vec<Vec<usize>> = partitions();
                // A task goes where the first of its partitions is: to another worker for each.
                for (task, partitions) in partitions.iter_mut().enumerate() {
                    let count = partitions.len().max(1);
                    partitions.rotate_left(task % count);
                }
                slot.way = Way::Cut(partitions);
            }
        }
    }

    /// The grid of a producer, the partition of each of its chunks, and the number of its partitions.
    fn partitions(&self, slot: &SlotUse) -> (Chunks, HashMap<usize, usize>, usize) {
        match &slot.producer {
            Producer::Stored(stored) => {
                let partitions = stored.partitions.iter().copied().enumerate().collect();
                (slot.expr.chunks.clone(), partitions, stored.persisted.partitions())
            }
            Producer::Stage(at) => {
                let producer = &self.stages[*at];
                let chunks = producer.tasks.iter().enumerate();
                let partitions = chunks.flat_map(|(task, chunks)| chunks.iter().map(move |&chunk| (chunk, task)));
                (producer.grid.clone(), partitions.collect(), producer.tasks.len())
            }
        }
    }

    /// The nodes of a stage, from its slots and sources to its result.
    fn table(&self, stage: usize) -> Table {
        let this = &self.stages[stage];
        let slots: HashMap<*const Expr, usize> =
            this.slots.iter().enumerate().map(|(number, slot)| (Arc::as_ptr(&slot.expr), number)).collect();
        let root = Arc::as_ptr(&this.expr);
        let is_leaf = |expr: &Arc<Expr>| {
            slots.contains_key(&Arc::as_ptr(expr)) && (Arc::as_ptr(expr) != root || expr.stored.is_some())
        };
        let mut table = Table::default();
        let mut numbers: HashMap<*const Expr, usize> = HashMap::new();
        let mut stack: Vec<(&Arc<Expr>, usize)> = vec![(&this.expr, 0)];
        while let Some((expr, next)) = stack.pop() {
            if numbers.contains_key(&Arc::as_ptr(expr)) {
                continue;
            }
            match expr.inputs.get(next).filter(|_| !is_leaf(expr)) {
                Some(input) => {
                    stack.push((expr, next + 1));
                    stack.push((input, 0));
                }
                None => {
                    let entry = if is_leaf(expr) {
                        let number = slots[&Arc::as_ptr(expr)];
                        let (chunks, _, _) = self.partitions(&this.slots[number]);
                        let slot = Slot { number, dtype: expr.dtype(), shape: expr.shape().to_vec(), chunks };
                        Entry { node: Arc::new(slot), inputs: vec![] }
                    } else {
                        let inputs = expr.inputs.iter().map(|input| numbers[&Arc::as_ptr(input)]).collect();
                        Entry { node: Arc::clone(&expr.node), inputs }
                    };
                    numbers.insert(Arc::as_ptr(expr), table.entries.len());
                    table.entries.push(entry);
                }
            }
        }
        table
    }
}
