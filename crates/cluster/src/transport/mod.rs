//! Under every endpoint and every channel of the cluster: TCP options, TLS, message sizes, and the rule that without
//! credentials nothing but loopback is served or called.
//!
//! | module | what it is |
//! |---|---|
//! | [`credentials`] | a process's certificate and key, read from a file and read again when it changes |
//! | [`authority`] | a cluster's authority: what `phalanx credentials` mints |
//! | [`role`] | who may be who, and who may call what |
//! | [`socket`] | accepting connections, plain or under TLS, and knowing who is at their other end |
//! | [`guard`] | refuses calls that are not of the caller's role |
//! | [`audit`] | who did what, as lines of a file |
//! | [`address`] | `tcp://HOST:PORT` |

pub mod address;
pub mod audit;
pub mod authority;
pub mod credentials;
pub mod guard;
pub mod role;
pub mod socket;

pub use address::SchedulerAddress;
pub use audit::Audit;
pub use authority::Authority;
pub use credentials::Credentials;
pub use role::Role;
pub use socket::{Incoming, Peer, Socket};

use guard::GuardLayer;
use phalanx_engine::{Error, Result};
use socket::Protocol;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::server::Server;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tower::layer::util::{Identity as NoLayer, Stack};

/// The largest message that any of our services takes: a plan with a small table, a page of a shuffle.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// A peer that does not answer for this long is gone: it is asked every second.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Where credentials are, if no argument says.
pub const CREDENTIALS_VARIABLE: &str = "PHALANX_CREDENTIALS";
/// Where in the home folder they are, if the variable does not say either: launchers put them there.
pub const CREDENTIALS_FOLDER: &str = ".phalanx/credentials";

/// A server of ours: it asks of every call whether the caller's role may make it.
pub type GuardedServer = Server<Stack<GuardLayer, NoLayer>>;

/// How this process talks to others.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    credentials: Option<Arc<Credentials>>,
    audit: Option<Arc<Audit>>,
}

impl Transport {
    /// Loopback only, without TLS.
    pub fn loopback() -> Self {
        Self::default()
    }
    /// Mutual TLS on every connection.
    pub fn mutual_tls(credentials: Credentials) -> Self {
        Self { credentials: Some(Arc::new(credentials)), audit: None }
    }

    /// Mutual TLS with the credentials at `path` (a file, or a folder that has one for one of the roles, the first
    /// before others), else with those that the variable `PHALANX_CREDENTIALS` names, else loopback only.
    ///
    /// # Errors
    /// `Input`: there are credentials, and they are not usable, or for another role.
    pub fn open(path: Option<&Path>, roles: &[Role]) -> Result<Self> {
        let said = std::env::var_os(CREDENTIALS_VARIABLE).filter(|said| !said.is_empty()).map(PathBuf::from);
        match path.map(Path::to_owned).or(said) {
            Some(path) => Ok(Self::mutual_tls(Credentials::read(&path, roles)?)),
            None => Ok(Self::loopback()),
        }
    }

    /// As [`open`](Self::open) for who serves or calls `host` (`HOST`, or `HOST:PORT`): if that is off loopback and
    /// nobody says where credentials are, those in `~/.phalanx/credentials` are taken, where launchers put them.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_for(path: Option<&Path>, roles: &[Role], host: &str) -> Result<Self> {
        let found = Self::open(path, roles)?;
        if found.is_secure() || is_loopback(host) {
            return Ok(found);
        }
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
        match home.map(|home| Path::new(&home).join(CREDENTIALS_FOLDER)).filter(|folder| folder.is_dir()) {
            Some(folder) => Self::open(Some(&folder), roles),
            None => Ok(found),
        }
    }

    /// Writes down who does what.
    #[must_use]
    pub fn audited(mut self, audit: Audit) -> Self {
        self.audit = Some(Arc::new(audit));
        self
    }
    /// Notes what a peer did, if that is to be written down.
    pub fn note(&self, peer: Option<&Peer>, event: audit::Event<'_>) {
        if let Some(audit) = &self.audit {
            audit.note(peer, event);
        }
    }

    /// Is every connection under TLS?
    pub fn is_secure(&self) -> bool {
        self.credentials.is_some()
    }
    /// What this process shows to others.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_deref()
    }

    /// Refuses an address off loopback if there are no credentials.
    ///
    /// # Errors
    /// `Input`, with what to do instead.
    pub fn check(&self, address: IpAddr) -> Result<()> {
        if self.credentials.is_some() || address.is_loopback() {
            return Ok(());
        }
        Err(Error::input(format!(
            "{address} is not a loopback address, and without credentials only loopback is served"
        ))
        .with_hint(
            "make credentials with `phalanx credentials new DIR` and give them to scheduler, workers and clients with \
             --credentials DIR (or in PHALANX_CREDENTIALS, or as ~/.phalanx/credentials); or use 127.0.0.1",
        ))
    }

    /// Listens on `address`; port 0 takes any free port.
    ///
    /// # Errors
    /// The address is off loopback, taken, or not ours.
    pub fn listen(&self, address: SocketAddr) -> Result<(Incoming, SocketAddr)> {
        self.check(address.ip())?;
        Incoming::bind(address, self.clone(), Protocol::Grpc)
    }

    /// The same for programs that are not ours: HTTP/1.1, which all of them speak.
    ///
    /// # Errors
    /// As [`listen`](Self::listen).
    pub fn listen_http(&self, address: SocketAddr) -> Result<(Incoming, SocketAddr)> {
        self.check(address.ip())?;
        Incoming::bind(address, self.clone(), Protocol::Http)
    }

    /// The same, also for who shows no certificate, whose role is then unknown: whoever serves it asks for something else.
    /// A certificate that is no good is refused here too.
    ///
    /// # Errors
    /// As [`listen`](Self::listen).
    pub fn listen_http_of_anybody(&self, address: SocketAddr) -> Result<(Incoming, SocketAddr)> {
        self.check(address.ip())?;
        Incoming::bind(address, self.clone(), Protocol::HttpOfAnybody)
    }

    /// A server with our options; add services to it.
    pub fn server(&self) -> GuardedServer {
        Server::builder()
            .tcp_nodelay(true)
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
            .layer(GuardLayer { transport: self.clone() })
    }

    /// `endpoint`, at which a process of role `peer` is to answer, with our options: what Ballista's own clients are
    /// given too.
    ///
    /// # Errors
    /// The credentials are not usable.
    pub fn configure(&self, endpoint: Endpoint, peer: Role) -> std::result::Result<Endpoint, tonic::transport::Error> {
        let endpoint = endpoint
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        match &self.credentials {
            None => Ok(endpoint),
            Some(credentials) => {
                let ours = credentials.current();
                let config = ClientTlsConfig::new()
                    .domain_name(peer.domain())
                    .identity(ours.identity())
                    .ca_certificate(ours.authority());
                endpoint.tls_config(config)
            }
        }
    }

    /// A connection to the process of role `peer` at `host:port`.
    ///
    /// # Errors
    /// Nobody listens there, or the peer is not to be trusted.
    pub async fn connect(&self, address: &str, peer: Role) -> Result<Channel> {
        let scheme = if self.is_secure() { "https" } else { "http" };
        let nobody = |error: &(dyn std::error::Error + 'static)| {
            Error::cluster(format!("nobody answers at {address}")).caused_by(error)
        };
        // The address that is checked is the one that is called, whatever a name resolves to later.
        let found: Vec<SocketAddr> = tokio::net::lookup_host(address).await.map_err(|error| nobody(&error))?.collect();
        let Some(socket) = found.iter().find(|found| self.check(found.ip()).is_ok()).or(found.first()) else {
            return Err(Error::input(format!("{address} has no address")));
        };
        self.check(socket.ip())?;
        let endpoint = Endpoint::from_shared(format!("{scheme}://{socket}"))
            .and_then(|endpoint| self.configure(endpoint, peer))
            .map_err(|error| Error::input(format!("{address} is not an address")).caused_by(&error))?;
        endpoint.connect().await.map_err(|error| nobody(&error))
    }
}

/// Has `host` (`HOST`, or `HOST:PORT`) addresses of this machine alone? Not, if it has none.
fn is_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.is_loopback();
    }
    let found = host.to_socket_addrs().or_else(|_| (host, 0).to_socket_addrs());
    found.is_ok_and(|mut found| found.len() > 0 && found.all(|found| found.ip().is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_by_addresses_and_names() {
        for host in ["127.0.0.1", "127.9.9.9:8786", "::1", "[::1]:8786", "localhost", "localhost:8786"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["0.0.0.0", "10.0.0.1:8786", "::", "", "no such host"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_loopback_is_served_without_credentials() {
        let loopback = Transport::loopback();
        for address in ["127.0.0.1", "127.1.2.3", "::1"] {
            assert!(loopback.check(address.parse().unwrap()).is_ok(), "{address}");
        }
        for address in ["0.0.0.0", "10.0.0.1", "::", "192.168.1.1"] {
            assert!(loopback.check(address.parse().unwrap()).is_err(), "{address}");
        }
    }
}
