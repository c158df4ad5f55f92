//! Processes of this machine, on loopback, which needs no credentials.

use super::Launcher;
use crate::transport::{CREDENTIALS_VARIABLE, SchedulerAddress};
use phalanx_engine::{Error, Result, program};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Starts processes of one program.
#[derive(Clone, Debug)]
pub struct Local {
    program: Vec<OsString>,
}

impl Local {
    /// Of the command `program`, to which the arguments of `phalanx` are added; if it is empty, of the program that
    /// [`phalanx_program`](program::phalanx_program) finds.
    ///
    /// # Errors
    /// `Input`: the program is not found.
    pub fn new(program: Vec<OsString>) -> Result<Self> {
        let program = if program.is_empty() { program::phalanx_program()? } else { program };
        Ok(Self { program })
    }

    fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Result<Command> {
        let (binary, before) =
            self.program.split_first().ok_or_else(|| Error::input("an empty command starts no process"))?;
        let mut command = Command::new(binary);
        // It serves loopback alone, where no credentials are needed; those of another cluster are not its own.
        command.args(before).args(arguments).arg("--tied").env_remove(CREDENTIALS_VARIABLE);
        Ok(command)
    }
}

impl Launcher for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn scheduler(&self, log: &str, bind: Option<&SchedulerAddress>) -> Result<Command> {
        let bind = bind.map_or("127.0.0.1:0", SchedulerAddress::authority);
        self.command(&["--log", log, "scheduler", "--bind", bind, "--dashboard", "127.0.0.1:0"])
    }

    fn address(&self, said: &str) -> Result<SchedulerAddress> {
        said.parse()
    }

    fn worker(&self, _number: usize, arguments: &[String], variables: &[(String, String)]) -> Result<Command> {
        let mut command = self.command(arguments)?;
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    fn host(&self, _number: usize) -> String {
        String::from("this machine")
    }

    fn is_local(&self) -> bool {
        true
    }

    fn credentials(&self) -> Option<&Path> {
        None
    }
}
