//! Code of others that may panic on what comes from outside: its panics are errors, and nothing is printed of them.

use crate::local::panic_text;
use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Does this thread run what is caught?
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// The process's hook stays, for all other panics: those are bugs of ours, and say so.
static QUIET: Once = Once::new();

/// Runs `work`; what it panics with is an error.
///
/// What `work` changes must be thrown away when it panics: it may have been left half done.
///
/// # Errors
/// The text of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !CATCHES.get() {
                usual(panic);
            }
        }));
    });
    let outer = CATCHES.replace(true);
    let ended = catch_unwind(AssertUnwindSafe(work));
    CATCHES.set(outer);
    ended.map_err(|panic| panic_text(panic.as_ref()).to_owned())
}

/// The same of a future, whichever threads it runs on.
///
/// # Errors
/// The text of the panic.
pub async fn caught_future<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = Box::pin(future);
    poll_fn(move |context| match caught(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(text) => std::task::Poll::Ready(Err(text)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_panic_is_an_error_with_its_text() {
        let pick = |at: usize| vec![1, 2, 3][at];
        assert_eq!(caught(|| pick(1)), Ok(2));
        assert!(caught(|| pick(7)).unwrap_err().contains("out of bounds"));
        assert_eq!(caught(|| caught(|| pick(7)).is_err()), Ok(true));
        assert!(!CATCHES.get());
        let later = |at: usize| async move {
            tokio::task::yield_now().await;
            pick(at)
        };
        assert_eq!(futures::executor::block_on(caught_future(later(0))), Ok(1));
        assert!(futures::executor::block_on(caught_future(later(7))).is_err());
        assert!(caught_future(std::future::pending::<()>()).now_or_never().is_none());
    }
}
