//! Who did what: a file of JSON lines, one an event.
//!
//! `{"time":"2026-01-31T12:00:00.123Z","event":"submit","role":"client","address":"10.0.0.7:40112","session":"…","job":"…","what":"mean"}`

use super::socket::Peer;
use parking_lot::Mutex;
use phalanx_engine::{Error, Result};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file, open for appending. Events are written as they happen, each whole.
#[derive(Debug)]
pub struct Audit(Mutex<File>);

/// What happened.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Event<'a> {
    /// `session`, `submit`, `cancel`, `release`, `scatter`, `retire`, `join`, `goodbye`, `save` or `refuse`.
    pub event: &'a str,
    /// The session that it was said for; a worker's name where one joins.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub session: &'a str,
    /// The job, the attempt, the data or the worker that it was done to.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub job: &'a str,
    /// What people call it, or why it was refused.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub what: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    event: Event<'a>,
    /// As the caller's certificate says; null without TLS.
    role: Option<&'static str>,
    /// The name in the caller's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<&'static str>,
    address: Option<String>,
}

impl Audit {
    /// Appends to the file at `path`, which its owner alone can read if it is made.
    ///
    /// # Errors
    /// `Input`: it can't be written.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
            Error::input(format!("the audit log {} can't be written", path.display())).caused_by(&error)
        })?;
        Ok(Self(Mutex::new(file)))
    }

    /// Notes what `peer` did. A log that can't be written does not stop the cluster, which says so.
    pub fn note(&self, peer: Option<&Peer>, event: Event<'_>) {
        let role = peer.and_then(|peer| peer.role);
        let line = Line {
            time: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            event,
            role: role.map(super::Role::name),
            certificate: role.map(super::Role::domain),
            address: peer.and_then(|peer| peer.address).map(|address| address.to_string()),
        };
        let Ok(mut text) = serde_json::to_string(&line) else { return };
        text.push('\n');
        if let Err(error) = self.0.lock().write_all(text.as_bytes()) {
            tracing::error!(%error, "the audit log can't be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Role;

    #[test]
    fn an_event_is_a_line_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for job in ["first", "second"] {
            let audit = Audit::open(&path).unwrap(); // a scheduler that was started again goes on
            let peer = Peer { address: "127.0.0.1:9".parse().ok(), role: Some(Role::Client) };
            audit.note(Some(&peer), Event { event: "submit", job, what: "a\n\"b\"", ..Event::default() });
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        let fields = ["event", "job", "what", "role", "certificate", "address"].map(|name| lines[1][name].as_str());
        let expected = ["submit", "second", "a\n\"b\"", "client", "client.phalanx.cluster", "127.0.0.1:9"];
        assert_eq!(fields, expected.map(Some));
        assert!(lines[0].get("session").is_none() && lines[0]["time"].as_str().unwrap().ends_with('Z'));
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        assert!(Audit::open(folder.path()).is_err());
    }
}
