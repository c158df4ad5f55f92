//! What would run, for people: the expression, the stages, the physical plan.

use crate::array::Array;
use crate::expr::sorted;
use crate::lower::{Producer, Way, lower};
use crate::physical::physical;
use phalanx_engine::{Result, Settings};
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
        for (number, expr) in order.iter().enumerate() {
            let inputs: Vec<String> =
                expr.inputs.iter().map(|input| format!("#{}", place[&Arc::as_ptr(input)])).collect();
            let name = match &expr.stored {
                Some(stored) => format!("persisted {}", stored.persisted.handle()),
                None => expr.node.name(),
            };
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
                    Way::Exchanged => "through an exchange",
                };
                let _infallible = writeln!(text, "    reads {} of {from} {how}", size(bytes));
            }
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
