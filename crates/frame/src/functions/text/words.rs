//! What Python's `str` does, a function each. Positions and lengths count characters.

use super::{Class, Side};
use regex::Regex;
use std::sync::LazyLock;

/// Python's position in something of this length, if it is there.
pub fn position(at: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if at < 0 { at + length } else { at };
    usize::try_from(at).ok().filter(|_| at < length)
}

/// Python's `slice(start, stop, step).indices(length)`.
pub fn slice(start: Option<i64>, stop: Option<i64>, step: i64, length: i64) -> (i64, i64) {
    let bound = |at: Option<i64>, default: i64| match at {
        None => default,
        Some(at) => {
            let at = if at < 0 { at.saturating_add(length) } else { at };
            if step > 0 { at.clamp(0, length) } else { at.clamp(-1, length - 1) }
        }
    };
    if step > 0 { (bound(start, 0), bound(stop, length)) } else { (bound(start, length - 1), bound(stop, -1)) }
}

pub fn sliced(text: &str, start: Option<i64>, stop: Option<i64>, step: i64) -> String {
    let length = text.chars().count() as i64;
    let (from, to) = slice(start, stop, step, length);
    if step == 1 {
        let (skip, take) = (from.max(0) as usize, (to - from).max(0) as usize);
        return text.chars().skip(skip).take(take).collect();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut output = String::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        output.extend(usize::try_from(at).ok().and_then(|at| characters.get(at)));
        at += step;
    }
    output
}

pub fn padded(text: &str, text_on: Side, width: i64, fill: char) -> String {
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text.chars().count());
    let (left, right) = match text_on {
        Side::Left => (0, missing),
        Side::Right => (missing, 0),
        // CPython puts the odd one on the left only if the width is odd too.
        Side::Both => {
            let left = missing / 2 + (missing & usize::try_from(width).unwrap_or(0) & 1);
            (left, missing - left)
        }
    };
    let fills = |count: usize| std::iter::repeat_n(fill, count);
    fills(left).chain(text.chars()).chain(fills(right)).collect()
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

pub fn title(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut inside = false;
    for (at, c) in text.char_indices() {
        if inside {
            small(text, at, c, &mut output);
        } else {
            initial(c, &mut output);
        }
        inside = is_cased(c);
    }
    output
}

/// A capital with what stands behind it in small: `ß` becomes `Ss`.
fn initial(c: char, output: &mut String) {
    for (at, upper) in c.to_uppercase().enumerate() {
        if at == 0 { output.push(upper) } else { output.extend(upper.to_lowercase()) }
    }
}

/// The small letter of a capital in a text: a sigma is another at the end of a word.
fn small(text: &str, at: usize, c: char, output: &mut String) {
    if c != 'Σ' {
        output.extend(c.to_lowercase());
        return;
    }
    let before = text[..at].to_lowercase().len();
    output.extend(text.to_lowercase().get(before..).and_then(|rest| rest.chars().next()));
}

/// Python's `casefold`: the small letters of the capitals, but for a few letters that have capitals of others.
pub fn casefold(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ẞ' => output.push_str("ss"),
            'ı' => output.push(c),
            // Of Cherokee the capitals are older than the small letters.
            '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => output.extend(c.to_uppercase()),
            _ if c.is_ascii() => output.push(c.to_ascii_lowercase()),
            _ => c.to_uppercase().for_each(|upper| output.extend(upper.to_lowercase())),
        }
    }
    output
}

pub fn capitalize(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text.chars();
    if let Some(first) = rest.next() {
        initial(first, &mut output);
    }
    output.push_str(&rest.as_str().to_lowercase());
    output
}

pub fn swapcase(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if c.is_uppercase() { small(text, at, c, &mut output) } else { output.extend(c.to_uppercase()) }
    }
    output
}

/// Whether Python takes it for a space.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

pub fn stripped<'a>(text: &'a str, side: Side, characters: Option<&str>) -> &'a str {
    let strip = |c: char| characters.map_or_else(|| is_space(c), |characters| characters.contains(c));
    match side {
        Side::Left => text.trim_start_matches(strip),
        Side::Right => text.trim_end_matches(strip),
        Side::Both => text.trim_matches(strip),
    }
}

/// Superscripts, subscripts and circled digits: digits to Python, but no decimals.
fn is_other_digit(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉' | '①'..='⑨' | '⓪' | '❶'..='❾' | '➀'..='➈' | '➊'..='➒' | '⑴'..='⑼' | '⒈'..='⒐')
}

pub fn is(class: Class, text: &str) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
    static DECIMAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    let one = |pattern: &Option<Regex>, c: char| {
        pattern.as_ref().is_some_and(|pattern| pattern.is_match(c.encode_utf8(&mut [0; 4])))
    };
    let letter = |c: char| if c.is_ascii() { c.is_ascii_alphabetic() } else { one(&LETTER, c) };
    let decimal = |c: char| if c.is_ascii() { c.is_ascii_digit() } else { one(&DECIMAL, c) };
    let numeric = |c: char| c.is_numeric() || "一二三四五六七八九十百千万億兆零〇".contains(c);
    let all = |holds: &dyn Fn(char) -> bool| !text.is_empty() && text.chars().all(holds);
    match class {
        Class::Ascii => text.is_ascii(),
        Class::Alphabetic => all(&letter),
        Class::Decimal => all(&decimal),
        Class::Digit => all(&|c| decimal(c) || is_other_digit(c)),
        Class::Numeric => all(&numeric),
        Class::Alphanumeric => all(&|c| letter(c) || numeric(c)),
        Class::Space => all(&is_space),
        Class::Lower => text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
        Class::Upper => text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
        Class::Title => {
            let (mut inside, mut any) = (false, false);
            for c in text.chars() {
                if (c.is_uppercase() && inside) || (c.is_lowercase() && !inside) {
                    return false;
                }
                any |= is_cased(c);
                inside = is_cased(c);
            }
            any
        }
    }
}

pub fn find(text: &str, what: &str, start: Option<i64>, stop: Option<i64>, last: bool) -> i64 {
    let (from, to) = slice(start, stop, 1, text.chars().count() as i64);
    if from > to {
        return -1;
    }
    let within = sliced(text, Some(from), Some(to), 1);
    let found = if last { within.rfind(what) } else { within.find(what) };
    found.map_or(-1, |at| from + within[..at].chars().count() as i64)
}

pub fn limit(most: u64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1)
}

pub fn split(text: &str, separator: Option<&str>, most: Option<u64>, from_end: bool) -> Vec<String> {
    let limit = most.map_or(usize::MAX, limit);
    let mut parts: Vec<&str> = match (separator, from_end) {
        (Some(separator), false) => text.splitn(limit, separator).collect(),
        (Some(separator), true) => text.rsplitn(limit, separator).collect(),
        (None, false) => {
            let mut parts = vec![];
            let mut rest = text.trim_start_matches(is_space);
            while !rest.is_empty() {
                if parts.len() + 1 == limit {
                    parts.push(rest);
                    break;
                }
                let end = rest.find(is_space).unwrap_or(rest.len());
                parts.push(&rest[..end]);
                rest = rest[end..].trim_start_matches(is_space);
            }
            parts
        }
        (None, true) => {
            let mut parts = vec![];
            let mut rest = text.trim_end_matches(is_space);
            while !rest.is_empty() {
                if parts.len() + 1 == limit {
                    parts.push(rest);
                    break;
                }
                let begin =
                    rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
                parts.push(&rest[begin..]);
                rest = rest[..begin].trim_end_matches(is_space);
            }
            parts
        }
    };
    if from_end {
        parts.reverse();
    }
    parts.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_pythons() {
        for (start, stop, step, expected) in [
            (None, None, 1, "abcdef"),
            (Some(1), Some(-1), 1, "bcde"),
            (None, None, -1, "fedcba"),
            (Some(-2), None, -2, "eca"),
            (Some(4), Some(2), 1, ""),
            (Some(-99), Some(99), 2, "ace"),
        ] {
            assert_eq!(sliced("abcdef", start, stop, step), expected);
        }
    }

    #[test]
    fn words_are_pythons() {
        assert_eq!(title("they're bill's ÉCOLE straße"), "They'Re Bill'S École Straße");
        assert_eq!(padded("ab", Side::Both, 5, '*'), "**ab*");
        assert_eq!(padded("abc", Side::Both, 6, '*'), "*abc**");
        assert_eq!(split(" a  b c ", None, Some(1), false), ["a", "b c "]);
        assert_eq!(split(" a  b c ", None, Some(1), true), [" a  b", "c"]);
        assert_eq!(find("añbñ", "ñ", None, None, true), 3);
        assert!(is(Class::Digit, "²") && !is(Class::Decimal, "²") && is(Class::Numeric, "½"));
    }
}
