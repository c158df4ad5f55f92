//! Who may be who, and who may call what.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use std::fmt;

/// What a process is in its cluster: its certificate says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Hands out tasks.
    Scheduler,
    /// Runs tasks, holds data.
    Worker,
    /// Submits jobs and reads their results.
    Client,
    /// Looks, and changes nothing.
    Viewer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Scheduler, Self::Worker, Self::Client, Self::Viewer];

    /// As files and commands name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler",
            Self::Worker => "worker",
            Self::Client => "client",
            Self::Viewer => "viewer",
        }
    }

    /// The name that certificates of this role carry. Addresses change; roles do not.
    pub const fn domain(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler.phalanx.cluster",
            Self::Worker => "worker.phalanx.cluster",
            Self::Client => "client.phalanx.cluster",
            Self::Viewer => "viewer.phalanx.cluster",
        }
    }

    /// The role of who bears `certificate`.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = ParsedCertificate::try_from(certificate).ok()?;
        let bears = |role: &Self| {
            ServerName::try_from(role.domain()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
        };
        Self::ALL.into_iter().find(bears)
    }

    /// May a peer of this role make the call of this path? What is not listed is nobody's.
    pub fn may_call(self, path: &str) -> bool {
        callers(path).contains(&self)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Every call that is served, with who may make it: the rights of all roles. What is not listed is nobody's.
pub const CALLS: &[(&str, &[Role])] = &[
    // Served by the scheduler.
    ("/ballista.protobuf.SchedulerGrpc/PollWork", &[Role::Worker]),
    ("/phalanx.Control/Attach", &[Role::Worker]),
    ("/ballista.protobuf.SchedulerGrpc/ExecuteQueryPush", &[Role::Client]),
    ("/phalanx.Control/Session", &[Role::Client]),
    ("/phalanx.Control/Own", &[Role::Client]),
    ("/phalanx.Control/Cancel", &[Role::Client]),
    ("/phalanx.Control/Release", &[Role::Client]),
    ("/phalanx.Control/Gang", &[Role::Client]),
    ("/phalanx.Control/Retire", &[Role::Client]),
    ("/phalanx.Control/NeedsNothing", &[Role::Client]),
    ("/phalanx.Control/Goodbye", &[Role::Client]),
    ("/phalanx.Control/Report", &[Role::Client]),
    ("/phalanx.Control/Scattered", &[Role::Client]),
    ("/phalanx.Control/Save", &[Role::Client]),
    ("/phalanx.Control/Token", &[Role::Client]),
    ("/phalanx.Control/Describe", &[Role::Client, Role::Viewer]),
    ("/phalanx.Control/Failed", &[Role::Client, Role::Viewer]),
    ("/phalanx.Control/Observe", &[Role::Client, Role::Viewer]),
    // Served by workers.
    ("/arrow.flight.protocol.FlightService/DoAction", &[Role::Client, Role::Worker]),
    ("/arrow.flight.protocol.FlightService/DoPut", &[Role::Client]),
    ("/arrow.flight.protocol.FlightService/DoExchange", &[Role::Client]),
    ("/ballista.protobuf.ExecutorGrpc/CancelTasks", &[Role::Scheduler]),
];

fn callers(path: &str) -> &'static [Role] {
    CALLS.iter().find(|(call, _)| *call == path).map_or(&[], |(_, callers)| *callers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_its_own_calls_and_no_others() {
        assert!(Role::Worker.may_call("/phalanx.Control/Attach"));
        assert!(!Role::Client.may_call("/phalanx.Control/Attach"), "a client can't register as a worker");
        assert!(!Role::Viewer.may_call("/ballista.protobuf.SchedulerGrpc/ExecuteQueryPush"), "a viewer can't submit");
        assert!(!Role::Worker.may_call("/phalanx.Control/Release"));
        for role in Role::ALL {
            assert!(!role.may_call("/ballista.protobuf.SchedulerGrpc/GetJobStatus"));
        }
    }
}
