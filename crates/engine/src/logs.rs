//! The latest lines of this process's own log, for those who look at it from afar: a worker tells them to its scheduler.
//!
//! Whoever logs puts them here (the command line does, by a layer of its subscriber). Lines are numbered, so that a
//! reader takes each once and sees where it came too late. What is kept is bounded, and so is each line.

use crate::observe::LogLine;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

/// So many lines are kept.
pub const LINES_MAX: usize = 1_000;
/// A longer line is cut.
pub const LETTERS_MAX: usize = 2_000;

/// Lines with their numbers, the oldest first.
#[derive(Debug)]
pub struct Ring {
    next: u64,
    lines: VecDeque<LogLine>,
}

impl Ring {
    /// Nothing was said.
    pub const fn new() -> Self {
        Self { next: 1, lines: VecDeque::new() }
    }

    /// Adds a line; the oldest goes where there are too many.
    pub fn add(&mut self, at_ms: u64, level: &str, text: &str) {
        let text = match text.char_indices().nth(LETTERS_MAX) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(LogLine { number: self.next, at_ms, level: level.to_owned(), text });
        self.next += 1;
    }

    /// The first `count_max` lines after the one of this number.
    pub fn after(&self, number: u64, count_max: usize) -> Vec<LogLine> {
        let first = self.lines.partition_point(|line| line.number <= number);
        self.lines.iter().skip(first).take(count_max).cloned().collect()
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

/// What this process said.
static OURS: Mutex<Ring> = Mutex::new(Ring::new());

/// Notes a line of this process's log.
pub fn note(level: &str, text: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    OURS.lock().add(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), level, text);
}

/// The first `count_max` lines of this process's log after the one of this number; 0 is before the first.
pub fn after(number: u64, count_max: usize) -> Vec<LogLine> {
    OURS.lock().after(number, count_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_taken_once_and_what_is_kept_is_bounded() {
        let mut ring = Ring::new();
        assert!(ring.after(0, 9).is_empty());
        for number in 1..=LINES_MAX as u64 + 10 {
            ring.add(number, "info", &format!("line {number}"));
        }
        let all = ring.after(0, usize::MAX);
        assert_eq!((all.len(), all[0].number), (LINES_MAX, 11), "the oldest are gone, and it is seen that they are");
        let (first, rest) = (ring.after(0, 3), ring.after(13, usize::MAX));
        assert_eq!((first[2].number, rest[0].number, rest.len()), (13, 14, LINES_MAX - 3));
        assert!(ring.after(1_010, 5).is_empty() && ring.after(5_000, 5).is_empty());
        ring.add(0, "warn", &"ü".repeat(LETTERS_MAX + 1));
        let text = &ring.after(1_010, 1)[0].text;
        assert!(text.chars().count() == LETTERS_MAX + 1 && text.ends_with("ü…"));
    }
}
