//! `phalanx serve`.

use crate::args::ServeArgs;
use crate::platform::Session;
use crate::text;
use phalanx_cluster::Role;
use phalanx_engine::{Error, Result};
use phalanx_serve::{ModelServer, ServedModel, ServerOptions};
use std::io::Write as _;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Requests that are there when it is told to stop are answered within this time.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until it is told to stop.
pub fn run(args: &ServeArgs) -> Result<()> {
    let model = ServedModel::read(&args.model)?;
    let usual = ServerOptions::default();
    let options = ServerOptions {
        bind: args.bind,
        transport: args.credentials.transport(&[Role::Worker], &args.bind.ip().to_string())?,
        threads: args.threads.unwrap_or(usual.threads),
        rows_max: args.max_rows as usize,
        names: args.name.iter().cloned().chain(Session::of_environment().iter().flat_map(Session::names)).collect(),
        ..usual
    };
    let scheme = if options.transport.is_secure() { "https" } else { "http" };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
    let said = format!(
        "{}, {}",
        text::plural(model.features().len(), "feature"),
        text::plural(model.rounds() as usize, "round")
    );
    runtime.block_on(async {
        let no_signals = |error: std::io::Error| Error::resources("signals can't be received").caused_by(&error);
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let server = ModelServer::start(model, options)?;
        let mut out = std::io::stdout();
        let line = format!("serving {} ({said}) at {scheme}://{}/predict\n", args.model.display(), server.address());
        // Nobody has to read it.
        let _told = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        server.stop(STOP_TIMEOUT).await
    })
}
