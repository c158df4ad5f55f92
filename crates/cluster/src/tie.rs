//! What ties a process to the one that started it: the pipe to its standard input. Its end tells that the parent is gone,
//! and a line of it lets a worker go.

use std::io::BufRead;
use std::sync::LazyLock;
use tokio::sync::watch;

/// What the parent says on standard input to let a worker go.
pub const LEAVE: &str = "leave";

/// Whether the parent said [`LEAVE`]; true, if it ever did.
static TOLD_TO_LEAVE: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// Resolves when the parent of a tied process tells it to leave.
pub async fn told_to_leave() {
    let mut told = TOLD_TO_LEAVE.subscribe();
    let _sender_is_static = told.wait_for(|told| *told).await;
}

/// Resolves when standard input ends: the parent that holds its other end has died, however it died.
///
/// (`PR_SET_PDEATHSIG` is no way: it fires when the *thread* ends that started the child.)
pub async fn parent_ended() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line {
                Ok(line) if line == LEAVE => drop(TOLD_TO_LEAVE.send_replace(true)),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let _nobody_waits = sender.send(());
    });
    let _ended = receiver.await;
}
