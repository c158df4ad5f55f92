//! Counting what passed.

use std::fmt;

/// Checks and tests so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks and tests that passed.
    pub passed: u64,
    /// Checks and tests that failed.
    pub failed: u64,
    /// Tests that are marked as ignored, with a reason, in the sources.
    pub skipped: u64,
}

impl Tally {
    /// Counts one check.
    pub fn check(&mut self, passed: bool) {
        if passed { self.passed += 1 } else { self.failed += 1 }
    }
    /// Adds what another counted.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
    /// What a `test result:` line of a test binary counts; `None` for any other line.
    pub fn of_line(line: &str) -> Option<Self> {
        let (_verdict, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let mut tally = Self::default();
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let Ok(number) = number.parse() else { continue };
            match what {
                "passed" => tally.passed = number,
                "failed" => tally.failed = number,
                "ignored" => tally.skipped = number,
                _ => {}
            }
        }
        Some(tally)
    }
    /// What pytest's last line counts; `None` for any other line. An error is a test that could not begin.
    pub fn of_pytest(line: &str) -> Option<Self> {
        let (counts, time) = line.trim().trim_matches('=').trim().rsplit_once(" in ")?;
        time.split(' ').next()?.strip_suffix('s')?.parse::<f64>().ok()?;
        let mut tally = Self::default();
        for part in counts.split(", ") {
            let (number, what) = part.split_once(' ')?;
            let number: u64 = number.parse().ok()?;
            match what {
                "passed" | "xfailed" => tally.passed += number,
                "failed" | "error" | "errors" | "xpassed" => tally.failed += number,
                "skipped" => tally.skipped += number,
                _ => {}
            }
        }
        Some(tally)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(f, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted_and_others_are_not() {
        let line = "test result: FAILED. 12 passed; 2 failed; 3 ignored; 0 measured; 7 filtered out; finished in 0.02s";
        assert_eq!(Tally::of_line(line), Some(Tally { passed: 12, failed: 2, skipped: 3 }));
        assert_eq!(Tally::of_line("test result_is_ok ... ok"), None);
        assert_eq!(Tally::of_line("running 12 tests"), None);
    }

    #[test]
    fn the_last_line_of_pytest_is_counted() {
        let counted = |passed, failed, skipped| Some(Tally { passed, failed, skipped });
        assert_eq!(Tally::of_pytest("12 passed, 3 skipped in 4.05s"), counted(12, 0, 3));
        assert_eq!(
            Tally::of_pytest("=== 2 failed, 1190 passed, 7 deselected, 1 warning, 1 error in 61.20s (0:01:01) ==="),
            counted(1190, 3, 0)
        );
        assert_eq!(Tally::of_pytest("1 passed in my dreams"), None);
        assert_eq!(Tally::of_pytest("FAILED test_a.py::b - 1 in 2.0s"), None);
    }

    #[test]
    fn the_line_names_skipped_tests_only_if_there_are_any() {
        let mut tally = Tally { passed: 1, failed: 0, skipped: 0 };
        tally.check(true);
        assert_eq!(tally.to_string(), "2 passed, 0 failed");
        tally.add(Tally { passed: 0, failed: 1, skipped: 4 });
        assert_eq!(tally.to_string(), "2 passed, 1 failed, 4 skipped");
    }
}
