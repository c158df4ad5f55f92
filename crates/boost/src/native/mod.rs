//! XGBoost's objects as types that free themselves. Only models cross threads: its collective belongs to a thread.

#![expect(unsafe_code, reason = "functions of a C library")]

mod booster;
mod collective;
mod matrix;
mod settings;

pub use booster::{Asked, Booster, Kind};
pub use collective::{Communicator, Tracker};
pub use matrix::{Element, Kept, Matrix};
pub use settings::ThreadSettings;

use phalanx_engine::{Error, Result};
use std::ffi::{CString, c_char};

fn text(value: &str) -> Result<CString> {
    CString::new(value).map_err(|_| Error::input(format!("{value:?} holds a zero byte")))
}

fn texts(values: &[String]) -> Result<Vec<CString>> {
    values.iter().map(|value| text(value)).collect()
}

fn pointers(values: &[CString]) -> Vec<*const c_char> {
    values.iter().map(|value| value.as_ptr()).collect()
}
