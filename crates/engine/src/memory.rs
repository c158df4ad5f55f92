//! How much memory there is, and how much rows take.

use datafusion::arrow::array::{Array, ArrayData, RecordBatch};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Memory for tasks of this process, in bytes: 70 % of what this machine, or the container around us, has. The rest is
/// for the process itself, for what operators do not account for, and for the system.
pub fn for_tasks() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_bytes(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let container = group_limit(&groups, Path::new("/sys/fs/cgroup"));
    let there = [machine, container].into_iter().flatten().min().unwrap_or(FALLBACK_BYTES);
    there / 10 * 7
}

/// Makes freed memory stay with the process until 64 MiB of it lie at a heap's end (less where its operators may use
/// little), and blocks of 4 MiB and more go back to the system at once. By itself, glibc gives memory back so eagerly
/// that a task which computes tile by tile spends half of its time on page faults.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library's settings have no safe form")]
pub fn keep_freed(memory_bytes: u64) {
    let kept = (memory_bytes / 64).clamp(1 << 20, 64 << 20) as libc::c_int;
    // SAFETY: `mallopt` takes plain numbers and may be called at any time.
    let _best_effort =
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 4 << 20) & libc::mallopt(libc::M_TRIM_THRESHOLD, kept) };
}

/// Other allocators decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_freed(_memory_bytes: u64) {}

/// Gives free memory back to the system, wherever it lies: what many small jobs leave between that which stays is never at
/// a heap's end. It takes milliseconds, during which threads may wait for memory: for a process that has nothing to do.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library's call has no safe form")]
pub fn give_back() {
    // SAFETY: `malloc_trim` takes a plain number and may be called at any time, by any thread.
    let _was_any = unsafe { libc::malloc_trim(0) };
}

/// Other allocators decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}

/// Says when to [`give_back`]: once, when a process has been idle for a while after it was busy.
#[derive(Debug)]
pub struct Idleness {
    looks: u32,
    idle: u32,
}

impl Idleness {
    /// After so many looks in a row that find nothing to do.
    pub fn after(looks: u32) -> Self {
        Self { looks, idle: 0 }
    }
    /// A look at a steady pace. True if it is time.
    pub fn look(&mut self, is_idle: bool) -> bool {
        self.idle = if is_idle { self.idle.saturating_add(1) } else { 0 };
        self.idle == self.looks
    }
}

/// Where the system does not say.
const FALLBACK_BYTES: u64 = 4 << 30;

/// The smallest limit of the control groups that this process is in, up to their root: a group's limit holds for all
/// below it. `groups` is the text of `/proc/self/cgroup`, `mount` where the groups are mounted. In a container, the path
/// in `groups` may be one of the host, of which nothing is seen but the container's own group, as the root.
fn group_limit(groups: &str, mount: &Path) -> Option<u64> {
    let folders = groups.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let path = path.trim_start_matches('/');
        match controllers {
            "" => Some((mount.to_owned(), path, "memory.max")),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                Some((mount.join("memory"), path, "memory.limit_in_bytes"))
            }
            _ => None,
        }
    });
    let limits = folders.flat_map(|(root, path, file)| {
        let ours = root.join(path);
        let up: Vec<_> = ours.ancestors().take_while(|folder| folder.starts_with(&root)).map(Path::to_owned).collect();
        up.into_iter().filter_map(move |folder| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok())
    });
    limits.min()
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The bytes that `batches` show, of which what several show is counted once. A part of a buffer counts as what it is:
/// `RecordBatch::get_array_memory_size` would count the whole buffer for each of its parts.
pub fn bytes_of<'a>(batches: impl IntoIterator<Item = &'a RecordBatch>) -> u64 {
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for column in batches.into_iter().flat_map(RecordBatch::columns) {
        add(&column.to_data(), &mut seen, &mut bytes);
    }
    bytes
}

fn add(data: &ArrayData, seen: &mut HashSet<(usize, usize)>, bytes: &mut u64) {
    let nulls = data.nulls().map(|nulls| nulls.buffer());
    for buffer in data.buffers().iter().chain(nulls) {
        if seen.insert((buffer.as_ptr() as usize, buffer.len())) {
            *bytes += buffer.len() as u64;
        }
    }
    data.child_data().iter().for_each(|child| add(child, seen, bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Float64Array};
    use std::sync::Arc;

    #[test]
    fn parts_of_a_buffer_are_counted_as_parts() {
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 1 << 16]));
        let batch = RecordBatch::try_from_iter([("x", numbers)]).unwrap();
        let parts: Vec<RecordBatch> = (0..64).map(|part| batch.slice(part << 10, 1 << 10)).collect();
        assert_eq!(bytes_of(&parts), 8 << 16);
        assert_eq!(bytes_of(&parts[..2]), 2 << 13);
        assert_eq!(bytes_of([&batch, &batch]), 8 << 16);
        assert_eq!(bytes_of([&batch]), 8 << 16);
        assert_eq!(bytes_of([]), 0);
    }

    #[test]
    fn the_smallest_limit_of_all_groups_above_us_counts() {
        let mount = tempfile::tempdir().unwrap();
        let limit = |folder: &str, file: &str, text: &str| {
            let folder = mount.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(file), format!("{text}\n")).unwrap();
        };
        let found = |groups: &str| group_limit(groups, mount.path());
        assert_eq!(found("0::/\n"), None);
        limit("", "memory.max", "max");
        limit("batch.slice", "memory.max", "1000");
        limit("batch.slice/job", "memory.max", "3000");
        assert_eq!(found("0::/\n"), None);
        assert_eq!(found("0::/batch.slice/job\n"), Some(1000));
        assert_eq!(found("0::/elsewhere\n"), None);
        limit("batch.slice/job", "memory.max", "500");
        assert_eq!(found("0::/batch.slice/job\n"), Some(500));
        // The older groups, in a container that sees its own as the root.
        limit("memory", "memory.limit_in_bytes", "700");
        assert_eq!(found("9:cpu:/docker/1\n5:memory:/docker/1\n"), Some(700));
    }

    #[test]
    fn meminfo_is_read() {
        assert_eq!(total_bytes("MemTotal:       24636112 kB\nMemFree: 1 kB\n"), Some(24_636_112 * 1024));
        assert_eq!(total_bytes("MemFree: 1 kB\n"), None);
        assert!(for_tasks() > 1 << 20);
    }

    #[test]
    fn memory_is_given_back_once_after_each_time_of_work() {
        let mut idleness = Idleness::after(3);
        let looks = [true, true, true, true, true, false, true, true, true, false, true];
        let due: Vec<usize> = (0..looks.len()).filter(|look| idleness.look(looks[*look])).collect();
        assert_eq!(due, [2, 8]);
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn what_lies_free_between_is_given_back() {
        let resident = || {
            let text = fs::read_to_string("/proc/self/statm").unwrap();
            text.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
        };
        // Every hundredth block stays, so that no end of a heap is free.
        let blocks: Vec<Vec<u8>> = (0..40_000).map(|_| vec![1; 4_000]).collect();
        let kept: Vec<Vec<u8>> = blocks.into_iter().step_by(100).collect();
        let before = resident();
        give_back();
        let after = resident();
        assert!(kept.iter().all(|block| block[0] == 1));
        assert!(after + (40 << 20) < before, "{before} bytes before, {after} after");
    }
}
