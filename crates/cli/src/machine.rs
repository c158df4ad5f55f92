//! What this machine, or the container around us, gives.

use std::fs;

/// Tasks to run at once.
pub fn cores() -> usize {
    // Looks at affinity and at the cgroup's quota.
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Memory for tasks, in bytes: 70 % of what there is. The rest is for the process itself, for what operators do not
/// account for, and for the system.
pub fn memory_bytes() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_bytes(&text));
    let container = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    let there = [machine, container].into_iter().flatten().min().unwrap_or(FALLBACK_BYTES);
    there / 10 * 7
}

/// Where the system does not say.
const FALLBACK_BYTES: u64 = 4 << 30;

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read() {
        assert_eq!(total_bytes("MemTotal:       24636112 kB\nMemFree: 1 kB\n"), Some(24_636_112 * 1024));
        assert_eq!(total_bytes("MemFree: 1 kB\n"), None);
        assert!(memory_bytes() > 1 << 20);
    }
}
