//! Values in the names of folders, as Hive writes them: `year=2024`.

use datafusion::common::ScalarValue;

/// The folder that Hive writes for a missing value.
const MISSING_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// The names and values of a path like `year=2024/month=1/part.0.parquet`.
pub fn folders_of(below: &str) -> Vec<(String, String)> {
    let (folders, _) = below.rsplit_once('/').unwrap_or(("", below));
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

/// Without percent-encoding.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (vec![], 0);
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

/// The value of a folder's name as one of a column.
pub fn folder_value(value: &str, is_integer: bool) -> ScalarValue {
    let missing = value == MISSING_FOLDER;
    match is_integer {
        true => ScalarValue::Int64(value.parse().ok().filter(|_| !missing)),
        false => ScalarValue::Utf8((!missing).then(|| value.to_owned())),
    }
}

/// Are all values of a folder's name whole numbers?
pub fn are_integers<'a>(values: impl IntoIterator<Item = &'a str>) -> bool {
    let mut values = values.into_iter().filter(|value| *value != MISSING_FOLDER).peekable();
    values.peek().is_some() && values.all(|value| value.parse::<i64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_name_values() {
        let pairs = |below: &str| {
            folders_of(below).into_iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>()
        };
        assert_eq!(pairs("year=2024/city=S%C3%A3o%20Paulo/part.0.parquet"), ["year:2024", "city:São Paulo"]);
        assert!(pairs("x=1.parquet").is_empty());
        assert!(are_integers(["1", "-2", MISSING_FOLDER]) && !are_integers(["1", "x"]) && !are_integers([]));
    }
}
