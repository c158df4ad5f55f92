//! Fitted models as files: the JSON of `phalanx.ml.persistence`, so that Rust and Python read each other's models.
//!
//! `{"format": "phalanx-model", "version": 1, "model": {"class", "parameters", "state"}}`, where class, parameters and
//! state are those of the Python estimator. A number is hexadecimal (C's `%a`), an array the base64 of its
//! little-endian bytes beside type and shape: reading gives the same bits. Nothing in a file runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phalanx_engine::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

const FORMAT: &str = "phalanx-model";
const VERSION: u64 = 1;

/// A model as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    class: String,
    parameters: Map<String, Value>,
    state: Map<String, Value>,
}

impl ModelFile {
    /// A model of this class, of which nothing is said yet.
    pub fn new(class: &str) -> Self {
        Self { class: class.to_owned(), parameters: Map::new(), state: Map::new() }
    }
    /// Which estimator it is.
    pub fn class(&self) -> &str {
        &self.class
    }
    /// With a parameter of the estimator.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: Value) -> Self {
        self.parameters.insert(name.to_owned(), value);
        self
    }
    /// With something that a fit has found.
    #[must_use]
    pub fn state(mut self, name: &str, value: Value) -> Self {
        self.state.insert(name.to_owned(), value);
        self
    }
    /// With the names of the features, in order.
    #[must_use]
    pub fn features(self, names: &[String]) -> Self {
        let values: Vec<Value> = names.iter().map(|name| json!(name)).collect();
        self.state("n_features_in_", json!(names.len()))
            .state("feature_names_in_", json!({"values": values, "kind": "object", "shape": [names.len()]}))
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        let model = json!({"class": self.class, "parameters": self.parameters, "state": self.state});
        format!("{:#}", json!({"format": FORMAT, "version": VERSION, "model": model}))
    }

    /// What [`ModelFile::to_json`] or Python's `persistence.dumps` has written, if it is one of these classes.
    ///
    /// # Errors
    /// `Data`: it is no such text. `Unsupported`: it is of another version.
    pub fn from_json(text: &str, classes: &[&str]) -> Result<Self> {
        let bad = |what: String| {
            Error::data(format!("this is no {}: {what}", classes.join(" or ")))
                .with_hint("read what `save` has written")
        };
        let document: Value = serde_json::from_str(text).map_err(|error| bad(format!("{error}")))?;
        if document["format"] != FORMAT {
            return Err(bad(format!("its format is {}, not {FORMAT:?}", document["format"])));
        }
        if document["version"] != VERSION {
            return Err(Error::unsupported(format!(
                "a model of version {}; version {VERSION} is read here",
                document["version"]
            ))
            .with_hint("read it with the Phalanx that wrote it"));
        }
        let object =
            |name: &str| document["model"][name].as_object().cloned().ok_or_else(|| bad(format!("it has no {name}")));
        let class = document["model"]["class"].as_str().unwrap_or_default().to_owned();
        if !classes.contains(&class.as_str()) {
            return Err(bad(format!("it is a {class:?}")));
        }
        Ok(Self { class, parameters: object("parameters")?, state: object("state")? })
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let written = std::fs::write(&beside, self.to_json()).and_then(|()| std::fs::rename(&beside, path));
        written.map_err(|error| {
            Error::resources(format!("{} can't be written", path.display()))
                .caused_by(&error)
                .with_hint("name a file in a folder that you may write to")
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Data`: it can't be read; else as [`ModelFile::from_json`].
    pub fn load(path: &Path, classes: &[&str]) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::data(format!("{} can't be read", path.display())).caused_by(&error))?;
        Self::from_json(&text, classes)
    }

    /// The names of the features; `x0`, `x1`, … for a model that was fitted to an array.
    ///
    /// # Errors
    /// `Data`: the file does not have them.
    pub fn names(&self) -> Result<Vec<String>> {
        let count = self.count("n_features_in_")?;
        let Some(values) = self.state.get("feature_names_in_") else {
            return Ok((0..count).map(|feature| format!("x{feature}")).collect());
        };
        let names: Option<Vec<String>> = values["values"]
            .as_array()
            .map(|names| names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect());
        names.filter(|names| names.len() as u64 == count).ok_or_else(|| self.damaged("feature_names_in_"))
    }

    /// A parameter, if it is there.
    pub fn given(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }

    /// A parameter that is true or false.
    ///
    /// # Errors
    /// `Data`: the file does not have it.
    pub fn flag(&self, name: &str) -> Result<bool> {
        self.parameters.get(name).and_then(Value::as_bool).ok_or_else(|| self.damaged(name))
    }

    /// A number of the parameters.
    ///
    /// # Errors
    /// `Data`: the file does not have it.
    pub fn number(&self, name: &str) -> Result<f64> {
        self.parameters.get(name).and_then(read_number).ok_or_else(|| self.damaged(name))
    }

    /// Whether the state has this.
    pub fn has(&self, name: &str) -> bool {
        self.state.get(name).is_some_and(|value| !value.is_null())
    }

    /// A count of the state.
    ///
    /// # Errors
    /// `Data`: the file does not have it.
    pub fn count(&self, name: &str) -> Result<u64> {
        let value = self.state.get(name);
        let found = value.and_then(Value::as_u64).or_else(|| {
            let number = value.and_then(read_number).or_else(|| Some(*self.floats(name).ok()?.first()?))?;
            (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
        });
        found.ok_or_else(|| self.damaged(name))
    }

    /// A number of the state.
    ///
    /// # Errors
    /// `Data`: the file does not have it.
    pub fn float(&self, name: &str) -> Result<f64> {
        self.state.get(name).and_then(read_number).ok_or_else(|| self.damaged(name))
    }

    /// A truth value of the state.
    ///
    /// # Errors
    /// `Data`: the file does not have it.
    pub fn truth(&self, name: &str) -> Result<bool> {
        self.state.get(name).and_then(Value::as_bool).ok_or_else(|| self.damaged(name))
    }

    /// The numbers of an array of the state, in C order.
    ///
    /// # Errors
    /// `Data`: the file does not have them.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>> {
        self.state.get(name).and_then(read_array).ok_or_else(|| self.damaged(name))
    }

    /// As [`ModelFile::floats`], of so many numbers.
    ///
    /// # Errors
    /// `Data`: the file has not as many.
    pub fn floats_of(&self, name: &str, count: usize) -> Result<Vec<f64>> {
        Some(self.floats(name)?).filter(|values| values.len() == count).ok_or_else(|| self.damaged(name))
    }

    fn damaged(&self, name: &str) -> Error {
        Error::data(format!("this {} is damaged: {name} is missing, or is not what it should be", self.class))
            .with_hint("save it once more")
    }
}

/// A number as a file has it.
pub fn number(value: f64) -> Value {
    json!({"float": hexadecimal(value)})
}

/// An array of numbers as a file has it.
pub fn array(shape: &[usize], values: &[f64]) -> Value {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    json!({"array": STANDARD.encode(bytes), "dtype": "float64", "shape": shape})
}

/// A vector of integers as a file has it.
pub fn integers(values: &[i64]) -> Value {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    json!({"array": STANDARD.encode(bytes), "dtype": "int64", "shape": [values.len()]})
}

/// A vector of numbers as a file has it.
pub fn vector(values: &[f64]) -> Value {
    array(&[values.len()], values)
}

pub(crate) fn read_number(value: &Value) -> Option<f64> {
    match value.get("scalar") {
        Some(scalar) => read_array(scalar)?.first().copied(),
        None => match value.get("float") {
            Some(text) => from_hexadecimal(text.as_str()?),
            None => value.as_i64().map(|value| value as f64),
        },
    }
}

fn read_array(value: &Value) -> Option<Vec<f64>> {
    let bytes = STANDARD.decode(value.get("array")?.as_str()?).ok()?;
    let numbers: Vec<f64> = match value.get("dtype")?.as_str()? {
        "float64" => bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        "int64" => bytes.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f64).collect(),
        "uint64" => bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes) as f64).collect(),
        "int32" => bytes.as_chunks::<4>().0.iter().map(|bytes| f64::from(i32::from_le_bytes(*bytes))).collect(),
        _ => return None,
    };
    let shape = value.get("shape")?.as_array()?;
    let count = shape.iter().try_fold(1_u64, |count, length| count.checked_mul(length.as_u64()?))?;
    (count == numbers.len() as u64).then_some(numbers)
}

/// The number as C's `%a` and Python's `float.hex` write it.
fn hexadecimal(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let bits = value.to_bits();
    let (sign, exponent, fraction) =
        (if bits >> 63 == 1 { "-" } else { "" }, (bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    match (exponent, fraction) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{fraction:013x}p-1022"),
        _ => format!("{sign}0x1.{fraction:013x}p{:+}", exponent as i64 - 1023),
    }
}

/// The number of [`hexadecimal`], or of what Python's `float.hex` has written.
fn from_hexadecimal(text: &str) -> Option<f64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    match text {
        "nan" => return Some(f64::NAN),
        "inf" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let (digits, exponent) = text.strip_prefix("0x")?.split_once('p')?;
    let (whole, fraction) = digits.split_once('.')?;
    let (whole, exponent) = (u64::from_str_radix(whole, 16).ok()?, exponent.parse::<i64>().ok()?);
    let fraction = u64::from_str_radix(&format!("{fraction:0<13}"), 16).ok()?;
    if fraction >> 52 != 0 || whole > 1 {
        return None;
    }
    let biased = match whole {
        0 if fraction == 0 || exponent == -1022 => 0,
        1 if (-1022..=1023).contains(&exponent) => (exponent + 1023) as u64,
        _ => return None,
    };
    Some(sign * f64::from_bits(biased << 52 | fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_bit_by_bit() {
        // What Python's float.hex gives.
        for (value, text) in [
            (0.1, "0x1.999999999999ap-4"),
            (-2.5, "-0x1.4000000000000p+1"),
            (5e-324, "0x0.0000000000001p-1022"),
            (-0.0, "-0x0.0p+0"),
            (f64::MAX, "0x1.fffffffffffffp+1023"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(hexadecimal(value), text);
            assert_eq!(from_hexadecimal(text).map(f64::to_bits), Some(value.to_bits()), "{text}");
        }
        for bad in ["", "0x", "0x1.0", "1.0", "0x2.0p+0", "0x1.0p+5000"] {
            assert_eq!(from_hexadecimal(bad), None, "{bad}");
        }
        let values = [0.1, -5e-324, f64::INFINITY];
        assert_eq!(read_array(&vector(&values)).unwrap(), values);
        assert!(read_array(&json!({"array": "AAAA", "dtype": "float64", "shape": [1]})).is_none());
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        let file = ModelFile::new("Ridge").parameter("alpha", number(1.0)).features(&[String::from("x")]);
        let text = file.to_json();
        assert_eq!(ModelFile::from_json(&text, &["Ridge"]).unwrap(), file);
        let other = text.replace("\"version\": 1", "\"version\": 7");
        assert!(ModelFile::from_json(&other, &["Ridge"]).unwrap_err().message().contains("version 7"));
        assert!(ModelFile::from_json(&text, &["PCA"]).unwrap_err().message().contains("Ridge"));
        for bad in ["", "{}", &text[..text.len() / 2], &text.replace("phalanx-", "")] {
            assert_eq!(ModelFile::from_json(bad, &["Ridge"]).unwrap_err().kind(), phalanx_engine::ErrorKind::Data);
        }
        assert!(file.float("coef_").unwrap_err().message().contains("coef_"));
    }
}
