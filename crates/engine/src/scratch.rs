//! A process's folder: everything that it writes, gone when it ends. What a killed process left behind is swept by the
//! next one that starts in the same place.

use crate::{Error, Result};
use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

const PREFIX: &str = "phalanx-scratch-";
/// Digits of a name that say in which folder it is used.
const PLACE: usize = 8;

/// A name that nobody else uses, of a process whose folder is to be in `parent`. Its last digits say on which machine
/// that is, and for which user: names that agree in them are of processes that can read each other's files.
///
/// # Errors
/// `Resources`: there is no such folder.
pub fn name_in(parent: &Path) -> Result<String> {
    let seen = std::fs::metadata(parent).map_err(|error| {
        Error::resources(format!("the folder {} can't be used", parent.display())).caused_by(&error)
    })?;
    let system = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let user = std::fs::metadata("/proc/self").map_or(0, |process| process.uid());
    let mut place = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a
    let device = [seen.dev(), seen.ino(), u64::from(user)].map(u64::to_le_bytes);
    for byte in system.bytes().chain(device.into_iter().flatten()) {
        place = (place ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let own = uuid::Uuid::new_v4().simple().to_string();
    Ok(format!("w{}{:08x}", &own[..24], place >> 32))
}

/// Whether processes of these names can read each other's files.
pub fn are_in_one_place(a: &str, b: &str) -> bool {
    let place =
        |name: &str| name.len().checked_sub(PLACE).filter(|at| *at > 0).map(|at| name.as_bytes()[at..].to_vec());
    place(a).is_some() && place(a) == place(b)
}
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

    /// The folder of the living process `id` whose folder is beside `own`.
    pub fn beside(own: &Path, id: &str) -> Option<PathBuf> {
        let path = own.parent()?.join(format!("{PREFIX}{id}"));
        let is_held = File::open(path.join(LOCK)).ok()?.try_lock().is_err();
        is_held.then_some(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whose folder this one lies in may have removed it.
        if let Err(error) = std::fs::remove_dir_all(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
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

/// Removes the folders of processes that are dead: those whose lock is free, or is gone because their end was cut short
/// or something was written late.
pub fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_free = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
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
        let cut_short = parent.path().join(format!("{PREFIX}cut-short"));
        std::fs::create_dir_all(cut_short.join("job")).unwrap();
        sweep(parent.path());
        assert!(!dead.exists() && !cut_short.exists() && living.path().exists() && other.exists());
        let path = living.path().to_owned();
        let neighbour = Scratch::create(parent.path(), "neighbour").unwrap();
        assert_eq!(Scratch::beside(&path, "neighbour").as_deref(), Some(neighbour.path()));
        std::fs::create_dir(&dead).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        assert_eq!(Scratch::beside(&path, "dead"), None, "what it wrote may be swept at any time");
        assert_eq!(Scratch::beside(&path, "another"), None);
        drop(living);
        assert!(!path.exists());
        std::fs::remove_dir_all(neighbour.path()).unwrap();
        drop(neighbour);
    }

    #[test]
    fn names_say_where_their_folders_are() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = |folder: &tempfile::TempDir| name_in(folder.path()).unwrap();
        assert_ne!(name(&here), name(&here));
        assert!(are_in_one_place(&name(&here), &name(&here)));
        assert!(!are_in_one_place(&name(&here), &name(&there)));
        assert!(!are_in_one_place("", "") && !are_in_one_place("w1", "w1"));
        assert!(name_in(Path::new("/nowhere/at/all")).is_err());
    }
}
