//! Numbers as people read them.

pub use phalanx_dashboard::text::{bytes, count, duration, plural, roughly, short};
use std::time::Duration;

/// `0.004 s`, `1.23 s`, `12.3 s`.
pub fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        0.0..0.0995 => format!("{seconds:.3} s"),
        0.0..9.95 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let times = [4, 100, 1234, 12_345].map(|ms| seconds(Duration::from_millis(ms)));
        assert_eq!(times, ["0.004 s", "0.10 s", "1.23 s", "12.3 s"]);
    }
}
