//! Settings of threads.

use crate::library::Library;
use phalanx_engine::Result;
use std::ffi::{CStr, CString};
use std::ptr::null;

/// XGBoost's settings of a thread, as they were at some time: what models are told of some parameters (`verbosity`) goes
/// there, and stays when they are gone.
#[derive(Debug)]
pub struct ThreadSettings(CString);

impl ThreadSettings {
    /// Those of this thread, now.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn now() -> Result<Self> {
        let symbols = Library::get()?.symbols();
        let mut settings = null();
        // SAFETY: a place for a C string, which is the thread's until its next call.
        unsafe {
            symbols.check((symbols.get_settings)(&raw mut settings))?;
            Ok(Self(CStr::from_ptr(settings).to_owned()))
        }
    }

    /// Makes them this thread's again.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn restore(&self) -> Result<()> {
        let symbols = Library::get()?.symbols();
        // SAFETY: a C string.
        symbols.check(unsafe { (symbols.set_settings)(self.0.as_ptr()) })
    }
}
