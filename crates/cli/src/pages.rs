//! The scheduler's pages off loopback: who looks shows a certificate, and it says what he may do.

use futures::StreamExt;
use phalanx_cluster::transport::{Incoming, Peer, Socket, audit};
use phalanx_cluster::{Role, Transport};
use phalanx_dashboard::access::NOBODY;
use phalanx_dashboard::{Access, Connection, Dashboard, Listener, Options, Tokens};
use phalanx_engine::observe::Observe;
use phalanx_engine::{Error, Result};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves pages at `address`: on loopback to whoever asks, elsewhere under mutual TLS.
pub async fn serve(
    address: SocketAddr,
    transport: &Transport,
    observe: Arc<dyn Observe>,
    mut options: Options,
) -> Result<Dashboard> {
    if address.ip().is_loopback() {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Error::input(format!("the status page can't be served at {address}"))
                .caused_by(&error)
                .with_hint("choose another port with --dashboard, or port 0 for any free one")
        })?;
        return Dashboard::start(listener, observe, options);
    }
    let (incoming, bound) = match options.tokens {
        Some(_) => transport.listen_http_of_anybody(address)?,
        None => transport.listen_http(address)?,
    };
    // The one name in our certificate: who gives it to our address is not warned by his browser.
    options.names.push(Role::Scheduler.domain().to_owned());
    let reached = SocketAddr::new(if bound.ip().is_unspecified() { own_address() } else { bound.ip() }, bound.port());
    Dashboard::start_secured(Secured { incoming, bound }, reached, observe, options)
}

/// Tokens for who shows no certificate; who uses one, and who signs out, is in the audit log.
pub fn tokens(transport: &Transport) -> Tokens {
    let transport = transport.clone();
    Tokens::new(Box::new(move |address, event, what| {
        let event = audit::Event { event, what, ..audit::Event::default() };
        transport.note(Some(&Peer { address, role: None }), event);
    }))
}

/// The address from which packets to other machines leave; loopback, if none do.
fn own_address() -> IpAddr {
    // Connecting a datagram socket sends nothing. The address is one of those that are kept for examples.
    let found = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    found.map_or(IpAddr::from([127, 0, 0, 1]), |address| address.ip())
}

/// Connections under mutual TLS.
struct Secured {
    incoming: Incoming,
    bound: SocketAddr,
}

/// What a role may do on pages: what it may do by calls.
fn access(role: Role) -> Option<Access> {
    match role {
        Role::Client => Some(Access::Control),
        Role::Viewer => Some(Access::View),
        Role::Scheduler | Role::Worker => None,
    }
}

impl Listener for Secured {
    type Io = Socket;
    type Addr = Connection;

    async fn accept(&mut self) -> (Socket, Connection) {
        loop {
            match self.incoming.next().await {
                Some(Ok(socket)) => {
                    let peer = socket.peer();
                    let (access, role) = (peer.role.and_then(access), peer.role.map_or(NOBODY, Role::name));
                    let connection = Connection { access, role, from: peer.address, called: socket.called() };
                    return (socket, connection);
                }
                Some(Err(error)) => tracing::warn!(%error, "a connection to the pages is lost"),
                None => std::future::pending().await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Connection> {
        Ok(Connection { access: None, role: "scheduler", from: None, called: Some(self.bound.ip()) })
    }
}
