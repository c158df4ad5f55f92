//! Who asks, and what he may do.

use crate::token::Session;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::net::{IpAddr, SocketAddr};

/// A right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To look.
    View,
    /// To look, to cancel jobs and to release data.
    Control,
}

/// The role of who shows no certificate.
pub const NOBODY: &str = "nobody";

/// Who is at the other end of a connection under TLS, by his certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// What his role gives him the right to, if to anything.
    pub access: Option<Access>,
    /// His role, for people.
    pub role: &'static str,
    /// From where he calls.
    pub from: Option<SocketAddr>,
    /// The address of ours that he has called.
    pub called: Option<IpAddr>,
}

/// Who asks: an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What he may do.
    pub access: Access,
    /// His connection, if it is under TLS.
    pub connection: Option<Connection>,
    /// The session that lets him in, if no certificate does: he can end it.
    pub session: Option<Session>,
}

impl Caller {
    /// Who it is, for an audit log.
    pub fn name(&self) -> String {
        match self.connection {
            Some(Connection { role: NOBODY, from: Some(from), .. }) => {
                format!("somebody with a token at {from}, on the dashboard")
            }
            Some(Connection { role, from: Some(from), .. }) => format!("a {role} at {from}, on the dashboard"),
            Some(Connection { role, .. }) => format!("a {role}, on the dashboard"),
            None => String::from("somebody on this machine, on the dashboard"),
        }
    }
}

/// A listener that knows who calls: connections of it are under TLS.
pub(crate) struct Knowing<L>(pub L);

impl<L: Listener<Addr = Connection>> Listener for Knowing<L> {
    type Io = L::Io;
    type Addr = Connection;

    fn accept(&mut self) -> impl Future<Output = (L::Io, Connection)> + Send {
        self.0.accept()
    }
    fn local_addr(&self) -> std::io::Result<Connection> {
        self.0.local_addr()
    }
}

impl<L: Listener<Addr = Connection>> Connected<IncomingStream<'_, Knowing<L>>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Knowing<L>>) -> Self {
        *stream.remote_addr()
    }
}
