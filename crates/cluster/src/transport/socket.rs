//! Accepting connections, plain or under TLS, and knowing who is at their other end.

use super::audit::Event;
use super::{Role, Transport};
use futures::Stream;
use phalanx_engine::{Error, Result};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// A peer that has not shown its certificate within this time is not waited for.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Peers that may be showing their certificates at once.
const HANDSHAKES_MAX: usize = 256;
/// After an error that is not of one connection (no descriptors are left), accepting rests.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2, by our own processes.
    Grpc,
    /// HTTP/1.1, by any program.
    Http,
    /// The same, also by who shows no certificate: whoever serves it asks for something else.
    HttpOfAnybody,
}

/// Connections to a port, each ready to be served. The port is closed when this is dropped.
#[derive(Debug)]
pub struct Incoming(Receiver<io::Result<Socket>>);

impl Incoming {
    /// Listens on `address`, under TLS if there are credentials.
    pub(super) fn bind(address: SocketAddr, transport: Transport, protocol: Protocol) -> Result<(Self, SocketAddr)> {
        let bound = std::net::TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((TcpListener::from_std(listener)?, address))
        });
        let (listener, address) = bound.map_err(|error| {
            Error::input(format!("{address} can't be served")).caused_by(&error).with_hint(format!(
                "is another process on port {}? Choose another port, or port 0 for any free one",
                address.port()
            ))
        })?;
        let (sender, receiver) = channel(1);
        tokio::spawn(accept(listener, transport, protocol, sender));
        Ok((Self(receiver), address))
    }
}

impl Stream for Incoming {
    type Item = io::Result<Socket>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Accepts until nobody takes what was accepted. A slow handshake delays no other.
async fn accept(listener: TcpListener, transport: Transport, protocol: Protocol, ready: Sender<io::Result<Socket>>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection can't be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        let _slower = stream.set_nodelay(true);
        let Some(credentials) = transport.credentials.clone() else {
            let _nobody_serves = ready.send(Ok(Socket::Plain(stream))).await;
            continue;
        };
        let Ok(turn) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let (ready, transport) = (ready.clone(), transport.clone());
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(credentials.current().server_config(protocol));
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(ready.send(Ok(Socket::Tls(Box::new(stream)))).await),
                Ok(Err(error)) => {
                    tracing::warn!(target: "audit", %address, %error, "refused: no valid certificate");
                    refuse(&transport, address, &format!("no valid certificate: {error}"));
                }
                Err(_) => {
                    tracing::warn!(target: "audit", %address, "refused: no handshake");
                    refuse(&transport, address, "no handshake");
                }
            }
            drop(turn);
        });
    }
}

fn refuse(transport: &Transport, address: SocketAddr, why: &str) {
    let peer = Peer { address: Some(address), role: None };
    transport.note(Some(&peer), Event { event: "refuse", what: why, ..Event::default() });
}

/// One connection.
#[derive(Debug)]
pub enum Socket {
    /// Of this machine.
    Plain(TcpStream),
    /// Of whoever bears a certificate of our authority.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// Who is at its other end.
    pub fn peer(&self) -> Peer {
        match self {
            Self::Plain(stream) => Peer { address: stream.peer_addr().ok(), role: None },
            Self::Tls(stream) => {
                let (stream, session) = stream.get_ref();
                let certificate = session.peer_certificates().and_then(<[_]>::first);
                Peer { address: stream.peer_addr().ok(), role: certificate.and_then(Role::of) }
            }
        }
    }
    /// The address of ours that was called.
    pub fn called(&self) -> Option<IpAddr> {
        let address = match self {
            Self::Plain(stream) => stream.local_addr(),
            Self::Tls(stream) => stream.get_ref().0.local_addr(),
        };
        Some(address.ok()?.ip().to_canonical())
    }
}

/// Who is at the other end of a connection: an extension of every request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// From where it called.
    pub address: Option<SocketAddr>,
    /// What its certificate says; `None` without TLS.
    pub role: Option<Role>,
}

impl Connected for Socket {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer()
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }
    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
