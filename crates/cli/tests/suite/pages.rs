//! The dashboard off loopback, by real processes: mutual TLS, and a certificate says what its bearer may do.

use super::cluster::eventually;
use super::run::{Running, phalanx};
use phalanx_cluster::Role;
use phalanx_cluster::transport::Authority;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// What a caller says besides the path.
#[derive(Clone, Copy)]
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    host: &'a str,
    more: &'a str,
    body: &'a str,
}

impl<'a> Asked<'a> {
    fn get(path: &'a str, host: &'a str) -> Self {
        Self { method: "GET", path, host, more: "", body: "" }
    }
}

/// The status and the body of the answer on `port` of this machine to who trusts the authority in `folder`, and shows the
/// credentials in the file `shown`, if any.
fn ask(folder: &Path, shown: Option<&Path>, port: u16, asked: Asked<'_>) -> Result<(u16, String), String> {
    let (head, body) = ask_whole(folder, shown, port, asked)?;
    let status = head.split_whitespace().nth(1).and_then(|code| code.parse().ok());
    Ok((status.ok_or_else(|| format!("no status: {head}"))?, body))
}

/// The same, with all of the answer's head.
fn ask_whole(folder: &Path, shown: Option<&Path>, port: u16, asked: Asked<'_>) -> Result<(String, String), String> {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(folder.join("authority.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted);
    let config = match shown {
        None => config.with_no_client_auth(),
        Some(path) => {
            let certificate = CertificateDer::from_pem_file(path).unwrap();
            config.with_client_auth_cert(vec![certificate], PrivateKeyDer::from_pem_file(path).unwrap()).unwrap()
        }
    };
    let name = ServerName::try_from(Role::Scheduler.domain()).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut tls = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream);
    let Asked { method, path, host, more, body } = asked;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    tls.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = vec![];
    let ended = tls.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no answer: {ended:?}"))?;
    Ok((head.to_owned(), body.to_owned()))
}

/// The number behind the last colon of the page's URL in the scheduler's line.
fn port_of(line: &str) -> u16 {
    let url = line.split_whitespace().find(|word| word.starts_with("https://")).unwrap();
    url.trim_end_matches("/status").rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn off_loopback_a_certificate_says_what_its_bearer_may_do() {
    let folder = tempfile::tempdir().unwrap();
    let [ours, foreign, old] = ["ours", "foreign", "old"].map(|name| folder.path().join(name));
    let authority = Authority::create(&ours, 1).unwrap();
    Authority::create(&foreign, 1).unwrap();
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("viewer.pem"), authority.sign(Role::Viewer, chrono::TimeDelta::minutes(-1)).unwrap())
        .unwrap();
    let audit = folder.path().join("audit.jsonl");
    let line = format!(
        "scheduler --bind 127.0.0.1:0 --dashboard 0.0.0.0:0 --dashboard-name pages.example --credentials {} --audit-log {}",
        ours.display(),
        audit.display()
    );
    let (_scheduler, line) = Running::start(phalanx(&line));
    let port = port_of(&line);
    let here = format!("127.0.0.1:{port}");
    let file = |role: &str| ours.join(format!("{role}.pem"));
    let page = Asked::get("/status", &here);

    for role in ["viewer", "client"] {
        let (status, body) = ask(&ours, Some(&file(role)), port, page).unwrap();
        assert!(status == 200 && body.contains("<html"), "a {role} may look: {status} {body}");
    }
    for role in ["worker", "scheduler"] {
        assert_eq!(ask(&ours, Some(&file(role)), port, page).unwrap().0, 403, "a {role} has no business here");
    }
    for (who, shown) in [
        ("nobody", None),
        ("a viewer of another cluster", Some(foreign.join("viewer.pem"))),
        ("who was a viewer", Some(old.join("viewer.pem"))),
    ] {
        let answer = ask(&ours, shown.as_deref(), port, page);
        assert!(answer.is_err(), "{who} is answered: {answer:?}");
    }
    let mut plain = TcpStream::connect(("127.0.0.1", port)).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    plain.write_all(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = vec![];
    let _ended = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "answered in the clear");

    // Under the name in the certificate, under one that was given, and under no other.
    let certified = format!("{}:{port}", Role::Scheduler.domain());
    for (host, status) in [(certified.as_str(), 200), ("pages.example", 200), ("evil.example", 421), ("10.0.0.1", 421)]
    {
        assert_eq!(ask(&ours, Some(&file("viewer")), port, Asked::get("/status", host)).unwrap().0, status, "{host}");
    }
    let change = |role: &str, origin: &str| {
        let more = format!("Origin: {origin}\r\n");
        let asked = Asked { method: "POST", path: "/api/v1/jobs/none/cancel", host: &here, more: &more, body: "" };
        ask(&ours, Some(&file(role)), port, asked).unwrap().0
    };
    let own = format!("https://{here}");
    assert_eq!(change("client", &own), 404, "a client may cancel what there is");
    assert_eq!(change("viewer", &own), 403);
    for foreign in ["https://evil.example", "null", &format!("http://{here}")] {
        assert_eq!(change("client", foreign), 403, "{foreign}");
    }
    eventually("who was refused is written down", || {
        std::fs::read_to_string(&audit).unwrap().contains("no valid certificate")
    });
}

#[test]
fn a_token_lets_a_browser_in_that_shows_no_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let [ours, foreign] = ["ours", "foreign"].map(|name| folder.path().join(name));
    Authority::create(&ours, 1).unwrap();
    Authority::create(&foreign, 1).unwrap();
    let audit = folder.path().join("audit.jsonl");
    let line = format!(
        "--log info scheduler --bind 127.0.0.1:0 --dashboard 0.0.0.0:0 --dashboard-token --credentials {} --audit-log {}",
        ours.display(),
        audit.display()
    );
    let log = folder.path().join("log");
    let mut command = phalanx(&line);
    command.stderr(std::fs::File::create(&log).unwrap());
    let (mut scheduler, [line, said]) = Running::start_with_lines(command);
    let port = port_of(&line);
    let here = format!("127.0.0.1:{port}");
    let address =
        line.split_whitespace().find(|word| word.starts_with("tcp://")).unwrap().trim_end_matches(',').to_owned();
    let token_of = |text: &str| text.trim().rsplit_once("/enter#").unwrap().1.to_owned();
    let printed = token_of(&said);

    let nobody = |asked: Asked<'_>| ask(&ours, None, port, asked);
    assert_eq!(nobody(Asked::get("/status", &here)).unwrap().0, 401);
    assert_eq!(nobody(Asked::get("/enter", &here)).unwrap().0, 200);
    let theirs = foreign.join("viewer.pem");
    assert!(ask(&ours, Some(&theirs), port, Asked::get("/enter", &here)).is_err(), "a foreign certificate is none");
    let origin = format!("Origin: https://{here}\r\n");
    let enter = |token: &str| {
        let body = format!("token={token}");
        let asked = Asked { method: "POST", path: "/enter", host: &here, more: &origin, body: &body };
        let (head, _) = ask_whole(&ours, None, port, asked).unwrap();
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        Some(format!("Cookie: {}\r\n", cookie.split(';').next().unwrap()))
    };
    let looks = enter(&printed).unwrap();
    assert_eq!(enter(&printed), None, "it is good once");
    let with = |cookie: &str, method: &'static str, path: &'static str| {
        let more = format!("{cookie}{origin}");
        nobody(Asked { method, path, host: &here, more: &more, body: "" }).unwrap().0
    };
    assert_eq!(with(&looks, "GET", "/status"), 200);
    assert_eq!(with(&looks, "POST", "/api/v1/jobs/none/cancel"), 403);

    // A client may have more of them, and a viewer none.
    let asked = |role: &str, more: &str| {
        super::run::run(&format!("token {address} --credentials {} {more}", ours.join(format!("{role}.pem")).display()))
    };
    let ended = asked("client", "--role client");
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let controls = enter(&token_of(&ended.out)).unwrap();
    assert_eq!(with(&controls, "POST", "/api/v1/jobs/none/cancel"), 404, "it may cancel what there is");
    assert_eq!(asked("viewer", "").code, Some(1));

    eventually("who entered is written down", || {
        let audit = std::fs::read_to_string(&audit).unwrap();
        ["a token for looking is used", "a token for cancelling", "a token is refused", "\"token\""]
            .iter()
            .all(|word| audit.contains(word))
    });
    scheduler.signal("TERM");
    assert_eq!(scheduler.wait().0, Some(0));
    let err = std::fs::read_to_string(&log).unwrap();
    let audit = std::fs::read_to_string(&audit).unwrap();
    let secrets = [printed, token_of(&ended.out), looks.split('=').nth(1).unwrap().trim().to_owned()];
    for secret in secrets {
        assert!(secret.len() == 64 && !audit.contains(&secret) && !err.contains(&secret), "a token is in a log");
    }
    let refused = super::run::run("scheduler --bind 127.0.0.1:0 --dashboard 127.0.0.1:0 --dashboard-token");
    assert!(refused.code == Some(1) && refused.err.contains("off loopback"), "{refused:?}");
}
