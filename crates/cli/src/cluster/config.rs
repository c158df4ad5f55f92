//! What a cluster that stays is to have: the file of `--config`.

use crate::args::LauncherName;
use crate::values;
use phalanx_cluster::launcher::{CloudOptions, SshOptions};
use phalanx_engine::{Error, Result, memory, session};
use serde::{Deserialize, Deserializer, Serialize};
use std::path::Path;

/// What such a file may say, for who wrote something else.
const FIELDS: &str = "a JSON object of workers, cores and memory (of each, as 4 and \"16GiB\"), allow_python, adapt \
                      ({\"minimum\": 1, \"maximum\": 8}); for --launcher ssh, ssh: {\"hosts\": [...]} with ssh, program, \
                      address, port, dashboard_port, days; for --launcher cloudera, cloudera with worker_cpu, \
                      worker_memory, nvidia_gpu, scheduler_cpu, scheduler_memory, dashboard_port, env, python";

/// What a file of options says; each has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub workers: usize,
    /// Of each worker. 0: what its machine has, or its part of this machine.
    pub cores: usize,
    #[serde(alias = "memory", deserialize_with = "size")]
    pub memory_bytes: u64,
    pub allow_python: bool,
    pub ssh: Option<SshOptions>,
    pub cloudera: CloudOptions,
    /// Workers follow the queue within these bounds.
    pub adapt: Option<Bounds>,
}

/// How few and how many workers there may be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    pub minimum: usize,
    pub maximum: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 2,
            cores: 0,
            memory_bytes: 0,
            allow_python: false,
            ssh: None,
            cloudera: CloudOptions::default(),
            adapt: None,
        }
    }
}

/// A size: a number of bytes, or text as `"16GiB"`.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    match Size::deserialize(deserializer)? {
        Size::Bytes(bytes) => Ok(bytes),
        Size::Text(text) => values::size(&text).map_err(serde::de::Error::custom),
    }
}

impl Config {
    /// Of the file at `path`.
    ///
    /// # Errors
    /// `Input`: it can't be read, or says something else.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |error: &(dyn std::error::Error + 'static)| {
            Error::input(format!("{} can't be used", path.display())).caused_by(error).with_hint(FIELDS)
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        serde_json::from_str(&text).map_err(|error| wrong(&error))
    }

    /// Workers of one machine share it: each has its part, where the file does not say what it has.
    pub fn shared(mut self, launcher: LauncherName) -> Self {
        if launcher == LauncherName::Local {
            let workers = self.adapt.map_or(self.workers, |bounds| self.workers.max(bounds.maximum)).max(1);
            if self.cores == 0 {
                self.cores = (session::cores() / workers).max(1);
            }
            if self.memory_bytes == 0 {
                self.memory_bytes = memory::for_tasks() / workers as u64;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> std::result::Result<Config, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn sizes_are_numbers_or_have_units() {
        for text in [r#"{"memory": "16GiB"}"#, r#"{"memory_bytes": 17179869184}"#, r#"{"memory_bytes": "16 GiB"}"#] {
            assert_eq!(of(text).unwrap().memory_bytes, 16 << 30, "{text}");
        }
        for wrong in [r#"{"memory": "much"}"#, r#"{"memory": -1}"#, r#"{"memory": 1, "memory_bytes": 1}"#] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn workers_of_this_machine_share_it() {
        let all = memory::for_tasks();
        let part = |text: &str| of(text).unwrap().shared(LauncherName::Local);
        assert_eq!(part(r#"{"workers": 4}"#).memory_bytes, all / 4);
        assert_eq!(part(r#"{"adapt": {"minimum": 1, "maximum": 8}}"#).memory_bytes, all / 8);
        assert_eq!(part(r#"{"workers": 1000}"#).cores, 1);
        let said = part(r#"{"workers": 4, "cores": 3, "memory": "1GiB"}"#);
        assert_eq!((said.cores, said.memory_bytes), (3, 1 << 30));
        let elsewhere = of(r#"{"workers": 4}"#).unwrap().shared(LauncherName::Ssh);
        assert_eq!((elsewhere.cores, elsewhere.memory_bytes), (0, 0), "each looks at its own machine");
    }
}
