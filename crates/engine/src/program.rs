//! How this program is started, for the processes that it starts itself: workers, and the ranks of gangs.

use crate::{Error, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// How this program is started, where that is not by its own binary: set once, before anything else.
static PROGRAM: OnceLock<Vec<OsString>> = OnceLock::new();

/// Says how this program is started: the command before the arguments that it understands itself, as
/// `["/venv/bin/python", "-m", "phalanx"]`. Processes that it starts are started by it, and so is a worker that starts
/// afresh. The first call counts.
pub fn set_program(program: Vec<OsString>) {
    let _first = PROGRAM.set(program);
}

/// What [`set_program`] said.
pub fn said_program() -> Option<Vec<OsString>> {
    PROGRAM.get().cloned()
}

/// What [`set_program`] said, else this program's binary.
///
/// # Errors
/// `Internal`: the system does not know the binary.
pub fn this_program() -> Result<Vec<OsString>> {
    if let Some(program) = said_program() {
        return Ok(program);
    }
    let binary = std::env::current_exe()
        .map_err(|error| Error::internal("the system does not know this program's binary").caused_by(&error))?;
    Ok(vec![binary.into_os_string()])
}

/// What [`set_program`] said, else the binary that [`find_binary`] finds: for programs that may be anything else.
///
/// # Errors
/// `Input`: there is none.
pub fn phalanx_program() -> Result<Vec<OsString>> {
    match said_program() {
        Some(said) => Ok(said),
        None => Ok(vec![find_binary()?.into_os_string()]),
    }
}

/// The `phalanx` binary: `PHALANX_BINARY`, this program itself if it bears the name, or a file of that name beside
/// it, one folder up (where Cargo puts tests and examples), or on the `PATH`.
///
/// # Errors
/// `Input`: it is in none of these places.
pub fn find_binary() -> Result<PathBuf> {
    let name = Path::new("phalanx");
    let mut places: Vec<PathBuf> = std::env::var_os("PHALANX_BINARY").map(PathBuf::from).into_iter().collect();
    if let Ok(program) = std::env::current_exe() {
        places.extend(program.ancestors().skip(1).take(2).map(|folder| folder.join(name)));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&path).map(|folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        Error::input("the program `phalanx`, of which workers and ranks are made, is not found")
            .with_hint("build it with `cargo build --release`, put it on the PATH, or name it in PHALANX_BINARY")
    })
}
