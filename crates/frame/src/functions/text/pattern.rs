//! Patterns and replacements, from Python's syntax to that of the regex crate.

use phalanx_engine::Error;
use regex::Regex;
use std::sync::LazyLock;

/// A pattern as Python writes it.
pub fn regex(pattern: &str) -> phalanx_engine::Result<Regex> {
    Regex::new(&translated(pattern)).map_err(|error| {
        Error::unsupported(format!("the pattern {pattern:?}")).caused_by(&error).with_hint(
            "patterns are those of the regex crate: Python's without look-around and back-references; use \
             map_partitions for others",
        )
    })
}

/// What Python means by a pattern: letters, numbers of any kind and `_` make words, marks do not.
fn translated(pattern: &str) -> String {
    let mut output = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '\\' { characters.next() } else { None }) {
            ('\\', Some('w')) => output.push_str(r"[\p{L}\p{N}_]"),
            ('\\', Some('W')) => output.push_str(r"[^\p{L}\p{N}_]"),
            ('\\', Some('Z')) => output.push_str(r"\z"),
            (c, next) => {
                output.push(c);
                output.extend(next);
            }
        }
    }
    output
}

/// Python's replacement (`\1`, `\g<name>`) as the regex crate writes it.
pub fn replacement(python: &str) -> String {
    static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\\(?:(\d{1,2})|g<(\w+)>|(\\))").ok());
    let escaped = python.replace('$', "$$");
    match REFERENCE.as_ref() {
        None => escaped,
        Some(reference) => reference
            .replace_all(&escaped, |found: &regex::Captures<'_>| match (found.get(1), found.get(2)) {
                (Some(number), _) => format!("${{{}}}", number.as_str()),
                (_, Some(name)) => format!("${{{}}}", name.as_str()),
                _ => String::from("\\"),
            })
            .into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_pythons() {
        assert_eq!(replacement(r"\2-\g<word>$"), "${2}-${word}$$");
    }
}
