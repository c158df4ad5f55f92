//! Under every endpoint and every channel of the cluster: TCP options, TLS, message sizes, and the rule that without
//! credentials nothing but loopback is served or called.

use phalanx_engine::{Error, Result};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};

/// The largest message that any of our services takes: a plan with a small table, a page of a shuffle.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// A peer that does not answer for this long is gone: it is asked every second.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What a process shows to its peers, and whom it trusts. PEM texts.
#[derive(Clone)]
pub struct Credentials {
    /// The cluster's authority.
    pub authority: String,
    /// This process's certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)") // never the key
    }
}

/// The name that every certificate of a cluster carries; addresses change, the cluster does not.
pub const CLUSTER_NAME: &str = "phalanx.cluster";

/// How this process talks to others.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    credentials: Option<Credentials>,
}

impl Transport {
    /// Loopback only, without TLS.
    pub fn loopback() -> Self {
        Self::default()
    }
    /// Mutual TLS on every connection.
    pub fn mutual_tls(credentials: Credentials) -> Self {
        Self { credentials: Some(credentials) }
    }
    /// Is every connection under TLS?
    pub fn is_secure(&self) -> bool {
        self.credentials.is_some()
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
        .with_hint("use 127.0.0.1; serving other machines needs mutual TLS, which this version can't set up yet"))
    }

    /// Listens on `address`; port 0 takes any free port.
    ///
    /// # Errors
    /// The address is off loopback, taken, or not ours.
    pub fn listen(&self, address: SocketAddr) -> Result<(TcpIncoming, SocketAddr)> {
        self.check(address.ip())?;
        let incoming = TcpIncoming::bind(address).map_err(|error| {
            Error::input(format!("{address} can't be served")).caused_by(&error).with_hint(format!(
                "is another process on port {}? Choose another port, or port 0 for any free one",
                address.port()
            ))
        })?;
        let address = incoming
            .local_addr()
            .map_err(|error| Error::internal("a listening socket has no address").caused_by(&error))?;
        Ok((incoming.with_nodelay(Some(true)), address))
    }

    /// A server with our options; add services to it.
    ///
    /// # Errors
    /// The credentials are not usable.
    pub fn server(&self) -> Result<Server> {
        let server = Server::builder()
            .tcp_nodelay(true)
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT));
        let Some(credentials) = &self.credentials else { return Ok(server) };
        let tls = ServerTlsConfig::new()
            .identity(Identity::from_pem(&credentials.certificate, &credentials.key))
            .client_ca_root(Certificate::from_pem(&credentials.authority));
        server.tls_config(tls).map_err(|error| Error::input("the credentials can't be used").caused_by(&error))
    }

    /// `endpoint` with our options: what Ballista's own clients are given too.
    ///
    /// # Errors
    /// The credentials are not usable.
    pub fn configure(&self, endpoint: Endpoint) -> std::result::Result<Endpoint, tonic::transport::Error> {
        let endpoint = endpoint
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        match &self.credentials {
            None => Ok(endpoint),
            Some(credentials) => endpoint.tls_config(
                ClientTlsConfig::new()
                    .domain_name(CLUSTER_NAME)
                    .identity(Identity::from_pem(&credentials.certificate, &credentials.key))
                    .ca_certificate(Certificate::from_pem(&credentials.authority)),
            ),
        }
    }

    /// A connection to `host:port`.
    ///
    /// # Errors
    /// Nobody listens there, or the peer is not to be trusted.
    pub async fn connect(&self, address: &str) -> Result<Channel> {
        let scheme = if self.is_secure() { "https" } else { "http" };
        let nobody = |error: &(dyn std::error::Error + 'static)| {
            Error::cluster(format!("nobody answers at {address}")).caused_by(error)
        };
        // The address that is checked is the one that is called, whatever a name resolves to later.
        let peers: Vec<SocketAddr> = tokio::net::lookup_host(address).await.map_err(|error| nobody(&error))?.collect();
        let Some(peer) = peers.iter().find(|peer| self.check(peer.ip()).is_ok()).or(peers.first()) else {
            return Err(Error::input(format!("{address} has no address")));
        };
        self.check(peer.ip())?;
        let endpoint = Endpoint::from_shared(format!("{scheme}://{peer}"))
            .and_then(|endpoint| self.configure(endpoint))
            .map_err(|error| Error::input(format!("{address} is not an address")).caused_by(&error))?;
        endpoint.connect().await.map_err(|error| nobody(&error))
    }
}

/// `tcp://host:port`, as users write a scheduler's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerAddress(String);

impl SchedulerAddress {
    /// `host:port`.
    pub fn authority(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for SchedulerAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::input(format!("{text:?} is not the address of a scheduler: {what}"))
                .with_hint("write tcp://HOST:PORT, for example tcp://127.0.0.1:8786")
        };
        let rest = text.strip_prefix("tcp://").ok_or_else(|| wrong("it does not begin with tcp://"))?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        if host.is_empty() || host.contains('/') {
            return Err(wrong("the host is missing"));
        }
        match port.parse::<u16>() {
            Ok(1..) => Ok(Self(rest.to_owned())),
            _ => Err(wrong("the port is not a number from 1 to 65535")),
        }
    }
}

impl std::fmt::Display for SchedulerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tcp://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn an_address_is_tcp_host_port() {
        assert_eq!("tcp://127.0.0.1:8786".parse::<SchedulerAddress>().unwrap().authority(), "127.0.0.1:8786");
        for wrong in ["127.0.0.1:8786", "tcp://host", "tcp://:1", "tcp://host:0", "tcp://host:99999", "tcp://a/b:1"] {
            assert!(wrong.parse::<SchedulerAddress>().is_err(), "{wrong}");
        }
    }
}
