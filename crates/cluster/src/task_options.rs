//! What a client tells the workers of every task of a job, beside the plan: an extension of the session's options.

use ballista_core::utils::default_config_producer;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionConfig;
use phalanx_engine::datafusion;
use std::any::Any;

/// The extension. Its prefix is `phalanx`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskOptions {
    /// Projected peak memory of the job's largest task; 0 if lowering does not know.
    pub task_bytes: u64,
}

/// The option's full name.
const TASK_BYTES: &str = "phalanx.task_bytes";

impl TaskOptions {
    /// As keys and values.
    pub fn entries_of(self) -> [(String, String); 1] {
        [(TASK_BYTES.to_owned(), self.task_bytes.to_string())]
    }
    /// Those of `config`.
    pub fn of(config: &SessionConfig) -> Self {
        config.options().extensions.get::<Self>().copied().unwrap_or_default()
    }
}

impl ConfigExtension for TaskOptions {
    const PREFIX: &'static str = "phalanx";
}

impl ExtensionOptions for TaskOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(*self)
    }
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let unknown = || DataFusionError::Configuration(format!("phalanx.{key} = {value:?} is no option"));
        match key {
            "task_bytes" => self.task_bytes = value.parse().map_err(|_| unknown())?,
            _ => return Err(unknown()),
        }
        Ok(())
    }
    fn entries(&self) -> Vec<ConfigEntry> {
        let entry = |(key, value)| ConfigEntry { key, value: Some(value), description: "projected memory of a task" };
        self.entries_of().into_iter().map(entry).collect()
    }
}

/// Ballista's configuration with ours: what scheduler and workers read a job's options into.
pub fn config_producer() -> SessionConfig {
    default_config_producer().with_option_extension(TaskOptions::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballista_core::extension::SessionConfigHelperExt;

    #[test]
    fn options_survive_the_way_to_the_scheduler_and_on_to_a_worker() {
        let mut at_scheduler = config_producer();
        for (key, value) in (TaskOptions { task_bytes: 7 << 40 }).entries_of() {
            at_scheduler.options_mut().set(&key, &value).unwrap();
        }
        let at_worker = config_producer().update_from_key_value_pair(&at_scheduler.to_key_value_pairs());
        assert_eq!(TaskOptions::of(&at_worker), TaskOptions { task_bytes: 7 << 40 });
    }
}
