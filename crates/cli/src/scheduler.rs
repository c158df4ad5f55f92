//! `phalanx scheduler`.

use crate::args::{SampleArgs, SchedulerArgs, TokenRole};
use crate::pages;
use crate::platform::Session;
use phalanx_cluster::process::{Tie, run_scheduler};
use phalanx_cluster::transport::Audit;
use phalanx_cluster::{Role, Scheduler, SchedulerOptions, Transport};
use phalanx_dashboard::sample::{Sample, Size};
use phalanx_dashboard::{Access, Dashboard, Options};
use phalanx_engine::{Error, Result};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

/// Serves until it is told to stop.
pub fn run(args: SchedulerArgs) -> Result<()> {
    let bind = args.socket();
    let mut transport = args.credentials.transport(&[Role::Scheduler], &bind.ip().to_string())?;
    if let Some(path) = &args.audit_log {
        transport = transport.audited(Audit::open(path)?);
    }
    let options = SchedulerOptions {
        idle_timeout: args.idle_timeout,
        lease: args.lease,
        limits: args.limits.limits(),
        allow_paths: args.allow_path,
        exact: args.exact,
        ..SchedulerOptions::new(bind, transport.clone())
    };
    // Lives as long as the scheduler.
    let mut page: Option<Dashboard> = None;
    run_scheduler(options, tie(args.tied), |scheduler: &Scheduler| {
        let observe = scheduler.observed();
        let (page, tell, tell_entrance) = (&mut page, scheduler.page_teller(), scheduler.entrance_teller());
        let tokens = args.dashboard_token.map(|_| Arc::new(pages::tokens(&transport)));
        let mut options = Options { prefix: args.dashboard_prefix, names: args.dashboard_name, tokens: tokens.clone() };
        async move {
            if tokens.is_some() && args.dashboard.ip().is_loopback() {
                return Err(Error::input(
                    "--dashboard-token is for a dashboard off loopback: there nobody is asked for one",
                )
                .with_hint("leave it out, or serve the dashboard elsewhere: --dashboard ADDR:PORT --credentials DIR"));
            }
            let session = Session::of_environment();
            options.names.extend(session.iter().flat_map(Session::names));
            let dashboard = page.insert(pages::serve(args.dashboard, &transport, observe, options).await?);
            let url = dashboard.url();
            let seen =
                session.and_then(|session| session.url(dashboard.address().port())).unwrap_or_else(|| url.clone());
            tell(seen);
            let Some(tokens) = tokens else { return Ok(format!(", status page at {url}")) };
            let entrance = dashboard.entrance("");
            let minting = move |access| format!("{entrance}{}", tokens.mint(access, Instant::now()));
            let access = if args.dashboard_token == Some(TokenRole::Client) { Access::Control } else { Access::View };
            // To who started this process, on standard output and nowhere else.
            let first = minting(access);
            tell_entrance(Box::new(move |control| minting(if control { Access::Control } else { Access::View })));
            Ok(format!(", status page at {url}\nin a browser, once and within a quarter of an hour: {first}"))
        }
    })
}

/// Whether the process ends with its parent.
pub fn tie(tied: bool) -> Tie {
    if tied { Tie::ToParent } else { Tie::Free }
}

/// Serves made-up pages until it is interrupted.
pub fn sample(args: SampleArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
    runtime.block_on(async {
        let observe = Arc::new(Sample::new(Size { jobs: args.jobs, workers: args.workers }));
        let options = Options { prefix: args.dashboard_prefix, ..Options::default() };
        let dashboard = pages::serve(args.dashboard, &Transport::loopback(), observe, options).await?;
        let mut output = std::io::stdout().lock();
        let _nobody_reads = writeln!(output, "made-up pages at {}", dashboard.url()).and_then(|()| output.flush());
        let _ended = tokio::signal::ctrl_c().await;
        Ok(())
    })
}
