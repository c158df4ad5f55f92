//! What is seen on standard error while a job runs: a bar for each running stage, gone when it is done.
//!
//! There are no bars where standard error is no terminal. Lines of logs and reports are written above the bars.

use crate::text;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use phalanx_engine::{Progress, StageProgress};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::watch;

/// How often bars are drawn; a job that is done before the first time has none.
const INTERVAL: Duration = Duration::from_millis(120);

static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));

/// Is standard error a terminal that can move its cursor?
pub fn is_terminal() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Writes a line to standard error.
pub fn line_above_bars(line: &str) {
    // Nothing can be done if nobody listens.
    let _written = writeln!(AboveBars, "{line}");
}

/// `text`, bold and red where standard error shows colours.
pub fn bold_red(text: &str) -> String {
    let coloured = is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if coloured { format!("\x1b[1;31m{text}\x1b[0m") } else { text.to_owned() }
}

/// Runs `print` while no bar is on the screen.
pub fn without_bars<T>(print: impl FnOnce() -> T) -> T {
    if is_terminal() { BARS.suspend(print) } else { print() }
}

/// Standard error, above the bars.
#[derive(Debug, Clone, Copy)]
pub struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        without_bars(|| io::stderr().write(bytes))
    }
    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Shows the job until its end.
pub async fn show(label: String, progress: watch::Receiver<Progress>) {
    let mut bars = Bars { label, by_stage: BTreeMap::new() };
    loop {
        tokio::time::sleep(INTERVAL).await;
        if progress.has_changed().is_err() {
            return; // the job has ended; dropping the bars clears them
        }
        bars.draw(&progress.borrow());
    }
}

struct Bars {
    label: String,
    by_stage: BTreeMap<usize, ProgressBar>,
}

impl Bars {
    fn draw(&mut self, progress: &Progress) {
        let running: Vec<&StageProgress> = progress.stages.iter().filter(|stage| is_running(stage)).collect();
        self.by_stage.retain(|number, bar| {
            let keep = running.iter().any(|stage| stage.stage == *number);
            if !keep {
                bar.finish_and_clear();
            }
            keep
        });
        for stage in running {
            let (title, facts) = (title(&self.label, stage), facts(stage, progress.attempts));
            match self.by_stage.get(&stage.stage) {
                Some(bar) => {
                    bar.set_message(facts);
                    bar.set_position(stage.tasks_done as u64);
                }
                // On the screen only when it has its texts: each change draws.
                None => {
                    let bar = new_bar(stage.tasks as u64).with_prefix(title).with_message(facts);
                    let bar = BARS.add(bar.with_position(stage.tasks_done as u64));
                    bar.tick();
                    self.by_stage.insert(stage.stage, bar);
                }
            }
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for bar in self.by_stage.values() {
            bar.finish_and_clear();
        }
    }
}

fn is_running(stage: &StageProgress) -> bool {
    stage.tasks_done < stage.tasks && (stage.tasks_running > 0 || stage.tasks_done > 0)
}

fn new_bar(tasks: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {prefix:34!} {bar:24} {pos:>4}/{len} tasks {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(tasks), ProgressDrawTarget::hidden()).with_style(style.progress_chars("━╸─"))
}

fn title(label: &str, stage: &StageProgress) -> String {
    if stage.name.is_empty() || stage.name == label { label.to_owned() } else { format!("{label}: {}", stage.name) }
}

fn facts(stage: &StageProgress, attempts: u32) -> String {
    let mut facts = String::new();
    if stage.rows > 0 {
        facts = format!(" {} rows, {}", text::count(stage.rows), text::bytes(stage.bytes));
    }
    if attempts > 1 {
        facts.push_str(&format!(" (attempt {attempts}: a worker was lost)"));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_shown_for_stages_that_run() {
        let stage =
            |tasks, tasks_running, tasks_done| StageProgress { tasks, tasks_running, tasks_done, ..Default::default() };
        assert!(is_running(&stage(4, 2, 1)));
        assert!(is_running(&stage(4, 0, 1)));
        assert!(!is_running(&stage(4, 0, 0)));
        assert!(!is_running(&stage(4, 0, 4)));
    }

    #[test]
    fn a_bar_says_rows_bytes_and_losses() {
        let stage = StageProgress { name: "sum".into(), rows: 1234, bytes: 2048, ..Default::default() };
        assert_eq!(title("mean", &stage), "mean: sum");
        assert_eq!(facts(&stage, 1), " 1,234 rows, 2.0 KiB");
        assert_eq!(facts(&stage, 2), " 1,234 rows, 2.0 KiB (attempt 2: a worker was lost)");
    }
}
