//! Numbers as people read them.

/// A count with its thousands set apart: `1,234,567`.
///
/// ```
/// assert_eq!(phalanx_dashboard::text::count(1_234_567), "1,234,567");
/// ```
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 worker`, `2 workers`.
///
/// ```
/// assert_eq!(phalanx_dashboard::text::plural(2, "worker"), "2 workers");
/// ```
pub fn plural(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number as u64), if number == 1 { "" } else { "s" })
}

/// A number of bytes in binary units: `12 MiB`.
///
/// ```
/// assert_eq!(phalanx_dashboard::text::bytes(3 << 29), "1.5 GiB");
/// ```
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 if bytes == 1 => String::from("1 byte"),
        0 => format!("{bytes} bytes"),
        _ if value < 9.95 => format!("{value:.1} {}", UNITS[unit]),
        _ => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// A duration: `12 ms`, `3.4 s`, `5 min 06 s`, `2 h 03 min`, `4 d 05 h`.
///
/// ```
/// assert_eq!(phalanx_dashboard::text::duration(306_000), "5 min 06 s");
/// ```
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A duration that is only known roughly: whole seconds, or less than one.
pub fn roughly(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => String::from("under 1 s"),
        1_000..60_000 => format!("{} s", milliseconds.div_ceil(1000)),
        _ => duration(milliseconds),
    }
}

/// How long ago something was.
pub fn ago(at_ms: u64, now_ms: u64) -> String {
    match now_ms.saturating_sub(at_ms) {
        0..2_000 => String::from("just now"),
        passed @ 2_000..60_000 => format!("{} s ago", passed / 1000),
        passed @ 60_000..3_600_000 => format!("{} min ago", passed / 60_000),
        passed @ 3_600_000..86_400_000 => format!("{} h ago", passed / 3_600_000),
        passed => format!("{} d ago", passed / 86_400_000),
    }
}

/// A moment as ISO 8601 has it, in UTC: `2026-03-01T12:00:00Z`.
///
/// ```
/// assert_eq!(phalanx_dashboard::text::moment(951_782_400_000), "2000-02-29T00:00:00Z");
/// ```
pub fn moment(at_ms: u64) -> String {
    let (days, seconds) = (at_ms / 86_400_000, at_ms / 1000 % 86_400);
    // Howard Hinnant, "chrono-compatible low-level date algorithms": civil_from_days, for days from 1970 on.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A number of a metric, to about five digits.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e6).contains(&size) {
        let digits = if size >= 1000.0 {
            1
        } else if size >= 1.0 {
            4
        } else {
            5
        };
        let text = format!("{value:.digits$}");
        let short = text.trim_end_matches('0').trim_end_matches('.');
        return short.to_owned();
    }
    format!("{value:.3e}")
}

/// The two ends of an axis, told apart where they are not the same; a dash where there is no number.
pub fn figures(low: f64, high: f64) -> (String, String) {
    let one = |value: f64| if value.is_finite() { figure(value) } else { String::from("–") };
    let span = high - low;
    match one(low) == one(high) && span.is_finite() && span > 0.0 {
        // Two digits of what lies between them; more than fifteen, a number does not have.
        true => {
            let digits = (1.0 - span.log10().floor()).clamp(0.0, 15.0) as usize;
            (format!("{low:.digits$}"), format!("{high:.digits$}"))
        }
        false => (one(low), one(high)),
    }
}

/// `text` where HTML wants text or the value of an attribute.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// `text` as a part of an address.
pub fn part_of_address(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => safe.push(char::from(byte)),
            other => safe.push_str(&format!("%{other:02X}")),
        }
    }
    safe
}

/// Ids are long and random; their beginning tells them apart.
pub fn short(id: &str) -> String {
    id.chars().take(9).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([plural(1, "worker"), plural(1000, "task")], ["1 worker", "1,000 tasks"]);
        assert_eq!(
            [0, 1, 999, 1000, 1 << 20, 5 << 29, 100 << 30, u64::MAX].map(bytes),
            ["0 bytes", "1 byte", "999 bytes", "1.0 KiB", "1.0 MiB", "2.5 GiB", "100 GiB", "16777216 TiB"]
        );
        assert_eq!(
            [0.0, 1.0, 0.712_345_6, 1234.56, 2e-7, -0.5, 0.25].map(figure),
            ["0", "1", "0.71235", "1234.6", "2.000e-7", "-0.5", "0.25"]
        );
    }

    #[test]
    fn times_have_units() {
        assert_eq!(
            [0, 999, 1_000, 59_949, 60_000, 3_599_000, 7_380_000, 90_000_000].map(duration),
            ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 00 s", "59 min 59 s", "2 h 03 min", "1 d 01 h"]
        );
        assert_eq!([500, 1_001, 61_000].map(roughly), ["under 1 s", "2 s", "1 min 01 s"]);
        assert_eq!(
            [0, 5_000, 120_000, 7_200_000].map(|passed| ago(0, passed)),
            ["just now", "5 s ago", "2 min ago", "2 h ago"]
        );
        assert_eq!(
            [0, 951_868_799_000, 1_764_288_000_000].map(moment),
            ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2025-11-28T00:00:00Z"]
        );
    }

    #[test]
    fn the_ends_of_an_axis_differ_if_they_do() {
        let both = |low, high| figures(low, high);
        assert_eq!(both(0.25, 0.75), ("0.25".to_owned(), "0.75".to_owned()));
        assert_eq!(both(0.999998, 1.0), ("0.9999980".to_owned(), "1.0000000".to_owned()));
        assert_eq!(both(1234.501, 1234.539), ("1234.501".to_owned(), "1234.539".to_owned()));
        assert_eq!(both(1.0, 1.0), ("1".to_owned(), "1".to_owned()));
        assert_eq!(both(f64::INFINITY, f64::NEG_INFINITY), ("–".to_owned(), "–".to_owned()));
    }

    #[test]
    fn markup_and_addresses_are_escaped() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(part_of_address("a/../b?c&d=ü"), "a%2F..%2Fb%3Fc%26d%3D%C3%BC");
    }
}
