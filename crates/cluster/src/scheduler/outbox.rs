//! What waits to be said to one worker: in order, nothing lost, and "there is work" once, however often it is said.

use crate::protocol::Command;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Notify;

/// Jobs to be cancelled or freed that may wait for one worker. One that lets more come together does not read: it is
/// given up, and with it goes all that it should have freed.
const WAITING_MAX: usize = 10_000;

/// Written by the scheduler, read by the worker's stream.
#[derive(Debug)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    command: Option<Command>,
    is_closed: bool,
}

impl Outbox {
    /// With a first command that says nothing: the worker is known, and may poll.
    pub fn new() -> Arc<Self> {
        let waiting = Waiting { command: Some(Command::default()), is_closed: false };
        Arc::new(Self { waiting: Mutex::new(waiting), changed: Notify::new() })
    }

    /// Adds `command` to what waits. False if that is too much: the worker is to be given up.
    #[must_use]
    pub fn add(&self, command: &Command) -> bool {
        let fits = {
            let mut waiting = self.waiting.lock();
            let all = waiting.command.get_or_insert_default();
            all.wake |= command.wake;
            all.leave |= command.leave;
            all.end |= command.end;
            all.retire |= command.retire;
            all.allow_paths.extend_from_slice(&command.allow_paths);
            all.cancel.extend_from_slice(&command.cancel);
            all.free.extend_from_slice(&command.free);
            all.cancel.len() + all.free.len() <= WAITING_MAX
        };
        self.changed.notify_one();
        fits
    }

    /// Ends the worker's stream.
    pub fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// All that waits, as soon as something does; `None` after [`Outbox::close`]. For one reader.
    pub async fn next(&self) -> Option<Command> {
        loop {
            {
                let mut waiting = self.waiting.lock();
                if waiting.is_closed {
                    return None;
                }
                if let Some(command) = waiting.command.take() {
                    return Some(command);
                }
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Freed;

    fn free(number: usize) -> Command {
        let freed = Freed { job: format!("j{number}"), ..Freed::default() };
        Command { free: vec![freed], ..Command::default() }
    }

    #[tokio::test]
    async fn what_a_slow_worker_missed_waits_for_it_in_one_command() {
        let outbox = Outbox::new();
        assert_eq!(outbox.next().await, Some(Command::default()));
        for number in 0..5_000 {
            assert!(outbox.add(&Command { wake: true, ..Command::default() }));
            assert!(outbox.add(&free(number)));
        }
        let command = outbox.next().await.unwrap();
        assert!(command.wake);
        let jobs: Vec<String> = command.free.into_iter().map(|freed| freed.job).collect();
        assert_eq!(jobs, (0..5_000).map(|number| format!("j{number}")).collect::<Vec<_>>());
        let again = tokio::time::timeout(std::time::Duration::from_millis(10), outbox.next()).await;
        assert!(again.is_err(), "there is nothing more");
    }

    #[tokio::test]
    async fn a_closed_outbox_ends() {
        let outbox = Outbox::new();
        outbox.close();
        assert_eq!(outbox.next().await, None);
    }
}
