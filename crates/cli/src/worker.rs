//! `phalanx worker`.

use crate::args::WorkerArgs;
use crate::scheduler::tie;
use crate::values;
use phalanx_cluster::process::run_worker;
use phalanx_cluster::{Role, SchedulerAddress, Transport, WorkerOptions};
use phalanx_engine::paths::{self, AllowedPaths};
use phalanx_engine::{Error, Result};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

/// How long a worker looks for a scheduler on another machine, which may start at the same time, and later.
const CONNECT_TIMEOUT_REMOTE: Duration = Duration::from_secs(60);

/// Works until it is told to stop or the scheduler is gone.
/// `arguments` are those of the command line.
pub fn run(args: WorkerArgs, arguments: &[OsString]) -> Result<()> {
    let transport = args.credentials.transport(&[Role::Worker], args.scheduler.authority())?;
    let (cores, memory) =
        (values::variable("PHALANX_CORES", values::count)?, values::variable("PHALANX_MEMORY", values::size)?);
    if !args.allow_path.is_empty() {
        paths::restrict(AllowedPaths::parse(&args.allow_path)?);
    }
    let host = own_address(&args.scheduler, &transport)?;
    let mut usual = WorkerOptions::new(args.scheduler, transport);
    if !host.is_loopback() {
        usual.connect_timeout = CONNECT_TIMEOUT_REMOTE;
    }
    let options = WorkerOptions {
        host,
        cores: args.cores.or(cores).unwrap_or(usual.cores),
        memory_bytes: args.memory.or(memory).unwrap_or(usual.memory_bytes),
        scratch: args.scratch.unwrap_or_else(|| usual.scratch.clone()),
        connect_timeout: args.death_timeout.unwrap_or(usual.connect_timeout),
        death_timeout: args.death_timeout.unwrap_or(usual.death_timeout),
        allow_python: args.allow_python,
        ..usual
    };
    run_worker(options, tie(args.tied), arguments)
}

/// The address of this machine that the scheduler, and so the other workers, can reach.
fn own_address(scheduler: &SchedulerAddress, transport: &Transport) -> Result<IpAddr> {
    let unknown = |error: std::io::Error| {
        Error::input(format!("the host of {scheduler} is not known"))
            .caused_by(&error)
            .with_hint("check the address: tcp://HOST:PORT, for example tcp://127.0.0.1:8786")
    };
    let mut found: Vec<SocketAddr> = scheduler.authority().to_socket_addrs().map_err(unknown)?.collect();
    // `localhost` has addresses of both families; schedulers listen on the older one unless told otherwise.
    found.sort_by_key(|address| !address.is_ipv4());
    let peer = found.first().ok_or_else(|| unknown(std::io::ErrorKind::NotFound.into()))?;
    transport.check(peer.ip())?;
    // Connecting a datagram socket sends nothing; it asks the system which way packets would take.
    let local: SocketAddr = if peer.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(local).map_err(unknown)?;
    socket.connect(peer).map_err(unknown)?;
    Ok(socket.local_addr().map_err(unknown)?.ip())
}
