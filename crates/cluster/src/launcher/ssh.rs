//! Processes of other machines, started by the system's `ssh`: its keys, `known_hosts` and `ssh_config` count.
//!
//! The first host takes the scheduler, the others the workers in turn; a single host takes both. The connection of a
//! process is its tie to us: when it ends, so does the process. Credentials are minted here for each cluster; a host gets
//! the files of the roles that run on it, of mode 0600, through the standard input of `ssh`, and never as an argument.

use super::Launcher;
use crate::transport::{Authority, Role, SchedulerAddress};
use parking_lot::Mutex;
use phalanx_engine::scratch::Scratch;
use phalanx_engine::{Error, Result, program};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Which machines, and how they are reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshOptions {
    /// As `ssh` takes them: names of `ssh_config`, `HOST`, `USER@HOST`.
    pub hosts: Vec<String>,
    /// Further arguments of `ssh`, as `["-p", "2222", "-i", "key"]`.
    #[serde(default)]
    pub ssh: Vec<String>,
    /// The command that is `phalanx` on the hosts; without it, the one on their `PATH`, if it is of our version, else our
    /// binary is copied to `~/.phalanx/bin`.
    #[serde(default)]
    pub program: Vec<String>,
    /// How workers and clients reach the first host; without it, under the name that `ssh` connects to.
    #[serde(default)]
    pub address: Option<String>,
    /// The scheduler's port; 0 takes any free one.
    #[serde(default)]
    pub port: u16,
    /// The status page's port on the loopback of the first host; 0 takes any free one.
    #[serde(default)]
    pub dashboard_port: u16,
    /// For how many days the cluster's credentials are good.
    #[serde(default = "days")]
    pub days: u16,
}

fn days() -> u16 {
    30
}

/// Starts processes over SSH.
#[derive(Debug)]
pub struct Ssh {
    options: SshOptions,
    /// The command on each host, ready for its shell.
    programs: Vec<String>,
    /// The cluster's folder on the hosts, below the home folder.
    folder: String,
    address: String,
    /// The cluster's credentials, here; gone with the launcher.
    credentials: PathBuf,
    /// Hosts on which that folder is, or may be.
    touched: Mutex<Vec<String>>,
    _scratch: Scratch,
}

/// Copies of our binary bear our version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Ssh {
    /// Makes credentials, and each host ready: it has the program, and the credentials of the roles that it takes.
    ///
    /// # Errors
    /// * `Input`: there is no host, or no program for the hosts.
    /// * `Cluster`: a host does not answer, does not trust us, or is not trusted; the message of `ssh` says why.
    pub fn prepare(options: SshOptions) -> Result<Self> {
        if options.hosts.is_empty() || options.hosts.iter().any(|host| host.is_empty() || host.starts_with('-')) {
            return Err(Error::input(format!("the hosts {:?} are none that ssh can reach", options.hosts))
                .with_hint("name one host at least: the first takes the scheduler, the others the workers"));
        }
        let name = uuid::Uuid::new_v4().simple().to_string();
        let scratch = Scratch::create(&std::env::temp_dir(), &name)?;
        let credentials = scratch.path().join("credentials");
        Authority::create(&credentials, options.days)?;
        let folder = format!(".phalanx/run/{name}");
        // From here on, whatever fails, what was put on hosts goes with the launcher.
        let mut launcher = Self {
            options,
            programs: vec![],
            folder,
            address: String::new(),
            credentials,
            touched: Mutex::default(),
            _scratch: scratch,
        };
        let hosts = launcher.options.hosts.clone();
        for (number, host) in hosts.iter().enumerate() {
            let before = hosts.iter().take(number).position(|earlier| earlier == host);
            let program = match before.and_then(|before| launcher.programs.get(before)) {
                Some(found) => found.clone(),
                None => launcher.program_on(host)?,
            };
            launcher.programs.push(program);
            let takes_scheduler = number == 0;
            let takes_workers = number > 0 || hosts.len() == 1;
            for role in [(takes_scheduler, Role::Scheduler), (takes_workers, Role::Worker)] {
                if let (true, role) = role {
                    launcher.put_credentials(host, role)?;
                }
            }
        }
        launcher.address = match &launcher.options.address {
            Some(address) => address.clone(),
            None => launcher.name_of(launcher.first())?,
        };
        Ok(launcher)
    }

    fn first(&self) -> &str {
        self.options.hosts.first().map_or("", String::as_str)
    }

    /// The place of a worker among the hosts.
    fn place(&self, number: usize) -> usize {
        match self.options.hosts.len() {
            0 | 1 => 0,
            hosts => 1 + number % (hosts - 1),
        }
    }

    /// `ssh` to a host, before the command that runs there. It asks nobody for passwords, and notices within some seconds
    /// when the host is gone.
    fn ssh(&self, host: &str) -> Command {
        let mut command = Command::new("ssh");
        command.args(["-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=3"]);
        command.args(&self.options.ssh).args(["--", host]);
        command
    }

    /// What `script` writes on a host when it is given `input`; `None` if it ends with the exit code 3.
    fn on(&self, host: &str, script: &str, input: &[u8]) -> Result<Option<String>> {
        let failed = |what: String| {
            Error::cluster(format!("ssh {host}: {what}"))
                .with_hint(format!("does `ssh {host} true` work by itself, without asking for anything?"))
        };
        let mut command = self.ssh(host);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(String::from("it does not start")).caused_by(&error))?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that ends before it has read all says by itself why.
            let _ended_early = pipe.write_all(input);
        }
        let Output { status, stdout, stderr } =
            child.wait_with_output().map_err(|error| failed(String::from("it is lost")).caused_by(&error))?;
        match status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&stdout).trim().to_owned())),
            Some(3) => Ok(None),
            _ => Err(failed(format!("{status}: {}", String::from_utf8_lossy(&stderr).trim()))),
        }
    }

    /// The command on a host, for its shell; our binary is copied if there is none of our version.
    fn program_on(&self, host: &str) -> Result<String> {
        if !self.options.program.is_empty() {
            return Ok(quoted(&self.options.program));
        }
        let own = format!("\"$HOME\"/.phalanx/bin/phalanx-{VERSION}");
        let look = format!(
            "for p in phalanx {own}; do if [ \"$(\"$p\" --version 2>/dev/null)\" = 'phalanx {VERSION}' ]; \
             then command -v \"$p\"; exit 0; fi; done; exit 3"
        );
        if let Some(found) = self.on(host, &look, &[])? {
            return Ok(quote(&found));
        }
        let binary = program::find_binary().map_err(|error| {
            let hint = format!("install Phalanx {VERSION} on {host}, or name the binary to copy in PHALANX_BINARY");
            error.with_hint(hint)
        })?;
        let bytes = std::fs::read(&binary)
            .map_err(|error| Error::input(format!("{} can't be read", binary.display())).caused_by(&error))?;
        tracing::info!(host, bytes = bytes.len(), "copying the program");
        // A connection that is cut looks like the end of the input: half a program must not get the name of a whole one.
        let copy = format!(
            "umask 077; mkdir -p \"$HOME\"/.phalanx/bin; f={own}.$$; trap 'rm -f \"$f\"' EXIT HUP; cat > \"$f\" && \
             [ \"$(wc -c < \"$f\")\" -eq {} ] && chmod 700 \"$f\" && mv \"$f\" {own}",
            bytes.len()
        );
        self.on(host, &copy, &bytes)?;
        Ok(own)
    }

    fn put_credentials(&self, host: &str, role: Role) -> Result<()> {
        let path = self.credentials.join(format!("{role}.pem"));
        let bytes = std::fs::read(&path)
            .map_err(|error| Error::internal(format!("{} can't be read", path.display())).caused_by(&error))?;
        let folder = &self.folder;
        let mut touched = self.touched.lock();
        if !touched.iter().any(|other| other == host) {
            touched.push(host.to_owned());
        }
        drop(touched);
        let put = format!("cd && umask 077 && mkdir -p {folder} && cat > {folder}/{role}.pem");
        self.on(host, &put, &bytes).map(drop)
    }

    /// The name that `ssh` connects to for `host`.
    fn name_of(&self, host: &str) -> Result<String> {
        let mut command = Command::new("ssh");
        let output = command.arg("-G").args(&self.options.ssh).args(["--", host]).stdin(Stdio::null()).output();
        let output = output.map_err(|error| Error::cluster("ssh does not start").caused_by(&error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let name = text.lines().find_map(|line| line.strip_prefix("hostname "));
        name.map(str::to_owned).ok_or_else(|| Error::input(format!("ssh -G {host} names no host")))
    }

    /// The command that runs `phalanx` with `arguments` on the host at `place`.
    fn command(
        &self,
        place: usize,
        role: Role,
        arguments: &[String],
        variables: &[(String, String)],
    ) -> Result<Command> {
        let missing = || Error::internal(format!("there is no host {place}"));
        let host = self.options.hosts.get(place).ok_or_else(missing)?;
        let program = self.programs.get(place).ok_or_else(missing)?;
        let variables: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut words = arguments.to_vec();
        words.extend([String::from("--credentials"), format!("{}/{role}.pem", self.folder), String::from("--tied")]);
        let line = format!("cd && umask 077 && exec env {} {program} {}", quoted(&variables), quoted(&words));
        let mut command = self.ssh(host);
        command.arg(line);
        Ok(command)
    }
}

/// A word for a shell.
fn quote(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

impl Launcher for Ssh {
    fn name(&self) -> &'static str {
        "ssh"
    }

    fn scheduler(&self, log: &str, bind: Option<&SchedulerAddress>) -> Result<Command> {
        let before = bind.and_then(|bind| bind.authority().rsplit_once(':')).map(|(_, port)| port.to_owned());
        let port = before.unwrap_or_else(|| self.options.port.to_string());
        let page = format!("127.0.0.1:{}", self.options.dashboard_port);
        let arguments = ["--log", log, "scheduler", "--host", "0.0.0.0", "--port", &port, "--dashboard", &page];
        self.command(0, Role::Scheduler, &arguments.map(String::from), &[])
    }

    fn address(&self, said: &str) -> Result<SchedulerAddress> {
        let port = said.rsplit_once(':').map_or("", |(_, port)| port);
        let host = if self.address.contains(':') { format!("[{}]", self.address) } else { self.address.clone() };
        format!("tcp://{host}:{port}").parse()
    }

    fn worker(&self, number: usize, arguments: &[String], variables: &[(String, String)]) -> Result<Command> {
        self.command(self.place(number), Role::Worker, arguments, variables)
    }

    fn host(&self, number: usize) -> String {
        self.options.hosts.get(self.place(number)).cloned().unwrap_or_default()
    }

    fn is_local(&self) -> bool {
        false
    }

    fn credentials(&self) -> Option<&Path> {
        Some(&self.credentials)
    }

    fn page_command(&self, page: &str) -> Option<String> {
        let port = page.strip_prefix("http://127.0.0.1:")?.split('/').next()?;
        let mut words = vec![String::from("ssh"), String::from("-N"), format!("-L{port}:127.0.0.1:{port}")];
        words.extend(self.options.ssh.iter().cloned());
        words.push(self.first().to_owned());
        Some(quoted(&words))
    }

    fn clean(&self) {
        for host in std::mem::take(&mut *self.touched.lock()) {
            if let Err(error) = self.on(&host, &format!("cd && rm -rf {}", self.folder), &[]) {
                tracing::warn!(host, %error, "the cluster's folder is left there");
            }
        }
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        self.clean();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let words = ["plain", "two words", "it's", "$HOME", "", "a\"b", "`x`"].map(String::from);
        let script = format!("printf '%s|' {}", quoted(&words));
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "plain|two words|it's|$HOME||a\"b|`x`|");
    }

    #[test]
    fn hosts_that_are_options_are_refused() {
        for hosts in [vec![], vec!["-oProxyCommand=x"], vec!["a", ""]] {
            let hosts: Vec<String> = hosts.into_iter().map(String::from).collect();
            let options: SshOptions = serde_json::from_value(serde_json::json!({ "hosts": hosts })).unwrap();
            assert!(Ssh::prepare(options).is_err(), "{hosts:?}");
        }
    }
}
