//! Invariant 2: the sources of `engine` and `cluster` contain no word of arrays, frames or estimators.
//!
//! Comments may say what a crate does not know; its code may not know it. Identifiers and texts are split into words
//! (`groupBy_key` is `group`, `by`, `key`) and compared with a list. Arrow calls its columns arrays: that word is
//! allowed where it is Arrow's.

use crate::Outcome;
use std::fs;
use std::path::{Path, PathBuf};

const CRATES: &[&str] = &["crates/engine/src", "crates/cluster/src"];

/// Words of what runs on the engine.
const FORBIDDEN: &[&str] = &[
    "arrays",
    "axis",
    "boost",
    "boosting",
    "chunks",
    "classifier",
    "dataframe",
    "dataframes",
    "dtype",
    "estimator",
    "estimators",
    "frames",
    "groupby",
    "learner",
    "logistic",
    "matmul",
    "matrix",
    "ndarray",
    "numpy",
    "pandas",
    "regression",
    "regressor",
    "sklearn",
    "svd",
    "tensor",
    "xgboost",
];

/// Crates of ours that these must not name.
const FORBIDDEN_CRATES: &[&str] =
    &["phalanx_array", "phalanx_chunk", "phalanx_frame", "phalanx_learn", "phalanx_boost"];

/// Checks every file of both crates.
pub fn check(root: &Path) -> Outcome<String> {
    let mut files = vec![];
    for folder in CRATES {
        sources(&root.join(folder), &mut files)?;
    }
    let mut found = vec![];
    for file in &files {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        found.extend(violations(&text).into_iter().map(|(line, word)| format!("{name}:{line}: {word}")));
    }
    if found.is_empty() {
        Ok(format!("{} files of engine and cluster know no array, frame or estimator", files.len()))
    } else {
        Err(format!("engine and cluster must not know what runs on them:\n  {}", found.join("\n  ")))
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

/// Line numbers and words.
fn violations(source: &str) -> Vec<(usize, String)> {
    let code = without_comments(source);
    let mut found = vec![];
    // Has the statement named Arrow? `use datafusion::arrow::{array::AsArray, …}` may go over several lines.
    let mut in_arrow = false;
    for (number, line) in code.lines().enumerate() {
        for (separator, identifier) in identifiers(line) {
            in_arrow = identifier == "arrow" || (in_arrow && !separator.contains(';'));
            let arrow = is_arrow(identifier) || (in_arrow && identifier == "array");
            if !arrow && is_forbidden(identifier) {
                found.push((number + 1, identifier.to_owned()));
            }
        }
        in_arrow &= !line.trim_end().ends_with(';');
    }
    found
}

fn is_forbidden(identifier: &str) -> bool {
    FORBIDDEN_CRATES.contains(&identifier)
        || words(identifier).iter().any(|word| word == "array" || FORBIDDEN.contains(&word.as_str()))
}

/// Arrow's own names: `Int64Array`, `AsArray`, `get_array_memory_size`, `as_fixed_size_list_array`, `new_null_array`.
fn is_arrow(identifier: &str) -> bool {
    let type_name = identifier.starts_with(|first: char| first.is_ascii_uppercase());
    (type_name && (identifier.ends_with("Array") || identifier.starts_with("Array")))
        || [
            "get_array_memory_size",
            "into_array",
            "to_array",
            "as_array",
            "make_array",
            "new_null_array",
            "new_empty_array",
        ]
        .contains(&identifier)
        || (identifier.starts_with("as_") && identifier.ends_with("_array"))
}

/// The words of an identifier, in lower case.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![];
    for part in identifier.split('_') {
        let mut word = String::new();
        for letter in part.chars() {
            if letter.is_uppercase() && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(letter.to_lowercase());
        }
        words.push(word);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Identifiers of a line (words of texts among them), each with what stands between it and the one before.
fn identifiers(line: &str) -> Vec<(&str, &str)> {
    let mut result = vec![];
    let (mut end, mut rest) = (0, line);
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    while let Some(start) = rest.find(is_part) {
        let from = line.len() - rest.len() + start;
        let length = line[from..].find(|letter| !is_part(letter)).unwrap_or(line.len() - from);
        result.push((line[end..from].trim(), &line[from..from + length]));
        end = from + length;
        rest = &line[end..];
    }
    result
}

/// The source without comments, with its lines where they were. Texts stay: a message is knowledge too.
fn without_comments(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut letters = source.chars().peekable();
    let (mut in_text, mut depth) = (false, 0_u32);
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match (letter, next) {
            ('/', Some('*')) if !in_text => {
                letters.next();
                depth += 1;
            }
            ('*', Some('/')) if depth > 0 => {
                letters.next();
                depth -= 1;
            }
            ('\n', _) => code.push('\n'),
            _ if depth > 0 => {}
            ('/', Some('/')) if !in_text => {
                while letters.peek().is_some_and(|letter| *letter != '\n') {
                    letters.next();
                }
            }
            ('\\', Some(escaped)) if in_text => {
                letters.next();
                code.push(if escaped == '\n' { '\n' } else { ' ' });
            }
            // The character `'"'` opens no text.
            ('\'', Some('"')) if !in_text => {
                letters.next();
                code.push(' ');
            }
            ('"', _) => {
                in_text = !in_text;
                code.push('"');
            }
            _ => code.push(letter),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[(usize, &str)]) {
        let expected: Vec<(usize, String)> = expected.iter().map(|(line, word)| (*line, (*word).to_owned())).collect();
        assert_eq!(violations(source), expected, "{source}");
    }

    #[test]
    fn code_and_texts_are_searched() {
        check("fn mean_of_array() {}", &[(1, "mean_of_array")]);
        check("struct LazyArrayPlan;\nuse phalanx_frame::Frame;", &[(1, "LazyArrayPlan"), (2, "phalanx_frame")]);
        check("let x = \"the estimator failed\";", &[(1, "estimator")]);
        check("let url = \"http://x\"; let svd = 1;", &[(1, "svd")]);
    }
    #[test]
    fn comments_are_not() {
        check("//! knows no array and no frame\n/* no dataframe\n either */ fn f() {} // pandas", &[]);
        check("let quote = '\"'; // an array\nlet y = 1;", &[]);
    }
    #[test]
    fn arrows_arrays_are_its_own() {
        check("use datafusion::arrow::array::{Int64Array, AsArray, ArrayRef};", &[]);
        check("batch.get_array_memory_size(); use datafusion::arrow::{array::Array};", &[]);
        check("use arrow::{\n    datatypes::Schema,\n    array::Array,\n};\nlet array = 1;", &[(5, "array")]);
    }
    #[test]
    fn nested_paths_of_other_crates_are_searched() {
        check("use other::array::Thing;", &[(1, "array")]);
    }
}
