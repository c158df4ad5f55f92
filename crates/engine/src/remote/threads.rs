//! Threads that talk to stores, and callers that wait for them.

use crate::{Error, Result};
use parking_lot::Mutex;
use std::future::Future;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

/// The threads of the process that asks, for a forked child has none of its parent's.
pub(super) fn threads() -> Result<Handle> {
    static RUNTIME: Mutex<Option<(u32, Runtime)>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock();
    let process = std::process::id();
    match runtime.as_ref() {
        Some((owner, runtime)) if *owner == process => return Ok(runtime.handle().clone()),
        _ => {}
    }
    let own = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("phalanx-remote")
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
    let handle = own.handle().clone();
    if let Some((_, parent)) = runtime.replace((process, own)) {
        std::mem::forget(parent); // its threads are not here to be joined
    }
    Ok(handle)
}

/// Waits for work that is done on threads of its own.
pub(super) fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    threads()?.spawn(async move { sender.send(work.await) });
    aside(|| receiver.recv()).map_err(|error| Error::internal("a request ended early").caused_by(&error))
}

/// Blocks this thread; if it runs tasks, the others go elsewhere.
pub(super) fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
