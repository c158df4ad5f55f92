//! Values of arguments: parsed once, here, with an error that says what is accepted.

use phalanx_cluster::SchedulerAddress;
use phalanx_engine::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// More processes or cores than this are a slip of the finger.
const COUNT_MAX: usize = 1024;

/// A longer time to wait is a slip of the finger.
const TIME_MAX: Duration = Duration::from_secs(366 * 86_400);

/// A number of workers or cores.
pub fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=COUNT_MAX) => Ok(count),
        _ => Err(format!("expected a whole number from 1 to {COUNT_MAX}")),
    }
}

/// The name of a cluster: also that of a folder.
pub fn name(text: &str) -> Result<String, String> {
    let is_good = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    match !text.is_empty() && text.len() <= 40 && text.chars().all(is_good) {
        true => Ok(text.to_owned()),
        false => Err(String::from("expected 1 to 40 letters, digits, - and _")),
    }
}

/// Units of sizes, in bytes.
const UNITS: &[(&str, u64)] = &[
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// A size: a positive number with a unit of bytes; without a unit, bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || String::from("expected a number and a unit, as in 512MiB, 2GB or 1.5GiB, or a number of bytes");
    let text = text.trim();
    let digits = text.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = match unit.as_str() {
        "" => 1,
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or_else(wrong)?,
    };
    let bytes = match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(factor).ok_or("larger than any memory")?,
        Err(_) => {
            let bytes = number.parse::<f64>().map_err(|_| wrong())? * factor as f64;
            // Beyond 2⁵³ a fraction has no meaning.
            if bytes >= 9.0e15 { return Err(String::from("larger than any memory")) } else { bytes.round() as u64 }
        }
    };
    if bytes == 0 { Err(String::from("expected more than zero bytes")) } else { Ok(bytes) }
}

/// A time: a positive number with a unit; without a unit, seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || String::from("expected a number and a unit, as in 90s, 30min or 8h, or a number of seconds");
    let text = text.trim();
    let digits = text.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * factor;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time.is_zero() => Err(String::from("expected more than no time")),
        Ok(time) if time <= TIME_MAX => Ok(time),
        _ => Err(String::from("longer than a year")),
    }
}

/// The address of a scheduler.
pub fn address(text: &str) -> Result<SchedulerAddress, String> {
    text.parse().map_err(|error: Error| {
        let what = error.message().rsplit(": ").next().unwrap_or_default().to_owned();
        format!("{what}; write tcp://HOST:PORT, for example tcp://127.0.0.1:8786")
    })
}

/// An address to serve, without its port: numbers, or `localhost`.
pub fn host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse().map_err(|_| String::from("expected an address, for example 127.0.0.1, 0.0.0.0 or ::1"))
}

/// What the variable `name` says, as `parse` reads it; nothing if it is not set.
pub fn variable<T>(name: &str, parse: fn(&str) -> Result<T, String>) -> phalanx_engine::Result<Option<T>> {
    let Some(text) = std::env::var_os(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let text = text.to_string_lossy();
    parse(&text).map(Some).map_err(|wrong| Error::input(format!("the variable {name} is {text:?}: {wrong}")))
}

/// An address to serve: numbers, or `localhost`.
pub fn socket(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| String::from("expected an address and a port, for example 127.0.0.1:8786 or [::1]:8786"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in [
            ("1", 1),
            ("512MiB", 512 << 20),
            ("2GB", 2_000_000_000),
            ("1.5GiB", 3 << 29),
            ("1.5 gib", 3 << 29),
            ("0.5kB", 500),
            ("16777215TiB", 16_777_215 << 40),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in
            ["3x", "", "GiB", "-1", "1.2.3GB", "1e9", "0", "0.0GiB", "99999999999TiB", "9999999.5TiB", "NaN", "inf"]
        {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_units() {
        for (text, seconds) in [("90", 90.0), ("90s", 90.0), ("1.5min", 90.0), ("2 h", 7200.0), ("250ms", 0.25)] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "s", "-1", "0", "0s", "5 years", "1e9", "400d", "inf", "NaN"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_begin_with_one() {
        assert_eq!(count("3"), Ok(3));
        for text in ["0", "-1", "1025", "two", "1.5", ""] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn localhost_is_an_address_to_serve() {
        assert_eq!(host("localhost").unwrap(), host("127.0.0.1").unwrap());
        assert!(host("0.0.0.0").unwrap().is_unspecified());
        for text in ["127.0.0.1:1", "example.com", ""] {
            assert!(host(text).is_err(), "{text}");
        }
        assert_eq!(socket("localhost:0").unwrap(), "127.0.0.1:0".parse().unwrap());
        assert_eq!(socket("[::1]:8786").unwrap(), "[::1]:8786".parse().unwrap());
        for text in ["8786", "127.0.0.1", "example.com:1", "localhost:99999", "tcp://127.0.0.1:1"] {
            assert!(socket(text).is_err(), "{text}");
        }
    }
}
