//! What a client tells the workers of every task of a job, beside the plan: an extension of the session's options.

use ballista_core::utils::default_config_producer;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionConfig;
use phalanx_engine::datafusion;
use std::any::Any;
use std::fmt;

/// The extension. Its prefix is `phalanx`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TaskOptions {
    /// Projected peak memory of the job's largest task; 0 if lowering does not know.
    pub task_bytes: u64,
    /// What the job's plan names but does not hold: see [`phalanx_engine::credentials`].
    pub credentials: String,
}

impl fmt::Debug for TaskOptions {
    /// Without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskOptions").field("task_bytes", &self.task_bytes).finish_non_exhaustive()
    }
}

/// The options' full names.
const TASK_BYTES: &str = "phalanx.task_bytes";
const CREDENTIALS: &str = "phalanx.credentials";

impl TaskOptions {
    /// As keys and values.
    pub fn entries_of(&self) -> [(String, String); 2] {
        [(TASK_BYTES.to_owned(), self.task_bytes.to_string()), (CREDENTIALS.to_owned(), self.credentials.clone())]
    }
    /// Those of `config`.
    pub fn of(config: &SessionConfig) -> Self {
        config.options().extensions.get::<Self>().cloned().unwrap_or_default()
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
        Box::new(self.clone())
    }
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let unknown = || DataFusionError::Configuration(format!("phalanx.{key} = {value:?} is no option"));
        match key {
            "task_bytes" => self.task_bytes = value.parse().map_err(|_| unknown())?,
            "credentials" => value.clone_into(&mut self.credentials),
            _ => return Err(unknown()),
        }
        Ok(())
    }
    fn entries(&self) -> Vec<ConfigEntry> {
        let entry = |(key, value)| ConfigEntry { key, value: Some(value), description: "of each task of a job" };
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
        let options = TaskOptions { task_bytes: 7 << 40, credentials: String::from("0a1b") };
        let mut at_scheduler = config_producer();
        for (key, value) in options.entries_of() {
            at_scheduler.options_mut().set(&key, &value).unwrap();
        }
        let at_worker = config_producer().update_from_key_value_pair(&at_scheduler.to_key_value_pairs());
        assert_eq!(TaskOptions::of(&at_worker), options);
        assert!(!format!("{options:?}{:?}", at_worker.options()).contains("0a1b"));
    }
}
