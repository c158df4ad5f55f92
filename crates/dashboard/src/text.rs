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
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
