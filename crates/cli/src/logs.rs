//! Logs go to standard error, and the latest of our own lines stay in this process for the dashboard.

use crate::args::Level;
use crate::progress;
use std::fmt::{Debug, Write};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What is kept, whatever the level is: of us alone. What libraries write may be long, and is for their developers.
const KEPT: &str = "off,phalanx=info";

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
    let to_standard_error = tracing_subscriber::fmt::layer()
        .with_ansi(progress::is_terminal())
        .with_writer(|| progress::AboveBars)
        .with_filter(EnvFilter::new(filter));
    let kept = Keep.with_filter(EnvFilter::new(KEPT));
    // Fails only if there is a subscriber already, and this is the one place that sets it.
    let _set = tracing_subscriber::registry().with(to_standard_error).with(kept).try_init();
}

/// Keeps lines where a worker takes them from to tell its scheduler.
struct Keep;

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        phalanx_engine::logs::note(&level, &format!("{}{}", line.message, line.fields));
    }
}

/// An event as a line: its message, then its fields.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a `String` can't fail.
        let _written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_lines_are_kept_with_their_fields_and_those_of_libraries_are_not() {
        let kept = Keep.with_filter(EnvFilter::new(KEPT));
        let before = phalanx_engine::logs::after(0, usize::MAX).last().map_or(0, |line| line.number);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(kept), || {
            tracing::info!(target: "phalanx_cluster::worker", job = "J7", rows = 3, "seen {}", 1);
            tracing::warn!(target: "phalanx", "late");
            tracing::debug!(target: "phalanx_cluster", "not so much");
            tracing::error!(target: "ballista_core::extension", secret = "hunter2", "options");
            tracing::info!(target: "audit", "has a file of its own");
        });
        let lines = phalanx_engine::logs::after(before, usize::MAX);
        let said: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.level, line.text)).collect();
        assert_eq!(said, ["info: seen 1 job=J7 rows=3", "warn: late"]);
    }
}
