//! What would run, for people: the expression, the stages, the physical plan.

use crate::array::Array;
use crate::chunks::Region;
use crate::expr::{Expr, sorted};
use crate::lower::{Lowered, Producer, Way, lower};
use crate::node::count;
use crate::physical::physical;
use crate::pull::{self, Counted};
use phalanx_chunk::Span;
use phalanx_engine::{Result, Settings};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::Arc;

impl Array {
    /// The expression, its stages with what each is projected to need and what moves between them, and the physical
    /// plans, as they would run with these settings. A stage that several others read runs first, as a job of its own.
    ///
    /// # Errors
    /// As [`Array::check`].
    ///
    /// ```
    /// use phalanx_array::{AllAxes, random::Generator};
    /// let x = Generator::new(0).random((4000, 4000), 500);
    /// let text = (&x + x.t()).sum(AllAxes).explain(&Default::default())?;
    /// assert!(text.contains("stages"));
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    pub fn explain(&self, settings: &Settings) -> Result<String> {
        let root = self.expr()?;
        let mut text = String::from("expression\n");
        let (order, place) = sorted(std::slice::from_ref(root));
        let names: Vec<String> = order.iter().map(|expr| name_of(expr)).collect();
        for (number, (expr, name)) in order.iter().zip(&names).enumerate() {
            let inputs: Vec<String> =
                expr.inputs.iter().map(|input| format!("#{}", place[&Arc::as_ptr(input)])).collect();
            let _infallible = writeln!(
                text,
                "  #{number} {name}({}): {:?} {} chunks {}",
                inputs.join(", "),
                expr.shape(),
                expr.dtype(),
                expr.chunks
            );
        }
        let lowered = lower(std::slice::from_ref(root), settings)?;
        text.push_str("stages\n");
        for (number, stage) in lowered.stages.iter().enumerate().rev() {
            let _infallible = writeln!(
                text,
                "  stage {number}: {}, {} chunk(s) in {} task(s), at most {} a task{}",
                stage.expr.node.name(),
                stage.wanted.len(),
                stage.tasks.len(),
                size(stage.task_bytes),
                if stage.consumers > 1 {
                    format!(", persisted for {} readers", stage.consumers)
                } else {
                    String::new()
                }
            );
            for slot in &stage.slots {
                let bytes: u64 = slot
                    .demands
                    .iter()
                    .map(|(_, region)| crate::node::bytes(slot.expr.node.as_ref(), region))
                    .fold(0, u64::saturating_add);
                let from = match &slot.producer {
                    Producer::Stage(at) => format!("stage {at}"),
                    Producer::Stored(stored) => format!("persisted {}", stored.persisted.handle()),
                };
                let how = match &slot.way {
                    Way::Aligned => "where they are",
                    Way::Read(_) => "in whole partitions",
                    Way::Cut(_) => "where it lies",
                    Way::Exchanged => "through an exchange",
                };
                let _infallible = writeln!(text, "    reads {} of {from} {how}", size(bytes));
            }
        }
        text.push_str("sources\n");
        for (number, evaluated) in evaluated(&lowered, &order) {
            let expr = &order[number];
            let name = &names[number];
            let size: usize = expr.shape().iter().product();
            let verb = if expr.stored.is_some() { "read" } else { "evaluated" };
            let _infallible = match evaluated {
                Some(elements) => writeln!(text, "  #{number} {name}: {elements} elements of {size} {verb}"),
                None => writeln!(text, "  #{number} {name}: not counted, there are too many"),
            };
        }
        text.push_str("physical plan\n");
        for (number, stage) in lowered.stages.iter().enumerate().rev() {
            if stage.consumers > 1 || number == lowered.roots[0] {
                for line in physical(&lowered, number, "explain")?.to_string().lines() {
                    let _infallible = writeln!(text, "  {line}");
                }
            }
        }
        Ok(text)
    }
}

fn name_of(expr: &Expr) -> String {
    match &expr.stored {
        Some(stored) => format!("persisted {}", stored.persisted.handle()),
        None => expr.node.name(),
    }
}

/// Elements of a stage that counting goes through, at most: a second's work.
const COUNTED_MAX: u64 = 1 << 34;

/// How many elements of each source are evaluated, or read of persisted data, in all stages together: the number of the
/// source in `order`, and `None` where counting would take too long. Sources are what has no inputs, and what draws
/// random numbers.
fn evaluated(lowered: &Lowered, order: &[Arc<Expr>]) -> BTreeMap<usize, Option<u64>> {
    let nodes: HashMap<*const (), usize> =
        order.iter().enumerate().map(|(number, expr)| (Arc::as_ptr(&expr.node).cast(), number)).collect();
    let exprs: HashMap<*const Expr, usize> =
        order.iter().enumerate().map(|(number, expr)| (Arc::as_ptr(expr), number)).collect();
    let mut sources: BTreeMap<usize, Option<u64>> = BTreeMap::new();
    let mut add = |number: usize, elements: Option<u64>| {
        let sum = sources.entry(number).or_insert(Some(0));
        *sum = sum.zip(elements).map(|(sum, elements)| sum.saturating_add(elements));
    };
    for stage in &lowered.stages {
        let sets = stage.tasks.iter().flat_map(|task| stage.sets(task));
        let sets: Vec<Vec<Region>> =
            sets.map(|set| set.into_iter().map(|chunk| stage.region(chunk)).collect()).collect();
        let work = sets.iter().flatten().map(|region| pull::work_elements(&stage.table, region));
        let mut counted = Counted::new(&stage.table);
        let known = work.fold(0, u64::saturating_add) <= COUNTED_MAX;
        if known {
            sets.iter().for_each(|regions| counted.evaluate_all(regions));
        }
        for (entry, elements) in stage.table.entries.iter().zip(counted.elements) {
            let node = entry.node.as_ref();
            let all: Region = node.shape().iter().map(|&length| Span::all(length)).collect();
            if node.slot().is_none() && (entry.inputs.is_empty() || node.generates(&all) > 0) {
                add(nodes[&Arc::as_ptr(&entry.node).cast()], known.then_some(elements));
            }
        }
        for slot in stage.slots.iter().filter(|slot| matches!(slot.producer, Producer::Stored(_))) {
            let read = slot.demands.iter().map(|(_, region)| count(region) as u64).fold(0, u64::saturating_add);
            add(exprs[&Arc::as_ptr(&slot.expr)], Some(read));
        }
    }
    sources
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}
