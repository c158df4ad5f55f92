//! A request's body as rows, or why it is none.

use crate::model::Feature;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Names that are told of one row: enough to see what is wrong.
const TOLD_MAX: usize = 20;
/// How alike names must be to be taken for a slip.
const ALIKE: f64 = 0.8;

/// Rows of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Their numbers, one row after the other; missing ones are NaN.
    pub numbers: Vec<f32>,
    /// How many rows.
    pub count: usize,
    /// Whether it was one row by itself, and no list of rows.
    pub single: bool,
}

/// Why a body is no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of HTTP: 400 for what is no JSON, 413 for too many rows, 422 for what does not fit the model.
    pub status: u16,
    /// The answer.
    pub body: Value,
}

impl Refusal {
    fn new(status: u16, error: impl fmt::Display) -> Self {
        Self { status, body: json!({"error": error.to_string()}) }
    }
}

/// Reads rows by the names of their features.
#[derive(Debug)]
pub struct Reader {
    places: HashMap<String, usize>,
    names: Vec<String>,
    /// For each feature that has categories the code of each text.
    codes: Vec<Option<HashMap<String, usize>>>,
    rows_max: usize,
}

impl Reader {
    /// Of rows with these features, at most so many in a request.
    pub fn new(features: &[Feature], rows_max: usize) -> Self {
        let names: Vec<String> = features.iter().map(|feature| feature.name.clone()).collect();
        let places = names.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect();
        let codes = |feature: &Feature| {
            let texts = feature.categories.as_ref()?.iter().enumerate();
            Some(texts.map(|(code, text)| (text.clone(), code)).collect())
        };
        Self { places, names, codes: features.iter().map(codes).collect(), rows_max }
    }

    /// The rows in `body`.
    ///
    /// # Errors
    /// It is no JSON of one row or several, or a row has not the model's features: the names of those that are missing,
    /// unknown, twice there, or no numbers.
    pub fn read(&self, body: &[u8]) -> Result<Rows, Refusal> {
        let mut found = Found::default();
        let mut json = serde_json::Deserializer::from_slice(body);
        let read = Body { reader: self, found: &mut found }
            .deserialize(&mut json)
            .and_then(|single| json.end().map(|()| single));
        match (found.refusal, read) {
            (Some(refusal), _) => Err(refusal),
            (None, Err(error)) => Err(Refusal::new(400, format!("the body is no JSON of rows: {error}"))),
            (None, Ok(single)) => Ok(Rows { numbers: found.numbers, count: found.count, single }),
        }
    }

    fn refuse_row(&self, row: usize, problems: &Problems, seen: &[bool]) -> Refusal {
        let missing: Vec<&String> =
            self.names.iter().zip(seen).filter(|(_, seen)| !**seen).map(|(name, _)| name).collect();
        let slip = problems.unknown.iter().find_map(|unknown| {
            let alike = |name: &&&String| strsim::jaro_winkler(&name.to_lowercase(), &unknown.to_lowercase()) >= ALIKE;
            Some((unknown, *missing.iter().find(alike)?))
        });
        let mut body = json!({"error": format!("row {row} does not have the features of the model"), "row": row});
        let mut tell = |key: &str, names: Vec<&String>| {
            if !names.is_empty() {
                body[key] = json!(names.into_iter().take(TOLD_MAX).collect::<Vec<_>>());
            }
        };
        tell("missing", missing.clone());
        tell("unknown", problems.unknown.iter().collect());
        tell("repeated", problems.repeated.iter().collect());
        tell("not_a_number", problems.no_number.iter().collect());
        tell("unknown_category", problems.no_category.iter().collect());
        let hint = match slip {
            Some((unknown, name)) => format!("did you mean {name:?} by {unknown:?}?"),
            None if !missing.is_empty() => String::from("a value that is not known is null"),
            None => String::from(
                "GET / lists the model's features; their values are numbers, true, false, null, or one of the categories",
            ),
        };
        body["hint"] = json!(hint);
        Refusal { status: 422, body }
    }
}

#[derive(Default)]
struct Found {
    numbers: Vec<f32>,
    count: usize,
    refusal: Option<Refusal>,
}

#[derive(Default)]
struct Problems {
    unknown: Vec<String>,
    repeated: Vec<String>,
    no_number: Vec<String>,
    no_category: Vec<String>,
}

impl Problems {
    fn are_none(&self) -> bool {
        [&self.unknown, &self.repeated, &self.no_number, &self.no_category].into_iter().all(Vec::is_empty)
    }
}

/// One row, or a list of rows; whether it was one.
struct Body<'a> {
    reader: &'a Reader,
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value for each feature, or an array of such objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        Row { reader: self.reader, found: self.found }.visit_map(map)?;
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<bool, A::Error> {
        while rows.next_element_seed(Row { reader: self.reader, found: self.found })?.is_some() {
            if self.found.count > self.reader.rows_max {
                let most = self.reader.rows_max;
                self.found.refusal = Some(Refusal::new(413, format!("more than {most} rows in a request")));
            }
            if self.found.refusal.is_some() {
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(false)
    }
}

struct Row<'a> {
    reader: &'a Reader,
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value for each feature")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let Self { reader, found } = self;
        let width = reader.names.len();
        let start = found.numbers.len();
        found.numbers.resize(start + width, f32::NAN);
        let row = found.numbers.get_mut(start..).unwrap_or_default();
        let mut seen = vec![false; width];
        let mut problems = Problems::default();
        while let Some(name) = cells.next_key::<Cow<'de, str>>()? {
            let place = reader.places.get(name.as_ref()).copied();
            let Some((cell, seen)) = place.and_then(|place| Some((row.get_mut(place)?, seen.get_mut(place)?))) else {
                cells.next_value::<IgnoredAny>()?;
                problems.unknown.push(name.into_owned());
                continue;
            };
            if std::mem::replace(seen, true) {
                problems.repeated.push(name.clone().into_owned());
            }
            let codes = place.and_then(|place| reader.codes.get(place)?.as_ref());
            match cells.next_value::<Value>()? {
                Value::Null => {}
                Value::Bool(value) => *cell = f32::from(u8::from(value)),
                Value::Number(value) => *cell = value.as_f64().map_or(f32::NAN, |value| value as f32),
                Value::String(text) if codes.is_some() => match codes.and_then(|codes| codes.get(&text)) {
                    Some(code) => *cell = *code as f32,
                    None => problems.no_category.push(name.into_owned()),
                },
                _ => problems.no_number.push(name.into_owned()),
            }
            if cell.is_infinite() {
                problems.no_number.push(reader.names.get(place.unwrap_or(0)).cloned().unwrap_or_default());
            }
        }
        let fits = seen.iter().all(|seen| *seen) && problems.are_none();
        if !fits && found.refusal.is_none() {
            found.refusal = Some(reader.refuse_row(found.count, &problems, &seen));
        }
        found.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Rows, Refusal> {
        let feature = |name: &str, categories: Option<Vec<String>>| Feature {
            name: name.to_owned(),
            kind: String::from("float"),
            categories,
        };
        Reader::new(&[feature("amount", None), feature("time", Some(vec!["day".into(), "night".into()]))], 3)
            .read(body.as_bytes())
    }

    #[test]
    fn rows_come_by_name_in_any_order() {
        let one = read(r#"{"time": 2, "amount": 1.5}"#).unwrap();
        assert_eq!(one, Rows { numbers: vec![1.5, 2.0], count: 1, single: true });
        let two = read(r#"[{"time": true, "amount": -1}, {"amount": null, "time": 1e3}]"#).unwrap();
        assert_eq!((two.count, two.single, two.numbers[0], two.numbers[1], two.numbers[3]), (2, false, -1.0, 1.0, 1e3));
        assert!(two.numbers[2].is_nan());
        assert_eq!(read(r#"{"time": "night", "amount": 1}"#).unwrap().numbers, [1.0, 1.0]);
        assert_eq!(read("[]").unwrap().count, 0);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (body, status, told) in [
            (r#"{"time": 2}"#, 422, json!({"missing": ["amount"]})),
            (r#"{"time": 2, "amount": 1, "colour": 3}"#, 422, json!({"unknown": ["colour"]})),
            (r#"{"time": 2, "Amount": 1}"#, 422, json!({"missing": ["amount"], "unknown": ["Amount"]})),
            (r#"{"time": 2, "amount": "1"}"#, 422, json!({"not_a_number": ["amount"]})),
            (r#"{"time": "noon", "amount": 1}"#, 422, json!({"unknown_category": ["time"]})),
            (r#"{"time": [2], "amount": 1}"#, 422, json!({"not_a_number": ["time"]})),
            (r#"{"time": 2, "amount": 1e300}"#, 422, json!({"not_a_number": ["amount"]})),
            (r#"{"time": 2, "time": 2, "amount": 1}"#, 422, json!({"repeated": ["time"]})),
            (r#"[{"time": 2, "amount": 1}, {"time": 2}]"#, 422, json!({"missing": ["amount"], "row": 1})),
            (
                r#"[{"time":1,"amount":1},{"time":1,"amount":1},{"time":1,"amount":1},{"time":1,"amount":1}]"#,
                413,
                json!({}),
            ),
            (r#"{"time": 2, "amount": 1} x"#, 400, json!({})),
            (r#"{"time": 2, "amount": NaN}"#, 400, json!({})),
            ("[1, 2]", 400, json!({})),
            ("7", 400, json!({})),
            ("", 400, json!({})),
        ] {
            let refusal = read(body).unwrap_err();
            assert_eq!(refusal.status, status, "{body}: {refusal:?}");
            for (key, value) in told.as_object().unwrap() {
                assert_eq!(refusal.body[key], *value, "{body}");
            }
        }
        let hint = read(r#"{"time": 2, "Amount": 1}"#).unwrap_err().body["hint"].to_string();
        assert!(hint.contains("did you mean"), "{hint}");
    }
}
