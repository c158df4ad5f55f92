//! What the numbers were measured on.

use std::process::Command;

/// Processor, cores, memory, system, compiler; a line each, without the machine's name.
pub fn describe() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = first_after("/proc/cpuinfo", "model name").unwrap_or_else(|| String::from("unknown processor"));
    let memory = first_after("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<f64>().ok())
        .map_or_else(String::new, |kilobytes| format!(", {:.0} GiB of memory", kilobytes / 1024.0 / 1024.0));
    let system = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let compiler = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    vec![
        format!("{processor}, {cores} cores{memory}"),
        format!("Linux {}", system.trim()),
        String::from_utf8_lossy(&compiler).trim().to_owned(),
    ]
}

/// The value of the first line `name : value`.
fn first_after(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
