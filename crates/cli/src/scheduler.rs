//! `phalanx scheduler`.

use crate::args::SchedulerArgs;
use crate::platform::Session;
use phalanx_cluster::process::{Tie, run_scheduler};
use phalanx_cluster::{Role, Scheduler, SchedulerOptions, Transport};
use phalanx_dashboard::{Dashboard, Describe};
use phalanx_engine::{Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves until it is told to stop.
pub fn run(args: SchedulerArgs) -> Result<()> {
    let bind = args.socket();
    let transport = args.credentials.transport(&[Role::Scheduler], &bind.ip().to_string())?;
    let options = SchedulerOptions {
        idle_timeout: args.idle_timeout,
        lease: args.lease,
        ..SchedulerOptions::new(bind, transport)
    };
    // Lives as long as the scheduler.
    let mut page: Option<Dashboard> = None;
    run_scheduler(options, tie(args.tied), |scheduler: &Scheduler| {
        let describe: Describe = Arc::new(scheduler.describer());
        let (page, tell) = (&mut page, scheduler.page_teller());
        async move {
            let session = Session::of_environment();
            let names = args.dashboard_name.into_iter().chain(session.iter().flat_map(Session::names)).collect();
            let dashboard = page.insert(Dashboard::start_behind(listen(args.dashboard).await?, describe, names)?);
            let url = format!("http://{}/status", dashboard.address());
            let seen =
                session.and_then(|session| session.url(dashboard.address().port())).unwrap_or_else(|| url.clone());
            tell(seen);
            Ok(format!(", status page at {url}"))
        }
    })
}

/// Whether the process ends with its parent.
pub fn tie(tied: bool) -> Tie {
    if tied { Tie::ToParent } else { Tie::Free }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    Transport::loopback().check(address.ip())?;
    TcpListener::bind(address).await.map_err(|error| {
        Error::input(format!("the status page can't be served at {address}"))
            .caused_by(&error)
            .with_hint("choose another port with --dashboard, or port 0 for any free one")
    })
}
