//! What the system says of this process and its disk; zeros where it does not say.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Clock ticks a second in `/proc`: the kernel's interface fixes it (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// How long this process has computed, over all its threads.
pub fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name, in parentheses, may hold anything. Of what follows, utime and stime are the 12th and 13th.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks * 1_000 / TICKS_PER_SECOND
}

/// Bytes of the disk that `folder` is on: all of them, and those that are free for us.
#[expect(unsafe_code, reason = "the standard library does not tell how full a disk is")]
pub fn disk(folder: &Path) -> (u64, u64) {
    let Ok(path) = CString::new(folder.as_os_str().as_bytes()) else { return (0, 0) };
    // SAFETY: all-zero bytes are a valid `statvfs`, which is plain numbers; the path is a C string that outlives the call.
    let (result, found) = unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &raw mut found), found)
    };
    if result != 0 {
        return (0, 0);
    }
    (found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_a_size_and_a_process_computes() {
        let (all, free) = disk(&std::env::temp_dir());
        assert!(all > 0 && free <= all, "{free} of {all}");
        assert_eq!(disk(Path::new("/nowhere/at/all")), (0, 0));
        let (before, began) = (cpu_ms(), std::time::Instant::now());
        while began.elapsed() < std::time::Duration::from_millis(200) {
            std::hint::spin_loop();
        }
        assert!(cpu_ms() > before);
    }
}
