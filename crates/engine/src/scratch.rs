//! A process's folder: everything that it writes, gone when it ends. What a killed process left behind is swept by the
//! next one that starts in the same place.

use crate::{Error, Result};
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "phalanx-scratch-";
const LOCK: &str = "lock";

/// A locked folder that is removed when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Held as long as the folder is in use; the system releases it with the process.
    _lock: File,
}

impl Scratch {
    /// A folder of its own for `id`, a name that nobody else uses, in `parent`.
    ///
    /// # Errors
    /// `Resources`: it can't be made or written.
    pub fn create(parent: &Path, id: &str) -> Result<Self> {
        let path = parent.join(format!("{PREFIX}{id}"));
        let failed = |error: std::io::Error| {
            Error::resources(format!("the scratch folder {} can't be used", path.display()))
                .caused_by(&error)
                .with_hint("name a folder with room that you may write to")
        };
        // Locked before it bears its name, or a sweep could take it for a dead process's.
        let unnamed = parent.join(format!(".{PREFIX}{id}"));
        // Nobody else's business: other users of this machine can't read it.
        DirBuilder::new().recursive(true).mode(0o700).create(&unnamed).map_err(failed)?;
        let lock = File::create(unnamed.join(LOCK)).map_err(failed)?;
        lock.try_lock().map_err(|error| failed(error.into()))?;
        std::fs::rename(&unnamed, &path).map_err(failed)?;
        spread(&path);
        sweep(parent);
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a scratch folder can't be removed");
        }
    }
}

/// Asks an ext file system to put folders that are made in `path` apart from each other. Jobs come and go many times a
/// second, and ext4 steps over each inode that was freed in the last seconds whenever it looks for a free one near the
/// last: a file then costs up to a millisecond. Other file systems have no such trouble, and refuse.
fn spread(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(folder) = File::open(path)
        && let Ok(flags) = rustix::fs::ioctl_getflags(&folder)
    {
        let _refused = rustix::fs::ioctl_setflags(&folder, flags | rustix::fs::IFlags::TOPDIR);
    }
}

/// Removes the folders of processes that are dead: those whose lock is free.
pub fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_free = File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_free && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "a dead process's folder can't be removed");
        }
    }
}

/// Bytes of all files below `path`.
pub fn stored_bytes(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => stored_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_process_s_folder_is_swept_and_a_living_ones_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let living = Scratch::create(parent.path(), "living").unwrap();
        let dead = parent.path().join(format!("{PREFIX}dead"));
        std::fs::create_dir(&dead).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        let other = parent.path().join("other");
        std::fs::create_dir(&other).unwrap();
        sweep(parent.path());
        assert!(!dead.exists() && living.path().exists() && other.exists());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
