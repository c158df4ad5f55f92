//! Ranks that work on one model, and who brings them together.

use super::text;
use crate::library::Library;
use crate::symbols::{Handle, Symbols};
use phalanx_engine::{Error, Result};
use serde_json::json;
use std::ffi::CStr;
use std::ptr::{null, null_mut};

/// Who brings the ranks of one attempt together.
#[derive(Debug)]
pub struct Tracker {
    symbols: &'static Symbols,
    handle: Handle,
}

impl Tracker {
    /// A tracker of `ranks` ranks, which find it at `host`.
    ///
    /// # Errors
    /// XGBoost's: it can't listen there.
    pub fn start(host: &str, ranks: usize) -> Result<Self> {
        let symbols = Library::get()?.symbols();
        // Sorted by their names and not by their addresses, ranks get the numbers that we gave them.
        let config = json!({
            "dmlc_communicator": "rabit", "host": host, "port": 0, "n_workers": ranks, "sortby": 1, "timeout": 0,
        });
        let config = text(&config.to_string())?;
        let mut handle = null_mut();
        // SAFETY: a C string and a place for a handle.
        symbols.check(unsafe { (symbols.tracker_create)(config.as_ptr(), &raw mut handle) })?;
        // SAFETY: the handle is alive.
        symbols.check(unsafe { (symbols.tracker_run)(handle, c"{}".as_ptr()) })?;
        Ok(Self { symbols, handle })
    }

    /// What ranks need to find it, as JSON.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn arguments(&self) -> Result<String> {
        let mut arguments = null();
        // SAFETY: a place for a C string, which is the tracker's.
        unsafe {
            self.symbols.check((self.symbols.tracker_arguments)(self.handle, &raw mut arguments))?;
            Ok(CStr::from_ptr(arguments).to_string_lossy().into_owned())
        }
    }

    /// Waits until all ranks have left, and frees it. A tracker whose ranks did not leave is never freed: that would
    /// wait for them; it ends with the process.
    ///
    /// # Errors
    /// XGBoost's: they did not leave.
    pub fn wait(self) -> Result<()> {
        // SAFETY: the handle is alive, and freed once.
        unsafe {
            self.symbols.check((self.symbols.tracker_wait)(self.handle, c"{\"timeout\": 30}".as_ptr()))?;
            self.symbols.check((self.symbols.tracker_free)(self.handle))
        }
    }
}

/// This thread as a rank of a collective.
#[derive(Debug)]
pub struct Communicator(&'static Symbols);

impl Communicator {
    /// Joins as number `rank`, by what the tracker says.
    ///
    /// # Errors
    /// XGBoost's: another rank, or the tracker, is gone.
    pub fn join(tracker: &str, rank: usize) -> Result<Self> {
        let symbols = Library::get()?.symbols();
        let mut arguments: serde_json::Map<String, serde_json::Value> = serde_json::from_str(tracker)
            .map_err(|error| Error::internal("a tracker's arguments can't be read").caused_by(&error))?;
        arguments.insert(String::from("dmlc_communicator"), json!("rabit"));
        arguments.insert(String::from("dmlc_task_id"), json!(format!("{rank:06}"))); // sorted as text
        let config = text(&serde_json::Value::Object(arguments).to_string())?;
        // SAFETY: a C string.
        symbols.check(unsafe { (symbols.communicator_init)(config.as_ptr()) })?;
        Ok(Self(symbols))
    }

    /// Leaves, when all others do.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn leave(self) -> Result<()> {
        // SAFETY: this thread has joined.
        self.0.check(unsafe { (self.0.communicator_finalize)() })
    }
}
