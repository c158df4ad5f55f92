//! A process's certificate and key, read from a file and read again when it changes: credentials are renewed without a
//! restart. Connections that stand stay; new ones show the new certificate.

use super::Role;
use super::socket::Protocol;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use phalanx_engine::{Error, Result};
use rustls::crypto::ring;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tonic::transport::{Certificate, Identity};

/// Larger files are no credentials.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The line of a file that says until when its certificate is good.
pub(super) const EXPIRES: &str = "Expires: ";

/// A file of credentials, and what it last held.
#[derive(Debug)]
pub struct Credentials {
    path: PathBuf,
    current: Mutex<(Stamp, Arc<Bundle>)>,
}

/// By what a changed file is told.
type Stamp = (u64, i64, i64);

impl Credentials {
    /// Reads the file `path`, or, in the folder `path`, the file `<role>.pem` of the first of `roles` that has one.
    ///
    /// # Errors
    /// `Input`: there is none, others can read it, it is for another role, or it has expired.
    pub fn read(path: &Path, roles: &[Role]) -> Result<Self> {
        let mut files = roles.iter().map(|role| path.join(format!("{role}.pem")));
        let file = match path.is_dir() {
            true => files.clone().find(|file| file.exists()).or(files.next()).unwrap_or_default(),
            false => path.to_owned(),
        };
        let (stamp, bundle) = read(&file)?;
        if !roles.contains(&bundle.role) {
            let wanted = roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" or a ");
            let message = format!("the credentials {} are a {}'s, not a {wanted}'s", file.display(), bundle.role);
            return Err(Error::input(message)
                .with_hint("give the folder of all credentials: each process takes the file of its role"));
        }
        if let Some(expires) = bundle.expires.filter(|expires| *expires <= Utc::now()) {
            let folder = file.parent().unwrap_or(Path::new("DIR")).display().to_string();
            return Err(Error::input(format!("the credentials in {} expired on {expires}", file.display()))
                .with_hint(format!("renew them where the authority's key is: phalanx credentials renew {folder}")));
        }
        Ok(Self { path: file, current: Mutex::new((stamp, Arc::new(bundle))) })
    }

    /// What the file `path` holds, were it expired.
    ///
    /// # Errors
    /// `Input`: it can't be used.
    pub fn peek(path: &Path) -> Result<Bundle> {
        Ok(read(path)?.1)
    }

    /// What the file holds now. One that can't be read leaves what it held before.
    pub fn current(&self) -> Arc<Bundle> {
        let mut current = self.current.lock();
        if stamp(&self.path).is_ok_and(|stamp| stamp != current.0) {
            match read(&self.path) {
                Ok((stamp, bundle)) if bundle.role == current.1.role => {
                    tracing::info!(target: "audit", path = %self.path.display(), expires = ?bundle.expires, "credentials renewed");
                    *current = (stamp, Arc::new(bundle));
                }
                Ok((stamp, bundle)) => {
                    tracing::warn!(role = %bundle.role, "the file now has another role's credentials: they are not used");
                    current.0 = stamp;
                }
                Err(error) => tracing::warn!(%error, "changed credentials are not used"),
            }
        }
        Arc::clone(&current.1)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let data = std::fs::metadata(path)?;
    Ok((data.ino(), data.mtime(), data.mtime_nsec()))
}

fn read(path: &Path) -> Result<(Stamp, Bundle)> {
    let missing = |error: std::io::Error| {
        Error::input(format!("the credentials {} can't be read", path.display()))
            .caused_by(&error)
            .with_hint("make some with `phalanx credentials new DIR`, and pass --credentials DIR")
    };
    let data = std::fs::metadata(path).map_err(missing)?;
    if data.mode() & 0o077 != 0 {
        return Err(Error::input(format!("the credentials {} can be read by other users", path.display()))
            .with_hint(format!("chmod 600 {}", path.display())));
    }
    if data.len() > FILE_BYTES_MAX {
        return Err(Error::input(format!("{} is too large to be credentials", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(missing)?;
    let bundle = Bundle::parse(&text)
        .map_err(|error| Error::input(format!("{} holds no credentials", path.display())).caused_by(&error))?;
    Ok(((data.ino(), data.mtime(), data.mtime_nsec()), bundle))
}

/// One role's certificate and key, and the authority that it trusts.
pub struct Bundle {
    role: Role,
    expires: Option<DateTime<Utc>>,
    /// Our certificates and the key, as text.
    identity: (String, String),
    authority: String,
    server: Arc<ServerConfig>,
    /// The same for a port at which a certificate may be missing.
    open_server: Arc<ServerConfig>,
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bundle({}, expires {:?})", self.role, self.expires) // never the key
    }
}

impl Bundle {
    /// Reads PEM: our certificate, its key, and the authority's certificate last.
    ///
    /// # Errors
    /// `Input`: it is something else.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| Error::input(what.to_owned());
        let (certificates, key) = sections(text)?;
        let (authority, ours) = certificates.split_last().ok_or_else(|| wrong("there is no certificate"))?;
        let first = ours.first().ok_or_else(|| wrong("there is a single certificate; the authority's is missing"))?;
        let key = key.ok_or_else(|| wrong("there is no private key"))?;
        let der = |pem: &&str| {
            CertificateDer::from_pem_slice(pem.as_bytes())
                .map_err(|error| wrong("a certificate can't be read").caused_by(&error))
        };
        let role = Role::of(&der(first)?).ok_or_else(|| wrong("the certificate is not of a role of Phalanx"))?;
        let chain = ours.iter().map(der).collect::<Result<Vec<_>>>()?;
        let server = server_config(chain.clone(), key, der(authority)?, Callers::Known)?;
        let open_server = server_config(chain, key, der(authority)?, Callers::KnownOrNot)?;
        let expires = text.lines().find_map(|line| line.strip_prefix(EXPIRES));
        let expires = expires.and_then(|date| DateTime::parse_from_rfc3339(date.trim()).ok());
        Ok(Self {
            role,
            expires: expires.map(|date| date.to_utc()),
            identity: (ours.concat(), key.to_owned()),
            authority: (*authority).to_owned(),
            server: Arc::new(server),
            open_server: Arc::new(open_server),
        })
    }

    /// What we are.
    pub fn role(&self) -> Role {
        self.role
    }
    /// Until when others accept us, as the file says.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.expires
    }
    pub(super) fn identity(&self) -> Identity {
        Identity::from_pem(&self.identity.0, &self.identity.1)
    }
    pub(super) fn authority(&self) -> Certificate {
        Certificate::from_pem(&self.authority)
    }
    /// For ports of ours: TLS 1.3, and a certificate of our authority from everybody who calls; but for the one protocol
    /// that says otherwise.
    pub(super) fn server_config(&self, protocol: Protocol) -> Arc<ServerConfig> {
        let server = match protocol {
            Protocol::Grpc => return Arc::clone(&self.server),
            Protocol::Http => &self.server,
            Protocol::HttpOfAnybody => &self.open_server,
        };
        let mut config = ServerConfig::clone(server);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// The certificates of `text`, in order, and its key, each as text.
fn sections(text: &str) -> Result<(Vec<&str>, Option<&str>)> {
    let wrong = || Error::input("it is not in PEM form");
    let (mut certificates, mut key) = (vec![], None);
    let mut rest = text;
    while let Some(begin) = rest.find("-----BEGIN ") {
        let section = &rest[begin..];
        let end = section.find("-----END ").ok_or_else(wrong)?;
        let end = section[end..].find('\n').map_or(section.len(), |line| end + line + 1);
        let (section, after) = section.split_at(end);
        match <(SectionKind, Vec<u8>)>::from_pem_slice(section.as_bytes()) {
            Ok((SectionKind::Certificate, _)) => certificates.push(section),
            Ok((SectionKind::PrivateKey, _)) if key.is_none() => key = Some(section),
            _ => return Err(wrong()),
        }
        rest = after;
    }
    Ok((certificates, key))
}

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    /// Who shows a certificate of our authority.
    Known,
    /// Also who shows none; who shows another one may not.
    KnownOrNot,
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: &str,
    authority: CertificateDer<'static>,
    who: Callers,
) -> Result<ServerConfig> {
    let unusable = |error: &(dyn std::error::Error + 'static)| {
        Error::input("the certificate and the key can't be used").caused_by(error)
    };
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| unusable(&error))?;
    let provider = Arc::new(ring::default_provider());
    let mut trusted = RootCertStore::empty();
    trusted.add(authority).map_err(|error| unusable(&error))?;
    let callers = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider));
    let callers = match who {
        Callers::Known => callers.build(),
        Callers::KnownOrNot => callers.allow_unauthenticated().build(),
    };
    let callers = callers.map_err(|error| unusable(&error))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable(&error))?
        .with_client_cert_verifier(callers)
        .with_single_cert(chain, key)
        .map_err(|error| unusable(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would not show whether its certificate has expired since.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
