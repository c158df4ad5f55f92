//! Sessions of Cloudera AI, by its workers API, which is Python's: for each session a process of the Python package launches
//! it, holds it, and stops it. Off the platform the same processes hold processes of this machine.
//!
//! What a process is to launch is in a variable of its environment: what users give to sessions may be secret, and
//! arguments are not. Credentials are the project's (`~/.phalanx/credentials`), minted by the first launch, and found there
//! by the sessions and by clients.

use super::Launcher;
use crate::transport::{CREDENTIALS_FOLDER, SchedulerAddress};
use phalanx_engine::{Error, Result, program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// What sessions have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CloudOptions {
    /// Cores of each worker.
    pub worker_cpu: f64,
    /// Gigabytes of each worker.
    pub worker_memory: f64,
    /// GPUs of each worker.
    pub nvidia_gpu: u32,
    /// Cores of the scheduler's session.
    pub scheduler_cpu: f64,
    /// Gigabytes of the scheduler's session.
    pub scheduler_memory: f64,
    /// The port of the status page; without it, the platform's for pages that only show.
    pub dashboard_port: Option<u16>,
    /// Variables of all sessions.
    pub env: BTreeMap<String, String>,
    /// The Python that has the package, where that is not the one that runs this.
    pub python: Option<PathBuf>,
}

impl Default for CloudOptions {
    fn default() -> Self {
        Self {
            worker_cpu: 1.0,
            worker_memory: 2.0,
            nvidia_gpu: 0,
            scheduler_cpu: 1.0,
            scheduler_memory: 2.0,
            dashboard_port: None,
            env: BTreeMap::new(),
            python: None,
        }
    }
}

/// Starts sessions.
#[derive(Debug)]
pub struct Cloudera {
    options: CloudOptions,
    python: OsString,
    /// Where the project's credentials are.
    credentials: PathBuf,
    /// Is the scheduler on loopback, where none are needed? Known once it is there.
    on_loopback: OnceLock<bool>,
}

/// The module that holds a session.
const MODULE: &str = "phalanx.workers._held";
/// The variable that tells it what to hold.
const VARIABLE: &str = "PHALANX_HELD";
/// The platform starts sessions when it has room for them.
const READY_TIMEOUT: Duration = Duration::from_secs(360);
/// It is asked to stop each of them, and takes a while.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// What a process is to hold.
#[derive(Serialize)]
struct Held<'a> {
    role: &'a str,
    /// The scheduler, of a worker.
    scheduler: Option<&'a str>,
    cpu: f64,
    memory: f64,
    nvidia_gpu: u32,
    dashboard_port: Option<u16>,
    env: BTreeMap<&'a str, &'a str>,
    allow_python: bool,
}

impl Cloudera {
    /// Finds the Python.
    ///
    /// # Errors
    /// `Input`: there is no home folder, or numbers that are no resources.
    pub fn new(options: CloudOptions) -> Result<Self> {
        let numbers = [options.worker_cpu, options.worker_memory, options.scheduler_cpu, options.scheduler_memory];
        if let Some(number) = numbers.iter().find(|number| !(**number > 0.0)) {
            return Err(Error::input(format!("a session of {number} cores or gigabytes"))
                .with_hint("cloudera: worker_cpu, worker_memory, scheduler_cpu and scheduler_memory are above 0"));
        }
        let home = std::env::var_os("HOME").ok_or_else(|| Error::input("the variable HOME is not set"))?;
        let python = match (&options.python, program::said_program().as_deref()) {
            (Some(python), _) => python.clone().into_os_string(),
            // We are run by it, as `python -m phalanx`.
            (None, Some([python, module, ..])) if module == "-m" => python.clone(),
            _ => OsString::from("python3"),
        };
        let credentials = Path::new(&home).join(CREDENTIALS_FOLDER);
        Ok(Self { options, python, credentials, on_loopback: OnceLock::new() })
    }

    fn command(&self, held: &Held<'_>) -> Result<Command> {
        let told = serde_json::to_string(held)
            .map_err(|error| Error::internal("a session can't be described").caused_by(&error))?;
        let mut command = Command::new(&self.python);
        command.args(["-m", MODULE]).env(VARIABLE, told);
        Ok(command)
    }

    fn variables(&self) -> BTreeMap<&str, &str> {
        self.options.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// The value of `name` among arguments of `phalanx`.
fn said<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).map(String::as_str)
}

impl Launcher for Cloudera {
    fn name(&self) -> &'static str {
        "cloudera"
    }

    fn scheduler(&self, _log: &str, bind: Option<&SchedulerAddress>) -> Result<Command> {
        if let Some(address) = bind {
            return Err(Error::unsupported(format!("another session has not the address {address}"))
                .with_hint("take the cluster down, and bring it up again"));
        }
        self.command(&Held {
            role: "scheduler",
            scheduler: None,
            cpu: self.options.scheduler_cpu,
            memory: self.options.scheduler_memory,
            nvidia_gpu: 0,
            dashboard_port: self.options.dashboard_port,
            env: self.variables(),
            allow_python: false,
        })
    }

    fn address(&self, said: &str) -> Result<SchedulerAddress> {
        let address: SchedulerAddress = said.parse()?;
        let host = address.authority().rsplit_once(':').map_or("", |(host, _)| host);
        let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let _first_counts = self.on_loopback.set(is_loopback);
        Ok(address)
    }

    fn worker(&self, _number: usize, arguments: &[String], variables: &[(String, String)]) -> Result<Command> {
        let number = |name: &str| said(arguments, name).and_then(|text| text.parse::<f64>().ok());
        let mut env = self.variables();
        env.extend(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.command(&Held {
            role: "worker",
            scheduler: said(arguments, "worker"),
            cpu: number("--cores").unwrap_or(self.options.worker_cpu),
            memory: number("--memory").map_or(self.options.worker_memory, |bytes| bytes / f64::from(1 << 30)),
            nvidia_gpu: self.options.nvidia_gpu,
            dashboard_port: None,
            env,
            allow_python: arguments.iter().any(|argument| argument == "--allow-python"),
        })
    }

    fn host(&self, _number: usize) -> String {
        String::from("a session")
    }

    fn is_local(&self) -> bool {
        false
    }

    fn credentials(&self) -> Option<&Path> {
        let is_remote = self.on_loopback.get().is_some_and(|on_loopback| !on_loopback);
        is_remote.then_some(self.credentials.as_path())
    }

    fn ready_timeout(&self) -> Duration {
        READY_TIMEOUT
    }

    fn stop_timeout(&self) -> Duration {
        STOP_TIMEOUT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sessions_are_given_is_in_no_argument() {
        let given =
            serde_json::json!({"worker_cpu": 2, "nvidia_gpu": 1, "env": {"TOKEN": "hunter2"}, "python": "/opt/python"});
        let launcher = Cloudera::new(serde_json::from_value(given).unwrap()).unwrap();
        let arguments = ["--log", "info", "worker", "tcp://10.0.0.5:8786", "--memory", "3221225472", "--allow-python"];
        let variables = [(String::from("MORE"), String::from("x"))];
        let command = launcher.worker(0, &arguments.map(String::from), &variables).unwrap();
        let words: Vec<&str> = command.get_args().map(|word| word.to_str().unwrap()).collect();
        assert_eq!((command.get_program().to_str(), words), (Some("/opt/python"), vec!["-m", MODULE]));
        let told = command.get_envs().find(|(name, _)| *name == VARIABLE).unwrap().1.unwrap().to_str().unwrap();
        let told: serde_json::Value = serde_json::from_str(told).unwrap();
        let expected = serde_json::json!({
            "role": "worker", "scheduler": "tcp://10.0.0.5:8786", "cpu": 2.0, "memory": 3.0, "nvidia_gpu": 1,
            "dashboard_port": null, "env": {"TOKEN": "hunter2", "MORE": "x"}, "allow_python": true,
        });
        assert_eq!(told, expected);
        assert_eq!(launcher.credentials(), None, "nobody knows yet where the scheduler is");
        assert!(launcher.address("tcp://10.0.0.5:8786").is_ok() && launcher.credentials().is_some());
    }

    #[test]
    fn sessions_without_resources_are_refused() {
        for field in ["worker_cpu", "scheduler_memory"] {
            let options = serde_json::from_value(serde_json::json!({ field: 0 })).unwrap();
            assert!(Cloudera::new(options).is_err(), "{field}");
        }
        assert!(serde_json::from_value::<CloudOptions>(serde_json::json!({"worker_gpu": 1})).is_err());
    }
}
