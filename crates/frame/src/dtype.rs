//! Types by pandas' names: `int64`, `datetime64[us, Europe/Berlin]`, `category`.

use crate::functions::clock::zone;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use phalanx_engine::{Error, Result};

/// Names of types without parameters; the first name of a type is the one that is given back.
const NAMES: &[(&str, DataType)] = &[
    ("bool", DataType::Boolean),
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("str", DataType::Utf8),
    ("date", DataType::Date32),
    ("int", DataType::Int64),
    ("float", DataType::Float64),
    ("boolean", DataType::Boolean),
    ("Int64", DataType::Int64),
    ("Int32", DataType::Int32),
    ("Float64", DataType::Float64),
    ("string", DataType::Utf8),
    ("string[pyarrow]", DataType::Utf8),
    ("object", DataType::Utf8),
    ("date32[day]", DataType::Date32),
];

const UNITS: &[(&str, TimeUnit)] = &[
    ("s", TimeUnit::Second),
    ("ms", TimeUnit::Millisecond),
    ("us", TimeUnit::Microsecond),
    ("ns", TimeUnit::Nanosecond),
];

/// The unit of this name: `s`, `ms`, `us` or `ns`.
///
/// # Errors
/// `Input`: there is none.
pub fn unit(name: &str) -> Result<TimeUnit> {
    let found = UNITS.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit);
    found.ok_or_else(|| Error::input(format!("{name:?} is no unit of time")).with_hint("write s, ms, us or ns"))
}

fn unit_name(unit: TimeUnit) -> &'static str {
    UNITS.iter().find(|(_, known)| *known == unit).map_or("ns", |(name, _)| name)
}

/// The type of this name.
///
/// # Errors
/// `Input`: there is none.
pub fn parse(name: &str) -> Result<DataType> {
    let refused = || {
        Error::input(format!("data type {name:?} not understood"))
            .with_hint("write int64, float64, bool, str, category, datetime64[ns], timedelta64[ns] or decimal(12, 2)")
    };
    if let Some((_, data_type)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(data_type.clone());
    }
    if name == "category" {
        return Ok(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)));
    }
    let (kind, parameters) =
        name.strip_suffix([']', ')']).and_then(|rest| rest.split_once(['[', '('])).ok_or_else(refused)?;
    let parameters: Vec<&str> = parameters.split(',').map(str::trim).collect();
    match (kind, parameters.as_slice()) {
        ("datetime64", [of]) => Ok(DataType::Timestamp(unit(of)?, None)),
        ("datetime64", [of, at]) => {
            zone(at)?;
            Ok(DataType::Timestamp(unit(of)?, Some((*at).into())))
        }
        ("timedelta64", [of]) => Ok(DataType::Duration(unit(of)?)),
        ("decimal" | "decimal128", [precision, scale]) => {
            Ok(DataType::Decimal128(precision.parse().map_err(|_| refused())?, scale.parse().map_err(|_| refused())?))
        }
        _ => Err(refused()),
    }
}

/// pandas' name of a type; Arrow's where pandas has none.
pub fn name(data_type: &DataType) -> String {
    if let Some((name, _)) = NAMES.iter().find(|(_, known)| known == data_type) {
        return (*name).to_owned();
    }
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => String::from("str"),
        DataType::Dictionary(..) => String::from("category"),
        DataType::Timestamp(unit, None) => format!("datetime64[{}]", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) => format!("datetime64[{}, {zone}]", unit_name(*unit)),
        DataType::Duration(unit) => format!("timedelta64[{}]", unit_name(*unit)),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        DataType::List(_) => String::from("object"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_belong_together() {
        for text in
            ["int8", "uint64", "str", "category", "datetime64[us, Europe/Berlin]", "timedelta64[ms]", "decimal(12, 2)"]
        {
            assert_eq!(name(&parse(text).unwrap()), text);
        }
        assert!(parse("complex128").is_err() && parse("datetime64[ns, Nowhere/Land]").is_err());
    }
}
