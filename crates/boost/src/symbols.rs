//! XGBoost's functions, as its header `c_api.h` declares them (equal from 2.1 on).

#![expect(unsafe_code, reason = "functions of a C library")]

use libloading::Library;
use phalanx_engine::{Error, Result};
use std::ffi::{CStr, c_char, c_float, c_int, c_void};
use std::path::{Component, Path, PathBuf};

/// A handle of one of XGBoost's objects.
pub type Handle = *mut c_void;

macro_rules! symbols {
    ($($(#[$doc:meta])* $field:ident: $name:ident($($type:ty),*);)*) => {
        /// The functions that we call. All return 0, or else leave a message behind.
        #[derive(Debug)]
        pub struct Symbols {
            $($(#[$doc])* pub $field: unsafe extern "C" fn($($type),*) -> c_int,)*
            last_error: unsafe extern "C" fn() -> *const c_char,
            version: unsafe extern "C" fn(*mut c_int, *mut c_int, *mut c_int),
            /// Functions point into it. It is never unloaded: its threads would run on.
            _library: Library,
        }

        impl Symbols {
            /// Finds them in a shared library.
            ///
            /// # Errors
            /// It can't be loaded, or lacks one of them.
            pub fn load(path: &Path) -> std::result::Result<Self, libloading::Error> {
                // SAFETY: XGBoost's initialisers only register its own objects.
                let library = unsafe { Library::new(path) }?;
                // SAFETY: the types are those of the header.
                unsafe {
                    Ok(Self {
                        $($field: *library.get(concat!(stringify!($name), "\0").as_bytes())?,)*
                        last_error: *library.get(b"XGBGetLastError\0")?,
                        version: *library.get(b"XGBoostVersion\0")?,
                        _library: library,
                    })
                }
            }
        }
    };
}

symbols! {
    /// Settings of the whole library, as JSON.
    set_global_config: XGBSetGlobalConfig(*const c_char);
    /// Where its messages go.
    register_log: XGBRegisterLogCallback(extern "C" fn(*const c_char));
    /// Rows from an array interface.
    matrix_from_dense: XGDMatrixCreateFromDense(*const c_char, *const c_char, *mut Handle);
    /// Rows as quantiles, from batches.
    quantiles_from_callback: XGQuantileDMatrixCreateFromCallback(
        Handle, Handle, Handle, extern "C" fn(Handle), extern "C" fn(Handle) -> c_int, *const c_char, *mut Handle
    );
    /// What a batch is put into.
    proxy_create: XGProxyDMatrixCreate(*mut Handle);
    /// Puts a batch there.
    proxy_set_dense: XGProxyDMatrixSetDataDense(Handle, *const c_char);
    /// Labels and the like, from an array interface.
    matrix_set_info: XGDMatrixSetInfoFromInterface(Handle, *const c_char, *const c_char);
    /// Names and types of features.
    matrix_set_texts: XGDMatrixSetStrFeatureInfo(Handle, *const c_char, *const *const c_char, u64);
    /// Frees rows.
    matrix_free: XGDMatrixFree(Handle);
    /// A model in the making.
    booster_create: XGBoosterCreate(*const Handle, u64, *mut Handle);
    /// Frees it.
    booster_free: XGBoosterFree(Handle);
    /// A parameter.
    booster_set_parameter: XGBoosterSetParam(Handle, *const c_char, *const c_char);
    /// One round.
    booster_update: XGBoosterUpdateOneIter(Handle, c_int, Handle);
    /// The metrics after a round, as text.
    booster_evaluate: XGBoosterEvalOneIter(
        Handle, c_int, *const Handle, *const *const c_char, u64, *mut *const c_char
    );
    /// The model as bytes.
    booster_save: XGBoosterSaveModelToBuffer(Handle, *const c_char, *mut u64, *mut *const c_char);
    /// The model from bytes.
    booster_load: XGBoosterLoadModelFromBuffer(Handle, *const c_void, u64);
    /// The configuration as JSON; configures.
    booster_save_config: XGBoosterSaveJsonConfig(Handle, *mut u64, *mut *const c_char);
    /// A text that goes with the model.
    booster_set_attribute: XGBoosterSetAttr(Handle, *const c_char, *const c_char);
    /// Reads it.
    booster_attribute: XGBoosterGetAttr(Handle, *const c_char, *mut *const c_char, *mut c_int);
    /// Names and types of features.
    booster_set_texts: XGBoosterSetStrFeatureInfo(Handle, *const c_char, *const *const c_char, u64);
    /// Reads them.
    booster_texts: XGBoosterGetStrFeatureInfo(Handle, *const c_char, *mut u64, *mut *const *const c_char);
    /// How many rounds the model has.
    booster_rounds: XGBoosterBoostedRounds(Handle, *mut c_int);
    /// How many features.
    booster_features: XGBoosterGetNumFeature(Handle, *mut u64);
    /// Predictions: shape, dimensions, values, which are the booster's.
    booster_predict: XGBoosterPredictFromDMatrix(
        Handle, Handle, *const c_char, *mut *const u64, *mut u64, *mut *const c_float
    );
    /// Who brings the ranks together.
    tracker_create: XGTrackerCreate(*const c_char, *mut Handle);
    /// Starts it; it runs on threads of its own.
    tracker_run: XGTrackerRun(Handle, *const c_char);
    /// What ranks need to find it, as JSON; it is the tracker's.
    tracker_arguments: XGTrackerWorkerArgs(Handle, *mut *const c_char);
    /// Waits until all ranks have left.
    tracker_wait: XGTrackerWaitFor(Handle, *const c_char);
    /// Frees it.
    tracker_free: XGTrackerFree(Handle);
    /// Settings of the calling thread, as JSON.
    get_settings: XGBGetGlobalConfig(*mut *const c_char);
    /// Sets them.
    set_settings: XGBSetGlobalConfig(*const c_char);
    /// This thread becomes a rank.
    communicator_init: XGCommunicatorInit(*const c_char);
    /// And is none any more.
    communicator_finalize: XGCommunicatorFinalize();
}

impl Symbols {
    /// Turns a function's answer into a result.
    ///
    /// # Errors
    /// `Input`: XGBoost refuses what it was given, in its words; `Cluster`: another rank is gone.
    pub fn check(&self, answer: c_int) -> Result<()> {
        if answer == 0 {
            return Ok(());
        }
        // SAFETY: XGBoost keeps the message of the thread's last error, a C string, until the next one.
        let text = unsafe { CStr::from_ptr((self.last_error)()) }.to_string_lossy();
        Err(error_of(&text))
    }

    /// An address within the library, by which it is found among those that are loaded.
    pub(crate) fn address(&self) -> *const c_void {
        self.version as *const c_void
    }

    /// Its version.
    pub fn version(&self) -> (c_int, c_int, c_int) {
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        // SAFETY: three places for numbers.
        unsafe { (self.version)(&raw mut major, &raw mut minor, &raw mut patch) };
        (major, minor, patch)
    }

    /// Its messages go to our log: standard output may be a pipe that has another meaning.
    pub fn be_quiet(&self) {
        extern "C" fn log(text: *const c_char) {
            if !text.is_null() {
                // SAFETY: XGBoost hands over a C string for the time of the call.
                let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
                match text.contains("WARNING") {
                    true => tracing::warn!("{}", text.trim()),
                    false => tracing::info!("{}", text.trim()),
                }
            }
        }
        // SAFETY: the function lives as long as the program.
        let _never_fails = unsafe { (self.register_log)(log) };
    }
}

/// What XGBoost's message means. It has no kinds of errors, so this is the one place that looks at text, and at one part
/// of it alone: the file of its sources that gave up. Those of its collective do so when a peer is gone.
fn error_of(text: &str) -> Error {
    let without_trace = text.split("Stack trace:").next().unwrap_or(text).trim();
    let (file, message) = place_and_message(without_trace).unwrap_or((Path::new(""), without_trace));
    if is_of_collective(file) {
        return Error::cluster("XGBoost has lost the other ranks").caused_by(&Error::internal(message));
    }
    Error::input(format!("XGBoost: {message}"))
}

/// The parts of `[03:23:56] /workspace/src/data/data.cc:508: Check failed: …`; where in its sources is no help to users.
fn place_and_message(text: &str) -> Option<(&Path, &str)> {
    let (_time, rest) = text.strip_prefix('[')?.split_once("] ")?;
    let (place, message) = rest.split_once(": ").or_else(|| rest.split_once(":\n"))?;
    let (file, line) = place.rsplit_once(':')?;
    line.parse::<u32>().ok()?;
    Some((Path::new(file), message.trim_start()))
}

/// `src/collective/result.cc`, and not `src/collective/../data/data.h`, which a file there includes.
fn is_of_collective(file: &Path) -> bool {
    let mut folders = PathBuf::new();
    for component in file.parent().into_iter().flat_map(Path::components) {
        match component {
            Component::ParentDir => drop(folders.pop()),
            other => folders.push(other),
        }
    }
    folders.file_name().is_some_and(|folder| folder == "collective")
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::ErrorKind;

    #[test]
    fn messages_are_told_apart() {
        for (said, kind, message) in [
            (
                "[03:00:00] /workspace/src/objective/x.cc:1: label must be in [0, 1]\nStack trace:\n  [bt] 1",
                ErrorKind::Input,
                "XGBoost: label must be in [0, 1]",
            ),
            (
                "[03:00:00] /workspace/src/collective/result.cc:78: \n- [socket.h:9|03:00:00]: Failed to poll.",
                ErrorKind::Cluster,
                "XGBoost has lost the other ranks",
            ),
            (
                "[03:00:00] /workspace/include/xgboost/collective/socket.h:99: Check failed: x",
                ErrorKind::Cluster,
                "XGBoost has lost the other ranks",
            ),
            // Words of the caller's, and a file that one of the collective includes.
            (
                "[03:00:00] /workspace/src/learner.cc:7: no feature \"socket\" (see /collective/)",
                ErrorKind::Input,
                "XGBoost: no feature \"socket\" (see /collective/)",
            ),
            (
                "[03:00:00] /workspace/src/collective/../data/array_interface.h:3: Check failed: valid: Broken pipe",
                ErrorKind::Input,
                "XGBoost: Check failed: valid: Broken pipe",
            ),
            ("Invalid parameter \"socket\"", ErrorKind::Input, "XGBoost: Invalid parameter \"socket\""),
        ] {
            let error = error_of(said);
            assert_eq!((error.kind(), error.message()), (kind, message), "{said}");
        }
    }
}
