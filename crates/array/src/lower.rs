//! From expressions to stages: where to cut, which chunks each stage computes, and how they are grouped into tasks.
//!
//! One pass goes from the results to the sources and collects which regions of each node each chunk of each stage
//! demands. A node becomes a stage of its own when it says so ([`Boundary::Always`]), or when it is costly and some of
//! it is demanded more than once. Demands that reach such a node, or persisted data, are what must be sent.

mod tasks;

use crate::chunks::{Chunks, Region};
use crate::expr::{Expr, Stored, sorted};
use crate::node::{Boundary, Table, count};
use phalanx_chunk::Span;
use phalanx_engine::{Error, Result, Settings};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// How often a grid may be refined for memory before that is given up.
const REFINEMENTS_MAX: usize = 24;

/// An expression cut into stages. A stage comes after the stages that consume it.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub stages: Vec<Stage>,
    /// The stage of each root.
    pub roots: Vec<usize>,
}

/// Chunks of one node that are computed from sources and from the chunks of other stages.
#[derive(Debug)]
pub(crate) struct Stage {
    pub expr: Arc<Expr>,
    pub grid: Chunks,
    /// The numbers of the chunks that are computed, ascending.
    pub wanted: Vec<usize>,
    /// Chunks of which only a part is computed, and which.
    pub trimmed: HashMap<usize, Region>,
    pub table: Table,
    pub slots: Vec<SlotUse>,
    /// The chunks of each task.
    pub tasks: Vec<Vec<usize>>,
    /// Chunks that are computed together with others of their task, by the first of them.
    pub together: HashMap<usize, Vec<usize>>,
    /// Projected memory of its largest task.
    pub task_bytes: u64,
    /// The stages that read it, and one more if it is a result.
    pub consumers: usize,
}

/// What a stage reads from elsewhere.
#[derive(Debug)]
pub(crate) struct SlotUse {
    pub producer: Producer,
    pub expr: Arc<Expr>,
    /// (number of the chunk, region of the producer that it needs).
    pub demands: Vec<(usize, Region)>,
    pub way: Way,
}

/// How what a stage reads comes to its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// Cut, and sent through an exchange.
    Exchanged,
    /// Each task needs only what the producer's partition of the same number holds.
    Aligned,
    /// Each task reads these partitions of persisted data, whole: nothing is written or copied on the way.
    Read(Vec<Vec<usize>>),
    /// Each task cuts what it needs out of these partitions of persisted data, which it can map.
    Cut(Vec<Vec<usize>>),
}

#[derive(Debug, Clone)]
pub(crate) enum Producer {
    Stage(usize),
    Stored(Stored),
}

/// Cuts the expressions `roots` into stages.
///
/// # Errors
/// `Input`, if a grid is too large to number.
pub(crate) fn lower(roots: &[Arc<Expr>], settings: &Settings) -> Result<Lowered> {
    lower_in_tasks(roots, settings, None)
}

/// The same, with the first root's chunks in these tasks, if they are as many.
///
/// # Errors
/// As [`lower`].
pub(crate) fn lower_in_tasks(
    roots: &[Arc<Expr>],
    settings: &Settings,
    tasks: Option<&[Vec<usize>]>,
) -> Result<Lowered> {
    let mut grids: HashMap<*const Expr, Chunks> = HashMap::new();
    let mut given_up: HashSet<*const Expr> = HashSet::new();
    for _ in 0..REFINEMENTS_MAX {
        let lowered = Pass::new(roots, &grids, tasks).run(settings)?;
        let over = lowered.stages.iter().find(|stage| {
            stage.task_bytes > settings.task_memory_bytes && !given_up.contains(&Arc::as_ptr(&stage.expr))
        });
        let Some(stage) = over else { return Ok(lowered) };
        // Blocks that a node has by itself can't be made smaller here.
        let fixed = stage.expr.node.boundary() != Boundary::Never || stage.expr.stored.is_some();
        match stage.grid.halved().filter(|_| !fixed) {
            Some(finer) => drop(grids.insert(Arc::as_ptr(&stage.expr), finer)),
            None => drop(given_up.insert(Arc::as_ptr(&stage.expr))),
        }
    }
    Pass::new(roots, &grids, tasks).run(settings)
}

struct Pass<'a> {
    roots: &'a [Arc<Expr>],
    grids: &'a HashMap<*const Expr, Chunks>,
    /// The tasks of the first root's stage, if they are given.
    given_tasks: Option<&'a [Vec<usize>]>,
    order: Vec<Arc<Expr>>,
    place: HashMap<*const Expr, usize>,
    /// For each node: (stage, position among its wanted chunks, region).
    demands: Vec<Vec<(usize, usize, Region)>>,
    /// Nodes below which something has a place or a cost; demands are followed only there.
    interesting: Vec<bool>,
    /// Nodes that an input of [`Node::pulls_again`](crate::node::Node::pulls_again) is.
    contracted: Vec<bool>,
    stages: Vec<Stage>,
    stage_of: HashMap<usize, usize>,
}

impl<'a> Pass<'a> {
    fn new(
        roots: &'a [Arc<Expr>],
        grids: &'a HashMap<*const Expr, Chunks>,
        given_tasks: Option<&'a [Vec<usize>]>,
    ) -> Self {
        let (order, place) = sorted(roots);
        let mut contracted = vec![false; order.len()];
        for expr in order.iter().filter(|expr| expr.node.pulls_again()) {
            expr.inputs.iter().for_each(|input| contracted[place[&Arc::as_ptr(input)]] |= !input.cheap);
        }
        let mut interesting = vec![false; order.len()];
        for (at, expr) in order.iter().enumerate() {
            interesting[at] = contracted[at]
                || expr.stored.is_some()
                || expr.node.boundary() != Boundary::Never
                || expr.inputs.iter().any(|input| interesting[place[&Arc::as_ptr(input)]]);
        }
        let demands = vec![vec![]; order.len()];
        let (stages, stage_of) = (vec![], HashMap::new());
        Self { roots, grids, given_tasks, order, place, demands, interesting, contracted, stages, stage_of }
    }

    fn run(mut self, settings: &Settings) -> Result<Lowered> {
        let results: Vec<usize> = self.roots.iter().map(|root| self.place[&Arc::as_ptr(root)]).collect();
        for node in (0..self.order.len()).rev() {
            let expr = Arc::clone(&self.order[node]);
            // Several users in one chunk's evaluation share a value: one demand.
            let mut seen = HashSet::new();
            let mut demands = std::mem::take(&mut self.demands[node]);
            demands.retain(|demand| seen.insert(demand.clone()));
            let is_result = results.contains(&node);
            let shared = !demands.is_empty() && expr.stored.is_none() && self.is_boundary(node, &demands);
            if is_result || shared {
                let stage = self.new_stage(node, is_result, if shared { &demands } else { &[] })?;
                if shared {
                    self.read(Producer::Stage(stage), &expr, &demands);
                }
            }
            if shared || demands.is_empty() {
                continue;
            }
            if let Some(stored) = &expr.stored {
                self.read(Producer::Stored(stored.clone()), &expr, &demands);
                continue;
            }
            for (stage, position, region) in demands {
                self.follow(node, stage, position, &region);
            }
        }
        // Producers come after their consumers.
        for stage in (0..self.stages.len()).rev() {
            self.finish(stage, settings);
        }
        let roots = results.iter().map(|node| self.stage_of[node]).collect();
        Ok(Lowered { stages: self.stages, roots })
    }

    /// Whether `node` is to be a stage of its own, given all that is demanded of it.
    fn is_boundary(&self, node: usize, demands: &[(usize, usize, Region)]) -> bool {
        let expr = &self.order[node];
        let size = expr.shape().iter().product::<usize>();
        let pulled = || demands.iter().map(|(_, _, region)| count(region)).fold(0_usize, usize::saturating_add);
        match expr.node.boundary() {
            Boundary::Always => true,
            Boundary::Never => self.contracted[node] && pulled() > size.saturating_mul(2),
            Boundary::IfRepeated if expr.node.divisible() => {
                let mut seen = HashSet::new();
                pulled() > size || !demands.iter().all(|(_, _, region)| seen.insert(region))
            }
            Boundary::IfRepeated => {
                let mut seen = HashSet::new();
                let chunks = demands.iter().flat_map(|(_, _, region)| expr.chunks.split(region));
                !chunks.map(|piece| piece.chunk).all(|chunk| seen.insert(chunk))
            }
        }
    }

    /// A stage for `node`: all its chunks if it is a result, else those that are demanded.
    fn new_stage(&mut self, node: usize, is_result: bool, demands: &[(usize, usize, Region)]) -> Result<usize> {
        let expr = Arc::clone(&self.order[node]);
        let grid = self.grids.get(&Arc::as_ptr(&expr)).unwrap_or(&expr.chunks).clone();
        let mut trimmed = HashMap::new();
        let wanted: Vec<usize> = if is_result {
            if grid.count() == usize::MAX {
                return Err(Error::input(format!("{grid} are too many chunks")).with_hint("use larger chunks"));
            }
            (0..grid.count()).collect()
        } else {
            let mut parts: BTreeMap<usize, Region> = BTreeMap::new();
            for piece in demands.iter().flat_map(|(_, _, region)| grid.split(region)) {
                if count(&piece.absolute) > 0 {
                    let union = |known: &mut Region| *known = enclosing(known, &piece.absolute);
                    parts.entry(piece.chunk).and_modify(union).or_insert(piece.absolute.clone());
                }
            }
            if expr.node.divisible() {
                trimmed.extend(parts.iter().map(|(&chunk, part)| (chunk, part.clone())));
                trimmed.retain(|&chunk, part| *part != grid.region(chunk));
            }
            parts.into_keys().collect()
        };
        let stage = self.stages.len();
        self.stage_of.insert(node, stage);
        self.stages.push(Stage {
            expr: Arc::clone(&expr),
            grid,
            wanted: wanted.clone(),
            trimmed,
            table: Table::default(),
            slots: vec![],
            tasks: vec![],
            together: HashMap::new(),
            task_bytes: 0,
            consumers: usize::from(is_result),
        });
        if expr.stored.is_some() {
            let own = self.stages[stage].wanted.iter().enumerate();
            let region = |chunk: usize| self.stages[stage].region(chunk);
            let demands: Vec<_> = own.map(|(position, &chunk)| (stage, position, region(chunk))).collect();
            if let Some(stored) = &expr.stored {
                self.read(Producer::Stored(stored.clone()), &expr, &demands);
            }
        } else if self.interesting[node] {
            for (position, chunk) in wanted.into_iter().enumerate() {
                let region = self.stages[stage].region(chunk);
                self.follow(node, stage, position, &region);
            }
        }
        Ok(stage)
    }

    /// Passes a demand on to the inputs of `node`.
    fn follow(&mut self, node: usize, stage: usize, position: usize, region: &Region) {
        let expr = Arc::clone(&self.order[node]);
        for need in expr.node.needs(region) {
            let input = self.place[&Arc::as_ptr(&expr.inputs[need.input])];
            if self.interesting[input] {
                self.demands[input].push((stage, position, need.region));
            }
        }
    }

    /// Stages read what they demand of `expr` from `producer`.
    fn read(&mut self, producer: Producer, expr: &Arc<Expr>, demands: &[(usize, usize, Region)]) {
        let mut by_stage: HashMap<usize, usize> = HashMap::new();
        for (stage, position, region) in demands {
            let consumer = &mut self.stages[*stage];
            let slot = *by_stage.entry(*stage).or_insert_with(|| {
                consumer.slots.push(SlotUse {
                    producer: producer.clone(),
                    expr: Arc::clone(expr),
                    demands: vec![],
                    way: Way::Exchanged,
                });
                consumer.slots.len() - 1
            });
            let chunk = consumer.wanted[*position];
            consumer.slots[slot].demands.push((chunk, region.clone()));
        }
        if let Producer::Stage(stage) = producer {
            self.stages[stage].consumers += by_stage.len();
        }
    }
}

impl Stage {
    /// What is computed of chunk number `chunk`.
    pub(crate) fn region(&self, chunk: usize) -> Region {
        self.trimmed.get(&chunk).cloned().unwrap_or_else(|| self.grid.region(chunk))
    }

    /// The chunks of a task, those together that are computed together.
    pub(crate) fn sets(&self, task: &[usize]) -> Vec<Vec<usize>> {
        let later: HashSet<usize> = self.together.values().flat_map(|set| &set[1..]).copied().collect();
        let first = task.iter().filter(|chunk| !later.contains(chunk));
        first.map(|chunk| self.together.get(chunk).cloned().unwrap_or_else(|| vec![*chunk])).collect()
    }

    /// Whether all of the node is computed.
    pub(crate) fn is_complete(&self) -> bool {
        self.trimmed.is_empty() && self.wanted.len() == self.grid.count()
    }
}

/// The smallest region that holds both: one of them if they are equal, else by steps of 1.
fn enclosing(a: &Region, b: &Region) -> Region {
    let span = |(a, b): (&Span, &Span)| match (a.bounds(), b.bounds()) {
        _ if a == b => *a,
        (Some(a), Some(b)) => Span::range(a.0.min(b.0), a.1.max(b.1) + 1 - a.0.min(b.0)),
        (None, _) => *b,
        (_, None) => *a,
    };
    a.iter().zip(b).map(span).collect()
}

impl Lowered {
    /// A stage that several stages read, all of whose own producers are inline or stored: the next to run alone.
    pub(crate) fn shared(&self) -> Option<usize> {
        (0..self.stages.len()).rev().find(|&stage| self.stages[stage].consumers > 1)
    }
}
