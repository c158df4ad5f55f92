//! Clusters with credentials: jobs run under mutual TLS, and nobody does what his certificate does not allow.

use crate::engines::trial;
use libtest_mimic::Trial;
use phalanx_cluster::transport::role::CALLS;
use phalanx_cluster::transport::{Authority, Credentials};
use phalanx_cluster::{
    ClusterEngine, Observer, Role, Scheduler, SchedulerAddress, SchedulerOptions, Transport, WorkerOptions,
    WorkerReady, work,
};
use phalanx_engine::{Engine, Error, Settings};
use phalanx_tests::jobs::{Shape, job, leaf, rows};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("tls::a_job_under_mutual_tls", a_job_under_mutual_tls),
        trial("tls::nobody_is_served_without_the_right_certificate", nobody_is_served_without_the_right_certificate),
        trial("tls::a_role_has_its_own_rights", a_role_has_its_own_rights),
        trial("tls::no_role_makes_the_calls_of_another", no_role_makes_the_calls_of_another),
        trial("tls::credentials_are_renewed_without_a_restart", credentials_are_renewed_without_a_restart),
        trial("tls::unusable_credentials_say_why", unusable_credentials_say_why),
    ]
}

fn folder(days: u16) -> (TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), days).unwrap();
    (folder, authority)
}

fn transport(folder: &Path, role: Role) -> Transport {
    Transport::mutual_tls(Credentials::read(folder, &[role]).unwrap())
}

/// A scheduler and workers in this process, each with its own credentials.
struct Cluster {
    address: SchedulerAddress,
    scheduler: Option<Scheduler>,
    workers: Vec<WorkerReady>,
    /// On which this process listened before.
    others: Vec<SocketAddr>,
    runtime: Runtime,
    _scratch: TempDir,
}

impl Cluster {
    fn start(folder: &Path, workers: usize) -> Self {
        let (runtime, others) = (Runtime::new().unwrap(), listening());
        let bind = "127.0.0.1:0".parse().unwrap();
        let options = SchedulerOptions::new(bind, transport(folder, Role::Scheduler));
        let scheduler = runtime.block_on(Scheduler::start(options)).unwrap();
        let address: SchedulerAddress = format!("tcp://{}", scheduler.address()).parse().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let (sender, ready) = mpsc::channel();
        for _ in 0..workers {
            let options = worker_options(&address, scratch.path(), transport(folder, Role::Worker));
            let sender = sender.clone();
            runtime.spawn(work(options, move |ready| sender.send(ready.clone()).unwrap(), std::future::pending()));
        }
        let workers = (0..workers).map(|_| ready.recv_timeout(Duration::from_secs(30)).unwrap()).collect();
        Self { address, scheduler: Some(scheduler), workers, others, runtime, _scratch: scratch }
    }
    /// Every address on which this cluster listens, as the system knows it: a port that nobody has thought of is among
    /// them. Who serves it, as far as we know.
    fn sockets(&self) -> Vec<(Role, SocketAddr)> {
        let scheduler = self.scheduler.iter().map(|scheduler| (Role::Scheduler, scheduler.address()));
        let known: Vec<_> = scheduler.chain(self.workers.iter().map(|worker| (Role::Worker, worker.address))).collect();
        let listening: Vec<SocketAddr> =
            listening().into_iter().filter(|socket| !self.others.contains(socket)).collect();
        assert!(known.iter().all(|(_, socket)| listening.contains(socket)), "{known:?} are not all in {listening:?}");
        let role = |socket: &SocketAddr| known.iter().find(|(_, other)| other == socket).map(|(role, _)| *role);
        listening.into_iter().map(|socket| (role(&socket).unwrap_or(Role::Worker), socket)).collect()
    }
    fn connect(&self, transport: Transport) -> Result<ClusterEngine, Error> {
        ClusterEngine::connect(&self.address, Settings::default(), transport)
    }
    fn join(&self, transport: Transport) -> Result<(), Error> {
        let scratch = tempfile::tempdir().unwrap();
        let options = worker_options(&self.address, scratch.path(), transport);
        let joined = async {
            let (sender, mut ready) = tokio::sync::mpsc::unbounded_channel();
            tokio::select! {
                ended = work(options, move |_| sender.send(()).unwrap(), std::future::pending()) => ended,
                Some(()) = ready.recv() => Ok(()),
            }
        };
        self.runtime.block_on(joined)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let scheduler = self.scheduler.take();
        self.runtime.block_on(async { drop(scheduler) });
    }
}

fn worker_options(scheduler: &SchedulerAddress, scratch: &Path, transport: Transport) -> WorkerOptions {
    WorkerOptions {
        cores: 1,
        memory_bytes: 1 << 30,
        scratch: scratch.to_owned(),
        connect_timeout: Duration::from_millis(500),
        ..WorkerOptions::new(scheduler.clone(), transport)
    }
}

fn a_job_under_mutual_tls() {
    let (folder, _) = folder(1);
    let cluster = Cluster::start(folder.path(), 2);
    let engine = cluster.connect(transport(folder.path(), Role::Client)).unwrap();
    engine.wait_for_workers(2, Duration::from_secs(30)).unwrap();
    let known = job(&leaf(240).unwrap(), 240, Shape::DeepDiamond, 0, 5).unwrap();
    assert_eq!(rows(&engine.submit(known.plan).wait().unwrap()), known.answer);
    let data = engine.persist(job(&leaf(240).unwrap(), 240, Shape::Chain(2), 0, 5).unwrap().plan).wait().unwrap();
    assert_eq!(engine.submit(data.plan().unwrap()).wait().unwrap().len(), data.partitions());
}

/// The addresses on which this process listens: its sockets among those of the system that listen.
fn listening() -> Vec<SocketAddr> {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let ours: Vec<String> = files
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = |name: &str| std::fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default();
    let (four, six) = (table("tcp"), table("tcp6"));
    four.lines()
        .skip(1)
        .chain(six.lines().skip(1))
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let (host, port) = columns.get(1)?.split_once(':')?;
            let is_ours = *columns.get(3)? == "0A" && ours.iter().any(|inode| columns.get(9) == Some(&inode.as_str()));
            let bytes: Vec<u8> =
                (0..host.len()).step_by(2).filter_map(|at| u8::from_str_radix(&host[at..at + 2], 16).ok()).collect();
            // Words of four bytes, each in the order of this machine.
            let ordered: Vec<u8> = bytes.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
            let host: IpAddr = match <[u8; 4]>::try_from(ordered.as_slice()) {
                Ok(four) => four.into(),
                Err(_) => <[u8; 16]>::try_from(ordered.as_slice()).ok()?.into(),
            };
            is_ours.then_some(SocketAddr::new(host, u16::from_str_radix(port, 16).ok()?))
        })
        .collect()
}

/// Each call, at each socket, by each role that has no right to it.
fn no_role_makes_the_calls_of_another() {
    let (folder, _) = folder(1);
    let cluster = Cluster::start(folder.path(), 1);
    let mut refused = 0;
    for (peer, socket) in cluster.sockets() {
        for role in Role::ALL {
            let transport = transport(folder.path(), role);
            let channel = cluster.runtime.block_on(transport.connect(&socket.to_string(), peer)).unwrap();
            for (call, callers) in CALLS.iter().filter(|(_, callers)| !callers.contains(&role)) {
                let answer = cluster.runtime.block_on(calls::call(channel.clone(), call));
                let code = answer.map_err(|status| status.code());
                assert_eq!(code, Err(tonic::Code::PermissionDenied), "{call} of {callers:?} by a {role} at {socket}");
                refused += 1;
            }
        }
    }
    assert!(refused > 80, "{refused}");
}

/// Credentials whose certificates were good until a minute ago.
fn expired(authority: &Authority) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for role in Role::ALL {
        // The file says otherwise: a process that does not look must still be refused.
        let text = authority.sign(role, chrono::TimeDelta::minutes(-1)).unwrap();
        let text: String =
            text.lines().filter(|line| !line.starts_with("Expires")).map(|line| format!("{line}\n")).collect();
        let path = folder.path().join(format!("{role}.pem"));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    folder
}

fn nobody_is_served_without_the_right_certificate() {
    let (folder, authority) = folder(1);
    let cluster = Cluster::start(folder.path(), 1);
    let (foreign, _) = self::folder(1);
    let expired = expired(&authority);
    let strangers = [
        ("plaintext", Transport::loopback()),
        ("another authority", transport(foreign.path(), Role::Client)),
        ("an expired certificate", transport(expired.path(), Role::Client)),
    ];
    for (who, transport) in &strangers {
        assert!(cluster.connect(transport.clone()).is_err(), "a client with {who} is refused");
        for (role, socket) in cluster.sockets() {
            let answered = cluster.runtime.block_on(async {
                let channel = transport.connect(&socket.to_string(), role).await.map_err(|error| error.to_string())?;
                calls::any(channel).await
            });
            assert!(answered.is_err(), "{who} has an answer from the {role} at {socket}");
        }
    }
    // Under TLS, but without a certificate; and without any TLS at all, byte by byte.
    for (_, socket) in cluster.sockets() {
        assert!(calls::without_certificate(folder.path(), socket).is_err(), "{socket} asks for no certificate");
        assert_eq!(calls::plain_bytes(socket), Vec::<u8>::new(), "{socket} answers in the clear");
    }
    let (imposter, _) = self::folder(1);
    assert!(cluster.join(transport(imposter.path(), Role::Worker)).is_err(), "a worker of another cluster");
}

fn a_role_has_its_own_rights() {
    let (folder, _) = folder(1);
    let cluster = Cluster::start(folder.path(), 1);
    let error = cluster.connect(transport(folder.path(), Role::Viewer)).unwrap_err();
    assert!(error.to_string().contains("viewer"), "{error}");
    let viewer = transport(folder.path(), Role::Viewer);
    let description =
        cluster.runtime.block_on(async { Observer::connect(&cluster.address, &viewer).await?.describe().await });
    assert_eq!(description.unwrap().workers.len(), 1, "a viewer may look");
    let worker = transport(folder.path(), Role::Worker);
    let looked =
        cluster.runtime.block_on(async { Observer::connect(&cluster.address, &worker).await?.describe().await });
    assert!(looked.is_err(), "a worker has no right to look");
    for role in [Role::Client, Role::Viewer, Role::Scheduler] {
        assert!(cluster.join(transport(folder.path(), role)).is_err(), "a {role} can't register as a worker");
    }
    // A worker's certificate at the scheduler's address: a client does not fall for it.
    let worker = transport(folder.path(), Role::Worker);
    let imposter = cluster.runtime.block_on(async {
        Scheduler::start(SchedulerOptions::new("127.0.0.1:0".parse().unwrap(), worker)).await.unwrap()
    });
    let address: SchedulerAddress = format!("tcp://{}", imposter.address()).parse().unwrap();
    let client = transport(folder.path(), Role::Client);
    assert!(ClusterEngine::connect(&address, Settings::default(), client).is_err(), "an imposter is no scheduler");
    cluster.runtime.block_on(async { drop(imposter) });
}

fn credentials_are_renewed_without_a_restart() {
    let (folder, authority) = folder(1);
    let cluster = Cluster::start(folder.path(), 1);
    let client = transport(folder.path(), Role::Client);
    drop(cluster.connect(client.clone()).unwrap());
    let shown = |transport: &Transport| transport.credentials().unwrap().current().expires().unwrap();
    let before = shown(&client);
    authority.write_roles(folder.path(), 30).unwrap();
    drop(cluster.connect(client.clone()).unwrap());
    assert!(shown(&client) > before, "the process shows its new certificate");
    // Half-written or foreign files change nothing.
    std::fs::write(folder.path().join("client.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    drop(cluster.connect(client).unwrap());
}

fn unusable_credentials_say_why() {
    let (folder, authority) = folder(1);
    let read = |path: &Path, role| Credentials::read(path, &[role]).unwrap_err().to_string();
    let client = folder.path().join("client.pem");
    assert!(read(&client, Role::Worker).contains("a client's, not a worker's"));
    std::fs::set_permissions(&client, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(read(&client, Role::Client).contains("other users"));
    assert!(read(Path::new("/nowhere"), Role::Client).contains("can't be read"));
    assert!(read(&folder.path().join("authority.key.pem"), Role::Client).contains("holds no credentials"));
    assert!(Authority::create(folder.path(), 1).unwrap_err().to_string().contains("already"));
    let old = tempfile::tempdir().unwrap();
    authority.write_roles(old.path(), 0).unwrap();
    assert!(read(old.path(), Role::Client).contains("expired"));
}

/// Calls by hand.
mod calls {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream, crypto::ring};
    use tonic::transport::Channel;

    /// One call, with an empty message.
    pub async fn call(channel: Channel, path: &'static str) -> Result<(), tonic::Status> {
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready().await.map_err(|error| tonic::Status::unknown(error.to_string()))?;
        let path = tonic::codegen::http::uri::PathAndQuery::from_static(path);
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        grpc.unary(tonic::Request::new(()), path, codec).await.map(drop)
    }

    /// One call that every server of ours knows or refuses by its own words.
    pub async fn any(channel: Channel) -> Result<(), String> {
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready().await.map_err(|error| error.to_string())?;
        let path = tonic::codegen::http::uri::PathAndQuery::from_static("/phalanx.Control/Describe");
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let status = grpc.unary(tonic::Request::new(()), path, codec).await.err();
        match status {
            Some(status) if status.metadata().is_empty() && status.code() != tonic::Code::PermissionDenied => {
                Err(status.to_string())
            }
            _ => Ok(()),
        }
    }

    /// A handshake that shows no certificate, and one byte after it.
    pub fn without_certificate(folder: &Path, socket: SocketAddr) -> Result<(), String> {
        let mut trusted = RootCertStore::empty();
        trusted.add(CertificateDer::from_pem_file(folder.join("authority.pem")).unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        for name in ["scheduler.phalanx.cluster", "worker.phalanx.cluster"] {
            let name = ServerName::try_from(name).unwrap();
            let mut connection = ClientConnection::new(Arc::new(config.clone()), name).unwrap();
            let mut stream = TcpStream::connect(socket).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            let mut tls = Stream::new(&mut connection, &mut stream);
            let spoken = tls.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").and_then(|()| tls.read(&mut [0; 64]));
            if matches!(spoken, Ok(1..)) {
                return Ok(());
            }
        }
        Err(String::from("refused"))
    }

    /// What is answered to HTTP/2 in the clear.
    pub fn plain_bytes(socket: SocketAddr) -> Vec<u8> {
        let mut stream = TcpStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").unwrap();
        let mut answer = vec![];
        let _ended = stream.read_to_end(&mut answer);
        // A TLS alert (type 21) says that this was no handshake; anything else would be an answer.
        if answer.first() == Some(&21) { vec![] } else { answer }
    }
}
