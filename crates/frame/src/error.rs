//! Errors of frames: which name was meant, which file it was.

use datafusion::arrow::datatypes::{Field, Schema};
use phalanx_engine::{Error, Result};
use std::path::Path;

/// How many names a hint may list.
const NAMES_MAX: usize = 12;

/// The column `name` of `schema`.
///
/// # Errors
/// `Input`, with the names that come near.
pub(crate) fn need_column<'a>(schema: &'a Schema, name: &str) -> Result<&'a Field> {
    schema.field_with_name(name).map_err(|_| {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Error::input(format!("there is no column {name:?}")).with_hint(hint(name, &names))
    })
}

/// Names that are there once each.
///
/// # Errors
/// `Input`, with the name that is there twice.
pub(crate) fn need_distinct(names: &[String]) -> Result<()> {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(
                Error::input(format!("column {name:?} is there twice")).with_hint("give each column its own name")
            );
        }
    }
    Ok(())
}

/// "did you mean", or what there is.
fn hint(wanted: &str, names: &[&str]) -> String {
    let near: Vec<&str> = names.iter().copied().filter(|name| is_near(wanted, name)).collect();
    if !near.is_empty() {
        return format!("did you mean {}?", list(&near));
    }
    match names {
        [] => String::from("the frame has no columns"),
        _ => format!("the columns are {}", list(names)),
    }
}

fn list(names: &[&str]) -> String {
    let mut listed: Vec<String> = names.iter().take(NAMES_MAX).map(|name| format!("{name:?}")).collect();
    if names.len() > NAMES_MAX {
        listed.push(format!("and {} more", names.len() - NAMES_MAX));
    }
    listed.join(", ")
}

fn is_near(wanted: &str, name: &str) -> bool {
    let (wanted, name) = (wanted.to_lowercase(), name.to_lowercase());
    if wanted.is_empty() {
        return false;
    }
    let longest = wanted.chars().count().max(name.chars().count());
    (name.contains(&wanted) && wanted.chars().count() > 2) || distance(&wanted, &name) * 3 <= longest
}

/// Levenshtein's distance: insertions, deletions and replacements.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// A file that is not what it should be.
pub(crate) fn bad_file(path: &Path, what: &str) -> Error {
    Error::data(format!("{}: {what}", path.display()))
}

/// A text that is no date.
pub(crate) fn bad_date(text: &str, cause: &(dyn std::error::Error + 'static)) -> Error {
    Error::input(format!("{text:?} is no date")).caused_by(cause).with_hint("write 2000-01-31 or 2000-01-31T12:00:00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::DataType;

    fn hint_for(name: &str) -> String {
        let field = |name: &str| Field::new(name, DataType::Int64, false);
        let schema = Schema::new(vec![field("arr_delay"), field("dep_delay"), field("Carrier")]);
        need_column(&schema, name).unwrap_err().hint().unwrap().to_owned()
    }

    #[test]
    fn a_missing_column_names_those_that_come_near() {
        assert_eq!(hint_for("carrier"), r#"did you mean "Carrier"?"#);
        assert_eq!(hint_for("delay"), r#"did you mean "arr_delay", "dep_delay"?"#);
        assert_eq!(hint_for("ar_delay"), r#"did you mean "arr_delay", "dep_delay"?"#);
        assert_eq!(hint_for("origin"), r#"the columns are "arr_delay", "dep_delay", "Carrier""#);
    }

    #[test]
    fn the_distance_is_levenshteins() {
        for (left, right, expected) in [("", "abc", 3), ("kitten", "sitting", 3), ("abc", "abc", 0), ("ab", "ba", 2)] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }
}
