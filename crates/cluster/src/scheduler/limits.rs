//! What one client may ask of a cluster. Each limit names its flag in its error.

use datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::{Error, Result, datafusion};
use std::sync::Arc;

/// Are more than `limit` operators of `plan` above one another?
pub fn is_deeper(plan: &Arc<dyn ExecutionPlan>, limit: usize) -> bool {
    let mut nodes = vec![(plan, 1)];
    while let Some((node, depth)) = nodes.pop() {
        if depth > limit {
            return true;
        }
        nodes.extend(node.children().into_iter().map(|child| (child, depth + 1)));
    }
    false
}

/// The limits of a scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one message, in bytes.
    pub message_bytes: usize,
    /// Of one plan as it travels, in bytes.
    pub plan_bytes: usize,
    /// Operators above one another in a plan.
    pub plan_depth: usize,
    /// Jobs of one session that run at once.
    pub session_jobs: usize,
    /// What one session may have persisted and scattered, in bytes.
    pub session_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: crate::transport::MESSAGE_BYTES_MAX,
            plan_bytes: crate::transport::MESSAGE_BYTES_MAX,
            plan_depth: 1000,
            session_jobs: 10_000,
            session_bytes: u64::MAX,
        }
    }
}

impl Limits {
    /// Refuses the bytes of a plan.
    ///
    /// # Errors
    /// `Resources`, with both figures.
    pub fn check_size(&self, bytes: usize) -> Result<()> {
        if bytes <= self.plan_bytes {
            return Ok(());
        }
        Err(Error::resources(format!(
            "the plan has {bytes} bytes, and this scheduler takes {} (--max-plan-size)",
            self.plan_bytes
        ))
        .with_hint("scatter large data instead of embedding it, or persist parts of the work"))
    }

    /// Refuses a plan that is too deep.
    ///
    /// # Errors
    /// `Resources`, with the limit.
    pub fn check_depth(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
        if !is_deeper(plan, self.plan_depth) {
            return Ok(());
        }
        Err(Error::resources(format!(
            "the plan is deeper than {} operators, which this scheduler takes (--max-plan-depth)",
            self.plan_depth
        ))
        .with_hint("persist parts of the work: each is then a plan of its own"))
    }

    /// Refuses nodes that only the engine below may put into a plan: they name files of its own.
    ///
    /// # Errors
    /// `Input`, with the node's name.
    pub fn check_nodes(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
        let mut nodes = vec![plan];
        while let Some(node) = nodes.pop() {
            if node.name().contains("Shuffle") {
                return Err(Error::input(format!("a submitted plan has no {}: stages are cut here", node.name())));
            }
            nodes.extend(node.children());
        }
        Ok(())
    }

    /// Refuses one more job beside `running`.
    ///
    /// # Errors
    /// `Resources`, with the limit.
    pub fn check_jobs(&self, running: usize) -> Result<()> {
        if running < self.session_jobs {
            return Ok(());
        }
        Err(Error::resources(format!(
            "this session has {running} jobs at once, and this scheduler runs {} for one (--max-session-jobs)",
            self.session_jobs
        ))
        .with_hint("wait for some of them before submitting more"))
    }

    /// Refuses `more` bytes beside those that are `held`.
    ///
    /// # Errors
    /// `Resources`, with the figures.
    pub fn check_bytes(&self, held: u64, more: u64) -> Result<()> {
        if held.saturating_add(more) <= self.session_bytes {
            return Ok(());
        }
        Err(Error::resources(format!(
            "this session holds {held} bytes on the workers, {more} more are asked for, and this scheduler allows one \
             session {} (--max-session-bytes)",
            self.session_bytes
        ))
        .with_hint("let go of persisted data that is no longer needed"))
    }
}
