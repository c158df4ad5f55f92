//! What a client tells the workers of every task of a job, beside the plan: an extension of the session's options.

use ballista_core::extension::SessionConfigHelperExt;
use ballista_core::serde::protobuf as pb;
use ballista_core::utils::default_config_producer;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionConfig;
use phalanx_engine::datafusion;
use std::any::Any;
use std::collections::HashMap;
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

/// Ballista's configuration with ours: what scheduler and workers read a job's options into. It is the same on every
/// machine, so that what does not differ from it need not be told.
pub fn config_producer() -> SessionConfig {
    let mut config = default_config_producer().with_option_extension(TaskOptions::default());
    let execution = &mut config.options_mut().execution;
    // DataFusion's defaults are the machine's cores.
    (execution.target_partitions, execution.planning_concurrency) = (1, 1);
    config
}

/// The options of `config` that `usual` has not, or not with these values.
pub fn differing(config: &SessionConfig, usual: &SessionConfig) -> Vec<pb::KeyValuePair> {
    let usual: HashMap<String, Option<String>> =
        usual.to_key_value_pairs().into_iter().map(|pair| (pair.key, pair.value)).collect();
    let mut pairs = config.to_key_value_pairs();
    pairs.retain(|pair| usual.get(&pair.key).is_none_or(|value| *value != pair.value));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_all_that_a_task_must_be_told() {
        let mut session = config_producer();
        for (key, value) in phalanx_engine::Settings::default().options() {
            session.options_mut().set(&key, &value).unwrap();
        }
        session.options_mut().set(TASK_BYTES, "77").unwrap();
        let told = differing(&session, &config_producer());
        assert!(told.len() < 40, "{} options", told.len());
        let at_worker = config_producer().update_from_key_value_pair(&told);
        assert_eq!(at_worker.to_key_value_pairs(), session.to_key_value_pairs());
        assert!(differing(&at_worker, &session).is_empty());
    }

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
