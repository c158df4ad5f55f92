//! Graphics processors of this machine that this process may use.

use crate::{Error, Result};
use std::fs;
use std::path::Path;

/// Says how many there are, where neither the driver nor the devices do.
pub const VARIABLE: &str = "PHALANX_GPUS";

/// How many of NVIDIA's graphics processors this process may use: what [`VARIABLE`] says, else those that
/// `CUDA_VISIBLE_DEVICES` leaves of the devices that the system shows. Nothing of CUDA is loaded for that.
pub fn gpus() -> usize {
    let said = |name: &str| std::env::var(name).ok();
    match said(VARIABLE).map(|text| parse(&text)) {
        Some(Ok(count)) => count,
        _ => visible(devices(Path::new("/dev")), said("CUDA_VISIBLE_DEVICES").as_deref()),
    }
}

/// Reads [`VARIABLE`].
///
/// # Errors
/// `Input`: it is no number.
pub fn parse(text: &str) -> Result<usize> {
    text.trim().parse().map_err(|_| {
        Error::input(format!("{VARIABLE} is {text:?}")).with_hint("it is the number of GPUs that a worker may use")
    })
}

/// Devices `nvidia0`, `nvidia1` and so on of a folder of devices.
fn devices(folder: &Path) -> usize {
    let is_one = |name: &str| {
        let number = name.strip_prefix("nvidia").unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one)).count()
}

/// How many of `there` are left by a list of numbers or ids: those before the first that is none, as CUDA reads it.
fn visible(there: usize, list: Option<&str>) -> usize {
    let Some(list) = list else { return there };
    let names = |word: &&str| match word.parse::<usize>() {
        Ok(number) => number < there,
        Err(_) => word.starts_with("GPU-") || word.starts_with("MIG-"),
    };
    list.split(',').map(str::trim).take_while(names).count().min(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_counted_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(devices(folder.path()), 0);
        for name in ["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia", "tty0"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!((devices(folder.path()), devices(Path::new("/nowhere"))), (2, 0));
        for (list, count) in [
            (None, 2),
            (Some(""), 0),
            (Some("-1"), 0),
            (Some("1"), 1),
            (Some("0, 1"), 2),
            (Some("0,7,1"), 1),
            (Some("GPU-8932f937"), 1),
            (Some("NoDevFiles"), 0),
        ] {
            assert_eq!(visible(2, list), count, "{list:?}");
        }
        assert_eq!(parse(" 4 ").unwrap(), 4);
        assert!(parse("all").is_err() && parse("-1").is_err());
    }
}
