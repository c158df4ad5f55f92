//! Logs go to standard error.

use crate::args::Level;
use crate::progress;
use tracing_subscriber::EnvFilter;

/// Starts logging.
///
/// What the libraries below us log is of interest to their developers: it comes a level later than our own, and
/// Ballista's last, since it takes each lost worker for an error.
pub fn start(level: Level) {
    let filter = match level {
        Level::Off => "off",
        Level::Error => "error,ballista_core=off,ballista_executor=off,ballista_scheduler=off",
        Level::Warn => "warn,ballista_core=off,ballista_executor=off,ballista_scheduler=off",
        Level::Info => {
            "warn,phalanx=info,phalanx_engine=info,phalanx_cluster=info,\
             ballista_core=off,ballista_executor=off,ballista_scheduler=off"
        }
        Level::Debug => "info,phalanx=debug,phalanx_engine=debug,phalanx_cluster=debug",
        // There Ballista prints the options of jobs, and credentials of stores are among them.
        Level::Trace => "trace,ballista_core::extension=off",
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(progress::is_terminal())
        .with_writer(|| progress::AboveBars);
    // Fails only if there is a subscriber already, and this is the one place that sets it.
    let _set = subscriber.try_init();
}
