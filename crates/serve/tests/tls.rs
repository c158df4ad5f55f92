//! A model that is served to other machines: under TLS, and to clients of its own cluster alone.

use crate::{Served, expected};
use phalanx_cluster::transport::{Authority, Credentials};
use phalanx_cluster::{Role, Transport};
use phalanx_serve::ServerOptions;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring};

/// A cluster's credentials, and a model that a worker of it serves.
fn served() -> (tempfile::TempDir, Authority, Served) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), 1).unwrap();
    let transport = Transport::mutual_tls(Credentials::read(folder.path(), &[Role::Worker]).unwrap());
    let served = Served::start(ServerOptions { transport, ..ServerOptions::default() });
    (folder, authority, served)
}

/// What a program has that is not ours: the authority that it trusts, and maybe a certificate that it shows.
fn config(trusted: &Path, shown: Option<&Path>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted.join("authority.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut chain: Vec<_> = CertificateDer::pem_file_iter(file).unwrap().map(Result::unwrap).collect();
            chain.pop(); // the authority's, which is trusted and not shown
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(file).unwrap()).unwrap()
        }
    };
    // As curl's and Python's.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// One request; its status and body, or why there is no answer.
fn ask(address: SocketAddr, config: Arc<ClientConfig>, request: &str) -> std::io::Result<(u16, Value)> {
    let name = ServerName::try_from(Role::Worker.domain()).unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut tls = StreamOwned::new(ClientConnection::new(config, name).unwrap(), stream);
    tls.write_all(request.as_bytes())?;
    let mut answer = vec![];
    let read = tls.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return Err(read.err().unwrap_or_else(|| std::io::Error::other("closed without an answer")));
    };
    Ok((head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null)))
}

fn predict() -> String {
    let body = json!({"amount": 90, "time": 3, "limit": 20}).to_string();
    format!(
        "POST /predict HTTP/1.1\r\nHost: models.example\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_client_of_the_cluster_is_answered() {
    let (folder, _, served) = served();
    let client = config(folder.path(), Some(&folder.path().join("client.pem")));
    let (status, answer) = ask(served.server.address(), Arc::clone(&client), &predict()).unwrap();
    let score: f32 = serde_json::from_value(answer["prediction"].clone()).unwrap();
    assert_eq!((status, vec![score]), (200, expected(&[90.0, 3.0, 20.0])));
    let health = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(ask(served.server.address(), client, health).unwrap().0, 200);
}

#[test]
fn other_roles_are_refused_on_every_path() {
    let (folder, _, served) = served();
    for role in [Role::Viewer, Role::Worker, Role::Scheduler] {
        let other = config(folder.path(), Some(&folder.path().join(format!("{role}.pem"))));
        let (status, answer) = ask(served.server.address(), Arc::clone(&other), &predict()).unwrap();
        let why = answer["error"].as_str().unwrap_or_default();
        assert!(status == 403 && why.contains(role.name()), "{role}: {status} {answer}");
        for path in ["/", "/healthz", "/metrics", "/openapi.json", "/elsewhere"] {
            let get = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assert_eq!(ask(served.server.address(), Arc::clone(&other), &get).unwrap().0, 403, "{role} {path}");
        }
    }
}

#[test]
fn nobody_is_answered_without_a_certificate_of_this_cluster() {
    let (folder, authority, served) = served();
    let address = served.server.address();
    let foreign = tempfile::tempdir().unwrap();
    Authority::create(foreign.path(), 1).unwrap();
    let expired = folder.path().join("expired.pem");
    std::fs::write(&expired, authority.sign(Role::Client, chrono::TimeDelta::minutes(-1)).unwrap()).unwrap();
    for (who, shown) in [
        ("nobody", None),
        ("a client of another cluster", Some(foreign.path().join("client.pem"))),
        ("a client whose time is over", Some(expired)),
    ] {
        let answered = ask(address, config(folder.path(), shown.as_deref()), &predict());
        assert!(answered.is_err(), "{who} is answered: {answered:?}");
    }
    // A client does not fall for a server of another cluster.
    let deceived = ask(address, config(foreign.path(), Some(&folder.path().join("client.pem"))), &predict());
    assert!(deceived.is_err(), "{deceived:?}");
    // In the clear there is no answer but TLS's alert.
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(predict().as_bytes()).unwrap();
    let mut answer = vec![];
    let _cut = plain.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
}
