//! Workers on one machine that see no file of each other's, as on two: what they read of each other comes through the
//! network. With credentials, through mutual TLS.

use phalanx_cluster::launcher::{Launcher, Local};
use phalanx_cluster::transport::CREDENTIALS_VARIABLE;
use phalanx_cluster::{SchedulerAddress, Transport};
use phalanx_engine::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Starts processes whose scratch folders are their own, in namespaces of mounts.
#[derive(Debug)]
pub struct Apart {
    local: Local,
    folder: PathBuf,
    credentials: Option<PathBuf>,
}

/// Puts a folder of the worker's own over the one that all have, and becomes the worker.
const MOUNT: &str = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";

impl Apart {
    /// Of this program; the workers' files are below `folder`.
    ///
    /// # Errors
    /// The program is not found. `Unsupported`: there are no namespaces of mounts here.
    pub fn new(folder: &Path, credentials: Option<PathBuf>) -> Result<Self> {
        let tried = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
        if !tried.is_ok_and(|tried| tried.status.success()) {
            return Err(Error::unsupported("there are no namespaces of mounts here").with_hint("try it as root"));
        }
        let local = Local::new(phalanx_cluster::process::this_program()?)?;
        Ok(Self { local, folder: folder.to_owned(), credentials })
    }

    fn with_credentials(&self, mut command: Command) -> Command {
        if let Some(folder) = &self.credentials {
            command.env(CREDENTIALS_VARIABLE, folder);
        }
        command
    }
}

impl Launcher for Apart {
    fn name(&self) -> &'static str {
        "apart"
    }
    fn scheduler(&self, log: &str, bind: Option<&SchedulerAddress>) -> Result<Command> {
        Ok(self.with_credentials(self.local.scheduler(log, bind)?))
    }
    fn address(&self, said: &str) -> Result<SchedulerAddress> {
        said.parse()
    }
    fn worker(&self, number: usize, arguments: &[String], variables: &[(String, String)]) -> Result<Command> {
        let plain = self.local.worker(number, arguments, variables)?;
        let place = arguments.iter().position(|word| word == "--scratch").and_then(|place| arguments.get(place + 1));
        let place = place.ok_or_else(|| Error::internal("a worker without a scratch folder"))?;
        let own = self.folder.join(format!("worker{number}"));
        std::fs::create_dir_all(&own)
            .map_err(|error| Error::resources(format!("{} can't be made", own.display())).caused_by(&error))?;
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", MOUNT, "sh"]).arg(own).arg(place);
        command.arg(plain.get_program()).args(plain.get_args());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Ok(self.with_credentials(command))
    }
    fn host(&self, number: usize) -> String {
        format!("place {number}")
    }
    fn is_local(&self) -> bool {
        true
    }
    fn credentials(&self) -> Option<&Path> {
        self.credentials.as_deref()
    }
}

/// How the process of this role talks to others: by the credentials that its launcher names, else on loopback alone.
///
/// # Errors
/// They can't be read.
pub fn transport(role: phalanx_cluster::Role) -> Result<Transport> {
    use phalanx_cluster::transport::Credentials;
    match std::env::var_os(CREDENTIALS_VARIABLE) {
        Some(folder) => Ok(Transport::mutual_tls(Credentials::read(Path::new(&folder), &[role])?)),
        None => Ok(Transport::loopback()),
    }
}
