//! Where XGBoost is: the shared library of its Python package, opened once in a process.

use crate::symbols::Symbols;
use phalanx_engine::{Error, Result, program};
use std::ffi::{OsStr, OsString, c_int};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The variable that names the library's file.
pub const VARIABLE: &str = "PHALANX_XGBOOST";
/// The oldest version whose functions are those that we call.
const VERSION_MIN: (c_int, c_int) = (2, 1);
/// Prints where the package's library is, without importing it.
const ASK_PYTHON: &str = "import importlib.util as u; s = u.find_spec('xgboost'); \
                          print(s.submodule_search_locations[0] if s else '', end='')";

/// XGBoost, loaded.
#[derive(Debug)]
pub struct Library {
    symbols: Symbols,
    version: (c_int, c_int, c_int),
    path: PathBuf,
}

impl Library {
    /// The library of this process; looked for at the first call.
    ///
    /// # Errors
    /// `Unsupported`: it is not installed, or too old.
    pub fn get() -> Result<&'static Self> {
        static LIBRARY: OnceLock<Result<Library>> = OnceLock::new();
        LIBRARY.get_or_init(|| Self::open(&find()?)).as_ref().map_err(Clone::clone)
    }

    /// The library in this file.
    ///
    /// # Errors
    /// As [`Library::get`].
    fn open(path: &Path) -> Result<Self> {
        let symbols = Symbols::load(path).map_err(|error| {
            Error::unsupported(format!("{} can't be loaded as XGBoost", path.display()))
                .caused_by(&error)
                .with_hint(INSTALL)
        })?;
        let version = symbols.version();
        if (version.0, version.1) < VERSION_MIN {
            return Err(Error::unsupported(format!(
                "XGBoost {}.{}.{} in {} is too old: {}.{} is the least",
                version.0,
                version.1,
                version.2,
                path.display(),
                VERSION_MIN.0,
                VERSION_MIN.1
            ))
            .with_hint(INSTALL));
        }
        symbols.be_quiet();
        Ok(Self { symbols, version, path: path.to_owned() })
    }

    /// Its functions.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }
    /// Its version.
    pub fn version(&self) -> String {
        format!("{}.{}.{}", self.version.0, self.version.1, self.version.2)
    }
    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

const INSTALL: &str = "pip install 'phalanx[xgboost]' (or xgboost-cpu) for the Python that workers and client find first, \
                       or name the file libxgboost.so in PHALANX_XGBOOST";

/// The file of the library; looked for at the first call.
///
/// # Errors
/// `Unsupported`: there is none.
pub(crate) fn find() -> Result<PathBuf> {
    static FOUND: OnceLock<Result<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(look_for).clone()
}

fn look_for() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let mut asked = vec![];
    for python in pythons() {
        if let Some(file) = in_package_of(&python) {
            return Ok(file);
        }
        asked.push(python.to_string_lossy().into_owned());
    }
    Err(Error::unsupported(format!("XGBoost is not found: no package xgboost for {}", asked.join(", ")))
        .with_hint(INSTALL))
}

/// The Pythons to ask: the one that runs us, the one of the virtual environment, those on the path.
fn pythons() -> Vec<OsString> {
    let ours = program::said_program().and_then(|program| program.into_iter().next());
    let is_python = |program: &OsString| {
        Path::new(program).file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"))
    };
    let environment = std::env::var_os("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin/python").into());
    let named = ["python3", "python"].map(OsString::from);
    ours.filter(is_python).into_iter().chain(environment).chain(named).collect()
}

fn in_package_of(python: &OsStr) -> Option<PathBuf> {
    let output = Command::new(python).args(["-c", ASK_PYTHON]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let folder = String::from_utf8(output.ok()?.stdout).ok()?;
    let file = Path::new(folder.trim()).join("lib/libxgboost.so");
    (!folder.is_empty() && file.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_library_is_refused_with_how_to_get_it() {
        let error = Library::open(Path::new("/nowhere/libxgboost.so")).unwrap_err();
        assert_eq!(error.kind(), phalanx_engine::ErrorKind::Unsupported);
        assert!(error.hint().is_some_and(|hint| hint.contains("pip install")), "{error}");
        assert_eq!(in_package_of(OsStr::new("/no/python")), None);
    }
}
