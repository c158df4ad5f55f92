//! Every dependency's licence lets us ship the binary under Apache-2.0.

use crate::Outcome;
use crate::metadata::{self, Package};
use std::path::Path;

/// What we accept: permissive licences that ask for no more than attribution.
///
/// No copyleft is on the list. Two names that one sees rarely: `Unicode-3.0` is the licence of Unicode's tables (ICU),
/// `bzip2-1.0.6` that of bzip2, a BSD licence with another wording.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Exceptions (`WITH …`) that only add permissions.
const ALLOWED_EXCEPTIONS: &[&str] = &["LLVM-exception"];

/// Checks every package that a build on any platform may need.
pub fn check(root: &Path) -> Outcome<String> {
    let packages = metadata::packages(root)?;
    let refused: Vec<String> = packages.iter().filter_map(refusal).collect();
    if refused.is_empty() {
        Ok(format!("{} packages, all under licences that xtask/src/licences.rs lists", packages.len()))
    } else {
        Err(format!("licences that are not on the list of xtask/src/licences.rs:\n  {}", refused.join("\n  ")))
    }
}

fn refusal(package: &Package) -> Option<String> {
    let said = match &package.licence {
        Some(expression) if allows(expression) => return None,
        Some(expression) => expression.as_str(),
        None => "names no licence",
    };
    Some(format!("{} {}: {said}", package.name, package.version))
}

/// Does the SPDX expression leave us a choice that is on the list? What can't be parsed does not.
fn allows(expression: &str) -> bool {
    // Old manifests write `MIT/Apache-2.0` for "or".
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, next: 0 };
    parser.either() == Some(true) && parser.next == words.len()
}

/// Recursive descent over SPDX's grammar: `WITH` binds tightest, then `AND`, then `OR`. `None` is a syntax error.
struct Parser<'a> {
    words: &'a [&'a str],
    next: usize,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.next) == Some(&word);
        self.next += usize::from(found);
        found
    }
    fn either(&mut self) -> Option<bool> {
        let mut allowed = self.both()?;
        while self.take("OR") {
            allowed |= self.both()?;
        }
        Some(allowed)
    }
    fn both(&mut self) -> Option<bool> {
        let mut allowed = self.one()?;
        while self.take("AND") {
            allowed &= self.one()?;
        }
        Some(allowed)
    }
    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let inner = self.either()?;
            return self.take(")").then_some(inner);
        }
        let licence = *self.words.get(self.next)?;
        self.next += 1;
        let mut allowed = ALLOWED.contains(&licence);
        if self.take("WITH") {
            allowed &= ALLOWED_EXCEPTIONS.contains(self.words.get(self.next)?);
            self.next += 1;
        }
        Some(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: bool) {
        assert_eq!(allows(expression), expected, "{expression}");
    }

    #[test]
    fn a_choice_needs_one_allowed_licence() {
        check("MIT", true);
        check("MIT OR GPL-3.0-only", true);
        check("GPL-3.0-only/MIT", true);
        check("GPL-3.0-only OR AGPL-3.0-only", false);
    }
    #[test]
    fn a_sum_needs_all() {
        check("MIT AND ISC", true);
        check("MIT AND GPL-2.0-only", false);
        check("GPL-2.0-only AND MIT OR MIT", true);
        check("GPL-2.0-only AND (MIT OR ISC)", false);
        check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    }
    #[test]
    fn an_exception_must_be_known() {
        check("Apache-2.0 WITH LLVM-exception", true);
        check("Apache-2.0 WITH Other-exception", false);
        check("GPL-2.0-only WITH LLVM-exception", false);
    }
    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT", "Apache-2.0 WITH"] {
            check(text, false);
        }
    }
    #[test]
    fn a_package_without_a_licence_is_refused() {
        let package = Package { name: "a".into(), version: "1.0.0".into(), ..Package::default() };
        assert_eq!(refusal(&package).as_deref(), Some("a 1.0.0: names no licence"));
    }
}
